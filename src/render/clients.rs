//! The settings by which clients connect: shell for curl, openssl and grpcurl, Python for PyMilvus.
//!
//! Knows how each is spelt and quoted, so that it can be pasted. Refuses to decide what is trusted.

use super::harmless::is_harmful;
use super::layout::sentence;
use super::page::Page;
use crate::audit::connections::{self, Connection, Tool};
use crate::audit::trust::Trust;
use crate::remedy::word;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::SocketAddr;

/// The file that the settings speak of when none was written.
const SOME_FILE: &str = "tls.crt";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireClients {
    ingress: String,
    namespace: String,
    host: String,
    address: String,
    trust: WireTrust,
    pymilvus: Option<WirePyMilvus>,
    curl: Option<String>,
    openssl: Option<String>,
    grpcurl: Option<String>,
    grpc: Option<String>,
    refusals: Vec<WireRefusal>,
    client_certificate: bool,
    not_served_yet: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireTrust {
    kind: &'static str,
    what: Option<String>,
    sha256: Vec<String>,
    file: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WirePyMilvus {
    connections: String,
    milvus_client: String,
}

#[derive(Serialize)]
struct WireRefusal {
    client: &'static str,
    reason: String,
}

impl WireClients {
    /// `file` is where the certificates to pin were written.
    pub(super) fn of(connection: &Connection<'_>, file: Option<&str>) -> Self {
        let settings = Settings { connection, file: file.unwrap_or(SOME_FILE) };
        let taken = |client| !connection.refusals.iter().any(|(refusing, _)| *refusing == client);
        Self {
            ingress: connection.frontend.object.name.clone(),
            namespace: connection.frontend.object.namespace().to_owned(),
            host: connection.host.clone(),
            address: connection.address.to_string(),
            trust: trust(connection, file),
            pymilvus: taken(Tool::PyMilvus).then(|| WirePyMilvus {
                connections: settings.connections(),
                milvus_client: settings.milvus_client(),
            }),
            curl: taken(Tool::Curl).then(|| settings.curl()),
            openssl: taken(Tool::OpenSsl).then(|| settings.openssl()),
            grpcurl: taken(Tool::Grpcurl).then(|| settings.grpcurl()),
            grpc: connection.grpc.as_ref().map(|grpc| grpc.why.clone()),
            refusals: connection
                .refusals
                .iter()
                .map(|(client, reason)| WireRefusal {
                    client: client.as_str(),
                    reason: reason.clone(),
                })
                .collect(),
            client_certificate: connection.asks_client_certificate,
            not_served_yet: connection.not_served_yet,
        }
    }
}

fn trust(connection: &Connection<'_>, file: Option<&str>) -> WireTrust {
    let (kind, what, sha256) = match &connection.trust {
        Trust::Public => ("public", None, Vec::new()),
        Trust::Unknown => ("unknown", None, Vec::new()),
        Trust::Pin(pin) => {
            let sums = pin.certificates.iter().map(|sum| crate::x509::digest::hex(sum)).collect();
            ("pin", Some(pin.what.clone()), sums)
        }
    };
    let file = file.filter(|_| kind == "pin").map(str::to_owned);
    WireTrust { kind, what, sha256, file }
}

/// Writes the settings for people, of those clients that are to be shown: a command a line, which can be
/// pasted, and in one line those who refuse for the same reason.
pub(super) fn write_text(
    connection: &Connection<'_>,
    (shown, file): (&connections::Shown, Option<&str>),
    out: &mut Page<'_>,
) -> io::Result<()> {
    let settings = Settings { connection, file: file.unwrap_or(SOME_FILE) };
    let title = format!("clients of {} at {}", connection.host, connection.address);
    sentence("  ", "", &title, out)?;
    let said = |text: &str, out: &mut Page<'_>| sentence("    ", "  ", text, out);
    said(&trusted(connection, file), out)?;
    if connection.not_served_yet {
        said("not served there yet (settings below are for the stored certificate)", out)?;
    }
    if let Some(grpc) = &connection.grpc {
        said(&format!("gRPC: {}", grpc.why), out)?;
    }
    if connection.asks_client_certificate {
        said("note: the server asks for a certificate of the client's; add that", out)?;
    }
    let tools = shown.of(connection);
    let mut refused: Vec<(&str, Vec<&str>)> = Vec::new();
    for client in tools {
        let refusal = connection.refusals.iter().find(|(refusing, _)| *refusing == client);
        if let Some((_, why)) = refusal {
            match refused.iter_mut().find(|(known, _)| known == why) {
                Some((_, who)) => who.push(client.name()),
                None => refused.push((why, vec![client.name()])),
            }
            continue;
        }
        for line in settings.lines(client) {
            writeln!(out, "  {}", super::harmless::line(&line))?;
        }
        if client == Tool::PyMilvus && connection.address.is_ipv6() {
            said("note: PyMilvus takes no IPv6 address; the name must point there", out)?;
        }
    }
    for (why, who) in refused {
        said(&format!("refused by {}: {why}", who.join(", ")), out)?;
    }
    Ok(())
}

/// What is to be trusted, and where it stands.
fn trusted(connection: &Connection<'_>, file: Option<&str>) -> String {
    match &connection.trust {
        Trust::Public => "trust: a public CA's certificate, nothing to pin".to_owned(),
        Trust::Unknown => {
            "trust: no Secret here has the CA's certificate; give it to the client".to_owned()
        }
        Trust::Pin(pin) => match file {
            Some(file) => format!("trust: {}, in {file}", pin.what),
            None => {
                format!(
                    "trust: {}, in {SOME_FILE}; write it with --trust-out {SOME_FILE}",
                    pin.what
                )
            }
        },
    }
}

struct Settings<'c> {
    connection: &'c Connection<'c>,
    file: &'c str,
}

impl Settings<'_> {
    fn lines(&self, client: Tool) -> Vec<String> {
        match client {
            Tool::PyMilvus => vec![self.connections(), self.milvus_client()],
            Tool::Curl => vec![self.curl()],
            Tool::OpenSsl => vec![self.openssl()],
            Tool::Grpcurl => vec![self.grpcurl()],
            Tool::Go | Tool::Rustls => Vec::new(),
        }
    }

    /// Whether a file is to be given at all.
    fn pins(&self) -> bool {
        match self.connection.trust {
            Trust::Pin(_) | Trust::Unknown => true,
            Trust::Public => false,
        }
    }

    /// The arguments behind the place: what to trust, and the name that the certificate has.
    fn python_tail(&self) -> String {
        let mut text = ", secure=True".to_owned();
        if self.pins() {
            let _ = write!(text, ", server_pem_path={}", python(self.file));
        }
        // By name there is nothing to override.
        if self.connection.address.is_ipv4() {
            let _ = write!(text, ", server_name={}", python(&self.connection.host));
        }
        text
    }

    /// The address, or, since PyMilvus splits at the colon, the name in place of an IPv6 one.
    fn python_host(&self) -> String {
        match self.connection.address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(_) => self.connection.host.clone(),
        }
    }

    fn connections(&self) -> String {
        format!(
            "connections.connect(\"default\", host={}, port=\"{}\"{})",
            python(&self.python_host()),
            self.connection.address.port(),
            self.python_tail()
        )
    }

    fn milvus_client(&self) -> String {
        let uri = format!("https://{}:{}", self.python_host(), self.connection.address.port());
        format!("MilvusClient(uri={}{})", python(&uri), self.python_tail())
    }

    fn curl(&self) -> String {
        let (host, port) = (&self.connection.host, self.connection.address.port());
        let ip = match self.connection.address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        };
        let resolve = word(&format!("{host}:{port}:{ip}"));
        let cacert =
            if self.pins() { format!(" --cacert {}", word(self.file)) } else { String::new() };
        let shown_port = if port == 443 { String::new() } else { format!(":{port}") };
        format!(
            "curl --resolve {resolve}{cacert} {}",
            word(&format!("https://{host}{shown_port}/"))
        )
    }

    /// A handshake that fails where the certificate is not trusted or not for the host.
    fn openssl(&self) -> String {
        let host = word(&self.connection.host);
        let trusted =
            if self.pins() { format!(" -CAfile {}", word(self.file)) } else { String::new() };
        format!(
            "openssl s_client -connect {} -servername {host} -verify_hostname {host}{trusted} -verify_return_error -brief </dev/null",
            word(&self.connection.address.to_string())
        )
    }

    fn grpcurl(&self) -> String {
        let cacert =
            if self.pins() { format!(" -cacert {}", word(self.file)) } else { String::new() };
        format!(
            "grpcurl -authority {}{cacert} {} list",
            word(&self.connection.host),
            word(&self.connection.address.to_string())
        )
    }
}

/// The text as a string of Python, in double quotes.
fn python(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            harmful if is_harmful(harmful) => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(harmful));
            }
            fine => quoted.push(fine),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::frontend::Frontend;
    use crate::inventory::testing::{Pair, of_secrets};

    fn connection<'i>(frontend: &'i Frontend, host: &str, why: &str) -> Connection<'i> {
        Connection {
            frontend,
            host: host.to_owned(),
            address: "192.0.2.7:443".parse().expect("it is an address"),
            trust: Trust::Unknown,
            grpc: None,
            refusals: vec![(Tool::Rustls, why.to_owned())],
            asks_client_certificate: false,
            not_served_yet: false,
        }
    }

    #[test]
    fn no_line_of_a_private_key_is_left_wherever_it_was_pasted() {
        let inventory =
            of_secrets(&[Pair { name: "web", served: Some("a.example"), ..Pair::default() }]);
        let frontend = inventory.frontends().next().expect("it is there");
        for breaks in ["\n", "\r\n", "\\n", " ", ""] {
            for end in ["-----END PRIVATE KEY-----", ""] {
                let key = format!(
                    "-----BEGIN PRIVATE KEY-----{breaks}bm90IGEga2V5{breaks}b3RoZXIgbGluZQ=={breaks}{end}"
                );
                for (host, file, why) in [
                    (key.as_str(), "tls.crt", ""),
                    ("a.example", &key, ""),
                    ("a.example", "x", &key),
                ] {
                    let mut out = Vec::new();
                    let connection = connection(frontend, host, why);
                    let shown = connections::Shown::These(Tool::ALL.to_vec());
                    let mut page = Page::new(&mut out, Some(80));
                    write_text(&connection, (&shown, Some(file)), &mut page)
                        .expect("a Vec takes all");
                    let text = String::from_utf8(out).expect("it is text");
                    let told = text.contains("bm90") || text.contains("b3Ro");
                    assert!(
                        !told && text.contains("<a private key>"),
                        "{breaks:?} {end:?}:\n{text}"
                    );
                }
            }
        }
    }

    #[test]
    fn python_strings_cannot_be_left() {
        for (text, quoted) in [
            ("tls.crt", r#""tls.crt""#),
            (r#"a"b\"#, r#""a\"b\\""#),
            ("a\nb", r#""a\U0000000ab""#),
            ("a\u{202e}b", r#""a\U0000202eb""#),
        ] {
            assert_eq!(python(text), quoted);
        }
    }
}

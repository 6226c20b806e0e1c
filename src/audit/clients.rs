//! Clients: which of them would refuse a certificate, and why.
//!
//! Knows what PyMilvus (gRPC's C core with BoringSSL), curl (with OpenSSL), Go and rustls were seen
//! to do with certificates that they were told to trust. Refuses to know who is trusted: it is
//! taken that the client was given what it should pin.

use super::expiry;
use crate::x509::cert::{Certificate, HostMatch, OID_SERVER_AUTH};
use crate::x509::instant;
use time::OffsetDateTime;

/// A client, by its TLS library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Client {
    /// PyMilvus and everything else on gRPC's C core.
    PyMilvus,
    /// curl with OpenSSL.
    Curl,
    /// grpcurl and everything else in Go.
    Grpcurl,
    /// Everything on rustls and webpki.
    Rustls,
}

impl Client {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::PyMilvus, Self::Curl, Self::Grpcurl, Self::Rustls];

    /// As JSON spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PyMilvus => "pymilvus",
            Self::Curl => "curl",
            Self::Grpcurl => "grpcurl",
            Self::Rustls => "rustls",
        }
    }

    /// For people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PyMilvus => "PyMilvus",
            Self::Curl => "curl",
            Self::Grpcurl => "grpcurl and Go",
            Self::Rustls => "rustls",
        }
    }
}

/// anyExtendedKeyUsage (RFC 5280 §4.2.1.12).
const OID_ANY_USAGE: &str = "2.5.29.37.0";

/// Why the client would refuse `leaf` for `host` at `now`, though it was told to trust it; none
/// when it takes it.
#[must_use]
pub fn refusal(
    client: Client,
    leaf: &Certificate,
    host: &str,
    now: OffsetDateTime,
) -> Option<String> {
    if expiry::is_expired(leaf, now) {
        return Some(format!("it expired on {}", instant::show_date(leaf.not_after)));
    }
    if leaf.not_before > now {
        return Some(format!("it is not valid before {}", instant::show(leaf.not_before)));
    }
    by_name(client, leaf, host)
        .or_else(|| by_usage(client, leaf))
        .or_else(|| by_key(client, leaf).map(str::to_owned))
        .or_else(|| by_form(client, leaf).map(str::to_owned))
}

/// gRPC and OpenSSL fall back to the common name where there is no SAN; Go and webpki do not.
fn by_name(client: Client, leaf: &Certificate, host: &str) -> Option<String> {
    match (leaf.match_host(host), client) {
        (HostMatch::San(_), _)
        | (HostMatch::CommonNameOnly(_), Client::PyMilvus | Client::Curl) => None,
        (HostMatch::CommonNameOnly(cn), Client::Grpcurl | Client::Rustls) => {
            Some(format!("it has no subjectAltName; the common name {cn} does not count there"))
        }
        (HostMatch::None, _) => Some(format!("it does not name {host}")),
    }
}

/// An extended key usage without serverAuth is refused everywhere; webpki does not take "any" for it.
fn by_usage(client: Client, leaf: &Certificate) -> Option<String> {
    let usages = leaf.extended_key_usage.as_ref()?;
    let has = |oid: &str| usages.iter().any(|usage| usage == oid);
    let any = has(OID_ANY_USAGE) && client != Client::Rustls;
    (!has(OID_SERVER_AUTH) && !any)
        .then(|| "its extended key usage does not hold serverAuth".to_owned())
}

/// gRPC's C core offers no signature scheme for Ed25519 and P-521; ring has no P-521, and takes no
/// RSA below 2048.
fn by_key(client: Client, leaf: &Certificate) -> Option<&'static str> {
    let small_rsa = leaf
        .key_type
        .strip_prefix("rsa-")
        .and_then(|bits| bits.parse::<u32>().ok())
        .is_some_and(|bits| bits < 2048);
    match (client, leaf.key_type.as_str()) {
        (Client::PyMilvus, "ed25519") => Some("it does not offer Ed25519: no handshake"),
        (Client::PyMilvus | Client::Rustls, "p521") => {
            Some("it does not offer P-521: no handshake")
        }
        (Client::Rustls, _) if small_rsa => Some("it takes no RSA key below 2048 bits"),
        _ => None,
    }
}

/// What webpki alone refuses.
fn by_form(client: Client, leaf: &Certificate) -> Option<&'static str> {
    match client {
        Client::Rustls if leaf.version < 3 => Some("it reads X.509 v3 alone"),
        Client::Rustls if leaf.is_ca => Some("it takes no CA certificate (CA:TRUE) for a server's"),
        Client::PyMilvus | Client::Curl | Client::Grpcurl | Client::Rustls => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::cert::{self, San};
    use crate::x509::pem;
    use time::macros::datetime;

    const HOST: &str = "my-release.milvus.io";

    fn guide() -> Certificate {
        let text = include_bytes!("../../testdata/pki/guide.crt.pem");
        let der = pem::blocks(text).remove(0).der.expect("the PEM is good");
        cert::read(der.expose()).expect("the certificate is good").0
    }

    fn good() -> Certificate {
        let names = vec![San::Dns(HOST.to_owned())];
        Certificate { version: 3, has_san: true, names, ..guide() }
    }

    /// The clients that refuse it.
    fn check(leaf: &Certificate) -> Vec<&'static str> {
        let now = datetime!(2026-11-21 00:00 UTC);
        let refuses = |client: &Client| refusal(*client, leaf, HOST, now).is_some();
        Client::ALL.into_iter().filter(refuses).map(Client::as_str).collect()
    }

    #[test]
    fn clients_refuse_what_they_were_seen_to_refuse() {
        let all = ["pymilvus", "curl", "grpcurl", "rustls"];
        assert_eq!(check(&good()), Vec::<&str>::new());
        assert_eq!(check(&guide()), ["grpcurl", "rustls"], "the guide's, with a common name alone");
        let key = |key_type: &str| Certificate { key_type: key_type.to_owned(), ..good() };
        for (leaf, refusing) in [
            (key("ed25519"), &["pymilvus"][..]),
            (key("p521"), &["pymilvus", "rustls"]),
            (key("rsa-1024"), &["rustls"]),
            (key("p384"), &[]),
            (Certificate { is_ca: true, ..good() }, &["rustls"]),
            (Certificate { names: vec![San::Dns("other.example".to_owned())], ..good() }, &all),
            (Certificate { not_after: datetime!(2026-11-20 00:00 UTC), ..good() }, &all),
            (Certificate { not_before: datetime!(2026-11-22 00:00 UTC), ..good() }, &all),
            (
                Certificate {
                    extended_key_usage: Some(vec![cert::OID_CLIENT_AUTH.to_owned()]),
                    ..good()
                },
                &all,
            ),
            (
                Certificate { extended_key_usage: Some(vec![OID_ANY_USAGE.to_owned()]), ..good() },
                &["rustls"],
            ),
        ] {
            assert_eq!(check(&leaf), refusing, "{leaf:?}");
        }
    }
}

//! What `openssl x509 -text` and its kin print, as facts.
//!
//! Knows how OpenSSL 3 lays out dates, alternative names and public keys. Refuses to guess: what it
//! does not find stays empty, and whoever compares will notice.

use std::collections::BTreeMap;
use std::net::IpAddr;
use time::PrimitiveDateTime;
use time::macros::format_description;

/// What it says of one certificate.
#[derive(Debug, Default)]
pub struct Told {
    /// Seconds since 1970; none for a date that it calls bad.
    pub not_before: Option<i64>,
    /// Seconds since 1970.
    pub not_after: Option<i64>,
    /// Names by their kind: `dns`, `ip`, `email`, `uri`, `other`.
    pub names: BTreeMap<&'static str, Vec<String>>,
    /// The public key: point or modulus, as hex with colons.
    pub public: String,
}

/// How it marks the kinds of names.
const KINDS: [(&str, &str); 9] = [
    ("DNS:", "dns"),
    ("IP Address:", "ip"),
    ("email:", "email"),
    ("URI:", "uri"),
    ("othername:", "other"),
    ("DirName:", "other"),
    ("Registered ID:", "other"),
    ("X400Name:", "other"),
    ("EdiPartyName:", "other"),
];

/// Every certificate of a text that may hold many.
pub fn certificates(text: &str) -> Vec<Told> {
    text.split("\nCertificate:\n").skip(1).map(certificate).collect()
}

/// One certificate, or a bare public key.
pub fn certificate(text: &str) -> Told {
    let mut told = Told::default();
    let mut lines = text.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        if let Some(date) = line.strip_prefix("Not Before: ").or(line.strip_prefix("notBefore=")) {
            told.not_before = seconds(date);
        } else if let Some(date) =
            line.strip_prefix("Not After : ").or(line.strip_prefix("notAfter="))
        {
            told.not_after = seconds(date);
        } else if line == "pub:" || line == "Modulus:" {
            while let Some(hex) = lines.next_if(|line| line.chars().all(is_hex)) {
                told.public.push_str(hex);
            }
        } else if line.starts_with("X509v3 Subject Alternative Name:") {
            told.names = names(lines.next().unwrap_or_default());
        }
    }
    told
}

fn is_hex(c: char) -> bool {
    c.is_ascii_hexdigit() || c == ':'
}

/// `Nov 21 00:00:00 2026 GMT`.
fn seconds(text: &str) -> Option<i64> {
    let format = format_description!(
        "[month repr:short] [day padding:space] [hour]:[minute]:[second] [year padding:none]"
    );
    let text = text.strip_suffix(" GMT")?;
    PrimitiveDateTime::parse(text, &format).ok().map(|at| at.assume_utc().unix_timestamp())
}

/// A comma and a blank stand between names, and may stand in them.
fn names(line: &str) -> BTreeMap<&'static str, Vec<String>> {
    let mut found: Vec<(&'static str, String)> = Vec::new();
    for part in line.split(", ") {
        let kind = KINDS.iter().find_map(|(mark, kind)| Some((*kind, part.strip_prefix(mark)?)));
        match (kind, found.last_mut()) {
            (Some((kind, text)), _) => found.push((kind, text.to_owned())),
            (None, Some((_, text))) => text.extend([", ", part]),
            (None, None) => found.push(("other", part.to_owned())),
        }
    }
    let mut by_kind = BTreeMap::<_, Vec<String>>::new();
    for (kind, text) in found {
        let plain = match kind {
            // It writes IPv6 addresses in its own way.
            "ip" => text.parse::<IpAddr>().map_or(text, |address| address.to_string()),
            _ => text,
        };
        by_kind.entry(kind).or_default().push(plain);
    }
    by_kind
}

//! Strays: blocks that stand in `tls.crt` or `tls.key` beside what belongs there.
//!
//! Knows what belongs there. Refuses to know what becomes of it. Text around blocks is no stray:
//! every reader passes over it.

use super::foreign;
use super::pem::{Block, Label};

/// A block beside those that were expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// What it is.
    pub kind: StrayKind,
    /// Whether it is the first block of all.
    pub first: bool,
}

/// What a stray is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StrayKind {
    /// A private key among certificates, or a second one.
    PrivateKey,
    /// A certificate beside a private key.
    Certificate,
    /// Something known, such as Diffie-Hellman parameters.
    Known(&'static str),
    /// A block with another label, as written: from outside.
    Labelled(String),
}

/// How many are kept; a value may hold very many blocks.
const MAX_STRAYS: usize = 20;
/// How much of a label is kept, in characters.
const MAX_LABEL: usize = 60;

impl StrayKind {
    fn of(label: &Label) -> Self {
        if *label == Label::Certificate {
            return Self::Certificate;
        }
        if label.is_private_key() {
            return Self::PrivateKey;
        }
        foreign::of_label(label.as_str()).map_or_else(
            || Self::Labelled(label.as_str().chars().take(MAX_LABEL).collect()),
            Self::Known,
        )
    }

    /// For people; a label may hold strings from outside.
    #[must_use]
    pub fn what(&self) -> String {
        match self {
            Self::PrivateKey => "a private key".to_owned(),
            Self::Certificate => "a certificate".to_owned(),
            Self::Known(what) => (*what).to_owned(),
            Self::Labelled(label) => format!("a block {label:?}"),
        }
    }
}

/// What stands among certificates and is none.
#[must_use]
pub fn among_certificates(blocks: &[Block]) -> Vec<Stray> {
    strays(blocks, |block| block.label == Label::Certificate)
}

/// What stands beside the first private key. The name of a curve belongs to a key on it, and the
/// parameters of DSA to a key by them (`openssl ecparam -genkey`, `openssl dsaparam -genkey` write
/// both).
#[must_use]
pub fn beside_key(blocks: &[Block]) -> Vec<Stray> {
    let mut seen = false;
    strays(blocks, |block| {
        let first_key = block.label.is_private_key() && !std::mem::replace(&mut seen, true);
        first_key || matches!(block.label.as_str(), "EC PARAMETERS" | "DSA PARAMETERS")
    })
}

fn strays(blocks: &[Block], mut belongs: impl FnMut(&Block) -> bool) -> Vec<Stray> {
    let all = blocks.iter().enumerate().filter(|(_, block)| !belongs(block));
    let named =
        all.map(|(place, block)| Stray { kind: StrayKind::of(&block.label), first: place == 0 });
    named.take(MAX_STRAYS).collect()
}

/// Each kind once, in words: `a private key and Diffie-Hellman parameters`.
#[must_use]
pub fn listed(strays: &[Stray]) -> String {
    let mut all: Vec<String> = Vec::new();
    for stray in strays {
        let what = stray.kind.what();
        if !all.contains(&what) {
            all.push(what);
        }
    }
    match all.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::pem;
    use super::*;

    #[test]
    fn what_stands_beside_is_told_and_what_belongs_there_is_not() {
        let (certificate, key) = ("CERTIFICATE", "PRIVATE KEY");
        for (labels, among, beside) in [
            (&[certificate, certificate][..], "", "a certificate"),
            (&[key, certificate], "a private key", "a certificate"),
            (&[certificate, key], "a private key", "a certificate"),
            (
                &["EC PARAMETERS", "EC PRIVATE KEY"],
                "the name of a curve, without a key and a private key",
                "",
            ),
            (
                &["DSA PARAMETERS", "DSA PRIVATE KEY"],
                "parameters of DSA, without a key and a private key",
                "",
            ),
            (&[key, "RSA PRIVATE KEY"], "a private key", "a private key"),
            (
                &[certificate, "DH PARAMETERS", "X509 CRL", "ODD"],
                "Diffie-Hellman parameters, a list of revoked certificates (CRL) and a block \"ODD\"",
                "a certificate, Diffie-Hellman parameters, a list of revoked certificates (CRL) and a block \"ODD\"",
            ),
        ] {
            let text: String =
                labels.iter().map(|label| pem::encode(label, b"0\0").to_string()).collect();
            let blocks = pem::blocks(format!("subject=x\n{text}").as_bytes());
            assert_eq!(listed(&among_certificates(&blocks)), among, "{labels:?}");
            assert_eq!(listed(&beside_key(&blocks)), beside, "{labels:?}");
        }
    }
}

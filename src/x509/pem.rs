//! PEM as it is found in the wild (RFC 7468, and what people paste).
//!
//! Knows labels and base64, block by block: one bad block never hides a good one. Refuses to know
//! what the DER inside means. `rustls-pemfile` lives here and nowhere else.

use crate::redact::Redacted;
use base64::Engine as _;
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// What a block says it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Label {
    /// `CERTIFICATE`, and its older spellings `X509 CERTIFICATE` and `TRUSTED CERTIFICATE`.
    Certificate,
    /// `PRIVATE KEY`: PKCS#8 (RFC 5208, RFC 5958).
    Pkcs8Key,
    /// `RSA PRIVATE KEY`: PKCS#1 (RFC 8017 appendix A.1.2).
    Pkcs1Key,
    /// `EC PRIVATE KEY`: SEC 1 (RFC 5915).
    Sec1Key,
    /// `ENCRYPTED PRIVATE KEY`: PKCS#8 under a password.
    EncryptedKey,
    /// Any other label, as written.
    Other(String),
}

impl Label {
    fn of(text: &str) -> Self {
        match text {
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => Self::Certificate,
            "PRIVATE KEY" => Self::Pkcs8Key,
            "RSA PRIVATE KEY" => Self::Pkcs1Key,
            "EC PRIVATE KEY" => Self::Sec1Key,
            "ENCRYPTED PRIVATE KEY" => Self::EncryptedKey,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The label as it is written today.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Certificate => "CERTIFICATE",
            Self::Pkcs8Key => "PRIVATE KEY",
            Self::Pkcs1Key => "RSA PRIVATE KEY",
            Self::Sec1Key => "EC PRIVATE KEY",
            Self::EncryptedKey => "ENCRYPTED PRIVATE KEY",
            Self::Other(text) => text,
        }
    }

    /// Whether the label is one of a private key, encrypted or not.
    #[must_use]
    pub fn is_private_key(&self) -> bool {
        match self {
            Self::Pkcs8Key | Self::Pkcs1Key | Self::Sec1Key | Self::EncryptedKey => true,
            Self::Certificate => false,
            Self::Other(text) => text.ends_with("PRIVATE KEY"),
        }
    }
}

/// Why a block could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// There is a BEGIN line and no END line.
    #[error("the block that begins in line {line} has no END line: it is cut off")]
    NoEnd {
        /// Line of the BEGIN, from 1.
        line: usize,
    },
    /// The body is not base64.
    #[error("the block that begins in line {line} is not base64")]
    NotBase64 {
        /// Line of the BEGIN, from 1.
        line: usize,
    },
    /// The block is encrypted the old way (RFC 1421 `Proc-Type: 4,ENCRYPTED`).
    #[error("the block that begins in line {line} is encrypted with a password")]
    Encrypted {
        /// Line of the BEGIN, from 1.
        line: usize,
    },
}

/// One PEM block: what it says it is, where it begins, and its DER.
#[derive(Clone, Debug)]
pub struct Block {
    /// What the block says it holds.
    pub label: Label,
    /// Line of the BEGIN, from 1.
    pub line: usize,
    /// What of its writing makes other readers pass over it.
    pub oddity: Option<Oddity>,
    /// The DER, or why there is none.
    pub der: Result<Redacted, PemError>,
}

/// A way of writing a block that is read here, and not by every server. Measured with OpenSSL
/// 3.0, Go's `encoding/pem` and rustls-pemfile: who does not see an oddly written block says
/// nothing of it, and takes the next one for the leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// A byte order mark stands before the BEGIN line: OpenSSL reads it, Go and rustls do not.
    ByteOrderMark,
    /// The BEGIN or END line is indented, or lines end in a bare CR: nobody else reads it.
    Misplaced,
    /// The label is an old spelling (`TRUSTED CERTIFICATE`): OpenSSL reads it, Go and rustls do not.
    OldLabel,
}

impl Oddity {
    /// What is odd, for people.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::ByteOrderMark => "a byte order mark stands before its BEGIN line",
            Self::Misplaced => {
                "its BEGIN and END do not stand at the beginning of lines of their own"
            }
            Self::OldLabel => "its label is an old spelling of CERTIFICATE",
        }
    }

    /// Who passes over such a block.
    #[must_use]
    pub const fn unseen_by(self) -> &'static str {
        match self {
            Self::ByteOrderMark | Self::OldLabel => "Go and rustls",
            Self::Misplaced => "OpenSSL, Go and rustls",
        }
    }
}

/// Reads every PEM block of `bytes`. Accepts CRLF, a byte order mark, indented lines and text
/// around the blocks; a text without any block gives an empty list.
#[must_use]
pub fn blocks(bytes: &[u8]) -> Vec<Block> {
    let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
    let only_cr = !text.contains('\n') && text.contains('\r');
    let mut found = Vec::new();
    let mut open: Option<OpenBlock> = None;
    let rows = text.split('\n').enumerate();
    for (row, raw) in rows.flat_map(|(row, text)| text.split('\r').map(move |line| (row, line))) {
        let line = raw.trim_matches(|c: char| c.is_whitespace() || c == BYTE_ORDER_MARK);
        let oddity = if only_cr { Some(Oddity::Misplaced) } else { oddity_of_line(raw) };
        if let Some(label) = between(line, "-----BEGIN ", "-----") {
            let next = OpenBlock::new(label, row + 1, oddity);
            found.extend(open.replace(next).map(OpenBlock::cut_off));
        } else if between(line, "-----END ", "-----").is_some() {
            found.extend(open.take().map(|block| block.close(oddity)));
        } else if let Some(block) = &mut open {
            block.take_line(line);
        }
    }
    found.extend(open.map(OpenBlock::cut_off));
    found
}

/// A file as PEM text: a certificate in DER is put into a block, everything else stays as it is.
#[must_use]
pub fn of_file(bytes: &[u8]) -> Redacted {
    // A SEQUENCE with a long length, as every certificate begins in DER.
    if matches!(bytes, [0x30, 0x81..=0x84, ..]) {
        return Redacted::new(encode("CERTIFICATE", bytes).as_bytes().to_vec());
    }
    Redacted::new(bytes.to_vec())
}

/// The certificates of a text and nothing else: no key beside them, no byte order mark, no text
/// around, all of which some server chokes on or hands out.
#[must_use]
pub fn certificates_only(bytes: &[u8]) -> Vec<u8> {
    let certificates = blocks(bytes).into_iter().filter(|block| block.label == Label::Certificate);
    certificates.filter_map(rewritten).flat_map(|pem| pem.as_bytes().to_vec()).collect()
}

/// The first private key of a text and nothing else.
#[must_use]
pub fn key_only(bytes: &[u8]) -> Option<Redacted> {
    let key = blocks(bytes).into_iter().find(|block| block.label.is_private_key())?;
    rewritten(key).map(|pem| Redacted::new(pem.as_bytes().to_vec()))
}

fn rewritten(block: Block) -> Option<Zeroizing<String>> {
    block.der.ok().map(|der| encode(block.label.as_str(), der.expose()))
}

/// Writes `der` as a PEM block under `label`, lines of 64 characters (RFC 7468 §2).
#[must_use]
pub fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(der));
    let mut pem = Zeroizing::new(String::with_capacity(body.len() + body.len() / 64 + 80));
    let _ = writeln!(pem, "-----BEGIN {label}-----");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        let _ = writeln!(pem, "{line}");
        rest = tail;
    }
    let _ = writeln!(pem, "-----END {label}-----");
    pem
}

fn between<'t>(line: &'t str, before: &str, after: &str) -> Option<&'t str> {
    line.strip_prefix(before)?.strip_suffix(after)
}

/// What Windows editors put in front of UTF-8 text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// What is odd about the place of a BEGIN or END in its line.
fn oddity_of_line(raw: &str) -> Option<Oddity> {
    match raw.strip_prefix(BYTE_ORDER_MARK).unwrap_or(raw) {
        rest if !rest.starts_with('-') => Some(Oddity::Misplaced),
        rest if rest.len() < raw.len() => Some(Oddity::ByteOrderMark),
        _ => None,
    }
}

/// A block whose END has not come yet.
struct OpenBlock {
    label: Label,
    line: usize,
    oddity: Option<Oddity>,
    body: Zeroizing<String>,
    encrypted: bool,
}

impl OpenBlock {
    fn new(label: &str, line: usize, oddity: Option<Oddity>) -> Self {
        let is_old = matches!(label, "X509 CERTIFICATE" | "TRUSTED CERTIFICATE");
        Self {
            label: Label::of(label),
            line,
            oddity: oddity.or(is_old.then_some(Oddity::OldLabel)),
            body: Zeroizing::default(),
            encrypted: false,
        }
    }

    fn take_line(&mut self, line: &str) {
        if let Some((header, value)) = line.split_once(':') {
            self.encrypted |= header == "Proc-Type" && value.contains("ENCRYPTED");
        } else {
            self.body.push_str(line);
            self.body.push('\n');
        }
    }

    fn cut_off(self) -> Block {
        let error = PemError::NoEnd { line: self.line };
        Block { label: self.label, line: self.line, oddity: self.oddity, der: Err(error) }
    }

    fn close(self, at_end: Option<Oddity>) -> Block {
        let line = self.line;
        let der = if self.encrypted {
            Err(PemError::Encrypted { line })
        } else {
            decode(&self.body).ok_or(PemError::NotBase64 { line })
        };
        Block { label: self.label, line, oddity: self.oddity.or(at_end), der }
    }
}

/// The base64 body as DER. The label handed to rustls-pemfile is always PKCS#8's, so that every
/// label, known to it or not, goes through the same decoder.
fn decode(body: &str) -> Option<Redacted> {
    let pem =
        Zeroizing::new(format!("-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\n"));
    match rustls_pemfile::read_one_from_slice(pem.as_bytes()) {
        Ok(Some((rustls_pemfile::Item::Pkcs8Key(der), _))) => {
            let der = der.secret_pkcs8_der();
            (!der.is_empty()).then(|| Redacted::new(der.to_vec()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text in, one line a block out: label, line, and the DER in hex or the error.
    fn check(text: &str) -> String {
        let show = |block: Block| match block.der {
            Ok(der) => format!("{:?} {} {:x?}", block.label, block.line, der.expose()),
            Err(error) => format!("{:?} {error}", block.label),
        };
        blocks(text.as_bytes()).into_iter().map(show).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_plain_block_is_read() {
        assert_eq!(
            check("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
            "Certificate 1 [30, 0]"
        );
    }

    #[test]
    fn crlf_a_byte_order_mark_indentation_and_text_around_do_not_hide_a_block() {
        let text = "\u{feff}subject=x\r\n  -----BEGIN CERTIFICATE-----\r\n  MAA=  \r\n  -----END CERTIFICATE-----";
        assert_eq!(check(text), "Certificate 2 [30, 0]");
    }

    #[test]
    fn what_other_readers_pass_over_is_told() {
        let begin = "-----BEGIN CERTIFICATE-----";
        let end = "-----END CERTIFICATE-----";
        for (text, oddity) in [
            (format!("{begin}\nMAA=\n{end}\n"), None),
            (format!("{begin}\r\n  MAA=  \r\n{end}\r\n"), None),
            (format!("text\n{begin}\nMAA=\n{end}"), None),
            (format!("\u{feff}{begin}\nMAA=\n{end}\n"), Some(Oddity::ByteOrderMark)),
            (format!("\u{feff}text\n{begin}\nMAA=\n{end}\n"), None),
            (format!("  {begin}\nMAA=\n{end}\n"), Some(Oddity::Misplaced)),
            (format!("{begin}\nMAA=\n  {end}\n"), Some(Oddity::Misplaced)),
            (format!("{begin}\rMAA=\r{end}\r"), Some(Oddity::Misplaced)),
            (
                "-----BEGIN TRUSTED CERTIFICATE-----\nMAA=\n-----END TRUSTED CERTIFICATE-----"
                    .to_owned(),
                Some(Oddity::OldLabel),
            ),
        ] {
            assert_eq!(blocks(text.as_bytes())[0].oddity, oddity, "{text:?}");
        }
    }

    #[test]
    fn older_labels_are_certificates_too() {
        for label in ["X509 CERTIFICATE", "TRUSTED CERTIFICATE"] {
            let text = format!("-----BEGIN {label}-----\nMAA=\n-----END {label}-----");
            assert_eq!(check(&text), "Certificate 1 [30, 0]", "{label}");
        }
    }

    #[test]
    fn a_bad_block_is_reported_and_the_good_ones_still_count() {
        let good = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        let bad = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
        assert_eq!(
            check(&format!("{good}{bad}{good}-----BEGIN CERTIFICATE-----\nMAA=")),
            "Certificate 1 [30, 0]; Certificate the block that begins in line 4 is not base64; \
             Certificate 7 [30, 0]; \
             Certificate the block that begins in line 10 has no END line: it is cut off"
        );
    }

    #[test]
    fn both_kinds_of_encrypted_key_are_named() {
        let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMAA=\n-----END RSA PRIVATE KEY-----";
        assert_eq!(
            check(old),
            "Pkcs1Key the block that begins in line 1 is encrypted with a password"
        );
        let new =
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----";
        assert_eq!(check(new), "EncryptedKey 1 [30, 0]");
    }

    #[test]
    fn what_is_encoded_reads_back() {
        let der: Vec<u8> = (0..=255).collect();
        let pem = encode("CERTIFICATE", &der);
        assert!(pem.lines().all(|line| line.len() <= 64));
        let read = blocks(pem.as_bytes());
        assert_eq!(read[0].der.as_ref().map(Redacted::expose), Ok(der.as_slice()));
    }

    #[test]
    fn a_combined_file_is_taken_apart() {
        let certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
        let key = "-----BEGIN PRIVATE KEY-----\nMAE=\n-----END PRIVATE KEY-----\n";
        let both = format!("\u{feff}subject=x\n{key}{certificate}{certificate}");
        assert_eq!(
            certificates_only(both.as_bytes()),
            [certificate, certificate].concat().as_bytes()
        );
        assert_eq!(key_only(both.as_bytes()).expect("there is a key").expose(), key.as_bytes());
    }

    #[test]
    fn text_without_a_block_and_an_empty_block_give_nothing() {
        assert_eq!(check("no pem here\n"), "");
        assert_eq!(
            check("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"),
            "Certificate the block that begins in line 1 is not base64"
        );
    }
}

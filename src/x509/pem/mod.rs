//! PEM as it is found in the wild (RFC 7468, and what people paste).
//!
//! Knows labels and base64, block by block: one bad block never hides a good one. Refuses to know
//! what the DER inside means.

mod marks;
mod quirk;
mod rustls;
#[cfg(test)]
mod tests;

use super::der::{first_value, inside_sequence};
use crate::redact::Redacted;
use base64::Engine as _;
use quirk::worse;
pub use quirk::{PemQuirk, PemReader};
use rustls::decode;
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

    /// Whether the label is that of a certificate request, as it is written today or once was.
    #[must_use]
    pub fn is_request(&self) -> bool {
        matches!(self.as_str(), "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST")
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
    pub quirk: Option<PemQuirk>,
    /// The DER, or why there is none.
    pub der: Result<Redacted, PemError>,
}

/// Reads every PEM block of `bytes`. Accepts CRLF, a byte order mark, indented lines and text
/// around the blocks; a text without any block gives an empty list.
#[must_use]
pub fn blocks(bytes: &[u8]) -> Vec<Block> {
    blocks_of(bytes, |_| true)
}

/// The same, of private keys alone: what else stands there is not decoded.
#[must_use]
pub fn private_keys(bytes: &[u8]) -> Vec<Block> {
    blocks_of(bytes, Label::is_private_key)
}

fn blocks_of(bytes: &[u8], wanted: fn(&Label) -> bool) -> Vec<Block> {
    if !marks::may_begin(bytes) {
        return Vec::new();
    }
    match str::from_utf8(bytes) {
        Ok(text) => blocks_of_text(text, wanted),
        Err(_) => {
            blocks_of_text(&Zeroizing::new(String::from_utf8_lossy(bytes).into_owned()), wanted)
        }
    }
}

fn blocks_of_text(text: &str, wanted: fn(&Label) -> bool) -> Vec<Block> {
    let unescaped = marks::unescaped(text);
    let everywhere = unescaped.as_ref().map(|_| PemQuirk::Escaped);
    let text = unescaped.as_ref().map_or(text, |text| text.as_str());
    let only_cr = !text.contains('\n') && text.contains('\r');
    let mut reader = Reader { wanted, found: Vec::new(), open: None };
    for (row, text) in text.split('\n').enumerate() {
        let ended = text.trim_end_matches('\r');
        // What a bare CR ends is a line here and nowhere else.
        let of_row = if everywhere.is_some() {
            everywhere
        } else if only_cr || ended.contains('\r') {
            Some(PemQuirk::BareCr)
        } else {
            (text.len() > ended.len() + 1).then_some(PemQuirk::StrangeEnds)
        };
        if is_base64(ended) {
            reader.take_base64(ended, of_row);
            continue;
        }
        for raw in ended.split('\r') {
            match marks::pieces(raw) {
                None => reader.take(raw, row + 1, of_row),
                Some(pieces) => {
                    for (piece, quirk) in pieces {
                        reader.take(piece, row + 1, quirk.or(of_row));
                    }
                }
            }
        }
    }
    reader.end(OpenBlock::cut_off);
    reader.found
}

/// Blocks in the reading.
struct Reader {
    /// Which are kept.
    wanted: fn(&Label) -> bool,
    found: Vec<Block>,
    open: Option<OpenBlock>,
}

/// Whether nothing but base64 stands in the line: nearly every one is such, and nothing in it is odd.
fn is_base64(line: &str) -> bool {
    line.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
}

impl Reader {
    /// Ends the open block.
    fn end(&mut self, close: impl FnOnce(OpenBlock) -> Block) {
        let block = self.open.take().filter(|block| (self.wanted)(&block.label));
        self.found.extend(block.map(close));
    }

    /// One line of base64: [`Reader::take`] for what needs no second look.
    fn take_base64(&mut self, line: &str, quirk: Option<PemQuirk>) {
        if let Some(block) = &mut self.open {
            block.take_base64(line, quirk);
        }
    }

    /// One line, or a piece of one that is as good as one; `number` from 1, and what is odd of it.
    fn take(&mut self, raw: &str, number: usize, quirk: Option<PemQuirk>) {
        let line = raw.trim_matches(|c: char| c.is_whitespace() || c == BYTE_ORDER_MARK);
        if self.open.is_none() && !line.starts_with('-') {
            return; // text around the blocks
        }
        let quirk = quirk.or_else(|| strange_blanks(raw, line));
        if let Some(label) = between(line, "-----BEGIN ", "-----") {
            let tab = raw.trim_end_matches(' ').ends_with('\t').then_some(PemQuirk::TrailingTab);
            let quirk = worse(worse(place_in_line(raw), quirk), tab);
            self.end(OpenBlock::cut_off);
            self.open = Some(OpenBlock::new(label, number, quirk));
        } else if let Some(label) = between(line, "-----END ", "-----") {
            let place = match place_in_line(raw) {
                Some(PemQuirk::ByteOrderMark) => Some(PemQuirk::InnerMark),
                other => other,
            };
            let quirk = worse(place, quirk);
            self.end(|block| block.close(label, quirk));
        } else if let Some(block) = &mut self.open {
            let mark = raw.contains(BYTE_ORDER_MARK).then_some(PemQuirk::InnerMark);
            block.take_line(line, mark.or(quirk));
        }
    }
}

/// A file as PEM text: a certificate or private key in DER is put into a block, everything else
/// stays as it is.
#[must_use]
pub fn of_file(bytes: &[u8]) -> Redacted {
    match label_of_der(bytes) {
        Some(label) => Redacted::new(encode(label, bytes).as_bytes().to_vec()),
        None => Redacted::new(bytes.to_vec()),
    }
}

/// What the first bytes of a DER file announce; nothing where it is no DER. A private key begins
/// with its version, 0 or 1, and then an algorithm, a number or bytes; one under a password with
/// the algorithm of its encryption.
pub(super) fn label_of_der(bytes: &[u8]) -> Option<&'static str> {
    let inside = inside_sequence(bytes)?;
    match inside {
        [2, 1, 0 | 1, 0x30, ..] => Some("PRIVATE KEY"),
        [2, 1, 0, 2, ..] => Some("RSA PRIVATE KEY"),
        [2, 1, 1, 4, ..] => Some("EC PRIVATE KEY"),
        // A public key begins so too, and goes on with a BIT STRING.
        _ if matches!(inside_sequence(inside), Some([6, ..]))
            && inside.get(first_value(inside).len()) == Some(&4) =>
        {
            Some("ENCRYPTED PRIVATE KEY")
        }
        // With a long length, as every certificate has.
        _ if bytes.get(1) > Some(&0x80) => Some("CERTIFICATE"),
        _ => None,
    }
}

/// The certificates of a text and nothing else: no key beside them, no byte order mark, no text
/// around and no bytes behind, all of which some server chokes on or hands out.
#[must_use]
pub fn certificates_only(bytes: &[u8]) -> Vec<u8> {
    let certificates = blocks(bytes).into_iter().filter(|block| block.label == Label::Certificate);
    let good = certificates.filter_map(|block| block.der.ok());
    let written = |der: Redacted| encode("CERTIFICATE", first_value(der.expose()));
    good.flat_map(|der| written(der).as_bytes().to_vec()).collect()
}

/// The first private key of a text and nothing else.
#[must_use]
pub fn key_only(bytes: &[u8]) -> Option<Redacted> {
    let key = private_keys(bytes).into_iter().next()?;
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
fn place_in_line(raw: &str) -> Option<PemQuirk> {
    match raw.strip_prefix(BYTE_ORDER_MARK).unwrap_or(raw) {
        rest if !rest.starts_with('-') => Some(PemQuirk::Misplaced),
        rest if rest.len() < raw.len() => Some(PemQuirk::ByteOrderMark),
        _ => None,
    }
}

/// Whether white space around a line is of a kind that Go does not know. rustls forgives it behind
/// END, and that of ASCII behind base64.
fn strange_blanks(raw: &str, line: &str) -> Option<PemQuirk> {
    if line.len() == raw.len() {
        return None;
    }
    let bare = raw.trim_matches([' ', '\t', BYTE_ORDER_MARK]);
    match bare.len() > bare.trim().len() {
        false => None,
        true if line.starts_with("-----END ") => Some(PemQuirk::StrangeEnds),
        true if line.starts_with('-') || !bare.is_ascii() => Some(PemQuirk::StrangeBlanks),
        true => Some(PemQuirk::StrangeEnds),
    }
}

/// Bytes of base64 that certificates and keys have room in: an RSA key of 2,048 bits has 1,650.
const USUAL_BODY: usize = 2 * 1024;

/// A block whose END has not come yet.
struct OpenBlock {
    label: Label,
    /// The label as written.
    written: String,
    line: usize,
    quirk: Option<PemQuirk>,
    body: Redacted,
    encrypted: bool,
}

impl OpenBlock {
    fn new(label: &str, line: usize, quirk: Option<PemQuirk>) -> Self {
        let is_old = matches!(label, "X509 CERTIFICATE" | "TRUSTED CERTIFICATE");
        Self {
            label: Label::of(label),
            written: label.to_owned(),
            line,
            quirk: quirk.or(is_old.then_some(PemQuirk::OldLabel)),
            body: Redacted::with_capacity(USUAL_BODY),
            encrypted: false,
        }
    }

    fn take_line(&mut self, line: &str, quirk: Option<PemQuirk>) {
        let Some((header, value)) = line.split_once(':') else {
            return self.take_base64(line, quirk);
        };
        self.encrypted |= header == "Proc-Type" && value.contains("ENCRYPTED");
        self.quirk = worse(self.quirk, quirk.or(Some(PemQuirk::Headers)));
    }

    fn take_base64(&mut self, line: &str, quirk: Option<PemQuirk>) {
        let mut quirk = quirk;
        if line.is_empty() && !self.body.is_empty() {
            quirk = quirk.or(Some(PemQuirk::BlankLines));
        }
        self.body.push(line.as_bytes());
        self.quirk = worse(self.quirk, quirk);
    }

    fn cut_off(self) -> Block {
        let error = PemError::NoEnd { line: self.line };
        Block { label: self.label, line: self.line, quirk: self.quirk, der: Err(error) }
    }

    fn close(self, label: &str, at_end: Option<PemQuirk>) -> Block {
        let line = self.line;
        let other_end = (label != self.written).then_some(PemQuirk::OtherEnd);
        let mut quirk = worse(worse(self.quirk, at_end), other_end);
        let der = if self.encrypted {
            Err(PemError::Encrypted { line })
        } else if let Some(der) = self.decoded() {
            if lacks_padding(self.body.expose()) {
                quirk = worse(quirk, Some(PemQuirk::NoPadding));
            }
            Ok(der)
        } else {
            Err(PemError::NotBase64 { line })
        };
        Block { label: self.label, line, quirk, der }
    }
}

impl OpenBlock {
    /// A certificate is as public as it is common: base64 as everybody writes it is decoded at once,
    /// and what is not, like every key, as rustls decodes it.
    fn decoded(&self) -> Option<Redacted> {
        let plain = (self.label == Label::Certificate)
            .then(|| base64::engine::general_purpose::STANDARD.decode(self.body.expose()).ok());
        let plain = plain.flatten().filter(|der| !der.is_empty()).map(Redacted::new);
        plain.or_else(|| decode(self.body.expose()))
    }
}

/// Whether the base64 ends before its last group of four does.
fn lacks_padding(body: &[u8]) -> bool {
    body.iter().filter(|byte| !byte.is_ascii_whitespace()).count() % 4 != 0
}

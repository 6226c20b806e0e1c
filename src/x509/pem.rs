//! PEM as it is found in the wild (RFC 7468, and what people paste).
//!
//! Knows labels and base64, block by block: one bad block never hides a good one. Refuses to know
//! what the DER inside means. `rustls-pemfile` lives here and nowhere else.

use super::marks;
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
    pub quirk: Option<PemQuirk>,
    /// The DER, or why there is none.
    pub der: Result<Redacted, PemError>,
}

/// A way of writing a block that is read here, and not by every server. Measured with OpenSSL
/// 3.0, Go's `encoding/pem` and rustls-pemfile: who does not see an oddly written block says
/// nothing of it, and takes the next one for the leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PemQuirk {
    /// A byte order mark stands before the BEGIN line: OpenSSL reads it, Go and rustls do not.
    ByteOrderMark,
    /// The BEGIN or END line is indented: nobody else reads it.
    Misplaced,
    /// A byte order mark stands in the base64 or before END: nobody else reads it.
    InnerMark,
    /// Lines end in a bare CR: of the others, rustls alone reads it.
    BareCr,
    /// The label is an old spelling (`TRUSTED CERTIFICATE`): OpenSSL reads it, Go and rustls do not.
    OldLabel,
    /// The END line has another label than the BEGIN line: nobody else reads it.
    OtherEnd,
    /// The last bytes lack their `=`: of the others, rustls alone reads it.
    NoPadding,
    /// A blank line stands behind the first line of base64: OpenSSL takes what is before it for
    /// headers.
    BlankLines,
    /// There are headers in it (RFC 1421 §4.4), as nothing but an encrypted key has them today.
    Headers,
    /// A no-break space ends a line, or a form feed the BEGIN: OpenSSL reads it, Go and rustls do
    /// not.
    StrangeBlanks,
    /// A second CR or a form feed ends a line: Go does not read it.
    StrangeEnds,
    /// A tab stands behind the BEGIN: rustls does not read it.
    TrailingTab,
    /// A PKCS#8 key under the label of the older form of its algorithm: OpenSSL and Go take it.
    OldKeyLabel,
    /// A key under a label that is for another kind: Go goes by what is in it, as `openssl pkey`
    /// does and OpenSSL's servers do not.
    OtherKeyLabel,
    /// Its END and the BEGIN of another block share a line: nobody else reads either of the two,
    /// but for rustls, which reads the first.
    Glued,
    /// Its base64 stands on the line of its BEGIN or END: nobody else reads it.
    OneLine,
    /// Its line breaks are written out as `\\n`: nobody else reads it.
    Escaped,
    /// Quotation marks stand around it: nobody else reads it.
    Quoted,
}

impl PemQuirk {
    /// What is odd, for people.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::ByteOrderMark => "a byte order mark stands before its BEGIN line",
            Self::Misplaced => {
                "its BEGIN and END do not stand at the beginning of lines of their own"
            }
            Self::InnerMark => "a byte order mark stands inside it",
            Self::BareCr => "its lines end in a bare carriage return",
            Self::StrangeEnds => "its lines end in a second carriage return or a form feed",
            Self::TrailingTab => "a tab stands behind its BEGIN",
            Self::OldLabel => "its label is an old spelling of CERTIFICATE",
            Self::OtherEnd => "its END line has another label than its BEGIN line",
            Self::NoPadding => "its base64 lacks the = at the end",
            Self::BlankLines => "a blank line stands within its base64",
            Self::Headers => "it has header lines before its base64",
            Self::StrangeBlanks => "its lines end in white space that is no blank, tab or line end",
            Self::OldKeyLabel => "it is PKCS#8, and its label is that of an older form",
            Self::OtherKeyLabel => "its label is that of another kind of key",
            Self::Glued => "a line break is missing between it and the block beside it",
            Self::OneLine => {
                "its line breaks are missing, and its base64 stands on the line of BEGIN or END"
            }
            Self::Escaped => "its line breaks are written out as \\n",
            Self::Quoted => "quotation marks stand around it",
        }
    }

    /// Who passes over such a block.
    #[must_use]
    pub const fn unseen_by(self) -> &'static str {
        match self {
            Self::ByteOrderMark | Self::OldLabel | Self::StrangeBlanks => "Go and rustls",
            Self::Misplaced
            | Self::InnerMark
            | Self::OtherEnd
            | Self::Glued
            | Self::OneLine
            | Self::Escaped
            | Self::Quoted => "OpenSSL, Go and rustls",
            Self::BareCr | Self::NoPadding => "OpenSSL and Go",
            Self::BlankLines => "OpenSSL",
            Self::StrangeEnds => "Go",
            Self::Headers | Self::OtherKeyLabel => "OpenSSL and rustls",
            Self::TrailingTab | Self::OldKeyLabel => "rustls",
        }
    }

    /// Whether Go passes over such a block, and a controller written in Go finds none in its place.
    #[must_use]
    pub fn is_unseen_by_go(self) -> bool {
        self.unseen_by().contains("Go")
    }

    /// Whether it is the lines that were lost, or put in quotation marks: nobody writes PEM so on
    /// purpose.
    #[must_use]
    pub const fn lost_its_lines(self) -> bool {
        matches!(self, Self::Glued | Self::OneLine | Self::Escaped | Self::Quoted)
    }

    /// Whether neither OpenSSL nor Go reads such a block: no controller serves it then.
    #[must_use]
    pub const fn is_as_good_as_broken(self) -> bool {
        match self {
            Self::Misplaced
            | Self::InnerMark
            | Self::BareCr
            | Self::OtherEnd
            | Self::NoPadding
            | Self::Glued
            | Self::OneLine
            | Self::Escaped
            | Self::Quoted => true,
            Self::ByteOrderMark
            | Self::OldLabel
            | Self::BlankLines
            | Self::Headers
            | Self::StrangeBlanks
            | Self::StrangeEnds
            | Self::TrailingTab
            | Self::OldKeyLabel
            | Self::OtherKeyLabel => false,
        }
    }
}

/// Reads every PEM block of `bytes`. Accepts CRLF, a byte order mark, indented lines and text
/// around the blocks; a text without any block gives an empty list.
#[must_use]
pub fn blocks(bytes: &[u8]) -> Vec<Block> {
    let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
    if !marks::may_begin(&text) {
        return Vec::new();
    }
    let unescaped = marks::unescaped(&text);
    let everywhere = unescaped.as_ref().map(|_| PemQuirk::Escaped);
    let text = unescaped.unwrap_or(text);
    let only_cr = !text.contains('\n') && text.contains('\r');
    let mut reader = Reader::default();
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
    reader.found.extend(reader.open.map(OpenBlock::cut_off));
    reader.found
}

/// Blocks in the reading.
#[derive(Default)]
struct Reader {
    found: Vec<Block>,
    open: Option<OpenBlock>,
}

impl Reader {
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
            let next = OpenBlock::new(label, number, quirk);
            self.found.extend(self.open.replace(next).map(OpenBlock::cut_off));
        } else if let Some(label) = between(line, "-----END ", "-----") {
            let place = match place_in_line(raw) {
                Some(PemQuirk::ByteOrderMark) => Some(PemQuirk::InnerMark),
                other => other,
            };
            let quirk = worse(place, quirk);
            self.found.extend(self.open.take().map(|block| block.close(label, quirk)));
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

/// What follows the header of a SEQUENCE, to the end of the bytes.
fn inside_sequence(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [0x30, 0..=0x7f, rest @ ..]
        | [0x30, 0x81, _, rest @ ..]
        | [0x30, 0x82, _, _, rest @ ..]
        | [0x30, 0x83, _, _, _, rest @ ..]
        | [0x30, 0x84, _, _, _, _, rest @ ..] => Some(rest),
        _ => None,
    }
}

/// The first DER value of a block: what padding, other certificates or OpenSSL's own notes stand
/// behind it belongs to nobody who reads a `CERTIFICATE`.
fn first_value(der: &[u8]) -> &[u8] {
    let Some(inside) = inside_sequence(der) else { return der };
    let header = der.len() - inside.len();
    let length = match &der[1..header] {
        [short] => usize::from(*short),
        [_, digits @ ..] => digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)),
        [] => return der,
    };
    der.get(..header.saturating_add(length)).unwrap_or(der)
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

/// The oddity that hides a block from more readers; of two that hide it from as many, the first.
fn worse(one: Option<PemQuirk>, other: Option<PemQuirk>) -> Option<PemQuirk> {
    match (one, other) {
        (Some(one), Some(other)) if !one.is_as_good_as_broken() && other.is_as_good_as_broken() => {
            Some(other)
        }
        (one, other) => one.or(other),
    }
}

/// A block whose END has not come yet.
struct OpenBlock {
    label: Label,
    /// The label as written.
    written: String,
    line: usize,
    quirk: Option<PemQuirk>,
    body: Zeroizing<String>,
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
            body: Zeroizing::default(),
            encrypted: false,
        }
    }

    fn take_line(&mut self, line: &str, quirk: Option<PemQuirk>) {
        let mut quirk = quirk;
        if let Some((header, value)) = line.split_once(':') {
            self.encrypted |= header == "Proc-Type" && value.contains("ENCRYPTED");
            quirk = quirk.or(Some(PemQuirk::Headers));
        } else {
            if line.is_empty() && !self.body.is_empty() {
                quirk = quirk.or(Some(PemQuirk::BlankLines));
            }
            if !line.is_empty() {
                self.body.push_str(line);
                self.body.push('\n');
            }
        }
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
        } else if let Some(der) = decode(&self.body) {
            if lacks_padding(&self.body) {
                quirk = worse(quirk, Some(PemQuirk::NoPadding));
            }
            Ok(der)
        } else {
            Err(PemError::NotBase64 { line })
        };
        Block { label: self.label, line, quirk, der }
    }
}

/// Whether the base64 ends before its last group of four does.
fn lacks_padding(body: &str) -> bool {
    body.bytes().filter(|byte| !byte.is_ascii_whitespace()).count() % 4 != 0
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
        for (text, quirk) in [
            (format!("{begin}\nMAA=\n{end}\n"), None),
            (format!("{begin}\r\n  MAA=  \r\n{end}\r\n"), None),
            (format!("text\n{begin}\nMAA=\n{end}"), None),
            (format!("\u{feff}{begin}\nMAA=\n{end}\n"), Some(PemQuirk::ByteOrderMark)),
            (format!("\u{feff}text\n{begin}\nMAA=\n{end}\n"), None),
            (format!("  {begin}\nMAA=\n{end}\n"), Some(PemQuirk::Misplaced)),
            (format!("{begin}\nMAA=\n  {end}\n"), Some(PemQuirk::Misplaced)),
            (format!("{begin}\rMAA=\r{end}\r"), Some(PemQuirk::BareCr)),
            (format!("text\n{begin}\rMAA=\r{end}\r"), Some(PemQuirk::BareCr)),
            (format!("{begin}\n\rMAA=\n\r{end}\n\r"), Some(PemQuirk::BareCr)),
            (format!("{begin}\nMAA=\n-----END X509 CERTIFICATE-----"), Some(PemQuirk::OtherEnd)),
            (format!("{begin}\nMAA=\n-----END PRIVATE KEY-----"), Some(PemQuirk::OtherEnd)),
            (format!("{begin}\nMAA\n{end}"), Some(PemQuirk::NoPadding)),
            (format!("{begin}\nMA\n\nA\n{end}"), Some(PemQuirk::NoPadding)),
            (format!("{begin}\n\nMAA=\n{end}"), None),
            (format!("{begin}\nMA\n\nA=\n{end}"), Some(PemQuirk::BlankLines)),
            (format!("{begin}\nMA\n  \nA=\n{end}"), Some(PemQuirk::BlankLines)),
            (format!("{begin}\nMAA=\n\n{end}"), Some(PemQuirk::BlankLines)),
            (format!("{begin}\nComment: x\n\nMAA=\n{end}"), Some(PemQuirk::Headers)),
            (format!("{begin}\nComment: x\nMAA=\n{end}"), Some(PemQuirk::Headers)),
            (format!("{begin}\x0c\nMAA=\n{end}"), Some(PemQuirk::StrangeBlanks)),
            (format!("{begin}\nMAA=\u{a0}\n{end}"), Some(PemQuirk::StrangeBlanks)),
            (format!("{begin}\r\r\nMAA=\r\r\n{end}\r\r\n"), Some(PemQuirk::StrangeEnds)),
            (format!("{begin}\nMAA= \t\n{end}\n"), None),
            (format!("{begin}\n\u{feff}MAA=\n{end}"), Some(PemQuirk::InnerMark)),
            (format!("\u{feff}{begin}\n\u{feff}MAA=\n{end}"), Some(PemQuirk::InnerMark)),
            (format!("{begin}\nMAA=\n\u{feff}{end}"), Some(PemQuirk::InnerMark)),
            (format!("{begin} \nMAA=\n{end} \t\n"), None),
            (format!("{begin}\t \nMAA=\n{end}\n"), Some(PemQuirk::TrailingTab)),
            (format!("{begin}\nMAA=\x0c\n{end}\n"), Some(PemQuirk::StrangeEnds)),
            (format!("{begin}\nMAA=\n{end}\x0c\n"), Some(PemQuirk::StrangeEnds)),
            (format!("{begin} MAA= {end}"), Some(PemQuirk::OneLine)),
            (format!("{begin} M AA= {end}\n"), Some(PemQuirk::OneLine)),
            (format!("{begin}MAA=\n{end}"), Some(PemQuirk::OneLine)),
            (format!("{begin}\nMAA={end}"), Some(PemQuirk::OneLine)),
            (format!("{begin}\\nMAA=\\n{end}\\n"), Some(PemQuirk::Escaped)),
            (format!("'{begin}\nMAA=\n{end}'"), Some(PemQuirk::Quoted)),
            (
                "-----BEGIN TRUSTED CERTIFICATE-----\nMAA=\n-----END TRUSTED CERTIFICATE-----"
                    .to_owned(),
                Some(PemQuirk::OldLabel),
            ),
        ] {
            let block = blocks(text.as_bytes()).remove(0);
            assert_eq!((block.quirk, block.der.is_ok()), (quirk, true), "{text:?}");
            // rustls is asked; what OpenSSL and Go do was measured.
            let read = rustls_pemfile::read_one_from_slice(text.as_bytes());
            let seen = matches!(&read, Ok(Some((rustls_pemfile::Item::X509Certificate(der), _)))
                if der.as_ref() == [0x30, 0]);
            let said = quirk.is_some_and(|quirk| quirk.unseen_by().contains("rustls"));
            assert_ne!(seen, said, "{text:?}: rustls says {read:?}");
        }
    }

    #[test]
    fn blocks_without_a_line_break_between_them_are_read_and_told() {
        let one = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----";
        let key = "-----BEGIN PRIVATE KEY-----\nMAE=\n-----END PRIVATE KEY-----";
        let read = |text: &str| {
            let all = blocks(text.as_bytes());
            all.iter().map(|block| (block.der.is_ok(), block.quirk)).collect::<Vec<_>>()
        };
        let glued = (true, Some(PemQuirk::Glued));
        assert_eq!(read(&format!("{one}{one}\n{one}")), [glued, glued, (true, None)]);
        assert_eq!(read(&format!("{one}{one}{one}")), [glued, glued, glued]);
        assert_eq!(read(&format!("{key}{one}")), [glued, glued]);
        assert_eq!(certificates_only(format!("{one}{one}").as_bytes()).len(), 2 * (one.len() + 1));
    }

    #[test]
    fn keys_and_certificates_in_der_are_told_apart_by_how_they_begin() {
        let long = |inside: &[u8]| [&[0x30, 0x82, 1, 0], inside].concat();
        for (der, label) in [
            (long(&[0x30, 0x82, 1, 0, 0xa0, 3, 2, 1, 2]), Some("CERTIFICATE")),
            (long(&[0x30, 0x82, 1, 0, 2, 1, 7, 0x30]), Some("CERTIFICATE")),
            (long(&[2, 1, 0, 0x30, 13]), Some("PRIVATE KEY")),
            (vec![0x30, 0x2e, 2, 1, 0, 0x30, 5], Some("PRIVATE KEY")),
            (vec![0x30, 0x51, 2, 1, 1, 0x30, 5], Some("PRIVATE KEY")),
            (long(&[2, 1, 0, 2, 0x82]), Some("RSA PRIVATE KEY")),
            (vec![0x30, 0x77, 2, 1, 1, 4, 0x20], Some("EC PRIVATE KEY")),
            (long(&[0x30, 4, 6, 2, 0x2a, 1, 4, 9]), Some("ENCRYPTED PRIVATE KEY")),
            (vec![0x30, 9, 0x30, 4, 6, 2, 0x2a, 1, 3, 1, 0], None),
            (b"0.5 is no DER".to_vec(), None),
            (b"-----BEGIN".to_vec(), None),
            (vec![0x30], None),
        ] {
            assert_eq!(label_of_der(&der), label, "{der:x?}");
        }
    }

    #[test]
    fn what_stands_behind_a_certificate_is_not_written() {
        let long = [&[0x30, 0x81, 0x80][..], &[5; 0x80]].concat();
        for (der, first) in [
            (&[0x30, 0, 1, 2][..], &[0x30, 0][..]),
            (&[long.as_slice(), &[0x30, 1, 0]].concat(), &long),
            (&long, &long),
            (&[0x30, 0x82, 0xff, 0xff, 1], &[0x30, 0x82, 0xff, 0xff, 1]),
            (&[5, 0, 1], &[5, 0, 1]),
            (&[0x30], &[0x30]),
        ] {
            let label = "TRUSTED CERTIFICATE";
            let written = certificates_only(encode(label, der).as_bytes());
            let expected = encode("CERTIFICATE", first);
            assert_eq!(written, expected.as_bytes(), "{der:x?}");
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

//! What stands where a certificate or a private key should: a request, a list, a store, a key of
//! another trade, base64 once too often, a placeholder, a web page.
//!
//! Knows how such things begin, and the way out of each. Refuses to read them.

use super::cert;
use super::pem::{self, Block, Label};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::CertificateRevocationList;
use x509_parser::x509::SubjectPublicKeyInfo;
use zeroize::Zeroizing;

/// What stands where certificates or a private key were expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign {
    thing: Thing,
    /// Layers of base64 around it.
    layers: usize,
}

/// What people take for a certificate or a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thing {
    /// PEM as it should be, but for the base64 around it.
    Pem,
    /// PEM where it should be in base64.
    NotEncoded,
    /// Base64 of PEM with blanks in it.
    SpacedBase64,
    /// Base64 of PEM whose end is missing.
    CutBase64,
    /// Base64 of PEM in the alphabet for URLs (RFC 4648 §5).
    UrlBase64,
    /// PEM of a certificate, where a key was expected.
    CertificatePem,
    /// PEM of a private key, where certificates were expected.
    KeyPem,
    CertificateDer,
    KeyDer,
    Request,
    Revoked,
    Pkcs7,
    Pkcs12,
    PublicKey,
    DhParameters,
    DsaParameters,
    EcParameters,
    JavaStore,
    Ssh,
    Pgp,
    Utf16,
    Archive,
    Html,
    Json,
    VaultAnswer,
    Manifest,
    CertificateText,
    Path,
    Placeholder,
    Reference,
    Encrypted,
    DamagedMarks,
}

/// PEM labels of what is no certificate and no private key for TLS.
const LABELS: [(&str, Thing); 16] = [
    ("CERTIFICATE REQUEST", Thing::Request),
    ("NEW CERTIFICATE REQUEST", Thing::Request),
    ("X509 CRL", Thing::Revoked),
    ("PKCS7", Thing::Pkcs7),
    ("CMS", Thing::Pkcs7),
    ("PKCS12", Thing::Pkcs12),
    ("PUBLIC KEY", Thing::PublicKey),
    ("RSA PUBLIC KEY", Thing::PublicKey),
    ("DH PARAMETERS", Thing::DhParameters),
    ("X9.42 DH PARAMETERS", Thing::DhParameters),
    ("DSA PARAMETERS", Thing::DsaParameters),
    ("EC PARAMETERS", Thing::EcParameters),
    ("SSH2 PUBLIC KEY", Thing::Ssh),
    ("PGP PUBLIC KEY BLOCK", Thing::Pgp),
    ("PGP PRIVATE KEY BLOCK", Thing::Pgp),
    ("PGP MESSAGE", Thing::Pgp),
];

impl Foreign {
    /// A private key as ssh-keygen writes it.
    pub const OPEN_SSH: Self = Self { thing: Thing::Ssh, layers: 0 };

    /// What it is, for people, to be said after "it is".
    #[must_use]
    pub fn what(self) -> String {
        let what = self.thing.what();
        match (self.layers, self.thing) {
            (0, _) => what.to_owned(),
            (1, Thing::Pem | Thing::CertificatePem | Thing::KeyPem) => {
                format!("base64 of {what}: in a Secret that is base64 twice")
            }
            (1, Thing::CertificateDer) => "base64 without the lines -----BEGIN CERTIFICATE----- \
                                           and -----END CERTIFICATE----- (a certificate in DER)"
                .to_owned(),
            (1, Thing::KeyDer) => "base64 without the lines -----BEGIN PRIVATE KEY----- and \
                                   -----END PRIVATE KEY----- (a private key in DER)"
                .to_owned(),
            (1, _) => format!("base64 of {what}"),
            (layers, _) => format!("{what} under {layers} layers of base64 more than it should be"),
        }
    }

    /// What to do about it: an order, for people.
    #[must_use]
    pub fn remedy(self) -> String {
        let remedy = self.thing.remedy();
        match (self.layers, self.thing) {
            (0, _) => remedy.to_owned(),
            (1, Thing::CertificateDer | Thing::KeyDer) => {
                "put the BEGIN and END lines around it, each on a line of its own".to_owned()
            }
            (1, Thing::Pem) => "decode it once more with base64 -d".to_owned(),
            (layers, Thing::Pem) => format!("decode it {layers} times more with base64 -d"),
            (1, _) => format!("decode it with base64 -d, then {remedy}"),
            (layers, _) => format!("decode it {layers} times with base64 -d, then {remedy}"),
        }
    }

    /// PEM in the place of its base64, as under `data` of a manifest; none where it is no PEM.
    #[must_use]
    pub fn not_encoded(text: &[u8]) -> Option<Self> {
        let is_pem = pem::blocks(text).iter().any(|block| block.der.is_ok());
        is_pem.then_some(Self { thing: Thing::NotEncoded, layers: 0 })
    }

    /// What is wrong with base64 of PEM that a decoder which keeps to RFC 4648 §4 has refused; none
    /// where it is something else.
    #[must_use]
    pub fn spoilt_base64(text: &[u8]) -> Option<Self> {
        let text = text.trim_ascii();
        // It may be a key: no buffer of it grows and leaves a copy behind.
        let mut bare = Zeroizing::new(Vec::with_capacity(text.len()));
        bare.extend(text.iter().filter(|byte| !byte.is_ascii_whitespace()));
        while bare.last() == Some(&b'=') {
            bare.pop();
        }
        // No number of whole bytes ends in one character; it is the first of a group that was cut.
        let groups = if bare.len() % 4 == 1 { bare.len() - 1 } else { bare.len() };
        bare.truncate(groups);
        let mut inside = Zeroizing::new(vec![0; bare.len()]);
        let plain = LENIENT.decode_slice(bare.as_slice(), &mut inside).ok();
        let is_plain = plain.is_some();
        let length =
            plain.or_else(|| LENIENT_FOR_URLS.decode_slice(bare.as_slice(), &mut inside).ok())?;
        inside.truncate(length);
        if !inside.windows(BEGIN.len()).any(|at| at == BEGIN) {
            return None;
        }
        let thing = if !is_plain {
            Thing::UrlBase64
        } else if text.iter().any(|byte| b" \t".contains(byte)) {
            Thing::SpacedBase64
        } else {
            Thing::CutBase64
        };
        Some(Self { thing, layers: 0 })
    }

    /// Whether what was meant can be got out of it.
    #[must_use]
    pub const fn can_be_converted(self) -> bool {
        matches!(
            self.thing,
            Thing::Pem
                | Thing::NotEncoded
                | Thing::CertificateDer
                | Thing::KeyDer
                | Thing::Pkcs7
                | Thing::Pkcs12
                | Thing::JavaStore
                | Thing::Utf16
                | Thing::Archive
                | Thing::Json
                | Thing::VaultAnswer
                | Thing::DamagedMarks
        )
    }

    /// Whether a private key may be in it, in whatever form.
    #[must_use]
    pub const fn may_hold_a_key(self) -> bool {
        self.can_be_converted() && !matches!(self.thing, Thing::CertificateDer | Thing::Pkcs7)
            || self.is_for_others()
            || matches!(
                self.thing,
                Thing::SpacedBase64
                    | Thing::CutBase64
                    | Thing::UrlBase64
                    | Thing::Manifest
                    | Thing::Encrypted
            )
    }

    /// Whether it is a key for something else than TLS.
    #[must_use]
    pub const fn is_for_others(self) -> bool {
        matches!(self.thing, Thing::Ssh | Thing::Pgp)
    }

    /// Whether it is encrypted text, which who applies it decrypts.
    #[must_use]
    pub const fn is_encrypted(self) -> bool {
        matches!(self.thing, Thing::Encrypted)
    }

    /// Whether it is a private key, in whatever form.
    #[must_use]
    pub const fn is_private_key(self) -> bool {
        matches!(self.thing, Thing::KeyPem | Thing::KeyDer)
    }

    /// Whether it is a certificate, in whatever form.
    #[must_use]
    pub const fn is_certificate(self) -> bool {
        matches!(self.thing, Thing::CertificatePem | Thing::CertificateDer)
    }
}

impl Thing {
    const fn what(self) -> &'static str {
        match self {
            Self::Pem => "PEM",
            Self::NotEncoded => "PEM as it is",
            Self::SpacedBase64 => {
                "base64 with blanks in it, as YAML makes of lines that are folded by >"
            }
            Self::CutBase64 => {
                "base64 whose end is missing: its last characters, or the = behind them"
            }
            Self::UrlBase64 => "base64 in the alphabet for URLs, with - and _",
            Self::CertificatePem => "a certificate",
            Self::KeyPem => "a private key",
            Self::CertificateDer => "a certificate in DER, not PEM",
            Self::KeyDer => "a private key in DER, not PEM",
            Self::Request => "a certificate request (PKCS#10)",
            Self::Revoked => "a list of revoked certificates (CRL)",
            Self::Pkcs7 => "PKCS#7",
            Self::Pkcs12 => "a PKCS#12 store",
            Self::PublicKey => "a public key",
            Self::DhParameters => "Diffie-Hellman parameters",
            Self::DsaParameters => "parameters of DSA, without a key",
            Self::EcParameters => "the name of a curve, without a key",
            Self::JavaStore => "a Java key store",
            Self::Ssh => "a key of SSH",
            Self::Pgp => "a block of OpenPGP",
            Self::Utf16 => "text in UTF-16",
            Self::Archive => "a compressed archive",
            Self::Html => "a web page (HTML), perhaps of a failed download",
            Self::Json => "JSON",
            Self::VaultAnswer => "a JSON answer of Vault",
            Self::Manifest => "a manifest (YAML)",
            Self::CertificateText => "the text that openssl x509 -text shows, without the PEM",
            Self::Path => "the path of a file, not what is in it",
            Self::Placeholder => "a placeholder that nobody filled in",
            Self::Reference => "a reference that nobody replaced by what it stands for",
            Self::Encrypted => "encrypted text, not decrypted",
            Self::DamagedMarks => "PEM whose BEGIN or END line is damaged",
        }
    }

    const fn remedy(self) -> &'static str {
        match self {
            Self::Pem => "take it as it is",
            Self::NotEncoded => "move it from data to stringData, or encode it in base64",
            Self::SpacedBase64 => "write it on one line, or on several behind | instead of >",
            Self::CutBase64 => "copy it again, to its end",
            Self::UrlBase64 => "encode the PEM again, with base64 -w0",
            Self::CertificatePem => {
                "put the private key there; the certificate belongs into tls.crt"
            }
            Self::KeyPem => "put the certificate there; the private key belongs into tls.key",
            Self::CertificateDer => "make PEM of it with openssl x509 -inform DER",
            Self::KeyDer => "make PEM of it with openssl pkey -inform DER",
            Self::Request => "have a CA sign it; issue --from-csr does it for a private one",
            Self::Revoked => "put the certificate itself there",
            Self::Pkcs7 => {
                "take the certificates out with openssl pkcs7 -print_certs (-inform DER where it is DER)"
            }
            Self::Pkcs12 => "take certificate and key out with openssl pkcs12 -nodes",
            Self::PublicKey | Self::DhParameters | Self::DsaParameters | Self::EcParameters => {
                "put the PEM that was meant there"
            }
            Self::JavaStore => {
                "make PKCS#12 of it with keytool -importkeystore -deststoretype PKCS12, and take \
                 certificate and key out of that with openssl pkcs12 -nodes"
            }
            Self::Ssh | Self::Pgp => "put a certificate and a key for TLS there",
            Self::Utf16 => "write it as UTF-8: iconv -f UTF-16 -t UTF-8",
            Self::Archive => "unpack it",
            Self::Html => "download it again, and look at what came",
            Self::Json => "take the PEM out of it, with jq -r",
            Self::VaultAnswer => {
                "take the PEM out of it: certificate, ca_chain and private_key of its data, with jq -r"
            }
            Self::Manifest => "put the PEM there, not the manifest",
            Self::CertificateText => "put the PEM there, which openssl x509 without -noout prints",
            Self::Path => {
                "put the content of that file there, with --from-file or --cert of kubectl"
            }
            Self::Placeholder | Self::Reference => "fill in the PEM",
            Self::Encrypted => "decrypt it before it is applied",
            Self::DamagedMarks => {
                "write -----BEGIN CERTIFICATE----- and -----END CERTIFICATE----- with five hyphens at \
                 each side, on lines of their own"
            }
        }
    }
}

/// What the file is, when it holds nothing that could be a certificate or a private key. Nothing
/// where that is not known.
#[must_use]
pub fn what(bytes: &[u8]) -> Option<Foreign> {
    let blocks = pem::blocks(bytes);
    let ours = |block: &Block| block.label == Label::Certificate || block.label.is_private_key();
    if blocks.iter().any(ours) {
        return None;
    }
    let thing = thing(bytes, &blocks, MAX_LAYERS)?;
    let own = thing.layers == 0 && matches!(thing.thing, Thing::CertificateDer | Thing::KeyDer);
    (!own).then_some(thing)
}

/// What stands where certificates were expected and none could be read.
#[must_use]
pub fn instead_of_certificates(bytes: &[u8]) -> Option<Foreign> {
    let blocks = pem::blocks(bytes);
    if blocks.iter().any(|block| block.label == Label::Certificate) {
        return None;
    }
    if blocks.iter().any(|block| block.label.is_private_key()) {
        return Some(Foreign { thing: Thing::KeyPem, layers: 0 });
    }
    thing(bytes, &blocks, MAX_LAYERS)
}

/// What stands where a private key was expected and there is none.
#[must_use]
pub fn instead_of_key(bytes: &[u8]) -> Option<Foreign> {
    let blocks = pem::blocks(bytes);
    if blocks.iter().any(|block| block.label.is_private_key()) {
        return None;
    }
    if blocks.iter().any(|block| block.label == Label::Certificate) {
        return Some(Foreign { thing: Thing::CertificatePem, layers: 0 });
    }
    thing(bytes, &blocks, MAX_LAYERS)
}

/// How a block is called that is no certificate and no private key.
#[must_use]
pub fn of_label(label: &str) -> Option<&'static str> {
    let found = LABELS.iter().find(|(known, _)| *known == label);
    found.map(|(_, thing)| thing.what())
}

/// How many layers of base64 are looked under.
const MAX_LAYERS: usize = 3;

fn thing(bytes: &[u8], blocks: &[Block], layers: usize) -> Option<Foreign> {
    let plain = |thing| Foreign { thing, layers: 0 };
    if !blocks.is_empty() {
        let labelled = |(label, thing): &(&str, Thing)| {
            blocks.iter().any(|block| block.label.as_str() == *label).then_some(*thing)
        };
        return LABELS.iter().find_map(labelled).map(plain);
    }
    let known = begins(bytes).or_else(|| der(bytes)).or_else(|| text(bytes));
    known.map(plain).or_else(|| under_base64(bytes, layers))
}

fn begins(bytes: &[u8]) -> Option<Thing> {
    match bytes {
        [0xfe, 0xed, 0xfe, 0xed, ..] | [0xce, 0xce, 0xce, 0xce, ..] => Some(Thing::JavaStore),
        // Without a byte order mark, every other byte of a BEGIN line is nought.
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, b'-', 0, b'-', ..] | [b'-', 0, b'-', 0, ..] => {
            Some(Thing::Utf16)
        }
        [0x1f, 0x8b, ..] | [b'P', b'K', 3, 4, ..] => Some(Thing::Archive),
        // SEQUENCE, then a version 3 and a SEQUENCE (RFC 7292 §4), also of indefinite length.
        [0x30, 0x82, _, _, 2, 1, 3, 0x30, ..] | [0x30, 0x80, 2, 1, 3, 0x30, ..] => {
            Some(Thing::Pkcs12)
        }
        _ => None,
    }
}

fn der(bytes: &[u8]) -> Option<Thing> {
    /// id-signedData (RFC 5652 §5.1).
    const SIGNED_DATA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    if bytes.first() != Some(&0x30) {
        return None;
    }
    let begin = &bytes[..bytes.len().min(20)];
    if begin.windows(SIGNED_DATA.len()).any(|at| at == SIGNED_DATA) {
        return Some(Thing::Pkcs7);
    }
    let reads = |read: bool, what| read.then_some(what);
    let is_key = || pem::label_of_der(bytes).is_some_and(|label| label.ends_with("PRIVATE KEY"));
    reads(X509CertificationRequest::from_der(bytes).is_ok(), Thing::Request)
        .or_else(|| reads(CertificateRevocationList::from_der(bytes).is_ok(), Thing::Revoked))
        .or_else(|| reads(SubjectPublicKeyInfo::from_der(bytes).is_ok(), Thing::PublicKey))
        .or_else(|| reads(cert::read(bytes).is_ok(), Thing::CertificateDer))
        .or_else(|| reads(is_key(), Thing::KeyDer))
}

/// The longest text that is taken for a name or a placeholder, in bytes.
const SHORT: usize = 300;

/// What a text without any block is, by how people write such things.
fn text(bytes: &[u8]) -> Option<Thing> {
    if is_placeholder_by_chance(bytes) {
        return Some(Thing::Placeholder);
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.trim_matches(|c: char| c.is_whitespace() || "\u{feff}\"'".contains(c));
    let mut begin = Zeroizing::new(text.chars().take(200).collect::<String>());
    begin.make_ascii_lowercase();
    let starts = |those: &[&str]| those.iter().any(|one| begin.starts_with(one));
    if starts(&[
        "ssh-",
        "ecdsa-sha2-",
        "sk-ssh-",
        "sk-ecdsa-",
        "putty-user-key-file",
        "---- begin ssh2",
    ]) {
        return Some(Thing::Ssh);
    }
    if starts(&["<!doctype", "<html", "<?xml", "<head"]) {
        return Some(Thing::Html);
    }
    if starts(&["enc[", "$ansible_vault", "vault:v1:"]) {
        return Some(Thing::Encrypted);
    }
    if starts(&[
        "vault:",
        "ref+",
        "arn:",
        "secretref:",
        "op://",
        "awssm://",
        "azurekeyvault://",
        "@microsoft.keyvault",
    ]) {
        return Some(Thing::Reference);
    }
    if is_path(text) {
        return Some(Thing::Path);
    }
    if is_placeholder(text) {
        return Some(Thing::Placeholder);
    }
    if starts(&["{", "["]) {
        let vault = ["\"lease_id\"", "\"issuing_ca\"", "\"ca_chain\"", "\"private_key_type\""];
        let is_vault = vault.iter().any(|key| text.contains(key));
        return Some(if is_vault { Thing::VaultAnswer } else { Thing::Json });
    }
    if text.contains("apiVersion:") || text.contains("tls.crt:") {
        return Some(Thing::Manifest);
    }
    if starts(&["certificate:"]) && text.contains("Version:") {
        return Some(Thing::CertificateText);
    }
    has_damaged_marks(text).then_some(Thing::DamagedMarks)
}

/// A word such as CHANGEME is base64 by chance, and stands in a Secret as what that decodes to.
fn is_placeholder_by_chance(bytes: &[u8]) -> bool {
    bytes.len() <= 24 && is_placeholder(&Zeroizing::new(BASE64_STANDARD.encode(bytes)))
}

fn is_placeholder(text: &str) -> bool {
    if text.len() > SHORT || text.contains("-----") {
        return false;
    }
    let pairs =
        [("<", ">"), ("${", "}"), ("$(", ")"), ("{{", "}}"), ("%", "%"), ("__", "__"), ("[", "]")];
    let wrapped = |(open, close): &(&str, &str)| {
        text.len() > open.len() + close.len() && text.starts_with(open) && text.ends_with(close)
    };
    if pairs.iter().any(wrapped) && !text.contains('"') {
        return true;
    }
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    plain.extend(text.chars().filter(char::is_ascii_alphanumeric));
    plain.make_ascii_lowercase();
    let words = [
        "changeme",
        "replaceme",
        "placeholder",
        "todo",
        "tbd",
        "fixme",
        "dummy",
        "redacted",
        "example",
    ];
    let phrases = [
        "yourcert",
        "yourkey",
        "yourtls",
        "yourprivate",
        "yourbase64",
        "base64encoded",
        "pastehere",
        "insertyour",
        "certificatehere",
        "keyhere",
        "certdata",
        "keydata",
        "toberepl",
    ];
    words
        .iter()
        .any(|word| plain.as_str() == *word || (plain.starts_with(*word) && plain.len() < 24))
        || phrases.iter().any(|phrase| plain.contains(*phrase) && plain.len() < 80)
        || matches!(
            text,
            "..." | "\u{2026}" | "null" | "None" | "undefined" | "~" | "xxx" | "XXX" | "$TLS_CRT"
        )
        || is_variable(text)
}

/// `$TLS_CRT`, as a shell would replace it.
fn is_variable(text: &str) -> bool {
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.strip_prefix('$').is_some_and(|rest| !rest.is_empty() && rest.chars().all(name))
}

fn is_path(text: &str) -> bool {
    let one_word = text.len() <= SHORT && !text.contains(char::is_whitespace);
    let starts = ["/", "./", "../", "~/", "file:", "@"].iter().any(|start| text.starts_with(start));
    let ends = [".pem", ".crt", ".cer", ".cert", ".key", ".der", ".p12", ".pfx", ".jks"];
    // Base64 may begin with a slash, and never has a dot.
    one_word && (ends.iter().any(|end| text.ends_with(end)) || (starts && text.contains('.')))
}

/// Words of a BEGIN or END line, and not its five hyphens: typographic dashes, or fewer of them.
fn has_damaged_marks(text: &str) -> bool {
    let words =
        ["BEGIN CERTIFICATE", "END CERTIFICATE", "PRIVATE KEY", "BEGIN TRUSTED CERTIFICATE"];
    let dashes = "-\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2212}";
    words.iter().any(|words| text.contains(words)) && text.contains(|c: char| dashes.contains(c))
}

/// How every PEM block begins.
const BEGIN: &[u8] = b"-----BEGIN ";

/// Base64 as people write it: with or without `=`, line breaks and blanks anywhere.
const LENIENT: GeneralPurpose = lenient(&alphabet::STANDARD);
const LENIENT_FOR_URLS: GeneralPurpose = lenient(&alphabet::URL_SAFE);

const fn lenient(alphabet: &alphabet::Alphabet) -> GeneralPurpose {
    GeneralPurpose::new(
        alphabet,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    )
}

/// What is in it, where it is all base64.
fn under_base64(bytes: &[u8], layers: usize) -> Option<Foreign> {
    let left = layers.checked_sub(1)?;
    let written = |byte: &u8| !byte.is_ascii_whitespace() && !b"\"'\\".contains(byte);
    let count = bytes.iter().filter(|byte| written(byte)).count();
    // It may be a key: no buffer of it grows and leaves a copy behind.
    let mut body = Zeroizing::new(Vec::<u8>::with_capacity(count));
    body.extend(bytes.iter().filter(|byte| written(byte)));
    if count < 32 || !body.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
    {
        return None;
    }
    let mut inside = Zeroizing::new(vec![0; count]);
    let length = LENIENT.decode_slice(body.as_slice(), &mut inside).ok()?;
    inside.truncate(length);
    let blocks = pem::blocks(&inside);
    let ours = |block: &Block| block.label == Label::Certificate || block.label.is_private_key();
    let found = if blocks.iter().any(ours) {
        Foreign { thing: Thing::Pem, layers: 0 }
    } else {
        thing(&inside, &blocks, left)?
    };
    let told = !matches!(found.thing, Thing::Path | Thing::Placeholder | Thing::Reference);
    told.then_some(Foreign { layers: found.layers + 1, ..found })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::BASE64_URL_SAFE as URL_SAFE;
    use rcgen::{CertificateParams, KeyPair};

    const CERTIFICATE: &str = include_str!("../../testdata/pki/root-ca.crt.pem");
    const KEY: &str = include_str!("../../testdata/pki/ec-p256-01.pem");
    const STORE: &[u8] = include_bytes!("../../testdata/pki/keystore-ce27607b.p12");

    fn der(pem: &str) -> Vec<u8> {
        pem::blocks(pem.as_bytes()).remove(0).der.expect("the PEM is good").expose().to_vec()
    }

    #[test]
    fn base64_that_a_strict_decoder_refuses_is_told_from_base64_twice() {
        let good = BASE64_STANDARD.encode(format!("{KEY} "));
        let folded: Vec<&str> = good
            .as_bytes()
            .chunks(76)
            .map(|line| std::str::from_utf8(line).expect("it is ASCII"))
            .collect();
        for (written, told) in [
            (folded.join(" "), "blanks in it"),
            (folded.join("\n \t"), "blanks in it"),
            (good.chars().take(good.len() - 3).collect(), "whose end is missing"),
            (good.trim_end_matches('=').to_owned() + "==", "whose end is missing"),
            (URL_SAFE.encode(format!("{KEY}???>>>???>>>")), "alphabet for URLs"),
        ] {
            let found = Foreign::spoilt_base64(written.as_bytes()).map(Foreign::what);
            assert!(found.as_ref().is_some_and(|what| what.contains(told)), "{written}: {found:?}");
        }
        for other in ["", "no base64 at all", "c29tZXRoaW5nIGVsc2U", KEY] {
            assert_eq!(Foreign::spoilt_base64(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn what_people_take_for_a_certificate_is_called_by_its_name() {
        let key = KeyPair::from_pem(KEY).expect("the key is good");
        let request = CertificateParams::default().serialize_request(&key).expect("it can be made");
        let request = request.pem().expect("it can be encoded");
        let public = key.public_key_pem();
        let bare = CERTIFICATE.lines().filter(|line| !line.starts_with('-')).collect::<Vec<_>>();
        let utf16: Vec<u8> = "\u{feff}text".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, known) in [
            (request.as_bytes(), "a certificate request (PKCS#10)"),
            (&der(&request), "a certificate request (PKCS#10)"),
            (public.as_bytes(), "a public key"),
            (&der(&public), "a public key"),
            (STORE, "a PKCS#12 store"),
            (b"-----BEGIN PKCS7-----\nMAA=\n-----END PKCS7-----\n", "PKCS#7"),
            (b"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n", "a list of revoked"),
            (b"\x30\x82\x01\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0", "PKCS#7"),
            (b"\xfe\xed\xfe\xed\x00\x00\x00\x02", "a Java key store"),
            (b"ssh-ed25519 AAAA me@a.example\n", "a key of SSH"),
            (&utf16, "text in UTF-16"),
            (bare.join("\n").as_bytes(), "base64 without the lines"),
        ] {
            let told = what(bytes).map(Foreign::what);
            assert!(told.as_ref().is_some_and(|told| told.starts_with(known)), "{known}: {told:?}");
        }
    }

    #[test]
    fn what_stands_in_a_secret_instead_of_a_certificate_is_called_by_its_name() {
        let twice = BASE64_STANDARD.encode(CERTIFICATE);
        let thrice = BASE64_STANDARD.encode(&twice);
        let in_base64 = |bytes: &[u8]| BASE64_STANDARD.encode(bytes).into_bytes();
        let utf16: Vec<u8> = CERTIFICATE.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (bytes, known) in [
            (twice.as_bytes(), "base64 of PEM: in a Secret that is base64 twice"),
            (thrice.as_bytes(), "PEM under 2 layers of base64"),
            (&der(CERTIFICATE), "a certificate in DER"),
            (&der(KEY), "a private key in DER"),
            (&in_base64(&der(CERTIFICATE)), "base64 without the lines"),
            (&in_base64(&der(KEY)), "base64 without the lines -----BEGIN PRIVATE KEY-----"),
            (&in_base64(STORE), "base64 of a PKCS#12 store"),
            (KEY.as_bytes(), "a private key"),
            (&utf16, "text in UTF-16"),
            (b"<!DOCTYPE html><title>404</title>", "a web page"),
            (
                b"{\"certificate\":\"-----BEGIN CERTIFICATE-----\\nMAA=\",\"issuing_ca\":\"\"}",
                "a JSON answer of Vault",
            ),
            (b"{\"data\":{}}", "JSON"),
            (b"/etc/ssl/tls.crt", "the path of a file"),
            (b"tls.crt\n", "the path of a file"),
            (b"@cert.pem", "the path of a file"),
            (b"<base64>", "a placeholder"),
            (b"REPLACE_ME", "a placeholder"),
            (b"${TLS_CRT}", "a placeholder"),
            (b"$TLS_CRT", "a placeholder"),
            (b"{{ .Values.tls.crt }}", "a placeholder"),
            (b"your-certificate-here", "a placeholder"),
            (&BASE64_STANDARD.decode("CHANGEME").expect("it is base64 by chance"), "a placeholder"),
            (b"vault:secret/data/tls#crt", "a reference"),
            (b"ENC[AES256_GCM,data:x]", "encrypted text"),
            (b"\x1f\x8b\x08\x00", "a compressed archive"),
            (b"apiVersion: v1\nkind: Secret\n", "a manifest"),
            (
                "\u{2014}BEGIN CERTIFICATE\u{2014}\nMAA=\n\u{2014}END CERTIFICATE\u{2014}"
                    .as_bytes(),
                "PEM whose BEGIN or END",
            ),
            (b"----BEGIN CERTIFICATE----\nMAA=\n----END CERTIFICATE----", "PEM whose BEGIN or END"),
            (b"Certificate:\n    Data:\n        Version: 3 (0x2)\n", "the text that openssl"),
        ] {
            let told = instead_of_certificates(bytes);
            let what = told.map(Foreign::what);
            assert!(what.as_ref().is_some_and(|told| told.starts_with(known)), "{known}: {told:?}");
            assert_ne!(told.map(Foreign::remedy).as_deref(), Some(""));
        }
        assert_eq!(
            instead_of_key(CERTIFICATE.as_bytes()).map(Foreign::what).as_deref(),
            Some("a certificate")
        );
        assert_eq!(instead_of_key(KEY.as_bytes()), None);
        assert_eq!(instead_of_certificates(CERTIFICATE.as_bytes()), None);
    }

    #[test]
    fn certificates_keys_and_the_unknown_are_called_nothing() {
        let both = format!("{KEY}{CERTIFICATE}");
        for bytes in [CERTIFICATE.as_bytes(), KEY.as_bytes(), both.as_bytes(), &der(CERTIFICATE)] {
            assert_eq!(what(bytes), None);
        }
        for bytes in [&b""[..], b"hello", b"0", b"\x30", b"\x30\x80", b"MAA=", &[0; 40]] {
            assert_eq!(what(bytes), None, "{bytes:?}");
        }
    }
}

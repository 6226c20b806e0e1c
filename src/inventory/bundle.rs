//! A bundle: what one `tls.crt` and one `tls.key`, or one PEM file, really hold.
//!
//! Knows how to turn bytes into facts, certificate by certificate, and judges the pair once, so
//! that the key can be wiped. Refuses to know dates against a clock, and hosts.

use super::ca_file::CaFile;
use super::pairs::Unpaired;
use crate::rarely::Rarely;
use crate::x509::cert::{self, Certificate};
use crate::x509::chain;
use crate::x509::digest::PublicKeyId;
use crate::x509::foreign::{self, Foreign};
use crate::x509::key::{KeyError, Pairing, PrivateKey};
use crate::x509::key_kind::KeyKind;
use crate::x509::pem::{self, Block, Label, PemQuirk};
use crate::x509::public_key::PublicKey;
use crate::x509::signer;
use crate::x509::stray::{self, Stray, StrayKind};
use memchr::memmem;
use ring::rand::SecureRandom;
use std::sync::Arc;
use time::OffsetDateTime;

/// Facts of a pair.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug)]
pub struct Bundle {
    /// The certificates that could be read, in their order.
    pub certificates: Vec<Arc<Certificate>>,
    /// Certificates that could not be read: the first of them, should they be very many.
    pub damaged: Rarely<Vec<Damaged>>,
    /// Certificates that were read, and that others pass over for how they are written.
    pub odd: Rarely<Vec<OddlyWritten>>,
    /// Whether there was anything at all where certificates should be.
    pub certificates_missing: bool,
    /// The private key.
    pub key: KeyState,
    /// What of the key's writing makes others pass over it.
    pub key_oddity: Option<PemQuirk>,
    /// Whether the key is the leaf's.
    pub pairing: Pairing,
    /// Whether the key's certificate stands not in the first place but in a later one: there is the
    /// leaf.
    key_is_of_later: bool,
    /// What stands where the key should be, where that is known.
    pub key_instead: Option<Foreign>,
    /// What stands among the certificates and is none, but for a file that holds a key with them.
    pub among_certificates: Rarely<Vec<Stray>>,
    /// Whose the private keys among the certificates are, where there are any.
    pub key_among: KeyAmong,
    /// Whether what stands where the key should be was never one, as far as anybody can tell.
    pub key_is_garbage: bool,
    /// What stands beside the private key.
    pub beside_key: Rarely<Vec<Stray>>,
    /// Whether the first private key is not the leaf's, and one behind it is.
    pub own_key_behind: bool,
    /// Position of the leaf: the key's certificate, or what is likely meant for hosts.
    leaf: usize,
}

/// How far it is asked who signed certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signatures {
    /// Each is tried under the keys that may have made it: a twentieth of a millisecond for P-256.
    Tried,
    /// Names and key identifiers are taken at their word, as they are behind the first of a long file.
    Believed,
}

/// What a bundle was judged by: it is dropped, and the key wiped, once nothing is compared any more.
struct Parts {
    /// The public key of the first certificate.
    leaf: Option<PublicKey>,
    key: Option<PrivateKey>,
    /// The certificates that could be read.
    ders: Vec<Vec<u8>>,
}

/// A certificate that not every reader sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OddlyWritten {
    /// Its position among the certificates, from 0.
    pub index: usize,
    /// What is odd.
    pub what: PemQuirk,
}

/// How many damaged certificates are kept; a file of nothing but BEGIN lines has millions.
const MAX_DAMAGED: usize = 100;
/// How many certificates a misplaced key is compared with.
const MAX_COMPARED: usize = 20;

/// A certificate that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// Its position among the certificates, from 0.
    pub index: usize,
    /// Why, for people.
    pub message: String,
    /// What stands there instead, where that is known.
    pub instead: Option<Foreign>,
}

impl Damaged {
    /// The certificate at `index`, broken for this reason.
    fn at(index: usize, message: String) -> Self {
        Self { index, message, instead: None }
    }

    /// No certificate at all: something else, perhaps a known thing.
    pub(super) fn instead(instead: Option<Foreign>) -> Self {
        let message =
            instead.map_or_else(|| NO_CERTIFICATE.to_owned(), |it| format!("it is {}", it.what()));
        Self { index: 0, message, instead }
    }
}

/// Private keys that stand among the certificates of a Secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyAmong {
    /// There are none.
    #[default]
    None,
    /// One, and it stands in its own place too.
    Copy,
    /// One, it is the leaf's own, and where the key should be there is nothing.
    Own,
    /// One of which that is not so, or several.
    Other,
}

/// What stands where the private key should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// No key was expected here (a file of certificates).
    NotExpected,
    /// There is nothing.
    Missing,
    /// There is something that is no usable key.
    Unreadable(String),
    /// There is a key under a password.
    Encrypted,
    /// A key.
    Read {
        /// Its type and size.
        key_type: KeyKind,
        /// Digest of its public half, to be shown beside the certificate's; none where unknown.
        public_id: Option<PublicKeyId>,
    },
}

impl KeyState {
    /// Type and digest of the public half of a key that was read, for people.
    #[must_use]
    pub fn shown(&self) -> Option<String> {
        let Self::Read { key_type, public_id } = self else { return None };
        Some(match public_id {
            Some(id) => format!("{key_type} {id}"),
            None => format!("{key_type} (not stored with it)"),
        })
    }
}

impl Bundle {
    /// The facts of a pair: values of `tls.crt` and `tls.key`. Empty and absent are the same.
    #[must_use]
    pub fn of_pair(
        certificates: Option<&[u8]>,
        key: Option<&[u8]>,
        random: &dyn SecureRandom,
    ) -> Self {
        let (bundle, _) = Self::in_parts(certificates, key, Signatures::Tried, random);
        bundle
    }

    /// The facts of a Secret's pair, and of its `ca.crt` beside it; then the certificates of
    /// `tls.crt` themselves, DER, in the order of the facts.
    pub(super) fn of_secret(
        (certificates, key): (Option<&[u8]>, Option<&[u8]>),
        ca_crt: Option<&[u8]>,
        signatures: Signatures,
        random: &dyn SecureRandom,
    ) -> (Self, Option<CaFile>, Vec<Vec<u8>>) {
        let (bundle, parts) = Self::in_parts(certificates, key, signatures, random);
        let chain = (bundle.certificates.as_slice(), parts.ders.as_slice());
        let ca_file = CaFile::of(ca_crt.unwrap_or_default(), chain, bundle.leaf, signatures);
        (bundle, ca_file, parts.ders)
    }

    /// The facts of a PEM or DER file that holds certificates, perhaps a key beside them.
    #[must_use]
    pub fn of_file(bytes: &[u8], random: &dyn SecureRandom) -> Self {
        let (bundle, ..) = Self::of_file_in_parts(bytes, random);
        bundle
    }

    /// The facts of a file, what of it may have its other half in another file, and its certificates
    /// themselves, DER, in the order of the facts.
    pub(super) fn of_file_in_parts(
        file: &[u8],
        random: &dyn SecureRandom,
    ) -> (Self, Unpaired, Vec<Vec<u8>>) {
        let text = pem::of_file(file);
        let bytes = text.expose();
        let has_key = !pem::private_keys(bytes).is_empty();
        let (mut bundle, Parts { leaf, key, ders }) =
            Self::in_parts(Some(bytes), has_key.then_some(bytes), Signatures::Tried, random);
        // A file may hold both, in any order.
        bundle.among_certificates = Rarely::default();
        bundle.key_among = KeyAmong::None;
        bundle.beside_key = Rarely::default();
        if !has_key {
            bundle.key = KeyState::NotExpected;
        } else if bundle.certificates.is_empty() && bundle.damaged_is_only_absence() {
            bundle.damaged = Rarely::default();
            bundle.certificates_missing = true;
        }
        if bundle.certificates.is_empty()
            && !has_key
            && let Some(what) = foreign::what(file)
        {
            bundle.damaged = vec![Damaged::instead(Some(what))].into();
        }
        let loose = match (leaf, key) {
            (None, Some(key)) => Unpaired::Key(key),
            (Some(leaf), None) if !has_key => Unpaired::Certificate(leaf),
            (Some(_) | None, _) => Unpaired::Nothing,
        };
        (bundle, loose, ders)
    }

    /// The facts, and what they were judged by.
    fn in_parts(
        certificates: Option<&[u8]>,
        key: Option<&[u8]>,
        signatures: Signatures,
        random: &dyn SecureRandom,
    ) -> (Self, Parts) {
        let text = certificates.unwrap_or_default();
        let read = read_certificates(text, signatures);
        let key = read_key(key.unwrap_or_default(), &read, random);
        let leaf = leaf_position(&read.certificates, &key);
        let key_among = key_among(text, (&read, leaf), &key, random);
        let bundle = Self {
            leaf,
            key_among,
            key_is_garbage: key.is_garbage,
            key_instead: key.instead,
            among_certificates: read.strays.into(),
            beside_key: key.strays.into(),
            own_key_behind: key.own_behind,
            certificates: read.certificates,
            damaged: read.damaged.into(),
            odd: read.odd.into(),
            certificates_missing: text.trim_ascii().is_empty(),
            key: key.state,
            key_oddity: key.quirk,
            pairing: key.pairing,
            key_is_of_later: key.position.is_some(),
        };
        let leaf = read.keys.into_iter().next();
        (bundle, Parts { leaf, key: key.private, ders: read.ders })
    }

    /// The facts of the certificates that a server showed, DER, in its order.
    #[must_use]
    pub fn of_chain(chain: &[Vec<u8>]) -> Self {
        let mut read = ReadCertificates::default();
        for (index, der) in chain.iter().enumerate() {
            read.take(
                index,
                cert::read_at(index, der)
                    .map(|(facts, public)| (facts, public, der.clone()))
                    .map_err(|error| error.to_string()),
            );
        }
        signer::check(&mut read.certificates, &read.ders);
        Self {
            certificates: read.certificates,
            damaged: read.damaged.into(),
            odd: Rarely::default(),
            certificates_missing: chain.is_empty(),
            key: KeyState::NotExpected,
            key_oddity: None,
            pairing: Pairing::Unknown("a server keeps its key".to_owned()),
            key_is_of_later: false,
            key_instead: None,
            among_certificates: Rarely::default(),
            key_among: KeyAmong::None,
            key_is_garbage: false,
            beside_key: Rarely::default(),
            own_key_behind: false,
            leaf: 0,
        }
    }

    /// Notes that the value under `key` could not even be decoded: it is this text, and no base64.
    pub(super) fn mark_undecodable(&mut self, key: &str, text: &[u8]) {
        let spoilt = Foreign::not_encoded(text).or_else(|| Foreign::spoilt_base64(text));
        let instead = spoilt.or_else(|| match key {
            "tls.key" => foreign::instead_of_key(text),
            _ => foreign::instead_of_certificates(text),
        });
        let message = "the value is not base64";
        let named = instead
            .map_or_else(|| message.to_owned(), |it| format!("{message}: it is {}", it.what()));
        match key {
            "tls.crt" => {
                self.certificates_missing = false;
                self.damaged.push(Damaged { index: 0, message: named, instead });
            }
            "tls.key" => {
                self.key = KeyState::Unreadable(named);
                self.key_is_garbage = instead.is_none() && text.len() <= LONGEST_WORD;
                self.key_instead = instead;
            }
            _ => {}
        }
    }

    /// Whether it holds certificates or a key for nobody but a server: neither is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certificates_missing && self.key == KeyState::Missing
    }

    /// Whether certificate and key stand in each other's place.
    #[must_use]
    pub fn is_swapped(&self) -> bool {
        let instead = self.damaged.first().and_then(|damaged| damaged.instead);
        self.certificates.is_empty()
            && instead.is_some_and(Foreign::is_private_key)
            && self.key_instead.is_some_and(Foreign::is_certificate)
    }

    fn damaged_is_only_absence(&self) -> bool {
        let absent = |damaged: &Damaged| {
            damaged.message == NO_CERTIFICATE
                || damaged.instead.is_some_and(Foreign::is_private_key)
        };
        self.damaged.iter().all(absent)
    }

    /// Whether a certificate of it ends by then.
    #[must_use]
    pub fn ends_by(&self, by: OffsetDateTime) -> bool {
        self.certificates.iter().any(|certificate| certificate.not_after <= by)
    }

    /// The certificate that is meant for hosts: the key's own, wherever it stands; without a key
    /// that tells, the first, or the one that CA certificates before it lead to. Where one that cannot
    /// be read stands before that of a CA, it is the one that is meant, and nothing is known of it.
    #[must_use]
    pub fn leaf(&self) -> Option<&Certificate> {
        let leaf = self.certificates.get(self.leaf)?;
        let is_behind_damage = self.damaged.iter().any(|damaged| damaged.index <= self.leaf);
        let is_hidden = is_behind_damage
            && self.pairing != Pairing::Match
            && leaf.is_ca
            && !leaf.is_for_hosts();
        (!is_hidden).then_some(leaf)
    }

    /// Where the key's certificate stands, when that is not the first place but a later one.
    #[must_use]
    pub fn key_position(&self) -> Option<usize> {
        self.key_is_of_later.then_some(self.leaf)
    }

    /// Where the leaf stands among the certificates, from 0.
    #[must_use]
    pub const fn leaf_position(&self) -> usize {
        self.leaf
    }
}

/// A server shows the first certificate, whatever it is; but what people put there is the leaf with
/// its CAs, sometimes the other way round (Azure Key Vault exports the root first).
fn leaf_position(certificates: &[Arc<Certificate>], key: &ReadKey) -> usize {
    let first_is_ca =
        certificates.first().is_some_and(|first| first.is_ca && !first.is_for_hosts());
    match (&key.pairing, key.position) {
        (Pairing::Match, _) => 0,
        (_, Some(position)) => position,
        _ if first_is_ca => {
            let path = chain::arrange(certificates, None).path;
            path.first().copied().unwrap_or_default()
        }
        _ => 0,
    }
}

const NO_CERTIFICATE: &str = "there is no PEM block of a certificate in it";

/// The certificates of one value, taken apart.
#[derive(Default)]
pub(super) struct ReadCertificates {
    pub certificates: Vec<Arc<Certificate>>,
    pub damaged: Vec<Damaged>,
    pub odd: Vec<OddlyWritten>,
    /// Public keys of the first certificates.
    keys: Vec<PublicKey>,
    /// The certificates themselves, as long as signatures are tried.
    pub ders: Vec<Vec<u8>>,
    pub strays: Vec<Stray>,
}

impl ReadCertificates {
    fn take(&mut self, index: usize, read: Result<(Certificate, PublicKey, Vec<u8>), String>) {
        match read {
            Ok((facts, public, der)) => {
                if self.keys.len() < MAX_COMPARED {
                    self.keys.push(public);
                }
                self.certificates.push(Arc::new(facts));
                self.ders.push(der);
            }
            Err(message) if self.damaged.len() < MAX_DAMAGED => {
                self.damaged.push(Damaged::at(index, message));
            }
            Err(_) => {}
        }
    }
}

pub(super) fn read_certificates(bytes: &[u8], signatures: Signatures) -> ReadCertificates {
    let are_tried = signatures == Signatures::Tried;
    let blocks = pem::blocks(bytes);
    let strays = stray::among_certificates(&blocks);
    let mut read = ReadCertificates { strays, ..ReadCertificates::default() };
    for (index, (block, quirk)) in certificates_of(blocks).enumerate() {
        let place = if are_tried { index } else { cert::UNTRIED };
        let certificate = block.and_then(|der| match cert::read_at(place, &der) {
            Ok(read) => Ok((read, der)),
            Err(error) => Err(error.to_string()),
        });
        let certificate = certificate.map(|((mut facts, public), der)| {
            if quirk == Some(PemQuirk::OldLabel) {
                // OpenSSL's TRUSTED CERTIFICATE has its own notes behind the certificate.
                facts.trailing_bytes = 0;
            }
            (facts, public, der)
        });
        if certificate.is_ok() {
            read.odd.extend(quirk.map(|what| OddlyWritten { index, what }));
        }
        read.take(index, certificate);
    }
    if are_tried {
        signer::check(&mut read.certificates, &read.ders);
    }
    // They are kept, most often one alone.
    read.certificates.shrink_to_fit();
    let nothing = read.certificates.is_empty() && read.damaged.is_empty();
    if nothing && !bytes.trim_ascii().is_empty() {
        read.damaged.push(Damaged::instead(foreign::instead_of_certificates(bytes)));
    }
    read
}

/// The DER of each certificate block, and what is odd about its writing.
fn certificates_of(
    blocks: Vec<Block>,
) -> impl Iterator<Item = (Result<Vec<u8>, String>, Option<PemQuirk>)> {
    let certificates = blocks.into_iter().filter(|block| block.label == Label::Certificate);
    certificates.map(|block| match block.der {
        Ok(der) => (Ok(der.into_public()), block.quirk),
        Err(error) => (Err(error.to_string()), block.quirk),
    })
}

/// Whose the private keys are that stand among the certificates.
fn key_among(
    text: &[u8],
    (read, leaf): (&ReadCertificates, usize),
    key: &ReadKey,
    random: &dyn SecureRandom,
) -> KeyAmong {
    let keys = read.strays.iter().filter(|stray| stray.kind == StrayKind::PrivateKey).count();
    if keys == 0 {
        return KeyAmong::None;
    }
    let Some(found) = PrivateKey::from_pem(text).ok().filter(|_| keys == 1) else {
        return KeyAmong::Other;
    };
    let is_leafs = || {
        let leaf = read.keys.get(leaf);
        leaf.is_some_and(|leaf| found.pairs_with(leaf, random) == Pairing::Match)
    };
    match &key.private {
        Some(key) if key.public_id().is_some() && key.public_id() == found.public_id() => {
            KeyAmong::Copy
        }
        None if key.state == KeyState::Missing && is_leafs() => KeyAmong::Own,
        Some(_) | None => KeyAmong::Other,
    }
}

/// What people put where a key will be: a word. Anything longer was meant to be something.
const LONGEST_WORD: usize = 64;

struct ReadKey {
    state: KeyState,
    quirk: Option<PemQuirk>,
    pairing: Pairing,
    position: Option<usize>,
    private: Option<PrivateKey>,
    instead: Option<Foreign>,
    is_garbage: bool,
    strays: Vec<Stray>,
    own_behind: bool,
}

impl ReadKey {
    /// There is nothing to compare a certificate with, for this reason.
    fn none(state: KeyState, why: &str) -> Self {
        let pairing = Pairing::Unknown(why.to_owned());
        Self {
            state,
            quirk: None,
            pairing,
            position: None,
            private: None,
            instead: None,
            is_garbage: false,
            strays: Vec::new(),
            own_behind: false,
        }
    }
}

fn read_key(bytes: &[u8], beside: &ReadCertificates, random: &dyn SecureRandom) -> ReadKey {
    let certificates = beside.keys.as_slice();
    let read = read_one_key(bytes, certificates, random);
    if read.instead.is_some_and(Foreign::is_certificate) {
        return ReadKey { strays: instead_of_key(bytes, &beside.ders), ..read };
    }
    // One block needs no second look, and a second look is another copy of a key for a while.
    let marks: Vec<usize> = memmem::find_iter(bytes, BEGIN).collect();
    let strays = if marks.len() > 1 { stray::beside_key(&pem::blocks(bytes)) } else { Vec::new() };
    let is_leafs = |at: &usize| {
        let key = bytes.get(*at..).and_then(|rest| PrivateKey::from_pem(rest).ok());
        let both = key.zip(certificates.first());
        both.is_some_and(|(key, leaf)| key.pairs_with(leaf, random) == Pairing::Match)
    };
    let own_behind = read.pairing == Pairing::Differs
        && strays.iter().any(|stray| stray.kind == StrayKind::PrivateKey)
        && marks.iter().skip(1).take(MAX_COMPARED).any(is_leafs);
    ReadKey { strays, own_behind, ..read }
}

const BEGIN: &[u8] = b"-----BEGIN ";

/// What stands where the key should be when that is certificates: those that `known` has too are
/// none that could be lost.
fn instead_of_key(bytes: &[u8], known: &[Vec<u8>]) -> Vec<Stray> {
    let blocks = pem::blocks(bytes);
    let mut strays = stray::beside_key(&blocks);
    let is_known = |block: &Block| {
        block.der.as_ref().is_ok_and(|der| known.iter().any(|one| one == der.expose()))
    };
    let certificates = || blocks.iter().filter(|block| block.label == Label::Certificate);
    if certificates().all(is_known) {
        strays.retain(|stray| stray.kind != StrayKind::Certificate);
    }
    // DER has no blocks; nor has base64 of it, which nobody compares.
    if blocks.is_empty() && !known.iter().any(|one| one == bytes) {
        strays.push(Stray { kind: StrayKind::Certificate, first: true });
    }
    strays
}

fn read_one_key(bytes: &[u8], certificates: &[PublicKey], random: &dyn SecureRandom) -> ReadKey {
    let key = match PrivateKey::from_pem(bytes) {
        Ok(key) => key,
        Err(KeyError::NoBlock) if bytes.trim_ascii().is_empty() => {
            return ReadKey::none(KeyState::Missing, "there is no private key");
        }
        Err(KeyError::NoBlock) => {
            let instead = foreign::instead_of_key(bytes);
            let state = instead
                .map_or_else(|| KeyError::NoBlock.to_string(), |it| format!("it is {}", it.what()));
            let state = KeyState::Unreadable(state);
            let nothing = ReadKey::none(state, "the private key cannot be read");
            return ReadKey { instead, is_garbage: instead.is_none(), ..nothing };
        }
        Err(KeyError::Encrypted) => {
            return ReadKey::none(KeyState::Encrypted, "the private key is encrypted");
        }
        Err(error) => {
            let instead = (error == KeyError::OpenSsh).then_some(Foreign::OPEN_SSH);
            let state = KeyState::Unreadable(error.to_string());
            let nothing = ReadKey::none(state, "the private key cannot be read");
            return ReadKey { instead, ..nothing };
        }
    };
    let pairing = certificates.first().map_or_else(
        || Pairing::Unknown("there is no certificate to compare the key with".to_owned()),
        |leaf| key.pairs_with(leaf, random),
    );
    let elsewhere =
        || certificates.iter().position(|one| key.pairs_with(one, random) == Pairing::Match);
    let position = if pairing == Pairing::Differs { elsewhere() } else { None };
    let state = KeyState::Read { key_type: key.key_type(), public_id: key.public_id() };
    let quirk = key.quirk();
    ReadKey { quirk, position, private: Some(key), pairing, ..ReadKey::none(state, "") }
}

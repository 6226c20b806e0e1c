//! Chains: the order in which the certificates of one `tls.crt` stand (RFC 8446 §4.4.2), and the
//! order in which they should.
//!
//! Knows subject and issuer names, key identifiers, and which signatures fit ([`signer`]).
//! Refuses to know trust: no root store.

use super::cert::{self, Certificate};
use super::key::{Pairing, PrivateKey};
use super::pem::{self, Label};
use super::signer;
use crate::redact::Redacted;
use ring::rand::SecureRandom;
use std::sync::Arc;

/// Where the order of a chain breaks: the certificate at `position` (from 0) was not issued by
/// the one that follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfOrder {
    /// Position of the certificate, from 0.
    pub position: usize,
    /// The issuer it names.
    pub expected: String,
    /// The subject of the certificate behind it.
    pub found: String,
}

/// Checks that every certificate is followed by its issuer, as servers must send them.
///
/// # Errors
/// The first place where that is not so.
pub fn check_order(chain: &[Arc<Certificate>]) -> Result<(), OutOfOrder> {
    for (position, pair) in chain.windows(2).enumerate() {
        if !pair[0].issuer_name.reads_as(&pair[1].subject_name) {
            return Err(OutOfOrder {
                position,
                expected: pair[0].issuer.to_string(),
                found: pair[1].subject.to_string(),
            });
        }
    }
    Ok(())
}

/// Whether `issuer` issued `certificate`: by name, and by the signature where it was tried. Where it
/// was not, the key identifiers must not speak against it: a CA that changed its key keeps its name.
#[must_use]
pub fn is_issuer_of(issuer: &Certificate, certificate: &Certificate) -> bool {
    issuer_name_matches(issuer, certificate)
        && certificate.is_signed_by(issuer).unwrap_or_else(|| !key_ids_differ(issuer, certificate))
}

/// Whether `issuer` is another certificate and called what `certificate` calls its issuer.
#[must_use]
pub fn issuer_name_matches(issuer: &Certificate, certificate: &Certificate) -> bool {
    let named = issuer.subject_name.reads_as(&certificate.issuer_name);
    named && issuer.sha256 != certificate.sha256
}

/// Whether `certificate` names another key of its issuer than this one's.
#[must_use]
pub fn key_ids_differ(issuer: &Certificate, certificate: &Certificate) -> bool {
    let (named, own) = (certificate.authority_key_id, issuer.subject_key_id);
    matches!((named, own), (Some(named), Some(own)) if named != own)
}

/// The certificates of one file or Secret, sorted by what each is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrangement {
    /// Positions of the leaf and its intermediates, each followed by its issuer.
    pub path: Vec<usize>,
    /// Position of the root that ends the path, when it is there: clients have it themselves.
    pub root: Option<usize>,
    /// Positions of all others: doubles, cross-signed twins of those in the path, strangers.
    pub others: Vec<usize>,
    /// The issuer that the last certificate of the path names, when it is not there.
    pub missing: Option<String>,
}

/// The longest path that is looked for; clients stop at about ten.
const LONGEST_PATH: usize = 32;

/// Sorts the certificates. `leaf` is the position of the one the private key belongs to, when that
/// is known; else it is the first that is no issuer of another one.
#[must_use]
pub fn arrange(chain: &[Arc<Certificate>], leaf: Option<usize>) -> Arrangement {
    let Some(leaf) = leaf.or_else(|| likely_leaf(chain)) else { return Arrangement::default() };
    let mut found = Arrangement { path: vec![leaf], ..Arrangement::default() };
    let mut current = leaf;
    // It ends: no certificate is taken twice, though two CAs may have signed each other.
    while !chain[current].self_signed && found.path.len() < LONGEST_PATH {
        match issuer_in(chain, current, &found.path) {
            Some(root) if chain[root].self_signed => {
                found.root = Some(root);
                break;
            }
            Some(issuer) => {
                found.path.push(issuer);
                current = issuer;
            }
            None => {
                found.missing = Some(chain[current].issuer.to_string());
                break;
            }
        }
    }
    let used = |position: &usize| found.path.contains(position) || found.root == Some(*position);
    found.others = (0..chain.len()).filter(|position| !used(position)).collect();
    found
}

/// The first that is meant for hosts and issued no other, else the first that issued no other.
fn likely_leaf(chain: &[Arc<Certificate>]) -> Option<usize> {
    let issued_none = |position: &usize| {
        let candidate = &chain[*position];
        !candidate.is_ca || !chain.iter().any(|other| is_issuer_of(candidate, other))
    };
    // With very many certificates the first counts, for comparing all pairs takes too long.
    let all = || 0..chain.len().min(MANY);
    let leaf = all().filter(issued_none).find(|position| !chain[*position].is_ca);
    leaf.or_else(|| all().find(issued_none)).or_else(|| all().next())
}

/// How many twins of one issuer are looked into.
const TWINS: usize = 20;
/// How many certificates are compared with each other.
const MANY: usize = 200;

/// The issuer of the certificate at `position`: first one whose key made the signature, and whose
/// name and key identifier are written as they are in the certificate; of those one whose own issuer
/// is there too before one that leads nowhere, a cross-signed one before the root of the same name,
/// then the first.
fn issuer_in(chain: &[Arc<Certificate>], position: usize, taken: &[usize]) -> Option<usize> {
    let certificate = &chain[position];
    // Compared from the first to the last, true being more. A signature that was tried has fitted:
    // `is_issuer_of` has turned the others away. What was not tried is a guess by name, so it comes
    // behind, and among guesses the bytes of the name tell more than what they read as.
    let likeness = |issuer: usize| {
        let issuer = &chain[issuer];
        (
            certificate.is_signed_by(issuer).is_some(),
            issuer.subject_name.exact == certificate.issuer_name.exact,
            !key_ids_differ(issuer, certificate),
        )
    };
    let all: Vec<usize> = (0..chain.len())
        .filter(|other| !taken.contains(other) && is_issuer_of(&chain[*other], certificate))
        .take(TWINS)
        .collect();
    let best = all.iter().map(|candidate| likeness(*candidate)).max()?;
    let candidates = || all.iter().copied().filter(|candidate| likeness(*candidate) == best);
    // A root and its cross-signed twin have one name and one key, and both fit. The twin leads on to
    // what more clients trust; the root would end the path here.
    let crossed = |candidate: &usize| !chain[*candidate].self_signed;
    let goes_on = |candidate: &usize| {
        crossed(candidate) && chain.iter().any(|other| is_issuer_of(other, &chain[*candidate]))
    };
    let found = candidates().find(goes_on).or_else(|| candidates().find(crossed));
    found.or_else(|| candidates().next())
}

/// The places of certificates that have nothing to do with the leaf's chain: no issuer of it, no
/// second copy and no cross-signed twin of one.
#[must_use]
pub fn strangers(chain: &[Arc<Certificate>], leaf: usize) -> Vec<usize> {
    if leaf >= chain.len() {
        return Vec::new();
    }
    let arrangement = arrange(chain, Some(leaf));
    let related = |other: &Certificate| {
        let mut taken =
            arrangement.path.iter().chain(&arrangement.root).map(|place| &chain[*place]);
        taken.any(|one| one.sha256 == other.sha256 || (one.is_ca && one.key_id == other.key_id))
    };
    arrangement.others.iter().copied().filter(|other| !related(&chain[*other])).collect()
}

/// The first place where the order is not the one that servers must send: a certificate and the
/// position of its issuer, which is there, but elsewhere. Cross-signed twins may stand side by
/// side, and what has nothing to do with the path may follow it.
#[must_use]
pub fn misplaced(chain: &[Arc<Certificate>], arrangement: &Arrangement) -> Option<Misplaced> {
    let leaf = *arrangement.path.first()?;
    if leaf != 0 {
        return Some(Misplaced::LeafNotFirst { leaf });
    }
    let whole: Vec<usize> = arrangement.path.iter().copied().chain(arrangement.root).collect();
    whole.windows(2).find_map(|pair| {
        let (position, issuer) = (pair[0], pair[1]);
        let twin = |between: usize| {
            let (twin, below) = (&chain[between], &chain[position]);
            (issuer_name_matches(twin, below) && !key_ids_differ(twin, below))
                || chain[between].key_id == chain[position].key_id
                || chain[between].sha256 == chain[position].sha256
        };
        let in_order = issuer > position && (position + 1..issuer).all(twin);
        (!in_order).then_some(Misplaced::IssuerElsewhere { position, issuer })
    })
}

/// What is wrong with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misplaced {
    /// The leaf is at this position and not the first.
    LeafNotFirst {
        /// Position of the leaf, from 0.
        leaf: usize,
    },
    /// A certificate's issuer is there and does not follow it.
    IssuerElsewhere {
        /// Position of the certificate, from 0.
        position: usize,
        /// Position of its issuer.
        issuer: usize,
    },
}

/// A chain as servers must send it, and what became of the certificates that are not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// The leaf and its intermediates, PEM.
    pub pem: String,
    /// What was left out or is missing, for people. May hold names from outside.
    pub notes: Vec<String>,
}

/// The certificates of a text, sorted, each with its DER.
pub(super) struct Sorted {
    /// The leaf (that of the key) and those above it.
    pub path: Vec<(Arc<Certificate>, Vec<u8>)>,
    /// The root that ends the path.
    pub root: Option<(Arc<Certificate>, Vec<u8>)>,
    /// What was left out or is missing, for people.
    notes: Vec<String>,
}

/// Why a chain cannot be put in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// There is no certificate, or none can be read.
    #[error("there is no certificate in it that can be read")]
    NoCertificate,
    /// The private key is another one's.
    #[error("none of the certificates in it is the private key's")]
    OtherKey,
}

/// Reads and sorts every certificate of a text. With a key, the path begins at its certificate.
pub(super) fn sorted(
    text: &[u8],
    key: Option<&PrivateKey>,
    random: &dyn SecureRandom,
) -> Result<Sorted, ChainError> {
    let blocks = pem::blocks(text).into_iter().filter(|block| block.label == Label::Certificate);
    let mut notes = Vec::new();
    let (mut ders, mut facts, mut publics) = (Vec::new(), Vec::new(), Vec::new());
    for (index, block) in blocks.enumerate() {
        let read = |der: Redacted| {
            let read = cert::read_at(index, der.expose()).map_err(|error| error.to_string());
            read.map(|(certificate, public)| (der, certificate, public))
        };
        match block.der.map_err(|error| error.to_string()).and_then(read) {
            Ok((der, certificate, public)) => {
                let length = der.expose().len() - certificate.trailing_bytes;
                ders.push(der.expose().get(..length).unwrap_or_default().to_vec());
                facts.push(Arc::new(certificate));
                publics.push(public);
            }
            Err(why) => notes.push(format!("left out: certificate {}: {why}", index + 1)),
        }
    }
    if facts.is_empty() {
        return Err(ChainError::NoCertificate);
    }
    signer::check(&mut facts, &ders);
    let leaf = match key {
        None => None,
        Some(key) => {
            let is_its = |public| key.pairs_with(public, random) == Pairing::Match;
            let found = publics.iter().position(is_its);
            // Where it cannot be told, the leaf is the one that it would be without a key.
            let why = |public| match key.pairs_with(public, random) {
                Pairing::Unknown(why) => Some(why),
                Pairing::Match | Pairing::Differs => None,
            };
            if found.is_none() {
                let why = publics.iter().find_map(why).ok_or(ChainError::OtherKey)?;
                notes.push(format!("not checked: whether the key is the leaf's: {why}"));
            }
            found
        }
    };
    let arrangement = arrange(&facts, leaf);
    notes.extend(what_is_left(&facts, &arrangement));
    let one = |position: &usize| (facts[*position].clone(), ders[*position].clone());
    Ok(Sorted {
        path: arrangement.path.iter().map(one).collect(),
        root: arrangement.root.as_ref().map(one),
        notes,
    })
}

fn what_is_left(facts: &[Arc<Certificate>], arrangement: &Arrangement) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(root) = arrangement.root {
        let subject = &facts[root].subject;
        notes.push(format!("left out: the root ({subject}), which clients must have themselves"));
    }
    for other in &arrangement.others {
        notes.push(format!("left out: {}", why_other(facts, arrangement, *other)));
    }
    if let Some(issuer) = &arrangement.missing {
        let at = arrangement.path.last().and_then(|last| facts[*last].issuer_url.as_deref());
        let at = at.map_or_else(String::new, |url| format!("; download it from {url}"));
        notes.push(format!(
            "not there: the issuer {issuer}; unless it is a root, clients will need it in the chain{at}"
        ));
    }
    notes
}

/// Puts the certificates of a text in order: leaf first, each followed by its issuer, the root and
/// everything else left out. With a key, the leaf is the certificate of that key.
///
/// # Errors
/// [`ChainError`], when there is no certificate, or none of them is the key's.
pub fn fixed(
    text: &[u8],
    key: Option<&PrivateKey>,
    random: &dyn SecureRandom,
) -> Result<Fixed, ChainError> {
    let sorted = sorted(text, key, random)?;
    let pem = sorted.path.iter().map(|(_, der)| pem::encode("CERTIFICATE", der).to_string());
    Ok(Fixed { pem: pem.collect(), notes: sorted.notes })
}

/// The certificates, DER, in the order of servers: what was a set becomes a chain. With a key, its
/// certificate comes first. The root, what is not of the chain and what cannot be read come behind;
/// a second copy does not come.
#[must_use]
pub fn ordered<'d>(
    ders: &'d [Vec<u8>],
    key: Option<&PrivateKey>,
    random: &dyn SecureRandom,
) -> Vec<&'d [u8]> {
    let mut once: Vec<&'d [u8]> = Vec::with_capacity(ders.len());
    for der in ders {
        if !once.contains(&der.as_slice()) {
            once.push(der);
        }
    }
    let read = |der: &&'d [u8]| cert::read(der).ok().map(|read| (*der, read));
    let (readable, broken): (Vec<&[u8]>, Vec<&[u8]>) =
        once.iter().copied().partition(|der| read(der).is_some());
    let (mut facts, mut publics) = (Vec::new(), Vec::new());
    for (_, (certificate, public)) in readable.iter().filter_map(read) {
        facts.push(Arc::new(certificate));
        publics.push(public);
    }
    let owned: Vec<Vec<u8>> = readable.iter().map(|der| der.to_vec()).collect();
    signer::check(&mut facts, &owned);
    let leaf = key.and_then(|key| {
        publics.iter().position(|public| key.pairs_with(public, random) == Pairing::Match)
    });
    let Arrangement { path, root, others, .. } = arrange(&facts, leaf);
    let order = path.into_iter().chain(root).chain(others);
    order.map(|position| readable[position]).chain(broken).collect()
}

fn why_other(facts: &[Arc<Certificate>], arrangement: &Arrangement, other: usize) -> String {
    let certificate = &facts[other];
    let taken = || arrangement.path.iter().chain(&arrangement.root).map(|at| &facts[*at]);
    if taken().any(|one| one.sha256 == certificate.sha256) {
        format!("a second copy of {}", certificate.subject)
    } else if taken().any(|one| one.key_id == certificate.key_id) {
        format!(
            "{} once more, issued by {} (cross-signed)",
            certificate.subject, certificate.issuer
        )
    } else if certificate.self_signed {
        format!("{}, a root of nothing here", certificate.subject)
    } else {
        format!("{}, which issued nothing in the chain", certificate.subject)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "ring seals its randomness: a test has no other")]
mod tests;

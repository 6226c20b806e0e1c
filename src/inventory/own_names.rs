//! Names of their own: certificates and keys under data keys that no controller reads, such as
//! `server.crt`, and which of them belong together.
//!
//! Knows which private key is whose, and what is a CA beside what it signed. Refuses to know what is to
//! be done: which of them an Ingress needs is said, that it is to be moved is the audit's.

use super::SecretFacts;
use super::bundle::{Bundle, KeyState};
use crate::redact::Redacted;
use crate::x509::cert::{self, Certificate, HostMatch};
use crate::x509::chain;
use crate::x509::key::{Pairing, PrivateKey};
use crate::x509::pem::{self, Label};
use crate::x509::public_key::PublicKey;
use ring::rand::SecureRandom;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A data key of its own name that holds PEM.
#[derive(Debug, PartialEq, Eq)]
pub struct NamedOtherwise {
    /// The key, such as `pay.crt`.
    pub key: String,
    /// Whether it holds certificates.
    pub certificates: bool,
    /// Whether it holds a private key.
    pub private_key: bool,
    /// The certificate that its private key is for, or the first that can be read.
    leaf: Option<Box<Certificate>>,
    /// How many certificates could be read.
    chain: usize,
    /// Whether that certificate is there to sign others, and for no server.
    is_ca: bool,
    /// The data keys that hold its private key, `tls.key` among them.
    its_keys: Vec<String>,
    /// What may be told of the private key.
    whose: Whose,
}

/// Whose a private key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// There is none, or no certificate beside it is its own.
    Nobodys,
    /// That of a certificate that is no CA's.
    Leafs,
    /// That of a CA: it is nothing to be served with.
    Cas,
    /// It cannot be read, or not without a password.
    Unreadable,
}

/// Which of the values belong under `tls.crt` and `tls.key`; all are data keys.
#[derive(Debug, PartialEq, Eq)]
pub enum ByName<'s> {
    /// This certificate and this key belong together, and are the ones for the hosts.
    Pair {
        /// With the certificate.
        certificate: &'s str,
        /// With its private key; the same where both stand in one value.
        key: &'s str,
    },
    /// Each of these is a certificate with its key, and nothing says which is meant.
    Several(Vec<(&'s str, &'s str)>),
    /// A certificate, and no private key.
    CertificateAlone(&'s str),
    /// A private key, and no certificate that could be its own.
    KeyAlone(&'s str),
    /// A certificate, and a private key that cannot be read.
    Unreadable {
        /// With the certificate.
        certificate: &'s str,
        /// With what should be its key.
        key: &'s str,
    },
    /// None of these private keys belongs to any of the certificates.
    NoneBelong(Vec<&'s str>),
    /// There is neither.
    Neither,
}

/// How many certificates and keys are compared with each other.
const MAX_COMPARED: usize = 30;

/// One value taken apart.
struct Value<'d> {
    key: &'d str,
    certificates: Vec<(Certificate, PublicKey)>,
    has_certificate: bool,
    has_key: bool,
    private: Option<PrivateKey>,
}

fn values(data: &BTreeMap<String, Redacted>) -> Vec<Value<'_>> {
    let mut compared = MAX_COMPARED;
    let others = data.iter().filter(|(key, _)| key.as_str() != "tls.crt");
    let values = others.map(|(key, value)| {
        let blocks = pem::blocks(value.expose());
        let has_key = blocks.iter().any(|block| block.label.is_private_key());
        let has_certificate = blocks.iter().any(|block| block.label == Label::Certificate);
        let of_certificates = blocks.into_iter().filter(|block| block.label == Label::Certificate);
        let ders = of_certificates.filter_map(|block| block.der.ok());
        let read = ders.enumerate().filter_map(|(at, der)| cert::read_at(at, der.expose()).ok());
        let certificates: Vec<_> = read.take(compared).collect();
        compared = compared.saturating_sub(certificates.len());
        let private = has_key.then(|| PrivateKey::from_pem(value.expose()).ok()).flatten();
        Value { key, certificates, has_certificate, has_key, private }
    });
    values.filter(|value| value.has_certificate || value.has_key).collect()
}

/// Self-signed certificates under names of their own that are there to be trusted: no private key
/// beside them is theirs. The SHA-256 of each.
pub(super) fn trusted(
    data: &BTreeMap<String, Redacted>,
    leaf: Option<[u8; 32]>,
    random: &dyn SecureRandom,
) -> Vec<[u8; 32]> {
    // What stands in its own place alone is judged there; nearly all Secrets end here.
    if data.keys().all(|key| matches!(key.as_str(), "tls.crt" | "tls.key" | "ca.crt")) {
        return Vec::new();
    }
    let values = values(data);
    let keys = || values.iter().filter_map(|value| value.private.as_ref());
    let has_key = |public: &PublicKey| keys().any(|key| belongs(key, public, random));
    let others = values.iter().filter(|value| value.key != "ca.crt");
    let certificates = others.flat_map(|value| &value.certificates);
    certificates
        .filter(|(read, _)| read.self_signed && Some(read.sha256) != leaf)
        .filter(|(_, public)| !has_key(public))
        .map(|(read, _)| read.sha256)
        .collect()
}

/// What cannot be compared may belong together.
fn belongs(key: &PrivateKey, public: &PublicKey, random: &dyn SecureRandom) -> bool {
    key.pairs_with(public, random) != Pairing::Differs
}

/// Where people keep what belongs into `tls.crt` and `tls.key`, when those are not there.
pub(super) fn named_otherwise(
    bundle: &Bundle,
    data: &BTreeMap<String, Redacted>,
    random: &dyn SecureRandom,
) -> Vec<NamedOtherwise> {
    let key_alone = bundle.certificates_missing && matches!(bundle.key, KeyState::Read { .. });
    if !bundle.is_empty() && !key_alone {
        return Vec::new();
    }
    let values = values(data);
    let named: Vec<NamedOtherwise> =
        values.iter().map(|value| facts(value, &values, random)).collect();
    let whose: Vec<Whose> = values.iter().map(|value| whose(value, &named)).collect();
    let ours = |key: &str| key == "ca.crt" || (key_alone && key == "tls.key");
    let named =
        named.into_iter().zip(whose).map(|(named, whose)| NamedOtherwise { whose, ..named });
    named
        .filter(|named| !ours(&named.key))
        .filter(|named| named.certificates || (named.private_key && !key_alone))
        .collect()
}

fn facts(value: &Value<'_>, all: &[Value<'_>], random: &dyn SecureRandom) -> NamedOtherwise {
    let keys = || all.iter().filter_map(|other| Some((other.key, other.private.as_ref()?)));
    let has_key = |(_, public): &&(Certificate, PublicKey)| {
        keys().any(|(_, key)| belongs(key, public, random))
    };
    let own = value.certificates.iter().find(has_key).or_else(|| value.certificates.first());
    let its_keys = own.map_or_else(Vec::new, |(_, public)| {
        let its = keys().filter(|(_, key)| belongs(key, public, random));
        its.map(|(name, _)| name.to_owned()).collect()
    });
    let leaf = own.map(|(leaf, _)| leaf);
    NamedOtherwise {
        key: value.key.to_owned(),
        certificates: value.has_certificate,
        private_key: value.has_key,
        chain: value.certificates.len(),
        is_ca: leaf.is_some_and(|leaf| is_ca(leaf, all)),
        leaf: leaf.cloned().map(Box::new),
        its_keys,
        whose: Whose::Nobodys,
    }
}

/// Whether it is there to sign: CA:TRUE, and either for no host, or by its key usage, or since it
/// signed another one here. What `openssl req -x509` makes for a host is none.
fn is_ca(leaf: &Certificate, all: &[Value<'_>]) -> bool {
    let mut others = all.iter().flat_map(|value| &value.certificates).map(|(other, _)| other);
    leaf.is_ca
        && (!leaf.is_for_hosts()
            || leaf.states_cert_sign()
            || others.any(|other| other.key_id != leaf.key_id && chain::is_issuer_of(leaf, other)))
}

fn whose(value: &Value<'_>, named: &[NamedOtherwise]) -> Whose {
    let own = || named.iter().filter(|named| named.its_keys.iter().any(|key| key == value.key));
    match (value.has_key, &value.private) {
        (true, None) => Whose::Unreadable,
        (true, Some(_)) if own().any(|named| !named.is_ca) => Whose::Leafs,
        (true, Some(_)) if own().next().is_some() => Whose::Cas,
        _ => Whose::Nobodys,
    }
}

impl SecretFacts {
    /// Which of its values belong under `tls.crt` and `tls.key`, where it has them under other names
    /// and an Ingress wants it for these hosts: a certificate whose private key is there, no CA, the
    /// one with most of the hosts, and with the longest chain.
    #[must_use]
    pub fn by_name(&self, hosts: &[&str]) -> ByName<'_> {
        let named = &self.rare.named_otherwise;
        let key_stands = self.rare.missing_keys.iter().all(|key| *key != "tls.key")
            && matches!(self.bundle.key, KeyState::Read { .. });
        let certificates = || named.iter().filter(|named| named.certificates && !named.is_ca);
        let mut pairs: Vec<&NamedOtherwise> =
            certificates().filter(|named| !named.its_keys.is_empty()).collect();
        pairs.sort_by_key(|named| named.rank(hosts));
        if let Some(best) = pairs.first() {
            return several(&pairs, best, hosts)
                .unwrap_or_else(|| ByName::Pair { certificate: &best.key, key: best.its_key() });
        }
        let keys = |whose: Whose| {
            named.iter().filter(move |named| named.private_key && named.whose == whose)
        };
        let best = certificates().min_by_key(|named| named.rank(hosts));
        let mut strays: Vec<&str> = keys(Whose::Nobodys).map(|named| named.key.as_str()).collect();
        strays.extend(key_stands.then_some("tls.key"));
        let (unreadable, stray) = (keys(Whose::Unreadable).next(), strays.first().copied());
        match (best, unreadable, stray) {
            (Some(best), Some(key), _) => {
                ByName::Unreadable { certificate: &best.key, key: &key.key }
            }
            (Some(_), None, Some(_)) => ByName::NoneBelong(strays),
            (Some(best), None, None) => ByName::CertificateAlone(&best.key),
            (None, _, Some(_)) if key_stands => ByName::NoneBelong(strays),
            (None, _, Some(key)) => ByName::KeyAlone(key),
            (None, Some(key), None) => ByName::KeyAlone(&key.key),
            (None, None, None) => ByName::Neither,
        }
    }
}

/// Certificates for different servers between which nothing decides.
fn several<'s>(
    pairs: &[&'s NamedOtherwise],
    best: &NamedOtherwise,
    hosts: &[&str],
) -> Option<ByName<'s>> {
    let (is_ca, covered, _) = best.rank(hosts);
    let alike = pairs.iter().filter(|other| {
        let (ca, fits, _) = other.rank(hosts);
        (ca, fits) == (is_ca, covered)
    });
    let leaf = |named: &NamedOtherwise| named.leaf.as_ref().map(|leaf| leaf.sha256);
    let mut told: Vec<&NamedOtherwise> = Vec::new();
    for other in alike {
        if !told.iter().any(|known| leaf(known) == leaf(other)) {
            told.push(other);
        }
    }
    let names = told.iter().map(|named| (named.key.as_str(), named.its_key())).collect();
    (told.len() > 1).then_some(ByName::Several(names))
}

impl NamedOtherwise {
    /// What is better comes first: no CA:TRUE, more of the hosts, more of the chain.
    fn rank(&self, hosts: &[&str]) -> (bool, Reverse<usize>, Reverse<usize>) {
        let leaf = self.leaf.as_ref();
        let covers = |host: &&&str| {
            leaf.is_some_and(|leaf| !matches!(leaf.match_host(host), HostMatch::None))
        };
        (
            leaf.is_some_and(|leaf| leaf.is_ca),
            Reverse(hosts.iter().filter(covers).count()),
            Reverse(self.chain),
        )
    }

    /// The data key with its private key: its own where it has both, then the first by name.
    fn its_key(&self) -> &str {
        let own = self.its_keys.iter().find(|key| **key == self.key);
        own.or_else(|| self.its_keys.first()).map_or("", String::as_str)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; pairs are told by it")]
mod tests;

//! Issuers: which self-signed certificates signed another one that was seen, in whatever Secret,
//! `ca.crt` or file, in whatever order they came.
//!
//! Knows names, key identifiers and signatures across everything that was absorbed. Keeps the public
//! key of what is self-signed, and the bytes of a few certificates for each issuer: never of all.
//! Refuses to know what follows from it: that is the audit's.

use super::key::{ObjectKey, at};
use crate::object_ref::ObjectRef;
use crate::observation::TrustSeen;
use crate::x509::cert::{self, Certificate};
use crate::x509::digest;
use crate::x509::pem::{self, Label};
use crate::x509::signer;
use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A name as clients compare it: see [`NameDigest::folded`](crate::x509::dn::NameDigest::folded).
type Name = [u8; 8];
/// A subject key identifier, shortened.
type KeyId = [u8; 8];
/// A certificate by its subject and its fingerprint.
type Id = (Name, [u8; 32]);

/// What may have signed, what was signed, and what came of holding them together.
#[derive(Debug, Default)]
pub(super) struct Issuers {
    candidates: BTreeSet<Kept>,
    issued: BTreeMap<(Name, Option<KeyId>), Issued>,
    /// A candidate to where a certificate is that it signed.
    signed: BTreeMap<Id, ObjectRef>,
    /// How many signatures were verified.
    verified: usize,
    /// Fingerprint to the files that hand it out, and the Secrets whose `ca.crt` holds it and whose own
    /// certificate is another.
    handed_out: BTreeMap<[u8; 32], BTreeSet<ObjectRef>>,
    /// Name of a Secret to the cert-manager Issuers that sign with it, each with the namespace it is
    /// in; a ClusterIssuer says none.
    signing: BTreeMap<String, Vec<(Option<String>, ObjectRef)>>,
    /// The same for objects, or the files they stand in, that verify others with it.
    trusting: BTreeMap<String, Vec<(Option<String>, ObjectRef)>>,
    /// What is kept of an object, so that it is forgotten without going through everything.
    kept_of: BTreeMap<ObjectKey, BTreeSet<KeptFact>>,
}

/// Where something of an object is kept.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum KeptFact {
    /// In `handed_out`.
    HandedOut([u8; 32]),
    /// In `issued`.
    Issued(Name, Option<KeyId>),
    /// In `signed`.
    Signed(Id),
}

/// A self-signed certificate, as far as is needed to tell whether it signed another.
#[derive(Debug)]
struct Candidate {
    id: Id,
    key_id: Option<KeyId>,
    key: Key,
}

/// A candidate on the heap: most self-signed certificates are leaves, and there may be very many.
#[derive(Debug)]
struct Kept(Box<Candidate>);

/// A public key, as small as it can be had again as `SubjectPublicKeyInfo`.
#[derive(Debug)]
enum Key {
    /// A point on P-256: both coordinates.
    P256([u8; 64]),
    /// Any other, DER; empty where it could not be read.
    Other(Box<[u8]>),
}

/// What stands before the coordinates of a P-256 key (RFC 5480 §2): the algorithm, the curve and
/// that the point is not compressed.
const P256: [u8; 27] = [
    0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 3, 1, 7, 3, 0x42, 0, 4,
];

/// Certificates that name the same issuer.
#[derive(Debug, Default)]
struct Issued {
    samples: Vec<Sample>,
    /// Where one more is: more were seen than are kept.
    more: Option<ObjectRef>,
}

/// One of them, whole.
#[derive(Debug)]
struct Sample {
    object: ObjectRef,
    der: Box<[u8]>,
}

/// How many certificates of one issuer are kept. One would do, were every name true: a stranger may
/// write any issuer into a certificate, and must not by that keep others from being rotated.
const MAX_SAMPLES: usize = 4;
/// How long a text is that is looked through for a label before it is read, in bytes: every key of
/// common size is shorter.
const SHORT: usize = 4_096;
/// How many signatures are verified in all; the slowest takes a millisecond.
const MAX_VERIFIED: usize = 2_000;

impl Issuers {
    /// Takes in the certificates that an object holds; `ders` are the same ones, in the same order.
    pub fn take(
        &mut self,
        object: &ObjectRef,
        certificates: &[Arc<Certificate>],
        ders: &[Vec<u8>],
    ) {
        for (certificate, der) in certificates.iter().zip(ders) {
            if certificate.self_signed {
                self.take_candidate(certificate, der);
            } else if !certificate.publicly_logged {
                // Public CAs issue from intermediates alone, which are nobody's to make again.
                self.take_issued(object, certificate, der);
            }
        }
    }

    /// Takes in what was signed by others of a `ca.crt`. Its roots are in nobody's way: no pair is
    /// written there.
    pub fn take_anchors(&mut self, object: &ObjectRef, ca_crt: &[u8]) {
        self.take_pem(object, ca_crt, false);
    }

    /// Takes in who signs and trusts.
    pub fn take_trust(&mut self, seen: TrustSeen) {
        for (issuer, secret) in seen.signing {
            let within = issuer.namespace.clone();
            self.signing.entry(secret).or_default().push((within, issuer));
        }
        for (by, pem) in seen.handed_out {
            self.take_pem(&by, &pem, true);
        }
        for (by, namespace, secret) in seen.trusting {
            let known = self.trusting.entry(secret).or_default();
            if !known.iter().any(|(within, other)| *within == namespace && *other == by) {
                known.push((namespace, by));
            }
        }
    }

    /// Takes in what was signed by others, and, where it is handed out to be trusted, the roots.
    fn take_pem(&mut self, object: &ObjectRef, pem: &[u8], trusted: bool) {
        // A key is not decoded for the certificates that are not in it.
        const LABEL: &[u8] = b"CERTIFICATE";
        if pem.len() <= SHORT && !pem.windows(LABEL.len()).any(|at| at == LABEL) {
            return;
        }
        let certificates = pem::blocks(pem).into_iter().filter(|it| it.label == Label::Certificate);
        for der in certificates.filter_map(|block| block.der.ok()) {
            if trusted {
                self.take_handed_out(object, digest::sha256(der.expose()));
            }
            let read = cert::read_at(cert::UNTRIED, der.expose()).ok();
            if let Some((certificate, _)) = read.filter(|(read, _)| !read.self_signed) {
                self.take_issued(object, &certificate, der.expose());
            }
        }
    }

    /// Takes in that a Secret hands out this certificate to be trusted.
    pub fn take_handed_out(&mut self, object: &ObjectRef, sha256: [u8; 32]) {
        self.handed_out.entry(sha256).or_default().insert(object.clone());
        self.keep(object, KeptFact::HandedOut(sha256));
    }

    /// The Secret or file that hands out this certificate, which is in `object`.
    pub fn handed_out_by(
        &self,
        object: &ObjectRef,
        certificate: &Certificate,
    ) -> Option<&ObjectRef> {
        let mut holders = self.handed_out.get(&certificate.sha256)?.iter();
        holders.find(|holder| !holder.same_object(object))
    }

    /// All that hands out this certificate.
    pub fn holders_of(&self, sha256: &[u8; 32]) -> impl Iterator<Item = &ObjectRef> {
        self.handed_out.get(sha256).into_iter().flatten()
    }

    /// The Issuer that signs with this Secret. In which namespace a ClusterIssuer looks is a flag of
    /// cert-manager: it may be any.
    pub fn issuer_with(&self, secret: &ObjectRef) -> Option<&ObjectRef> {
        naming(&self.signing, secret)
    }

    /// The object that verifies others with this Secret, or the file that it stands in.
    pub fn trusting(&self, secret: &ObjectRef) -> Option<&ObjectRef> {
        naming(&self.trusting, secret)
    }

    /// Where a certificate is that this one signed.
    pub fn signed_by(&self, certificate: &Certificate) -> Option<&ObjectRef> {
        self.signed.get(&id(certificate))
    }

    /// Forgets an object that is gone: what it held, and whom it trusted or signed with.
    pub fn forget_all_of(&mut self, object: &ObjectRef) {
        self.forget(object);
        for names in [&mut self.signing, &mut self.trusting] {
            for by in names.values_mut() {
                by.retain(|(_, by)| !by.same_object(object));
            }
        }
    }

    /// Forgets what an object held that is seen anew. Candidates stay: that somebody has been an
    /// issuer hurts nobody.
    pub fn forget(&mut self, object: &ObjectRef) {
        let mut lost = Vec::new();
        for fact in self.kept_of.remove(at(object)).into_iter().flatten() {
            match fact {
                KeptFact::HandedOut(sha256) => {
                    if let Some(holders) = self.handed_out.get_mut(&sha256) {
                        holders.retain(|holder| !holder.same_object(object));
                    }
                }
                KeptFact::Issued(name, key_id) => {
                    if let Some(issued) = self.issued.get_mut(&(name, key_id)) {
                        issued.samples.retain(|sample| !sample.object.same_object(object));
                        issued.more.take_if(|more| more.same_object(object));
                    }
                }
                KeptFact::Signed(id) => lost.push(id),
            }
        }
        // Only now that its samples are gone can another one take their place.
        for id in lost {
            if self.signed.get(&id).is_some_and(|child| child.same_object(object)) {
                self.signed.remove(&id);
                self.look_again(id);
            }
        }
    }

    fn keep(&mut self, object: &ObjectRef, fact: KeptFact) {
        self.kept_of.entry(ObjectKey::of(object)).or_default().insert(fact);
    }

    fn look_again(&mut self, id: Id) {
        let Some(candidate) = self.candidates.get(&id) else { return };
        if let Some(child) = search(&self.issued, &candidate.0, &mut self.verified) {
            self.mark_signed(id, child);
        }
    }

    fn mark_signed(&mut self, id: Id, child: ObjectRef) {
        self.keep(&child, KeptFact::Signed(id));
        self.signed.insert(id, child);
    }

    fn take_candidate(&mut self, certificate: &Certificate, der: &[u8]) {
        let id = id(certificate);
        if self.candidates.contains(&id) {
            return;
        }
        // Without a key nothing can be told, and it counts as the issuer of what names it.
        let key = Key::of(signer::public_key(der).unwrap_or_default());
        let candidate = Candidate { id, key_id: certificate.subject_key_id, key };
        if let Some(child) = search(&self.issued, &candidate, &mut self.verified) {
            self.mark_signed(id, child);
        }
        self.candidates.insert(Kept(Box::new(candidate)));
    }

    fn take_issued(&mut self, object: &ObjectRef, certificate: &Certificate, der: &[u8]) {
        let name = certificate.issuer_name.folded;
        let of_name = (name, [0; 32])..=(name, [u8::MAX; 32]);
        let mut found = Vec::new();
        for Kept(candidate) in self.candidates.range(of_name) {
            let known = self.signed.contains_key(&candidate.id);
            if !known
                && candidate.may_be(certificate.authority_key_id)
                && candidate.made(der, &mut self.verified)
            {
                found.push(candidate.id);
            }
        }
        for id in found {
            self.mark_signed(id, object.clone());
        }
        let key_id = certificate.authority_key_id;
        let issued = self.issued.entry((name, key_id)).or_default();
        if issued.samples.len() < MAX_SAMPLES {
            issued.samples.push(Sample { object: object.clone(), der: der.into() });
        } else if issued.more.is_none() {
            issued.more = Some(object.clone());
        } else {
            return;
        }
        self.keep(object, KeptFact::Issued(name, key_id));
    }
}

impl Candidate {
    /// Whether the key identifier of an issuer does not speak against it.
    fn may_be(&self, issuer: Option<KeyId>) -> bool {
        !matches!((issuer, self.key_id), (Some(issuer), Some(own)) if issuer != own)
    }

    /// Whether its key made the signature. What cannot be told, or would take too long, counts as
    /// made: a CA whose key was overwritten is not to be had again.
    fn made(&self, der: &[u8], verified: &mut usize) -> bool {
        if *verified >= MAX_VERIFIED {
            return true;
        }
        *verified += 1;
        signer::is_by(der, &self.key.der()).unwrap_or(true)
    }
}

impl Key {
    fn of(der: Box<[u8]>) -> Self {
        let point = der.strip_prefix(&P256).and_then(|point| point.try_into().ok());
        point.map_or(Self::Other(der), Self::P256)
    }

    fn der(&self) -> Cow<'_, [u8]> {
        match self {
            Self::P256(point) => [&P256[..], point].concat().into(),
            Self::Other(der) => (&**der).into(),
        }
    }
}

fn id(certificate: &Certificate) -> Id {
    (certificate.subject_name.folded, certificate.sha256)
}

// By subject first, so that those of one stand together.
impl Borrow<Id> for Kept {
    fn borrow(&self) -> &Id {
        &self.0.id
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Kept {}

impl PartialOrd for Kept {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Kept {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.id.cmp(&other.0.id)
    }
}

/// Who names this Secret; where no namespace is said it may be any.
fn naming<'n>(
    names: &'n BTreeMap<String, Vec<(Option<String>, ObjectRef)>>,
    secret: &ObjectRef,
) -> Option<&'n ObjectRef> {
    let mut naming = names.get(&secret.name)?.iter();
    let fits = |within: &Option<String>| within.is_none() || *within == secret.namespace;
    naming.find(|(within, _)| fits(within)).map(|(_, by)| by)
}

/// Where a certificate is that `candidate`, of this name, signed. When none of those that are kept
/// is its own, and there were more, it may have signed one of those.
fn search(
    issued: &BTreeMap<(Name, Option<KeyId>), Issued>,
    candidate: &Candidate,
    verified: &mut usize,
) -> Option<ObjectRef> {
    let (name, _) = candidate.id;
    let of_name = issued.range((name, None)..=(name, Some([u8::MAX; 8])));
    let fitting = of_name.filter(|((_, key_id), _)| candidate.may_be(*key_id));
    fitting.into_iter().find_map(|(_, issued)| {
        let own = issued.samples.iter().find(|sample| candidate.made(&sample.der, verified));
        own.map(|sample| sample.object.clone()).or_else(|| issued.more.clone())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

    const ONE: &str = include_str!("../../testdata/pki/ec-p256-01.pem");
    const TWO: &str = include_str!("../../testdata/pki/ec-p256-02.pem");
    const LEAF: &str = include_str!("../../testdata/pki/ec-p256-03.pem");

    fn named(name: &str, ids: bool) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        // CA:TRUE makes rcgen write a key identifier.
        params.is_ca = if ids { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::NoCa };
        params.use_authority_key_identifier_extension = ids;
        params
    }

    fn key(pem: &str) -> KeyPair {
        KeyPair::from_pem(pem).expect("the key is good")
    }

    /// A self-signed certificate of this name.
    fn root(name: &str, with: &str, ids: bool) -> Vec<u8> {
        named(name, ids).self_signed(&key(with)).expect("it can be made").der().to_vec()
    }

    /// A certificate issued in this name by this key.
    fn child(number: u8, issuer: &str, with: &str, ids: bool) -> Vec<u8> {
        let mut params = named("leaf", false);
        params.serial_number = Some(vec![1, number].into());
        params.use_authority_key_identifier_extension = ids;
        let issuer = Issuer::new(named(issuer, ids), key(with));
        params.signed_by(&key(LEAF), &issuer).expect("it can be made").der().to_vec()
    }

    fn facts(der: &[u8]) -> Certificate {
        cert::read(der).expect("it can be read").0
    }

    /// Takes in each, in an object of the number of its place.
    fn of(ders: &[&Vec<u8>]) -> Issuers {
        let mut issuers = Issuers::default();
        for (place, der) in ders.iter().enumerate() {
            take(&mut issuers, &place.to_string(), der);
        }
        issuers
    }

    fn take(issuers: &mut Issuers, object: &str, der: &[u8]) {
        issuers.take(&ObjectRef::secret("shop", object), &[facts(der).into()], &[der.to_vec()]);
    }

    /// The object with a certificate that this one signed.
    fn signed(issuers: &Issuers, root: &[u8]) -> Option<String> {
        issuers.signed_by(&facts(root)).map(|object| object.name.clone())
    }

    #[test]
    fn the_signature_tells_who_of_one_name_is_the_issuer_in_whatever_order_they_come() {
        for ids in [true, false] {
            let (own, other) = (root("ca", ONE, ids), root("ca", TWO, ids));
            let stranger = root("another", ONE, ids);
            let leaf = child(1, "ca", ONE, ids);
            let first = of(&[&leaf, &own, &other, &stranger]);
            let last = of(&[&own, &other, &stranger, &leaf]);
            assert_eq!(signed(&first, &own).as_deref(), Some("0"), "ids: {ids}");
            assert_eq!(signed(&last, &own).as_deref(), Some("3"), "ids: {ids}");
            for issuers in [&first, &last] {
                assert_eq!(signed(issuers, &other), None, "ids: {ids}");
                assert_eq!(signed(issuers, &stranger), None, "ids: {ids}");
            }
        }
    }

    #[test]
    fn a_renewed_twin_by_the_same_key_is_no_child() {
        let mut renewed = named("web.example", true);
        renewed.serial_number = Some(vec![7].into());
        let renewed = renewed.self_signed(&key(ONE)).expect("it can be made").der().to_vec();
        let old = root("web.example", ONE, true);
        assert_eq!(signed(&of(&[&old, &renewed]), &old), None);
    }

    #[test]
    fn more_certificates_of_one_issuer_than_are_kept_count_as_signed_and_never_as_not() {
        let (own, leaf) = (root("ca", ONE, false), child(9, "ca", ONE, false));
        let forged: Vec<Vec<u8>> = (0..4).map(|number| child(number, "ca", TWO, false)).collect();
        let mut all: Vec<&Vec<u8>> = forged.iter().collect();
        assert_eq!(signed(&of(&[&all[..], &[&own]].concat()), &own), None, "all of them are kept");
        all.extend([&leaf, &own]);
        assert_eq!(signed(&of(&all), &own).as_deref(), Some("4"));
    }

    #[test]
    fn what_is_seen_anew_is_forgotten_first() {
        let own = root("ca", ONE, true);
        let mut issuers = of(&[&own, &child(1, "ca", ONE, true), &child(2, "ca", ONE, true)]);
        assert_eq!(signed(&issuers, &own).as_deref(), Some("1"));
        issuers.forget(&ObjectRef::secret("shop", "1"));
        assert_eq!(signed(&issuers, &own).as_deref(), Some("2"), "another child is left");
        issuers.forget(&ObjectRef::secret("shop", "2"));
        assert_eq!(signed(&issuers, &own), None);
    }

    #[test]
    fn a_key_is_kept_small_and_had_again_as_it_was() {
        let p256 = signer::public_key(&root("ca", ONE, true)).expect("it can be read");
        let other = include_str!("../../testdata/pki/ed25519.pem");
        let ed25519 = signer::public_key(&root("ca", other, true)).expect("it can be read");
        let longer = [&p256[..], &[0]].concat().into_boxed_slice();
        for (der, small) in [(p256, true), (ed25519, false), (longer, false), ([].into(), false)] {
            let key = Key::of(der.clone());
            assert_eq!((&*key.der(), matches!(key, Key::P256(_))), (&*der, small));
        }
    }

    #[test]
    fn an_intermediate_in_a_ca_crt_is_signed_by_its_root_too() {
        let (own, middle) = (root("ca", ONE, true), child(1, "ca", ONE, true));
        let mut issuers = of(&[&own]);
        let ca_crt = pem::encode("CERTIFICATE", &middle).to_string();
        issuers.take_anchors(&ObjectRef::secret("shop", "bundle"), ca_crt.as_bytes());
        assert_eq!(signed(&issuers, &own).as_deref(), Some("bundle"));
    }
}

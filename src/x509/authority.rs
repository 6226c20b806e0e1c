//! A CA of one's own: the certificate and key that sign leaves, and whether they may.
//!
//! Knows what a CA must be before anything is signed (RFC 5280 §4.2.1.3, §4.2.1.9), and how a
//! certificate shows that this CA signed it. Refuses to know where CA and key came from, and trust.

use super::cert::{Certificate, sha256};
use super::chain;
use super::instant;
use super::key::PrivateKey;
use super::pem;
use super::profile::{KeyType, Profile};
use ring::rand::SecureRandom;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer as _;

/// A CA with its private key. `Debug` shows no key.
#[derive(Debug)]
pub struct Authority {
    certificate: Certificate,
    der: Vec<u8>,
    key: PrivateKey,
    key_type: KeyType,
    /// The CA and those above it, without the root.
    above: Vec<Certificate>,
    chain: String,
    root: Option<(Certificate, String)>,
}

impl Authority {
    /// Reads a CA: its certificate, perhaps those above it, and its private key. Text may hold
    /// several certificates in any order; the CA is that of the key.
    ///
    /// # Errors
    /// A sentence, when the key is none of theirs or is one that cannot sign here.
    pub fn read(
        certificates: &[u8],
        key: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<Self, String> {
        let key = PrivateKey::from_pem(key).map_err(|error| error.to_string())?;
        let Some(key_type) = KeyType::from_name(&key.key_type()) else {
            return Err(format!(
                "its key is of type {}, which cannot sign here (RSA 2048 to 4096, P-256, P-384 and Ed25519 can)",
                key.key_type()
            ));
        };
        let sorted = chain::sorted(certificates, Some(&key), random)?;
        let mut path = sorted.path.into_iter();
        let (certificate, der) = path.next().ok_or("there is no certificate in it")?;
        let (mut root, mut above, mut chain) = (None, Vec::new(), String::new());
        let encode = |der: &[u8]| pem::encode("CERTIFICATE", der).to_string();
        if certificate.self_signed {
            root = Some((certificate.clone(), encode(&der)));
        } else {
            chain.push_str(&encode(&der));
        }
        for (certificate, der) in path {
            chain.push_str(&encode(&der));
            above.push(certificate);
        }
        let root = root.or(sorted.root.map(|(certificate, der)| (certificate, encode(&der))));
        Ok(Self { certificate, der, key, key_type, above, chain, root })
    }

    /// Whether it may sign leaves at `now`: a CA, for signing certificates, in date, and no
    /// certificate above it forbids that it is one.
    ///
    /// # Errors
    /// A sentence that names what forbids it.
    pub fn check(&self, now: OffsetDateTime) -> Result<(), String> {
        let ca = &self.certificate;
        let subject = &ca.subject;
        if !ca.is_ca {
            return Err(format!("{subject} is not a CA: its certificate does not say CA:TRUE"));
        }
        if !ca.may_sign_certificates() {
            return Err(format!(
                "{subject} may not sign certificates: its key usage lacks keyCertSign"
            ));
        }
        if ca.subject_attributes.is_empty() {
            return Err("the CA has no subject, and an issuer must have a name".to_owned());
        }
        for certificate in self.path() {
            let (from, to) = (certificate.not_before, certificate.not_after);
            let subject = &certificate.subject;
            if to < now {
                return Err(format!("{subject} expired on {}", instant::show(to)));
            }
            if from > now {
                return Err(format!("{subject} is valid only from {}", instant::show(from)));
            }
        }
        for (below, certificate) in self.path().enumerate() {
            let below = u32::try_from(below).unwrap_or(u32::MAX);
            if certificate.path_length.is_some_and(|limit| limit < below) {
                return Err(format!(
                    "{} allows no CA so far below it (path length {})",
                    certificate.subject,
                    certificate.path_length.unwrap_or_default()
                ));
            }
        }
        Ok(())
    }

    /// The profile with its dates within those of the CA and everything above it; and, when that
    /// shortened it, what is to be said.
    #[must_use]
    pub fn within(&self, mut profile: Profile) -> (Profile, Option<String>) {
        let first_end = self.path().min_by_key(|certificate| certificate.not_after);
        let last_begin = self.path().map(|certificate| certificate.not_before).max();
        profile.not_before = profile.not_before.max(last_begin.unwrap_or(profile.not_before));
        let Some(ends) = first_end.filter(|ends| ends.not_after < profile.not_after) else {
            return (profile, None);
        };
        let note = format!(
            "it ends on {} instead of {}, when its CA ends ({})",
            instant::show(ends.not_after),
            instant::show(profile.not_after),
            ends.subject
        );
        profile.not_after = ends.not_after;
        (profile, Some(note))
    }

    /// From when to when it and everything above it is valid.
    #[must_use]
    pub fn window(&self) -> (OffsetDateTime, OffsetDateTime) {
        let own = (self.certificate.not_before, self.certificate.not_after);
        self.path().fold(own, |(from, to), one| (from.max(one.not_before), to.min(one.not_after)))
    }

    /// Whether `der` was signed by it: by name, byte for byte, by key identifier and by signature.
    ///
    /// # Errors
    /// A sentence that says what differs.
    pub fn confirm(&self, der: &[u8]) -> Result<(), String> {
        let read = |der| X509Certificate::from_der(der).map(|(_, parsed)| parsed);
        let (Ok(leaf), Ok(ca)) = (read(der), read(self.der.as_slice())) else {
            return Err("the certificate that was made cannot be read".to_owned());
        };
        if leaf.issuer().as_raw() != ca.subject().as_raw() {
            return Err(format!(
                "the certificate that was made does not name its CA ({}) as the CA's certificate does",
                self.certificate.subject
            ));
        }
        if let (Some(own), Some(named)) = (subject_key_id(&ca), authority_key_id(&leaf))
            && own != named
        {
            return Err("the certificate that was made names another key of its CA".to_owned());
        }
        leaf.verify_signature(Some(ca.public_key())).map_err(|_| {
            "the signature that was made does not verify under the CA's key".to_owned()
        })
    }

    /// The certificate of the CA.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Its DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its subject, DER as it stands: what a certificate signed by it has for an issuer.
    ///
    /// # Errors
    /// None that is known: the certificate was read before.
    pub(super) fn name(&self) -> Result<Vec<u8>, String> {
        let (_, parsed) = X509Certificate::from_der(&self.der)
            .map_err(|_| "the CA certificate cannot be read".to_owned())?;
        Ok(parsed.subject().as_raw().to_vec())
    }

    /// Its subject key identifier, when it has one.
    pub(super) fn key_identifier(&self) -> Option<Vec<u8>> {
        let (_, parsed) = X509Certificate::from_der(&self.der).ok()?;
        subject_key_id(&parsed).map(<[u8]>::to_vec)
    }

    /// Its private key.
    #[must_use]
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// Its key's type.
    #[must_use]
    pub fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// What stands behind a leaf in `tls.crt`: the CA and those above it, without the root, PEM.
    /// Empty when the CA is the root.
    #[must_use]
    pub fn chain_pem(&self) -> &str {
        &self.chain
    }

    /// The root, PEM, when it is known: what clients must trust, and `ca.crt` holds.
    #[must_use]
    pub fn root_pem(&self) -> Option<&str> {
        self.root.as_ref().map(|(_, pem)| pem.as_str())
    }

    /// The CA and every certificate above it, the root too.
    fn path(&self) -> impl Iterator<Item = &Certificate> {
        let own = sha256(&self.der);
        let root = self.root.iter().map(|(root, _)| root).filter(move |root| root.sha256 != own);
        std::iter::once(&self.certificate).chain(&self.above).chain(root)
    }
}

fn subject_key_id<'c>(parsed: &'c X509Certificate<'_>) -> Option<&'c [u8]> {
    parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0),
        _ => None,
    })
}

fn authority_key_id<'c>(parsed: &'c X509Certificate<'_>) -> Option<&'c [u8]> {
    parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref().map(|id| id.0),
        _ => None,
    })
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "ring seals its randomness: a test has no other")]
mod tests {
    use super::super::cert::San;
    use super::super::issue::{self, Issued, Subject};
    use super::super::request::Request;
    use super::*;
    use rcgen::{
        BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    };
    use ring::rand::SystemRandom;
    use time::Duration;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-21 00:00 UTC);
    const KEYS: [&str; 3] = [
        include_str!("../../testdata/pki/ec-p256-01.pem"),
        include_str!("../../testdata/pki/ec-p256-02.pem"),
        include_str!("../../testdata/pki/ec-p256-03.pem"),
    ];
    const ED25519: &str = include_str!("../../testdata/pki/ed25519.pem");

    /// A CA as somebody else may have made it: its name is `CN=<name>`, valid ten days around NOW.
    fn params(name: &str, path_length: Option<u8>) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(match path_length {
            Some(length) => BasicConstraints::Constrained(length),
            None => BasicConstraints::Unconstrained,
        });
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        (params.not_before, params.not_after) = (NOW - Duration::DAY, NOW + Duration::days(9));
        params
    }

    fn key(pem: &str) -> KeyPair {
        KeyPair::from_pem(pem).expect("the key is good")
    }

    /// Root and intermediate as PEM, the intermediate's key being the second.
    fn two_tiers(root: &CertificateParams, middle: &CertificateParams) -> (String, String) {
        let issuer = Issuer::new(root.clone(), key(KEYS[0]));
        let made = middle.signed_by(&key(KEYS[1]), &issuer).expect("it can be made");
        (root.self_signed(&key(KEYS[0])).expect("it can be made").pem(), made.pem())
    }

    fn alone(params: &CertificateParams) -> Authority {
        let pem = params.self_signed(&key(KEYS[0])).expect("it can be made").pem();
        authority(&pem, KEYS[0]).expect("it can be read")
    }

    fn authority(certificates: &str, key: &str) -> Result<Authority, String> {
        Authority::read(certificates.as_bytes(), key.as_bytes(), &SystemRandom::new())
    }

    fn leaf(names: &[&str], key_type: KeyType) -> Profile {
        let names = names.iter().map(|name| San::Dns((*name).to_owned())).collect();
        let dates = (NOW - Duration::minutes(5), NOW + Duration::days(5));
        Profile::server(names, None, key_type, dates).expect("the names are good")
    }

    fn leaf_key(profile: &Profile) -> PrivateKey {
        let key = if profile.key_type == KeyType::Ed25519 { ED25519 } else { KEYS[2] };
        PrivateKey::from_pem(key.as_bytes()).expect("the key is good")
    }

    fn signed(authority: &Authority, profile: &Profile) -> Result<Issued, String> {
        let key = leaf_key(profile);
        issue::signed_by(authority, profile, Subject::Key(&key), &SystemRandom::new())
    }

    fn der(pem: &str) -> Vec<u8> {
        pem::blocks(pem.as_bytes()).remove(0).der.expect("it was just encoded").expose().to_vec()
    }

    #[test]
    fn a_ca_of_ones_own_may_sign_leaves_and_nothing_else() {
        let dates = (NOW - Duration::minutes(5), NOW + Duration::days(3650));
        let wish = Profile::authority("Our CA".to_owned(), KeyType::Ed25519, dates);
        let wish = wish.expect("the name is good");
        let key = PrivateKey::from_pem(ED25519.as_bytes()).expect("the key is good");
        let made = issue::self_signed(&wish, &key, &SystemRandom::new()).expect("it can be made");
        assert_eq!((made.facts.is_ca, made.facts.path_length), (true, Some(0)));
        let ca = authority(&made.pem, ED25519).expect("it can be read");
        assert_eq!(ca.check(NOW), Ok(()));
        assert_eq!((ca.key_type(), ca.chain_pem()), (KeyType::Ed25519, ""));
        assert_eq!(ca.root_pem(), Some(&*made.pem));
        assert_eq!(ca.certificate(), &made.facts);
        assert_eq!(ca.window(), dates);
        let leaf = signed(&ca, &leaf(&["a.example"], KeyType::P256)).expect("it can be signed");
        assert_eq!((&*leaf.facts.issuer, leaf.facts.is_ca), ("CN=Our CA", false));
        let below = Profile::authority("Below".to_owned(), KeyType::P256, dates).expect("good");
        let refused = signed(&ca, &below).expect_err("it signs no CA");
        assert!(refused.contains("name of its CA") || refused.contains("CA flag"), "{refused}");
    }

    #[test]
    fn a_leaf_has_a_name_of_its_own() {
        let ca = alone(&params("a.example", None));
        let refused = signed(&ca, &leaf(&["a.example"], KeyType::P256)).expect_err("same name");
        let told =
            "the certificate would have the name of its CA, CN=a.example: choose another --cn";
        assert_eq!(refused, told);
    }

    #[test]
    fn the_certificate_of_the_key_is_the_ca_and_those_above_it_its_chain() {
        let (root, middle) = two_tiers(&params("Root", None), &params("Middle", Some(0)));
        for text in [format!("{middle}{root}"), format!("{root}{middle}")] {
            let ca = authority(&text, KEYS[1]).expect("it can be read");
            assert_eq!(ca.certificate().subject, "CN=Middle");
            assert_eq!(ca.check(NOW), Ok(()));
            assert_eq!(der(ca.chain_pem()), der(&middle));
            assert_eq!(ca.root_pem().map(der), Some(der(&root)));
            assert_eq!(ca.der(), der(&middle));
        }
        let ca = authority(&middle, KEYS[1]).expect("it can be read");
        assert_eq!((ca.root_pem(), ca.check(NOW)), (None, Ok(())));
        let lost = authority(&middle, KEYS[2]).expect_err("the key is another's");
        assert_eq!(lost, "none of the certificates in it is the private key's");
    }

    #[test]
    fn what_cannot_be_a_ca_is_refused_as_it_is_read() {
        let pem = params("Root", None).self_signed(&key(KEYS[0])).expect("it can be made").pem();
        let p521 = include_str!("../../testdata/pki/ec-p521.pem");
        for (certificates, key, why) in [
            ("", KEYS[0], "there is no certificate in it that can be read"),
            (&*pem, p521, "its key is of type p521, which cannot sign here"),
            (&pem, &pem, "there is no PEM block of a private key in it"),
        ] {
            let refused = authority(certificates, key).expect_err(why);
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn a_ca_that_may_not_sign_is_refused_by_what_forbids_it() {
        let with = |change: &dyn Fn(&mut CertificateParams)| {
            let mut params = params("Root", None);
            change(&mut params);
            alone(&params).check(NOW).expect_err("it may not sign")
        };
        let refused = with(&|it| it.is_ca = IsCa::ExplicitNoCa);
        assert_eq!(refused, "CN=Root is not a CA: its certificate does not say CA:TRUE");
        let refused = with(&|it| it.key_usages = vec![KeyUsagePurpose::CrlSign]);
        assert_eq!(refused, "CN=Root may not sign certificates: its key usage lacks keyCertSign");
        let refused = with(&|it| it.not_after = NOW - Duration::SECOND);
        assert_eq!(refused, "CN=Root expired on 2026-11-20T23:59:59Z");
        let refused = with(&|it| it.not_before = NOW + Duration::SECOND);
        assert_eq!(refused, "CN=Root is valid only from 2026-11-21T00:00:01Z");
        let refused = with(&|it| it.distinguished_name = rcgen::DistinguishedName::new());
        assert_eq!(refused, "the CA has no subject, and an issuer must have a name");
        // Both ends of the validity still belong to it (RFC 5280 §4.1.2.5).
        let mut edge = params("Root", None);
        (edge.not_before, edge.not_after) = (NOW, NOW);
        assert_eq!(alone(&edge).check(NOW), Ok(()));
    }

    #[test]
    fn whatever_stands_above_a_ca_must_allow_it_too() {
        let check = |root: &CertificateParams| {
            let (root, middle) = two_tiers(root, &params("Middle", None));
            authority(&format!("{middle}{root}"), KEYS[1]).expect("it can be read").check(NOW)
        };
        assert_eq!(check(&params("Root", Some(1))), Ok(()));
        let told = "CN=Root allows no CA so far below it (path length 0)";
        assert_eq!(check(&params("Root", Some(0))), Err(told.to_owned()));
        let mut ended = params("Root", None);
        ended.not_after = NOW - Duration::DAY;
        assert_eq!(check(&ended), Err("CN=Root expired on 2026-11-20T00:00:00Z".to_owned()));
    }

    #[test]
    fn a_leaf_never_outlives_or_foreruns_what_stands_above_it() {
        let mut root = params("Root", None);
        (root.not_before, root.not_after) = (NOW - Duration::MINUTE, NOW + Duration::days(2));
        let window = (root.not_before, root.not_after);
        let (root, middle) = two_tiers(&root, &params("Middle", None));
        let ca = authority(&format!("{middle}{root}"), KEYS[1]).expect("it can be read");
        assert_eq!(ca.window(), window);
        let (within, note) = ca.within(leaf(&["a.example"], KeyType::P256));
        assert_eq!((within.not_before, within.not_after), window);
        let told = "it ends on 2026-11-23T00:00:00Z instead of 2026-11-26T00:00:00Z, when its CA ends (CN=Root)";
        assert_eq!(note.as_deref(), Some(told));
        let short =
            Profile { not_after: NOW + Duration::DAY, ..leaf(&["a.example"], KeyType::P256) };
        let (within, note) = ca.within(short.clone());
        assert_eq!((within.not_after, note), (short.not_after, None));
        let made = signed(&ca, &within).expect("it can be signed");
        assert_eq!(made.facts.not_after, short.not_after);
    }

    #[test]
    fn what_another_ca_signed_is_not_confirmed() {
        let ca = alone(&params("Root", None));
        let made = |ca: &Authority| {
            der(&signed(ca, &leaf(&["a.example"], KeyType::Ed25519)).expect("signed").pem)
        };
        assert_eq!(ca.confirm(&made(&ca)), Ok(()));
        let told = ca.confirm(&made(&alone(&params("Other", None)))).expect_err("another name");
        assert!(told.contains("does not name its CA (CN=Root)"), "{told}");
        let pem = params("Root", None).self_signed(&key(KEYS[1])).expect("it can be made").pem();
        let namesake = authority(&pem, KEYS[1]).expect("it can be read");
        let told = ca.confirm(&made(&namesake)).expect_err("the same name, another key");
        assert_eq!(told, "the certificate that was made names another key of its CA");
        let mut changed = made(&ca);
        let last = changed.len() - 1;
        changed[last] ^= 1;
        let told = ca.confirm(&changed).expect_err("a changed signature");
        assert_eq!(told, "the signature that was made does not verify under the CA's key");
        assert!(ca.confirm(b"no certificate").is_err());
    }

    #[test]
    fn a_request_made_here_is_signed_here_for_its_key() {
        let ca = alone(&params("Root", None));
        let wish = leaf(&["a.example", "*.a.example"], KeyType::P256);
        let theirs = PrivateKey::from_pem(KEYS[2].as_bytes()).expect("the key is good");
        let text = issue::request(&wish, &theirs).expect("it can be made");
        let request = Request::read(text.as_bytes()).expect("it can be read");
        assert_eq!((&request.names, request.key_type), (&wish.names, KeyType::P256));
        assert_eq!(request.left_out, [] as [&str; 0]);
        let random = SystemRandom::new();
        let made = issue::signed_by(&ca, &wish, Subject::Request(&request), &random);
        assert_eq!(made.expect("it can be signed").facts.names, wish.names);
        let other = Profile { key_type: KeyType::P384, ..wish };
        let refused = issue::signed_by(&ca, &other, Subject::Request(&request), &random);
        let told = "the certificate that was made is not what was asked for: its key type differ";
        assert_eq!(refused.expect_err(told), told);
    }
}

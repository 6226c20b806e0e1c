//! A CA of one's own: the certificate and key that sign leaves, and whether they may.
//!
//! Knows what a CA must be before anything is signed (RFC 5280 §4.2.1.3, §4.2.1.9), and how a
//! certificate shows that this CA signed it. Refuses to know where CA and key came from, and trust.

use super::cert::{self, Certificate, OID_SERVER_AUTH};
use super::chain;
use super::defect::EncodingDefect;
use super::instant;
use super::key::{KeyError, Pairing, PrivateKey, PublicKey};
use super::pem::{self, Label};
use super::profile::{KeyType, Profile};
use super::signature::{self, Verdict};
use ring::rand::SecureRandom;
use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;

/// A CA with its private key. `Debug` shows no key.
#[derive(Debug)]
pub struct Authority {
    /// The CA, those above it, and the root where it is known.
    path: Vec<Member>,
    key: PrivateKey,
    key_type: KeyType,
    chain: String,
    root: Option<String>,
    name: Vec<u8>,
    key_identifier: Option<Vec<u8>>,
}

/// One certificate of the path.
#[derive(Debug)]
struct Member {
    facts: Certificate,
    der: Vec<u8>,
}

/// Why a CA cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There is no certificate.
    #[error("{0}")]
    Certificates(String),
    /// There is no private key that can be read.
    #[error("{0}")]
    Key(String),
    /// The private key is under a password.
    #[error("the private key is encrypted with a password")]
    Encrypted,
    /// The private key is none of the certificates'.
    #[error("none of the certificates in it is the private key's")]
    OtherKey,
    /// The key is one that cannot sign here.
    #[error("{0}")]
    KeyType(String),
}

impl Authority {
    /// Reads a CA: its certificate, perhaps those above it, and its private key, PEM or DER. Text may
    /// hold several certificates in any order; the CA is that of the key. Of several of one key or
    /// name, the one that is valid at `now` counts, then the one that ends last.
    ///
    /// # Errors
    /// [`Unreadable`], when the key is none of theirs or is one that cannot sign here.
    pub fn read(
        certificates: &[u8],
        key: &[u8],
        now: OffsetDateTime,
        random: &dyn SecureRandom,
    ) -> Result<Self, Unreadable> {
        let key = read_key(key).map_err(|error| match error {
            KeyError::Encrypted => Unreadable::Encrypted,
            other => Unreadable::Key(other.to_string()),
        })?;
        let Some(key_type) = KeyType::from_name(&key.key_type()) else {
            return Err(Unreadable::KeyType(format!(
                "its key is of type {}, which cannot sign here (RSA 2048 to 4096, P-256, P-384 and Ed25519 can)",
                key.key_type()
            )));
        };
        let (text, publics) = best_first(certificates, now);
        let is_its = |public| key.pairs_with(public, random) == Pairing::Match;
        if !publics.is_empty() && !publics.iter().any(is_its) {
            return Err(Unreadable::OtherKey);
        }
        let sorted = chain::sorted(text.as_bytes(), Some(&key), random);
        let sorted = sorted.map_err(Unreadable::Certificates)?;
        let mut path: Vec<Member> =
            sorted.path.into_iter().map(|(facts, der)| Member { facts, der }).collect();
        path.extend(sorted.root.map(|(facts, der)| Member { facts, der }));
        // One that bears the name and signed nothing is taken along, for `check` to tell.
        path.extend(path.last().and_then(|last| namesake(text.as_bytes(), last)));
        let unreadable = || Unreadable::Certificates("there is no certificate in it".to_owned());
        let own = path.first().ok_or_else(unreadable)?;
        let (_, parsed) = X509Certificate::from_der(&own.der).map_err(|_| unreadable())?;
        let name = parsed.subject().as_raw().to_vec();
        let key_identifier = cert::subject_key_id(&parsed).map(<[u8]>::to_vec);
        let encode = |member: &Member| pem::encode("CERTIFICATE", &member.der).to_string();
        let root = path.last().filter(|last| last.facts.self_signed).map(encode);
        let chain = path.iter().filter(|member| !member.facts.self_signed).map(encode).collect();
        Ok(Self { path, key, key_type, chain, root, name, key_identifier })
    }

    /// Whether it may sign leaves for servers at `now`: a CA, for signing certificates, in date; and
    /// everything above it is such too, signed what is below it, and forbids none of it. Clients
    /// look at all of that, the root's own words included (OpenSSL and Go do).
    ///
    /// # Errors
    /// A sentence that names the certificate and what forbids it.
    pub fn check(&self, now: OffsetDateTime) -> Result<(), String> {
        for (below, member) in self.path.iter().enumerate() {
            may_sign(&member.facts, below > 0)?;
            in_date(&member.facts, now)?;
            usable_for_servers(&member.facts)?;
            let below = u32::try_from(below).unwrap_or(u32::MAX);
            if let Some(limit) = member.facts.path_length.filter(|limit| *limit < below) {
                return Err(format!(
                    "{} allows no CA so far below it (path length {limit})",
                    member.facts.subject
                ));
            }
        }
        self.path.windows(2).try_for_each(|pair| signed_by(&pair[0], &pair[1]))
    }

    /// Whether the CA and those above it allow a leaf for what the profile names.
    ///
    /// # Errors
    /// A sentence that names the certificate, the name and the constraint.
    pub fn allows(&self, profile: &Profile) -> Result<(), String> {
        for member in &self.path {
            let ca = &member.facts;
            let limits = ca.name_limits.as_deref();
            let forbidden =
                limits.and_then(|limits| limits.forbid(&profile.names, &profile.subject));
            let unread = ca.defects.contains(&EncodingDefect::BrokenExtension("nameConstraints"));
            let unread = unread.then(|| "its name constraints cannot be read".to_owned());
            if let Some(why) = forbidden.or(unread) {
                return Err(format!("{}: {why}", ca.subject));
            }
        }
        Ok(())
    }

    /// The profile with its dates within those of the CA and everything above it; and, when that
    /// shortened it, what is to be said.
    #[must_use]
    pub fn within(&self, mut profile: Profile) -> (Profile, Option<String>) {
        let first_end = self.facts().min_by_key(|certificate| certificate.not_after);
        let last_begin = self.facts().map(|certificate| certificate.not_before).max();
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
        let own = (self.certificate().not_before, self.certificate().not_after);
        self.facts().fold(own, |(from, to), one| (from.max(one.not_before), to.min(one.not_after)))
    }

    /// Whether `der` was signed by it: by name, byte for byte, by key identifier and by signature.
    ///
    /// # Errors
    /// A sentence that says what differs.
    pub fn confirm(&self, der: &[u8]) -> Result<(), String> {
        let read = |der| X509Certificate::from_der(der).map(|(_, parsed)| parsed);
        let (Ok(leaf), Ok(ca)) = (read(der), read(self.der())) else {
            return Err("the certificate that was made cannot be read".to_owned());
        };
        if leaf.issuer().as_raw() != ca.subject().as_raw() {
            return Err(format!(
                "the certificate that was made does not name its CA ({}) as the CA's certificate does",
                self.certificate().subject
            ));
        }
        if let (Some(own), Some(named)) = (cert::subject_key_id(&ca), cert::authority_key_id(&leaf))
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
        &self.path[0].facts
    }

    /// Its DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.path[0].der
    }

    /// Its subject, DER as it stands: what a certificate signed by it has for an issuer.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Its subject key identifier, when it has one.
    #[must_use]
    pub fn key_identifier(&self) -> Option<&[u8]> {
        self.key_identifier.as_deref()
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
        self.root.as_deref()
    }

    /// The CA and every certificate above it, the root too.
    fn facts(&self) -> impl Iterator<Item = &Certificate> {
        self.path.iter().map(|member| &member.facts)
    }
}

/// A private key in PEM, or in DER of any of the kinds that PEM has labels for.
fn read_key(bytes: &[u8]) -> Result<PrivateKey, KeyError> {
    let error = match PrivateKey::from_pem(bytes) {
        Err(KeyError::NoBlock) if bytes.starts_with(&[0x30]) => KeyError::NoBlock,
        other => return other,
    };
    let labels = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];
    let read = |label| PrivateKey::from_pem(pem::encode(label, bytes).as_bytes()).ok();
    labels.into_iter().find_map(read).ok_or(error)
}

/// The certificates that can be read, as PEM, and their public keys: those that are valid now
/// first, then those that end last. An expired certificate beside the one it was renewed by is what
/// files that grow by appending look like.
fn best_first(certificates: &[u8], now: OffsetDateTime) -> (String, Vec<PublicKey>) {
    let blocks = pem::blocks(pem::of_file(certificates).expose());
    let blocks = blocks.into_iter().filter(|block| block.label == Label::Certificate);
    let mut found: Vec<_> = blocks
        .filter_map(|block| {
            let der = block.der.ok()?;
            let (facts, public) = cert::read(der.expose()).ok()?;
            Some((facts, public, der))
        })
        .collect();
    found.sort_by_key(|(facts, ..)| {
        let valid = facts.not_before <= now && now <= facts.not_after;
        (!valid, std::cmp::Reverse(facts.not_after))
    });
    let text = found.iter().map(|(.., der)| pem::encode("CERTIFICATE", der.expose()).to_string());
    (text.collect(), found.into_iter().map(|(_, public, _)| public).collect())
}

/// Another certificate of the text that bears the name of the issuer which the last one lacks.
fn namesake(text: &[u8], last: &Member) -> Option<Member> {
    if last.facts.issuer_is_subject {
        return None;
    }
    pem::blocks(text).into_iter().find_map(|block| {
        let der = block.der.ok()?;
        let (facts, _) = cert::read(der.expose()).ok()?;
        let bears_it = facts.subject_name.exact == last.facts.issuer_name.exact;
        bears_it.then(|| Member { facts, der: der.expose().to_vec() })
    })
}

fn may_sign(ca: &Certificate, above: bool) -> Result<(), String> {
    let subject = &ca.subject;
    // A root of old has no extensions, and is trusted as it is.
    let old_root = above && ca.self_signed && ca.version < 3;
    if !ca.is_ca && !old_root {
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
    Ok(())
}

fn in_date(ca: &Certificate, now: OffsetDateTime) -> Result<(), String> {
    let subject = &ca.subject;
    if ca.not_after < now {
        return Err(format!("{subject} expired on {}", instant::show(ca.not_after)));
    }
    if ca.not_before > now {
        return Err(format!("{subject} is valid only from {}", instant::show(ca.not_before)));
    }
    Ok(())
}

/// What a CA says of usages holds for everything below it, as clients read it.
fn usable_for_servers(ca: &Certificate) -> Result<(), String> {
    let subject = &ca.subject;
    let servers = |usage: &String| [OID_SERVER_AUTH, ANY_USAGE].contains(&usage.as_str());
    if let Some(usages) = ca.extended_key_usage.as_ref().filter(|all| !all.iter().any(servers)) {
        return Err(format!(
            "{subject} may be used for {} alone, and clients refuse a server below it that lacks serverAuth ({OID_SERVER_AUTH})",
            usages.join(", ")
        ));
    }
    let unknown = ca.unusual_critical.iter().filter(|oid| !POLICIES.contains(&oid.as_str()));
    let unknown: Vec<&str> = unknown.map(String::as_str).collect();
    if !unknown.is_empty() {
        return Err(format!(
            "{subject} has a critical extension that clients do not know ({}), and they refuse whatever stands below it",
            unknown.join(", ")
        ));
    }
    Ok(())
}

/// anyExtendedKeyUsage.
const ANY_USAGE: &str = "2.5.29.37.0";
/// Extensions about policies, which all but rustls-webpki know when they are critical.
const POLICIES: [&str; 4] = ["2.5.29.32", "2.5.29.33", "2.5.29.36", "2.5.29.54"];

/// Whether `above` signed `below`, as far as that can be checked here.
fn signed_by(below: &Member, above: &Member) -> Result<(), String> {
    let (Ok((_, lower)), Ok((_, upper))) =
        (X509Certificate::from_der(&below.der), X509Certificate::from_der(&above.der))
    else {
        return Ok(());
    };
    let (algorithm, bits) = (&lower.signature_algorithm, &lower.signature_value.data);
    let message = lower.tbs_certificate.as_ref();
    match signature::verify(algorithm, upper.public_key(), message, bits) {
        Verdict::Verifies | Verdict::Unchecked(_) => Ok(()),
        Verdict::Differs => Err(format!(
            "{} was signed by another {} than the one that is given (sha256 {}, key {}), and clients that trust that one would refuse the leaf; give the right one, or leave it out",
            below.facts.subject,
            above.facts.subject,
            above.facts.fingerprint(),
            above.facts.key_id
        )),
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "ring seals its randomness: a test has no other")]
mod tests {
    use super::super::cert::San;
    use super::super::issue::{self, Issued, Subject};
    use super::super::request::Request;
    use super::*;
    use rcgen::{
        BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose,
        GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
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

    /// What makes another CA of [`params`].
    type Change<'c> = &'c dyn Fn(&mut CertificateParams);

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
        let (certificates, key) = (certificates.as_bytes(), key.as_bytes());
        let read = Authority::read(certificates, key, NOW, &SystemRandom::new());
        read.map_err(|error| error.to_string())
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
    fn what_makes_every_leaf_unusable_is_refused_wherever_it_stands() {
        let extension = |oid: &[u64]| {
            let mut extension = CustomExtension::from_oid_content(oid, vec![5, 0]);
            extension.set_criticality(true);
            extension
        };
        let server = ExtendedKeyUsagePurpose::ServerAuth;
        let client = ExtendedKeyUsagePurpose::ClientAuth;
        let cases: [(Change<'_>, Option<&str>); 8] = [
            (&|it| it.is_ca = IsCa::ExplicitNoCa, Some("Root is not a CA: its certificate does")),
            (
                &|it| it.key_usages = vec![KeyUsagePurpose::CrlSign],
                Some("CN=Root may not sign certificates: its key usage lacks keyCertSign"),
            ),
            (
                &|it| it.extended_key_usages = vec![client.clone()],
                Some(
                    "CN=Root may be used for 1.3.6.1.5.5.7.3.2 alone, and clients refuse a server",
                ),
            ),
            (&|it| it.extended_key_usages = vec![client.clone(), server.clone()], None),
            (&|it| it.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any], None),
            (
                &|it| it.custom_extensions = vec![extension(&[2, 50, 1])],
                Some("CN=Root has a critical extension that clients do not know (2.50.1)"),
            ),
            // Policies are known to all but rustls.
            (&|it| it.custom_extensions = vec![extension(&[2, 5, 29, 36])], None),
            (&|it| it.custom_extensions = vec![extension(&[2, 5, 29, 30])], None),
        ];
        for (change, told) in cases {
            let mut root = params("Root", None);
            change(&mut root);
            let (above, middle) = two_tiers(&root, &params("Middle", None));
            let ca = authority(&format!("{middle}{above}"), KEYS[1]).expect("it can be read");
            for checked in [ca.check(NOW), alone(&root).check(NOW)] {
                match (told, checked) {
                    (None, checked) => assert_eq!(checked, Ok(())),
                    (Some(told), checked) => {
                        let refused = checked.expect_err(told);
                        assert!(refused.contains(told), "{refused}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_root_that_did_not_sign_is_not_taken_for_one_that_did() {
        let (_, middle) = two_tiers(&params("Root", None), &params("Middle", None));
        // Without key identifiers, its name is all that is told by.
        let namesake = params("Root", None).self_signed(&key(KEYS[2])).expect("made").pem();
        let ca = authority(&format!("{middle}{namesake}"), KEYS[1]).expect("it can be read");
        let refused = ca.check(NOW).expect_err("another key");
        let told = "CN=Middle was signed by another CN=Root than the one that is given (sha256 ";
        assert!(refused.starts_with(told), "{refused}");
    }

    #[test]
    fn name_constraints_above_forbid_a_leaf_before_it_is_made() {
        let mut root = params("Root", None);
        root.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("corp.example".to_owned())],
            excluded_subtrees: Vec::new(),
        });
        let (root, middle) = two_tiers(&root, &params("Middle", None));
        let ca = authority(&format!("{middle}{root}"), KEYS[1]).expect("it can be read");
        assert_eq!(ca.check(NOW), Ok(()));
        assert!(signed(&ca, &leaf(&["a.corp.example"], KeyType::P256)).is_ok());
        let refused = signed(&ca, &leaf(&["a.corp.example", "b.example"], KeyType::P256));
        let told =
            "CN=Root: its name constraints permit \"corp.example\", and b.example is outside that";
        assert_eq!(refused.expect_err(told), told);
    }

    #[test]
    fn of_an_expired_ca_and_its_renewal_the_one_valid_now_signs() {
        let mut old = params("Root", None);
        (old.not_before, old.not_after) = (NOW - Duration::days(9), NOW - Duration::DAY);
        let (mut next, mut last) = (params("Root", None), params("Root", None));
        next.not_after = NOW + Duration::days(99);
        (last.not_before, last.not_after) = (NOW + Duration::DAY, NOW + Duration::days(999));
        let pem = |it: &CertificateParams| it.self_signed(&key(KEYS[0])).expect("made").pem();
        let all = [pem(&old), pem(&params("Root", None)), pem(&next), pem(&last)];
        for text in [all.concat(), all.iter().rev().cloned().collect()] {
            let ca = authority(&text, KEYS[0]).expect("it can be read");
            assert_eq!(ca.check(NOW), Ok(()));
            assert_eq!(ca.certificate().not_after, next.not_after);
        }
    }

    #[test]
    fn a_ca_is_read_from_der_as_from_pem() {
        let pem = params("Root", None).self_signed(&key(KEYS[0])).expect("it can be made").pem();
        let pkcs8 = key(KEYS[0]).serialize_der();
        let random = SystemRandom::new();
        let ca = Authority::read(&der(&pem), &pkcs8, NOW, &random).expect("it can be read");
        assert_eq!((ca.check(NOW), ca.root_pem().map(der)), (Ok(()), Some(der(&pem))));
        for (key, why) in [
            (der(&pem), Unreadable::Key("there is no PEM block of a private key in it".to_owned())),
            (
                include_bytes!("../../testdata/pki/encrypted-pkcs8.pem").to_vec(),
                Unreadable::Encrypted,
            ),
            (KEYS[1].as_bytes().to_vec(), Unreadable::OtherKey),
        ] {
            let refused = Authority::read(&der(&pem), &key, NOW, &random);
            assert_eq!(refused.expect_err("no key of its own"), why);
        }
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
        assert_eq!(request.not_taken, [] as [&str; 0]);
        let random = SystemRandom::new();
        let made = issue::signed_by(&ca, &wish, Subject::Request(&request), &random);
        assert_eq!(made.expect("it can be signed").facts.names, wish.names);
        let other = Profile { key_type: KeyType::P384, ..wish };
        let refused = issue::signed_by(&ca, &other, Subject::Request(&request), &random);
        let told = "the certificate that was made is not what was asked for: its key type differ";
        assert_eq!(refused.expect_err(told), told);
    }
}

//! Issuing: a profile, a key and a serial number in, a certificate out, checked before it is
//! handed on.
//!
//! Knows what a leaf must hold to be taken everywhere (RFC 5280, and what peers got wrong).
//! Refuses to know where the key came from and where the certificate goes.

use super::authority::{Authority, AuthorityError, ConfirmError};
use super::cert::{self, Certificate, CertificateError};
use super::dn::Attribute;
use super::key::{Pairing, PrivateKey};
use super::key_kind::{KeyKind, KeyType};
use super::key_purpose::KeyPurpose;
use super::oid::{self, OidError};
use super::pem;
use super::profile::Profile;
use super::request::{Request, RequestError};
use super::san::{OtherSan, San};
use super::splice::{self, SpliceError};
use rcgen::string::{Ia5String, PrintableString};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData,
    SanType, SerialNumber, SignatureAlgorithm, SigningKey, SubjectPublicKeyInfo,
};
use ring::rand::SecureRandom;
use rustls_pki_types::PrivatePkcs8KeyDer;
use time::UtcOffset;

/// What a self-signed certificate without any subject is called. It is its own issuer, and an
/// issuer must have a name (RFC 5280 §4.1.2.4; pyca/cryptography refuses one that has none). An
/// organisation, for a common name might be taken for a host.
const NAMELESS: (DnType, &str) = (DnType::OrganizationName, "certwright");

/// Why nothing was issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// There is no randomness for a serial number.
    #[error("the system's random source failed")]
    RandomSource,
    /// The key cannot sign.
    #[error("the {key} key cannot be used to sign a {wanted} certificate")]
    Signer {
        /// The key that is there.
        key: KeyKind,
        /// The type that was asked for.
        wanted: KeyType,
    },
    /// rcgen could not sign the certificate.
    #[error("the certificate could not be signed: {0}")]
    Sign(rcgen::Error),
    /// rcgen could not sign the request.
    #[error("the request could not be signed: {0}")]
    SignRequest(rcgen::Error),
    /// rcgen could not use the key of a request.
    #[error("the request's key cannot be used: {0}")]
    RequestKey(rcgen::Error),
    /// The CA may not sign it.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// An attribute or a usage cannot be written.
    #[error(transparent)]
    Oid(#[from] OidError),
    /// A name is not ASCII.
    #[error("the name {0:?} is not ASCII")]
    NotAscii(String),
    /// A name is of a form that is not written here.
    #[error("a name of the form {0} cannot be written")]
    Form(OtherSan),
    /// The issuer could not be put into the draft.
    #[error(transparent)]
    Splice(#[from] SpliceError),
    /// What was made cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The request that was made cannot be read.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The request that was made says something else.
    #[error("the request that was made is not what was asked for")]
    RequestDiffers,
    /// The certificate that was made says something else.
    #[error("the certificate that was made is not what was asked for: its {0} differ")]
    Differs(&'static str),
    /// A leaf would be called as its CA is.
    #[error("the certificate would have the name of its CA, {issuer}: choose another --cn")]
    NamedAsCa {
        /// The CA.
        issuer: String,
    },
    /// What was made is not its CA's.
    #[error(transparent)]
    Confirm(#[from] ConfirmError),
}

/// A certificate that was made, in the forms it is needed in.
#[derive(Clone, Debug)]
pub struct Issued {
    /// PEM, one block.
    pub pem: String,
    /// What it says, read back.
    pub facts: Certificate,
}

/// A serial number: 20 random bytes, positive and not zero (RFC 5280 §4.1.2.2).
///
/// # Errors
/// [`IssueError::RandomSource`].
fn serial(random: &dyn SecureRandom) -> Result<[u8; 20], IssueError> {
    let mut bytes = [0; 20];
    random.fill(&mut bytes).map_err(|_| IssueError::RandomSource)?;
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    Ok(bytes)
}

/// Makes a self-signed leaf certificate with a random serial number and reads it back: nothing is
/// handed on whose pair, names or dates are not what the profile says.
///
/// # Errors
/// [`IssueError`], when the profile cannot be encoded, the key cannot sign, or the result differs.
pub fn self_signed(
    profile: &Profile,
    key: &PrivateKey,
    random: &dyn SecureRandom,
) -> Result<Issued, IssueError> {
    let serial = serial(random)?;
    let signer = signer(profile.key_type, key)?;
    let mut params = params(profile, serial)?;
    if profile.subject.is_empty() {
        let (attribute, name) = NAMELESS;
        params.distinguished_name.push(attribute, name);
    }
    let made = params.self_signed(&signer).map_err(IssueError::Sign)?;
    let facts = verified(made.der(), profile, key, random)?;
    Ok(Issued { pem: pem::encode("CERTIFICATE", made.der()).to_string(), facts })
}

/// Makes a leaf certificate signed by `authority`, for the public key of `subject`, and reads it
/// back: besides what [`self_signed`] looks at, the issuer must be the CA's subject byte for byte,
/// the key identifier the CA's, and the signature must verify under the CA's key.
///
/// # Errors
/// [`IssueError`], when the CA's name constraints forbid it, the profile cannot be encoded, or the
/// result differs.
pub fn signed_by(
    authority: &Authority,
    profile: &Profile,
    subject: Subject<'_>,
    random: &dyn SecureRandom,
) -> Result<Issued, IssueError> {
    authority.allows(profile)?;
    let params = params(profile, serial(random)?)?;
    let issuer_key = signer(authority.key_type(), authority.key())?;
    let issuer = stand_in(authority, &issuer_key);
    let draft = match subject {
        Subject::Key(key) => {
            params.signed_by(&signer(profile.key_type, key)?, &issuer).map_err(IssueError::Sign)?
        }
        Subject::Request(request) => {
            let key = SubjectPublicKeyInfo::from_der(request.public_key_info());
            let key = key.map_err(IssueError::RequestKey)?;
            params.signed_by(&key, &issuer).map_err(IssueError::Sign)?
        }
    };
    let sign = |body: &[u8]| issuer_key.sign(body).map_err(IssueError::Sign);
    let made = splice::with_issuer(draft.der(), authority.name(), sign)?;
    let (facts, public) = cert::read(&made)?;
    let paired = match subject {
        Subject::Key(key) => key.pairs_with(&public, random) == Pairing::Match,
        Subject::Request(request) => request.public_key() == &public,
    };
    if !paired {
        return Err(IssueError::Differs("key and the one that was asked for"));
    }
    if facts.is_ca || facts.issuer_is_subject {
        return Err(IssueError::NamedAsCa { issuer: facts.issuer });
    }
    as_wished(&facts, profile)?;
    authority.confirm(&made)?;
    Ok(Issued { pem: pem::encode("CERTIFICATE", &made).to_string(), facts })
}

/// The issuer of a draft: the CA's key and key identifier, under no name yet. rcgen would read the
/// CA's certificate itself, and panics or refuses over names that are fine (see [`splice`]).
fn stand_in<'k>(authority: &Authority, key: &'k KeyPair) -> Issuer<'k, Unsigned<'k>> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    if let Some(id) = authority.key_identifier() {
        params.key_identifier_method = KeyIdMethod::PreSpecified(id.to_vec());
    }
    Issuer::new(params, Unsigned(key))
}

/// A key that signs nothing: a draft is signed once its issuer is in it.
struct Unsigned<'k>(&'k KeyPair);

impl PublicKeyData for Unsigned<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.der_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.0.algorithm()
    }
}

impl SigningKey for Unsigned<'_> {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(Vec::new())
    }
}

/// Whose public key a certificate is made for.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'s> {
    /// A key that is at hand.
    Key(&'s PrivateKey),
    /// The key of a request, whose private half is elsewhere.
    Request(&'s Request),
}

/// Makes a request (PKCS#10) for what the profile says and checks that it reads back.
///
/// # Errors
/// [`IssueError`], when the profile cannot be encoded or the key cannot sign.
pub fn request(profile: &Profile, key: &PrivateKey) -> Result<String, IssueError> {
    let mut params = params(profile, [0; 20])?;
    // A request has no serial number, and whether it is for a CA is not the requester's to say.
    params.serial_number = None;
    params.use_authority_key_identifier_extension = false;
    params.is_ca = IsCa::NoCa;
    let made = params
        .serialize_request(&signer(profile.key_type, key)?)
        .map_err(IssueError::SignRequest)?;
    let pem = pem::encode("CERTIFICATE REQUEST", made.der()).to_string();
    let read = Request::read(pem.as_bytes())?;
    if read.names != profile.names || read.key_type != profile.key_type {
        return Err(IssueError::RequestDiffers);
    }
    Ok(pem)
}

fn signer(wanted: KeyType, key: &PrivateKey) -> Result<KeyPair, IssueError> {
    let der = PrivatePkcs8KeyDer::from(key.pkcs8().expose());
    KeyPair::from_pkcs8_der_and_sign_algo(&der, algorithm(wanted))
        .map_err(|_| IssueError::Signer { key: key.key_type(), wanted })
}

fn algorithm(key_type: KeyType) -> &'static SignatureAlgorithm {
    match key_type {
        KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => &rcgen::PKCS_RSA_SHA256,
        KeyType::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        KeyType::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
        KeyType::Ed25519 => &rcgen::PKCS_ED25519,
    }
}

fn params(profile: &Profile, serial: [u8; 20]) -> Result<CertificateParams, IssueError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = distinguished_name(&profile.subject)?;
    params.subject_alt_names = profile.names.iter().map(san_type).collect::<Result<_, _>>()?;
    // rcgen looks at the local year to choose between UTCTime and GeneralizedTime.
    params.not_before = profile.not_before.to_offset(UtcOffset::UTC);
    params.not_after = profile.not_after.to_offset(UtcOffset::UTC);
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    // CA:FALSE said out loud; it is also what makes rcgen write a subject key identifier.
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = key_usages(profile.key_type);
    if profile.authority {
        // It signs leaves and no further CA (RFC 5280 §4.2.1.9).
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    }
    params.extended_key_usages =
        profile.extended_key_usage.iter().map(usage).collect::<Result<_, _>>()?;
    Ok(params)
}

/// keyEncipherment is for RSA key transport; on an EC key it is wrong (RFC 5480 §3).
fn key_usages(key_type: KeyType) -> Vec<KeyUsagePurpose> {
    match key_type {
        KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => {
            vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment]
        }
        KeyType::P256 | KeyType::P384 | KeyType::Ed25519 => vec![KeyUsagePurpose::DigitalSignature],
    }
}

fn usage(purpose: &KeyPurpose) -> Result<ExtendedKeyUsagePurpose, OidError> {
    Ok(match purpose {
        KeyPurpose::ServerAuth => ExtendedKeyUsagePurpose::ServerAuth,
        KeyPurpose::ClientAuth => ExtendedKeyUsagePurpose::ClientAuth,
        other => ExtendedKeyUsagePurpose::Other(other.oid().arcs()?),
    })
}

fn distinguished_name(attributes: &[Attribute]) -> Result<DistinguishedName, OidError> {
    let mut name = DistinguishedName::new();
    for attribute in attributes {
        let kind = attribute.kind.oid().arcs()?;
        name.push(DnType::from_oid(&kind), directory_string(attribute));
    }
    Ok(name)
}

/// Countries are `PrintableString` by definition (RFC 5280 appendix A); the rest is UTF-8.
fn directory_string(attribute: &Attribute) -> DnValue {
    match PrintableString::try_from(attribute.text.as_str()) {
        Ok(printable) if attribute.kind == oid::COUNTRY => DnValue::PrintableString(printable),
        _ => DnValue::Utf8String(attribute.text.clone()),
    }
}

fn san_type(name: &San) -> Result<SanType, IssueError> {
    let ia5 = |text: &String| {
        Ia5String::try_from(text.clone()).map_err(|_| IssueError::NotAscii(text.clone()))
    };
    Ok(match name {
        San::Dns(text) => SanType::DnsName(ia5(text)?),
        San::Email(text) => SanType::Rfc822Name(ia5(text)?),
        San::Uri(text) => SanType::URI(ia5(text)?),
        San::Ip(address) => SanType::IpAddress(*address),
        San::Other(form) => return Err(IssueError::Form(*form)),
    })
}

fn verified(
    der: &[u8],
    profile: &Profile,
    key: &PrivateKey,
    random: &dyn SecureRandom,
) -> Result<Certificate, IssueError> {
    let (facts, public) = cert::read(der)?;
    if key.pairs_with(&public, random) != Pairing::Match {
        return Err(IssueError::Differs("key and private key"));
    }
    if facts.is_ca != profile.authority || !facts.self_signed {
        return Err(IssueError::Differs("CA flag or signature"));
    }
    as_wished(&facts, profile)?;
    Ok(facts)
}

/// Whether the certificate says what the profile says.
fn as_wished(facts: &Certificate, profile: &Profile) -> Result<(), IssueError> {
    let wrong = |what| Err(IssueError::Differs(what));
    if facts.key_type != profile.key_type.kind() {
        return wrong("key type");
    }
    if facts.names != profile.names {
        return wrong("names");
    }
    if facts.not_before != profile.not_before || facts.not_after != profile.not_after {
        return wrong("dates");
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "ring seals its randomness: a test has no other")]
mod tests {
    use super::super::oid::Oid;
    use super::super::profile;
    use super::*;
    use ring::rand::SystemRandom;
    use std::collections::BTreeSet;
    use time::macros::datetime;
    use time::{Duration, OffsetDateTime};
    use x509_parser::prelude::{FromDer as _, ParsedExtension, X509Certificate};

    const NOW: OffsetDateTime = datetime!(2026-11-21 00:00 UTC);

    fn dns(names: &[&str]) -> Vec<San> {
        names.iter().map(|name| San::Dns((*name).to_owned())).collect()
    }

    fn profile(names: &[&str], key_type: KeyType) -> Profile {
        let dates = profile::dates(NOW, Duration::days(90)).expect("in range");
        Profile::server(dns(names), None, key_type, dates).expect("the names are good")
    }

    /// A key of this type from the test PKI, for making RSA keys takes long.
    fn key(key_type: KeyType) -> PrivateKey {
        let pem = match key_type {
            KeyType::Rsa2048 => include_str!("../../testdata/pki/rsa-2048-01.pem"),
            KeyType::Rsa3072 => include_str!("../../testdata/pki/rsa-3072.pem"),
            KeyType::Rsa4096 => include_str!("../../testdata/pki/rsa-4096.pem"),
            KeyType::P256 => include_str!("../../testdata/pki/ec-p256-01.pem"),
            KeyType::P384 => include_str!("../../testdata/pki/ec-p384.pem"),
            KeyType::Ed25519 => include_str!("../../testdata/pki/ed25519.pem"),
        };
        PrivateKey::from_pem(pem.as_bytes()).expect("the key is good")
    }

    /// The certificate of a profile, by the test key of its type.
    fn issued(profile: &Profile) -> Result<Issued, IssueError> {
        self_signed(profile, &key(profile.key_type), &SystemRandom::new())
    }

    fn der(issued: &Issued) -> Vec<u8> {
        let block = pem::blocks(issued.pem.as_bytes()).remove(0);
        block.der.expect("it was just encoded").expose().to_vec()
    }

    fn holds(der: &[u8], part: &[u8]) -> bool {
        der.windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn a_certificate_says_what_its_profile_says_whatever_its_key() {
        for key_type in KeyType::ALL {
            let wish = profile(&["a.example", "*.shop.example"], key_type);
            let made = issued(&wish).expect("it can be made");
            let (read, public) = cert::read(&der(&made)).expect("it can be read");
            assert_eq!(read, made.facts);
            assert_eq!(read.names, wish.names);
            assert_eq!((read.not_before, read.not_after), (wish.not_before, wish.not_after));
            assert_eq!((read.version, read.is_ca, read.self_signed), (3, false, true));
            assert_eq!((&*read.subject, &*read.issuer), ("CN=a.example", "CN=a.example"));
            assert_eq!(read.extended_key_usage, Some(vec![KeyPurpose::ServerAuth]));
            assert_eq!(read.key_type, key_type.kind());
            assert_eq!(Some(public.id()), key(key_type).public_id());
        }
    }

    #[test]
    fn only_rsa_keys_may_encipher_keys() {
        for key_type in KeyType::ALL {
            let der = der(&issued(&profile(&["a.example"], key_type)).expect("it can be made"));
            let (_, parsed) = X509Certificate::from_der(&der).expect("it can be read");
            let usages = parsed.extensions().iter().find_map(|e| match e.parsed_extension() {
                ParsedExtension::KeyUsage(usage) => Some(usage.flags),
                _ => None,
            });
            let is_rsa = key_type.as_str().starts_with("rsa");
            // Bit 0 is digitalSignature, bit 2 keyEncipherment (RFC 5280 §4.2.1.3).
            assert_eq!(usages, Some(if is_rsa { 0b101 } else { 0b001 }), "{key_type}");
        }
    }

    #[test]
    fn a_name_of_a_foreign_form_is_refused_by_that_form() {
        for (name, told) in [
            (San::Other(OtherSan::OtherName), "a name of the form otherName cannot be written"),
            (
                San::Other(OtherSan::DirectoryName),
                "a name of the form directoryName cannot be written",
            ),
            (San::Dns("münchen.example".to_owned()), "the name \"münchen.example\" is not ASCII"),
            (San::Email("ü@a.example".to_owned()), "the name \"ü@a.example\" is not ASCII"),
            (San::Uri("https://ü".to_owned()), "the name \"https://ü\" is not ASCII"),
        ] {
            let mut wish = profile(&["a.example"], KeyType::P256);
            wish.names.push(name);
            assert_eq!(issued(&wish).expect_err(told).to_string(), told);
        }
    }

    #[test]
    fn names_of_every_form_that_can_be_written_come_back_in_their_order() {
        let mut wish = profile(&["b.example"], KeyType::Ed25519);
        wish.names.extend([
            San::Ip("2001:db8::1".parse().expect("an address")),
            San::Email("ops@a.example".to_owned()),
            San::Ip("10.0.0.1".parse().expect("an address")),
            San::Uri("spiffe://a.example/web".to_owned()),
            San::Dns("a.example".to_owned()),
        ]);
        assert_eq!(issued(&wish).expect("it can be made").facts.names, wish.names);
    }

    #[test]
    fn a_key_that_is_not_of_the_profiles_type_is_refused() {
        for (wished, given) in [
            (KeyType::P256, KeyType::P384),
            (KeyType::P384, KeyType::P256),
            (KeyType::P256, KeyType::Rsa2048),
            (KeyType::Rsa2048, KeyType::P256),
            (KeyType::Ed25519, KeyType::P256),
            (KeyType::Rsa4096, KeyType::Rsa2048),
            (KeyType::Rsa2048, KeyType::Rsa3072),
        ] {
            let wish = profile(&["a.example"], wished);
            let refused = self_signed(&wish, &key(given), &SystemRandom::new());
            assert!(refused.is_err(), "a {given} key for a {wished} certificate");
        }
    }

    #[test]
    fn attributes_and_usages_that_are_no_object_identifiers_are_refused() {
        let mut wish = profile(&["a.example"], KeyType::P256);
        wish.extended_key_usage = vec![KeyPurpose::Other(Oid::of(&[0x55, 0x84]).into())];
        let told = "\"#5584\" is not an object identifier";
        assert_eq!(issued(&wish).expect_err(told).to_string(), told);
        let mut wish = profile(&["a.example"], KeyType::P256);
        wish.subject = vec![Attribute::new(Oid::of(&[]), "a.example")];
        let told = "\"#\" is not an object identifier";
        assert_eq!(issued(&wish).expect_err(told).to_string(), told);
    }

    #[test]
    fn identifiers_beyond_2_40_are_written_and_those_that_are_none_do_not_panic() {
        let mut wish = profile(&["a.example"], KeyType::P256);
        wish.subject = vec![Attribute::new(Oid::of(&[0x81, 0x02, 1]), "odd")];
        let other = KeyPurpose::Other(Oid::of(&[0x88, 0x37, 1]).into());
        wish.extended_key_usage = vec![KeyPurpose::ServerAuth, other];
        let made = issued(&wish).expect("it can be made").facts;
        assert_eq!((&*made.subject, &made.subject_attributes), ("2.50.1=odd", &wish.subject));
        assert_eq!(made.extended_key_usage.as_ref(), Some(&wish.extended_key_usage));
        // Padded; cut off; a second number of 2⁶⁴ − 1.
        let large = [0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x4f];
        for none in [&[0x80, 0x55][..], &[0x55, 0x84], &large] {
            let none = Oid::of(none);
            let mut wish = profile(&["a.example"], KeyType::P256);
            wish.subject = vec![Attribute::new(none, "odd")];
            assert!(issued(&wish).is_err(), "{none}");
            wish.subject = Vec::new();
            wish.extended_key_usage = vec![KeyPurpose::Other(none.into())];
            assert!(issued(&wish).is_err(), "{none}");
        }
    }

    #[test]
    fn foreign_usages_and_attributes_are_kept_in_their_order() {
        let mut wish = profile(&["a.example"], KeyType::P256);
        // Smart card logon, of Microsoft.
        let other = KeyPurpose::Other(Oid::of(&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 20, 2, 2]).into());
        wish.extended_key_usage = vec![KeyPurpose::ServerAuth, KeyPurpose::ClientAuth, other];
        wish.subject = vec![
            Attribute::new(oid::COUNTRY, "DE"),
            Attribute::new(oid::ORGANIZATION, "Käse ☕"),
            Attribute::new(oid::COMMON_NAME, "a.example"),
        ];
        let made = issued(&wish).expect("it can be made");
        assert_eq!(made.facts.extended_key_usage, Some(wish.extended_key_usage));
        assert_eq!(made.facts.subject_attributes, wish.subject);
        let der = der(&made);
        assert!(holds(&der, b"\x13\x02DE"), "a country is a PrintableString");
        assert!(holds(&der, b"\x0c\x09a.example"), "a common name is a UTF8String");
    }

    #[test]
    fn a_certificate_without_a_subject_still_has_an_issuer_with_a_name() {
        let long = format!("{}.example", "a".repeat(63));
        let wish = profile(&[&long], KeyType::P256);
        assert_eq!(wish.subject, [], "no name fits a common name");
        let made = issued(&wish).expect("it can be made").facts;
        assert_eq!((&*made.subject, &*made.issuer), ("O=certwright", "O=certwright"));
        assert_eq!(made.common_names().count(), 0, "nothing that could be taken for a host");
        assert_eq!(made.names, wish.names);
    }

    #[test]
    fn years_from_2050_on_are_written_as_generalized_time_in_utc() {
        for (not_after, written) in [
            (datetime!(2049-12-31 23:59:59 UTC), b"\x17\x0d491231235959Z".as_slice()),
            (datetime!(2050-01-01 00:00:00 UTC), b"\x18\x0f20500101000000Z"),
            (datetime!(9999-12-31 23:59:59 UTC), b"\x18\x0f99991231235959Z"),
            // The year that is looked at must be the one in UTC.
            (datetime!(2049-12-31 20:00:00 -5), b"\x18\x0f20500101010000Z"),
            (datetime!(2050-01-01 03:00:00 +5), b"\x17\x0d491231220000Z"),
        ] {
            let wish = Profile { not_after, ..profile(&["a.example"], KeyType::Ed25519) };
            let made = issued(&wish).expect("it can be made");
            assert_eq!(made.facts.not_after, not_after);
            assert!(holds(&der(&made), written), "{not_after}");
        }
    }

    #[test]
    fn a_date_that_a_certificate_cannot_say_is_refused_not_rounded() {
        let mut wish = profile(&["a.example"], KeyType::Ed25519);
        wish.not_after += Duration::milliseconds(1);
        let told = "the certificate that was made is not what was asked for: its dates differ";
        assert_eq!(issued(&wish).expect_err(told).to_string(), told);
    }

    #[test]
    fn serial_numbers_are_twenty_positive_bytes_and_never_the_same() {
        let random = SystemRandom::new();
        let serials: BTreeSet<[u8; 20]> =
            (0..100_000).map(|_| serial(&random).expect("randomness works")).collect();
        assert_eq!(serials.len(), 100_000);
        for serial in serials {
            assert!((0x40..0x80).contains(&serial[0]), "positive, and no byte is ever dropped");
        }
    }

    #[test]
    fn two_certificates_of_one_profile_and_key_differ_in_their_serial_number_alone() {
        let wish = profile(&["a.example"], KeyType::Ed25519);
        let (one, two) = (issued(&wish).expect("made"), issued(&wish).expect("made"));
        assert_ne!(one.facts.serial, two.facts.serial);
        let same =
            Certificate { serial: one.facts.serial.clone(), sha256: one.facts.sha256, ..two.facts };
        assert_eq!(same, one.facts);
    }
}

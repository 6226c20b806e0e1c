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
        return Err(IssueError::NamedAsCa { issuer: facts.issuer.to_string() });
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
    if read.asked.names != profile.names || read.key_type != profile.key_type {
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
    if !profile.authority && !same_usages(facts, profile) {
        return wrong("extended key usages");
    }
    if facts.not_before != profile.not_before || facts.not_after != profile.not_after {
        return wrong("dates");
    }
    Ok(())
}

/// Whether every usage that was wished for is there and no other; they are read in an order of their
/// own.
fn same_usages(facts: &Certificate, profile: &Profile) -> bool {
    let (there, wished) =
        (facts.extended_key_usage.as_deref().unwrap_or_default(), &profile.extended_key_usage);
    there.iter().all(|one| wished.contains(one)) && wished.iter().all(|one| there.contains(one))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "ring seals its randomness: a test has no other")]
mod tests;

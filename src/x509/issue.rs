//! Issuing: a profile, a key and a serial number in, a certificate out, checked before it is
//! handed on.
//!
//! Knows what a leaf must hold to be taken everywhere (RFC 5280, and what peers got wrong).
//! Refuses to know where the key came from and where the certificate goes.

use super::cert::{self, Certificate, OID_CLIENT_AUTH, OID_SERVER_AUTH, San};
use super::key::{Pairing, PrivateKey};
use super::pem;
use super::profile::{KeyType, Profile};
use rcgen::string::{Ia5String, PrintableString};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType, SerialNumber, SignatureAlgorithm,
};
use ring::rand::SecureRandom;
use rustls_pki_types::PrivatePkcs8KeyDer;
use time::UtcOffset;

/// id-at-countryName.
const OID_COUNTRY: &str = "2.5.4.6";
/// What a self-signed certificate without any subject is called. It is its own issuer, and an
/// issuer must have a name (RFC 5280 §4.1.2.4; pyca/cryptography refuses one that has none). An
/// organisation, for a common name might be taken for a host.
const NAMELESS: (DnType, &str) = (DnType::OrganizationName, "certwright");

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
/// A sentence, when the random source fails.
fn serial(random: &dyn SecureRandom) -> Result<[u8; 20], String> {
    let mut bytes = [0; 20];
    random.fill(&mut bytes).map_err(|_| "the system's random source failed".to_owned())?;
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    Ok(bytes)
}

/// Makes a self-signed leaf certificate with a random serial number and reads it back: nothing is
/// handed on whose pair, names or dates are not what the profile says.
///
/// # Errors
/// A sentence, when the profile cannot be encoded, the key cannot sign, or the result differs.
pub fn self_signed(
    profile: &Profile,
    key: &PrivateKey,
    random: &dyn SecureRandom,
) -> Result<Issued, String> {
    let serial = serial(random)?;
    let signer = signer(profile.key_type, key)?;
    let mut params = params(profile, serial)?;
    if profile.subject.is_empty() {
        let (attribute, name) = NAMELESS;
        params.distinguished_name.push(attribute, name);
    }
    let made = params
        .self_signed(&signer)
        .map_err(|error| format!("the certificate could not be signed: {error}"))?;
    let facts = verified(made.der(), profile, key, random)?;
    Ok(Issued { pem: pem::encode("CERTIFICATE", made.der()).to_string(), facts })
}

fn signer(key_type: KeyType, key: &PrivateKey) -> Result<KeyPair, String> {
    let der = PrivatePkcs8KeyDer::from(key.pkcs8().expose());
    KeyPair::from_pkcs8_der_and_sign_algo(&der, algorithm(key_type)).map_err(|_| {
        format!("the {} key cannot be used to sign a {key_type} certificate", key.key_type())
    })
}

fn algorithm(key_type: KeyType) -> &'static SignatureAlgorithm {
    match key_type {
        KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => &rcgen::PKCS_RSA_SHA256,
        KeyType::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        KeyType::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
        KeyType::Ed25519 => &rcgen::PKCS_ED25519,
    }
}

fn params(profile: &Profile, serial: [u8; 20]) -> Result<CertificateParams, String> {
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
    params.extended_key_usages =
        profile.extended_key_usage.iter().map(|oid| usage(oid)).collect::<Result<_, _>>()?;
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

fn usage(oid: &str) -> Result<ExtendedKeyUsagePurpose, String> {
    Ok(match oid {
        OID_SERVER_AUTH => ExtendedKeyUsagePurpose::ServerAuth,
        OID_CLIENT_AUTH => ExtendedKeyUsagePurpose::ClientAuth,
        other => ExtendedKeyUsagePurpose::Other(arcs(other)?),
    })
}

fn distinguished_name(attributes: &[(String, String)]) -> Result<DistinguishedName, String> {
    let mut name = DistinguishedName::new();
    for (oid, text) in attributes {
        name.push(DnType::from_oid(&arcs(oid)?), directory_string(oid, text));
    }
    Ok(name)
}

/// Countries are `PrintableString` by definition (RFC 5280 appendix A); the rest is UTF-8.
fn directory_string(oid: &str, text: &str) -> DnValue {
    match PrintableString::try_from(text) {
        Ok(printable) if oid == OID_COUNTRY => DnValue::PrintableString(printable),
        _ => DnValue::Utf8String(text.to_owned()),
    }
}

fn arcs(oid: &str) -> Result<Vec<u64>, String> {
    oid.split('.')
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|_| format!("{oid:?} is not an object identifier"))
}

fn san_type(name: &San) -> Result<SanType, String> {
    let ia5 = |text: &String| {
        Ia5String::try_from(text.clone()).map_err(|_| format!("the name {text:?} is not ASCII"))
    };
    Ok(match name {
        San::Dns(text) => SanType::DnsName(ia5(text)?),
        San::Email(text) => SanType::Rfc822Name(ia5(text)?),
        San::Uri(text) => SanType::URI(ia5(text)?),
        San::Ip(address) => SanType::IpAddress(*address),
        San::Other(form) => return Err(format!("a name of the form {form} cannot be written")),
    })
}

fn verified(
    der: &[u8],
    profile: &Profile,
    key: &PrivateKey,
    random: &dyn SecureRandom,
) -> Result<Certificate, String> {
    let (facts, public) = cert::read(der)?;
    let wrong = |what: &str| {
        Err(format!("the certificate that was made is not what was asked for: its {what} differ"))
    };
    if key.pairs_with(&public, random) != Pairing::Match {
        return wrong("key and private key");
    }
    if facts.key_type != profile.key_type.as_str() {
        return wrong("key type");
    }
    if facts.names != profile.names {
        return wrong("names");
    }
    if facts.not_before != profile.not_before || facts.not_after != profile.not_after {
        return wrong("dates");
    }
    if facts.is_ca || !facts.self_signed {
        return wrong("CA flag or signature");
    }
    Ok(facts)
}

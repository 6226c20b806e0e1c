//! Signatures in certificates and requests: whether one is that of a key, as far as ring can tell.
//!
//! Knows algorithm identifiers (RFC 4055, RFC 5758, RFC 8410). x509-parser says of all it cannot
//! check that it does not verify; here that is an answer of its own. Refuses to know trust.

use super::cert;
use super::key::PublicKey;
use super::oid;
use super::possession;
use ring::signature::UnparsedPublicKey;
use x509_parser::signature_algorithm::SignatureAlgorithm;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

/// What a signature proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is that of the key.
    Verifies,
    /// It is not.
    Differs,
    /// Nobody here can check one of this algorithm, named for people.
    Unchecked(String),
}

/// Whether `signature` over `message` is that of `key`.
pub(super) fn verify(
    algorithm: &AlgorithmIdentifier<'_>,
    key: &SubjectPublicKeyInfo<'_>,
    message: &[u8],
    signature: &[u8],
) -> Verdict {
    let public = PublicKey::of_certificate(key);
    let bits = key.subject_public_key.data.as_ref();
    let known = scheme(algorithm).and_then(|scheme| possession::algorithm(scheme, &public, bits));
    match known.map(|(known, key)| UnparsedPublicKey::new(known, key).verify(message, signature)) {
        Some(Ok(())) => Verdict::Verifies,
        Some(Err(_)) => Verdict::Differs,
        None if is_of_another_kind(algorithm, &public) => Verdict::Differs,
        None => Verdict::Unchecked(cert::signature_text(algorithm).into_owned()),
    }
}

/// Whether a key of this kind makes no signatures of that algorithm at all (RFC 8017, RFC 5758, RFC
/// 8410).
fn is_of_another_kind(algorithm: &AlgorithmIdentifier<'_>, key: &PublicKey) -> bool {
    let oid = oid::dotted(algorithm.algorithm.as_bytes());
    let is_rsa = oid.starts_with("1.2.840.113549.1.1.") || oid == "1.3.14.3.2.29";
    let is_ecdsa = oid.starts_with("1.2.840.10045.4.");
    let (is_ed25519, is_ed448) = (oid == "1.3.101.112", oid == "1.3.101.113");
    match key {
        PublicKey::Rsa { .. } => is_ecdsa || is_ed25519 || is_ed448,
        PublicKey::Ec { .. } => is_rsa || is_ed25519 || is_ed448,
        PublicKey::Ed25519(_) => is_rsa || is_ecdsa || is_ed448,
        PublicKey::Other { .. } => false,
    }
}

/// The number that TLS has for the algorithm (RFC 8446 §4.2.3): what ring can verify is listed by
/// those.
fn scheme(algorithm: &AlgorithmIdentifier<'_>) -> Option<u16> {
    Some(match oid::dotted(algorithm.algorithm.as_bytes()).as_str() {
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => 0x0201,
        "1.2.840.113549.1.1.11" => 0x0401,
        "1.2.840.113549.1.1.12" => 0x0501,
        "1.2.840.113549.1.1.13" => 0x0601,
        "1.2.840.10045.4.3.2" => 0x0403,
        "1.2.840.10045.4.3.3" => 0x0503,
        "1.3.101.112" => 0x0807,
        "1.2.840.113549.1.1.10" => return pss_scheme(algorithm),
        _ => return None,
    })
}

/// RSA-PSS by its parameters: ring takes one digest for both places, and salts as long as it.
fn pss_scheme(algorithm: &AlgorithmIdentifier<'_>) -> Option<u16> {
    let Ok(SignatureAlgorithm::RSASSA_PSS(pss)) = SignatureAlgorithm::try_from(algorithm) else {
        return None;
    };
    let digest = pss.hash_algorithm_oid();
    let mask = pss.mask_gen_algorithm().ok()?;
    if mask.hash.as_bytes() != digest.as_bytes() {
        return None;
    }
    match (oid::dotted(digest.as_bytes()).as_str(), pss.salt_length()) {
        ("2.16.840.1.101.3.4.2.1", 32) => Some(0x0804),
        ("2.16.840.1.101.3.4.2.2", 48) => Some(0x0805),
        ("2.16.840.1.101.3.4.2.3", 64) => Some(0x0806),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::pem;
    use super::*;
    use rcgen::{CertificateParams, KeyPair};
    use x509_parser::certificate::X509Certificate;
    use x509_parser::prelude::FromDer as _;

    fn self_signed(key: &str) -> Vec<u8> {
        let key = KeyPair::from_pem(key).expect("the key is good");
        CertificateParams::default().self_signed(&key).expect("it can be made").der().to_vec()
    }

    #[test]
    fn a_key_of_another_kind_signed_nothing_and_one_of_the_same_kind_is_asked() {
        let rsa = pem::blocks(include_bytes!("../../testdata/pki/root-ca.crt.pem")).remove(0).der;
        let rsa = rsa.expect("the PEM is good").expose().to_vec();
        let ec = self_signed(include_str!("../../testdata/pki/ec-p256-01.pem"));
        let ec_other = self_signed(include_str!("../../testdata/pki/ec-p256-02.pem"));
        let edwards = self_signed(include_str!("../../testdata/pki/ed25519.pem"));
        let all = [&rsa, &ec, &ec_other, &edwards];
        for (at, signed) in all.iter().enumerate() {
            let (_, signed) = X509Certificate::from_der(signed).expect("it can be read");
            for (of, key) in all.iter().enumerate() {
                let (_, key) = X509Certificate::from_der(key).expect("it can be read");
                let (algorithm, bits) = (&signed.signature_algorithm, &signed.signature_value.data);
                let body = signed.tbs_certificate.as_ref();
                let verdict = verify(algorithm, key.public_key(), body, bits);
                let expected = if at == of { Verdict::Verifies } else { Verdict::Differs };
                assert_eq!(verdict, expected, "{at} under the key of {of}");
            }
        }
    }
}

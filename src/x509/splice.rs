//! A certificate that was drafted, with its issuer's name put in as it stands, byte for byte, and
//! signed then.
//!
//! Knows the outline of a certificate (RFC 5280 §4.1). rcgen keeps one value for each attribute of a
//! name, so names with `DC=corp, DC=example`, two units, several attributes in one RDN or strings
//! of old kinds are not its to write, and an issuer must be the CA's subject to the byte (§7.1).
//! Refuses to know keys: whoever signs is handed in.

use super::der::sequence;
use pkcs8::der::asn1::{AnyRef, BitStringRef};
use pkcs8::der::{self, Decode as _, Encode as _, Reader as _, SliceReader};

/// Why a draft cannot be completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpliceError {
    /// It is no certificate.
    #[error("the certificate that was drafted: {0}")]
    Draft(der::Error),
    /// It is of version 1 or 2, and begins with its serial number.
    #[error("the certificate that was drafted is not of version 3")]
    Version,
}

/// `draft` (a certificate, DER, version 3) with `issuer` (a `Name`, DER) as its issuer, signed by
/// `sign`.
///
/// # Errors
/// [`SpliceError`], when the draft is no such certificate, or what `sign` says.
pub(super) fn with_issuer<E: From<SpliceError>>(
    draft: &[u8],
    issuer: &[u8],
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
) -> Result<Vec<u8>, E> {
    // Certificate = { body, algorithm, signature }; body = { version, serial number, algorithm,
    // issuer, … }. All but issuer and signature are taken over as they stand, header and all; only
    // the two SEQUENCEs around them get new lengths. The algorithm stands in the draft twice, and
    // `sign` must be by that one.
    let unreadable = |error: der::Error| SpliceError::Draft(error);
    let [body, algorithm] = parts(draft).map_err(unreadable)?;
    let [version, serial, inner_algorithm, _] = parts(body).map_err(unreadable)?;
    if !version.starts_with(&[0xa0]) {
        return Err(SpliceError::Version.into());
    }
    let content = AnyRef::from_der(body).map_err(unreadable)?.value();
    let before = [version, serial, inner_algorithm].concat();
    let mut rest = SliceReader::new(content).map_err(unreadable)?;
    for _ in 0..4 {
        rest.tlv_bytes().map_err(unreadable)?;
    }
    let behind = rest.read_slice(rest.remaining_len()).map_err(unreadable)?;
    let body = sequence(&[&before, issuer, behind]);
    let signature = sign(&body)?;
    let signature = BitStringRef::from_bytes(&signature).and_then(|bits| bits.to_der());
    Ok(sequence(&[&body, algorithm, &signature.map_err(unreadable)?]))
}

/// The first elements of a SEQUENCE, each with its tag and length.
fn parts<const COUNT: usize>(whole: &[u8]) -> der::Result<[&[u8]; COUNT]> {
    let mut reader = SliceReader::new(AnyRef::from_der(whole)?.value())?;
    let mut parts = [&[][..]; COUNT];
    for part in &mut parts {
        *part = reader.tlv_bytes()?;
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::super::{cert, pem};
    use super::*;
    use pkcs8::der::Tag;

    #[derive(Debug, PartialEq)]
    enum Refused {
        BySigner,
        Draft,
    }

    impl From<SpliceError> for Refused {
        fn from(_: SpliceError) -> Self {
            Self::Draft
        }
    }

    #[test]
    fn only_issuer_and_signature_change() {
        let text = include_bytes!("../../testdata/pki/root-ca.crt.pem");
        let block = pem::blocks(text).remove(0).der.expect("it is good");
        let draft = block.expose();
        // A T61String as CN, and two units in one RDN.
        let rdn = |parts: &[&[u8]]| AnyRef::new(Tag::Set, &parts.concat()).unwrap().to_der();
        let attribute = |oid: &[u8], text: &str| {
            let text = AnyRef::new(Tag::TeletexString, text.as_bytes()).unwrap().to_der();
            let oid = AnyRef::new(Tag::ObjectIdentifier, oid).unwrap().to_der();
            sequence(&[&oid.unwrap(), &text.unwrap()])
        };
        let (o, two) = (attribute(&[85, 4, 10], "b"), attribute(&[85, 4, 10], "c"));
        let issuer = sequence(&[
            &rdn(&[&attribute(&[85, 4, 3], &"a".repeat(200))]).unwrap(),
            &rdn(&[&o, &two]).unwrap(),
        ]);
        let made =
            with_issuer(draft, &issuer, |body| Ok::<_, SpliceError>(vec![7; body.len() % 100]))
                .unwrap();
        let (before, _) = cert::read(draft).expect("it can be read");
        let (after, _) = cert::read(&made).expect("it can be read");
        assert_eq!(*after.issuer, format!("CN={}, O=b+O=c", "a".repeat(200)));
        let same = cert::Certificate {
            issuer: before.issuer.clone(),
            issuer_name: before.issuer_name,
            issuer_is_subject: before.issuer_is_subject,
            self_signed: before.self_signed,
            sha256: before.sha256,
            ..after
        };
        assert_eq!(same, before);
    }

    #[test]
    fn what_is_no_certificate_is_refused_and_who_signs_may_refuse() {
        for draft in [&[][..], b"\x30\x00", b"\x30\x02\x30\x00", b"no certificate"] {
            let made = with_issuer(draft, b"\x30\x00", |_| Ok::<_, SpliceError>(Vec::new()));
            assert!(matches!(made, Err(SpliceError::Draft(_))), "{made:?}");
        }
        let old = include_bytes!("../../testdata/pki/guide.crt.pem");
        let old = pem::blocks(old).remove(0).der.expect("it is good");
        let refused = with_issuer(old.expose(), b"\x30\x00", |_| Ok(Vec::new()));
        assert_eq!(refused, Err(SpliceError::Version));
        let text = include_bytes!("../../testdata/pki/root-ca.crt.pem");
        let block = pem::blocks(text).remove(0).der.expect("it is good");
        let refused = with_issuer(block.expose(), b"\x30\x00", |_| Err(Refused::BySigner));
        assert_eq!(refused, Err(Refused::BySigner));
    }
}

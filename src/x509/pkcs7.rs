//! PKCS#7 (RFC 2315, RFC 5652): the certificates that a CA sends as `.p7b` or `.p7c`.
//!
//! Knows where they stand. Refuses to know signatures and anything else that is signed with it.

use super::oid::{self, Oid};
use x509_parser::asn1_rs::{Any, Class, FromDer as _, Tag};

/// The certificates of a `SignedData`, DER, in their order; none where it is not one.
#[must_use]
pub fn certificates(der: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (_, outer) = Any::from_der(der).ok()?;
    let (rest, kind) = Any::from_der(outer.data).ok()?;
    if kind.tag() != Tag::Oid || Oid::of(kind.data) != oid::SIGNED_DATA {
        return None;
    }
    let (_, content) = Any::from_der(rest).ok()?;
    let (_, signed) = Any::from_der(content.data).ok()?;
    let mut rest = signed.data;
    while let Ok((next, part)) = Any::from_der(rest) {
        // certificates [0], behind version, digests and what is signed.
        if part.class() == Class::ContextSpecific && part.tag().0 == 0 {
            return Some(each(part.data));
        }
        rest = next;
    }
    Some(Vec::new())
}

/// The certificates of a set; what is of another form (attribute certificates) is passed over.
fn each(mut rest: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while let Ok((next, part)) = Any::from_der(rest) {
        if part.tag() == Tag::Sequence {
            found.push(rest[..rest.len() - next.len()].to_vec());
        }
        rest = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_signed_data_holds_no_certificates() {
        for der in [&b""[..], b"\x30\x00", b"\x30\x80", b"\x30\x03\x06\x01\x2a", b"text"] {
            assert_eq!(certificates(der), None, "{der:?}");
        }
        // The same with nothing behind its kind.
        let mut empty = vec![0x30, 15, 6, 9];
        empty.extend_from_slice(oid::SIGNED_DATA.octets());
        empty.extend_from_slice(&[0xa0, 2, 0x30, 0]);
        assert_eq!(certificates(&empty), Some(Vec::new()));
    }
}

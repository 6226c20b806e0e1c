//! Chains: the order in which the certificates of one `tls.crt` stand (RFC 8446 §4.4.2).
//!
//! Knows subject and issuer names only. Refuses to know trust: no root store, no signatures.

use super::cert::Certificate;

/// Where the order of a chain breaks: the certificate at `position` (from 0) was not issued by
/// the one that follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfOrder {
    /// Position of the certificate, from 0.
    pub position: usize,
    /// The issuer it names.
    pub expected: String,
    /// The subject of the certificate behind it.
    pub found: String,
}

/// Checks that every certificate is followed by its issuer, as servers must send them.
///
/// # Errors
/// The first place where that is not so.
pub fn check_order(chain: &[Certificate]) -> Result<(), OutOfOrder> {
    for (position, pair) in chain.windows(2).enumerate() {
        if pair[0].issuer != pair[1].subject {
            return Err(OutOfOrder {
                position,
                expected: pair[0].issuer.clone(),
                found: pair[1].subject.clone(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{cert, pem};
    use super::*;

    /// Certificates in, as `subject<issuer`; the first break out.
    fn check(chain: &[(&str, &str)]) -> String {
        let some = include_bytes!("../../testdata/pki/root-ca.crt.pem");
        let der = pem::blocks(some).remove(0).der.expect("the PEM is good");
        let (some, _) = cert::read(der.expose()).expect("the certificate is good");
        let named = |(subject, issuer): &(&str, &str)| Certificate {
            subject: (*subject).to_owned(),
            issuer: (*issuer).to_owned(),
            ..some.clone()
        };
        match check_order(&chain.iter().map(named).collect::<Vec<_>>()) {
            Ok(()) => "in order".to_owned(),
            Err(OutOfOrder { position, expected, found }) => {
                format!("{position}: expected {expected}, found {found}")
            }
        }
    }

    #[test]
    fn a_chain_is_in_order_when_every_certificate_is_followed_by_its_issuer() {
        let (leaf, middle, root) = (("leaf", "middle"), ("middle", "root"), ("root", "root"));
        for (chain, told) in [
            (vec![], "in order"),
            (vec![leaf], "in order"),
            (vec![root], "in order"),
            (vec![leaf, middle], "in order"),
            (vec![leaf, middle, root], "in order"),
            (vec![middle, leaf], "0: expected root, found leaf"),
            (vec![leaf, root], "0: expected middle, found root"),
            (vec![leaf, root, middle], "0: expected middle, found root"),
            (vec![leaf, middle, leaf], "1: expected root, found leaf"),
            (vec![leaf, leaf], "0: expected middle, found leaf"),
            (vec![root, leaf, middle], "0: expected root, found leaf"),
            // Cross-signed: the same subject twice, each issued by what follows it.
            (vec![leaf, ("middle", "middle"), ("middle", "root")], "in order"),
        ] {
            assert_eq!(check(&chain), told, "{chain:?}");
        }
    }

    #[test]
    fn the_real_chain_of_the_test_ca_is_in_order_one_way_only() {
        let of = |pem: &[u8]| {
            let der = pem::blocks(pem).remove(0).der.expect("the PEM is good");
            cert::read(der.expose()).expect("the certificate is good").0
        };
        let root = of(include_bytes!("../../testdata/pki/root-ca.crt.pem"));
        let middle = of(include_bytes!("../../testdata/pki/intermediate-ca.crt.pem"));
        assert_eq!(check_order(&[middle.clone(), root.clone()]), Ok(()));
        let broken = check_order(&[root.clone(), middle.clone()]).expect_err("the root is first");
        assert_eq!(
            (broken.position, broken.expected, broken.found),
            (0, root.issuer, middle.subject)
        );
    }
}

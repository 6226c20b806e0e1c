//! Certificates that stand in many places: an intermediate comes with every leaf that it signed, and is
//! kept once.
//!
//! Knows when two are the same facts. Refuses to know where they stand.

use crate::x509::cert::Certificate;
use std::collections::HashMap;
use std::sync::Arc;

/// The certificates of CAs that were seen, by fingerprint. There are few of them, so that none is let go
/// of.
#[derive(Debug, Default)]
pub(super) struct Shared(HashMap<[u8; 32], Arc<Certificate>>);

impl Shared {
    /// Puts those that are known in place of these. Leaves stand in one place, most of them.
    pub fn share(&mut self, certificates: &mut [Arc<Certificate>]) {
        for certificate in certificates.iter_mut().filter(|certificate| certificate.is_ca) {
            let known = self.0.entry(certificate.sha256).or_insert_with(|| Arc::clone(certificate));
            // Whose signature was tried depends on what stands beside it.
            if known == certificate {
                *certificate = Arc::clone(known);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::cert;
    use crate::x509::digest::PublicKeyId;
    use crate::x509::pem;

    fn of(text: &str) -> Arc<Certificate> {
        let block = pem::blocks(text.as_bytes()).remove(0);
        let der = block.der.expect("it is PEM");
        Arc::new(cert::read(der.expose()).expect("it can be read").0)
    }

    #[test]
    fn the_same_ca_is_kept_once_and_a_leaf_or_what_differs_stays() {
        let ca = || of(include_str!("../../testdata/pki/intermediate-ca.crt.pem"));
        let leaf = || of(include_str!("../../testdata/pki/guide.crt.pem"));
        let checked = || {
            let check = cert::SignatureCheck { key_id: PublicKeyId::of(b"another"), fits: true };
            Arc::new(Certificate { signature_checks: vec![check].into(), ..(*ca()).clone() })
        };
        let mut shared = Shared::default();
        let mut first = [leaf(), ca()];
        shared.share(&mut first);
        for (next, expected) in [(ca(), true), (checked(), false), (leaf(), false)] {
            let mut second = [next];
            shared.share(&mut second);
            assert_eq!(Arc::ptr_eq(&first[1], &second[0]), expected);
        }
    }
}

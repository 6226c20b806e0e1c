//! `ca.crt` of a Secret: what it holds, and whether the certificate beside it can be trusted by it.
//!
//! Knows which of its certificates stand above the leaf. Refuses to know dates against a clock, and
//! what a controller makes of it.

use super::Anchor;
use super::bundle::{self, Bundle, Damaged, OddlyWritten, ReadCertificates, Signatures};
use crate::x509::cert::Certificate;
use crate::x509::chain;
use crate::x509::signer;
use crate::x509::stray::Stray;
use ring::rand::SecureRandom;
use std::sync::Arc;

/// Facts of a `ca.crt` that is not empty.
#[derive(Debug)]
pub struct CaFile {
    /// Its certificates, in their order.
    pub anchors: Vec<Anchor>,
    /// What of it could not be read: the first, should they be very many.
    pub damaged: Vec<Damaged>,
    /// Certificates that others pass over for how they are written.
    pub odd: Vec<OddlyWritten>,
    /// Blocks in it that are no certificates.
    pub strays: Vec<Stray>,
    /// Whether the leaf can be trusted by one of them; none without a leaf that can be read.
    pub serves_leaf: Option<bool>,
}

impl CaFile {
    /// Judges a `ca.crt` beside the `tls.crt` and `tls.key` that it is for.
    #[must_use]
    pub fn beside(ca_crt: &[u8], pair: (&[u8], &[u8]), random: &dyn SecureRandom) -> Option<Self> {
        let (tls_crt, tls_key) = pair;
        let (_, file, _) = Bundle::of_secret(
            (Some(tls_crt), Some(tls_key)),
            Some(ca_crt),
            Signatures::Tried,
            random,
        );
        file
    }

    /// Whether no controller that reads `ca.crt` takes it: something in it is no certificate, or
    /// nothing in it is one that they see.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        !self.damaged.is_empty() || !self.strays.is_empty() || self.passed_over().is_some()
    }

    /// A certificate for which the whole is refused, since it is not seen: neither by OpenSSL nor by
    /// Go, in which the controllers that read `ca.crt` are written; or by Go alone, where that
    /// sees no other.
    #[must_use]
    pub fn passed_over(&self) -> Option<&OddlyWritten> {
        let unseen = self.odd.iter().filter(|odd| odd.what.is_unseen_by_go()).count();
        let none_is_seen = self.damaged.is_empty() && unseen >= self.anchors.len();
        let is_refused = |odd: &&OddlyWritten| {
            odd.what.is_as_good_as_broken() || (none_is_seen && odd.what.is_unseen_by_go())
        };
        self.odd.iter().find(is_refused)
    }

    /// Reads it beside the certificates of `tls.crt` (`ders` are theirs, in the same order), of
    /// which the one at `leaf` is the leaf. A value of no bytes at all is none.
    pub(super) fn of(
        bytes: &[u8],
        (certificates, ders): (&[Arc<Certificate>], &[Vec<u8>]),
        leaf: usize,
        signatures: Signatures,
    ) -> Option<Self> {
        if bytes.is_empty() {
            return None;
        }
        let mut read = bundle::read_certificates(bytes, signatures);
        if read.certificates.is_empty() && read.damaged.is_empty() {
            read.damaged.push(Damaged::instead(None));
        }
        let above = above(&read, (certificates, ders), leaf, signatures);
        let is_above = |place: usize| above.as_ref().is_some_and(|above| above.contains(&place));
        let anchors = read.certificates.iter().enumerate().map(|(place, facts)| Anchor {
            sha256: facts.sha256,
            subject: Arc::clone(&facts.subject),
            self_signed: facts.self_signed,
            not_before: facts.not_before,
            not_after: facts.not_after,
            serves_leaf: is_above(place),
        });
        Some(Self {
            anchors: anchors.collect(),
            damaged: read.damaged,
            odd: read.odd,
            strays: read.strays,
            serves_leaf: above.map(|above| !above.is_empty()),
        })
    }
}

/// The places of those that are in the leaf's chain, or signed one that is; nothing without a leaf
/// or without any certificate to look for.
fn above(
    read: &ReadCertificates,
    (certificates, ders): (&[Arc<Certificate>], &[Vec<u8>]),
    leaf: usize,
    signatures: Signatures,
) -> Option<Vec<usize>> {
    let anchors = read.certificates.as_slice();
    if leaf >= certificates.len() || anchors.is_empty() {
        return None;
    }
    let mut all = [certificates, anchors].concat();
    if signatures == Signatures::Tried {
        signer::check(&mut all, &[ders, &read.ders].concat());
    }
    let arrangement = chain::arrange(&all, Some(leaf));
    let chain = || arrangement.path.iter().chain(&arrangement.root).map(|place| &all[*place]);
    let own = &certificates[leaf];
    let fits = |anchor: &Certificate| {
        if own.self_signed {
            // Its own key alone signed it: the one that it replaced bears the same name.
            return anchor.key_id == own.key_id && anchor.subject_name.reads_as(&own.issuer_name);
        }
        chain().any(|one| one.sha256 == anchor.sha256 || chain::is_issuer_of(anchor, one))
    };
    let anchors = all.get(certificates.len()..).unwrap_or_default().iter().enumerate();
    Some(anchors.filter(|(_, anchor)| fits(anchor)).map(|(place, _)| place).collect())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "pairs are told by it; none is drawn here")]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, Issuer, KeyPair};
    use ring::rand::SystemRandom;

    const OLD: &str = include_str!("../../testdata/pki/ec-p256-01.pem");
    const NEW: &str = include_str!("../../testdata/pki/ec-p256-02.pem");

    /// A certificate of this name without key identifiers.
    fn params(serial: u8) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "web.example");
        params.serial_number = Some(vec![1, serial].into());
        params
    }

    fn made(serial: u8, with: &str) -> String {
        let key = KeyPair::from_pem(with).expect("the key is good");
        params(serial).self_signed(&key).expect("it can be made").pem()
    }

    #[test]
    fn a_self_signed_certificate_is_trusted_by_its_own_key_alone() {
        let (old, new) = (made(1, OLD), made(2, NEW));
        let renewed = made(3, NEW);
        let ca = KeyPair::from_pem(OLD).expect("the key is good");
        let issuer = Issuer::new(params(1), ca);
        let mut child = CertificateParams::default();
        child.distinguished_name.push(DnType::CommonName, "child.example");
        let key = KeyPair::from_pem(NEW).expect("the key is good");
        let child = child.signed_by(&key, &issuer).expect("it can be made").pem();
        for (what, ca_crt, leaf, serves) in [
            ("itself", &new, &new, true),
            ("the same key, made again", &renewed, &new, true),
            ("its predecessor of the same name", &old, &new, false),
            ("both", &format!("{old}{new}"), &new, true),
            ("its issuer", &old, &child, true),
            ("another of its issuer's name", &new, &child, false),
        ] {
            let pair = (leaf.as_bytes(), NEW.as_bytes());
            let file = CaFile::beside(ca_crt.as_bytes(), pair, &SystemRandom::new());
            assert_eq!(file.expect("it is not empty").serves_leaf, Some(serves), "{what}");
        }
    }

    #[test]
    fn what_its_readers_do_not_see_is_as_good_as_broken() {
        let (old, new) = (made(1, OLD), made(2, NEW));
        for (what, ca_crt, is_broken) in [
            ("as it should be", new.clone(), false),
            ("text before it", format!("# my CA\n{new}"), false),
            // Go, in which its readers are written, sees no block behind the mark.
            ("a byte order mark", format!("\u{feff}{new}"), true),
            ("one behind the mark is seen", format!("\u{feff}{old}{new}"), false),
            ("an old label", new.replace("CERTIFICATE", "X509 CERTIFICATE"), true),
            ("on one line", new.replace('\n', " "), true),
            ("on one line beside another", format!("{}\n{old}", new.replace('\n', " ")), true),
        ] {
            let pair = (new.as_bytes(), NEW.as_bytes());
            let file = CaFile::beside(ca_crt.as_bytes(), pair, &SystemRandom::new());
            assert_eq!(file.expect("it is not empty").is_broken(), is_broken, "{what}");
        }
    }
}

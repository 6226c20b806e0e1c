//! `ca.crt` of a Secret: what it holds, and whether the certificate beside it can be trusted by it.
//!
//! Knows which of its certificates stand above the leaf. Refuses to know dates against a clock, and
//! what a controller makes of it.

use super::Anchor;
use super::bundle::{self, Damaged, OddlyWritten};
use crate::x509::cert::Certificate;
use crate::x509::chain;
use crate::x509::signer;
use crate::x509::stray::Stray;

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
    /// Reads it beside the certificates of `tls.crt` (`ders` are theirs, in the same order), of
    /// which the one at `leaf` is the leaf. A value of no bytes at all is none.
    pub(super) fn of(
        bytes: &[u8],
        (certificates, ders): (&[Certificate], &[Vec<u8>]),
        leaf: usize,
    ) -> Option<Self> {
        if bytes.is_empty() {
            return None;
        }
        let mut read = bundle::read_certificates(bytes);
        if read.certificates.is_empty() && read.damaged.is_empty() {
            read.damaged.push(Damaged::instead(None));
        }
        let above = above(&read.certificates, &read.ders, (certificates, ders), leaf);
        let is_above = |place: usize| above.as_ref().is_some_and(|above| above.contains(&place));
        let anchors = read.certificates.iter().enumerate().map(|(place, facts)| Anchor {
            sha256: facts.sha256,
            subject: facts.subject.clone(),
            self_signed: facts.self_signed,
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
    anchors: &[Certificate],
    anchor_ders: &[Vec<u8>],
    (certificates, ders): (&[Certificate], &[Vec<u8>]),
    leaf: usize,
) -> Option<Vec<usize>> {
    if leaf >= certificates.len() || anchors.is_empty() {
        return None;
    }
    let mut all = [certificates, anchors].concat();
    signer::check(&mut all, &[ders, anchor_ders].concat());
    let arrangement = chain::arrange(&all, Some(leaf));
    let chain = || arrangement.path.iter().chain(&arrangement.root).map(|place| &all[*place]);
    let fits = |anchor: &Certificate| {
        chain().any(|one| one.sha256 == anchor.sha256 || chain::is_issuer_of(anchor, one))
    };
    let anchors = all.get(certificates.len()..).unwrap_or_default().iter().enumerate();
    Some(anchors.filter(|(_, anchor)| fits(anchor)).map(|(place, _)| place).collect())
}

//! Where the key or the certificate of a public key stands, for keys and certificates that stand apart.
//!
//! Knows which public keys may be asked for: those of whatever is not a certificate with its own key.
//! Refuses to know what is lost without which.

use super::Inventory;
use super::bundle::{Bundle, KeyState};
use super::key::{ObjectKey, at};
use crate::object_ref::ObjectRef;
use crate::x509::digest::PublicKeyId;
use crate::x509::key::Pairing;
use std::collections::HashMap;

/// By public key: where its private key or a certificate of it stands.
#[derive(Debug)]
pub(super) struct Halves(HashMap<PublicKeyId, Vec<Spot>>);

/// Where a bundle stands.
#[derive(Debug)]
enum Spot {
    Secret(ObjectKey),
    /// Of those behind the Secrets, from 0.
    Behind(usize),
}

impl Halves {
    fn of(inventory: &Inventory) -> Self {
        let apart = inventory.bundles().filter(|(_, bundle)| bundle.pairing != Pairing::Match);
        let wanted = apart.flat_map(|(_, bundle)| public_keys(bundle));
        let mut spots: HashMap<PublicKeyId, Vec<Spot>> =
            wanted.map(|wanted| (wanted, Vec::new())).collect();
        let mut note = |bundle: &Bundle, spot: &dyn Fn() -> Spot| {
            let mut last = None;
            for public in
                public_keys(bundle).filter(|public| last.replace(*public) != Some(*public))
            {
                if let Some(spots) = spots.get_mut(&public) {
                    spots.push(spot());
                }
            }
        };
        for secret in inventory.tls_secrets() {
            note(&secret.bundle, &|| Spot::Secret(ObjectKey::of(&secret.object)));
        }
        for (position, (_, bundle)) in inventory.other_bundles().enumerate() {
            note(bundle, &|| Spot::Behind(position));
        }
        Self(spots)
    }
}

/// Of its certificates and its key; some perhaps more than once.
fn public_keys(bundle: &Bundle) -> impl Iterator<Item = PublicKeyId> {
    let key = match &bundle.key {
        KeyState::Read { public_id, .. } => *public_id,
        KeyState::NotExpected
        | KeyState::Missing
        | KeyState::Unreadable(_)
        | KeyState::Encrypted => None,
    };
    bundle.certificates.iter().map(|certificate| certificate.key_id).chain(key)
}

impl Inventory {
    /// What has the private key or a certificate of this public key, in the order of
    /// [`Inventory::bundles`]; where the key is that of a certificate beside it everywhere, all bundles.
    pub fn bundles_with(&self, public: PublicKeyId) -> Vec<(&ObjectRef, &Bundle)> {
        let halves = self.halves.get_or_init(|| Halves::of(self));
        let Some(spots) = halves.0.get(&public) else { return self.bundles().collect() };
        let find = |spot: &Spot| match spot {
            Spot::Secret(key) => {
                self.secrets.get(at(key)).map(|secret| (&secret.object, &secret.bundle))
            }
            Spot::Behind(position) => self.other_bundles().nth(*position),
        };
        spots.iter().filter_map(find).collect()
    }
}

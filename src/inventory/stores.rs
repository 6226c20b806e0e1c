//! PKCS#12 stores in the files that were looked at: what protects each, beside what it holds.
//!
//! Certificates and key become a bundle like any other file's.

use super::Inventory;
use crate::object_ref::ObjectRef;
use crate::x509::pkcs12::{Protection, Store};
use ring::rand::SecureRandom;

/// What is known of a store beside its certificates and its key.
#[derive(Debug)]
pub struct StoreFacts {
    /// The file.
    pub object: ObjectRef,
    /// The names of its entries (`friendlyName`), from outside.
    pub names: Vec<String>,
    /// How many private keys are in it; the first one is looked at.
    pub keys: usize,
    /// How many symmetric keys are in it.
    pub secrets: usize,
    /// What protects it.
    pub protection: Protection,
}

impl Inventory {
    /// Every store that was opened.
    pub fn stores(&self) -> impl Iterator<Item = &StoreFacts> {
        self.stores.iter()
    }

    /// Takes what an opened store holds.
    pub fn absorb_store(&mut self, object: ObjectRef, store: &Store, random: &dyn SecureRandom) {
        self.stores.push(StoreFacts {
            object: object.clone(),
            names: store.names.clone(),
            keys: store.keys.len(),
            secrets: store.secrets,
            protection: store.protection.clone(),
        });
        self.absorb_file(object, &store.to_pem(random), random);
    }
}

//! The double that acts when it is told to: one pass a call, and nothing between.
//!
//! For tests that say what Google does, and when. Refuses to know paces and queues: a pass brings
//! about in no time what takes Google minutes.

use super::super::live::Live;
use super::engine::Engine;
use super::names::Scheme;
use std::ops::{Deref, DerefMut};

/// See the module. What a test may wish of Google is [`Engine`]'s.
pub struct ManagedCertificates(Engine);

impl ManagedCertificates {
    /// Controllers that have not looked yet. What they find at first, they take for their own work.
    pub fn new(live: &Live) -> Self {
        Self(Engine::new(live, Scheme::V2))
    }

    /// One pass: takes on new ManagedCertificates, writes every status, then their names on the
    /// Ingresses, then builds the load balancers.
    pub fn sync(&mut self) {
        self.0.pass();
    }

    /// Google's name of this certificate: `mcrt-<uuid>`.
    #[track_caller]
    pub fn certificate_name(&self, name: &str) -> &str {
        self.0.certificate_name(name).expect("a pass has seen it")
    }
}

impl Deref for ManagedCertificates {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.0
    }
}

impl DerefMut for ManagedCertificates {
    fn deref_mut(&mut self) -> &mut Engine {
        &mut self.0
    }
}

//! Observing: the world as Observations, one at a time, judged by nobody here.
//!
//! Knows the API server, manifests, PEM files, DNS and TLS servers. Refuses to know the inventory: it
//! is handed questions and hands on what it saw, also that it could not see.
#![expect(
    clippy::disallowed_methods,
    reason = "an IO module: it reads files, standard input and sockets, within deadlines"
)]

mod ahead;
mod annotations;
pub mod cert_values;
pub mod cluster;
mod delegations;
pub mod dns;
pub mod files;
pub mod gateways;
mod kubernetes;
mod makers;
pub mod manifest;
pub mod reach;
pub mod routes;
pub mod served;
mod trust;
mod trust_bundles;
mod workloads;

use crate::observation::Observation;

/// Takes what is seen, one at a time. A type of its own for each who takes would make each list anew.
pub type Take<'t> = dyn FnMut(Observation) + 't;

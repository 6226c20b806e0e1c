//! Applying: carrying out exactly what a plan lists, and deciding nothing.
//!
//! Here a certificate is written. Knows how certificate and key get into a cluster, into files, into
//! manifests; keys are made here, through a key source that tests replace. Refuses to know the
//! audit and how the world was observed.
#![expect(clippy::disallowed_methods, reason = "an IO module: it writes files")]

pub mod ahead;
pub mod cluster;
pub mod files;
pub mod keystore;
pub mod manifest_edit;
pub mod manifests;
pub mod overlap;
pub mod pair;
mod previous;
mod staged;
mod staging;

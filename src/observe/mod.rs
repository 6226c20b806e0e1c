//! Observing: the world as Observations, one at a time, judged by nobody here.
//!
//! Knows the API server, manifests, PEM files and DNS. Refuses to know the inventory: it is handed
//! questions and hands on what it saw, also that it could not see.
#![expect(
    clippy::disallowed_methods,
    reason = "an IO module: it reads files and standard input, and waits for DNS no longer than it should"
)]

pub mod cluster;
pub mod dns;
pub mod files;
mod kubernetes;
pub mod manifest;

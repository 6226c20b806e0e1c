//! What GKE's controllers read and write on objects, as names and constants.
//!
//! Knows annotation keys and which Ingress class is theirs. Refuses to know IO, clocks and
//! certificates.

pub mod annotations;
pub mod backend_config;
pub mod caa;
pub mod events;
pub mod health_check;
pub mod limits;
pub mod load_balancer;
pub mod managed;
pub mod meant;
pub mod presets;
pub mod schema;

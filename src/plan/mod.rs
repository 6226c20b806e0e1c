//! Plans: what is to be written, as a printable list that holds no secrets.
//!
//! Decisions about writing live here: which Secrets are rotated, refused or passed over, and what
//! the new certificate shall hold. Refuses to know key bytes, IO, the clock and randomness; `now`
//! is an argument. What a plan says is exactly what `apply` does.

pub mod bootstrap;
mod ca_crt;
pub mod follow_up;
pub mod goal;
pub mod judge;
pub mod load_balancer;
pub mod managed;
pub mod outcome;
pub mod package;
mod pinned;
pub mod previous;
pub mod readers;
pub mod restart;
pub mod rollback;
pub mod rotation;
pub mod served;
pub mod signing;
pub mod step;
pub mod trust;

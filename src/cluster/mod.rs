//! What talking to an API server needs: finding it, deadlines, retries, and errors that name the
//! verb, the resource and the namespace.
//!
//! Knows kube. Refuses to know what the objects mean.
#![expect(
    clippy::disallowed_methods,
    reason = "an IO module: it reads kubeconfigs, runs auth plugins and waits between tries"
)]

mod client;
mod clock;
mod configure;
mod connect;
mod credentials;
mod discovery;
pub mod error;
pub mod kubeconfig;
mod names;
mod pages;
mod plugin;
mod pod;
mod protobuf;
mod retry;
mod trouble;
pub mod webhook;

pub use client::{Client, PatchForm, Written};
pub use connect::{ConnectOptions, connect, contexts};
pub use pages::{PAGE_SIZE, Which};
pub use protobuf::Binary;

//! X.509 as pure functions: bytes in, facts out; a profile and a key in, a certificate out.
//!
//! Knows PEM, certificates (RFC 5280), private keys, host matching (RFC 9525) and how to issue.
//! Refuses to know Kubernetes, files, the clock, and any randomness but what it is handed.

pub mod authority;
pub mod cert;
pub mod chain;
pub mod dates;
pub mod defect;
pub mod foreign;
pub mod go;
pub mod instant;
pub mod issue;
pub mod key;
pub mod lead;
mod marks;
pub mod name;
pub mod name_constraints;
mod oid;
pub mod pem;
pub mod possession;
pub mod profile;
pub mod request;
mod rsa_key;
mod signature;
pub mod signer;
mod splice;
pub mod stray;
#[cfg(test)]
mod tests;
mod uri;

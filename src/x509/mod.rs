//! X.509 as pure functions: bytes in, facts out; a profile and a key in, a certificate out.
//!
//! Knows PEM, certificates (RFC 5280), private keys, host matching (RFC 9525) and how to issue.
//! Refuses to know Kubernetes, files, the clock, and any randomness but what it is handed.

pub mod algorithm;
pub mod assembly;
pub mod authority;
pub mod cert;
pub mod chain;
pub mod dates;
pub mod defect;
mod der;
pub mod digest;
pub mod dn;
pub mod foreign;
pub mod go;
pub mod issue;
pub mod key;
pub mod key_kind;
pub mod key_purpose;
pub mod name;
pub mod name_constraints;
pub mod oid;
pub mod pem;
pub mod pkcs12;
pub mod pkcs7;
pub mod possession;
pub mod profile;
pub mod public_key;
pub mod request;
pub mod roots;
mod rsa_key;
pub mod san;
pub mod signer;
mod splice;
pub mod stray;
mod uri;
pub mod verify;

#[cfg(test)]
mod tests;

//@ src/x509/key/rsa.rs
//! The one file that knows the crate.

use ::rsa::RsaPrivateKey;

//@ src/x509/profile.rs
//! The other.

fn size(key: &rsa::RsaPublicKey) {} //~ one-file-only

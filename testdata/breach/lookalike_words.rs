//@ src/audit/rules/expired.rs
//! `expired`: never uses crate::apply::run, kube::Api, tokio, std::fs or `SystemTime::now()`.

// use crate::plan::Plan; async fn, todo!(), #[allow(dead_code)], rustls_pemfile::certs
/* use std::fs; /* and nested: crate::commands::check */ */
/// use crate::world::World; async, rsa::RsaPrivateKey
const EXPLAIN: &str = "use crate::apply::run; async fn; todo!(); kube::Api; std::fs::read";
const RAW: &str = r#"#[allow(dead_code)] "tokio::spawn" SystemTime::now() "#;
const BYTES: &[u8] = b"rustls_pemfile::certs(std::env::args())";

#[doc = "crate::plan::Plan"]
fn r#async(todo: bool, kube: &Inventory) -> bool {
    let tokio = kube.std;
    let allow = [todo != tokio, kube.fs::<u8>(), matches!(tokio, Some(kube) if kube.env)];
    "a'b".contains('\'') && allow[0]
}

//@ src/x509/pem.rs
//! The other file of the pair only speaks of rustls_pemfile in its comments.

// rustls_pemfile::certs would do; so would rsa::RsaPublicKey.
const WHY: &str = "rustls_pemfile::certs";

//! Trust: which certificate a client should pin to connect to what a Secret serves.
//!
//! Decides by fingerprints and names. Refuses to know bytes: they are read where the Secret is, and
//! only if they still are what was decided on.

use crate::inventory::{Anchor, SecretFacts};
use crate::object_ref::ObjectRef;
use crate::x509::cert::Certificate;
use std::sync::Arc;

/// What a client is to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Nothing: the certificate is from a CA that clients trust already.
    Public,
    /// These certificates, and no others.
    Pin(Pin),
    /// Nobody here can tell: the certificate is in no Secret that can be seen.
    Unknown,
}

/// Certificates to pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The Secret they are in.
    pub secret: ObjectRef,
    /// Their SHA-256, in the order they are to be written.
    pub certificates: Vec<[u8; 32]>,
    /// What they are, for people.
    pub what: String,
}

/// What to pin for the certificate of a Secret: a self-signed one itself; else the CA at the top of
/// its chain, from `ca.crt` where that has it. A certificate whose issuer is in neither is pinned
/// itself, which gRPC and OpenSSL take.
#[must_use]
pub fn trust(secret: &SecretFacts) -> Trust {
    let Some(leaf) = secret.bundle.leaf() else { return Trust::Unknown };
    let pin = |certificates: Vec<[u8; 32]>, what: String| {
        Trust::Pin(Pin { secret: secret.object.clone(), certificates, what })
    };
    if leaf.self_signed {
        return pin(vec![leaf.sha256], "the self-signed certificate itself".to_owned());
    }
    if leaf.publicly_logged {
        return Trust::Public;
    }
    let top = top_of(&secret.bundle.certificates);
    let anchors = anchors_of(secret.anchors(), top);
    if !anchors.is_empty() {
        let name = if top.self_signed { &top.subject } else { &top.issuer };
        return pin(anchors, format!("the CA {name}, from ca.crt"));
    }
    if top.sha256 == leaf.sha256 {
        let what = format!(
            "the certificate itself, since its issuer {} is not in the Secret; Go and rustls want that issuer's",
            leaf.issuer
        );
        return pin(vec![leaf.sha256], what);
    }
    pin(vec![top.sha256], format!("the CA {}, the last of the chain", top.subject))
}

/// The certificate that the links from issuer to subject lead up to.
fn top_of(chain: &[Arc<Certificate>]) -> &Certificate {
    let mut top = &chain[0];
    for next in chain.iter().skip(1) {
        if next.subject != top.issuer || top.self_signed {
            break;
        }
        top = next;
    }
    top
}

/// Certificates of `ca.crt` for the CA at the top: that very one, or its issuer; roots alone where
/// there are roots. After a change of its key a CA has two of the same name; both are kept.
fn anchors_of(anchors: &[Anchor], top: &Certificate) -> Vec<[u8; 32]> {
    let wanted = |anchor: &&Anchor| anchor.subject == top.issuer || anchor.sha256 == top.sha256;
    let fitting: Vec<&Anchor> = anchors.iter().filter(wanted).collect();
    let roots: Vec<&&Anchor> = fitting.iter().filter(|anchor| anchor.self_signed).collect();
    let chosen = if roots.is_empty() { fitting.iter().collect() } else { roots };
    chosen.into_iter().map(|anchor| anchor.sha256).collect()
}

#[cfg(test)]
mod tests;

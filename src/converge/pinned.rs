//! The certificates that clients are to pin, fetched from where they were judged.
//!
//! Knows that the inventory keeps no bytes, so that they are read again. Refuses to judge: what is
//! pinned is the plan's.

use super::gather::{GatherError, Source};
use crate::audit::trust::Pin;
use crate::cluster::error::ClusterError;
use crate::observation::{Observation, SecretSeen};
use crate::observe::{self, files};
use crate::x509::{digest, pem};

/// Why the certificates to pin could not be had.
#[derive(Debug)]
pub enum TrustError {
    /// The place could not be read again.
    Gather(GatherError),
    /// The Secret does not hold them any more.
    Changed,
}

/// The PEM of the certificates to pin, read again where the Secret is: the inventory keeps facts
/// and no bytes. `kept` is what standard input held.
///
/// # Errors
/// [`TrustError`]; when the Secret has become another one since it was judged, nothing is given.
pub async fn pem_of(pin: &Pin, source: &Source, kept: &files::Kept) -> Result<Vec<u8>, TrustError> {
    let mut seen = Vec::new();
    match source {
        Source::Cluster { client, .. } => {
            let named = observe::cluster::named(client, &pin.secret).await;
            seen.push(named.map_err(|error: ClusterError| TrustError::Gather(error.into()))?);
        }
        Source::Files { paths, reading, namespace } => {
            let mut take = |observation| seen.push(observation);
            for (path, text) in kept {
                observe::manifest::read(path, text, namespace, &mut take);
            }
            let stdin = |path: &&std::path::PathBuf| path.as_os_str() != files::STDIN;
            let paths: Vec<_> = paths.iter().filter(stdin).cloned().collect();
            files::manifests(&paths, *reading, namespace, &mut take)
                .map_err(|error| TrustError::Gather(error.into()))?;
        }
    }
    let secret = seen.into_iter().find_map(|observation| match observation {
        Observation::Secret(secret) if secret.object == pin.secret => Some(secret),
        _ => None,
    });
    secret.and_then(|secret| chosen(&secret, pin)).ok_or(TrustError::Changed)
}

/// Exactly the certificates that were decided on, in that order.
fn chosen(secret: &SecretSeen, pin: &Pin) -> Option<Vec<u8>> {
    let values = ["tls.crt", "ca.crt"].into_iter().filter_map(|key| secret.data.get(key));
    let ders: Vec<_> = values
        .flat_map(|value| pem::blocks(value.expose()))
        .filter(|block| block.label == pem::Label::Certificate)
        .filter_map(|block| block.der.ok())
        .collect();
    let one = |sum: &[u8; 32]| {
        let der = ders.iter().find(|der| digest::sha256(der.expose()) == *sum)?;
        Some(pem::encode("CERTIFICATE", der.expose()).as_bytes().to_vec())
    };
    let pems: Option<Vec<Vec<u8>>> = pin.certificates.iter().map(one).collect();
    pems.map(|pems| pems.concat())
}

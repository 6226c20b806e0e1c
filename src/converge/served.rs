//! Waiting until what is served is what is stored, and fetching what clients are to pin.
//!
//! Knows the loop and how sure to be. Refuses to judge: what counts as served is the audit's.

use super::gather::{GatherError, Gathered, Looks, Source, gather};
use super::waiting::{SURE_AFTER, Server, Waiting};
use crate::audit::served::is_settled;
use crate::cluster::error::ClusterError;
use crate::inventory::Inventory;
use crate::inventory::selection::Selection;
use crate::observation::{Observation, SecretSeen};
use crate::observe::{self, files};
use crate::plan::trust::Pin;
use crate::world::World;
use crate::x509::{cert, pem};

/// What is told while it is waited for what is served.
#[derive(Debug)]
pub enum Told<'a> {
    /// A look has shown this.
    Seen(&'a Inventory),
    /// The API server went, or came back.
    Server(Server<'a>),
}

/// Looks, again and again, until every address of every chosen Ingress serves what is stored. A
/// first look that shows it is enough; later ones have to agree, for behind one address there are
/// many servers, which do not change in the same instant. Tells of every look; one that fails for want of a connection
/// to the API server is tried again.
///
/// # Errors
/// As [`gather`], for a first look that fails and for what no later look can mend.
pub async fn settled(
    source: &Source,
    selection: &Selection,
    looks: &Looks,
    world: &World,
    tell: &mut (dyn FnMut(Told<'_>) + Send),
) -> Result<Gathered, GatherError> {
    let mut waiting = Waiting::new(true);
    let (mut unsettled, mut settled) = (false, 0);
    loop {
        let look = || gather(source, selection.clone(), looks, world);
        let gathered = waiting.look(look, &mut |server| tell(Told::Server(server))).await?;
        tell(Told::Seen(&gathered.inventory));
        if is_settled(&gathered.inventory) {
            settled += 1;
            waiting.look_soon();
        } else {
            (unsettled, settled) = (true, 0);
        }
        if settled >= SURE_AFTER || (settled > 0 && !unsettled) {
            return Ok(gathered);
        }
        waiting.rest().await;
    }
}

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
        let der = ders.iter().find(|der| cert::sha256(der.expose()) == *sum)?;
        Some(pem::encode("CERTIFICATE", der.expose()).as_bytes().to_vec())
    };
    let pems: Option<Vec<Vec<u8>>> = pin.certificates.iter().map(one).collect();
    pems.map(|pems| pems.concat())
}

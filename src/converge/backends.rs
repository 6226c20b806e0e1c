//! Services, read where nothing else tells whether what stands behind an Ingress is gRPC and a judgement
//! depends on it.
//!
//! Refuses to judge: what depends on them is the audit's.

use super::gather::Probes;
use crate::audit::backends::undecided;
use crate::cluster::Client;
use crate::cluster::error::ClusterError;
use crate::inventory::Inventory;
use crate::observation::Observation;
use crate::observe;
use crate::world::World;
use std::collections::BTreeSet;

/// In so many namespaces Services are listed one by one; of more, all of a cluster's are at once.
const FEW: usize = 3;

/// Lists those of `namespace` (none: of all) where all are wanted, else those of the namespaces in which
/// a certificate is judged by them.
///
/// # Errors
/// [`ClusterError`] when the server cannot be asked at all.
pub(super) async fn look(
    client: &Client,
    namespace: Option<&str>,
    probes: &Probes,
    inventory: &mut Inventory,
    world: &World,
) -> Result<(), ClusterError> {
    let undecided = match (probes.backends, probes.grpc) {
        (false, true) => undecided(inventory, world.now()),
        (true, _) | (false, false) => BTreeSet::new(),
    };
    let scopes: Vec<Option<&str>> = match namespace {
        _ if probes.backends => vec![namespace],
        None if undecided.len() > FEW => vec![None],
        Some(_) | None => undecided.iter().map(|one| Some(one.as_str())).collect(),
    };
    let mut take = |seen: Observation| inventory.absorb(seen, world.random());
    for scope in scopes {
        observe::cluster::list_backends(client, scope, &mut take).await?;
    }
    Ok(())
}

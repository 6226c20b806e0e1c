//! Observing Gateway API: Gateways, and the routes that attach to them.
//!
//! Knows where routes of a Gateway may be. Refuses to know which hosts they serve.

use super::Take;
use super::cluster::can_go_on;
use super::kubernetes;
use super::reach::Reach;
use crate::cluster::Client;
use crate::cluster::error::ClusterError;
use crate::gateway_api::{GROUP, Gateway, HostRoute, ROUTES};
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::{ObjectSeen, Observation};
use std::collections::{BTreeMap, BTreeSet};

/// Lists the Gateways within reach and their routes, where the cluster knows such kinds. What may not be
/// listed is handed on as unseen.
///
/// # Errors
/// [`ClusterError`] when the server cannot be asked at all.
pub async fn list(reach: &Reach<'_>, take: &mut Take<'_>) -> Result<(), ClusterError> {
    if !reach.client.knows_group(GROUP).await? {
        return Ok(());
    }
    let served = reach.client.served_kinds(GROUP).await?;
    let Some(version) = served.get(Kind::Gateway.plural()) else { return Ok(()) };
    let (mut gateways, mut is_open) = (BTreeSet::new(), false);
    let mut note = |seen: Observation| {
        if let Observation::Object(seen) = &seen {
            is_open |= Gateway::of(&seen.spec, &seen.status).is_open();
            gateways.insert(seen.object.clone());
        }
        take(seen);
    };
    reach.each_of(Kind::Gateway, version, &mut note).await?;
    for (kind, version) in
        ROUTES.into_iter().filter_map(|kind| Some((kind, served.get(kind.plural())?)))
    {
        if !(is_open && list_everywhere(reach, (kind, version), &gateways, take).await?) {
            reach.each_of(kind, version, take).await?;
        }
    }
    Ok(())
}

/// Lists the routes of every namespace, where one was to be looked in and Gateways there let others in;
/// those that attach to none of them are nothing to it. Says whether that is permitted: who may read one
/// namespace alone looks at that one.
async fn list_everywhere(
    reach: &Reach<'_>,
    (kind, version): (Kind, &str),
    gateways: &BTreeSet<ObjectRef>,
    take: &mut Take<'_>,
) -> Result<bool, ClusterError> {
    let Some(own) = reach.namespace() else { return Ok(false) };
    let attaches = |route: &ObjectSeen| {
        let says = HostRoute::of(&route.spec);
        route.object.namespace() == own
            || says.gateways(&route.object).any(|it| gateways.contains(&it))
    };
    let mut routes = Vec::new();
    let mut note = |value| {
        let route = kubernetes::listed(kind, value);
        routes.extend(attaches(&route).then_some(route));
    };
    match reach.client.each_object_of(kind, (GROUP, version), None, &mut note).await {
        Err(error) if can_go_on(&error) => Ok(false),
        Err(error) => Err(error),
        Ok(()) => {
            routes.into_iter().map(Observation::Object).for_each(take);
            Ok(true)
        }
    }
}

/// Reads one Gateway that the user named.
///
/// # Errors
/// [`ClusterError`] also when it is not there or may not be read.
pub(super) async fn named(
    client: &Client,
    gateway: &ObjectRef,
) -> Result<Observation, ClusterError> {
    let served: BTreeMap<String, String> = client.served_kinds(GROUP).await?;
    let version = served.get(gateway.kind.plural()).map(String::as_str);
    let value = client.get_object_of(gateway, version).await?;
    Ok(Observation::Object(kubernetes::object_seen(gateway, value)))
}

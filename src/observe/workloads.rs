//! Workloads: Pods and what makes Pods, read for the Secrets that their templates name.
//!
//! Knows, as data, where a template names a Secret, and which kinds that are not read may name one. Keeps
//! no other word of a template. Refuses to know what is in a Secret, and what a rotation does to it.

use super::Take;
use super::cluster::can_go_on;
use super::makers;
use super::reach::Reach;
use crate::cluster::Client;
use crate::cluster::error::ClusterError;
use crate::object_ref::{Kind, ObjectRef, Place, check_object_name};
use crate::observation::programs::loads_once;
use crate::observation::workload::{How, WorkloadSeen};
use crate::observation::{Observation, Scope, TrustSeen};
use futures_util::{StreamExt as _, stream};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Every kind of workload.
const KINDS: [Kind; 7] = [
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::CronJob,
    Kind::ReplicaSet,
    Kind::Job,
    Kind::Pod,
];

/// Whose objects of a kind tell nothing that their controller's do not: kind and API group. Those of any
/// other controller (a Rollout, a Kafka cluster) are looked at themselves.
const OWNERS: [(Kind, &[(&str, &str)]); 3] = [
    (
        Kind::Pod,
        &[
            ("ReplicaSet", "apps"),
            ("StatefulSet", "apps"),
            ("DaemonSet", "apps"),
            ("Job", "batch"),
            // The mirror of a static Pod, which can name no Secret.
            ("Node", ""),
        ],
    ),
    (Kind::ReplicaSet, &[("Deployment", "apps")]),
    (Kind::Job, &[("CronJob", "batch")]),
];

/// API groups whose objects name Secrets that are then read through the API server, where no template
/// shows it; one that begins with a dot stands for all below it. Each with whose it is.
const OTHERS: [(&str, &str); 26] = [
    ("gateway.networking.k8s.io", "Gateway API"),
    ("networking.istio.io", "Istio"),
    ("traefik.io", "Traefik"),
    ("traefik.containo.us", "Traefik"),
    ("projectcontour.io", "Contour"),
    (".konghq.com", "Kong"),
    ("apisix.apache.org", "APISIX"),
    ("getambassador.io", "Emissary"),
    (".getambassador.io", "Emissary"),
    (".solo.io", "Gloo"),
    (".kgateway.dev", "kgateway"),
    ("k8s.nginx.org", "NGINX"),
    ("gateway.nginx.org", "NGINX"),
    ("cis.f5.com", "F5"),
    ("route.openshift.io", "OpenShift"),
    ("operator.openshift.io", "OpenShift"),
    ("config.openshift.io", "OpenShift"),
    ("serving.knative.dev", "Knative"),
    ("external-secrets.io", "External Secrets"),
    ("trust.cert-manager.io", "trust-manager"),
    ("kyverno.io", "Kyverno"),
    ("monitoring.coreos.com", "Prometheus Operator"),
    ("source.toolkit.fluxcd.io", "Flux"),
    ("argoproj.io", "Argo"),
    ("cilium.io", "Cilium"),
    ("monitoring.googleapis.com", "Managed Prometheus"),
];

/// How many objects are read one by one before the whole list is.
const FEW: usize = 32;
/// Requests at once; each is a connection.
const PARALLEL: usize = 8;

/// The workload that an object is; none for other kinds, and for one without a name.
pub(super) fn of(
    value: &Value,
    (kind, group): (&str, &str),
    place: Option<&Place>,
    namespace: &str,
) -> Option<WorkloadSeen> {
    let ours = |known: &&Kind| {
        known.as_str() == kind && known.resource().is_some_and(|(known, ..)| known == group)
    };
    let kind = *KINDS.iter().find(ours)?;
    let within = text(value, "/metadata/namespace").unwrap_or(namespace);
    let object = ObjectRef::namespaced(kind, within, text(value, "/metadata/name")?);
    let spec = value.pointer(template(kind)).unwrap_or(&Value::Null);
    Some(WorkloadSeen {
        reads: reads(spec, within),
        once: once(spec, within),
        rollout: rollout::of(value, kind).filter(|_| place.is_none()).map(Box::new),
        object: object.at(place.cloned()),
    })
}

/// Where the kind has the spec of its Pods.
const fn template(kind: Kind) -> &'static str {
    match kind {
        Kind::Pod => "/spec",
        Kind::CronJob => "/spec/jobTemplate/spec/template/spec",
        _ => "/spec/template/spec",
    }
}

/// The Secrets that the spec of a Pod names, and how; each pair once.
fn reads(spec: &Value, namespace: &str) -> Vec<(ObjectRef, How)> {
    let mut found: BTreeSet<(ObjectRef, How)> = BTreeSet::new();
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    let containers: Vec<&Value> = lists.iter().flat_map(|list| items(spec, list)).collect();
    let mut take = |name: &str, how: How| {
        if check_object_name(name).is_ok() {
            found.insert((ObjectRef::secret(namespace, name), how));
        }
    };
    for volume in items(spec, "volumes") {
        for (secret, how) in of_volume(volume) {
            for how in mounted(&containers, text(volume, "/name").unwrap_or_default(), how) {
                take(secret, how);
            }
        }
    }
    for container in &containers {
        for variable in items(container, "env") {
            if let Some(name) = text(variable, "/valueFrom/secretKeyRef/name") {
                take(name, How::Env);
            }
        }
        for source in items(container, "envFrom") {
            if let Some(name) = text(source, "/secretRef/name") {
                take(name, How::Env);
            }
        }
    }
    let words = containers.iter().flat_map(|container| arguments(container, namespace));
    found.extend(words.map(|secret| (secret, How::Argument)));
    found.into_iter().collect()
}

/// The Secrets of volumes that a program mounts which reads its files once, and the program.
fn once(spec: &Value, namespace: &str) -> Vec<(ObjectRef, &'static str)> {
    let mut found = Vec::new();
    for container in items(spec, "containers") {
        let Some(program) = text(container, "/image").and_then(loads_once) else { continue };
        let mounts = || items(container, "volumeMounts").filter_map(|mount| text(mount, "/name"));
        let own = items(spec, "volumes").filter(|volume| {
            text(volume, "/name").is_some_and(|name| mounts().any(|mount| mount == name))
        });
        let secrets = own.flat_map(of_volume).map(|(name, _)| name);
        let valid = secrets.filter(|name| check_object_name(name).is_ok());
        found.extend(valid.map(|name| (ObjectRef::secret(namespace, name), program)));
    }
    found
}

/// The Secrets of one volume.
fn of_volume(volume: &Value) -> Vec<(&str, How)> {
    let mut named = Vec::new();
    named.extend(text(volume, "/secret/secretName").map(|name| (name, How::Volume)));
    named.extend(text(volume, "/csi/nodePublishSecretRef/name").map(|name| (name, How::Volume)));
    let sources = volume.get("projected").into_iter().flat_map(|it| items(it, "sources"));
    named
        .extend(sources.filter_map(|source| Some((text(source, "/secret/name")?, How::Projected))));
    named
}

/// How the containers have this volume: a mount of a single path is another thing than one of the whole.
fn mounted(containers: &[&Value], volume: &str, whole: How) -> BTreeSet<How> {
    let mounts = containers.iter().flat_map(|container| items(container, "volumeMounts"));
    let own = mounts.filter(|mount| text(mount, "/name") == Some(volume));
    let part =
        |mount: &Value| text(mount, "/subPath").or_else(|| text(mount, "/subPathExpr")).is_some();
    let hows: BTreeSet<How> =
        own.map(|mount| if part(mount) { How::SubPath } else { whole }).collect();
    if hows.is_empty() { BTreeSet::from([whole]) } else { hows }
}

/// Secrets that a command line or an environment variable names for the program to read through the API:
/// `--default-ssl-certificate=ingress/default-tls`, `--tls-secret-name web-tls`.
fn arguments(container: &Value, namespace: &str) -> Vec<ObjectRef> {
    let mut found = Vec::new();
    let mut flag = String::new();
    let words = ["command", "args"].into_iter().flat_map(|list| items(container, list));
    for word in words.filter_map(Value::as_str).flat_map(str::split_whitespace) {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, value),
            None if word.starts_with('-') => {
                word.clone_into(&mut flag);
                continue;
            }
            None => (flag.as_str(), word),
        };
        found.extend(named_by(name, value, namespace));
        flag.clear();
    }
    for variable in items(container, "env") {
        let name = text(variable, "/name").unwrap_or_default();
        let value = text(variable, "/value").unwrap_or_default();
        found.extend(named_by(name, value, namespace));
    }
    found
}

/// The Secret that a value names, where the flag or variable is about one. A namespace that is filled in
/// when the container starts is its own.
fn named_by(flag: &str, value: &str, namespace: &str) -> Option<ObjectRef> {
    let flag = flag.to_ascii_lowercase();
    if !["secret", "cert", "tls"].iter().any(|word| flag.contains(word)) {
        return None;
    }
    let value = value.trim_matches(['"', '\'']);
    let (within, name) = value.rsplit_once('/').unwrap_or((namespace, value));
    let within = if within.starts_with('$') { namespace } else { within };
    let is_name = |text: &str| check_object_name(text).is_ok();
    (is_name(within) && is_name(name)).then(|| ObjectRef::secret(within, name))
}

fn items<'v>(value: &'v Value, list: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value.get(list).and_then(Value::as_array).into_iter().flatten()
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A workload that is asked for itself, whether it reads a Secret or not.
pub(super) fn named(object: &ObjectRef, value: &Value) -> Option<Observation> {
    let group = object.kind.resource().map_or("", |(group, ..)| group);
    of(value, (object.kind.as_str(), group), None, object.namespace()).map(Observation::Workload)
}

/// Every workload of a scope that names a Secret, and what else may name one there. A list that may not be
/// read is handed on as unseen.
///
/// # Errors
/// [`ClusterError`] when the server cannot be asked at all.
pub(super) async fn within(
    client: &Client,
    scope: &Scope,
) -> Result<Vec<Observation>, ClusterError> {
    let reach = &Reach::new(client, scope.namespace());
    let lists = KINDS.map(|kind| async move {
        let mut seen = Vec::new();
        reach.each(kind, &mut |one| seen.push(one)).await.map(|()| seen)
    });
    let mut lists = stream::iter(lists).buffered(PARALLEL);
    let mut seen = Vec::new();
    while let Some(listed) = lists.next().await {
        seen.extend(listed?);
    }
    let groups = client.groups().await?;
    let mut others = others(&groups);
    match signing(client, scope, &groups).await? {
        Some(signing) => {
            let seen_of_issuers = TrustSeen { signing, ..TrustSeen::default() };
            seen.push(Observation::Trust { searched: None, seen: seen_of_issuers });
        }
        None => others.push("cert-manager's issuers".to_owned()),
    }
    seen.push(Observation::Workloads { searched: scope.clone(), others });
    Ok(seen)
}

/// Lists the workloads of one kind that name a Secret: those of others are passed over, and their bodies,
/// of which there may be very many, are not read.
///
/// # Errors
/// [`ClusterError`], also where they may not be listed.
pub(super) async fn list(
    client: &Client,
    kind: Kind,
    namespace: Option<&str>,
    take: &mut Take<'_>,
) -> Result<(), ClusterError> {
    let mut take_one = |value: &Value| {
        let group = kind.resource().map_or("", |(group, ..)| group);
        let seen = of(value, (kind.as_str(), group), None, namespace.unwrap_or_default());
        if let Some(seen) = seen.filter(|seen| !seen.reads.is_empty()) {
            take(Observation::Workload(seen));
        }
    };
    let Some((_, owners)) = OWNERS.iter().find(|(owned, _)| *owned == kind) else {
        return client.each_object(kind, namespace, &mut |value| take_one(&value)).await;
    };
    let mut own: BTreeSet<(String, String)> = BTreeSet::new();
    let mut note = |meta: ObjectMeta| {
        if !is_of(&meta, owners) {
            own.insert((meta.namespace.unwrap_or_default(), meta.name.unwrap_or_default()));
        }
    };
    client.each_metadata(kind, namespace, &mut note).await?;
    if own.len() > FEW {
        let name = |value: &Value, path| text(value, path).unwrap_or_default().to_owned();
        let is_own = |value: &Value| {
            own.contains(&(name(value, "/metadata/namespace"), name(value, "/metadata/name")))
        };
        let mut each = |value: Value| {
            if is_own(&value) {
                take_one(&value);
            }
        };
        return client.each_object(kind, namespace, &mut each).await;
    }
    let objects: Vec<ObjectRef> =
        own.iter().map(|(within, name)| ObjectRef::namespaced(kind, within, name)).collect();
    let mut read =
        stream::iter(objects.iter().map(|object| client.get_object(object))).buffered(PARALLEL);
    while let Some(read) = read.next().await {
        match read {
            Ok(value) => take_one(&value),
            Err(error) if error.failure.is_absence() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether the object's controller is one of these.
fn is_of(meta: &ObjectMeta, owners: &[(&str, &str)]) -> bool {
    let references = meta.owner_references.iter().flatten();
    let mut controllers = references.filter(|owner| owner.controller == Some(true));
    controllers.any(|owner| {
        let group = owner.api_version.rsplit_once('/').map_or("", |(group, _)| group);
        owners.contains(&(owner.kind.as_str(), group))
    })
}

/// What may name Secrets and is not read, of the API groups of a cluster.
fn others(groups: &BTreeMap<String, String>) -> Vec<String> {
    if groups.is_empty() {
        // Every server has groups, so that these may not be asked for.
        return vec!["the kinds that the cluster has (/apis)".to_owned()];
    }
    let fits = |known: &str, group: &str| {
        known == group || (known.starts_with('.') && group.ends_with(known))
    };
    let whose = |group: &String| {
        let (_, who) = OTHERS.iter().find(|(known, _)| fits(known, group))?;
        Some(format!("{who} ({group})"))
    };
    groups.keys().filter_map(whose).collect()
}

/// The issuers of cert-manager that sign with a Secret; none where they may not be listed.
async fn signing(
    client: &Client,
    scope: &Scope,
    groups: &BTreeMap<String, String>,
) -> Result<Option<Vec<(ObjectRef, String)>>, ClusterError> {
    const GROUP: &str = "cert-manager.io";
    let mut signing = Vec::new();
    let Some(version) = groups.get(GROUP) else { return Ok(Some(signing)) };
    for kind in [Kind::Issuer, Kind::ClusterIssuer] {
        let within = scope.namespace().filter(|_| kind.has_namespace());
        let mut take = |value: Value| {
            let object = ObjectRef {
                namespace: text(&value, "/metadata/namespace").map(str::to_owned),
                ..ObjectRef::namespaced(
                    kind,
                    "",
                    text(&value, "/metadata/name").unwrap_or_default(),
                )
            };
            signing.extend(makers::signs_with(&value).map(|secret| (object, secret)));
        };
        match client.each_object_of(kind, (GROUP, version), within, &mut take).await {
            Ok(()) => {}
            Err(error) if error.failure.is_absence() => {}
            Err(error) if can_go_on(&error) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(signing))
}

mod rollout;
#[cfg(test)]
mod tests;

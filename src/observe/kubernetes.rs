//! Kubernetes objects as Observations, whichever wire form they came in.

use super::annotations;
use crate::object_ref::{Kind, ObjectRef, Place};
use crate::observation::ingress::{Backend, IngressSeen, Path, Rule, TlsEntry};
use crate::observation::{EventSeen, FieldManager, MetaSeen, ObjectSeen, SecretSeen, Writing};
use crate::redact::Redacted;
use k8s_openapi::api::core::v1::{Event, Secret, Service};
use k8s_openapi::api::networking::v1::{Ingress, IngressBackend, IngressRule};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    ManagedFieldsEntry, MicroTime, ObjectMeta, Time,
};
use time::OffsetDateTime;

/// A Secret. `namespace` is where it is when the object itself does not say.
pub(super) fn secret(secret: Secret, namespace: &str, place: Option<Place>) -> SecretSeen {
    let mut data: std::collections::BTreeMap<String, Redacted> = secret
        .data
        .unwrap_or_default()
        .into_iter()
        .map(|(key, value)| (key, Redacted::new(value.0)))
        .collect();
    for (key, text) in secret.string_data.unwrap_or_default() {
        data.insert(key, Redacted::new(text.into_bytes()));
    }
    SecretSeen {
        object: object(&secret.metadata, namespace, ObjectRef::secret).at(place),
        meta: meta(secret.metadata),
        secret_type: secret.type_.unwrap_or_else(|| "Opaque".to_owned()),
        immutable: secret.immutable.unwrap_or_default(),
        data,
        not_base64: Vec::new(),
    }
}

/// An Ingress.
pub(super) fn ingress(ingress: Ingress, namespace: &str, place: Option<Place>) -> IngressSeen {
    let spec = ingress.spec.unwrap_or_default();
    let balancer = ingress.status.and_then(|status| status.load_balancer).unwrap_or_default();
    let rows = balancer.ingress.unwrap_or_default().into_iter();
    let tls = spec.tls.unwrap_or_default().into_iter().map(|entry| TlsEntry {
        hosts: entry.hosts.unwrap_or_default(),
        secret_name: entry.secret_name.filter(|name| !name.is_empty()),
    });
    IngressSeen {
        object: object(&ingress.metadata, namespace, ObjectRef::ingress).at(place),
        meta: meta(ingress.metadata),
        class_name: spec.ingress_class_name.filter(|name| !name.is_empty()),
        default_backend: spec.default_backend.map(backend),
        rules: spec.rules.unwrap_or_default().into_iter().map(rule).collect(),
        tls: tls.collect(),
        addresses: rows
            .filter_map(|row| {
                let one = |text: Option<String>| text.filter(|text| !text.is_empty());
                one(row.ip).or(one(row.hostname))
            })
            .collect(),
    }
}

fn rule(rule: IngressRule) -> Rule {
    let paths = rule.http.map(|http| http.paths).unwrap_or_default().into_iter();
    let paths = paths.map(|path| Path {
        path: path.path.filter(|path| !path.is_empty()),
        path_type: Some(path.path_type).filter(|path_type| !path_type.is_empty()),
        backend: backend(path.backend),
    });
    Rule { host: rule.host.filter(|host| !host.is_empty()), paths: paths.collect() }
}

fn backend(backend: IngressBackend) -> Backend {
    let Some(service) = backend.service else { return Backend::default() };
    let port = service.port.unwrap_or_default();
    Backend {
        service: Some(service.name).filter(|name| !name.is_empty()),
        number: port.number,
        name: port.name.filter(|name| !name.is_empty()),
    }
}

/// An event, and the object it is about; none when that is nothing that events are looked at for.
pub(super) fn event(
    event: Event,
    namespace: &str,
    place: Option<Place>,
) -> Option<(ObjectRef, EventSeen)> {
    let last = last_seen(&event);
    let about = event.involved_object;
    let kinds = [Kind::Ingress, Kind::ManagedCertificate];
    let kind = kinds.into_iter().find(|kind| about.kind.as_deref() == Some(kind.as_str()))?;
    let within = about.namespace.or(event.metadata.namespace);
    let within = within.unwrap_or_else(|| namespace.to_owned());
    let object = ObjectRef::namespaced(kind, within, about.name?).at(place);
    let seen = EventSeen {
        uid: about.uid.filter(|uid| !uid.is_empty()),
        warning: event.type_.as_deref() == Some("Warning"),
        reason: event.reason.unwrap_or_default(),
        message: event.message.unwrap_or_default(),
        last,
    };
    Some((object, seen))
}

/// When it was last seen to happen, by whichever of its three fields the reporter fills.
fn last_seen(event: &Event) -> Option<OffsetDateTime> {
    let micro = |time: &MicroTime| OffsetDateTime::from_unix_timestamp(time.0.as_second()).ok();
    let series = event.series.as_ref().and_then(|series| series.last_observed_time.as_ref());
    let single = event.last_timestamp.as_ref().and_then(instant);
    single.or_else(|| series.or(event.event_time.as_ref()).and_then(micro))
}

/// A Service, as an object of any kind: bootstrap holds its whole spec against what is wished.
pub(super) fn service(service: Service, namespace: &str) -> ObjectSeen {
    let object = object(&service.metadata, namespace, |namespace, name| {
        ObjectRef::namespaced(Kind::Service, namespace, name)
    });
    ObjectSeen {
        object,
        meta: meta(service.metadata),
        head: serde_json::Value::Null,
        spec: serde_json::to_value(service.spec).unwrap_or_default(),
        status: serde_json::Value::Null,
    }
}

/// An object of a list.
pub(super) fn listed(kind: Kind, value: serde_json::Value) -> ObjectSeen {
    let text =
        |path: &str| value.pointer(path).and_then(serde_json::Value::as_str).unwrap_or_default();
    let object = ObjectRef::namespaced(kind, text("/metadata/namespace"), text("/metadata/name"));
    object_seen(&object, value)
}

/// An object of any kind, its spec and status untouched.
pub(super) fn object_seen(object: &ObjectRef, mut value: serde_json::Value) -> ObjectSeen {
    let mut take = |key: &str| value.get_mut(key).map(serde_json::Value::take).unwrap_or_default();
    let metadata: ObjectMeta = serde_json::from_value(take("metadata")).unwrap_or_default();
    ObjectSeen {
        object: object.clone(),
        meta: meta(metadata),
        head: serde_json::Value::Null,
        spec: take("spec"),
        status: take("status"),
    }
}

fn object(
    meta: &ObjectMeta,
    elsewise: &str,
    make: impl Fn(String, String) -> ObjectRef,
) -> ObjectRef {
    let namespace = meta.namespace.as_deref().filter(|namespace| !namespace.is_empty());
    make(namespace.unwrap_or(elsewise).to_owned(), meta.name.clone().unwrap_or_default())
}

fn meta(meta: ObjectMeta) -> MetaSeen {
    let annotations = annotations::read(meta.annotations.unwrap_or_default());
    let without_namespace = meta.namespace.as_ref().is_none_or(String::is_empty);
    let managed_fields = meta.managed_fields.unwrap_or_default();
    MetaSeen {
        writing: Writing { without_namespace, has_aliases: false },
        uid: meta.uid,
        resource_version: meta.resource_version,
        created: meta.creation_timestamp.as_ref().and_then(instant),
        deletion_timestamp: meta.deletion_timestamp.as_ref().and_then(instant),
        labels: meta.labels.unwrap_or_default(),
        annotations: annotations.plain,
        keys_in_annotations: annotations.with_keys,
        applied_data: annotations.applied,
        owner_references: meta
            .owner_references
            .unwrap_or_default()
            .into_iter()
            .map(|owner| (owner.kind, owner.name))
            .collect(),
        finalizers: meta.finalizers.unwrap_or_default(),
        written: managed_fields.iter().filter_map(written).max(),
        spec_written: managed_fields.iter().filter_map(spec_written).max(),
        field_managers: managed_fields.iter().filter_map(field_manager).collect(),
    }
}

/// Kubernetes' timestamps are whole seconds of UTC.
fn instant(time: &Time) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(time.0.as_second()).ok()
}

/// When this manager wrote last, unless that was the status.
fn written(entry: &ManagedFieldsEntry) -> Option<OffsetDateTime> {
    let is_whole = entry.subresource.as_deref().is_none_or(str::is_empty);
    instant(entry.time.as_ref().filter(|_| is_whole)?)
}

/// When this manager wrote what it manages of `spec`.
fn spec_written(entry: &ManagedFieldsEntry) -> Option<OffsetDateTime> {
    entry.fields_v1.as_ref()?.0.get("f:spec")?;
    instant(entry.time.as_ref()?)
}

/// The keys of `data` that an entry manages: `f:data: {f:tls.crt: {}}` (KEP-555). Who manages neither
/// `data` nor `spec` is passed over.
fn field_manager(entry: &ManagedFieldsEntry) -> Option<FieldManager> {
    let fields = &entry.fields_v1.as_ref()?.0;
    let keys = fields.get("f:data").and_then(serde_json::Value::as_object);
    if keys.is_none() && fields.get("f:spec").is_none() {
        return None;
    }
    let keys = keys.into_iter().flat_map(serde_json::Map::keys);
    let data_keys: Vec<String> =
        keys.filter_map(|key| key.strip_prefix("f:").map(str::to_owned)).collect();
    Some(FieldManager {
        manager: entry.manager.clone().unwrap_or_default(),
        applies: entry.operation.as_deref() == Some("Apply"),
        data_keys,
    })
}

//! Inventories for tests of what builds on one.

use super::Inventory;
use super::selection::Selection;
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::ingress::{Backend, Path};
use crate::observation::rollout::RolloutSeen;
use crate::observation::workload::{How, WorkloadSeen};
use crate::observation::{
    EventSeen, IngressSeen, MetaSeen, ObjectSeen, Observation, Rule, Scope, SecretSeen, TlsEntry,
    TrustBundleSeen, TrustSeen, ValuesSeen,
};
use crate::redact::Redacted;
use ring::rand::SystemRandom;
use serde_json::Value;

/// An Issuer or `ClusterIssuer` that signs with the Secret of this name.
pub(crate) fn signing(kind: Kind, namespace: Option<&str>, secret: &str) -> Observation {
    let issuer = ObjectRef {
        namespace: namespace.map(str::to_owned),
        ..ObjectRef::namespaced(kind, String::new(), "corp")
    };
    let signing = vec![(issuer, secret.to_owned())];
    Observation::Trust { searched: None, seen: TrustSeen { signing, ..TrustSeen::default() } }
}

/// A file that hands out these certificates to be trusted.
pub(crate) fn handed_out(file: &str, pem: &str) -> Observation {
    let handed_out = vec![(ObjectRef::file(file), pem.as_bytes().to_vec())];
    Observation::Trust { searched: None, seen: TrustSeen { handed_out, ..TrustSeen::default() } }
}

/// An object, its annotations, `spec` and `status`.
pub(crate) type Given<'g> = (ObjectRef, &'g [(&'g str, &'g str)], Value, Value);

/// An inventory in which these objects were seen, each made on 12 November 2026 and with
/// resourceVersion 7 and uid `uid-NAME`.
pub(crate) fn of_objects(objects: Vec<Given<'_>>) -> Inventory {
    of_seen(objects.into_iter().map(seen).collect())
}

/// The same, of what was seen of each.
#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; none is used here")]
pub(crate) fn of_seen(objects: Vec<ObjectSeen>) -> Inventory {
    let mut inventory = Inventory::new(Selection::default());
    for seen in objects {
        let read = (seen.object.kind == Kind::Ingress).then(|| as_read(&seen));
        let all = read.into_iter().map(Observation::Ingress).chain([Observation::Object(seen)]);
        all.for_each(|seen| inventory.absorb(seen, &SystemRandom::new()));
    }
    inventory
}

/// That this Ingress was seen too.
#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; none is used here")]
pub(crate) fn show_ingress(inventory: &mut Inventory, given: Given<'_>) {
    inventory.absorb(Observation::Ingress(as_read(&seen(given))), &SystemRandom::new());
}

/// That the cluster knows Google's own kinds.
#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; none is used here")]
pub(crate) fn googles(inventory: &mut Inventory) {
    inventory.absorb(Observation::GoogleKinds, &SystemRandom::new());
}

/// What a controller warns of about an object, a minute after it was made.
#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; none is used here")]
pub(crate) fn warn(inventory: &mut Inventory, about: &ObjectRef, reason: &str, message: &str) {
    let event = EventSeen {
        uid: None,
        warning: true,
        reason: reason.to_owned(),
        message: message.to_owned(),
        last: Some(time::macros::datetime!(2026-11-12 00:01:00 UTC)),
    };
    let seen = Observation::Events { about: about.clone(), events: vec![event] };
    inventory.absorb(seen, &SystemRandom::new());
}

/// That a Deployment of namespace `shop` mounts this Secret of it.
#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; none is used here")]
pub(crate) fn mount(inventory: &mut Inventory, secret: &str) {
    let object = ObjectRef::namespaced(Kind::Deployment, "shop", "web");
    let reads = vec![(ObjectRef::secret("shop", secret), How::Volume)];
    let seen =
        Observation::Workload(WorkloadSeen { object, reads, once: Vec::new(), rollout: None });
    inventory.absorb(seen, &SystemRandom::new());
}

/// An inventory in which these workloads were seen to have replaced their Pods so far.
#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; none is used here")]
pub(crate) fn rollouts(seen: Vec<(ObjectRef, RolloutSeen)>) -> Inventory {
    let mut inventory = Inventory::new(Selection::default());
    for (object, rollout) in seen {
        let (reads, once) = (Vec::new(), Vec::new());
        let seen = WorkloadSeen { object, reads, once, rollout: Some(Box::new(rollout)) };
        inventory.absorb(Observation::Workload(seen), &SystemRandom::new());
    }
    inventory
}

/// That the object was looked for and is not there.
#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; none is used here")]
pub(crate) fn absent(inventory: &mut Inventory, object: &ObjectRef) {
    inventory.absorb(Observation::Absent(object.clone()), &SystemRandom::new());
}

/// An object that hands out these values, PEM, to be trusted.
pub(crate) fn trust_bundle(
    object: &ObjectRef,
    values: &[(&str, String)],
    meta: MetaSeen,
) -> TrustBundleSeen {
    let value =
        |(key, text): &(&str, String)| ((*key).to_owned(), Redacted::new(text.as_bytes().to_vec()));
    let values = values.iter().map(value).collect();
    TrustBundleSeen {
        values: ValuesSeen { object: object.clone(), meta, values },
        immutable: false,
        applied: false,
        withheld: Vec::new(),
        entries: Vec::new(),
    }
}

/// That all workloads of the namespace (none: of all) were looked at, and what else may name Secrets.
#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; none is used here")]
pub(crate) fn search_workloads(inventory: &mut Inventory, within: Option<&str>, others: &[&str]) {
    let namespace = |name: &str| Scope::Namespace(name.to_owned());
    let searched = within.map_or(Scope::Everywhere, namespace);
    let others = others.iter().map(|other| (*other).to_owned()).collect();
    inventory.absorb(Observation::Workloads { searched, others }, &SystemRandom::new());
}

/// That objects of the kind may not be listed in the namespace (none: in all).
#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; none is used here")]
pub(crate) fn refuse(inventory: &mut Inventory, kind: Kind, within: Option<&str>) {
    let (object, message) = (ObjectRef::all(kind, within), "forbidden".to_owned());
    inventory.absorb(Observation::Unseen { object, message }, &SystemRandom::new());
}

/// An Ingress that is given as it is written, as it is read.
fn as_read(seen: &ObjectSeen) -> IngressSeen {
    let list = |value: &Value, path: &str| {
        value.pointer(path).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let text = |value: &Value, key: &str| {
        let text = value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.map(str::to_owned)
    };
    let entry = |entry: &Value| TlsEntry {
        hosts: list(entry, "/hosts").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        secret_name: text(entry, "secretName"),
    };
    let path = |path: &Value| {
        let service = path.pointer("/backend/service").unwrap_or(&Value::Null);
        let port = service.get("port").unwrap_or(&Value::Null);
        let number = port.get("number").and_then(Value::as_i64);
        let backend = Backend {
            service: text(service, "name"),
            number: number.and_then(|number| i32::try_from(number).ok()),
            name: text(port, "name"),
        };
        Path { path: text(path, "path"), path_type: text(path, "pathType"), backend }
    };
    let rule = |rule: &Value| Rule {
        host: text(rule, "host"),
        paths: list(rule, "/http/paths").iter().map(path).collect(),
    };
    let rows = list(&seen.status, "/loadBalancer/ingress");
    IngressSeen {
        object: seen.object.clone(),
        meta: seen.meta.clone(),
        class_name: text(&seen.spec, "ingressClassName"),
        default_backend: None,
        rules: list(&seen.spec, "/rules").iter().map(rule).collect(),
        tls: list(&seen.spec, "/tls").iter().map(entry).collect(),
        addresses: rows
            .iter()
            .filter_map(|row| text(row, "ip").or_else(|| text(row, "hostname")))
            .collect(),
    }
}

/// One such object as it is seen.
pub(crate) fn seen((object, annotations, spec, status): Given<'_>) -> ObjectSeen {
    let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    let meta = MetaSeen {
        annotations: annotations.iter().map(own).collect(),
        resource_version: Some("7".to_owned()),
        uid: Some(format!("uid-{}", object.name)),
        created: Some(time::macros::datetime!(2026-11-12 00:00:00 UTC)),
        ..MetaSeen::default()
    };
    ObjectSeen { object, meta, head: Value::Null, spec, status }
}

/// An inventory with one Ingress of class `nginx` for `a.example` in namespace `shop`, with these
/// annotations; and what was found missing, or could not be seen.
#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; none is used here")]
pub(crate) fn of_nginx(
    annotations: &[(&str, &str)],
    absent: Option<ObjectRef>,
    unseen: Option<ObjectRef>,
) -> Inventory {
    let Observation::Ingress(mut seen) = ingress("web", "a.example") else {
        unreachable!("it is an Ingress")
    };
    let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    seen.meta.annotations = annotations.iter().map(own).collect();
    seen.class_name = Some("nginx".to_owned());
    let mut inventory = Inventory::new(Selection::default());
    let unseen =
        unseen.map(|object| Observation::Unseen { object, message: "forbidden".to_owned() });
    let all = [Observation::Ingress(seen)].into_iter();
    for seen in all.chain(absent.map(Observation::Absent)).chain(unseen) {
        inventory.absorb(seen, &SystemRandom::new());
    }
    inventory
}

/// A TLS Secret in namespace `shop`.
#[derive(Clone, Default)]
pub(crate) struct Pair<'p> {
    pub(crate) name: &'p str,
    /// `tls.crt`, PEM.
    pub(crate) crt: String,
    /// `tls.key`, PEM.
    pub(crate) key: &'p str,
    /// The host for which an Ingress serves it.
    pub(crate) served: Option<&'p str>,
    pub(crate) annotations: &'p [(&'p str, &'p str)],
}

/// An inventory in which these Secrets were seen, in their order, and the Ingresses that use them.
#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; pairs are told by it")]
pub(crate) fn of_secrets(pairs: &[Pair<'_>]) -> Inventory {
    let mut inventory = Inventory::new(Selection::default());
    for pair in pairs {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let value = |text: &str| Redacted::new(text.as_bytes().to_vec());
        let meta = MetaSeen {
            annotations: pair.annotations.iter().map(own).collect(),
            ..MetaSeen::default()
        };
        let seen = SecretSeen {
            object: ObjectRef::secret("shop", pair.name),
            meta,
            secret_type: super::TLS_SECRET.to_owned(),
            immutable: false,
            data: [("tls.crt", pair.crt.as_str()), ("tls.key", pair.key)]
                .map(|(key, text)| (key.to_owned(), value(text)))
                .into(),
            not_base64: Vec::new(),
        };
        inventory.absorb(Observation::Secret(seen), &SystemRandom::new());
        if let Some(host) = pair.served {
            inventory.absorb(ingress(pair.name, host), &SystemRandom::new());
        }
    }
    inventory
}

fn ingress(name: &str, host: &str) -> Observation {
    Observation::Ingress(IngressSeen {
        default_backend: None,
        object: ObjectRef::namespaced(Kind::Ingress, "shop", name),
        meta: MetaSeen::default(),
        class_name: None,
        rules: vec![Rule::of_host(host)],
        tls: vec![TlsEntry { hosts: vec![host.to_owned()], secret_name: Some(name.to_owned()) }],
        addresses: Vec::new(),
    })
}

//! Makers: who makes a Secret that is not there, or writes one that bears no mark of it.
//!
//! Knows which objects make which Secrets, the annotations of an Ingress that ask for one among
//! them. Refuses to decide what follows: what somebody else will make is theirs before it is there,
//! says the plan.

use super::key::{ObjectKey, at};
use super::owner::{self, Owner, Role};
use super::{Inventory, SecretFacts, Told};
use crate::gateway_api::{Certificate, Gateway};
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::{IngressSeen, Made, MakerSeen, MetaSeen, Scope, Stuck, TlsEntry};
use crate::remedy::{CommandLine, Remedy, word};
use std::collections::{BTreeMap, BTreeSet};

/// Somebody who makes a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maker {
    /// Who, as people call it.
    pub by: &'static str,
    /// The object that says so: a Certificate, a SealedSecret, an Ingress.
    pub object: ObjectRef,
    /// Where in it that is said.
    pub told_by: String,
    /// Why nothing comes of it.
    pub stuck: Option<Stuck>,
}

/// Who makes what, as far as it was looked for.
#[derive(Debug, Default)]
pub(super) struct Makers {
    seen: BTreeMap<ObjectKey, MakerSeen>,
    /// Name of a Secret, or what kustomize puts its hash behind, to makers.
    by_name: BTreeMap<String, BTreeSet<ObjectKey>>,
    /// Where they were looked for, and the kinds that may not be listed there.
    searched: BTreeMap<Scope, Vec<String>>,
    /// Secrets that were asked for by name.
    asked_for: BTreeSet<ObjectKey>,
}

/// An annotation of an Ingress that has the Secrets of its `tls` made.
struct Asks {
    key: &'static str,
    value: Value,
    by: &'static str,
}

enum Value {
    Any,
    /// What Go's `ParseBool` takes for true.
    True,
    Exactly(&'static str),
}

/// cert-manager pkg/controller/certificate-shim/sync.go:847-866 @2d0d7f7f; haproxy-ingress
/// services/cache.go:910 @465a51ce; gardener/cert-management, its README; Azure/aks-app-routing-operator
/// pkg/controller/keyvault (the Secret is `keyvault-` and the Ingress's name).
const ASKS: &[Asks] = &[
    Asks { key: "cert-manager.io/cluster-issuer", value: Value::Any, by: CERT_MANAGER },
    Asks { key: "cert-manager.io/issuer", value: Value::Any, by: CERT_MANAGER },
    Asks {
        key: "cert.gardener.cloud/purpose",
        value: Value::Exactly("managed"),
        by: "Gardener cert-management",
    },
    Asks {
        key: "haproxy-ingress.github.io/cert-signer",
        value: Value::Exactly("acme"),
        by: HAPROXY_INGRESS,
    },
    Asks {
        key: "ingress.kubernetes.io/cert-signer",
        value: Value::Exactly("acme"),
        by: HAPROXY_INGRESS,
    },
    Asks {
        key: "kubernetes.azure.com/tls-cert-keyvault-uri",
        value: Value::Any,
        by: "AKS application routing",
    },
    Asks { key: "kubernetes.io/tls-acme", value: Value::True, by: CERT_MANAGER },
];

const CERT_MANAGER: &str = "cert-manager";
const HAPROXY_INGRESS: &str = "haproxy-ingress";
const EXTERNAL_SECRETS: &str = "External Secrets";

/// What the annotations of an Ingress have made: a Secret for each `tls` entry that names hosts and
/// a Secret (cert-manager sync.go:266-277 passes over others).
pub(super) fn asked_by(ingress: &IngressSeen) -> Option<MakerSeen> {
    let fits = |asks: &&Asks| {
        let value = ingress.meta.annotations.get(asks.key);
        value.is_some_and(|value| match asks.value {
            Value::Any => true,
            Value::True => matches!(value.as_str(), "1" | "t" | "T" | "true" | "TRUE" | "True"),
            Value::Exactly(wanted) => value == wanted,
        })
    };
    let asks = ASKS.iter().find(fits)?;
    let entries = ingress.tls.iter().filter(|entry| !entry.hosts.is_empty());
    let makes = entries.filter_map(|entry| entry.secret_name.clone()).map(|name| Made {
        namespace: ingress.object.namespace.clone(),
        not_in: None,
        name,
        hashed: false,
    });
    Some(MakerSeen {
        object: ingress.object.clone(),
        by: asks.by,
        told_by: format!("annotation {}", asks.key),
        makes: makes.collect(),
        stuck: (asks.by == CERT_MANAGER).then(|| stuck(ingress)).flatten(),
    })
}

/// What the annotations of a Gateway have made: cert-manager reads the same, and makes a Secret for each
/// that listeners with a hostname name beside the Gateway (pkg/controller/certificate-shim/sync.go
/// `buildCertificates` @2d0d7f7f).
pub(super) fn asked_by_gateway(
    gateway: &ObjectRef,
    meta: &MetaSeen,
    spec: &serde_json::Value,
) -> Option<MakerSeen> {
    let mut tls: Vec<TlsEntry> = Vec::new();
    for listener in Gateway::of(spec, &serde_json::Value::Null).listeners {
        let Some(host) = listener.hostname.clone().filter(|_| listener.ends_tls()) else {
            continue;
        };
        for certificate in listener.certificates {
            let Certificate::Secret(None, name) = certificate else { continue };
            let secret_name = Some(name);
            if !tls.iter().any(|entry| entry.secret_name == secret_name) {
                tls.push(TlsEntry { hosts: vec![host.clone()], secret_name });
            }
        }
    }
    let as_ingress = IngressSeen {
        object: gateway.clone(),
        meta: meta.clone(),
        class_name: None,
        default_backend: None,
        rules: Vec::new(),
        tls,
        addresses: Vec::new(),
    };
    asked_by(&as_ingress).filter(|maker| maker.by == CERT_MANAGER)
}

/// What cert-manager refuses in an Ingress as a whole, by an event `BadConfig`:
/// pkg/controller/certificate-shim/sync.go:136-140, :225-263 (a Secret twice), :956-976 (the issuer).
fn stuck(ingress: &IngressSeen) -> Option<Stuck> {
    let has = |key: &str| ingress.meta.annotations.contains_key(key);
    if has("cert-manager.io/cluster-issuer") && has("cert-manager.io/issuer") {
        return Some(Stuck {
            why: "it has both cert-manager.io/issuer and cert-manager.io/cluster-issuer",
            remedy: "keep one of the annotations cert-manager.io/issuer and cert-manager.io/cluster-issuer",
        });
    }
    if has("cert-manager.io/cluster-issuer")
        && (has("cert-manager.io/issuer-kind") || has("cert-manager.io/issuer-group"))
    {
        return Some(Stuck {
            why: "cert-manager.io/cluster-issuer takes no issuer-kind or issuer-group beside it",
            remedy: "write cert-manager.io/issuer in place of cert-manager.io/cluster-issuer, or remove issuer-kind and issuer-group",
        });
    }
    let mut known = BTreeSet::new();
    let mut entries = ingress.tls.iter().filter(|entry| !entry.hosts.is_empty());
    let twice =
        entries.any(|entry| entry.secret_name.as_ref().is_some_and(|name| !known.insert(name)));
    twice.then_some(Stuck {
        why: "two entries of spec.tls name the same Secret",
        remedy: "put the hosts of both tls entries into one, or give each a Secret of its own",
    })
}

impl Makers {
    /// Takes in a maker, in place of what was known of the object; hands back what it makes or
    /// made.
    pub(super) fn take(&mut self, seen: MakerSeen) -> Vec<Made> {
        let mut concerned = self.forget(&seen.object);
        let key = ObjectKey::of(&seen.object);
        for made in &seen.makes {
            self.by_name.entry(made.name.clone()).or_default().insert(key.clone());
            concerned.push(made.clone());
        }
        self.seen.insert(key, seen);
        concerned
    }

    /// Forgets what the object makes; hands back that.
    pub(super) fn forget(&mut self, object: &ObjectRef) -> Vec<Made> {
        let key = ObjectKey::of(object);
        let Some(old) = self.seen.remove(&key) else { return Vec::new() };
        for made in &old.makes {
            if let Some(makers) = self.by_name.get_mut(&made.name) {
                makers.remove(&key);
            }
        }
        old.makes
    }

    pub(super) fn searched(&mut self, scope: Scope, unseen: Vec<String>) {
        self.searched.insert(scope, unseen);
    }

    /// Kinds that may not be listed in the namespace; none where it was not searched.
    fn unseen_in(&self, namespace: &str) -> Option<&Vec<String>> {
        let own = self.searched.get(&Scope::Namespace(namespace.to_owned()));
        own.or_else(|| self.searched.get(&Scope::Everywhere))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// Who makes it. An object made for that counts before an annotation that would have one made.
    fn of(&self, secret: &ObjectRef) -> Option<&MakerSeen> {
        let base = without_hash(&secret.name);
        let names = std::iter::once(secret.name.as_str()).chain(base);
        let keys = names.flat_map(|name| self.by_name.get(name).into_iter().flatten());
        let makers = keys.filter_map(|key| self.seen.get(key)).filter(|maker| makes(maker, secret));
        makers.min_by_key(|maker| matches!(maker.object.kind, Kind::Ingress | Kind::Gateway))
    }
}

fn makes(maker: &MakerSeen, secret: &ObjectRef) -> bool {
    let same = |made: &&Made| match (&made.namespace, &secret.namespace) {
        (Some(made), Some(secret)) => made == secret,
        // Named without a namespace, or made in any.
        (None, _) | (_, None) => true,
    };
    let named = |made: &&Made| {
        made.name == secret.name
            || (made.hashed && without_hash(&secret.name) == Some(made.name.as_str()))
    };
    let original = |made: &&Made| made.not_in.is_some() && made.not_in == secret.namespace;
    maker.makes.iter().any(|made| same(&made) && named(&made) && !original(&made))
}

/// The name before `-` and the ten characters of kustomize's hash, if that is how it ends.
/// Source: kubernetes-sigs/kustomize api/hasher/hasher.go:28-49 @12f9e639.
fn without_hash(name: &str) -> Option<&str> {
    let (base, hash) = name.rsplit_once('-')?;
    let of_a_hash = |c: char| "2456789bcdfghkmt".contains(c);
    (hash.len() == 10 && hash.chars().all(of_a_hash)).then_some(base)
}

impl Maker {
    fn of(seen: &MakerSeen) -> Self {
        Self {
            by: seen.by,
            object: seen.object.clone(),
            told_by: seen.told_by.clone(),
            stuck: seen.stuck,
        }
    }

    /// `cert-manager makes it (annotation cert-manager.io/issuer of ingress/web)`: a clause.
    #[must_use]
    pub fn told(&self) -> String {
        if let Some(stuck) = self.stuck {
            let mark = self.mark();
            return format!(
                "{} is asked for it ({mark}) and makes nothing: {}",
                self.by, stuck.why
            );
        }
        format!("{} makes it ({})", self.by, self.mark())
    }

    fn mark(&self) -> String {
        let object = match self.object.kind {
            Kind::Kustomization => self.object.name.clone(),
            _ => self.object.short(),
        };
        format!("{} of {object}", self.told_by)
    }

    /// What to do about a Secret that is not there yet.
    #[must_use]
    pub fn remedy(&self, secret: &ObjectRef) -> Remedy {
        if let Some(stuck) = self.stuck {
            return stuck.remedy.into();
        }
        let object = self.object.short();
        match (self.object.kind, self.object.place.is_some()) {
            (Kind::Kustomization, _) => {
                format!("build it with kustomize: {} generates the Secret", self.object.name).into()
            }
            (_, true) => format!("apply {object}, and {} makes the Secret", self.by).into(),
            (Kind::Certificate | Kind::Ingress | Kind::Gateway, false)
                if self.by == CERT_MANAGER =>
            {
                self.status(secret)
            }
            (kind, false) => {
                let namespace = self.object.namespace.as_ref();
                let namespace =
                    namespace.map_or_else(String::new, |name| format!(" -n {}", word(name)));
                let (kind, name) = (kind.word(), word(&self.object.name));
                CommandLine::on_cluster(format!("kubectl describe {kind} {name}{namespace}")).into()
            }
        }
    }

    /// The Certificate that an Ingress or Gateway has made is named as the Secret.
    fn status(&self, secret: &ObjectRef) -> Remedy {
        let own = self.object.kind == Kind::Certificate;
        let name = if own { &self.object.name } else { &secret.name };
        let namespace = word(self.object.namespace());
        let status = format!("cmctl status certificate {} -n {namespace}", word(name));
        CommandLine::on_cluster(status).into()
    }

    /// It as the owner of the Secret, there or not.
    #[must_use]
    pub fn owner(&self, secret: &ObjectRef) -> Owner {
        let mark = self.mark();
        match (self.by, self.object.kind) {
            (CERT_MANAGER, Kind::Certificate) => {
                owner::cert_manager(secret, self.object.name.clone(), mark)
            }
            (CERT_MANAGER, _) => owner::cert_manager(secret, secret.name.clone(), mark),
            (EXTERNAL_SECRETS, Kind::ExternalSecret) => {
                owner::external_secrets(secret, self.object.name.clone(), mark)
            }
            _ => Owner {
                name: self.by.to_owned(),
                mark,
                remedy: self.instead().into(),
                live_while: None,
                guessed: false,
                copy_of: None,
                role: self.role(),
            },
        }
    }

    fn role(&self) -> Role {
        match self.object.kind {
            Kind::Service
            | Kind::VaultPkiSecret
            | Kind::Certificate
            | Kind::Ingress
            | Kind::Gateway
            | Kind::ExternalSecret
            | Kind::ClusterExternalSecret => Role::Renews,
            Kind::ClusterSecret | Kind::ClusterPolicy | Kind::Policy => Role::Copies,
            _ => Role::Fills,
        }
    }

    fn instead(&self) -> String {
        let object = self.object.short();
        match self.object.kind {
            Kind::SealedSecret => {
                format!("seal a new certificate and key with kubeseal and commit {object}")
            }
            Kind::Kustomization => {
                format!("change the files that {} makes the Secret from", self.object.name)
            }
            Kind::Service => "delete the Secret and service-ca makes a new one".to_owned(),
            Kind::Ingress | Kind::Gateway | Kind::Certificate | Kind::VaultPkiSecret => {
                format!("wait for {}, which renews it", self.by)
            }
            _ => format!("change what {object} makes it from"),
        }
    }
}

/// Where to look for what concerns these namespaces: in each of a few, else at once in all.
pub fn scopes(namespaces: impl Iterator<Item = String>) -> Vec<Scope> {
    const FEW: usize = 3;
    let namespaces: BTreeSet<String> = namespaces.collect();
    if namespaces.len() > FEW {
        return vec![Scope::Everywhere];
    }
    namespaces.into_iter().map(Scope::Namespace).collect()
}

impl Inventory {
    /// Who makes this Secret, whether it is there or not: by an object that says so, or by an
    /// annotation of an Ingress that names it. Without a namespace, in any.
    #[must_use]
    pub fn maker_of(&self, secret: &ObjectRef) -> Option<Maker> {
        self.makers.of(secret).map(Maker::of)
    }

    /// Who makes certificates for the `tls` entries of this Ingress, by its annotations.
    #[must_use]
    pub fn asks_for_certificates(&self, ingress: &ObjectRef) -> Option<&'static str> {
        self.makers.seen.get(at(ingress)).map(|maker| maker.by)
    }

    /// Kinds of makers that may not be listed in this namespace, as people say them.
    #[must_use]
    pub fn unseen_makers(&self, namespace: &str) -> &[String] {
        self.makers.unseen_in(namespace).map(Vec::as_slice).unwrap_or_default()
    }

    /// Says that the user named this Secret: who makes it is asked, be it there or not.
    pub fn asks_for(&mut self, secret: &ObjectRef) {
        self.makers.asked_for.insert(ObjectKey::of(secret));
    }

    /// Where it is still to be seen who makes a Secret: one that a frontend names and that is
    /// not there, or one that was asked for or chosen, and whose marks do not tell.
    pub(super) fn unsearched(&self) -> Vec<Scope> {
        let named = self.frontends().flat_map(|frontend| &frontend.secrets);
        let absent = named.filter(|secret| self.is_absent(secret)).map(ObjectRef::namespace);
        let unmarked =
            |secret: &SecretFacts| secret.owner.as_ref().is_none_or(|owner| owner.guessed);
        let open = |key: &&ObjectKey| self.secrets.get(*key).is_none_or(unmarked);
        let asked_for = self.makers.asked_for.iter().filter(open).map(|key| &*key.namespace);
        let chosen = self.secrets.values().filter(|secret| secret.chosen && unmarked(secret));
        let chosen = chosen.map(|secret| secret.object.namespace());
        let namespaces = absent.chain(asked_for).chain(chosen);
        let open = namespaces.filter(|namespace| self.makers.unseen_in(namespace).is_none());
        scopes(open.map(str::to_owned))
    }

    pub(super) fn absorb_maker(&mut self, seen: MakerSeen) {
        self.present.insert(ObjectKey::of(&seen.object));
        for made in self.makers.take(seen) {
            self.own_what_is_made(&made);
        }
    }

    pub(super) fn forget_maker(&mut self, object: &ObjectRef) {
        for made in self.makers.forget(object) {
            self.own_what_is_made(&made);
        }
    }

    /// Says anew who owns the Secrets that are made so.
    fn own_what_is_made(&mut self, made: &Made) {
        if let (Some(namespace), false) = (&made.namespace, made.hashed) {
            return self.own_by_maker(&ObjectRef::secret(namespace, &made.name));
        }
        let those = |secret: &&ObjectRef| {
            secret.name == made.name || without_hash(&secret.name) == Some(made.name.as_str())
        };
        let secrets: Vec<ObjectRef> = self.secrets.objects().filter(those).cloned().collect();
        for secret in secrets {
            self.own_by_maker(&secret);
        }
    }

    /// Says who owns the Secret: the marks on it, unless there is none, or only that of a copy and
    /// a Certificate is there that makes this very Secret.
    pub(super) fn own_by_maker(&mut self, object: &ObjectRef) {
        let Some(secret) = self.secrets.get(object) else { return };
        if self.makers.is_empty() && matches!(secret.rare.told, Told::Marks) {
            return;
        }
        let maker = self.maker_of(&secret.object);
        self.secrets.change(object, |secret| secret.own_by(maker));
    }
}

impl SecretFacts {
    fn own_by(&mut self, maker: Option<Maker>) {
        // What is rare takes room when it is written: nothing is where nothing changes.
        let marked = if matches!(self.rare.told, Told::Marks) {
            self.owner.take()
        } else {
            std::mem::take(&mut self.rare.told).marked()
        };
        let counts = |maker: &Maker| {
            let certificate = maker.object.kind == Kind::Certificate;
            marked.as_ref().is_none_or(|owner| {
                (owner.role == Role::Copies && certificate)
                    || (owner.guessed && owner.name == maker.by)
            })
        };
        match maker.filter(counts) {
            Some(maker) => {
                self.owner = Some(Box::new(maker.owner(&self.object)));
                self.rare.told = Told::Maker(marked);
            }
            None => self.owner = marked,
        }
    }
}

#[cfg(test)]
mod tests;

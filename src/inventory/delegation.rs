//! Delegation: whether a frontend may use a Secret of another namespace: Contour for an Ingress, as the
//! `TLSCertificateDelegations` of the Secret's namespace say, and a Gateway, as its `ReferenceGrants` do.
//!
//! Knows what they permit. Refuses to call anything a fault: that is the audit's.
//! Source: projectcontour/contour internal/dag/cache.go:839-865 (`delegationPermitted`) @31c4bb38;
//! kubernetes-sigs/gateway-api apis/v1beta1 `referencegrant_types.go`.

use super::Inventory;
use super::frontend::Frontend;
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::{DelegationsSeen, Permit, Question};
use std::collections::BTreeMap;

/// What was seen of them, by kind and namespace.
#[derive(Debug, Default)]
pub(super) struct Delegations(BTreeMap<(Kind, String), Known>);

#[derive(Debug, Default)]
struct Known {
    permits: Vec<Permit>,
    /// Whether there may be others.
    open: Option<Open>,
}

#[derive(Debug)]
enum Open {
    /// They may not be read.
    Unread,
    /// Nobody there delegates by any.
    NoSuchKind,
}

/// Whether a frontend may use a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delegation {
    /// It may, or nothing is known to the contrary: it is beside the frontend, or (for Contour) was not
    /// seen, or no delegation of its namespace is among the files.
    Permitted,
    /// No delegation permits it. These stand there, for other Secrets or other namespaces.
    Refused(Vec<ObjectRef>),
    /// It cannot be told, for this reason.
    Unknown(String),
}

impl Delegations {
    pub(super) fn take(&mut self, kind: Kind, namespace: String, seen: DelegationsSeen) {
        let known = self.0.entry((kind, namespace)).or_default();
        match seen {
            DelegationsSeen::One(permits) => {
                // Read in the same place it is seen anew; in another file it permits more.
                let anew = |known: &Permit| permits.iter().any(|one| one.by == known.by);
                known.permits.retain(|known| !anew(known));
                known.permits.extend(permits);
            }
            DelegationsSeen::All(permits) => *known = Known { permits, open: None },
            DelegationsSeen::Unread => known.open = Some(Open::Unread),
            DelegationsSeen::NoSuchKind => known.open = Some(Open::NoSuchKind),
        }
    }
}

impl Delegations {
    /// Forgets what an object permitted that is gone.
    pub(super) fn forget(&mut self, object: &ObjectRef) {
        for known in self.0.values_mut() {
            known.permits.retain(|permit| !permit.by.same_object(object));
        }
        // Of which nothing is known any more is asked again.
        self.0.retain(|_, known| !known.permits.is_empty() || known.open.is_some());
    }
}

impl Permit {
    fn covers(&self, secret: &str, namespace: &str) -> bool {
        let namespaces = self.namespaces.as_slice();
        let there = matches!(namespaces, [any] if any == "*")
            || namespaces.iter().any(|target| target == namespace);
        there && self.secret.as_deref().is_none_or(|named| named == secret)
    }
}

impl Inventory {
    /// Whether the frontend may use this Secret, which it names.
    #[must_use]
    pub fn delegation(&self, frontend: &Frontend, secret: &ObjectRef) -> Delegation {
        let (own, namespace) = (frontend.object.namespace(), secret.namespace());
        let kind = kind_of(frontend);
        // A Gateway needs a grant for what is not there, too; Contour's is not missed then.
        let contours = kind == Kind::TlsCertificateDelegation;
        if own == namespace || (contours && self.secret_at(secret).is_none()) {
            return Delegation::Permitted;
        }
        let unread = self.problems().iter().any(|problem| problem.object.kind == Kind::File);
        let secret = secret.name.as_str();
        let Some(known) = self.delegations.0.get(&(kind, namespace.to_owned())) else {
            return self.nothing_known(frontend, (namespace, secret));
        };
        if known.permits.iter().any(|permit| permit.covers(secret, own)) {
            return Delegation::Permitted;
        }
        match known.open {
            Some(Open::NoSuchKind) if contours => Delegation::Permitted,
            Some(Open::Unread) => Delegation::Unknown(format!(
                "whether a {kind} in namespace {namespace} permits secret/{secret} could not be read"
            )),
            None if unread => Delegation::Unknown(format!(
                "a {kind} for secret/{secret} may be in a file that could not be read"
            )),
            Some(Open::NoSuchKind) | None => {
                let mut there: Vec<ObjectRef> =
                    known.permits.iter().map(|permit| permit.by.clone()).collect();
                there.dedup();
                Delegation::Refused(there)
            }
        }
    }

    /// Where no delegation of the Secret's namespace was seen. Among files it may stand elsewhere, unless
    /// the Secret itself is among them: what a Gateway is to use is then granted beside it.
    fn nothing_known(&self, frontend: &Frontend, (namespace, secret): (&str, &str)) -> Delegation {
        if frontend.object.kind != Kind::Gateway {
            return Delegation::Permitted;
        }
        if self.secret(namespace, secret).is_some_and(|secret| secret.object.place.is_some()) {
            return Delegation::Refused(Vec::new());
        }
        Delegation::Unknown(format!(
            "no ReferenceGrant of namespace {namespace} for secret/{secret} was seen"
        ))
    }

    /// Whether the Secret may be read for the frontend: one of another namespace that a Gateway is not
    /// granted is none of its.
    pub(super) fn is_granted(&self, frontend: &Frontend, secret: &ObjectRef) -> bool {
        if frontend.object.kind != Kind::Gateway || frontend.object.place.is_some() {
            return true;
        }
        match self.delegation(frontend, secret) {
            Delegation::Permitted => true,
            Delegation::Refused(_) => false,
            Delegation::Unknown(_) => {
                let at = (Kind::ReferenceGrant, secret.namespace().to_owned());
                self.delegations.0.contains_key(&at)
            }
        }
    }

    /// Namespaces whose delegations are to be read: frontends of others name Secrets there.
    pub(super) fn unseen_delegations(&self) -> Vec<Question> {
        let on_cluster = self.frontends().filter(|frontend| frontend.object.place.is_none());
        let crossing = on_cluster.flat_map(|frontend| {
            let (own, kind) = (frontend.object.namespace(), kind_of(frontend));
            let named = frontend.secrets.iter().map(ObjectRef::namespace);
            named.filter(move |namespace| *namespace != own).map(move |there| (kind, there))
        });
        let mut namespaces: Vec<(Kind, &str)> = crossing.collect();
        namespaces.sort_unstable();
        namespaces.dedup();
        let valid =
            |(_, namespace): &(Kind, &str)| crate::object_ref::check_object_name(namespace).is_ok();
        let open = namespaces.into_iter().filter(valid);
        let open = open.map(|(kind, namespace)| (kind, namespace.to_owned()));
        let open = open.filter(|at| !self.delegations.0.contains_key(at));
        open.map(|(kind, namespace)| Question::Delegations(kind, namespace)).collect()
    }
}

/// The kind of object by which the frontend may use Secrets of other namespaces.
const fn kind_of(frontend: &Frontend) -> Kind {
    match frontend.object.kind {
        Kind::Gateway => Kind::ReferenceGrant,
        _ => Kind::TlsCertificateDelegation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permit(secret: &str, namespaces: &[&str]) -> Permit {
        Permit {
            by: ObjectRef::namespaced(Kind::TlsCertificateDelegation, "certs", "d"),
            secret: Some(secret.to_owned()),
            namespaces: namespaces.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn a_star_alone_stands_for_any_namespace_and_for_no_secret() {
        for (secret, namespaces, permits) in [
            ("web", &["shop"][..], true),
            ("web", &["blog", "shop"], true),
            ("web", &["*"], true),
            ("*", &["shop"], false),
            ("*", &["*"], false),
            ("web", &["blog"], false),
            ("web", &["blog", "*"], false),
            ("web", &[], false),
            ("we*", &["shop"], false),
            ("other", &["*"], false),
        ] {
            assert_eq!(
                permit(secret, namespaces).covers("web", "shop"),
                permits,
                "{secret} {namespaces:?}"
            );
        }
    }

    #[test]
    fn what_two_files_permit_is_permitted_and_what_is_seen_anew_replaces_itself() {
        let place = |path: &str| crate::object_ref::Place {
            source: None,
            path: path.to_owned(),
            document: 0,
            of_many: false,
            item: None,
            line: 1,
        };
        let mut all = Delegations::default();
        let mut take = |path: Option<&str>, secret: &str| {
            let one = permit(secret, &["shop"]);
            let one = Permit { by: one.by.at(path.map(place)), ..one };
            let at = (Kind::TlsCertificateDelegation, "certs".to_owned());
            all.take(at.0, at.1.clone(), DelegationsSeen::One(vec![one]));
            all.0[&at].permits.iter().filter_map(|one| one.secret.clone()).collect::<Vec<_>>()
        };
        assert_eq!(take(Some("a.yaml"), "web"), ["web"]);
        assert_eq!(take(Some("b.yaml"), "api"), ["web", "api"]);
        assert_eq!(take(None, "old"), ["web", "api", "old"]);
        assert_eq!(take(None, "new"), ["web", "api", "new"]);
    }
}

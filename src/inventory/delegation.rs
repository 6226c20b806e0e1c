//! Delegation: whether Contour may use a Secret of another namespace for an Ingress, as the
//! `TLSCertificateDelegations` of the Secret's namespace say.
//!
//! Knows what they permit. Refuses to call anything a fault: that is the audit's.
//! Source: projectcontour/contour internal/dag/cache.go:839-865 (`delegationPermitted`) @31c4bb38.

use super::Inventory;
use super::frontend::Frontend;
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::{DelegationsSeen, Permit, Question};
use std::collections::BTreeMap;

/// What was seen of them, by namespace.
#[derive(Debug, Default)]
pub(super) struct Delegations(BTreeMap<String, Known>);

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
    /// It may, or nothing is known to the contrary: it is beside the frontend, or was not seen, or
    /// no delegation of its namespace is among the files.
    Permitted,
    /// No delegation permits it. These stand there, for other Secrets or other namespaces.
    Refused(Vec<ObjectRef>),
    /// It cannot be told, for this reason.
    Unknown(String),
}

impl Delegations {
    pub(super) fn take(&mut self, namespace: String, seen: DelegationsSeen) {
        let known = self.0.entry(namespace).or_default();
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
        there && self.secret == secret
    }
}

impl Inventory {
    /// Whether the frontend may use this Secret, which it names.
    #[must_use]
    pub fn delegation(&self, frontend: &Frontend, secret: &ObjectRef) -> Delegation {
        let (own, namespace) = (frontend.object.namespace(), secret.namespace());
        if own == namespace || self.secret_at(secret).is_none() {
            return Delegation::Permitted;
        }
        let secret = secret.name.as_str();
        let Some(known) = self.delegations.0.get(namespace) else { return Delegation::Permitted };
        if known.permits.iter().any(|permit| permit.covers(secret, own)) {
            return Delegation::Permitted;
        }
        let unread_files = self.problems().iter().any(|problem| problem.object.kind == Kind::File);
        match known.open {
            Some(Open::NoSuchKind) => Delegation::Permitted,
            Some(Open::Unread) => Delegation::Unknown(format!(
                "whether a TLSCertificateDelegation in namespace {namespace} permits secret/{secret} could not be read"
            )),
            None if unread_files => Delegation::Unknown(format!(
                "a TLSCertificateDelegation for secret/{secret} may be in a file that could not be read"
            )),
            None => {
                let mut there: Vec<ObjectRef> =
                    known.permits.iter().map(|permit| permit.by.clone()).collect();
                there.dedup();
                Delegation::Refused(there)
            }
        }
    }

    /// Namespaces whose delegations are to be read: frontends of others name Secrets there.
    pub(super) fn unseen_delegations(&self) -> Vec<Question> {
        let on_cluster = self.frontends().filter(|frontend| frontend.object.place.is_none());
        let crossing = on_cluster.flat_map(|frontend| {
            let own = frontend.object.namespace();
            let named = frontend.secrets.iter().map(ObjectRef::namespace);
            named.filter(move |namespace| *namespace != own)
        });
        let mut namespaces: Vec<&str> = crossing.collect();
        namespaces.sort_unstable();
        namespaces.dedup();
        let valid = |namespace: &&str| crate::object_ref::check_object_name(namespace).is_ok();
        let open = |namespace: &&str| !self.delegations.0.contains_key(*namespace);
        let open = namespaces.into_iter().filter(valid).filter(open);
        open.map(|namespace| Question::Delegations(namespace.to_owned())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permit(secret: &str, namespaces: &[&str]) -> Permit {
        Permit {
            by: ObjectRef::namespaced(Kind::TlsCertificateDelegation, "certs", "d"),
            secret: secret.to_owned(),
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
            all.take("certs".to_owned(), DelegationsSeen::One(vec![one]));
            all.0["certs"].permits.iter().map(|one| one.secret.clone()).collect::<Vec<_>>()
        };
        assert_eq!(take(Some("a.yaml"), "web"), ["web"]);
        assert_eq!(take(Some("b.yaml"), "api"), ["web", "api"]);
        assert_eq!(take(None, "old"), ["web", "api", "old"]);
        assert_eq!(take(None, "new"), ["web", "api", "new"]);
    }
}

//! What is to be done after a Secret was written, so that it is served: GKE's controller does not watch
//! Secrets, and takes one up when its Ingress is changed, else within ten minutes.
//!
//! Decides which Ingresses are touched and which must not be. Refuses to know what was written.

use super::managed::touch;
use super::step::PatchObject;
use crate::audit::remedy;
use crate::gke::annotations::{INGRESS_CLASS, SSL_CERT, is_gke_class};
use crate::gke::load_balancer::is_finalizer;
use crate::inventory::Inventory;
use crate::object_ref::{Kind, ObjectRef};
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// What follows for one Ingress whose Secret was written.
#[derive(Clone, Debug)]
pub enum FollowUp {
    /// It is touched, so that its load balancer looks now.
    Touch(Box<PatchObject>),
    /// It must not be: a change of it would take HTTPS down. The certificate that was edited in place.
    Leave(ObjectRef, ObjectRef),
}

/// What follows for the Ingresses of GKE's that name these Secrets, each once.
#[must_use]
pub fn of_secrets(
    inventory: &Inventory,
    secrets: &[&ObjectRef],
    now: OffsetDateTime,
) -> Vec<FollowUp> {
    let ingresses = ingresses(inventory, secrets).into_iter();
    ingresses.map(|ingress| follow_up(inventory, ingress, now)).collect()
}

/// The Ingresses of GKE's that name any of these Secrets, each once.
#[must_use]
pub fn ingresses<'i>(inventory: &'i Inventory, secrets: &[&ObjectRef]) -> BTreeSet<&'i ObjectRef> {
    let users = secrets.iter().flat_map(|secret| inventory.users(secret));
    users.map(|user| &user.object).filter(|user| is_googles(inventory, user)).collect()
}

/// The same of those alone whose load balancer has another certificate than is stored.
#[must_use]
pub fn behind(inventory: &Inventory, secrets: &[&ObjectRef], now: OffsetDateTime) -> Vec<FollowUp> {
    let is_behind = |follow: &FollowUp| {
        let object = match follow {
            FollowUp::Touch(touch) => &touch.object,
            FollowUp::Leave(ingress, _) => ingress,
        };
        let ingress = inventory.ingress_at(object);
        let unserved = ingress.into_iter().flat_map(|it| inventory.unserved_secrets(it));
        unserved.into_iter().any(|it| secrets.iter().any(|own| own.same_object(&it.object)))
    };
    of_secrets(inventory, secrets, now).into_iter().filter(|follow| is_behind(follow)).collect()
}

fn follow_up(inventory: &Inventory, ingress: &ObjectRef, now: OffsetDateTime) -> FollowUp {
    let names = inventory.ingress_at(ingress).map(|facts| facts.frontend.managed_names.as_slice());
    let managed = names.unwrap_or_default().iter().map(|name| {
        ObjectRef::namespaced(Kind::ManagedCertificate, ingress.namespace(), name.as_str())
    });
    let edited = |managed: &ObjectRef| {
        inventory.object(managed).is_some_and(|facts| facts.managed().edited().is_some())
    };
    match managed.into_iter().find(edited) {
        Some(managed) => FollowUp::Leave(ingress.clone(), managed),
        None => FollowUp::Touch(Box::new(touch(ingress, now))),
    }
}

/// Whether GKE's controller serves it: its marks tell, or its class where Google's kinds are.
fn is_googles(inventory: &Inventory, user: &ObjectRef) -> bool {
    let Some(ingress) = inventory.ingress_at(user) else { return false };
    let class = ingress.annotations.get(INGRESS_CLASS).map(String::as_str);
    let marked = ingress.annotations.contains_key(SSL_CERT)
        || ingress.finalizers.iter().any(|finalizer| is_finalizer(finalizer));
    let named = is_gke_class(class) && inventory.is_beside_google_kinds(user);
    ingress.frontend.object.place.is_none() && (marked || named)
}

impl FollowUp {
    /// What is said of it before it is done, or where nobody wants it done.
    #[must_use]
    pub fn planned(&self, wanted: bool) -> String {
        match self {
            Self::Touch(touch) if wanted => format!(
                "{} is touched afterwards, so that its load balancer picks up the new certificate",
                touch.object.short()
            ),
            Self::Touch(touch) => by_itself(&touch.object),
            Self::Leave(ingress, managed) => left(ingress, managed),
        }
    }

    /// What is said once it was done, or why it was not.
    #[must_use]
    pub fn told(&self, failure: Option<&str>) -> String {
        match (self, failure) {
            (Self::Touch(touch), None) => format!(
                "{} was touched, so that its load balancer picks up the new certificate",
                touch.object.short()
            ),
            (Self::Touch(touch), Some(why)) => {
                format!(
                    "{} could not be touched ({why}): {}",
                    touch.object.short(),
                    by_itself(&touch.object)
                )
            }
            (Self::Leave(ingress, managed), _) => left(ingress, managed),
        }
    }
}

/// When a load balancer looks by itself, and how it is woken.
fn by_itself(ingress: &ObjectRef) -> String {
    format!(
        "the load balancer of {} picks up the new certificate within ten minutes; now: {}",
        ingress.short(),
        remedy::touch(ingress)
    )
}

fn left(ingress: &ObjectRef, managed: &ObjectRef) -> String {
    format!(
        "{} is not touched: the domains of {}, which it names, were edited in place, and a change of it would take HTTPS down; see managed status {}",
        ingress.short(),
        managed.short(),
        managed.name
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gke::annotations::MANAGED_CERTIFICATES;
    use crate::inventory::testing::of_objects;
    use serde_json::{Value, json};

    #[test]
    fn the_ingresses_of_gke_that_name_the_secret_are_touched_but_where_that_would_do_harm() {
        let finalizer: &[(&str, &str)] = &[(SSL_CERT, "k8s2-cr-a-b-c")];
        let edited: &[(&str, &str)] = &[(SSL_CERT, "k8s2-cr-a-b-c"), (MANAGED_CERTIFICATES, "web")];
        let status = json!({
            "certificateName": "mcrt-1", "certificateStatus": "Active",
            "domainStatus": [{ "domain": "a.example", "status": "Active" }],
        });
        for (state, annotations, secret, expected) in [
            ("served by GKE", finalizer, "web-tls", "ingress/web is touched"),
            ("served by somebody else", &[][..], "web-tls", ""),
            ("another Secret", finalizer, "other", ""),
            ("edited in place", edited, "web-tls", "ingress/web is not touched"),
        ] {
            let ingress = ObjectRef::ingress("shop", "web");
            let tls = json!({ "tls": [{ "hosts": ["a.example"], "secretName": "web-tls" }] });
            let managed = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
            let domains = json!({ "domains": ["b.example"] });
            let inventory = of_objects(vec![
                (ingress, annotations, tls, Value::Null),
                (managed, &[], domains, status.clone()),
            ]);
            let secret = ObjectRef::secret("shop", secret);
            let follow = of_secrets(&inventory, &[&secret], OffsetDateTime::UNIX_EPOCH);
            let told: Vec<String> = follow.iter().map(|one| one.planned(true)).collect();
            let told = told.join("; ");
            assert!(told.starts_with(expected), "{state}: {told}");
            assert_eq!(told.is_empty(), expected.is_empty(), "{state}: {told}");
        }
    }
}

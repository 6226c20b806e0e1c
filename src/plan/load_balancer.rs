//! Taken up by GKE's load balancers, as a goal: each Ingress names in its annotation the certificate that its
//! Secret holds now.
//!
//! Judges by the same names as the rule `gke-load-balancer-stale`. Refuses to know what is served at which
//! address: that is [`super::served`]'s.

use super::goal::{Goal, Next};
use super::step::Plan;
use crate::inventory::Inventory;
use crate::object_ref::ObjectRef;
use crate::observation::Question;
use time::OffsetDateTime;

/// Ingresses whose load balancers are to have the certificates of their Secrets.
#[derive(Debug)]
pub struct TakenUp {
    ingresses: Vec<ObjectRef>,
    secrets: Vec<ObjectRef>,
}

/// Ingresses whose load balancers have another certificate than is stored, each with the first such Secret and
/// the digest that the name of its certificate is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind(pub Vec<(ObjectRef, ObjectRef, String)>);

impl TakenUp {
    /// These Ingresses of GKE's, as far as they name these Secrets.
    #[must_use]
    pub const fn new(ingresses: Vec<ObjectRef>, secrets: Vec<ObjectRef>) -> Self {
        Self { ingresses, secrets }
    }

    fn behind(&self, seen: &Inventory) -> Behind {
        let is_ours = |secret: &ObjectRef| self.secrets.iter().any(|own| own.same_object(secret));
        let behind = self.ingresses.iter().filter_map(|ingress| {
            let facts = seen.ingress_at(ingress)?;
            let secret = seen.unserved_secrets(facts).find(|secret| is_ours(&secret.object))?;
            let token = secret.load_balancer_token();
            Some((ingress.clone(), secret.object.clone(), token))
        });
        Behind(behind.collect())
    }
}

impl Goal for TakenUp {
    type Awaited = Behind;

    fn questions(&self, _seen: &Inventory) -> Vec<Question> {
        let of = |ingress: &ObjectRef| {
            // What its controller warns of tells why it is behind.
            [Question::Object(ingress.clone()), Question::Events(ingress.clone())]
        };
        let secrets = self.secrets.iter().cloned().map(Question::Secret);
        self.ingresses.iter().flat_map(of).chain(secrets).collect()
    }

    fn next(&mut self, seen: &Inventory, now: OffsetDateTime) -> Next<Behind> {
        let (behind, plan) = (self.behind(seen), Plan::empty(now));
        if behind.0.is_empty() {
            return Next::Done { reached: None, plan };
        }
        Next::Wait { awaited: behind, plan }
    }
}

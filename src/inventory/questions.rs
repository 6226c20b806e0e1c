//! What the inventory still has to see before it can answer: said as questions, answered by
//! `observe`.
//!
//! Knows what is missing. Refuses to know how it is fetched.

use super::key::{ObjectKey, at};
pub use super::maker::scopes;
use super::{Inventory, SecretFacts};
use crate::gateway_api;
use crate::inventory::demand::IngressFacts;
use crate::object_ref::{Kind, ObjectRef, check_object_name};
use crate::observation::{Question, Scope};
use std::collections::BTreeSet;

/// Which kinds of questions may be asked; Secrets that a frontend names are always asked for.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a kind of question of its own")]
pub struct Asked {
    /// Whether the owners of chosen Secrets still exist.
    pub owners: bool,
    /// Who makes Secrets that are not there, or that were chosen and do not tell; and who signs or
    /// trusts by those that may be a CA's.
    pub makers: bool,
    /// What Google's controllers have to say of chosen Ingresses and of ManagedCertificates.
    pub events: bool,
    /// Which workloads read the Secrets that no frontend names.
    pub workloads: bool,
    /// What is served for Ingress hosts, once [`Inventory::look_at_served`] has said where.
    pub served: bool,
}

impl Inventory {
    /// Secrets that are named by a frontend and were neither seen nor found missing,
    /// and what else may be asked.
    #[must_use]
    pub fn open_questions(&self, asked: Asked) -> Vec<Question> {
        let mut questions = self.unseen_secrets();
        questions.extend(self.unseen_delegations());
        questions.extend(self.unseen_gateways().into_iter().map(Question::Object));
        if asked.owners {
            questions.extend(self.unseen_owners());
        }
        if asked.makers {
            questions.extend(self.unsearched().into_iter().map(Question::Makers));
            questions.extend(self.unseen_trust().into_iter().map(Question::Trust));
        }
        if asked.events {
            questions.extend(self.unheard_controllers());
        }
        if asked.workloads {
            questions.extend(self.unseen_workloads().into_iter().map(Question::Workloads));
        }
        if asked.served {
            questions.extend(self.unseen_served());
        }
        questions
    }

    /// Where it is to be seen whether a chosen certificate that may sign is an issuing CA.
    fn unseen_trust(&self) -> Vec<Scope> {
        let candidates = self.secrets.values().filter(|secret| may_sign(secret));
        let namespaces = candidates.map(|secret| secret.object.namespace().to_owned());
        let seen = |namespace: &String| {
            self.trust_seen.contains(&Scope::Everywhere)
                || self.trust_seen.contains(&Scope::Namespace(namespace.clone()))
        };
        scopes(namespaces.filter(|namespace| !seen(namespace)))
    }

    /// Where it is to be seen whether a workload reads a chosen certificate that no frontend names.
    fn unseen_workloads(&self) -> Vec<Scope> {
        let unnamed = self.tls_secrets().filter(|secret| {
            let named = || self.is_used(&secret.object) || self.is_client_ca(&secret.object);
            secret.chosen && secret.object.place.is_none() && !named()
        });
        let values = self.values().map(|value| &value.object);
        let values = values.filter(|it| it.kind == Kind::Secret && it.place.is_none());
        let namespaces = unnamed.map(|secret| &secret.object).chain(values);
        let namespaces = namespaces.map(ObjectRef::namespace);
        let unseen = namespaces.filter(|namespace| !self.workloads_were_searched(namespace));
        scopes(unseen.map(str::to_owned))
    }

    /// Whether a certificate that was chosen may have signed others.
    #[must_use]
    pub fn has_possible_cas(&self) -> bool {
        self.secrets.values().any(may_sign)
    }

    /// First what controllers warn of at all; then, of what they warn about, everything they have to
    /// say, for a success that came later; and so of each load balancer that is behind.
    fn unheard_controllers(&self) -> Vec<Question> {
        let googles = |ingress: &&IngressFacts| {
            self.google_kinds_listed
                && ingress.frontend.object.place.is_none()
                && self.is_reported(&ingress.frontend.object)
        };
        let namespaces = self.ingresses().filter(googles);
        let namespaces = namespaces.map(|ingress| ingress.frontend.object.namespace().to_owned());
        let unsearched = namespaces.filter(|namespace| {
            !self.warnings_seen.contains(&Scope::Everywhere)
                && !self.warnings_seen.contains(&Scope::Namespace(namespace.clone()))
        });
        let scopes = scopes(unsearched).into_iter().map(Question::Warnings);
        let stale = self.ingresses().filter(googles);
        let stale = stale.filter(|ingress| self.unserved_secrets(ingress).next().is_some());
        let stale = stale.map(|ingress| &ingress.frontend.object);
        let warned = self.ingresses().filter(googles).map(|ingress| &ingress.frontend.object);
        let warned = warned.chain(self.objects_of(Kind::ManagedCertificate).map(|it| &it.object));
        let warned = warned.filter(|object| self.trouble(object).is_some());
        let about: BTreeSet<&ObjectRef> = stale.chain(warned).collect();
        let unheard = about.into_iter().filter(|object| !self.heard.contains(at(*object)));
        scopes.chain(unheard.map(|object| Question::Events(object.clone()))).collect()
    }

    fn unseen_secrets(&self) -> Vec<Question> {
        let mut questions: Vec<Question> = Vec::new();
        let mut asked: BTreeSet<ObjectKey> = BTreeSet::new();
        for frontend in self.frontends() {
            let mentioned = frontend.mentions.iter().map(|mentioned| &mentioned.secret);
            let valid = |secret: &&ObjectRef| check_object_name(&secret.name).is_ok();
            // What an annotation names may be of another type than those that are listed.
            let named = frontend.secrets.iter().filter(|secret| self.is_granted(frontend, secret));
            for secret in named.chain(mentioned.filter(valid)) {
                if !self.is_settled(secret) && asked.insert(ObjectKey::of(secret)) {
                    questions.push(Question::Secret(secret.clone()));
                }
            }
        }
        questions
    }

    fn unseen_owners(&self) -> Vec<Question> {
        let owners = self.secrets.values().filter(|secret| secret.chosen);
        let live = owners.filter_map(|secret| secret.owner.as_ref()?.live_while.clone());
        live.filter(|owner| !self.is_settled(owner)).map(Question::Owner).collect()
    }

    /// Gateways of other namespaces, or that were not listed, to which routes attach: they name the
    /// certificates of the routes' hosts.
    fn unseen_gateways(&self) -> BTreeSet<ObjectRef> {
        let routes = gateway_api::ROUTES.into_iter().flat_map(|kind| self.objects_of(kind));
        let routes = routes.filter(|route| route.object.place.is_none());
        let parents = routes.flat_map(|route| {
            let says = route.host_route().into_iter();
            says.flat_map(|says| says.gateways(&route.object))
        });
        let is_valid = |gateway: &ObjectRef| {
            [gateway.namespace(), &*gateway.name].iter().all(|it| check_object_name(it).is_ok())
        };
        let open =
            |gateway: &ObjectRef| self.object(gateway).is_none() && !self.is_settled(gateway);
        parents.filter(|gateway| is_valid(gateway) && open(gateway)).collect()
    }

    /// Whether the object was seen, found missing, or could not be seen for a reason already told.
    fn is_settled(&self, object: &ObjectRef) -> bool {
        self.secret_was_seen(object)
            || self.absent.contains(at(object))
            || self.present.contains(at(object))
            || self.problems.of(object).next().is_some()
    }
}

/// Whether the certificate was chosen, is nobody's and may be an issuing CA's. X.509 of the first
/// versions cannot say.
fn may_sign(secret: &SecretFacts) -> bool {
    let leaf = secret.bundle.leaf().filter(|_| secret.chosen && secret.owner.is_none());
    leaf.is_some_and(|leaf| leaf.self_signed && (leaf.is_ca || leaf.version < 3))
}

//! Routes of OpenShift: the host of each, and the certificate that it holds itself or the Secret that
//! it names.
//!
//! Knows that a certificate in a Route is judged as one in a Secret is. Its key ends here. Refuses to
//! know whether a certificate covers a host. Source: openshift/api route/v1 `types.go`; what the router
//! takes: openshift/router pkg/router/routeapihelpers/validation.go @4b401a86.

use super::bundle::{Bundle, Signatures};
use super::frontend::{Demand, Frontend};
use super::key::{ObjectKey, at};
use super::owner::{Owner, owner_of_object};
use super::shelf::OfObject;
use super::{Inventory, refused_hosts};
use crate::controllers::Controller;
use crate::object_ref::{Kind, ObjectRef, check_object_name};
use crate::observation::route::{RouteSeen, RouteTls};
use crate::redact::Redacted;
use ring::rand::SecureRandom;
use time::OffsetDateTime;

/// Facts of one Route. No bytes of it are kept.
#[derive(Debug)]
pub struct RouteFacts {
    /// What it serves, and how.
    pub frontend: Frontend,
    /// The certificate and key that it holds itself; none where it holds neither.
    pub bundle: Option<Bundle>,
    /// Who deploys it, and puts back what is changed on the cluster.
    pub owner: Option<Box<Owner>>,
    /// Since when it is being deleted.
    pub deletion_timestamp: Option<OffsetDateTime>,
    /// Codes of rules whose findings on it are waived.
    pub ignore: Vec<String>,
}

impl OfObject for RouteFacts {
    fn object(&self) -> &ObjectRef {
        &self.frontend.object
    }
}

impl Inventory {
    /// Every Route that was seen.
    pub fn routes(&self) -> impl Iterator<Item = &RouteFacts> {
        self.routes.values()
    }

    /// The certificate and key that a Route holds itself; none of any other object.
    #[must_use]
    pub fn bundle_of_route(&self, object: &ObjectRef) -> Option<&Bundle> {
        self.routes.get(at(object))?.bundle.as_ref()
    }

    pub(super) fn absorb_route(&mut self, seen: &RouteSeen, random: &dyn SecureRandom) {
        let first = self.routes.get(at(&seen.object)).map(|known| known.frontend.object.clone());
        if self.is_second(&seen.object, first) {
            return;
        }
        // What OpenShift makes of an Ingress is told there.
        if seen.meta.owner_references.iter().any(|(kind, _)| kind == "Ingress") {
            return self.forget_route(&ObjectKey::of(&seen.object));
        }
        self.heal(&seen.object);
        self.forget_route(&ObjectKey::of(&seen.object));
        let ignore = self.annotation_policy(&seen.object, &seen.meta).ignore;
        let chosen = self.selection.chooses(&seen.object, &seen.meta.labels);
        let bundle = seen.tls.as_ref().filter(|tls| ends_tls(tls)).and_then(|tls| {
            let (bundle, ders) = bundle(tls, random)?;
            self.issuers.take(&seen.object, &bundle.certificates, &ders);
            self.note_root(&seen.object, &bundle, &ders);
            Some(bundle)
        });
        let frontend = frontend(seen, bundle.is_some(), chosen);
        let route = ObjectKey::of(&frontend.object);
        let own = bundle.iter().map(|_| &frontend.object);
        for holder in frontend.secrets.iter().chain(own) {
            self.used_by.entry(ObjectKey::of(holder)).or_default().insert(route.clone());
        }
        let owner = owner_of_object(&seen.object, &seen.meta).map(Box::new);
        let deletion_timestamp = seen.meta.deletion_timestamp;
        self.routes.put(RouteFacts { frontend, bundle, owner, deletion_timestamp, ignore });
    }

    pub(super) fn forget_route(&mut self, route: &ObjectKey) {
        let Some(facts) = self.routes.remove(route) else { return };
        self.issuers.forget(&facts.frontend.object);
        for holder in facts.frontend.secrets.iter().chain([&facts.frontend.object]) {
            if let Some(users) = self.used_by.get_mut(at(holder)) {
                users.remove(route);
            }
        }
    }
}

/// Whether the router ends TLS, with a certificate of the Route's.
fn ends_tls(tls: &RouteTls) -> bool {
    tls.termination != "passthrough"
}

/// The certificate with the chain behind it, as the router writes them into one file, and the key.
fn bundle(tls: &RouteTls, random: &dyn SecureRandom) -> Option<(Bundle, Vec<Vec<u8>>)> {
    let bytes = |value: &'_ Option<Redacted>| value.as_ref().map(|it| it.expose().to_vec());
    let parts = [bytes(&tls.certificate), bytes(&tls.ca_certificate)];
    let chain = Redacted::new(parts.into_iter().flatten().collect::<Vec<_>>().join(&b'\n'));
    if tls.certificate.is_none() && tls.key.is_none() {
        return None;
    }
    let key = tls.key.as_ref().map(Redacted::expose);
    let (bundle, _, ders) =
        Bundle::of_secret((Some(chain.expose()), key), None, Signatures::Tried, random);
    Some((bundle, ders))
}

fn frontend(seen: &RouteSeen, holds: bool, chosen: bool) -> Frontend {
    let external = seen.tls.as_ref().filter(|tls| ends_tls(tls));
    let external = external.and_then(|tls| tls.external.as_ref());
    let secret = external.map(|name| ObjectRef::secret(seen.object.namespace(), name));
    let is_name = |secret: &&ObjectRef| check_object_name(&secret.name).is_ok();
    Frontend {
        object: seen.object.clone(),
        class: None,
        controller: Controller::Router,
        created: seen.meta.created,
        addresses: seen.addresses.clone(),
        demands: demand(seen, holds, secret.clone()).into_iter().collect(),
        secrets: secret.iter().filter(is_name).cloned().collect(),
        mentions: Vec::new(),
        managed_names: Vec::new(),
        has_tls: seen.tls.is_some(),
        borrows: None,
        unread: None,
        http2: None,
        chosen,
    }
}

/// The host, unless its TLS is passed through: then the backend shows a certificate of its own.
fn demand(seen: &RouteSeen, holds: bool, secret: Option<ObjectRef>) -> Option<Demand> {
    let host = seen.host.as_deref().filter(|host| refused_hosts::is_judged(host))?;
    let host = match host.split_once('.').filter(|_| seen.is_wildcard) {
        Some((_, parent)) => format!("*.{parent}"),
        None => host.to_owned(),
    };
    let demand = Demand { host, ..Demand::default() };
    let Some(tls) = &seen.tls else { return Some(demand) };
    if !ends_tls(tls) {
        return None;
    }
    let own = holds.then(|| seen.object.clone());
    let secrets: Vec<ObjectRef> = own.into_iter().chain(secret).collect();
    let default = || "it names no certificate: the router serves its default one".to_owned();
    Some(Demand { elsewhere: secrets.is_empty().then(default), secrets, ..demand })
}

/// Whether a Route is named, which holds its certificate itself.
pub(super) fn is_held(named: &ObjectRef) -> bool {
    named.kind == Kind::Route
}

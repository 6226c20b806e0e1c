//! `managed-unattached`: a ManagedCertificate that no Ingress names. It is never issued, and it
//! eats of the project's quota (GoogleCloudPlatform/gke-managed-certs#47). Offline for information,
//! where Ingresses are among the files.

use super::gke;
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule, Source, View};
use crate::gke::annotations::{MANAGED_CERTIFICATES, PRE_SHARED_CERT};
use crate::inventory::demand::IngressFacts;
use crate::inventory::{Inventory, ObjectFacts};
use crate::object_ref::{Kind, ObjectRef};
use crate::remedy::Remedy;

pub(super) const RULE: Rule = Rule {
    code: "managed-unattached",
    severity: Severity::Warning,
    remedy: "name it in an Ingress, or delete it",
    explain: "Google validates a domain by the load balancer that serves the certificate. One that no \
              Ingress names in networking.gke.io/managed-certificates stays Provisioning for ever, or \
              is not renewed, and counts against the project's quota of certificates.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    for named in view.managed().iter().filter(|named| named.ingresses.is_empty()) {
        let object = &named.facts.object;
        let severity = match context.source {
            Source::Cluster => Severity::Warning,
            Source::Files => Severity::Info,
        };
        // One that Google has refused would stop the Ingress that names it.
        let is_refused =
            named.managed.certificate_name.is_none() && inventory.trouble(object).is_some();
        if is_refused
            || !ingresses_were_seen(inventory, context, object.namespace())
            || is_meant_by_another_name(view, object)
        {
            continue;
        }
        let beside: Vec<&IngressFacts> = inventory
            .ingresses()
            .filter(|ingress| ingress.frontend.object.namespace == object.namespace)
            .collect();
        let names: Vec<&str> =
            beside.iter().map(|ingress| ingress.frontend.object.name.as_str()).collect();
        found.push(
            RULE.on(object, message(named.facts, &beside))
                .severity(severity)
                .evidence("annotation", MANAGED_CERTIFICATES)
                .evidence("ingresses", names.join(", "))
                .remedy(remedy(object, &beside)),
        );
    }
}

/// Whether an Ingress that names it would have been seen.
fn ingresses_were_seen(inventory: &Inventory, context: &Context<'_>, namespace: &str) -> bool {
    let mut problems = inventory.problems().iter().map(|problem| &problem.object);
    let unseen = problems.any(|object| {
        let within = object.namespace.as_deref().is_none_or(|within| within == namespace);
        object.kind == Kind::File || (object.kind == Kind::Ingress && within)
    });
    let mut ingresses = inventory.ingresses();
    let in_files = ingresses.any(|ingress| ingress.frontend.object.namespace() == namespace);
    !unseen && (context.source == Source::Cluster || in_files)
}

/// Whether an Ingress names it wrongly, which `managed-missing` tells.
fn is_meant_by_another_name(view: &View<'_>, object: &ObjectRef) -> bool {
    let View { inventory, context, .. } = *view;
    let mut beside =
        view.gke_external().filter(|ingress| ingress.frontend.object.namespace == object.namespace);
    beside.any(|ingress| {
        let missing = ingress.items(MANAGED_CERTIFICATES).into_iter().filter(|name| {
            let named = gke::beside(&ingress.frontend.object, Kind::ManagedCertificate, name);
            matches!(gke::presence(inventory, context, &named), gke::Presence::Missing(..))
        });
        missing
            .flat_map(|name| gke::meant(inventory, ingress, name))
            .any(|name| name == object.name)
    })
}

/// A name that is dropped from the list stays on the load balancer until the object is deleted
/// (gke-managed-certs only adds).
fn message(managed: &ObjectFacts, beside: &[&IngressFacts]) -> String {
    let name = managed.managed().certificate_name.as_deref().unwrap_or_default();
    let carries = |ingress: &&&IngressFacts| ingress.items(PRE_SHARED_CERT).contains(&name);
    match beside.iter().find(carries) {
        Some(ingress) => format!(
            "no Ingress of its namespace names it, though ingress/{} still carries it as {name} until it is deleted",
            ingress.frontend.object.name
        ),
        None => "no Ingress of its namespace names it: it is not issued, or not renewed".to_owned(),
    }
}

fn remedy(managed: &ObjectRef, beside: &[&IngressFacts]) -> Remedy {
    match beside {
        [ingress] => {
            let names = ingress.items(MANAGED_CERTIFICATES).into_iter();
            let names: Vec<&str> = names.chain([managed.name.as_str()]).collect();
            gke::annotate(&ingress.frontend.object, MANAGED_CERTIFICATES, Some(&names.join(",")))
                .note("when it is not needed it may be deleted")
        }
        _ => format!(
            "name it in {MANAGED_CERTIFICATES} of an Ingress beside those it has, or delete it when it is not needed"
        )
        .into(),
    }
}

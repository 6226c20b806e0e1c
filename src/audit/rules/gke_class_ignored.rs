//! `gke-class-ignored`: an Ingress that names GKE's class only in `spec.ingressClassName`, which
//! GKE's controller never looks at (kubernetes/ingress-gce#1891); and one that names
//! ManagedCertificates and is of a class that has none (GoogleCloudPlatform/gke-managed-certs#42).

use super::gke;
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Rule, View};
use crate::gke::annotations::{INGRESS_CLASS, MANAGED_CERTIFICATES, is_gke_class};
use crate::inventory::Inventory;
use crate::inventory::demand::IngressFacts;
use crate::object_ref::Kind;

pub(super) const RULE: Rule = Rule {
    code: "gke-class-ignored",
    severity: Severity::Warning,
    remedy: "name the class by the annotation kubernetes.io/ingress.class",
    explain: "GKE goes by the annotation kubernetes.io/ingress.class alone. An Ingress with \
              ingressClassName: gce and no annotation is silently ignored and never gets \
              an address. Both may be set when they are equal. ManagedCertificates are served by class \
              gce, and by an Ingress that names no class: those of any other (nginx, gce-internal) \
              stay Provisioning for ever.",
    check,
};

/// The classes of GKE's controller.
const CLASSES: [&str; 3] = ["gce", "gce-internal", "gce-regional-external"];

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    let named = inventory.ingresses().filter(|ingress| !ingress.frontend.object.name.is_empty());
    for ingress in
        named.filter(|ingress| inventory.is_beside_google_kinds(&ingress.frontend.object))
    {
        found.extend(of(inventory, ingress));
    }
}

/// What is found of one Ingress.
pub(super) fn of(inventory: &Inventory, ingress: &IngressFacts) -> Vec<Finding> {
    let for_managed = found_for_managed(ingress, inventory);
    for_managed.into_iter().chain(passed_over(ingress, inventory)).collect()
}

/// The class stands where GKE's controller does not look.
fn passed_over(ingress: &IngressFacts, inventory: &Inventory) -> Option<Finding> {
    let annotated = ingress.annotations.get(INGRESS_CLASS).is_some_and(|class| !class.is_empty());
    let class = ingress.class_name.as_deref().filter(|class| CLASSES.contains(class));
    let class = class.filter(|_| !annotated && !is_served(ingress))?;
    let message = format!(
        "ingressClassName {class} is ignored by GKE's controller, which goes by the annotation {INGRESS_CLASS} alone: it never gets an address"
    );
    inventory.is_reported(&ingress.frontend.object).then(|| {
        RULE.on(&ingress.frontend.object, message)
            .evidence("ingressClassName", class)
            .evidence("annotation", "")
            .remedy(gke::annotate(&ingress.frontend.object, INGRESS_CLASS, Some(class)))
    })
}

/// With an address, somebody else serves a class of that name.
fn is_served(ingress: &IngressFacts) -> bool {
    !ingress.frontend.addresses.is_empty()
}

/// ManagedCertificates are served by class gce, and by what names no class: by any other one they
/// are never attached, and its controller does not know them.
fn found_for_managed(ingress: &IngressFacts, inventory: &Inventory) -> Option<Finding> {
    let names = ingress.items(MANAGED_CERTIFICATES);
    let why = gke::managed_are_ignored(ingress).filter(|_| !names.is_empty());
    let annotated = gke::class(ingress).unwrap_or_default();
    let named = ingress.class_name.as_deref().unwrap_or_default();
    // That GKE's own class stands in the wrong place is told of the whole Ingress.
    let told = annotated.is_empty() && CLASSES.contains(&named) && !is_served(ingress);
    let why = why.filter(|_| !told && inventory.is_reported(&ingress.frontend.object))?;
    let message = format!("{why}, so {} is never issued for it", names.join(", "));
    let finding = RULE
        .on(&ingress.frontend.object, message)
        .evidence("class", if annotated.is_empty() { named } else { annotated })
        .evidence("managedCertificates", names.join(", "))
        .evidence("hosts", ingress.rule_hosts().join(", "))
        .remedy(remedy(ingress));
    let managed = names
        .iter()
        .map(|name| gke::beside(&ingress.frontend.object, Kind::ManagedCertificate, name));
    let managed = managed.filter(|managed| inventory.object(managed).is_some());
    Some(finding.related_to(managed))
}

/// GKE's own classes are not left for another: they have Secrets.
fn remedy(ingress: &IngressFacts) -> String {
    let or = if is_gke_class(gke::class(ingress)) {
        ""
    } else {
        ", or serve its hosts by an Ingress of class gce"
    };
    format!(
        "use a TLS Secret, named in spec.tls, and remove the annotation {MANAGED_CERTIFICATES}{or}"
    )
}

//! `gke-class-ignored`: an Ingress that names GKE's class only in `spec.ingressClassName`, which
//! GKE's controller never looks at (kubernetes/ingress-gce#1891).

use super::gke;
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule};
use crate::gke::annotations::{INGRESS_CLASS, MANAGED_CERTIFICATES, is_gke_class};
use crate::inventory::{Inventory, ObjectFacts};
use crate::object_ref::Kind;

pub(super) const RULE: Rule = Rule {
    code: "gke-class-ignored",
    severity: Severity::Warning,
    remedy: "name the class by the annotation kubernetes.io/ingress.class",
    explain: "GKE goes by the annotation kubernetes.io/ingress.class alone. An Ingress with \
              ingressClassName: gce and no annotation is passed over without a word and never gets \
              an address. Both may be set when they are equal.",
    check,
};

/// The classes of GKE's controller.
const CLASSES: [&str; 3] = ["gce", "gce-internal", "gce-regional-external"];

fn check(inventory: &Inventory, _: &Context<'_>, found: &mut Findings) {
    for ingress in inventory.objects_of(Kind::Ingress) {
        found_for_managed(ingress, inventory, found);
        let annotated =
            ingress.annotations.get(INGRESS_CLASS).is_some_and(|class| !class.is_empty());
        let class = gke::text(&ingress.spec, "/ingressClassName").filter(|c| CLASSES.contains(c));
        let Some(class) = class.filter(|_| !annotated) else { continue };
        // With an address, somebody else serves a class of that name.
        if !gke::addresses(ingress).is_empty() || !inventory.is_reported(&ingress.object) {
            continue;
        }
        let message = format!(
            "ingressClassName {class} is passed over by GKE's controller, which goes by the annotation {INGRESS_CLASS} alone: it never gets an address"
        );
        found.push(
            RULE.on(&ingress.object, message)
                .evidence("ingressClassName", class)
                .evidence("annotation", "")
                .remedy(gke::annotate(&ingress.object, INGRESS_CLASS, Some(class))),
        );
    }
}

/// An Ingress of another of GKE's classes is passed over by the controller of ManagedCertificates
/// alone: it serves class gce, and what names no class.
fn found_for_managed(ingress: &ObjectFacts, inventory: &Inventory, found: &mut Findings) {
    let class = ingress.annotations.get(INGRESS_CLASS).map(String::as_str).unwrap_or_default();
    let names = gke::items(ingress, MANAGED_CERTIFICATES);
    let passed_over = class != "gce" && is_gke_class(Some(class)) && !names.is_empty();
    if !passed_over || !inventory.is_reported(&ingress.object) {
        return;
    }
    let message = format!(
        "class {class} is served no ManagedCertificates, so {} is never issued for it",
        names.join(", ")
    );
    found.push(
        RULE.on(&ingress.object, message)
            .evidence("class", class)
            .evidence("managedCertificates", names.join(", "))
            .remedy(format!(
                "use a TLS Secret, named in spec.tls, and take the annotation {MANAGED_CERTIFICATES} away"
            )),
    );
}

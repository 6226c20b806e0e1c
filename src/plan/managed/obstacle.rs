//! What stands in an Ingress's way to any ManagedCertificate at all, and only a person can mend.
//!
//! Decided by the rules of the audit: what a command waits for in vain, `check` condemns in the same
//! words.

use crate::audit::of_gke_ingress;
use crate::gke::annotations::{INGRESS_CLASS, managed_are_ignored};
use crate::inventory::Inventory;
use crate::inventory::demand::IngressFacts;
use crate::plan::judge;
use crate::remedy::Advice;

/// What stands in the way of this Ingress, as the audit tells it.
pub(super) fn of(inventory: &Inventory, ingress: &IngressFacts) -> Option<Advice> {
    class_ignored(ingress).or_else(|| {
        let found = judge::with_context(|context| of_gke_ingress(inventory, context, ingress));
        let finding = found.into_iter().next()?;
        let message = format!("{}: {}", ingress.frontend.object.short(), finding.message);
        Some(Advice::new(message, finding.remedy))
    })
}

/// Why Google's controllers will not look at an Ingress.
pub(super) fn class_ignored(ingress: &IngressFacts) -> Option<Advice> {
    let annotated = ingress.annotations.get(INGRESS_CLASS).map(String::as_str);
    let why = managed_are_ignored(annotated, ingress.class_name.as_deref())?;
    let name = &ingress.frontend.object.name;
    Some(Advice::new(
        format!("no Ingress that names it can serve it: of ingress/{name}, {why}"),
        format!("use an Ingress with the annotation {INGRESS_CLASS}: gce"),
    ))
}

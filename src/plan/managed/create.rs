//! Creating a ManagedCertificate, and naming it in an Ingress.

use super::{attach, manifest};
use crate::inventory::Inventory;
use crate::object_ref::ObjectRef;
use crate::plan::judge;
use crate::plan::step::{Exclusion, Plan, Reason, Step};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// Plans to create a ManagedCertificate and, with `ingress`, to name it there.
#[must_use]
pub fn create(
    inventory: &Inventory,
    object: &ObjectRef,
    domains: &[String],
    ingress: Option<&ObjectRef>,
    now: OffsetDateTime,
) -> Plan {
    let plan = created(inventory, (object, domains), ingress, now);
    judge::judged(plan, inventory).settled(inventory)
}

fn created(
    inventory: &Inventory,
    (object, domains): (&ObjectRef, &[String]),
    ingress: Option<&ObjectRef>,
    now: OffsetDateTime,
) -> Plan {
    let mut plan = Plan::empty(now);
    let spec = json!({ "domains": domains });
    let looked_at = std::iter::once(object).chain(ingress);
    plan.refused.extend(looked_at.filter_map(|object| {
        let since = inventory.deletion_timestamp(object)?;
        Some(Exclusion::terminating(object, since))
    }));
    if !plan.refused.is_empty() {
        return plan;
    }
    match inventory.object(object) {
        None => plan.steps.push(Step::CreateObject(manifest(object, &spec, None))),
        Some(facts) if facts.spec.get("domains") == spec.get("domains") => {}
        Some(facts) => plan.refused.push(Exclusion {
            object: object.clone(),
            reason: Reason::Mismatch,
            message: format!(
                "it is there with other domains: {}, expected {}",
                facts.spec.get("domains").map(Value::to_string).unwrap_or_default(),
                spec["domains"]
            ),
            remedy: "changing them in place takes HTTPS down; choose another name".into(),
        }),
    }
    let Some(ingress) = ingress.filter(|_| plan.refused.is_empty()) else { return plan };
    match inventory.ingress_at(ingress) {
        None => plan.refused.push(Exclusion {
            object: ingress.clone(),
            reason: Reason::NotFound,
            message: "it does not exist".to_owned(),
            remedy: "check --ingress and -n; nothing was written".into(),
        }),
        Some(facts) => plan.steps.extend(attach(facts, &object.name).map(Step::PatchObject)),
    }
    if !plan.refused.is_empty() {
        plan.steps.clear();
    }
    plan
}

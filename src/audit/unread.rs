//! What could not be read: what a report is incomplete by, and what it can do without.

use super::Context;
use crate::inventory::{Inventory, Problem};
use crate::object_ref::Kind;

/// What could not be read.
#[derive(Debug, Default)]
pub struct Unread<'i> {
    /// What the report is incomplete by.
    pub problems: Vec<&'i Problem>,
    /// Lists that may not be read, of kinds that nothing seen there uses, and of workloads.
    pub optional: Vec<&'i Problem>,
}

/// Tells what is missed from what is not: what Google's load balancer is made from is nothing to
/// Ingresses that another controller serves.
#[must_use]
pub fn unread<'i>(inventory: &'i Inventory, context: &Context<'_>) -> Unread<'i> {
    let (optional, problems) =
        inventory.problems().iter().partition(|problem| !is_missed(problem, inventory, context));
    Unread { problems, optional }
}

fn is_missed(problem: &Problem, inventory: &Inventory, context: &Context<'_>) -> bool {
    let object = &problem.object;
    // Who reads a Secret is worth knowing, and nothing is judged clean without it.
    if object.kind.is_workload() && problem.denied.is_some() {
        return false;
    }
    let is_optional = matches!(
        object.kind,
        Kind::ManagedCertificate | Kind::BackendConfig | Kind::FrontendConfig | Kind::Service
    );
    let is_a_list = object.name.is_empty() && problem.denied.is_some();
    if !is_optional || !is_a_list {
        return true;
    }
    let within = object.namespace.as_deref();
    let mut there = inventory
        .ingresses()
        .filter(|it| within.is_none_or(|namespace| namespace == it.frontend.object.namespace()));
    there.any(|ingress| context.is_gke(inventory, ingress))
}

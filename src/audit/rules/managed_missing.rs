//! `managed-missing`: a GKE Ingress names a ManagedCertificate that is not there; then none of
//! those it names is attached (an event `MissingCertificate` says so). Offline for information.

use super::gke::{self, Presence};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Context, Rule, View, remedy};
use crate::gke::annotations::MANAGED_CERTIFICATES;
use crate::gke::limits;
use crate::gke::managed::Managed;
use crate::inventory::demand::IngressFacts;
use crate::inventory::{Inventory, ObjectFacts};
use crate::object_ref::Kind;
use crate::remedy::{CommandLine, Remedy};

pub(super) const RULE: Rule = Rule {
    code: "managed-missing",
    severity: Severity::Error,
    remedy: "create the ManagedCertificate, or remove its name from the annotation",
    explain: "Google's controller handles the names in networking.gke.io/managed-certificates all or \
              none: one that is not in the Ingress's own namespace keeps every other from being \
              attached, and a deleted one from being detached. It goes by metadata.name: the name of a \
              file, of another namespace or one a letter off is missing, and where what seems to be \
              meant is there, that is said.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    for ingress in view.gke_external() {
        found.extend(of(inventory, context, ingress));
    }
}

/// What is found of one Ingress of GKE's.
pub(super) fn of(
    inventory: &Inventory,
    context: &Context<'_>,
    ingress: &IngressFacts,
) -> Vec<Finding> {
    let names = ingress.items(MANAGED_CERTIFICATES);
    let missing =
        names.iter().filter_map(|name| missing(inventory, context, ingress, &names, name));
    missing.collect()
}

fn missing(
    inventory: &Inventory,
    context: &Context<'_>,
    ingress: &IngressFacts,
    names: &[&str],
    name: &str,
) -> Option<Finding> {
    let managed = gke::beside(&ingress.frontend.object, Kind::ManagedCertificate, name);
    let Presence::Missing(severity, how) = gke::presence(inventory, context, &managed) else {
        return None;
    };
    let so = match severity {
        Severity::Error => ": none of those it names is attached",
        Severity::Warning | Severity::Info => "",
    };
    let meant = gke::meant(inventory, ingress, name);
    let finding = RULE
        .on(
            &ingress.frontend.object,
            format!("it names managedcertificate/{name}, which {how}{so}"),
        )
        .severity(severity)
        .evidence("managedCertificates", names.join(", "))
        .evidence("missing", name)
        .related(managed);
    Some(match meant.as_slice() {
        [] => finding.remedy(remedy(inventory, ingress, names, name)),
        meant => written_wrong(finding, ingress, (names, name), meant),
    })
}

/// The name is that of a file, or a letter off: what was meant is there, and takes its place in the
/// list, which is all or nothing.
fn written_wrong(
    mut finding: Finding,
    ingress: &IngressFacts,
    (names, missing): (&[&str], &str),
    meant: &[&str],
) -> Finding {
    let mut right: Vec<&str> = Vec::new();
    for name in names {
        let instead = if *name == missing { meant } else { std::slice::from_ref(name) };
        for name in instead {
            if !right.contains(name) {
                right.push(name);
            }
        }
    }
    let shown: Vec<String> =
        meant.iter().map(|name| format!("managedcertificate/{name}")).collect();
    let shown = match shown.as_slice() {
        [one] => format!("{one} is there and seems to be meant"),
        several => format!("{} are there and seem to be meant", several.join(" and ")),
    };
    finding.message = format!("{}; {shown}", finding.message);
    let severity = finding.severity.max(Severity::Warning);
    let objects = meant
        .iter()
        .map(|name| gke::beside(&ingress.frontend.object, Kind::ManagedCertificate, name));
    finding.related_to(objects).severity(severity).evidence("meant", meant.join(", ")).remedy(
        gke::annotate(&ingress.frontend.object, MANAGED_CERTIFICATES, Some(&right.join(","))),
    )
}

/// It is made for the hosts that no other one lists; where they all list some, its name can go too.
fn remedy(inventory: &Inventory, ingress: &IngressFacts, names: &[&str], missing: &str) -> Remedy {
    let others: Vec<&Managed> = names
        .iter()
        .filter_map(|name| {
            inventory.object(&gke::beside(&ingress.frontend.object, Kind::ManagedCertificate, name))
        })
        .map(ObjectFacts::managed)
        .collect();
    let listed = |host: &str| {
        let mut domains = others.iter().flat_map(|managed| &managed.domains);
        domains.any(|domain| domain.eq_ignore_ascii_case(host))
    };
    let hosts = ingress.rule_hosts();
    let unlisted: Vec<&str> = hosts.iter().copied().filter(|host| !listed(host)).collect();
    if unlisted.is_empty() && !others.is_empty() {
        let rest: Vec<&str> = names.iter().copied().filter(|name| *name != missing).collect();
        return gke::annotate(
            &ingress.frontend.object,
            MANAGED_CERTIFICATES,
            Some(&rest.join(",")),
        )
        .note("the others list every host");
    }
    let refused = |host: &str| limits::check_domain(host).is_err();
    if let Some(host) = unlisted.iter().copied().find(|host| refused(host)) {
        return format!(
            "make a ManagedCertificate {missing} for the hosts that no other one lists and Google takes; {host} is none of those and needs a certificate of another kind"
        )
        .into();
    }
    if unlisted.is_empty() || ingress.frontend.object.place.is_some() {
        return format!(
            "make a ManagedCertificate {missing} for the hosts that no other one lists"
        )
        .into();
    }
    CommandLine::on_cluster(format!(
        "certwright managed create {} {}{}",
        remedy::word(missing),
        gke::words(&unlisted),
        remedy::in_namespace(&ingress.frontend.object),
    ))
    .into()
}

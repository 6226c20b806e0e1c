//! `gke-tls-without-secret-name`: a `tls` entry that names no Secret stops GKE's controller with
//! `secret "" does not exist` (kubernetes/ingress-gce#1334). The classic trap beside
//! ManagedCertificates, and what Helm charts render from an empty value.

use super::gke;
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::remedy;
use crate::audit::{Rule, View};
use crate::gke::annotations::certificates_elsewhere;
use crate::inventory::demand::IngressFacts;
use crate::remedy::Remedy;
use serde_json::json;

pub(super) const RULE: Rule = Rule {
    code: "gke-tls-without-secret-name",
    severity: Severity::Error,
    remedy: "name a Secret in the tls entry, or remove the entry",
    explain: "Other controllers serve their default certificate for such an entry. GKE's looks for a \
              Secret with an empty name, does not find it, and stops: nothing of the Ingress is \
              changed any more. Certificates that are named by annotation need no tls entry.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    found.extend(view.gke_ingresses().iter().filter_map(|ingress| of(ingress)));
}

/// What is found of one Ingress of GKE's.
pub(super) fn of(ingress: &IngressFacts) -> Option<Finding> {
    let entries = ingress.tls.iter().enumerate();
    let nameless = entries.filter(|(_, entry)| entry.secret_name.is_none());
    let nameless: Vec<usize> = nameless.map(|(index, _)| index).collect();
    (!nameless.is_empty()).then(|| finding(ingress, &nameless))
}

fn finding(ingress: &IngressFacts, nameless: &[usize]) -> Finding {
    let which: Vec<String> = nameless.iter().map(|index| format!("spec.tls[{index}]")).collect();
    let which = which.join(", ");
    let message = format!(
        "{which} {} no secretName: GKE's controller stops (secret \"\" does not exist) and changes nothing of this Ingress any more",
        if nameless.len() == 1 { "has" } else { "have" }
    );
    let hosts: Vec<&str> = nameless
        .iter()
        .filter_map(|index| ingress.tls.get(*index))
        .flat_map(|entry| entry.hosts.iter().map(String::as_str))
        .collect();
    RULE.on(&ingress.frontend.object, message)
        .evidence("entries", &which)
        .evidence("hosts", hosts.join(", "))
        .remedy(remedy(ingress, nameless, &which, &hosts))
}

fn remedy(ingress: &IngressFacts, nameless: &[usize], which: &str, hosts: &[&str]) -> Remedy {
    if certificates_elsewhere(&ingress.annotations, gke::class(ingress)).is_some() {
        // From the last to the first, so that no index moves before its turn.
        let paths = nameless.iter().rev().map(|index| format!("/spec/tls/{index}"));
        let removals: Vec<_> = paths.map(|path| json!({"op": "remove", "path": path})).collect();
        let words = format!("remove {which}");
        return gke::patch(&ingress.frontend.object, "json", &json!(removals), &words);
    }
    let secret = format!("{}-tls", ingress.frontend.object.name);
    let additions = nameless.iter().map(|index| {
        json!({"op": "add", "path": format!("/spec/tls/{index}/secretName"), "value": secret})
    });
    let additions: Vec<_> = additions.collect();
    let patch = json!(additions);
    remedy::issue_and_patch(&ingress.frontend.object, hosts, &secret, &patch).unwrap_or_else(|| {
        format!("make a certificate for its hosts in secret/{secret}, and name that in {which}")
            .into()
    })
}

//! `secret-missing`: an Ingress names a Secret that is not there. An error live; offline for
//! information, since the Secret may be kept elsewhere.

use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Context, Rule, Source, remedy};
use crate::inventory::demand::IngressFacts;
use crate::inventory::{Inventory, SecretState};
use crate::object_ref::{Kind, ObjectRef};
use crate::remedy::Remedy;

pub(super) const RULE: Rule = Rule {
    code: "secret-missing",
    severity: Severity::Error,
    remedy: "create the Secret",
    explain: "A controller that does not find the Secret of a tls entry serves its default \
              certificate; GKE's stops syncing the Ingress altogether. A Secret must be in the \
              Ingress's own namespace. Where something else makes it (cert-manager, a SealedSecret, \
              a generator), one made by hand would be in its way: then that is what to look at.",
    check,
};

const MEND_FIRST: &str =
    "mend the files that could not be read, or not all of them: the Secret may stand there";

/// Whether a file could not be read: a Secret that stands in it must not be made a second time.
fn is_unread(inventory: &Inventory) -> bool {
    inventory.problems().iter().any(|problem| problem.object.kind == Kind::File)
}

fn check(inventory: &Inventory, context: &Context<'_>, found: &mut Findings) {
    for ingress in inventory.ingresses() {
        for name in &ingress.secret_names {
            let secret = ObjectRef::secret(ingress.object.namespace(), name);
            if let Some((severity, message)) = missing(inventory, context, &secret) {
                found.push(
                    finding(inventory, context, ingress, (&secret, message)).severity(severity),
                );
            }
        }
    }
}

/// How bad it is that the Secret is not there, and how it is said; none when it may be.
fn missing(
    inventory: &Inventory,
    context: &Context<'_>,
    secret: &ObjectRef,
) -> Option<(Severity, String)> {
    let (namespace, name) = (secret.namespace(), &secret.name);
    match (inventory.secret_state(namespace, name), context.source) {
        (SecretState::Seen(_), _) | (SecretState::Unknown, Source::Cluster) => None,
        _ if inventory.is_unseen(secret) => None,
        (SecretState::Absent, _) => Some((
            Severity::Error,
            format!("it names secret/{name}, which does not exist in namespace {namespace}"),
        )),
        (SecretState::Unknown, Source::Files) if is_unread(inventory) => Some((
            Severity::Info,
            format!("it names secret/{name}, which is not among what could be read"),
        )),
        (SecretState::Unknown, Source::Files) => Some((
            Severity::Info,
            format!("it names secret/{name}, which is not among the files read"),
        )),
    }
}

fn finding(
    inventory: &Inventory,
    context: &Context<'_>,
    ingress: &IngressFacts,
    (secret, message): (&ObjectRef, String),
) -> Finding {
    let demands = ingress.demands.iter().filter(|demand| demand.secrets.contains(&secret.name));
    let hosts: Vec<&str> = demands.map(|demand| demand.host.as_str()).collect();
    let maker = inventory.maker_of(secret);
    let message = match &maker {
        Some(maker) => format!("{message}: {}", maker.told()),
        None => message,
    };
    let mut finding = RULE
        .on(&ingress.object, message)
        .related(secret.clone())
        .evidence("secretName", &secret.name)
        .evidence("hosts", hosts.join(", "));
    let unseen = inventory.unseen_makers(secret.namespace());
    if !unseen.is_empty() {
        finding = finding.evidence("makersNotListed", unseen.join(", "));
    }
    match maker {
        Some(maker) => finding
            .related(maker.object.clone())
            .evidence("maker", maker.told())
            .remedy(maker.way_out(secret)),
        // Made by hand, it would be in the way of a maker that could not be seen.
        None if !unseen.is_empty() => finding.remedy(format!(
            "ask first whether something makes it: {} may not be listed",
            unseen.join(", ")
        )),
        None if context.source == Source::Files && is_unread(inventory) => {
            finding.remedy(MEND_FIRST)
        }
        None => finding.remedy(make_it(context, secret, &hosts)),
    }
}

/// A new one for the hosts that want it; a certificate that somebody has already is imported.
fn make_it(context: &Context<'_>, secret: &ObjectRef, hosts: &[&str]) -> Remedy {
    if context.source == Source::Files {
        return format!(
            "read its manifest too; where there is none, issue --secret {} --dry-run=client -o yaml prints one",
            secret.name
        )
        .into();
    }
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    remedy::issue_secret(secret, &hosts).map_or_else(|| RULE.remedy.into(), Remedy::from)
}

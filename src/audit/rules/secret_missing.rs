//! `secret-missing`: an Ingress names a Secret that is not there. An error live; offline for
//! information, since the Secret may be kept elsewhere.

use crate::audit::finding::{Findings, Severity};
use crate::audit::remedy;
use crate::audit::{Context, Rule, Source};
use crate::inventory::{Inventory, SecretState};
use crate::object_ref::ObjectRef;
use crate::remedy::Remedy;

pub(super) const RULE: Rule = Rule {
    code: "secret-missing",
    severity: Severity::Error,
    remedy: "create the Secret",
    explain: "A controller that does not find the Secret of a tls entry serves its default \
              certificate; GKE's stops syncing the Ingress altogether. A Secret must be in the \
              Ingress's own namespace.",
    check,
};

fn check(inventory: &Inventory, context: &Context<'_>, found: &mut Findings) {
    for ingress in inventory.ingresses() {
        for name in &ingress.secret_names {
            let namespace = ingress.object.namespace();
            let (severity, message) =
                match (inventory.secret_state(namespace, name), context.source) {
                    (SecretState::Seen(_), _) | (SecretState::Unknown, Source::Cluster) => continue,
                    _ if inventory.is_unseen(&ObjectRef::secret(namespace, name)) => continue,
                    (SecretState::Absent, _) => (
                        Severity::Error,
                        format!(
                            "it names secret/{name}, which does not exist in namespace {namespace}"
                        ),
                    ),
                    (SecretState::Unknown, Source::Files) => (
                        Severity::Info,
                        format!("it names secret/{name}, which is not among the files read"),
                    ),
                };
            let hosts: Vec<&str> = ingress
                .demands
                .iter()
                .filter(|demand| demand.secrets.contains(name))
                .map(|demand| demand.host.as_str())
                .collect();
            found.push(
                RULE.on(&ingress.object, message)
                    .severity(severity)
                    .related(ObjectRef::secret(namespace, name))
                    .evidence("secretName", name)
                    .evidence("hosts", hosts.join(", "))
                    .remedy(way_out(context, &ObjectRef::secret(namespace, name), &hosts)),
            );
        }
    }
}

/// A new one for the hosts that want it; a certificate that somebody has already is imported.
fn way_out(context: &Context<'_>, secret: &ObjectRef, hosts: &[&str]) -> Remedy {
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

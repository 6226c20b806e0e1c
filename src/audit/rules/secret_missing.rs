//! `secret-missing`: an Ingress names a Secret that is not there. An error live; offline for
//! information, since the Secret may be kept elsewhere.

use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule, Source, remedy};
use crate::inventory::{Inventory, SecretState};
use crate::object_ref::ObjectRef;

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
            let words: Vec<String> = hosts.iter().map(|host| remedy::word(host)).collect();
            let domains = if words.is_empty() { "DOMAIN".to_owned() } else { words.join(" ") };
            let secret_word = remedy::word(name);
            found.push(
                RULE.on(&ingress.object, message)
                    .severity(severity)
                    .related(ObjectRef::secret(namespace, name))
                    .evidence("secretName", name)
                    .evidence("hosts", hosts.join(", "))
                    .remedy(format!("certwright issue {domains} --secret {secret_word} -n {namespace}; or certwright import {secret_word} -n {namespace} --cert FILE --key FILE")),
            );
        }
    }
}

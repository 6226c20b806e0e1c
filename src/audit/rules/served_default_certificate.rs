//! `served-default-certificate`: the controller serves its certificate of last resort
//! (kubernetes/ingress-nginx#8414, #1634): it did not take the one that is stored.

use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::served::{Answer, Serves};
use crate::audit::{Rule, View};
use crate::inventory::{Coverage, Inventory, SecretState};
use crate::x509::key::Pairing;

pub(super) const RULE: Rule = Rule {
    code: "served-default-certificate",
    severity: Severity::Error,
    remedy: "see the controller's logs for why it does not load the Secret",
    explain: "ingress-nginx serves its \"Kubernetes Ingress Controller Fake Certificate\" and Traefik \
              its \"TRAEFIK DEFAULT CERT\" for a host when the Secret is missing or unreadable, its \
              key is another's, or its certificate does not name the host. They are regenerated at every start, so they are told by their names.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for answer in view.answers() {
        if let Serves::Default(controller) = answer.serves {
            found.push(finding(inventory, answer, controller));
        }
    }
}

fn finding(inventory: &Inventory, answer: &Answer<'_>, controller: &str) -> Finding {
    let (host, place) = (&answer.demand.host, answer.served.place());
    let because = reason(inventory, answer);
    let finding = RULE
        .on(
            &answer.frontend.object,
            format!("{place} serves {controller}'s default certificate for {host}: {because}"),
        )
        .evidence("host", host)
        .evidence("address", place)
        .evidence("controller", controller)
        .evidence("subject", answer.served.leaf().map_or("", |leaf| &*leaf.subject));
    let secrets = answer.demand.secrets.iter().filter_map(|secret| inventory.secret_at(secret));
    finding.related_to(secrets.map(|secret| secret.object.key("tls.crt")))
}

/// Which precondition is not met, as far as what is stored tells.
fn reason(inventory: &Inventory, answer: &Answer<'_>) -> String {
    for named in &answer.demand.secrets {
        let name = &named.name;
        match inventory.secret_state(named.namespace(), name) {
            SecretState::Absent => return format!("secret/{name} does not exist"),
            SecretState::Unknown => return format!("secret/{name} could not be seen"),
            SecretState::Seen(secret) if secret.bundle.leaf().is_none() => {
                return format!("secret/{name} holds no certificate that can be read");
            }
            SecretState::Seen(secret) if secret.bundle.pairing == Pairing::Differs => {
                return format!("the key in secret/{name} is another certificate's");
            }
            SecretState::Seen(_) => {}
        }
    }
    match inventory.coverage(answer.frontend, answer.demand) {
        Coverage::NotCovered { .. } => "no stored certificate names the host".to_owned(),
        Coverage::Unknown(why) => why,
        Coverage::Covered { .. } | Coverage::NoCertificate | Coverage::WithoutTls => {
            "what is stored is right, so it has not been loaded".to_owned()
        }
    }
}

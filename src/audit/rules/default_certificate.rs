//! `default-certificate`: a `tls` entry that lists a host and names no Secret, beside another that
//! names the Secret and was meant to be the same one (kubernetes/ingress-nginx#1641). A dash too
//! many in YAML makes two entries of one: the host then gets the controller's default certificate.
//! An entry without a Secret that stands alone is a choice, and is not told.

use super::gke;
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Rule, View};
use crate::controllers::{Choice, Controller};
use crate::inventory::demand::IngressFacts;
use crate::object_ref::{ObjectRef, check_object_name};
use crate::remedy::Remedy;
use serde_json::json;

pub(super) const RULE: Rule = Rule {
    code: "default-certificate",
    severity: Severity::Warning,
    remedy: "write hosts and secretName into one tls entry",
    explain: "An entry of spec.tls names hosts and the Secret whose certificate they use. \
              Controllers take the entry that lists the host; where that names no Secret they serve \
              a default certificate, which clients do not accept, whatever Secret another entry \
              names.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    for ingress in inventory.ingresses() {
        // Traefik and GKE's load balancer read no hosts, and the latter has a rule of its own.
        let reads_hosts = !matches!(
            ingress.frontend.controller.facts().choice,
            Choice::Every | Choice::Nowhere | Choice::Pool
        ) || ingress.frontend.controller == Controller::HaproxyTech;
        if reads_hosts && !context.is_gke(inventory, ingress) {
            let indexes = 0..ingress.tls.len();
            found.extend(indexes.filter_map(|index| torn(ingress, index)));
        }
    }
}

/// The entry at `index`, when it lists hosts without a Secret that another entry was to give.
fn torn(ingress: &IngressFacts, index: usize) -> Option<Finding> {
    let entry = ingress.tls.get(index).filter(|entry| entry.secret_name.is_none())?;
    if entry.hosts.is_empty() {
        return None;
    }
    let named = |hostless: bool| {
        let all = ingress.tls.iter().enumerate();
        all.filter(move |(_, other)| {
            other.secret_name.is_some() && other.hosts.is_empty() == hostless
        })
    };
    let lists = |hosts: &[String], host: &String| {
        hosts.iter().any(|listed| listed.eq_ignore_ascii_case(host))
    };
    let again = named(false).find(|(at, other)| {
        loses(ingress.frontend.controller, *at, index)
            && entry.hosts.iter().any(|host| lists(&other.hosts, host))
    });
    if let Some((at, other)) = again {
        let hosts = entry.hosts.iter().filter(|host| lists(&other.hosts, host)).cloned().collect();
        return Some(Torn { ingress, index, at, hosts, hostless: false }.finding());
    }
    let served = |host: &&String| !named(false).any(|(_, other)| lists(&other.hosts, host));
    let hosts: Vec<String> = entry.hosts.iter().filter(served).cloned().collect();
    let (at, _) = named(true).next().filter(|_| !hosts.is_empty())?;
    Some(Torn { ingress, index, at, hosts, hostless: true }.finding())
}

/// Whether of two entries that list a host, the one at `at` gives way to the one at `index`, which
/// names no Secret.
fn loses(controller: Controller, at: usize, index: usize) -> bool {
    match controller.facts().choice {
        Choice::FirstThenNames | Choice::First | Choice::Guess => index < at,
        Choice::Last => index > at,
        Choice::Sni | Choice::Pool | Choice::Every | Choice::Nowhere => false,
    }
}

/// Two entries that were to be one: the one at `index` lists hosts, the one at `at` has the Secret.
struct Torn<'i> {
    ingress: &'i IngressFacts,
    index: usize,
    at: usize,
    hosts: Vec<String>,
    /// Whether the one with the Secret lists no host.
    hostless: bool,
}

impl Torn<'_> {
    fn finding(&self) -> Finding {
        let secret = self.secret();
        let hosts = self.hosts.join(", ");
        let other = if self.hostless { "lists no host" } else { "lists it too" };
        let message = format!(
            "spec.tls[{}] lists {hosts} and has no secretName, while spec.tls[{}] names \
             secret/{secret} and {other}: {}",
            self.index,
            self.at,
            done(self.ingress.frontend.controller)
        );
        RULE.on(&self.ingress.frontend.object, message)
            .related(ObjectRef::secret(self.ingress.secret_namespace(), secret))
            .evidence("hosts", &hosts)
            .evidence("withoutSecretName", format!("spec.tls[{}]", self.index))
            .evidence("withSecretName", format!("spec.tls[{}]", self.at))
            .evidence("secretName", secret)
            .remedy(self.remedy())
    }

    fn secret(&self) -> &str {
        let entry = self.ingress.tls.get(self.at);
        entry.and_then(|entry| entry.secret_name.as_deref()).unwrap_or_default()
    }

    /// The two made one, where they are all there is; where there are more, which belongs to which
    /// is the owner's to know.
    fn remedy(&self) -> Remedy {
        let (index, at, secret) = (self.index, self.at, self.secret());
        let object = &self.ingress.frontend.object;
        let words = format!(
            "make spec.tls[{index}] and spec.tls[{at}] one entry, with the hosts and secretName {secret},"
        );
        let alone = self.ingress.tls.len() == 2 && self.hostless;
        if object.place.is_none() && !(alone && check_object_name(secret).is_ok()) {
            return format!("{words} in {}", object.short()).into();
        }
        let patch = json!([
            { "op": "test", "path": format!("/spec/tls/{at}/secretName"), "value": secret },
            { "op": "add", "path": format!("/spec/tls/{index}/secretName"), "value": secret },
            { "op": "remove", "path": format!("/spec/tls/{at}") },
        ]);
        gke::patch(object, "json", &patch, &words)
    }
}

/// What clients of the host get.
fn done(controller: Controller) -> String {
    let name = controller.name();
    match controller {
        Controller::Contour => format!("{name} serves no HTTPS for it"),
        Controller::NginxInc => {
            format!("{name} refuses TLS for it, unless it has a wildcard Secret")
        }
        Controller::OpenShift => "no Route is made for it".to_owned(),
        Controller::Unknown => "its controller serves a default certificate for it".to_owned(),
        _ => format!("{name} serves its default certificate for it"),
    }
}

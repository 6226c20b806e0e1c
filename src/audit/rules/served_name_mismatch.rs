//! `served-name-mismatch`: what is served does not name the host it is served for. Source: RFC 9525
//! §6. Where it is the stored certificate, `host-not-covered` says so with the way out.

use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::served::Serves;
use crate::audit::{Rule, View};
use crate::object_ref::ObjectRef;
use crate::x509::cert::{Certificate, HostMatch};

pub(super) const RULE: Rule = Rule {
    code: "served-name-mismatch",
    severity: Severity::Error,
    remedy: "see which certificate the controller has for the host; on GKE the first of the Ingress \
             is served for every host that none names",
    explain: "The certificate that the server shows for a host does not name it in its \
              subjectAltName, so clients refuse it. GKE's load balancer serves its first \
              certificate for a host that none of them names; others serve whatever they were \
              given first.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for answer in view.answers() {
        let told_elsewhere = matches!(answer.serves, Serves::Stored(_) | Serves::Default(_));
        let Some(leaf) = answer.served.leaf().filter(|_| !told_elsewhere) else { continue };
        let place = answer.served.place();
        found.extend(finding(&answer.frontend.object, &answer.demand.host, &place, leaf));
    }
    for (object, served) in inventory.inspected() {
        // Without a name clients compare the address that they were given (RFC 9525 §6.4).
        let host = served.host.as_deref().unwrap_or(&served.endpoint.address);
        if let Some(leaf) = served.leaf() {
            found.extend(finding(object, host, &served.place(), leaf));
        }
    }
}

/// How many names of a certificate a message shows.
const SHOWN_NAMES: usize = 5;

fn finding(object: &ObjectRef, host: &str, place: &str, leaf: &Certificate) -> Option<Finding> {
    let presented = match leaf.match_host(host) {
        HostMatch::San(_) => return None,
        HostMatch::CommonNameOnly(cn) => {
            format!("only its common name is {cn}, which does not count")
        }
        HostMatch::None => names_of(leaf),
    };
    Some(
        RULE.on(
            object,
            format!("{place} serves a certificate that does not name {host}: {presented}"),
        )
        .evidence("host", host)
        .evidence("address", place)
        .evidence("presented", presented)
        .evidence("served", leaf.fingerprint()),
    )
}

fn names_of(leaf: &Certificate) -> String {
    if leaf.names.is_empty() {
        return "it names no host".to_owned();
    }
    let shown: Vec<String> = leaf.names.iter().take(SHOWN_NAMES).map(ToString::to_string).collect();
    let more = leaf.names.len().saturating_sub(SHOWN_NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("it names {}{more}", shown.join(", "))
}

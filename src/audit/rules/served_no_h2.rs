//! `served-no-h2`: the backend is gRPC and the front does not agree on HTTP/2. Over TLS that is done
//! by ALPN alone (RFC 9113 §3.2), and gRPC clients end the connection without it.

use crate::audit::backends::http2;
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View};

pub(super) const RULE: Rule = Rule {
    code: "served-no-h2",
    severity: Severity::Warning,
    remedy: "turn on HTTP/2 in the controller: ALPN must answer h2",
    explain: "gRPC is HTTP/2, and its clients (PyMilvus among them) end the connection when the \
              server does not choose h2 by ALPN (\"missing selected ALPN property\"). It is reported where the Ingress sends to a backend that uses HTTP/2: by GKE's app-protocols, by ingress-nginx's \
              backend-protocol, by Traefik's serversscheme h2c, or by the Service's appProtocol.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for answer in view.answers() {
        let Some(agreed) = &answer.served.agreed else { continue };
        if agreed.alpn.as_deref() == Some("h2") {
            continue;
        }
        let Some((why, service)) = http2(inventory, answer.frontend) else { continue };
        let (host, place) = (&answer.demand.host, answer.served.place());
        let chosen = agreed.alpn.as_deref().map_or("no protocol".to_owned(), str::to_owned);
        let message = format!(
            "{place} chooses {chosen} for {host} and not h2, but its backend speaks gRPC ({why})"
        );
        let finding = RULE
            .on(&answer.frontend.object, message)
            .evidence("host", host)
            .evidence("address", place)
            .evidence("alpn", agreed.alpn.as_deref().unwrap_or_default())
            .evidence("because", why);
        found.push(finding.related_to(service));
    }
}

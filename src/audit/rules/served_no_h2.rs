//! `served-no-h2`: the backend is gRPC and the front does not agree on HTTP/2. Over TLS that is done
//! by ALPN alone (RFC 9113 §3.2), and gRPC clients end the connection without it.

use super::gke;
use crate::audit::finding::{Findings, Severity};
use crate::audit::served::{Answer, answers};
use crate::audit::{Context, Rule};
use crate::inventory::Inventory;
use crate::object_ref::{Kind, ObjectRef};

pub(super) const RULE: Rule = Rule {
    code: "served-no-h2",
    severity: Severity::Warning,
    remedy: "turn on HTTP/2 in the controller: ALPN must answer h2",
    explain: "gRPC is HTTP/2, and its clients (PyMilvus among them) end the connection when the \
              server does not choose h2 by ALPN (\"missing selected ALPN property\"). It is told where the Ingress sends to a backend \
              that is spoken to in HTTP/2: by GKE's app-protocols, by ingress-nginx's \
              backend-protocol, by Traefik's serversscheme h2c, or by the Service's appProtocol.",
    check,
};

fn check(inventory: &Inventory, _: &Context<'_>, found: &mut Findings) {
    for answer in answers(inventory) {
        let Some(agreed) = &answer.served.agreed else { continue };
        if agreed.alpn.as_deref() == Some("h2") {
            continue;
        }
        let Some((why, service)) = wants_http2(inventory, &answer) else { continue };
        let (host, place) = (&answer.demand.host, answer.served.place());
        let chosen = agreed.alpn.as_deref().map_or("no protocol".to_owned(), str::to_owned);
        let message = format!(
            "{place} chooses {chosen} for {host} and not h2, but its backend speaks gRPC ({why})"
        );
        let finding = RULE
            .on(&answer.ingress.object, message)
            .evidence("host", host)
            .evidence("address", place)
            .evidence("alpn", agreed.alpn.as_deref().unwrap_or_default())
            .evidence("because", why);
        found.push(finding.related_to(service));
    }
}

/// On a Service, for Traefik: how its pods are spoken to.
const TRAEFIK_SCHEME: &str = "traefik.ingress.kubernetes.io/service.serversscheme";

/// Why the backend of the Ingress is spoken to in HTTP/2, and the Service that says so.
fn wants_http2(inventory: &Inventory, answer: &Answer<'_>) -> Option<(String, Option<ObjectRef>)> {
    if let Some(why) = &answer.ingress.http2 {
        return Some((why.clone(), None));
    }
    let ingress = answer.ingress;
    // Services are only listed where Google's kinds are.
    inventory.objects_of(Kind::Service).next()?;
    for (name, port) in ingress.backends() {
        let beside = gke::beside(&ingress.object, Kind::Service, name);
        let Some(service) = inventory.object(&beside) else { continue };
        let Some(port) = gke::find_port(service, port) else { continue };
        let told = gke::app_protocols(service).and_then(|protocols| protocols.read.ok());
        let told = told.and_then(|told| told.get(port.name.as_ref()?).cloned());
        let scheme = service.annotations.get(TRAEFIK_SCHEME).map(String::as_str);
        let why = match (told.as_deref(), port.app_protocol.as_deref(), scheme) {
            (Some("HTTP2"), ..) => format!("app-protocols of service/{name} say HTTP2"),
            (_, Some(own @ ("kubernetes.io/h2c" | "grpc" | "h2c")), _) => {
                format!("appProtocol of service/{name} is {own}")
            }
            (.., Some("h2c")) => format!("annotation {TRAEFIK_SCHEME} of service/{name} is h2c"),
            _ => continue,
        };
        return Some((why, Some(service.object.clone())));
    }
    None
}

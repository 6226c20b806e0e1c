//! `gke-http-disabled`: an Ingress that closes port 80 and has no certificate for 443: the
//! controller stops with "both HTTP and HTTPS are disabled" (kubernetes/ingress-gce#738).

use super::gke;
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View};
use crate::gke::annotations::{ALLOW_HTTP, certificates_elsewhere, is_off};

pub(super) const RULE: Rule = Rule {
    code: "gke-http-disabled",
    severity: Severity::Warning,
    remedy: "give it a certificate, or allow port 80",
    explain: "With kubernetes.io/ingress.allow-http \"false\" and neither a Secret nor a certificate by \
              annotation there is no port to listen on, and the Ingress gets no address. With \
              ManagedCertificates that passes by itself within seconds, so certwright is silent.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    for ingress in view.gke_ingresses() {
        let allow = ingress.annotations.get(ALLOW_HTTP).map(String::as_str).unwrap_or_default();
        let certificates = certificates_elsewhere(&ingress.annotations, gke::class(ingress))
            .is_some()
            || !ingress.tls.is_empty();
        if !is_off(allow) || certificates || !ingress.frontend.addresses.is_empty() {
            continue;
        }
        let message = format!(
            "{ALLOW_HTTP} is {allow:?} and no certificate is named: it listens on no port and gets no address"
        );
        found.push(
            RULE.on(&ingress.frontend.object, message)
                .evidence("allowHttp", allow)
                .evidence("certificates", "none")
                .remedy(gke::annotate(&ingress.frontend.object, ALLOW_HTTP, Some("true"))),
        );
    }
}

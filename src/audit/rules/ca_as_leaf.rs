//! `ca-as-leaf`: the certificate that is served says that it is a CA. `openssl req -x509` makes
//! such ones by default; rustls answers with `CaUsedAsEndEntity`, Firefox likewise.

use super::{certificate_place, kept, remade, served, somebody_elses};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View, remedy};

pub(super) const RULE: Rule = Rule {
    code: "ca-as-leaf",
    severity: Severity::Warning,
    remedy: "make a certificate that is not a CA (CA:FALSE) for the host",
    explain: "A server's certificate must not be a CA (RFC 5280 §4.2.1.9): whoever holds its key, a web \
              server, could sign certificates for any host. Clients that pin it trust all of those. \
              rustls and Firefox refuse it; Go, OpenSSL and gRPC do not. CA certificates that no \
              Ingress serves are not meant.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for (secret, leaf) in served(inventory).filter(|(_, leaf)| leaf.is_ca) {
        // An intermediate before its leaf is out of order, and that is said.
        if secret.bundle.key_position().is_some() {
            continue;
        }
        let kept = || kept(inventory, &secret.object, &secret.bundle);
        let remedy = match somebody_elses(inventory, secret).or_else(kept) {
            Some(remedy) => remedy,
            None if leaf.self_signed => remade(inventory, &secret.object, Some(secret)),
            None => remedy::import_renewed(&secret.object),
        };
        found.push(
            RULE.on(
                &certificate_place(&secret.object),
                "it is served and says that it is a CA: rustls and Firefox refuse it",
            )
            .evidence("basicConstraints", "CA:TRUE")
            .evidence("expected", "CA:FALSE")
            .evidence("sha256", leaf.fingerprint())
            .remedy(remedy),
        );
    }
}

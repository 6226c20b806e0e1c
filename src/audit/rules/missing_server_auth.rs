//! `missing-server-auth`: the certificate that is served is meant for something else. Source: RFC
//! 5280 §4.2.1.12.

use super::{certificate_place, kept, served, somebody_elses};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View, remedy};
use crate::x509::key_purpose::KeyPurpose;

pub(super) const RULE: Rule = Rule {
    code: "missing-server-auth",
    severity: Severity::Warning,
    remedy: "make a certificate with the extended key usage serverAuth",
    explain: "Where a certificate lists what it may be used for, clients want serverAuth \
              (1.3.6.1.5.5.7.3.1) in the list; one with clientAuth alone is a client's. \
              anyExtendedKeyUsage will do for Go, and for nobody else. A certificate without the list \
              may be used for all.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for (secret, leaf) in served(inventory) {
        let Some(usages) = &leaf.extended_key_usage else { continue };
        if usages.contains(&KeyPurpose::ServerAuth) {
            continue;
        }
        let usages = usages.iter().map(KeyPurpose::name).collect::<Vec<_>>().join(", ");
        let kept = || kept(inventory, &secret.object, &secret.bundle);
        let remedy = match somebody_elses(inventory, secret).or_else(kept) {
            Some(remedy) => remedy,
            None if leaf.self_signed => {
                let names: Vec<String> = leaf.dns().take(5).map(str::to_owned).collect();
                remedy::issue_anew(&secret.object, &names)
            }
            None => remedy::import_renewed(&secret.object),
        };
        found.push(
            RULE.on(
                &certificate_place(&secret.object),
                format!("it is served, and may be used only for {usages}"),
            )
            .evidence("extendedKeyUsage", usages)
            .evidence("expected", "serverAuth")
            .evidence("sha256", leaf.fingerprint())
            .remedy(remedy),
        );
    }
}

//! `cert-unreadable`: what stands in `tls.crt` is no certificate, or one of its blocks is broken.

use super::{certificate_place, rotate_or_import, where_in};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule};
use crate::inventory::Inventory;

pub(super) const RULE: Rule = Rule {
    code: "cert-unreadable",
    severity: Severity::Error,
    remedy: "replace the value by PEM certificates",
    explain: "A controller that cannot parse tls.crt serves its default certificate or stops \
              reloading for everybody (ingress-nginx). One bad block among good ones counts too: \
              which of them a server takes is a matter of luck.",
    check,
};

fn check(inventory: &Inventory, _: &Context<'_>, found: &mut Findings) {
    for (object, bundle) in inventory.bundles() {
        for damaged in &bundle.damaged {
            let position = damaged.index + 1;
            let message = format!(
                "certificate {position} of {} cannot be read: {}",
                where_in(object),
                damaged.message
            );
            found.push(
                RULE.on(&certificate_place(object), message)
                    .evidence("position", position)
                    .remedy(rotate_or_import(object, bundle)),
            );
        }
    }
}

//! `cert-unreadable`: what stands in `tls.crt` is no certificate, or one of its blocks is broken.

use super::{certificate_place, is_placeholder, rotate_or_import, where_in};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule};
use crate::inventory::Inventory;
use crate::x509::pem::Oddity;

pub(super) const RULE: Rule = Rule {
    code: "cert-unreadable",
    severity: Severity::Error,
    remedy: "replace the value by PEM certificates",
    explain: "A controller that cannot parse tls.crt serves its default certificate or stops \
              reloading for everybody (ingress-nginx). One bad block among good ones counts too: \
              which of them a server takes is a matter of luck. Go's PEM reader, and so every \
              controller written in Go, passes over a block whose BEGIN does not stand at the very \
              beginning of a line: a byte order mark is enough.",
    check,
};

fn check(inventory: &Inventory, _: &Context<'_>, found: &mut Findings) {
    let filled = inventory.bundles().filter(|(object, _)| !is_placeholder(inventory, object));
    for (object, bundle) in filled {
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
                    .remedy(rotate_or_import(inventory, object, bundle)),
            );
        }
        for odd in &bundle.odd {
            let position = odd.index + 1;
            let message = format!(
                "certificate {position} of {} is passed over by {}: {}",
                where_in(object),
                odd.what.unseen_by(),
                odd.what.what()
            );
            found.push(
                RULE.on(&certificate_place(object), message)
                    .severity(how_bad(odd.what))
                    .evidence("position", position)
                    .evidence("unseenBy", odd.what.unseen_by())
                    .remedy(rotate_or_import(inventory, object, bundle)),
            );
        }
    }
}

/// What neither OpenSSL nor Go reads is as good as broken; what OpenSSL reads serves from nginx and its like.
pub(super) const fn how_bad(oddity: Oddity) -> Severity {
    if oddity.is_as_good_as_broken() { Severity::Error } else { Severity::Warning }
}

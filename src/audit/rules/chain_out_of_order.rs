//! `chain-out-of-order`: the certificates of one `tls.crt` do not stand as servers must send them.
//! Source: RFC 5246 §7.4.2 ("each following certificate MUST directly certify the one preceding
//! it") and RFC 8446 §4.4.2, which lets clients be lenient, and some are not.

use super::{arrangement, certificate_place, fix_chain};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View};
use crate::x509::chain::{self, Misplaced};

pub(super) const RULE: Rule = Rule {
    code: "chain-out-of-order",
    severity: Severity::Warning,
    remedy: "put the leaf first, and each certificate's issuer after it",
    explain: "Servers send tls.crt as it is. Its first certificate is taken for the leaf, whatever it \
              is: when the key belongs to a later one, nginx and Go refuse them, which is an \
              error here. After it, clients of TLS 1.2 may insist that each certificate is followed \
              by its issuer. Cross-signed twins side by side are fine.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    for (object, bundle) in inventory.bundles() {
        let Some(arrangement) = arrangement(bundle) else { continue };
        let Some(misplaced) = chain::misplaced(&bundle.certificates, &arrangement) else {
            continue;
        };
        let subject = |position: usize| &*bundle.certificates[position].subject;
        let message = match misplaced {
            Misplaced::LeafNotFirst { leaf } => format!(
                "certificate {} ({}) is the leaf and does not come first; {} does",
                leaf + 1,
                subject(leaf),
                subject(0)
            ),
            Misplaced::IssuerElsewhere { position, issuer } => format!(
                "certificate {} ({}) is not followed by its issuer, which is certificate {} ({})",
                position + 1,
                subject(position),
                issuer + 1,
                subject(issuer)
            ),
        };
        let expected: Vec<String> =
            arrangement.path.iter().map(|position| (position + 1).to_string()).collect();
        let expected = expected.join(", ");
        let of_key = bundle.key_position().is_some();
        found.push(
            RULE.on(&certificate_place(object), message)
                .severity(if of_key { Severity::Error } else { Severity::Warning })
                .evidence("certificates", bundle.certificates.len())
                .evidence("expected", &expected)
                .remedy(fix_chain(inventory, context, (object, bundle), &expected)),
        );
    }
}

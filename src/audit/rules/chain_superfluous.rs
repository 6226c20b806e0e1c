//! `chain-superfluous`: certificates in `tls.crt` that no client needs: the root, and second copies.
//! Source: RFC 8446 §4.4.2 lets a server leave the root out, for clients have it or do not trust it.

use super::{arrangement, certificate_place, fix_chain};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule};
use crate::inventory::Inventory;
use crate::inventory::bundle::Bundle;
use crate::object_ref::Kind;
use crate::x509::chain::{self, Arrangement};

pub(super) const RULE: Rule = Rule {
    code: "chain-superfluous",
    severity: Severity::Info,
    remedy: "leave the root and second copies out of tls.crt",
    explain: "A server sends tls.crt as it is, with every handshake. Clients have the root themselves, \
              or do not trust it for being sent; a second copy says nothing new. Both cost a \
              kilobyte or two each time and room in the five certificates that Google's load \
              balancer takes, and do no other harm. Cross-signed twins are not meant.",
    check,
};

fn check(inventory: &Inventory, context: &Context<'_>, found: &mut Findings) {
    for (object, bundle) in inventory.bundles() {
        let Some(arrangement) = arrangement(bundle) else { continue };
        if chain::misplaced(&bundle.certificates, &arrangement).is_some() {
            // To put it in order leaves these out as well.
            continue;
        }
        let superfluous = superfluous(bundle, &arrangement);
        if superfluous.is_empty() {
            continue;
        }
        let expected: Vec<String> =
            arrangement.path.iter().map(|position| (position + 1).to_string()).collect();
        let expected = expected.join(", ");
        let remedy = if object.kind == Kind::Endpoint {
            format!("have the server send only these of its certificates: {expected}").into()
        } else if object.place.is_some() {
            format!("keep only these of its certificates: {expected}").into()
        } else {
            fix_chain(inventory, context, object, &expected)
        };
        found.push(
            RULE.on(&certificate_place(object), superfluous.join("; "))
                .evidence("certificates", bundle.certificates.len())
                .evidence("expected", &expected)
                .remedy(remedy),
        );
    }
}

/// How many are told: a file may hold a thousand copies.
const TOLD: usize = 3;

/// What clients do not need, each with its place.
fn superfluous(bundle: &Bundle, arrangement: &Arrangement) -> Vec<String> {
    let certificate = |position: usize| &bundle.certificates[position];
    let root = arrangement.root.map(|root| {
        let subject = &certificate(root).subject;
        format!("certificate {} ({subject}) is the root, which clients have themselves", root + 1)
    });
    let needed = || arrangement.path.iter().chain(&arrangement.root).copied();
    let copies = arrangement.others.iter().filter_map(|other| {
        let first = needed().find(|one| certificate(*one).sha256 == certificate(*other).sha256)?;
        let subject = &certificate(first).subject;
        let (other, first) = (other + 1, first + 1);
        Some(format!("certificate {other} is a second copy of certificate {first} ({subject})"))
    });
    let mut all = root.into_iter().chain(copies);
    let mut told: Vec<String> = all.by_ref().take(TOLD).collect();
    let more = all.count();
    told.extend((more > 0).then(|| format!("and {more} more")));
    told
}

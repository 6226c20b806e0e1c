//! `chain-superfluous`: certificates in `tls.crt` that no client needs: the root, and second copies.
//! An expired root among them is worse: on 30 May 2020 that of `AddTrust` ended, and clients on
//! OpenSSL 1.0, `LibreSSL` and `GnuTLS` refused every chain that was sent with it. Source: RFC 8446
//! §4.4.2 lets a server leave the root out, for clients have it or do not trust it.

use super::{arrangement, certificate_place, fix_chain};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View, expiry};
use crate::instant;
use crate::inventory::bundle::Bundle;
use crate::object_ref::Kind;
use crate::x509::cert::Certificate;
use crate::x509::chain::{self, Arrangement};
use std::sync::Arc;
use time::OffsetDateTime;

pub(super) const RULE: Rule = Rule {
    code: "chain-superfluous",
    severity: Severity::Info,
    remedy: "leave the root and second copies out of tls.crt",
    explain: "A server sends tls.crt as it is, with every handshake. Clients have the root themselves, \
              or do not trust it for being sent; a second copy says nothing new. Both cost a \
              kilobyte or two each time and room in the five certificates that Google's load \
              balancer takes, and do no other harm, unless the root has expired: then older clients \
              (OpenSSL 1.0, LibreSSL, GnuTLS) refuse the chain, and it is a warning. Cross-signed \
              twins are not meant.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    for (object, bundle) in inventory.bundles() {
        let Some(arrangement) = arrangement(bundle) else { continue };
        let expired = expired(bundle, &arrangement, context.now);
        // To put it in order leaves the others out as well.
        let is_misplaced = chain::misplaced(&bundle.certificates, &arrangement).is_some();
        let others =
            if is_misplaced { Vec::new() } else { superfluous(bundle, &arrangement, context.now) };
        let severity = if expired.is_empty() { Severity::Info } else { Severity::Warning };
        let superfluous = [expired, others].concat();
        if superfluous.is_empty() {
            continue;
        }
        let expected: Vec<String> =
            arrangement.path.iter().map(|position| (position + 1).to_string()).collect();
        let expected = expected.join(", ");
        let remedy = if object.kind == Kind::Endpoint {
            format!("have the server send only these of its certificates: {expected}").into()
        } else {
            fix_chain(inventory, context, (object, bundle), &expected)
        };
        found.push(
            RULE.on(&certificate_place(object), superfluous.join("; "))
                .severity(severity)
                .evidence("certificates", bundle.certificates.len())
                .evidence("expected", &expected)
                .remedy(remedy),
        );
    }
}

/// How many are told: a file may hold a thousand copies.
const TOLD: usize = 3;

/// Self-signed certificates behind the leaf that are past their end, each with its place. Older
/// clients build the chain to the end and refuse it there; of others `expired` speaks.
fn expired(bundle: &Bundle, arrangement: &Arrangement, now: OffsetDateTime) -> Vec<String> {
    let leaf = arrangement.path.first();
    let certificates = bundle.certificates.iter().enumerate();
    let sent = certificates.filter(|(place, one)| {
        Some(place) != leaf && one.self_signed && expiry::is_expired(one, now)
    });
    let told = |(place, one): (usize, &Arc<Certificate>)| {
        format!(
            "certificate {} ({}) is a root that expired on {}: clients on OpenSSL 1.0, LibreSSL or GnuTLS refuse the chain for it",
            place + 1,
            one.subject,
            instant::show(one.not_after)
        )
    };
    sent.map(told).take(TOLD).collect()
}

/// What clients do not need, each with its place, but for expired roots.
fn superfluous(bundle: &Bundle, arrangement: &Arrangement, now: OffsetDateTime) -> Vec<String> {
    let certificate = |position: usize| &bundle.certificates[position];
    let root = arrangement.root.filter(|root| !expiry::is_expired(certificate(*root), now));
    let root = root.map(|root| {
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

//! `chain-expires-first`: an intermediate, or the CA in `ca.crt`, ends before the leaf that it issued.
//! The leaf looks good for months on every dashboard and is refused the day its issuer ends.

use super::{arrangement, certificate_place, elses, secret_of, somebody_elses};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule, View, expiry, remedy};
use crate::instant;
use crate::inventory::Inventory;
use crate::inventory::bundle::Bundle;
use crate::object_ref::{Kind, ObjectRef};
use crate::remedy::Remedy;
use crate::x509::cert::Certificate;
use time::OffsetDateTime;

pub(super) const RULE: Rule = Rule {
    code: "chain-expires-first",
    severity: Severity::Warning,
    remedy: "renew the certificate once its issuer has a new one",
    explain: "Every certificate of a chain but the root must be in date (RFC 5280 §6.1.3), so a leaf is \
              good no longer than its issuer. When the issuer's end is near or past, expires-soon \
              and expired say it of the issuer itself.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    for (object, bundle) in inventory.bundles() {
        let ends = of_chain(inventory, context, object, bundle)
            .or_else(|| of_anchor(inventory, context, object, bundle));
        let Some(Ends { leaf, subject, not_after, remedy, what }) = ends else { continue };
        let (ends, leaf_ends) = (instant::show(not_after), instant::show(leaf.not_after));
        let message = format!("{what} ends on {ends}, before the certificate itself ({leaf_ends})");
        found.push(
            RULE.on(
                &certificate_place(object),
                format!("{message}: from then on clients refuse it"),
            )
            .evidence("issuerNotAfter", ends)
            .evidence("notAfter", leaf_ends)
            .evidence("issuer", subject)
            .evidence("sha256", leaf.fingerprint())
            .remedy(remedy),
        );
    }
}

/// Whose end comes before that of the leaf.
struct Ends<'i> {
    leaf: &'i Certificate,
    /// The subject of what ends.
    subject: &'i str,
    not_after: OffsetDateTime,
    remedy: Remedy,
    /// What ends, for people.
    what: String,
}

/// An intermediate of the chain that is sent. When its end is near, that is told of itself.
fn of_chain<'i>(
    inventory: &Inventory,
    context: &Context<'_>,
    object: &ObjectRef,
    bundle: &'i Bundle,
) -> Option<Ends<'i>> {
    let arrangement = arrangement(bundle)?;
    let (leaf, issuers) = arrangement.path.split_first()?;
    let leaf = &bundle.certificates[*leaf];
    let issuers = issuers.iter().map(|position| &bundle.certificates[*position]);
    let issuer = issuers.min_by_key(|issuer| issuer.not_after)?;
    let secret = secret_of(inventory, object);
    let window = context.policy.window(inventory, (issuer, object), secret);
    let window = expiry::warning_window(secret, window);
    let told = expiry::is_due(issuer, context.now, window) || expiry::is_expired(leaf, context.now);
    (issuer.not_after < leaf.not_after && !told).then(|| Ends {
        leaf,
        subject: &issuer.subject,
        not_after: issuer.not_after,
        remedy: remedy(inventory, object),
        what: format!("its issuer {}", issuer.subject),
    })
}

/// The last certificate of `ca.crt` by which clients that mount it trust the leaf. OpenSSL and Go
/// refuse by a root that is past its end; once it is, `ca-crt-unusable` tells it.
fn of_anchor<'i>(
    inventory: &'i Inventory,
    context: &Context<'_>,
    object: &ObjectRef,
    bundle: &'i Bundle,
) -> Option<Ends<'i>> {
    let secret = secret_of(inventory, object)?;
    let leaf = bundle.leaf().filter(|leaf| !expiry::is_expired(leaf, context.now))?;
    let anchors = secret.ca_file.iter().flat_map(|file| &file.anchors);
    let last = anchors.filter(|anchor| anchor.serves_leaf).max_by_key(|anchor| anchor.not_after)?;
    (last.not_after < leaf.not_after && context.now <= last.not_after).then(|| Ends {
        leaf,
        subject: &last.subject,
        not_after: last.not_after,
        remedy: somebody_elses(inventory, secret).unwrap_or_else(|| {
            "put the successor of that CA into ca.crt beside it, before it ends, and have a certificate issued by it".into()
        }),
        what: format!("{}, the CA in ca.crt,", last.subject),
    })
}

fn remedy(inventory: &Inventory, object: &ObjectRef) -> Remedy {
    match object.kind {
        Kind::Secret => elses(inventory, object).unwrap_or_else(|| remedy::import_renewed(object)),
        _ => RULE.remedy.into(),
    }
}

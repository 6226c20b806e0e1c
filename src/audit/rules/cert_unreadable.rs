//! `cert-unreadable`: what stands in `tls.crt` is no certificate, or one of its blocks is broken.

use super::key_in_crt::related;
use super::{
    certificate_place, chain_anew, elses, is_placeholder, put_right, refuser, rotate_or_import,
    take_out, values, where_in,
};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Context, Rule, View, remedy};
use crate::inventory::bundle::{Bundle, Damaged, OddlyWritten};
use crate::inventory::frontend::Frontend;
use crate::inventory::{Inventory, SecretFacts};
use crate::object_ref::{Kind, ObjectRef};
use crate::remedy::Remedy;
use crate::x509::pem::PemQuirk;
use crate::x509::stray::{self, StrayKind};

pub(super) const RULE: Rule = Rule {
    code: "cert-unreadable",
    severity: Severity::Error,
    remedy: "replace the value with PEM certificates",
    explain: "A controller that cannot parse tls.crt serves its default certificate or stops \
              reloading for everybody (ingress-nginx). One bad block among good ones counts too: \
              which of them a server takes is a matter of luck. Go's PEM reader, and so every \
              controller written in Go, ignores a block whose BEGIN does not stand at the very \
              beginning of a line: a byte order mark is enough.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    let filled = inventory.bundles().filter(|(object, _)| !is_placeholder(inventory, object));
    for (object, bundle) in filled {
        if bundle.is_swapped() {
            found.push(swapped(inventory, object));
            continue;
        }
        for damaged in bundle.damaged.iter() {
            found.push(unreadable(inventory, (object, bundle), damaged));
        }
        found.extend(glued(inventory, context, (object, bundle)));
        for odd in bundle.odd.iter().filter(|odd| odd.what != PemQuirk::Glued) {
            found.push(passed_over(inventory, context, (object, bundle), *odd));
        }
    }
    found.extend(inventory.tls_secrets().filter_map(|secret| refused(inventory, secret)));
    found.extend(values::unreadable(inventory).map(|(value, damaged)| {
        let (position, key, why) = (damaged.index + 1, value.key(), &damaged.message);
        let message = format!("certificate {position} in {key} cannot be read: {why}");
        let finding = RULE.on(&value.object, message).evidence("position", position);
        finding.remedy(values::remedy(inventory, value))
    }));
}

/// Certificate and key stand in each other's place.
fn swapped(inventory: &Inventory, object: &ObjectRef) -> Finding {
    let message = "tls.crt holds a private key and tls.key a certificate: the two are swapped";
    let remedy = elses(inventory, object).unwrap_or_else(|| {
        "swap the values of tls.crt and tls.key; if others could read tls.crt, have a new \
         certificate made for a new key"
            .into()
    });
    RULE.on(&certificate_place(object), message)
        .evidence("found", "a private key")
        .evidence("expected", "a certificate")
        .remedy(remedy)
}

fn unreadable(
    inventory: &Inventory,
    (object, bundle): (&ObjectRef, &Bundle),
    damaged: &Damaged,
) -> Finding {
    let position = damaged.index + 1;
    let message = match damaged.instead {
        Some(instead) if instead.is_private_key() && object.kind == Kind::Secret => {
            format!("{} holds a private key and no certificate", where_in(object))
        }
        _ => format!(
            "certificate {position} of {} cannot be read: {}",
            where_in(object),
            damaged.message
        ),
    };
    let remedy = damaged.instead.map_or_else(
        || rotate_or_import(inventory, object, bundle),
        |instead| put_right(inventory, object, instead),
    );
    RULE.on(&certificate_place(object), message).evidence("position", position).remedy(remedy)
}

/// Certificates that share a line, each row of them told once.
fn glued(
    inventory: &Inventory,
    context: &Context<'_>,
    (object, bundle): (&ObjectRef, &Bundle),
) -> Vec<Finding> {
    let mut rows: Vec<(usize, usize)> = Vec::new();
    for odd in bundle.odd.iter().filter(|odd| odd.what == PemQuirk::Glued) {
        match rows.last_mut() {
            Some((_, last)) if *last + 1 == odd.index => *last = odd.index,
            _ => rows.push((odd.index, odd.index)),
        }
    }
    let finding = |(first, last): &(usize, usize)| {
        let (from, to, holder) = (first + 1, last + 1, where_in(object));
        let message = match last - first {
            0 => format!(
                "a line break is missing between certificate {from} of {holder} and the block beside it"
            ),
            1 => format!(
                "a line break is missing between two certificates of {holder}, {from} and {to}"
            ),
            _ => format!(
                "line breaks are missing between the certificates {from} to {to} of {holder}"
            ),
        };
        let who = PemQuirk::Glued.unseen_by();
        RULE.on(
            &certificate_place(object),
            format!("{message} (-----END CERTIFICATE----------BEGIN): {who} ignore them"),
        )
        .evidence("position", from)
        .evidence("unseenBy", who)
        .remedy(written_anew(
            inventory,
            context,
            object,
            "put each BEGIN and END on a line of its own",
        ))
    };
    rows.iter().map(finding).collect()
}

fn passed_over(
    inventory: &Inventory,
    context: &Context<'_>,
    (object, bundle): (&ObjectRef, &Bundle),
    odd: OddlyWritten,
) -> Finding {
    let position = odd.index + 1;
    let (who, what) = (odd.what.unseen_by(), odd.what.what());
    let message =
        format!("certificate {position} of {} is ignored by {who}: {what}", where_in(object));
    let remedy = if odd.what.lost_its_lines() {
        let otherwise = "write the PEM with its line breaks, and nothing around it";
        written_anew(inventory, context, object, otherwise)
    } else {
        rotate_or_import(inventory, object, bundle)
    };
    RULE.on(&certificate_place(object), message)
        .severity(how_bad_behind(inventory, object, odd.what))
        .evidence("position", position)
        .evidence("unseenBy", who)
        .remedy(remedy)
}

/// The same certificates, written as everybody reads them.
fn written_anew(
    inventory: &Inventory,
    context: &Context<'_>,
    object: &ObjectRef,
    otherwise: &str,
) -> Remedy {
    if object.kind == Kind::File {
        return remedy::inspect(object, "-o pem").into();
    }
    chain_anew(inventory, context, object).unwrap_or_else(|| otherwise.into())
}

/// What stands in `tls.crt` beside its certificates keeps the controllers of its Ingresses from
/// serving it.
fn refused(inventory: &Inventory, secret: &SecretFacts) -> Option<Finding> {
    if secret.bundle.certificates.is_empty() {
        return None;
    }
    let what = refuser(inventory, secret)?;
    let strays = &secret.bundle.among_certificates;
    let listed = stray::listed(strays);
    let begins = strays.iter().find(|stray| stray.first);
    let how = begins.map_or_else(
        || format!("holds {listed} beside its certificates"),
        |first| format!("begins with {}", first.kind.what()),
    );
    let leaks = strays.iter().any(|stray| stray.kind == StrayKind::PrivateKey);
    let leaks = if leaks { "; and whoever is given tls.crt has the key" } else { "" };
    let finding = RULE
        .on(&certificate_place(&secret.object), format!("tls.crt {how}: {what}{leaks}"))
        .evidence("found", listed)
        .evidence("expected", "certificates alone")
        .remedy(take_out(inventory, secret));
    Some(related(inventory, secret, finding))
}

/// The same, and worse where a frontend has a controller that reads it as Go does: it serves its
/// default certificate.
pub(super) fn how_bad_behind(
    inventory: &Inventory,
    object: &ObjectRef,
    quirk: PemQuirk,
) -> Severity {
    let by_go = |user: &Frontend| user.likely_controller().loads_pairs_with_go();
    let is_served = quirk.is_unseen_by_go() && inventory.users(object).any(by_go);
    if is_served { Severity::Error } else { how_bad(quirk) }
}

/// What neither OpenSSL nor Go reads is as good as broken; what OpenSSL reads serves from nginx and its like.
fn how_bad(quirk: PemQuirk) -> Severity {
    if quirk.is_as_good_as_broken() { Severity::Error } else { Severity::Warning }
}

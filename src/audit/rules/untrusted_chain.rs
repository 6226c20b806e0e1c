//! `untrusted-chain`: a chain that does not end at one of the roots that were given (`--roots`, or `roots` of a
//! policy): a certificate of a test CA in production, one that somebody signed for himself, an intermediate
//! that is missing. Without roots nobody can tell, and nothing is said.

use super::{arrangement, certificate_place, elses};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::issuing::issuing_ca;
use crate::audit::{Rule, View, expiry};
use crate::instant;
use crate::inventory::Inventory;
use crate::inventory::bundle::Bundle;
use crate::object_ref::{Kind, ObjectRef};
use crate::x509::cert::Certificate;

pub(super) const RULE: Rule = Rule {
    code: "untrusted-chain",
    severity: Severity::Error,
    remedy: "serve a certificate of a CA that clients trust, with its intermediates, or add its root to the roots",
    explain: "Said only with --roots or the roots of a policy. A chain is trusted when one of its certificates \
              is a root, or is signed by one, whose end has not come. A warning on a Secret that no Ingress \
              names and no workload reads. A CA that signs others is not judged. Where the issuer's key is of \
              a kind that cannot be verified here, its name and key identifier are believed.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    let Some(roots) = inventory.roots() else { return };
    for (object, bundle) in inventory.bundles() {
        let (Some(leaf), Some(root)) = (bundle.leaf(), inventory.root_of(object)) else { continue };
        let why = match root {
            None => where_it_ends(bundle, leaf, roots),
            Some(root) if expiry::is_expired(root, context.now) => {
                let on = instant::show(root.not_after);
                format!("it chains to {} of {roots}, which expired on {on}", root.subject)
            }
            Some(_) => continue,
        };
        if issuing_ca(inventory, object, leaf).is_none() {
            found.push(untrusted(inventory, object, leaf, &why).evidence("roots", roots));
        }
    }
}

/// Where a chain stops that reaches no root.
fn where_it_ends(bundle: &Bundle, leaf: &Certificate, roots: &str) -> String {
    if leaf.self_signed {
        return format!("it is self-signed, and is not among the roots of {roots}");
    }
    let arrangement = arrangement(bundle);
    let (path, root) =
        arrangement.map_or((vec![bundle.leaf_position()], None), |it| (it.path, it.root));
    let last = root.or(path.last().copied()).and_then(|at| bundle.certificates.get(at));
    match last {
        Some(last) if last.self_signed => {
            format!("it ends at {}, which is not among the roots of {roots}", last.subject)
        }
        Some(last) if path.len() > 1 => format!(
            "it ends at {}, whose issuer {} is not among the roots of {roots}",
            last.subject, last.issuer
        ),
        _ => format!("its issuer {} is not in it, and not among the roots of {roots}", leaf.issuer),
    }
}

fn untrusted(inventory: &Inventory, object: &ObjectRef, leaf: &Certificate, why: &str) -> Finding {
    let is_used = object.kind != Kind::Secret
        || inventory.is_in_use(object)
        || inventory.is_list_unseen(Kind::Ingress, object.namespace());
    let severity = if is_used { RULE.severity } else { Severity::Warning };
    let finding = RULE
        .on(&certificate_place(object), format!("clients do not trust it: {why}"))
        .severity(severity)
        .evidence("subject", &leaf.subject)
        .evidence("issuer", &leaf.issuer)
        .evidence("sha256", leaf.fingerprint());
    match elses(inventory, object) {
        Some(remedy) => finding.remedy(remedy),
        None => finding,
    }
}

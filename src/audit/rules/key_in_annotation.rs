//! `key-in-annotation`: an annotation holds a private key. Client-side `kubectl apply` keeps the
//! whole manifest there (k8s.io/api core/v1 `LastAppliedConfigAnnotation`), and after a rotation that
//! of the old key.

use super::gke::annotate;
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Rule, View};
use crate::inventory::Inventory;
use crate::object_ref::{Kind, ObjectRef};
use crate::remedy::Remedy;
use crate::x509::key::Pairing;

pub(super) const RULE: Rule = Rule {
    code: "key-in-annotation",
    severity: Severity::Warning,
    remedy: "remove the annotation, and apply the manifest with --server-side",
    explain: "Tools that hide the data of a Secret show its annotations: kubectl describe, \
              dashboards, diffs, logs. kubectl apply without --server-side writes the whole \
              manifest into one, private key and all, and there it stays when the key is rotated. \
              Taking the annotation away changes nothing else; the next such apply writes it \
              again, with a warning, so apply with --server-side from then on. A key that others \
              may have read should be replaced.",
    check,
};

/// What client-side `kubectl apply` writes.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for (object, annotations) in inventory.keys_in_annotations() {
        for annotation in annotations {
            found.push(finding(inventory, object, annotation));
        }
    }
}

fn finding(inventory: &Inventory, object: &ObjectRef, annotation: &str) -> Finding {
    let applied = annotation == LAST_APPLIED;
    let again = if applied {
        "; kubectl apply wrote it, and writes it again unless --server-side"
    } else {
        ""
    };
    let message = format!("annotation {annotation} holds a private key{again}");
    let users = inventory.users(object).filter(|_| object.kind == Kind::Secret);
    let users: Vec<ObjectRef> = users.map(|ingress| ingress.object.clone()).collect();
    let finding = RULE.on(object, message).evidence("annotation", annotation);
    let finding = finding.remedy(remedy(inventory, object, annotation));
    finding.related_to(users)
}

/// What somebody else applies would only come back.
fn remedy(inventory: &Inventory, object: &ObjectRef, annotation: &str) -> Remedy {
    let secret = (object.kind == Kind::Secret)
        .then(|| inventory.secret(object.namespace(), &object.name))
        .flatten();
    if let Some(owner) = secret.and_then(|secret| secret.owner.as_ref()) {
        return format!("have {} write it without that annotation", owner.name).into();
    }
    // What tls.key lacks may stand nowhere else.
    if secret.is_some_and(|secret| secret.bundle.pairing != Pairing::Match) {
        return "keep a copy of the annotation: the private key in it may be the one that the certificate in tls.crt needs, which tls.key is not; once they fit, remove the annotation".into();
    }
    annotate(object, annotation, None)
}

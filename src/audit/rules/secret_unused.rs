//! `secret-unused`: a TLS Secret that no Ingress names and no workload reads. It is renewed, watched and
//! backed up for nobody, and its private key can be stolen all the same. Forgotten ones are what expiry
//! alarms are full of (cert-manager/cert-manager#1944: Secrets stay when their Certificate is deleted).
//!
//! It is said only where everybody who could use it was looked at: not where a list was refused, nor where
//! the cluster has kinds that may name a Secret and are not read.

use super::{Context, is_placeholder};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::issuing::issuing_ca;
use crate::audit::{Rule, Source, View};
use crate::inventory::owner::Role;
use crate::inventory::{Inventory, SecretFacts, TLS_SECRET};
use crate::object_ref::Kind;
use crate::remedy::Remedy;

pub(super) const RULE: Rule = Rule {
    code: "secret-unused",
    severity: Severity::Info,
    remedy: "find out who is to use it; a Secret that nobody needs can be deleted",
    explain: "No Ingress names the Secret, no Issuer signs with it, and no Pod, Deployment, StatefulSet, \
              DaemonSet, ReplicaSet, Job or CronJob of its namespace mounts it, has it in its environment or \
              names it on its command line. A program that reads it through the API server without naming it \
              cannot be seen. Nothing is said where somebody who could use it was not looked at: where \
              workloads may not be listed, and where the cluster has kinds that name Secrets and are not read \
              (Gateway API, Istio, Traefik, Contour, Kong and the like: -v and unreadUsers in JSON name \
              them). Of manifests it is said only where workloads of its namespace are among them. Copies \
              are left out, and so are issuing CAs.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    if may_be_named_elsewhere(inventory) {
        return;
    }
    let unused = inventory.tls_secrets().filter(|secret| {
        secret.secret_type() == TLS_SECRET
            && !inventory.is_in_use(&secret.object)
            && all_were_seen(inventory, context, secret.object.namespace())
            && !has_an_end_of_its_own(inventory, secret)
    });
    found.extend(unused.map(|secret| finding(context, secret)));
}

/// Whether something that may name a Secret of any namespace is not read, or not all of it.
fn may_be_named_elsewhere(inventory: &Inventory) -> bool {
    let unread = inventory.problems().iter().any(|problem| {
        let object = &problem.object;
        let is_a_list = object.kind == Kind::Ingress && object.name.is_empty();
        !problem.only_a_policy && (object.kind == Kind::File || is_a_list)
    });
    unread || !inventory.unread_users().is_empty()
}

/// Whether all workloads of the namespace were seen; of files, whether there are any.
fn all_were_seen(inventory: &Inventory, context: &Context<'_>, namespace: &str) -> bool {
    match context.source {
        Source::Cluster => {
            inventory.workloads_were_searched(namespace)
                && inventory.unseen_workload_kinds(namespace).is_empty()
        }
        Source::Files => inventory.has_workloads(namespace),
    }
}

/// Whether it is there for something else than to be served: it signs, others trust by it, it is copied
/// from or to somewhere; or nothing is in it yet.
fn has_an_end_of_its_own(inventory: &Inventory, secret: &SecretFacts) -> bool {
    let object = &secret.object;
    let Some(leaf) = secret.bundle.leaf() else { return true };
    is_placeholder(inventory, object)
        || secret.rare.copied_by.is_some()
        || secret.owner.as_deref().is_some_and(|owner| owner.role == Role::Copies)
        || inventory.issuer_with(object).is_some()
        || inventory.trusting(object).is_some()
        || issuing_ca(inventory, object, leaf).is_some()
}

fn finding(context: &Context<'_>, secret: &SecretFacts) -> Finding {
    let among = match context.source {
        Source::Cluster => "",
        Source::Files => "among the files read, ",
    };
    let namespace = secret.object.namespace();
    RULE.on(
        &secret.object,
        format!("{among}no Ingress names it and no workload of namespace {namespace} reads it"),
    )
    .evidence(
        "workloads",
        "pods, deployments, statefulsets, daemonsets, replicasets, jobs, cronjobs",
    )
    .remedy(remedy(secret))
}

fn remedy(secret: &SecretFacts) -> Remedy {
    match &secret.owner {
        Some(owner) => format!(
            "find out who is to use it; if nobody is, remove it from {}, which owns it",
            owner.name
        )
        .into(),
        None => RULE.remedy.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Platform;
    use crate::audit::policy::Policy;
    use crate::inventory::testing::{Pair, mount, of_secrets, refuse, search_workloads};
    use time::OffsetDateTime;

    const KEY: &str = include_str!("../../../testdata/pki/ec-p256-01.pem");

    /// What came to be known beside `shop/a`.
    type Learn = fn(&mut Inventory);

    /// Whether it is said of `shop/a` where this was seen beside it.
    fn is_told(learn: &[Learn], source: Source, annotations: &[(&str, &str)]) -> bool {
        let key = rcgen::KeyPair::from_pem(KEY).expect("the key is good");
        let params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]);
        let made = params.expect("the name is good").self_signed(&key).expect("it can be made");
        let pair = Pair { name: "a", crt: made.pem(), key: KEY, annotations, ..Pair::default() };
        let mut inventory = of_secrets(&[pair]);
        for learn in learn {
            learn(&mut inventory);
        }
        let (now, policy) = (OffsetDateTime::UNIX_EPOCH, &Policy::default());
        let context = Context { now, policy, source, platform: Platform::Other };
        let mut found = Findings::default();
        check(&View::new(&inventory, &context), &mut found);
        !found.into_vec().is_empty()
    }

    #[test]
    fn a_secret_is_unused_only_where_everybody_who_could_use_it_was_seen() {
        const HERE: Learn = |seen| search_workloads(seen, Some("shop"), &[]);
        let cases: [(&str, &[Learn], bool); 10] = [
            ("nothing was asked", &[], false),
            ("asked there", &[HERE], true),
            ("asked everywhere", &[|seen| search_workloads(seen, None, &[])], true),
            ("elsewhere", &[|seen| search_workloads(seen, Some("b"), &[])], false),
            ("read", &[HERE, |seen| mount(seen, "a")], false),
            ("another is read", &[HERE, |seen| mount(seen, "b")], true),
            ("Istio", &[|seen| search_workloads(seen, None, &["Istio"])], false),
            ("no pods", &[HERE, |seen| refuse(seen, Kind::Pod, None)], false),
            ("no pods of b", &[HERE, |seen| refuse(seen, Kind::Pod, Some("b"))], true),
            ("no Ingresses", &[HERE, |seen| refuse(seen, Kind::Ingress, Some("shop"))], false),
        ];
        for (what, learn, told) in cases {
            assert_eq!(is_told(learn, Source::Cluster, &[]), told, "{what}");
        }
        let files: [(&str, &[Learn], bool); 3] = [
            ("without workloads", &[], false),
            ("with another's", &[|seen| mount(seen, "b")], true),
            ("with its own", &[|seen| mount(seen, "a")], false),
        ];
        for (what, learn, told) in files {
            assert_eq!(is_told(learn, Source::Files, &[]), told, "{what}");
        }
        let copy = ("reflector.v1.k8s.emberstack.com/reflects", "certs/a");
        let original = ("reflector.v1.k8s.emberstack.com/reflection-allowed", "true");
        for annotation in [copy, original] {
            assert!(!is_told(&[HERE], Source::Cluster, &[annotation]), "{annotation:?}");
        }
    }
}

//! What somebody else deploys: no remedy changes it under the hands of Helm, Argo CD or Flux, who put
//! it back. What people made by hand is changed by a command.

use certwright::audit::policy::Policy;
use certwright::audit::{Context, Platform, Source, audit};
use certwright::inventory::Inventory;
use certwright::inventory::selection::Selection;
use certwright::object_ref::ObjectRef;
use certwright::observation::{FieldManager, IngressSeen, MetaSeen, Observation, Rule, TlsEntry};
use ring::rand::SystemRandom;
use time::OffsetDateTime;

/// What is to be done about an Ingress of GKE's whose entry names no Secret.
fn remedy(marks: &[(&str, &str)], manager: &str) -> certwright::remedy::Remedy {
    let class = ("kubernetes.io/ingress.class", "gce");
    let annotations =
        marks.iter().chain([&class]).map(|(key, value)| ((*key).into(), (*value).into()));
    let (manager, data_keys) = (manager.to_owned(), Vec::new());
    let mut inventory = Inventory::new(Selection::default());
    let ingress = IngressSeen {
        object: ObjectRef::ingress("shop", "web"),
        meta: MetaSeen {
            annotations: annotations.collect(),
            field_managers: vec![FieldManager { manager, applies: false, data_keys }],
            ..MetaSeen::default()
        },
        class_name: None,
        rules: vec![Rule::of_host("a.example")],
        default_backend: None,
        tls: vec![TlsEntry { hosts: vec!["a.example".to_owned()], secret_name: None }],
        addresses: Vec::new(),
    };
    inventory.absorb(Observation::Ingress(ingress), &SystemRandom::new());
    inventory.absorb(Observation::GoogleKinds, &SystemRandom::new());
    let (now, policy) = (OffsetDateTime::UNIX_EPOCH, &Policy::default());
    let (source, platform) = (Source::Cluster, Platform::Auto);
    let report = audit(&inventory, &Context { now, policy, source, platform });
    let rule = "gke-tls-without-secret-name";
    let finding = report.findings.into_iter().find(|finding| finding.rule == rule);
    finding.expect("it is found").remedy
}

#[test]
fn what_somebody_deploys_is_changed_where_it_comes_from() {
    let helm = [("meta.helm.sh/release-name", "shop")];
    let flux = [("kustomize.toolkit.fluxcd.io/name", "apps")];
    let let_go = [("kustomize.toolkit.fluxcd.io/reconcile", "disabled"), flux[0]];
    let tracked = [("argocd.argoproj.io/tracking-id", "web:networking.k8s.io/Ingress:shop/web")];
    for (marks, manager, who) in [
        (&helm[..], "helm", Some("Helm release shop")),
        (&flux, "kustomize-controller", Some("Flux")),
        (&let_go, "kustomize-controller", None),
        (&tracked, "argocd-controller", Some("Argo CD")),
        (&[], "argocd-controller", Some("Argo CD")),
        (&[], "kubectl-client-side-apply", None),
        (&[], "glbc", None),
    ] {
        let told = remedy(marks, manager);
        assert_eq!(told.is_command(), who.is_none(), "{marks:?} {manager}: {told}");
        let words = who.map(|who| format!(", where {who} gets ingress/web from: "));
        let said = words.is_none_or(|words| told.to_string().contains(&words));
        assert!(said, "{marks:?} {manager}: {told}");
    }
}

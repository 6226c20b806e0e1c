//! Who owns what, by its marks.

use super::*;

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

/// Marks in, owner's name out; `-` when nobody owns it.
fn check(meta: &MetaSeen) -> String {
    let secret = ObjectRef::secret("shop", "web");
    owner_of(&secret, meta).map_or_else(|| "-".to_owned(), |owner| owner.name)
}

#[test]
fn every_known_mark_tells_its_owner() {
    for (key, value, owner) in [
        ("cert-manager.io/certificate-name", "web", "cert-manager"),
        ("cert-manager.io/issuer-name", "ca", "cert-manager"),
        ("reconcile.external-secrets.io/data-hash", "x", "External Secrets"),
        ("sealedsecrets.bitnami.com/cluster-wide", "true", "Sealed Secrets"),
        ("service.beta.openshift.io/originating-service-name", "web", "OpenShift service-ca"),
        ("reflector.v1.k8s.emberstack.com/reflects", "a/b", "Reflector"),
        ("meta.helm.sh/release-name", "shop", "Helm release shop"),
        ("argocd.argoproj.io/tracking-id", "x", "Argo CD"),
        ("kustomize.toolkit.fluxcd.io/name", "x", "Flux"),
        ("cnrm.cloud.google.com/project-id", "x", "Config Connector"),
    ] {
        let annotated = MetaSeen { annotations: map(&[(key, value)]), ..MetaSeen::default() };
        assert_eq!(check(&annotated), owner, "{key}");
        let labelled = MetaSeen { labels: map(&[(key, value)]), ..MetaSeen::default() };
        assert_eq!(check(&labelled), owner, "{key}");
    }
}

#[test]
fn who_only_writes_what_it_is_given_renews_nothing() {
    for (key, renews) in [
        ("cert-manager.io/certificate-name", true),
        ("reconcile.external-secrets.io/data-hash", true),
        ("service.beta.openshift.io/originating-service-name", true),
        ("meta.helm.sh/release-name", false),
        ("argocd.argoproj.io/tracking-id", false),
        ("kustomize.toolkit.fluxcd.io/name", false),
        ("sealedsecrets.bitnami.com/managed", false),
        ("reflector.v1.k8s.emberstack.com/reflects", false),
    ] {
        let meta = MetaSeen { annotations: map(&[(key, "x")]), ..MetaSeen::default() };
        let owner = owner_of(&ObjectRef::secret("shop", "web"), &meta).expect(key);
        assert_eq!(owner.renews(), renews, "{key}");
    }
}

#[test]
fn plain_labels_and_update_managers_own_nothing() {
    let update = FieldManager {
        manager: "kubectl-create".into(),
        applies: false,
        data_keys: vec!["tls.crt".into(), "tls.key".into()],
    };
    let meta = MetaSeen {
        labels: map(&[
            ("app.kubernetes.io/instance", "shop"),
            ("app.kubernetes.io/managed-by", "certwright"),
        ]),
        field_managers: vec![update],
        ..MetaSeen::default()
    };
    assert_eq!(check(&meta), "-");
}

#[test]
fn an_apply_manager_owns_the_pair_but_not_by_other_keys_or_when_it_is_us() {
    let manager = |name: &str, key: &str| MetaSeen {
        field_managers: vec![FieldManager {
            manager: name.into(),
            applies: true,
            data_keys: vec![key.into()],
        }],
        ..MetaSeen::default()
    };
    assert_eq!(check(&manager("kubectl", "tls.crt")), "kubectl");
    assert_eq!(check(&manager("argocd-controller", "tls.key")), "Argo CD");
    assert_eq!(check(&manager("labeller", "note")), "-");
    assert_eq!(check(&manager(OUR_NAME, "tls.crt")), "-");
}

#[test]
fn a_field_manager_is_a_known_tools_by_whole_words() {
    for (manager, tool) in [
        ("helm", "Helm"),
        ("helm3", "Helm"),
        ("helm-v3.14.0", "Helm"),
        ("helm.exe", "Helm"),
        ("helm-controller", "Flux"),
        ("argocd-controller", "Argo CD"),
        ("argocd-application-controller", "Argo CD"),
        ("kustomize-controller", "Flux"),
        ("flux", "Flux"),
        ("flux-operator", "Flux"),
        ("Terraform", "Terraform"),
        ("HashiCorp", "Terraform"),
        ("terraform-provider-kubernetes_v2.35.1_x5", "Terraform"),
        ("cnrm-controller-manager", "Config Connector"),
        ("configconnector-operator", "Config Connector"),
        ("influx-operator", "-"),
        ("influxdb", "-"),
        ("fluxnode-controller", "-"),
        ("fluent-operator", "-"),
        ("helmsman-exporter", "-"),
        ("overwhelm", "-"),
        ("hashicorp-vso", "-"),
        ("terraformer", "-"),
        ("my-argocd-thing", "-"),
        ("kubectl-client-side-apply", "-"),
        ("", "-"),
    ] {
        assert_eq!(known_tool(manager).unwrap_or("-"), tool, "{manager}");
    }
}

fn owned(annotations: &[(&str, &str)], labels: &[(&str, &str)]) -> Option<Owner> {
    let meta =
        MetaSeen { annotations: map(annotations), labels: map(labels), ..MetaSeen::default() };
    owner_of(&ObjectRef::secret("shop", "web"), &meta)
}

/// Marks of a copy in, name and namespace of the original out; `-` where it is not told.
#[test]
fn a_copy_tells_its_original_where_its_mark_does() {
    const KUBED: &str = "kubed.appscode.com/origin";
    for (annotations, labels, original) in [
        (&[("replicator.v1.mittwald.de/replicate-from", "certs/tls")][..], &[][..], "certs/tls"),
        (&[("replicator.v1.mittwald.de/replicate-from", "tls")], &[], "shop/tls"),
        (&[("replicator.v1.mittwald.de/replicated-at", "2026")], &[], "-"),
        (&[("replicator.v1.mittwald.de/replicated-keys", "tls.crt,tls.key")], &[], "-"),
        (&[("reflector.v1.k8s.emberstack.com/reflects", " certs/tls ")], &[], "certs/tls"),
        (&[("reflector.v1.k8s.emberstack.com/auto-reflects", "True")], &[], "-"),
        (
            &[(KUBED, "{}")],
            &[
                ("kubed.appscode.com/origin.name", "tls"),
                ("kubed.appscode.com/origin.namespace", "certs"),
            ],
            "certs/tls",
        ),
        (&[], &[("generate.kyverno.io/source-namespace", "certs")], "certs/web"),
        (&[("clustersecret.io/created-by", "ClusterSecrets")], &[], "-"),
        (&[], &[("clustersecret.io", "true")], "-"),
        // What cannot be a name, or is the copy itself, is not told on.
        (&[("replicator.v1.mittwald.de/replicate-from", "certs/a;rm -rf")], &[], "-"),
        (&[("replicator.v1.mittwald.de/replicate-from", "shop/web")], &[], "-"),
        (&[("replicator.v1.mittwald.de/replicate-from", "a/b/c")], &[], "-"),
    ] {
        let owner = owned(annotations, labels).expect("it is a copy");
        assert_eq!(owner.role, Role::Copies, "{annotations:?} {labels:?}");
        let told = owner.copy_of.map(|it| format!("{}/{}", it.namespace(), it.name));
        assert_eq!(told.as_deref().unwrap_or("-"), original, "{annotations:?} {labels:?}");
    }
}

#[test]
fn an_original_is_nobodys_for_being_copied_and_its_copier_is_told() {
    for (key, value, who) in [
        ("replicator.v1.mittwald.de/replicate-to", "a,b", "kubernetes-replicator"),
        ("replicator.v1.mittwald.de/replication-allowed", "true", "kubernetes-replicator"),
        ("reflector.v1.k8s.emberstack.com/reflection-allowed", "true", "Reflector"),
        ("reflector.v1.k8s.emberstack.com/reflection-auto-enabled", "True", "Reflector"),
        ("kubed.appscode.com/sync", "", "config-syncer"),
        ("generate.kyverno.io/clone-source", "", "Kyverno"),
        ("management.cattle.io/project-scoped-secret", "p-1", "Rancher"),
    ] {
        let meta = MetaSeen { annotations: map(&[(key, value)]), ..MetaSeen::default() };
        assert_eq!(check(&meta), "-", "{key}");
        assert_eq!(copier_of(&meta).map(|(who, _)| who), Some(who), "{key}");
    }
    for (key, value) in [
        ("reflector.v1.k8s.emberstack.com/reflection-allowed", "false"),
        ("reflector.v1.k8s.emberstack.com/reflects", ""),
    ] {
        let meta = MetaSeen { annotations: map(&[(key, value)]), ..MetaSeen::default() };
        assert_eq!((check(&meta), copier_of(&meta)), ("-".to_owned(), None), "{key}");
    }
}

/// A copy has what its original had, but for the owner reference.
#[test]
fn a_copy_of_what_cert_manager_made_is_the_replicators() {
    let marks = [
        ("cert-manager.io/certificate-name", "web"),
        ("reflector.v1.k8s.emberstack.com/reflects", "certs/web"),
    ];
    let mut meta = MetaSeen { annotations: map(&marks), ..MetaSeen::default() };
    assert_eq!(check(&meta), "Reflector");
    meta.owner_references = vec![("Certificate".into(), "web".into())];
    assert_eq!(check(&meta), "cert-manager");
}

#[test]
fn only_what_renews_is_said_to_renew() {
    for (key, value, renews) in [
        ("cert-manager.io/certificate-name", "web", true),
        ("reconcile.external-secrets.io/data-hash", "x", true),
        ("service.beta.openshift.io/originating-service-name", "web", true),
        ("listener.cattle.io/fingerprint", "SHA1=0", true),
        ("sealedsecrets.bitnami.com/managed", "true", false),
        ("meta.helm.sh/release-name", "shop", false),
        ("argocd.argoproj.io/tracking-id", "x", false),
        ("kustomize.toolkit.fluxcd.io/name", "x", false),
        ("objectset.rio.cattle.io/hash", "x", false),
        ("replicator.v1.mittwald.de/replicate-from", "a/b", false),
        ("secrets-store.csi.k8s.io/managed", "true", false),
        ("app.kubernetes.io/managed-by", "hashicorp-vso", false),
    ] {
        let owner = owned(&[], &[(key, value)]).expect(key);
        assert_eq!(owner.renews(), renews, "{key}");
    }
    let mut meta = MetaSeen {
        labels: map(&[("secrets.hashicorp.com/vso-ownerRefUID", "x")]),
        ..MetaSeen::default()
    };
    meta.owner_references = vec![("VaultPKISecret".into(), "pki".into())];
    let owner = owner_of(&ObjectRef::secret("shop", "web"), &meta).expect("it is Vault's");
    assert!(owner.renews() && owner.name == "Vault Secrets Operator");
}

#[test]
fn what_flux_applies_no_more_is_nobodys() {
    let name = ("kustomize.toolkit.fluxcd.io/name", "apps");
    for (key, value, owner) in [
        ("kustomize.toolkit.fluxcd.io/reconcile", "disabled", "-"),
        ("kustomize.toolkit.fluxcd.io/ssa", "IfNotPresent", "-"),
        ("kustomize.toolkit.fluxcd.io/ssa", "Ignore", "-"),
        ("kustomize.toolkit.fluxcd.io/ssa", "Merge", "Flux"),
        ("kustomize.toolkit.fluxcd.io/prune", "disabled", "Flux"),
    ] {
        let owned = owned(&[(key, value)], &[name]);
        assert_eq!(owned.map_or("-".to_owned(), |owner| owner.name), owner, "{key}: {value}");
    }
}

#[test]
fn a_certificate_name_that_is_none_is_one_word_of_the_command() {
    let owner = owned(&[("cert-manager.io/certificate-name", "x; rm -rf ~")], &[]);
    let owner = owner.expect("it is cert-manager's");
    assert_eq!(owner.remedy.to_string(), "cmctl renew 'x; rm -rf ~' -n shop");
}

#[test]
fn any_owner_reference_owns_it() {
    let meta =
        MetaSeen { owner_references: vec![("Widget".into(), "w".into())], ..MetaSeen::default() };
    assert_eq!(check(&meta), "Widget/w");
}

//! The marks by which tools tell that they write a Secret, as data: a row a mark, with its source.
//!
//! Knows keys and what they say of the tool. Refuses to read a Secret: that is the parent's.
//!
//! Sources are the tools' own code, `path:line @commit`.

use super::Role;

/// One tool known by a label or annotation of the Secret.
pub(super) struct Mark {
    /// Exact key, or a prefix when it ends in `/` or `-`.
    pub key: &'static str,
    /// The value it must have; none for any.
    pub value: Option<&'static str>,
    /// Who, as people call it.
    pub owner: &'static str,
    /// What it does to the Secret.
    pub role: Role,
    /// Where the original is, when the Secret is a copy.
    pub origin: Origin,
    /// What to do instead, when no original is told: a sentence.
    pub remedy: &'static str,
}

/// How a mark tells of what a Secret is a copy of.
#[derive(Clone, Copy)]
pub(super) enum Origin {
    /// It does not.
    Untold,
    /// The value is `namespace/name`, or a name in the same namespace. An empty value is no mark.
    Value,
    /// Another label has the namespace, and one the name; without it, the copy's own name.
    Labels { namespace: &'static str, name: &'static str },
}

const fn copy(key: &'static str, owner: &'static str, origin: Origin) -> Mark {
    let remedy = "rotate the Secret it is a copy of";
    Mark { key, value: None, owner, role: Role::Copies, origin, remedy }
}

const fn mark(key: &'static str, owner: &'static str, role: Role, remedy: &'static str) -> Mark {
    Mark { key, value: None, owner, role, origin: Origin::Untold, remedy }
}

impl Mark {
    const fn with(self, value: &'static str) -> Self {
        Self { value: Some(value), ..self }
    }

    const fn remedy(self, remedy: &'static str) -> Self {
        Self { remedy, ..self }
    }

    /// Whether a label or annotation is this mark.
    pub(super) fn fits(&self, key: &str, value: &str) -> bool {
        let fits = if self.key.ends_with(['/', '-']) {
            key.starts_with(self.key)
        } else {
            key == self.key
        };
        let told = !matches!(self.origin, Origin::Value) || !value.trim().is_empty();
        fits && told && self.value.is_none_or(|wanted| value.eq_ignore_ascii_case(wanted))
    }
}

const MITTWALD: &str = "kubernetes-replicator";
const REFLECTOR: &str = "Reflector";
const KUBED: &str = "config-syncer";
const KYVERNO: &str = "Kyverno";
const CLUSTER_SECRET: &str = "ClusterSecret";
const RANCHER_PROJECT: &str = "Rancher";

/// Copies of another Secret. They may carry every mark of the original too, cert-manager's among
/// them, so that these are asked first.
pub(super) const COPIES: &[Mark] = &[
    // mittwald/kubernetes-replicator replicate/common/consts.go:5-14 @f535dd9
    copy("replicator.v1.mittwald.de/replicate-from", MITTWALD, Origin::Value),
    copy("replicator.v1.mittwald.de/replicated-from", MITTWALD, Origin::Value),
    // replicate/secret/secrets.go ReplicateObjectTo: what is pushed says no namespace
    copy("replicator.v1.mittwald.de/replicated-from-version", MITTWALD, Origin::Untold),
    copy("replicator.v1.mittwald.de/replicated-at", MITTWALD, Origin::Untold),
    copy("replicator.v1.mittwald.de/replicated-keys", MITTWALD, Origin::Untold),
    // emberstack/kubernetes-reflector Mirroring/Core/Annotations.cs:5-20 @d110601
    copy("reflector.v1.k8s.emberstack.com/reflects", REFLECTOR, Origin::Value),
    // Mirroring/Core/ResourceMirror.cs:549-552
    copy("reflector.v1.k8s.emberstack.com/auto-reflects", REFLECTOR, Origin::Untold).with("True"),
    copy("reflector.v1.k8s.emberstack.com/reflected-version", REFLECTOR, Origin::Untold),
    copy("reflector.v1.k8s.emberstack.com/reflected-at", REFLECTOR, Origin::Untold),
    // kubeops/config-syncer pkg/syncer/syncer.go:38-44, :147-176 @22f31b10
    copy("kubed.appscode.com/origin.namespace", KUBED, KUBED_ORIGIN),
    copy("kubed.appscode.com/origin.name", KUBED, KUBED_ORIGIN),
    copy("kubed.appscode.com/origin.cluster", KUBED, KUBED_ORIGIN),
    copy("kubed.appscode.com/origin", KUBED, KUBED_ORIGIN),
    // kyverno/kyverno pkg/background/common/constants.go:4-19, labels.go:63-71 @111e07bb
    copy("generate.kyverno.io/source-namespace", KYVERNO, KYVERNO_SOURCE),
    copy("generate.kyverno.io/source-name", KYVERNO, KYVERNO_SOURCE),
    // zakkg3/ClusterSecret src/consts.py:5-10, kubernetes_utils.py:303-310 @ff64c9e
    copy("clustersecret.io/", CLUSTER_SECRET, Origin::Untold).remedy(CHANGE_CLUSTER_SECRET),
    copy("clustersecret.io", CLUSTER_SECRET, Origin::Untold).remedy(CHANGE_CLUSTER_SECRET),
    // rancher/rancher pkg/controllers/managementuser/secret/project_scoped_secrets.go
    copy("management.cattle.io/project-scoped-secret-copy", RANCHER_PROJECT, Origin::Untold)
        .remedy("change the project secret in Rancher, of which it is a copy"),
];

const KUBED_ORIGIN: Origin = Origin::Labels {
    namespace: "kubed.appscode.com/origin.namespace",
    name: "kubed.appscode.com/origin.name",
};
const KYVERNO_SOURCE: Origin = Origin::Labels {
    namespace: "generate.kyverno.io/source-namespace",
    name: "generate.kyverno.io/source-name",
};
const CHANGE_CLUSTER_SECRET: &str = "change the ClusterSecret it is made from";
const CHANGE_POLICY: &str = "change the Kyverno policy that generates it";
const SEAL: &str = "seal a new certificate and key with kubeseal and commit the SealedSecret";
const SERVICE_CA: &str = "delete the Secret and service-ca makes a new one";
const VAULT: &str = "change what Vault holds; the operator writes it here";
const RELEASE: &str = "change the values of the release, or remove the Secret from the chart";
const ARGO_CD: &str = "rotate it in the repository that Argo CD syncs, with -f and --in-place";
const FLUX: &str = "rotate it in the repository that Flux syncs, with -f and --in-place";

/// Who makes the pair, or deploys it, and has nothing to be asked before.
pub(super) const OWNERS: &[Mark] = &[
    // kyverno pkg/background/common/labels.go:63-71 @111e07bb: data generated, not cloned
    mark("generate.kyverno.io/policy-", KYVERNO, Role::Fills, CHANGE_POLICY),
    mark("generate.kyverno.io/rule-", KYVERNO, Role::Fills, CHANGE_POLICY),
    mark("generate.kyverno.io/trigger-", KYVERNO, Role::Fills, CHANGE_POLICY),
    mark("generate.kyverno.io/source-", KYVERNO, Role::Copies, CHANGE_POLICY),
    mark("app.kubernetes.io/managed-by", KYVERNO, Role::Fills, CHANGE_POLICY).with("kyverno"),
    // bitnami-labs/sealed-secrets pkg/controller/keys.go: the key that opens every SealedSecret
    mark(
        "sealedsecrets.bitnami.com/sealed-secrets-key",
        "Sealed Secrets",
        Role::Renews,
        "leave it alone: it is the key that opens the SealedSecrets, and its controller makes new ones beside it",
    ),
    // bitnami-labs/sealed-secrets types.go:17-37 @86671a88
    mark("sealedsecrets.bitnami.com/", "Sealed Secrets", Role::Fills, SEAL),
    // argoproj-labs/argocd-vault-plugin pkg/types/constants.go: AVPPathAnnotation
    mark(
        "avp.kubernetes.io/path",
        "argocd-vault-plugin",
        Role::Fills,
        "put a new certificate and key where argocd-vault-plugin takes them from",
    ),
    // secrets-store-csi-driver controllers/secretproviderclasspodstatus_controller.go:51-52 @0aad886f
    mark(
        "secrets-store.csi.k8s.io/managed",
        "Secrets Store CSI driver",
        Role::Fills,
        "change what the SecretProviderClass reads; the driver writes it here",
    ),
    // hashicorp/vault-secrets-operator helpers/secrets.go:38-74 @9b840a5a
    mark("secrets.hashicorp.com/vso-ownerRefUID", "Vault Secrets Operator", Role::Fills, VAULT),
    mark("app.kubernetes.io/managed-by", "Vault Secrets Operator", Role::Fills, VAULT)
        .with("hashicorp-vso"),
    // openshift/service-ca-operator pkg/controller/api/api.go:47-75 @6391e070
    mark(
        "service.beta.openshift.io/originating-service-",
        "OpenShift service-ca",
        Role::Renews,
        SERVICE_CA,
    ),
    mark(
        "service.alpha.openshift.io/originating-service-",
        "OpenShift service-ca",
        Role::Renews,
        SERVICE_CA,
    ),
    mark("service.beta.openshift.io/expiry", "OpenShift service-ca", Role::Renews, SERVICE_CA),
    mark("service.alpha.openshift.io/expiry", "OpenShift service-ca", Role::Renews, SERVICE_CA),
    // openshift/library-go pkg/operator/certrotation
    mark(
        "auth.openshift.io/certificate-",
        "an OpenShift operator",
        Role::Renews,
        "wait for the operator, which renews it",
    ),
    // rancher/dynamiclistener factory/gen.go: k3s-serving, Rancher's and Longhorn's webhooks
    mark(
        "listener.cattle.io/",
        "Rancher's dynamic listener",
        Role::Renews,
        "delete the Secret and the listener makes a new one",
    ),
    // helm/helm pkg/action/validate.go:35-38 @e9b85e4d
    mark("meta.helm.sh/release-name", HELM, Role::Deploys, RELEASE),
    mark("app.kubernetes.io/managed-by", HELM, Role::Deploys, RELEASE).with("Helm"),
    mark("meta.helm.sh/release-namespace", HELM, Role::Deploys, RELEASE),
    // argoproj/argo-cd common/common.go:190-219 @37ee0097; app.kubernetes.io/instance is anybody's
    mark("argocd.argoproj.io/tracking-id", "Argo CD", Role::Deploys, ARGO_CD),
    mark("argocd.argoproj.io/instance", "Argo CD", Role::Deploys, ARGO_CD),
    // fluxcd/kustomize-controller kustomization_controller.go:462 @186fb3b
    mark("kustomize.toolkit.fluxcd.io/", "Flux", Role::Deploys, FLUX),
    // fluxcd/helm-controller internal/postrender/common_renderer.go:80 @0f61a86
    mark("helm.toolkit.fluxcd.io/", "Flux", Role::Deploys, FLUX),
    // rancher/fleet internal/cmd/agent/deployer/desiredset/desiredset_apply.go:25-32 @3b2c622
    mark(
        "objectset.rio.cattle.io/",
        "Rancher Fleet",
        Role::Deploys,
        "rotate it in the repository that the Bundle is made from",
    ),
    // carvel-dev/kapp: every object it deploys carries the label
    mark("kapp.k14s.io/app", "kapp", Role::Deploys, "rotate it in the manifests that kapp deploys"),
    mark(
        "cnrm.cloud.google.com/",
        "Config Connector",
        Role::Deploys,
        "change the Config Connector resource",
    ),
    mark(
        "app.terraform.io/",
        "Terraform",
        Role::Deploys,
        "rotate it in the Terraform configuration",
    ),
];

/// Helm's rows name the release too.
pub(super) const HELM: &str = "Helm";

/// Annotations by which Flux applies an object no more, or only once: then nothing is put back.
/// `ssa: Merge` is none of them, for it puts back every field that stands in the manifest.
/// Source: fluxcd/kustomize-controller docs/spec/v1/kustomizations.md:1627 @186fb3b.
pub(super) const FLUX_LETS_GO: &[(&str, &str)] = &[
    ("kustomize.toolkit.fluxcd.io/reconcile", "disabled"),
    ("kustomize.toolkit.fluxcd.io/ssa", "IfNotPresent"),
    ("kustomize.toolkit.fluxcd.io/ssa", "Ignore"),
];

/// Kinds of owner references whose tool is known: kind, tool, what it does, what to do instead.
pub(super) const OWNER_KINDS: &[(&str, &str, Role, &str)] = &[
    ("SealedSecret", "Sealed Secrets", Role::Fills, SEAL),
    ("VaultPKISecret", "Vault Secrets Operator", Role::Renews, VAULT_PKI),
    ("VaultStaticSecret", "Vault Secrets Operator", Role::Fills, VAULT),
    ("VaultDynamicSecret", "Vault Secrets Operator", Role::Fills, VAULT),
    ("SecretSync", "Secret Sync", Role::Fills, "change what its SecretProviderClass reads"),
    ("OnePasswordItem", "1Password", Role::Fills, "change the item in 1Password"),
    ("InfisicalSecret", "Infisical", Role::Fills, "change it in Infisical"),
    ("SopsSecret", "sops-secrets-operator", Role::Fills, "change the SopsSecret it is made from"),
];
const VAULT_PKI: &str = "wait for the operator, which has Vault issue a new one";

/// On the original of copies: key, value it must have, and who copies it.
pub(super) const SOURCES: &[(&str, Option<&str>, &str)] = &[
    ("replicator.v1.mittwald.de/replicate-to", None, MITTWALD),
    ("replicator.v1.mittwald.de/replicate-to-matching", None, MITTWALD),
    ("replicator.v1.mittwald.de/replication-allowed", Some("true"), MITTWALD),
    ("replicator.v1.mittwald.de/replication-allowed-namespaces", None, MITTWALD),
    ("reflector.v1.k8s.emberstack.com/reflection-auto-enabled", Some("true"), REFLECTOR),
    ("reflector.v1.k8s.emberstack.com/reflection-allowed", Some("true"), REFLECTOR),
    ("kubed.appscode.com/sync", None, KUBED),
    ("generate.kyverno.io/clone-source", None, KYVERNO),
    ("management.cattle.io/project-scoped-secret", None, RANCHER_PROJECT),
];

//! Kinds of objects: one table of how each is called, by people and by the API server.
//!
//! Knows names alone. Refuses to know what an object of a kind holds.

use std::fmt;

/// The kinds of object a finding, a step or a problem can be about. `File` and `Endpoint` stand
/// beside Kubernetes' own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `v1` Secret.
    Secret,
    /// `networking.k8s.io/v1` Ingress.
    Ingress,
    /// `networking.k8s.io/v1` IngressClass: whose controller serves the Ingresses that name it.
    IngressClass,
    /// `v1` Service.
    Service,
    /// `cloud.google.com/v1` BackendConfig.
    BackendConfig,
    /// `networking.gke.io/v1beta1` FrontendConfig.
    FrontendConfig,
    /// `networking.gke.io/v1` ManagedCertificate.
    ManagedCertificate,
    /// `cert-manager.io/v1` Certificate: the owner and maker of a Secret.
    Certificate,
    /// `cert-manager.io/v1` Issuer: signs with the CA in a Secret.
    Issuer,
    /// `cert-manager.io/v1` ClusterIssuer: the same for every namespace.
    ClusterIssuer,
    /// `v1` ConfigMap.
    ConfigMap,
    /// `admissionregistration.k8s.io` ValidatingWebhookConfiguration.
    ValidatingWebhookConfiguration,
    /// `admissionregistration.k8s.io` MutatingWebhookConfiguration.
    MutatingWebhookConfiguration,
    /// `apiregistration.k8s.io` APIService.
    ApiService,
    /// `external-secrets.io` ExternalSecret: the owner and maker of a Secret.
    ExternalSecret,
    /// `bitnami.com/v1alpha1` SealedSecret: makes the Secret of its name.
    SealedSecret,
    /// `external-secrets.io` ClusterExternalSecret: an ExternalSecret in many namespaces.
    ClusterExternalSecret,
    /// `secrets-store.csi.x-k8s.io` SecretProviderClass: its `secretObjects` are made with the first pod.
    SecretProviderClass,
    /// `secret-sync.gke.io` (GKE) or `secret-sync.x-k8s.io` SecretSync: makes the Secret of its name.
    SecretSync,
    /// `secrets.hashicorp.com` VaultPKISecret: Vault issues the certificate.
    VaultPkiSecret,
    /// `secrets.hashicorp.com` VaultStaticSecret: copies what Vault holds.
    VaultStaticSecret,
    /// `secrets.hashicorp.com` VaultDynamicSecret: copies what Vault makes.
    VaultDynamicSecret,
    /// `clustersecret.io` ClusterSecret: a Secret of its name in many namespaces.
    ClusterSecret,
    /// `projectcontour.io` TLSCertificateDelegation: lets Ingresses of other namespaces use Secrets of
    /// its own.
    TlsCertificateDelegation,
    /// `gateway.networking.k8s.io` Gateway: its listeners serve hosts.
    Gateway,
    /// `gateway.networking.k8s.io` `HTTPRoute`: hosts that Gateways serve.
    HttpRoute,
    /// `gateway.networking.k8s.io` `GRPCRoute`: the same for gRPC.
    GrpcRoute,
    /// `gateway.networking.k8s.io` `TLSRoute`: the same for TLS as such.
    TlsRoute,
    /// `gateway.networking.k8s.io` `ReferenceGrant`: lets Gateways of other namespaces use Secrets of its
    /// own.
    ReferenceGrant,
    /// `route.openshift.io` Route: a host, and its certificate or the Secret with it.
    Route,
    /// `kyverno.io` ClusterPolicy, whose rules may generate Secrets.
    ClusterPolicy,
    /// `kyverno.io` Policy, the same in one namespace.
    Policy,
    /// `onepassword.com` OnePasswordItem: makes the Secret of its name.
    OnePasswordItem,
    /// `secrets.infisical.com` InfisicalSecret.
    InfisicalSecret,
    /// `isindir.github.com` SopsSecret: one for several Secrets.
    SopsSecret,
    /// A `kustomization.yaml`, whose `secretGenerator` makes Secrets; no API server has it.
    Kustomization,
    /// `apiextensions.k8s.io` CustomResourceDefinition.
    CustomResourceDefinition,
    /// `v1` Pod.
    Pod,
    /// `apps/v1` Deployment.
    Deployment,
    /// `apps/v1` StatefulSet.
    StatefulSet,
    /// `apps/v1` DaemonSet.
    DaemonSet,
    /// `apps/v1` ReplicaSet.
    ReplicaSet,
    /// `batch/v1` Job.
    Job,
    /// `batch/v1` CronJob.
    CronJob,
    /// `v1` Event: what a controller has to say of another object.
    Event,
    /// A file or folder on this machine; the name is its path, `-` is standard input.
    File,
    /// A place on the network; the name is `HOST` or `HOST:PORT`.
    Endpoint,
}

/// How a kind is called.
struct Descriptor {
    kind: Kind,
    /// As JSON and Kubernetes spell it.
    name: &'static str,
    /// As people type it in `KIND/NAME`.
    word: &'static str,
    /// Several of it, which is also the name of its resource.
    plural: &'static str,
    /// Its API group (empty for the core) and version; none for what no API server has.
    api: Option<(&'static str, &'static str)>,
}

const fn row(
    kind: Kind,
    name: &'static str,
    word: &'static str,
    plural: &'static str,
    api: Option<(&'static str, &'static str)>,
) -> Descriptor {
    Descriptor { kind, name, word, plural, api }
}

/// One row a kind, in the order of [`Kind`].
const KINDS: [Descriptor; 47] = [
    row(Kind::Secret, "Secret", "secret", "secrets", Some(("", "v1"))),
    row(Kind::Ingress, "Ingress", "ingress", "ingresses", Some(("networking.k8s.io", "v1"))),
    row(
        Kind::IngressClass,
        "IngressClass",
        "ingressclass",
        "ingressclasses",
        Some(("networking.k8s.io", "v1")),
    ),
    row(Kind::Service, "Service", "service", "services", Some(("", "v1"))),
    row(
        Kind::BackendConfig,
        "BackendConfig",
        "backendconfig",
        "backendconfigs",
        Some(("cloud.google.com", "v1")),
    ),
    row(
        Kind::FrontendConfig,
        "FrontendConfig",
        "frontendconfig",
        "frontendconfigs",
        Some(("networking.gke.io", "v1beta1")),
    ),
    row(
        Kind::ManagedCertificate,
        "ManagedCertificate",
        "managedcertificate",
        "managedcertificates",
        Some(("networking.gke.io", "v1")),
    ),
    row(
        Kind::Certificate,
        "Certificate",
        "certificate",
        "certificates",
        Some(("cert-manager.io", "v1")),
    ),
    row(Kind::Issuer, "Issuer", "issuer", "issuers", Some(("cert-manager.io", "v1"))),
    row(
        Kind::ClusterIssuer,
        "ClusterIssuer",
        "clusterissuer",
        "clusterissuers",
        Some(("cert-manager.io", "v1")),
    ),
    row(Kind::ConfigMap, "ConfigMap", "configmap", "configmaps", Some(("", "v1"))),
    row(
        Kind::ValidatingWebhookConfiguration,
        "ValidatingWebhookConfiguration",
        "validatingwebhookconfiguration",
        "validatingwebhookconfigurations",
        Some(("admissionregistration.k8s.io", "v1")),
    ),
    row(
        Kind::MutatingWebhookConfiguration,
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfiguration",
        "mutatingwebhookconfigurations",
        Some(("admissionregistration.k8s.io", "v1")),
    ),
    row(
        Kind::ApiService,
        "APIService",
        "apiservice",
        "apiservices",
        Some(("apiregistration.k8s.io", "v1")),
    ),
    row(
        Kind::ExternalSecret,
        "ExternalSecret",
        "externalsecret",
        "externalsecrets",
        Some(("external-secrets.io", "v1")),
    ),
    row(
        Kind::SealedSecret,
        "SealedSecret",
        "sealedsecret",
        "sealedsecrets",
        Some(("bitnami.com", "v1alpha1")),
    ),
    row(
        Kind::ClusterExternalSecret,
        "ClusterExternalSecret",
        "clusterexternalsecret",
        "clusterexternalsecrets",
        Some(("external-secrets.io", "v1")),
    ),
    row(
        Kind::SecretProviderClass,
        "SecretProviderClass",
        "secretproviderclass",
        "secretproviderclasses",
        Some(("secrets-store.csi.x-k8s.io", "v1")),
    ),
    row(
        Kind::SecretSync,
        "SecretSync",
        "secretsync",
        "secretsyncs",
        Some(("secret-sync.gke.io", "v1")),
    ),
    row(
        Kind::VaultPkiSecret,
        "VaultPKISecret",
        "vaultpkisecret",
        "vaultpkisecrets",
        Some(("secrets.hashicorp.com", "v1beta1")),
    ),
    row(
        Kind::VaultStaticSecret,
        "VaultStaticSecret",
        "vaultstaticsecret",
        "vaultstaticsecrets",
        Some(("secrets.hashicorp.com", "v1beta1")),
    ),
    row(
        Kind::VaultDynamicSecret,
        "VaultDynamicSecret",
        "vaultdynamicsecret",
        "vaultdynamicsecrets",
        Some(("secrets.hashicorp.com", "v1beta1")),
    ),
    row(
        Kind::ClusterSecret,
        "ClusterSecret",
        "clustersecret",
        "clustersecrets",
        Some(("clustersecret.io", "v1")),
    ),
    row(
        Kind::TlsCertificateDelegation,
        "TLSCertificateDelegation",
        "tlscertificatedelegation",
        "tlscertificatedelegations",
        Some(("projectcontour.io", "v1")),
    ),
    row(Kind::Gateway, "Gateway", "gateway", "gateways", Some(("gateway.networking.k8s.io", "v1"))),
    row(
        Kind::HttpRoute,
        "HTTPRoute",
        "httproute",
        "httproutes",
        Some(("gateway.networking.k8s.io", "v1")),
    ),
    row(
        Kind::GrpcRoute,
        "GRPCRoute",
        "grpcroute",
        "grpcroutes",
        Some(("gateway.networking.k8s.io", "v1")),
    ),
    row(
        Kind::TlsRoute,
        "TLSRoute",
        "tlsroute",
        "tlsroutes",
        Some(("gateway.networking.k8s.io", "v1alpha2")),
    ),
    row(
        Kind::ReferenceGrant,
        "ReferenceGrant",
        "referencegrant",
        "referencegrants",
        Some(("gateway.networking.k8s.io", "v1beta1")),
    ),
    row(Kind::Route, "Route", "route", "routes", Some(("route.openshift.io", "v1"))),
    row(
        Kind::ClusterPolicy,
        "ClusterPolicy",
        "clusterpolicy",
        "clusterpolicies",
        Some(("kyverno.io", "v1")),
    ),
    row(Kind::Policy, "Policy", "policy", "policies", Some(("kyverno.io", "v1"))),
    row(
        Kind::OnePasswordItem,
        "OnePasswordItem",
        "onepassworditem",
        "onepassworditems",
        Some(("onepassword.com", "v1")),
    ),
    row(
        Kind::InfisicalSecret,
        "InfisicalSecret",
        "infisicalsecret",
        "infisicalsecrets",
        Some(("secrets.infisical.com", "v1alpha1")),
    ),
    row(
        Kind::SopsSecret,
        "SopsSecret",
        "sopssecret",
        "sopssecrets",
        Some(("isindir.github.com", "v1alpha3")),
    ),
    row(Kind::Kustomization, "Kustomization", "kustomization", "kustomizations", None),
    row(
        Kind::CustomResourceDefinition,
        "CustomResourceDefinition",
        "customresourcedefinition",
        "customresourcedefinitions",
        Some(("apiextensions.k8s.io", "v1")),
    ),
    row(Kind::Pod, "Pod", "pod", "pods", Some(("", "v1"))),
    row(Kind::Deployment, "Deployment", "deployment", "deployments", Some(("apps", "v1"))),
    row(Kind::StatefulSet, "StatefulSet", "statefulset", "statefulsets", Some(("apps", "v1"))),
    row(Kind::DaemonSet, "DaemonSet", "daemonset", "daemonsets", Some(("apps", "v1"))),
    row(Kind::ReplicaSet, "ReplicaSet", "replicaset", "replicasets", Some(("apps", "v1"))),
    row(Kind::Job, "Job", "job", "jobs", Some(("batch", "v1"))),
    row(Kind::CronJob, "CronJob", "cronjob", "cronjobs", Some(("batch", "v1"))),
    row(Kind::Event, "Event", "event", "events", Some(("", "v1"))),
    row(Kind::File, "File", "file", "files", None),
    row(Kind::Endpoint, "Endpoint", "endpoint", "endpoints", None),
];

// A row in the wrong place would call every kind behind it by another's name.
const _: () = {
    let mut place = 0;
    while place < KINDS.len() {
        assert!(KINDS[place].kind as usize == place);
        place += 1;
    }
    assert!(Kind::Endpoint as usize + 1 == KINDS.len());
};

impl Kind {
    const fn descriptor(self) -> &'static Descriptor {
        &KINDS[self as usize]
    }

    /// The kind as JSON and Kubernetes spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.descriptor().name
    }

    /// The kind as people type it in `KIND/NAME`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        self.descriptor().word
    }

    /// The kind of this word, as [`Self::word`] has it.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        KINDS.iter().find(|row| row.word == word).map(|row| row.kind)
    }

    /// Several of the kind, as people say it.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        self.descriptor().plural
    }

    /// Whether objects of the kind serve hosts, with certificates that they name or hold.
    #[must_use]
    pub const fn serves_hosts(self) -> bool {
        matches!(self, Self::Ingress | Self::Gateway | Self::Route)
    }

    /// Whether objects of the kind serve hosts, or say how others do.
    #[must_use]
    pub const fn is_of_frontends(self) -> bool {
        self.serves_hosts()
            || matches!(
                self,
                Self::HttpRoute | Self::GrpcRoute | Self::TlsRoute | Self::ReferenceGrant
            )
    }

    /// Whether objects of the kind are in a namespace.
    #[must_use]
    pub const fn has_namespace(self) -> bool {
        !matches!(
            self,
            Self::IngressClass
                | Self::ClusterIssuer
                | Self::ClusterExternalSecret
                | Self::ClusterPolicy
                | Self::ClusterSecret
                | Self::ValidatingWebhookConfiguration
                | Self::MutatingWebhookConfiguration
                | Self::ApiService
                | Self::CustomResourceDefinition
                | Self::File
                | Self::Endpoint
                | Self::Kustomization
        )
    }

    /// Whether it runs programs: a Pod, or what makes Pods.
    #[must_use]
    pub const fn is_workload(self) -> bool {
        matches!(
            self,
            Self::Pod
                | Self::Deployment
                | Self::StatefulSet
                | Self::DaemonSet
                | Self::ReplicaSet
                | Self::Job
                | Self::CronJob
        )
    }

    /// API group (empty for the core), version and plural resource name; none for what no API
    /// server has.
    #[must_use]
    pub const fn resource(self) -> Option<(&'static str, &'static str, &'static str)> {
        match self.descriptor().api {
            Some((group, version)) => Some((group, version, self.plural())),
            None => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_names_in_small_letters_and_resources_are_called_as_kubectl_shows_them() {
        for row in &KINDS {
            assert_eq!(row.word, row.name.to_ascii_lowercase());
        }
        assert_eq!(Kind::Policy.resource(), Some(("kyverno.io", "v1", "policies")));
        assert_eq!(Kind::Event.resource(), Some(("", "v1", "events")));
        assert_eq!(Kind::Kustomization.resource(), None);
    }
}

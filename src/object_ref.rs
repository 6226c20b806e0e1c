//! Names of things: which object, in which namespace or file, a sentence is about.
//!
//! Knows the kinds that certwright speaks of and how people write them (`secret/web-tls`).
//! Refuses to know what any object holds.

use std::fmt;

/// Our own name, as field manager and as `app.kubernetes.io/managed-by`: what certwright writes is
/// its own.
pub const OUR_NAME: &str = "certwright";

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
    /// `v1` Event: what a controller has to say of another object.
    Event,
    /// A file or folder on this machine; the name is its path, `-` is standard input.
    File,
    /// A place on the network; the name is `HOST` or `HOST:PORT`.
    Endpoint,
}

impl Kind {
    /// The kind as JSON and Kubernetes spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::Ingress => "Ingress",
            Self::IngressClass => "IngressClass",
            Self::Service => "Service",
            Self::BackendConfig => "BackendConfig",
            Self::FrontendConfig => "FrontendConfig",
            Self::ManagedCertificate => "ManagedCertificate",
            Self::Certificate => "Certificate",
            Self::Issuer => "Issuer",
            Self::ClusterIssuer => "ClusterIssuer",
            Self::ConfigMap => "ConfigMap",
            Self::ValidatingWebhookConfiguration => "ValidatingWebhookConfiguration",
            Self::MutatingWebhookConfiguration => "MutatingWebhookConfiguration",
            Self::ApiService => "APIService",
            Self::ExternalSecret => "ExternalSecret",
            Self::SealedSecret => "SealedSecret",
            Self::ClusterExternalSecret => "ClusterExternalSecret",
            Self::SecretProviderClass => "SecretProviderClass",
            Self::SecretSync => "SecretSync",
            Self::VaultPkiSecret => "VaultPKISecret",
            Self::VaultStaticSecret => "VaultStaticSecret",
            Self::VaultDynamicSecret => "VaultDynamicSecret",
            Self::ClusterSecret => "ClusterSecret",
            Self::TlsCertificateDelegation => "TLSCertificateDelegation",
            Self::ClusterPolicy => "ClusterPolicy",
            Self::Policy => "Policy",
            Self::OnePasswordItem => "OnePasswordItem",
            Self::InfisicalSecret => "InfisicalSecret",
            Self::SopsSecret => "SopsSecret",
            Self::Kustomization => "Kustomization",
            Self::Event => "Event",
            Self::File => "File",
            Self::Endpoint => "Endpoint",
        }
    }

    /// The kind as people type it in `KIND/NAME`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Ingress => "ingress",
            Self::IngressClass => "ingressclass",
            Self::Service => "service",
            Self::BackendConfig => "backendconfig",
            Self::FrontendConfig => "frontendconfig",
            Self::ManagedCertificate => "managedcertificate",
            Self::Certificate => "certificate",
            Self::Issuer => "issuer",
            Self::ClusterIssuer => "clusterissuer",
            Self::ConfigMap => "configmap",
            Self::ValidatingWebhookConfiguration => "validatingwebhookconfiguration",
            Self::MutatingWebhookConfiguration => "mutatingwebhookconfiguration",
            Self::ApiService => "apiservice",
            Self::ExternalSecret => "externalsecret",
            Self::SealedSecret => "sealedsecret",
            Self::ClusterExternalSecret => "clusterexternalsecret",
            Self::SecretProviderClass => "secretproviderclass",
            Self::SecretSync => "secretsync",
            Self::VaultPkiSecret => "vaultpkisecret",
            Self::VaultStaticSecret => "vaultstaticsecret",
            Self::VaultDynamicSecret => "vaultdynamicsecret",
            Self::ClusterSecret => "clustersecret",
            Self::TlsCertificateDelegation => "tlscertificatedelegation",
            Self::ClusterPolicy => "clusterpolicy",
            Self::Policy => "policy",
            Self::OnePasswordItem => "onepassworditem",
            Self::InfisicalSecret => "infisicalsecret",
            Self::SopsSecret => "sopssecret",
            Self::Kustomization => "kustomization",
            Self::Event => "event",
            Self::File => "file",
            Self::Endpoint => "endpoint",
        }
    }
}

impl Kind {
    /// Several of the kind, as people say it.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Secret => "secrets",
            Self::Ingress => "ingresses",
            Self::IngressClass => "ingressclasses",
            Self::Service => "services",
            Self::BackendConfig => "backendconfigs",
            Self::FrontendConfig => "frontendconfigs",
            Self::ManagedCertificate => "managedcertificates",
            Self::Certificate => "certificates",
            Self::Issuer => "issuers",
            Self::ClusterIssuer => "clusterissuers",
            Self::ConfigMap => "configmaps",
            Self::ValidatingWebhookConfiguration => "validatingwebhookconfigurations",
            Self::MutatingWebhookConfiguration => "mutatingwebhookconfigurations",
            Self::ApiService => "apiservices",
            Self::ExternalSecret => "externalsecrets",
            Self::SealedSecret => "sealedsecrets",
            Self::ClusterExternalSecret => "clusterexternalsecrets",
            Self::SecretProviderClass => "secretproviderclasses",
            Self::SecretSync => "secretsyncs",
            Self::VaultPkiSecret => "vaultpkisecrets",
            Self::VaultStaticSecret => "vaultstaticsecrets",
            Self::VaultDynamicSecret => "vaultdynamicsecrets",
            Self::ClusterSecret => "clustersecrets",
            Self::TlsCertificateDelegation => "tlscertificatedelegations",
            Self::ClusterPolicy => "clusterpolicies",
            Self::Policy => "policies",
            Self::OnePasswordItem => "onepassworditems",
            Self::InfisicalSecret => "infisicalsecrets",
            Self::SopsSecret => "sopssecrets",
            Self::Kustomization => "kustomizations",
            Self::Event => "events",
            Self::File => "files",
            Self::Endpoint => "endpoints",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where an object stands among the manifests that were read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file's path as it was given or found; `-` is standard input.
    pub path: String,
    /// Which document of the file, from 0, in the order of the file.
    pub document: usize,
    /// Whether the file has more than one document, so that `document` is worth saying.
    pub of_many: bool,
    /// Which item of a `List`, from 0, when the document is one.
    pub item: Option<usize>,
}

/// One object, or one value inside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// What kind of object it is.
    pub kind: Kind,
    /// Its namespace; `None` for files and for lists over all namespaces.
    pub namespace: Option<String>,
    /// Its name; empty when a whole list is meant.
    pub name: String,
    /// The data key that is meant, such as `tls.crt`.
    pub key: Option<String>,
    /// Where it was read, when that was not a cluster.
    pub place: Option<Place>,
}

impl ObjectRef {
    /// The Secret `name` in `namespace`.
    pub fn secret(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self::namespaced(Kind::Secret, namespace, name)
    }

    /// The Ingress `name` in `namespace`.
    pub fn ingress(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self::namespaced(Kind::Ingress, namespace, name)
    }

    /// The file at `path`.
    pub fn file(path: impl Into<String>) -> Self {
        Self { kind: Kind::File, namespace: None, name: path.into(), key: None, place: None }
    }

    /// A place on the network: a host or an address, with or without a port.
    pub fn endpoint(name: impl Into<String>) -> Self {
        Self { kind: Kind::Endpoint, ..Self::file(name) }
    }

    /// An object of `kind` in `namespace`.
    pub fn namespaced(kind: Kind, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind, namespace: Some(namespace.into()), name: name.into(), key: None, place: None }
    }

    /// All objects of `kind`, in one namespace or (`None`) in all of them: what a list request names.
    #[must_use]
    pub fn all(kind: Kind, namespace: Option<&str>) -> Self {
        Self {
            kind,
            namespace: namespace.map(str::to_owned),
            name: String::new(),
            key: None,
            place: None,
        }
    }

    /// The same object, read at `place`.
    #[must_use]
    pub fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    /// The value under `key` of the same object.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self.clone() }
    }

    /// The namespace, or the empty string for what has none.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }

    /// Whether both name the same object, whatever key or place they speak of.
    #[must_use]
    pub fn same_object(&self, other: &Self) -> bool {
        self.kind == other.kind && self.name == other.name && self.namespace == other.namespace
    }

    /// `kind/name` without the namespace, as `-n` users type it.
    #[must_use]
    pub fn short(&self) -> String {
        match self.kind {
            Kind::File | Kind::Endpoint => self.name.clone(),
            kind => format!("{}/{}", kind.word(), self.name),
        }
    }

    /// The same with its namespace, where it has one, and without its place: for a sentence about
    /// another object.
    #[must_use]
    pub fn apart(&self) -> String {
        let namespace = self.namespace.as_deref();
        namespace.map_or_else(
            || self.short(),
            |namespace| format!("{} in namespace {namespace}", self.short()),
        )
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, self.name.is_empty()) {
            (Kind::File | Kind::Endpoint, _) => write!(f, "{}", self.name)?,
            (kind, true) => write!(f, "{}", kind.plural())?,
            (kind, false) => write!(f, "{}/{}", kind.word(), self.name)?,
        }
        if let Some(namespace) = &self.namespace {
            write!(f, " in namespace {namespace}")?;
        } else if !matches!(self.kind, Kind::File | Kind::Endpoint) {
            write!(f, " in all namespaces")?;
        }
        if let Some(place) = &self.place {
            write!(f, " ({}", place.path)?;
            if place.of_many {
                write!(f, ", document {}", place.document + 1)?;
            }
            if let Some(item) = place.item {
                write!(f, ", item {}", item + 1)?;
            }
            write!(f, ")")?;
        }
        Ok(())
    }
}

impl Kind {
    /// API group (empty for the core), version and plural resource name; none for what no API
    /// server has.
    #[must_use]
    pub const fn resource(self) -> Option<(&'static str, &'static str, &'static str)> {
        match self {
            Self::Secret => Some(("", "v1", "secrets")),
            Self::Service => Some(("", "v1", "services")),
            Self::Ingress => Some(("networking.k8s.io", "v1", "ingresses")),
            Self::IngressClass => Some(("networking.k8s.io", "v1", "ingressclasses")),
            Self::BackendConfig => Some(("cloud.google.com", "v1", "backendconfigs")),
            Self::FrontendConfig => Some(("networking.gke.io", "v1beta1", "frontendconfigs")),
            Self::ManagedCertificate => Some(("networking.gke.io", "v1", "managedcertificates")),
            Self::Certificate => Some(("cert-manager.io", "v1", "certificates")),
            Self::Issuer => Some(("cert-manager.io", "v1", "issuers")),
            Self::ClusterIssuer => Some(("cert-manager.io", "v1", "clusterissuers")),
            Self::ConfigMap => Some(("", "v1", "configmaps")),
            Self::ValidatingWebhookConfiguration => {
                Some(("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations"))
            }
            Self::MutatingWebhookConfiguration => {
                Some(("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations"))
            }
            Self::ApiService => Some(("apiregistration.k8s.io", "v1", "apiservices")),
            Self::ExternalSecret => Some(("external-secrets.io", "v1", "externalsecrets")),
            Self::SealedSecret => Some(("bitnami.com", "v1alpha1", "sealedsecrets")),
            Self::ClusterExternalSecret => {
                Some(("external-secrets.io", "v1", "clusterexternalsecrets"))
            }
            Self::SecretProviderClass => {
                Some(("secrets-store.csi.x-k8s.io", "v1", "secretproviderclasses"))
            }
            Self::SecretSync => Some(("secret-sync.gke.io", "v1", "secretsyncs")),
            Self::VaultPkiSecret => Some(("secrets.hashicorp.com", "v1beta1", "vaultpkisecrets")),
            Self::VaultStaticSecret => {
                Some(("secrets.hashicorp.com", "v1beta1", "vaultstaticsecrets"))
            }
            Self::VaultDynamicSecret => {
                Some(("secrets.hashicorp.com", "v1beta1", "vaultdynamicsecrets"))
            }
            Self::ClusterSecret => Some(("clustersecret.io", "v1", "clustersecrets")),
            Self::TlsCertificateDelegation => {
                Some(("projectcontour.io", "v1", "tlscertificatedelegations"))
            }
            Self::ClusterPolicy => Some(("kyverno.io", "v1", "clusterpolicies")),
            Self::Policy => Some(("kyverno.io", "v1", "policies")),
            Self::OnePasswordItem => Some(("onepassword.com", "v1", "onepassworditems")),
            Self::InfisicalSecret => {
                Some(("secrets.infisical.com", "v1alpha1", "infisicalsecrets"))
            }
            Self::SopsSecret => Some(("isindir.github.com", "v1alpha3", "sopssecrets")),
            Self::Event => Some(("", "v1", "events")),
            Self::Kustomization | Self::File | Self::Endpoint => None,
        }
    }
}

/// What somebody named on the command line: `secret/web-tls`, `ingress/web`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindName {
    /// The kind that was named.
    pub kind: Kind,
    /// The object's name.
    pub name: String,
}

impl std::str::FromStr for KindName {
    type Err = String;

    /// # Errors
    /// A sentence that says what was expected, when the text is not `KIND/NAME` with a kind that
    /// can be named.
    fn from_str(text: &str) -> Result<Self, String> {
        let Some((kind, name)) = text.split_once('/') else {
            return Err(format!("expected KIND/NAME such as secret/web-tls, found {text:?}"));
        };
        let kind = match kind.to_ascii_lowercase().as_str() {
            "secret" | "secrets" => Kind::Secret,
            "ingress" | "ingresses" | "ing" | "ingress.networking.k8s.io" => Kind::Ingress,
            other => {
                return Err(format!("expected secret/NAME or ingress/NAME, found kind {other:?}"));
            }
        };
        check_object_name(name)?;
        Ok(Self { kind, name: name.to_owned() })
    }
}

/// Checks that `name` is a DNS subdomain name as the API server wants of Secrets and Ingresses:
/// at most 253 of `a-z 0-9 - .`, each label beginning and ending with a letter or digit.
///
/// # Errors
/// A sentence that names the first thing that is wrong.
pub fn check_object_name(name: &str) -> Result<(), String> {
    let complain = |what: &str| {
        Err(format!(
            "{name:?} is not an object name: {what} (lower-case letters, digits, '-' and '.')"
        ))
    };
    if name.is_empty() {
        return complain("it is empty");
    }
    if name.len() > 253 {
        return complain("it is longer than 253 characters");
    }
    for label in name.split('.') {
        let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if label.is_empty() || !label.chars().all(inside) {
            return complain("a part is empty or has another character");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return complain("a part begins or ends with '-'");
        }
    }
    Ok(())
}

/// Whether the name can stand in the path of a request as it is. What holds `/`, `?`, `#` or `%`
/// would ask for something else, and an empty namespace for all of them; no API server has objects
/// or namespaces of such names. Source: k8s.io/apimachinery pkg/api/validation/path/name.go.
#[must_use]
pub fn is_path_segment(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:@".contains(c);
    !matches!(name, "" | "." | "..") && name.len() <= 253 && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_change_the_path_of_a_request_is_no_segment() {
        for name in ["web", "web.tls-1", "system:node", "A_B"] {
            assert!(is_path_segment(name), "{name}");
        }
        for name in ["", ".", "..", "a/b", "a#b", "a?dryRun=All", "a%2Fb", "a b", "\u{e4}", "a\n"] {
            assert!(!is_path_segment(name), "{name:?}");
        }
        assert!(!is_path_segment(&"a".repeat(254)));
    }

    #[test]
    fn kind_and_name_are_read_as_kubectl_users_write_them() {
        for (text, kind) in [
            ("secret/a", Kind::Secret),
            ("Secrets/a", Kind::Secret),
            ("ing/a", Kind::Ingress),
            ("ingress/a", Kind::Ingress),
        ] {
            assert_eq!(text.parse(), Ok(KindName { kind, name: "a".into() }), "{text}");
        }
    }

    #[test]
    fn a_bare_name_or_a_bad_name_is_refused_with_the_expected_form() {
        for text in ["a", "pod/a", "secret/", "secret/A", "secret/a_b", "secret/-a", "secret/a/b"] {
            assert!(text.parse::<KindName>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_reference_says_where_it_was_read() {
        let place = Place { path: "a.yaml".into(), document: 1, of_many: true, item: None };
        let secret = ObjectRef::secret("shop", "web").at(Some(place));
        assert_eq!(secret.to_string(), "secret/web in namespace shop (a.yaml, document 2)");
        assert_eq!(ObjectRef::all(Kind::Secret, None).to_string(), "secrets in all namespaces");
    }
}

//! Makers: objects by which something else makes Secrets, read once for the names they say.
//!
//! Knows, as data, which kinds do and where each says the names. Refuses to know what follows for
//! a Secret: that is the inventory's.

use crate::object_ref::{Kind, ObjectRef, Place};
use crate::observation::{Made, MakerSeen};
use serde_json::Value;

/// One kind that makes Secrets.
pub(super) struct Row {
    pub kind: Kind,
    /// API groups it is known under.
    pub groups: &'static [&'static str],
    /// Who acts upon it, as people call it.
    by: &'static str,
    names: Names,
    /// Whether the object has a namespace, in which its Secrets are too.
    pub namespaced: bool,
    /// The group by whose presence in a cluster the maker is told, where the kind is everywhere.
    pub beside: Option<&'static str>,
}

/// Where an object says the names of its Secrets.
#[derive(Clone, Copy)]
enum Names {
    /// At these places; what is not there makes nothing.
    At(&'static [&'static str]),
    /// At this place, else by the object's own name.
    AtOrOwn(&'static str),
    /// By the object's own name.
    Own,
    /// In each item of a list: the name, and perhaps a namespace.
    Each(&'static [(&'static str, &'static str, &'static str)]),
    /// By an annotation of a Service.
    Annotations(&'static [&'static str]),
    /// By the rules of a Kyverno policy.
    Generate,
}

/// A namespace, where one is said, and a name.
type Named = (Option<String>, String);

const fn row(kind: Kind, group: &'static [&'static str], by: &'static str, names: Names) -> Row {
    Row { kind, groups: group, by, names, namespaced: true, beside: None }
}

impl Row {
    const fn of_the_cluster(self) -> Self {
        Self { namespaced: false, ..self }
    }
}

const HASHICORP: &[&str] = &["secrets.hashicorp.com"];
const DESTINATION: Names = Names::AtOrOwn("/spec/destination/name");

/// Every kind, with the source of where the name stands.
pub(super) const ROWS: &[Row] = &[
    // cert-manager pkg/apis/certmanager/v1/types_certificate.go, SecretName @2d0d7f7f
    row(Kind::Certificate, &["cert-manager.io", "certmanager.k8s.io"], "cert-manager", SECRET_NAME),
    // gardener/cert-management pkg/apis/cert/v1alpha1/certificate.go, SecretName and SecretRef
    row(Kind::Certificate, &["cert.gardener.cloud"], "Gardener cert-management", GARDENER),
    // external-secrets apis/externalsecrets/v1/externalsecret_types.go, Target.Name @cc5bfbc2
    row(Kind::ExternalSecret, &["external-secrets.io"], "External Secrets", TARGET),
    // The project before it: external-secrets/kubernetes-external-secrets README, the Secret has the
    // ExternalSecret's name
    row(Kind::ExternalSecret, &["kubernetes-client.io"], "Kubernetes External Secrets", Names::Own),
    // apis/externalsecrets/v1/clusterexternalsecret_types.go, ExternalSecretSpec @cc5bfbc2
    row(Kind::ClusterExternalSecret, &["external-secrets.io"], "External Secrets", CLUSTER_TARGET)
        .of_the_cluster(),
    // sealed-secrets sealedsecret_expansion.go, Unseal: the Secret has the SealedSecret's name @86671a88
    row(Kind::SealedSecret, &["bitnami.com"], "Sealed Secrets", Names::Own),
    // secrets-store-csi-driver apis/v1/secretproviderclass_types.go, SecretObjects @0aad886f
    row(
        Kind::SecretProviderClass,
        &["secrets-store.csi.x-k8s.io"],
        "Secrets Store CSI driver",
        Names::Each(&[("/spec/secretObjects", "/secretName", "")]),
    ),
    // secrets-store-sync-controller: "The SecretSync name is used as the name of the secret object"
    row(
        Kind::SecretSync,
        &["secret-sync.gke.io", "secret-sync.x-k8s.io"],
        "Secret Sync",
        Names::Own,
    ),
    // vault-secrets-operator api/v1beta1/common.go, Destination.Name @9b840a5a
    row(Kind::VaultPkiSecret, HASHICORP, "Vault Secrets Operator", DESTINATION),
    row(Kind::VaultStaticSecret, HASHICORP, "Vault Secrets Operator", DESTINATION),
    row(Kind::VaultDynamicSecret, HASHICORP, "Vault Secrets Operator", DESTINATION),
    // zakkg3/ClusterSecret src/handlers.py: the Secrets have the ClusterSecret's name @ff64c9e
    row(Kind::ClusterSecret, &["clustersecret.io"], "ClusterSecret", Names::Own).of_the_cluster(),
    // kyverno api/kyverno/v1/common_types.go, Generation @111e07bb
    row(Kind::ClusterPolicy, &["kyverno.io"], "Kyverno", Names::Generate).of_the_cluster(),
    row(Kind::Policy, &["kyverno.io"], "Kyverno", Names::Generate),
    // 1Password/onepassword-operator internal/controller/onepassworditem_controller.go
    row(Kind::OnePasswordItem, &["onepassword.com"], "1Password", Names::Own),
    // Infisical k8-operator api/v1alpha1/infisicalsecret_types.go, MangedKubeSecretConfig
    row(
        Kind::InfisicalSecret,
        &["secrets.infisical.com"],
        "Infisical",
        Names::Each(&[
            ("/spec/managedSecretReference", "/secretName", "/secretNamespace"),
            ("/spec/managedKubeSecretReferences", "/secretName", "/secretNamespace"),
        ]),
    ),
    // isindir/sops-secrets-operator api/v1alpha3/sopssecret_types.go, SecretTemplates
    row(
        Kind::SopsSecret,
        &["isindir.github.com"],
        "sops-secrets-operator",
        Names::Each(&[("/spec/secretTemplates", "/name", "")]),
    ),
    // openshift/service-ca-operator pkg/controller/api/api.go:47-75 @6391e070
    Row { beside: Some("route.openshift.io"), ..SERVING },
];

const SECRET_NAME: Names = Names::At(&["/spec/secretName"]);
const GARDENER: Names = Names::At(&["/spec/secretName", "/spec/secretRef/name"]);
const TARGET: Names = Names::AtOrOwn("/spec/target/name");
const CLUSTER_TARGET: Names = Names::At(&[
    "/spec/externalSecretSpec/target/name",
    "/spec/externalSecretName",
    "/metadata/name",
]);
const SERVING: Row = row(
    Kind::Service,
    &[""],
    "OpenShift service-ca",
    Names::Annotations(&[
        "service.beta.openshift.io/serving-cert-secret-name",
        "service.alpha.openshift.io/serving-cert-secret-name",
    ]),
);

/// What `value` of this kind makes, when it is one of these. `place` is where it stands in a file,
/// and `namespace` that of objects which say none.
pub(super) fn of(
    value: &Value,
    kind: &str,
    place: Option<&Place>,
    namespace: &str,
) -> Option<MakerSeen> {
    let api_version = text(value, "/apiVersion").unwrap_or_default();
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    let fits = |row: &&Row| row.kind.as_str() == kind && row.groups.contains(&group);
    ROWS.iter().find(fits)?.read(value, place, namespace)
}

impl Row {
    /// What this object of the kind makes; none when it makes nothing.
    pub(super) fn read(
        &self,
        value: &Value,
        place: Option<&Place>,
        namespace: &str,
    ) -> Option<MakerSeen> {
        let within = text(value, "/metadata/namespace").unwrap_or(namespace).to_owned();
        let name = text(value, "/metadata/name")?;
        let own = self.namespaced.then_some(within);
        let (told_by, made) = self.names(value, name)?;
        let object = ObjectRef {
            namespace: own.clone(),
            ..ObjectRef::namespaced(self.kind, String::new(), name)
        };
        let makes: Vec<Made> = made
            .into_iter()
            .map(|(namespace, name)| Made {
                namespace: namespace.or_else(|| own.clone()),
                not_in: original_in(value, &name),
                name,
                hashed: false,
            })
            .collect();
        let object = object.at(place.cloned());
        (!makes.is_empty()).then_some(MakerSeen {
            object,
            by: self.by,
            told_by,
            makes,
            stuck: None,
        })
    }

    /// Where the names are said, and each with its namespace, where that is said too.
    fn names(&self, value: &Value, own: &str) -> Option<(String, Vec<Named>)> {
        let one = |name: &str| vec![(None, name.to_owned())];
        let field = |pointer: &str| pointer.trim_start_matches('/').replace('/', ".");
        match self.names {
            // It only adds to a Secret that somebody else makes, or makes none at all.
            _ if self.kind == Kind::ExternalSecret
                && text(value, "/spec/target/creationPolicy") == Some("None") =>
            {
                None
            }
            Names::At(pointers) => {
                let (pointer, name) =
                    pointers.iter().find_map(|pointer| Some((pointer, text(value, pointer)?)))?;
                Some((field(pointer), one(name)))
            }
            Names::AtOrOwn(pointer) => match text(value, pointer) {
                Some(name) => Some((field(pointer), one(name))),
                None => Some(("metadata.name".to_owned(), one(own))),
            },
            Names::Own => Some(("metadata.name".to_owned(), one(own))),
            Names::Each(lists) => Some((field(lists.first()?.0), each(value, lists))),
            Names::Annotations(keys) => {
                let annotations = value.pointer("/metadata/annotations")?;
                let said = |key: &&&str| annotations.get(**key).and_then(Value::as_str);
                let key = keys.iter().find(|key| said(key).is_some_and(|name| !name.is_empty()))?;
                Some((format!("annotation {key}"), one(said(&key)?)))
            }
            Names::Generate => Some(("spec.rules.generate".to_owned(), generated(value))),
        }
    }
}

/// Where the original stands, when it has the name of its copies too.
fn original_in(maker: &Value, name: &str) -> Option<String> {
    let rules = maker.pointer("/spec/rules").and_then(Value::as_array);
    let clones = rules.into_iter().flatten().filter_map(|rule| rule.pointer("/generate/clone"));
    let from = maker.pointer("/spec/data/valueFrom/secretKeyRef");
    let mut originals = clones.chain(from).filter(|original| text(original, "/name") == Some(name));
    originals.find_map(|original| text(original, "/namespace")).map(str::to_owned)
}

/// The names in the items of lists; a single item may stand in a list's place.
fn each(value: &Value, lists: &[(&'static str, &'static str, &'static str)]) -> Vec<Named> {
    let mut found = Vec::new();
    for (list, name, namespace) in lists {
        let items = match value.pointer(list) {
            Some(Value::Array(items)) => items.as_slice(),
            Some(item) => std::slice::from_ref(item),
            None => continue,
        };
        for item in items {
            let within = Some(*namespace).filter(|pointer| !pointer.is_empty());
            let within = within.and_then(|pointer| text(item, pointer)).map(str::to_owned);
            found.extend(text(item, name).map(|name| (within, name.to_owned())));
        }
    }
    found
}

/// The Secrets that a Kyverno policy generates. A namespace or name with a variable may be any;
/// of a name that may be any nothing is known.
fn generated(policy: &Value) -> Vec<Named> {
    let rules = policy.pointer("/spec/rules").and_then(Value::as_array);
    let generates = rules.into_iter().flatten().filter_map(|rule| rule.get("generate"));
    let plain = |text: &&str| !text.contains("{{");
    generates
        .filter(|generate| text(generate, "/kind") == Some("Secret"))
        .filter_map(|generate| {
            let name = text(generate, "/name").filter(plain)?;
            let namespace = text(generate, "/namespace").filter(plain);
            Some((namespace.map(str::to_owned), name.to_owned()))
        })
        .collect()
}

/// The Secrets of a `kustomization.yaml`: their names as in the resources beside it, and as they
/// become, with prefix, suffix and hash.
/// Source: kubernetes-sigs/kustomize api/types/kustomization.go, secretargs.go @12f9e639.
pub(super) fn of_kustomization(value: &Value, place: &Place) -> Option<MakerSeen> {
    let file = place.path.rsplit('/').next().unwrap_or_default();
    let by_name = matches!(file, "kustomization.yaml" | "kustomization.yml" | "Kustomization");
    let group = text(value, "/apiVersion").unwrap_or_default();
    let by_kind = text(value, "/kind") == Some("Kustomization")
        && group.starts_with("kustomize.config.k8s.io/");
    let generators = value.get("secretGenerator").and_then(Value::as_array);
    let generators = generators.filter(|_| by_kind || (by_name && value.get("kind").is_none()))?;
    let affix = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    let (prefix, suffix) = (affix("namePrefix"), affix("nameSuffix"));
    let mut makes: Vec<Made> = Vec::new();
    for generator in generators {
        let Some(name) = text(generator, "/name") else { continue };
        for name in [name.to_owned(), format!("{prefix}{name}{suffix}")] {
            // kustomize puts its namespace into the objects too: those beside it say another, or none.
            let made = Made { namespace: None, not_in: None, name, hashed: true };
            if !makes.contains(&made) {
                makes.push(made);
            }
        }
    }
    let object = ObjectRef { kind: Kind::Kustomization, ..ObjectRef::file(&place.path) };
    let told_by = "secretGenerator".to_owned();
    (!makes.is_empty()).then_some(MakerSeen {
        object: object.at(Some(place.clone())),
        by: "kustomize",
        told_by,
        makes,
        stuck: None,
    })
}

/// The Secret whose CA an Issuer or ClusterIssuer of cert-manager signs with.
/// Source: cert-manager `pkg/apis/certmanager/v1/types_issuer.go`, `CAIssuer.SecretName` @2d0d7f7f.
pub(super) fn signing_ca(
    value: &Value,
    place: &Place,
    namespace: &str,
) -> Option<(ObjectRef, String)> {
    let kind = match text(value, "/kind")? {
        "Issuer" => Kind::Issuer,
        "ClusterIssuer" => Kind::ClusterIssuer,
        _ => return None,
    };
    let api_version = text(value, "/apiVersion")?;
    let groups = ["cert-manager.io", "certmanager.k8s.io"];
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    let secret = signs_with(value).filter(|_| groups.contains(&group))?;
    let within = text(value, "/metadata/namespace").unwrap_or(namespace).to_owned();
    let object = ObjectRef {
        namespace: (kind == Kind::Issuer).then_some(within),
        ..ObjectRef::namespaced(kind, String::new(), text(value, "/metadata/name")?)
    };
    Some((object.at(Some(place.clone())), secret))
}

/// The Secret that an Issuer or ClusterIssuer names as its CA.
pub(super) fn signs_with(issuer: &Value) -> Option<String> {
    text(issuer, "/spec/ca/secretName").map(str::to_owned)
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

//! Manifests: YAML or JSON text as Observations, document by document.
//!
//! One broken document never hides a good one. Knows `List` objects and multi-document files;
//! refuses to know where the text came from.

mod by_two;
mod values;

use self::values::{
    as_applied, expected_type, is_sealed_by_sops, set_aside_bad_base64, type_of, way_to,
};
use super::{cert_values, delegations, kubernetes, makers, routes, trust, workloads};
use crate::manifest::{self, Broken, Document, Parsed, Segment, Text};
use crate::object_ref::{Kind, ObjectRef, Place};
use crate::observation::{DelegationsSeen, MakerSeen, NotBase64, Observation, TrustSeen};
use crate::redact::Redacted;
use k8s_openapi::api::core::v1::{self, Secret};
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;

/// Hands on every Secret and Ingress of the text, and what could not be read. Other kinds, and
/// documents that are no Kubernetes objects (Helm values, say), are passed over.
///
/// Says how many Kubernetes objects there were, of whatever kind, those that could not be read
/// among them.
pub fn read(path: &str, text: &Text, namespace: &str, take: &mut dyn FnMut(Observation)) -> usize {
    let seen = text.seen();
    let documents = manifest::documents(&seen);
    let of_many = documents.len() > 1;
    let one = |(number, document): (usize, &Document), take: &mut dyn FnMut(Observation)| {
        let place = Place {
            path: path.to_owned(),
            document: number,
            of_many,
            item: None,
            line: document.line,
            source: template(seen.get(document.range.clone()).unwrap_or_default()),
        };
        let within = Within { text: &seen, document, place, namespace };
        match manifest::parse(&seen, document) {
            Ok(parsed) => within.parsed(parsed, take),
            Err(broken) => {
                take(within.unreadable(&broken));
                1
            }
        }
    };
    let objects = by_two::each(&documents, &one, take);
    for (line, column) in manifest::strangers_in_values(text) {
        let message = format!(
            "line {line}, column {column}: there is a byte that is not UTF-8, and kubectl \
             stores U+FFFD in its place; write the file as UTF-8"
        );
        take(unseen(ObjectRef::file(path), message));
    }
    objects
}

/// The template that `helm template` names in a comment above what it rendered from it.
fn template(document: &str) -> Option<Box<str>> {
    let mut above = document.lines().map(str::trim).take_while(|line| {
        let is_border = line.starts_with("---");
        line.is_empty() || line.starts_with('#') || is_border
    });
    let named = above.find_map(|line| line.strip_prefix("# Source: "))?.trim();
    (!named.is_empty()).then(|| named.into())
}

/// One document of a manifest, and where its objects are.
struct Within<'t> {
    text: &'t str,
    document: &'t Document,
    place: Place,
    /// The namespace of objects that name none.
    namespace: &'t str,
}

impl Within<'_> {
    /// Hands on the objects of the document and what kubectl would make of it without a word. Says
    /// how many objects there are.
    fn parsed(&self, parsed: Parsed, take: &mut dyn FnMut(Observation)) -> usize {
        let objects = self.objects(parsed.value, take);
        // What is no object, Helm values say, kubectl never sees.
        if objects == 0 {
            return 0;
        }
        for twice in parsed.twice {
            take(self.about_file(&format!(
                "{} appears more than once, in {}: kubectl takes the last, other tools refuse \
                 the file; remove what is not meant",
                twice.key,
                and(&twice.lines)
            )));
        }
        for line in parsed.late_merges {
            take(self.about_file(&format!(
                "line {line}: a merge key (<<) comes after other keys, and kubectl lets what is \
                 merged win over them; put it first"
            )));
        }
        if let Some(lost) = self.document.lost {
            take(self.about_file(&format!(
                "line {}: kubectl silently ignores it, since {}; put a line '---' before it",
                self.first_line(),
                lost.words()
            )));
        }
        objects
    }

    /// A sentence about the file, with the document's number where there are several.
    fn about_file(&self, message: &str) -> Observation {
        unseen(ObjectRef::file(&self.place.path), format!("{}{message}", self.which()))
    }

    fn which(&self) -> String {
        let number = self.place.document + 1;
        if self.place.of_many { format!("document {number}: ") } else { String::new() }
    }

    fn slice(&self) -> &str {
        self.text.get(self.document.range.clone()).unwrap_or_default()
    }

    /// The line of its first character that shows.
    fn first_line(&self) -> usize {
        let slice = self.slice();
        let blank = slice.len() - slice.trim_start().len();
        self.document.line + slice.get(..blank).unwrap_or_default().matches('\n').count()
    }

    fn unreadable(&self, broken: &Broken) -> Observation {
        if self.slice().contains("{{") {
            let line = broken.line.map_or_else(String::new, |line| format!(" (line {line})"));
            return self.about_file(&format!(
                "it is a Helm template, not YAML{line}: render it first with helm template"
            ));
        }
        self.about_file(&format!("invalid YAML: {broken}"))
    }

    fn objects(&self, value: Value, take: &mut dyn FnMut(Observation)) -> usize {
        if let Some(maker) = makers::of_kustomization(&value, &self.place) {
            take(makers_seen(maker));
        }
        let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        let (kind, api_version) = (text("kind").to_owned(), text("apiVersion").to_owned());
        match value.get("items") {
            Some(Value::Array(_)) if kind.ends_with("List") => self.items(value, &kind, take),
            _ if kind == "List" || kind == "SecretList" || kind == "IngressList" => {
                take(self.about_file(&format!("it is a {kind} without a list of items")));
                1
            }
            _ if value.as_array().is_some_and(|all| all.iter().any(is_object)) => {
                take(self.about_file(
                    "it is a bare list of objects, which kubectl refuses: write them one a \
                     document, or as kind: List with items",
                ));
                1
            }
            _ if kind.is_empty() && !api_version.is_empty() && value.get("metadata").is_some() => {
                take(self.about_file("it has an apiVersion and no kind"));
                1
            }
            _ => {
                let counts = usize::from(is_object(&value) || !kind.is_empty());
                self.object(value, &kind, take);
                counts
            }
        }
    }

    /// The items of a List. Those of a `SecretList` need not repeat their kind (`UnstructuredList`
    /// in `apimachinery/pkg/apis/meta/v1/unstructured`).
    fn items(&self, value: Value, kind: &str, take: &mut dyn FnMut(Observation)) -> usize {
        let Value::Object(mut list) = value else { return 0 };
        let Some(Value::Array(items)) = list.remove("items") else { return 0 };
        let item_kind = kind.strip_suffix("List").unwrap_or_default();
        let count = items.len();
        for (index, mut item) in items.into_iter().enumerate() {
            let within =
                Within { place: Place { item: Some(index), ..self.place.clone() }, ..*self };
            if let Some(item) = item.as_object_mut().filter(|item| !item.contains_key("kind")) {
                item.insert("kind".to_owned(), item_kind.into());
                let version = list.get("apiVersion").cloned().unwrap_or_default();
                item.entry("apiVersion").or_insert(version);
            }
            let kind = item.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
            let object = || ObjectRef::file(&within.place.path).at(Some(within.place.clone()));
            if item.is_null() {
                take(unseen(object(), Misread::EmptyItem.to_string()));
            } else if kind.ends_with("List") && item.get("items").is_some() {
                take(unseen(object(), Misread::ListInList.to_string()));
            } else {
                within.object(item, &kind, take);
            }
        }
        count
    }

    fn object(&self, mut value: Value, kind: &str, take: &mut dyn FnMut(Observation)) {
        as_applied(&mut value);
        let text = |path: &str| value.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let api_version = text("/apiVersion").to_owned();
        let group = api_version.rsplit_once('/').map_or("", |(group, _)| group).to_owned();
        let name = text("/metadata/name").to_owned();
        let namespace = Some(text("/metadata/namespace")).filter(|text| !text.is_empty());
        let namespace = namespace.unwrap_or(self.namespace).to_owned();
        if let Some(object) = as_written(&value, kind, &group, (&namespace, &name)) {
            let object = object.at(Some(self.place.clone()));
            if let Err(why) = self.typed_meta(&value) {
                return take(unseen(object, why.to_string()));
            }
            let mut seen = kubernetes::object_seen(&object, value.clone());
            let head = value.as_object().into_iter().flatten();
            let head =
                head.filter(|(key, _)| !matches!(key.as_str(), "metadata" | "spec" | "status"));
            seen.head = head.map(|(key, value)| (key.clone(), value.clone())).collect();
            take(Observation::Object(seen));
        }
        if (kind, group.as_str()) == ("Route", routes::GROUP) && !name.is_empty() {
            let object = ObjectRef::namespaced(Kind::Route, &*namespace, &*name);
            return self.route(&object.at(Some(self.place.clone())), value, take);
        }
        if let Some(maker) = makers::of(&value, kind, Some(&self.place), self.namespace) {
            take(makers_seen(maker));
        }
        let workload = workloads::of(&value, (kind, &group), Some(&self.place), self.namespace);
        workload.map(Observation::Workload).into_iter().for_each(&mut *take);
        let seen = cert_values::of(&value, (kind, &group), Some(&self.place), self.namespace);
        seen.map(Observation::Values).into_iter().for_each(&mut *take);
        self.trust(&value, kind, &group, take);
        if let Some(kind) = delegations::kind_of(kind, &group) {
            let by = ObjectRef::namespaced(kind, &*namespace, &*name).at(Some(self.place.clone()));
            let seen = DelegationsSeen::One(delegations::permits(&by, &value));
            return take(Observation::Delegations { kind, namespace, seen });
        }
        let secret = || ObjectRef::secret(&namespace, &name).at(Some(self.place.clone()));
        let ingress = || ObjectRef::ingress(&namespace, &name).at(Some(self.place.clone()));
        let seen = match (kind, group.as_str()) {
            ("Secret", "") if is_other(&api_version, "v1") => {
                Err((secret(), other_version(&api_version, "v1")))
            }
            ("Ingress", "extensions") => Err((ingress(), other_version(&api_version, INGRESSES))),
            ("Ingress", "networking.k8s.io") if is_other(&api_version, INGRESSES) => {
                Err((ingress(), other_version(&api_version, INGRESSES)))
            }
            ("Secret", "") => self.secret(value).map_err(|error| (secret(), error)),
            ("Ingress", "networking.k8s.io") => self.ingress(&value).map_err(|e| (ingress(), e)),
            ("Event", "") => return self.event(&value).into_iter().for_each(take),
            _ => return self.misspelt(kind, &group, secret, ingress, take),
        };
        take(seen.unwrap_or_else(|(object, why)| unseen(object, why.to_string())));
    }

    fn route(&self, object: &ObjectRef, value: Value, take: &mut dyn FnMut(Observation)) {
        take(match self.typed_meta(&value) {
            Ok(()) => Observation::Route(routes::seen(object, value)),
            Err(why) => unseen(object.clone(), why.to_string()),
        });
    }

    /// Hands on whom the object trusts, and with what it signs.
    fn trust(&self, value: &Value, kind: &str, group: &str, take: &mut dyn FnMut(Observation)) {
        let file = || ObjectRef::file(&self.place.path);
        let shown = trust::shown(value, kind, group);
        let named = shown.secrets.into_iter();
        let seen = TrustSeen {
            signing: makers::signing_ca(value, &self.place, self.namespace).into_iter().collect(),
            handed_out: (!shown.pem.is_empty()).then(|| (file(), shown.pem)).into_iter().collect(),
            trusting: named.map(|(within, secret)| (file(), within, secret)).collect(),
        };
        if seen != TrustSeen::default() {
            take(Observation::Trust { searched: None, seen });
        }
    }

    fn ingress(&self, value: &Value) -> Result<Observation, Misread> {
        let ingress = self.typed::<Ingress>(value)?;
        let place = Some(self.place.clone());
        Ok(Observation::Ingress(kubernetes::ingress(ingress, self.namespace, place)))
    }

    /// One that says nothing of ours, or cannot be read, is only evidence that is not there.
    fn event(&self, value: &Value) -> Option<Observation> {
        let event = self.typed::<v1::Event>(value).ok()?;
        let (about, event) = kubernetes::event(event, self.namespace, Some(self.place.clone()))?;
        Some(Observation::Events { about, events: vec![event] })
    }

    /// Kubernetes knows kinds by their exact letters: `no kind "secret" is registered`.
    fn misspelt(
        &self,
        kind: &str,
        group: &str,
        secret: impl Fn() -> ObjectRef,
        ingress: impl Fn() -> ObjectRef,
        take: &mut dyn FnMut(Observation),
    ) {
        let object = match group {
            "" if kind.eq_ignore_ascii_case("Secret") && kind != "Secret" => secret(),
            "networking.k8s.io" if kind.eq_ignore_ascii_case("Ingress") && kind != "Ingress" => {
                ingress()
            }
            _ => return,
        };
        let line = self.line_of(&[Segment::Key("kind".to_owned())]);
        let right = object.kind.as_str();
        let why = Misread::Misspelt { line, found: kind.to_owned(), right };
        take(unseen(object, why.to_string()));
    }

    /// A Secret; values of `data` that are no base64 are set aside instead of failing the object.
    fn secret(&self, mut value: Value) -> Result<Observation, Misread> {
        if is_sealed_by_sops(&value) {
            return Err(Misread::Sealed);
        }
        // What the strict reader takes needs no second look; nearly every Secret is such a one.
        let (secret, not_base64) = if let Ok(secret) = Secret::deserialize(&value) {
            (secret, Vec::new())
        } else {
            let not_base64 = set_aside_bad_base64(&mut value);
            (self.typed::<Secret>(&value)?, not_base64)
        };
        let mut seen = kubernetes::secret(secret, self.namespace, Some(self.place.clone()));
        if seen.object.name.is_empty() {
            return Err(Misread::NoName);
        }
        seen.meta.writing.has_aliases = self.may_have_aliases();
        seen.not_base64 =
            not_base64.into_iter().map(|(key, text)| self.bad_value(key, text)).collect();
        Ok(Observation::Secret(seen))
    }

    fn bad_value(&self, key: String, text: Redacted) -> NotBase64 {
        let way = self.way(&[], [Segment::Key("data".to_owned()), Segment::Key(key.clone())]);
        NotBase64 { key, text, place: format!("{}{}", self.line_of(&way), manifest::shown(&way)) }
    }

    /// The way from the document to something in the object, below `above`.
    fn way(&self, above: &[Segment], below: impl IntoIterator<Item = Segment>) -> Vec<Segment> {
        let item = self.place.item.into_iter();
        let item = item.flat_map(|item| [Segment::Key("items".to_owned()), Segment::Index(item)]);
        item.chain(above.iter().cloned()).chain(below).collect()
    }

    /// Whether something in the document reads like an alias of YAML or a merge key: base64 and PEM
    /// hold no such letters.
    fn may_have_aliases(&self) -> bool {
        let text = self.slice();
        // One letter is looked for much faster than two.
        (text.contains('<') && text.contains("<<")) || (text.contains('&') && text.contains('*'))
    }

    /// Whether the metadata are of the right types: else kubectl refuses the object, and what its
    /// annotations say would be lost here.
    fn typed_meta(&self, value: &Value) -> Result<(), Misread> {
        let metadata = value.get("metadata").unwrap_or(&Value::Null);
        self.typed_at::<ObjectMeta>(metadata, &[Segment::Key("metadata".to_owned())]).map(drop)
    }

    fn typed<K: DeserializeOwned>(&self, value: &Value) -> Result<K, Misread> {
        self.typed_at(value, &[])
    }

    /// The value as a Kubernetes type. serde's messages can quote the value they choke on, which
    /// may be a key: the field, its line and the two types are said, and nothing else.
    fn typed_at<K: DeserializeOwned>(
        &self,
        value: &Value,
        above: &[Segment],
    ) -> Result<K, Misread> {
        // Following the way costs more than reading, and nearly everything can be read.
        if let Ok(typed) = K::deserialize(value) {
            return Ok(typed);
        }
        serde_path_to_error::deserialize(value).map_err(|error| {
            let (way, found) = way_to(value, error.path());
            let way = self.way(above, way);
            let text = error.inner().to_string();
            let expected = text.rsplit_once("expected ").map_or("", |(_, expected)| expected);
            let expected = expected_type(expected);
            let (line, field) = (self.line_of(&way), manifest::shown(&way));
            Misread::Type { line, field, found: type_of(found, expected), expected }
        })
    }

    /// The line of what the way leads to in the file.
    fn line_of(&self, way: &[Segment]) -> Line {
        let line = manifest::line_of(self.slice(), way);
        Line(line.map(|line| self.document.line + line - 1))
    }
}

/// Why an object of a manifest cannot be read. Never holds a value of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Misread {
    #[error("it is encrypted by SOPS and cannot be read here; decrypt it first (sops -d)")]
    Sealed,
    #[error("it has no metadata.name")]
    NoName,
    /// Another version of the kind than the one that is read.
    #[error("its apiVersion is {found:?}: expected {expected}")]
    OtherVersion { found: String, expected: &'static str },
    /// The kind is not spelt by its exact letters; where that is in the file.
    #[error("{line}its kind is {found:?}, which Kubernetes spells {right}")]
    Misspelt { line: Line, found: String, right: &'static str },
    /// A field is of another type; the way to it, and where that is in the file.
    #[error("{line}{field} is {found}, expected {expected}")]
    Type { line: Line, field: String, found: &'static str, expected: &'static str },
    #[error("the item is empty, and kubectl refuses the whole list")]
    EmptyItem,
    #[error("a List inside a List is not read; unfold it")]
    ListInList,
}

/// A line of the file, from 1, where it is known: `line 7: `.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line(Option<usize>);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |line| write!(f, "line {line}: "))
    }
}

/// Whether it says of itself that it is a Kubernetes object.
fn is_object(value: &Value) -> bool {
    let says =
        |key: &str| value.get(key).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    says("apiVersion") && says("kind")
}

/// `lines 3 and 5`.
fn and(lines: &[usize]) -> String {
    let mut lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    lines.dedup();
    match lines.as_slice() {
        [others @ .., last] if !others.is_empty() => {
            format!("lines {} and {last}", others.join(", "))
        }
        _ => format!("line {}", lines.concat()),
    }
}

/// Objects that GKE's load balancer is made from, the classes that Ingresses name, and Gateways with
/// their routes.
const AS_WRITTEN: [Kind; 9] = [
    Kind::IngressClass,
    Kind::Service,
    Kind::BackendConfig,
    Kind::FrontendConfig,
    Kind::ManagedCertificate,
    Kind::Gateway,
    Kind::HttpRoute,
    Kind::GrpcRoute,
    Kind::TlsRoute,
];

fn as_written(
    value: &Value,
    kind: &str,
    group: &str,
    (namespace, name): (&str, &str),
) -> Option<ObjectRef> {
    let ours = |known: &&Kind| {
        known.as_str() == kind && known.resource().is_some_and(|(known, ..)| known == group)
    };
    let kind = *AS_WRITTEN.iter().find(ours).filter(|_| value.is_object() && !name.is_empty())?;
    Some(ObjectRef::namespaced(kind, namespace, name))
}

/// The only version of Ingresses that is still served.
const INGRESSES: &str = "networking.k8s.io/v1";

/// Whether it names a version, and not the one that is read. Where it names none, that is told as
/// a field that is missing.
fn is_other(api_version: &str, read: &str) -> bool {
    !api_version.is_empty() && api_version != read
}

fn other_version(api_version: &str, expected: &'static str) -> Misread {
    Misread::OtherVersion { found: api_version.to_owned(), expected }
}

fn makers_seen(maker: MakerSeen) -> Observation {
    Observation::Makers { searched: None, seen: vec![maker], unseen: Vec::new() }
}

fn unseen(object: ObjectRef, message: impl Into<String>) -> Observation {
    Observation::Unseen { object, message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::template;

    #[test]
    fn the_template_is_what_helm_says_above_the_document() {
        for (document, expected) in [
            ("\n# Source: shop/templates/a.yaml\nkind: Secret\n", Some("shop/templates/a.yaml")),
            ("---\n# a\n\n# Source: shop/a.yaml  \r\nkind: Secret\n", Some("shop/a.yaml")),
            ("kind: Secret\n# Source: shop/a.yaml\n", None),
            ("a: |\n  # Source: shop/a.yaml\n", None),
            ("# Source: \nkind: Secret\n", None),
            ("# Source:shop\nkind: Secret\n", None),
            ("", None),
        ] {
            assert_eq!(template(document).as_deref(), expected, "{document:?}");
        }
    }
}

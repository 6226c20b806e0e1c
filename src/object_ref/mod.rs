//! Names of things: which object, in which namespace or file, a sentence is about.
//!
//! Knows the kinds that certwright speaks of and how people write them (`secret/web-tls`).
//! Refuses to know what any object holds.

mod kind;

pub use kind::Kind;
use std::fmt;

/// Our own name, as field manager and as `app.kubernetes.io/managed-by`: what certwright writes is
/// its own.
pub const OUR_NAME: &str = "certwright";

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
    /// The line on which the document begins, from 1.
    pub line: usize,
    /// The chart's template that it was rendered from, by Helm's comment at its top.
    pub source: Option<Box<str>>,
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
    pub key: Option<Box<str>>,
    /// Where it was read, when that was not a cluster.
    pub place: Option<Box<Place>>,
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
        self.place = place.map(Box::new);
        self
    }

    /// The value under `key` of the same object.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        Self { key: Some(key.into()), ..self.clone() }
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

/// What somebody named on the command line: `secret/web-tls`, `ingress/web`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindName {
    /// The kind that was named.
    pub kind: Kind,
    /// The namespace that was said with it; none: any, or that of the flags.
    pub namespace: Option<String>,
    /// The object's name.
    pub name: String,
}

impl KindName {
    /// The object, of which the namespace may not be known.
    #[must_use]
    pub fn object(&self) -> ObjectRef {
        let namespace = self.namespace.clone();
        ObjectRef { namespace, ..ObjectRef::namespaced(self.kind, "", self.name.as_str()) }
    }

    /// Whether the object is what was named.
    #[must_use]
    pub fn names(&self, object: &ObjectRef) -> bool {
        self.kind == object.kind
            && self.name == object.name
            && (self.namespace.is_none() || self.namespace == object.namespace)
    }
}

/// The kind that a word names, of those that can be named, in kubectl's spellings.
#[must_use]
pub fn named_kind(word: &str) -> Option<Kind> {
    match word.to_ascii_lowercase().as_str() {
        "secret" | "secrets" => Some(Kind::Secret),
        "ingress" | "ingresses" | "ing" | "ingress.networking.k8s.io" => Some(Kind::Ingress),
        "route" | "routes" | "route.route.openshift.io" => Some(Kind::Route),
        "gateway" | "gateways" | "gtw" | "gateway.gateway.networking.k8s.io" => Some(Kind::Gateway),
        "configmap" | "configmaps" | "cm" => Some(Kind::ConfigMap),
        _ => None,
    }
}

/// Why no object can have this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not an object name: {defect} (lower-case letters, digits, '-' and '.')")]
pub struct ObjectNameError {
    /// The name.
    pub name: String,
    /// The first thing that is wrong.
    pub defect: ObjectNameDefect,
}

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectNameDefect {
    /// It has no characters.
    #[error("it is empty")]
    Empty,
    /// It is too long.
    #[error("it is longer than 253 characters")]
    TooLong,
    /// Between its dots is nothing, or what may not stand there.
    #[error("a part is empty or has another character")]
    Character,
    /// A hyphen stands at a place where none may.
    #[error("a part begins or ends with '-'")]
    OuterHyphen,
}

/// Checks that `name` is a DNS subdomain name as the API server wants of Secrets and Ingresses:
/// at most 253 of `a-z 0-9 - .`, each label beginning and ending with a letter or digit.
///
/// # Errors
/// [`ObjectNameError`] names the first thing that is wrong.
pub fn check_object_name(name: &str) -> Result<(), ObjectNameError> {
    let defect = object_name_defect(name);
    defect.map_or(Ok(()), |defect| Err(ObjectNameError { name: name.to_owned(), defect }))
}

fn object_name_defect(name: &str) -> Option<ObjectNameDefect> {
    if name.is_empty() {
        return Some(ObjectNameDefect::Empty);
    }
    if name.len() > 253 {
        return Some(ObjectNameDefect::TooLong);
    }
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.split('.').find_map(|label| {
        if label.is_empty() || !label.chars().all(inside) {
            return Some(ObjectNameDefect::Character);
        }
        let outer = label.starts_with('-') || label.ends_with('-');
        outer.then_some(ObjectNameDefect::OuterHyphen)
    })
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
    fn a_reference_says_where_it_was_read() {
        let place = Place {
            path: "a.yaml".into(),
            document: 1,
            of_many: true,
            item: None,
            line: 1,
            source: None,
        };
        let secret = ObjectRef::secret("shop", "web").at(Some(place));
        assert_eq!(secret.to_string(), "secret/web in namespace shop (a.yaml, document 2)");
        assert_eq!(ObjectRef::all(Kind::Secret, None).to_string(), "secrets in all namespaces");
    }
}

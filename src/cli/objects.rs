//! Objects on the command line, in every form in which kubectl and certwright print them:
//! `secret/NAME`, `NAMESPACE/secret/NAME`, `secret NAME`, lists with commas, and a bare `NAME` where
//! only one kind is possible.

use crate::object_ref::{Kind, KindName, ObjectNameError, check_object_name, named_kind};

/// One word of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectWord {
    namespace: Option<String>,
    kind: Option<Kind>,
    /// None behind a kind that stands alone, as in `secret NAME`.
    name: Option<String>,
}

/// Why words name no objects.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ObjectsError {
    #[error("expected secret/NAME, ingress/NAME, gateway/NAME or route/NAME, found {0:?}")]
    Form(String),
    #[error("{text:?} has the kind in the wrong place or none: write {namespace}/secret/{name}")]
    NoKind { text: String, namespace: String, name: String },
    #[error("expected secret/NAME, ingress/NAME, gateway/NAME or route/NAME, found kind {0:?}")]
    Kind(String),
    #[error("{0:?} is a file: read it with -f {0}")]
    File(String),
    #[error(
        "{0:?} is a URL: write the name of an object, or look at a server with certwright inspect HOST:443"
    )]
    Url(String),
    #[error(
        "which kind is {0}? write secret/{0} or ingress/{0}; a server is looked at with certwright inspect {0}:443"
    )]
    BareHost(String),
    #[error(transparent)]
    Name(#[from] ObjectNameError),
    #[error("which kind is {0}? write secret/{0} or ingress/{0}")]
    Bare(String),
    #[error("give a name after {0}, as in {0}/NAME, or no argument to look at all")]
    Nameless(&'static str),
    #[error("only Secrets can be meant here: expected secret/NAME, found {0}")]
    NoSecret(String),
    #[error(
        "only what serves hosts is verified: expected an Ingress's name, gateway/NAME or route/NAME, found {0}"
    )]
    NoIngress(String),
    #[error("one Secret at a time is taken here, found {0}")]
    Several(String),
    #[error(
        "{0} and {1} are two namespaces, and one is looked at: name the objects of one of them"
    )]
    Namespaces(String, String),
}

impl ObjectWord {
    /// One word, by its form.
    pub(super) fn read(text: &str) -> Result<Self, ObjectsError> {
        let word = |namespace: Option<&str>, kind, name: Option<&str>| Self {
            namespace: namespace.map(str::to_owned),
            kind,
            name: name.map(str::to_owned),
        };
        match text.split('/').collect::<Vec<_>>().as_slice() {
            [one] if named_kind(one).is_some() => Ok(word(None, named_kind(one), None)),
            [one] if is_file(one) => Err(ObjectsError::File(text.to_owned())),
            [one] => {
                check_object_name(one)?;
                Ok(word(None, None, Some(one)))
            }
            [kind, name] => match named_kind(kind) {
                Some(kind) => {
                    check_object_name(name)?;
                    Ok(word(None, Some(kind), Some(name)))
                }
                None if is_file(text) => Err(ObjectsError::File(text.to_owned())),
                None if looks_like_namespace(kind) && check_object_name(name).is_ok() => {
                    Err(ObjectsError::NoKind {
                        text: text.to_owned(),
                        namespace: (*kind).to_owned(),
                        name: (*name).to_owned(),
                    })
                }
                None => Err(ObjectsError::Kind((*kind).to_owned())),
            },
            [namespace, kind, name] if looks_like_namespace(namespace) => {
                let kind =
                    named_kind(kind).ok_or_else(|| ObjectsError::Kind((*kind).to_owned()))?;
                check_object_name(name)?;
                Ok(word(Some(namespace), Some(kind), Some(name)))
            }
            _ if text.contains("://") => Err(ObjectsError::Url(text.to_owned())),
            _ if is_file(text) => Err(ObjectsError::File(text.to_owned())),
            _ => Err(ObjectsError::Form(text.to_owned())),
        }
    }
}

/// A namespace, and no kind that cannot be named here (`pod/web`).
pub(super) fn looks_like_namespace(text: &str) -> bool {
    const OTHER_KINDS: [&str; 12] = [
        "pod",
        "pods",
        "service",
        "services",
        "svc",
        "deployment",
        "deploy",
        "configmap",
        "cm",
        "certificate",
        "cert",
        "node",
    ];
    check_object_name(text).is_ok() && !text.contains('.') && !OTHER_KINDS.contains(&text)
}

pub(super) fn is_file(text: &str) -> bool {
    let ends = [".yaml", ".yml", ".json", ".pem", ".crt"];
    ends.iter().any(|end| text.ends_with(end)) || text.starts_with("./") || text.starts_with('/')
}

/// The objects that the words name, and the namespace that they say. Where `only` one kind is possible a
/// bare name is one of it.
pub(super) fn named(
    words: &[ObjectWord],
    only: Option<Kind>,
) -> Result<(Vec<KindName>, Option<String>), ObjectsError> {
    let (mut objects, mut namespace) = (Vec::new(), None::<String>);
    let mut behind: Option<(Kind, bool)> = None;
    for word in words {
        let Some(name) = &word.name else {
            nameless(behind)?;
            behind = word.kind.map(|kind| (kind, false));
            continue;
        };
        let kind = match (word.kind, &mut behind) {
            (Some(kind), _) => kind,
            (None, Some((kind, has_name))) => {
                *has_name = true;
                *kind
            }
            (None, None) => only.ok_or_else(|| bare(name))?,
        };
        refuse_other_kind(kind, only, name)?;
        if let Some(said) = &word.namespace {
            match &namespace {
                Some(other) if other != said => {
                    return Err(ObjectsError::Namespaces(other.clone(), said.clone()));
                }
                _ => namespace = Some(said.clone()),
            }
        }
        objects.push(KindName { kind, namespace: None, name: name.clone() });
    }
    nameless(behind)?;
    Ok((objects, namespace))
}

/// A name of which no kind is said, and that may be a host's.
fn bare(name: &str) -> ObjectsError {
    if name.contains('.') {
        ObjectsError::BareHost(name.to_owned())
    } else {
        ObjectsError::Bare(name.to_owned())
    }
}

/// The name, where one object is taken.
pub(super) fn only(objects: Vec<KindName>) -> Result<String, ObjectsError> {
    let names: Vec<String> = objects.into_iter().map(|object| object.name).collect();
    match <[String; 1]>::try_from(names) {
        Ok([name]) => Ok(name),
        Err(names) => Err(ObjectsError::Several(names.join(", "))),
    }
}

/// A kind behind which no name stands.
fn nameless(behind: Option<(Kind, bool)>) -> Result<(), ObjectsError> {
    match behind {
        Some((kind, false)) => Err(ObjectsError::Nameless(kind.word())),
        Some((_, true)) | None => Ok(()),
    }
}

fn refuse_other_kind(kind: Kind, only: Option<Kind>, name: &str) -> Result<(), ObjectsError> {
    let found = || format!("{}/{name}", kind.word());
    match only {
        Some(Kind::Secret) if kind != Kind::Secret => Err(ObjectsError::NoSecret(found())),
        Some(Kind::Ingress) if !kind.serves_hosts() => Err(ObjectsError::NoIngress(found())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `KIND/NAME…`, the namespace in front, or what is wrong.
    fn read(words: &str, only: Option<Kind>) -> String {
        let words = words.split([' ', ',']).map(ObjectWord::read).collect::<Result<Vec<_>, _>>();
        match words.and_then(|words| named(&words, only)) {
            Ok((objects, namespace)) => {
                let shown: Vec<String> =
                    objects.iter().map(|it| format!("{}/{}", it.kind.word(), it.name)).collect();
                let namespace = namespace.map_or_else(String::new, |it| format!("-n {it} "));
                format!("{namespace}{}", shown.join(" "))
            }
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn objects_are_named_in_every_form_that_is_printed() {
        for (words, expected) in [
            ("secret/web", "secret/web"),
            ("secrets/web", "secret/web"),
            ("ing/web", "ingress/web"),
            ("shop/secret/web", "-n shop secret/web"),
            ("shop/secret/web,shop/ingress/front", "-n shop secret/web ingress/front"),
            ("shop/secret/web secret/other", "-n shop secret/web secret/other"),
            ("secret web", "secret/web"),
            ("secret web other", "secret/web secret/other"),
            ("secret web ingress front", "secret/web ingress/front"),
            ("secret/a,secret/b", "secret/a secret/b"),
        ] {
            assert_eq!(read(words, None), expected, "{words}");
        }
        for (words, only, expected) in [
            ("web", Kind::Secret, "secret/web"),
            ("web,other", Kind::Ingress, "ingress/web ingress/other"),
            ("secret web", Kind::Secret, "secret/web"),
        ] {
            assert_eq!(read(words, Some(only)), expected, "{words}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_the_nearest_right_form() {
        for (words, only, told) in [
            ("web", None, "write secret/web or ingress/web"),
            ("shop/web", None, "write shop/secret/web"),
            ("pod/web", None, "found kind \"pod\""),
            ("secret", None, "secret/NAME"),
            ("x.yaml", None, "read it with -f x.yaml"),
            ("./manifests/x.yaml", None, "read it with -f ./manifests/x.yaml"),
            ("shop.example", None, "certwright inspect shop.example:443"),
            ("https://shop.example/x", None, "is a URL"),
            ("a/b/c/d", None, "found \"a/b/c/d\""),
            ("a/secret/x,b/secret/y", None, "a and b are two namespaces"),
            ("secret/Web", None, "is not an object name"),
            ("ingress/web", Some(Kind::Secret), "only Secrets can be meant"),
            ("secret/web", Some(Kind::Ingress), "only what serves hosts is verified"),
        ] {
            let said = read(words, only);
            assert!(said.starts_with("error: ") && said.contains(told), "{words}: {said}");
        }
    }
}

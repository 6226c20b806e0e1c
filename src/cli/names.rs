//! The name of one object where its kind is known: bare, with the kind in front, or as it is printed,
//! with its namespace. `shop/secret/web` is then what `-n shop` and `web` are.

use crate::object_ref::{Kind, ObjectNameError, check_object_name, named_kind};

/// How a kind may be written in front of a name, and what to say of it.
#[derive(Clone, Copy, Debug)]
struct Called {
    word: &'static str,
    is_it: fn(&str) -> bool,
}

const SECRET: Called =
    Called { word: "secret", is_it: |word| named_kind(word) == Some(Kind::Secret) };
const INGRESS: Called =
    Called { word: "ingress", is_it: |word| named_kind(word) == Some(Kind::Ingress) };
const SERVICE: Called =
    Called { word: "service", is_it: |word| is_one(word, &["service", "services", "svc"]) };
const MANAGED_CERTIFICATE: Called = Called {
    word: "managedcertificate",
    is_it: |word| {
        is_one(
            word,
            &[
                "managedcertificate",
                "managedcertificates",
                "mcrt",
                "managedcertificate.networking.gke.io",
            ],
        )
    },
};
const BACKEND_CONFIG: Called = Called {
    word: "backendconfig",
    is_it: |word| {
        is_one(word, &["backendconfig", "backendconfigs", "backendconfig.cloud.google.com"])
    },
};
const INGRESS_CLASS: Called = Called {
    word: "ingressclass",
    is_it: |word| {
        is_one(word, &["ingressclass", "ingressclasses", "ingressclass.networking.k8s.io"])
    },
};

fn is_one(word: &str, words: &[&str]) -> bool {
    words.iter().any(|it| it.eq_ignore_ascii_case(word))
}

/// Why a text names no object of the kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NameError {
    #[error(transparent)]
    Name(#[from] ObjectNameError),
    #[error("one name is taken here, found {0:?}")]
    List(String),
    #[error("expected NAME, {kind}/NAME or NAMESPACE/{kind}/NAME, found {text:?}")]
    Form { kind: &'static str, text: String },
}

impl Called {
    /// `NAME`, or `NAMESPACE/NAME` where a namespace was said: [`namespace`] takes them apart.
    fn read(self, text: &str) -> Result<String, NameError> {
        let is_kind = self.is_it;
        let (namespace, name) = match text.split('/').collect::<Vec<_>>().as_slice() {
            [name] => (None, *name),
            [kind, name] if is_kind(kind) => (None, *name),
            [namespace, kind, name] if is_kind(kind) => (Some(*namespace), *name),
            _ => {
                return Err(NameError::Form { kind: self.word, text: text.to_owned() });
            }
        };
        if name.contains(',') {
            return Err(NameError::List(text.to_owned()));
        }
        check_object_name(name)?;
        namespace.map_or(Ok(()), check_object_name)?;
        Ok(namespace.map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}")))
    }
}

/// The name of a Secret: `NAME`, or `NAMESPACE/NAME`.
pub(super) fn secret(text: &str) -> Result<String, NameError> {
    SECRET.read(text)
}

/// The same of an Ingress.
pub(super) fn ingress(text: &str) -> Result<String, NameError> {
    INGRESS.read(text)
}

/// The same of a Service.
pub(super) fn service(text: &str) -> Result<String, NameError> {
    SERVICE.read(text)
}

/// The same of a ManagedCertificate.
pub(super) fn managed_certificate(text: &str) -> Result<String, NameError> {
    MANAGED_CERTIFICATE.read(text)
}

/// The same of a BackendConfig.
pub(super) fn backend_config(text: &str) -> Result<String, NameError> {
    BACKEND_CONFIG.read(text)
}

/// The name of an IngressClass, which is in no namespace: `NAME` or `ingressclass/NAME`. The
/// annotation that names a class takes any text.
pub(super) fn ingress_class(text: &str) -> Result<String, NameError> {
    match text.split_once('/') {
        Some((kind, name)) if (INGRESS_CLASS.is_it)(kind) => {
            check_object_name(name)?;
            Ok(name.to_owned())
        }
        _ => Ok(text.to_owned()),
    }
}

/// Takes the namespace off a name that was read here.
pub(super) fn namespace(name: &mut String) -> Option<String> {
    let (namespace, rest) = name.split_once('/')?;
    let (namespace, rest) = (namespace.to_owned(), rest.to_owned());
    *name = rest;
    Some(namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_in_every_form_that_is_printed() {
        for (called, text, expected) in [
            (SECRET, "web", Ok("web")),
            (SECRET, "secret/web", Ok("web")),
            (SECRET, "shop/secret/web", Ok("shop/web")),
            (MANAGED_CERTIFICATE, "shop/ManagedCertificate/web", Ok("shop/web")),
            (MANAGED_CERTIFICATE, "managedcertificate.networking.gke.io/web", Ok("web")),
            (INGRESS, "ing/web", Ok("web")),
            (BACKEND_CONFIG, "shop/backendconfig/web", Ok("shop/web")),
            (SECRET, "ingress/web", Err("expected NAME, secret/NAME or NAMESPACE/secret/NAME")),
            (SERVICE, "shop/web", Err("expected NAME, service/NAME or NAMESPACE/service/NAME")),
            (SECRET, "a,b", Err("one name is taken here")),
            (SECRET, "Web", Err("is not an object name")),
            (SECRET, "a b/secret/web", Err("is not an object name")),
        ] {
            let read = called.read(text).map_err(|error| error.to_string());
            match expected {
                Ok(name) => assert_eq!(read.as_deref(), Ok(name), "{text}"),
                Err(told) => {
                    assert!(read.as_ref().is_err_and(|said| said.contains(told)), "{read:?}");
                }
            }
        }
        for (text, expected) in [
            ("nginx", "nginx"),
            ("ingressclass/nginx", "nginx"),
            ("ingressclass.networking.k8s.io/nginx", "nginx"),
            ("example.com/any", "example.com/any"),
        ] {
            assert_eq!(ingress_class(text).as_deref(), Ok(expected), "{text}");
        }
        let mut name = "shop/web".to_owned();
        assert_eq!((namespace(&mut name).as_deref(), name.as_str()), (Some("shop"), "web"));
        assert_eq!(namespace(&mut name), None);
    }
}

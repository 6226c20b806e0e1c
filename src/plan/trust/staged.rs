//! The next certificate and key of a Secret, kept beside it until everybody trusts them: name, marks, and how
//! objects that hand out trust are written on a command line and in a mark.
//!
//! The marks are for people and for the next run; whether a stage is over is decided by certificates, but for
//! the two instants that no certificate tells. Refuses to know key bytes.

use crate::instant;
use crate::inventory::NEXT_SECRET;
use crate::inventory::staged::StagedFacts;
use crate::object_ref::{Kind, OUR_NAME, ObjectRef, check_object_name};
use crate::plan::previous::{MANAGED_BY, with_ending};
use crate::x509::cert::Certificate;
use crate::x509::digest;
use std::collections::BTreeMap;
use time::{Duration, OffsetDateTime};

/// The type of the Secret. Of another type than those of TLS, it is in no list of these, and no controller
/// serves it.
pub const SECRET_TYPE: &str = NEXT_SECRET;

/// For which Secret it is kept: the name.
pub const NEXT_OF: &str = "certwright.dev/next-of";
/// Which certificate it follows: SHA-256, in hex.
pub const REPLACES: &str = "certwright.dev/replaces";
/// What hands it out to be trusted, separated by commas.
pub const TRUST: &str = "certwright.dev/trust";
/// How long it is handed out before it is served, in seconds.
pub const SOAK: &str = "certwright.dev/soak-seconds";
/// Which certificate they hand out: SHA-256, in hex.
pub const PUBLISHED: &str = "certwright.dev/published";
/// Since when all of them hand it out.
pub const PUBLISHED_AT: &str = "certwright.dev/published-at";
/// Since when it stands in the Secret.
pub const SWITCHED_AT: &str = "certwright.dev/switched-at";

/// How long it is handed out before it is served, unless told otherwise: a day, in which every node, every Pod
/// that polls and every person has had the time to fetch it.
pub const SOAKS: Duration = Duration::DAY;

/// What stands behind the name of the Secret that it is for.
const ENDING: &str = "-next";

/// What the marks say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// The fingerprint of the certificate that is to be replaced.
    pub replaces: [u8; 32],
    /// What hands it out.
    pub trust: Vec<ObjectRef>,
    /// How long it is handed out before it is served.
    pub soak: Duration,
    /// Since when everything does.
    pub published_at: Option<OffsetDateTime>,
    /// Since when it is in the Secret.
    pub switched_at: Option<OffsetDateTime>,
}

/// The Secret that keeps what this one is to hold next.
#[must_use]
pub fn next_of(secret: &ObjectRef) -> ObjectRef {
    ObjectRef { name: with_ending(&secret.name, ENDING), ..secret.clone() }
}

/// Its annotations, when it is made.
#[must_use]
pub fn annotations(secret: &ObjectRef, marks: &Marks) -> BTreeMap<String, String> {
    BTreeMap::from([
        (NEXT_OF.to_owned(), secret.name.clone()),
        (REPLACES.to_owned(), digest::hex(&marks.replaces)),
        (TRUST.to_owned(), listed(&marks.trust)),
        (SOAK.to_owned(), marks.soak.whole_seconds().to_string()),
    ])
}

/// What its marks say; none where it is none of ours, or not for this Secret.
#[must_use]
pub fn marks(staged: &StagedFacts, secret: &ObjectRef) -> Option<Marks> {
    let text = |key: &str| staged.annotations.get(key).map(String::as_str);
    let kind = if staged.is_of_our_type { NEXT_SECRET } else { "" };
    let ours = is_kept_for((kind, &staged.labels), &staged.annotations, secret);
    let replaces = digest::from_hex(text(REPLACES)?)?;
    // A mark that somebody spoilt is as good as none: then it is waited for anew.
    let at = |key: &str| text(key).and_then(|text| instant::parse(text).ok());
    let soak = text(SOAK).and_then(|text| text.parse().ok()).map(Duration::seconds);
    // What was put in its place since then was published by nobody.
    let sum = staged.bundle.leaf().map(Certificate::fingerprint);
    let is_it = sum.is_some() && text(PUBLISHED) == sum.as_deref();
    let trust = text(TRUST).unwrap_or_default().split(',').filter(|word| !word.is_empty());
    let trust =
        trust.map(|word| target(word, secret.namespace())).collect::<Result<_, _>>().ok()?;
    ours.then_some(Marks {
        replaces,
        trust,
        soak: soak.unwrap_or(SOAKS),
        published_at: at(PUBLISHED_AT).filter(|_| is_it),
        switched_at: at(SWITCHED_AT),
    })
}

/// Whether a Secret keeps what this one is to hold next, by its type and marks.
#[must_use]
pub fn is_kept_for(
    (secret_type, labels): (&str, &BTreeMap<String, String>),
    annotations: &BTreeMap<String, String>,
    secret: &ObjectRef,
) -> bool {
    secret_type == NEXT_SECRET
        && labels.get(MANAGED_BY).is_some_and(|by| by == OUR_NAME)
        && annotations.get(NEXT_OF) == Some(&secret.name)
}

/// Objects as a mark holds them.
#[must_use]
pub fn listed(trust: &[ObjectRef]) -> String {
    trust.iter().map(shown).collect::<Vec<_>>().join(",")
}

/// An object as it is typed: `shop/configmap/ca:ca.crt`, `apiservice/v1.example.com`.
#[must_use]
pub fn shown(object: &ObjectRef) -> String {
    let namespace = object.namespace.as_ref().map(|it| format!("{it}/")).unwrap_or_default();
    let key = object.key.as_ref().map(|key| format!(":{key}")).unwrap_or_default();
    format!("{namespace}{}{key}", object.short())
}

/// Why words name nothing that hands out trust.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// It has not the form.
    #[error(
        "expected configmap/NAME[:KEY], secret/NAME[:KEY], or one of them behind NAMESPACE/, or validatingwebhookconfiguration/NAME, mutatingwebhookconfiguration/NAME, apiservice/NAME, crd/NAME, found {0:?}"
    )]
    Form(String),
    /// The name is none.
    #[error(transparent)]
    Name(#[from] crate::object_ref::ObjectNameError),
    /// Objects of this kind are in no namespace.
    #[error("{kind}s are in no namespace: write {kind}/{name}")]
    InNoNamespace {
        /// The kind.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// Objects of this kind have no keys.
    #[error("a {0} has no keys: its caBundle is meant")]
    NoKeys(&'static str),
}

/// The object that a word of `--trust` names; one without a namespace is in `namespace`.
///
/// # Errors
/// [`TargetError`].
pub fn target(text: &str, namespace: &str) -> Result<ObjectRef, TargetError> {
    let form = || TargetError::Form(text.to_owned());
    let (path, key) = match text.split_once(':') {
        Some((path, key)) => (path, Some(key)),
        None => (text, None),
    };
    let (within, kind, name) = match path.split('/').collect::<Vec<_>>().as_slice() {
        [kind, name] => (None, *kind, *name),
        [namespace, kind, name] => (Some(*namespace), *kind, *name),
        _ => return Err(form()),
    };
    let kind = kind_of(kind).ok_or_else(form)?;
    check_object_name(name)?;
    within.map_or(Ok(()), check_object_name)?;
    if key.is_some_and(|key| key.is_empty() || !key.chars().all(is_of_key)) {
        return Err(form());
    }
    if !kind.has_namespace() {
        if within.is_some() {
            return Err(TargetError::InNoNamespace { kind: kind.word(), name: name.to_owned() });
        }
        if key.is_some() {
            return Err(TargetError::NoKeys(kind.word()));
        }
    }
    let within = kind.has_namespace().then(|| within.unwrap_or(namespace).to_owned());
    let object = ObjectRef { namespace: within, ..ObjectRef::namespaced(kind, "", name) };
    Ok(key.map_or_else(|| object.clone(), |key| object.key(key)))
}

/// The kinds that hand out trust, in kubectl's spellings.
fn kind_of(word: &str) -> Option<Kind> {
    Some(match word.to_ascii_lowercase().split('.').next().unwrap_or_default() {
        "configmap" | "configmaps" | "cm" => Kind::ConfigMap,
        "secret" | "secrets" => Kind::Secret,
        "validatingwebhookconfiguration" | "validatingwebhookconfigurations" => {
            Kind::ValidatingWebhookConfiguration
        }
        "mutatingwebhookconfiguration" | "mutatingwebhookconfigurations" => {
            Kind::MutatingWebhookConfiguration
        }
        "apiservice" | "apiservices" => Kind::ApiService,
        "crd" | "crds" | "customresourcedefinition" | "customresourcedefinitions" => {
            Kind::CustomResourceDefinition
        }
        _ => return None,
    })
}

/// Of what a key of `data` may be made (k8s.io/apimachinery `IsConfigMapKey`).
fn is_of_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hands_out_trust_is_named_in_every_form_that_is_printed() {
        for (text, expected) in [
            ("configmap/ca", "shop/configmap/ca"),
            ("cm/ca:root.pem", "shop/configmap/ca:root.pem"),
            ("ops/secret/ca:ca.crt", "ops/secret/ca:ca.crt"),
            ("apiservice/v1.example.com", "apiservice/v1.example.com"),
            (
                "validatingwebhookconfigurations.admissionregistration.k8s.io/web",
                "validatingwebhookconfiguration/web",
            ),
            ("crd/things.example.com", "customresourcedefinition/things.example.com"),
        ] {
            let object = target(text, "shop").expect(text);
            assert_eq!(shown(&object), expected);
            assert_eq!(target(&shown(&object), "other"), Ok(object), "{text}");
        }
        for (text, told) in [
            ("ca", "expected configmap/NAME"),
            ("ingress/web", "expected configmap/NAME"),
            ("configmap/ca:", "expected configmap/NAME"),
            ("configmap/ca:a b", "expected configmap/NAME"),
            ("configmap/Ca", "is not an object name"),
            ("ops/apiservice/x", "write apiservice/x"),
            ("apiservice/x:ca.crt", "has no keys"),
        ] {
            let said = target(text, "shop").expect_err(text).to_string();
            assert!(said.contains(told), "{text}: {said}");
        }
    }
}

//! What hands out trust, looked at one by one: which value is meant, and whether it may be written at all.
//!
//! Refuses to know what is to stand there.

use super::staged::shown;
use crate::audit::remedy::{in_namespace, word};
use crate::inventory::Inventory;
use crate::inventory::trust_bundles::{TrustBundle, TrustValue};
use crate::object_ref::{Kind, ObjectRef};
use crate::plan::step::{Exclusion, Reason};
use crate::remedy::{CommandLine, Remedy};

/// Marks of controllers that fill a bundle in again: key, and who.
const FILLED_BY: [(&str, &str); 6] = [
    ("cert-manager.io/inject-ca-from", "cert-manager's cainjector"),
    ("cert-manager.io/inject-ca-from-secret", "cert-manager's cainjector"),
    ("cert-manager.io/inject-apiserver-ca", "cert-manager's cainjector"),
    ("service.beta.openshift.io/inject-cabundle", "OpenShift's service CA operator"),
    ("config.openshift.io/inject-trusted-cabundle", "OpenShift's network operator"),
    ("trust.cert-manager.io/bundle", "trust-manager"),
];

/// The key of a bundle that has none yet.
const USUAL_KEY: &str = "ca.crt";

/// The ConfigMap that kube-controller-manager keeps in every namespace (pkg/controller/certificates/rootcacertpublisher).
const KUBE_ROOT_CA: &str = "kube-root-ca.crt";

/// The keys of a Secret that are for what is served.
const PAIR: [&str; 2] = ["tls.crt", "tls.key"];

/// One object and the values of it that are meant.
#[derive(Debug)]
pub(super) struct Found<'i> {
    /// As it was named, with the key where it has keys.
    pub object: ObjectRef,
    pub bundle: &'i TrustBundle,
    values: Vec<&'i TrustValue>,
    /// The value that is meant, where it is not there yet.
    missing: Option<TrustValue>,
}

impl Found<'_> {
    /// The values that are meant.
    pub fn values(&self) -> Vec<&TrustValue> {
        self.values.iter().copied().chain(&self.missing).collect()
    }

    /// Whether all of them hand out the certificate of this fingerprint.
    pub fn all_hold(&self, sha256: &[u8; 32]) -> bool {
        self.values().iter().all(|value| value.holds(sha256))
    }

    /// Whether any of them does.
    pub fn any_holds(&self, sha256: &[u8; 32]) -> bool {
        self.values().iter().any(|value| value.holds(sha256))
    }
}

/// The object that is named, with its values that hand out the certificates of these fingerprints.
///
/// # Errors
/// Why it cannot be written.
pub(super) fn find<'i>(
    inventory: &'i Inventory,
    named: &ObjectRef,
    fingerprints: &[[u8; 32]],
    override_owner: bool,
) -> Result<Found<'i>, Box<Exclusion>> {
    let no = |reason, message: String, remedy: Remedy| {
        let object = ObjectRef { key: None, ..named.clone() };
        Err(Box::new(Exclusion { object, reason, message, remedy }))
    };
    let Some(bundle) = inventory.trust_bundle(named) else {
        return no(Reason::NotFound, "--trust names it, and it does not exist".into(), made(named));
    };
    if let Some(since) = bundle.deletion_timestamp {
        return Err(Box::new(Exclusion::terminating(&bundle.object, since)));
    }
    if let Some((reason, message, remedy)) = unwritable(bundle, named, override_owner) {
        return no(reason, message, remedy.into());
    }
    let (key, values) = match values(bundle, named, fingerprints) {
        Ok(found) => found,
        Err((message, remedy)) => return no(Reason::Ambiguous, message, remedy.into()),
    };
    let spoilt = values.iter().find_map(|value| Some((value, value.other.as_ref()?)));
    if let Some((value, other)) = spoilt {
        let message =
            format!("{} in it cannot be written again: {other}; that would be lost", value.key);
        return no(Reason::OtherContent, message, "put it right first, or take it out".into());
    }
    let missing = key.as_ref().filter(|_| values.is_empty()).map(|key| TrustValue {
        key: key.clone(),
        certificates: Vec::new(),
        other: None,
        has_comments: false,
    });
    let object = ObjectRef { key: key.map(Into::into), ..named.clone() };
    Ok(Found { object, bundle, values, missing })
}

/// Why the object may not be written at all, or not under this key; and what to do about it.
fn unwritable(
    bundle: &TrustBundle,
    named: &ObjectRef,
    override_owner: bool,
) -> Option<(Reason, String, &'static str)> {
    let is_secret = bundle.object.kind == Kind::Secret;
    if bundle.immutable {
        let message = "it is immutable: its data cannot change".to_owned();
        return Some((Reason::Immutable, message, "name another object with --trust"));
    }
    if bundle.object.kind == Kind::ConfigMap && bundle.object.name == KUBE_ROOT_CA {
        let message = "Kubernetes' own controller fills it in, and would take out what is put in";
        let remedy = "leave it out of --trust: it holds the CA of the API server";
        return Some((Reason::Owned, message.to_owned(), remedy));
    }
    let is_other = |key: &str| {
        (is_secret && PAIR.contains(&key)) || bundle.withheld.iter().any(|other| other == key)
    };
    if let Some(key) = named.key.as_deref().filter(|key| is_other(key)) {
        let message = if is_secret {
            format!("{key} of it is for a certificate that is served and its key")
        } else {
            format!("{key} of it stands in binaryData, and a bundle is text")
        };
        let remedy = "name a key that holds certificates to be trusted, such as ca.crt";
        return Some((Reason::OtherContent, message, remedy));
    }
    if let Some((mark, who)) = FILLED_BY.iter().find(|(mark, _)| bundle.marks.contains_key(*mark)) {
        let message = format!("{who} fills it in ({mark}), and would take out what is put in");
        let remedy = "put both certificates into its source, and leave it out of --trust";
        return Some((Reason::Owned, message, remedy));
    }
    let owner = bundle.owner.as_ref().filter(|_| !override_owner)?;
    let remedy = "put both certificates in where that gets it from, and leave it out of --trust, or add --override-owner";
    Some((Reason::Owned, owner.told(), remedy))
}

type Values<'i> = (Option<String>, Vec<&'i TrustValue>);

fn values<'i>(
    bundle: &'i TrustBundle,
    named: &ObjectRef,
    fingerprints: &[[u8; 32]],
) -> Result<Values<'i>, (String, String)> {
    let hands_out = |value: &&TrustValue| fingerprints.iter().any(|sum| value.holds(sum));
    // What is served is handed out by no key of its own.
    let is_trust = |value: &&TrustValue| {
        bundle.object.kind != Kind::Secret || !PAIR.contains(&value.key.as_str())
    };
    let own: Vec<&TrustValue> = bundle.values.iter().filter(is_trust).collect();
    let fitting: Vec<&TrustValue> = own.iter().copied().filter(hands_out).collect();
    if !matches!(bundle.object.kind, Kind::ConfigMap | Kind::Secret) {
        return match (fitting.is_empty(), own.as_slice()) {
            (false, _) => Ok((None, fitting)),
            (true, [one]) => Ok((None, vec![one])),
            (true, []) => Err((
                "it has no caBundle, so nobody is verified by it".to_owned(),
                "leave it out of --trust".to_owned(),
            )),
            (true, several) => Err((
                format!("none of its {} caBundles holds the old certificate", several.len()),
                "put the old certificate into the one that is meant first".to_owned(),
            )),
        };
    }
    if let Some(key) = named.key.as_deref() {
        let value = own.into_iter().find(|value| value.key == key);
        return Ok((Some(key.to_owned()), value.into_iter().collect()));
    }
    let with_certificates: Vec<&TrustValue> =
        own.iter().copied().filter(|value| !value.certificates.is_empty()).collect();
    match (fitting.as_slice(), with_certificates.as_slice()) {
        ([one], _) | ([], [one]) => Ok((Some(one.key.clone()), vec![one])),
        ([], []) => {
            let value = own.into_iter().find(|value| value.key == USUAL_KEY);
            Ok((Some(USUAL_KEY.to_owned()), value.into_iter().collect()))
        }
        ([], several) | (several, _) => {
            let keys: Vec<&str> = several.iter().map(|value| value.key.as_str()).collect();
            Err((
                format!("several of its keys hold certificates: {}", keys.join(", ")),
                format!("name one: --trust {}", word(&shown(&named.key(keys[0])))),
            ))
        }
    }
}

/// How an object is made that hands out nothing yet.
fn made(named: &ObjectRef) -> Remedy {
    let create = match named.kind {
        Kind::ConfigMap => format!("kubectl create configmap {}", word(&named.name)),
        Kind::Secret => format!("kubectl create secret generic {}", word(&named.name)),
        _ => return "check its name".into(),
    };
    let note = "check the name and the namespace, or make it";
    Remedy::from(CommandLine::on_cluster(format!("{create}{}", in_namespace(named)))).note(note)
}

//! Trust: what a manifest hands out elsewhere than in a Secret for others to trust, and the Secrets
//! that it names to verify others with.
//!
//! Knows certificates by how PEM looks inside other text, and fields by their names: whoever writes a
//! new kind with a `caBundle` or a `caSecretRef` means the same by it. Errs towards trust: a CA whose
//! key is overwritten is not to be had again, and a leaf that is left alone is told. Refuses to know
//! what a certificate is.

use crate::object_ref::{Kind, ObjectRef, check_object_name};
use crate::observation::SecretSeen;
use crate::redact::Redacted;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::Value;

/// Kinds that are listed in a cluster for what they trust or sign with: each with its API group, and
/// whether its objects have a namespace.
pub(super) const KINDS: [(Kind, &str, bool); 6] = [
    (Kind::Issuer, "cert-manager.io", true),
    (Kind::ClusterIssuer, "cert-manager.io", false),
    (Kind::ConfigMap, "", true),
    (Kind::ValidatingWebhookConfiguration, "admissionregistration.k8s.io", false),
    (Kind::MutatingWebhookConfiguration, "admissionregistration.k8s.io", false),
    (Kind::ApiService, "apiregistration.k8s.io", false),
];

/// What one object shows of whom it trusts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Trust {
    /// PEM, whose certificates are handed out.
    pub pem: Vec<u8>,
    /// Secrets by which others are verified: the namespace, where one is said, and the name.
    pub secrets: Vec<(Option<String>, String)>,
}

/// What an object that is no Secret shows; see [`Trust`]. Secrets hold certificates to serve too.
pub(super) fn shown(value: &Value, kind: &str, group: &str) -> Trust {
    let mut trust = Trust::default();
    if kind == "Secret" && group.is_empty() {
        return trust;
    }
    let own = value.pointer("/metadata/namespace").and_then(Value::as_str);
    let is_bundle = kind.ends_with("Bundle") && group.starts_with("trust");
    let fields = value.as_object().into_iter().flatten();
    for (name, field) in fields.filter(|(name, _)| name.as_str() != "status") {
        // trust-manager's Bundle is nothing but trust (trust.cert-manager.io `BundleSource`), and
        // looks for its Secrets in a namespace that only its flags say.
        let trusted = is_bundle && name == "spec";
        let within = if is_bundle { None } else { own };
        trust.walk(field, name, trusted, within);
    }
    trust
}

/// Fields that hold the certificate somebody shows, and not one that is trusted.
const OWN_CERTIFICATE: [&str; 6] = [
    "certificate",
    "tls.crt",
    "tlsCertificate",
    "client-certificate-data",
    "clientCertificate",
    "serverCertificate",
];

impl Trust {
    /// Looks through a field of this name. `trusted`: whether it stands in one that is about a CA.
    fn walk(&mut self, value: &Value, field: &str, trusted: bool, within: Option<&str>) {
        let trusted = trusted || is_about_a_ca(field);
        match value {
            Value::String(text) if !OWN_CERTIFICATE.contains(&field) => {
                self.take(text);
                if trusted {
                    self.name(text, within);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.walk(item, field, trusted, within);
                }
            }
            Value::Object(fields) => {
                let text = |key: &str| fields.get(key).and_then(Value::as_str);
                // `caCertificateRefs` may name ConfigMaps as well.
                let trusted = trusted && text("kind").is_none_or(|kind| kind == "Secret");
                let within = text("namespace").or(within);
                let projected = text("secretName").or_else(|| text("name"));
                if let Some(secret) = projected.filter(|_| is_mounted_as_a_ca(fields.get("items")))
                {
                    self.name(secret, within);
                }
                for (name, field) in fields {
                    let is_config_map = name.to_ascii_lowercase().starts_with("configmap");
                    self.walk(field, name, trusted && !is_config_map, within);
                }
            }
            _ => {}
        }
    }

    /// Takes in the name of a Secret, `ca` or `shop/ca`. Other words do no harm: nothing is called so.
    fn name(&mut self, text: &str, within: Option<&str>) {
        let (namespace, name) = match text.split_once('/') {
            Some((namespace, name)) => (Some(namespace), name),
            None => (within, text),
        };
        if check_object_name(name).is_ok() {
            self.secrets.push((namespace.map(str::to_owned), name.to_owned()));
        }
    }

    /// Takes in the PEM of a text: as it is, with its line breaks escaped, or as base64, which may
    /// stand in the midst of another manifest (the kubeconfig in a `ConfigMap`).
    fn take(&mut self, text: &str) {
        // Nearly every string of a manifest is shorter than the mark alone.
        if text.len() < BEGIN.len() {
            return;
        }
        if text.contains(BEGIN) {
            self.pem.extend_from_slice(text.replace("\\n", "\n").as_bytes());
            self.pem.push(b'\n');
        }
        let mut rest = text;
        while let Some(at) = rest.find(BEGIN_IN_BASE64) {
            let from = rest.get(at..).unwrap_or_default();
            let alone = at == 0 || rest.get(..at).is_some_and(|before| before.trim().is_empty());
            let (run, broken) = base64_run(from, alone);
            if let Ok(pem) = STANDARD_NO_PAD.decode(&run).or_else(|_| STANDARD.decode(&run)) {
                self.pem.extend_from_slice(&pem);
                self.pem.push(b'\n');
            }
            rest = if broken { "" } else { from.get(run.len()..).unwrap_or_default() };
        }
    }
}

/// The base64 at the beginning of a text, and whether that is all the text is, in broken lines,
/// which only one that stands `alone` may be.
fn base64_run(from: &str, alone: bool) -> (String, bool) {
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    let broken = alone && from.chars().all(|c| is_base64(c) || c == '=' || c.is_whitespace());
    let run = if broken {
        from.chars().filter(|c| is_base64(*c)).collect()
    } else {
        from.chars().take_while(|c| is_base64(*c)).collect()
    };
    (run, broken)
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
/// How that begins in base64.
const BEGIN_IN_BASE64: &str = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FUR";

/// Whether a field of this name is about whom to trust: `caBundle`, `rootCAsSecrets`, `client-ca`,
/// `ca_secret`, `trustedCertSecret`; `clientAuth` (Traefik `TLSOption`), `clientValidation` (Envoy
/// Gateway, Contour), `ingressMTLS` (nginx Policy).
pub(super) fn is_about_a_ca(field: &str) -> bool {
    let lower = field.to_ascii_lowercase();
    let words = ["trust", "clientauth", "clientvalidation", "certificateauthority", "ingressmtls"];
    words.iter().any(|word| lower.contains(word)) || says_ca(field)
}

/// Whether one of the words that a name is made of is `ca` or `cas`: `caSecret`, `clientCASecret`,
/// `rootCAs`, `ca.crt`; not `scale`, `CAPACITY` or `cache`.
fn says_ca(name: &str) -> bool {
    let bytes = name.as_bytes();
    let at = |index: usize| bytes.get(index).copied().unwrap_or_default();
    (0..bytes.len()).any(|start| {
        let (first, second) = (at(start), at(start + 1));
        let before = start.checked_sub(1).map_or(0, at);
        let begins = match (first, second) {
            (b'c', b'a') => !before.is_ascii_alphanumeric(),
            (b'C', b'a') => true,
            (b'C', b'A') => !before.is_ascii_uppercase(),
            _ => false,
        };
        let plural = usize::from(at(start + 2) == b's');
        let (next, after) = (at(start + 2 + plural), at(start + 3 + plural));
        let ends = if second == b'A' && next.is_ascii_uppercase() {
            after.is_ascii_lowercase()
        } else {
            !next.is_ascii_lowercase()
        };
        begins && ends
    })
}

/// Whether a volume shows `tls.crt` of a Secret as a file for a CA: `items: [{key: tls.crt, path: ca.crt}]`.
fn is_mounted_as_a_ca(items: Option<&Value>) -> bool {
    let items = items.and_then(Value::as_array).into_iter().flatten();
    let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
    items.into_iter().any(|item| {
        text(item, "key").is_some_and(|key| key == "tls.crt")
            && text(item, "path").is_some_and(|path| is_about_a_ca(&path))
    })
}

/// The certificates of a Secret that holds no private key: such a one can only hand them out.
pub(super) fn handed_out_by(secret: SecretSeen) -> Option<(ObjectRef, Vec<u8>)> {
    let values: Vec<&[u8]> = secret.data.values().map(Redacted::expose).collect();
    let holds = |what: &[u8]| {
        values.iter().any(|value| value.windows(what.len()).any(|window| window == what))
    };
    let trusted = holds(BEGIN.as_bytes()) && !holds(b"PRIVATE KEY-----");
    trusted.then(|| (secret.object, values.join(&b'\n')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

    /// The Secrets that such an object names, but for words that stand beside names.
    fn names(value: &Value, kind: &str, group: &str) -> String {
        let secrets = shown(value, kind, group).secrets.into_iter();
        let known = secrets.filter(|(_, name)| ["roots", "web", "map"].contains(&name.as_str()));
        let told = known.map(|(namespace, name)| {
            namespace.map_or_else(|| name.clone(), |namespace| format!("{namespace}/{name}"))
        });
        told.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_field_for_a_ca_is_known_by_its_name() {
        for name in [
            "ca",
            "caBundle",
            "caSecret",
            "clientCASecret",
            "rootCAs",
            "rootCAsSecrets",
            "client-ca",
            "ca_secret",
            "ca.crt",
            "tlsCa",
            "caCertificateRefs",
            "CA",
            "CABundle",
            "serverCA",
            "trustedCertSecret",
            "clientAuth",
            "certificateAuthorityRef",
        ] {
            assert!(is_about_a_ca(name), "{name}");
        }
        for name in
            ["scale", "cache", "CAPACITY", "secretName", "local", "location", "Cat", "vocab"]
        {
            assert!(!is_about_a_ca(name), "{name}");
        }
    }

    #[test]
    fn an_object_of_any_kind_names_the_secrets_that_it_verifies_others_with() {
        let spec =
            |spec: Value| json!({"metadata": {"name": "x", "namespace": "shop"}, "spec": spec});
        for (spec, expected) in [
            (
                spec(json!({"validation": {"caCertificateRefs": [
                {"kind": "Secret", "name": "roots"}, {"kind": "ConfigMap", "name": "map"}]}})),
                "shop/roots",
            ),
            (spec(json!({"clientAuth": {"secretNames": ["roots"]}})), "shop/roots"),
            (
                spec(
                    json!({"tls": {"secretName": "web", "clientValidation": {"caSecret": "ops/roots"}}}),
                ),
                "ops/roots",
            ),
            (spec(json!({"vault": {"caBundleSecretRef": {"name": "roots"}}})), "shop/roots"),
            (
                spec(
                    json!({"tls": {"ca": {"configMap": {"name": "map"}}, "cert": {"secret": {"name": "web"}}}}),
                ),
                "",
            ),
            (
                spec(json!({"volumes": [{"name": "v", "secret": {"secretName": "roots",
                "items": [{"key": "tls.crt", "path": "certs/ca.crt"}]}}]})),
                "shop/roots",
            ),
            (
                spec(json!({"volumes": [{"name": "v", "secret": {"secretName": "web",
                "items": [{"key": "tls.crt", "path": "server.crt"}]}}]})),
                "",
            ),
            (spec(json!({"caSecretRef": {"namespace": "ops", "name": "roots"}})), "ops/roots"),
        ] {
            assert_eq!(names(&spec, "Anything", "example.org"), expected, "{spec}");
        }
        let bundle = json!({"metadata": {"name": "b"}, "spec": {"sources": [{"secret": {"name": "roots", "key": "tls.crt"}}]}});
        assert_eq!(names(&bundle, "Bundle", "trust.cert-manager.io"), "roots");
        assert_eq!(names(&bundle, "Bundle", "fleet.cattle.io"), "");
    }

    #[test]
    fn a_certificate_is_found_in_whatever_field_and_writing() {
        let once = STANDARD.encode(PEM);
        let config = format!(
            "clusters:\n- cluster:\n    certificate-authority-data: {once}\n    server: https://k\n"
        );
        let folded = once.replacen("Ck1J", "Ck\n  1J", 1);
        for value in [
            json!({"data": {"any.name": PEM}}),
            json!({"webhooks": [{"clientConfig": {"caBundle": once}}]}),
            json!({"spec": {"conversion": {"webhook": {"clientConfig": {"caBundle": once}}}}}),
            json!({"spec": {"vault": {"caBundle": folded}}}),
            json!({"data": {"kubeconfig": config}}),
            json!({"data": {"config.json": PEM.replace('\n', "\\n")}}),
        ] {
            let found = shown(&value, "Anything", "").pem;
            let found = String::from_utf8(found).expect("it is text");
            assert!(found.contains("\nMIIB\n-----END"), "{value}: {found}");
        }
        for value in [
            json!({"spec": {"tls": {"certificate": PEM}}}),
            json!({"status": {"ca": PEM}}),
            json!({"data": {"a": "LS0tLS1CRUdJTiBQUklWQVRF"}}),
        ] {
            assert_eq!(shown(&value, "Route", "route.openshift.io").pem, b"", "{value}");
        }
        assert_eq!(shown(&json!({"data": {"ca.crt": once}}), "Secret", "").pem, b"");
    }
}

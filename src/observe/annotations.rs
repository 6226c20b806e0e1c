//! Annotations before they travel: what holds a private key is told by its key, wiped and dropped.
//!
//! Knows `kubectl apply`'s own annotation, and what a private key looks like inside other text.
//! Refuses to know whose key it is.

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroize as _;

/// What client-side `kubectl apply` keeps of the manifest it applied, Secrets' values among it.
/// Source: k8s.io/api core/v1 `LastAppliedConfigAnnotation`.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What is to be known of annotations.
#[derive(Debug, Default)]
pub(super) struct Annotations {
    /// Those that say something and hold no key.
    pub plain: BTreeMap<String, String>,
    /// Keys of `data` and `stringData` in the manifest that `kubectl apply` applied last.
    pub applied: Vec<String>,
    /// Keys of the annotations that hold a private key.
    pub with_keys: Vec<String>,
}

/// Tells the annotations apart, and wipes those that are not handed on.
pub(super) fn read(annotations: BTreeMap<String, String>) -> Annotations {
    let mut read = Annotations::default();
    for (key, mut value) in annotations {
        let has_key = holds_private_key(&value);
        if key == LAST_APPLIED {
            read.applied = data_keys(&value);
        }
        if key == LAST_APPLIED || has_key {
            value.zeroize();
        } else {
            read.plain.insert(key.clone(), value);
        }
        if has_key {
            read.with_keys.push(key);
        }
    }
    read
}

/// What ends the first and the last line of a key in PEM, whatever its kind.
const MARKER: &str = "PRIVATE KEY-----";

/// The same in base64, after 0, 1 and 2 bytes before it: what depends on neighbours is left out.
const MARKER_IN_BASE64: [&str; 3] =
    ["UFJJVkFURSBLRVktLS0tL", "BSSVZBVEUgS0VZLS0tLS", "QUklWQVRFIEtFWS0tLS0t"];

/// Keys in DER, base64 without a label: how PKCS#8 (RSA; P-256) and PKCS#1 begin, but for lengths.
const BARE_KEYS: [&str; 3] =
    ["IBADANBgkqhkiG9w0BAQEFAAS", "MIGHAgEAMBMGByqGSM49AgEG", "IBAAKCAQEA"];

/// Whether a private key stands anywhere in the text: in PEM, in PEM that is base64 (once or, as
/// people do who encode what `data` had encoded, twice), or in bare base64. Looks for how such
/// text must look, so that no key is ever decoded here.
fn holds_private_key(text: &str) -> bool {
    let has = |wanted: &str| text.contains(wanted);
    if text.len() < MARKER.len() {
        return false;
    }
    has(MARKER)
        || MARKER_IN_BASE64
            .iter()
            .any(|wanted| has(wanted) || twice(wanted).iter().any(|it| has(it)))
        || BARE_KEYS.iter().any(|wanted| has(wanted))
}

/// The base64 of some base64 text, after 0, 1 and 2 bytes, without what neighbours decide.
fn twice(base64: &str) -> [String; 3] {
    use base64::Engine as _;
    let encoded = |before: usize| {
        let text = format!("{}{base64}", "=".repeat(before));
        base64::engine::general_purpose::STANDARD_NO_PAD.encode(text)
    };
    // Each begins after the last character that a byte before it has a part in, and ends before the
    // first that a byte behind it has.
    let inner = |before: usize| {
        let text = encoded(before);
        let whole = (before + base64.len()) * 8 / 6;
        text.get((before * 8).div_ceil(6)..whole).unwrap_or_default().to_owned()
    };
    [inner(0), inner(1), inner(2)]
}

/// Of a manifest only what its data is called; the values are passed over where they stand.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Applied {
    data: Option<Names>,
    #[serde(rename = "stringData")]
    string_data: Option<Names>,
}

struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
        let mut names = Vec::new();
        while let Some((name, IgnoredAny)) = map.next_entry()? {
            names.push(name);
        }
        Ok(Names(names))
    }
}

fn data_keys(manifest: &str) -> Vec<String> {
    let applied: Applied = serde_json::from_str(manifest).unwrap_or_default();
    let maps = [applied.data, applied.string_data].into_iter().flatten();
    maps.flat_map(|Names(names)| names).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----\n";

    fn of(key: &str, value: &str) -> Annotations {
        read([(key.to_owned(), value.to_owned())].into())
    }

    #[test]
    fn a_key_is_found_however_it_is_wrapped_and_is_not_handed_on() {
        let once = STANDARD.encode(PEM);
        let rsa = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----";
        for value in [
            PEM.to_owned(),
            rsa.to_owned(),
            once.clone(),
            STANDARD.encode(rsa),
            STANDARD.encode(format!("x{PEM}")),
            STANDARD.encode(format!("xy{PEM}")),
            STANDARD.encode(&once),
            STANDARD.encode(format!(" {once}")),
            STANDARD.encode(format!("  {once}")),
            format!("{{\"tls.key\":\"{once}\"}}"),
            PEM.replace('\n', "\\n"),
            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj".to_owned(),
            "MIIEpAIBAAKCAQEAx".to_owned(),
        ] {
            let read = of("example.com/backup", &value);
            assert_eq!(read.with_keys, ["example.com/backup"], "{value}");
            assert!(read.plain.is_empty(), "{value}");
        }
    }

    #[test]
    fn certificates_public_keys_and_plain_words_are_no_key() {
        for pem in [
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
            "-----BEGIN PUBLIC KEY-----\nMIIBCgKCAQEA\n-----END PUBLIC KEY-----\n",
            "the private key is in the vault",
        ] {
            for value in
                [pem.to_owned(), STANDARD.encode(pem), STANDARD.encode(STANDARD.encode(pem))]
            {
                let read = of("example.com/note", &value);
                assert!(read.with_keys.is_empty() && read.plain.len() == 1, "{value}");
            }
        }
    }

    #[test]
    fn what_kubectl_applied_is_told_by_its_data_keys_alone() {
        let manifest = "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"data\":{\"tls.crt\":\"YQ==\",\"ca.crt\":null},\
                        \"stringData\":{\"tls.key\":\"a\\nb\"}}";
        let read = of(LAST_APPLIED, manifest);
        assert_eq!(read.applied, ["tls.crt", "ca.crt", "tls.key"]);
        assert!(read.with_keys.is_empty() && read.plain.is_empty());
    }

    #[test]
    fn an_annotation_that_is_no_manifest_tells_nothing() {
        for value in ["", "{", "[]", "null", "{\"data\":[]}", "\u{0}"] {
            assert!(of(LAST_APPLIED, value).applied.is_empty(), "{value}");
        }
    }
}

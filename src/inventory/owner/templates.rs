//! Secrets of a manifest whose values something else fills in when it is applied: a place for a
//! value, in the language of a tool.
//!
//! Knows how those tools write such places. Refuses to fill one in.

use super::{Owner, Role};
use crate::observation::SecretSeen;
use crate::redact::Redacted;

/// Who fills the places of a kind in, and how such a place is written, for people.
struct Language {
    who: &'static str,
    written: &'static str,
    is_place: fn(&str) -> bool,
}

const LANGUAGES: [Language; 6] = [
    // argoproj-labs/argocd-vault-plugin pkg/kube/util.go: <path:some/path#key | base64encode>
    Language {
        who: "argocd-vault-plugin",
        written: "<path:…>",
        is_place: |text| is_within(text, "<path:", ">"),
    },
    // helmfile/vals: ref+vault://path#/key; helm-secrets writes secretref+ for the same
    Language {
        who: "vals",
        written: "ref+…",
        is_place: |text| text.starts_with("ref+") || text.starts_with("secretref+"),
    },
    // bank-vaults/secrets-webhook: vault:secret/data/web#key, replaced at admission
    Language {
        who: "the webhook of Bank-Vaults",
        written: "vault:…",
        is_place: |text| text.starts_with("vault:") && text.contains('#'),
    },
    Language { who: "1Password", written: "op://…", is_place: |text| text.starts_with("op://") },
    Language {
        who: "variable substitution (envsubst, Flux)",
        written: "${…}",
        is_place: |text| is_within(text, "${", "}"),
    },
    Language {
        who: "a template engine (Helm and its like)",
        written: "{{ … }}",
        is_place: |text| is_within(text, "{{", "}}"),
    },
];

/// The longest text that is taken for a place, in bytes.
const MAX_PLACE: usize = 1024;

/// Who fills in `tls.crt` or `tls.key` of a Secret in a manifest, where either is only such a place.
/// What a cluster holds is filled in no more.
pub(in crate::inventory) fn filler_of(secret: &SecretSeen) -> Option<Owner> {
    secret.object.place.as_ref()?;
    ["tls.crt", "tls.key"].into_iter().find_map(|key| {
        let language = language_of(value(secret, key)?)?;
        Some(Owner {
            name: language.who.to_owned(),
            mark: format!("{key} is {}, a place that it fills in", language.written),
            remedy: format!("put a new certificate and key where {} takes them from", language.who)
                .into(),
            live_while: None,
            guessed: false,
            copy_of: None,
            role: Role::Fills,
        })
    })
}

/// Whether all that is there of certificate and key is such a place.
pub(in crate::inventory) fn is_template(secret: &SecretSeen) -> bool {
    let values = || ["tls.crt", "tls.key"].into_iter().filter_map(|key| value(secret, key));
    filler_of(secret).is_some()
        && values().all(|value| value.trim_ascii().is_empty() || language_of(value).is_some())
}

/// Whether the value is such a place, as it is written.
pub(in crate::inventory) fn is_place(value: &[u8]) -> bool {
    language_of(value).is_some()
}

/// As it is written: in `data`, what is no base64 is such a place.
fn value<'s>(secret: &'s SecretSeen, key: &str) -> Option<&'s [u8]> {
    let written = secret.not_base64.iter().find(|bad| bad.key == key);
    secret.data.get(key).or(written.map(|bad| &bad.text)).map(Redacted::expose)
}

fn language_of(value: &[u8]) -> Option<&'static Language> {
    let text = std::str::from_utf8(value).ok()?.trim();
    if text.len() > MAX_PLACE || text.contains("-----BEGIN") {
        return None;
    }
    LANGUAGES.iter().find(|language| (language.is_place)(text))
}

fn is_within(text: &str, open: &str, close: &str) -> bool {
    text.strip_prefix(open)
        .and_then(|text| text.strip_suffix(close))
        .is_some_and(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_by_the_tool_that_fills_them_in() {
        for (text, who) in [
            ("<path:secret/data/web#crt>", Some("argocd-vault-plugin")),
            ("<path:secret/data/web#crt | base64encode>\n", Some("argocd-vault-plugin")),
            ("ref+vault://web#/crt", Some("vals")),
            ("vault:secret/data/web#crt", Some("the webhook of Bank-Vaults")),
            ("op://web/tls/crt", Some("1Password")),
            ("${TLS_CRT}", Some("variable substitution (envsubst, Flux)")),
            ("{{ .Values.crt | b64enc }}", Some("a template engine (Helm and its like)")),
            ("<base64>", None),
            ("${}", None),
            ("CHANGEME", None),
            ("", None),
            ("vault:v1:abc", None),
            ("-----BEGIN CERTIFICATE-----", None),
        ] {
            assert_eq!(language_of(text.as_bytes()).map(|language| language.who), who, "{text}");
        }
    }
}

//! Annotation policy: the annotations by which people tell certwright what to do with an object.
//!
//! Knows the keys and the values they may have, and what was likely meant by others. Refuses to
//! guess: what is not understood is told, and keeps certwright's hands off the object.

use crate::duration::RenewalWindow;
use crate::observation::MetaSeen;
use std::collections::BTreeMap;

/// Where annotations of ours begin.
const PREFIX: &str = "certwright.dev/";
const ROTATE: &str = "certwright.dev/rotate";
const RENEW_BEFORE: &str = "certwright.dev/renew-before";
/// On an object: codes of rules whose findings on it are waived, comma-separated.
pub const IGNORE: &str = "certwright.dev/ignore";

/// What people may set.
const FOR_PEOPLE: [&str; 3] = [ROTATE, RENEW_BEFORE, IGNORE];

/// What certwright itself writes, or advises to write: `managed set-domains` and `gke-*` remedies.
const OWN_NOTES: [&str; 4] = [
    "certwright.dev/replaces",
    "certwright.dev/made-after",
    "certwright.dev/restored-at",
    "certwright.dev/touched",
];

/// Annotations by which people set policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnnotationPolicy {
    /// `certwright.dev/rotate`.
    pub rotate: Option<bool>,
    /// `certwright.dev/renew-before`.
    pub renew_before: Option<RenewalWindow>,
    /// `certwright.dev/ignore`: codes of rules whose findings are waived.
    pub ignore: Vec<String>,
    /// What could not be understood, a sentence each. Somebody wanted something, and it is not
    /// known what.
    pub not_understood: Vec<String>,
}

impl AnnotationPolicy {
    /// No annotation of ours.
    pub(super) const USUAL: Self =
        Self { rotate: None, renew_before: None, ignore: Vec::new(), not_understood: Vec::new() };

    /// What the annotations ask for. Labels ask for nothing, but somebody may have meant them to.
    #[must_use]
    pub fn of(meta: &MetaSeen) -> Self {
        let mut policy = Self { ignore: ignored(&meta.annotations), ..Self::default() };
        for (key, value) in &meta.annotations {
            match key.as_str() {
                ROTATE => policy.rotate = policy.understood(rotate(value)),
                RENEW_BEFORE => {
                    policy.renew_before = policy.understood(renew_before(value));
                }
                other => policy.not_understood.extend(misspelt(other)),
            }
        }
        for key in meta.labels.keys().filter(|key| is_like_ours(key)) {
            let message = format!("label {key} is not read: certwright reads annotations");
            policy.not_understood.push(message);
        }
        policy
    }

    /// Whether the object is to be left alone: somebody says so, or says what is not understood.
    #[must_use]
    pub fn keep_off(&self) -> bool {
        self.rotate == Some(false) || !self.not_understood.is_empty()
    }

    fn understood<T>(&mut self, read: Result<T, String>) -> Option<T> {
        read.map_err(|message| self.not_understood.push(message)).ok()
    }
}

fn rotate(value: &str) -> Result<bool, String> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        other => Err(format!("annotation {ROTATE} is {other:?}: expected \"true\" or \"false\"")),
    }
}

fn renew_before(value: &str) -> Result<RenewalWindow, String> {
    value.parse().map_err(|error| format!("annotation {RENEW_BEFORE}: {error}"))
}

/// The rules that an annotation says to ignore.
fn ignored(annotations: &BTreeMap<String, String>) -> Vec<String> {
    let codes = annotations.get(IGNORE).map(String::as_str).unwrap_or_default();
    codes.split(',').map(|code| code.trim().to_owned()).filter(|code| !code.is_empty()).collect()
}

fn misspelt(key: &str) -> Option<String> {
    if !is_like_ours(key) || FOR_PEOPLE.contains(&key) || OWN_NOTES.contains(&key) {
        return None;
    }
    let meant = nearest(key, FOR_PEOPLE).map_or_else(
        || format!("known are {}", FOR_PEOPLE.join(", ")),
        |meant| format!("did you mean {meant}?"),
    );
    Some(format!("annotation {key} is not known: {meant}"))
}

/// Whether a key is one of ours, or was meant to be: `certwright.io/rotate`, `certwrigth.dev/rotate`.
fn is_like_ours(key: &str) -> bool {
    let Some((domain, _)) = key.split_once('/') else { return false };
    let ours = PREFIX.trim_end_matches('/');
    domain == ours
        || domain == "certwright"
        || domain.starts_with("certwright.")
        || strsim::damerau_levenshtein(domain, ours) <= 2
}

/// The candidate that was likely meant by `word`: the nearest, when no more than a third of its
/// letters differ.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let distance = |candidate: &str| strsim::damerau_levenshtein(word, candidate);
    let nearest = candidates.into_iter().min_by_key(|candidate| distance(candidate))?;
    (distance(nearest) <= nearest.len() / 3).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> AnnotationPolicy {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        AnnotationPolicy::of(&MetaSeen {
            annotations: pairs.iter().map(own).collect(),
            ..MetaSeen::default()
        })
    }

    #[test]
    fn a_value_that_is_neither_true_nor_false_is_told_and_is_no_wish() {
        for value in ["no", "False", "TRUE", "0", "1", "", " true", "true ", "never", "off"] {
            let annotation_policy = of(&[(ROTATE, value)]);
            assert_eq!(annotation_policy.rotate, None, "{value:?}");
            assert_eq!(annotation_policy.not_understood.len(), 1, "{value:?}");
        }
        assert_eq!(of(&[(ROTATE, "false")]).rotate, Some(false));
        assert!(of(&[(ROTATE, "true")]).not_understood.is_empty());
    }

    #[test]
    fn a_lead_that_cannot_be_read_is_told() {
        for value in ["", "soon", "20", "-5d", "0%", "100%", "1y", "20 days!", "٣d"] {
            let annotation_policy = of(&[(RENEW_BEFORE, value)]);
            assert_eq!(annotation_policy.renew_before, None, "{value:?}");
            assert_eq!(annotation_policy.not_understood.len(), 1, "{value:?}");
        }
    }

    #[test]
    fn a_key_that_was_likely_meant_to_be_ours_is_told_with_the_one_that_is() {
        for (key, meant) in [
            ("certwright.dev/rotat", "did you mean certwright.dev/rotate?"),
            ("certwright.dev/Rotate", "did you mean certwright.dev/rotate?"),
            ("certwright.dev/renewbefore", "did you mean certwright.dev/renew-before?"),
            ("certwright.io/ignore", "did you mean certwright.dev/ignore?"),
            ("certwrigth.dev/rotate", "did you mean certwright.dev/rotate?"),
            ("certwright.dev/owner-of-the-service", "known are certwright.dev/rotate"),
        ] {
            let told = of(&[(key, "false")]).not_understood.join("; ");
            assert!(told.contains(meant), "{key}: {told}");
        }
        for key in ["cert-manager.io/rotate", "certwright", "rotate", "certwright.dev/touched"] {
            assert_eq!(of(&[(key, "x")]), AnnotationPolicy::default(), "{key}");
        }
    }

    #[test]
    fn a_label_is_told_to_be_none_of_ours() {
        let label = ("certwright.dev/rotate".to_owned(), "false".to_owned());
        let meta = MetaSeen { labels: [label].into(), ..MetaSeen::default() };
        assert!(AnnotationPolicy::of(&meta).not_understood.join("").contains("reads annotations"));
    }
}

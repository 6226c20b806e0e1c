//! Selectors: for which objects something in a policy is.
//!
//! Knows namespaces and issuers as patterns, labels as kubectl selects by them, and who owns a Secret.
//! What it says nothing of fits every object.

use crate::inventory::{Inventory, SecretFacts};
use crate::object_ref::{Kind, ObjectRef};

/// Which objects. All that is said must fit; of a list, one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selector {
    pub(super) namespaces: Vec<Pattern>,
    /// Which of the policy's label selectors.
    pub(super) labels: Option<usize>,
    pub(super) issuers: Vec<Pattern>,
    pub(super) owners: Vec<Pattern>,
}

/// What a selector is asked about.
#[derive(Clone, Copy)]
pub(super) struct Subject<'s> {
    pub(super) inventory: &'s Inventory,
    pub(super) object: &'s ObjectRef,
    pub(super) secret: Option<&'s SecretFacts>,
    /// Who issued the certificate, where it is about one.
    pub(super) issuer: Option<&'s str>,
}

impl<'s> Subject<'s> {
    /// An object; of a Secret, its leaf.
    pub(super) fn of(inventory: &'s Inventory, object: &'s ObjectRef) -> Self {
        let is_secret = object.kind == Kind::Secret;
        let secret = is_secret.then(|| inventory.secret_at(object)).flatten();
        let leaf = secret.and_then(|secret| secret.bundle.leaf());
        Self { inventory, object, secret, issuer: leaf.map(|leaf| &*leaf.issuer) }
    }
}

/// The owner of what nobody owns.
const NOBODY: &str = "none";

impl Selector {
    /// Whether it says nothing, and so fits everything.
    pub(super) fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the object is one of them.
    pub(super) fn fits(&self, subject: &Subject<'_>) -> bool {
        let namespace = || subject.object.namespace.as_deref();
        let owner = || {
            let owner = subject.secret.and_then(|secret| secret.owner.as_ref());
            owner.map_or(NOBODY, |owner| owner.name.as_str())
        };
        one_fits(&self.namespaces, namespace)
            && one_fits(&self.owners, || Some(owner()))
            && self.fits_issuer(subject.issuer)
            && self.labels.is_none_or(|labels| subject.inventory.has_labels(subject.object, labels))
    }

    /// A pattern with `=` is for the whole name, another one for a common name in it.
    fn fits_issuer(&self, issuer: Option<&str>) -> bool {
        if self.issuers.is_empty() {
            return true;
        }
        let Some(issuer) = issuer else { return false };
        let common_names = || issuer.split(", ").filter_map(|part| part.strip_prefix("CN="));
        self.issuers.iter().any(|pattern| {
            let is_whole = pattern.0.contains('=');
            if is_whole { pattern.fits(issuer) } else { common_names().any(|it| pattern.fits(it)) }
        })
    }
}

fn one_fits<'t>(patterns: &[Pattern], text: impl FnOnce() -> Option<&'t str>) -> bool {
    if patterns.is_empty() {
        return true;
    }
    text().is_some_and(|text| patterns.iter().any(|pattern| pattern.fits(text)))
}

/// A text in which `*` stands for any characters and `?` for one; letters count in either case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(pub(super) String);

impl Pattern {
    /// Whether all of the text fits. Takes time in the product of both lengths at most.
    pub(super) fn fits(&self, text: &str) -> bool {
        let (pattern, text): (&[u8], &[u8]) = (self.0.as_bytes(), text.as_bytes());
        let (mut at, mut of) = (0, 0);
        // Where the last star stands, and how much of the text it has taken.
        let mut star: Option<(usize, usize)> = None;
        while of < text.len() {
            let same = |byte: &u8| *byte == b'?' || byte.eq_ignore_ascii_case(&text[of]);
            match pattern.get(at) {
                Some(b'*') => {
                    star = Some((at, of));
                    at += 1;
                }
                Some(byte) if same(byte) => (at, of) = (at + 1, of + 1),
                _ => {
                    let Some((place, taken)) = star else { return false };
                    star = Some((place, taken + 1));
                    (at, of) = (place + 1, taken + 1);
                }
            }
        }
        pattern.iter().skip(at).all(|byte| *byte == b'*')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters_and_letters_count_in_either_case() {
        for (pattern, text, fits) in [
            ("prod", "prod", true),
            ("prod", "prod-a", false),
            ("prod-*", "prod-a", true),
            ("prod-*", "prod", false),
            ("*", "", true),
            ("*-prod-*", "eu-prod-1", true),
            ("*a*b", "xaxxbxb", true),
            ("*a*b", "xaxxbxc", false),
            ("CN=Corp ?*", "cn=corp G2", true),
            ("a?c", "ac", false),
            ("", "a", false),
        ] {
            assert_eq!(Pattern(pattern.to_owned()).fits(text), fits, "{pattern} {text}");
        }
        let long = "a".repeat(2_000);
        assert!(!Pattern("*a".repeat(50) + "b").fits(&long), "it ends");
    }

    #[test]
    fn an_issuer_is_chosen_by_its_common_name_or_by_its_whole_name() {
        let fits = |pattern: &str, issuer| {
            let issuers = vec![Pattern(pattern.to_owned())];
            Selector { issuers, ..Selector::default() }.fits_issuer(issuer)
        };
        let issuer = Some("C=US, O=Let's Encrypt, CN=R11");
        assert!(fits("R*", issuer) && fits("*O=Let's Encrypt*", issuer));
        assert!(!fits("R3", issuer) && !fits("O=Other*", issuer));
        assert!(!fits("*", None), "what has no certificate has no issuer");
    }
}

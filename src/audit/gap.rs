//! A gap in a chain: the issuer that is not in `tls.crt`, and whether it is an intermediate.
//!
//! Knows what speaks for one: public logs, what else was seen, and what `ca.crt` beside it holds and
//! is called. Refuses to know roots that nobody showed: a leaf alone does not say what its issuer is.

use crate::inventory::ca_file::CaFile;
use crate::inventory::{Anchor, Inventory, SecretFacts};
use crate::object_ref::{Kind, ObjectRef};
use crate::x509::cert::Certificate;
use crate::x509::chain::{self, Arrangement};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What was seen of CAs, by subject.
pub(super) struct Seen<'a> {
    intermediates: BTreeMap<&'a str, Vec<&'a Certificate>>,
    /// Those that signed themselves, wherever they stand.
    roots: BTreeSet<&'a str>,
}

/// The certificates of one place, and where its path ends too early.
#[derive(Clone, Copy)]
pub(super) struct Chain<'a> {
    pub object: &'a ObjectRef,
    pub certificates: &'a [Arc<Certificate>],
    pub arrangement: &'a Arrangement,
    /// `ca.crt` beside it.
    pub ca_file: Option<&'a CaFile>,
}

/// Most intermediates that are followed upwards; clients stop at about ten.
const LONGEST: usize = 10;

impl<'a> Seen<'a> {
    pub(super) fn of(inventory: &'a Inventory) -> Self {
        let all = || inventory.bundles().flat_map(|(_, bundle)| &bundle.certificates);
        let mut intermediates: BTreeMap<&str, Vec<&Certificate>> = BTreeMap::new();
        for certificate in all().filter(|certificate| certificate.is_ca && !certificate.self_signed)
        {
            intermediates.entry(&*certificate.subject).or_default().push(certificate);
        }
        for twins in intermediates.values_mut() {
            let mut known = BTreeSet::new();
            twins.retain(|twin| known.insert(twin.sha256));
        }
        let of_files = all().filter(|one| one.is_ca && one.self_signed).map(|one| &*one.subject);
        let secrets = inventory.tls_secrets().chain(inventory.mentioned_secrets());
        let anchors = secrets.flat_map(SecretFacts::anchors);
        let of_anchors = anchors.filter(|one| one.self_signed).map(|one| &*one.subject);
        Self { intermediates, roots: of_files.chain(of_anchors).collect() }
    }

    /// How it is known that the missing issuer is an intermediate; none when it may be a root.
    pub(super) fn sign(&self, chain: Chain<'_>) -> Option<&'static str> {
        let missing = chain.arrangement.missing.as_deref()?;
        let last = &chain.certificates[*chain.arrangement.path.last()?];
        let anchors = chain.ca_file.map_or(&[][..], |file| &file.anchors);
        let is_it = |anchor: &Anchor| !anchor.self_signed && &*anchor.subject == missing;
        if anchors.iter().any(|anchor| anchor.serves_leaf && is_it(anchor)) {
            return Some("it is in ca.crt, which servers do not send");
        }
        // An intermediate at the end: its issuer is a root as a rule.
        let ends_in_ca = last.is_ca && !last.is_for_hosts();
        if !ends_in_ca && last.publicly_logged {
            return Some(
                "the certificate is in public logs, and public CAs issue from intermediates",
            );
        }
        let is_ca = |other: &usize| chain.certificates[*other].is_ca;
        if !ends_in_ca && chain.arrangement.others.iter().any(is_ca) {
            return Some("certificates of another CA follow it");
        }
        // A folder of files keeps leaf and intermediate apart as a habit.
        if !ends_in_ca && chain.object.kind == Kind::Secret && self.issuer_of(last).is_some() {
            return Some("it is an intermediate, which another Secret holds");
        }
        let file = chain.ca_file.filter(|file| file.serves_leaf == Some(false))?;
        self.sign_by_name(missing, file)
    }

    /// The same by what CAs call themselves, beside a `ca.crt` that does not reach down to the leaf.
    fn sign_by_name(&self, missing: &str, file: &CaFile) -> Option<&'static str> {
        if self.roots.contains(missing) || Name::of(missing).says_root {
            return None;
        }
        let roots = || file.anchors.iter().filter(|anchor| anchor.self_signed);
        roots().next()?;
        if Name::of(missing).says_intermediate {
            return Some("its name says that it is an intermediate");
        }
        let above = |anchor: &Anchor| Name::of(&anchor.subject).is_root_above(&Name::of(missing));
        roots().any(above).then_some("its name and that of the root in ca.crt belong together")
    }

    /// Whether the CAs of this `ca.crt` may well stand above the missing issuer.
    pub(super) fn leads_up(&self, chain: Chain<'_>) -> bool {
        let (Some(file), Some(last)) = (chain.ca_file, chain.arrangement.path.last()) else {
            return false;
        };
        let holds = |subject: &str| file.anchors.iter().any(|anchor| &*anchor.subject == subject);
        let mut current = &*chain.certificates[*last];
        for step in 0..LONGEST {
            if step > 0 && holds(&current.issuer) {
                return true;
            }
            match self.issuer_of(current) {
                Some(issuer) => current = issuer,
                None => break,
            }
        }
        let top = Name::of(&current.issuer);
        let fits = |anchor: &Anchor| Name::of(&anchor.subject).may_be_above(&top);
        // Another root of the same name it cannot be.
        !self.roots.contains(&*current.issuer) && file.anchors.iter().any(fits)
    }

    /// Whether the issuer that this one names was seen as a root, or calls itself one.
    pub(super) fn is_root(&self, subject: &str) -> bool {
        self.roots.contains(subject) || Name::of(subject).says_root
    }

    fn issuer_of(&self, certificate: &Certificate) -> Option<&'a Certificate> {
        let known = self.intermediates.get(&*certificate.issuer).into_iter().flatten();
        known.copied().find(|ca| chain::is_issuer_of(ca, certificate))
    }
}

/// What a CA's name says of it.
struct Name {
    says_root: bool,
    says_intermediate: bool,
    /// Words that tell whose it is.
    whose: BTreeSet<String>,
}

/// Words for what is no root.
const BELOW: &[&str] =
    &["intermediate", "issuing", "subordinate", "sub", "subca", "interm", "intermediary"];
/// Words that any CA has in its name.
const COMMON: &[&str] = &[
    "root",
    "ca",
    "cas",
    "rootca",
    "certificate",
    "certificates",
    "certification",
    "cert",
    "authority",
    "authorities",
    "tls",
    "ssl",
    "server",
    "servers",
    "the",
    "and",
    "of",
    "inc",
    "ltd",
    "llc",
    "gmbh",
    "org",
    "trust",
    "internal",
    "private",
];

impl Name {
    /// Reads a subject as it is shown: `O=Example Org, CN=Example Root`.
    fn of(subject: &str) -> Self {
        let named = ["CN=", "O=", "OU="];
        let parts = subject.split(", ");
        let values = parts.filter_map(|part| named.iter().find_map(|key| part.strip_prefix(key)));
        let words: Vec<String> = values
            .flat_map(|value| value.split(|c: char| !c.is_alphanumeric()))
            .map(str::to_lowercase)
            .collect();
        let says = |of: &[&str]| words.iter().any(|word| of.contains(&word.as_str()));
        let (says_root, says_intermediate) = (says(&["root", "rootca"]), says(BELOW));
        let tells = |word: &String| {
            let is_number = word.len() < 3 && word.chars().any(|c| c.is_ascii_digit());
            let common = [COMMON, BELOW].iter().any(|list| list.contains(&word.as_str()));
            !word.is_empty() && !is_number && !common
        };
        let whose = words.iter().filter(|word| tells(word)).cloned().collect();
        Self { says_root, says_intermediate, whose }
    }

    /// Whether nothing in the two names says that they are of different people.
    fn may_be_above(&self, below: &Self) -> bool {
        self.whose.is_empty() || below.whose.is_empty() || !self.whose.is_disjoint(&below.whose)
    }

    /// Whether this is called a root of the same people, and the other is not.
    fn is_root_above(&self, below: &Self) -> bool {
        self.says_root && !below.says_root && !self.whose.is_disjoint(&below.whose)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_roots_from_intermediates_and_whose_they_are() {
        for (root, below, says, above, may) in [
            ("O=Acme, CN=Acme Root CA", "O=Acme, CN=Acme Issuing CA 2", true, true, true),
            ("CN=Acme Root", "CN=Acme TLS CA", false, true, true),
            ("CN=Root CA", "CN=Intermediate CA", true, false, true),
            ("CN=Acme Root", "CN=Globex Intermediate", true, false, false),
            ("CN=Acme CA 1", "CN=Acme CA 2", false, false, true),
            ("CN=Acme Root R1", "CN=Acme Root R2", false, false, true),
            ("C=DE, CN=Acme Root R1", "C=DE, CN=Globex R1", false, false, false),
        ] {
            let (root, name) = (Name::of(root), Name::of(below));
            assert_eq!(name.says_intermediate, says, "{below}");
            assert_eq!(root.is_root_above(&name), above, "{below}");
            assert_eq!(root.may_be_above(&name), may, "{below}");
        }
    }
}

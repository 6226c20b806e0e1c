//! What tells one finding from every other, from run to run: the rule, the object, and what of it is
//! meant. Not the day, the place in a file, the order, or how long something still lasts.

use crate::render::model::FindingRow;
use std::collections::BTreeMap;

/// The fingerprints of one report. Two findings that are about the same are told apart by their order.
#[derive(Default)]
pub(super) struct Fingerprints(BTreeMap<String, usize>);

impl Fingerprints {
    /// Of the next finding: [`FindingRow::fingerprint`], and the how manieth of it this is.
    pub fn of(&mut self, finding: &FindingRow<'_>) -> String {
        let fingerprint = finding.fingerprint();
        let times = self.0.entry(fingerprint.clone()).or_default();
        *times += 1;
        format!("{fingerprint}:{times}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::finding::Finding;
    use crate::audit::rule;
    use crate::object_ref::{ObjectRef, Place};

    fn of(finding: &Finding) -> String {
        Fingerprints::default().of(&FindingRow::from(finding))
    }

    fn found(message: &str) -> Finding {
        let rule = rule("host-not-covered").expect("it is there");
        rule.on(&ObjectRef::secret("shop", "web"), message).evidence("host", "a.example")
    }

    #[test]
    fn it_is_the_same_on_another_day_and_in_another_place() {
        let one = found("ends in 5 days").evidence("notAfter", "2026-11-26").evidence("days", 5);
        let place = Place {
            path: "b.yaml".into(),
            document: 3,
            of_many: true,
            item: None,
            line: 12,
            source: None,
        };
        let object = ObjectRef::secret("shop", "web").at(Some(place));
        let other = Finding { object, ..found("ends in 4 days").evidence("days", 4) };
        assert_eq!(of(&one), of(&other));
    }

    #[test]
    fn it_is_another_for_another_object_rule_or_host() {
        let one = of(&found(""));
        for other in [
            Finding { object: ObjectRef::secret("shop", "web2"), ..found("") },
            Finding { object: ObjectRef::secret("shop2", "web"), ..found("") },
            Finding { object: ObjectRef::ingress("shop", "web"), ..found("") },
            Finding { object: ObjectRef::secret("shop", "web").key("tls.crt"), ..found("") },
            Finding { rule: "expired", ..found("") },
            found("").evidence("service", "web"),
        ] {
            assert_ne!(one, of(&other), "{other:?}");
        }
    }

    #[test]
    fn two_of_the_same_are_told_apart() {
        let mut all = Fingerprints::default();
        let finding = found("");
        let row = FindingRow::from(&finding);
        assert_ne!(all.of(&row), all.of(&row));
    }
}

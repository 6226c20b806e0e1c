//! A baseline: the findings that were there on a day, so that a pipeline fails only on what is new.
//!
//! Knows findings by their fingerprints, which say neither days nor words. Refuses to take a finding that has
//! become more severe for the known one, and a waived one for any: when its waiver ends it is to be new.

use super::Report;
use super::finding::{Finding, NEEDS_A_PROBE, Severity};
use crate::inventory::Inventory;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the file's format.
const SCHEMA: &str = "certwright.dev/baseline/v1";

/// How a finding stands to a baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was there, and no less severe.
    Known,
    /// It was not.
    New,
}

impl Standing {
    /// As JSON spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::New => "new",
        }
    }
}

/// What a report was compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The baseline's file.
    pub file: String,
    /// How many findings of it are gone, of those that would have been found.
    pub fixed: usize,
}

/// Findings that are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// In the order of the file.
    entries: Vec<Entry>,
}

/// One finding. What it is about beside the fingerprint is for those who read the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: String,
    kind: String,
    namespace: Option<String>,
    name: String,
    severity: String,
    fingerprint: String,
}

#[derive(Serialize, Deserialize)]
struct File {
    schema: String,
    findings: Vec<Entry>,
}

/// Why a text is no baseline.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoBaseline {
    /// It is other JSON, or none.
    #[error("it is not a baseline (line {line}, column {column})")]
    Form {
        /// Where that shows, from 1.
        line: usize,
        /// The same in the line.
        column: usize,
    },
    /// It is of another version.
    #[error("expected a baseline of {SCHEMA}, found {0:?}")]
    Schema(String),
}

impl Baseline {
    /// What is found now, but for what is waived.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let all = report.findings.iter().chain(&report.others).filter(|it| !it.waived);
        let mut entries: Vec<Entry> = all.map(Entry::of).collect();
        entries.sort();
        Self { entries }
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// [`NoBaseline`].
    pub fn read(text: &str) -> Result<Self, NoBaseline> {
        let file: File = serde_json::from_str(text)
            .map_err(|error| NoBaseline::Form { line: error.line(), column: error.column() })?;
        if file.schema != SCHEMA {
            return Err(NoBaseline::Schema(file.schema));
        }
        Ok(Self { entries: file.findings })
    }

    /// The text of a file: sorted, and the same for the same findings on any day.
    ///
    /// # Errors
    /// None that a text in memory has.
    pub fn text(&self) -> serde_json::Result<String> {
        let file = File { schema: SCHEMA.to_owned(), findings: self.entries.clone() };
        serde_json::to_string_pretty(&file).map(|text| text + "\n")
    }

    /// How many findings it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Marks every finding that is not waived as known or new, and counts what is gone.
    pub fn compare(&self, file: String, report: &mut Report, inventory: &Inventory) {
        let mut left: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in &self.entries {
            left.entry(&entry.fingerprint).or_default().push(entry);
        }
        // The most severe of twins first: each takes the most severe that is left.
        for known in left.values_mut() {
            known.sort_by_key(|entry| entry.severity());
        }
        for finding in report.findings.iter_mut().filter(|it| !it.waived) {
            let known = left.get_mut(finding.fingerprint().as_str()).and_then(Vec::pop);
            let is_known = known.is_some_and(|entry| entry.severity() >= Some(finding.severity));
            finding.baseline = Some(if is_known { Standing::Known } else { Standing::New });
        }
        let gone = left.into_values().flatten().filter(|entry| entry.would_be_found(inventory));
        let fixed = if report.complete { gone.count() } else { 0 };
        report.compared = Some(Compared { file, fixed });
    }
}

impl Entry {
    fn of(finding: &Finding) -> Self {
        let object = &finding.object;
        Self {
            rule: finding.rule.to_owned(),
            severity: finding.severity.as_str().to_owned(),
            kind: object.kind.as_str().to_owned(),
            namespace: object.namespace.clone(),
            name: object.name.clone(),
            fingerprint: finding.fingerprint(),
        }
    }

    /// None of a word that is no severity: it is known of nothing.
    fn severity(&self) -> Option<Severity> {
        let all = [Severity::Info, Severity::Warning, Severity::Error];
        all.into_iter().find(|severity| severity.as_str() == self.severity)
    }

    /// Whether it would have been found again where was looked.
    fn would_be_found(&self, inventory: &Inventory) -> bool {
        let is_within = inventory
            .within()
            .is_none_or(|within| self.namespace.as_deref().is_none_or(|it| it == within));
        let needs_a_probe = NEEDS_A_PROBE.iter().any(|start| self.rule.starts_with(start));
        inventory.selection().is_everything() && is_within && !needs_a_probe
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::policy::{Policy, read};
    use crate::audit::{Context, Platform, Source, audit, rule};
    use crate::inventory::testing::{Pair, of_secrets};
    use crate::object_ref::ObjectRef;
    use time::macros::datetime;
    use time::{Duration, OffsetDateTime};

    const MADE: OffsetDateTime = datetime!(2026-11-21 00:00 UTC);

    /// A certificate of 90 days, served.
    fn seen(names: &[&str]) -> Inventory {
        let key = include_str!("../../testdata/pki/ec-p256-01.pem");
        let pair = rcgen::KeyPair::from_pem(key).expect("the key is good");
        let names = names.iter().map(|name| Pair {
            name,
            crt: {
                let mut params = rcgen::CertificateParams::new(vec!["a.example".to_owned()])
                    .expect("the name is good");
                (params.not_before, params.not_after) = (MADE, MADE + Duration::days(90));
                params.self_signed(&pair).expect("it can be made").pem()
            },
            key,
            served: Some("a.example"),
            ..Pair::default()
        });
        of_secrets(&names.collect::<Vec<_>>())
    }

    fn judged(inventory: &Inventory, days: i64, policy: &Policy) -> Report {
        let (platform, source) = (Platform::Other, Source::Cluster);
        audit(inventory, &Context { now: MADE + Duration::days(days), policy, platform, source })
    }

    /// What is said of each finding, and how many are fixed.
    fn compared(then: i64, now: i64) -> (Vec<String>, usize) {
        let (inventory, policy) = (seen(&["web"]), Policy::default());
        let text = Baseline::of(&judged(&inventory, then, &policy)).text().expect("it is text");
        let baseline = Baseline::read(&text).expect("it is read as it was written");
        let mut report = judged(&inventory, now, &policy);
        baseline.compare("b.json".to_owned(), &mut report, &inventory);
        let line = |it: &Finding| {
            format!("{} {}", it.rule, it.baseline.map(Standing::as_str).unwrap_or_default())
        };
        let fixed = report.compared.as_ref().map(|it| it.fixed).unwrap_or_default();
        (report.findings.iter().map(line).collect(), fixed)
    }

    #[test]
    fn what_is_known_stays_known_as_days_pass_until_it_is_more_severe_or_another_rule() {
        for (then, now, expected, fixed) in [
            (65, 66, &["expires-soon known"][..], 0),
            (65, 80, &["expires-soon known"], 0),
            (65, 85, &["expires-soon new"], 0),
            (85, 65, &["expires-soon known"], 0),
            (85, 91, &["expired new"], 1),
            (10, 65, &["expires-soon new"], 0),
            (65, 10, &[], 1),
        ] {
            let (found, gone) = compared(then, now);
            assert_eq!(
                (found.as_slice(), gone),
                (&*expected.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>(), fixed),
                "{then} {now}"
            );
        }
    }

    #[test]
    fn a_file_is_the_same_for_the_same_findings_on_any_day_and_in_any_order() {
        let text = |names: &[&str], day| {
            let inventory = seen(names);
            Baseline::of(&judged(&inventory, day, &Policy::default())).text().expect("it is text")
        };
        let one = text(&["a", "b", "c"], 65);
        assert_eq!(one, text(&["c", "b", "a"], 70));
        assert!(one.ends_with("}\n") && !one.contains("2026"), "{one}");
    }

    #[test]
    fn of_twins_no_more_are_known_than_there_were() {
        let (inventory, policy) = (seen(&["web"]), Policy::default());
        let mut report = judged(&inventory, 65, &policy);
        let baseline = Baseline::of(&report);
        let twin = report.findings[0].clone();
        report.findings.push(twin);
        baseline.compare("b.json".to_owned(), &mut report, &inventory);
        let standings: Vec<_> = report.findings.iter().map(|it| it.baseline).collect();
        assert_eq!(standings, [Some(Standing::Known), Some(Standing::New)]);
    }

    #[test]
    fn what_is_waived_is_in_no_baseline() {
        let text =
            "waivers: [{rule: expires-soon, object: secret/web, reason: x, until: 2099-01-01}]";
        let policy = read(text, "p.yaml").expect("it is good");
        let mut report = judged(&seen(&["web"]), 65, &policy);
        assert!(Baseline::of(&report).is_empty() && report.findings.len() == 1);
        Baseline::default().compare(String::new(), &mut report, &seen(&["web"]));
        assert_eq!(report.findings[0].baseline, None);
    }

    #[test]
    fn a_fingerprint_tells_rule_object_and_what_it_is_about_and_nothing_else() {
        let object = ObjectRef::secret("shop", "web");
        let finding =
            || rule("expired").expect("a rule").on(&object, "5 days ago").evidence("at", 1);
        let known = finding().fingerprint();
        assert_eq!(known.len(), 32);
        for same in [
            Finding { message: "6 days ago".to_owned(), ..finding() },
            finding().evidence("notAfter", 2).evidence("lead", "30d").evidence("sha256", "ab"),
            finding().severity(Severity::Info),
            finding().related(ObjectRef::ingress("shop", "web")),
            finding().evidence("host", "").evidence("hosts", ""),
        ] {
            assert_eq!(same.fingerprint(), known);
        }
        let about = |name, value: &str| finding().evidence(name, value).fingerprint();
        assert_eq!(about("hosts", "a.example, b.example"), about("hosts", "b.example,a.example"));
        for (other, what) in [
            (about("host", "a.example"), "host"),
            (about("secretName", "a.example"), "secretName"),
            (rule("cn-only").expect("a rule").on(&object, "").fingerprint(), "rule"),
            (Finding { object: object.key("tls.crt"), ..finding() }.fingerprint(), "key"),
            (
                Finding { object: ObjectRef::secret("sho", "pweb"), ..finding() }.fingerprint(),
                "name",
            ),
        ] {
            assert_ne!(other, known, "{what}");
        }
        assert_ne!(about("host", "a.example"), about("secretName", "a.example"));
    }

    #[test]
    fn what_is_no_baseline_is_told() {
        for (text, told) in [
            ("", "it is not a baseline (line 1, column 0)"),
            ("{}", "it is not a baseline (line 1, column 2)"),
            (
                "{\"schema\": \"x\", \"findings\": []}",
                "expected a baseline of certwright.dev/baseline/v1, found \"x\"",
            ),
            (
                "{\"schema\": \"certwright.dev/check/v1\", \"findings\": [{}]}",
                "it is not a baseline",
            ),
        ] {
            let error = Baseline::read(text).expect_err(text).to_string();
            assert!(error.starts_with(told), "{text}: {error}");
        }
    }
}

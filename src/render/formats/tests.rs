//! Every format, with documents that are empty, long, and full of what came from outside.

use super::*;
use crate::audit::backends::Grpc;
use crate::audit::connections::{Connection, Tool};
use crate::audit::finding::{Finding, Severity};
use crate::audit::policy::Policy;
use crate::audit::trust::Trust;
use crate::audit::{RULES, Report, Source};
use crate::inventory::testing::{Pair, of_objects, of_secrets};
use crate::inventory::{Inventory, Problem};
use crate::object_ref::{Kind, ObjectRef};
use crate::plan::managed::{missing, statuses};
use crate::plan::step::{Exclusion, Plan, Reason};
use crate::remedy::Program;
use crate::render::harmless::is_harmful;
use crate::render::model::{Looked, TableOptions};
use crate::render::page::Page;
use serde_json::json;
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-21 0:00 UTC);

/// Escape sequences, a forged line, text that runs backwards, and a private key.
const HOSTILE: &str = "a\u{1b}]0;t\u{7}\u{9b}31m\u{202e}\r\nerror: forged\n-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n";

/// How often everything stands in a long document.
const MANY: usize = 300;

/// What is shown: `count` things of each kind, each called `name`.
struct World {
    inventory: Inventory,
    managed: Inventory,
    report: Report,
    plan: Plan,
}

impl World {
    fn of(count: usize, name: &str) -> Self {
        let crt = include_str!("../../../testdata/pki/guide.crt.pem");
        let names: Vec<String> = (0..count).map(|index| format!("{name}{index}")).collect();
        let pair = |name| Pair { name, crt: crt.to_owned(), served: Some(name), ..Pair::default() };
        let pairs: Vec<Pair<'_>> = names.iter().map(|name| pair(name)).collect();
        let managed = names.iter().map(|name| {
            let status = json!({
                "certificateStatus": name, "domainStatus": [{ "domain": name, "status": name }],
            });
            let object = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", name.as_str());
            (object, &[][..], json!({ "domains": [name] }), status)
        });
        let finding = |name: &String| Finding {
            rule: RULES[0].code,
            severity: Severity::Warning,
            object: ObjectRef::secret(name.as_str(), name.as_str()).key(name),
            related: vec![ObjectRef::file(name.as_str())],
            message: name.clone(),
            evidence: vec![("name", name.clone())],
            remedy: name.as_str().into(),
            waived: false,
            waiver: None,
            baseline: None,
        };
        let problem = |name: &String| Problem::new(ObjectRef::file(name.as_str()), name.clone());
        let exclusion = |name: &String| Exclusion {
            object: ObjectRef::secret(name.as_str(), name.as_str()),
            reason: Reason::Owned,
            message: name.clone(),
            remedy: name.as_str().into(),
        };
        Self {
            inventory: of_secrets(&pairs),
            managed: of_objects(managed.collect()),
            report: Report {
                now: NOW,
                source: Source::Files,
                policy: Policy::default(),
                findings: names.iter().map(finding).collect(),
                others: Vec::new(),
                is_narrowed: false,
                complete: names.is_empty(),
                problems: names.iter().map(problem).collect(),
                notes: Vec::new(),
                compared: None,
            },
            plan: Plan {
                skipped: names.iter().map(exclusion).collect(),
                refused: names.iter().map(exclusion).collect(),
                notes: names.clone(),
                ..Plan::empty(NOW)
            },
        }
    }

    fn connections(&self) -> Vec<Connection<'_>> {
        let one = |frontend| Connection {
            frontend,
            host: frontend.object.name.clone(),
            address: ([192, 0, 2, 7], 443).into(),
            trust: Trust::Unknown,
            grpc: Some(Grpc { why: frontend.object.name.clone(), is_milvus: true }),
            refusals: vec![(Tool::Rustls, frontend.object.name.clone())],
            asks_client_certificate: true,
            not_served_yet: true,
        };
        self.inventory.frontends().map(one).collect()
    }

    /// What the format makes of each kind of document that it has a writer for.
    fn written(&self, format: &Format) -> Vec<(&'static str, String)> {
        let widths = [None, Some(40), Some(80), Some(200)];
        widths.into_iter().flat_map(|width| self.written_at(format, width)).collect()
    }

    fn written_at(&self, format: &Format, width: Option<usize>) -> Vec<(&'static str, String)> {
        let mut written = Vec::new();
        let mut add = |kind, write: &dyn Fn(&mut Page<'_>) -> io::Result<()>| {
            let mut out = Vec::new();
            write(&mut Page::new(&mut out, width)).expect("a Vec takes all");
            written.push((kind, String::from_utf8(out).expect("it is text")));
        };
        let look = TableOptions { namespaces: true, all: true, ..TableOptions::default() };
        let looked = Looked { place: "everywhere".to_owned(), ..Looked::default() };
        let model =
            Model { inventory: &self.inventory, report: &self.report, looked: &looked, look };
        if let Some(write) = format.check {
            add("check", &|out| write(&model, out));
        }
        if let Some(write) = format.inspect {
            add("inspect", &|out| write(&Inspected { model, certificates: &[] }, out));
        }
        if let Some(write) = format.verify {
            let mut verified = Verified::of(model);
            verified.connections = self.connections();
            add("verify", &|out| write(&verified, out));
        }
        if let Some(write) = format.managed {
            let statuses = statuses(&self.managed);
            let missing = missing(&self.managed);
            let standing = ManagedReport {
                statuses: &statuses,
                missing: &missing,
                now: NOW,
                namespaces: true,
            };
            add("managed", &|out| write(&standing, out));
        }
        if let Some(write) = format.explain {
            add("explain", &|out| write(&Explained::All(RULES, Program::Itself), out));
        }
        if let Some(write) = format.plan {
            let problems: Vec<&Problem> = self.report.problems.iter().collect();
            let report = PlanReport { problems: &problems, ..PlanReport::of("rotate", &self.plan) };
            add("plan", &|out| write(&report, out));
        }
        written
    }
}

/// The text without the colours that a format for people has.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn no_format_lets_through_what_came_from_outside() {
    let world = World::of(2, HOSTILE);
    for format in FORMATS {
        for (kind, text) in world.written(format) {
            let of = format!("{} of {kind}", format.name);
            // Lines of CSV end in two characters (RFC 4180).
            let text = if format.name == "csv" { text.replace("\r\n", "\n") } else { text };
            let colourless = plain(&text);
            let raw =
                colourless.chars().find(|character| *character != '\n' && is_harmful(*character));
            assert_eq!(raw, None, "{of}:\n{colourless}");
            assert!(!text.contains("bm90"), "{of}: {text}");
            assert!(!text.contains('\u{7}'), "{of}");
            let forged = colourless.lines().any(|line| line.starts_with("error: forged"));
            assert!(!forged, "{of}:\n{colourless}");
        }
    }
}

#[test]
fn every_format_writes_an_empty_document_and_a_long_one() {
    let (empty, long) = (World::of(0, "web"), World::of(MANY, "web"));
    for format in FORMATS {
        let pairs = empty.written(format).into_iter().zip(long.written(format));
        for ((kind, empty), (_, long)) in pairs {
            let of = format!("{} of {kind}", format.name);
            let ends_well = |text: &str| text.is_empty() || text.ends_with('\n');
            assert!(ends_well(&empty) && ends_well(&long), "{of}");
            if kind != "explain" && format.name != PEM {
                let last = format!("web{}", MANY - 1);
                assert!(long.contains(&last) && !empty.contains(&last), "{of}:\n{long}");
            }
        }
    }
}

#[test]
fn json_has_every_row_and_reads_back_what_was_said() {
    let json = FORMATS.iter().find(|format| format.name == JSON).expect("it is there");
    for (kind, text) in World::of(MANY, "we\u{202e}b").written(json) {
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let lists: &[&str] = match kind {
            "check" => &["certificates", "hosts", "findings", "problems"],
            "inspect" => &["certificates", "hosts", "findings", "problems", "bundles"],
            "verify" => &["clients", "findings", "problems"],
            "managed" => &["managed"],
            "plan" => &["skipped", "refused", "notes", "problems"],
            _ => &[],
        };
        for list in lists {
            let rows = document[list].as_array().map(Vec::len);
            assert_eq!(rows, Some(MANY), "{kind}: {list}");
        }
        assert!(lists.is_empty() || document.to_string().contains("we\u{202e}b"), "{kind}");
    }
}

#[test]
fn every_document_has_a_format_for_people_and_one_for_programs() {
    for name in [TABLE, JSON] {
        let rows: Vec<&Format> = FORMATS.iter().filter(|format| format.name == name).collect();
        let once = |has: fn(&Format) -> bool| rows.iter().filter(|row| has(row)).count() == 1;
        assert!(once(|format| format.check.is_some()), "{name}: check");
        assert!(once(|format| format.inspect.is_some()), "{name}: inspect");
        assert!(once(|format| format.verify.is_some()), "{name}: verify");
        assert!(once(|format| format.managed.is_some()), "{name}: managed");
        assert!(once(|format| format.explain.is_some()), "{name}: explain");
        assert!(once(|format| format.plan.is_some()), "{name}: plan");
    }
}

//! Every remedy is tried: after doing what a finding's remedy says, the finding is gone, and nothing
//! else is wrong with its object that was not before.
//!
//! Here is what a case is and how it is run. The cases stand in the folder beside this file, a file
//! for each kind of rules; a rule without a case fails [`every_rule_has_a_remedy_that_is_tried`], so
//! whoever adds a rule adds a line there. Commands are taken out of the remedy's own text and run as
//! they are printed. What a remedy says in prose is done by hand, and the words are pinned.

mod certificates;
mod gke;
mod managed;

use super::scenarios::{AT, give_addresses, is_gke};
use crate::support::binary::{BINARY, Certwright};
use crate::support::gke as double;
use crate::support::live::Live;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Every case there is. Add those of new rules here.
fn cases() -> impl Iterator<Item = &'static Case> {
    [certificates::CASES, gke::CASES, managed::CASES].into_iter().flatten()
}

/// A finding of a scenario, and how its remedy is carried out.
struct Case {
    rule: &'static str,
    scenario: &'static str,
    /// The name of the object that the finding is about.
    on: &'static str,
    place: Place,
    act: Act,
    /// What else has to be so first.
    first: fn(&Scene),
    /// Rules that could not speak while this one did, and do now.
    reveals: &'static [&'static str],
}

const fn case(
    rule: &'static str,
    scenario: &'static str,
    on: &'static str,
    place: Place,
    act: Act,
) -> Case {
    Case { rule, scenario, on, place, act, first: |_| (), reveals: &[] }
}

impl Case {
    const fn first(self, first: fn(&Scene)) -> Self {
        Self { first, ..self }
    }

    const fn reveals(self, reveals: &'static [&'static str]) -> Self {
        Self { reveals, ..self }
    }
}

/// Where the scenario is judged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In a copy of its folder, at the scenario's instant.
    Files,
    /// On the real API server, at the scenario's instant.
    Cluster,
    /// On the real API server, now: the remedy makes a certificate.
    ClusterNow,
}

/// How a remedy is carried out.
enum Act {
    /// By its commands, as they are printed; of alternatives, by this one, from 0.
    Run(usize),
    /// The same, while Google's controller makes every ManagedCertificate Active.
    RunWithGoogle(usize),
    /// By writing the annotation into the file that it names.
    Annotate,
    /// By its commands, if it has any, and then by hand, since the words say so.
    Do { words: &'static str, by: fn(&Scene, &Value) },
}

/// A scenario that is laid out somewhere.
struct Scene {
    place: Place,
    /// The copy of its folder, and where commands are run.
    folder: TempDir,
    live: Option<Live>,
    gke: bool,
}

impl Scene {
    /// None when there is no API server to be had, which was then said.
    fn lay_out(case: &Case) -> Option<Self> {
        let scenario =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios").join(case.scenario);
        let folder = TempDir::new().expect("a temp folder can be made");
        let gke = is_gke(&scenario);
        if case.place == Place::Files {
            let mut copy = Command::new("cp");
            copy.arg("-r").arg(scenario.join("in")).arg(folder.path());
            assert!(copy.status().expect("cp starts").success());
            return Some(Self { place: case.place, folder, live: None, gke });
        }
        let live = Live::new(&format!("remedy_{}", case.rule))?;
        if gke {
            double::install(&live);
        }
        live.create_scenario(case.scenario);
        give_addresses(&live, &scenario);
        Some(Self { place: case.place, folder, live: Some(live), gke })
    }

    /// The cluster, for a case that is judged on one.
    fn live(&self) -> &Live {
        self.live.as_ref().expect("the case is judged on a cluster")
    }

    /// What `check` finds.
    fn findings(&self) -> Vec<Value> {
        let platform = if self.gke { "gke" } else { "other" };
        let args = ["check", "-o", "json", "--platform", platform];
        let at: &[&str] = if self.place == Place::ClusterNow { &[] } else { &["--at", AT] };
        let ran = if let Some(live) = &self.live {
            live.run(&[&args[..], at].concat())
        } else {
            let run = Certwright::new().folder(self.folder.path()).args(&args).args(at);
            run.args(&["-f", "in"]).run()
        };
        ran.json()["findings"].as_array().expect("a list").clone()
    }

    /// Runs a command of a remedy as a shell would, with `certwright` and `kubectl` at hand.
    fn run(&self, command: &str) {
        let functions = r#"certwright() { "$CERTWRIGHT" "$@" $AT; }; kubectl() { "$KUBECTL" "$@"; }; eval "$0""#;
        let mut shell = Command::new("sh");
        shell.args(["-c", functions, command]).current_dir(self.folder.path());
        shell.env("CERTWRIGHT", BINARY).env("HOME", self.folder.path());
        // What is written into files may be judged at the scenario's instant; a cluster has its own.
        let at = if self.place == Place::Files { format!("--at {AT}") } else { String::new() };
        shell.env("AT", at);
        if let Some(live) = &self.live {
            shell.env("KUBECONFIG", live.cluster.kubeconfig());
            shell.env("KUBECTL", live.cluster.kubectl().get_program());
        }
        let ran = shell.output().expect("sh starts");
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{command}: {}\n{said}", ran.status);
    }

    /// A pair for these hosts, as files; what `FILE` stands for in a remedy.
    fn pair(&self, hosts: &[String]) -> [PathBuf; 2] {
        let made = Certwright::new().folder(self.folder.path()).args(&["issue"]).args(hosts);
        made.args(&["--key-type", "p256", "--out-dir", "pair"]).run().expect_code(0);
        ["tls.crt", "tls.key"].map(|name| self.folder.path().join("pair").join(name))
    }

    /// The hosts that an Ingress wants of this Secret.
    fn hosts_of(&self, secret: &str) -> Vec<String> {
        let listed = self.live().kubectl(&["get", "ingresses", "-o", "json"]);
        let listed: Value = serde_json::from_slice(&listed.stdout).expect("kubectl prints JSON");
        let items = listed["items"].as_array().cloned().unwrap_or_default();
        let entries = items.iter().filter_map(|item| item["spec"]["tls"].as_array()).flatten();
        let entries = entries.filter(|entry| entry["secretName"] == secret);
        let hosts = entries.filter_map(|entry| entry["hosts"].as_array()).flatten();
        let hosts: Vec<String> = hosts.filter_map(Value::as_str).map(str::to_owned).collect();
        if hosts.is_empty() { vec!["a.example".to_owned()] } else { hosts }
    }

    /// Edits every document of the manifests with this kind and name.
    fn edit(&self, kind: &str, name: &str, edit: impl Fn(&mut Value)) {
        let files = std::fs::read_dir(self.folder.path().join("in")).expect("it is there");
        let mut edited = 0;
        for path in files.flatten().map(|entry| entry.path()) {
            let text = std::fs::read_to_string(&path).expect("it is text");
            let documents = text.split("\n---\n").map(|document| {
                let mut value: Value = serde_saphyr::from_str(document).expect("it is YAML");
                if value["kind"] == kind && value["metadata"]["name"] == name {
                    edit(&mut value);
                    edited += 1;
                }
                value.to_string()
            });
            let documents: Vec<String> = documents.collect();
            std::fs::write(&path, documents.join("\n---\n")).expect("it can be written");
        }
        assert_eq!(edited, 1, "{kind}/{name}");
    }
}

/// Tries every case of the list, and tells of all that fail.
fn try_all(cases: &[Case]) {
    let failed = cases.iter().filter(|case| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| try_one(case))).is_err()
    });
    let failed: Vec<String> = failed.map(|case| format!("{} on {}", case.rule, case.on)).collect();
    assert!(failed.is_empty(), "remedies that do not mend: {failed:?}");
}

/// The one place that says what a remedy is held to.
fn try_one(case: &Case) {
    let Some(scene) = Scene::lay_out(case) else { return };
    let about = format!("{} on {} of {}", case.rule, case.on, case.scenario);
    (case.first)(&scene);
    let before = scene.findings();
    let finding = before.iter().find(|finding| is_of(finding, case.rule, case.on));
    let finding = finding.unwrap_or_else(|| panic!("{about} is not found: {before:#?}"));
    let remedy = finding["remedy"].as_str().expect("a remedy");
    carry_out(case, &scene, finding, remedy);

    let after = scene.findings();
    let same = |other: &&Value| is_of(other, case.rule, case.on);
    let left = after.iter().find(same).map(|left| left["message"].clone());
    assert_eq!(left, None, "{about} is still there after: {remedy}");
    let bad = |findings: &[Value]| -> BTreeSet<String> {
        let on = findings.iter().filter(|other| is_same_object(other, finding));
        let bad = on.filter(|other| other["severity"] != "info");
        let rules = bad.filter_map(|other| other["rule"].as_str());
        rules.filter(|rule| !case.reveals.contains(rule)).map(str::to_owned).collect()
    };
    let new: Vec<String> = bad(&after).difference(&bad(&before)).cloned().collect();
    assert!(new.is_empty(), "{about}: {remedy} makes {new:?}: {after:#?}");
}

fn carry_out(case: &Case, scene: &Scene, finding: &Value, remedy: &str) {
    let alternatives = alternatives(remedy);
    let chosen = match &case.act {
        Act::Run(which) | Act::RunWithGoogle(which) => *which,
        Act::Annotate => return annotate(scene, finding, remedy),
        Act::Do { words, .. } => {
            assert!(remedy.contains(words), "{}: {words:?} is not in: {remedy}", case.rule);
            0
        }
    };
    let commands = alternatives.get(chosen).cloned().unwrap_or_default();
    assert!(
        matches!(case.act, Act::Do { .. }) || !commands.is_empty(),
        "{}: no command in alternative {chosen} of: {remedy}",
        case.rule
    );
    let run = || {
        // Asking DNS changes nothing, and these would ask the system's; tests/cases/dns.rs asks.
        let looks = |command: &String| command.starts_with("certwright check --dns ");
        for command in commands.into_iter().filter(|command| !looks(command)) {
            scene.run(&with_files(scene, &command));
        }
    };
    match case.act {
        Act::RunWithGoogle(_) => managed::while_google_looks(scene.live(), run),
        Act::Run(_) | Act::Annotate | Act::Do { .. } => run(),
    }
    if let Act::Do { by, .. } = case.act {
        by(scene, finding);
    }
}

/// `set the annotation KEY: VALUE in FILE`, or `take the annotation KEY out of FILE`.
fn annotate(scene: &Scene, finding: &Value, remedy: &str) {
    let said = pieces(remedy).remove(0);
    let said = said.trim();
    let text = |part: &str| finding["ref"][part].as_str().expect("it is there").to_owned();
    let (key, value, file) = if let Some(rest) = said.strip_prefix("set the annotation ") {
        let (rest, file) = rest.rsplit_once(" in ").expect("a file");
        let (key, value) = rest.split_once(": ").expect("a value");
        (key, Value::from(value.trim_matches('\'')), file)
    } else {
        let rest = said.strip_prefix("take the annotation ").expect("an annotation");
        let (key, file) = rest.rsplit_once(" out of ").expect("a file");
        (key, Value::Null, file)
    };
    assert_eq!(file, text("path"));
    scene.edit(&text("kind"), &text("name"), |object| {
        let annotations = &mut object["metadata"]["annotations"];
        annotations[key] = value.clone();
        if let Some(annotations) = annotations.as_object_mut() {
            annotations.retain(|_, value| !value.is_null());
        }
    });
}

/// A command with a pair in place of its `FILE`s.
fn with_files(scene: &Scene, command: &str) -> String {
    let mut words = command.split(' ');
    let secret =
        words.find(|word| *word == "import").and_then(|_| words.next()).unwrap_or_default();
    if !command.contains(" FILE") || scene.place == Place::Files {
        return command.to_owned();
    }
    let kept = scene.folder.path().join("pair");
    let [certificate, key] = if kept.exists() {
        ["tls.crt", "tls.key"].map(|name| kept.join(name))
    } else {
        scene.pair(&scene.hosts_of(secret))
    };
    command
        .replace("--cert FILE", &format!("--cert {}", certificate.display()))
        .replace("--key FILE", &format!("--key {}", key.display()))
}

/// The commands of a remedy, by alternative. Outside of quotes, `, ` and `; ` end a command, and so
/// does a remark in parentheses; `or` behind one of them begins an alternative.
fn alternatives(remedy: &str) -> Vec<Vec<String>> {
    let mut alternatives = vec![Vec::new()];
    for piece in pieces(remedy) {
        let piece = piece.trim();
        let (is_other, piece) = match piece.strip_prefix("or ").or(piece.strip_prefix("or: ")) {
            Some(rest) => (true, rest),
            None => (piece.starts_with("or,") || piece == "or", piece),
        };
        if is_other {
            alternatives.push(Vec::new());
        }
        let programs = ["certwright ", "kubectl "];
        let start = programs.iter().filter_map(|program| {
            let begins = piece.starts_with(program).then_some(0);
            begins.or_else(|| piece.find(&format!(": {program}")).map(|at| at + 2))
        });
        let command = start.min().and_then(|start| piece.get(start..)).map(str::to_owned);
        if let Some(alternative) = alternatives.last_mut() {
            alternative.extend(command);
        }
    }
    alternatives
}

/// A remedy, cut outside of quotes at `, `, at `; ` and at parentheses.
fn pieces(remedy: &str) -> Vec<String> {
    let (mut pieces, mut quote) = (vec![String::new()], None);
    let mut letters = remedy.chars().peekable();
    while let Some(letter) = letters.next() {
        let before_blank = letters.peek() == Some(&' ');
        let cuts = match (quote, letter) {
            (Some(open), _) => {
                quote = quote.filter(|_| open != letter);
                false
            }
            (None, '\'' | '"') => {
                quote = Some(letter);
                false
            }
            (None, ',' | ';') => before_blank,
            (None, _) => matches!(letter, '(' | ')'),
        };
        match pieces.last_mut().filter(|_| !cuts) {
            Some(piece) => piece.push(letter),
            None => pieces.push(String::new()),
        }
    }
    pieces
}

fn is_of(finding: &Value, rule: &str, name: &str) -> bool {
    finding["rule"] == rule && finding["ref"]["name"] == name
}

fn is_same_object(one: &Value, other: &Value) -> bool {
    ["kind", "namespace", "name"].iter().all(|part| one["ref"][part] == other["ref"][part])
}

/// Rules that speak of what no manifest holds, and where their remedies are carried out: on a real
/// DNS server by `dns::every_remedy_mends_what_it_is_about`; what is served is mended by whoever
/// serves it, as in `real_parts` and `live_served`.
const TRIED_ELSEWHERE: [&str; 10] = [
    "dns-missing",
    "dns-elsewhere",
    "dns-aaaa-elsewhere",
    "caa-forbids",
    "served-differs",
    "served-name-mismatch",
    "served-expired",
    "served-default-certificate",
    "served-unreachable",
    "served-no-h2",
];

#[test]
fn every_rule_has_a_remedy_that_is_tried() {
    let tried: BTreeSet<&str> = cases().map(|case| case.rule).chain(TRIED_ELSEWHERE).collect();
    let rules: BTreeSet<&str> = certwright::audit::RULES.iter().map(|rule| rule.code).collect();
    let untried: Vec<_> = rules.difference(&tried).collect();
    assert!(untried.is_empty(), "add a case for each, in tests/cases/remedies: {untried:?}");
    let unknown: Vec<_> = tried.difference(&rules).collect();
    assert!(unknown.is_empty(), "no such rules: {unknown:?}");
}

#[test]
fn commands_are_found_in_a_remedy_by_alternative_and_without_its_remarks() {
    for (remedy, expected) in [
        (
            "certwright rotate secret/a -n b (the name becomes a SAN)",
            vec![vec!["certwright rotate secret/a -n b"]],
        ),
        (
            "get a renewed one, then: certwright import a --cert FILE",
            vec![vec!["certwright import a --cert FILE"]],
        ),
        (
            r#"kubectl annotate ingress a x="$(date +%s)", and if that does not help: kubectl get events"#,
            vec![vec![r#"kubectl annotate ingress a x="$(date +%s)""#, "kubectl get events"]],
        ),
        (
            r#"kubectl patch a -p '{"b": 1, "c": "d; or e"}'; or, when it is not needed: kubectl delete a"#,
            vec![
                vec![r#"kubectl patch a -p '{"b": 1, "c": "d; or e"}'"#],
                vec!["kubectl delete a"],
            ],
        ),
        ("wait until then; or certwright rotate a", vec![vec![], vec!["certwright rotate a"]]),
        ("mend the DNS", vec![vec![]]),
    ] {
        assert_eq!(alternatives(remedy), expected, "{remedy}");
    }
}

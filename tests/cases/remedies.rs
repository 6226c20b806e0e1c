//! Every remedy is tried: after doing what a finding's remedy says, the finding is gone, and nothing
//! else is wrong with its object that was not before.
//!
//! Here is what a case is and how it is run. The cases stand in the folder beside this file, a file
//! for each kind of rules; a rule without a case fails [`every_rule_has_a_remedy_that_is_tried`], so
//! whoever adds a rule adds a line there. A remedy that is a command is run as it is
//! printed. What a remedy says in a sentence is done by hand, and the words are pinned.

mod certificates;
mod every;
mod gke;
mod managed;

use super::scenarios::{AT, cluster_for, give_addresses, is_gke};
use crate::support::binary::{BINARY, Certwright};
use crate::support::gke as double;
use crate::support::live::Live;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
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
    /// As it is printed: it is a command.
    Run,
    /// The same, while Google's controller makes every ManagedCertificate Active.
    RunWithGoogle,
    /// By writing the annotation into the file that it names.
    Annotate,
    /// By its command, if it is one, and then by hand, since the words say so.
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
        Self::of(case.scenario, case.place, &format!("remedy_{}", case.rule))
    }

    /// A scenario by its name, for the test of that name.
    fn of(name: &str, place: Place, test: &str) -> Option<Self> {
        let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios").join(name);
        let folder = TempDir::new().expect("a temp folder can be made");
        let gke = is_gke(&scenario);
        if place == Place::Files {
            let mut copy = Command::new("cp");
            copy.arg("-r").arg(scenario.join("in")).arg(folder.path());
            assert!(copy.status().expect("cp starts").success());
            return Some(Self { place, folder, live: None, gke });
        }
        let live = cluster_for(test, &scenario)?;
        if gke {
            double::install(&live);
        }
        live.create_scenario(name);
        give_addresses(&live, &scenario);
        Some(Self { place, folder, live: Some(live), gke })
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
        let ran = self.try_to_run(command);
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{command}: {}\n{said}", ran.status);
    }

    /// The same, whatever comes of it.
    fn try_to_run(&self, command: &str) -> Output {
        let functions = r#"certwright() { case "$1" in rotate|check|inspect) "$CERTWRIGHT" "$@" $AT;; *) "$CERTWRIGHT" "$@";; esac; }; export -f certwright; kubectl() { "$KUBECTL" "$@"; }; eval "$0""#;
        let mut shell = Command::new("bash");
        shell.args(["-c", functions, command]).current_dir(self.folder.path());
        shell.env("CERTWRIGHT", BINARY).env("HOME", self.folder.path());
        // What is written into files may be judged at the scenario's instant; a cluster has its own.
        let at = if self.place == Place::Files { format!("--at {AT}") } else { String::new() };
        shell.env("AT", at);
        // What is advised for a file reaches no cluster, whatever the environment names.
        shell.env("KUBECONFIG", "/nonexistent").env("KUBECTL", "false");
        if let Some(live) = &self.live {
            shell.env("KUBECONFIG", live.cluster.kubeconfig());
            shell.env("KUBECTL", live.cluster.kubectl().get_program());
        }
        shell.stdin(Stdio::null()).output().expect("bash starts")
    }

    /// A certificate and its key for these hosts, as files.
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
    assert!(failed.is_empty(), "remedies that do not mend it: {failed:?}");
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
    let run = || {
        if is_command(remedy) {
            scene.run(remedy);
        }
    };
    match &case.act {
        Act::Annotate => return annotate(scene, finding, remedy),
        Act::Do { words, .. } => {
            assert!(remedy.contains(words), "{}: {words:?} is not in: {remedy}", case.rule);
        }
        Act::Run | Act::RunWithGoogle => {
            assert!(is_command(remedy), "{}: it is no command: {remedy}", case.rule);
        }
    }
    match case.act {
        Act::RunWithGoogle => managed::while_google_looks(scene.live(), run),
        Act::Run | Act::Annotate | Act::Do { .. } => run(),
    }
    if let Act::Do { by, .. } = case.act {
        by(scene, finding);
    }
}

/// Programs that remedies call. What begins with another word is a sentence.
const PROGRAMS: [&str; 4] = ["certwright", "kubectl", "cmctl", "openssl"];

/// Whether a remedy is a command rather than a sentence.
fn is_command(remedy: &str) -> bool {
    remedy.split(' ').next().is_some_and(|word| PROGRAMS.contains(&word))
}

/// `set the annotation KEY: VALUE in FILE`, or `remove the annotation KEY from FILE`.
fn annotate(scene: &Scene, finding: &Value, remedy: &str) {
    let said = remedy;
    let text = |part: &str| finding["ref"][part].as_str().expect("it is there").to_owned();
    let (key, value, file) = if let Some(rest) = said.strip_prefix("set the annotation ") {
        let (rest, file) = rest.rsplit_once(" in ").expect("a file");
        let (key, value) = rest.split_once(": ").expect("a value");
        (key, Value::from(value.trim_matches('\'')), file)
    } else {
        let rest = said.strip_prefix("remove the annotation ").expect("an annotation");
        let (key, file) = rest.rsplit_once(" from ").expect("a file");
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

fn is_of(finding: &Value, rule: &str, name: &str) -> bool {
    finding["rule"] == rule && finding["ref"]["name"] == name
}

fn is_same_object(one: &Value, other: &Value) -> bool {
    ["kind", "namespace", "name"].iter().all(|part| one["ref"][part] == other["ref"][part])
}

/// Rules that speak of what no manifest holds, and where their remedies are carried out: on a real
/// DNS server by `dns::every_remedy_mends_what_it_is_about`; what is served is mended by whoever
/// serves it, as in `real_parts` and `live_served`.
const TRIED_ELSEWHERE: [&str; 13] = [
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
    // In `policy`: they need flags.
    "untrusted-chain",
    "waiver-expired",
    "waiver-unused",
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

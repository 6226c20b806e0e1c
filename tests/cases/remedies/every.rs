//! Every remedy of every scenario, judged as files and on the real API server, found by running
//! `check` and `rotate --due`, not by a list: a command is run as it is printed, and then what it is
//! for is gone, nothing new is wrong, and nothing else was touched. A sentence holds no command. A new
//! scenario is tried by being there.

use super::{PROGRAMS, Place, Scene, is_command};
use crate::cases::scenarios::{AT, scenarios};
use crate::support::binary::Certwright;
use crate::support::live::Live;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Mutex;

/// Commands that cannot be carried out here, by what they begin with, and why. They are still
/// looked at: each names a namespace and ends in nothing strange.
const NOT_TRIED: &[(&str, &str)] = &[
    ("cmctl renew ", "cert-manager is not there; it makes the certificate"),
    ("cmctl status certificate ", "the same; it shows and mends nothing"),
    ("kubectl annotate --overwrite externalsecret ", "External Secrets' kind is not there"),
];

/// Rules that speak only when another is silent, so that mending the one reveals the other.
const REVEALED: &[(&str, &str)] = &[
    ("gke-app-protocol", "gke-health-check"),
    // While the end is near, the lead is not judged.
    ("expires-soon ", "expires-soon lead"),
    ("expires-soon ", "skipped: lead-too-long"),
    ("expired ", "expires-soon lead"),
    ("expired ", "skipped: lead-too-long"),
    // A load balancer takes a Secret up a moment after it was named.
    ("gke-tls-without-secret-name", "gke-load-balancer-stale"),
    ("host-without-tls", "gke-load-balancer-stale"),
    // The certificate that was said to be on the load balancer was no one's any more.
    ("managed-orphaned", "host-without-tls"),
];

/// Something that was said, and of what: rule (or `skipped`) and object.
type Told = BTreeSet<(String, String)>;

/// Objects as they are written, by name and what else tells them apart.
type Objects = BTreeMap<String, String>;

/// What a scene says, by remedy.
fn told(scene: &Scene) -> BTreeMap<String, Told> {
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    let mut take = |remedy: &Value, what: String, about: &Value| {
        let about = format!("{}/{}/{}", about["kind"], about["namespace"], about["name"]);
        let remedy = remedy.as_str().expect("a remedy").to_owned();
        told.entry(remedy).or_default().insert((what, about.replace('"', "")));
    };
    for finding in scene.findings() {
        let rule = finding["rule"].as_str().expect("a rule").to_owned();
        // Of two hosts of one Ingress each has its own finding.
        let about = [&finding["evidence"]["host"], &finding["evidence"]["domain"]];
        let about = about.iter().find_map(|about| about.as_str()).unwrap_or_default();
        // Of a lead that is too long, and of no end that is near.
        let of_lead = rule == "expires-soon" && finding["evidence"]["lifetime"].is_string();
        let about = if of_lead { "lead" } else { about };
        take(&finding["remedy"], format!("{rule} {about}"), &finding["ref"]);
    }
    for skipped in skipped(scene) {
        let reason = skipped["reason"].as_str().expect("a reason");
        take(&skipped["remedy"], format!("skipped: {reason}"), &skipped["ref"]);
    }
    told
}

/// What a batch leaves out.
fn skipped(scene: &Scene) -> Vec<Value> {
    let args = ["rotate", "--due", "--dry-run=client", "-o", "json"];
    if let Some(live) = &scene.live {
        let ran = live.run(&args);
        let printed = if ran.stdout.is_empty() { Value::Null } else { ran.json() };
        return printed["skipped"].as_array().cloned().unwrap_or_default();
    }
    let run = Certwright::new().folder(scene.folder.path()).args(&args);
    let ran = run.args(&["-f", "in", "--at", AT]).run();
    ran.json()["skipped"].as_array().cloned().unwrap_or_default()
}

fn all(told: &BTreeMap<String, Told>) -> Told {
    told.values().flatten().cloned().collect()
}

/// What is wrong with the text alone.
fn malformed(remedy: &str) -> Option<String> {
    let holds = |text: &str| PROGRAMS.iter().any(|program| text.contains(&format!("{program} ")));
    if !is_command(remedy) {
        // openssl is spoken of where its own options are meant.
        let of_ours = remedy.replace("openssl ", "");
        return holds(&of_ours).then(|| format!("a sentence with a command in it: {remedy}"));
    }
    let placeholder = remedy.split([' ', '=']).any(|word| {
        matches!(word, "FILE" | "DOMAIN" | "HOST" | "NAME" | "PATH" | "CLUSTER" | "IP:PORT")
    });
    let remark = remedy.contains(" (") || remedy.contains("; ") || remedy.contains(", then");
    (placeholder || remark).then(|| format!("not to be run as it is printed: {remedy}"))
}

/// Every document of the files, by the object's name: what must not change unless the command names
/// it.
fn objects(scene: &Scene) -> Objects {
    let mut objects = BTreeMap::new();
    for entry in walk(&scene.folder.path().join("in")) {
        let text = String::from_utf8_lossy(&fs::read(&entry).expect("it can be read")).into_owned();
        let documents = text.split("\n---").enumerate();
        for (index, document) in documents {
            let name = document.lines().find_map(|line| line.trim().strip_prefix("name: "));
            let name = name.unwrap_or_default().trim_matches('"').to_owned();
            objects.insert(format!("{name} {}#{index}", entry.display()), document.to_owned());
        }
    }
    objects
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).expect("it is there").flatten();
    entries
        .flat_map(
            |entry| if entry.path().is_dir() { walk(&entry.path()) } else { vec![entry.path()] },
        )
        .collect()
}

/// What is wrong with one command, run where its scene is as it was laid out.
fn tried(scene: &Scene, command: &str, said: &BTreeMap<String, Told>) -> Option<String> {
    let before = objects(scene);
    let ran = scene.try_to_run(command);
    if !ran.status.success() {
        let stderr = String::from_utf8_lossy(&ran.stderr);
        return Some(format!("{}: {stderr}", ran.status));
    }
    let after = objects(scene);
    if let Some(strays) = strays(command, &before, &after) {
        return Some(strays);
    }
    let probes = command.starts_with("certwright inspect") && !command.contains(" --in-place");
    let prints = command.contains("--dry-run=client") || probes;
    if prints {
        if ran.stdout.is_empty() {
            return Some("it is to print something, and printed nothing".to_owned());
        }
        return (before != after).then(|| "it prints, and changed something".to_owned());
    }
    unmended(command, said, &told(scene))
}

/// Objects that a command changed and does not name.
fn strays(command: &str, before: &Objects, after: &Objects) -> Option<String> {
    let touched =
        before.keys().chain(after.keys()).filter(|name| before.get(*name) != after.get(*name));
    // What a command replaces is kept beside it, whose name says so.
    let named = |name: &str| {
        let name = name.split(' ').next().unwrap_or_default();
        command.contains(name.strip_suffix("-previous").unwrap_or(name))
    };
    let strays: BTreeSet<&String> = touched.filter(|name| !named(name)).collect();
    (!strays.is_empty()).then(|| format!("it touched {strays:?}"))
}

/// What is still said after a command that it was for, and what is said only now.
fn unmended(
    command: &str,
    before: &BTreeMap<String, Told>,
    after: &BTreeMap<String, Told>,
) -> Option<String> {
    let (was_wrong, wrong) = (all(before), all(after));
    let left: Vec<_> = before[command].intersection(&wrong).collect();
    if !left.is_empty() {
        return Some(format!("still said: {left:?}"));
    }
    let revealed = |new: &&(String, String)| {
        REVEALED.iter().any(|(silent, rule)| {
            new.0.starts_with(rule)
                && before[command].iter().any(|(what, _)| what.starts_with(silent))
        })
    };
    let new: Vec<_> = wrong.difference(&was_wrong).filter(|new| !revealed(new)).collect();
    (!new.is_empty()).then(|| format!("new: {new:?}"))
}

/// Tries every remedy of one scenario's files; returns how many commands were run.
fn try_files(name: &str, wrong: &Mutex<Vec<String>>) -> usize {
    let (test, place) = ("every_remedy", Place::Files);
    let Some(scene) = Scene::of(name, place, test) else { return 0 };
    let said = told(&scene);
    let mut run = 0;
    let complain = |what: String| wrong.lock().expect("no test has panicked").push(what);
    for remedy in said.keys() {
        if let Some(what) = malformed(remedy) {
            complain(format!("{name}: {what}"));
            continue;
        }
        let untried = NOT_TRIED.iter().any(|(start, _)| remedy.starts_with(start));
        if !is_command(remedy) || untried {
            continue;
        }
        run += 1;
        let fresh = Scene::of(name, place, test).expect("files need no server");
        let problem = tried(&fresh, remedy, &said);
        if let Some(problem) = problem {
            complain(format!("{name}: {remedy}\n    {problem}"));
        }
    }
    run
}

/// Every scenario at once, as many at a time as there are threads.
fn try_every_scenario(
    is_tried: impl Fn(&Path) -> bool,
    try_it: fn(&str, &Mutex<Vec<String>>) -> usize,
    at_least: usize,
) {
    let wrong = Mutex::new(Vec::new());
    let names: Vec<String> = scenarios()
        .iter()
        .filter(|folder| is_tried(folder))
        .map(|folder| folder.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    let (next, run) = (Mutex::new(names.iter()), Mutex::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let name = next.lock().expect("it is not poisoned").next();
                    let Some(name) = name else { return };
                    let ran = try_it(name, &wrong);
                    *run.lock().expect("it is not poisoned") += ran;
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no thread has panicked");
    assert!(wrong.is_empty(), "{} remedies:\n{}", wrong.len(), wrong.join("\n"));
    let run = run.into_inner().expect("no thread has panicked");
    assert!(run >= at_least, "only {run} were run");
}

/// Commands that only an API server with Google's controllers carries out; [`super::managed`] has a
/// double for each kind of them.
const WAITS_FOR_GOOGLE: [&str; 2] = ["certwright managed ", "certwright bootstrap "];

/// Rules about what Google's controllers have not done yet.
const OF_GOOGLE: [&str; 2] = ["gke-load-balancer-stale", "managed-not-active"];

/// Every object of the namespace, by name and kind.
fn live_objects(scene: &Scene) -> Objects {
    let kinds = "secrets,ingresses,services,managedcertificates,backendconfigs,frontendconfigs";
    let kinds = if scene.gke { kinds } else { "secrets,ingresses,services" };
    let listed = scene.live().kubectl(&["get", kinds, "-o", "json"]);
    let mut listed: Value = serde_json::from_slice(&listed.stdout).expect("kubectl prints JSON");
    let items = std::mem::take(listed["items"].as_array_mut().expect("a list"));
    let written = |mut object: Value| {
        object["metadata"]["resourceVersion"] = Value::Null;
        let name = format!("{} {}", object["metadata"]["name"], object["kind"]);
        (name.replace('"', ""), object.to_string())
    };
    items.into_iter().map(written).collect()
}

/// Carries out on the real API server, one after the other as somebody would who reads the report,
/// every command that one scenario says. Returns how many.
fn try_live(name: &str, wrong: &Mutex<Vec<String>>) -> usize {
    let test = format!("live_remedies_of_{}", name.replace('-', "_"));
    let Some(scene) = Scene::of(name, Place::ClusterNow, &test) else { return 0 };
    let complain = |what: String| wrong.lock().expect("no test has panicked").push(what);
    let (mut said, mut before) = (told(&scene), live_objects(&scene));
    let mut tried: BTreeSet<String> = BTreeSet::new();
    loop {
        let untried = |command: &&String| {
            let elsewhere = NOT_TRIED.iter().map(|(start, _)| *start).chain(WAITS_FOR_GOOGLE);
            is_command(command)
                && !tried.contains(*command)
                && !elsewhere.into_iter().any(|start| command.starts_with(start))
        };
        let Some(command) = said.keys().find(untried).cloned() else { return tried.len() };
        if let Some(what) = malformed(&command) {
            complain(format!("{name}: {what}"));
        }
        let ran = scene.try_to_run(&command);
        let (later, after) = (told(&scene), live_objects(&scene));
        let of_google =
            |(rule, _): &(String, String)| OF_GOOGLE.iter().any(|of| rule.starts_with(of));
        let problem = if ran.status.success() {
            let unmended = || unmended(&command, &said, &later);
            let waits = said[&command].iter().all(of_google);
            strays(&command, &before, &after).or_else(|| unmended().filter(|_| !waits))
        } else {
            Some(format!("{}: {}", ran.status, String::from_utf8_lossy(&ran.stderr)))
        };
        if let Some(problem) = problem {
            complain(format!("{name}: {command}\n    {problem}"));
        }
        tried.insert(command);
        (said, before) = (later, after);
    }
}

#[test]
fn every_remedy_for_files_runs_as_printed_and_mends_what_it_is_for_alone() {
    try_every_scenario(|_| true, try_files, 100);
}

#[test]
fn every_remedy_on_a_cluster_runs_as_printed_and_mends_what_it_is_for_alone() {
    if Live::new("every_remedy_on_a_cluster").is_none() {
        return;
    }
    try_every_scenario(|folder| !folder.join("offline-only").exists(), try_live, 150);
}

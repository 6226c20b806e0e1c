//! Every remedy of every scenario, judged as files, found by running `check` and `rotate --due`, not by a list: a
//! command is run as it is printed, and then what it is for is gone, nothing new is wrong, and
//! nothing else was touched. A sentence holds no command. A new scenario is tried by being there.

use super::{PROGRAMS, Place, Scene, is_command};
use crate::cases::scenarios::{AT, scenarios};
use crate::support::binary::Certwright;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Mutex;

/// Commands that cannot be carried out here, by what they begin with, and why. They are still
/// looked at: each names a namespace and ends in nothing strange.
const NOT_TRIED: &[(&str, &str)] = &[
    ("cmctl renew ", "cert-manager is not there; it makes the certificate"),
    ("kubectl annotate --overwrite externalsecret ", "External Secrets' kind is not there"),
];

/// Rules that speak only when another is silent, so that mending the one reveals the other.
const REVEALED: &[(&str, &str)] = &[
    ("gke-app-protocol", "gke-health-check"),
    // While the end is near, the lead is not judged.
    ("expires-soon ", "expires-soon lead"),
];

/// Something that was said, and of what: rule (or `skipped`) and object.
type Told = BTreeSet<(String, String)>;

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
fn objects(scene: &Scene) -> BTreeMap<String, String> {
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

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).expect("it is there").flatten();
    entries
        .flat_map(
            |entry| if entry.path().is_dir() { walk(&entry.path()) } else { vec![entry.path()] },
        )
        .collect()
}

/// What is wrong with one command, run where its scene is as it was laid out.
fn tried(scene: &Scene, command: &str, said: &BTreeMap<String, Told>) -> Option<String> {
    let (before, wrong_before) = (objects(scene), all(said));
    let ran = scene.try_to_run(command);
    if !ran.status.success() {
        let stderr = String::from_utf8_lossy(&ran.stderr);
        return Some(format!("{}: {stderr}", ran.status));
    }
    let after = objects(scene);
    let touched =
        before.keys().chain(after.keys()).filter(|name| before.get(*name) != after.get(*name));
    let strays: Vec<&String> = touched
        .filter(|name| !command.contains(name.split(' ').next().unwrap_or_default()))
        .collect();
    if !strays.is_empty() {
        return Some(format!("it touched {strays:?}"));
    }
    let looks = command.starts_with("certwright inspect") && !command.contains(" --in-place");
    let prints = command.contains("--dry-run=client") || looks;
    if prints {
        return (before != after).then(|| "it prints, and changed something".to_owned());
    }
    let wrong = all(&told(scene));
    let left: Vec<_> = said[command].intersection(&wrong).collect();
    if !left.is_empty() {
        return Some(format!("still said: {left:?}"));
    }
    let revealed = |new: &&(String, String)| {
        REVEALED.iter().any(|(silent, rule)| {
            new.0.starts_with(rule)
                && said[command].iter().any(|(what, _)| what.starts_with(silent))
        })
    };
    let new: Vec<_> = wrong.difference(&wrong_before).filter(|new| !revealed(new)).collect();
    (!new.is_empty()).then(|| format!("new: {new:?}"))
}

/// Tries every remedy of one scenario; returns how many commands were run.
fn try_scenario(name: &str, place: Place, wrong: &Mutex<Vec<String>>) -> usize {
    let test = "every_remedy";
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
fn try_every_scenario(place: Place, at_least: usize) {
    let wrong = Mutex::new(Vec::new());
    let names: Vec<String> = scenarios()
        .iter()
        .map(|folder| folder.file_name().expect("a name").to_string_lossy().into_owned())
        .collect();
    let (next, run) = (Mutex::new(names.iter()), Mutex::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let name = next.lock().expect("it is not poisoned").next();
                    let Some(name) = name else { return };
                    let ran = try_scenario(name, place, &wrong);
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

#[test]
fn every_remedy_for_files_runs_as_printed_and_mends_what_it_is_for_alone() {
    try_every_scenario(Place::Files, 100);
}

//! Scenarios: folders of manifests judged by the binary, offline against goldens and live against
//! the offline findings.
//!
//! `UPDATE_GOLDENS=1 cargo test --test main scenarios` writes the goldens anew; read the diff.

use crate::support::binary::Certwright;
use crate::support::gke;
use crate::support::kinds;
use crate::support::live::Live;
use crate::support::name_server::NameServer;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The instant every scenario is judged at.
pub(super) const AT: &str = "2026-11-21T00:00:00Z";

pub(super) fn scenarios() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios");
    let entries = fs::read_dir(&root).expect("testdata/scenarios is there");
    let mut folders: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(folders.len() > 30, "only {} scenarios were found", folders.len());
    folders
}

fn name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A scenario about GKE holds a file of this name. All others are judged as on another platform,
/// for the kinds that it is told by are on the shared cluster as soon as any test wants them.
pub(super) fn is_gke(folder: &Path) -> bool {
    folder.join("gke").exists()
}

pub(super) fn check_args(folder: &Path) -> [&'static str; 5] {
    ["check", "--at", AT, "--platform", if is_gke(folder) { "gke" } else { "other" }]
}

/// There can be no DNS server here, which was said loudly.
struct Skipped;

/// A scenario about DNS holds a folder of zones, which a DNS server of its own serves; others need
/// none.
fn name_server(test: &str, folder: &Path) -> Result<Option<NameServer>, Skipped> {
    let zones = folder.join("dns");
    if !zones.exists() {
        return Ok(None);
    }
    let zones = zones_in(&zones);
    let zones: Vec<(&str, &str)> =
        zones.iter().map(|(name, records)| (name.as_str(), records.as_str())).collect();
    NameServer::start(test, &zones).map(Some).ok_or(Skipped)
}

/// The name and the records of each zone.
fn zones_in(folder: &Path) -> Vec<(String, String)> {
    let files = fs::read_dir(folder).expect("the zones can be listed").flatten();
    let zone = |path: PathBuf| {
        let records = fs::read_to_string(&path).expect("a zone can be read");
        (path.file_stem().unwrap_or_default().to_string_lossy().into_owned(), records)
    };
    files.map(|file| zone(file.path())).collect()
}

/// What goldens call the server, in as many characters.
const NAME_SERVER: &str = "127.0.0.1:50053";

fn asking<'a>(args: &[&'a str], server: Option<&'a str>) -> Vec<&'a str> {
    let flag = server.into_iter().flat_map(|address| ["--dns-server", address]);
    args.iter().copied().chain(flag).collect()
}

fn offline(folder: &Path, args: &[&str]) -> String {
    let ran = Certwright::new().folder(folder).args(args).args(&["-f", "in"]).run();
    let talk =
        if ran.stderr.is_empty() { String::new() } else { format!("--- stderr\n{}", ran.stderr) };
    format!("{}{talk}", ran.stdout)
}

#[test]
fn every_scenario_reads_as_its_goldens_say() {
    let update = std::env::var_os("UPDATE_GOLDENS").is_some();
    let mut differ = Vec::new();
    for folder in scenarios() {
        let Ok(server) = name_server("every_scenario_reads_as_its_goldens_say", &folder) else {
            continue;
        };
        let server = server.as_ref().map(NameServer::address);
        let check = asking(&check_args(&folder), server.as_deref());
        for (golden, args) in [
            ("check.txt", check.clone()),
            ("check.json", [&check[..], &["-o", "json"]].concat()),
            ("plan.txt", vec!["rotate", "--due", "--dry-run=client", "--at", AT]),
        ] {
            let mut found = offline(&folder, &args);
            if let Some(server) = &server {
                found = found.replace(server, NAME_SERVER);
            }
            let path = folder.join(golden);
            if update {
                fs::write(&path, &found).expect("goldens can be written");
            }
            let expected = fs::read_to_string(&path).unwrap_or_default();
            if found != expected {
                differ.push(format!(
                    "{}/{golden}\n--- expected\n{expected}\n--- found\n{found}",
                    name(&folder)
                ));
            }
        }
    }
    assert!(differ.is_empty(), "{} goldens differ:\n{}", differ.len(), differ.join("\n"));
}

#[test]
fn every_rule_fires_in_some_scenario_and_is_silent_in_another() {
    let reports: Vec<String> = scenarios()
        .iter()
        .map(|folder| fs::read_to_string(folder.join("check.json")).expect("the golden is there"))
        .collect();
    // What is served is in no manifest: `audit::served` has a table for those. What needs a policy or roots has
    // its cases in `policy`.
    let elsewhere = ["served-", "waiver-", "untrusted-chain"];
    let in_manifests = |rule: &&&certwright::audit::Rule| {
        !elsewhere.iter().any(|start| rule.code.starts_with(start))
    };
    for rule in certwright::audit::RULES.iter().filter(in_manifests) {
        let mark = format!("\"rule\": \"{}\"", rule.code);
        assert!(reports.iter().any(|report| report.contains(&mark)), "{} never fires", rule.code);
        assert!(reports.iter().any(|report| !report.contains(&mark)), "{} always fires", rule.code);
    }
}

#[test]
fn a_scenario_gives_the_same_findings_offline_and_on_a_real_api_server() {
    let test = "a_scenario_gives_the_same_findings_offline_and_live";
    let mut differ = Vec::new();
    for folder in scenarios() {
        if folder.join("offline-only").exists() {
            continue;
        }
        let Some(live) = cluster_for(test, &folder) else { return };
        if is_gke(&folder) {
            gke::install(&live);
        }
        live.create_scenario(&name(&folder));
        give_addresses(&live, &folder);
        let Ok(server) = name_server(test, &folder) else { continue };
        let server = server.as_ref().map(NameServer::address);
        let own = check_args(&folder);
        let mut args = asking(&own, server.as_deref());
        // Of Opaque Secrets that nobody names the cluster's list tells nothing, not even that they
        // are there.
        args.push("--allow-empty");
        let on_cluster = live.certwright().args(&args).args(&["-o", "json", "-n", &live.namespace]);
        let in_files = Certwright::new().folder(&folder).args(&args);
        let in_files = in_files.args(&["-f", "in", "-o", "json", "-n", &live.namespace]);
        let (mut on_cluster, mut in_files) = (on_cluster.run().json(), in_files.run().json());
        let (missing, not_read) = (take_absences(&mut on_cluster), take_absences(&mut in_files));
        assert!(missing.is_superset(&not_read), "{}: {missing:?}, {not_read:?}", name(&folder));
        let (live_findings, file_findings) = (comparable(&on_cluster), comparable(&in_files));
        if live_findings != file_findings {
            differ.push(format!(
                "{}\n--- files\n{file_findings:#}\n--- cluster\n{live_findings:#}",
                name(&folder)
            ));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

/// A namespace for the scenario, on the shared cluster. One with a file `gateway-api` or `openshift`
/// gets a cluster of its own, with kinds that would be asked for in every other test too.
pub(super) fn cluster_for(test: &str, folder: &Path) -> Option<Live> {
    let (gateways, routes) =
        (folder.join("gateway-api").exists(), folder.join("openshift").exists());
    if !gateways && !routes {
        return Live::new(test);
    }
    let live = Live::alone(test)?;
    if gateways {
        kinds::gateway_api(&live);
    }
    if routes {
        kinds::openshift(&live);
    }
    Some(live)
}

/// Writes what the manifests say of the addresses of Ingresses: `kubectl create` drops a status.
pub(super) fn give_addresses(live: &Live, folder: &Path) {
    let manifests = folder.join("in").display().to_string();
    let read = live.kubectl(&["create", "--dry-run=client", "-o", "json", "-f", &manifests]);
    let objects = serde_json::Deserializer::from_slice(&read.stdout).into_iter::<Value>();
    for object in objects {
        let object = object.expect("kubectl prints JSON");
        let items = object["items"].as_array().cloned();
        for object in items.unwrap_or_else(|| vec![object]) {
            let rows = object.pointer("/status/loadBalancer/ingress");
            if let (Some(rows), Some("Ingress")) = (rows, object["kind"].as_str()) {
                let name = object["metadata"]["name"].as_str().expect("it has a name");
                gke::give_addresses(live, name, rows);
            }
        }
    }
}

/// Takes out what depends on more than the scenario: whether a Secret is unused, files do not know without
/// workloads, and the shared cluster, where other tests install kinds that may name one, never tells.
/// `live_users` looks at a cluster of its own.
fn without_the_unused(report: &mut Value) {
    report["unreadUsers"] = Value::Null;
    if let Some(findings) = report["findings"].as_array_mut() {
        findings.retain(|finding| finding["rule"] != "secret-unused");
    }
}

/// Takes out the findings about Services, BackendConfigs and ManagedCertificates that are not
/// there, or are gone: a cluster knows that of all, files only where such objects are among them.
/// Those that files tell of must be told of by the cluster too.
fn take_absences(report: &mut Value) -> BTreeSet<String> {
    let Some(findings) = report["findings"].as_array_mut() else { return BTreeSet::new() };
    let (absences, others) = std::mem::take(findings).into_iter().partition(|finding| {
        let message = finding["message"].as_str().unwrap_or_default();
        let absent = ["does not exist in namespace", "is not among the files read"];
        let absent = absent.iter().any(|words| message.contains(words));
        finding["rule"] == "managed-orphaned" || (absent && finding["rule"] != "secret-missing")
    });
    *findings = others;
    let absences: Vec<Value> = absences;
    let told = |finding: &Value| {
        let related = finding["related"].as_array().and_then(|related| related.last());
        let related = related.map(|object| object["name"].clone());
        format!("{} of {} about {related:?}", finding["rule"], finding["ref"]["name"])
    };
    absences.iter().map(told).collect()
}

/// A report without what only files (paths) or only a cluster (that a Secret is missing, not just
/// not among the files) can know. Everything else must be the same.
fn comparable(report: &Value) -> Value {
    let mut report = report.clone();
    without_the_unused(&mut report);
    for field in ["source", "context", "server", "user"] {
        report[field] = Value::Null;
    }
    report["summary"] = Value::Null;
    forget_places(&mut report);
    for finding in report["findings"].as_array_mut().into_iter().flatten() {
        finding["remedy"] = Value::Null;
        // Only a cluster knows when an object was made.
        if let Some(evidence) = finding["evidence"].as_object_mut() {
            evidence.remove("created");
        }
        if finding["rule"] == "managed-unattached" {
            finding["severity"] = Value::Null;
        }
        if finding["rule"] == "secret-missing" {
            finding["severity"] = Value::Null;
            finding["message"] = Value::Null;
        }
    }
    let missing: Vec<Value> =
        report["findings"].as_array().into_iter().flatten().cloned().collect();
    let missing: Vec<&Value> = missing
        .iter()
        .filter(|finding| finding["rule"] == "secret-missing")
        .map(|finding| &finding["ref"])
        .collect();
    for host in report["hosts"].as_array_mut().into_iter().flatten() {
        if missing.contains(&&host["ref"]) && host["covered"] != "yes" {
            host["covered"] = Value::Null;
        }
    }
    if let Some(findings) = report["findings"].as_array_mut() {
        // The severity that differs would put them in another order.
        findings.sort_by_key(ToString::to_string);
    }
    report
}

fn forget_places(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                if matches!(key.as_str(), "path" | "document" | "item") {
                    *value = Value::Null;
                } else {
                    forget_places(value);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(forget_places),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

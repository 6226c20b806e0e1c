//! The formats that programs read, each by a parser of somebody else: it is one, and holds the findings
//! that JSON holds.
//!
//! Knows what is reported on. Refuses to know how any format is written: `witness/formats.py` reads them.

mod page;

use super::scenarios::{AT, check_args, scenarios};
use crate::support::binary::Certwright;
use crate::support::witness;
use certwright::render::harmless;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The formats, and what their files are called.
const FORMATS: [(&str, &str); 7] = [
    ("csv", "csv"),
    ("markdown", "md"),
    ("sarif", "sarif"),
    ("junit", "xml"),
    ("github", "github"),
    ("prometheus", "prom"),
    ("html", "html"),
];

/// Reports on the same manifests in every format, to be read by their parsers.
struct Cases {
    reports: TempDir,
    /// Each as JSON has it.
    expected: BTreeMap<String, Value>,
}

impl Cases {
    fn new() -> Self {
        let reports = TempDir::new().expect("a temp folder can be made");
        Self { reports, expected: BTreeMap::new() }
    }

    /// `check` with these arguments, in this folder.
    fn add(&mut self, name: &str, folder: &Path, args: &[&str]) {
        let check = |format: &str| {
            let certwright = Certwright::new().folder(folder).args(args);
            certwright.args(&["-f", "in", "--all", "--allow-empty", "-o", format]).run()
        };
        self.expected.insert(name.to_owned(), check("json").json());
        let case = self.reports.path().join(name);
        fs::create_dir(&case).expect("a folder can be made");
        for (format, extension) in FORMATS {
            let report = case.join(format!("report.{extension}"));
            fs::write(report, check(format).stdout).expect("a report can be written");
        }
    }

    /// Asks the parsers, and compares what they read.
    fn judge(&self, test: &str) {
        let Some(read) = witness::of_formats(test, self.reports.path()) else { return };
        for (name, expected) in &self.expected {
            let read = &read[name];
            for format in ["csv", "md", "sarif", "xml", "github", "html"] {
                let told = rows(&read[format]["findings"]);
                // An annotation has no severity where it is waived.
                let blunt = format == "github";
                assert_eq!(difference(expected, told, blunt), None, "{name}: {format}");
                let problems = expected["problems"].as_array().map(Vec::len);
                assert_eq!(read[format]["problems"], json!(problems), "{name}: {format}");
            }
            let certificates = expected["certificates"].as_array().map(Vec::len);
            assert_eq!(read["csv"]["certificates"], json!(certificates), "{name}");
            assert_eq!(shown(&read["csv"]["objects"]), objects(expected), "{name}: csv");
            assert_eq!(shown(&read["sarif"]["objects"]), objects(expected), "{name}: sarif");
            assert_eq!(read["prom"]["counts"], counts(expected, false), "{name}");
            assert_eq!(read["prom"]["waived"], counts(expected, true), "{name}");
            let complete = i32::from(expected["complete"] == true);
            assert_eq!(read["prom"]["complete"], json!(complete), "{name}");
        }
    }
}

/// A finding: its rule, severity, whether it is waived, and its text.
type Row = (String, String, bool, String);

fn rows(findings: &Value) -> Vec<Row> {
    let text = |value: &Value| value.as_str().expect("it is text").to_owned();
    let row = |row: &Value| {
        let shown = harmless::line(&text(&row[3])).into_owned();
        (text(&row[0]), text(&row[1]), row[2] == true, shown)
    };
    findings.as_array().expect("they are listed").iter().map(row).collect()
}

/// What one has and the other has not: what was read may say more in a text, such as whom it hurts.
fn difference(expected: &Value, mut told: Vec<Row>, blunt: bool) -> Option<String> {
    let mut findings: Vec<&Value> = expected["findings"].as_array()?.iter().collect();
    // The longer first: a short text stands in many.
    let length = |finding: &&Value| finding["message"].as_str().map(str::len);
    findings.sort_by_key(|finding| std::cmp::Reverse(length(finding)));
    for finding in findings {
        let text = |name: &str| finding[name].as_str().unwrap_or_default();
        let message = harmless::line(text("message")).into_owned();
        let waived = finding["waived"] == true;
        let severity = if blunt && waived { "info" } else { text("severity") };
        let is_it = |row: &Row| {
            row.0 == text("rule")
                && row.1 == severity
                && row.2 == waived
                && row.3.contains(&message)
        };
        let Some(at) = told.iter().position(is_it) else {
            return Some(format!("it lacks {finding:#}; left are {told:#?}"));
        };
        told.swap_remove(at);
    }
    told.first().map(|row| format!("it has too many: {row:?}"))
}

/// The objects of the findings, in order.
fn objects(expected: &Value) -> Value {
    let text = |value: &Value| harmless::line(value.as_str().unwrap_or_default()).into_owned();
    let of = |finding: &Value| {
        let reference = &finding["ref"];
        let fields = ["kind", "namespace", "name", "key"];
        json!(fields.map(|field| text(&reference[field])))
    };
    expected["findings"].as_array().expect("they are listed").iter().map(of).collect()
}

/// The same as they are shown: JSON keeps what is harmful behind escapes.
fn shown(objects: &Value) -> Value {
    match objects {
        Value::Array(items) => items.iter().map(shown).collect(),
        text => harmless::line(text.as_str().unwrap_or_default()).into_owned().into(),
    }
}

/// How many findings there are by rule and severity.
fn counts(expected: &Value, waived: bool) -> Value {
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for finding in expected["findings"].as_array().into_iter().flatten() {
        if finding["waived"] == waived {
            let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
            *counts.entry((text("rule"), text("severity"))).or_default() += 1;
        }
    }
    counts.into_iter().map(|((rule, severity), count)| json!([rule, severity, count])).collect()
}

#[test]
fn every_format_of_every_scenario_is_what_its_parser_takes_and_holds_the_same_findings() {
    let test = "every_format_of_every_scenario";
    if witness::parsers(test).is_none() {
        return;
    }
    let mut cases = Cases::new();
    for folder in scenarios() {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        cases.add(&name, &folder, &check_args(&folder));
    }
    cases.judge(test);
}

/// Names that are something else to one parser or the other.
const HOSTILE: [&str; 14] = [
    "=HYPERLINK(\"https://a.example\",\"b\")",
    "+1,-1;\"\"",
    "@team #12 https://a.example www.a.example",
    "a|b\\|c `d` ``e",
    "*a* _b_ [c](https://d.example) ![e](f) <!-- g -->",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>&lt;&amp;",
    "]]></failure>\"'&",
    "a::error file=x::b%0A::error::c%25",
    "\"} 1\nx509_cert_not_after{a=\"b",
    "\u{1b}[31m\u{202e}\u{7}\r\n\t\u{0}x",
    "\u{fffe}\u{ffff}\u{feff}\u{85}\u{2028}",
    "{0} {{1}} %s $(id) `id`",
    "\u{1f480}e\u{301} ünï",
];

/// A Secret of this name with a certificate and the key of another, and an Ingress for it.
fn objects_named(name: &str) -> [Value; 2] {
    let crt = include_str!("../../testdata/pki/guide.crt.pem");
    let key = include_str!("../../testdata/pki/rsa-2048-01.pem");
    [
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": { "name": name, "namespace": name },
            "stringData": { "tls.crt": crt, "tls.key": key },
        }),
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": { "name": name, "namespace": name },
            "spec": {
                "ingressClassName": name,
                "tls": [{ "secretName": name, "hosts": [name] }, { "secretName": format!("{name}2") }],
                "rules": [{ "host": name }],
            },
        }),
    ]
}

fn list_in(folder: &Path, file: &str, items: &[Value]) {
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
    fs::create_dir_all(folder.join("in")).expect("a folder can be made");
    fs::write(folder.join("in").join(file), list.to_string()).expect("a manifest can be written");
}

#[test]
fn every_format_of_nothing_and_of_hostile_names_is_what_its_parser_takes() {
    let test = "every_format_of_hostile_names";
    if witness::parsers(test).is_none() {
        return;
    }
    let folder = TempDir::new().expect("a temp folder can be made");
    let mut cases = Cases::new();
    list_in(&folder.path().join("empty"), "list.json", &[]);
    cases.add("empty", &folder.path().join("empty"), &["check", "--at", AT]);
    for (number, name) in HOSTILE.into_iter().enumerate() {
        let place = folder.path().join(number.to_string());
        list_in(&place, "=a,b\"c|d`e<f>&%0A:g.json", &objects_named(name));
        cases.add(&number.to_string(), &place, &["check", "--at", AT]);
    }
    cases.judge(test);
}

/// The manifests that the goldens of every format are about.
fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/formats")
}

#[test]
fn every_format_reads_as_its_golden_says() {
    let update = std::env::var_os("UPDATE_GOLDENS").is_some();
    let mut differ = Vec::new();
    for (format, extension) in FORMATS {
        let certwright = Certwright::new().folder(&sample());
        let found = certwright.args(&["check", "--at", AT, "-f", "in", "-o", format]).run();
        let found = found.expect_code(1).stdout;
        let path = sample().join(format!("check.{extension}"));
        if update {
            fs::write(&path, &found).expect("goldens can be written");
        }
        if fs::read_to_string(&path).unwrap_or_default() != found {
            differ.push(format!("{}\n{found}", path.display()));
        }
    }
    assert!(differ.is_empty(), "{} goldens differ:\n{}", differ.len(), differ.join("\n"));
}

#[test]
fn what_helm_rendered_is_found_in_its_template() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let rendered = fs::read_to_string(sample().join("in/rendered.yaml")).expect("it is there");
    let check = |format: &str| {
        let certwright = Certwright::new().folder(folder.path()).stdin(rendered.clone());
        certwright.args(&["check", "--at", AT, "-f", "-", "-o", format]).run().stdout
    };
    let file = "file=shop/templates/secret.yaml,line=1,";
    assert!(check("github").contains(file), "{}", check("github"));
    let log: Value = serde_json::from_str(&check("sarif")).expect("it is JSON");
    let results = log["runs"][0]["results"].as_array().expect("there are some");
    let uri = "/locations/0/physicalLocation/artifactLocation/uri";
    let uris: Vec<&Value> = results.iter().filter_map(|result| result.pointer(uri)).collect();
    assert!(uris.contains(&&json!("shop/templates/secret.yaml")), "{uris:?}");
    let junit = check("junit");
    assert!(junit.contains("file=\"shop/templates/secret.yaml\" line=\"1\""), "{junit}");
}

#[test]
fn fingerprints_are_those_of_another_day_order_and_file() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let rendered = fs::read_to_string(sample().join("in/rendered.yaml")).expect("it is there");
    let mut documents: Vec<&str> = rendered.split("---\n").collect();
    documents.reverse();
    fs::write(folder.path().join("other.yaml"), documents.join("\n---\n")).expect("it is written");
    let fingerprints = |folder: &Path, at: &str, file: &str| {
        let certwright = Certwright::new().folder(folder);
        let ran = certwright.args(&["check", "--at", at, "-f", file, "-o", "sarif"]).run();
        let log = ran.json();
        let results = log["runs"][0]["results"].as_array().expect("there are some").clone();
        let prints = results.iter().map(|result| result["partialFingerprints"].to_string());
        let mut prints: Vec<String> = prints.collect();
        prints.sort();
        prints
    };
    let here = fingerprints(&sample(), AT, "in/rendered.yaml");
    let there = fingerprints(folder.path(), "2026-11-22", "other.yaml");
    assert!(here.len() > 2, "{here:?}");
    assert_eq!(here, there);
}

#[test]
fn thousands_of_certificates_are_all_in_every_format() {
    let test = "thousands_of_certificates";
    if witness::parsers(test).is_none() {
        return;
    }
    // Unoptimized, ten thousand take half a minute for each format.
    let count = if std::env::var_os("CERTWRIGHT_FLEET").is_some() { 10_000 } else { 1_000 };
    let folder = TempDir::new().expect("a temp folder can be made");
    page::write_secrets(folder.path(), count);
    let mut cases = Cases::new();
    cases.add("many", folder.path(), &["check", "--at", AT]);
    cases.judge(test);
}

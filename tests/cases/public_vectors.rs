//! The public test certificates of pyca/cryptography, NIST's PKITS among them: whatever a file
//! holds is inspected, and where OpenSSL and Python agree on it, certwright says the same.
//!
//! Knows the files (`testdata/vectors/install.sh` brings them from `PyPI`) and, by name and reason,
//! where we differ on purpose. Refuses to leave out a kind of file because one of it is hard.

use crate::support::binary::Certwright;
use crate::support::openssl_text::{self, Told};
use crate::support::terminal::expect_harmless;
use crate::support::witness::{self, OpenSsl};
use base64::Engine as _;
use certwright::inventory::bundle::Bundle;
use certwright::x509::cert::Certificate;
use certwright::x509::digest;
use ring::rand::SystemRandom;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Where certwright says something else than OpenSSL and Python, who agree: file, what of it, why.
/// An entry that is no longer needed fails the test too.
const DIFFERENCES: &[(&str, &str, &str)] = &[];

/// The folder of the files; nothing, loudly, where nobody has brought them.
pub(super) fn vectors(test: &str) -> Option<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/vectors/install.sh");
    let told = Command::new(script).arg("--where").output().expect("the script starts");
    let folder = PathBuf::from(String::from_utf8(told.stdout).expect("UTF-8").trim());
    if folder.is_dir() {
        return Some(folder);
    }
    witness::skip(test, "needs the files that testdata/vectors/install.sh brings");
    None
}

/// Every file below the folder, in the order of their paths.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("it can be read").flatten() {
            let list = if entry.path().is_dir() { &mut folders } else { &mut found };
            list.push(entry.path());
        }
    }
    found.sort();
    assert!(found.len() > 2_000, "only {} files are there", found.len());
    found
}

#[test]
fn every_public_test_file_is_inspected_without_a_panic() {
    let test = "every_public_test_file_is_inspected_without_a_panic";
    let Some(folder) = vectors(test) else { return };
    let files = files(&folder);
    for format in ["table", "wide", "json"] {
        // In two halves, for a command line has its limits.
        for half in files.chunks(files.len() / 2 + 1) {
            let ran = Certwright::new().args(&["inspect", "-o", format]).args(half).run();
            expect_harmless("the public test files", format, &ran);
            // Some of them hold no certificate, but a request, a list or a message.
            assert!([0, 3].contains(&ran.code), "exit code {}:\n{}", ran.code, ran.stderr);
        }
    }
}

#[test]
fn where_openssl_and_python_agree_on_a_public_test_file_certwright_agrees() {
    let test = "where_openssl_and_python_agree_on_a_public_test_file_certwright_agrees";
    let Some(folder) = vectors(test) else { return };
    let Some(openssl) = witness::openssl(test) else { return };
    let Some(verdicts) = witness::python_program(test, "vectors.py", &folder) else { return };
    let read: Vec<&Value> =
        verdicts.iter().filter(|told| told["certificates"].is_array()).collect();
    assert!(read.len() > 500, "Python reads only {} of the files", read.len());

    let half = read.len().div_ceil(2);
    let judge = |part: &[&Value]| {
        let scratch = TempDir::new().expect("a temp folder can be made");
        part.iter()
            .map(|told| compared(&openssl, scratch.path(), &folder, told))
            .collect::<Vec<_>>()
    };
    let compared: Vec<Compared> = std::thread::scope(|threads| {
        let first = threads.spawn(|| judge(&read[..half]));
        let second = judge(&read[half..]);
        first.join().expect("the judge comes to its end").into_iter().chain(second).collect()
    });

    let agreed: usize = compared.iter().map(|one| one.agreed).sum();
    assert!(agreed > 1_500, "the two agree on only {agreed} dates and names");
    let mut unexplained = Vec::new();
    let mut found = BTreeSet::new();
    for (file, what, how) in compared.iter().flat_map(|one| &one.differences) {
        found.insert((file.as_str(), *what));
        if !DIFFERENCES.iter().any(|(known, of, _)| (known, of) == (&file.as_str(), what)) {
            unexplained.push(format!("{file}: {what}: {how}"));
        }
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    for (file, what, why) in DIFFERENCES {
        assert!(found.contains(&(*file, *what)), "{file} no longer differs in its {what}: {why}");
    }
}

/// What came of one file.
struct Compared {
    /// On how many facts OpenSSL and Python agreed.
    agreed: usize,
    /// File, fact, and both sides.
    differences: Vec<(String, &'static str, String)>,
}

fn compared(openssl: &OpenSsl, scratch: &Path, folder: &Path, told: &Value) -> Compared {
    let file = told["file"].as_str().expect("it has a path").to_owned();
    let bytes = fs::read(folder.join(&file)).expect("it can be read");
    let ours = Bundle::of_file(&bytes, &SystemRandom::new()).certificates;
    let mut result = Compared { agreed: 0, differences: Vec::new() };
    let theirs = told["certificates"].as_array().expect("it was asked before");
    for python in theirs {
        let der = python["der"].as_str().expect("it has its DER");
        let der = base64::engine::general_purpose::STANDARD.decode(der).expect("base64");
        let Some(openssl) = by_openssl(openssl, scratch, &der) else { continue };
        let agreed = agreed(python, &openssl);
        result.agreed += agreed.len();
        let sha256 = digest::sha256(&der);
        let Some(facts) = ours.iter().find(|facts| facts.sha256 == sha256) else {
            result.differences.push((file.clone(), "certificate", "it is not read".to_owned()));
            continue;
        };
        for (what, theirs) in agreed {
            let ours = fact(facts, what);
            if ours != theirs {
                let both = format!("theirs {theirs}, ours {ours}");
                result.differences.push((file.clone(), what, both));
            }
        }
    }
    result
}

/// What it says; nothing, when it does not take this for a certificate.
fn by_openssl(openssl: &OpenSsl, scratch: &Path, der: &[u8]) -> Option<Told> {
    let path = scratch.join("one.der").display().to_string();
    fs::write(&path, der).expect("it can be written");
    let said = openssl.ask(&["x509", "-inform", "DER", "-noout", "-text", "-in", &path]).ok()?;
    Some(openssl_text::certificate(&said))
}

/// The facts on which they agree.
fn agreed(python: &Value, openssl: &Told) -> Vec<(&'static str, Value)> {
    let mut names = openssl.names.clone();
    names.remove("other");
    for kind in ["dns", "ip", "email", "uri"] {
        names.entry(kind).or_default();
    }
    let theirs = [
        ("notBefore", json!(openssl.not_before)),
        ("notAfter", json!(openssl.not_after)),
        ("names", json!(names)),
    ];
    theirs.into_iter().filter(|(what, told)| !told.is_null() && python[what] == *told).collect()
}

fn fact(facts: &Certificate, what: &str) -> Value {
    match what {
        "notBefore" => json!(facts.not_before.unix_timestamp()),
        "notAfter" => json!(facts.not_after.unix_timestamp()),
        _ => json!(witness::names_by_kind(facts)),
    }
}

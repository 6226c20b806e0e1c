//! Inputs that no honest person makes: whatever a file holds, nobody panics, hangs, eats the
//! memory, or lets the file speak to the terminal.
//!
//! Knows `testdata/hostile/files`, which `make.py` beside it makes, and what each comes to
//! (`expected.txt`). Refuses to know what is harmful: `support/terminal.rs` does.
//!
//! `UPDATE_GOLDENS=1 cargo test --test main hostile` writes `expected.txt` anew; read the diff.
//! How long each file takes is not asked here, where nothing is optimised, but by
//! `testdata/hostile/measure.py`, which `.ci/run` starts on the release build.

use crate::support::binary::{Certwright, Ran};
use crate::support::terminal::expect_harmless;
use crate::support::witness;
use base64::Engine as _;
use certwright::cli::Cli;
use clap::CommandFactory as _;
use serde_json::json;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Every file is judged at this instant.
const AT: &str = "2026-11-21T00:00:00Z";
/// At most 64 MiB that are not the program itself (KiB, as `ulimit` counts), and a time after
/// which the machine has hung rather than been slow. Going over either ends it by a signal.
const LIMITED: &str = "ulimit -d 65536 && ulimit -t 60 && exec \"$0\" \"$@\"";
/// The commands' formats.
const FORMATS: [&str; 3] = ["table", "wide", "json"];

fn hostile() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/hostile")
}

/// The committed files by name.
pub(super) fn files() -> BTreeMap<String, PathBuf> {
    let found = files_in(&hostile().join("files"));
    assert!(found.len() >= 140, "only {} hostile files were found", found.len());
    found
}

fn files_in(folder: &Path) -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there").flatten();
    entries
        .map(|entry| (entry.file_name().to_str().expect("an ASCII name").to_owned(), entry.path()))
        .collect()
}

fn limited(args: &[&str]) -> Certwright {
    Certwright::under(LIMITED).args(args)
}

fn inspected(path: &Path, format: &str) -> Ran {
    let path = path.to_str().expect("an ASCII path");
    let ran = limited(&["inspect", path, "-o", format, "--at", AT]).run();
    expect_harmless(path, format, &ran);
    // Read, read in part, or nothing in it to read: `inspect` has no other end.
    let known = [0, 3, 4].contains(&ran.code);
    assert!(known, "{path} as {format} ends with {}:\n{}", ran.code, ran.stderr);
    ran
}

#[test]
fn the_hostile_files_are_those_that_their_generator_makes() {
    let test = "the_hostile_files_are_those_that_their_generator_makes";
    let Some(folder) = generated(test, &[]) else { return };
    let (made, kept) = (files_in(folder.path()), files());
    assert!(made.keys().eq(kept.keys()), "run testdata/hostile/make.py");
    let total: usize = kept
        .iter()
        .map(|(name, path)| {
            let bytes = fs::read(path).expect("it can be read");
            let same = bytes == fs::read(&made[name]).expect("it can be read");
            assert!(same, "{name} differs: run testdata/hostile/make.py");
            bytes.len()
        })
        .sum();
    assert!(total < 1_500_000, "{total} bytes are too many to keep");
}

/// A folder with what `make.py` makes for these arguments; nothing, loudly, without Python.
fn generated(test: &str, arguments: &[&str]) -> Option<TempDir> {
    let folder = TempDir::new().expect("a temp folder can be made");
    let mut python = Command::new("python3");
    if !witness::succeeds(Command::new("python3").arg("--version")) {
        witness::skip(test, "needs python3");
        return None;
    }
    python.arg(hostile().join("make.py")).args(arguments).arg(folder.path());
    assert!(witness::succeeds(&mut python), "make.py makes its files");
    Some(folder)
}

/// All in one run: how each ends by itself is asked of its JSON.
#[test]
fn no_file_reaches_the_terminal_raw_in_a_table() {
    let files = files();
    for format in FORMATS {
        let inspect = Certwright::new().args(&["inspect", "--at", AT, "-o", format]);
        let ran = inspect.args(&files.values().collect::<Vec<_>>()).run();
        expect_harmless("all files", format, &ran);
        let ran = ran.expect_code(3);
        assert!(ran.stdout.lines().count() > files.len() / 2, "{format} tells of them");
    }
}

#[test]
fn every_file_comes_to_what_is_written_down_and_its_json_is_json() {
    let mut found = String::new();
    for (name, path) in files() {
        let ran = inspected(&path, "json");
        let certificates = match ran.stdout.as_str() {
            "" => "nothing read".to_owned(),
            _ => format!("certificates {}", ran.json()["summary"]["certificates"]),
        };
        let _ = writeln!(found, "{name:<44} exit {}, {certificates}", ran.code);
    }
    let golden = hostile().join("expected.txt");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(&golden, &found).expect("goldens can be written");
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    let differ: Vec<_> = found.lines().filter(|line| !expected.contains(line)).collect();
    assert!(found == expected, "{} lines differ:\n{}", differ.len(), differ.join("\n"));
}

/// As the certificate of one Secret and as the key of another, both used by an Ingress.
#[test]
fn no_file_reaches_the_terminal_raw_out_of_a_secret() {
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let good = encode(&fs::read(&files()["private-good.pem"]).expect("it can be read"));
    let mut items = Vec::new();
    for (name, path) in files() {
        let value = encode(&fs::read(path).expect("it can be read"));
        let name = name.replace('.', "-").to_lowercase();
        for (secret, data) in [
            (format!("crt-{name}"), json!({ "tls.crt": value, "tls.key": good })),
            (format!("key-{name}"), json!({ "tls.crt": good, "tls.key": value })),
        ] {
            items.push(json!({
                "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
                "metadata": { "name": secret }, "data": data,
            }));
            items.push(json!({
                "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
                "metadata": { "name": secret },
                "spec": {
                    "tls": [{ "hosts": ["a.example"], "secretName": secret }],
                    "rules": [{ "host": "a.example" }],
                },
            }));
        }
    }
    let count = items.len();
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": items }).to_string();
    for format in FORMATS {
        // All of them at once may take more memory than one.
        let check = Certwright::new().args(&["check", "-f", "-", "-o", format, "--at", AT]);
        let ran = check.stdin(list.clone()).run();
        expect_harmless("all Secrets", format, &ran);
        let ran = ran.expect_code(1);
        assert!(ran.stdout.len() > count, "{format} tells of them");
    }
    for args in [["rotate", "--due", "--dry-run=client"], ["rotate", "--due", "--in-place"]] {
        let manifests = TempDir::new().expect("a temp folder can be made");
        fs::write(manifests.path().join("all.json"), &list).expect("it can be written");
        let rotate = Certwright::new().folder(manifests.path()).args(&args);
        let ran = rotate.args(&["--at", AT, "-f", "."]).run();
        expect_harmless("all Secrets", args[2], &ran);
    }
}

#[test]
fn no_file_reaches_the_terminal_raw_when_it_is_imported() {
    for (name, path) in files() {
        let path = path.to_str().expect("an ASCII path");
        let pair = ["import", "x", "--cert", path, "--key", path, "--dry-run=client", "-o", "json"];
        let ran = limited(&pair).run();
        expect_harmless(&name, "json", &ran);
        assert!([0, 4].contains(&ran.code), "{name} ends with {}:\n{}", ran.code, ran.stderr);
    }
}

#[test]
fn no_file_name_reaches_the_terminal_raw() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let certificate = fs::read(&files()["der-v2.pem"]).expect("it can be read");
    for name in [
        &b"\x1b[31mred.pem"[..],
        b"new\nline.pem",
        b"carriage\rreturn.pem",
        "right\u{202e}left.pem".as_bytes(),
        "zero\u{200b}width.pem".as_bytes(),
        b"\xff\xfenot-utf8.pem",
        b"c1\xc2\x9b31m.pem",
        b"$(id);`id`.pem",
        b"-o.pem",
    ] {
        let path = folder.path().join(OsStr::from_bytes(name));
        fs::write(&path, &certificate).expect("it can be written");
        fs::write(path.with_extension("crt"), "no certificate").expect("it can be written");
        fs::write(path.with_extension("yaml"), "apiVersion: [").expect("it can be written");
    }
    for format in FORMATS {
        for args in [&["inspect", "."][..], &["check", "-f", "."]] {
            let args = [args, &["-o", format, "--at", AT]].concat();
            let ran = Certwright::new().folder(folder.path()).args(&args).run();
            expect_harmless("hostile file names", format, &ran);
        }
    }
}

/// One thought taken to its end, in about a mebibyte each; every format in turn, for unoptimised
/// code is slow with so much, and `measure.py` asks for each.
#[test]
fn no_large_file_takes_more_than_64_mib_or_reaches_the_terminal_raw() {
    let test = "no_large_file_takes_more_than_64_mib_or_reaches_the_terminal_raw";
    let Some(folder) = generated(test, &["--big"]) else { return };
    for (path, format) in files_in(folder.path()).values().zip(FORMATS.iter().cycle()) {
        inspected(path, format);
    }
}

#[test]
fn a_device_that_never_ends_is_not_read_for_ever() {
    let told = Certwright::new().args(&["inspect", "/dev/zero"]).run().expect_code(4);
    assert!(
        told.flat_stderr()
            .contains("it is larger than 2 MiB, which only a manifest may be: split it"),
        "{}",
        told.stderr
    );
    let zero = fs::File::open("/dev/zero").expect("it is there");
    let (mut command, _folder) = Certwright::new().args(&["inspect", "-"]).into_command();
    let ran = command.stdin(Stdio::from(zero)).output().expect("the binary starts");
    assert_eq!(ran.status.code(), Some(4), "standard input is no exception");
}

#[test]
fn only_a_manifest_may_be_larger_than_two_mebibytes() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let inspect = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("it can be written");
        Certwright::new().folder(folder.path()).args(&["inspect", name]).run()
    };
    let certificate = include_str!("../../testdata/pki/root-ca.crt.pem");
    // Two bytes a character, so that one stands across the border.
    let long = format!("x{}", "ü".repeat(3 * 1024 * 1024 / 2));
    let told = inspect("long.pem", &format!("{certificate}{long}")).expect_code(4);
    let why = "no certificate could be read: long.pem: it is larger than 2 MiB, which only a manifest may be: split it";
    assert!(told.stderr.contains(why), "{}", told.stderr);
    let (begin, body) = (
        "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\nmetadata: {name: web-tls}",
        "stringData:\n",
    );
    let value = certificate.replace('\n', "\n    ");
    let manifest = format!("{begin}\n{body}  note: {long}\n  tls.crt: |\n    {value}\n");
    let shown = inspect("long.yaml", &manifest).expect_code(0).stdout;
    assert!(shown.contains("secret/web-tls in long.yaml"), "{shown}");
}

/// Every command line that takes a value: the words up to it, from clap's own description.
fn places(command: &clap::Command, words: &[String], found: &mut Vec<Vec<String>>) {
    for argument in command.get_arguments().filter(|argument| argument.get_action().takes_values())
    {
        let option = argument.get_long().map(|long| format!("--{long}"));
        found.push([words, option.as_slice()].concat());
    }
    found.push([words, &["--no-such-option".to_owned()]].concat());
    for below in command.get_subcommands() {
        places(below, &[words, &[below.get_name().to_owned()]].concat(), found);
    }
}

/// A pipe gets no colours, so that whatever is raw is from the command line.
#[test]
fn no_word_of_the_command_line_reaches_the_terminal_raw() {
    let mut found = Vec::new();
    places(&Cli::command(), &[], &mut found);
    assert!(found.len() > 100, "only {} places were found", found.len());
    for words in found {
        for hostile in
            ["\u{1b}]0;t\u{7}\u{9b}31m", "x\r\nerror: forged", "\u{202e}\u{2066}\u{feff}x"]
        {
            let args: Vec<&str> = words.iter().map(String::as_str).chain([hostile]).collect();
            let ran = Certwright::new().args(&args).run();
            expect_harmless(&format!("{args:?}"), "table", &ran);
            let forged = |text: &str| text.lines().any(|line| line.starts_with("error: forged"));
            assert!(!forged(&ran.stderr) && !forged(&ran.stdout), "{args:?}: {}", ran.stderr);
        }
    }
}

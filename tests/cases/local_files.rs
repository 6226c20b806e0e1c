//! Commands on local files: what `inspect` and `import` tell of a pair, and what a batch in files
//! keeps to.

use crate::support::binary::{Certwright, Ran, run};
use std::fs;
use std::path::Path;

/// A folder with `tls.key` and `tls.crt`.
fn pair() -> Ran {
    run(&["issue", "a.example", "--key-type", "p256"]).expect_code(0)
}

fn within(folder: &Path, args: &[&str]) -> Ran {
    Certwright::new().folder(folder).args(args).run()
}

fn scenario(name: &str) -> String {
    format!("{}/testdata/scenarios/{name}/in", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn inspect_tells_which_key_file_is_the_certificates() {
    let (pair, other) = (pair(), pair());
    fs::copy(other.folder().join("tls.key"), pair.folder().join("other.key"))
        .expect("it can be copied");
    let told = within(pair.folder(), &["inspect", "tls.crt", "tls.key", "other.key"])
        .expect_code(0)
        .stdout;
    assert!(told.contains("in tls.key, matches"), "{told}");
    assert!(told.contains("p256, the key of tls.crt"), "{told}");
    assert!(told.contains("of none of the certificates looked at"), "{told}");
}

#[test]
fn inspect_reads_standard_input_and_der() {
    let pair = pair();
    let pem =
        Certwright::new().args(&["inspect", "-"]).stdin(pair.file("tls.crt")).run().expect_code(0);
    assert!(pem.stdout.contains("a.example"), "{}", pem.stdout);
    let script = "openssl x509 -in tls.crt -outform DER -out tls.der";
    let made =
        std::process::Command::new("sh").args(["-c", script]).current_dir(pair.folder()).status();
    assert!(made.expect("sh starts").success());
    let der = within(pair.folder(), &["inspect", "tls.der"]).expect_code(0);
    assert!(der.stdout.contains("a.example"), "{}", der.stdout);
}

#[test]
fn inspect_of_what_holds_no_certificate_is_bad_input() {
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    for text in ["", "garbage", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"] {
        fs::write(folder.path().join("file.pem"), text).expect("a file can be written");
        let ran = within(folder.path(), &["inspect", "file.pem"]).expect_code(4);
        assert!(ran.stderr.contains("file.pem"), "{text}: {}", ran.stderr);
    }
}

#[test]
fn import_refuses_the_key_of_another_certificate_and_shows_both_sides() {
    let (pair, other) = (pair(), pair());
    let key = other.folder().join("tls.key").display().to_string();
    let args =
        ["import", "x", "--cert", "tls.crt", "--key", &key, "--dry-run=client", "-o", "yaml"];
    let ran = within(pair.folder(), &args).expect_code(4);
    assert!(ran.stdout.is_empty(), "nothing is printed");
    assert_eq!(ran.stderr.matches("p256 ").count(), 2, "{}", ran.stderr);
}

#[test]
fn import_takes_a_combined_file_apart_and_says_what_clients_will_not_like() {
    let pair = pair();
    let both = [pair.file("tls.crt"), pair.file("tls.key")].concat();
    fs::write(pair.folder().join("both.pem"), &both).expect("a file can be written");
    let args = [
        "import",
        "x",
        "--cert",
        "both.pem",
        "--key",
        "both.pem",
        "--dry-run=client",
        "-o",
        "json",
    ];
    let manifest = within(pair.folder(), &args).expect_code(0).json();
    let value = |key: &str| {
        use base64::Engine as _;
        let text = manifest["data"][key].as_str().expect("a value");
        base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
    };
    assert_eq!(value("tls.crt"), pair.file("tls.crt"));
    assert_eq!(value("tls.key"), pair.file("tls.key"));
}

#[test]
fn a_batch_in_files_keeps_to_the_namespace_of_n() {
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let text =
        fs::read_to_string(format!("{}/secret.yaml", scenario("guide"))).expect("it is there");
    let text = text.replace("  name: my-release", "  namespace: shop\n  name: my-release");
    fs::write(folder.path().join("secret.yaml"), &text).expect("a file can be written");
    let all = ["rotate", "--all", "--yes", "-f", "secret.yaml", "--in-place", "-n"];
    within(folder.path(), &[&all[..], &["other"]].concat()).expect_code(0);
    assert_eq!(fs::read_to_string(folder.path().join("secret.yaml")).expect("it is there"), text);
    within(folder.path(), &[&all[..], &["shop"]].concat()).expect_code(0);
    assert_ne!(fs::read_to_string(folder.path().join("secret.yaml")).expect("it is there"), text);
}

#[test]
fn a_certificate_as_openssl_req_makes_it_is_a_leaf_by_name() {
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let script =
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -subj /CN=def.example";
    let made =
        std::process::Command::new("sh").args(["-c", script]).current_dir(folder.path()).output();
    assert!(made.expect("sh starts").status.success());
    let args =
        ["import", "def", "--cert", "c.pem", "--key", "k.pem", "--dry-run=client", "-o", "yaml"];
    let manifest = within(folder.path(), &args).expect_code(0);
    assert!(manifest.stderr.contains("cn-only"), "{}", manifest.stderr);
    fs::write(folder.path().join("secret.yaml"), manifest.stdout).expect("a file can be written");
    within(folder.path(), &["check", "-f", "secret.yaml"]).expect_code(1);
    within(folder.path(), &["rotate", "secret/def", "-f", "secret.yaml", "--in-place"])
        .expect_code(0);
    within(folder.path(), &["check", "-f", "secret.yaml"]).expect_code(0);
}

#[test]
fn a_file_of_many_comments_or_many_secrets_is_read() {
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let text =
        fs::read_to_string(format!("{}/secret.yaml", scenario("guide"))).expect("it is there");
    fs::write(folder.path().join("a.yaml"), format!("{}{text}", "# a comment\n".repeat(500)))
        .expect("a file can be written");
    let report = within(folder.path(), &["check", "-f", "a.yaml", "-o", "json"]).json();
    assert_eq!(report["summary"]["certificates"], 1, "{report:#}");
    let manifest = run(&[
        "issue",
        "a.example",
        "--key-type",
        "p256",
        "--secret",
        "s",
        "--dry-run=client",
        "-o",
        "json",
    ]);
    let secret = manifest.json();
    let items: Vec<_> = (0..6_000)
        .map(|number| {
            let mut secret = secret.clone();
            secret["metadata"]["name"] = format!("s{number}").into();
            secret
        })
        .collect();
    let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": items });
    let report =
        Certwright::new().args(&["check", "-f", "-", "-o", "json"]).stdin(list.to_string()).run();
    assert_eq!(report.expect_code(0).json()["summary"]["certificates"], 6_000);
}

#[test]
fn a_reader_that_goes_away_does_not_change_the_exit_code() {
    let script = format!("\"$0\" check -f {} | true; exit ${{PIPESTATUS[0]}}", scenario("expired"));
    let ran = std::process::Command::new("bash")
        .args(["-c", &script, crate::support::binary::BINARY])
        .output();
    assert_eq!(ran.expect("bash starts").status.code(), Some(1));
}

#[test]
fn the_time_is_minded_while_standard_input_is_waited_for() {
    let script = "mkfifo pipe && (exec 3<>pipe; \"$0\" check -f - --timeout 1s <pipe)";
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let ran = std::process::Command::new("sh")
        .args(["-c", script, crate::support::binary::BINARY])
        .current_dir(folder.path())
        .output();
    assert_eq!(ran.expect("sh starts").status.code(), Some(124));
}

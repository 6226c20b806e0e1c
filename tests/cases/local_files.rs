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

/// A Secret's `tls.crt` and `tls.key` out of a scenario, as files in a folder of their own.
fn files_of(name: &str, of: &str) -> tempfile::TempDir {
    use k8s_openapi::api::core::v1::Secret;
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let text = fs::read_to_string(format!("{}/secrets.yaml", scenario(of))).expect("it is there");
    let secrets = text
        .split("---\n")
        .map(|one| -> Secret { serde_saphyr::from_str(one).expect("it is a Secret") });
    let secret = secrets
        .into_iter()
        .find(|secret| secret.metadata.name.as_deref() == Some(name))
        .expect("it is one of the scenario's");
    for (key, value) in secret.data.unwrap_or_default() {
        fs::write(folder.path().join(key), value.0).expect("a file can be written");
    }
    folder
}

/// The subjects of the certificates in a PEM text, by OpenSSL.
fn subjects(pem: &str) -> Vec<String> {
    let blocks = pem.split_inclusive("-----END CERTIFICATE-----\n");
    blocks
        .map(|block| {
            let folder = tempfile::TempDir::new().expect("a temp folder can be made");
            let path = folder.path().join("one.pem");
            fs::write(&path, block).expect("a file can be written");
            let asked = std::process::Command::new("openssl")
                .args(["x509", "-noout", "-subject", "-nameopt", "RFC2253", "-in"])
                .arg(&path)
                .output();
            String::from_utf8_lossy(&asked.expect("openssl starts").stdout).trim().to_owned()
        })
        .collect()
}

#[test]
fn fix_chain_puts_the_leaf_of_the_key_first_and_leaves_the_root_out() {
    for (name, leaf) in [("mixed-tls", "mixed"), ("turned-tls", "turned"), ("whole-tls", "whole")] {
        let folder = files_of(name, "chains");
        let fix = ["inspect", "tls.crt", "tls.key", "--fix-chain"];
        let ran = within(folder.path(), &fix).expect_code(0);
        let wanted = [
            format!("subject=CN={leaf}.chain.example"),
            "subject=CN=Example Test Intermediate,O=Example Org".to_owned(),
        ];
        assert_eq!(subjects(&ran.stdout), wanted, "{name}");
        assert_eq!(
            ran.stderr.contains("left out: the root"),
            name == "mixed-tls",
            "{}",
            ran.stderr
        );
        let without_key = within(folder.path(), &["inspect", "tls.crt", "--fix-chain"]);
        assert_eq!(without_key.expect_code(0).stdout, ran.stdout, "{name}");
    }
}

#[test]
fn fix_chain_says_what_is_missing_and_writes_nothing_over_what_is_there() {
    let folder = files_of("logged-tls", "chains");
    let fix = ["inspect", "tls.crt", "tls.key", "--fix-chain", "--out", "chain.pem"];
    let ran = within(folder.path(), &fix).expect_code(0);
    assert!(ran.stderr.contains("can be had at http://ca.example/middle.crt"), "{}", ran.stderr);
    let written = fs::read_to_string(folder.path().join("chain.pem")).expect("it is there");
    assert_eq!(subjects(&written), ["subject=CN=logged.chain.example"]);
    let again = within(folder.path(), &fix).expect_code(4);
    assert!(again.stderr.contains("exists already"), "{}", again.stderr);
    within(folder.path(), &[&fix[..], &["--force"]].concat()).expect_code(0);
}

#[test]
fn fix_chain_refuses_the_key_of_another_certificate_and_several_chains() {
    let (folder, other) = (files_of("whole-tls", "chains"), files_of("logged-tls", "chains"));
    let key = other.path().join("tls.key").display().to_string();
    let ran = within(folder.path(), &["inspect", "tls.crt", &key, "--fix-chain"]).expect_code(4);
    assert!(ran.stderr.contains("none of the certificates"), "{}", ran.stderr);
    let crt = other.path().join("tls.crt").display().to_string();
    within(folder.path(), &["inspect", "tls.crt", &crt, "--fix-chain"]).expect_code(2);
}

#[test]
fn the_certificates_alone_are_written_as_pem_whatever_stood_around_them() {
    let folder = files_of("bom", "pem-oddities");
    let pem = within(folder.path(), &["inspect", "tls.crt", "-o", "pem"]).expect_code(0).stdout;
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\n"), "no byte order mark: {pem}");
    assert_eq!(subjects(&pem), ["subject=CN=bom.pem.example"]);
    let both = [fs::read(folder.path().join("tls.crt")), fs::read(folder.path().join("tls.key"))];
    let both = both.map(|read| read.expect("it is there")).concat();
    fs::write(folder.path().join("both.pem"), both).expect("a file can be written");
    let alone = within(folder.path(), &["inspect", "both.pem", "-o", "pem"]).expect_code(0);
    assert_eq!(alone.stdout, pem, "and no key");
}

#[test]
fn what_is_no_certificate_is_called_by_its_name_and_passed_over_in_a_folder() {
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("it can be written");
    };
    write("list.pem", "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n");
    write("root.pem", include_str!("../../testdata/pki/root-ca.crt.pem"));
    let inspect =
        |target: &str| Certwright::new().folder(folder.path()).args(&["inspect", target]).run();
    let told = inspect("list.pem").expect_code(4);
    let why = "error: no certificate could be read: list.pem: it is a list of revoked certificates";
    assert!(told.stderr.starts_with(why), "{}", told.stderr);
    let shown = inspect(".").expect_code(0).stdout;
    assert!(shown.contains("Example Test Root") && !shown.contains("list.pem"), "{shown}");
}

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
fn fix_chain_takes_what_a_ca_sends_in_several_files_in_any_order() {
    let folder = files_of("mixed-tls", "chains");
    let whole = within(folder.path(), &["inspect", "tls.crt", "tls.key", "--fix-chain"]);
    let whole = whole.expect_code(0).stdout;
    let text = fs::read_to_string(folder.path().join("tls.crt")).expect("it is there");
    fs::create_dir(folder.path().join("apart")).expect("a folder can be made");
    let mut files = Vec::new();
    for (index, block) in text.split_inclusive("-----END CERTIFICATE-----\n").enumerate() {
        let file = format!("apart/{index}.crt");
        fs::write(folder.path().join(&file), block).expect("it can be written");
        files.push(file);
    }
    assert!(files.len() >= 3, "leaf, intermediate and root");
    let fix = ["inspect", "--fix-chain"];
    for _ in 0..files.len() {
        files.rotate_left(1);
        let names: Vec<&str> = files.iter().map(String::as_str).collect();
        for key in [&[][..], &["tls.key"]] {
            let ran = within(folder.path(), &[&fix[..], &names, key].concat()).expect_code(0);
            assert_eq!(ran.stdout, whole, "{names:?}");
            assert!(ran.stderr.contains("left out: the root"), "{}", ran.stderr);
        }
    }
    let ran = within(folder.path(), &["inspect", "apart", "--fix-chain"]).expect_code(0);
    assert_eq!(ran.stdout, whole, "a folder of them");
}

#[test]
fn fix_chain_says_what_is_missing_and_writes_nothing_over_what_is_there() {
    let folder = files_of("logged-tls", "chains");
    let fix = ["inspect", "tls.crt", "tls.key", "--fix-chain", "--out", "chain.pem"];
    let ran = within(folder.path(), &fix).expect_code(0);
    assert!(ran.stderr.contains("download it from http://ca.example/middle.crt"), "{}", ran.stderr);
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
    let ran = within(folder.path(), &["inspect", "tls.crt", &crt, "--fix-chain"]).expect_code(2);
    let told = "hold several leaves: CN=";
    assert!(ran.flat_stderr().contains(told), "{}", ran.stderr);
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

/// A folder in which this script ran.
fn made(script: &str) -> tempfile::TempDir {
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let script = format!("set -e; {script}");
    let ran =
        std::process::Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output();
    let ran = ran.expect("sh starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    folder
}

const SELF_SIGNED: &str = "openssl req -x509 -subj /CN=a.example -addext \
                           subjectAltName=DNS:a.example -days 300 -new -key";

#[test]
fn a_key_that_does_not_hold_its_public_half_is_still_the_certificates() {
    let folder = made(&format!(
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out full.key; \
         {SELF_SIGNED} full.key -out a.crt; \
         openssl ec -in full.key -no_public -out a.key"
    ));
    for files in [["a.crt", "a.key"], ["a.key", "a.crt"]] {
        let told = within(folder.path(), &["inspect", files[0], files[1]]).expect_code(0).stdout;
        assert!(told.contains("in a.key, matches"), "{told}");
        assert!(told.contains("p256, the key of a.crt"), "{told}");
        let fixed = within(folder.path(), &["inspect", "--fix-chain", files[0], files[1]]);
        assert_eq!(fixed.expect_code(0).stderr, "");
    }
}

#[test]
fn where_two_files_cannot_be_compared_nobody_is_called_a_stranger() {
    let folder = made(&format!(
        "openssl genpkey -algorithm ED448 -out a.key; {SELF_SIGNED} a.key -out a.crt; \
         openssl genpkey -algorithm ED448 -out b.key; {SELF_SIGNED} b.key -out b.crt; \
         cat a.crt a.key > both.pem"
    ));
    let told = within(folder.path(), &["inspect", "a.crt", "a.key"]).expect_code(0).stdout;
    assert!(told.contains("perhaps in a.key, cannot be compared"), "{told}");
    assert!(told.contains("ed448, perhaps the key of a.crt"), "{told}");
    assert!(!told.contains("key-mismatch"), "two files are no pair yet: {told}");
    let told = within(folder.path(), &["inspect", "both.pem"]).expect_code(0).stdout;
    assert!(told.contains("info     key-mismatch"), "{told}");
    assert!(told.contains("is not checked"), "{told}");
    let fixed = within(folder.path(), &["inspect", "--fix-chain", "a.crt", "a.key"]);
    assert!(fixed.expect_code(0).stderr.contains("not checked: whether the key"), "it is said");
    let import = |name: &str| {
        let files = [format!("{name}.crt"), format!("{name}.key")];
        let args = ["import", name, "--cert", &files[0], "--key", &files[1]];
        let manifest = [&args[..], &["--dry-run=client", "-o", "yaml"]].concat();
        let manifest = within(folder.path(), &manifest).expect_code(0).stdout;
        fs::write(folder.path().join(format!("{name}.yaml")), manifest).expect("it can be written");
    };
    import("a");
    import("b");
    let told = within(folder.path(), &["check", "-f", "a.yaml", "-f", "b.yaml"]).stdout;
    assert_eq!(told.matches("info     key-mismatch").count(), 2, "{told}");
    assert!(!told.contains("shared-key"), "two keys of one type are two keys: {told}");
}

#[test]
fn a_key_is_read_in_der_and_under_a_label_that_is_not_its_own() {
    let folder = made(&format!(
        "openssl genrsa -out a.pem 2048; {SELF_SIGNED} a.pem -out a.crt; \
         openssl rsa -in a.pem -traditional -out old.pem; \
         sed 's/RSA PRIVATE/PRIVATE/' old.pem > mislabelled.pem; \
         openssl rsa -in a.pem -traditional -outform DER -out pkcs1.der; \
         openssl pkcs8 -topk8 -nocrypt -in a.pem -outform DER -out pkcs8.der; \
         openssl pkcs8 -topk8 -passout pass:x -in a.pem -outform DER -out locked.der; \
         openssl rsa -in a.pem -pubout -outform DER -out public.der; \
         openssl pkey -in a.pem -aes128 -passout pass:x -out locked.pem"
    ));
    for key in ["old.pem", "mislabelled.pem", "pkcs1.der", "pkcs8.der"] {
        let told = within(folder.path(), &["inspect", "a.crt", key]).expect_code(0).stdout;
        assert!(told.contains("rsa-2048, the key of a.crt"), "{key}: {told}");
        let odd = told.contains("the private key is ignored by OpenSSL and rustls");
        assert_eq!(odd, key == "mislabelled.pem", "{key}: {told}");
    }
    for key in ["locked.der", "locked.pem"] {
        let told = within(folder.path(), &["inspect", key, "a.crt"]).expect_code(0).stdout;
        assert!(told.contains("key-encrypted") && !told.contains("cert-missing"), "{key}: {told}");
    }
    within(folder.path(), &["inspect", "public.der"]).expect_code(4);
}

#[test]
fn a_key_in_openssh_s_own_form_is_named_as_that() {
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let body = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ==";
    let text =
        format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----\n");
    fs::write(folder.path().join("ssh.key"), text).expect("a file can be written");
    let told = within(folder.path(), &["inspect", "ssh.key"]).expect_code(4).stderr;
    assert!(told.contains("OpenSSH's own form") && told.contains("ssh-keygen -p -m PEM"), "{told}");
    assert!(!told.contains("is empty"), "{told}");
}

#[test]
fn an_odd_key_file_beside_a_good_certificate_is_told() {
    let pair = pair();
    let key = String::from_utf8(pair.file("tls.key")).expect("it is PEM");
    fs::write(pair.folder().join("bom.key"), format!("\u{feff}{key}")).expect("it can be written");
    let told = within(pair.folder(), &["inspect", "tls.crt", "bom.key"]).expect_code(0).stdout;
    assert!(told.contains("in bom.key, matches"), "{told}");
    assert!(told.contains("the private key is ignored by Go and rustls"), "{told}");
}

#[test]
fn the_trust_settings_of_openssl_are_not_copied_into_a_certificate() {
    let folder = made(&format!(
        "openssl genrsa -out a.key 2048; {SELF_SIGNED} a.key -out a.crt; \
         openssl x509 -in a.crt -trustout -addtrust serverAuth -out trusted.pem"
    ));
    let written = within(folder.path(), &["inspect", "trusted.pem", "-o", "pem"]).expect_code(0);
    let plain = fs::read_to_string(folder.path().join("a.crt")).expect("it is there");
    assert_eq!(written.stdout, plain);
}

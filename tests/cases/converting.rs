//! `convert`: certificates and keys in other forms, judged by OpenSSL, Java's keytool and Python's
//! cryptography; and what is refused.

use crate::support::binary::{Certwright, Ran};
use crate::support::witness::{self, OpenSsl};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A folder with a leaf of every key type that is asked for and the CA that signed it.
fn folder(key_type: &str) -> TempDir {
    let folder = TempDir::new().expect("a temp folder can be made");
    let ca = ["issue", "--make-ca", "--cn", "Shop CA", "--out-dir", "ca", "--key-type", "p256"];
    within(folder.path(), &ca).expect_code(0);
    let issue = ["issue", "shop.example", "--key-type", key_type, "--ca", "ca/ca.crt"];
    within(folder.path(), &[&issue[..], &["--ca-key", "ca/ca.key"]].concat()).expect_code(0);
    fs::write(folder.path().join("password"), "sesame\n").expect("it can be written");
    folder
}

fn within(folder: &Path, args: &[&str]) -> Ran {
    Certwright::new().folder(folder).args(args).run()
}

fn convert(folder: &Path, args: &[&str]) -> Ran {
    within(folder, &[&["convert"], args].concat())
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn mode(folder: &Path, name: &str) -> u32 {
    let metadata = fs::metadata(folder.join(name));
    metadata.unwrap_or_else(|error| panic!("{name}: {error}")).permissions().mode() & 0o777
}

/// The certificates (leaf first) and the key of a store, as OpenSSL takes them out.
fn taken_out(openssl: &OpenSsl, folder: &Path, store: &str) -> (String, String) {
    let path = folder.join(store).display().to_string();
    let take = |what: &str| {
        let args = ["pkcs12", "-in", &path, "-passin", "pass:sesame", "-nodes", what];
        openssl.ask(&args).expect("OpenSSL opens it")
    };
    (take("-nokeys"), take("-nocerts"))
}

/// The PEM blocks of a text, one behind the other.
fn blocks(text: &str) -> String {
    let mut inside = false;
    let lines = text.lines().filter(|line| {
        let begins = line.starts_with("-----BEGIN");
        let kept = inside || begins;
        inside = (inside || begins) && !line.starts_with("-----END");
        kept
    });
    lines.flat_map(|line| [line, "\n"]).collect()
}

const PASSWORD: [&str; 2] = ["--password-file", "password"];
const TO_P12: [&str; 4] = ["--to", "p12", "--p12-password-file", "password"];

#[test]
fn a_pair_becomes_a_store_and_comes_back_the_same() {
    let test = "a_pair_becomes_a_store_and_comes_back_the_same";
    let Some(openssl) = witness::openssl(test) else { return };
    for key_type in ["p256", "ed25519", "rsa-2048"] {
        let folder = folder(key_type);
        let here = folder.path();
        // In any order: the store has its leaf first.
        let files = ["ca/ca.crt", "tls.key", "tls.crt", "--out", "web.p12", "--name", "web shop"];
        let ran = convert(here, &[&files[..], &TO_P12].concat()).expect_code(0);
        assert_eq!((ran.stdout.as_str(), ran.stderr.trim()), ("", "written: web.p12"));
        assert_eq!(mode(here, "web.p12"), 0o600);
        let (certificates, key) = taken_out(&openssl, here, "web.p12");
        let both = format!("{}{}", read(here, "tls.crt"), read(here, "ca/ca.crt"));
        assert_eq!(blocks(&certificates), both, "{key_type}");
        assert_eq!(blocks(&key), read(here, "tls.key"), "{key_type}");
        assert!(key.contains("friendlyName: web shop"), "{key}");
        let pem = ["web.p12", "--to", "pem", "--out-dir", "pem"];
        convert(here, &[&pem[..], &PASSWORD].concat()).expect_code(0);
        assert_eq!(read(here, "pem/tls.crt"), both);
        assert_eq!(read(here, "pem/tls.key"), read(here, "tls.key"));
        assert_eq!((mode(here, "pem/tls.key"), mode(here, "pem/tls.crt")), (0o600, 0o644));
        let list = "keytool -list -keystore web.p12 -storepass sesame";
        let keytool = Command::new("sh").args(["-c", list]).current_dir(here).output();
        let keytool = keytool.expect("sh starts");
        let told = String::from_utf8_lossy(&keytool.stdout).into_owned();
        // Without Java nobody answers; a store that Java cannot open, it says so on stdout.
        if !told.is_empty() {
            assert!(told.contains("web shop, ") && told.contains("PrivateKeyEntry"), "{told}");
        }
    }
}

#[test]
fn python_opens_what_was_converted() {
    let test = "python_opens_what_was_converted";
    if !witness::succeeds(Command::new("python3").args(["-c", "import cryptography"])) {
        witness::skip(test, "needs python3 with cryptography");
        return;
    }
    let folder = folder("p256");
    convert(folder.path(), &[&["tls.crt", "tls.key", "--out", "web.p12"], &TO_P12[..]].concat())
        .expect_code(0);
    let script = "
from cryptography.hazmat.primitives.serialization import pkcs12
key, leaf, others = pkcs12.load_key_and_certificates(open('web.p12', 'rb').read(), b'sesame')
assert key.public_key() == leaf.public_key() and others == [], others
";
    let mut python = Command::new("python3");
    python.args(["-c", script]).current_dir(folder.path());
    assert!(witness::succeeds(&mut python));
}

#[test]
fn der_is_one_thing_a_file_and_pem_may_be_all_in_one() {
    let test = "der_is_one_thing_a_file_and_pem_may_be_all_in_one";
    let Some(openssl) = witness::openssl(test) else { return };
    let folder = folder("p256");
    let here = folder.path();
    let all = ["tls.crt", "ca/ca.crt", "tls.key"];
    convert(here, &[&all[..], &["--to", "der", "--out-dir", "der"]].concat()).expect_code(0);
    for (file, mode_of_file) in
        [("tls.key.der", 0o600), ("tls.crt.der", 0o644), ("chain-1.crt.der", 0o644)]
    {
        assert_eq!(mode(here, &format!("der/{file}")), mode_of_file, "{file}");
    }
    let path = |name: &str| here.join(name).display().to_string();
    let key = ["pkey", "-inform", "DER", "-in", &path("der/tls.key.der")];
    assert_eq!(openssl.ask(&key).expect("it reads it"), read(here, "tls.key"));
    let leaf = ["x509", "-inform", "DER", "-in", &path("der/tls.crt.der")];
    assert_eq!(openssl.ask(&leaf).expect("it reads it"), read(here, "tls.crt"));
    // And back, out of three files of bytes.
    let back = ["der/chain-1.crt.der", "der/tls.crt.der", "der/tls.key.der", "--to", "pem"];
    convert(here, &[&back[..], &["--out", "all.pem"]].concat()).expect_code(0);
    let whole = ["tls.crt", "ca/ca.crt", "tls.key"].map(|name| read(here, name)).concat();
    assert_eq!(read(here, "all.pem"), whole);
    assert_eq!(mode(here, "all.pem"), 0o600);
    convert(here, &["tls.crt", "--to", "der", "--out", "one.der"]).expect_code(0);
    assert_eq!(fs::read(here.join("one.der")).ok(), fs::read(here.join("der/tls.crt.der")).ok());
}

#[test]
fn what_a_ca_sends_as_pkcs7_becomes_a_chain() {
    let test = "what_a_ca_sends_as_pkcs7_becomes_a_chain";
    if witness::openssl(test).is_none() {
        return;
    }
    let folder = folder("p256");
    let here = folder.path();
    for form in ["DER", "PEM"] {
        let make = format!(
            "openssl crl2pkcs7 -nocrl -certfile ca/ca.crt -certfile tls.crt -outform {form} -out chain.p7b"
        );
        let made = Command::new("sh").args(["-c", &make]).current_dir(here).status();
        assert!(made.is_ok_and(|status| status.success()));
        let ran = convert(here, &["chain.p7b", "--to", "pem"]).expect_code(0);
        let both = format!("{}{}", read(here, "tls.crt"), read(here, "ca/ca.crt"));
        assert_eq!(ran.stdout, both, "{form}");
    }
}

#[test]
fn a_key_goes_to_standard_output_only_when_that_is_named() {
    let folder = folder("p256");
    let here = folder.path();
    for args in [
        &["tls.crt", "tls.key", "--to", "pem"][..],
        &["tls.key", "--to", "pem"],
        &["tls.crt", "--to", "der"],
        &["tls.crt", "tls.key", "--to", "p12", "--p12-password-file", "password"],
    ] {
        let ran = convert(here, args).expect_code(2);
        assert_eq!(ran.stdout, "", "{args:?}");
        let told =
            "name a file with --out, a folder with --out-dir, or --out - for standard output";
        assert!(ran.flat_stderr().contains(told), "{}", ran.stderr);
    }
    let ran = convert(here, &["tls.crt", "tls.key", "--to", "pem", "--out", "-"]).expect_code(0);
    assert_eq!(ran.stdout, format!("{}{}", read(here, "tls.crt"), read(here, "tls.key")));
    let ran = convert(here, &["tls.crt", "--to", "pem"]).expect_code(0);
    assert_eq!(ran.stdout, read(here, "tls.crt"));
}

#[test]
fn a_dry_run_writes_nothing_and_the_document_names_every_file() {
    let folder = folder("p256");
    let at = folder.path();
    let pair = ["tls.crt", "tls.key", "--to", "der", "--out-dir", "der"];
    let json = ["-o", "json"];
    let planned = convert(at, &[&pair[..], &json, &["--dry-run"]].concat()).expect_code(0).json();
    assert!(!at.join("der").exists());
    let done = convert(at, &[&pair[..], &json].concat()).expect_code(0).json();
    assert!(at.join("der/tls.key.der").exists());
    for (document, dry_run, result) in
        [(&planned, true, Value::Null), (&done, false, "done".into())]
    {
        assert_eq!(document["schema"], "certwright.dev/convert/v1");
        assert_eq!(document["dryRun"], dry_run);
        let step = &document["steps"][0];
        assert_eq!(step["action"], "write-files");
        assert_eq!(step["ref"]["name"], "der/tls.crt.der");
        assert_eq!(step["files"], json!(["der/tls.key.der", "der/tls.crt.der"]));
        assert_eq!(step["after"]["names"], json!(["shop.example"]));
        assert_eq!(step["result"], result);
    }
    // What is in the way is in the way of a dry run too, and nobody is asked for a password.
    let again = convert(at, &[&pair[..], &json].concat()).expect_code(4).json();
    assert_eq!(again["steps"][0]["result"], "failed");
    convert(at, &[&pair[..], &["--dry-run=client"]].concat()).expect_code(4);
    let store = ["tls.crt", "tls.key", "--to", "p12", "--out", "web.p12", "--dry-run"];
    let told = convert(at, &store).expect_code(0);
    assert!(
        told.stdout.starts_with("write    web.p12  after: shop.example; p256;"),
        "{}",
        told.stdout
    );
    assert!(!at.join("web.p12").exists());
    // Standard output has room for one thing.
    for more in [&json[..], &["--dry-run"]] {
        let ran = convert(at, &[&["tls.crt", "--to", "pem"][..], more].concat()).expect_code(2);
        assert!(ran.flat_stderr().contains("this goes to standard output"), "{}", ran.stderr);
    }
    let server = convert(at, &[&pair[..], &["--dry-run=server"]].concat()).expect_code(2);
    assert!(server.flat_stderr().contains("client"), "{}", server.stderr);
}

#[test]
fn what_is_converted_may_come_through_a_pipe() {
    let folder = folder("p256");
    let here = folder.path();
    let store = [&["tls.crt", "tls.key", "--out", "web.p12"], &TO_P12[..]].concat();
    convert(here, &store).expect_code(0);
    let store = fs::read(here.join("web.p12")).expect("it is there");
    let piped = |args: &[&str]| {
        let args = [&["convert", "-", "--to", "pem", "--out", "-"], args].concat();
        Certwright::new().folder(here).args(&args).stdin(store.clone()).run()
    };
    let ran = piped(&PASSWORD).expect_code(0);
    assert_eq!(ran.stdout, format!("{}{}", read(here, "tls.crt"), read(here, "tls.key")));
    fs::write(here.join("new-password"), "another one").expect("it can be written");
    let out = fs::File::create(here.join("new.p12")).expect("it can be made");
    let anew = ["--to", "p12", "--p12-password-file", "new-password"];
    let anew = [&["convert", "-", "--out", "-"], &anew[..], &PASSWORD].concat();
    Certwright::new()
        .folder(here)
        .args(&anew)
        .stdin(store.clone())
        .stdout(out)
        .run()
        .expect_code(0);
    assert!(fs::metadata(here.join("new.p12")).is_ok_and(|written| written.len() > 500));
    for (args, told, code) in [
        (&["--password-file", "-"][..], "cannot be both what is read and its password", 2),
        (&["-"], "standard input can be named once only", 2),
        (&[], "standard input is encrypted", 4),
    ] {
        let ran = piped(args).expect_code(code);
        assert!(ran.flat_stderr().contains(told), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn what_does_not_belong_together_or_would_be_lost_is_refused() {
    let test = "what_does_not_belong_together_or_would_be_lost_is_refused";
    if witness::openssl(test).is_none() {
        return;
    }
    let folder = folder("p256");
    let here = folder.path();
    let locked = "openssl pkey -aes256 -in tls.key -passout pass:x -out locked.key; cp tls.crt there.p12
        printf 'no certificate\\n' > text; sed 's/^MII/!!!/' tls.crt > broken.crt; printf '\\n' > empty
        openssl req -new -key tls.key -subj /CN=x -out tls.csr";
    let made = Command::new("sh").args(["-ec", locked]).current_dir(here).output();
    assert!(made.is_ok_and(|ran| ran.status.success()));
    let pem = ["--to", "pem", "--out", "new.pem"];
    for (args, told, code) in [
        ([&["tls.crt", "ca/ca.key"][..], &pem].concat(), "the private key in ca/ca.key (p256 ", 4),
        (
            [&["tls.crt", "tls.key", "ca/ca.key"][..], &pem].concat(),
            "tls.key, ca/ca.key hold different private keys, and one is taken with its certificates",
            4,
        ),
        ([&["tls.crt", "locked.key"][..], &pem].concat(), "openssl pkey -in locked.key", 4),
        (
            [&["text"][..], &pem].concat(),
            "there is no certificate and no private key in text → name files with certificates",
            4,
        ),
        ([&["tls.csr"][..], &pem].concat(), "in tls.csr: it is a certificate request (PKCS#10)", 4),
        ([&["broken.crt"][..], &pem].concat(), "certificate 1 of broken.crt cannot be read", 4),
        ([&["gone.crt"][..], &pem].concat(), "cannot use gone.crt: no such file", 4),
        (
            vec!["tls.crt", "tls.key", "--to", "der", "--out", "new.pem"],
            "DER holds one certificate or key a file, and there are 2 here → name a folder with --out-dir",
            2,
        ),
        (
            vec!["tls.crt", "tls.key", "--to", "pem", "--out", "./tls.key", "--force"],
            "./tls.key would be overwritten, and it is read → choose another --out",
            2,
        ),
        (
            [&["tls.crt", "tls.key", "--out-dir", "."][..], &TO_P12, &["--out", "x"]].concat(),
            "cannot be used with",
            2,
        ),
        (
            [&["tls.crt", "tls.key", "--out", "there.p12"][..], &TO_P12].concat(),
            "there.p12 exists already; nothing was written → add --force to replace it, or choose another --out",
            4,
        ),
        (
            vec!["tls.crt", "tls.key", "--to", "p12", "--out", "new.pem"],
            "--to p12 needs a password → name a file with --p12-password-file",
            2,
        ),
        (
            vec!["tls.crt", "--to", "p12", "--out", "new.pem", "--p12-password-file", "empty"],
            "the password of --to p12 is empty → write another password into the first line of empty",
            2,
        ),
        (
            vec!["tls.crt", "--to", "pem", "--name", "x"],
            "--name is for PKCS#12, and something else is written",
            2,
        ),
    ] {
        let ran = convert(here, &args).expect_code(code);
        assert!(ran.flat_stderr().contains(told), "{args:?}: {}", ran.stderr);
        assert!(!here.join("new.pem").exists(), "{args:?}: nothing is written");
    }
    let stays = read(here, "there.p12");
    assert_eq!(stays, read(here, "tls.crt"));
    let files = ["tls.crt", "tls.key", "--out", "there.p12", "--force"];
    convert(here, &[&files[..], &TO_P12].concat()).expect_code(0);
    assert_ne!(fs::read(here.join("there.p12")).expect("it is there"), stays.into_bytes());
}

#[test]
fn certificates_alone_become_a_store_to_trust_by() {
    let test = "certificates_alone_become_a_store_to_trust_by";
    let Some(openssl) = witness::openssl(test) else { return };
    let folder = folder("p256");
    let here = folder.path();
    convert(here, &[&["ca/ca.crt", "--out", "trust.p12"][..], &TO_P12].concat()).expect_code(0);
    let (certificates, key) = taken_out(&openssl, here, "trust.p12");
    assert_eq!((blocks(&certificates), blocks(&key)), (read(here, "ca/ca.crt"), String::new()));
    let list = "keytool -list -keystore trust.p12 -storepass sesame";
    let told = Command::new("sh").args(["-c", list]).current_dir(here).output();
    let told = String::from_utf8_lossy(&told.expect("sh starts").stdout).into_owned();
    assert!(told.is_empty() || told.contains("trustedCertEntry"), "{told}");
}

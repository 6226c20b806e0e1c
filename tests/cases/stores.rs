//! PKCS#12 stores that others made: what `inspect` shows of them, what `import` takes out, and the
//! passwords that open them.
//!
//! OpenSSL, Java's keytool and Python's cryptography make them. keytool's are looked at where it is.

use crate::support::binary::{Certwright, Ran};
use crate::support::live::Live;
use crate::support::witness;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// The chain of a CA, and stores of every kind that OpenSSL writes. The chain stands in them the
/// wrong way round.
const STORES: &str = "
export='openssl pkcs12 -export -inkey tls.key -in tls.crt -certfile upside-down.pem'
cat ca/ca.crt > upside-down.pem
$export -name 'my shop' -passout pass:sesame -out modern.p12
$export -legacy -name old -passout pass:sesame -out legacy.p12
$export -passout pass: -out empty.p12
$export -passout pass: -nomac -keypbe NONE -certpbe NONE -out clear.p12
$export -passout pass:sesame -nomac -out without-mac.p12
$export -passout pass:pässword -out umlaut.p12
$export -keypbe AES-128-CBC -certpbe DES-EDE3-CBC -macalg sha512 -passout pass:sesame -out mixed.p12
openssl pkcs12 -export -nokeys -in ca/ca.crt -passout pass:sesame -out trust.p12
$export -iter 2000000 -passout pass:sesame -out slow.p12
$export -legacy -certpbe PBE-SHA1-RC2-128 -passout pass:sesame -out rc2-128.p12
head -c 700 modern.p12 > cut.p12
printf 'sesame\\n' > password; printf 'sesame' > bare; printf 'sesame\\r\\n' > windows; printf 'other\\n' > wrong
printf 'pässword\\n' > umlaut; printf '\\377\\n' > no-text; cp modern.p12 no-ending";

/// A folder with the stores; nothing, loudly, without OpenSSL.
fn stores(test: &str) -> Option<TempDir> {
    witness::openssl(test)?;
    let folder = TempDir::new().expect("a temp folder can be made");
    let ca = ["issue", "--make-ca", "--cn", "Shop CA", "--out-dir", "ca", "--key-type", "p256"];
    within(folder.path(), &ca).expect_code(0);
    let issue = ["issue", "shop.example", "--key-type", "p256", "--ca", "ca/ca.crt"];
    within(folder.path(), &[&issue[..], &["--ca-key", "ca/ca.key"]].concat()).expect_code(0);
    script(folder.path(), STORES);
    Some(folder)
}

fn script(folder: &Path, script: &str) {
    let ran = Command::new("sh").args(["-ec", script]).current_dir(folder).output();
    let ran = ran.expect("sh starts");
    assert!(ran.status.success(), "{script}: {}", String::from_utf8_lossy(&ran.stderr));
}

fn within(folder: &Path, args: &[&str]) -> Ran {
    Certwright::new().folder(folder).args(args).run()
}

/// The certificate and key of the store as PEM, as a manifest of the Secret holds them.
fn imported(folder: &Path, store: &str, password: &[&str]) -> (String, String) {
    let import = ["import", "x", "--cert", store, "--dry-run=client", "-o", "json"];
    let secret = within(folder, &[&import[..], password].concat()).expect_code(0).json();
    let value = |key: &str| {
        use base64::Engine as _;
        let text = secret["data"][key].as_str().expect("it is there");
        let bytes = base64::prelude::BASE64_STANDARD.decode(text).expect("it is base64");
        String::from_utf8(bytes).expect("it is PEM")
    };
    (value("tls.crt"), value("tls.key"))
}

const PASSWORD: [&str; 2] = ["--password-file", "password"];

#[test]
fn a_store_is_opened_whoever_made_it_and_whatever_protects_it() {
    let test = "a_store_is_opened_whoever_made_it_and_whatever_protects_it";
    let Some(folder) = stores(test) else { return };
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("it is there");
    for (store, password, name, protection) in [
        ("modern.p12", "password", "my shop", "PBES2, AES-256, PBKDF2 with SHA-256, 2048 rounds"),
        ("no-ending", "bare", "my shop", "HMAC with SHA-256, 2048 rounds (MAC)"),
        ("modern.p12", "windows", "my shop", "2048 rounds (private key)"),
        ("legacy.p12", "password", "old", "RC2 with 40 bits and SHA-1, 2048 rounds (certificates)"),
        (
            "legacy.p12",
            "password",
            "old",
            "HMAC with SHA-1, 2048 rounds (MAC); its ciphers are old",
        ),
        ("empty.p12", "", "none", "PBES2, AES-256"),
        ("empty.p12", "password", "none", "PBES2, AES-256"),
        ("clear.p12", "", "none", "no encryption; no MAC"),
        ("without-mac.p12", "password", "none", "no MAC"),
        ("umlaut.p12", "umlaut", "none", "PBES2, AES-256"),
        ("mixed.p12", "password", "none", "PBES2, 3DES, PBKDF2 with SHA-256, 2048 rounds"),
        ("mixed.p12", "password", "none", "PBES2, AES-128, PBKDF2 with SHA-256, 2048 rounds"),
    ] {
        let flags = ["--password-file", password];
        let flags = if password.is_empty() { &[][..] } else { &flags };
        let shown = within(folder.path(), &[&["inspect", store], flags].concat());
        let shown = shown.expect_code(0).stdout;
        for part in [
            format!("{store}, certificate 1 of 2\n  subject      CN=shop.example\n"),
            format!("{store}, certificate 2 of 2\n  subject      CN=Shop CA\n"),
            format!("  friendlyName {name}\n"),
            "  private key  p256, matches\n".to_owned(),
            protection.to_owned(),
        ] {
            assert!(shown.contains(&part), "{store}: {part}: {shown}");
        }
        assert!(!shown.contains("PRIVATE KEY"), "{shown}");
        let (certificate, key) = imported(folder.path(), store, flags);
        assert_eq!(certificate, read("tls.crt"), "{store}");
        assert_eq!(key, read("tls.key"), "{store}");
    }
    let shown = within(folder.path(), &[&["inspect", "trust.p12"], &PASSWORD[..]].concat());
    assert!(shown.stdout.contains("private key  not in the file"), "{}", shown.stdout);
}

#[test]
fn what_java_and_python_write_is_read_with_its_chain() {
    let test = "what_java_and_python_write_is_read_with_its_chain";
    let Some(folder) = stores(test) else { return };
    let python = "
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import pkcs12, BestAvailableEncryption, PrivateFormat, load_pem_private_key
key = load_pem_private_key(open('tls.key', 'rb').read(), None)
leaf, root = (x509.load_pem_x509_certificate(open(name, 'rb').read()) for name in ('tls.crt', 'ca/ca.crt'))
old = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(50000)
old = old.key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC).hmac_hash(hashes.SHA1())
for name, how in ('python.p12', BestAvailableEncryption(b'sesame')), ('triple.pfx', old.build(b'sesame')):
    open(name, 'wb').write(pkcs12.serialize_key_and_certificates(b'py', key, leaf, [root], how))
";
    fs::write(folder.path().join("make.py"), python).expect("it can be written");
    let make = "python3 make.py && rm -f java.p12 old-java.p12
        copy='keytool -importkeystore -srckeystore modern.p12 -srcstorepass sesame -deststoretype PKCS12 -deststorepass sesame'
        if keytool -help >/dev/null 2>&1; then
          $copy -destkeystore java.p12 2>/dev/null; $copy -destkeystore old-java.p12 -J-Dkeystore.pkcs12.legacy 2>/dev/null; fi";
    if !witness::succeeds(Command::new("python3").args(["-c", "import cryptography"])) {
        witness::skip(test, "needs python3 with cryptography");
        return;
    }
    script(folder.path(), make);
    for store in ["python.p12", "triple.pfx", "java.p12", "old-java.p12"] {
        if !folder.path().join(store).exists() {
            continue;
        }
        let (certificate, key) = imported(folder.path(), store, &PASSWORD);
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("it is there");
        assert_eq!((certificate, key), (read("tls.crt"), read("tls.key")), "{store}");
    }
    // And our own.
    let issue = ["issue", "shop.example", "--key-type", "ed25519", "--out-dir", "own"];
    let p12 = ["--p12", "own/own.p12", "--p12-password-file", "password"];
    within(folder.path(), &[&issue[..], &p12].concat()).expect_code(0);
    let (certificate, key) = imported(folder.path(), "own/own.p12", &PASSWORD);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("it is there");
    assert_eq!((certificate, key), (read("own/tls.crt"), read("own/tls.key")));
}

#[test]
fn a_store_that_stays_shut_is_told_with_its_reason_and_the_way_in() {
    let test = "a_store_that_stays_shut_is_told_with_its_reason_and_the_way_in";
    let Some(folder) = stores(test) else { return };
    for (store, password, told, code) in [
        (
            "modern.p12",
            None,
            "modern.p12 is encrypted → name the file that holds the password with --password-file",
            4,
        ),
        (
            "modern.p12",
            Some("wrong"),
            "modern.p12 is not opened by the password in wrong → write the password of modern.p12 into wrong",
            4,
        ),
        ("without-mac.p12", Some("wrong"), "without-mac.p12 is not opened by the password", 4),
        ("legacy.p12", Some("wrong"), "legacy.p12 is not opened by the password in wrong", 4),
        ("modern.p12", Some("no-text"), "the password in no-text is not UTF-8 text", 2),
        ("modern.p12", Some("none"), "cannot use none: no such file", 4),
        (
            "slow.p12",
            Some("password"),
            "slow.p12 cannot be opened: it asks for 6000000 rounds of hashing, and at most 4000000",
            4,
        ),
        (
            "rc2-128.p12",
            Some("password"),
            "it is protected by RC2 with 128 bits and SHA-1, 2048 rounds (certificates);",
            4,
        ),
        ("rc2-128.p12", Some("password"), "openssl pkcs12 -legacy -nodes -in rc2-128.p12", 4),
        ("cut.p12", Some("password"), "its PKCS#12 structure is damaged", 4),
    ] {
        let flag = password.map_or_else(Vec::new, |file| vec!["--password-file", file]);
        let import = ["import", "x", "--cert", store, "--dry-run=client", "-o", "json"];
        for command in [&["inspect", store][..], &import] {
            let ran = within(folder.path(), &[command, &flag].concat()).expect_code(code);
            assert!(ran.flat_stderr().contains(told), "{store}: {}", ran.stderr);
            assert_eq!(ran.stdout, "", "{store}");
        }
    }
    // One of several is a problem, and so is what lies in a folder: nobody is asked for each.
    let ran = within(folder.path(), &["inspect", "tls.crt", "modern.p12"]).expect_code(3);
    assert!(ran.stdout.contains("not read modern.p12  it is encrypted"), "{}", ran.stdout);
    let ran = within(folder.path(), &["inspect", "."]).expect_code(3);
    assert!(ran.stdout.contains("./legacy.p12  it is encrypted"), "{}", ran.stdout);
    assert!(ran.stdout.contains("./empty.p12, certificate 1 of 2"), "{}", ran.stdout);
}

#[test]
fn a_password_comes_from_standard_input_too() {
    let test = "a_password_comes_from_standard_input_too";
    let Some(folder) = stores(test) else { return };
    let run = |args: &[&str], stdin: Vec<u8>| {
        Certwright::new().folder(folder.path()).args(args).stdin(stdin).run()
    };
    let from_stdin = ["inspect", "modern.p12", "--password-file", "-"];
    let ran = run(&from_stdin, b"sesame\n".to_vec()).expect_code(0);
    assert!(ran.stdout.contains("friendlyName my shop"), "{}", ran.stdout);
    let told = run(&from_stdin, b"other\n".to_vec()).expect_code(4).flat_stderr();
    assert!(told.contains("is not opened by the password in standard input"), "{told}");
    let store = fs::read(folder.path().join("modern.p12")).expect("it is there");
    let ran = run(&["inspect", "-", "--password-file", "password"], store.clone()).expect_code(0);
    assert!(ran.stdout.starts_with("standard input, certificate 1 of 2"), "{}", ran.stdout);
    let told = run(&["inspect", "-", "--password-file", "-"], store).expect_code(2).flat_stderr();
    assert!(told.contains("standard input cannot be both what is read and its password"), "{told}");
}

#[test]
fn programs_read_what_protects_a_store() {
    let test = "programs_read_what_protects_a_store";
    let Some(folder) = stores(test) else { return };
    let inspect = ["inspect", "legacy.p12", "-o", "json"];
    let document = within(folder.path(), &[&inspect[..], &PASSWORD].concat()).expect_code(0).json();
    let store = &document["keyStores"][0];
    assert_eq!(store["ref"]["name"], "legacy.p12");
    assert_eq!(store["friendlyNames"], serde_json::json!(["old"]));
    assert_eq!(store["privateKeys"], 1);
    let cipher = |of: &str, algorithm: &str| serde_json::json!({ "of": of, "algorithm": algorithm, "rounds": 2048, "isOld": true });
    let expected = [
        cipher("certificates", "RC2 with 40 bits and SHA-1"),
        cipher("private key", "3DES and SHA-1"),
    ];
    assert_eq!(store["encryption"], serde_json::json!(expected));
    let mac = serde_json::json!({ "algorithm": "HMAC with SHA-1", "rounds": 2048 });
    assert_eq!(store["mac"], mac);
    assert_eq!(document["bundles"][0]["privateKey"]["matches"], true);
}

#[test]
fn a_store_is_imported_with_its_own_key_and_no_other() {
    let test = "a_store_is_imported_with_its_own_key_and_no_other";
    let Some(folder) = stores(test) else { return };
    let dry = ["--dry-run=client", "-o", "json"];
    for (flags, told, code) in [
        (
            &["--cert", "modern.p12", "--key", "tls.key", "--password-file", "password"][..],
            "modern.p12 holds its private key already → leave --key away",
            4,
        ),
        (
            &["--cert", "trust.p12", "--password-file", "password"],
            "trust.p12 cannot be imported: there is no private key in it → name the private key with --key",
            4,
        ),
        (
            &["--cert", "tls.crt"],
            "tls.crt is not a PKCS#12 store, and no private key was given → name the private key with --key",
            2,
        ),
        (
            &["--cert", "tls.crt", "--key", "tls.key", "--password-file", "password"],
            "--password-file is for a PKCS#12 store, and tls.crt is none",
            2,
        ),
    ] {
        let ran =
            within(folder.path(), &[&["import", "x"], flags, &dry].concat()).expect_code(code);
        assert!(ran.flat_stderr().contains(told), "{flags:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{flags:?}");
    }
    let import = ["import", "x", "--cert", "modern.p12", "--password-file", "password"];
    let ran = within(folder.path(), &[&import[..], &dry].concat()).expect_code(0);
    let told = "note: left out: the root (CN=Shop CA), which clients must have themselves";
    assert!(ran.flat_stderr().contains(told), "{}", ran.stderr);
}

#[test]
fn a_store_renews_a_secret_of_the_cluster() {
    let test = "a_store_renews_a_secret_of_the_cluster";
    let Some(folder) = stores(test) else { return };
    let Some(live) = Live::new(test) else { return };
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (old, new, password) = (path("empty.p12"), path("renewed.p12"), path("password"));
    live.run(&["import", "shop-tls", "--cert", &old]).expect_code(0);
    let before = live.secret("shop-tls");
    assert_eq!(before["type"], "kubernetes.io/tls");
    let issue = ["issue", "shop.example", "--key-type", "p256", "--out-dir", "renewed"];
    let p12 = ["--p12", "renewed.p12", "--p12-password-file", "password"];
    within(folder.path(), &[&issue[..], &p12].concat()).expect_code(0);
    let import = ["import", "shop-tls", "--cert", &new, "--password-file", &password];
    let refused = live.run(&import).expect_code(4);
    assert!(refused.stderr.contains("--replace"), "{}", refused.stderr);
    live.run(&[&import[..], &["--replace"]].concat()).expect_code(0);
    let after = live.secret("shop-tls");
    assert_ne!(before["data"], after["data"]);
    let told = live.run(&["inspect", "secret/shop-tls", "-o", "json"]).expect_code(0).json();
    assert_eq!(told["certificates"][0]["selfSigned"], true, "{told}");
    assert_eq!(told["bundles"][0]["privateKey"]["matches"], true, "{told}");
}

//! Certificate requests as `inspect` shows them: what they ask for, whether their own key signed
//! them, and what `issue --from-csr` would take.

use crate::support::binary::{Certwright, Ran};
use crate::support::witness;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// A request for both ends of TLS that wants too much, and one of a weak key with a password.
const REQUESTS: &str = "
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout dev.key -out dev.csr \
  -subj '/O=Plant 7/CN=dev.example' -addext 'subjectAltName=DNS:dev.example,IP:10.0.0.1,otherName:1.2.3.4;UTF8:x' \
  -addext extendedKeyUsage=clientAuth,serverAuth -addext keyUsage=digitalSignature,keyCertSign \
  -addext basicConstraints=critical,CA:TRUE -addext certificatePolicies=1.2.3.4 2>/dev/null
printf '[req]\ndistinguished_name=dn\nattributes=at\nprompt=no\n[dn]\nCN=old.example\n[at]\nchallengePassword=hunter2secret\nunstructuredName=x\n' > old.cnf
openssl req -new -newkey rsa:1024 -nodes -keyout old.key -out old.csr -config old.cnf 2>/dev/null
openssl req -in dev.csr -outform DER -out dev.der
cat dev.csr old.csr > both.csr
sed 's/CERTIFICATE REQUEST/NEW CERTIFICATE REQUEST/' dev.csr > new.csr";

/// A folder with the requests; nothing, loudly, without OpenSSL.
fn requests(test: &str) -> Option<TempDir> {
    witness::openssl(test)?;
    let folder = TempDir::new().expect("a temp folder can be made");
    let ran = Command::new("sh").args(["-ec", REQUESTS]).current_dir(folder.path()).output();
    let ran = ran.expect("sh starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Some(folder)
}

fn inspect(folder: &Path, args: &[&str]) -> Ran {
    Certwright::new().folder(folder).args(&["inspect"]).args(args).run()
}

const DEV: &str = "  subject      O=Plant 7, CN=dev.example
  names        dev.example, 10.0.0.1, otherName 1.2.3.4
  key          p256
  signature    SHA-256 with ECDSA: made by its own key, so whoever asks has the private one
  asks for     CA:TRUE; key usage digitalSignature, keyCertSign; extended key usage serverAuth, clientAuth; the extension 2.5.29.32
  issue takes  dev.example, 10.0.0.1; its key; serverAuth and clientAuth, with --usage both
  leaves out   O=Plant 7; a name of another form: otherName 1.2.3.4; that it be a CA (CA:TRUE); the key usage keyCertSign; the extension 2.5.29.32
";
const OLD: &str = "  subject      CN=old.example
  names        none (no subjectAltName)
  key          rsa-1024
  signature    SHA-256 with RSA: made by its own key, so whoever asks has the private one
  asks for     no usage and no further extension
  attributes   challengePassword (not shown), 1.2.840.113549.1.9.2
  issue takes  nothing: its key is of type rsa-1024: RSA of 2048, 3072 or 4096 bits, P-256, P-384 and Ed25519 are signed
";

#[test]
fn a_request_is_shown_with_what_it_asks_for_and_what_it_would_get() {
    let test = "a_request_is_shown_with_what_it_asks_for_and_what_it_would_get";
    let Some(folder) = requests(test) else { return };
    for file in ["dev.csr", "dev.der", "new.csr"] {
        let shown = inspect(folder.path(), &[file]).expect_code(0).stdout;
        assert_eq!(shown, format!("{file}, certificate request\n{DEV}\n"));
    }
    let both = format!(
        "both.csr, certificate request 1 of 2\n{DEV}\nboth.csr, certificate request 2 of 2\n{OLD}\n"
    );
    for format in ["table", "wide"] {
        let shown = inspect(folder.path(), &["both.csr", "-o", format]).expect_code(0).stdout;
        assert_eq!(shown, both);
    }
    let text = fs::read(folder.path().join("dev.csr")).expect("it is there");
    let ran = Certwright::new().args(&["inspect", "-"]).stdin(text).run().expect_code(0);
    assert_eq!(ran.stdout, format!("standard input, certificate request\n{DEV}\n"));
}

#[test]
fn a_folder_shows_its_requests_and_whose_key_lies_beside_them() {
    let test = "a_folder_shows_its_requests_and_whose_key_lies_beside_them";
    let Some(folder) = requests(test) else { return };
    let shown = inspect(folder.path(), &["."]).expect_code(0).stdout;
    for part in [
        "./old.csr, certificate request\n",
        "./dev.csr, certificate request\n",
        "./dev.key\n  private key  p256, the key of the request in ./both.csr\n",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn programs_read_the_same_of_a_request() {
    let test = "programs_read_the_same_of_a_request";
    let Some(folder) = requests(test) else { return };
    let ran = inspect(folder.path(), &["both.csr", "-o", "json"]).expect_code(0);
    assert!(!ran.stdout.contains("hunter2"), "{}", ran.stdout);
    let document = ran.json();
    assert_eq!(document["schema"], "certwright.dev/inspect/v1");
    assert_eq!(document["certificates"], serde_json::json!([]));
    let [dev, old] = document["requests"].as_array().expect("a list").as_slice() else {
        panic!("two requests: {document}")
    };
    let signing = serde_json::json!({
        "refused": null,
        "usage": "both",
        "commonName": "dev.example",
        "names": ["dev.example", "10.0.0.1"],
        "ignored": [
            "O=Plant 7",
            "a name of another form: otherName 1.2.3.4",
            "that it be a CA (CA:TRUE)",
            "the key usage keyCertSign",
            "the extension 2.5.29.32",
        ],
    });
    assert_eq!(dev["signing"], signing);
    assert_eq!((&dev["ref"]["name"], &dev["index"]), (&"both.csr".into(), &0.into()));
    assert_eq!((&dev["ownSignature"], &dev["isCa"]), (&"holds".into(), &true.into()));
    assert_eq!(dev["names"][1], serde_json::json!({ "form": "ip", "value": "10.0.0.1" }));
    assert_eq!((&old["index"], &old["challengePassword"]), (&1.into(), &true.into()));
    assert!(
        old["signing"]["refused"].as_str().is_some_and(|why| why.contains("rsa-1024")),
        "{old}"
    );
}

#[test]
fn a_forged_request_is_shown_as_such_and_a_broken_one_is_a_problem() {
    let test = "a_forged_request_is_shown_as_such_and_a_broken_one_is_a_problem";
    let Some(folder) = requests(test) else { return };
    let mut forged = fs::read(folder.path().join("dev.der")).expect("it is there");
    let at = forged.windows(7).position(|part| part == b"Plant 7").expect("it is in it");
    forged[at] = b'p';
    fs::write(folder.path().join("forged.der"), forged).expect("it can be written");
    let shown = inspect(folder.path(), &["forged.der"]).expect_code(0).stdout;
    assert!(shown.contains("SHA-256 with ECDSA: not made by its own key: forged or"), "{shown}");
    let refused = "issue takes  nothing: its signature is not that of its own key";
    assert!(shown.contains(refused), "{shown}");
    let garbage = "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n";
    fs::write(folder.path().join("bad.csr"), garbage).expect("it can be written");
    let ran = inspect(folder.path(), &["bad.csr"]).expect_code(4);
    let told = "no certificate could be read: bad.csr: it is not a certificate request (PKCS#10)";
    assert!(ran.flat_stderr().contains(told), "{}", ran.stderr);
    let ran = inspect(folder.path(), &["bad.csr", "dev.csr"]).expect_code(3);
    assert!(ran.stdout.contains("it is not a certificate request (PKCS#10)"), "{}", ran.stdout);
    let many = garbage.repeat(101);
    fs::write(folder.path().join("many.csr"), many).expect("it can be written");
    let ran = inspect(folder.path(), &["many.csr", "dev.csr"]).expect_code(3);
    let told = "101 certificate requests are in it, and 100 are read";
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
}

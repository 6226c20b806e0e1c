//! PEM as people have it, given to `import`, `inspect --fix-chain` and `rotate`: nothing of it is lost
//! in silence, and what is there instead is called by its name.
//!
//! Knows how people join, wrap and mix up files. Refuses to know what a certificate says.

use crate::support::binary::{Certwright, Ran};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use certwright::x509::pem;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A folder with `tls.crt` and `tls.key`, made now.
fn with_pair() -> TempDir {
    let folder = TempDir::new().expect("a temp folder can be made");
    let issue = ["issue", "a.example", "--key-type", "p256"];
    Certwright::new().folder(folder.path()).args(&issue).run().expect_code(0);
    folder
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect("the file can be read")
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    fs::write(folder.join(name), bytes).expect("the file can be written");
}

/// `import` of the two files, printed as a manifest.
fn import(folder: &Path, certificate: &str, key: &str) -> Ran {
    let files = ["import", "pay-tls", "--cert", certificate, "--key", key];
    let print = ["--dry-run=client", "-o", "json"];
    Certwright::new().folder(folder).args(&files).args(&print).run()
}

#[test]
fn fix_chain_writes_over_what_it_read_only_where_nothing_but_the_chain_is_lost() {
    let folder = with_pair();
    let at = folder.path();
    let (certificate, key) = (read(at, "tls.crt"), read(at, "tls.key"));
    let other = read(with_pair().path(), "tls.crt");
    write(at, "both.pem", format!("{certificate}{key}"));
    write(at, "two.pem", format!("{certificate}{certificate}"));
    write(at, "others.pem", format!("{certificate}{other}"));
    write(at, "password", "secret");
    let body = BASE64_STANDARD.encode(&certificate);
    let manifest = "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\ntype: kubernetes.io/tls\ndata: {tls.crt: ";
    write(at, "m.yaml", format!("{manifest}{body}}}\n"));
    std::os::unix::fs::symlink("both.pem", at.join("link.pem")).expect("it can be made");
    fs::hard_link(at.join("both.pem"), at.join("hard.pem")).expect("it can be made");
    for (targets, out, lost) in [
        ("tls.crt tls.key", "tls.key", "would be lost: a private key"),
        ("both.pem", "./both.pem", "would be lost: a private key"),
        ("link.pem", "both.pem", "would be lost: a private key"),
        ("hard.pem", "both.pem", "would be lost: a private key"),
        ("tls.crt --password-file password", "password", "would be lost: the password"),
        ("m.yaml", "m.yaml", "would be lost: a manifest"),
        ("secret/web -f m.yaml", "m.yaml", "would be lost: a manifest"),
    ] {
        let before = read(at, out);
        let line = format!("inspect {targets} --fix-chain --out {out} --force");
        let words: Vec<&str> = line.split(' ').collect();
        let ran = Certwright::new().folder(at).args(&words).run().expect_code(4);
        assert!(ran.flat_stderr().contains(lost), "{line}: {}", ran.stderr);
        assert_eq!(read(at, out), before, "{line}");
    }
    for input in ["tls.crt", "two.pem"] {
        let fix = ["inspect", input, "--fix-chain", "--out", input, "--force"];
        Certwright::new().folder(at).args(&fix).run().expect_code(0);
        assert_eq!(read(at, input), certificate, "{input}");
    }
}

/// The certificates and the key of what was printed: every block of both values.
fn imported(ran: &Ran) -> (usize, usize) {
    let manifest: serde_json::Value = serde_json::from_str(&ran.stdout).expect("it is JSON");
    let blocks = |key: &str| {
        let value = manifest["data"][key].as_str().expect("a value");
        let value = BASE64_STANDARD.decode(value).expect("it is base64");
        let blocks = pem::blocks(&value);
        assert!(blocks.iter().all(|block| block.der.is_ok() && block.quirk.is_none()), "{key}");
        blocks.len()
    };
    (blocks("tls.crt"), blocks("tls.key"))
}

#[test]
fn import_takes_everything_that_can_be_read_and_says_what_it_leaves_out() {
    let folder = with_pair();
    let at = folder.path();
    let (certificate, key) = (read(at, "tls.crt"), read(at, "tls.key"));
    write(at, "combined.pem", format!("{key}{certificate}"));
    write(at, "two.key", format!("{key}{}", pem::encode("EC PRIVATE KEY", b"another").as_str()));
    write(at, "dh.pem", format!("{certificate}{}", pem::encode("DH PARAMETERS", b"0\0").as_str()));
    for (certificate, key, counts, said) in [
        ("tls.crt", "tls.key", (1, 1), ""),
        ("combined.pem", "combined.pem", (1, 1), ""),
        ("combined.pem", "tls.key", (1, 1), "left out: a private key in combined.pem"),
        ("tls.crt", "combined.pem", (1, 1), "left out: a certificate in combined.pem"),
        ("tls.crt", "two.key", (1, 1), "left out: a private key in two.key"),
        ("dh.pem", "tls.key", (1, 1), "left out: Diffie-Hellman parameters in dh.pem"),
    ] {
        let ran = import(at, certificate, key).expect_code(0);
        assert_eq!(imported(&ran), counts, "{certificate} {key}");
        assert!(ran.stderr.contains(said), "{certificate} {key}: {}", ran.stderr);
        assert_eq!(ran.stderr.contains("note:"), !said.is_empty(), "{}", ran.stderr);
    }
}

#[test]
fn import_calls_what_it_refuses_by_its_name() {
    let folder = with_pair();
    let at = folder.path();
    let (certificate, key) = (read(at, "tls.crt"), read(at, "tls.key"));
    let der = |text: &str| {
        let block = pem::blocks(text.as_bytes()).remove(0).der.expect("it is good");
        block.expose().to_vec()
    };
    write(at, "joined.pem", format!("{}{certificate}", certificate.trim_end()));
    write(at, "line.pem", certificate.replace('\n', " "));
    write(at, "escaped.key", key.replace('\n', "\\n"));
    write(at, "twice.pem", BASE64_STANDARD.encode(&certificate));
    write(at, "twice.key", BASE64_STANDARD.encode(&key));
    write(at, "crt.der", der(&certificate));
    write(at, "key.der", der(&key));
    write(at, "page.pem", "<html><body>404</body></html>");
    write(at, "store.pem", pem::encode("PKCS7", b"0\0").as_bytes());
    write(at, "helm.pem", "{{ .Values.crt }}");
    for (certificate, key, names, remedy) in [
        ("joined.pem", "tls.key", "a line break is missing between two", "inspect -o pem"),
        ("line.pem", "tls.key", "its line breaks are missing", "inspect -o pem"),
        ("tls.crt", "escaped.key", "its line breaks are written out", "with its line breaks"),
        ("twice.pem", "tls.key", "base64 of PEM", "base64 -d"),
        ("tls.crt", "twice.key", "base64 of PEM", "base64 -d"),
        ("crt.der", "tls.key", "a certificate in DER", "openssl x509 -inform DER"),
        ("tls.crt", "key.der", "a private key in DER", "openssl pkey -inform DER"),
        ("page.pem", "tls.key", "a web page", "download it again"),
        ("store.pem", "tls.key", "PKCS#7", "openssl pkcs7 -print_certs"),
        ("helm.pem", "tls.key", "a placeholder", "fill in"),
        ("tls.key", "tls.crt", "swapped", "swap the files"),
    ] {
        let ran = import(at, certificate, key).expect_code(4);
        for words in [names, remedy] {
            assert!(ran.stderr.contains(words), "{certificate} {key}: {}", ran.stderr);
        }
    }
}

#[test]
fn import_calls_what_stands_in_the_file_of_the_ca_by_its_name_too() {
    let folder = with_pair();
    let at = folder.path();
    let certificate = read(at, "tls.crt");
    let block = pem::blocks(certificate.as_bytes()).remove(0).der.expect("it is good");
    write(at, "ca.der", block.expose());
    write(at, "twice.pem", BASE64_STANDARD.encode(&certificate));
    write(at, "store.pem", pem::encode("PKCS7", b"0\0").as_bytes());
    for (ca, names, remedy) in [
        ("ca.der", "a certificate in DER", "openssl x509 -inform DER"),
        ("twice.pem", "base64 of PEM", "base64 -d"),
        ("store.pem", "PKCS#7", "openssl pkcs7 -print_certs"),
        ("tls.key", "a private key", "name another file"),
    ] {
        let files = ["import", "pay-tls", "--cert", "tls.crt", "--key", "tls.key"];
        let ran = Certwright::new().folder(at).args(&files).args(&["--ca-cert", ca]);
        let ran = ran.args(&["--dry-run=client", "-o", "json"]).run().expect_code(4);
        for words in [names, remedy] {
            assert!(ran.stderr.contains(words), "{ca}: {}", ran.stderr);
        }
    }
}

#[test]
fn inspect_writes_a_chain_in_order_into_its_manifest_and_touches_nothing_else() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios/expired-root/in");
    let before = fs::read_to_string(scenario.join("secrets.yaml")).expect("it can be read");
    write(folder.path(), "m.yaml", &before);
    let fix = ["inspect", "secret/vault-tls", "-f", "m.yaml", "--fix-chain", "--in-place"];
    let ran = Certwright::new().folder(folder.path()).args(&fix).run().expect_code(0);
    assert!(ran.stderr.contains("left out: the root"), "{}", ran.stderr);
    let after = read(folder.path(), "m.yaml");
    let changed = before.lines().zip(after.lines()).filter(|(before, after)| before != after);
    let changed: Vec<&str> = changed.map(|(_, after)| after.trim_start()).collect();
    assert!(matches!(changed.as_slice(), [line] if line.starts_with("tls.crt: ")), "{changed:?}");
    assert_eq!(before.lines().count(), after.lines().count());

    for (args, code) in [
        (&["inspect", "m.yaml", "-f", "m.yaml"][..], 2),
        (&["inspect", "secret/vault-tls", "--fix-chain", "--in-place"], 2),
        (&["inspect", "secret/nobody", "-f", "m.yaml", "--fix-chain"], 4),
    ] {
        Certwright::new().folder(folder.path()).args(args).run().expect_code(code);
    }
}

#[test]
fn what_would_be_lost_is_dropped_by_force_alone_and_said() {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios/pem-beside");
    for (secret, lost) in [
        ("both-tls", "a certificate in tls.key"),
        ("unused-tls", "a private key in tls.crt"),
        ("dh-tls", "Diffie-Hellman parameters in tls.crt"),
        ("two-tls", "the certificate of O=Example Org, CN=Example Test Root in tls.crt"),
    ] {
        let rotate = |more: &[&str]| {
            let name = format!("secret/{secret}");
            let args = ["rotate", name.as_str(), "-f", "in", "--dry-run=client"];
            let at = ["--at", "2026-11-21T00:00:00Z", "-o", "json"];
            Certwright::new().folder(&scenario).args(&args).args(&at).args(more).run()
        };
        let refused = rotate(&[]);
        assert!(refused.stdout.contains("\"other-content\""), "{}", refused.stdout);
        assert!(refused.stdout.contains(lost), "{}", refused.stdout);
        let forced = rotate(&["--force"]);
        assert!(
            forced.stdout.contains(&format!("dropped, by --force: {lost}")),
            "{}",
            forced.stdout
        );
    }
}

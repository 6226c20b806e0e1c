//! Manifests that are rewritten in place: what is printed for them runs as it is printed, or says what
//! is first to be done; and no private key or certificate is lost that stands nowhere else.
//!
//! Knows the ways in which people write Secrets into files. Refuses to know what a certificate says.

use crate::support::binary::{Certwright, Ran};
use crate::support::dice::rounds;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use certwright::x509::pem;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Instant;
use tempfile::TempDir;

/// When everything that was made now has expired.
const LATER: &str = "2099-01-01";

/// A certificate and its key for `host`, PEM, made now.
fn pair(host: &str, flags: &[&str]) -> (String, String) {
    let folder = TempDir::new().expect("a temp folder can be made");
    let issue = ["issue", host, "--key-type", "p256"];
    Certwright::new().folder(folder.path()).args(&issue).args(flags).run().expect_code(0);
    let read = |name| fs::read_to_string(folder.path().join(name)).expect("it was made");
    (read("tls.crt"), read("tls.key"))
}

fn half(text: &str) -> String {
    text.chars().take(text.len() / 2).collect()
}

fn base64(text: &str) -> String {
    BASE64_STANDARD.encode(text)
}

/// A manifest of the Secret `web`, with more lines behind its data.
fn secret((crt, key): (&str, &str), namespace: &str, more: &str) -> String {
    let namespace = match namespace {
        "" => String::new(),
        namespace => format!("  namespace: {namespace}\n"),
    };
    let (crt, key) = (base64(crt), base64(key));
    format!(
        "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: web\n{namespace}type: kubernetes.io/tls\n\
         data:\n  tls.crt: \"{crt}\"\n  tls.key: \"{key}\"\n{more}"
    )
}

fn run(folder: &Path, args: &[&str]) -> Ran {
    Certwright::new().folder(folder).args(args).run()
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("it can be written");
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect("it can be read")
}

/// What `check` says is to be done about what this rule found, each remedy once.
fn remedies(folder: &Path, rule: &str) -> Vec<String> {
    let checked = run(folder, &["check", "-f", "in", "--at", LATER, "-o", "json"]).json();
    let findings = checked["findings"].as_array().cloned().unwrap_or_default();
    let of_rule = findings.iter().filter(|finding| finding["rule"] == rule);
    let mut told: Vec<String> =
        of_rule.map(|it| it["remedy"].as_str().unwrap_or_default().to_owned()).collect();
    told.dedup();
    told
}

/// Runs the remedy as it is printed.
fn carry_out(folder: &Path, remedy: &str) -> Ran {
    let words: Vec<&str> = remedy.split(' ').skip(1).collect();
    Certwright::new().folder(folder).args(&words).args(&["--at", LATER]).run()
}

#[test]
fn what_is_printed_for_a_file_runs_as_printed_or_says_what_is_first_to_be_done() {
    let (crt, key) = pair("web.example", &[]);
    let plain = |namespace| secret((&crt, &key), namespace, "");
    let anchored = |alias: &str| {
        plain("").replace("  tls.crt: ", "  tls.crt: &crt ") + &format!("  {alias}: *crt\n")
    };
    let labelled =
        plain("").replace("  name: web\n", "  name: &name web\n  labels: {app: *name}\n");
    let item = plain("").replace("---\n", "").replace('\n', "\n  ");
    let merged = format!(
        "apiVersion: v1\nkind: List\nitems:\n- &one\n  {}\n- <<: *one\n  metadata: {{name: api}}\n",
        item.trim_end()
    );
    let opaque =
        plain("").replace("kubernetes.io/tls", "Opaque").replace("  tls.key: ", "  my.key: ")
            + "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\n\
           spec: {tls: [{hosts: [web.example], secretName: web}], rules: [{host: web.example}]}\n";
    for (what, files, said) in [
        ("plain", vec![("a.yaml", plain(""))], "certwright rotate"),
        ("an anchor of the name", vec![("a.yaml", labelled)], "certwright rotate"),
        ("a shared value", vec![("a.yaml", anchored("ca.crt"))], "in place of that alias"),
        ("a merge key", vec![("a.yaml", merged)], "in place of that alias"),
        (
            "twice in a file",
            vec![("a.yaml", plain("").repeat(2))],
            "keep the definition that counts",
        ),
        (
            "in two files",
            vec![("a.yaml", plain("")), ("b.yaml", plain(""))],
            "keep the definition that counts",
        ),
        (
            "two namespaces",
            vec![("a.yaml", plain("shop")), ("b.yaml", plain("test"))],
            "certwright rotate",
        ),
        (
            "a namespace and none",
            vec![("a.yaml", plain("shop") + &plain(""))],
            "write its namespace into the other secret/web",
        ),
        (
            "no tls.key",
            vec![("a.yaml", opaque)],
            "put the value of my.key in in/a.yaml under tls.key",
        ),
    ] {
        let folder = TempDir::new().expect("a temp folder can be made");
        fs::create_dir(folder.path().join("in")).expect("it can be made");
        for (name, text) in &files {
            write(&folder.path().join("in"), name, text);
        }
        let told = remedies(folder.path(), "expired");
        assert!(!told.is_empty(), "{what}: nothing expired");
        assert!(told.iter().any(|remedy| remedy.contains(said)), "{what}: {told:?}");
        for command in told.iter().filter(|remedy| remedy.starts_with("certwright ")) {
            carry_out(folder.path(), command).expect_code(0);
        }
    }
}

#[test]
fn of_a_secret_that_is_defined_twice_no_batch_rewrites_one() {
    let (crt, key) = pair("web.example", &[]);
    let folder = TempDir::new().expect("a temp folder can be made");
    let text = secret((&crt, &key), "", "").repeat(2);
    write(folder.path(), "a.yaml", &text);
    let ran = run(folder.path(), &["rotate", "--due", "-f", "a.yaml", "--in-place", "--at", LATER]);
    let ran = ran.expect_code(3);
    assert!(ran.stdout.contains("skipped  secret/web"), "{}", ran.stdout);
    assert_eq!(read(folder.path(), "a.yaml"), text);
}

#[cfg(unix)]
#[test]
fn behind_a_symbolic_link_the_file_itself_is_named() {
    let (crt, key) = pair("web.example", &[]);
    let folder = TempDir::new().expect("a temp folder can be made");
    fs::create_dir_all(folder.path().join("in")).expect("it can be made");
    fs::create_dir_all(folder.path().join("real")).expect("it can be made");
    write(&folder.path().join("real"), "web.yaml", &secret((&crt, &key), "", ""));
    let link = folder.path().join("in/web.yaml");
    std::os::unix::fs::symlink("../real/web.yaml", link).expect("it can be made");
    let told = remedies(folder.path(), "expired");
    assert_eq!(told, ["certwright rotate secret/web -f real/web.yaml --in-place"]);
    carry_out(folder.path(), &told[0]).expect_code(0);
    assert_eq!(remedies(folder.path(), "expired"), [] as [&str; 0]);
}

#[test]
fn a_chain_put_in_order_in_place_takes_nothing_with_it() {
    let ((crt, key), (other, another)) = (pair("web.example", &[]), pair("api.example", &[]));
    let dh = pem::encode("DH PARAMETERS", b"0\0").to_string();
    let cut = half(&other);
    for (what, tls_crt, tls_key, lost) in [
        ("the certificate alone", crt.clone(), &key, ""),
        ("its own key, and nowhere else", format!("{key}{crt}"), &String::new(), "a private key"),
        ("its own key once more", format!("{crt}{key}"), &key, ""),
        ("another key", format!("{crt}{another}"), &key, "a private key"),
        ("another certificate", format!("{crt}{other}"), &key, "the certificate of CN=api.example"),
        ("parameters", format!("{crt}{dh}"), &key, "Diffie-Hellman parameters"),
        ("half a certificate", format!("{crt}{cut}"), &key, "certificate 2 of tls.crt"),
    ] {
        let folder = TempDir::new().expect("a temp folder can be made");
        let text = secret((&tls_crt, tls_key), "", "");
        write(folder.path(), "a.yaml", &text);
        let fix = ["inspect", "secret/web", "-f", "a.yaml", "--fix-chain", "--in-place"];
        let ran = run(folder.path(), &fix);
        if lost.is_empty() {
            ran.expect_code(0);
            continue;
        }
        let ran = ran.expect_code(4);
        assert!(ran.flat_stderr().contains(&format!("it would be lost: {lost}")), "{what}");
        assert_eq!(read(folder.path(), "a.yaml"), text, "{what}");
        run(folder.path(), &[&fix[..], &["--force"]].concat()).expect_code(0);
        assert!(read(folder.path(), "a.yaml").contains(&base64(&crt)), "{what}");
    }
}

#[test]
fn the_only_key_of_a_certificate_behind_it_belongs_into_its_own_place() {
    let (crt, key) = pair("web.example", &[]);
    let folder = TempDir::new().expect("a temp folder can be made");
    fs::create_dir(folder.path().join("in")).expect("it can be made");
    write(&folder.path().join("in"), "a.yaml", &secret((&format!("{crt}{key}"), ""), "", ""));
    for rule in ["key-missing", "key-in-crt"] {
        let told = remedies(folder.path(), rule).concat();
        assert!(
            told.starts_with("move the private key from tls.crt into tls.key"),
            "{rule}: {told}"
        );
    }
    write(&folder.path().join("in"), "a.yaml", &secret((&crt, &key), "", ""));
    assert_eq!(remedies(folder.path(), "key-missing"), [] as [&str; 0]);
}

#[test]
fn what_is_no_key_among_certificates_is_not_spoken_of_as_one() {
    let (crt, key) = pair("web.example", &["--force"]);
    let crl = pem::encode("X509 CRL", b"0\0").to_string();
    let folder = TempDir::new().expect("a temp folder can be made");
    fs::create_dir(folder.path().join("in")).expect("it can be made");
    let ingress = "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\n\
                   spec:\n  ingressClassName: nginx\n  tls: [{hosts: [web.example], secretName: web}]\n  \
                   rules: [{host: web.example}]\n";
    let text = secret((&format!("{crl}{crt}"), &key), "", ingress);
    write(&folder.path().join("in"), "a.yaml", &text);
    let told = remedies(folder.path(), "cert-unreadable").concat();
    assert!(told.starts_with("remove a list of revoked certificates (CRL) from tls.crt"), "{told}");
}

#[test]
fn a_certificate_in_the_place_of_the_key_goes_only_by_force_and_that_is_said() {
    let (crt, _) = pair("web.example", &[]);
    let (other, _) = pair("other.example", &[]);
    let rotate = ["rotate", "secret/web", "-f", "a.yaml", "--in-place"];
    for (what, tls_key, kept) in [("another", &other, true), ("the same", &crt, false)] {
        let folder = TempDir::new().expect("a temp folder can be made");
        let text = secret((&crt, tls_key), "", "");
        write(folder.path(), "a.yaml", &text);
        let ran = run(folder.path(), &rotate);
        assert_eq!(read(folder.path(), "a.yaml") == text, kept, "{what}: {}", ran.stderr);
        if kept {
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(said.contains("a certificate in tls.key"), "{said}");
            let forced = run(folder.path(), &[&rotate[..], &["--force"]].concat());
            let said = format!("{}{}", forced.stdout, forced.stderr);
            assert!(said.contains("dropped, by --force: a certificate in tls.key"), "{said}");
            assert_ne!(read(folder.path(), "a.yaml"), text);
        }
    }
}

#[test]
fn the_key_of_a_certificate_that_cannot_be_read_is_kept() {
    let (crt, key) = pair("web.example", &[]);
    let request = pem::encode("CERTIFICATE REQUEST", b"0\0").to_string();
    let encrypted = pem::encode("ENCRYPTED PRIVATE KEY", b"0\0").to_string();
    let pgp = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n";
    let rotate =
        ["rotate", "secret/web", "-f", "a.yaml", "--in-place", "--add-host", "web.example"];
    for (what, tls_crt, tls_key, kept) in [
        ("a request", request.as_str(), key.as_str(), true),
        ("half a certificate", &half(&crt), &key, true),
        ("SOPS", "ENC[AES256_GCM,data:aGVsbG8=,iv:aGVsbG8=,tag:aGVsbG8=,type:str]", &key, true),
        ("PGP", pgp, &key, true),
        ("HTML", "<html><body>404</body></html>", &key, true),
        ("prose", "this was a certificate once", &key, true),
        ("a key encrypted", "this was a certificate once", &encrypted, true),
        ("half a key", "this was a certificate once", &half(&key), true),
        ("prose in both", "this was a certificate once", "and this a key", false),
        ("nothing in both", "", "", false),
    ] {
        let folder = TempDir::new().expect("a temp folder can be made");
        let text = secret((tls_crt, tls_key), "", "");
        write(folder.path(), "a.yaml", &text);
        let ran = run(folder.path(), &rotate);
        if !kept {
            ran.expect_code(0);
            continue;
        }
        let ran = ran.expect_code(4);
        let said = "rotate it by name with --force";
        assert!(ran.flat_stderr().contains(said), "{what}: {}", ran.stderr);
        assert_eq!(read(folder.path(), "a.yaml"), text, "{what}");
        let forced = run(folder.path(), &[&rotate[..], &["--force"]].concat()).expect_code(0);
        assert!(!forced.stdout.contains("not the one"), "{what}: {}", forced.stdout);
    }
}

#[test]
fn a_ca_that_is_named_as_a_secret_is_read_where_the_manifests_are() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let at = folder.path();
    let ca = ["issue", "--make-ca", "--cn", "My CA", "--key-type", "p256"];
    run(at, &ca).expect_code(0);
    let names: Vec<_> =
        fs::read_dir(at).expect("it is there").flatten().map(|e| e.path()).collect();
    let find = |ending: &str| {
        let path = names.iter().find(|path| path.to_string_lossy().ends_with(ending));
        path.map(|path| path.display().to_string()).expect("it was made")
    };
    let (ca_crt, ca_key) = (find(".crt"), find(".key"));
    let (crt, key) = pair("web.example", &["--ca", &ca_crt, "--ca-key", &ca_key]);
    let read_ca = |path: &str| fs::read_to_string(path).expect("it was made");
    let ca =
        secret((&read_ca(&ca_crt), &read_ca(&ca_key)), "", "").replace("name: web", "name: ca");
    write(at, "a.yaml", &(secret((&crt, &key), "", "") + &ca));
    let rotate = ["rotate", "secret/web", "-f", "a.yaml", "--in-place", "--ca"];
    let missing = run(at, &[&rotate[..], &["secret/cb"]].concat()).expect_code(4);
    let said = "there is no secret/cb among the files read";
    assert!(missing.flat_stderr().contains(said), "{}", missing.stderr);
    let missing = run(at, &[&rotate[..], &["shop/secret/ca"]].concat()).expect_code(4);
    let said = "there is no secret/ca in namespace shop among the files read";
    assert!(missing.flat_stderr().contains(said), "{}", missing.stderr);
    run(at, &[&rotate[..], &["default/secret/ca"]].concat()).expect_code(0);
    let renewed = read(at, "a.yaml");
    run(at, &[&rotate[..], &["secret/ca"]].concat()).expect_code(0);
    assert_ne!(read(at, "a.yaml"), renewed);
    assert!(read(at, "a.yaml").contains(&base64(&read_ca(&ca_key))));
}

#[test]
fn of_two_secrets_of_a_file_one_is_replaced_and_the_other_is_said_to_be_as_it_was() {
    let (crt, key) = pair("web.example", &[]);
    let plain = secret((&crt, &key), "", "");
    let shared = plain.replace("  tls.crt: ", "  tls.crt: &crt ") + "  ca.crt: *crt\n";
    let folder = TempDir::new().expect("a temp folder can be made");
    write(folder.path(), "a.yaml", &(shared + &plain.replace("name: web", "name: api")));
    let rotate = ["rotate", "--due", "-f", "a.yaml", "--in-place", "--at", LATER];
    let ran = run(folder.path(), &rotate).expect_code(4);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("replaced secret/api") && said.contains("this Secret is as it was"));
    assert!(!said.contains("the file is untouched"), "{said}");
}

/// `--backup-dir` and `--out`: what was in the files stays to be had, private, and nothing leads out.
#[test]
fn files_are_kept_as_they_were_or_left_and_written_elsewhere() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().expect("a temp folder can be made");
    let path = folder.path();
    let issue = ["issue", "web.example", "--key-type=p256", "--secret=web", "--dry-run=client"];
    let made = Certwright::new().args(&issue).args(&["-o", "yaml"]).run().expect_code(0).stdout;
    fs::create_dir(path.join("in")).expect("it can be made");
    fs::write(path.join("in/web.yaml"), &made).expect("it can be written");
    let run = |args: &[&str]| {
        let rotate = ["rotate", "secret/web", "-f", "in/web.yaml"];
        Certwright::new().folder(path).args(&rotate).args(args).run()
    };
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    let ran = run(&["--out", "new"]).expect_code(0);
    assert!(ran.stdout.contains("rewritten") && !ran.stdout.contains("BEGIN"), "{}", ran.stdout);
    let read = |name: &str| fs::read_to_string(path.join(name)).expect("it is there");
    assert_eq!(read("in/web.yaml"), made);
    assert_ne!(read("new/in/web.yaml"), made);
    assert_eq!(mode(&path.join("new/in/web.yaml")), 0o600);
    run(&["--out", "new"]).expect_code(4);

    let ran = run(&["--in-place", "--backup-dir", "before"]).expect_code(0);
    assert!(ran.stderr.contains("kept in before/"), "{}", ran.stderr);
    assert_ne!(read("in/web.yaml"), made);
    let at = fs::read_dir(path.join("before")).expect("it is there").next();
    let at = at.expect("one").expect("it can be read").path();
    assert_eq!(fs::read_to_string(at.join("in/web.yaml")).expect("it is there"), made);
    assert_eq!((mode(&at), mode(&at.join("in/web.yaml"))), (0o700, 0o600));
    // Where it cannot be kept, it is not changed.
    let before = read("in/web.yaml");
    fs::write(path.join("full"), "").expect("it can be written");
    run(&["--in-place", "--backup-dir", "full"]).expect_code(4);
    assert_eq!(read("in/web.yaml"), before);
}

/// Killed at instants spread over the time that a run takes: each file is the old or the new one, whole, what was
/// replaced is kept beside, and nobody but their owner can read what lies there.
#[test]
fn killed_at_any_instant_a_rotation_of_files_leaves_each_of_them_whole() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let path = folder.path();
    for name in ["a", "b"] {
        let (crt, key) = pair(&format!("{name}.example"), &[]);
        let manifest = secret((&crt, &key), "", "").replace("name: web", &format!("name: {name}"));
        let file = path.join(format!("{name}.yaml"));
        fs::write(&file, manifest).expect("it can be written");
        fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("it is ours");
    }
    let args = ["rotate", "secret/a", "secret/b", "-f", ".", "--in-place", "--backup-dir", "kept"];
    let begun = Instant::now();
    Certwright::new().folder(path).args(&args).run().expect_code(0);
    let took = begun.elapsed();
    let rounds = rounds(24);
    for round in 0..rounds {
        let before = ["a", "b"].map(|name| certificate_of(path, name));
        Certwright::new().folder(path).args(&args).killed_after(took * round / rounds);
        let check = ["check", "-f", ".", "-o", "json"];
        let report = Certwright::new().folder(path).args(&check).run().expect_code(0).json();
        assert_eq!(report["certificates"].as_array().map(Vec::len), Some(2), "round {round}");
        for entry in fs::read_dir(path).expect("it is there").flatten() {
            let mode = entry.metadata().expect("it is there").permissions().mode();
            assert_eq!(mode & 0o077, 0, "round {round}: {} may be read", entry.path().display());
        }
        for (name, before) in ["a", "b"].into_iter().zip(before) {
            let is_replaced = certificate_of(path, name) != before;
            let kept = is_replaced && everything_in(&path.join("kept")).contains(&before);
            assert!(kept || !is_replaced, "round {round}: what {name} held is lost");
        }
    }
    Certwright::new().folder(path).args(&args).run().expect_code(0);
    let mut names: Vec<String> = fs::read_dir(path)
        .expect("it is there")
        .map(|entry| entry.expect("it is there").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["a.yaml", "b.yaml", "kept"], "nothing else is left");
}

/// The `tls.crt` of the manifest, as it stands there.
fn certificate_of(folder: &Path, name: &str) -> String {
    let text = fs::read_to_string(folder.join(format!("{name}.yaml"))).expect("it is there");
    let line = text.lines().find_map(|line| line.trim().strip_prefix("tls.crt: "));
    let value = line.expect("it has one").trim_matches('"');
    let bytes = BASE64_STANDARD.decode(value).expect("it is base64");
    String::from_utf8(bytes).expect("it is PEM")
}

/// The text of all files below a folder, and what stands in them as base64.
fn everything_in(folder: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            all.push_str(&everything_in(&entry.path()));
            continue;
        }
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        let words = text.split_whitespace().map(|word| word.trim_matches('"'));
        let words = words.filter_map(|word| BASE64_STANDARD.decode(word).ok());
        all.extend(words.filter_map(|bytes| String::from_utf8(bytes).ok()));
        all.push_str(&text);
    }
    all
}

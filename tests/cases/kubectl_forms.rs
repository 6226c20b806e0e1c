//! The command line as kubectl's users write it, paths as kubectl takes them, and what it means when
//! nothing is there: exit code 3, and never "clean".

use crate::support::binary::{Certwright, Ran, run};
use crate::support::live::Live;
use std::fs;
use std::path::Path;

const INGRESS: &str = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: NAME}\n\
                       spec:\n  tls: [{hosts: [NAME.example]}]\n  rules: [{host: NAME.example}]\n";

fn write(folder: &Path, path: &str, text: &str) {
    let file = folder.join(path);
    fs::create_dir_all(file.parent().expect("it is in a folder")).expect("it can be made");
    fs::write(file, text).expect("a file can be written");
}

/// A folder with an Ingress in each of these files, called as the file is.
fn folder_of(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    for path in files {
        let name = path.rsplit('/').next().unwrap_or_default().trim_start_matches('.');
        let name = name.split(['.', ',']).next().unwrap_or_default();
        write(folder.path(), path, &INGRESS.replace("NAME", name));
    }
    folder
}

fn check(folder: &Path, args: &[&str]) -> Ran {
    Certwright::new().folder(folder).args(&["check", "--fail-on", "never"]).args(args).run()
}

/// The names of the Ingresses in the report.
fn names(ran: &Ran) -> String {
    let report = ran.json();
    let hosts = report["hosts"].as_array().expect("a list").iter();
    hosts.map(|host| host["ref"]["name"].as_str().unwrap_or_default()).collect::<Vec<_>>().join(" ")
}

#[test]
fn paths_are_lists_patterns_and_folders_as_kubectl_takes_them() {
    let folder = folder_of(&[
        "d/b.yaml",
        "d/a.yml",
        "d/c.json",
        "d/.e.yaml",
        "d/f.YAML",
        "d/g.txt",
        "d/sub/h.yaml",
        "d/.git/i.yaml",
        "j,k.yaml",
        "l.txt",
        "m.yaml",
    ]);
    write(folder.path(), "d/kustomization.yaml", "resources: [a.yml]\n");
    std::os::unix::fs::symlink("../m.yaml", folder.path().join("d/link.yaml"))
        .expect("it can be made");
    std::os::unix::fs::symlink("../d/sub", folder.path().join("d/loop.yaml"))
        .expect("it can be made");
    for (args, expected) in [
        (&["-f", "d/b.yaml,d/a.yml"][..], "a b"),
        (&["-f", "d/b.yaml", "-f", "d/a.yml,d/c.json"], "a b c"),
        (&["-f", "d/b.yaml,d/b.yaml"], "b"),
        (&["-f", "d/[ab].y*"], "a b"),
        (&["-f", "d/?.json,l.txt"], "c l"),
        (&["-f", "l.txt"], "l"),
        (&["-f", "j,k.yaml"], "j"),
        (&["-f", "d"], "a b c e h m"),
        (&["-f", "d", "-R"], "a b c e h i m"),
        (&["-f", "d", "--recursive=true"], "a b c e h i m"),
        (&["-f", "d", "-R=false"], "a b c e m"),
    ] {
        let args = [args, &["-o", "json"]].concat();
        let ran = check(folder.path(), &args).expect_code(0);
        assert_eq!(names(&ran), expected, "{args:?}");
    }
}

#[test]
fn paths_that_cannot_be_meant_are_refused_by_name() {
    let folder = folder_of(&["a.yaml"]);
    std::os::unix::fs::symlink("gone", folder.path().join("dangling.yaml"))
        .expect("it can be made");
    for (path, code, words) in [
        ("https://host.example/a.yaml", 4, "it is a URL, and only files are read"),
        ("a.yaml,http://host.example/a.yaml", 4, "it is a URL"),
        ("*.json", 4, "no file fits the pattern"),
        ("a.yaml,gone.yaml", 4, "cannot read gone.yaml"),
        ("a.yaml,-,-", 4, "can be named once only"),
        (".", 3, "dangling.yaml"),
    ] {
        let ran = check(folder.path(), &["-f", path]).expect_code(code);
        let said = ran.flat_stderr() + &ran.stdout;
        assert!(said.contains(words), "{path}: {said}");
    }
}

#[test]
fn an_object_that_is_named_with_its_namespace_is_not_found_in_another() {
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let issue = "issue a.example --key-type p256 --secret web --dry-run=client -o yaml";
    let words: Vec<&str> = issue.split(' ').collect();
    let secret = run(&words).expect_code(0).stdout;
    let ingress = INGRESS.replace("NAME", "front");
    for (path, text) in [("secret.yaml", secret), ("ingress.yaml", ingress)] {
        let text = text.replace("metadata:\n", "metadata:\n  namespace: shop\n");
        write(folder.path(), path, &text.replace("{name:", "{namespace: shop, name:"));
    }
    for (line, missing) in [
        ("inspect web/secret/web shop/secret/web -f .", "secret/web in namespace web"),
        ("inspect secret/web -n web -f .", "secret/web in namespace web"),
        ("check web/secret/web -f .", "secret/web in namespace web"),
        ("check web/ingress/front -f .", "ingress/front in namespace web"),
        ("check ingress/front -n web -f .", "ingress/front in namespace web"),
        ("rotate web/secret/web -f .", "secret/web it does not exist"),
        ("verify web/ingress/front -f .", "ingress/front in namespace web"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let ran = Certwright::new().folder(folder.path()).args(&words).run().expect_code(4);
        let said = ran.flat_stderr() + &ran.stdout;
        assert!(said.contains(missing), "{line}: {said}");
    }
    for line in [
        "inspect shop/secret/web -f .",
        "inspect secret/web -f .",
        "check secret/web ingress/front -f . --fail-on never",
        "check shop/secret/web ingress/front -f . --fail-on never",
        "rotate secret/web -f . --dry-run=client",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        Certwright::new().folder(folder.path()).args(&words).run().expect_code(0);
    }
}

#[test]
fn flags_are_taken_in_kubectls_spellings() {
    let folder = folder_of(&["a.yaml"]);
    for line in [
        "--all-namespaces=true",
        "--all-namespaces=1 -n x",
        "-A=false",
        "-n= --context=",
        "-nshop -n shop --namespace=other",
        "--request-timeout 0",
        "--request-timeout 5 --timeout 60",
        "--timeout=1m --timeout 2m",
        "--request-timeout=1.5s",
        "--at 2027-01-01",
        "-o wide -o json",
        "--no-headers --no-headers",
    ] {
        let mut args: Vec<&str> = line.split(' ').collect();
        args.extend(["-f", "a.yaml"]);
        check(folder.path(), &args).expect_code(0);
    }
    for line in ["--all-namespaces=yes", "--timeout abc", "--at 2027-13-01", "-R"] {
        let args: Vec<&str> = line.split(' ').collect();
        check(folder.path(), &args).expect_code(2);
    }
    let ran = check(folder.path(), &["-n", "x", "-n", "y", "-f", "a.yaml", "-o", "json"]);
    assert_eq!(ran.json()["hosts"][0]["ref"]["namespace"], "y");
    let ran = check(folder.path(), &["-n", "", "-f", "a.yaml", "-o", "json"]);
    assert_eq!(ran.json()["hosts"][0]["ref"]["namespace"], "default");
}

/// What was typed first by people who knew kubectl, step or openssl, and what they are told: each is
/// refused with the form to type instead.
#[test]
fn what_is_not_taken_is_answered_by_the_nearest_form() {
    for (line, code, told) in [
        ("inspect shop-web-tls", 4, "a Secret is named secret/shop-web-tls"),
        ("inspect shop/web-tls", 4, "a Secret is named shop/secret/web-tls"),
        ("inspect shop.example", 4, "a server shop.example:443"),
        ("inspect ingress/front", 4, "certwright verify front"),
        ("check x.yaml", 2, "read it with -f x.yaml"),
        ("rotate ./x.yaml", 2, "read it with -f ./x.yaml"),
        ("check web", 2, "write secret/web or ingress/web"),
        ("check shop.example", 2, "certwright inspect shop.example:443"),
        ("verify https://shop.example", 2, "certwright inspect HOST:443"),
        ("check ingress", 2, "ingress/NAME"),
        ("check shop/web", 2, "write shop/secret/web"),
        ("check -n a shop/secret/web", 2, "a and shop are two namespaces"),
        ("inspect -n a shop/secret/web", 2, "two namespaces"),
        ("check -A secret/x -f .", 2, "NAMESPACE/secret/NAME"),
        ("import ingress/x --cert a --key b", 2, "expected secret/NAME"),
        ("import a,b --cert a --key b", 2, "one Secret at a time"),
        ("issue a.example --secret a,b", 2, "one name is taken here"),
        ("issue a.example --secret ingress/a", 2, "NAMESPACE/secret/NAME"),
        ("bootstrap a.example --service shop/web", 2, "service/NAME"),
        ("managed status shop/web", 2, "managedcertificate/NAME"),
        ("managed wait -n a shop/mcrt/web", 2, "a and shop are two namespaces"),
        ("check --renew-before 30", 2, "write 30d for days"),
        ("check --expires-within 30", 2, "write 30d for days"),
        ("issue a.example --lifetime 90", 2, "write 90d for days"),
        ("check --at yesterday", 2, "expected an instant such as"),
        ("verify --address 192.0.2.1", 2, "such as 192.0.2.1:443"),
        ("verify --address web", 2, "such as 192.0.2.1:443"),
        ("issue a.example --ca web-ca", 4, "a Secret is named secret/web-ca"),
        ("issue a.example --ca shop/ca", 4, "a Secret is named shop/secret/ca"),
        ("issue a.example -n a --secret ca --ca a/secret/ca", 2, "is the Secret of the CA"),
        ("bootstrap a.example --service a --backend-config a/b", 2, "backendconfig/NAME"),
        ("explain expired-soon", 2, "did you mean expires-soon?"),
        (
            "explain nothing-like-it",
            2,
            "no rule has the code \"nothing-like-it\"; certwright explain lists",
        ),
        ("version", 2, "certwright --version"),
    ] {
        let args: Vec<&str> = line.split(' ').collect();
        let ran = run(&args).expect_code(code);
        assert!(ran.flat_stderr().contains(told), "{line}: {}", ran.stderr);
    }
}

#[test]
fn names_are_taken_in_every_form_by_every_command() {
    let Some(live) = Live::new("names_are_taken") else { return };
    let namespace = live.namespace.as_str();
    for line in [
        "issue a.example --key-type p256 --secret NS/secret/a",
        "issue a.example --key-type p256 --secret secret/b -n NS",
        "inspect NS/secret/a",
        "inspect NS/secret/a,NS/secret/b",
        "inspect secret a b -n NS",
        "inspect secret a,b -n NS",
        "inspect secret/a,secret/b -n NS",
        "issue --make-ca --cn CA --key-type p256 --secret NS/secret/ca",
        "issue e.example --key-type p256 --ca NS/secret/ca --secret NS/secret/e",
        "rotate NS/secret/a --dry-run client",
        "rotate secret a b --dry-run=server -n NS --request-timeout 0",
        "check NS/secret/a --timeout 60 --at 2020-01-01 --fail-on never",
    ] {
        let line = line.replace("NS", namespace);
        let args: Vec<&str> = line.split(' ').collect();
        live.certwright().args(&args).run().expect_code(0);
    }
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let certwright = || live.certwright().folder(folder.path());
    certwright().args(&["issue", "b.example", "--key-type", "p256"]).run().expect_code(0);
    for name in [format!("{namespace}/secret/c"), format!("secret d -n {namespace}")] {
        let line = format!("import {name} --cert tls.crt --key tls.key");
        let args: Vec<&str> = line.split(' ').collect();
        certwright().args(&args).run().expect_code(0);
    }
    let names: Vec<String> = live.versions().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "b", "c", "ca", "d", "e"]);
}

#[test]
fn the_word_behind_dry_run_is_its_value() {
    for how in ["--dry-run=client", "--dry-run client", "--dry-run=true", "--dry-run"] {
        let line = format!("issue a.example --key-type p256 --secret s -o yaml {how}");
        let args: Vec<&str> = line.split(' ').collect();
        assert!(run(&args).expect_code(0).stdout.contains("kind: Secret"), "{how}");
    }
}

#[test]
fn nothing_read_is_not_clean() {
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    for (path, text) in [
        ("empty.yaml", ""),
        ("comments.yaml", "# a\n---\n# b\n"),
        ("null.yaml", "null\n"),
        ("list.yaml", "apiVersion: v1\nkind: List\nitems: []\n"),
        ("words.txt", "Error: path \"charts/x\" not found\n"),
        ("values.yaml", "image: {tag: 1}\n"),
        ("void/README.md", "no manifest\n"),
        ("hollow/empty.yaml", "# a\n"),
        ("old.crt", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
        ("other.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"),
    ] {
        write(folder.path(), path, text);
    }
    fs::write(folder.path().join("old.der"), b"\x30\x82\x01\x00\x02").expect("it can be written");
    for (path, words) in [
        ("empty.yaml", "no Kubernetes object"),
        ("comments.yaml", "no Kubernetes object"),
        ("null.yaml", "no Kubernetes object"),
        ("list.yaml", "no Kubernetes object"),
        ("words.txt", "no Kubernetes object"),
        ("values.yaml", "no Kubernetes object"),
        ("void", "no file in it whose name ends in .yaml, .yml or .json"),
        ("hollow", "no Kubernetes object"),
        ("old.crt", "it holds PEM and no manifest: certwright inspect old.crt"),
        ("old.der", "it holds DER and no manifest"),
        ("other.yaml,empty.yaml", "no Kubernetes object"),
    ] {
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let ran = check(folder.path(), &["-f", path]).expect_code(3);
        assert!(flat(&ran.stdout).contains(words), "{path}: {}", ran.stdout);
        let rotate = ["rotate", "--due", "-f", path, "--in-place"];
        Certwright::new().folder(folder.path()).args(&rotate).run().expect_code(3);
        if !path.starts_with("old") {
            check(folder.path(), &["-f", path, "--allow-empty"]).expect_code(0);
        }
    }
    // A manifest was read; there was nothing to judge in it.
    check(folder.path(), &["-f", "other.yaml"]).expect_code(0);
}

#[test]
fn nothing_on_standard_input_is_not_clean() {
    for (text, words) in [
        ("", "nothing came on standard input"),
        ("\n\n", "nothing came on standard input"),
        ("Error: not found\n", "no Kubernetes object"),
    ] {
        let ran = Certwright::new().args(&["check", "-f", "-"]).stdin(text).run().expect_code(3);
        assert!(ran.stdout.contains(words), "{}", ran.stdout);
        let allowed = ["check", "-f", "-", "--allow-empty"];
        Certwright::new().args(&allowed).stdin(text).run().expect_code(0);
    }
}

#[test]
fn a_selector_that_fits_nothing_is_not_clean() {
    let folder = folder_of(&["a.yaml"]);
    let ran = check(folder.path(), &["-f", "a.yaml", "-l", "owner=storefrunt"]).expect_code(3);
    assert!(ran.flat_stderr().contains("nothing that the selector fits was found in a.yaml"));
    assert!(ran.stdout.contains("nothing found"), "{}", ran.stdout);
    let args = ["-f", "a.yaml", "-l", "owner=storefrunt", "-o", "json"];
    assert_eq!(check(folder.path(), &args).expect_code(3).json()["complete"], false);
    let args = ["-f", "a.yaml", "-l", "owner=storefrunt", "--allow-empty"];
    check(folder.path(), &args).expect_code(0);
}

#[test]
fn an_empty_namespace_is_not_clean_when_it_was_named() {
    let Some(live) = Live::new("an_empty_namespace") else { return };
    let named = live.run(&["check"]).expect_code(3);
    let words = format!("nothing found in namespace {}", live.namespace);
    assert!(named.flat_stderr().contains(&words), "{}", named.stderr);
    live.run(&["check", "--allow-empty"]).expect_code(0);
    live.run(&["check", "-l", "a=b"]).expect_code(3);
    let rotated = live.run(&["rotate", "--due"]).expect_code(3);
    assert!(rotated.flat_stderr().contains(&words), "{}", rotated.stderr);
    live.run(&["rotate", "--due", "--allow-empty"]).expect_code(0);
}

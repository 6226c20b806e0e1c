//! The forms in which people have manifests: each is read as kubectl reads it, and kubectl itself is
//! asked. What it passes over without a word is read and said.
//!
//! Knows what kubectl made of each form (1.32 against 1.36). Refuses to know what the objects mean.

use crate::support::binary::{Certwright, run};
use crate::support::live::Live;
use certwright::manifest::Text;
use certwright::observation::Observation;
use certwright::observe::manifest;
use std::fs;
use std::path::Path;
use zeroize::Zeroizing;

/// What kubectl makes of a form.
enum Kubectl {
    /// It takes these, by name.
    Takes(&'static [&'static str]),
    /// It refuses the file, or what it reads of it.
    Refuses,
    /// It depends on its version.
    Depends,
}
use Kubectl::{Depends, Refuses, Takes};

/// One form: the file, what kubectl makes of it, what is read here, and what is said.
struct Form {
    name: &'static str,
    bytes: Vec<u8>,
    kubectl: Kubectl,
    read: &'static [&'static str],
    said: &'static [&'static str],
}

/// A Secret that any API server takes, whose text does no harm in any notation.
fn secret(name: &str) -> String {
    format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\nstringData:\n  k: v\n")
}

fn json(name: &str) -> String {
    format!(r#"{{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"{name}"}}}}"#)
}

fn form(
    name: &'static str,
    text: impl Into<Vec<u8>>,
    kubectl: Kubectl,
    read: &'static [&'static str],
    said: &'static [&'static str],
) -> Form {
    Form { name, bytes: text.into(), kubectl, read, said }
}

const A: &[&str] = &["a"];
const AB: &[&str] = &["a", "b"];

fn borders() -> Vec<Form> {
    let (a, b) = (secret("a"), secret("b"));
    let two = |between: &str| format!("{a}{between}{b}");
    let good = |name, text: String| form(name, text, Takes(AB), AB, &[]);
    let lost = |name, text: String| form(name, text, Takes(A), AB, &["silently ignores it"]);
    vec![
        good("dashes", two("---\n")),
        good("dashes and a comment", two("--- # c\n")),
        good("dashes glued to a comment", two("---# c\n")),
        good("dashes and a tab", two("---\t\n")),
        good("empty documents", format!("---\n---\n# c\n---\n{}---\n# d\n", two("---\n---\n"))),
        good("carriage returns", two("---\n").replace('\n', "\r\n")),
        good(
            "an indented first document",
            format!("{}---\n{b}", a.replace('\n', "\n   ").trim_end_matches(' '))
                .replacen("api", "   api", 1),
        ),
        good("a mark before each", format!("\u{feff}{a}---\n\u{feff}{b}")),
        good("dots and dashes", two("...\n---\n")),
        lost("dots alone", two("...\n")),
        lost("old line ends", two("---\n").replace('\n', "\r")),
        form("text behind dashes", two("---x\n"), Refuses, &[], &["':' is missing after a key"]),
        form("an object behind dashes", format!("--- {}\n", json("a")), Refuses, A, &[]),
        form("a directive", format!("%YAML 1.1\n---\n{a}"), Refuses, A, &[]),
        form("indented dashes", two(" ---\n"), Refuses, &[], &["line 7: a key is missing"]),
        form("a mark before dashes", two("\u{feff}---\n"), Refuses, &[], &["byte order mark"]),
    ]
}

fn notations() -> Vec<Form> {
    let (a, b) = (secret("a"), secret("b"));
    let (ja, jb) = (json("a"), json("b"));
    let good = |name, text: String| form(name, text, Takes(AB), AB, &[]);
    let lost = |name, text: String| form(name, text, Takes(A), AB, &["silently ignores it"]);
    vec![
        good("json objects", format!("{ja}{jb}")),
        good("json lines", format!("\n {ja}\n{jb}\n")),
        good("json lines behind a mark", format!("\u{feff}{ja}\n{jb}\n")),
        good("yaml, then json", format!("{a}---\n{jb}\n")),
        form("json, then yaml", format!("{ja}\n---\n{b}"), Depends, AB, &[]),
        lost("json lines behind dashes", format!("---\n{ja}\n{jb}\n")),
        lost("json lines behind a comment", format!("# c\n{ja}\n{jb}")),
        form("a bare list", format!("[{ja},{jb}]"), Refuses, &[], &["bare list of objects"]),
        form("a comma too many", ja.replace("}}", "},}"), Depends, A, &[]),
        good("a List", format!("apiVersion: v1\nkind: List\nitems:\n- {ja}\n- {jb}\n")),
        form(
            "a SecretList",
            "apiVersion: v1\nkind: SecretList\nitems: [{metadata: {name: a}}]\n",
            Takes(A),
            A,
            &[],
        ),
        form("a List of nothing", "apiVersion: v1\nkind: List\nitems: []\n", Refuses, &[], &[]),
        form(
            "no items",
            "apiVersion: v1\nkind: List\n",
            Refuses,
            &[],
            &["without a list of items"],
        ),
        form(
            "an empty item",
            "apiVersion: v1\nkind: List\nitems: [null]\n",
            Refuses,
            &[],
            &["the item is empty"],
        ),
        form(
            "a List in a List",
            "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List, items: []}]\n",
            Refuses,
            &[],
            &["a List inside a List"],
        ),
        form("anchors", a.replace("k: v", "k: &v v\n  l: *v"), Takes(A), A, &[]),
        form("nulls", a.replace("k: v", "k: null\n  l:\ndata: {m: null}"), Takes(A), A, &[]),
        form("tabs behind a colon", a.replace("k: v", "k:\tv\t# c"), Takes(A), A, &[]),
        form("tabs that indent", a.replace("  k", "\tk"), Refuses, &[], &["line 6: a tab"]),
        form("a template", "a: {{ .b }}\n", Refuses, &[], &["Helm template", "line 1"]),
        form(
            "wrapped base64",
            a.replace("stringData:\n  k: v", "data:\n  k: |\n    Zm9v\n    Zm9v"),
            Takes(A),
            A,
            &[],
        ),
        form(
            "stray bits of base64",
            a.replace("stringData:\n  k: v", "data: {k: Zm9=}"),
            Takes(A),
            A,
            &[],
        ),
        form("comments alone", "# nothing\n---\n# more\n", Refuses, &[], &[]),
        form("nothing", "", Refuses, &[], &[]),
    ]
}

fn mistakes() -> Vec<Form> {
    let a = secret("a");
    let twice = a.replace("metadata:", "metadata:\n  name: b\nmetadata:");
    let of_type = |field: &str, said: &'static [&'static str]| {
        form("a wrong type", a.replace("stringData:\n  k: v", field), Refuses, &[], said)
    };
    vec![
        form(
            "a key twice",
            twice,
            Takes(A),
            A,
            &["metadata appears more than once, in lines 3 and 5"],
        ),
        form(
            "a json key twice",
            json("b").replace("}}", "},\"metadata\":{\"name\":\"a\"}}"),
            Takes(A),
            A,
            &["metadata appears more than once, in line 1:"],
        ),
        form(
            "a merge behind a key",
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  annotations: &v {k: w}\nstringData:\n  k: v\n  <<: *v\n",
            Takes(A),
            A,
            &["line 8: a merge key (<<) comes after other keys"],
        ),
        of_type(
            "data: {k: 1}",
            &["line 5: data.k is a number (quote it to make it text), expected text"],
        ),
        of_type("data:\n  tls.crt: [a]", &["line 6: data[tls.crt] is a list, expected text"]),
        of_type("data: []", &["line 5: data is a list, expected a mapping"]),
        of_type("stringData:\n  k: v\n  l: yes", &["line 7: stringData.l is a truth value"]),
        of_type("type: 5", &["line 5: type is a number (quote it to make it text), expected text"]),
        of_type("immutable: maybe", &["line 5: immutable is text, expected true or false"]),
        form(
            "a name that is a truth value",
            secret("n"),
            Refuses,
            &[],
            &["line 4: metadata.name is a truth value"],
        ),
        form(
            "no kind",
            a.replace("kind: Secret\n", ""),
            Refuses,
            &[],
            &["an apiVersion and no kind"],
        ),
        form(
            "a kind in small letters",
            a.replace("Secret", "secret"),
            Refuses,
            &[],
            &["line 2: its kind is \"secret\", which Kubernetes spells Secret"],
        ),
    ]
}

fn encodings() -> Vec<Form> {
    let (a, b) = (secret("a"), secret("b"));
    let both = format!("\u{feff}{a}---\n{b}");
    let units = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    };
    let with = |text: &str| -> Vec<u8> {
        let pieces: Vec<&[u8]> = text.split('@').map(str::as_bytes).collect();
        pieces.join(&0xe9)
    };
    vec![
        form("UTF-16, little end first", units(&both, u16::to_le_bytes), Takes(AB), AB, &[]),
        form("UTF-16, big end first", units(&both, u16::to_be_bytes), Takes(AB), AB, &[]),
        form("Latin-1 in comments", with(&format!("# @\n{a}# @ @\n")), Takes(A), A, &[]),
        form(
            "Latin-1 in a value",
            with(&a.replace("k: v", "k: caf@")),
            Takes(A),
            A,
            &["line 6, column 9: there is a byte that is not UTF-8"],
        ),
    ]
}

fn forms() -> Vec<Form> {
    [borders(), notations(), mistakes(), encodings()].into_iter().flatten().collect()
}

#[test]
fn every_form_is_read_as_kubectl_reads_it_and_the_rest_is_said() {
    for form in forms() {
        let (mut read, mut said) = (Vec::new(), Vec::new());
        let text = Text::of(Zeroizing::new(form.bytes)).expect("the encoding is known");
        manifest::read("f.yaml", &text, "default", &mut |seen| match seen {
            Observation::Secret(secret) => read.push(secret.object.name),
            Observation::Unseen { message, .. } => said.push(message),
            _ => {}
        });
        assert_eq!(read, form.read, "{}: {said:?}", form.name);
        assert_eq!(said.is_empty(), form.said.is_empty(), "{}: {said:?}", form.name);
        for words in form.said {
            assert!(said.iter().any(|said| said.contains(words)), "{}: {said:?}", form.name);
        }
    }
}

#[test]
fn kubectl_makes_of_every_form_what_is_held_of_it() {
    let Some(live) = Live::new("forms") else { return };
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let file = folder.path().join("f.yaml");
    for form in forms() {
        fs::write(&file, &form.bytes).expect("a file can be written");
        let args = ["-n", &live.namespace, "apply", "--dry-run=server", "-o", "name", "-f"];
        let ran = live.cluster.kubectl().args(args).arg(&file).output().expect("kubectl starts");
        let names = String::from_utf8_lossy(&ran.stdout).into_owned();
        let names: Vec<&str> =
            names.lines().filter_map(|line| line.strip_prefix("secret/")).collect();
        let (name, stderr) = (form.name, String::from_utf8_lossy(&ran.stderr));
        match form.kubectl {
            Takes(taken) => {
                assert!(ran.status.success(), "{name}: {stderr}");
                assert_eq!(names, taken, "{name}: {stderr}");
            }
            Refuses => assert!(!ran.status.success(), "{name}: {names:?}"),
            Depends => {}
        }
    }
}

/// A TLS Secret whose values stand in lines of their own.
fn tls_secret() -> String {
    let args = ["issue", "a.example", "--key-type", "p256", "--secret", "a"];
    run(&[&args[..], &["--dry-run=client", "-o", "yaml"]].concat()).expect_code(0).stdout
}

/// The bytes without the values of `tls.crt` and `tls.key`, which stand in lines of their own.
fn rest(bytes: &[u8], line_feed: &[u8]) -> Vec<u8> {
    let begins = |name: &str| -> Vec<u8> {
        let wide = line_feed.len() == 2;
        name.bytes().flat_map(|byte| if wide { vec![byte, 0] } else { vec![byte] }).collect()
    };
    let mut kept = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = rest.windows(line_feed.len()).position(|at| at == line_feed);
        let (line, behind) = rest.split_at(end.map_or(rest.len(), |end| end + line_feed.len()));
        let value =
            ["  tls.crt: ", "  tls.key: "].iter().any(|name| line.starts_with(&begins(name)));
        kept.extend_from_slice(if value { b"*" } else { line });
        rest = behind;
    }
    kept
}

fn rotated_in(folder: &Path, before: &[u8]) -> Vec<u8> {
    let file = folder.join("f.yaml");
    fs::write(&file, before).expect("a file can be written");
    let args = ["rotate", "secret/a", "-f", "f.yaml", "--in-place"];
    Certwright::new().folder(folder).args(&args).run().expect_code(0);
    let after = fs::read(&file).expect("it is there");
    assert_ne!(after, before);
    Certwright::new().folder(folder).args(&["check", "-f", "f.yaml"]).run().expect_code(0);
    after
}

#[test]
fn a_rotation_in_place_keeps_the_encoding_and_every_other_byte() {
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let text = tls_secret();
    let wide: Vec<u8> =
        format!("\u{feff}# é\r\n{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let strange = [b"# caf\xe9\n", text.as_bytes(), b"# \xff \xc3"].concat();
    for (before, line_feed) in [
        (wide, b"\n\0".as_slice()),
        (strange, b"\n"),
        (format!("\u{feff}{text}").replace('\n', "\r\n").into_bytes(), b"\n"),
        (text.replace('\n', "\n   ").replacen("api", "   api", 1).trim_end().into(), b"\n"),
    ] {
        let after = rotated_in(folder.path(), &before);
        if before.starts_with(b"   ") {
            assert!(after.starts_with(b"   apiVersion: v1\n   "));
        } else {
            assert_eq!(rest(&before, line_feed), rest(&after, line_feed));
        }
    }
}

#[test]
fn a_template_beside_a_secret_keeps_nothing_from_the_one_that_was_named() {
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let template = "kind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n";
    let before = format!("{template}---\n{}---\n{{{{ if .x }}}}\n", tls_secret());
    fs::write(folder.path().join("f.yaml"), &before).expect("a file can be written");
    let rotate = |what: &str| {
        let args = ["rotate", what, "-f", "f.yaml", "--in-place"];
        Certwright::new().folder(folder.path()).args(&args).run()
    };
    rotate("secret/a").expect_code(0);
    let after = fs::read_to_string(folder.path().join("f.yaml")).expect("it is there");
    assert_ne!(after, before);
    assert_eq!(rest(after.as_bytes(), b"\n"), rest(before.as_bytes(), b"\n"));
    // Among all that is due, one that could not be read may be missing.
    rotate("--due").expect_code(3);
    let missing = rotate("secret/gone").expect_code(4);
    let said = missing.flat_stderr() + &missing.stdout;
    assert!(said.contains("not among what could be read of f.yaml"), "{said}");
    assert!(!said.contains("certwright issue"), "{said}");
}

#[test]
fn a_secret_that_may_stand_in_what_could_not_be_read_is_not_made_anew() {
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec:\n  \
                   tls: [{hosts: [a.example], secretName: a}]\n  rules: [{host: a.example}]\n";
    let check = |other: &str| {
        fs::write(folder.path().join("f.yaml"), format!("{ingress}---\n{other}"))
            .expect("a file can be written");
        let args = ["check", "-f", "f.yaml", "--fail-on", "never"];
        Certwright::new().folder(folder.path()).args(&args).run().stdout
    };
    assert!(check("apiVersion: v1\nkind: Namespace\n").contains("issue --secret"));
    let told = check("kind: Secret\n\tmetadata: {name: a}\n");
    assert!(told.contains("secret-missing") && !told.contains("issue --secret"), "{told}");
}

#[test]
fn a_value_under_any_key_that_is_no_base64_is_said_for_the_server_refuses_the_secret() {
    let live = Live::new("values");
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let file = folder.path().join("f.yaml");
    let spoil = |text: String| text.replace("  tls.crt:", "  other.txt: 's3cr3t!'\n  tls.crt:");
    let laid_over = |text: String| format!("{text}stringData:\n  other.txt: s3cr3t\n");
    let place = |text: String| text.replace("  tls.crt:", "  other.txt: <path:a#b>\n  tls.crt:");
    let list = |text: String| format!("{{apiVersion: v1, kind: List, items: [{text}]}}");
    let json = |name: &str| {
        format!(
            r#"{{"apiVersion":"v1","kind":"Secret","metadata":{{"name":"{name}"}},"data":{{"a.b":"s3cr3t!"}}}}"#
        )
    };
    let line = |line: usize| format!("line {line}: data[other.txt] is not base64, and the API");
    for (what, text, said) in [
        ("as it is", tls_secret(), None),
        ("a word", spoil(tls_secret()), Some(line(3))),
        ("under stringData too", laid_over(spoil(tls_secret())), Some(line(3))),
        ("a place to be filled in", place(tls_secret()), None),
        ("no other key", json("a"), Some("data[a.b] is not base64".to_owned())),
        ("in a list", list(json("a")), Some("items[0].data[a.b] is not base64".to_owned())),
    ] {
        fs::write(&file, &text).expect("a file can be written");
        let checked =
            Certwright::new().folder(folder.path()).args(&["check", "-f", "f.yaml"]).run();
        let told = format!("{}{}", checked.stdout, checked.stderr);
        let told: String = told.split_whitespace().collect::<Vec<_>>().join(" ");
        match &said {
            Some(said) => assert!(told.contains(said.as_str()), "{what}: {told}"),
            None => assert!(!told.contains("not base64"), "{what}: {told}"),
        }
        assert!(!told.contains("s3cr3t"), "{what}: {told}");
        assert_eq!(checked.code == 3, said.is_some(), "{what}: {told}");
        if let (Some(live), true) = (&live, said.is_some()) {
            let args = ["-n", &live.namespace, "apply", "--dry-run=server", "-f"];
            let ran =
                live.cluster.kubectl().args(args).arg(&file).output().expect("kubectl starts");
            assert!(!ran.status.success(), "{what}: {}", String::from_utf8_lossy(&ran.stdout));
        }
    }
}

//! Questions at a terminal, answered at a real one: the password of a PKCS#12, and what would be
//! replaced. And what a report looks like there, at three widths.

use crate::support::binary::Certwright;
use crate::support::tls_server::{Behaviour, TlsServer, manifests, params, self_signed};
use crate::support::witness;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use time::macros::datetime;

const ISSUE: [&str; 6] = ["issue", "a.example", "--key-type", "p256", "--p12", "a.p12"];

/// Issues in the folder on a terminal, with these answers; what was shown and the exit code.
fn answered(test: &str, folder: &Path, answers: &[&str]) -> Option<(String, Option<i32>)> {
    on_terminal(test, folder, answers, &ISSUE)
}

/// Runs the command in the folder on a terminal, with these answers; what was shown and the exit code.
pub(super) fn on_terminal(
    test: &str,
    folder: &Path,
    answers: &[&str],
    args: &[&str],
) -> Option<(String, Option<i32>)> {
    if !witness::succeeds(Command::new("python3").args(["-c", "import pty"])) {
        witness::skip(test, "needs python3");
        return None;
    }
    let (command, _) = Certwright::new().folder(folder).args(args).into_command();
    let ask = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/terminal/ask.py");
    let mut asking = Command::new("python3");
    asking.arg("-B").arg(ask).args(answers).arg("--");
    asking.arg(command.get_program()).args(command.get_args()).current_dir(folder);
    let ran = asking.output().expect("python3 starts");
    Some((String::from_utf8_lossy(&ran.stdout).into_owned(), ran.status.code()))
}

#[test]
fn a_password_is_asked_for_twice_and_never_shown() {
    let test = "a_password_is_asked_for_twice_and_never_shown";
    let folder = TempDir::new().expect("a temp folder can be made");
    let secret = "open sesame";
    let Some((shown, code)) = answered(test, folder.path(), &[secret, secret]) else { return };
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("password for the PKCS#12 file: "), "{shown}");
    assert!(shown.contains("the same once more: "), "{shown}");
    assert!(!shown.contains("sesame"), "{shown}");
    let Some(openssl) = witness::openssl(test) else { return };
    let store = folder.path().join("a.p12").display().to_string();
    let read =
        |password: &str| openssl.ask(&["pkcs12", "-in", &store, "-nodes", "-passin", password]);
    assert!(read("pass:open sesame").is_ok_and(|text| text.contains("PRIVATE KEY")));
    assert!(read("pass:another").is_err());
}

#[test]
fn who_names_a_store_is_asked_for_its_password_and_never_shown_it() {
    let test = "who_names_a_store_is_asked_for_its_password_and_never_shown_it";
    let folder = TempDir::new().expect("a temp folder can be made");
    let folder = folder.path();
    let Some((shown, code)) = answered(test, folder, &["open sesame", "open sesame"]) else {
        return;
    };
    assert_eq!(code, Some(0), "{shown}");
    let cancelled = "password for a.p12: \r\ncancelled\r\n";
    let not_opened = "error: a.p12 is not opened by this password";
    for (args, answer, told, expected) in [
        (&["inspect", "a.p12"][..], "open sesame", "private key  p256, matches", 0),
        (&["inspect", "a.p12"], "close sesame", not_opened, 4),
        (&["inspect", "a.p12"], "^C", cancelled, 130),
        (
            &["import", "x", "--cert", "a.p12", "--dry-run=client", "-o", "yaml"],
            "^C",
            cancelled,
            130,
        ),
        (&["convert", "a.p12", "--to", "pem", "--out-dir", "new"], "close sesame", not_opened, 4),
        (
            &["convert", "a.p12", "--to", "pem", "--out-dir", "new"],
            "open sesame",
            "written: new/tls.key",
            0,
        ),
    ] {
        let Some((shown, code)) = on_terminal(test, folder, &[answer], args) else { return };
        assert_eq!(code, Some(expected), "{args:?}: {shown}");
        assert!(shown.contains("password for a.p12: "), "{shown}");
        assert!(shown.contains(told) && !shown.contains("sesame"), "{args:?}: {shown}");
        assert!(shown.ends_with("typing is shown\n"), "{shown}");
    }
    // What merely lies in a folder asks nobody.
    let Some((shown, code)) = on_terminal(test, folder, &[], &["inspect", "."]) else { return };
    assert_eq!(code, Some(3), "{shown}");
    assert!(shown.contains("it is encrypted"), "{shown}");
}

#[test]
fn nothing_is_written_without_a_password_that_was_meant() {
    let test = "nothing_is_written_without_a_password_that_was_meant";
    let interrupted = "interrupted; run the command again to see what is left to do";
    for (answers, told, expected) in [
        (&["one", "other"][..], "error: the two passwords differ", 2),
        (&["", ""], "error: the password of --p12 is empty", 2),
        (&["pässword", "pässword"], "a character that is not ASCII", 2),
        (&["^D"], "error: the password cannot be asked for: unexpected end of file", 4),
        (&["^C"], "password for the PKCS#12 file: \r\ncancelled\r\n", 130),
        (&["one", "^C"], "the same once more: \r\ncancelled\r\n", 130),
        (&["TERM"], interrupted, 130),
    ] {
        let folder = TempDir::new().expect("a temp folder can be made");
        let Some((shown, code)) = answered(test, folder.path(), answers) else { return };
        assert_eq!(code, Some(expected), "{answers:?}: {shown}");
        assert!(shown.contains(told), "{answers:?}: {shown}");
        assert!(shown.ends_with("typing is shown\n"), "{answers:?}: {shown}");
        assert_eq!(shown.matches("error").count(), usize::from(expected != 130), "{shown}");
        let left = folder.path().read_dir().expect("it can be listed").count();
        assert_eq!(left, 0, "{answers:?}: nothing is written");
    }
}

/// A copy of the manifests of a scenario.
fn copied(scenario: &str) -> TempDir {
    let folder = TempDir::new().expect("a temp folder can be made");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios").join(scenario);
    let to = folder.path().join("in");
    std::fs::create_dir(&to).expect("a folder can be made");
    for file in from.join("in").read_dir().expect("it can be listed") {
        let file = file.expect("it can be listed");
        std::fs::copy(file.path(), to.join(file.file_name())).expect("it can be copied");
    }
    folder
}

#[test]
fn all_shows_what_would_be_replaced_and_where_before_it_asks() {
    let test = "all_shows_what_would_be_replaced_and_where_before_it_asks";
    let rotate = ["rotate", "--all", "-n", "default", "-f", "in", "--in-place"];
    let question = "Replace the certificate and key of 4 Secrets in the files of in? [y/N] ";
    for (answer, told, code, is_changed) in [
        ("n", "n\r\ncancelled\r\n", 130, false),
        ("", "\r\ncancelled\r\n", 130, false),
        ("^C", "^C\r\ncancelled\r\n", 130, false),
        ("y", "4 replaced, 8 skipped (8 owned)", 0, true),
    ] {
        let folder = copied("copies");
        let file = folder.path().join("in/secrets.yaml");
        let before = std::fs::read(&file).expect("it is there");
        let ran = on_terminal(test, folder.path(), &["--columns=80", answer], &rotate);
        let Some((shown, ended)) = ran else { return };
        let (plan, rest) = shown.split_once(question).expect(&shown);
        assert!(
            plan.contains("secret/is-cloned") && plan.contains("4 steps to carry out"),
            "{plan}"
        );
        assert!(rest.contains(told), "{answer:?}: {rest:?}");
        assert_eq!(ended, Some(code), "{answer:?}: {shown}");
        let after = std::fs::read(&file).expect("it is there");
        assert_eq!(before != after, is_changed, "{answer:?}");
    }
}

#[test]
fn a_terminal_of_any_width_shows_whole_names_and_commands() {
    let test = "a_terminal_of_any_width_shows_whole_names_and_commands";
    let goldens = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/terminal");
    let at = ["-f", "in", "--at", "2026-11-21T00:00:00Z", "--color", "never"];
    for (name, args) in [("check", &["check"][..]), ("rotate", &["rotate", "--due", "--dry-run"])] {
        for columns in [80, 120, 200] {
            let folder = copied("copies");
            let args = [args, &at].concat();
            let wide = format!("--columns={columns}");
            let Some((shown, _)) = on_terminal(test, folder.path(), &[&wide], &args) else {
                return;
            };
            // What shows that something goes on is wiped again.
            let shown = shown.rsplit("\u{1b}[2K").next().unwrap_or_default().replace('\r', "");
            let shown = shown.replace("typing is shown\n", "");
            let golden = goldens.join(format!("{name}-{columns}.txt"));
            if std::env::var_os("UPDATE_GOLDENS").is_some() {
                std::fs::write(&golden, &shown).expect("it can be written");
            }
            let expected = std::fs::read_to_string(&golden).expect("the golden is there");
            assert_eq!(shown, expected, "{}", golden.display());
            let commands =
                shown.lines().filter(|line| line.trim_start().starts_with("certwright "));
            let whole = commands.clone().all(|line| line.ends_with("--in-place"));
            assert!(whole && (name != "check" || commands.count() == 4), "{shown}");
            let hosts = ["is-cloned", "is-reflected", "is-synced", "pushes"];
            let host = |it: &str| format!("{it}.shop.example");
            assert!(hosts.iter().all(|it| shown.contains(&host(it))), "{columns}: {shown}");
        }
    }
}

/// Thirty hosts of two Ingresses, and a server that has the certificate of one of them alone; what RSA
/// signs is the same every time.
fn two_shops(folder: &Path) -> TlsServer {
    let from = datetime!(2026-10-01 0:00 UTC);
    let pair = |name: &str, key| self_signed(&params(name, &[name], from), key);
    let shop = pair("*.shop.example", "rsa-2048-01.pem");
    let pay = pair("*.pay.example", "rsa-2048-02.pem");
    for (name, many, pair) in [("shop", 24, &shop), ("pay", 6, &pay)] {
        let below = folder.join("in").join(name);
        std::fs::create_dir_all(&below).expect("a folder can be made");
        let hosts: Vec<String> = (1..=many).map(|it| format!("web{it}.{name}.example")).collect();
        let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        manifests(&below, &hosts, name, &pair.secret(name, None));
        let ingress = below.join("ingress.json");
        let text = std::fs::read_to_string(&ingress).expect("it is there");
        let named = text
            .replace(r#""metadata":{"name":"web"}"#, &format!(r#""metadata":{{"name":"{name}"}}"#));
        std::fs::write(&ingress, named).expect("it can be written");
    }
    TlsServer::serving(shop, Behaviour { alpn: vec!["h2"], ..Behaviour::default() })
}

#[test]
fn many_hosts_with_one_answer_are_one_row_of_a_terminal() {
    let test = "many_hosts_with_one_answer_are_one_row_of_a_terminal";
    let goldens = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/terminal");
    let folder = TempDir::new().expect("a temp folder can be made");
    let server = two_shops(folder.path());
    let place = server.place();
    let args = ["verify", "-R", "-f", "in", "--at", "2026-11-21T00:00:00Z", "--color", "never"];
    let args = [&args[..], &["--address", &place]].concat();
    for columns in [80, 120, 200] {
        let wide = format!("--columns={columns}");
        let ran = on_terminal(test, folder.path(), &[&wide], &args);
        let Some((shown, code)) = ran else { return };
        let shown = shown.rsplit("\u{1b}[2K").next().unwrap_or_default().replace('\r', "");
        let shown = shown.replace("typing is shown\n", "").replace(&place, "127.0.0.1:54321");
        assert_eq!(code, Some(1), "{shown}");
        let golden = goldens.join(format!("verify-{columns}.txt"));
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            std::fs::write(&golden, &shown).expect("it can be written");
        }
        let expected = std::fs::read_to_string(&golden).expect("the golden is there");
        assert_eq!(shown, expected, "{}", golden.display());
        let whole = ["24 hosts: web1.shop.example, ", "6 hosts: web1.pay.example, "];
        assert!(whole.iter().all(|words| shown.contains(words)), "{shown}");
        let table = shown.lines().take(3);
        assert!(table.into_iter().all(|line| line.chars().count() <= columns), "{shown}");
    }
    let all =
        on_terminal(test, folder.path(), &["--columns=120"], &[&args[..], &["--all"]].concat());
    let Some((shown, _)) = all else { return };
    let rows = shown.lines().filter(|line| line.contains(&place) && line.contains("  1.3  h2"));
    assert_eq!(rows.count(), 30, "{shown}");
}

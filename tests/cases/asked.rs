//! Questions at a terminal: the password of a PKCS#12, typed at a real one.

use crate::support::binary::Certwright;
use crate::support::witness;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const ISSUE: [&str; 6] = ["issue", "a.example", "--key-type", "p256", "--p12", "a.p12"];

/// Issues in the folder on a terminal, with these answers; what was shown and the exit code.
fn answered(test: &str, folder: &Path, answers: &[&str]) -> Option<(String, Option<i32>)> {
    if !witness::succeeds(Command::new("python3").args(["-c", "import pty"])) {
        witness::skip(test, "needs python3");
        return None;
    }
    let (command, _) = Certwright::new().folder(folder).args(&ISSUE).into_command();
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
fn nothing_is_written_without_a_password_that_was_meant() {
    let test = "nothing_is_written_without_a_password_that_was_meant";
    let interrupted = "interrupted; run the command again to see what is left to do";
    for (answers, told, expected) in [
        (&["one", "other"][..], "error: the two passwords differ", 2),
        (&["", ""], "error: the password of --p12 is empty", 2),
        (&["pässword", "pässword"], "a character that is not ASCII", 2),
        (&["^D"], "error: the password cannot be asked for: unexpected end of file", 4),
        (&["^C"], interrupted, 130),
        (&["one", "^C"], interrupted, 130),
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

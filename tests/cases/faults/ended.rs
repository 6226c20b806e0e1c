//! Commands that are ended from outside: by a signal or their own time while a server stalls, and by a
//! reader that has seen enough.

use super::table::busy;
use super::{CHECK, NOTHING, Ward, none_is_wrong, ward};
use crate::support::background::Background;
use crate::support::binary::Certwright;
use crate::support::spoilt::{Fault, Spoil, Spoilt};
use crate::support::tls_server::{params, self_signed};
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use time::macros::datetime;

/// No request ends by itself in a test's life.
const PATIENT: &str = "--request-timeout=1h";
/// When a command that was told to end hangs. It takes less than half a second, and more only where the
/// machine does not let it run.
const HANGS: Duration = Duration::from_secs(5);

/// A command that waits for ever: what for, and what it is.
type Waits = (&'static str, Spoil, &'static [&'static str]);

const fn stall(at: &'static [&'static [&'static str]], fault: Fault) -> Spoil {
    Spoil { at, fault, times: usize::MAX, ..NOTHING }
}

const PAGE: &[&[&str]] = &[&["/secrets?", "continue="]];
const WRITE: &[&[&str]] = &[&["PATCH "]];
const OBJECT: &[&[&str]] = &[&["/secrets/web-1 "]];
const ROTATE: &[&str] = &["rotate", "secret/web-1", "-n", "shop"];

fn waits() -> Vec<Waits> {
    vec![
        ("the head of a page", stall(PAGE, Fault::Stalled), CHECK),
        ("the rest of a page", stall(PAGE, Fault::StalledBody), CHECK),
        ("the next try", stall(PAGE, busy("Retry-After: 3600\r\n")), CHECK),
        ("an object", stall(OBJECT, Fault::Stalled), &["inspect", "secret/web-1", "-n", "shop"]),
        ("the rest of an object", stall(OBJECT, Fault::StalledBody), ROTATE),
        ("a write", stall(WRITE, Fault::Stalled), ROTATE),
        ("the next try of a write", stall(WRITE, busy("Retry-After: 3600\r\n")), ROTATE),
    ]
}

fn started(ward: &Ward, line: &Spoilt, args: &[&str]) -> Background {
    let run = ward.live.certwright().kubeconfig(&line.kubeconfig).args(args).args(&[PATIENT]);
    let run = Background::start(run);
    line.wait_for_strike();
    run
}

#[test]
fn a_signal_ends_at_once_whatever_waits_for_a_server() {
    let Some(ward) = ward("a_signal_ends_at_once") else { return };
    let all: Vec<(Waits, &str)> = ["INT", "TERM"]
        .into_iter()
        .flat_map(|name| waits().into_iter().map(move |it| (it, name)))
        .collect();
    none_is_wrong(&all, |((what, spoil, args), signal)| {
        let line = Spoilt::before(ward.proxy.port, *spoil);
        let run = started(ward, &line, args);
        let sent = Instant::now();
        run.signal(signal);
        let said = run.end(130);
        let took = sent.elapsed();
        let is_right = if args == &ROTATE {
            said.starts_with("interrupted no Secret is known to be replaced")
        } else {
            said == "interrupted"
        };
        let wrong = !is_right || took > HANGS;
        wrong
            .then(|| format!("== {signal}, waiting for {what}: {took:?}\n{said}"))
            .into_iter()
            .collect()
    });
}

#[test]
fn the_time_of_a_command_ends_it_whatever_waits_for_a_server() {
    let Some(ward) = ward("the_time_of_a_command_ends_it") else { return };
    none_is_wrong(&waits(), |(what, spoil, args)| {
        let line = Spoilt::before(ward.proxy.port, *spoil);
        let args = [args, &[PATIENT, "--timeout=3s"][..]].concat();
        let ran = ward.live.certwright().kubeconfig(&line.kubeconfig).args(&args).run();
        let is_right =
            ran.code == 124 && ran.stdout.is_empty() && ran.stderr.contains("timed out after 3s");
        let wrong = !is_right || line.strikes() == 0;
        wrong
            .then(|| format!("== {what}: {}\n{}{}", ran.code, ran.stdout, ran.stderr))
            .into_iter()
            .collect()
    });
}

/// Two thousand Secrets in a file, each with a certificate of its own.
fn many(folder: &TempDir) -> String {
    let from = datetime!(2026-01-01 0:00 UTC);
    let all = (0..2000).map(|number| {
        let host = format!("web-{number}.example");
        let pair = self_signed(&params(&host, &[&host], from), "ec-p256-01.pem");
        pair.secret(&format!("web-{number}"), None)
    });
    let path = folder.path().join("many.yaml");
    std::fs::write(&path, all.collect::<Vec<_>>().join("\n---\n")).expect("a file can be written");
    path.display().to_string()
}

/// As `certwright check | head -1` does: the reader goes away, and the command ends as it would have.
#[test]
fn a_reader_that_has_seen_enough_ends_no_report_with_noise() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let file = many(&folder);
    none_is_wrong(&["table", "json", "lines"], |format| {
        let args = ["check", "-f", &file, "--all", "--at=2027-06-01", "-o", *format];
        let (mut command, _folder) = Certwright::new().args(&args).into_command();
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().expect("the binary starts");
        let mut first = String::new();
        let stdout = child.stdout.take().expect("stdout is a pipe");
        // This buffer and the pipe hold less than two thousand rows, so that the rest meets nobody.
        BufReader::with_capacity(1024, stdout).read_line(&mut first).expect("it writes a line");
        let mut said = String::new();
        let mut stderr = child.stderr.take().expect("stderr is a pipe");
        stderr.read_to_string(&mut said).expect("it is text");
        let code = child.wait().expect("it ends").code();
        let is_right = !first.is_empty() && said.is_empty() && code == Some(1);
        let told = || format!("== {format}: {code:?} {first}{said}");
        (!is_right).then(told).into_iter().collect()
    });
}

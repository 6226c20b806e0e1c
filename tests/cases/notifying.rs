//! `check --notify`: each new finding is told once, whatever becomes of the receiver or of us.

use crate::support::binary::{Certwright, Ran};
use crate::support::live::Live;
use crate::support::rude::request;
use certwright::x509::digest;
use ring::hmac;
use serde_json::Value;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use tempfile::TempDir;

/// A receiver that answers as it is told, then 200, and keeps what it was sent.
pub(super) struct Receiver {
    pub(super) url: String,
    got: Arc<Mutex<Vec<(String, Value)>>>,
    answers: Arc<Mutex<Vec<u16>>>,
}

/// The part of the URL that nobody is to see.
const SECRET: &str = "T0KEN-of-the-webhook";

impl Receiver {
    pub(super) fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let place = listener.local_addr().expect("it has an address");
        let (got, answers) = (Arc::default(), Arc::default());
        let this = Self { url: format!("http://{place}/hooks/{SECRET}?k=v"), got, answers };
        let (got, answers) = (Arc::clone(&this.got), Arc::clone(&this.answers));
        thread::spawn(move || {
            for mut client in listener.incoming().map_while(Result::ok) {
                let Ok((head, body)) = request(&mut client) else { continue };
                let body = serde_json::from_slice(&body).expect("it is JSON");
                got.lock().expect("nobody panics").push((head, body));
                let mut answers = answers.lock().expect("nobody panics");
                let code = if answers.is_empty() { 200 } else { answers.remove(0) };
                let _ = write!(
                    client,
                    "HTTP/1.1 {code} Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                );
            }
        });
        this
    }

    fn will_answer(&self, codes: &[u16]) {
        self.answers.lock().expect("nobody panics").extend(codes);
    }

    /// What came since the last time.
    fn got(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.got.lock().expect("nobody panics"))
    }
}

fn manifests(folder: &Path, secret: bool) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios/guide/in");
    let to = folder.join("m");
    let _ = std::fs::remove_dir_all(&to);
    std::fs::create_dir(&to).expect("a folder can be made");
    for name in ["ingress.yaml", "secret.yaml"].into_iter().take(if secret { 2 } else { 1 }) {
        std::fs::copy(from.join(name), to.join(name)).expect("it can be copied");
    }
}

fn check(folder: &Path, url: &str, more: &[&str]) -> Ran {
    let args = ["check", "-f", "m", "--fail-on", "info", "--notify", url];
    let state = ["--notify-state", "state.json"];
    Certwright::new().folder(folder).args(&args).args(&state).args(more).run()
}

fn rules(message: &Value, list: &str) -> Vec<String> {
    let rows = message[list].as_array().into_iter().flatten();
    let mut rules: Vec<String> = rows
        .filter_map(|row| row["rule"].as_str().or_else(|| row["about"].as_str()?.split(' ').next()))
        .map(str::to_owned)
        .collect();
    rules.sort();
    rules
}

#[test]
fn each_finding_is_told_once_and_that_it_is_gone_once() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let receiver = Receiver::new();
    manifests(folder.path(), true);
    check(folder.path(), &receiver.url, &[]).expect_code(1);
    let got = receiver.got();
    assert_eq!(got.len(), 1, "{got:?}");
    let (head, message) = &got[0];
    assert!(head.starts_with(&format!("POST /hooks/{SECRET}?k=v HTTP/1.1\r\n")), "{head}");
    assert_eq!(message["schema"], "certwright.dev/notify/v1");
    let told = rules(message, "new");
    assert!(told.contains(&"cn-only".to_owned()), "{message:#}");
    // Years later the same certificate has other days left, and is the same news.
    check(folder.path(), &receiver.url, &["--at", "2031-01-01"]).expect_code(1);
    assert_eq!(receiver.got().len(), 0);
    // The certificate goes, and with it what was found of it; that it is missing is new.
    manifests(folder.path(), false);
    check(folder.path(), &receiver.url, &[]).expect_code(1);
    let got = receiver.got();
    assert_eq!(rules(&got[0].1, "new"), ["secret-missing"], "{got:?}");
    assert_eq!(rules(&got[0].1, "resolved"), told);
    check(folder.path(), &receiver.url, &[]).expect_code(1);
    assert_eq!(receiver.got().len(), 0);
}

#[test]
fn what_was_not_taken_is_told_again_under_the_same_id() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let receiver = Receiver::new();
    manifests(folder.path(), true);
    // Away for a moment: tried again in the same run.
    receiver.will_answer(&[503, 429]);
    check(folder.path(), &receiver.url, &[]).expect_code(1);
    let got = receiver.got();
    assert_eq!(got.len(), 3);
    let id = &got[0].1["id"];
    assert!(got.iter().all(|(_, message)| &message["id"] == id));
    assert!(got.iter().all(|(head, _)| {
        let id = id.as_str().unwrap_or_default();
        head.to_ascii_lowercase().contains(&format!("idempotency-key: {id}\r\n"))
    }));
    // It says no: that is an error, and the next run tells it again.
    std::fs::remove_file(folder.path().join("state.json")).expect("it is there");
    receiver.will_answer(&[404]);
    let ran = check(folder.path(), &receiver.url, &[]).expect_code(4);
    assert!(ran.stderr.contains("answered 404"), "{}", ran.stderr);
    assert!(!ran.stderr.contains(SECRET) && ran.stdout.contains("cn-only"), "{}", ran.stderr);
    assert_eq!(receiver.got().len(), 1);
    check(folder.path(), &receiver.url, &[]).expect_code(1);
    assert_eq!(receiver.got()[0].1["id"], *id);
    // Nobody is there at all.
    std::fs::remove_file(folder.path().join("state.json")).expect("it is there");
    let dead = format!("http://127.0.0.1:1/{SECRET}");
    let ran = check(folder.path(), &dead, &["-v"]).expect_code(4);
    assert!(ran.flat_stderr().contains("http://127.0.0.1:1 did not take it in 5 tries"));
    assert!(!ran.stderr.contains(SECRET), "{}", ran.stderr);
    check(folder.path(), &receiver.url, &[]).expect_code(1);
    assert_eq!(receiver.got().len(), 1);
}

#[test]
fn a_message_is_signed_with_the_key_of_a_file() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let receiver = Receiver::new();
    manifests(folder.path(), true);
    std::fs::write(folder.path().join("key"), "s3cret\n").expect("it can be written");
    check(folder.path(), &receiver.url, &["--notify-key", "key"]).expect_code(1);
    let (head, message) = receiver.got().remove(0);
    let field = |name: &str| {
        let lines = head.lines();
        let mut fields = lines.filter_map(|line| line.split_once(": "));
        fields.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    };
    let timestamp = field("x-certwright-timestamp").expect("it is there");
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"s3cret");
    let signed = format!("{timestamp}.{message}");
    let expected = digest::hex(hmac::sign(&key, signed.as_bytes()).as_ref());
    assert_eq!(field("x-certwright-signature"), Some(format!("sha256={expected}")));
    std::fs::write(folder.path().join("key"), "\n").expect("it can be written");
    check(folder.path(), &receiver.url, &["--notify-key", "key"]).expect_code(4);
}

#[test]
fn slack_gets_a_text_that_calls_nobody() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let receiver = Receiver::new();
    manifests(folder.path(), true);
    let ingress = folder.path().join("m/ingress.yaml");
    let text = std::fs::read_to_string(&ingress).expect("it is there");
    let hostile = text.replace("secretName: my-release-milvus-tls", "secretName: \"<!channel>&\"");
    std::fs::write(&ingress, hostile).expect("it can be written");
    check(folder.path(), &receiver.url, &["--notify-format", "slack"]).expect_code(1);
    let (_, message) = receiver.got().remove(0);
    let text = message["text"].as_str().expect("a text");
    assert!(!text.contains("<!channel>") && text.contains("cn-only"), "{text}");
    assert_eq!(message.as_object().map(serde_json::Map::len), Some(1));
}

#[test]
fn more_than_a_message_holds_is_told_in_several_of_bounded_size() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let receiver = Receiver::new();
    manifests(folder.path(), false);
    let one = std::fs::read_to_string(folder.path().join("m/ingress.yaml")).expect("it is there");
    let many: Vec<String> = (0..60)
        .map(|number| {
            one.replace("name: my-release-milvus\nspec", &format!("name: m{number}\nspec"))
        })
        .collect();
    std::fs::write(folder.path().join("m/ingress.yaml"), many.join("---\n")).expect("written");
    // The second message is not taken: the first was, and is not told again.
    receiver.will_answer(&[200, 400]);
    check(folder.path(), &receiver.url, &[]).expect_code(4);
    check(folder.path(), &receiver.url, &[]).expect_code(1);
    let got = receiver.got();
    assert!(got.iter().all(|(_, message)| message.to_string().len() < 64 * 1024));
    let mut keys: Vec<String> = got
        .iter()
        .enumerate()
        .filter(|(number, _)| *number != 1)
        .flat_map(|(_, (_, message))| message["new"].as_array().cloned().unwrap_or_default())
        .map(|row| row["fingerprint"].to_string())
        .collect();
    let count = keys.len();
    keys.sort();
    keys.dedup();
    assert!(count >= 60 && count == keys.len(), "{count} {}", keys.len());
}

#[test]
fn what_was_told_is_kept_in_a_config_map_and_a_refused_list_makes_nothing_gone() {
    let Some(live) = Live::new("what_was_told_is_kept") else { return };
    let receiver = Receiver::new();
    live.create_scenario("guide");
    let args = ["check", "--notify", &receiver.url, "--notify-state", "configmap/told"];
    live.run(&args).expect_code(1);
    live.run(&args).expect_code(1);
    assert_eq!(receiver.got().len(), 1);
    let state = live.cluster.get_json(&live.namespace, "configmap/told");
    let text = state["data"]["told.json"].as_str().expect("a text");
    assert!(text.contains("cn-only") && !text.contains(SECRET), "{text}");
    live.kubectl(&["delete", "secret", "my-release-milvus-tls"]);
    live.run(&args).expect_code(1);
    let (_, message) = receiver.got().remove(0);
    assert!(rules(&message, "resolved").contains(&"cn-only".to_owned()), "{message:#}");
    live.kubectl(&["create", "configmap", "other", "--from-literal=told.json={}"]);
    let other = ["check", "--notify", &receiver.url, "--notify-state", "configmap/other"];
    let ran = live.run(&other).expect_code(4);
    assert!(ran.stderr.contains("holds something else"), "{}", ran.stderr);
}

#[test]
fn a_url_that_is_none_is_refused_without_being_shown() {
    let folder = TempDir::new().expect("a temp folder can be made");
    manifests(folder.path(), true);
    for url in ["ftp://a/T0KEN", "no url/T0KEN", "/T0KEN", "https://u:T0KEN@a.example/", "https://"]
    {
        let ran = check(folder.path(), url, &[]).expect_code(2);
        assert!(!ran.stderr.contains("T0KEN"), "{}", ran.stderr);
    }
    let args = ["check", "-f", "m", "--notify", "https://a.example/T0KEN"];
    let ran = Certwright::new().folder(folder.path()).args(&args).run().expect_code(2);
    assert!(ran.stderr.contains("--notify-state"), "{}", ran.stderr);
    let args = ["check", "-f", "m", "--notify-state", "x"];
    let env = Certwright::new().folder(folder.path()).args(&args);
    let ran = env.env("CERTWRIGHT_NOTIFY_URL", "ftp://T0KEN").run().expect_code(2);
    assert!(!ran.stderr.contains("T0KEN"), "{}", ran.stderr);
}

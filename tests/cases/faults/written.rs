//! Rotations that meet faults: no Secret is torn, none is written twice, what is told is what was done,
//! and a second run does the rest.

use super::table::{self, End, Mode};
use super::{AT_ONCE, REQUEST_TIMEOUT, TIMEOUT, none_is_wrong_with, secret};
use crate::support::binary::Ran;
use crate::support::live::{Live, bundle};
use crate::support::rude::KubectlProxy;
use crate::support::spoilt::{Fault, Spoil, Spoilt};
use crate::support::witness;
use certwright::x509::key::Pairing;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// How many Secrets are in each namespace: four pages of two.
const SECRETS: usize = 7;

/// Namespaces with Secrets alike, and the way to their cluster.
struct Stock {
    live: Live,
    proxy: KubectlProxy,
    namespaces: Vec<String>,
}

fn stock(test: &str, count: usize) -> Option<Stock> {
    let live = Live::new(test)?;
    let namespaces: Vec<String> = (0..count).map(|_| live.cluster.namespace(test)).collect();
    let mut objects = Vec::new();
    for number in 1..=SECRETS {
        let made = secret(&live, "default", &format!("web-{number}"), "web.example");
        objects.extend(namespaces.iter().map(|namespace| {
            let mut secret = made.clone();
            secret["metadata"]["namespace"] = namespace.as_str().into();
            secret
        }));
    }
    let all = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    let file = live.cluster.data().join(format!("{test}.json"));
    std::fs::write(&file, all.to_string()).expect("a file can be written");
    let ran = live.cluster.kubectl().args(["create", "-f"]).arg(&file).output();
    let ran = ran.expect("kubectl starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let proxy = KubectlProxy::to(&live.cluster);
    Some(Stock { live, proxy, namespaces })
}

impl Stock {
    /// Every Secret of the namespace by its name.
    fn secrets(&self, namespace: &str) -> BTreeMap<String, Value> {
        let list = self.proxy.get(&format!("/api/v1/namespaces/{namespace}/secrets"));
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items.into_iter().map(|item| (text(&item["metadata"]["name"]), item)).collect()
    }

    /// Without a backup: what becomes of one write is told here, and of the others in `way_back::cut`.
    fn rotate(&self, namespace: &str, kubeconfig: &Path) -> Ran {
        let args =
            ["rotate", "--all", "--yes", "--no-backup", "-o", "json", REQUEST_TIMEOUT, TIMEOUT];
        self.live.certwright().kubeconfig(kubeconfig).args(&args).args(&["-n", namespace]).run()
    }

    /// What is wrong with a rotation that meets this, and with one after it that meets nothing.
    fn wrong(&self, namespace: &str, (name, spoil): (&str, Spoil), code: i32) -> Vec<String> {
        let before = self.secrets(namespace);
        let line = Spoilt::before(self.proxy.port, spoil);
        let ran = self.rotate(namespace, &line.kubeconfig);
        let after = self.secrets(namespace);
        let asked = line.asked();
        let mut wrong = Vec::new();
        let mut say = |why: String| {
            wrong.push(format!(
                "== {name} (arrives: {}): {why}\n{}\n{}\nasked: {asked:#?}",
                spoil.arrives, ran.stdout, ran.stderr
            ));
        };
        if line.strikes() == 0 {
            say("nothing was spoilt".to_owned());
        }
        if ran.code != code {
            say(format!("exit code {} where {code} is right", ran.code));
        }
        let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        for (name, secret) in &after {
            if bundle(secret).pairing != Pairing::Match {
                say(format!("{name} is torn"));
            }
            let changed = before[name]["data"] != secret["data"];
            if changed != is_told(&document, name) {
                say(format!("{name} is replaced: {changed}, which is not what is told"));
            }
            let write = format!("PATCH /api/v1/namespaces/{namespace}/secrets/{name}?");
            let writes = asked.iter().filter(|line| line.starts_with(&write)).count();
            let again = matches!(spoil.fault, Fault::Said(409 | 429, ..));
            if writes > 1 && !again {
                say(format!("{name} is written {writes} times"));
            }
        }
        if code != 0 {
            let second = self.rotate(namespace, self.live.cluster.kubeconfig());
            let done = second.json()["summary"]["done"].clone();
            if second.code != 0 || done != SECRETS {
                say(format!("a second run ends with {} and {done} replaced", second.code));
            }
        }
        wrong
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Whether the document says that the Secret was replaced.
fn is_told(document: &Value, name: &str) -> bool {
    let rows = |list: &str| document[list].as_array().cloned().unwrap_or_default();
    let is_it = |row: &Value| row["ref"]["name"] == name;
    let done = rows("steps").iter().any(|step| is_it(step) && step["result"] == "done");
    done || rows("skipped").iter().any(|row| is_it(row) && row["reason"] == "already-replaced")
}

#[test]
fn a_rotation_whose_list_breaks_replaces_what_it_has_seen_or_nothing() {
    let test = "a_rotation_whose_list_breaks";
    let Some(stock) = stock(test, AT_ONCE) else { return };
    none_is_wrong_with(&stock.namespaces, &table::of_lists(), |namespace, mode| {
        let code = match mode.end {
            // No other namespace is there to heal it by.
            _ if mode.name == "403 on the second page" => 3,
            End::Heals => 0,
            End::Part => 3,
            End::Fails => 4,
        };
        stock.wrong(namespace, (mode.name, mode.spoil(&[&["/secrets?", "continue="]])), code)
    });
}

#[test]
fn a_write_that_meets_a_fault_is_told_as_it_came_out_and_never_sent_twice() {
    let test = "a_write_that_meets_a_fault";
    let Some(stock) = stock(test, AT_ONCE) else { return };
    let lost = table::of_writes(false).into_iter().map(|mode| (mode, false));
    let done = table::of_writes(true).into_iter().map(|mode| (mode, true));
    let all: Vec<(Mode, bool)> = lost.chain(done).collect();
    none_is_wrong_with(&stock.namespaces, &all, |namespace, (mode, arrives)| {
        let spoil = Spoil { arrives: *arrives, ..mode.spoil(&[&["PATCH ", "/secrets/web-3?"]]) };
        let code = if mode.end == End::Heals { 0 } else { 4 };
        stock.wrong(namespace, (mode.name, spoil), code)
    });
}

/// The write is carried out, and from then on nobody answers: what became of it cannot be told.
#[test]
fn a_write_of_which_nothing_can_be_learned_is_told_as_such() {
    let test = "a_write_of_which_nothing_can_be_learned";
    let Some(stock) = stock(test, 1) else { return };
    let namespace = &stock.namespaces[0];
    let at: &[&[&str]] = &[&["PATCH ", "/secrets/web-3?"], &["GET ", "/secrets/web-3 "]];
    let fault = Fault::HangUp;
    let spoil = Spoil { at, after: 0, times: usize::MAX, arrives: true, fault };
    let line = Spoilt::before(stock.proxy.port, spoil);
    let ran = stock.rotate(namespace, &line.kubeconfig).expect_code(4);
    let document = ran.json();
    let steps = document["steps"].as_array().expect("a list");
    let step = steps.iter().find(|step| step["ref"]["name"] == "web-3").expect("it is there");
    assert_eq!(step["result"], "failed");
    let told = "whether it was carried out is not known: afterwards the Secret could not be read";
    assert!(text(&step["message"]).contains(told), "{step:#}");
    assert!(ran.flat_stderr().contains(told), "{}", ran.stderr);
    assert_eq!(document["summary"]["done"], SECRETS - 1);
}

/// A CA that names its host looks like a server's certificate where what it signed was not read.
#[test]
fn a_certificate_that_may_sign_is_not_replaced_while_what_it_signed_may_be_unread() {
    let test = "a_certificate_that_may_sign";
    let Some(live) = witness::openssl(test).and_then(|_| Live::new(test)) else { return };
    // Alphabetically first, so that it is on the first page and what it signed is not.
    let made = "
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.crt \
          -days 90 -subj /CN=ca.example -addext subjectAltName=DNS:ca.example 2>/dev/null
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout b.key -out b.csr \
          -subj /CN=b.example -addext subjectAltName=DNS:b.example 2>/dev/null
        openssl x509 -req -in b.csr -CA ca.crt -CAkey ca.key -days 30 -copy_extensions copy -out b.crt 2>/dev/null";
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let ran =
        std::process::Command::new("sh").args(["-ec", made]).current_dir(folder.path()).status();
    assert!(ran.expect("sh starts").success());
    let file = |name: &str| folder.path().join(name).display().to_string();
    for (name, pair) in [("a-ca", "ca"), ("d", "b")] {
        let (certificate, key) = (file(&format!("{pair}.crt")), file(&format!("{pair}.key")));
        live.kubectl(&["create", "secret", "tls", name, "--cert", &certificate, "--key", &key]);
    }
    // Only the last Secret tells that the first is a CA, and it is not read.
    for name in ["b", "c"] {
        let own = secret(&live, &live.namespace, name, "own.example");
        live.cluster.apply(&live.namespace, &own.to_string());
    }
    let proxy = KubectlProxy::to(&live.cluster);
    let gone = Mode { times: usize::MAX, end: End::Part, ..table::of_lists()[0] };
    let line = Spoilt::before(proxy.port, gone.spoil(&[&["/secrets?", "continue="]]));
    let args = ["rotate", "--all", "--yes", "-o", "json", REQUEST_TIMEOUT, "-n", &live.namespace];
    let ran = live.certwright().kubeconfig(&line.kubeconfig).args(&args).run().expect_code(3);
    let document = ran.json();
    assert_eq!(document["skipped"][0]["ref"]["name"], "a-ca", "{document:#}");
    assert_eq!(document["skipped"][0]["reason"], "unseen", "{document:#}");
    assert_eq!(document["summary"]["done"], 1, "{document:#}");
}

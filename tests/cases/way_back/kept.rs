//! What is kept, for how long, and what a rollback makes of it.

use super::{content, hand_made, is_whole, pair, secrets};
use crate::support::live::{Live, value};
use serde_json::json;

#[test]
fn a_rollback_puts_back_byte_for_byte_what_a_rotation_replaced_and_a_second_one_undoes_it() {
    let Some(live) = Live::new("a_rollback_puts_back") else { return };
    hand_made(&live, "web");
    live.kubectl(&["patch", "secret", "web", "-p", r#"{"data":{"note.bin":"AAEC/w=="}}"#]);
    let old = live.secret("web");
    live.run(&["rotate", "secret/web"]).expect_code(0);
    let new = live.secret("web");
    let kept = live.secret("web-previous");
    assert_eq!(pair(&kept, ""), pair(&old, ""));
    assert_eq!(kept["type"], "certwright.dev/previous");
    assert_eq!(kept["metadata"]["labels"]["team"], "shop");
    assert_eq!(kept["metadata"]["labels"]["app.kubernetes.io/managed-by"], "certwright");
    let notes = &kept["metadata"]["annotations"];
    assert_eq!(notes["certwright.dev/previous-of"], "web");
    assert!(notes["certwright.dev/kept-until"].is_string(), "{notes:#}");

    let told = live.run(&["rollback", "secret/web", "-o", "json"]).expect_code(0).json();
    assert_eq!(told["schema"], "certwright.dev/rollback/v1");
    assert_eq!(told["steps"][0]["result"], "done");
    assert_eq!(content(&live.secret("web")), content(&old));
    let kept = live.secret("web-previous");
    assert_eq!(pair(&kept, ""), pair(&new, ""));
    assert!(kept["data"]["older.tls.crt"].is_null(), "it keeps what is not there alone");

    live.run(&["rollback", "secret/web"]).expect_code(0);
    assert_eq!(content(&live.secret("web")), content(&new));
    assert_eq!(pair(&live.secret("web-previous"), ""), pair(&old, ""));
    let history = &live.secret("web-previous")["metadata"]["annotations"]["certwright.dev/history"];
    assert_eq!(history.as_str().expect("a text").lines().count(), 3, "{history}");
}

#[test]
fn a_ca_crt_that_changed_with_the_certificate_goes_back_with_it() {
    let Some(live) = Live::new("a_ca_crt_that_changed") else { return };
    for name in ["pinned", "bare"] {
        hand_made(&live, name);
    }
    let pinned = live.secret("pinned");
    let patch = json!({"data": {"ca.crt": pinned["data"]["tls.crt"]}});
    live.kubectl(&["patch", "secret", "pinned", "-p", &patch.to_string()]);
    let (pinned, bare) = (live.secret("pinned"), live.secret("bare"));
    live.run(&["rotate", "secret/pinned"]).expect_code(0);
    let both = value(&live.secret("pinned"), "ca.crt");
    live.run(&["rollback", "secret/pinned"]).expect_code(0);
    assert_eq!(content(&live.secret("pinned")), content(&pinned));
    live.run(&["rollback", "secret/pinned"]).expect_code(0);
    assert_eq!(value(&live.secret("pinned"), "ca.crt"), both);

    // Where there was none before it goes again.
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    live.certwright().folder(folder.path()).args(&["issue", "web.example"]).run().expect_code(0);
    let import =
        ["import", "bare", "--cert=tls.crt", "--key=tls.key", "--ca-cert=tls.crt", "--replace"];
    let import = live.certwright().folder(folder.path()).args(&import);
    import.args(&["-n", &live.namespace]).run().expect_code(0);
    assert!(!value(&live.secret("bare"), "ca.crt").is_empty());
    live.run(&["rollback", "secret/bare"]).expect_code(0);
    assert_eq!(content(&live.secret("bare")), content(&bare));
}

#[test]
fn a_second_rotation_keeps_what_it_replaced_itself() {
    let Some(live) = Live::new("a_second_rotation_keeps") else { return };
    hand_made(&live, "web");
    let first = live.secret("web");
    live.run(&["rotate", "secret/web"]).expect_code(0);
    let second = live.secret("web");
    live.run(&["rotate", "secret/web"]).expect_code(0);
    let kept = live.secret("web-previous");
    assert_eq!(pair(&kept, ""), pair(&second, ""));
    assert_eq!(
        pair(&kept, "older."),
        pair(&first, ""),
        "had the switch failed, it would be needed"
    );
    live.run(&["rollback", "secret/web"]).expect_code(0);
    assert_eq!(content(&live.secret("web")), content(&second));
}

#[test]
fn a_secret_of_that_name_that_keeps_nothing_is_never_overwritten() {
    let Some(live) = Live::new("a_secret_of_that_name") else { return };
    hand_made(&live, "web");
    live.kubectl(&["create", "secret", "generic", "web-previous", "--from-literal=tls.crt=mine"]);
    let before = live.versions();
    let ran = live.run(&["rotate", "secret/web"]).expect_code(4);
    let said = ran.flat_stderr();
    assert!(said.contains("somebody else's") && said.contains("--no-backup"), "{said}");
    let ran = live.run(&["rollback", "secret/web"]).expect_code(4);
    assert!(ran.flat_stderr().contains("somebody else's"), "{}", ran.stderr);
    assert_eq!(live.versions(), before);
    live.run(&["rotate", "secret/web", "--no-backup"]).expect_code(0);
    assert_eq!(value(&live.secret("web-previous"), "tls.crt"), b"mine");
}

#[test]
fn without_the_right_to_keep_it_nothing_is_replaced_and_a_batch_says_so_once() {
    let Some(live) = Live::new("without_the_right_to_keep_it") else { return };
    for name in ["a", "b", "c"] {
        hand_made(&live, name);
    }
    let rights = ["--verb=get,list,patch", "--resource=secrets,ingresses.networking.k8s.io"];
    live.kubectl(&[&["create", "role", "rotator"][..], &rights].concat());
    live.kubectl(&["create", "rolebinding", "rotator", "--role=rotator", "--user=ann"]);
    let before = live.versions();
    let batch = ["rotate", "--all", "--yes", "--as=ann"];
    let ran = live.run(&batch).expect_code(4);
    let said = ran.flat_stderr();
    assert_eq!(said.matches("--no-backup").count(), 1, "{said}");
    assert!(said.contains("user ann may not create secrets"), "{said}");
    assert!(said.contains("and 2 more"), "{said}");
    assert_eq!(live.versions(), before);
    let report = live.run(&[&batch[..], &["-o", "json"]].concat()).expect_code(4).json();
    assert_eq!(report["summary"]["failed"], 3, "{report:#}");
    live.run(&[&batch[..], &["--no-backup"]].concat()).expect_code(0);
    assert_eq!(live.versions().len(), 3);
}

#[test]
fn backups_are_judged_nowhere_and_never_backed_up_themselves() {
    let Some(live) = Live::new("backups_are_judged_nowhere") else { return };
    hand_made(&live, "web");
    live.run(&["rotate", "secret/web"]).expect_code(0);
    let names = |args: &[&str]| -> Vec<String> {
        let report = live.run(args).json();
        let rows = report["certificates"].as_array().expect("a list").iter();
        rows.map(|row| row["ref"]["name"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names(&["check", "-o", "json"]), ["web"]);
    assert_eq!(names(&["check", "--key=.", "-o", "json"]), ["web"]);
    let report = live.run(&["check", "-o", "json"]).json();
    let told = report["findings"].to_string();
    assert!(!told.contains("web-previous"), "{told}");
    let plan = live.run(&["rotate", "--all", "--yes", "--dry-run", "-o", "json"]).json();
    assert_eq!(plan["steps"].as_array().map(Vec::len), Some(1), "{plan:#}");
    let before = live.versions();
    for command in ["rotate", "rollback"] {
        let ran = live.run(&[command, "secret/web-previous"]).expect_code(4);
        assert!(ran.flat_stderr().contains("it is a backup"), "{}", ran.stderr);
    }
    assert_eq!(live.versions(), before);

    // The same among files: what is read back from the cluster.
    let list = live.kubectl(&["get", "secrets", "-o", "json"]).stdout;
    let report = live.certwright().args(&["check", "-f", "-", "-o", "json"]).stdin(list).run();
    let report = report.json();
    assert_eq!(report["certificates"].as_array().map(Vec::len), Some(1), "{report:#}");
    assert!(!report["findings"].to_string().contains("web-previous"), "{report:#}");
}

#[test]
fn what_has_expired_goes_back_by_force_alone_and_the_next_batch_deletes_it() {
    let Some(live) = Live::new("what_has_expired_goes_back") else { return };
    live.create_scenario("expired");
    let all = secrets(&live);
    let report = live.run(&["rotate", "--due", "-o", "json"]).json();
    let old = report["steps"][0]["ref"]["name"].as_str().expect("one is replaced").to_owned();
    let old = (old.clone(), all[&old].clone());
    let name = format!("secret/{}", old.0);
    let beside = format!("{}-previous", old.0);
    assert!(secrets(&live).contains_key(&beside), "that of this run is kept");
    let before = live.versions();
    let ran = live.run(&["rollback", &name]).expect_code(4);
    let said = ran.flat_stderr();
    assert!(said.contains("expired on") && said.contains("--force"), "{said}");
    let planned = live.run(&["rotate", "--due", "--dry-run"]).expect_code(0);
    assert!(planned.stdout.contains(&format!("{beside} is deleted")), "{}", planned.stdout);
    assert_eq!(live.versions(), before);
    live.run(&["rollback", &name, "--force"]).expect_code(0);
    assert_eq!(content(&live.secret(&old.0))["data"], content(&old.1)["data"]);
    live.run(&["rollback", &name]).expect_code(0);

    let ran = live.run(&["rotate", "--due"]).expect_code(0);
    assert!(ran.stdout.contains(&format!("{beside} was deleted")), "{}", ran.stdout);
    assert!(!secrets(&live).contains_key(&beside));
    let ran = live.run(&["rollback", &name]).expect_code(4);
    assert!(ran.flat_stderr().contains("nothing to roll back to"), "{}", ran.stderr);
}

#[test]
fn a_name_as_long_as_names_may_be_has_a_way_back() {
    let Some(live) = Live::new("a_name_as_long_as_names_may_be") else { return };
    let name = "w".repeat(253);
    hand_made(&live, &name);
    let old = live.secret(&name);
    live.run(&["rotate", &format!("secret/{name}")]).expect_code(0);
    live.run(&["rollback", &format!("secret/{name}")]).expect_code(0);
    assert_eq!(content(&live.secret(&name)), content(&old));
}

#[test]
fn dry_runs_of_both_write_nothing_and_say_what_is_kept() {
    let Some(live) = Live::new("dry_runs_of_both") else { return };
    hand_made(&live, "web");
    let before = live.versions();
    for how in ["--dry-run=client", "--dry-run=server"] {
        let plan = live.run(&["rotate", "secret/web", how, "-o", "json"]).expect_code(0).json();
        let backup = &plan["steps"][0]["backup"];
        assert_eq!(backup["ref"]["name"], "web-previous", "{plan:#}");
    }
    assert_eq!(live.versions(), before);
    live.run(&["rotate", "secret/web"]).expect_code(0);
    let before = live.versions();
    for how in ["--dry-run=client", "--dry-run=server"] {
        live.run(&["rollback", "secret/web", how]).expect_code(0);
        live.run(&["rotate", "secret/web", how]).expect_code(0);
    }
    assert_eq!(live.versions(), before);
}

#[test]
fn a_rollback_minds_owners_hosts_and_what_is_not_there() {
    let Some(live) = Live::new("a_rollback_minds_owners") else { return };
    hand_made(&live, "web");
    let ran = live.run(&["rollback", "secret/web"]).expect_code(4);
    assert!(ran.flat_stderr().contains("nothing to roll back to"), "{}", ran.stderr);
    live.run(&["rollback", "secret/none"]).expect_code(4);

    live.run(&["rotate", "secret/web", "--add-host", "api.example"]).expect_code(0);
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"},
        "spec": {"tls": [{"hosts": ["api.example"], "secretName": "web"}], "rules": [{"host": "api.example"}]},
    });
    live.cluster.apply(&live.namespace, &ingress.to_string());
    let before = live.versions();
    let ran = live.run(&["rollback", "secret/web"]).expect_code(4);
    assert!(ran.flat_stderr().contains("does not cover api.example"), "{}", ran.stderr);
    live.kubectl(&["label", "secret", "web", "app.kubernetes.io/managed-by=Helm"]);
    live.kubectl(&["annotate", "secret", "web", "meta.helm.sh/release-name=shop"]);
    let ran = live.run(&["rollback", "secret/web", "--force"]).expect_code(4);
    assert!(ran.flat_stderr().contains("Helm release shop owns it"), "{}", ran.stderr);
    assert_eq!(before.len(), live.versions().len());
    live.run(&["rollback", "secret/web", "--force", "--override-owner"]).expect_code(0);
    assert!(is_whole(&live.secret("web")));
}

#[test]
fn several_are_asked_about_and_put_back_together() {
    let Some(live) = Live::new("several_are_asked_about") else { return };
    for name in ["a", "b"] {
        hand_made(&live, name);
    }
    let old = [live.secret("a"), live.secret("b")];
    live.run(&["rotate", "secret/a,b"]).expect_code(0);
    live.run(&["rollback", "secret/a,b"]).expect_code(2);
    live.run(&["rollback", "secret/a,b", "--yes"]).expect_code(0);
    assert_eq!(
        [live.secret("a"), live.secret("b")].map(|it| content(&it)),
        old.map(|it| content(&it))
    );
}

#[test]
fn a_private_key_is_in_no_output_of_a_rotation_or_a_rollback() {
    let Some(live) = Live::new("a_private_key_is_in_no_output") else { return };
    hand_made(&live, "web");
    let mut said = String::new();
    let mut keys = Vec::new();
    let commands: [&[&str]; 6] = [
        &["rotate", "secret/web", "--dry-run", "-v"],
        &["rotate", "secret/web", "-v", "-o", "json"],
        &["rotate", "secret/web", "-v"],
        &["rollback", "secret/web", "--dry-run=server", "-v"],
        &["rollback", "secret/web", "-v", "-o", "json"],
        &["rollback", "secret/web", "-v"],
    ];
    for command in commands {
        for secret in secrets(&live).values() {
            keys.extend([pair(secret, "").1, pair(secret, "older.").1]);
            keys.extend(secret["data"]["tls.key"].as_str().map(|text| text.as_bytes().to_vec()));
        }
        let ran = live.run(command).expect_code(0);
        said.push_str(&ran.stdout);
        said.push_str(&ran.stderr);
    }
    let texts = keys.iter().map(|key| String::from_utf8_lossy(key));
    // Any line of its body is the canary.
    let lines: Vec<String> = texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| line.len() > 20 && !line.starts_with("-----"))
        .collect();
    assert!(lines.len() > 10, "there are keys to look for");
    for line in lines {
        let canary: String = line.chars().take(40).collect();
        assert!(!said.contains(&canary), "a key is told");
    }
}

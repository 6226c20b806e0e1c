//! `--policy`, `--baseline` and what they do to a report, through the built binary, over the manifests of
//! scenarios: the rules `waiver-expired` and `waiver-unused` speak only here.

use super::scenarios::AT;
use crate::support::binary::{Certwright, Ran};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder with a file of this text.
fn holding(name: &str, text: &str) -> TempDir {
    let folder = TempDir::new().expect("a temp folder can be made");
    fs::write(folder.path().join(name), text).expect("it can be written");
    folder
}

/// The manifests of a scenario: a Secret that is expired and served, and one that is a leftover.
fn manifests(scenario: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios");
    root.join(scenario).join("in")
}

/// `check` over the scenario `expired`, in this folder.
fn check(folder: &Path, args: &[&str]) -> Ran {
    let manifests = manifests("expired");
    let base =
        ["check", "--at", AT, "--platform", "other", "-f", manifests.to_str().expect("text")];
    Certwright::new().folder(folder).args(&base).args(args).run()
}

/// Every finding, as `severity rule name` and what is marked.
fn told(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let line = |finding: &Value| {
        let name = text(&finding["ref"]["name"]);
        let mark = if finding["waived"] == true { " waived" } else { "" };
        format!("{} {} {name}{mark}", text(&finding["severity"]), text(&finding["rule"]))
    };
    findings.map(line).collect()
}

const WAIVERS: &str = "\
severities:
  - {rule: secret-unused, severity: off}
waivers:
  - rule: expired
    object: secret/shop-tls
    reason: moving to <b>the\u{202e} new</b> shop
    until: 2026-11-20
  - {rule: expired, object: secret/shop-2025-tls, reason: kept for the auditors, until: 2027-03-31}
  - {rule: cn-only, host: nobody.example, reason: none left, until: 2027-03-31}
";

#[test]
fn a_waiver_hides_its_finding_until_its_day_and_is_a_finding_behind_it() {
    let folder = holding("policy.yaml", WAIVERS);
    let ran = check(folder.path(), &["--policy", "policy.yaml", "-o", "json"]).expect_code(1);
    let report = ran.json();
    assert_eq!(
        told(&report),
        [
            "error expired shop-tls",
            "warning expired shop-2025-tls waived",
            "warning waiver-expired policy.yaml",
            "info waiver-unused policy.yaml",
        ]
    );
    let waived = &report["findings"][1]["waiver"];
    assert_eq!(
        (waived["reason"].as_str(), waived["until"].as_str()),
        (Some("kept for the auditors"), Some("2027-03-31"))
    );
    assert_eq!(report["findings"][0]["waiver"], Value::Null);
    let ended = &report["findings"][2];
    assert_eq!(ended["related"][0]["name"], "shop-tls");
    assert_eq!(ended["evidence"]["until"], "2026-11-20");
    assert_eq!(report["summary"]["waived"], 1);

    let text = check(folder.path(), &["--policy", "policy.yaml"]).expect_code(1).stdout;
    assert!(!text.contains("kept for the auditors") && text.contains("1 waived"), "{text}");
    let all = check(folder.path(), &["--policy", "policy.yaml", "--all"]).expect_code(1).stdout;
    assert!(all.contains("(waived until 2027-03-31: kept for the auditors)"), "{all}");
    assert!(!all.contains('\u{202e}'), "what comes from the file is made harmless");

    // A day earlier nothing has ended. The remedy is what takes the finding away.
    let at = ["--policy", "policy.yaml", "--at", "2026-11-20T23:59:59Z", "-o", "json"];
    let earlier = told(&check(folder.path(), &at).expect_code(0).json());
    assert!(!earlier.iter().any(|it| it.contains("waiver-expired")), "{earlier:?}");
    let mended = WAIVERS.replace("until: 2026-11-20", "until: 2026-12-31");
    fs::write(folder.path().join("policy.yaml"), mended).expect("it can be written");
    check(folder.path(), &["--policy", "policy.yaml"]).expect_code(0);
}

#[test]
fn a_policy_that_cannot_be_understood_is_refused_with_every_place() {
    let folder =
        holding("policy.yaml", "waviers: []\nseverities:\n  - {rule: expird, severity: of}\n");
    let ran = check(folder.path(), &["--policy", "policy.yaml"]).expect_code(4);
    let said = ran.flat_stderr();
    for part in [
        "cannot use the policy policy.yaml",
        "line 1, column 1: unknown key \"waviers\"; did you mean waivers?",
        "line 3, column 12: no rule has the code \"expird\": did you mean expired?",
        "line 3, column 30: unknown severity \"of\"; did you mean off?",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(ran.stdout.is_empty());
    for (args, part) in [
        (["--policy", "gone.yaml"], "cannot use gone.yaml"),
        (["--policy", "-"], "--policy cannot be standard input"),
    ] {
        let said = check(folder.path(), &args).flat_stderr();
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn every_command_that_judges_by_dates_takes_the_policy() {
    let policy = "renewBefore: [{window: 60d, for: {namespaces: default}}]";
    let folder = holding("policy.yaml", policy);
    let manifests = manifests("expires-soon");
    let base = ["--policy", "policy.yaml", "--at", AT, "-f", manifests.to_str().expect("text")];
    let run = |args: &[&str]| Certwright::new().folder(folder.path()).args(args).args(&base).run();
    let steps = |ran: &Ran| ran.json()["steps"].as_array().map_or(0, Vec::len);
    let due = run(&["rotate", "--due", "--dry-run=client", "-o", "json"]);
    fs::write(folder.path().join("policy.yaml"), "renewBefore: [{window: 1h}]").expect("written");
    let none = run(&["rotate", "--due", "--dry-run=client", "-o", "json"]);
    assert!(steps(&due) > steps(&none), "{} {}", due.stdout, none.stdout);
    let inspect = ["inspect", "secret/year-29-days-left", "-o", "json"];
    let found = |ran: &Ran| ran.json()["findings"].to_string().contains("expires-soon");
    fs::write(
        folder.path().join("policy.yaml"),
        "severities: [{rule: expires-soon, severity: off}]",
    )
    .expect("written");
    assert!(!found(&run(&inspect)));
    fs::write(folder.path().join("policy.yaml"), "").expect("written");
    assert!(found(&run(&inspect)));
}

#[test]
fn labels_choose_among_objects_though_none_are_kept() {
    let secret = |name: &str, tier: &str| {
        let guide =
            fs::read_to_string(manifests("guide").join("secret.yaml")).expect("it is there");
        let labels = format!("metadata:\n  labels:\n    tier: {tier}\n  ");
        let own = guide.replacen("metadata:\n  ", &labels, 1);
        let line =
            own.lines().find(|line| line.starts_with("  name: ")).expect("a name").to_owned();
        own.replacen(&line, &format!("  name: {name}"), 1)
    };
    let both = format!("{}\n---\n{}", secret("gold-tls", "gold"), secret("tin-tls", "tin"));
    let folder = holding("secrets.yaml", &both);
    let policy = "severities: [{rule: cn-only, severity: off, for: {labels: 'tier in (gold)'}}]";
    fs::write(folder.path().join("policy.yaml"), policy).expect("it can be written");
    let run = |args: &[&str]| {
        let base = ["check", "--at", AT, "-f", "secrets.yaml", "-o", "json"];
        let ran = Certwright::new().folder(folder.path()).args(&base).args(args).run();
        let all = told(&ran.json());
        all.into_iter().filter(|it| it.contains(" cn-only ")).collect::<Vec<_>>()
    };
    assert_eq!(run(&[]).len(), 2);
    let left = run(&["--policy", "policy.yaml"]);
    assert!(left.len() == 1 && left[0].ends_with("tin-tls"), "{left:?}");
}

#[test]
fn only_what_is_not_in_the_baseline_counts() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let with = ["--baseline", "known.json"];
    let missing = check(folder.path(), &with).expect_code(4);
    assert!(missing.flat_stderr().contains("add --write-baseline"), "{}", missing.stderr);

    let wrote = check(folder.path(), &[&with[..], &["--write-baseline"]].concat()).expect_code(0);
    assert!(wrote.stderr.contains("known.json was written: "), "{}", wrote.stderr);
    let file = fs::read_to_string(folder.path().join("known.json")).expect("it is there");
    assert!(file.ends_with("}\n") && !file.contains("2026"), "{file}");

    let later = check(folder.path(), &[&with[..], &["--at", "2026-12-24"]].concat()).expect_code(0);
    assert!(
        later.stdout.contains("compared with known.json: ") && later.stdout.contains(" 0 new"),
        "{}",
        later.stdout
    );
    assert!(
        !later.stdout.contains("error    expired"),
        "known findings are hidden: {}",
        later.stdout
    );
    let all = check(folder.path(), &[&with[..], &["--all"]].concat()).expect_code(0).stdout;
    assert!(all.contains("(known)"), "{all}");
    let report = check(folder.path(), &[&with[..], &["-o", "json"]].concat()).expect_code(0).json();
    assert!(
        report["findings"].as_array().expect("a list").iter().all(|it| it["baseline"] == "known")
    );
    assert_eq!((&report["summary"]["errors"], &report["summary"]["fixed"]), (&0.into(), &0.into()));
    assert_eq!(report["summary"]["known"], report["findings"].as_array().expect("a list").len());

    // The same again writes the same bytes; another day too.
    check(folder.path(), &[&with[..], &["--write-baseline", "--at", "2026-12-24"]].concat())
        .expect_code(0);
    assert_eq!(fs::read_to_string(folder.path().join("known.json")).expect("it is there"), file);

    // One that is taken out is new, and fails.
    let mut less: Value = serde_json::from_str(&file).expect("JSON");
    less["findings"].as_array_mut().expect("a list").retain(|it| it["name"] != "shop-tls");
    fs::write(folder.path().join("known.json"), less.to_string()).expect("it can be written");
    let new = check(folder.path(), &with).expect_code(1).stdout;
    assert!(new.contains(" 1 new") && new.contains("shop-tls"), "{new}");

    // What is gone is counted, and how to write it again stands on a line of its own.
    fs::write(folder.path().join("known.json"), &file).expect("it can be written");
    let guide = manifests("guide");
    let args =
        ["check", "--at", AT, "-f", guide.to_str().expect("text"), "--baseline", "known.json"];
    let fixed = Certwright::new().folder(folder.path()).args(&args).run();
    assert!(fixed.stderr.contains("2 findings of the baseline are fixed"), "{}", fixed.stderr);
    let command = fixed.stderr.lines().find(|line| line.trim().starts_with("certwright check "));
    assert!(
        command.is_some_and(|line| line.ends_with("--baseline known.json --write-baseline")),
        "{}",
        fixed.stderr
    );
}

#[test]
fn a_baseline_is_not_written_over_something_else_nor_of_half_of_what_there_is() {
    let folder = holding("known.json", "{\"my\": \"settings\"}\n");
    let write = ["--baseline", "known.json", "--write-baseline"];
    let said = check(folder.path(), &write).expect_code(4).flat_stderr();
    assert!(said.contains("known.json: it is not a baseline"), "{said}");
    let kept = fs::read_to_string(folder.path().join("known.json")).expect("it is there");
    assert_eq!(kept, "{\"my\": \"settings\"}\n");

    fs::remove_file(folder.path().join("known.json")).expect("it can be removed");
    fs::write(
        folder.path().join("broken.yaml"),
        "kind: Secret\napiVersion: v1\nmetadata: {name: [\n",
    )
    .expect("written");
    let half =
        |args: &[&str]| check(folder.path(), &[&write[..], &["-f", "broken.yaml"], args].concat());
    let said = half(&[]).expect_code(4).flat_stderr();
    assert!(said.contains("known.json was not written: something could not be read"), "{said}");
    assert!(!folder.path().join("known.json").exists());
    half(&["--force"]).expect_code(3);
    assert!(folder.path().join("known.json").exists());

    let none = ["-l", "app=nothing", "--baseline", "none.json", "--write-baseline"];
    let said = check(folder.path(), &none).expect_code(4).flat_stderr();
    assert!(said.contains("none.json was not written"), "a slip of -l writes no empty one: {said}");
    std::os::unix::fs::symlink("known.json", folder.path().join("link.json")).expect("a link");
    let link = ["--baseline", "link.json", "--write-baseline"];
    let said = check(folder.path(), &link).expect_code(4).flat_stderr();
    assert!(said.contains("symbolic link"), "{said}");
    check(folder.path(), &["--write-baseline"]).expect_code(2);
}

/// The certificates of a Secret in a manifest, PEM.
fn certificates(scenario: &str, file: &str, secret: &str) -> String {
    let shown = ["inspect", secret, "-o", "pem", "-f", file];
    Certwright::new().folder(&manifests(scenario)).args(&shown).run().expect_code(0).stdout
}

/// What is said of trust, as `severity name`, with these flags.
fn untrusted(folder: &Path, args: &[&str]) -> Vec<String> {
    let report = check(folder, &[&["-o", "json"], args].concat()).json();
    let all = told(&report).into_iter().filter(|it| it.contains(" untrusted-chain "));
    all.map(|it| it.replace("untrusted-chain ", "")).collect()
}

#[test]
fn a_chain_that_leads_to_none_of_the_roots_is_told_and_without_roots_nothing_is() {
    let shop = certificates("expired", "secrets.yaml", "secret/shop-tls");
    let folder = holding("roots.pem", &shop);
    let path = folder.path();
    assert!(untrusted(path, &[]).is_empty());
    // The certificates are self-signed: each is trusted where it is a root itself.
    let at = ["--roots", "roots.pem", "--at", "2026-11-01"];
    assert_eq!(untrusted(path, &at), ["error blog-tls", "warning shop-2025-tls"]);
    let report = check(path, &["--roots", "roots.pem", "-o", "json", "--at", "2026-11-01"]).json();
    let finding = &report["findings"].as_array().expect("a list")[0];
    assert_eq!(finding["evidence"]["roots"], "roots.pem");
    let message = finding["message"].as_str().expect("a message");
    assert_eq!(
        message,
        "clients do not trust it: it is self-signed, and is not among the roots of roots.pem"
    );

    // The remedy: what is added to the roots is trusted.
    let more = ["secret/blog-tls", "secret/shop-2025-tls"];
    let all: String = more.map(|name| certificates("expired", "secrets.yaml", name)).concat();
    fs::write(path.join("roots.pem"), shop + &all).expect("it can be written");
    let left = untrusted(path, &["--roots", "roots.pem", "--at", "2025-11-01"]);
    assert!(left.is_empty(), "{left:?}");

    // A policy names them beside itself, and the flag comes before it.
    fs::create_dir(path.join("rules")).expect("a folder can be made");
    fs::write(path.join("rules/policy.yaml"), "roots: ../roots.pem").expect("it can be written");
    let by_policy = ["--policy", "rules/policy.yaml", "--at", "2025-11-01"];
    assert!(untrusted(path, &by_policy).is_empty());
    fs::write(
        path.join("other.pem"),
        certificates("guide", "secret.yaml", "secret/my-release-milvus-tls"),
    )
    .expect("written");
    let by_flag = untrusted(path, &[&by_policy[..], &["--roots", "other.pem"]].concat());
    assert_eq!(by_flag.len(), 3);

    for (roots, part) in [
        ("gone.pem", "cannot use gone.pem"),
        ("rules/policy.yaml", "cannot trust by rules/policy.yaml: there is no certificate in it"),
    ] {
        let said = check(path, &["--roots", roots]).expect_code(4).flat_stderr();
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_root_past_its_end_is_trusted_by_nobody() {
    let shop = certificates("expired", "secrets.yaml", "secret/shop-tls");
    let folder = holding("roots.pem", &shop);
    let report = check(folder.path(), &["--roots", "roots.pem", "-o", "json"]).json();
    let of_shop = |it: &&Value| it["rule"] == "untrusted-chain" && it["ref"]["name"] == "shop-tls";
    let findings = report["findings"].as_array().expect("a list");
    let message = findings.iter().find(of_shop).expect("it is told")["message"].to_string();
    assert!(message.contains("of roots.pem, which expired on 2026-11-18"), "{message}");
}

#[test]
fn a_calendar_says_when_what_is_due_in_every_format_and_goes_by_the_policy() {
    let folder = holding("policy.yaml", "renewBefore: [{window: 100d}]");
    let run = |args: &[&str]| check(folder.path(), &[&["--calendar"], args].concat());
    let text = run(&[]).expect_code(0).stdout;
    assert!(text.starts_with("WEEK      DUE         ENDS        CERTIFICATE"), "{text}");
    assert!(text.contains("2027-W19") && text.contains("ended: 2\n"), "{text}");
    let weeks = |ran: &Ran| ran.json()["weeks"].as_array().expect("a list").clone();
    let usual = weeks(&run(&["-o", "json"]).expect_code(0));
    let earlier = weeks(&run(&["-o", "json", "--policy", "policy.yaml"]).expect_code(0));
    assert_eq!((&usual[1]["week"], &earlier[1]["week"]), (&"2027-W19".into(), &"2027-W09".into()));
    // As of a day before everything, nothing has ended.
    let before = weeks(&run(&["-o", "json", "--at", "2025-01-01"]).expect_code(0));
    assert!(before.iter().all(|week| week["week"] != "ended"));
    let soon = run(&["-o", "json", "--expires-within", "30d"]).expect_code(0).json();
    assert_eq!(soon["summary"]["certificates"], 2);

    let ics = run(&["-o", "ics"]).expect_code(0).stdout;
    assert!(
        ics.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
            && ics.contains("DTSTAMP:20261121T000000Z\r\n")
    );
    let implied = check(folder.path(), &["-o", "ics"]).expect_code(0).stdout;
    assert_eq!(ics, implied, "there is nothing else that it could show");
    let said = run(&["-o", "lines"]).expect_code(2).flat_stderr();
    assert!(said.contains("-o lines shows no calendar"), "{said}");
}

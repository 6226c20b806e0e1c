//! Tab: in real shells and by the real kubectl, what becomes of an unfinished line; on a real cluster,
//! which names are offered; and that nothing is said or waited for when there are none.

use crate::support::binary::{Certwright, Ran};
use crate::support::faults::{Answer, Faults, write_kubeconfig};
use crate::support::live::Live;
use crate::support::shells::{Shell, Shells};
use crate::support::terminal::raw_characters;
use crate::support::witness;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The answer to Tab at the end of these words, which is never an error and never more than an answer.
#[track_caller]
fn tab(certwright: Certwright, words: &[&str]) -> (Vec<String>, String) {
    let ran: Ran = certwright.args(&["__complete"]).args(words).run().expect_code(0);
    assert_eq!(ran.stderr, "", "{words:?}");
    let mut lines: Vec<String> = ran.stdout.lines().map(str::to_owned).collect();
    let directive = lines.pop().expect("a directive ends it");
    assert!(directive.starts_with(':'), "{words:?}: {directive}");
    let words = lines.iter().map(|line| line.split('\t').next().unwrap_or_default().to_owned());
    (words.collect(), directive)
}

/// A namespace with `web-tls`, `web-old` and `api`, a Secret that is no certificate, and an Ingress.
fn shop(test: &str) -> Option<Live> {
    let live = Live::new(test)?;
    for name in ["web-tls", "web-old", "api"] {
        let issue = ["issue", "a.example", "--key-type", "p256", "--secret", name];
        live.run(&issue).expect_code(0);
    }
    live.kubectl(&["create", "secret", "generic", "web-opaque"]);
    live.kubectl(&["create", "ingress", "front", "--rule=a.example/*=web:80"]);
    Some(live)
}

#[test]
fn names_come_from_the_cluster_that_the_line_names() {
    let Some(live) = shop("names_come_from_the_cluster") else { return };
    let namespace = live.namespace.as_str();
    let kubeconfig = live.cluster.kubeconfig().display().to_string();
    let names = |words: &[&str]| tab(live.certwright(), words).0.join(" ");
    assert_eq!(names(&["-n", namespace, "rotate", ""]), "secret/api secret/web-old secret/web-tls");
    assert_eq!(names(&["rotate", "-n", namespace, "secret/w"]), "secret/web-old secret/web-tls");
    assert_eq!(names(&["verify", "-n", namespace, ""]), "front");
    assert_eq!(names(&["import", "-n", namespace, "ap"]), "api");
    assert_eq!(names(&["check", "-n", namespace, "ing/"]), "ing/front");
    let everywhere = format!("{namespace}/secret/ap");
    assert_eq!(names(&["check", &everywhere]), format!("{namespace}/secret/api"));
    assert_eq!(names(&["check", "-n", namespace]), namespace);
    assert_eq!(
        names(&["managed", "status", "-n", namespace, ""]),
        "",
        "no such kind, or none of it"
    );
    // Who may not list them is told of none.
    assert_eq!(names(&["verify", "-n", namespace, "--as", "nobody", ""]), "");
    // The flags of the line go before the environment.
    let elsewhere = Certwright::new().kubeconfig(Path::new("/nowhere"));
    let words = ["--kubeconfig", &kubeconfig, "verify", "-n", namespace, ""];
    assert_eq!(tab(elsewhere, &words).0, ["front"]);
    let none = Certwright::new().kubeconfig(Path::new("/nowhere"));
    assert_eq!(tab(none, &["verify", ""]), (Vec::new(), ":4".to_owned()));
}

/// A server that takes connections and never says a word, and a kubeconfig that leads there.
fn mute(folder: &Path, user: &str) -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let place = listener.local_addr().expect("it has an address");
    write_kubeconfig(&folder.join("config"), &format!("server: 'https://{place}'"), user);
    listener
}

/// Less than any other limit here: a connection is given 10 s, a request 30.
const SOON: Duration = Duration::from_secs(8);

#[test]
fn a_server_that_never_answers_is_given_up_in_silence() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let _listener = mute(folder.path(), "token: x");
    let config = folder.path().join("config");
    for words in [&["rotate", "secret/"][..], &["check", "-n", ""], &["verify", ""]] {
        let begun = Instant::now();
        assert_eq!(tab(Certwright::new().kubeconfig(&config), words).0, Vec::<String>::new());
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    }
    // What needs no server is there all the same.
    assert_eq!(tab(Certwright::new().kubeconfig(&config), &["check", "--context", ""]).0, ["c"]);
}

#[test]
fn a_plugin_that_hangs_is_ended_and_none_may_ask_or_open_a_window() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let program = folder.path().join("plugin");
    let script = "#!/bin/sh\ncd \"$(dirname \"$0\")\"\necho \"$BROWSER:$DISPLAY\" > seen\n\
                  echo 'log in at https://login.example' >&2\necho $$ > pid\nsleep 1000 & wait\n";
    fs::write(&program, script).expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it can be run");
    let user = |mode: &str| {
        format!(
            "exec: {{command: ./plugin, apiVersion: client.authentication.k8s.io/v1, interactiveMode: {mode}}}"
        )
    };
    let _listener = mute(folder.path(), &user("IfAvailable"));
    let config = folder.path().join("config");
    let begun = Instant::now();
    let certwright = Certwright::new().kubeconfig(&config).env("DISPLAY", ":0");
    assert_eq!(tab(certwright, &["rotate", ""]).0, Vec::<String>::new());
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    let file = |name: &str| fs::read_to_string(folder.path().join(name)).expect("it was run");
    assert_eq!(file("seen"), "false:\n");
    let group = format!("-{}", file("pid").trim());
    while witness::succeeds(Command::new("kill").args(["-0", "--", &group])) {
        assert!(begun.elapsed() < SOON, "the plugin's group still runs");
    }
    // One that cannot do without asking is not even started.
    fs::remove_file(folder.path().join("seen")).expect("removed");
    let _listener = mute(folder.path(), &user("Always"));
    assert_eq!(tab(Certwright::new().kubeconfig(&config), &["rotate", ""]).0, Vec::<String>::new());
    assert!(!folder.path().join("seen").exists());
}

#[test]
fn what_a_server_or_kubeconfig_calls_a_name_is_offered_only_when_it_can_be_one() {
    const NAMES: &str = r#"{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{},"items":[
        {"metadata":{"name":"web"}}, {"metadata":{"name":"a\u001b[2J"}}, {"metadata":{"name":"$(id)"}},
        {"metadata":{"name":"a\nb"}}, {"metadata":{"name":"-A"}}, {"metadata":{}}]}"#;
    let faults = Faults::new(&[Answer::Say(200, "", NAMES)]);
    let config = faults.kubeconfig("");
    assert_eq!(tab(Certwright::new().kubeconfig(&config), &["rotate", ""]).0, ["secret/web"]);
    let [head] = &faults.heads()[..] else { panic!("one request: {:?}", faults.heads()) };
    for part in [
        "/namespaces/shop/secrets?",
        "kubernetes.io%2Ftls",
        "resourceVersion=0",
        "PartialObjectMetadataList",
    ] {
        assert!(head.contains(part), "{head} lacks {part}");
    }
    let hostile = r#"{"contexts": [{"name": "fine@x", "context": {"cluster": "a\u001b]0;t\u0007"}},
        {"name": "a\nb", "context": {}}, {"name": "a\u202eb", "context": {}}]}"#;
    fs::write(&config, hostile).expect("written");
    let ran =
        Certwright::new().kubeconfig(&config).args(&["__complete", "check", "--context", ""]).run();
    assert!(raw_characters(&ran.stdout.replace('\t', "")).is_empty(), "{:?}", ran.stdout);
    assert_eq!(
        tab(Certwright::new().kubeconfig(&config), &["check", "--context", ""]).0,
        ["fine@x"]
    );
}

/// Lines, and what Tab makes of them in every shell; `SHOP` is the namespace.
const LINES: &[(&str, &str)] = &[
    (r"certwright rot\t", "certwright rotate "),
    (r"certwright -n SHOP rotate \t", "certwright -n SHOP rotate secret/"),
    (r"certwright -n SHOP rotate secret/w\t", "certwright -n SHOP rotate secret/web-"),
    (r"certwright rotate -nSHOP secret/a\t", "certwright rotate -nSHOP secret/api "),
    (
        r"certwright rotate -n SHOP secret/api,secret/web-t\t",
        "certwright rotate -n SHOP secret/api,secret/web-tls ",
    ),
    (r"certwright check SHOP/s\t", "certwright check SHOP/secret/"),
    (r"certwright check SHOP/secret/a\t", "certwright check SHOP/secret/api "),
    (r"certwright check ing\t", "certwright check ingress/"),
    (r"kubectl-certwright -n SHOP verify \t", "kubectl-certwright -n SHOP verify front "),
    (r"certwright check --namespace=SHO\t", "certwright check --namespace=SHOP "),
    (
        r"certwright check --context=arn:aws:eks:x:1:cluster/o\t",
        "certwright check --context=arn:aws:eks:x:1:cluster/old ",
    ),
    (
        r"certwright check --context arn:aws:eks:x:1:cluster/w\t",
        "certwright check --context arn:aws:eks:x:1:cluster/web ",
    ),
    (r"certwright check --context user@t\t", "certwright check --context user@test "),
    (
        r"certwright check --context two\t",
        r"certwright check --context two\ words\$\(touch\ pwned\) ",
    ),
    (r"certwright check --context 'two\t", "certwright check --context 'two words$(touch pwned)' "),
    (r"certwright --color=ne\t", "certwright --color=never "),
    (r"certwright explain host-n\t", "certwright explain host-not-covered "),
    (r"certwright check --rule expired,expires\t", "certwright check --rule expired,expires-soon "),
    (r"certwright check -f afi\t", "certwright check -f afile.yaml "),
    (r"certwright inspect afi\t", "certwright inspect afile.yaml "),
    (r"certwright verify --trust-out=afi\t", "certwright verify --trust-out=afile.yaml "),
    (r"certwright man a\t", "certwright man adir/"),
    (r"certwright issue a\t", "certwright issue a"),
];

/// The test cluster's kubeconfig with more contexts, and shells that have it.
fn shells(live: &Live) -> Shells {
    let mut config: serde_json::Value = {
        let mut view = live.cluster.kubectl();
        let ran = view.args(["config", "view", "--raw", "-o", "json"]).output().expect("it starts");
        serde_json::from_slice(&ran.stdout).expect("kubectl prints JSON")
    };
    let contexts = config["contexts"].as_array_mut().expect("a list");
    let context = contexts[0]["context"].clone();
    for name in [
        "arn:aws:eks:x:1:cluster/old",
        "arn:aws:eks:x:1:cluster/web",
        "user@test",
        "two words$(touch pwned)",
    ] {
        contexts.push(serde_json::json!({ "name": name, "context": context }));
    }
    let folder = live.cluster.data().join(format!("{}.config", live.namespace));
    fs::write(&folder, config.to_string()).expect("written");
    let shells = Shells::new(&folder);
    fs::write(shells.folder().join("afile.yaml"), "").expect("written");
    fs::create_dir(shells.folder().join("adir")).expect("made");
    shells
}

#[test]
fn shells_complete_lines_as_people_type_them() {
    let test = "shells_complete_lines";
    let Some(live) = shop(test) else { return };
    let shells = shells(&live);
    // Cut in half, the namespace is still the only one of its kind.
    let whole = live.namespace.as_str();
    let half = whole.strip_suffix(|_| true).expect("it has a name");
    let named = |text: &str| text.replace("SHOP", whole).replace("SHO", half);
    let lines: Vec<(String, String)> =
        LINES.iter().map(|(line, became)| (named(line), named(became))).collect();
    let typed: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
    for shell in [Shell::Bash, Shell::BashWithPackage, Shell::Zsh] {
        let Some(found) = shells.typed(test, shell, &typed) else { continue };
        assert_eq!(found.len(), lines.len());
        for ((line, expected), (became, shown)) in lines.iter().zip(found) {
            assert_eq!(became, *expected, "{shell:?}: {line}\n{shown}");
        }
    }
    assert!(!shells.folder().join("pwned").exists(), "no name is carried out");
}

#[test]
fn shells_list_commands_and_no_flags_until_a_dash() {
    let test = "shells_list_commands";
    let folder = TempDir::new().expect("a temp folder can be made");
    let shells = Shells::new(&folder.path().join("none"));
    for shell in [Shell::Bash, Shell::BashWithPackage, Shell::Zsh] {
        let Some(found) = shells.typed(test, shell, &[r"certwright \t", r"certwright rotate --\t"])
        else {
            continue;
        };
        let shown = |at: usize| found[at].1.replace('\r', "");
        assert!(
            shown(0).contains("bootstrap") && !shown(0).contains("--color"),
            "{shell:?}: {}",
            shown(0)
        );
        assert!(
            shown(1).contains("--due") && shown(1).contains("--context"),
            "{shell:?}: {}",
            shown(1)
        );
        assert!(!shown(0).contains("__complete"), "{}", shown(0));
    }
}

#[test]
fn fish_offers_the_same() {
    let test = "fish_offers_the_same";
    if !witness::succeeds(Command::new("fish").args(["-c", "true"])) {
        witness::skip(test, "needs fish");
        return;
    }
    let Some(live) = shop(test) else { return };
    let shells = shells(&live);
    let offered = |line: &str| {
        let asked = format!("certwright completion fish | source; complete -C '{line}'");
        let ran = shells.command("fish").args(["-c", &asked]).output().expect("fish starts");
        assert!(ran.stderr.is_empty(), "{}", String::from_utf8_lossy(&ran.stderr));
        let text = String::from_utf8(ran.stdout).expect("it is text");
        let words = text.lines().map(|line| line.split('\t').next().unwrap_or_default());
        words.map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    let namespace = &live.namespace;
    assert_eq!(
        offered(&format!("certwright -n {namespace} rotate secret/w")),
        "secret/web-old secret/web-tls"
    );
    assert_eq!(offered(&format!("kubectl-certwright -n {namespace} verify ")), "front");
    assert_eq!(offered("certwright --context=user"), "--context=user@test");
    assert_eq!(offered("certwright rot"), "rotate");
    assert_eq!(offered("certwright check -f afi"), "afile.yaml");
    assert_eq!(offered("certwright man adi"), "adir/");
    assert_eq!(offered("certwright issue a"), "");
}

#[test]
fn kubectl_asks_for_what_its_plugin_offers() {
    let Some(live) = shop("kubectl_asks") else { return };
    let shells = shells(&live);
    let kubectl = live.cluster.kubectl().get_program().to_owned();
    let offered = |words: &[&str]| {
        let mut command = shells.command(&kubectl);
        let ran =
            command.args(["__complete", "certwright"]).args(words).output().expect("it starts");
        String::from_utf8(ran.stdout).expect("it is text")
    };
    let secrets = "secret/web-old\nsecret/web-tls\n:4\n";
    assert_eq!(offered(&["rotate", "-n", &live.namespace, "secret/w"]), secrets);
    assert_eq!(offered(&["-n", &live.namespace, "rotate", "secret/w"]), secrets);
    assert!(offered(&["rot"]).starts_with("rotate\t"));
    // The script that is printed does what the link does.
    let link = shells.folder().join("bin/kubectl_complete-certwright");
    fs::remove_file(&link).expect("it was there");
    let script = Certwright::new().args(&["completion", "kubectl"]).run().expect_code(0).stdout;
    fs::write(&link, script).expect("written");
    fs::set_permissions(&link, fs::Permissions::from_mode(0o755)).expect("it can be run");
    assert_eq!(offered(&["rotate", "-n", &live.namespace, "secret/w"]), secrets);
}

/// They are what `support::shells` and the tests here load.
#[test]
fn the_page_and_the_help_tell_the_settings_that_are_tried_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/completion.md")).expect("it is there");
    let page = page.replace(r"\|", "|");
    let help = Certwright::new().args(&["completion", "--help"]).run().expect_code(0).stdout;
    for line in [
        "source <(certwright completion bash)",
        "source <(certwright completion zsh)",
        "certwright completion fish | source",
        "kubectl_complete-certwright",
    ] {
        assert!(page.contains(line) && help.contains(line), "{line}");
    }
}

#[test]
fn every_shell_has_a_script_that_asks_the_program() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh", "kubectl"] {
        let ran = Certwright::new().args(&["completion", shell]).run().expect_code(0);
        assert!(ran.stdout.contains("__complete"), "{shell}");
    }
    let refused = Certwright::new().args(&["completion", "csh"]).run().expect_code(2);
    assert!(refused.stderr.contains("powershell"), "{}", refused.stderr);
}

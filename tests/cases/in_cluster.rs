//! What runs certwright in a cluster, applied to a real API server: roles that are enough and no more than
//! that, and a CronJob that Pod Security's `restricted` takes.
//!
//! The API server keeps account of every request, and so tells which rights were asked for.

use super::notifying::Receiver;
use crate::support::binary::{Certwright, Ran, run};
use crate::support::control_plane::audited;
use crate::support::gke;
use crate::support::kinds;
use crate::support::live::{Cluster, Live};
use crate::support::rollouts::Controllers;
use certwright::rights::{Mode, RIGHTS, Reach};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Output;
use std::sync::Arc;

/// A right as RBAC names it: group, resource, verb.
type Asked = (String, String, String);

/// A cluster with every kind that certwright looks at, an object for every question that it may ask, and
/// an account of all requests; where nobody else looks.
struct Fleet {
    live: Live,
    /// How much of the account was read.
    read: usize,
}

/// Kinds for which a definition without a schema will do.
const STUBBED: [&str; 13] = [
    "cert-manager.io",
    "projectcontour.io",
    "external-secrets.io",
    "kubernetes-client.io",
    "certmanager.k8s.io",
    "cert.gardener.cloud",
    "bitnami.com",
    "secrets-store.csi.x-k8s.io",
    "secrets.hashicorp.com",
    "clustersecret.io",
    "kyverno.io",
    "onepassword.com",
    "secret-sync.gke.io",
];
const STUBBED_TOO: [&str; 3] =
    ["secret-sync.x-k8s.io", "secrets.infisical.com", "isindir.github.com"];

impl Fleet {
    fn new(test: &str) -> Option<Self> {
        let cluster = Cluster::Own(Arc::new(audited(test)?));
        let live = Live { cluster, namespace: "shop".to_owned() };
        for namespace in ["shop", "edge", "empty", "certwright"] {
            let ran = live.cluster.kubectl().args(["create", "namespace", namespace]).output();
            assert!(ran.expect("kubectl starts").status.success());
        }
        gke::install(&live);
        kinds::gateway_api(&live);
        kinds::openshift(&live);
        stub_other_kinds(&live);
        live.create_scenario("guide");
        for name in ["loose-tls", "google-tls"] {
            let issue = ["issue", "loose.example", "--key-type", "p256", "--secret", name];
            live.run(&issue).expect_code(0);
        }
        live.cluster.apply("shop", &objects().to_string());
        live.cluster.apply("edge", &at_the_edge().to_string());
        Some(Self { live, read: 0 })
    }

    /// What was asked for as this user since the last time; and what of it was refused.
    fn asked(&mut self, user: &str) -> (BTreeSet<Asked>, BTreeSet<Asked>) {
        let log = self.live.cluster.audit_log();
        let new = log.iter().skip(self.read).filter(|event| event["user"]["username"] == user);
        let (mut asked, mut refused) = (BTreeSet::new(), BTreeSet::new());
        for event in new.filter(|event| event["objectRef"]["resource"].is_string()) {
            let object = &event["objectRef"];
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let right =
                (text(&object["apiGroup"]), text(&object["resource"]), text(&event["verb"]));
            if event["responseStatus"]["code"] == 403 {
                refused.insert(right.clone());
            }
            asked.insert(right);
        }
        self.read = log.len();
        (asked, refused)
    }

    /// Applies what is printed, as it is and tried by the server before, and returns what it grants.
    fn apply(&self, args: &[&str]) -> BTreeSet<Asked> {
        let printed = run(args).expect_code(0).stdout;
        for how in [&["--dry-run=server"][..], &[]] {
            let ran = self.kubectl_apply(&printed, how);
            assert!(ran.status.success(), "{}\n{printed}", String::from_utf8_lossy(&ran.stderr));
            assert!(ran.stderr.is_empty(), "{}", String::from_utf8_lossy(&ran.stderr));
        }
        let json = run(&[args, &["-o", "json"]].concat()).expect_code(0).stdout;
        let objects = serde_json::Deserializer::from_str(&json).into_iter::<Value>();
        let objects: Vec<Value> = objects.map(|object| object.expect("it is JSON")).collect();
        objects.iter().flat_map(granted).collect()
    }

    fn kubectl_apply(&self, manifests: &str, how: &[&str]) -> Output {
        let file = tempfile::NamedTempFile::new().expect("a temp file can be made");
        std::fs::write(file.path(), manifests).expect("it can be written");
        let mut kubectl = self.live.cluster.kubectl();
        kubectl.args(["apply", "--server-side", "-f"]).arg(file.path()).args(how);
        kubectl.output().expect("kubectl starts")
    }

    /// certwright as the ServiceAccount `certwright`, by a token of its own.
    fn as_account(&self) -> Certwright {
        let ran = ["create", "token", "certwright", "-n", "certwright"];
        let ran = self.live.cluster.kubectl().args(ran).output().expect("kubectl starts");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let token = String::from_utf8_lossy(&ran.stdout).trim().to_owned();
        let text = std::fs::read_to_string(self.live.cluster.kubeconfig()).expect("it is there");
        let own = text.replace("token: admin-token", &format!("token: {token}"));
        assert_ne!(own, text);
        let path = self.live.cluster.data().join("account.kubeconfig");
        std::fs::write(&path, own).expect("it can be written");
        Certwright::new().kubeconfig(&path)
    }

    /// Runs each of these as the ServiceAccount; none may be refused anything.
    fn run_each(&mut self, commands: &[&[&str]], granted: &BTreeSet<Asked>) {
        let _ = self.asked(ACCOUNT);
        for words in commands {
            let ran: Ran = self.as_account().args(words).run();
            assert!(matches!(ran.code, 0 | 1 | 3), "{words:?}: {}\n{}", ran.code, ran.stderr);
            assert!(!ran.stdout.contains("RBAC") && !ran.stderr.contains("RBAC"), "{words:?}");
        }
        let (asked, refused) = self.asked(ACCOUNT);
        let none = BTreeSet::new();
        let missing: BTreeSet<&Asked> = asked.difference(granted).collect();
        let unused: BTreeSet<&Asked> = granted.difference(&asked).collect();
        assert!(
            refused == none && missing.is_empty() && unused.is_empty(),
            "{commands:?}\nrefused: {refused:?}\nmissing: {missing:?}\nunused: {unused:?}"
        );
    }
}

const ACCOUNT: &str = "system:serviceaccount:certwright:certwright";

/// The rights that a role grants; those of several names of a group are one each.
fn granted(object: &Value) -> Vec<Asked> {
    let words = |value: &Value| -> Vec<String> {
        let list = value.as_array().into_iter().flatten();
        list.filter_map(|word| word.as_str().map(str::to_owned)).collect()
    };
    let mut all = Vec::new();
    for rule in object["rules"].as_array().into_iter().flatten() {
        for group in words(&rule["apiGroups"]) {
            for resource in words(&rule["resources"]) {
                for verb in words(&rule["verbs"]) {
                    all.push((group.clone(), resource.clone(), verb));
                }
            }
        }
    }
    all
}

/// Definitions of the kinds of the table that the cluster does not have.
fn stub_other_kinds(live: &Live) {
    let stubbed = || {
        RIGHTS
            .iter()
            .filter(|right| STUBBED.contains(&right.group) || STUBBED_TOO.contains(&right.group))
    };
    for right in stubbed() {
        for plural in right.resources {
            let name = format!("{plural}.{}", right.group);
            let scope = match right.reach {
                Reach::Within | Reach::Own => "Namespaced",
                Reach::Everywhere => "Cluster",
            };
            let any = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
            let version = json!({"name": "v1", "served": true, "storage": true,
                                 "schema": {"openAPIV3Schema": any}});
            let community = json!({"api-approved.kubernetes.io": "unapproved, a stub of a test"});
            let definition = json!({
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": {"name": name, "annotations": community},
                "spec": {"group": right.group, "scope": scope, "versions": [version],
                         "names": {"plural": plural, "kind": format!("Stub{plural}")}},
            });
            live.cluster.apply("default", &definition.to_string());
        }
    }
    for right in stubbed() {
        for plural in right.resources {
            let path = format!("/apis/{}/v1/{plural}", right.group);
            let get = || live.cluster.kubectl().args(["get", "--raw", &path]).output();
            while !get().expect("kubectl starts").status.success() {
                std::thread::yield_now();
            }
        }
    }
}

/// What makes certwright ask for what it asks for only sometimes.
fn objects() -> Value {
    let container = json!({"name": "web", "image": "web"});
    let labels = json!({"app": "web"});
    let pod = |restart: &str| {
        json!({"metadata": {"labels": labels},
               "spec": {"containers": [container], "restartPolicy": restart}})
    };
    let keeps = |kind: &str| {
        let mut pod = pod("Always");
        pod["spec"]["containers"][0]["envFrom"] = json!([{"secretRef": {"name": "google-tls"}}]);
        let mut spec = json!({"selector": {"matchLabels": labels}, "template": pod});
        if kind == "StatefulSet" {
            spec["serviceName"] = json!("web");
        }
        json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "keeps"}, "spec": spec})
    };
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    let rule = json!({"host": "named.example",
                      "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}});
    let ingress = |name: &str, secret: &str, class: &str| {
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
               "metadata": {"name": name, "annotations": {"kubernetes.io/ingress.class": class}},
               "spec": {"tls": [{"hosts": ["named.example"], "secretName": secret}], "rules": [rule]}})
    };
    let mut delegated = ingress("elsewhere", "edge-tls", "contour");
    delegated["metadata"]["annotations"]["projectcontour.io/tls-cert-namespace"] = json!("edge");
    let route = json!({"apiVersion": "route.openshift.io/v1", "kind": "Route",
                       "metadata": {"name": "web"},
                       "spec": {"host": "named.example", "to": {"kind": "Service", "name": "web"},
                                "tls": {"termination": "edge"}}});
    let items = json!([
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare"},
         "spec": {"containers": [container]}},
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "bare"},
         "spec": {"selector": {"matchLabels": labels}, "template": pod("Always")}},
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "bare"},
         "spec": {"template": pod("Never")}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "opaque"}, "type": "Opaque",
         "stringData": {"word": "hello"}},
        ingress("opaque", "opaque", "nginx"),
        ingress("missing", "missing", "gce"),
        ingress("google", "google-tls", "gce"),
        keeps("Deployment"),
        keeps("StatefulSet"),
        keeps("DaemonSet"),
        delegated,
        route,
    ]);
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

/// A Gateway that uses a Secret of another namespace, with a route of another one.
fn at_the_edge() -> Value {
    let listener = json!({"name": "https", "port": 443, "protocol": "HTTPS",
                          "tls": {"certificateRefs": [{"name": "loose-tls", "namespace": "shop"}]},
                          "allowedRoutes": {"namespaces": {"from": "All"}}});
    let gateway = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
                         "metadata": {"name": "edge"},
                         "spec": {"gatewayClassName": "edge", "listeners": [listener]}});
    json!({"apiVersion": "v1", "kind": "List", "items": [gateway]})
}

/// Commands of a mode, with rights everywhere.
fn everywhere<'a>(mode: Mode) -> Vec<&'a [&'a str]> {
    const CHECKS: [&[&str]; 8] = [
        &["check", "-A"],
        &["check", "-n", "shop"],
        &["check", "-n", "shop", "secret/loose-tls"],
        &["check", "-n", "shop", "ingress/opaque"],
        &["check", "-n", "edge", "gateway/edge"],
        &["check", "-n", "shop", "route/web"],
        &["check", "-n", "empty", "--allow-empty"],
        &["inspect", "-n", "shop", "secret/loose-tls"],
    ];
    let more: &[&[&str]] = match mode {
        // To whom is told is only known when it runs.
        Mode::Check | Mode::Notify => &[],
        Mode::Served => &[&["check", "-A", "--served"]],
        Mode::CaBundles => &[&["check", "-A", "--ca-bundles"]],
        Mode::Verify => {
            return vec![
                &["verify", "-n", "shop", "opaque", "--address", "127.0.0.1:1"],
                &["verify", "-n", "shop", "route/web", "--address", "127.0.0.1:1"],
                &["verify", "-n", "edge", "gateway/edge", "--address", "127.0.0.1:1"],
                &["verify", "-A", "--address", "127.0.0.1:1"],
                &["verify", "-n", "empty"],
            ];
        }
        Mode::Rotate => {
            &[&["rotate", "--due", "-A"], &["rotate", "-n", "shop", "secret/google-tls"]]
        }
        Mode::Restart => &[
            &["rotate", "--due", "-A"],
            &["rotate", "-n", "shop", "secret/google-tls", "--restart", "--timeout=2m"],
        ],
        Mode::Overlap => &[
            &["rotate", "--due", "-A"],
            &["rotate", "-n", "shop", "secret/google-tls", "--no-backup"],
            &["rotate", "-n", "shop", "secret/roll-tls", "--trust", ROLLED, "--soak=0"],
        ],
    };
    CHECKS.iter().chain(more).copied().collect()
}

/// Everything of which `--trust` may write.
const ROLLED: &str = "configmap/roll,validatingwebhookconfiguration/roll,mutatingwebhookconfiguration/roll,\
    apiservice/v1.served.example,crd/rolls.roll.example";

/// A Secret, and all that hands its certificate out.
fn rolled(live: &Live) {
    let issue = ["issue", "roll.example", "--key-type", "p256", "--secret", "roll-tls"];
    live.run(&issue).expect_code(0);
    let secret = live.secret("roll-tls");
    let bundle = secret["data"]["tls.crt"].as_str().expect("it has one").to_owned();
    let text = String::from_utf8(crate::support::live::value(&secret, "tls.crt")).expect("PEM");
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "roll"},
                     "data": {"ca.crt": text}});
    live.cluster.apply("shop", &map.to_string());
    let client = json!({"url": "https://roll.example/x", "caBundle": bundle});
    let hook = json!({"name": "roll.example.com", "clientConfig": client, "sideEffects": "None",
                      "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore", "rules": []});
    for kind in ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"] {
        let hooks = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind,
                           "metadata": {"name": "roll"}, "webhooks": [hook]});
        live.cluster.apply("", &hooks.to_string());
    }
    let service = json!({"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
                         "metadata": {"name": "v1.served.example"},
                         "spec": {"group": "served.example", "version": "v1", "caBundle": bundle,
                                  "groupPriorityMinimum": 100, "versionPriority": 100,
                                  "service": {"name": "roll", "namespace": "shop"}}});
    live.cluster.apply("", &service.to_string());
    let any = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let version = json!({"name": "v1", "served": true, "storage": true,
                         "schema": {"openAPIV3Schema": any}});
    let webhook = json!({"clientConfig": client, "conversionReviewVersions": ["v1"]});
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "rolls.roll.example"},
        "spec": {"group": "roll.example", "scope": "Namespaced", "versions": [version],
                 "conversion": {"strategy": "Webhook", "webhook": webhook},
                 "names": {"plural": "rolls", "kind": "Roll"}},
    });
    live.cluster.apply("", &definition.to_string());
}

#[test]
fn a_role_is_what_its_way_of_running_asks_for_and_no_more() {
    let Some(mut fleet) = Fleet::new("a_role_is_what_its_way") else { return };
    let _controllers = Controllers::start(&fleet.live);
    let notified = |mode: &Mode| *mode == Mode::Notify;
    for mode in Mode::ALL.into_iter().filter(|mode| !notified(mode)) {
        let args = ["manifests", "rbac", "-n", "certwright", "-A", "--for", mode.as_str()];
        let granted = fleet.apply(&args);
        if mode == Mode::Overlap {
            rolled(&fleet.live);
        }
        fleet.run_each(&everywhere(mode), &granted);
    }
}

#[test]
fn what_was_told_is_kept_with_a_right_in_one_namespace_alone() {
    let Some(mut fleet) = Fleet::new("what_was_told_is_kept_with_a_right") else { return };
    let args = ["manifests", "rbac", "-n", "certwright", "-A", "--for", "notify"];
    let mut granted = fleet.apply(&args);
    // A ConfigMap that is made by applying it: the account tells of a patch, and the server asks for both.
    assert!(granted.remove(&(String::new(), "configmaps".to_owned(), "create".to_owned())));
    let receiver = Receiver::new();
    let state = ["--notify-state", "configmap/told"];
    let notify = ["check", "-A", "-n", "certwright", "--notify", &receiver.url];
    let notify = [&notify[..], &state].concat();
    let mut commands = everywhere(Mode::Check);
    commands.push(&notify);
    fleet.run_each(&commands, &granted);
    fleet.live.cluster.get_json("certwright", "configmap/told");
    let elsewhere = ["check", "-A", "-n", "shop", "--notify", &receiver.url];
    let ran = fleet.as_account().args(&[&elsewhere[..], &state].concat()).run();
    assert_eq!(ran.code, 4, "{}", ran.stderr);
}

#[test]
fn roles_in_some_namespaces_are_enough_for_those() {
    let Some(mut fleet) = Fleet::new("roles_in_some_namespaces") else { return };
    let args = ["manifests", "rbac", "-n", "certwright", "--look-in", "shop,edge,empty"];
    let granted = fleet.apply(&args);
    let all = everywhere(Mode::Check);
    let in_one: Vec<&[&str]> = all.into_iter().filter(|words| !words.contains(&"-A")).collect();
    fleet.run_each(&in_one, &granted);
    let ran = fleet.as_account().args(&["check", "-n", "default"]).run();
    assert!(ran.stdout.contains("RBAC") || ran.stderr.contains("RBAC"), "{}", ran.stdout);
}

#[test]
fn the_table_of_the_document_is_the_one_that_roles_are_made_of() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rights.md");
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let (above, rest) = page.split_once("<!-- rights -->\n").expect("it has a beginning");
    let (_, below) = rest.split_once("<!-- /rights -->").expect("it has an end");
    let mut table = String::from("| resources | verbs | `--for` | `--with` |\n|---|---|---|---|\n");
    for right in RIGHTS {
        let group = if right.group.is_empty() { "" } else { "." };
        let resources: Vec<String> = right
            .resources
            .iter()
            .map(|resource| format!("`{resource}{group}{}`", right.group))
            .collect();
        let modes: Vec<&str> = right.modes().map(Mode::as_str).collect();
        let modes =
            if modes.len() == Mode::ALL.len() { "all".to_owned() } else { modes.join(", ") };
        let (resources, verbs) = (resources.join(", "), right.verbs.join(", "));
        let line = format!("| {resources} | {verbs} | {modes} | {} |\n", right.part.as_str());
        table.push_str(&line);
    }
    let whole = format!("{above}<!-- rights -->\n{table}<!-- /rights -->{below}");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, &whole).expect("it can be written");
    }
    assert_eq!(std::fs::read_to_string(&path).expect("it is there"), whole);
}

#[test]
fn the_cronjob_is_clean_for_restricted_pod_security() {
    let Some(live) = Live::new("the_cronjob_is_clean") else { return };
    for level in ["enforce", "warn"] {
        let label = format!("pod-security.kubernetes.io/{level}=restricted");
        live.kubectl(&["label", "namespace", &live.namespace, &label]);
    }
    for more in [
        &[][..],
        &["--schedule", "@hourly", "--", "rotate", "--due"],
        &["--notify-secret", "slack"],
    ] {
        let args = ["manifests", "cronjob", "-n", &live.namespace, "--image", "x.example/c:1"];
        let printed = run(&[&args, more].concat()).expect_code(0).stdout;
        let file = tempfile::NamedTempFile::new().expect("a temp file can be made");
        std::fs::write(file.path(), printed).expect("it can be written");
        let path = file.path().display().to_string();
        for how in [&["--dry-run=server"][..], &[]] {
            let ran = live.kubectl(&[&["apply", "--server-side", "-f", &path], how].concat());
            let said = String::from_utf8_lossy(&ran.stderr);
            assert!(!said.contains("Warning"), "{said}");
        }
        let job = live.cluster.get_json(&live.namespace, "cronjob/certwright");
        let template = &job["spec"]["jobTemplate"]["spec"]["template"];
        // The Pod itself is what is enforced.
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "c-"},
                         "spec": template["spec"]});
        live.cluster.apply(&live.namespace, &pod.to_string());
        assert_eq!(job["spec"]["concurrencyPolicy"], "Forbid");
        assert_eq!(template["spec"]["automountServiceAccountToken"], true);
    }
}

#[test]
fn a_job_that_reads_files_gets_no_token() {
    let args = ["manifests", "cronjob", "--image", "c:1", "-o", "json", "--", "check", "-f", "/m"];
    let job = run(&args).expect_code(0).json();
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert_eq!(pod["containers"][0]["args"], json!(["check", "-f", "/m"]));
}

#[test]
fn where_to_look_is_said_once() {
    let of = |args: &[&str]| {
        let all = [&["manifests", "cronjob", "--image", "c:1", "-o", "json"], args].concat();
        let job = run(&all).expect_code(0).json();
        job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"].to_string()
    };
    assert_eq!(of(&["-n", "a"]), r#"["check","-n","a","--fail-on","error","-o","lines"]"#);
    assert_eq!(of(&["-A"]), r#"["check","-A","--fail-on","error","-o","lines"]"#);
    assert_eq!(of(&["-A", "--", "rotate", "--due"]), r#"["rotate","-A","--due"]"#);
    assert_eq!(of(&["-n", "a", "--", "check", "-A"]), r#"["check","-A"]"#);
    let two = ["manifests", "cronjob", "--image", "c:1", "-A", "--", "check", "-n", "x"];
    assert!(run(&two).expect_code(2).stderr.contains("two places"));
}

#[test]
fn the_url_of_a_webhook_comes_from_a_secret() {
    let args = ["manifests", "cronjob", "--image", "c:1", "-A", "--notify-secret", "slack"];
    let job = run(&[&args[..], &["-o", "json"]].concat()).expect_code(0).json();
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let from = json!({"secretKeyRef": {"name": "slack", "key": "url"}});
    assert_eq!(container["env"], json!([{"name": "CERTWRIGHT_NOTIFY_URL", "valueFrom": from}]));
    let words = container["args"].as_array().expect("a list");
    let state = [json!("--notify-state"), json!("configmap/certwright-told")];
    assert_eq!(
        words.iter().rev().take(2).rev().collect::<Vec<_>>(),
        state.iter().collect::<Vec<_>>()
    );
}

#[test]
fn what_no_api_server_would_take_is_refused() {
    for (flag, value) in [
        ("--image", "has space:1"),
        ("--image", "-x"),
        ("--image", "a\nb"),
        ("--schedule", "every day"),
        ("--schedule", "1 2 3 4"),
        ("--schedule", "* * * * $(x)"),
        ("--name", "Not_A_Name"),
        ("--name", &"a".repeat(53)),
    ] {
        let mut args = vec!["manifests", "cronjob", flag, value];
        if flag != "--image" {
            args.extend(["--image", "c:1"]);
        }
        run(&args).expect_code(2);
    }
    run(&["manifests", "rbac", "--look-in", "a.b"]).expect_code(2);
    run(&["manifests", "rbac", "--look-in", "a", "-A"]).expect_code(2);
    run(&["manifests", "cronjob"]).expect_code(2);
}

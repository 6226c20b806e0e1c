//! The help: every command has examples and the exit codes, and every example runs.

use crate::support::binary::run;
use crate::support::gke::{self, ManagedCertificates};
use crate::support::live::Live;
use crate::support::tls_server::{Behaviour, Pair, TlsServer, guide};
use std::path::Path;
use std::process::Command;

pub(super) const COMMANDS: [&str; 19] = [
    "issue",
    "import",
    "convert",
    "check",
    "inspect",
    "verify",
    "rotate",
    "rollback",
    "bootstrap",
    "managed create",
    "managed status",
    "managed wait",
    "managed set-domains",
    "manifests rbac",
    "manifests cronjob",
    "manifests alerts",
    "explain",
    "completion",
    "man",
];

fn help(command: &str) -> String {
    let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
    run(&words).expect_code(0).stdout
}

fn examples(command: &str) -> Vec<String> {
    let help = help(command);
    let lines = help.lines().skip_while(|line| *line != "Examples:").skip(1);
    lines
        .take_while(|line| line.starts_with("  certwright "))
        .map(|line| line.trim().to_owned())
        .collect()
}

#[test]
fn every_command_tells_its_exit_codes_and_has_examples() {
    assert!(run(&["--help"]).expect_code(0).stdout.contains("Exit codes:"));
    for command in COMMANDS {
        let help = help(command);
        for code in ["  0    ", "  1    ", "  2    ", "  3    ", "  4    ", "  124  ", "  130  "] {
            assert!(help.contains(code), "{command}: exit code {code} is missing");
        }
        assert!(examples(command).len() >= 2, "{command}: {:?}", examples(command));
    }
}

#[test]
fn no_line_of_any_help_is_wider_than_a_terminal() {
    for command in COMMANDS {
        for line in help(command).lines() {
            assert!(line.chars().count() <= 100, "{command}: {line}");
        }
    }
}

#[test]
fn the_form_of_a_time_is_told_where_one_is_taken() {
    for command in COMMANDS {
        let help = help(command);
        let mut lines = help.lines().map(str::trim);
        while let Some(line) = lines.next() {
            let is_time = line.contains("<TIME>") || line.contains("<TIME|SHARE>");
            if !is_time && !line.contains("<INSTANT>") {
                continue;
            }
            let about = lines.by_ref().take_while(|line| !line.is_empty());
            let about = about.collect::<Vec<_>>().join(" ");
            let form = if is_time { "0d, 12h, 2w" } else { "2027-01-31" };
            let of_waiting = is_time && about.contains("or seconds");
            assert!(about.contains(form) || of_waiting, "{command} {line}: {about}");
        }
    }
}

#[test]
fn a_wrong_flag_is_a_usage_error() {
    for command in COMMANDS {
        let words: Vec<&str> = command.split(' ').chain(["--no-such-flag"]).collect();
        let ran = run(&words).expect_code(2);
        assert!(ran.stderr.contains("--no-such-flag"), "{command}: {}", ran.stderr);
        assert!(ran.stdout.is_empty(), "{command}");
    }
    run::<&str>(&[]).expect_code(2);
    run(&["no-such-command"]).expect_code(2);
}

/// What the examples about ManagedCertificates find: `shop-tls`, Active for the domains they name
/// or, for `set-domains`, both the old one and its successor.
fn make_active(shop: &Live, example: &str) {
    if !example.starts_with("certwright managed") || example.contains("managed create") {
        return;
    }
    let mut controller = ManagedCertificates::new(shop);
    controller.sync();
    controller.set_status(
        "shop-tls",
        "Active",
        &[("shop.example", "Active"), ("www.shop.example", "Active")],
    );
    controller.sync();
}

/// The server that the examples of `verify` and `inspect` speak of.
const SERVER: &str = "127.0.0.1:8443";

/// Has the server serve what the example looks at: the manifests' pair, or the cluster's.
fn make_served(shop: &Live, manifests: &Path, server: &TlsServer, example: &str) {
    if !example.contains(SERVER) {
        return;
    }
    let secret = if example.contains(" -f ") {
        let ingress = shop.kubectl(&["get", "ingress", "shop", "-o", "json"]);
        std::fs::write(manifests.join("ingress.json"), ingress.stdout).expect("it can be written");
        let file = manifests.join("secret.yaml").display().to_string();
        let read = shop.kubectl(&["create", "--dry-run=client", "-o", "json", "-f", &file]);
        serde_json::from_slice(&read.stdout).expect("kubectl prints JSON")
    } else {
        shop.secret("shop-tls")
    };
    server.now_serving(Pair::of_secret(&secret));
}

/// On a cluster of its own, since one example looks at all namespaces. What the examples need is
/// there: a namespace `shop` with an Ingress, manifests and a pair in files.
#[test]
fn every_example_runs() {
    let Some(live) = Live::alone("every_example_runs") else { return };
    let kubectl = |args: &[&str]| {
        let ran = live.cluster.kubectl().args(args).output().expect("kubectl starts");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    };
    kubectl(&["create", "namespace", "shop"]);
    kubectl(&["create", "service", "clusterip", "shop", "-n", "shop", "--tcp=80"]);
    gke::install(&live);
    let shop = live.elsewhere("shop");
    let rule = "--rule=shop.example/*=shop:80,tls=shop-tls";
    let create_ingress = || kubectl(&["create", "ingress", "shop", "-n", "shop", rule]);
    create_ingress();
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let server = TlsServer::serving(guide(), Behaviour::default());
    let prepare =
        |args: &[&str]| live.certwright().folder(folder.path()).args(args).run().expect_code(0);
    let ready = |secret: bool| {
        if secret {
            prepare(&[
                "issue",
                "shop.example",
                "--key-type",
                "p256",
                "--secret",
                "shop-tls",
                "-n",
                "shop",
                "--force",
            ]);
        } else {
            kubectl(&["delete", "secret", "shop-tls", "-n", "shop", "--ignore-not-found"]);
        }
    };
    for command in COMMANDS {
        for example in examples(command) {
            std::fs::write(folder.path().join("password"), "sesame\n").expect("it can be written");
            let policy = "renewBefore: [{window: 20d}]\n";
            std::fs::write(folder.path().join("policy.yaml"), policy).expect("it can be written");
            let p12 = ["--p12", "shop.p12", "--p12-password-file", "password"];
            let issue = ["issue", "shop.example", "--key-type", "p256", "--force"];
            prepare(&[&issue[..], &p12].concat());
            let manifests = folder.path().join("manifests");
            std::fs::create_dir_all(&manifests).expect("a folder can be made");
            let secret = prepare(&[
                "issue",
                "shop.example",
                "--key-type",
                "p256",
                "--secret",
                "shop-tls",
                "--dry-run=client",
                "-o",
                "yaml",
            ]);
            std::fs::write(manifests.join("secret.yaml"), secret.stdout)
                .expect("a manifest can be written");
            if example.starts_with("certwright issue shop.example www") {
                for file in ["tls.key", "tls.crt"] {
                    std::fs::remove_file(folder.path().join(file)).expect("it was there");
                }
            }
            // Examples that create want it absent; all others want it there.
            let creates =
                example.starts_with("certwright issue") || example.starts_with("certwright import");
            ready(!creates || example.ends_with("--replace"));
            if example.contains("--ingress-class nginx") {
                // The Ingress that is there has another rule for the host.
                kubectl(&["delete", "ingress", "shop", "-n", "shop"]);
            }
            if example.contains("managed create") {
                // One of class nginx stands there; Google's controller passes over it.
                kubectl(&["delete", "ingress", "shop", "-n", "shop"]);
                create_ingress();
            }
            if example.contains("configmap/ca-bundle") {
                let file = format!("--from-file=ca.pem={}/tls.crt", folder.path().display());
                kubectl(&["create", "configmap", "ca-bundle", "-n", "shop", &file]);
            }
            // What an earlier example has begun.
            kubectl(&["delete", "secret", "shop-tls-next", "-n", "shop", "--ignore-not-found"]);
            if example.contains("configmap/shop-ca") {
                let file = format!("--from-file=ca.crt={}/tls.crt", folder.path().display());
                kubectl(&["create", "configmap", "shop-ca", "-n", "shop", &file]);
            }
            make_active(&shop, &example);
            make_served(&shop, &manifests, &server, &example);
            let shell = example.replacen("certwright", crate::support::binary::BINARY, 1);
            let shell = shell.replace(SERVER, &server.place());
            let ran = Command::new("sh")
                .args(["-c", &shell])
                .current_dir(folder.path())
                .env("KUBECONFIG", live.cluster.kubeconfig())
                .output()
                .expect("sh starts");
            let stderr = String::from_utf8_lossy(&ran.stderr);
            assert!(
                ran.status.success(),
                "{example}\n{}\n{stderr}",
                String::from_utf8_lossy(&ran.stdout)
            );
        }
    }
}

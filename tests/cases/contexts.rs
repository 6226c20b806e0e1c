//! Several clusters in one run: each judged by itself, told together, and one that is away told too.

use crate::support::binary::{Certwright, Ran, run};
use crate::support::live::Live;
use serde_json::{Value, json};
use std::path::PathBuf;
use tempfile::TempDir;

/// Two clusters, `east` with a Secret and its Ingress and `west` with such an Ingress alone, and `gone`,
/// which nobody serves.
struct Two {
    folder: TempDir,
    /// They end with this.
    _clusters: [Live; 2],
}

impl Two {
    fn new(test: &str) -> Option<Self> {
        let (east, west) = (Live::alone(test)?, Live::alone(test)?);
        for live in [&east, &west] {
            let ran = live.cluster.kubectl().args(["create", "namespace", "shop"]).output();
            assert!(ran.expect("kubectl starts").status.success());
        }
        let [east_shop, west_shop] = [&east, &west].map(|live| live.elsewhere("shop"));
        east_shop.create_scenario("guide");
        // What it holds has no SAN; afterwards it covers its host.
        let rotate = ["rotate", "secret/my-release-milvus-tls", "--key-type", "p256"];
        east_shop.run(&rotate).expect_code(0);
        west_shop.kubectl(&[
            "create",
            "-f",
            &format!("{}/testdata/scenarios/guide/in/ingress.yaml", env!("CARGO_MANIFEST_DIR")),
        ]);
        let folder = TempDir::new().expect("a temp folder can be made");
        let here = |live: &Live| {
            let (_, _, token, ca) = live.cluster.address();
            (live.cluster.server().to_owned(), token, Some(ca))
        };
        let gone = ("https://127.0.0.1:1".to_owned(), "x".to_owned(), None);
        let all = [("east", here(&east)), ("west", here(&west)), ("gone", gone)];
        let config = kubeconfig(&all).to_string();
        std::fs::write(folder.path().join("config"), config).expect("it can be written");
        Some(Self { folder, _clusters: [east, west] })
    }

    fn check(&self, args: &[&str]) -> Ran {
        let config: PathBuf = self.folder.path().join("config");
        Certwright::new().kubeconfig(&config).args(&["check", "-A"]).args(args).run()
    }
}

/// A cluster's name, and its server, token and CA.
type Place<'n> = (&'n str, (String, String, Option<PathBuf>));

fn kubeconfig(all: &[Place<'_>]) -> Value {
    let clusters = all.iter().map(|(name, (server, _, ca))| {
        json!({"name": name, "cluster": {"server": server, "certificate-authority": ca}})
    });
    let users =
        all.iter().map(|(name, (_, token, _))| json!({"name": name, "user": {"token": token}}));
    let contexts = all
        .iter()
        .map(|(name, _)| json!({"name": name, "context": {"cluster": name, "user": name}}));
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "east",
        "clusters": clusters.collect::<Vec<_>>(),
        "users": users.collect::<Vec<_>>(),
        "contexts": contexts.collect::<Vec<_>>(),
    })
}

/// The rows of a list that say this context.
fn of<'r>(report: &'r Value, list: &str, context: &str) -> Vec<&'r Value> {
    let rows = report[list].as_array().into_iter().flatten();
    rows.filter(|row| row["ref"]["context"] == context).collect()
}

#[test]
fn a_secret_of_one_cluster_covers_no_host_of_another() {
    let Some(two) = Two::new("a_secret_of_one_cluster") else { return };
    let ran = two.check(&["--contexts", "east,west", "-o", "json"]).expect_code(1);
    let report = ran.json();
    assert_eq!(report["complete"], true, "{report:#}");
    assert_eq!(of(&report, "hosts", "east")[0]["by"]["context"], "east", "{report:#}");
    assert_eq!(of(&report, "hosts", "west")[0]["covered"], "no", "{report:#}");
    assert_eq!(of(&report, "certificates", "west").len(), 0);
    assert_eq!(of(&report, "certificates", "east").len(), 1);
    let missing = |context| {
        let found = of(&report, "findings", context).into_iter();
        found.filter(|it| it["rule"] == "secret-missing").collect::<Vec<_>>()
    };
    assert!(missing("east").is_empty());
    let remedy = missing("west")[0]["remedy"].as_str().unwrap_or_default();
    assert!(remedy.contains("--context=west"), "{remedy}");
    assert_eq!(report["summary"]["hosts"], 2);
    let contexts: Vec<&Value> =
        report["contexts"].as_array().into_iter().flatten().map(|it| &it["context"]).collect();
    assert_eq!(contexts, ["east", "west"]);

    let lines = two.check(&["--contexts", "west,east", "-o", "lines"]).expect_code(1).stdout;
    let begins = |line: &str| line.starts_with("east: ") || line.starts_with("west: ");
    assert!(
        lines.lines().all(begins) && lines.starts_with("west: error: secret-missing: "),
        "{lines}"
    );
    let names = two.check(&["--contexts", "all", "-o", "name"]).expect_code(1).stdout;
    assert!(names.contains("west shop/ingress/my-release-milvus\n"), "{names}");
}

#[test]
fn a_cluster_that_is_away_is_told_beside_the_others() {
    let Some(two) = Two::new("a_cluster_that_is_away") else { return };
    let json = ["--contexts", "all", "-o", "json"];
    let report = two.check(&json).expect_code(1).json();
    assert_eq!(report["complete"], false);
    let problem = of(&report, "problems", "gone")[0];
    assert_eq!(problem["ref"]["kind"], "Context");
    assert!(problem["message"].as_str().is_some_and(|it| it.contains("127.0.0.1:1")), "{problem}");
    assert_eq!(of(&report, "hosts", "west").len(), 1);
    let ran = two.check(&[&json[..], &["--fail-on", "never"]].concat()).expect_code(3);
    assert!(ran.stderr.contains("error: context gone: "), "{}", ran.stderr);
    let table = two.check(&["--contexts", "gone,east"]).expect_code(3).stdout;
    assert!(table.starts_with("not read context gone: "), "{table}");
    assert!(table.contains("looked at all namespaces of context east ("), "{table}");
    two.check(&["--contexts", "gone"]).expect_code(4);
}

#[test]
fn contexts_that_cannot_be_meant_are_refused_before_anything_is_asked() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let config = folder.path().join("config");
    let gone = ("https://127.0.0.1:1".to_owned(), "x".to_owned(), None);
    std::fs::write(&config, kubeconfig(&[("east", gone)]).to_string()).expect("it can be written");
    let check =
        |args: &[&str]| Certwright::new().kubeconfig(&config).args(&["check"]).args(args).run();
    let ran = check(&["--contexts", "east,wst"]).expect_code(2);
    assert!(ran.stderr.contains("no context \"wst\""), "{}", ran.stderr);
    check(&["--contexts", "east", "--context", "east"]).expect_code(2);
    check(&["--contexts", "east", "-f", "x.yaml"]).expect_code(2);
    run(&["check", "--contexts", "all", "--kubeconfig", "/nowhere"]).expect_code(4);
    std::fs::write(&config, "{}").expect("it can be written");
    check(&["--contexts", "all"]).expect_code(2);
}

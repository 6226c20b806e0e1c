//! The walk's way A on a real API server, by the guide's own commands: found, mended, left alone.

use crate::support::live::Live;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The guide's three openssl commands, in `folder`.
fn guide_pair(folder: &Path) {
    let script = "openssl genrsa -out tls.key 2048 && \
        openssl req -new -key tls.key -out tls.csr -subj '/CN=my-release.milvus.io' && \
        openssl x509 -req -days 99999 -in tls.csr -signkey tls.key -out tls.crt";
    let ran =
        Command::new("sh").args(["-c", script]).current_dir(folder).output().expect("sh starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

fn rules(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().expect("findings are there");
    findings.iter().map(|finding| finding["rule"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_guides_certificate_is_found_mended_in_place_and_then_left_alone() {
    let Some(live) = Live::alone("the_guides_certificate_is_found_and_mended") else { return };
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    guide_pair(folder.path());
    let file = |name: &str| folder.path().join(name).display().to_string();
    live.kubectl(&[
        "create",
        "secret",
        "tls",
        "my-release-milvus-tls",
        &format!("--cert={}", file("tls.crt")),
        &format!("--key={}", file("tls.key")),
    ]);
    let ingress = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/scenarios/guide/in/ingress.yaml");
    live.kubectl(&["create", "-f", ingress]);

    let report = live.run(&["check", "-o", "json"]).expect_code(1).json();
    assert_eq!(rules(&report), ["host-not-covered", "cn-only", "lifetime-too-long"]);
    let certificate = &report["certificates"][0];
    assert!(certificate["notAfter"].as_str().expect("a date").starts_with("2300"), "{certificate}");
    assert!(
        [99_998, 99_999].contains(&certificate["daysLeft"].as_i64().expect("a number")),
        "{certificate}"
    );

    live.run(&["rotate", "secret/my-release-milvus-tls"]).expect_code(0);
    let report = live.run(&["check", "-o", "json"]).expect_code(0).json();
    assert_eq!(rules(&report), Vec::<String>::new());
    assert_eq!(report["certificates"][0]["dns"], serde_json::json!(["my-release.milvus.io"]));
    assert_eq!(report["hosts"][0]["covered"], "yes");

    let versions = live.versions();
    live.certwright().args(&["rotate", "--due", "-A"]).run().expect_code(0);
    live.certwright().args(&["check", "-A"]).run().expect_code(0);
    assert_eq!(live.versions(), versions, "a second run must write nothing");
}

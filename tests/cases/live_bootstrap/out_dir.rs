//! `--out-dir`: files instead of writes, that a real API server takes.

use super::{
    BACKEND_CONFIG, SERVICE, TLS, annotation, bootstrap, create, gke, hand_made_service, object,
    objects, written,
};
use crate::support::binary::{Certwright, Ran};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Writes the walk's files into `out`, with these further flags, in a fresh folder.
fn into_folder(flags: &[&str]) -> Ran {
    prepared(flags).run()
}

fn prepared(flags: &[&str]) -> Certwright {
    Certwright::new()
        .args(&["bootstrap", super::DOMAIN, "--service", SERVICE, "--preset", "milvus"])
        .args(&["--backend-config", BACKEND_CONFIG, "--out-dir", "out"])
        .args(flags)
}

/// Every file of a folder and of those in it, with its mode.
fn modes(folder: &Path) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let entry = entry.expect("an entry can be read");
        let name = entry.file_name().to_string_lossy().into_owned();
        let file = entry.metadata().expect("a file has a mode");
        if file.is_dir() {
            let within = modes(&entry.path());
            found.extend(within.into_iter().map(|(inner, mode)| (format!("{name}/{inner}"), mode)));
        } else {
            found.insert(name, file.permissions().mode() & 0o777);
        }
    }
    found
}

fn names(ran: &Ran) -> Vec<String> {
    modes(&ran.folder().join("out")).into_keys().collect()
}

fn yaml(ran: &Ran, name: &str) -> Value {
    let text = String::from_utf8(ran.file(&format!("out/{name}"))).expect("YAML is UTF-8");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"))
}

#[test]
fn way_a_writes_every_file_and_only_the_one_with_the_key_is_private() {
    let ran = into_folder(&["--key-type", "p256"]).expect_code(0);
    let modes = modes(&ran.folder().join("out"));
    let names: Vec<&str> = modes.keys().map(String::as_str).collect();
    let expected = [
        "backend-config.yaml",
        "ingress.yaml",
        "secret.yaml",
        "setup/commands.sh",
        "setup/values.yaml",
    ];
    assert_eq!(names, expected);
    for (name, mode) in &modes {
        let private = *mode == 0o600;
        assert_eq!(private, name == "secret.yaml", "{name}: {mode:o}");
        let text = String::from_utf8(ran.file(&format!("out/{name}"))).expect("text");
        assert_eq!(text.contains("tls.key:"), name == "secret.yaml", "{name}");
    }
    assert!(!ran.stdout.contains("tls.key:") && !ran.stderr.contains("tls.key:"));
}

#[test]
fn way_b_and_a_redirect_have_files_of_their_own() {
    let ran = into_folder(&["--google-managed", "--http", "redirect"]).expect_code(0);
    let expected = [
        "backend-config.yaml",
        "frontend-config.yaml",
        "ingress.yaml",
        "managed-certificate.yaml",
        "setup/commands.sh",
        "setup/values.yaml",
    ];
    assert_eq!(names(&ran), expected);
}

#[test]
fn the_secret_can_be_left_out() {
    let ran = into_folder(&["--key-type", "p256", "--no-secret"]).expect_code(0);
    let expected =
        ["backend-config.yaml", "ingress.yaml", "setup/commands.sh", "setup/values.yaml"];
    assert_eq!(names(&ran), expected);
    let commands = String::from_utf8(ran.file("out/setup/commands.sh")).expect("text");
    assert!(!commands.contains("secret.yaml"), "{commands}");
}

#[test]
fn the_helm_values_make_the_backend_fit() {
    let ran = into_folder(&["--key-type", "p256"]).expect_code(0);
    let values = yaml(&ran, "setup/values.yaml");
    assert_eq!(values["service"]["type"], "ClusterIP");
    let service = json!({ "metadata": { "annotations": values["service"]["annotations"] } });
    assert_eq!(
        annotation(&service, "cloud.google.com/app-protocols"),
        json!({ "milvus": "HTTP2" })
    );
    assert_eq!(
        annotation(&service, "cloud.google.com/backend-config"),
        json!({ "default": BACKEND_CONFIG })
    );
    assert_eq!(annotation(&service, "cloud.google.com/neg"), json!({ "ingress": true }));
    let user = values["extraConfigFiles"]["user.yaml"].as_str().expect("a file in a file");
    let user: Value = serde_saphyr::from_str(user).expect("which is YAML too");
    assert_eq!(user, json!({ "common": { "security": { "tlsMode": 1 } } }));
    assert_eq!(values["volumes"], Value::Null);
}

#[test]
fn a_backend_certificate_is_made_and_mounted_where_milvus_is_told_to_look() {
    let ran = into_folder(&["--key-type", "p256", "--backend-cert"]).expect_code(0);
    let modes = modes(&ran.folder().join("out"));
    assert_eq!(modes["backend-secret.yaml"] & 0o077, 0);
    let secret = yaml(&ran, "backend-secret.yaml");
    assert_eq!(secret["type"], "kubernetes.io/tls");
    let values = yaml(&ran, "setup/values.yaml");
    let user = values["extraConfigFiles"]["user.yaml"].as_str().expect("a file in a file");
    let user: Value = serde_saphyr::from_str(user).expect("which is YAML too");
    assert_eq!(user["common"]["security"]["tlsMode"], 1);
    for place in [&values, &values["proxy"]] {
        let (volume, mount) = (&place["volumes"][0], &place["volumeMounts"][0]);
        assert_eq!(volume["secret"]["secretName"], secret["metadata"]["name"]);
        assert_eq!(volume["name"], mount["name"]);
        let folder = mount["mountPath"].as_str().expect("a path");
        for (key, file) in [("serverPemPath", "tls.crt"), ("serverKeyPath", "tls.key")] {
            assert_eq!(user["tls"][key], format!("{folder}/{file}"), "{values:#}");
        }
    }
    let alone = into_folder(&["--key-type", "p256", "--backend-cert", "--no-secret"]);
    let alone = alone.expect_code(0);
    assert!(!names(&alone).contains(&"backend-secret.yaml".to_owned()));
}

#[test]
fn files_that_are_there_are_refused_without_force() {
    let folder = tempfile::TempDir::new().expect("a temp folder can be made");
    let out = folder.path().join("out");
    let run =
        |flags: &[&str]| prepared(&["--key-type", "p256"]).args(flags).folder(folder.path()).run();
    std::fs::create_dir(&out).expect("a folder can be made");
    std::fs::write(out.join("ingress.yaml"), "mine").expect("a file can be written");
    let ran = run(&[]).expect_code(4);
    assert!(ran.flat_stderr().contains("ingress.yaml"), "{}", ran.stderr);
    assert!(ran.flat_stderr().contains("--force"), "{}", ran.stderr);
    assert_eq!(modes(&out).into_keys().collect::<Vec<_>>(), ["ingress.yaml"]);
    assert_eq!(std::fs::read(out.join("ingress.yaml")).expect("it is there"), b"mine");

    run(&["--force"]).expect_code(0);
    assert_ne!(std::fs::read(out.join("ingress.yaml")).expect("it is there"), b"mine");
    let before = std::fs::read(out.join("secret.yaml")).expect("it is there");
    run(&[]).expect_code(4);
    assert_eq!(std::fs::read(out.join("secret.yaml")).expect("it is there"), before);
}

/// What the files come to is what a live run comes to: afterwards there is nothing left to do.
#[test]
fn the_api_server_takes_the_files_and_then_there_is_nothing_left_to_do() {
    for (test, flags) in [
        ("the_files_of_way_a", &["--key-type", "p256"] as &[&str]),
        ("the_files_of_way_b", &["--google-managed", "--http", "redirect"]),
    ] {
        let Some(live) = gke(test) else { return };
        create(&live, &hand_made_service());
        let ran = prepared(flags).args(&["-n", &live.namespace]).run().expect_code(0);
        let out = ran.folder().join("out");
        let commands = String::from_utf8(ran.file("out/setup/commands.sh")).expect("text");
        // All but the last command, which watches for ever; with a kubectl that knows the cluster.
        let commands: Vec<&str> =
            commands.lines().filter(|line| !line.starts_with("kubectl get ingress")).collect();
        let kubectl = live.cluster.kubectl();
        let program = kubectl.get_program().to_string_lossy().into_owned();
        let kubeconfig = live.cluster.kubeconfig().display().to_string();
        let function = format!("kubectl() {{ {program} --kubeconfig '{kubeconfig}' \"$@\"; }}");
        let script = [&[function.as_str()], commands.as_slice()].concat().join("\n");
        // It is called from anywhere.
        let called = out.join("setup/called.sh");
        std::fs::write(&called, &script).expect("the folder can be written");
        let done = std::process::Command::new("sh")
            .arg(&called)
            .current_dir(live.cluster.data())
            .env("HOME", live.cluster.data())
            .output()
            .expect("sh starts");
        let stderr = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{script}\n{stderr}");

        let applied = objects(&live);
        let again = bootstrap(&live, &[flags, &["--no-wait"]].concat()).expect_code(0);
        assert_eq!(objects(&live), applied, "{}", again.stderr);

        let Some(other) = gke(&format!("{test}_live")) else { return };
        create(&other, &hand_made_service());
        bootstrap(&other, &[flags, &["--no-wait"]].concat()).expect_code(0);
        for (name, object) in objects(&other) {
            assert_eq!(written(&applied[&name]), written(&object), "{name}");
        }
    }
}

/// A folder is what people hand to kubectl: all that it takes out of it are manifests.
#[test]
fn kubectl_takes_the_folder_as_it_is() {
    let Some(live) = gke("kubectl_takes_the_folder") else { return };
    create(&live, &hand_made_service());
    for flags in [&["--key-type", "p256", "--backend-cert"][..], &["--google-managed"]] {
        let ran = prepared(flags).args(&["-n", &live.namespace]).run().expect_code(0);
        let out = ran.folder().join("out").display().to_string();
        for more in [&["--dry-run=server"][..], &["--server-side"], &[]] {
            let told = live.kubectl(&[&["apply", "-f", &out][..], more].concat());
            let told = String::from_utf8_lossy(&told.stdout).into_owned();
            let manifests = names(&ran).iter().filter(|name| !name.starts_with("setup/")).count();
            assert_eq!(told.lines().count(), manifests, "{more:?}: {told}");
        }
    }
}

/// What is printed is what is written, with no namespace when none was said.
#[test]
fn printed_manifests_are_taken_in_any_namespace() {
    let Some(live) = gke("printed_manifests_are_taken") else { return };
    create(&live, &hand_made_service());
    let ran = Certwright::new()
        .args(&["bootstrap", super::DOMAIN, "--service", SERVICE, "--preset", "milvus"])
        .args(&["--key-type", "p256", "--dry-run=client", "-o", "yaml"])
        .run()
        .expect_code(0);
    live.cluster.apply(&live.namespace, &ran.stdout);
    for name in [
        format!("Secret/{TLS}"),
        format!("Ingress/{SERVICE}"),
        format!("BackendConfig/{SERVICE}-backendconfig"),
    ] {
        object(&live, &name);
    }
}

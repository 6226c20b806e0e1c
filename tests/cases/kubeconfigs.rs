//! Kubeconfigs as people have them: lists of files, odd encodings, broken entries, proxies, the
//! account of a pod. Each ends in a connection or in an error that names the place.
//!
//! What each field means is a table beside the code (`src/cluster/kubeconfig/tests.rs`); here the
//! binary and the client are run.

use crate::support::binary::Certwright;
use crate::support::faults::{Answer, Faults, write_kubeconfig};
use crate::support::live::Live;
use certwright::cluster::{ConnectOptions, connect};
use certwright::object_ref::ObjectRef;
use certwright::world::{Pod, Proxies, World};
use k8s_openapi::api::core::v1::Secret;
use std::fs;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

fn folder() -> TempDir {
    TempDir::new().expect("a temp folder can be made")
}

/// Runs `inspect` with the kubeconfig, wants exit code 4, and hands on what it said.
#[track_caller]
fn refused(kubeconfig: &Path) -> String {
    let ran = Certwright::new().kubeconfig(kubeconfig).args(&["inspect", "secret/web"]).run();
    let ran = ran.expect_code(4);
    let said = ran.flat_stderr();
    assert!(!said.contains("s3cr3t"), "{said}");
    assert!(said.contains('→'), "{said}");
    said
}

#[test]
fn several_files_are_one_kubeconfig_and_missing_ones_are_passed_over() {
    let faults = Faults::new(&[]);
    let folder = folder();
    let write =
        |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
    write(
        "clusters",
        &format!(
            "clusters: [{{name: k, cluster: {{server: 'http://{}'}}}}]\ncurrent-context: ''",
            faults.address()
        ),
    );
    write("users", "users: [{name: u, user: {}}]");
    write(
        "contexts",
        "contexts: [{name: c, context: {cluster: k, user: u}}, {name: bare, context: {namespace: x}}]\ncurrent-context: c",
    );
    write("last", "current-context: other");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let list = format!(
        "{}:{}::{}:{}:{}:{}",
        at("clusters"),
        at("gone"),
        at("users"),
        at("users"),
        at("contexts"),
        at("last")
    );
    Certwright::new().env("KUBECONFIG", list).args(&["inspect", "secret/web"]).run();
    assert!(
        faults.heads().iter().any(|head| head.contains("/namespaces/default/secrets/web")),
        "{:?}",
        faults.heads()
    );
    let none =
        Certwright::new().env("KUBECONFIG", at("gone")).args(&["inspect", "secret/web"]).run();
    assert!(none.expect_code(4).stderr.contains("there is no kubeconfig"));
}

#[test]
fn a_kubeconfig_that_cannot_be_used_is_told_and_nothing_in_it_shown() {
    let folder = folder();
    let path = folder.path().join("config");
    for (bytes, expected) in [
        (&b"\xff\xfek\0i\0n\0d\0:\0 \0C"[..], "UTF-16"),
        (b"\xfe\xff\0k\0i\0", "UTF-16"),
        (b"users: [{name: a, user: {token: s3cr3t}}\n", "not YAML"),
        (b"token: s3cr3t\xff\n", "line 1 is not UTF-8"),
        (b"", "holds no contexts"),
        (b"s3cr3t", "expected a mapping"),
        (b"contexts: [{name: prod, context: {cluster: k}}]", "--context: prod"),
        (b"current-context: gone\ncontexts: [{name: prod}]", "no context \"gone\""),
        (b"{kind: Secret, apiVersion: v1, data: {a: s3cr3t}}", "kind: Secret"),
    ] {
        fs::write(&path, bytes).expect("written");
        let said = refused(&path);
        assert!(said.contains(expected) && said.contains(&path.display().to_string()), "{said}");
    }
    assert!(refused(folder.path()).contains("directory"));
}

#[test]
fn fields_that_no_request_can_be_made_of_are_told_before_one_is() {
    let folder = folder();
    let path = folder.path().join("config");
    let secure = "server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true";
    for (cluster, user, expected) in [
        (secure, "token: \"s3cr3t\\n\"", "token holds a line break"),
        (secure, "token: \"s3\\u0000cr3t\"", "no header takes"),
        (secure, "token: s3cr3t, username: u", "a token and a username"),
        (secure, "tokenFile: gone", "gone cannot be read: no such file"),
        (secure, "client-certificate: gone, client-key: gone", "client-certificate"),
        (secure, "client-certificate-data: czNjcjN0, client-key-data: czNjcjN0", "user \"u\""),
        (secure, "auth-provider: {name: gcp}", "gke-gcloud-auth-plugin"),
        ("server: 'https://127.0.0.1:1', certificate-authority: gone", "", "certificate-authority"),
        (
            "server: 'https://127.0.0.1:1', certificate-authority-data: czNjcjN0",
            "",
            "holds no certificate",
        ),
        (
            "server: 'https://127.0.0.1:1', certificate-authority-data: czNjcjN0, insecure-skip-tls-verify: true",
            "",
            "remove one",
        ),
        ("server: 'https://127.0.0.1:1', proxy-url: 'socks5://u:s3cr3t@p'", "", "SOCKS"),
        ("server: ''", "", "server: it is empty"),
        ("server: 'https://u:s3cr3t@127.0.0.1'", "", "user name or password"),
    ] {
        write_kubeconfig(&path, cluster, user);
        let said = refused(&path);
        assert!(said.contains(expected), "{said}\nlacks {expected}");
    }
}

#[test]
fn a_server_without_scheme_is_asked_and_an_http_one_gets_no_credentials() {
    let faults = Faults::new(&vec![Answer::Say(401, "", ""); 2]);
    for cluster in [
        format!("server: '{}'", faults.address()),
        format!("server: 'http://{}'", faults.address()),
    ] {
        let path = faults.kubeconfig_with(&cluster, "token: s3cr3t");
        let said = refused(&path);
        assert!(
            said.contains("over http the credentials") && said.contains("user \"u\""),
            "{said}"
        );
    }
    let heads = faults.heads();
    assert_eq!(heads.len(), 2);
    for head in heads {
        assert!(!head.to_ascii_lowercase().contains("authorization"), "{head}");
        assert!(head.contains("user-agent: certwright/"), "{head}");
    }
}

#[test]
fn an_http_server_is_told_whom_to_act_as_for_it_may_be_a_proxy_with_credentials_of_its_own() {
    let faults = Faults::new(&[]);
    let path = faults.kubeconfig("as: ops, as-groups: [a, b], as-user-extra: {x/y: [z]}");
    let run = |flags: &[&str]| {
        Certwright::new().kubeconfig(&path).args(&["inspect", "secret/web"]).args(flags).run();
        faults.heads().pop().expect("a request")
    };
    let head = run(&[]);
    for line in [
        "impersonate-user: ops\r",
        "impersonate-group: a\r",
        "impersonate-group: b\r",
        "impersonate-extra-x%2fy: z\r",
    ] {
        assert!(head.contains(line), "{head}");
    }
    let head = run(&["--as", "jörg"]);
    assert!(
        head.contains("impersonate-group: a") && !head.contains("impersonate-user: ops"),
        "{head}"
    );
    let ran =
        Certwright::new().kubeconfig(&path).args(&["inspect", "secret/web", "--as", "a\nb"]).run();
    assert!(ran.expect_code(4).stderr.contains("--as cannot be sent"));
}

#[test]
fn the_environments_proxy_is_asked_as_go_would_and_never_for_this_machine() {
    let run = |server: &str, variables: &[(&str, &str)], proxy_url: &str| {
        let proxy = Faults::new(&vec![Answer::Say(502, "", ""); 9]);
        let folder = folder();
        let path = folder.path().join("config");
        let proxy_url = proxy_url.replace("PROXY", &proxy.address());
        write_kubeconfig(
            &path,
            &format!(
                "server: '{server}', insecure-skip-tls-verify: true, proxy-url: '{proxy_url}'"
            ),
            "",
        );
        let mut command = Certwright::new().kubeconfig(&path).args(&[
            "inspect",
            "secret/web",
            "--request-timeout",
            "2s",
        ]);
        for (name, value) in variables {
            command = command.env(name, value.replace("PROXY", &proxy.address()));
        }
        let said = command.run().expect_code(4).flat_stderr();
        let asked = proxy.heads().iter().any(|head| head.starts_with("CONNECT "));
        assert_eq!(
            asked,
            said.contains(&format!("through the proxy http://{}", proxy.address())),
            "{said}"
        );
        asked
    };
    let (far, near) = ("https://api.far.example:6443", "https://127.0.0.1:1");
    for (server, variables, proxy_url, expected) in [
        (far, &[("HTTPS_PROXY", "PROXY")][..], "", true),
        (far, &[("https_proxy", "http://PROXY"), ("HTTPS_PROXY", "")], "", true),
        (far, &[("HTTPS_PROXY", "http://me:s3cr3t@PROXY")], "", true),
        (far, &[("HTTP_PROXY", "PROXY"), ("ALL_PROXY", "PROXY")], "", false),
        ("http://api.far.example", &[("HTTP_PROXY", "PROXY")], "", true),
        (far, &[("HTTPS_PROXY", "PROXY"), ("NO_PROXY", "x, .far.example")], "", false),
        (far, &[("HTTPS_PROXY", "PROXY"), ("no_proxy", "127.0.0.1,,")], "", true),
        (near, &[("HTTPS_PROXY", "PROXY")], "", false),
        (near, &[], "http://PROXY", true),
        (far, &[("NO_PROXY", "*")], "http://PROXY", true),
        (far, &[("HTTPS_PROXY", "http://127.0.0.1:9")], "http://PROXY", true),
    ] {
        assert_eq!(
            run(server, variables, proxy_url),
            expected,
            "{server} {variables:?} {proxy_url}"
        );
    }
}

#[tokio::test]
async fn a_pod_uses_its_account_with_line_breaks_in_every_file() {
    let Some(live) = Live::new("a_pod_uses_its_account") else { return };
    let (host, port, token, authority) = live.cluster.address();
    let folder = folder();
    let write =
        |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
    write("token", &format!("{token}\n"));
    write("namespace", &format!("{}\n", live.namespace));
    fs::copy(authority, folder.path().join("ca.crt")).expect("copied");
    let pod = Pod { host, port, namespace: None, account: folder.path().to_owned() };
    let world = World {
        kubeconfig: vec![folder.path().join("no-kubeconfig")],
        pod: Some(pod.clone()),
        proxies: Proxies { https: Some("http://127.0.0.1:9".into()), ..Proxies::default() },
        ..World::real()
    };
    let options =
        ConnectOptions { request_timeout: Duration::from_secs(20), ..ConnectOptions::default() };
    let client = connect(&options, &world).await.expect("it is a pod");
    assert_eq!(client.default_namespace(), live.namespace);
    live.kubectl(&["create", "secret", "generic", "web"]);
    client.get::<Secret>(&ObjectRef::secret(&live.namespace, "web")).await.expect("it is there");

    let named = World {
        pod: Some(Pod { namespace: Some("other".into()), ..pod.clone() }),
        ..world.clone()
    };
    assert_eq!(connect(&options, &named).await.expect("a pod").default_namespace(), "other");
    write("token", " \n");
    let error = connect(&options, &world).await.expect_err("there is no token");
    assert!(error.message.contains("token") && error.message.contains("is empty"), "{error}");
    fs::remove_file(folder.path().join("token")).expect("removed");
    let error = connect(&options, &world).await.expect_err("there is no account");
    assert!(error.message.contains("nor has this pod a token"), "{error}");
}

#[test]
fn the_token_of_a_file_is_trimmed_and_goes_before_the_token() {
    let Some(live) = Live::new("the_token_of_a_file") else { return };
    let (host, port, token, authority) = live.cluster.address();
    live.kubectl(&["create", "secret", "generic", "web"]);
    let folder = folder();
    fs::write(folder.path().join("token"), format!("\n {token}\r\n")).expect("written");
    let path = folder.path().join("config");
    let cluster =
        format!("server: 'https://{host}:{port}/', certificate-authority: {}", authority.display());
    for (user, code) in [
        ("tokenFile: token".to_owned(), 0),
        ("tokenFile: token, token: bad".to_owned(), 0),
        (format!("tokenFile: gone, token: {token}"), 0),
        (format!("token: '{token} '"), 0),
        (String::new(), 3),
    ] {
        write_kubeconfig(&path, &cluster, &user);
        let check = ["check", "-n", &live.namespace, "--allow-empty"];
        let ran = Certwright::new().kubeconfig(&path).args(&check).run();
        assert_eq!(ran.code == 3, code == 3, "{user}: {} {}", ran.stdout, ran.stderr);
    }
}

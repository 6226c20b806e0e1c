//! What a kubeconfig leads to, as a table: text in, the chosen target or the error out.

use super::login::{Interactive, Login};
use super::{Bytes, Kubeconfig, Target, Trust};
use std::path::Path;

/// A kubeconfig whose one cluster and one user have these fields.
fn with(cluster: &str, user: &str) -> String {
    format!(
        "{{current-context: c, contexts: [{{name: c, context: {{cluster: k, user: u}}}}], \
          clusters: [{{name: k, cluster: {{{cluster}}}}}], users: [{{name: u, user: {{{user}}}}}]}}"
    )
}

fn chosen(text: &str, context: Option<&str>) -> Result<Option<Target>, String> {
    let kubeconfig = Kubeconfig::parse(text.as_bytes(), Path::new("/etc/kube/config"));
    let chosen = kubeconfig.and_then(|kubeconfig| kubeconfig.choose(context));
    chosen.map_err(|unusable| {
        assert!(!unusable.remedy.is_empty(), "{unusable:?}");
        assert!(!unusable.message.contains("s3cr3t"), "{unusable:?}");
        assert!(!unusable.remedy.contains("s3cr3t"), "{unusable:?}");
        unusable.message
    })
}

fn target(cluster: &str, user: &str) -> Target {
    chosen(&with(cluster, user), None).expect("it can be used").expect("a context is chosen")
}

const SERVER: &str = "server: 'https://a.example'";

#[track_caller]
fn refused(cluster: &str, user: &str, expected: &str) {
    let error = chosen(&with(cluster, user), None).expect_err(expected);
    assert!(error.contains(expected), "{error}\nlacks {expected}");
    assert!(error.starts_with("the kubeconfig /etc/kube/config"), "{error}");
}

fn header(user: &str) -> String {
    match target(SERVER, user).login {
        Login::Header(header) => String::from_utf8_lossy(header.as_bytes()).into_owned(),
        other => format!("{other:?}"),
    }
}

#[test]
fn of_several_credentials_the_one_counts_that_kubectl_takes() {
    assert_eq!(header("token: t"), "Bearer t");
    assert_eq!(header("username: u, password: p"), "Basic dTpw");
    assert_eq!(header("token: '', username: u, password: p"), "Basic dTpw");
    assert_eq!(header("token: ' t'"), "Bearer  t", "blanks stay, as kubectl sends them");
    assert_eq!(header("auth-provider: {name: oidc, config: {id-token: i}}"), "Bearer i");
    assert_eq!(header(""), "Anonymous");
    assert_eq!(header("Token: t"), "Anonymous", "a field is spelt in one way only");
    let exec = "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: x}";
    assert_eq!(header(&format!("token: t, {exec}")), "Bearer t");
    assert_eq!(header(&format!("username: u, {exec}")), "Basic dTo=");
    let Login::TokenFile { path, otherwise } = target(SERVER, "token: t, tokenFile: ../t").login
    else {
        panic!("the file goes first");
    };
    assert_eq!(path, Path::new("/etc/kube/../t"));
    assert!(otherwise.is_some());
}

#[test]
fn credentials_that_exclude_each_other_or_are_no_header_are_refused() {
    for (user, expected) in [
        ("token: \"s3cr3t\\n\"", "user \"u\": token holds a line break"),
        ("token: \"s3cr3t\\r\\n\"", "line break"),
        ("token: \"s3cr3t\\u0007\"", "characters that no header takes"),
        ("token: \"s3cr3t\\u0000\"", "characters that no header takes"),
        ("token: s3cr3t, username: u", "a token and a username"),
        ("tokenFile: s3cr3t, password: u", "a token and a username"),
        ("token: 12345", "token is a number, expected text"),
        ("token: true", "token is true or false"),
        ("token: [s3cr3t]", "token is a list, expected text"),
        ("auth-provider: {name: gcp}, token: s3cr3t", "auth-provider \"gcp\""),
        ("auth-provider: {name: azure}", "auth-provider \"azure\""),
        ("auth-provider: {name: oidc}", "no id-token"),
        (
            "auth-provider: {name: oidc}, exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: x}",
            "auth-provider and exec",
        ),
        ("client-certificate-data: czNjcjN0", "client-certificate and no client-key"),
        ("client-key-data: s3cr3t, client-certificate: c", "client-key-data is not base64"),
        ("as-groups: [g]", "without as"),
        ("as-uid: u", "without as"),
        ("as: \"a\\nb\"", "as holds characters"),
        ("as: a, as-groups: g", "as-groups is text, expected a list"),
        ("as: a, as-user-extra: {k: v}", "expected a list"),
    ] {
        refused(SERVER, user, expected);
    }
}

#[test]
fn a_plugin_is_checked_before_it_is_run() {
    for (exec, expected) in [
        ("apiVersion: client.authentication.k8s.io/v1", "names no command"),
        ("command: x", "apiVersion \"\", expected client.authentication.k8s.io/v1"),
        ("command: x, apiVersion: client.authentication.k8s.io/v1alpha1", "v1alpha1"),
        ("command: x, apiVersion: client.authentication.k8s.io/v1", "no interactiveMode"),
        (
            "command: x, apiVersion: client.authentication.k8s.io/v1beta1, interactiveMode: Sometimes",
            "interactiveMode is none",
        ),
        (
            "command: x, apiVersion: client.authentication.k8s.io/v1beta1, env: [{value: s3cr3t}]",
            "without a name",
        ),
        (
            "command: x, apiVersion: client.authentication.k8s.io/v1beta1, args: s3cr3t",
            "args is text",
        ),
        (
            "command: x, apiVersion: client.authentication.k8s.io/v1beta1, provideClusterInfo: 'true'",
            "provideClusterInfo is text",
        ),
    ] {
        refused(SERVER, &format!("exec: {{{exec}}}"), expected);
    }
    let text = "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: bin/x, args: [a], env: [{name: NAME, value: v}, {name: EMPTY}]}";
    let Login::Plugin(plugin) = target(SERVER, text).login else { panic!("a plugin") };
    assert_eq!(plugin.command, Path::new("/etc/kube/bin/x"));
    assert_eq!(plugin.interactive, Interactive::IfAvailable);
    assert_eq!(plugin.env, [("NAME".into(), "v".into()), ("EMPTY".into(), String::new())]);
    let by_name = text.replace("bin/x", "x");
    let Login::Plugin(plugin) = target(SERVER, &by_name).login else { panic!("a plugin") };
    assert_eq!(plugin.command, Path::new("x"), "a bare name is looked for in PATH");
}

#[test]
fn nobody_but_an_https_server_is_sent_credentials() {
    let clear =
        target("server: 'http://a.example'", "token: s3cr3t, client-certificate: c, client-key: k");
    assert!(clear.held_back && clear.identity.is_none());
    assert!(matches!(clear.login, Login::Anonymous));
    assert!(!target("server: 'http://a.example'", "").held_back);
    // Without a scheme it is https as soon as anything of TLS is said.
    for (cluster, user, scheme) in [
        ("server: 'a.example:6443', certificate-authority: ca", "token: t", "https"),
        ("server: 'a.example:6443', insecure-skip-tls-verify: true", "token: t", "https"),
        ("server: 'a.example:6443'", "client-certificate: c, client-key: k", "https"),
        ("server: 'a.example:6443'", "token: t", "http"),
    ] {
        assert_eq!(target(cluster, user).server.scheme_str(), Some(scheme), "{cluster} {user}");
    }
}

#[test]
fn a_cluster_that_cannot_be_used_is_named_with_its_field() {
    for (cluster, expected) in [
        ("", "cluster \"k\": server: it is empty"),
        ("server: ''", "server: it is empty"),
        ("server: 'https://a.example '", "server: it holds a blank"),
        ("server: 'https://me:s3cr3t@a.example'", "server: it holds a user name"),
        ("server: 'https://a.example:s3cr3t'", "server: its port"),
        ("server: 7", "server is a number"),
        (
            "server: 'https://a', insecure-skip-tls-verify: 'true'",
            "insecure-skip-tls-verify is text",
        ),
        (
            "server: 'https://a', insecure-skip-tls-verify: true, certificate-authority: x",
            "beside a certificate-authority",
        ),
        (
            "server: 'https://a', certificate-authority-data: '%%'",
            "certificate-authority-data is not base64",
        ),
        ("server: 'https://a', tls-server-name: 'a b'", "tls-server-name: it is neither"),
        ("server: 'https://a', proxy-url: 'proxy:3128'", "proxy-url: it needs a scheme"),
        ("server: 'https://a', proxy-url: 'ftp://u:s3cr3t@proxy'", "proxy-url: its scheme"),
    ] {
        refused(cluster, "", expected);
    }
}

#[test]
fn what_is_empty_is_absent_and_line_breaks_of_base64_are_none() {
    let folded = "server: 'https://a', certificate-authority-data: 'Y\n W\n  Jj'";
    let broken = folded.replace("\n W\n  ", "\\nW\\r\\n").replace('\'', "\"");
    let Trust::Authority(Bytes::Here(bytes)) = target(&broken, "").trust else { panic!("data") };
    assert_eq!(bytes.expose(), b"abc");
    let empty = "server: 'https://a', certificate-authority-data: '', certificate-authority: f";
    let Trust::Authority(Bytes::File(path)) = target(empty, "").trust else { panic!("the file") };
    assert_eq!(path, Path::new("/etc/kube/f"));
    let none = target("server: 'https://a', proxy-url: '', tls-server-name: ''", "client-key: k");
    assert!(matches!(none.trust, Trust::System));
    assert!(none.proxy.is_none() && none.tls_server_name.is_none() && none.identity.is_none());
}

#[test]
fn a_field_beside_its_data_is_refused_whatever_the_file_is_as_by_kubectl() {
    let authority =
        "server: 'https://a', certificate-authority-data: czNjcjN0, certificate-authority: f";
    refused(
        authority,
        "",
        "cluster \"k\": certificate-authority: it is set together with certificate-authority-data",
    );
    let insecure = format!("{authority}, insecure-skip-tls-verify: true");
    refused(
        &insecure,
        "",
        "certificate-authority: it is set together with certificate-authority-data",
    );
    let (certificate, key) = ("client-certificate-data: czNjcjN0", "client-key-data: czNjcjN0");
    for (user, expected) in [
        (
            format!("{certificate}, {key}, client-certificate: f"),
            "user \"u\": client-certificate: it",
        ),
        (format!("{certificate}, {key}, client-key: f"), "user \"u\": client-key: it"),
        (format!("client-certificate: f, {key}, client-key: f"), "user \"u\": client-key: it"),
    ] {
        refused(SERVER, &user, expected);
    }
    // Without a certificate nobody asks for the key.
    assert!(target(SERVER, &format!("{key}, client-key: f, token: t")).identity.is_none());
    let mixed = target(SERVER, &format!("{certificate}, client-key: f")).identity;
    assert!(matches!(mixed.map(|it| it.key), Some(Bytes::File(_))), "each from its own place");
}

#[test]
fn an_empty_namespace_is_none_and_one_that_is_a_path_is_refused() {
    let text = |namespace: &str| {
        format!(
            "{{current-context: c, contexts: [{{name: c, context: {{cluster: k, namespace: {namespace}}}}}], \
              clusters: [{{name: k, cluster: {{{SERVER}}}}}]}}"
        )
    };
    let of =
        |namespace| chosen(&text(namespace), None).map(|target| target.and_then(|t| t.namespace));
    assert_eq!(of("''"), Ok(None));
    assert_eq!(of("shop"), Ok(Some("shop".into())));
    for namespace in ["a/b", "'a#b'", "'..'", "'a b'", "'a?b'", "'%2e'"] {
        assert!(of(namespace).is_err_and(|error| error.contains("namespace")), "{namespace}");
    }
    assert!(of("123").is_err_and(|error| error.contains("namespace is a number")));
}

#[test]
fn what_a_context_names_must_be_there() {
    let text = format!(
        "{{contexts: [{{name: ok, context: {{cluster: k}}}}, {{name: no-cluster, context: {{namespace: x}}}}, \
          {{name: bad-cluster, context: {{cluster: z}}}}, {{name: bad-user, context: {{cluster: k, user: z}}}}, \
          {{name: bare}}], clusters: [{{name: k, cluster: {{{SERVER}}}}}]}}"
    );
    assert!(chosen(&text, Some("ok")).is_ok_and(|target| target.is_some()));
    assert!(chosen(&text, None).is_ok_and(|target| target.is_none()), "no current context");
    assert!(chosen(&text, Some("")).is_ok_and(|target| target.is_none()));
    for (context, expected) in [
        ("gone", "has no context \"gone\""),
        ("no-cluster", "context \"no-cluster\" names no cluster"),
        ("bare", "context \"bare\" names no cluster"),
        ("bad-cluster", "names the cluster \"z\", which is not there"),
        ("bad-user", "names the user \"z\", who is not there"),
    ] {
        let error = chosen(&text, Some(context)).expect_err(context);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn files_that_are_no_kubeconfig_are_told_as_such() {
    for (text, expected) in [
        ("kind: Secret\napiVersion: v1\ndata: {a: s3cr3t}", "kind: Secret"),
        ("apiVersion: v2", "apiVersion: v2"),
        ("just s3cr3t text", "is text, expected a mapping"),
        ("- s3cr3t", "is a list, expected a mapping"),
        ("users: s3cr3t", "users is text, expected a list"),
        ("users: [s3cr3t]", "users \"\" is text, expected a mapping"),
        ("users: [{name: a, user: s3cr3t}]", "user \"a\" is text, expected a mapping"),
        ("users: [{name: a, user: {token: s3cr3t}}, {name: a}]", "users has \"a\" twice"),
        ("contexts: [{name: y}]", "name is true or false"),
        ("users: [", "is not YAML, from line"),
    ] {
        let error = chosen(text, None).expect_err(text);
        assert!(error.contains(expected), "{error}\nlacks {expected}");
    }
    for empty in ["", "# nothing", "null", "users: null", "{}", "foo: [bar]", "users: [null]"] {
        assert!(chosen(empty, None).is_ok_and(|target| target.is_none()), "{empty}");
    }
}

#[test]
fn files_are_merged_entry_by_entry_and_the_first_counts() {
    let parse = |text: &str, path: &str| {
        Kubeconfig::parse(text.as_bytes(), Path::new(path)).expect("it is read")
    };
    let merged = parse("current-context: ''\nusers: [{name: u, user: {tokenFile: one}}]", "/a/1")
        .merge(parse(&with(SERVER, "token: t"), "/b/2"))
        .merge(parse(
            "current-context: other\nclusters: [{name: k, cluster: {server: 'https://z'}}]",
            "/c/3",
        ));
    let target =
        merged.choose(None).expect("it can be used").expect("the first context that is named");
    assert_eq!(target.server.host(), Some("a.example"));
    let Login::TokenFile { path, otherwise } = target.login else {
        panic!("the first user, whole")
    };
    assert_eq!((path.as_path(), otherwise), (Path::new("/a/one"), None));
    let error = merged.choose(Some("gone")).expect_err("it is not there");
    assert!(error.message.contains("/a/1, /b/2, /c/3"), "{error:?}");
    assert_eq!(error.remedy, "choose one with --context: c");
}

//! The facts of each controller, as its code has them.

use super::*;

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// The class, `spec.controller` of the IngressClass if it was seen, an annotation's key.
const WHOSE: &[(&str, Option<&str>, &str, Controller)] = &[
    // ingress-nginx: flags.go, store.go:1066-1090.
    ("nginx", None, "", Controller::IngressNginx),
    ("nginx", None, "nginx.ingress.kubernetes.io/canary", Controller::IngressNginx),
    ("public", Some("k8s.io/ingress-nginx"), "", Controller::IngressNginx),
    ("public", None, "nginx.ingress.kubernetes.io/canary", Controller::IngressNginx),
    ("", None, "nginx.ingress.kubernetes.io/canary", Controller::IngressNginx),
    // F5: internal/k8s/controller.go:4294-4313; the same class by default.
    ("nginx", None, "nginx.org/ssl-services", Controller::NginxInc),
    ("nginx", Some("nginx.org/ingress-controller"), "", Controller::NginxInc),
    // What an IngressClass says is so, whatever annotations are left over.
    ("nginx", Some("traefik.io/ingress-controller"), "nginx.org/x", Controller::Traefik),
    ("nginx", Some("example.com/own"), "nginx.org/x", Controller::Unknown),
    ("traefik", None, "nginx.ingress.kubernetes.io/backend-protocol", Controller::Traefik),
    ("contour", None, "", Controller::Contour),
    ("inside", Some("projectcontour.io/ingress-controller"), "", Controller::Contour),
    ("alb", None, "", Controller::Alb),
    ("edge", Some("ingress.k8s.aws/alb"), "", Controller::Alb),
    ("edge", Some("ingress.k8s.aws/albino"), "", Controller::Unknown),
    // Two call themselves haproxy.
    ("haproxy", None, "", Controller::Unknown),
    ("haproxy", None, "haproxy.org/server-ssl", Controller::HaproxyTech),
    ("haproxy", None, "haproxy-ingress.github.io/balance", Controller::HaproxyIngress),
    ("haproxy", Some("haproxy.org/ingress-controller/x"), "", Controller::HaproxyTech),
    ("kong", None, "", Controller::Kong),
    ("", None, "konghq.com/plugins", Controller::Kong),
    ("openshift-default", None, "", Controller::OpenShift),
    // GKE goes by its annotation alone, and what names no class may be anybody's.
    ("", None, "networking.gke.io/managed-certificates", Controller::Unknown),
    ("", None, "", Controller::Unknown),
    ("own", None, "", Controller::Unknown),
];

#[test]
fn an_ingress_is_its_controllers_by_class_and_annotation() {
    for (class, declares, key, controller) in WHOSE {
        let mut annotations = map(&[(key, "x")]);
        annotations.remove("");
        let found = Controller::of(Some(class), *declares, &annotations);
        assert_eq!(found, *controller, "{class:?} {declares:?} {key:?}");
    }
    let two = map(&[("nginx.ingress.kubernetes.io/a", "1"), ("konghq.com/b", "1")]);
    assert_eq!(Controller::of(None, None, &two), Controller::Unknown, "spoken to are two");
}

#[test]
fn every_controller_has_one_row() {
    for facts in table::TABLE {
        assert!(std::ptr::eq(facts, facts.controller.facts()), "{}", facts.name);
    }
    // Read in Go: crypto/tls/tls.go:266-361; who calls it: see the rows.
    let with_go = table::TABLE.iter().filter(|facts| facts.controller.loads_pairs_with_go());
    let names: Vec<_> = with_go.map(|facts| facts.name).collect();
    let ingresses =
        ["ingress-nginx", "Traefik", "haproxy-ingress", "NGINX Ingress Controller", "Kong"];
    assert_eq!(names, [&ingresses[..], &["OpenShift's router"]].concat());
    assert!(Controller::Traefik.terminates_with_go() && !Controller::Kong.terminates_with_go());
}

/// Annotations without a prefix.
type Given = &'static [(&'static str, &'static str)];

/// A controller, annotations without its prefix, whether it has TLS: `instead`, `beside`, `none`
/// (only where none is named) or `-`.
const ELSEWHERE: &[(Controller, Given, bool, &str)] = &[
    (Controller::IngressNginx, &[("ssl-passthrough", "true")], false, "instead"),
    (Controller::IngressNginx, &[("ssl-passthrough", "1")], false, "instead"),
    (Controller::IngressNginx, &[("ssl-passthrough", "yes")], false, "-"),
    (Controller::IngressNginx, &[("ssl-redirect", "true")], true, "-"),
    (Controller::Traefik, &[("router.tls.certresolver", "le")], false, "beside"),
    (Controller::Traefik, &[("router.tls.certresolver", "")], false, "-"),
    (Controller::Traefik, &[("router.tls", "true")], true, "none"),
    (Controller::Traefik, &[("router.tls", "false")], true, "-"),
    (Controller::Traefik, &[("router.entrypoints", "web, websecure")], false, "none"),
    (Controller::Traefik, &[("router.entrypoints", "web")], false, "-"),
    (Controller::Alb, &[("certificate-arn", "arn:aws:acm:x")], false, "instead"),
    (Controller::Alb, &[("listen-ports", "[{\"HTTPS\":443}]")], false, "instead"),
    (Controller::Alb, &[("listen-ports", "[{\"HTTP\":80}]")], false, "-"),
    (Controller::Alb, &[("group.name", "shared")], false, "instead"),
    (Controller::Alb, &[], true, "instead"),
    (Controller::Alb, &[], false, "-"),
    (Controller::HaproxyTech, &[("ssl-passthrough", "true")], false, "instead"),
    (Controller::HaproxyIngress, &[("ssl-passthrough", "true")], false, "instead"),
    (Controller::HaproxyIngress, &[("cert-signer", "acme")], true, "beside"),
    (Controller::Kong, &[("protocols", "http,tls_passthrough")], false, "instead"),
    (Controller::Kong, &[("protocols", "https")], false, "-"),
    (Controller::OpenShift, &[("termination", "passthrough")], false, "instead"),
    (Controller::OpenShift, &[("termination", "edge")], false, "none"),
    (Controller::Contour, &[("tls-minimum-protocol-version", "1.3")], true, "-"),
    (Controller::NginxInc, &[("ssl-services", "a")], true, "-"),
];

#[test]
fn annotations_move_a_certificate_to_where_it_is_not_seen() {
    for (controller, given, has_tls, expected) in ELSEWHERE {
        let prefix = controller.facts().prefixes.first().copied().unwrap_or_default();
        let pairs =
            given.iter().map(|(key, value)| (format!("{prefix}{key}"), (*value).to_owned()));
        let annotations: BTreeMap<String, String> = pairs.collect();
        let found = match elsewhere(*controller, &annotations, *has_tls) {
            Some(Elsewhere::Instead(_)) => "instead",
            Some(Elsewhere::Beside(_)) => "beside",
            Some(Elsewhere::WhereNone(_)) => "none",
            None => "-",
        };
        assert_eq!(found, *expected, "{controller:?} {given:?}");
    }
    let own_prefix = map(&[("mine.example/ssl-passthrough", "true")]);
    assert!(elsewhere(Controller::IngressNginx, &own_prefix, false).is_some());
    let shared = map(&[("ingress.kubernetes.io/ssl-passthrough", "true")]);
    assert!(elsewhere(Controller::Unknown, &shared, false).is_some());
}

#[test]
fn annotations_add_hosts() {
    let hosts = |controller, annotations: &[(&str, &str)], rules: &[&str]| {
        let rules: Vec<String> = rules.iter().map(|host| (*host).to_owned()).collect();
        let added = added_hosts(controller, &map(annotations), &rules);
        added.into_iter().map(|added| added.host).collect::<Vec<_>>().join(" ")
    };
    let nginx = |key: &str| format!("nginx.ingress.kubernetes.io/{key}");
    let alias = [(nginx("server-alias"), "a.example, ~^b.*$ ,c.example,")];
    let www = [(nginx("from-to-www-redirect"), "true")];
    let off = [(nginx("from-to-www-redirect"), "false")];
    let given = |pairs: &[(String, &'static str)], rules: &[&str]| {
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(k, v)| (k.as_str(), *v)).collect();
        hosts(Controller::IngressNginx, &pairs, rules)
    };
    assert_eq!(given(&alias, &["x.example"]), "a.example c.example");
    assert_eq!(
        given(&www, &["x.example", "www.y.example", "*.z.example"]),
        "www.x.example y.example"
    );
    assert_eq!(given(&off, &["x.example"]), "");
    let hj = [("haproxy-ingress.github.io/server-alias", "a.example")];
    assert_eq!(hosts(Controller::HaproxyIngress, &hj, &[]), "a.example");
    let older = [("ingress.kubernetes.io/redirect-from", "b.example")];
    assert_eq!(hosts(Controller::HaproxyIngress, &older, &[]), "b.example");
    let kong = [("konghq.com/host-aliases", "a.example,b.example")];
    assert_eq!(hosts(Controller::Kong, &kong, &[]), "a.example b.example");
    assert_eq!(hosts(Controller::Unknown, &kong, &[]), "");
}

#[test]
fn canaries_minions_and_solvers_have_no_certificate_of_their_own() {
    let canary = map(&[("nginx.ingress.kubernetes.io/canary", "true")]);
    let not = map(&[("nginx.ingress.kubernetes.io/canary", "false")]);
    assert!(borrows(Controller::IngressNginx, &canary).is_some());
    assert!(borrows(Controller::IngressNginx, &not).is_none());
    assert!(borrows(Controller::Traefik, &canary).is_none());
    let minion = map(&[("nginx.org/mergeable-ingress-type", "minion")]);
    let master = map(&[("nginx.org/mergeable-ingress-type", "master")]);
    assert!(borrows(Controller::NginxInc, &minion).is_some());
    assert!(borrows(Controller::NginxInc, &master).is_none());
    assert!(is_solver("x", &map(&[("acme.cert-manager.io/http01-solver", "true")])));
    assert!(is_solver("cm-acme-http-solver-4fjq9", &BTreeMap::new()));
    assert!(!is_solver("my-solver", &map(&[("acme.cert-manager.io/http01-solver", "false")])));
}

#[test]
fn annotations_name_secrets_beside_those_of_tls() {
    let certs = map(&[("projectcontour.io/tls-cert-namespace", "certs")]);
    assert_eq!(secret_namespace(Controller::Contour, &certs), Some("certs"));
    assert_eq!(secret_namespace(Controller::Unknown, &certs), None);
    for (controller, key, value, namespace, name) in [
        (Controller::IngressNginx, "auth-tls-secret", "certs/ca", Some("certs"), "ca"),
        (Controller::IngressNginx, "proxy-ssl-secret", "shop/client", Some("shop"), "client"),
        (Controller::HaproxyTech, "server-crt", "client", None, "client"),
        (Controller::HaproxyIngress, "secure-verify-ca-secret", "ca", None, "ca"),
        (Controller::OpenShift, "destination-ca-certificate-secret", "ca", None, "ca"),
    ] {
        let prefix = controller.facts().prefixes.first().copied().unwrap_or_default();
        let found = mentions(controller, &map(&[(&format!("{prefix}{key}"), value)]));
        let namespace = namespace.map(str::to_owned);
        assert_eq!(found, [Mention { annotation: key, namespace, name: name.to_owned() }]);
    }
}

#[test]
fn ingress_nginx_wants_a_namespace_with_the_secrets_it_verifies_by() {
    for (value, is_one) in
        [("shop/ca", true), ("ca", false), ("/ca", false), ("shop/", false), ("a/b/c", false)]
    {
        let key = "nginx.ingress.kubernetes.io/auth-tls-secret";
        let found = no_references(Controller::IngressNginx, &map(&[(key, value)]));
        assert_eq!(found.is_empty(), is_one, "{value}: {found:?}");
        assert!(no_references(Controller::HaproxyIngress, &map(&[(key, value)])).is_empty());
    }
}

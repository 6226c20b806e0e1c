//! Sets of Ingresses, and who of them serves a host with what.

use super::*;
use crate::inventory::questions::Asked;
use crate::inventory::selection::Selection;
use crate::inventory::servers::testing::{ingress, inventory, secret};
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::{MetaSeen, ObjectSeen, Observation};
use crate::redact::Redacted;
use ring::rand::SystemRandom;

/// `yes SECRET`, `no`, `unknown` or `none`; behind it, by which other Ingress.
fn met(inventory: &Inventory, ingress: &str, host: &str) -> String {
    let ingress = inventory.frontend(&ObjectRef::ingress("shop", ingress)).expect(ingress);
    let Some(demand) = ingress.demand(host) else { return "not demanded".to_owned() };
    let (coverage, other) = inventory.server(ingress, demand);
    let shown = match coverage {
        Coverage::Covered { by, .. } => format!("yes {}", by.name),
        Coverage::NotCovered { .. } | Coverage::NoCertificate => "no".to_owned(),
        Coverage::Unknown(_) => "unknown".to_owned(),
        Coverage::WithoutTls => "none".to_owned(),
    };
    other.map_or(shown.clone(), |other| format!("{shown} by {}", other.object.name))
}

fn check(lines: &[&str], expected: &[(&str, &str, &str)]) {
    let inventory = inventory(lines);
    for (ingress, host, wanted) in expected {
        assert_eq!(met(&inventory, ingress, host), *wanted, "{ingress} {host} of {lines:#?}");
    }
}

const A: &str = "a: a.example";
const B: &str = "b: b.example";

#[test]
fn a_second_ingress_of_the_class_gets_its_certificate_from_the_first() {
    for class in ["nginx", "traefik", "contour", "kong", "own", "-", "openshift-default"] {
        let web = format!("web {class} - a.example = a.example>a");
        let two = format!("two {class} - a.example,b.example = b.example>b");
        let bare = format!("bare {class} - a.example");
        check(
            &[A, B, &web, &two, &bare],
            &[
                ("web", "a.example", "yes a"),
                ("two", "b.example", "yes b"),
                // Traefik has a pool, and needs nobody else.
                ("two", "a.example", if class == "traefik" { "yes a" } else { "yes a by web" }),
                ("bare", "a.example", if class == "traefik" { "yes a" } else { "yes a by web" }),
            ],
        );
    }
    // Another class is another server, and so is another load balancer.
    check(
        &[A, "web nginx - a.example = a.example>a", "else kong - a.example"],
        &[("else", "a.example", "none")],
    );
    check(
        &["web alb - a.example = a.example>a", "two alb - a.example"],
        &[("two", "a.example", "none")],
    );
}

#[test]
fn the_oldest_ingress_decides_where_ages_are_known() {
    let bad = "bad nginx 9 a.example = a.example>b";
    let good = "good nginx 3 a.example = a.example>a";
    check(&[A, B, bad, good], &[("bad", "a.example", "no"), ("good", "a.example", "no by bad")]);
    // For ingress-nginx any tls entry is an opinion; without one there is none.
    let other = "bad nginx 9 a.example,b.example = b.example>b";
    let silent = "bad nginx 9 a.example";
    check(
        &[A, B, other, good],
        &[("bad", "a.example", "none"), ("good", "a.example", "none by bad")],
    );
    check(&[A, silent, good], &[("bad", "a.example", "yes a by good")]);
    // Made at once, or in files: nobody is alarmed.
    let at_once = "bad nginx 3 a.example,b.example = b.example>b";
    check(
        &[A, B, at_once, good],
        &[("bad", "a.example", "yes a by good"), ("good", "a.example", "yes a")],
    );
    // Contour serves now one and now the other.
    check(
        &[A, B, "good contour 9 a.example = a.example>a", "bad contour 3 a.example = a.example>b"],
        &[("good", "a.example", "no by bad"), ("bad", "a.example", "no")],
    );
}

#[test]
fn canaries_and_solvers_are_met_by_others_or_not_known() {
    let canary = "canary nginx 9 a.example = a.example>b | nginx.ingress.kubernetes.io/canary=true";
    let solver = "cm-acme-http-solver-x nginx - a.example";
    let web = "web nginx 3 a.example = a.example>a";
    check(
        &[A, B, canary, solver, web],
        &[
            ("canary", "a.example", "yes a by web"),
            ("cm-acme-http-solver-x", "a.example", "yes a by web"),
            ("web", "a.example", "yes a"),
        ],
    );
    check(
        &[canary, solver, "cm-acme-http-solver-y alb - b.example"],
        &[
            ("canary", "a.example", "unknown"),
            ("cm-acme-http-solver-x", "a.example", "unknown"),
            ("cm-acme-http-solver-y", "b.example", "unknown"),
        ],
    );
}

#[test]
fn each_controller_takes_the_entry_that_it_takes() {
    for (class, tls, wanted) in [
        // Which of two entries: the first, the last, or any of them.
        ("nginx", "a.example>b ; a.example>a", "no"),
        ("contour", "a.example>b ; a.example>a", "yes a"),
        ("kong", "a.example>b ; a.example>a", "no"),
        ("traefik", "a.example>b ; a.example>a", "yes a"),
        ("own", "a.example>b ; a.example>a", "yes a"),
        // One without a Secret before one with it.
        ("nginx", "a.example> ; a.example>a", "unknown"),
        ("kong", "a.example> ; a.example>a", "yes a"),
        ("contour", "a.example> ; a.example>a", "yes a"),
        ("traefik", "a.example> ; a.example>a", "yes a"),
        ("kong", "a.example>", "unknown"),
        // One that lists nothing.
        ("nginx", ">a", "yes a"),
        ("traefik", ">a", "yes a"),
        ("own", ">a", "yes a"),
        ("contour", ">a", "none"),
        ("kong", ">a", "none"),
        ("openshift-default", ">a", "none"),
        ("openshift-default", ">", "unknown"),
        // One for another host, whose certificate fits.
        ("nginx", "x.example>a", "yes a"),
        ("traefik", "x.example>a", "yes a"),
        ("contour", "x.example>a", "none"),
        ("own", "x.example>a", "none"),
        // And whose does not.
        ("nginx", "x.example>b", "none"),
        ("traefik", "x.example>b", "none"),
        // A wildcard over it.
        ("nginx", "*.example.org>b", "none"),
        ("own", "A.Example>a", "yes a"),
        // What is not there, or cannot be.
        ("nginx", "a.example>gone", "unknown"),
        ("nginx", "a.example>other/a", "no"),
        ("contour", "a.example>other/a", "unknown"),
    ] {
        let line = format!("web {class} - a.example = {tls}");
        check(&[A, B, &line], &[("web", "a.example", wanted)]);
    }
}

#[test]
fn a_wildcard_is_for_the_hosts_below_it() {
    let wild = "wild: *.w.example";
    for (class, wanted) in [
        ("nginx", "yes wild"),
        ("traefik", "yes wild"),
        ("kong", "yes wild"),
        ("own", "yes wild"),
        ("contour", "unknown"),
        ("openshift-default", "unknown"),
    ] {
        let line = format!("web {class} - x.w.example = *.w.example>wild");
        check(&[wild, &line], &[("web", "x.w.example", wanted)]);
    }
    // ingress-nginx lends the certificate of the wildcard's server, the pool has it anyway.
    let lends = |class: &str| format!("all {class} - *.w.example = *.w.example>wild");
    for (class, wanted) in
        [("nginx", "yes wild by all"), ("traefik", "yes wild"), ("contour", "none")]
    {
        let bare = format!("bare {class} - x.w.example");
        check(&[wild, &lends(class), &bare], &[("bare", "x.w.example", wanted)]);
    }
    let deep = "bare nginx - x.y.w.example";
    check(&[wild, &lends("nginx"), deep], &[("bare", "x.y.w.example", "none")]);
}

#[test]
fn traefik_loads_nothing_behind_a_secret_that_is_missing() {
    let lines = [A, "web traefik - a.example = x.example>gone ; a.example>a"];
    let mut seen = inventory(&lines);
    assert_eq!(met(&seen, "web", "a.example"), "yes a", "it may be there");
    let gone = Observation::Absent(ObjectRef::secret("shop", "gone"));
    seen.absorb(gone, &SystemRandom::new());
    assert_eq!(met(&seen, "web", "a.example"), "no");
}

#[test]
fn an_ingress_class_tells_in_whatever_order_it_is_seen() {
    let class = || {
        Observation::Object(ObjectSeen {
            head: serde_json::Value::Null,
            object: ObjectRef::namespaced(Kind::IngressClass, "shop", "edge"),
            meta: MetaSeen::default(),
            spec: serde_json::json!({ "controller": "ingress.k8s.aws/alb" }),
            status: serde_json::Value::Null,
        })
    };
    let web = "web edge - a.example = a.example>a";
    let mut later = inventory(&[A, web]);
    assert_eq!(met(&later, "web", "a.example"), "yes a");
    later.absorb(class(), &SystemRandom::new());
    let mut before = Inventory::new(Selection::default());
    before.absorb(class(), &SystemRandom::new());
    before.absorb(Observation::Secret(secret("a", "a.example")), &SystemRandom::new());
    before.absorb(Observation::Ingress(ingress(web)), &SystemRandom::new());
    for inventory in [&later, &before] {
        assert_eq!(met(inventory, "web", "a.example"), "unknown");
        assert!(!inventory.is_used(&ObjectRef::secret("shop", "a")), "it is not read");
        assert!(inventory.open_questions(Asked::default()).is_empty());
    }
}

#[test]
fn what_cannot_be_a_name_is_asked_of_no_server() {
    let inventory = inventory(&["web nginx - a.example = a.example>other/a ; b.example>../x"]);
    assert!(inventory.open_questions(Asked::default()).is_empty());
}

#[test]
fn a_secret_that_an_annotation_names_is_used_and_not_served() {
    let web =
        "web nginx - a.example = a.example>a | nginx.ingress.kubernetes.io/proxy-ssl-secret=shop/b";
    let inventory = inventory(&[A, B, web]);
    let b = ObjectRef::secret("shop", "b");
    assert!(!inventory.is_used(&b));
    assert_eq!(inventory.mentioners(&b).count(), 1);
}

#[test]
fn a_manifest_without_a_class_gets_the_only_default_one() {
    let class = |name: &str| {
        let mark = ("ingressclass.kubernetes.io/is-default-class".to_owned(), "true".to_owned());
        Observation::Object(ObjectSeen {
            head: serde_json::Value::Null,
            object: ObjectRef::namespaced(Kind::IngressClass, "shop", name),
            meta: MetaSeen { annotations: BTreeMap::from([mark]), ..MetaSeen::default() },
            spec: serde_json::json!({ "controller": "ingress.k8s.aws/alb" }),
            status: serde_json::Value::Null,
        })
    };
    let random = SystemRandom::new();
    let place = crate::object_ref::Place {
        source: None,
        path: "web.yaml".to_owned(),
        document: 0,
        of_many: false,
        item: None,
        line: 1,
    };
    for (place, wanted) in [(Some(place), "unknown"), (None, "yes a")] {
        let mut seen = ingress("web edge - a.example = a.example>a");
        seen.class_name = None;
        seen.object = seen.object.at(place);
        let mut inventory = inventory(&[A]);
        inventory.absorb(Observation::Ingress(seen), &random);
        inventory.absorb(class("one"), &random);
        assert_eq!(met(&inventory, "web", "a.example"), wanted);
        inventory.absorb(class("two"), &random);
        assert_eq!(met(&inventory, "web", "a.example"), "yes a", "nobody knows which");
    }
}

#[test]
fn haproxytech_keeps_the_last_secret_of_a_host_and_none_that_is_for_no_host() {
    for (tls, met) in [
        ("a.example>a", "yes a"),
        (">a", "none"),
        ("a.example>a ; a.example>b", "no"),
        ("a.example>b ; a.example>a", "yes a"),
        // It is still the last for another host, and HAProxy picks by the names of what it has.
        ("a.example,c.example>a ; a.example>b", "yes a"),
    ] {
        let web = format!("web haproxy - a.example = {tls} | haproxy.org/server-ssl=true");
        check(&[A, B, &web], &[("web", "a.example", met)]);
    }
}

#[test]
fn traefik_stops_at_a_secret_without_a_key_and_names_what_it_never_comes_to() {
    const COPY: &str = "replicator.v1.mittwald.de/replicate-from";
    let random = SystemRandom::new();
    for (tls, empty, mark, stops) in [
        ("a.example>b ; a.example>a", &["tls.key"][..], "x", true),
        ("a.example>b ; a.example>a", &["tls.crt"], "x", true),
        ("a.example>a ; a.example>b", &["tls.key"], "x", false),
        ("a.example>b ; a.example>a", &["ca.crt"], "x", false),
        ("a.example>b ; a.example>a", &["tls.crt", "tls.key"], "x", true),
        // Somebody fills it.
        ("a.example>b ; a.example>a", &["tls.crt", "tls.key"], COPY, false),
    ] {
        let mut inventory = Inventory::new(Selection::default());
        let mut broken = secret("b", "b.example");
        broken.meta.annotations.insert(mark.to_owned(), "certs/b".to_owned());
        for key in empty {
            broken.data.insert((*key).to_owned(), Redacted::new(Vec::new()));
        }
        let web = ingress(&format!("web traefik - a.example = {tls}"));
        for seen in [Observation::Secret(secret("a", "a.example")), Observation::Secret(broken)] {
            inventory.absorb(seen, &random);
        }
        inventory.absorb(Observation::Ingress(web), &random);
        let expected = if stops { "no" } else { "yes a" };
        assert_eq!(met(&inventory, "web", "a.example"), expected, "{tls}, {empty:?}");
        let web = inventory.frontend(&ObjectRef::ingress("shop", "web")).expect("it was seen");
        let stopped = inventory.stopped_at(web, "a.example");
        let stopped =
            stopped.map(|(stop, behind)| (stop.name.as_str(), behind.object.name.as_str()));
        assert_eq!(stopped, stops.then_some(("b", "a")), "{tls}, {empty:?}");
    }
}

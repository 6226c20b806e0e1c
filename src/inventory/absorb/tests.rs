//! What observations become, and what is told of those that are none.

use super::*;
use crate::inventory::selection::Selection;
use crate::inventory::servers::testing::{ingress, secret};
use crate::object_ref::Place;
use ring::rand::SystemRandom;

#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; pairs are told by it")]
fn absorbed(all: Vec<Observation>) -> Inventory {
    let mut inventory = Inventory::new(Selection::default());
    for seen in all {
        inventory.absorb(seen, &SystemRandom::new());
    }
    inventory
}

fn told(inventory: &Inventory) -> Vec<String> {
    let problems = inventory.problems();
    problems.iter().map(|it| format!("{}: {}", it.object.name, it.message)).collect()
}

/// The Secret `web` for `a.example`, with further values beside it.
fn with(values: &[(&str, &[u8])]) -> SecretSeen {
    let mut seen = secret("web", "a.example");
    let further =
        values.iter().map(|(key, value)| ((*key).to_owned(), Redacted::new(value.to_vec())));
    seen.data.extend(further);
    seen
}

fn value(seen: &SecretSeen, key: &str) -> Vec<u8> {
    seen.data.get(key).map(|value| value.expose().to_vec()).unwrap_or_default()
}

fn in_file(object: ObjectRef, path: &str) -> ObjectRef {
    let place = Place {
        path: path.to_owned(),
        document: 0,
        of_many: false,
        item: None,
        line: 1,
        source: None,
    };
    object.at(Some(place))
}

#[test]
fn values_that_are_made_from_the_pair_are_told_from_those_that_are_not() {
    let own = secret("web", "a.example");
    let (crt, key) = (value(&own, "tls.crt"), value(&own, "tls.key"));
    let both = [key.as_slice(), crt.as_slice()].concat();
    let other = value(&secret("other", "b.example"), "tls.crt");
    for (name, text, derived) in [
        ("combined.pem", both.as_slice(), true),
        ("copy.crt", crt.as_slice(), true),
        ("copy.key", key.as_slice(), true),
        ("other.crt", other.as_slice(), false),
        ("web.p12", b"anything", true),
        ("keystore.jks", b"", true),
        ("notes.txt", b"hello", false),
        ("ca.crt", crt.as_slice(), false),
    ] {
        let inventory = absorbed(vec![Observation::Secret(with(&[(name, text)]))]);
        let facts = inventory.secret("shop", "web").expect("it was seen");
        let expected: &[&str] = if derived { &[name] } else { &[] };
        assert_eq!(facts.rare.derived_keys, expected, "{name}");
    }
}

#[test]
fn a_key_under_another_name_is_found_where_its_own_place_is_empty() {
    let mut seen = secret("web", "a.example");
    let key = seen.data.remove("tls.key").expect("it has one");
    seen.data.insert("server.key".to_owned(), key);
    let inventory = absorbed(vec![Observation::Secret(seen)]);
    let facts = inventory.secret("shop", "web").expect("it was seen");
    assert_eq!(facts.rare.key_under.as_deref(), Some("server.key"));
    assert_eq!(facts.rare.missing_keys, ["tls.key"]);
}

#[test]
fn placeholders_are_blank_and_a_certificate_is_something() {
    for (text, expected) in [
        (&b""[..], Content::Blank),
        (b"{}", Content::Blank),
        (b"TODO", Content::Blank),
        (&[b'x'; 65], Content::Something),
        (b"-----BEGIN", Content::Something),
    ] {
        assert_eq!(content([Some(text), None]), expected, "{text:?}");
    }
    assert_eq!(content([None, None]), Content::Blank);
}

#[test]
fn of_two_definitions_in_files_the_first_is_judged_and_the_second_told() {
    let of = |path: &str, host: &str| {
        let mut seen = secret("web", host);
        seen.object = in_file(seen.object, path);
        Observation::Secret(seen)
    };
    let inventory = absorbed(vec![of("one.yaml", "a.example"), of("two.yaml", "b.example")]);
    let names = &inventory.secret("shop", "web").expect("it was seen").bundle.certificates[0].names;
    assert_eq!(names.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a.example"]);
    assert_eq!(told(&inventory).len(), 1);
    assert!(told(&inventory)[0].contains("defined a second time"), "{:?}", told(&inventory));
}

#[test]
fn what_a_cluster_shows_again_takes_the_place_of_what_it_showed() {
    let inventory = absorbed(vec![
        Observation::Secret(secret("web", "a.example")),
        Observation::Secret(secret("web", "b.example")),
        Observation::Ingress(ingress("web own - a.example = a.example>one")),
        Observation::Ingress(ingress("web own - a.example = a.example>two")),
    ]);
    let names = &inventory.secret("shop", "web").expect("it was seen").bundle.certificates[0].names;
    assert_eq!(names.iter().map(ToString::to_string).collect::<Vec<_>>(), ["b.example"]);
    let used = |name| inventory.is_used(&ObjectRef::secret("shop", name));
    assert!(!used("one") && used("two"));
    assert_eq!(told(&inventory), Vec::<String>::new());
}

#[test]
fn an_ingress_class_tells_whose_the_ingresses_are_before_and_after_it() {
    let class = |declares: &str| {
        Observation::Object(ObjectSeen {
            object: ObjectRef {
                name: "edge".to_owned(),
                ..ObjectRef::all(Kind::IngressClass, None)
            },
            meta: MetaSeen::default(),
            head: Value::Null,
            spec: serde_json::json!({ "controller": declares }),
            status: Value::Null,
        })
    };
    let web = || Observation::Ingress(ingress("web edge - a.example"));
    let of = |all| {
        let inventory = absorbed(all);
        inventory.frontend(&ObjectRef::ingress("shop", "web")).expect("seen").controller
    };
    let nginx = "k8s.io/ingress-nginx";
    assert_eq!(of(vec![web()]), crate::controllers::Controller::Unknown);
    for all in [vec![class(nginx), web()], vec![web(), class(nginx)]] {
        assert_eq!(of(all), crate::controllers::Controller::IngressNginx);
    }
    let anew = vec![class(nginx), web(), class("traefik.io/ingress-controller")];
    assert_eq!(of(anew), crate::controllers::Controller::Traefik);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; pairs are told by it")]
fn of_a_fleet_the_signatures_of_the_first_secrets_are_tried_and_then_names_are_believed() {
    let forged = |name: &str| {
        let mut seen = secret(name, "a.example");
        let mut der = ders(&value(&seen, "tls.crt")).remove(0);
        *der.last_mut().expect("it is not empty") ^= 1;
        let pem = pem::encode("CERTIFICATE", &der).to_string();
        seen.data.insert("tls.crt".to_owned(), Redacted::new(pem.into_bytes()));
        Observation::Secret(seen)
    };
    let blank = |number: usize| {
        let mut seen = secret("web", "a.example");
        seen.object.name = format!("blank-{number}");
        seen.data.clear();
        Observation::Secret(seen)
    };
    let first = std::iter::once(forged("first"));
    let blanks = (1..10).map(blank);
    let all: Vec<Observation> = first.chain(blanks).chain([forged("later")]).collect();
    for (most, later) in [(None, false), (Some(11), false), (Some(10), true)] {
        let mut inventory = Inventory::new(Selection::default()).trying_signatures_of(most);
        for seen in all.clone() {
            inventory.absorb(seen, &SystemRandom::new());
        }
        let signed_itself = |name: &str| {
            let facts = inventory.secret("shop", name).expect("it was seen");
            facts.bundle.leaf().expect("it can be read").self_signed
        };
        assert_eq!(["first", "later"].map(signed_itself), [false, later], "{most:?}");
    }
}

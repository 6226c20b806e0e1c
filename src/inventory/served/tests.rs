//! By which names and at which addresses hosts are asked for.
#![expect(clippy::disallowed_methods, reason = "absorbing wants randomness; none is used here")]

use super::testing::{World, serves_one};
use super::*;
use crate::observation::{IngressSeen, MetaSeen, Observation, Rule, TlsEntry};
use ring::rand::SystemRandom;

#[test]
fn a_wildcard_host_is_asked_for_by_a_name_below_it() {
    let pem = include_bytes!("../../../testdata/pki/root-ca.crt.pem");
    let der = crate::x509::pem::blocks(pem).remove(0).der.expect("the PEM is good");
    let der = der.expose().to_vec();
    let mut inventory = World::of(der.clone(), vec![serves_one(der)]).inventory();
    let seen = IngressSeen {
        default_backend: None,
        object: ObjectRef::ingress("shop", "wild"),
        meta: MetaSeen::default(),
        class_name: None,
        rules: vec![Rule::of_host("*.Shop.example")],
        tls: vec![TlsEntry {
            hosts: vec!["*.Shop.example".to_owned()],
            secret_name: Some("web".to_owned()),
        }],
        addresses: vec!["192.0.2.9".to_owned(), "lb.example".to_owned()],
    };
    inventory.absorb(Observation::Ingress(seen), &SystemRandom::new());
    let asked = crate::inventory::questions::Asked { served: true, ..Default::default() };
    let questions = format!("{:?}", inventory.open_questions(asked));
    assert!(questions.contains("certwright.shop.example"), "{questions}");
    assert!(questions.contains("192.0.2.9") && questions.contains("lb.example"), "{questions}");
    assert!(!questions.contains(r#""a.example""#), "that was answered: {questions}");
}

//! What may be imported, and what is said of it.

use super::*;
use crate::inventory::testing::{Pair, of_secrets};
use crate::x509::cert;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair};
use time::macros::datetime;

const CA: &str = include_str!("../../../testdata/pki/ec-p256-01.pem");
const LEAF: &str = include_str!("../../../testdata/pki/ec-p256-02.pem");
const OTHER: &str = include_str!("../../../testdata/pki/ec-p256-03.pem");

fn made(name: &str, is_ca: bool, key: &str) -> rcgen::Certificate {
    let key = KeyPair::from_pem(key).expect("the key is good");
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca =
        if is_ca { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::ExplicitNoCa };
    params.self_signed(&key).expect("it can be made")
}

#[test]
#[expect(clippy::disallowed_methods, reason = "pairs are told by it; none is drawn here")]
fn a_ca_that_does_not_serve_the_certificate_is_refused_and_one_that_has_expired_too() {
    let (own, other) = (made("web.example", false, LEAF), made("web.example", false, OTHER));
    let mut ended = CertificateParams::default();
    ended.distinguished_name.push(DnType::CommonName, "web.example");
    ended.not_after = rcgen::date_time_ymd(2026, 11, 1);
    let key = KeyPair::from_pem(LEAF).expect("the key is good");
    let ended = ended.self_signed(&key).expect("it can be made").pem();
    let (leaf, _) = cert::read(own.der()).expect("it can be read");
    let own = own.pem();
    let both = format!("{}{own}", other.pem());
    for (ca, expected) in [
        (own.as_str(), "none"),
        (&both, "none"),
        (&other.pem(), "it did not issue it"),
        (&ended, "which expired on 2026-11-01"),
    ] {
        let pair = (own.as_bytes(), LEAF.as_bytes());
        let file = CaFile::beside(ca.as_bytes(), pair, &ring::rand::SystemRandom::new());
        let now = datetime!(2026-11-21 00:00 UTC);
        let told = refused_ca(&file.expect("it is not empty"), &leaf, now);
        let told = told.map_or_else(|| "none".to_owned(), |advice| advice.message);
        assert!(told.contains(expected), "{expected}: {told}");
    }
}

/// What becomes of importing a pair of this key over a CA's certificate beside a leaf's key.
fn imported(key: &str, force: bool) -> String {
    let crt = made("My CA", true, CA).pem();
    let inventory = of_secrets(&[Pair { name: "x", crt, key: LEAF, ..Pair::default() }]);
    let given = cert::read(made("leaf.example", false, key).der()).expect("it can be read").0;
    let request = SecretRequest {
        object: ObjectRef::secret("shop", "x"),
        pair: NewPair::Given(Box::new(given)),
        with_ca_crt: false,
        replace: true,
        replace_flag: "--replace",
        force,
        override_owner: false,
        backup: false,
    };
    let plan = secret(&inventory, &request, datetime!(2026-11-21 00:00 UTC));
    match (plan.refused.first(), plan.steps.first()) {
        (Some(refused), _) => refused.reason.code().to_owned(),
        (None, Some(Step::ReplacePair(step))) => step.notes.join("; "),
        (None, other) => panic!("{other:?}"),
    }
}

#[test]
fn a_key_that_waits_for_its_certificate_is_replaced_by_force_or_with_that_alone() {
    let is_lost = |notes: &str| notes.contains("it is lost");
    assert_eq!(imported(OTHER, false), "key-of-another");
    assert!(is_lost(&imported(OTHER, true)), "it is said");
    assert!(!is_lost(&imported(LEAF, false)), "it comes with its certificate");
}

//! Chains in every order.

use super::super::dn::NameDigest;
use super::super::{cert, digest, pem};
use super::*;

fn called(name: &str) -> NameDigest {
    let folded = name.trim_ascii().to_lowercase();
    NameDigest {
        exact: digest::short_id(name.as_bytes()),
        folded: digest::short_id(folded.as_bytes()),
    }
}

/// Certificates in, as `subject<issuer`; the first break out.
fn check(chain: &[(&str, &str)]) -> String {
    let some = include_bytes!("../../../testdata/pki/root-ca.crt.pem");
    let der = pem::blocks(some).remove(0).der.expect("the PEM is good");
    let (some, _) = cert::read(der.expose()).expect("the certificate is good");
    let named = |(subject, issuer): &(&str, &str)| Certificate {
        subject: (*subject).into(),
        issuer: (*issuer).into(),
        subject_name: called(subject),
        issuer_name: called(issuer),
        ..some.clone()
    };
    match check_order(&chain.iter().map(named).map(Arc::new).collect::<Vec<_>>()) {
        Ok(()) => "in order".to_owned(),
        Err(OutOfOrder { position, expected, found }) => {
            format!("{position}: expected {expected}, found {found}")
        }
    }
}

#[test]
fn a_chain_is_in_order_when_every_certificate_is_followed_by_its_issuer() {
    let (leaf, middle, root) = (("leaf", "middle"), ("middle", "root"), ("root", "root"));
    for (chain, told) in [
        (vec![], "in order"),
        (vec![leaf], "in order"),
        (vec![root], "in order"),
        (vec![leaf, middle], "in order"),
        (vec![leaf, middle, root], "in order"),
        (vec![middle, leaf], "0: expected root, found leaf"),
        (vec![leaf, root], "0: expected middle, found root"),
        (vec![leaf, root, middle], "0: expected middle, found root"),
        (vec![leaf, middle, leaf], "1: expected root, found leaf"),
        (vec![leaf, leaf], "0: expected middle, found leaf"),
        (vec![root, leaf, middle], "0: expected root, found leaf"),
        // Cross-signed: the same subject twice, each issued by what follows it.
        (vec![leaf, ("middle", "middle"), ("middle", "root")], "in order"),
    ] {
        assert_eq!(check(&chain), told, "{chain:?}");
    }
}

/// Certificates as `subject/key<issuer/key`, a CA where the subject has a capital letter.
fn facts(chain: &[&str]) -> Vec<Arc<Certificate>> {
    let some = include_bytes!("../../../testdata/pki/root-ca.crt.pem");
    let der = pem::blocks(some).remove(0).der.expect("the PEM is good");
    let (some, _) = cert::read(der.expose()).expect("the certificate is good");
    let one = |text: &&str| {
        let (subject, issuer) = text.split_once('<').expect("subject<issuer");
        let (subject, key) = subject.split_once('/').unwrap_or((subject, subject));
        let (issuer, signer) = issuer.split_once('/').unwrap_or((issuer, issuer));
        Certificate {
            subject: subject.into(),
            issuer: issuer.into(),
            subject_name: called(subject),
            issuer_name: called(issuer),
            key_id: digest::PublicKeyId::of(key.as_bytes()),
            subject_key_id: Some(digest::short_id(key.as_bytes())),
            authority_key_id: Some(digest::short_id(signer.as_bytes())),
            self_signed: (subject, key) == (issuer, signer),
            is_ca: subject.starts_with(|c: char| c.is_uppercase()),
            sha256: digest::sha256(text.as_bytes()),
            ..some.clone()
        }
    };
    chain.iter().map(one).map(Arc::new).collect()
}

#[test]
fn certificates_are_sorted_by_what_each_is_for() {
    for (chain, leaf, told) in [
        (&["leaf<Mid", "Mid<Root", "Root<Root"][..], None, "0 1, root 2"),
        (&["Root<Root", "Mid<Root", "leaf<Mid"], None, "2 1, root 0, leaf is 2"),
        (&["Mid<Root", "leaf<Mid"], None, "1 0, missing Root, leaf is 1"),
        (&["leaf<Mid", "Root<Root"], None, "0, missing Mid, others [1]"),
        (&["leaf<leaf"], None, "0"),
        (&["Root<Root"], None, "0"),
        (&["Mid<Root"], None, "0, missing Root"),
        (&["a<Mid", "b<Mid", "Mid<Root"], Some(1), "1 2, missing Root, others [0], leaf is 1"),
        (&["leaf<Mid", "leaf<Mid", "Mid<Root"], None, "0 2, missing Root, others [1]"),
        (&["leaf<B", "C<R", "B<C"], None, "0 2 1, missing R, 0 is followed by 2"),
        // Cross-signed: the same name and key, issued by two; the old root comes along or not.
        (&["leaf<X", "X<X", "X<Old"], None, "0 2, missing Old, others [1]"),
        (&["leaf<X", "X<Old", "X<X"], None, "0 1, missing Old, others [2]"),
        (&["leaf<M", "M<R1", "M<R2", "R2<R2"], None, "0 2, root 3, others [1]"),
        (&["leaf<M", "M<R1", "M<R2"], None, "0 1, missing R1, others [2]"),
        // A CA that changed its key keeps its name.
        (
            &["leaf<M/new", "M/old<R", "M/new<R"],
            None,
            "0 2, missing R, others [1], 0 is followed by 2",
        ),
        // Strangers, and a circle.
        (&["leaf<Mid", "Mid<Root", "Other<Other"], None, "0 1, missing Root, others [2]"),
        (&["leaf<A", "A<B", "B<A"], None, "0 1 2, missing A"),
        (&[], None, ""),
    ] {
        let facts = facts(chain);
        let found = arrange(&facts, leaf);
        let mut text =
            vec![found.path.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")];
        text.extend(found.root.map(|root| format!("root {root}")));
        text.extend(found.missing.as_ref().map(|issuer| format!("missing {issuer}")));
        text.extend((!found.others.is_empty()).then(|| format!("others {:?}", found.others)));
        text.extend(misplaced(&facts, &found).map(|misplaced| match misplaced {
            Misplaced::LeafNotFirst { leaf } => format!("leaf is {leaf}"),
            Misplaced::IssuerElsewhere { position, issuer } => {
                format!("{position} is followed by {issuer}")
            }
        }));
        assert_eq!(text.join(", "), told, "{chain:?}");
    }
}

#[test]
fn what_a_sorted_chain_leaves_out_is_said_with_the_reason() {
    for (chain, told) in [
        (
            &["leaf<Mid", "Mid<Root", "Root<Root"][..],
            &["left out: the root (Root), which clients must have themselves"][..],
        ),
        (
            &["leaf<Mid", "Mid<Root", "Root<Root", "Mid<Root", "Mid<Other", "Else<Else", "b<Mid"],
            &[
                "left out: the root (Root), which clients must have themselves",
                "left out: a second copy of Mid",
                "left out: Mid once more, issued by Other (cross-signed)",
                "left out: Else, a root of nothing here",
                "left out: b, which issued nothing in the chain",
            ],
        ),
        (
            &["leaf<Mid"],
            &["not there: the issuer Mid; unless it is a root, clients will need it in the chain"],
        ),
        (&["leaf<leaf"], &[]),
    ] {
        let facts = facts(chain);
        assert_eq!(what_is_left(&facts, &arrange(&facts, None)), told, "{chain:?}");
    }
}

#[test]
fn the_real_chain_of_the_test_ca_is_fixed_from_any_order_and_begins_with_its_keys() {
    let root = include_str!("../../../testdata/pki/root-ca.crt.pem");
    let middle = include_str!("../../../testdata/pki/intermediate-ca.crt.pem");
    let key = |pem: &str| PrivateKey::from_pem(pem.as_bytes()).expect("the key is good");
    let middles = key(include_str!("../../../testdata/pki/rsa-2048-intermediate.pem"));
    let roots = key(include_str!("../../../testdata/pki/rsa-2048-root.pem"));
    let strangers = key(include_str!("../../../testdata/pki/ed25519.pem"));
    let fix = |text: &str, key: Option<&PrivateKey>| {
        fixed(text.as_bytes(), key, &ring::rand::SystemRandom::new())
            .map(|fixed| (pem::blocks(fixed.pem.as_bytes()), fixed.notes))
    };
    let only = |pem: &str| pem::blocks(pem.as_bytes()).remove(0).der;
    for text in [format!("{root}{middle}"), format!("{middle}{root}{middle}")] {
        for key in [None, Some(&middles)] {
            let (blocks, notes) = fix(&text, key).expect("it can be sorted");
            assert_eq!(blocks.len(), 1);
            assert_eq!(blocks[0].der, only(middle));
            assert!(notes[0].starts_with("left out: the root ("), "{notes:?}");
        }
        let (blocks, _) = fix(&text, Some(&roots)).expect("it can be sorted");
        assert_eq!(blocks[0].der, only(root));
        let told = "none of the certificates in it is the private key's";
        assert_eq!(fix(&text, Some(&strangers)).expect_err(told).to_string(), told);
    }
    let spoilt = format!("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n{middle}");
    let (blocks, notes) = fix(&spoilt, None).expect("the good one counts");
    assert_eq!(blocks.len(), 1);
    assert!(notes[0].starts_with("left out: certificate 1: "), "{notes:?}");
    let told = "there is no certificate in it that can be read";
    assert_eq!(fix("", None).expect_err(told).to_string(), told);
}

#[test]
fn the_real_chain_of_the_test_ca_is_in_order_one_way_only() {
    let of = |pem: &[u8]| {
        let der = pem::blocks(pem).remove(0).der.expect("the PEM is good");
        cert::read(der.expose()).expect("the certificate is good").0
    };
    let root = of(include_bytes!("../../../testdata/pki/root-ca.crt.pem"));
    let middle = of(include_bytes!("../../../testdata/pki/intermediate-ca.crt.pem"));
    assert_eq!(check_order(&[middle.clone().into(), root.clone().into()]), Ok(()));
    let broken =
        check_order(&[root.clone().into(), middle.clone().into()]).expect_err("the root is first");
    let told = (broken.position, &*broken.expected, &*broken.found);
    assert_eq!(told, (0, &*root.issuer, &*middle.subject));
}

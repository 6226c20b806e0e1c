//! Name constraints, by table.

use super::super::{cert, oid};
use super::*;
use rcgen::{BasicConstraints, DistinguishedName, DnType};
use rcgen::{CertificateParams, CidrSubnet, IsCa, KeyPair};

fn ca(permitted: Vec<rcgen::GeneralSubtree>, excluded: Vec<rcgen::GeneralSubtree>) -> NameLimits {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.name_constraints =
        Some(rcgen::NameConstraints { permitted_subtrees: permitted, excluded_subtrees: excluded });
    let key = include_str!("../../../testdata/pki/ec-p256-01.pem");
    let key = KeyPair::from_pem(key).expect("the key is good");
    let made = params.self_signed(&key).expect("it can be made");
    let (facts, _) = cert::read(made.der()).expect("it can be read");
    *facts.name_limits.expect("it has some")
}

fn dns(text: &str) -> rcgen::GeneralSubtree {
    rcgen::GeneralSubtree::DnsName(text.to_owned())
}

fn name(text: &str) -> San {
    text.parse().map_or_else(|_| San::Dns(text.to_owned()), San::Ip)
}

#[test]
fn a_host_is_permitted_below_the_domain_that_is_named() {
    for (permitted, host, is_permitted) in [
        ("corp.example", "corp.example", true),
        ("corp.example", "a.CORP.example", true),
        ("corp.example", "a.b.corp.example", true),
        ("corp.example", "*.corp.example", true),
        ("corp.example", "xcorp.example", false),
        ("corp.example", "example", false),
        ("corp.example", "*.example", false),
        (".corp.example", "a.corp.example", true),
        (".corp.example", "corp.example", false),
        ("", "anything.example", true),
    ] {
        let told = ca(vec![dns(permitted)], Vec::new()).forbid(&[name(host)], &[]);
        assert_eq!(told.is_none(), is_permitted, "{permitted} {host}: {told:?}");
    }
}

#[test]
fn what_is_excluded_is_forbidden_though_it_is_permitted() {
    for (excluded, host, is_excluded) in [
        ("bad.corp.example", "bad.corp.example", true),
        ("bad.corp.example", "a.bad.corp.example", true),
        ("bad.corp.example", "good.corp.example", false),
        // It stands for the excluded host too.
        ("bad.corp.example", "*.corp.example", true),
        ("a.bad.corp.example", "*.corp.example", false),
        ("", "good.corp.example", true),
    ] {
        let ca = ca(vec![dns("corp.example")], vec![dns(excluded)]);
        let told = ca.forbid(&[name(host)], &[]);
        assert_eq!(told.is_some(), is_excluded, "{excluded} {host}: {told:?}");
    }
}

#[test]
fn other_forms_are_judged_by_constraints_of_their_own_form_alone() {
    use rcgen::GeneralSubtree::{DirectoryName, IpAddress, Rfc822Name};
    let mut org = DistinguishedName::new();
    org.push(DnType::OrganizationName, "Org");
    let net = IpAddress(CidrSubnet::V4([10, 0, 0, 0], [255, 0, 0, 0]));
    let permitted = vec![net, Rfc822Name("corp.example".to_owned()), DirectoryName(org)];
    let ca = ca(permitted, Vec::new());
    let subject = |kind, text| vec![Attribute::new(kind, text)];
    let email = |text: &str| San::Email(text.to_owned());
    for (asked, subject, told) in [
        (name("10.1.2.3"), Vec::new(), None),
        (name("11.1.2.3"), Vec::new(), Some("permit 10.0.0.0/255.0.0.0, and 11.1.2.3 is")),
        (name("2001:db8::1"), Vec::new(), Some("and 2001:db8::1 is outside that")),
        (name("a.example"), Vec::new(), None),
        (email("a@corp.example"), Vec::new(), None),
        (email("a@b.corp.example"), Vec::new(), Some("permit \"corp.example\", and a@b")),
        (San::Uri("spiffe://x/y".to_owned()), Vec::new(), None),
        (name("a.example"), subject(oid::ORGANIZATION, "ORG"), None),
        (
            name("a.example"),
            subject(oid::COMMON_NAME, "a.example"),
            Some("permit \"O=Org\", and the subject \"a.example\" is outside that"),
        ),
    ] {
        let forbidden = ca.forbid(&[asked], &subject);
        match told {
            None => assert_eq!(forbidden, None),
            Some(told) => {
                let forbidden = forbidden.expect(told).to_string();
                assert!(forbidden.contains(told), "{forbidden}");
            }
        }
    }
}

#[test]
fn the_host_of_a_uri_is_what_counts() {
    for (uri, host) in [
        ("https://me@a.example:8443/path?x#y", Some("a.example")),
        ("spiffe://a.example", Some("a.example")),
        ("https://[2001:db8::1]:1/", Some("[2001:db8::1]:1")),
        ("mailto:a@b.example", None),
        ("file:///etc", None),
    ] {
        assert_eq!(host_of(uri), host);
    }
    assert!(is_host_of("a.example", "a.example") && !is_host_of("b.a.example", "a.example"));
    assert!(is_host_of("b.a.example", ".A.example") && !is_host_of("a.example", ".a.example"));
}

#[test]
fn clients_want_a_host_in_a_permitted_subtree_and_in_no_excluded_one() {
    let dns = |text: &str| Subtree::Dns(text.to_owned());
    let net = |net: &[u8], mask: &[u8]| Subtree::Ip([net, mask].concat());
    let host = |text: &str| San::Dns(text.to_owned());
    let address = |text: &str| San::Ip(text.parse().expect("an address"));
    for (permitted, excluded, name, fine) in [
        (vec![dns("a.example")], vec![], host("a.example"), true),
        (vec![dns("a.example")], vec![], host("x.A.example"), true),
        (vec![dns("A.example")], vec![], host("*.a.example"), true),
        (vec![dns("a.example")], vec![], host("xa.example"), false),
        (vec![dns(".a.example")], vec![], host("a.example"), false),
        (vec![dns(".a.example")], vec![], host("x.a.example"), true),
        (vec![dns("")], vec![], host("a.example"), true),
        (vec![dns("b.example"), dns("a.example")], vec![], host("a.example"), true),
        (vec![dns("a.example")], vec![], address("10.0.0.1"), true),
        (vec![dns("a.example")], vec![dns("x.a.example")], host("x.a.example"), false),
        (vec![], vec![dns("a.example")], host("b.example"), true),
        (vec![net(&[10, 0, 0, 0], &[255, 0, 0, 0])], vec![], address("10.9.0.1"), true),
        (vec![net(&[10, 0, 0, 0], &[255, 0, 0, 0])], vec![], address("11.0.0.1"), false),
        (vec![net(&[10, 0, 0, 0], &[255, 0, 0, 0])], vec![], address("::1"), false),
        (vec![net(&[10, 0, 0, 0], &[255, 0, 0, 0])], vec![], host("a.example"), true),
        (vec![], vec![net(&[0; 4], &[0; 4])], address("1.2.3.4"), false),
    ] {
        let limits = NameLimits { permitted, excluded };
        let broken = limits.broken_by(std::slice::from_ref(&name));
        assert_eq!(broken.is_none(), fine, "{limits:?} {name:?}");
    }
}

//! Names and hosts, by table.

use super::*;

#[test]
fn names_cover_hosts_as_rfc_9525_says() {
    for (pattern, host, covered) in [
        ("a.example", "a.example", true),
        ("a.example.", "a.example..", false),
        ("*.b.example", "a.b.example..", false),
        ("*.b.example", "a b.b.example", false),
        ("*.b.example", "a*.b.example", false),
        ("*.b.example", "*a.b.example", false),
        ("*.b.example", "a_1.b.example", true),
        ("A.Example", "a.eXample", true),
        ("a.example", "a.example.", true),
        ("a.example.", "a.example", false),
        ("a.example", "b.example", false),
        ("*.shop.example", "a.shop.example", true),
        ("*.shop.example", "a.b.shop.example", false),
        ("*.shop.example", "shop.example", false),
        ("*.shop.example", ".shop.example", false),
        ("*.shop.example", "*.shop.example", true),
        ("a.shop.example", "*.shop.example", false),
        ("*.example", "a.example", false),
        ("*", "example", false),
        ("a*.shop.example", "ab.shop.example", false),
        ("*.*.example", "a.b.example", false),
        ("10.0.0.1", "10.0.0.1", false),
        ("", "", false),
    ] {
        assert_eq!(covers(pattern, host), covered, "{pattern} over {host}");
    }
}

#[test]
fn names_of_other_scripts_become_a_labels_and_are_shown_both_ways() {
    for (name, ascii, shown_as) in [
        ("münchen.example", "xn--mnchen-3ya.example", "xn--mnchen-3ya.example (münchen.example)"),
        ("MÜNCHEN.Example", "xn--mnchen-3ya.example", "xn--mnchen-3ya.example (münchen.example)"),
        (
            "*.münchen.example",
            "*.xn--mnchen-3ya.example",
            "*.xn--mnchen-3ya.example (*.münchen.example)",
        ),
        ("straße.example", "xn--strae-oqa.example", "xn--strae-oqa.example (straße.example)"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah", "xn--r8jz45g.xn--zckzah (例え.テスト)"),
        ("bücher。example", "xn--bcher-kva.example", "xn--bcher-kva.example (bücher.example)"),
        (
            "xn--mnchen-3ya.example",
            "xn--mnchen-3ya.example",
            "xn--mnchen-3ya.example (münchen.example)",
        ),
        ("a_b.Example", "a_b.Example", "a_b.Example"),
    ] {
        let found = to_ascii(name).expect(name);
        assert_eq!((found.as_str(), shown(&found).as_str()), (ascii, shown_as), "{name}");
    }
    for name in ["xn--a.example", "xn--.example", "a\u{200d}b.example", "\u{301}a.example"] {
        assert!(to_ascii(name).is_err(), "{name}");
    }
    assert_eq!(shown("xn--a.example"), "xn--a.example", "what decodes to nothing stays");
}

#[test]
fn a_host_in_its_own_script_is_covered_by_its_a_labels() {
    for (pattern, host, covered) in [
        ("xn--mnchen-3ya.example", "münchen.example", true),
        ("XN--MNCHEN-3YA.example", "München.example.", true),
        ("*.xn--mnchen-3ya.example", "www.münchen.example", true),
        ("*.xn--mnchen-3ya.example", "*.münchen.example", true),
        ("münchen.example", "münchen.example", false),
        ("xn--mnchen-3ya.example", "munchen.example", false),
    ] {
        assert_eq!(covers(pattern, host), covered, "{pattern} over {host}");
    }
}

#[test]
fn mailboxes_and_uris_are_checked_before_signing() {
    for good in ["ops@shop.example", "first.last+tag@a.b.example", "root@localhost"] {
        assert_eq!(check_email(good), Ok(()), "{good}");
    }
    for bad in [
        "",
        "ops",
        "@shop.example",
        "a b@shop.example",
        "ü@shop.example",
        "a@*.shop.example",
        "a@",
        "a@b..c",
        "a\n@b.example",
    ] {
        assert!(check_email(bad).is_err(), "{bad}");
    }
    let told = check_email("a@münchen.example").expect_err("another script").to_string();
    assert!(told.ends_with("in its xn-- form: a@xn--mnchen-3ya.example"), "{told}");
    for good in
        ["spiffe://cluster.local/ns/shop/sa/web", "https://shop.example/a?b=c#d", "urn:uuid:1"]
    {
        assert_eq!(check_uri(good), Ok(()), "{good}");
    }
    for bad in [
        "",
        "shop.example",
        "://x",
        "https://",
        "spiffe:",
        "https://a b",
        "https://ü.example",
        "1a:b",
        "a:\u{7f}",
    ] {
        assert!(check_uri(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_name_that_no_client_can_match_is_told() {
    for (name, dead) in [
        ("a.example", false),
        ("*.shop.example", false),
        ("x_y.example", false),
        ("localhost", false),
        ("", true),
        ("10.0.0.1", true),
        ("2001:db8::1", true),
        ("a.example.", true),
        ("münchen.example", true),
        ("a b.example", true),
        ("https://a.example", true),
        ("a.example/path", true),
        ("a.example:443", true),
        ("*", true),
        ("*.example", true),
        ("*.", true),
        ("a*.shop.example", true),
        ("*.*.example", true),
        ("a..b", true),
    ] {
        assert_eq!(dead_dns_name(name).is_some(), dead, "{name}");
    }
}

#[test]
fn what_is_refused_says_what_to_write_instead() {
    for (name, told) in [
        ("::1", "it is an address; give it with --ip"),
        ("[2001:db8::1]", "it is an address; give it with --ip"),
        ("10.0.0.1", "give an address with --ip"),
        ("a b.example", "that is not a letter, digit, hyphen or underscore"),
    ] {
        let refused = check_dns_name(name).expect_err(told).to_string();
        assert!(refused.ends_with(told), "{refused}");
    }
}

#[test]
fn names_that_clients_would_choke_on_are_refused_before_signing() {
    let long_label = format!("{}.example", "a".repeat(64));
    let long_name = format!("{}example", "abcdefg.".repeat(31));
    for name in [
        "",
        "a b",
        "a..b",
        "a.",
        ".a",
        "-a.example",
        "a-.example",
        "*",
        "*.example",
        "a.*.example",
        "a*.b.example",
        "*.*.example",
        "10.0.0.1",
        "münchen.example",
        "a/b",
        &long_label,
        &long_name,
    ] {
        assert!(check_dns_name(name).is_err(), "{name}");
    }
    for name in
        ["a", "a.example", "*.shop.example", "x_y.example", "xn--mnchen-3ya.example", "1.example"]
    {
        assert_eq!(check_dns_name(name), Ok(()), "{name}");
    }
}

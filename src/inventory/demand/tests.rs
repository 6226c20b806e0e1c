//! Which Secrets a host wants, as each controller reads `spec.tls`.

use super::*;
use crate::inventory::servers::testing::ingress;

/// Each host: its Secrets (`-`: none), `?` behind those that are served only where they name it, and why another
/// certificate may be served, if any. Behind ` / ` hosts that nobody is served for.
fn read(line: &str) -> String {
    let facts = IngressFacts::of(&ingress(line), None, Vec::new(), true);
    let demand = |demand: &Demand| {
        let secrets = demand.secrets.iter().map(|secret| secret.name.clone());
        let by_name = demand.by_name.iter().map(|secret| format!("{}?", secret.name));
        let elsewhere = demand.elsewhere.iter().map(|_| "elsewhere".to_owned());
        let named: Vec<String> = secrets.chain(by_name).chain(elsewhere).collect();
        let named = if named.is_empty() { "-".to_owned() } else { named.join(" ") };
        format!("{}: {named}", demand.host)
    };
    let demands: Vec<String> = facts.frontend.demands.iter().map(demand).collect();
    let orphans = facts.orphans.join(" ");
    let orphans = if orphans.is_empty() { orphans } else { format!(" / {orphans}") };
    format!("{}{orphans}", demands.join(", "))
}

fn check(rows: &[(&str, &str, &str)]) {
    for (class, rest, expected) in rows {
        let line = format!("web {class} - {rest}");
        assert_eq!(read(&line), *expected, "{line}");
    }
}

#[test]
fn of_two_entries_for_a_host_each_controller_takes_its_own() {
    let two = "a.example = a.example>one ; a.example>two";
    check(&[
        ("nginx", two, "a.example: one"),
        ("contour", two, "a.example: two"),
        ("traefik", two, "a.example: one two"),
        ("kong", two, "a.example: one"),
        ("gce", two, "a.example: one two"),
        ("openshift-default", two, "a.example: one"),
        ("haproxy", two, "a.example: one two"),
        ("own", two, "a.example: one two"),
    ]);
}

#[test]
fn an_entry_for_other_hosts_counts_where_its_certificate_decides() {
    let other = "a.example = b.example>one";
    check(&[
        ("nginx", other, "a.example: one? / b.example"),
        ("traefik", other, "a.example: one? / b.example"),
        ("contour", other, "a.example: - / b.example"),
        ("gce", other, "a.example: -, b.example: one"),
        ("own", other, "a.example: -, b.example: one"),
    ]);
}

#[test]
fn a_wildcard_entry_stands_for_the_hosts_below_it_where_the_controller_goes_by_names() {
    let wild = "a.example.org = *.example.org>one";
    check(&[
        ("nginx", wild, "a.example.org: one"),
        ("traefik", wild, "a.example.org: one"),
        ("contour", wild, "a.example.org: elsewhere"),
        ("own", wild, "a.example.org: one, *.example.org: one"),
    ]);
    check(&[
        ("nginx", "a.b.example.org = *.example.org>one", "a.b.example.org: one? / *.example.org"),
        ("own", "a.b.example.org = *.example.org>one", "a.b.example.org: -, *.example.org: one"),
    ]);
}

#[test]
fn an_entry_without_hosts_stands_for_every_host_and_one_without_a_secret_for_the_default() {
    check(&[
        ("nginx", "a.example = >one", "a.example: one"),
        ("own", "a.example = >one", "a.example: one"),
        ("nginx", "a.example = a.example>", "a.example: elsewhere"),
        ("own", "a.example = a.example>", "a.example: elsewhere"),
        ("own", "a.example", "a.example: -"),
    ]);
}

#[test]
fn a_host_counts_once_whatever_its_case_and_not_where_the_api_server_refuses_it() {
    check(&[
        ("own", "a.example,A.Example = a.example>one", "a.example: one"),
        ("own", "a.example = A.EXAMPLE>one", "a.example: one"),
        ("own", "bad_host,a.example = a.example>one", "a.example: one"),
        (
            "nginx",
            "a.example = a.example>one ; b.example,B.example>two",
            "a.example: one / b.example",
        ),
    ]);
}

#[test]
fn an_annotation_that_names_certificates_elsewhere_is_told_beside_the_secrets() {
    let shared = "a.example = a.example>one | ingress.gcp.kubernetes.io/pre-shared-cert=mine";
    check(&[("gce", shared, "a.example: one elsewhere"), ("nginx", shared, "a.example: one")]);
    let alias = "a.example = a.example>one | nginx.ingress.kubernetes.io/server-alias=b.example";
    check(&[
        ("nginx", alias, "a.example: one, b.example: one"),
        ("traefik", alias, "a.example: one"),
    ]);
}

#[test]
fn secrets_are_listed_once_and_what_is_no_name_apart() {
    let line = "web own - a.example = a.example>one ; b.example>one ; c.example>No_Name";
    let facts = IngressFacts::of(&ingress(line), None, Vec::new(), true);
    let names: Vec<&str> =
        facts.frontend.secrets.iter().map(|secret| secret.name.as_str()).collect();
    assert_eq!(names, ["one"]);
    assert_eq!(facts.no_names, ["No_Name"]);
}

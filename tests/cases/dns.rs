//! `check --dns` against a real DNS server, and against servers that answer badly or not at all.

use crate::support::binary::{Certwright, Ran};
use crate::support::gke;
use crate::support::live::Live;
use crate::support::name_server::NameServer;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::UdpSocket;

/// The Ingress's address in these tests. (Documentation addresses: RFC 5737, RFC 3849.)
const ADDRESS: &str = "203.0.113.20";

/// An Ingress with these hosts, and where `managed` a ManagedCertificate of all of them.
fn manifests(hosts: &[&str], addresses: &[&str], managed: bool) -> String {
    let rows: Vec<Value> = addresses
        .iter()
        .map(|address| {
            let key =
                if address.starts_with(|c: char| c.is_ascii_digit()) { "ip" } else { "hostname" };
            json!({ key: address })
        })
        .collect();
    let backend = json!({ "service": { "name": "web", "port": { "number": 80 } } });
    let rule = |host: &&str| {
        let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
        json!({ "host": host, "http": { "paths": [path] } })
    };
    let mut annotations = json!({ "kubernetes.io/ingress.class": "gce" });
    if managed {
        annotations["networking.gke.io/managed-certificates"] = "web".into();
    }
    let ingress = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": { "name": "web", "annotations": annotations },
        "spec": { "rules": hosts.iter().map(rule).collect::<Vec<_>>() },
        "status": { "loadBalancer": { "ingress": rows } },
    });
    let certificate = json!({
        "apiVersion": "networking.gke.io/v1",
        "kind": "ManagedCertificate",
        "metadata": { "name": "web" },
        "spec": { "domains": hosts },
        "status": { "certificateStatus": "Provisioning", "certificateName": "mcrt-1" },
    });
    if managed { format!("{ingress}\n---\n{certificate}\n") } else { ingress.to_string() }
}

fn check(server: &str, manifests: &str) -> Ran {
    let args = ["check", "-f", "-", "-o", "json", "--dns-server", server];
    Certwright::new().args(&args).stdin(manifests).run()
}

/// Every finding about DNS.
fn about_dns(ran: &Ran) -> Vec<Value> {
    let report = ran.json();
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let about_dns = |finding: &Value| {
        let rule = finding["rule"].as_str().unwrap_or_default();
        rule.starts_with("dns-") || rule.starts_with("caa-")
    };
    findings.into_iter().filter(about_dns).collect()
}

/// `rule: message`, of each finding about DNS.
fn findings(ran: &Ran) -> Vec<String> {
    let line = |finding: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        format!("{}: {}", text(&finding["rule"]), text(&finding["message"]))
    };
    about_dns(ran).iter().map(line).collect()
}

/// `object: message`, of each problem.
fn problems(ran: &Ran) -> Vec<String> {
    let report = ran.json();
    let problems = report["problems"].as_array().cloned().unwrap_or_default();
    let line = |problem: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        format!("{}: {}", text(&problem["ref"]["name"]), text(&problem["message"]))
    };
    problems.iter().map(line).collect()
}

/// The hosts of which the rule is found.
fn hosts_of(ran: &Ran, rule: &str) -> Vec<String> {
    let report = ran.json();
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let of_rule = findings.iter().filter(|finding| finding["rule"] == rule);
    let host = |finding: &Value| {
        let evidence = &finding["evidence"];
        let host = evidence["host"].as_str().or(evidence["domain"].as_str());
        host.unwrap_or_default().to_owned()
    };
    let mut hosts: Vec<String> = of_rule.map(host).collect();
    hosts.sort();
    hosts
}

const ZONE: &str = "
right A 203.0.113.20
alias CNAME right
far1 CNAME far2
far2 CNAME far3
far3 CNAME right
below.*.x A 203.0.113.20
*.wild A 203.0.113.20
*.other A 198.51.100.9
elsewhere A 198.51.100.9
partly A 203.0.113.20
partly A 198.51.100.9
cdn CNAME edge.cdn
edge.cdn A 198.51.100.9
six A 203.0.113.20
six AAAA 2001:db8::9
onlysix AAAA 2001:db8::9
nodata TXT \"nothing\"
dangling CNAME nowhere
circle1 CNAME circle2
circle2 CNAME circle1
made-up A 203.0.113.20
made-up AAAA 64:ff9b::cb00:7114
";

#[test]
fn each_host_is_judged_by_where_it_leads() {
    let test = "each_host_is_judged_by_where_it_leads";
    // Twelve aliases in a row are followed; resolvers give up somewhere behind.
    let mut zone = format!("{ZONE}\nc12 CNAME right\n");
    for number in 0..12 {
        let _ = writeln!(zone, "c{number} CNAME c{}", number + 1);
    }
    let Some(server) = NameServer::start(test, &[("example", &zone)]) else { return };
    for (host, found) in [
        ("right.example", None),
        ("c0.example", None),
        ("RIGHT.example", None),
        ("alias.example", None),
        ("far1.example", None),
        ("a.wild.example", None),
        ("*.wild.example", None),
        ("made-up.example", None),
        ("*.right.example", None),
        ("db.internal", None),
        ("printer.local", None),
        ("*.other.example", Some("dns-elsewhere: host *.other.example points to 198.51.100.9")),
        (
            "elsewhere.example",
            Some(
                "dns-elsewhere: host elsewhere.example points to 198.51.100.9, and its Ingress has the address 203.0.113.20",
            ),
        ),
        ("partly.example", Some("dns-elsewhere: host partly.example points to 198.51.100.9,")),
        (
            "cdn.example",
            Some(
                "dns-elsewhere: host cdn.example (an alias of edge.cdn.example) points to 198.51.100.9",
            ),
        ),
        ("six.example", Some("dns-elsewhere: host six.example points to 2001:db8::9")),
        (
            "nowhere.example",
            Some(
                "dns-missing: host nowhere.example does not exist in DNS (NXDOMAIN); its Ingress has the address 203.0.113.20",
            ),
        ),
        ("nodata.example", Some("dns-missing: host nodata.example has neither A nor AAAA record")),
        (
            "dangling.example",
            Some(
                "dns-missing: host dangling.example is an alias of nowhere.example, which does not exist",
            ),
        ),
        (
            "circle1.example",
            Some(
                "dns-missing: host circle1.example is an alias that points nowhere: circle1.example → circle2.example → circle1.example",
            ),
        ),
    ] {
        // Names that are private are asked for too, where a server may know them.
        let ran = check(&server.address(), &manifests(&[host], &[ADDRESS], false));
        let answers = findings(&ran);
        match found {
            None => assert_eq!(answers, Vec::<String>::new(), "{host}"),
            Some(found) => {
                assert_eq!(answers.len(), 1, "{host}: {answers:?}");
                assert!(answers[0].starts_with(found), "{host}: {answers:?}");
                ran.expect_code(1);
            }
        }
    }
    let ran = check(&server.address(), &manifests(&["onlysix.example"], &[ADDRESS], false));
    assert_eq!(hosts_of(&ran, "dns-missing"), ["onlysix.example"]);
    assert_eq!(hosts_of(&ran, "dns-elsewhere"), ["onlysix.example"]);
}

/// Every domain is one of a ManagedCertificate that the Ingress serves.
#[test]
fn caa_records_are_sought_at_the_host_and_then_at_its_parents() {
    let test = "caa_records_are_sought_at_the_host";
    let zone = "
$ORIGIN shop.example.
free A 203.0.113.20
both A 203.0.113.20
both CAA 0 issue \"pki.goog\"
both CAA 0 issue \"letsencrypt.org; validationmethods=http-01\"
one A 203.0.113.20
one CAA 0 issue \"pki.goog\"
nobody A 203.0.113.20
nobody CAA 0 issue \";\"
other A 203.0.113.20
other CAA 0 issue \"digicert.com\"
own.other A 203.0.113.20
own.other CAA 0 issuewild \";\"
below.other A 203.0.113.20
far.below.other A 203.0.113.20
alias CNAME other
strange A 203.0.113.20
strange CAA 128 tbs \"unknown\"
";
    let Some(server) = NameServer::start(test, &[("example", zone)]) else { return };
    let neither = "allow neither pki.goog nor letsencrypt.org";
    for (host, at, found) in [
        ("free", "", None),
        ("both", "", None),
        ("own.other", "", None),
        ("one", "one", Some("do not allow letsencrypt.org")),
        ("nobody", "nobody", Some(neither)),
        ("other", "other", Some(neither)),
        ("below.other", "other", Some(neither)),
        ("far.below.other", "other", Some(neither)),
        ("alias", "other", Some(neither)),
        ("strange", "strange", Some(neither)),
    ] {
        let host = format!("{host}.shop.example");
        let ran = check(&server.address(), &manifests(&[&host], &[ADDRESS], true));
        let answers = findings(&ran);
        assert_eq!(problems(&ran), Vec::<String>::new(), "{host}");
        let Some(found) = found else {
            assert_eq!(answers, Vec::<String>::new(), "{host}");
            continue;
        };
        assert!(answers.len() == 1 && answers[0].contains(found), "{host}: {answers:?}");
        assert!(answers[0].starts_with("caa-forbids: CAA records"), "{answers:?}");
        let finding = &about_dns(&ran)[0];
        assert_eq!(finding["evidence"]["at"], format!("{at}.shop.example"));
        let severity = if found == neither { "error" } else { "warning" };
        assert_eq!(finding["severity"], severity, "{host}");
    }
    // Who has a certificate of another kind may ask any CA.
    let ran = check(&server.address(), &manifests(&["nobody.shop.example"], &[ADDRESS], false));
    assert_eq!(findings(&ran), Vec::<String>::new());
}

#[test]
fn an_ingress_for_each_address_family_may_share_a_host() {
    let test = "an_ingress_for_each_address_family";
    let zone = "shop A 203.0.113.20\nshop AAAA 2001:db8::20";
    let Some(server) = NameServer::start(test, &[("example", zone)]) else { return };
    let one = manifests(&["shop.example"], &[ADDRESS], true);
    let ran = check(&server.address(), &one);
    assert_eq!(hosts_of(&ran, "dns-aaaa-elsewhere"), ["shop.example"]);
    assert_eq!(findings(&ran).len(), 1, "{:?}", findings(&ran));

    let other = manifests(&["shop.example"], &["2001:db8::20"], false);
    let other = other.replace("\"name\":\"web\"}", "\"name\":\"web6\"}");
    let ran = check(&server.address(), &format!("{one}\n---\n{other}"));
    let finding = &about_dns(&ran)[0];
    assert_eq!(finding["rule"], "dns-aaaa-elsewhere", "Google asks for the certificate there too");
    let remedy = finding["remedy"].as_str().unwrap_or_default();
    assert!(remedy.contains("networking.gke.io/managed-certificates: web"), "{remedy}");

    // What the remedy says.
    let annotated = other.replace(
        "\"kubernetes.io/ingress.class\"",
        "\"networking.gke.io/managed-certificates\":\"web\",\"kubernetes.io/ingress.class\"",
    );
    let ran = check(&server.address(), &format!("{one}\n---\n{annotated}"));
    assert_eq!(findings(&ran), Vec::<String>::new());
    // While the second has no address, where its AAAA record leads cannot be told.
    let unbuilt = annotated.replace("{\"ip\":\"2001:db8::20\"}", "");
    let ran = check(&server.address(), &format!("{one}\n---\n{unbuilt}"));
    assert_eq!(findings(&ran), Vec::<String>::new());
    assert!(
        ran.flat_stderr().contains("nothing to compare DNS with: ingress/web6"),
        "{}",
        ran.stderr
    );
}

#[test]
fn an_address_that_is_a_host_name_is_looked_up_too() {
    let test = "an_address_that_is_a_host_name";
    let zone = "
lb.cloud A 203.0.113.20
lb.cloud A 203.0.113.21
alias CNAME lb.cloud
same A 203.0.113.21
elsewhere A 198.51.100.9
";
    let Some(server) = NameServer::start(test, &[("example", zone)]) else { return };
    let hosts = ["alias.example", "same.example", "elsewhere.example", "nowhere.example"];
    let ran = check(&server.address(), &manifests(&hosts, &["lb.cloud.example"], false));
    assert_eq!(hosts_of(&ran, "dns-elsewhere"), ["elsewhere.example"]);
    assert_eq!(hosts_of(&ran, "dns-missing"), ["nowhere.example"]);
    let report = ran.json();
    let remedies: Vec<&str> = report["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|finding| finding["remedy"].as_str())
        .collect();
    let record = "nowhere.example. CNAME lb.cloud.example.";
    assert!(remedies.iter().any(|remedy| remedy.contains(record)), "{remedies:?}");
}

#[test]
fn a_lookup_that_fails_is_a_problem_and_never_a_missing_record() {
    let test = "a_lookup_that_fails_is_a_problem";
    let zones =
        [("example", "right A 203.0.113.20\nout CNAME web.refused.test."), ("broken.example", "")];
    let Some(server) = NameServer::start(test, &zones) else { return };
    let at = server.address();
    for (host, managed, told) in [
        (
            "web.broken.example",
            false,
            format!("web.broken.example: its addresses could not be looked up at {at}: SERVFAIL"),
        ),
        (
            "web.refused.test",
            false,
            format!("web.refused.test: its addresses could not be looked up at {at}: REFUSED"),
        ),
        (
            "out.example",
            false,
            format!("out.example: its addresses could not be looked up at {at}: REFUSED"),
        ),
        (
            "web.broken.example",
            true,
            format!(
                "web.broken.example: its CAA records and addresses could not be looked up at {at}: SERVFAIL"
            ),
        ),
    ] {
        let ran = check(&at, &manifests(&[host, "right.example"], &[ADDRESS], managed));
        assert_eq!(findings(&ran), Vec::<String>::new(), "{host}");
        let problems = problems(&ran);
        assert!(problems.len() == 1 && problems[0].starts_with(&told), "{host}: {problems:?}");
        assert!(problems[0].ends_with("ask another server with --dns-server HOST:PORT"));
        assert_eq!(ran.json()["complete"], false);
        ran.expect_code(3);
    }
    // A chain that no resolver follows to its end.
    let chain = |number: u32| format!("c{number} CNAME c{}\n", number + 1);
    let long: String = (0..40).map(chain).collect::<String>() + "c40 A 203.0.113.20";
    let chains = NameServer::start(test, &[("example", &long)]).expect("it was there");
    let ran = check(&chains.address(), &manifests(&["c0.example"], &[ADDRESS], false));
    let told = problems(&ran);
    assert!(told.len() == 1 && told[0].contains("more than 16 CNAME records"), "{told:?}");
    assert_eq!(findings(&ran), Vec::<String>::new());
    // Many for one reason are told as one.
    let hosts: Vec<String> =
        (0..300).map(|number| format!("h{number:03}.broken.example")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let ran = check(&at, &manifests(&hosts, &[ADDRESS], false)).expect_code(3);
    let told = format!(
        "{at}: SERVFAIL: 300 names could not be looked up (h000.broken.example, h001.broken.example, h002.broken.example and 297 more);"
    );
    assert!(
        problems(&ran).len() == 1 && problems(&ran)[0].starts_with(&told),
        "{:?}",
        problems(&ran)
    );
}

#[test]
fn three_hundred_hosts_are_looked_up_and_large_answers_come_over_tcp() {
    let test = "three_hundred_hosts_are_looked_up";
    let mut zone = String::new();
    for number in 0..300 {
        let address = if number % 100 == 7 { "198.51.100.9" } else { ADDRESS };
        let _ = writeln!(zone, "h{number:03} A {address}");
        // Far more than a datagram holds; the one that matters is in no fixed place.
        let _ = writeln!(zone, "large A 198.18.{}.{}", number / 250, number % 250);
    }
    let _ = writeln!(zone, "large A {ADDRESS}");
    let Some(server) = NameServer::start(test, &[("example", &zone)]) else { return };
    let hosts: Vec<String> = (0..300).map(|number| format!("h{number:03}.example")).collect();
    let mut hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    hosts.push("large.example");
    let ran = check(&server.address(), &manifests(&hosts, &[ADDRESS], false)).expect_code(1);
    assert_eq!(problems(&ran), Vec::<String>::new());
    let stray = ["h007.example", "h107.example", "h207.example", "large.example"];
    assert_eq!(hosts_of(&ran, "dns-elsewhere"), stray);
    let large = findings(&ran).into_iter().find(|line| line.contains("large.example"));
    let large = large.expect("it is found");
    assert!(large.contains("198.18.0.0,") && large.contains("198.18.1.49,"), "{large}");
}

/// The name of the one question of a DNS message.
fn asked(message: &[u8]) -> String {
    let (mut name, mut at) = (String::new(), 12);
    while let Some(length @ 1..=63) = message.get(at).map(|byte| usize::from(*byte)) {
        let label = message.get(at + 1..=at + length).unwrap_or_default();
        name.push_str(&String::from_utf8_lossy(label));
        name.push('.');
        at += length + 1;
    }
    name
}

#[test]
fn a_server_that_says_nothing_is_soon_asked_no_more() {
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    let at = silent.local_addr().expect("it has an address").to_string();
    let hosts: Vec<String> = (0..300).map(|number| format!("h{number:03}.example")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let ran = check(&at, &manifests(&hosts, &[ADDRESS], false)).expect_code(3);
    assert_eq!(findings(&ran), Vec::<String>::new());
    let problems = problems(&ran);
    let told = format!("{at}: no answer: 300 names could not be looked up");
    assert!(problems.len() == 1 && problems[0].starts_with(&told), "{problems:?}");
    silent.set_nonblocking(true).expect("it can be");
    let mut names = BTreeSet::new();
    let mut message = [0; 512];
    while let Ok((length, _)) = silent.recv_from(&mut message) {
        names.insert(asked(&message[..length]));
    }
    assert!(!names.is_empty() && names.len() < 40, "{} names were asked", names.len());
}

#[test]
fn a_port_that_nobody_listens_on_is_told_as_such() {
    let taken = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    let at = taken.local_addr().expect("it has an address").to_string();
    drop(taken);
    let ran = check(&at, &manifests(&["shop.example"], &[ADDRESS], false)).expect_code(3);
    let problems = problems(&ran);
    let told = format!("shop.example: its addresses could not be looked up at {at}: ");
    assert!(problems.len() == 1 && problems[0].starts_with(&told), "{problems:?}");
}

#[test]
fn a_server_may_be_named_and_must_be_one() {
    let test = "a_server_may_be_named";
    let Some(server) = NameServer::start(test, &[("example", ZONE)]) else { return };
    let by_name = server.address().replace("127.0.0.1", "localhost");
    let ran = check(&by_name, &manifests(&["elsewhere.example"], &[ADDRESS], false));
    assert_eq!(hosts_of(&ran, "dns-elsewhere"), ["elsewhere.example"]);

    let ran = check("127.0.0.1:port", "{}").expect_code(2);
    assert!(ran.stderr.contains("expected HOST:PORT"), "{}", ran.stderr);
    let ran = check("no-such-host.invalid:53", "{}").expect_code(4);
    assert!(
        ran.stderr.contains("the DNS server no-such-host.invalid cannot be found"),
        "{}",
        ran.stderr
    );
}

#[test]
fn nobody_is_asked_about_hosts_that_are_not_chosen() {
    let test = "nobody_is_asked_about_hosts_that_are_not_chosen";
    let Some(server) = NameServer::start(test, &[("example", ZONE)]) else { return };
    let one = manifests(&["nowhere.example"], &[ADDRESS], false);
    let other = manifests(&["web.refused.test"], &[ADDRESS], false);
    let other = other.replace("\"name\":\"web\"}", "\"name\":\"other\"}");
    let both = format!("{one}\n---\n{other}");
    let args = ["check", "-f", "-", "-o", "json", "--dns-server", &server.address(), "ingress/web"];
    let ran = Certwright::new().args(&args).stdin(both).run().expect_code(1);
    assert_eq!(hosts_of(&ran, "dns-missing"), ["nowhere.example"]);
    assert_eq!(problems(&ran), Vec::<String>::new());
}

/// A zone as its records: owner, type, data.
type Zone = Vec<(String, String, String)>;

fn zone_of(text: &str) -> Zone {
    let record = |line: &str| {
        let mut words = line.splitn(3, ' ').map(str::to_owned);
        Some((words.next()?, words.next()?, words.next()?))
    };
    text.lines().filter_map(record).collect()
}

/// Does to the zone what the remedy says, to the letter.
fn carry_out(remedy: &str, zone: &mut Zone) {
    let remedy = remedy.split("; or, when").next().unwrap_or_default();
    for order in remedy.split("; ") {
        let (order, records) = order.split_once(": ").expect("an order and its records");
        let records = zone_of(&records.replace(" and ", "\n"));
        assert!(!records.is_empty(), "{remedy}");
        match order {
            "create the DNS record" | "add the DNS record" => {}
            "delete the DNS record" => {
                zone.retain(|record| !records.contains(record));
                continue;
            }
            order => {
                let order = order.strip_prefix("replace the ").expect("a known order");
                let order = order.strip_suffix(" with the DNS record").expect("a known order");
                let (kinds, owner) = order.split_once(" of ").expect("a known order");
                let kinds: Vec<&str> = kinds.split(' ').filter(|word| word.contains('A')).collect();
                let before = zone.len();
                zone.retain(|(name, kind, _)| {
                    *name != format!("{owner}.") || !kinds.contains(&kind.as_str())
                });
                assert!(zone.len() < before, "{remedy}");
            }
        }
        zone.extend(records);
    }
}

#[test]
fn every_remedy_mends_what_it_is_about() {
    let test = "every_remedy_mends_what_it_is_about";
    let zone = "elsewhere.example. A 198.51.100.9
partly.example. A 203.0.113.20
partly.example. A 198.51.100.9
cdn.example. CNAME edge.example.
edge.example. A 198.51.100.9
edge.example. AAAA 2001:db8::9
six.example. A 203.0.113.20
six.example. AAAA 2001:db8::9
onlysix.example. AAAA 2001:db8::9
nodata.example. TXT nothing
dangling.example. CNAME nowhere.example.
circle1.example. CNAME circle2.example.
circle2.example. CNAME circle1.example.
forbidden.example. A 203.0.113.20
forbidden.example. CAA 0 issue \"digicert.com\"
nobody.example. A 203.0.113.20
nobody.example. CAA 0 issue \";\"
half.example. A 203.0.113.20
half.example. CAA 0 issue \"letsencrypt.org\"
strange.example. A 203.0.113.20
strange.example. CAA 128 tbs \"unknown\"
strange.example. CAA 0 issue \"digicert.com\"
above.example. CAA 0 issue \"digicert.com\"
www.above.example. A 203.0.113.20";
    let hosts = [
        "elsewhere.example",
        "partly.example",
        "cdn.example",
        "six.example",
        "onlysix.example",
        "missing.example",
        "nodata.example",
        "dangling.example",
        "circle1.example",
        "forbidden.example",
        "nobody.example",
        "half.example",
        "strange.example",
        "www.above.example",
    ];
    for managed in [true, false] {
        let manifests = manifests(&hosts, &[ADDRESS], managed);
        let mut zone = zone_of(zone);
        let serve = |zone: &Zone| {
            let line =
                |(owner, kind, data): &(String, String, String)| format!("{owner} {kind} {data}\n");
            let text: String = zone.iter().map(line).collect();
            NameServer::start(test, &[("example", &text)])
        };
        let Some(server) = serve(&zone) else { return };
        let before = check(&server.address(), &manifests).expect_code(1);
        let remedy = |finding: &Value| finding["remedy"].as_str().unwrap_or_default().to_owned();
        let told: BTreeSet<String> = about_dns(&before).iter().map(remedy).collect();
        assert!(told.len() >= if managed { 14 } else { 9 }, "{told:#?}");
        for remedy in told {
            carry_out(&remedy, &mut zone);
        }
        let server = serve(&zone).expect("it was there");
        let after = check(&server.address(), &manifests);
        assert_eq!(findings(&after), Vec::<String>::new(), "managed: {managed}\n{zone:#?}");
        assert_eq!(problems(&after), Vec::<String>::new());
    }
}

/// The whole way: a stuck domain on a real API server, and its doctor.
#[test]
fn a_stuck_domain_is_told_why_on_a_real_api_server() {
    let test = "a_stuck_domain_is_told_why";
    let Some(live) = Live::new(test) else { return };
    let zone = "stuck A 203.0.113.20\nstuck AAAA 2001:db8::9\nstuck CAA 0 issue \"digicert.com\"";
    let Some(server) = NameServer::start(test, &[("example", zone)]) else { return };
    gke::install(&live);
    for document in manifests(&["stuck.example"], &[], true).split("---") {
        live.cluster.apply(&live.namespace, document);
    }
    let doctor = [
        "check",
        "ingress/web",
        "-o",
        "json",
        "--platform",
        "gke",
        "--dns-server",
        &server.address(),
    ];
    let early = live.run(&doctor);
    assert_eq!(hosts_of(&early, "dns-aaaa-elsewhere"), Vec::<String>::new());
    assert_eq!(hosts_of(&early, "caa-forbids"), ["stuck.example"], "an address is not needed");
    assert!(early.flat_stderr().contains("nothing to compare DNS with: ingress/web"));

    gke::give_address(&live, "web", ADDRESS);
    let status = json!({ "status": {
        "certificateStatus": "Provisioning",
        "domainStatus": [{ "domain": "stuck.example", "status": "FailedNotVisible" }],
    } });
    live.kubectl(&[
        "patch",
        "managedcertificate",
        "web",
        "--type=merge",
        "-p",
        &status.to_string(),
    ]);
    let without = live.run(&["check", "ingress/web", "--platform", "gke"]).expect_code(1);
    let told = without.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let doctor_is = format!("check --dns ingress/web -n {} shows", live.namespace);
    assert!(told.contains(&doctor_is) && !told.contains("dns-"), "{told}");
    let ran = live.run(&doctor).expect_code(1);
    assert_eq!(hosts_of(&ran, "dns-aaaa-elsewhere"), ["stuck.example"]);
    assert_eq!(hosts_of(&ran, "caa-forbids"), ["stuck.example"]);
    let found = about_dns(&ran);
    let mut found = found.iter().filter(|finding| finding["rule"] == "dns-aaaa-elsewhere");
    let aaaa = found.next().expect("it is found");
    assert_eq!(aaaa["ref"]["kind"], "ManagedCertificate");
    assert_eq!(aaaa["related"][0]["kind"], "Ingress");
    assert_eq!(aaaa["evidence"]["ingressAddresses"], ADDRESS);
    assert_eq!(aaaa["remedy"], "delete the DNS record: stuck.example. AAAA 2001:db8::9");
}

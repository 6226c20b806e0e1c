//! The table of clients under a certificate, held against the clients themselves: Go's TLS client,
//! OpenSSL and rustls-webpki judge every pair of the scenarios about certificates.
//!
//! Knows how each is asked. What browsers, Google's load balancer and gRPC's Python package do
//! was measured by hand; the table says so of them, and nothing here.

use crate::support::der::{extension, oid, sequence, tlv};
use crate::support::forged::{self, Forged, ca, dates, extended, key_usage};
use crate::support::witness::{self, OfGo};
use certwright::audit::clients::{self, Client};
use certwright::inventory::bundle::Bundle;
use certwright::x509::cert::Certificate;
use certwright::x509::defect::EncodingDefect;
use certwright::x509::key::Pairing;
use certwright::x509::key_kind::KeyKind;
use certwright::x509::san::San;
use certwright::x509::{chain, name};
use k8s_openapi::api::core::v1::Secret;
use ring::rand::SystemRandom;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;

/// The instant every scenario is judged at.
pub(super) const AT: OffsetDateTime = datetime!(2026-11-21 00:00 UTC);

const SCENARIOS: &[&str] = &[
    "usages",
    "weak-crypto",
    "serials",
    "san-malformed",
    "trailing-data",
    "guide",
    "guide-rotated",
    "key-types",
    "odd-keys",
    "key-mismatch",
    "lifetimes",
    "expired",
    "not-yet-valid",
    "to-the-second",
    "no-expiry-date",
    "pem-oddities",
    "cn-only",
    "wildcard",
    "chain",
    "chains",
];

/// Pairs whose issuer no client can find, which `chain-incomplete` tells: the table supposes that
/// the issuer is trusted.
const NO_PATH: &[&str] = &[
    "chains.gap-tls",
    "chains.logged-tls",
    "chains.bare-tls",
    "chains.by-lone-tls",
    // OpenSSL takes the first of two twins and looks no further; which is right depends on the root.
    "chains.crossed-tls",
];

pub(super) struct Case {
    pub(super) label: String,
    bundle: Bundle,
    pub(super) host: String,
    pub(super) folder: PathBuf,
}

impl Case {
    fn leaf(&self) -> &Certificate {
        self.bundle.leaf().expect("cases have a certificate")
    }

    /// What the table says of this client: why it refuses, or nothing.
    fn table(&self, client: Client) -> Option<String> {
        let verdicts = clients::verdicts(&self.bundle, AT);
        let verdict = verdicts.into_iter().find(|verdict| verdict.client == client);
        let reasons = verdict.map(|verdict| verdict.reasons).unwrap_or_default();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }
}

/// Every pair of the scenarios that has a certificate for hosts, each in a folder of its own.
pub(super) fn cases(root: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    for scenario in SCENARIOS {
        let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios").join(scenario);
        for name in ["secret.yaml", "secrets.yaml"] {
            let Ok(text) = fs::read_to_string(input.join("in").join(name)) else { continue };
            for document in text.split("---\n") {
                let secret: Secret = serde_saphyr::from_str(document).expect("it is a Secret");
                cases.extend(case(root, scenario, secret));
            }
        }
    }
    assert!(cases.len() > 60, "only {} pairs were found", cases.len());
    for (label, chain) in chains() {
        cases.push(forged_case(root, format!("chain.{label}"), &chain));
    }
    for (label, leaf) in flawed() {
        let chain = [leaf, Forged::inter(&[ca(None)])];
        cases.push(forged_case(root, format!("flaw.{label}"), &chain));
    }
    let inter = Forged::inter(&[ca(None)]).with(|inter| inter.parts.serial = vec![0, 0, 0x11]);
    let chain = [Forged::leaf(&[]), inter];
    cases.push(forged_case(root, "flaw.issuer".to_owned(), &chain));
    cases
}

fn forged_case(root: &Path, label: String, chain: &[Forged]) -> Case {
    let chain: String = chain.iter().map(Forged::pem).collect();
    let (key, anchor) = (forged::KEYS[0], forged::root().pem());
    let random = &SystemRandom::new();
    let bundle = Bundle::of_pair(Some(chain.as_bytes()), Some(key.as_bytes()), random);
    assert_eq!(*bundle.damaged, [], "{label}");
    let folder = root.join(&label);
    fs::create_dir(&folder).expect("it can be made");
    for (name, text) in [
        ("tls.crt", chain.as_str()),
        ("tls.key", key),
        ("root.pem", &anchor),
        ("host", forged::HOST),
    ] {
        fs::write(folder.join(name), text).expect("it can be written");
    }
    Case { label, bundle, host: forged::HOST.to_owned(), folder }
}

/// Chains of a leaf and what stands above it, the root left out.
fn chains() -> Vec<(&'static str, Vec<Forged>)> {
    let leaf = || Forged::leaf(&[]);
    let sound = || Forged::inter(&[ca(None), key_usage(0x06)]);
    let above = |extensions: &[Vec<u8>]| vec![leaf(), Forged::inter(extensions)];
    let dated = |from: &[u8], to: &[u8]| {
        vec![leaf(), sound().with(|inter| inter.parts.dates = dates(from, to))]
    };
    let limited = |permitted: &[u8], excluded: &[u8]| {
        let subtrees = |tag: u8, base: &[u8]| match base {
            [] => Vec::new(),
            base => tlv(tag, &[&sequence(&[base])]),
        };
        let limits = sequence(&[&subtrees(0xa0, permitted), &subtrees(0xa1, excluded)]);
        above(&[ca(None), extension("2.5.29.30", true, &limits)])
    };
    let other_key = || Forged::new("Inter", 2, "Root", 2, &[ca(None)]);
    let (named, own) = (
        |id: &[u8]| extension("2.5.29.35", false, &sequence(&[&tlv(0x80, &[id])])),
        |id: &[u8]| extension("2.5.29.14", false, &tlv(4, &[id])),
    );
    let written = |tag: u8, name: &[u8]| {
        vec![leaf().with(|leaf| leaf.parts.issuer = forged::called(tag, name)), sound()]
    };
    vec![
        ("sound", vec![leaf(), sound()]),
        ("with-its-root", vec![leaf(), sound(), forged::root()]),
        ("doubled", vec![leaf(), leaf(), sound(), sound()]),
        ("future", dated(b"\x17\x0d270101000000Z", b"\x17\x0d280101000000Z")),
        ("past", dated(b"\x17\x0d250101000000Z", b"\x17\x0d260601000000Z")),
        ("not-a-ca", above(&[extension("2.5.29.19", true, &sequence(&[])), key_usage(0x06)])),
        ("no-constraints", above(&[key_usage(0x06)])),
        (
            "first-version",
            vec![leaf(), Forged::inter(&[]).with(|inter| inter.parts.version = None)],
        ),
        ("may-not-sign", above(&[ca(None), key_usage(0x80)])),
        ("for-clients", above(&[ca(None), extended(&["1.3.6.1.5.5.7.3.2"])])),
        ("for-servers", above(&[ca(None), extended(&["1.3.6.1.5.5.7.3.1"])])),
        ("for-anything", above(&[ca(None), extended(&["2.5.29.37.0"])])),
        ("critical", above(&[ca(None), extension("1.2.3.4", true, &[5, 0])])),
        ("elsewhere", limited(&forged::dns(b"other.example"), &[])),
        ("here", limited(&forged::dns(b"example"), &[])),
        ("excluded", limited(&[], &forged::dns(b"leaf.example"))),
        ("for-a-net", limited(&tlv(0x87, &[&[10, 0, 0, 0, 255, 0, 0, 0]]), &[])),
        (
            "too-long",
            vec![
                Forged::new("leaf.example", 0, "Sub", 1, &[leaf_names()]),
                Forged::new("Sub", 1, "Inter", 1, &[ca(None)]),
                Forged::inter(&[ca(Some(0))]),
            ],
        ),
        (
            "long-enough",
            vec![
                Forged::new("leaf.example", 0, "Sub", 1, &[leaf_names()]),
                Forged::new("Sub", 1, "Inter", 1, &[ca(Some(0))]),
                Forged::inter(&[ca(Some(1))]),
            ],
        ),
        ("another-key", vec![leaf(), other_key()]),
        ("another-key-first", vec![leaf(), other_key(), sound()]),
        ("another-key-last", vec![leaf(), sound(), other_key()]),
        (
            "rsa-1024",
            vec![
                Forged::new("leaf.example", 0, "Inter", forged::RSA_1024, &[leaf_names()]),
                Forged::new("Inter", forged::RSA_1024, "Root", 2, &[ca(None)]),
            ],
        ),
        (
            "ed25519",
            vec![
                Forged::new("leaf.example", 0, "Inter", forged::ED25519, &[leaf_names()]),
                Forged::new("Inter", forged::ED25519, "Root", 2, &[ca(None)]),
            ],
        ),
        ("leaf-for-clients", vec![Forged::leaf(&[extended(&["1.3.6.1.5.5.7.3.2"])]), sound()]),
        ("leaf-for-anything", vec![Forged::leaf(&[extended(&["2.5.29.37.0"])]), sound()]),
        ("leaf-for-nothing", vec![Forged::leaf(&[extended(&[])]), sound()]),
        ("leaf-gated", vec![Forged::leaf(&[extended(&["2.16.840.1.113730.4.1"])]), sound()]),
        ("written-otherwise", written(0x13, b"Inter")),
        ("in-capitals", written(0x0c, b"INTER")),
        ("with-blanks", written(0x0c, b" Inter  ")),
        (
            "of-another-key-id",
            vec![Forged::leaf(&[named(b"one")]), Forged::inter(&[ca(None), own(b"two")])],
        ),
        (
            "of-its-key-id",
            vec![Forged::leaf(&[named(b"one")]), Forged::inter(&[ca(None), own(b"one")])],
        ),
    ]
}

/// Leaves whose encoding is not as it should be.
fn flawed() -> Vec<(String, Forged)> {
    let plain = || Forged::leaf(&[]);
    let good = || forged::dns(forged::HOST.as_bytes());
    let mut leaves = Vec::new();
    let mut add = |label: &str, leaf: Forged| leaves.push((label.to_owned(), leaf));
    for version in [0, 1, 3, 127] {
        let leaf = plain().with(|leaf| leaf.parts.version = Some(version));
        add(&format!("version-{version}"), leaf);
    }
    for (label, serial) in [
        ("padded", &[0, 0, 0x11][..]),
        ("empty", &[]),
        ("zero", &[0]),
        ("negative", &[0x80, 1]),
        ("negative-padded", &[0xff, 0xff, 1]),
        ("high", &[0, 0xff, 1]),
    ] {
        let leaf = plain().with(|leaf| leaf.parts.serial = serial.to_vec());
        add(&format!("serial-{label}"), leaf);
    }
    for (label, to) in [
        ("no-seconds", &b"\x17\x0b2706010000Z"[..]),
        ("offset", b"\x17\x11270601000000-0530"),
        ("general", b"\x18\x0f20270601000000Z"),
        ("general-no-seconds", b"\x18\x0d202706010000Z"),
        ("general-fraction", b"\x18\x1120270601000000.5Z"),
    ] {
        let dates = dates(b"\x17\x0d260101000000Z", to);
        add(&format!("date-{label}"), plain().with(|leaf| leaf.parts.dates = dates));
    }
    for (label, tag, value) in [
        ("printable-odd", 0x13, &b"a@b"[..]),
        ("printable-star", 0x13, b"*.a&b"),
        ("numeric", 0x12, b"12 3"),
        ("numeric-odd", 0x12, b"12a"),
        ("ia5-odd", 0x16, b"ia5\x80"),
        ("teletex", 0x14, b"l\xf6we"),
        ("utf8-broken", 0x0c, b"a\xff\xfeb"),
        ("bmp", 0x1e, b"\0a\0b"),
        ("bmp-odd", 0x1e, b"\0a\0"),
        ("bmp-surrogate", 0x1e, b"\xd8\x3d\xde\0"),
        ("universal", 0x1c, b"\0\0\0a"),
        ("universal-broken", 0x1c, b"\0\x11\0\0"),
        ("visible", 0x1a, b"vis"),
        ("general", 0x1b, b"gen"),
        ("integer", 0x02, b"\x05"),
        ("boolean", 0x01, b"\xff"),
        ("identifier", 0x06, b"\x2a\x03"),
    ] {
        let subject = forged::called(tag, value);
        add(&format!("text-{label}"), plain().with(|leaf| leaf.parts.subject = subject));
    }
    for (label, tag, value) in [
        ("email", 0x81, &b"a@b.example"[..]),
        ("email-beyond", 0x81, b"l\xc3\xb6@b.example"),
        ("dns-beyond", 0x82, b"l\xc3\xb6we.example"),
        ("dns-not-utf8", 0x82, b"l\xf6we.example"),
        ("dns-tab", 0x82, b"a\tb.example"),
        ("uri", 0x86, b"spiffe://a/b"),
        ("uri-beyond", 0x86, b"http://l\xc3\xb6.example/"),
        ("uri-blank", 0x86, b"http://a b/"),
        ("uri-escape", 0x86, b"http://a.example/%zz"),
        ("uri-dots", 0x86, b"http://a..b/"),
        ("uri-control", 0x86, b"x:\x1b]0;t\x07"),
        ("unknown", 0x89, b"x"),
        ("constructed", 0xa2, b"x"),
        ("identifier", 0x88, b"\x2a\x03"),
        ("identifier-cut", 0x88, b"\x80"),
        ("other-broken", 0xa0, b"\x05\0"),
        ("party-empty", 0xa5, b""),
    ] {
        add(&format!("name-{label}"), Forged::named(&[tlv(tag, &[value]), good()]));
    }
    let other = sequence(&[&oid("1.2.840.10045.4.3.3")]);
    add("two-algorithms", plain().with(|leaf| leaf.outer = other));
    leaves.extend(with_flawed_extensions());
    leaves
}

/// Leaves with an extension that is not as it should be.
fn with_flawed_extensions() -> Vec<(String, Forged)> {
    let mut leaves = Vec::new();
    let mut add = |label: &str, leaf: Forged| leaves.push((label.to_owned(), leaf));
    for (label, id) in [
        ("key-id", "2.5.29.14"),
        ("key-usage", "2.5.29.15"),
        ("constraints", "2.5.29.19"),
        ("limits", "2.5.29.30"),
        ("revocation", "2.5.29.31"),
        ("policies", "2.5.29.32"),
        ("issuer-key-id", "2.5.29.35"),
        ("usages", "2.5.29.37"),
        ("access", "1.3.6.1.5.5.7.1.1"),
        ("unknown", "1.2.3.4"),
    ] {
        let leaf = Forged::leaf(&[extension(id, false, &[5, 0])]);
        add(&format!("extension-{label}"), leaf);
    }
    for (label, doubled) in [
        ("constraints", extension("2.5.29.19", true, &sequence(&[]))),
        ("usages", extended(&["1.3.6.1.5.5.7.3.1"])),
        ("key-id", extension("2.5.29.14", false, &tlv(4, &[b"one"]))),
        ("names", leaf_names()),
        ("unknown", extension("1.2.3.4", false, &[5, 0])),
    ] {
        add(&format!("doubled-{label}"), Forged::leaf(&[doubled.clone(), doubled]));
    }
    let odd = sequence(&[&oid("1.2.3.4"), &tlv(1, &[&[1]]), &tlv(4, &[&[5, 0]])]);
    add("extension-odd-boolean", Forged::leaf(&[odd]));
    leaves
}

fn leaf_names() -> Vec<u8> {
    extension(forged::SAN, false, &sequence(&[&forged::dns(forged::HOST.as_bytes())]))
}

fn case(root: &Path, scenario: &str, secret: Secret) -> Option<Case> {
    let label = format!("{scenario}.{}", secret.metadata.name.unwrap_or_default());
    let data = secret.data.unwrap_or_default();
    let value = |key: &str| data.get(key).map(|value| value.0.as_slice());
    let bundle = Bundle::of_pair(value("tls.crt"), value("tls.key"), &SystemRandom::new());
    if clients::verdicts(&bundle, AT).is_empty() || NO_PATH.contains(&label.as_str()) {
        return None;
    }
    let folder = root.join(&label);
    fs::create_dir(&folder).expect("it can be made");
    let write = |name: &str, bytes: &[u8]| {
        fs::write(folder.join(name), bytes).expect("it can be written");
    };
    let leaf = bundle.leaf()?;
    let anchor = if leaf.self_signed { value("tls.crt")? } else { ROOT.as_bytes() };
    let host = host_of(leaf);
    write("tls.crt", value("tls.crt")?);
    write("tls.key", value("tls.key")?);
    write("root.pem", anchor);
    write("host", host.as_bytes());
    Some(Case { label, bundle, host, folder })
}

const ROOT: &str = include_str!("../../testdata/pki/root-ca.crt.pem");

/// A host the certificate is for: one that its SAN names, else its common name, else some host.
pub(super) fn host_of(leaf: &Certificate) -> String {
    let alive = leaf.names.iter().find_map(|name| match name {
        San::Dns(text) if name::dead_dns_name(text).is_none() => Some(text.replacen('*', "www", 1)),
        San::Ip(address) => Some(address.to_string()),
        _ => None,
    });
    let common_name = || leaf.common_names().find(|text| name::is_host_name(text));
    alive.or_else(|| common_name().map(str::to_owned)).unwrap_or("some.host.example".to_owned())
}

/// Compares the table with what the client itself said, for every case it was asked about.
fn compare(client: Client, cases: &[Case], told: &BTreeMap<String, Option<String>>) {
    let differs = |case: &&Case| {
        told.get(&case.label).is_some_and(|told| told.is_some() != case.table(client).is_some())
    };
    let differing: Vec<String> = cases
        .iter()
        .filter(differs)
        .map(|case| {
            format!(
                "{} for {}: the table says {:?}, {} says {:?}",
                case.label,
                case.host,
                case.table(client),
                client.as_str(),
                told[&case.label]
            )
        })
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    let refused = told.values().filter(|told| told.is_some()).count();
    assert!(refused >= 10 && told.len() - refused >= 20, "{refused} of {} refused", told.len());
}

#[test]
fn the_table_says_of_go_what_go_does() {
    let test = "the_table_says_of_go_what_go_does";
    let folder = TempDir::new().expect("a temp folder can be made");
    let cases = cases(folder.path());
    let Some(told) = witness::go_clients(test, folder.path(), AT.unix_timestamp()) else { return };
    assert_eq!(told.len(), cases.len(), "every case is judged");
    let loads: Vec<String> = cases.iter().filter_map(|case| loading_differs(case, &told)).collect();
    assert!(loads.is_empty(), "{}", loads.join("\n"));
    let told = told.into_iter().map(|(case, told)| (case, told.complaint)).collect();
    compare(Client::Go, &cases, &told);
}

/// Where the table is wrong about `tls.X509KeyPair`, by which ingress-nginx and its like load pairs.
fn loading_differs(case: &Case, told: &BTreeMap<String, OfGo>) -> Option<String> {
    // That the key is another's, or passed over, is no matter of the certificate.
    let odd = !case.bundle.odd.is_empty() || case.bundle.key_oddity.is_some();
    if case.bundle.pairing == Pairing::Differs || odd || !case.bundle.damaged.is_empty() {
        return None;
    }
    let problems = clients::problems(&case.bundle, AT);
    let refused: Vec<&str> = problems
        .iter()
        .filter(|problem| problem.go_cannot_load)
        .map(|problem| problem.why.as_str())
        .collect();
    let go = &told[&case.label];
    (go.loads != refused.is_empty())
        .then(|| format!("{}: {refused:?}, and Go says {:?}", case.label, go.complaint))
}

#[test]
fn the_table_says_of_openssl_what_openssl_does() {
    let test = "the_table_says_of_openssl_what_openssl_does";
    let Some(openssl) = witness::openssl(test) else { return };
    let folder = TempDir::new().expect("a temp folder can be made");
    let cases = cases(folder.path());
    let at = AT.unix_timestamp().to_string();
    let mut told = BTreeMap::new();
    for case in &cases {
        // `openssl verify` sees neither the key nor what else would keep a server from starting.
        let unseen = case.leaf().trailing_bytes > 0 || !case.bundle.damaged.is_empty();
        // Nor does it shake hands, by which a key of a strange type or size is refused.
        let unseen = unseen || case.label.starts_with("odd-keys.");
        if case.bundle.pairing == Pairing::Differs || unseen {
            continue;
        }
        let path = |name: &str| case.folder.join(name).display().to_string();
        let by = if case.host.parse::<std::net::IpAddr>().is_ok() {
            "-verify_ip"
        } else {
            "-verify_hostname"
        };
        // Level 2 is what the library's users get on Debian and Ubuntu.
        let verify = ["verify", "-auth_level", "2", "-purpose", "sslserver", "-attime", &at];
        let files = ["-CAfile", &path("root.pem"), "-untrusted", &path("tls.crt")];
        let about = [by, &case.host, &path("tls.crt")];
        let answer = openssl.ask(&[&verify[..], &files[..], &about[..]].concat());
        told.insert(case.label.clone(), answer.err());
    }
    compare(Client::OpenSsl, &cases, &told);
}

#[test]
fn the_table_says_of_rustls_what_webpki_does() {
    let folder = TempDir::new().expect("a temp folder can be made");
    let cases = cases(folder.path());
    let mut told = BTreeMap::new();
    for case in cases.iter().filter(|case| case.bundle.pairing != Pairing::Differs) {
        told.insert(case.label.clone(), webpki_refuses(case).err());
    }
    compare(Client::Rustls, &cases, &told);
}

#[test]
fn an_rsa_key_without_its_null_is_told() {
    // Verifying the chain does not look at it; Go refuses to read it, webpki to shake hands with it.
    let algorithm = oid("1.2.840.113549.1.1.1");
    let whole = forged::public_key(forged::RSA_1024);
    let at = whole.windows(algorithm.len()).position(|part| part == algorithm);
    let behind = at.expect("it is an RSA key") + algorithm.len() + 2;
    let key = sequence(&[&sequence(&[&algorithm]), &whole[behind..]]);
    let leaf = Forged::leaf(&[]).with(|leaf| leaf.parts.key = key).pem();
    let bundle = Bundle::of_pair(Some(leaf.as_bytes()), None, &SystemRandom::new());
    let read = bundle.leaf().map(|leaf| (leaf.defects.as_slice(), leaf.key_type.clone()));
    assert_eq!(read, Some((&[EncodingDefect::RsaWithoutNull][..], KeyKind::rsa(1024))));
}

#[test]
fn nobody_connects_to_a_server_whose_certificate_is_not_the_first() {
    let text = |chain: &[Forged]| chain.iter().map(Forged::pem).collect::<String>();
    let (leaf, inter) = (Forged::leaf(&[]), Forged::inter(&[ca(None)]));
    let random = &SystemRandom::new();
    let disordered = text(&[inter, leaf, forged::root()]);
    for key in [None, Some(forged::KEYS[0].as_bytes())] {
        let bundle = Bundle::of_pair(Some(disordered.as_bytes()), key, random);
        let verdicts = clients::verdicts(&bundle, AT);
        assert_eq!(verdicts.len(), Client::ALL.len());
        for verdict in verdicts {
            let told = "the first certificate is not the server's, which is certificate 2";
            assert_eq!(verdict.reasons, [told], "{:?}", verdict.client);
        }
    }
    let roots = text(&[forged::root(), Forged::inter(&[ca(None)])]);
    let roots = Bundle::of_pair(Some(roots.as_bytes()), None, random);
    assert_eq!(clients::verdicts(&roots, AT), [], "a file of CAs is for no server");
}

#[test]
fn a_chain_is_put_in_order_by_who_signed_whom() {
    let joined = |name: &str| {
        let chains = chains();
        let (_, chain) = chains.iter().find(|(label, _)| *label == name).expect("it is there");
        chain.iter().map(Forged::pem).collect::<Vec<_>>()
    };
    let colliding = {
        let (cn, o) = (("2.5.4.3", tlv(0x0c, &[b"Inter"])), ("2.5.4.10", tlv(0x0c, &[b"X"])));
        let two = crate::support::der::name(&[cn, o]);
        let one = forged::called(0x0c, b"Inter, O=X");
        let leaf = Forged::leaf(&[]).with(|leaf| leaf.parts.issuer = one);
        let inter = Forged::inter(&[ca(None)]).with(|inter| inter.parts.subject = two);
        vec![leaf.pem(), inter.pem()]
    };
    for (chain, order) in [
        (joined("sound"), &[0, 1][..]),
        (joined("with-its-root"), &[0, 1]),
        (joined("doubled"), &[0, 2]),
        (joined("another-key"), &[0]),
        (joined("another-key-first"), &[0, 2]),
        (joined("another-key-last"), &[0, 1]),
        (joined("of-another-key-id"), &[0, 1]),
        (joined("written-otherwise"), &[0, 1]),
        (joined("in-capitals"), &[0, 1]),
        (joined("with-blanks"), &[0, 1]),
        (colliding, &[0]),
    ] {
        let fixed = chain::fixed(chain.concat().as_bytes(), None, &SystemRandom::new());
        let fixed = fixed.expect("there is a leaf in it");
        let expected: String = order.iter().map(|place: &usize| chain[*place].as_str()).collect();
        assert_eq!(fixed.pem, expected, "{:?}", fixed.notes);
    }
    let twins = [joined("another-key-first"), vec![forged::root().pem()]].concat().concat();
    let bundle = Bundle::of_pair(Some(twins.as_bytes()), None, &SystemRandom::new());
    let arrangement = chain::arrange(&bundle.certificates, Some(0));
    assert_eq!(chain::misplaced(&bundle.certificates, &arrangement), None);
}

fn webpki_refuses(case: &Case) -> Result<(), String> {
    let wrong = |error: webpki::Error| format!("{error:?}");
    let read = |name: &str| -> Result<Vec<CertificateDer<'static>>, String> {
        let text = fs::read(case.folder.join(name)).expect("it was written");
        CertificateDer::pem_slice_iter(&text)
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())
    };
    let (chain, roots) = (read("tls.crt")?, read("root.pem")?);
    let (Some(_), Some(_)) = (chain.first(), roots.first()) else {
        return Err("there is no certificate in it".to_owned());
    };
    let anchor = webpki::anchor_from_trusted_cert(&roots[0]).map_err(wrong)?;
    let leaf = webpki::EndEntityCert::try_from(&chain[0]).map_err(wrong)?;
    let at = u64::try_from(AT.unix_timestamp()).unwrap_or_default();
    leaf.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &[anchor],
        &chain[1..],
        UnixTime::since_unix_epoch(std::time::Duration::from_secs(at)),
        webpki::KeyUsage::server_auth(),
        None,
        None,
    )
    .map_err(wrong)?;
    let host = ServerName::try_from(case.host.as_str()).map_err(|error| error.to_string())?;
    leaf.verify_is_valid_for_subject_name(&host).map_err(wrong)
}

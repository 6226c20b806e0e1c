//! Ten thousand certificates that nobody has thought of, read by others and by us: Python, Go,
//! OpenSSL and webpki agree with certwright on dates, names, hosts and pairs.
//!
//! Knows how to draw names, dates and keys. Half of the certificates are issued by the library,
//! half are put together by hand, for what it would not issue and people have all the same. The
//! seed is fixed, so that a run is like the one before; `CERTWRIGHT_SEED` tries others.

use crate::support::der::{self, Parts};
use crate::support::dice::Dice;
use crate::support::openssl_text;
use crate::support::witness;
use base64::Engine as _;
use certwright::x509::cert::{self, Certificate, HostMatch};
use certwright::x509::key::{Pairing, PrivateKey};
use certwright::x509::key_kind::KeyType;
use certwright::x509::profile::Profile;
use certwright::x509::public_key::PublicKey;
use certwright::x509::san::San;
use certwright::x509::{digest, issue, pem};
use rcgen::PublicKeyData as _;
use ring::rand::SystemRandom;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::{datetime, format_description};

/// How many certificates a run judges.
const CERTIFICATES: usize = 10_000;
/// Hosts that each is asked for.
const HOSTS: usize = 4;

/// A key, and the public half as a certificate holds it.
struct Key {
    file: String,
    of_type: KeyType,
    private: PrivateKey,
    spki: Vec<u8>,
}

impl Key {
    fn of_pem(file: &str, of_type: KeyType, pem: &str) -> Self {
        let private = PrivateKey::from_pem(pem.as_bytes()).expect("the key is good");
        let spki =
            rcgen::KeyPair::from_pem(pem).expect("the key is good").subject_public_key_info();
        Self { file: file.to_owned(), of_type, private, spki }
    }

    /// Keys of the test PKI, and more Ed25519 keys than it has. Making RSA keys takes long.
    fn several(dice: &mut Dice) -> Vec<Self> {
        let pki = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pki");
        let mut keys: Vec<Self> = [
            ("rsa-2048-01.pem", KeyType::Rsa2048),
            ("rsa-2048-02.pem", KeyType::Rsa2048),
            ("rsa-3072.pem", KeyType::Rsa3072),
            ("ec-p256-01.pem", KeyType::P256),
            ("ec-p256-02.pem", KeyType::P256),
            ("ec-p256-03.pem", KeyType::P256),
            ("ec-p384.pem", KeyType::P384),
        ]
        .map(|(file, key_type)| {
            let pem = fs::read_to_string(pki.join(file)).expect("it is there");
            Self::of_pem(file, key_type, &pem)
        })
        .into();
        for number in 0..6 {
            // RFC 8410 §7: version 0, id-Ed25519, and the seed in an OCTET STRING of its own.
            let seed = der::tlv(4, &[&der::tlv(4, &[&dice.bytes(32)])]);
            let whole = [&der::tlv(2, &[&[0]])[..], &der::sequence(&[&der::oid("1.3.101.112")])];
            let der = der::sequence(&[&whole.concat(), &seed]);
            let pem = pem::encode("PRIVATE KEY", &der);
            keys.push(Self::of_pem(&format!("ed25519-{number}.pem"), KeyType::Ed25519, &pem));
        }
        keys
    }
}

/// A certificate of the run, what certwright reads in it, and what it is asked.
struct Drawn {
    der: Vec<u8>,
    facts: Certificate,
    /// Whether its signature is one, so that a verifier can go further than names.
    signed: bool,
    /// The key it is compared with, of those of the run, and what certwright says to that.
    key: usize,
    is_pair: bool,
    hosts: Vec<String>,
}

impl Drawn {
    fn new(dice: &mut Dice, keys: &[Key], random: &SystemRandom) -> Self {
        let own = dice.below(keys.len());
        let signed = dice.chance(50);
        let der = if signed { issued(dice, &keys[own], random) } else { by_hand(dice, &keys[own]) };
        let (facts, public): (_, PublicKey) = cert::read(&der).expect("it is a good certificate");
        let key = if dice.chance(30) { dice.below(keys.len()) } else { own };
        let is_pair = match keys[key].private.pairs_with(&public, random) {
            Pairing::Match => true,
            Pairing::Differs => false,
            Pairing::Unknown(why) => panic!("these keys can all be compared: {why}"),
        };
        assert_eq!(is_pair, key == own, "{} and {}", keys[key].file, keys[own].file);
        let hosts = (0..HOSTS).map(|_| host_near(dice, &facts)).collect();
        Self { der, facts, signed, key, is_pair, hosts }
    }

    fn covers(&self, host: &str) -> bool {
        matches!(self.facts.match_host(host), HostMatch::San(_))
    }

    /// Its line in a batch (see `support/witness.rs`).
    fn line(&self, keys: &[Key]) -> String {
        let der = base64::engine::general_purpose::STANDARD.encode(&self.der);
        format!("{der} {} {}\n", keys[self.key].file, self.hosts.join(" "))
    }
}

#[test]
fn others_read_ten_thousand_certificates_as_certwright_does() {
    let test = "others_read_ten_thousand_certificates_as_certwright_does";
    let mut dice = Dice::new(test);
    let keys = Key::several(&mut dice);
    let (mut one, mut other) = (dice.split(), dice.split());
    let draw = |dice: &mut Dice| {
        let random = SystemRandom::new();
        (0..CERTIFICATES / 2).map(|_| Drawn::new(dice, &keys, &random)).collect::<Vec<_>>()
    };
    let drawn: Vec<Drawn> = std::thread::scope(|threads| {
        let first = threads.spawn(|| draw(&mut one));
        let second = draw(&mut other);
        first.join().expect("no certificate was refused").into_iter().chain(second).collect()
    });

    let signed = || drawn.iter().filter(|one| one.signed);
    let serials: BTreeSet<&str> = signed().map(|one| &*one.facts.serial).collect();
    assert_eq!(serials.len(), signed().count(), "no serial number is given twice");

    let folder = TempDir::new().expect("a temp folder can be made");
    write_batch(folder.path(), &drawn, &keys);
    let mut complaints = Vec::new();
    std::thread::scope(|threads| {
        let python = threads.spawn(|| by_python(test, folder.path(), &drawn));
        let go = threads.spawn(|| by_go(test, folder.path(), &drawn));
        let openssl = threads.spawn(|| by_openssl(test, folder.path(), &drawn, &keys));
        complaints.extend(by_webpki(&drawn));
        for judge in [python, go, openssl] {
            complaints.extend(judge.join().expect("the judge comes to its end"));
        }
    });
    let first: Vec<_> = complaints.iter().take(20).map(String::as_str).collect();
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), first.join("\n"));
}

fn write_batch(folder: &Path, drawn: &[Drawn], keys: &[Key]) {
    fs::create_dir(folder.join("keys")).expect("it can be made");
    for key in keys {
        let path = folder.join("keys").join(&key.file);
        fs::write(path, key.private.to_pem().as_str()).expect("it can be written");
    }
    let lines: String = drawn.iter().map(|one| one.line(keys)).collect();
    fs::write(folder.join("certificates"), lines).expect("it can be written");
    let pems: String =
        drawn.iter().map(|one| pem::encode("CERTIFICATE", &one.der).to_string()).collect();
    fs::write(folder.join("certificates.pem"), pems).expect("it can be written");
}

// ---- the judges ------------------------------------------------------------------------------

fn compare(judge: &str, drawn: &Drawn, field: &str, told: &Value, ours: &Value) -> Option<String> {
    let der = || digest::hex(&drawn.der);
    (told != ours).then(|| format!("{judge}: {field} is {told}, certwright says {ours}: {}", der()))
}

fn by_python(test: &str, folder: &Path, drawn: &[Drawn]) -> Vec<String> {
    let Some(verdicts) = witness::python_of_batch(test, folder) else { return Vec::new() };
    assert_eq!(verdicts.len(), drawn.len(), "Python judges them all");
    drawn.iter().zip(verdicts).flat_map(|(one, told)| facts_differ("Python", one, &told)).collect()
}

fn by_go(test: &str, folder: &Path, drawn: &[Drawn]) -> Vec<String> {
    let Some(verdicts) = witness::go_of_batch(test, folder) else { return Vec::new() };
    assert_eq!(verdicts.len(), drawn.len(), "Go judges them all");
    let mut complaints = Vec::new();
    for (one, told) in drawn.iter().zip(verdicts) {
        complaints.extend(facts_differ("Go", one, &told));
        for (host, taken) in one.hosts.iter().zip(told["hosts"].as_array().into_iter().flatten()) {
            if *taken == true && !one.covers(host) && goes_too_far(&one.facts, host) {
                continue;
            }
            complaints.extend(compare("Go", one, host, taken, &json!(one.covers(host))));
        }
    }
    complaints
}

/// Go alone lets `*.tld` stand for every name under a top-level domain.
fn goes_too_far(facts: &Certificate, host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let parent = host.trim_end_matches('.').split_once('.').map_or("", |(_, parent)| parent);
    let pattern = format!("*.{parent}");
    !parent.contains('.') && facts.dns().any(|name| name.eq_ignore_ascii_case(&pattern))
}

fn facts_differ(judge: &str, one: &Drawn, told: &Value) -> Vec<String> {
    let ours = [
        ("error", json!(null)),
        ("notBefore", json!(one.facts.not_before.unix_timestamp())),
        ("notAfter", json!(one.facts.not_after.unix_timestamp())),
        ("names", json!(witness::names_by_kind(&one.facts))),
        ("isPair", json!(one.is_pair)),
    ];
    ours.iter().filter_map(|(field, ours)| compare(judge, one, field, &told[field], ours)).collect()
}

/// All of them in one process: `storeutl` prints every certificate of a file.
fn by_openssl(test: &str, folder: &Path, drawn: &[Drawn], keys: &[Key]) -> Vec<String> {
    let Some(openssl) = witness::openssl(test) else { return Vec::new() };
    let ask = |args: &[&str]| {
        openssl.ask(args).unwrap_or_else(|error| panic!("openssl {args:?}: {error}"))
    };
    let file = folder.join("certificates.pem");
    let file = file.to_str().expect("UTF-8");
    let said = openssl_text::certificates(&ask(&["storeutl", "-noout", "-text", "-certs", file]));
    assert_eq!(said.len(), drawn.len(), "OpenSSL judges them all");
    let publics: Vec<String> = keys
        .iter()
        .map(|key| {
            let file = folder.join("keys").join(&key.file);
            let file = file.to_str().expect("UTF-8");
            openssl_text::certificate(&ask(&["pkey", "-noout", "-text_pub", "-in", file])).public
        })
        .collect();
    assert!(publics.iter().all(|public| public.len() > 60), "OpenSSL shows every public key");
    let mut complaints = Vec::new();
    for (one, told) in drawn.iter().zip(said) {
        let mut names = witness::names_by_kind(&one.facts);
        names.retain(|_, names| !names.is_empty());
        let mut told_names = told.names;
        told_names.remove("other");
        for (field, told, ours) in [
            ("notBefore", json!(told.not_before), json!(one.facts.not_before.unix_timestamp())),
            ("notAfter", json!(told.not_after), json!(one.facts.not_after.unix_timestamp())),
            ("names", json!(told_names), json!(names)),
            ("isPair", json!(told.public == publics[one.key]), json!(one.is_pair)),
        ] {
            complaints.extend(compare("OpenSSL", one, field, &told, &ours));
        }
    }
    complaints
}

/// Hosts of every one that it can read, and the second at which each begins and ends to be valid.
fn by_webpki(drawn: &[Drawn]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut judged = 0;
    for (number, one) in drawn.iter().enumerate() {
        let der = CertificateDer::from(one.der.as_slice());
        // It reads no X.509 v1.
        let Ok(leaf) = webpki::EndEntityCert::try_from(&der) else { continue };
        judged += 1;
        for host in &one.hosts {
            let Ok(name) = ServerName::try_from(host.as_str()) else { continue };
            let taken = leaf.verify_is_valid_for_subject_name(&name).is_ok();
            complaints.extend(compare(
                "webpki",
                one,
                host,
                &json!(taken),
                &json!(one.covers(host)),
            ));
        }
        // Signatures take time where nothing is optimised; every fourth shows as much.
        if one.signed && number % 4 == 0 {
            complaints.extend(dates_by_webpki(one, &leaf));
        }
    }
    assert!(judged > drawn.len() * 9 / 10, "webpki reads only {judged} of them");
    complaints
}

fn dates_by_webpki(one: &Drawn, leaf: &webpki::EndEntityCert<'_>) -> Vec<String> {
    let der = CertificateDer::from(one.der.as_slice());
    let Ok(anchor) = webpki::anchor_from_trusted_cert(&der) else { return Vec::new() };
    if one.facts.not_before.unix_timestamp() < 0 {
        return Vec::new(); // for webpki, time begins in 1970
    }
    let valid_at = |at: i64| {
        let at = Duration::from_secs(u64::try_from(at).ok()?);
        let told = leaf.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            std::slice::from_ref(&anchor),
            &[],
            UnixTime::since_unix_epoch(at),
            webpki::KeyUsage::server_auth(),
            None,
            None,
        );
        Some(match told {
            Ok(_) => "valid".to_owned(),
            Err(webpki::Error::CertNotValidYet { .. }) => "not yet".to_owned(),
            Err(webpki::Error::CertExpired { .. }) => "expired".to_owned(),
            Err(error) => error.to_string(),
        })
    };
    let (start, end) =
        (one.facts.not_before.unix_timestamp(), one.facts.not_after.unix_timestamp());
    [(start - 1, "not yet"), (start, "valid"), (end, "valid"), (end + 1, "expired")]
        .into_iter()
        .filter_map(|(at, ours)| Some((at, valid_at(at)?, ours)))
        .filter_map(|(at, told, ours)| {
            compare("webpki", one, &format!("at {at} it"), &json!(told), &json!(ours))
        })
        .collect()
}

// ---- drawing certificates --------------------------------------------------------------------

/// A certificate that the library issues.
fn issued(dice: &mut Dice, key: &Key, random: &SystemRandom) -> Vec<u8> {
    let many = if dice.chance(2) { 60 } else { 6 };
    let names = (0..=dice.below(many)).map(|_| san(dice)).collect();
    let profile = Profile::server(names, None, key.of_type, dates(dice));
    let profile = profile.expect("names of this kind can be issued");
    let made = issue::self_signed(&profile, &key.private, random).expect("it can be issued");
    let block = pem::blocks(made.pem.as_bytes()).remove(0);
    block.der.expect("it was just encoded").expose().to_vec()
}

/// A certificate that follows RFC 5280 and that the library would not write so: other strings,
/// names of every form and case, serial numbers of any length, X.509 v1.
fn by_hand(dice: &mut Dice, key: &Key) -> Vec<u8> {
    let (not_before, not_after) = dates(dice);
    let length = 1 + dice.below(20);
    let mut serial = dice.bytes(length);
    serial[0] = (serial[0] & 0x7f) | 1;
    let extensions = match dice.below(20) {
        0 => Vec::new(),
        _ => extensions(dice),
    };
    let version = if extensions.is_empty() { *dice.pick(&[None, Some(2)]) } else { Some(2) };
    der::certificate(&Parts {
        version,
        serial,
        issuer: distinguished_name(dice),
        dates: [time_value(not_before), time_value(not_after)].concat(),
        subject: distinguished_name(dice),
        key: key.spki.clone(),
        extensions,
    })
}

fn extensions(dice: &mut Dice) -> Vec<u8> {
    let names: Vec<Vec<u8>> = (0..=dice.below(8)).map(|_| general_name(dice)).collect();
    let san = der::sequence(&[&names.concat()]);
    let mut listed = vec![
        der::extension("2.5.29.17", dice.chance(10), &san),
        der::extension("2.5.29.19", true, &der::sequence(&[])),
        der::extension("2.5.29.37", false, &der::sequence(&[&der::oid("1.3.6.1.5.5.7.3.1")])),
    ];
    if dice.chance(20) {
        let length = dice.below(50);
        let value = der::tlv(4, &[&dice.bytes(length)]);
        listed.push(der::extension("1.3.6.1.4.1.99999.1", false, &value));
    }
    if dice.chance(50) {
        listed.reverse();
    }
    listed.concat()
}

fn general_name(dice: &mut Dice) -> Vec<u8> {
    match dice.below(12) {
        0 => der::tlv(0xa4, &[&distinguished_name(dice)]),
        1 => der::tlv(0x88, &[&[0x2a, 0x03, 0x04]]),
        2 => {
            let text = der::tlv(12, &[b"somebody@a.example"]);
            let value = der::tlv(0xa0, &[&text]);
            der::tlv(0xa0, &[&der::oid("1.3.6.1.4.1.311.20.2.3"), &value])
        }
        3 => {
            // What no CA signs and clients still meet: `*.tld`, stars elsewhere, capitals.
            let name =
                *dice.pick(&["*.example", "*.com", "a*.b.example", "*.*.example", "A.Example"]);
            der::tlv(0x82, &[name.as_bytes()])
        }
        _ => match san(dice) {
            San::Dns(name) if dice.chance(20) => {
                der::tlv(0x82, &[name.to_ascii_uppercase().as_bytes()])
            }
            San::Dns(name) => der::tlv(0x82, &[name.as_bytes()]),
            San::Email(name) => der::tlv(0x81, &[name.as_bytes()]),
            San::Uri(name) => der::tlv(0x86, &[name.as_bytes()]),
            San::Ip(IpAddr::V4(address)) => der::tlv(0x87, &[&address.octets()]),
            San::Ip(IpAddr::V6(address)) => der::tlv(0x87, &[&address.octets()]),
            San::Other(form) => panic!("{form} is not drawn"),
        },
    }
}

fn distinguished_name(dice: &mut Dice) -> Vec<u8> {
    let text = *dice.pick(&["a.example", "*.shop.example", "Some Body", "10.0.0.1", "x"]);
    let bmp: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let value = match dice.below(4) {
        0 => der::tlv(19, &[text.replace('*', "x").as_bytes()]),
        1 => der::tlv(30, &[&bmp]),
        2 => der::tlv(12, &["Käse ☕ 表".as_bytes()]),
        _ => der::tlv(12, &[text.as_bytes()]),
    };
    der::name(&[("2.5.4.10", der::tlv(12, &[b"Somebody & Sons"])), ("2.5.4.3", value)])
}

/// `UTCTime` through 2049, `GeneralizedTime` from then on (RFC 5280 §4.1.2.5).
fn time_value(at: OffsetDateTime) -> Vec<u8> {
    let short = format_description!("[year repr:last_two][month][day][hour][minute][second]Z");
    let long = format_description!("[year][month][day][hour][minute][second]Z");
    let text = if at.year() < 2050 { at.format(&short) } else { at.format(&long) };
    let tag = if at.year() < 2050 { 23 } else { 24 };
    der::tlv(tag, &[text.expect("every field is there").as_bytes()])
}

/// Instants at which somebody's arithmetic ended.
const BORDERS: [OffsetDateTime; 12] = [
    datetime!(1950-01-01 00:00:00 UTC),
    datetime!(1969-12-31 23:59:59 UTC),
    datetime!(1999-12-31 23:59:59 UTC),
    datetime!(2000-02-29 12:00:00 UTC),
    datetime!(2038-01-19 03:14:07 UTC),
    datetime!(2049-12-31 23:59:59 UTC),
    datetime!(2050-01-01 00:00:00 UTC),
    datetime!(2100-02-28 23:59:59 UTC),
    datetime!(2106-02-07 06:28:15 UTC),
    datetime!(2262-04-11 23:47:16 UTC),
    datetime!(2400-02-29 00:00:00 UTC),
    datetime!(9999-12-31 23:59:59 UTC),
];

fn instant(dice: &mut Dice) -> OffsetDateTime {
    let (first, last) = (BORDERS[0].unix_timestamp(), BORDERS[11].unix_timestamp());
    let seconds = match dice.below(3) {
        0 => dice.pick(&BORDERS).unix_timestamp() + dice.between(-2, 2),
        1 => dice.between(first, last),
        _ => dice.between(first, datetime!(2060-01-01 00:00 UTC).unix_timestamp()),
    };
    OffsetDateTime::from_unix_timestamp(seconds.clamp(first, last)).expect("it is in range")
}

fn dates(dice: &mut Dice) -> (OffsetDateTime, OffsetDateTime) {
    let (one, other) = (instant(dice), instant(dice));
    (one.min(other), one.max(other))
}

fn san(dice: &mut Dice) -> San {
    match dice.below(10) {
        0 => San::Ip(IpAddr::from(<[u8; 4]>::try_from(dice.bytes(4)).expect("four"))),
        1 => San::Ip(IpAddr::from(address_6(dice))),
        2 => San::Email(format!("{}@{}", label(dice), domain(dice))),
        3 => San::Uri(format!(
            "{}://{}/{}",
            dice.pick(&["spiffe", "https"]),
            domain(dice),
            label(dice)
        )),
        _ if dice.chance(20) => San::Dns(format!("*.{}", domain(dice))),
        _ => San::Dns(domain(dice)),
    }
}

/// Many zeros, so that every way of shortening an address is needed. Addresses that carry an IPv4
/// one are left out: Python, Go and Rust each write those in their own way.
fn address_6(dice: &mut Dice) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[0] = 0x20;
    for byte in &mut bytes[1..] {
        *byte = if dice.chance(60) { 0 } else { dice.byte() };
    }
    bytes
}

/// Two labels or more, the last of letters, short enough.
fn domain(dice: &mut Dice) -> String {
    let mut name = format!(
        "{}.{}",
        label(dice),
        dice.pick(&["example", "test", "internal", "com", "xn--p1ai", "co.uk", "cluster.local"])
    );
    for _ in 0..dice.below(5) {
        let longer = format!("{}.{name}", label(dice));
        // Room for a wildcard, within 253.
        if longer.len() <= 251 {
            name = longer;
        }
    }
    name
}

fn label(dice: &mut Dice) -> String {
    const INNER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789-_";
    const A_LABELS: [&str; 4] =
        ["xn--mnchen-3ya", "xn--fsqu00a", "xn--80ak6aa92e", "xn--bcher-kva"];
    if dice.chance(5) {
        return (*dice.pick(&A_LABELS)).to_owned();
    }
    let length = if dice.chance(10) { 40 + dice.below(24) } else { 1 + dice.below(12) };
    let mut label = String::with_capacity(length);
    for place in 0..length {
        let ends = place == 0 || place + 1 == length;
        // A hyphen neither begins nor ends a label, nor stands third and fourth (RFC 5891 §4.2.3.1).
        let letters = if ends || (2..4).contains(&place) { &INNER[..36] } else { INNER };
        let _ = write!(label, "{}", char::from(*dice.pick(letters)));
    }
    label
}

/// A host that the certificate covers, or nearly.
fn host_near(dice: &mut Dice, facts: &Certificate) -> String {
    if dice.chance(20) {
        return address_near(dice, facts);
    }
    let names: Vec<&str> = facts.dns().collect();
    let name = if names.is_empty() || dice.chance(10) {
        domain(dice)
    } else {
        (*dice.pick(&names)).to_owned()
    };
    let name = match name.strip_prefix("*.") {
        Some(parent) => format!("{}.{parent}", label(dice)),
        None => name.replace('*', "x"),
    };
    match dice.below(8) {
        0 => name.to_ascii_uppercase(),
        1 if name.len() < 253 => format!("{name}."),
        2 if name.len() < 180 => format!("{}.{name}", label(dice)),
        3 => name.split_once('.').map_or(name.clone(), |(_, parent)| parent.to_owned()),
        4 => {
            let parent = name.split_once('.').map_or("example", |(_, parent)| parent);
            format!("x.{parent}")
        }
        _ => name,
    }
}

/// An address that the certificate names, or nearly, in one of its spellings.
fn address_near(dice: &mut Dice, facts: &Certificate) -> String {
    let own: Vec<IpAddr> = facts.ip().collect();
    let address = match own.as_slice() {
        [] => IpAddr::from(<[u8; 4]>::try_from(dice.bytes(4)).expect("four")),
        _ => *dice.pick(&own),
    };
    match address {
        IpAddr::V4(address) if dice.chance(20) => {
            address.octets().map(|it| it.to_string()).join(".")
        }
        IpAddr::V4(address) => {
            Ipv4Addr::from(address.to_bits() ^ u32::from(dice.chance(50))).to_string()
        }
        IpAddr::V6(address) if dice.chance(50) => {
            let groups = address.segments().map(|group| format!("{group:04X}"));
            groups.join(":")
        }
        IpAddr::V6(address) => {
            Ipv6Addr::from(address.to_bits() ^ u128::from(dice.chance(50))).to_string()
        }
    }
}

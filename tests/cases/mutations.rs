//! Bytes that were certificates, keys and PEM until somebody changed them: no reader panics, and
//! none takes longer than a moment.
//!
//! Knows how to spoil bytes (flip, cut, double, splice, lie about a length) and the readers: PEM,
//! certificate, private key, request, host name, manifest. Refuses to know what a spoilt input should come to.
//! `fuzz/` has most of them for `cargo fuzz`, which looks for new paths; this asks more often.

use crate::support::dice::Dice;
use certwright::apply::manifest_edit::{ValueAt, ValueEdit, edit};
use certwright::audit::strength::{weak_digest, weak_key};
use certwright::inventory::bundle::Bundle;
use certwright::manifest::{self, Text};
use certwright::observe;
use certwright::x509::cert;
use certwright::x509::digest;
use certwright::x509::key::PrivateKey;
use certwright::x509::key_kind::Curve;
use certwright::x509::key_purpose::Usage;
use certwright::x509::public_key::PublicKey;
use certwright::x509::request::Request;
use certwright::x509::{chain, foreign, name, pem, pkcs7, pkcs12, stray};
use ring::rand::SystemRandom;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The environment variable that says how many inputs are tried in all.
const VARIABLE: &str = "CERTWRIGHT_MUTATIONS";
/// How many are tried when nobody says: ten seconds on two cores.
const INPUTS: usize = 1_000_000;
/// No input may take so long, unoptimised and on a busy machine: a hang, and not slowness.
const HANG: Duration = Duration::from_secs(5);

/// A reader, and the seeds that it is given spoilt.
struct Target {
    name: &'static str,
    /// Its share of the inputs, in hundredths.
    share: usize,
    seeds: Vec<Vec<u8>>,
    read: fn(&[u8]),
}

fn targets() -> Vec<Target> {
    let files = seed_files();
    let blocks = || files.iter().flat_map(|bytes| pem::blocks(bytes));
    let ders = |is_key: bool| -> Vec<Vec<u8>> {
        blocks()
            .filter(|block| block.label.is_private_key() == is_key)
            .filter_map(|block| Some(block.der.ok()?.expose().to_vec()))
            .collect()
    };
    let pems = files.iter().filter(|bytes| bytes.len() < 5_000).cloned().collect();
    let hosts =
        ["*.shop.example", "a.example.", "xn--mnchen-3ya.example", "2001:db8::1", "10.0.0.1"];
    vec![
        Target { name: "PEM", share: 10, seeds: pems, read: read_pem },
        Target { name: "certificate", share: 40, seeds: ders(false), read: read_certificate },
        Target { name: "key", share: 20, seeds: ders(true), read: read_key },
        Target { name: "request", share: 10, seeds: requests(), read: read_request },
        Target {
            name: "host",
            share: 14,
            seeds: hosts.map(|host| format!("{host}\n{host}").into_bytes()).into(),
            read: match_host,
        },
        Target { name: "store", share: 5, seeds: stores(), read: read_store },
        Target { name: "manifest", share: 1, seeds: manifests(), read: read_manifest },
    ]
}

fn read_pem(bytes: &[u8]) {
    let bundle = Bundle::of_file(bytes, &SystemRandom::new());
    for certificate in &bundle.certificates {
        let _ = (certificate.match_host("a.example"), certificate.fingerprint());
    }
    let _ = (pem::certificates_only(bytes), pem::key_only(bytes), pem::of_file(bytes));
    for known in [foreign::what, foreign::instead_of_certificates, foreign::instead_of_key] {
        let _ = known(bytes).map(|it| (it.what(), it.remedy()));
    }
    let _ = stray::listed(&stray::among_certificates(&pem::blocks(bytes)));
    let _ = chain::fixed(bytes, None, &SystemRandom::new());
}

fn read_certificate(der: &[u8]) {
    if let Ok((facts, public)) = cert::read(der) {
        let _ = (facts.match_host("www.shop.example"), facts.lifetime_seconds(), public.id());
        let _ = (facts.is_for_hosts(), facts.common_name_host(), facts.names.len());
        let _ = (facts.key_type.to_string(), facts.signature.to_string());
        let _ = (weak_digest(&facts.signature), weak_key(&facts.key_type));
        let _ = facts.may_sign_certificates();
    }
}

fn read_key(der: &[u8]) {
    let random = SystemRandom::new();
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] {
        if let Ok(key) = PrivateKey::from_pem(pem::encode(label, der).as_bytes()) {
            let point = der.get(..65).unwrap_or(der).to_vec();
            let curve = Some(Curve::P256);
            for public in [
                PublicKey::Ec { curve, point },
                PublicKey::Ed25519(der.get(..32).unwrap_or(der).to_vec()),
            ] {
                let _ = key.pairs_with(&public, &random);
            }
            let _ = (key.public_id(), key.key_type(), key.to_pem());
        }
    }
}

fn read_request(der: &[u8]) {
    if let Ok(request) = Request::read(der) {
        let _ =
            (request.public_key().id(), request.names.len(), request.ignored(Usage::Both).len());
    }
}

/// A store is opened where that is soon done; most are, for their seeds ask for little.
fn read_store(bytes: &[u8]) {
    let _ = (pkcs12::is_store(bytes), pkcs7::certificates(bytes));
    let Ok(protection) = pkcs12::protection(bytes) else { return };
    let mac = protection.mac.as_ref().map_or(0, |mac| mac.rounds);
    let rounds = protection.ciphers.iter().filter_map(|cipher| cipher.rounds).chain([mac]);
    if rounds.sum::<u64>() < 1_000
        && let Ok(store) = pkcs12::open(bytes, "")
    {
        let _ = (store.to_pem(&SystemRandom::new()), store.names.len());
    }
}

/// Two lines: a pattern and a host.
fn match_host(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let (pattern, host) = text.split_once('\n').unwrap_or((&text, "a.example"));
    if name::covers(pattern, host) {
        assert!(!host.is_empty() && !pattern.is_empty(), "nothing covers nothing");
        assert!(name::covers(&pattern.to_ascii_uppercase(), host), "case plays no part");
    }
    let _ = (name::check_dns_name(pattern), name::is_host_name(host), name::address(host));
    let _ = (name::check_email(host), name::check_uri(host), name::dead_dns_name(pattern));
    let _ = name::shown(pattern);
    if let Ok(ascii) = name::to_ascii(pattern) {
        assert_eq!(name::to_ascii(&ascii), Ok(ascii.clone()), "once is enough: {pattern:?}");
    }
}

/// What is read of a manifest is read without a panic, and what is rewritten in it, or not, leaves
/// every other byte as it was.
fn read_manifest(bytes: &[u8]) {
    let Ok(text) = Text::of(Zeroizing::new(bytes.to_vec())) else { return };
    assert_eq!(text.to_bytes().as_slice(), bytes, "an encoding goes back as it came");
    observe::manifest::read("f.yaml", &text, "default", &mut |seen| drop(seen));
    let documents = manifest::documents(text.as_str());
    let mut end = 0;
    for (document, found) in documents.iter().enumerate() {
        assert!(found.range.start >= end && found.range.end >= found.range.start, "in order");
        end = found.range.end;
        let at = ValueAt { document, item: None, key: "tls.crt" };
        if let Ok(edited) = edit(text.as_str(), &[ValueEdit { at, value: b"new" }]) {
            let before = text.as_str().get(..found.range.start).expect("a border is one of text");
            let behind = text.as_str().get(found.range.end..).expect("a border is one of text");
            assert!(edited.starts_with(before) && edited.ends_with(behind), "only its document");
        }
    }
}

/// Manifests in the notations and encodings that are read.
fn manifests() -> Vec<Vec<u8>> {
    let secret = "# c\napiVersion: v1\nkind: Secret\nmetadata: &m {name: a}\ndata:\n  tls.crt: |\n    Zm9v\n    Zm9v\n  tls.key: 'eA=='\nstringData: {tls.crt: \"a\\nb\"}\n";
    let json = r#"{"kind":"Secret","apiVersion":"v1","data":{"tls.crt":"eA==","tls.crt":null}}"#;
    let list = "---\n  kind: List\n  items:\n  - {kind: Secret, data: {tls.crt: eA==}}\n...\n";
    let wide = format!("\u{feff}{secret}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        format!("{secret}--- # b\n{list}%YAML 1.1\n---\n<<: *m\na: {{{{ b }}}}\n").into_bytes(),
        format!("{json}{json}\n---\n{json}\n").into_bytes(),
        format!("\u{feff}{secret}").replace('\n', "\r").into_bytes(),
        [b"# caf\xe9\n", secret.as_bytes()].concat(),
        wide,
    ]
}

/// Requests as certwright's library writes them.
fn requests() -> Vec<Vec<u8>> {
    let pki = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pki");
    let request = |file: &str| {
        let key = fs::read_to_string(pki.join(file)).expect("it is there");
        let key = rcgen::KeyPair::from_pem(&key).expect("the key is good");
        let names = ["a.example", "*.shop.example", "10.0.0.1"].map(str::to_owned);
        let params = rcgen::CertificateParams::new(names).expect("the names are good");
        params.serialize_request(&key).expect("it can be signed").der().to_vec()
    };
    ["ec-p256-01.pem", "ed25519.pem", "rsa-2048-01.pem"].map(request).into()
}

/// The hostile stores, which are in the clear, and those in whose place the same would stand.
fn stores() -> Vec<Vec<u8>> {
    let hostile = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/hostile/files");
    let store = |name: &str| fs::read(hostile.join(name)).expect("it is there");
    ["p12-names.p12", "p12-negative-rounds.p12", "p12-nothing.p12", "p12-no-certificate.p12"]
        .map(store)
        .into()
}

/// Keys, certificates and hostile files that stand in the repository.
fn seed_files() -> Vec<Vec<u8>> {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut paths: Vec<PathBuf> = ["pki", "hostile/files"]
        .iter()
        .flat_map(|folder| fs::read_dir(testdata.join(folder)).expect("it is there").flatten())
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "pem"))
        .collect();
    paths.sort();
    assert!(paths.len() > 300, "only {} seeds were found", paths.len());
    paths.iter().map(|path| fs::read(path).expect("it can be read")).collect()
}

#[test]
fn a_million_spoilt_inputs_are_read_without_a_panic_or_a_hang() {
    let given = std::env::var(VARIABLE).ok();
    let inputs = given.map_or(INPUTS, |text| text.parse().expect("a number of inputs"));
    let mut dice = Dice::new("a_million_spoilt_inputs_are_read_without_a_panic_or_a_hang");
    let targets = targets();
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|threads| {
        for _ in 0..workers {
            let (mut dice, targets) = (dice.split(), &targets);
            threads.spawn(move || {
                for target in targets {
                    for _ in 0..inputs * target.share / 100 / workers {
                        try_one(target, &spoilt(&target.seeds, &mut dice));
                    }
                }
            });
        }
    });
}

fn try_one(target: &Target, input: &[u8]) {
    let start = Instant::now();
    // libtest shows the panic itself; what led to it must be shown here.
    let read = catch_unwind(AssertUnwindSafe(|| (target.read)(input)));
    assert!(read.is_ok(), "{}: this makes it panic: {}", target.name, digest::hex(input));
    let taken = start.elapsed();
    assert!(taken < HANG, "{}: this takes {taken:?}: {}", target.name, digest::hex(input));
}

/// A seed with one to eight things done to it.
fn spoilt(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = dice.pick(seeds).clone();
    for _ in 0..=dice.below(8) {
        mark_undecodable(&mut bytes, seeds, dice);
    }
    bytes
}

fn mark_undecodable(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], dice: &mut Dice) {
    /// Where lengths and signs turn over, and the tags of ASN.1.
    const TELLING: [u8; 16] =
        [0, 1, 2, 3, 4, 6, 0x0c, 0x17, 0x18, 0x30, 0x31, 0x7f, 0x80, 0x82, 0xa3, 0xff];
    if bytes.is_empty() {
        bytes.push(dice.byte());
        return;
    }
    let (at, other) = (dice.below(bytes.len()), dice.below(bytes.len()));
    let (start, end) = (at.min(other), at.max(other));
    match dice.below(10) {
        0 | 1 => bytes[at] ^= 1 << dice.below(8),
        2 => bytes[at] = dice.byte(),
        3 | 4 => bytes[at] = *dice.pick(&TELLING),
        5 => bytes.truncate(at),
        6 => drop(bytes.drain(start..end)),
        7 => {
            let again = bytes[start..end.min(start + 500)].to_vec();
            bytes.splice(at..at, again);
        }
        8 => {
            let count = dice.below(6);
            let fresh = dice.bytes(count);
            bytes.splice(at..at, fresh);
        }
        _ => {
            let seed = dice.pick(seeds);
            let from = dice.below(seed.len().max(1));
            let piece = seed.get(from..(from + 64).min(seed.len())).unwrap_or_default().to_vec();
            bytes.splice(start..end.min(start + 64), piece);
        }
    }
}

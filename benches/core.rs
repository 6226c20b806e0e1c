//! How long the pure core takes for one of each thing: `cargo bench --bench core`.
//!
//! Compare only what one machine says at one time: nothing here is a test. Whole processes, beside
//! what people use instead, are in `bench/`.
#![expect(
    clippy::disallowed_methods,
    reason = "ring seals its randomness: a benchmark has no other"
)]

use certwright::x509::cert;
use certwright::x509::key::PrivateKey;
use certwright::x509::key_kind::KeyType;
use certwright::x509::profile::{self, Profile};
use certwright::x509::san::San;
use certwright::x509::{chain, issue, name, pem};
use criterion::{Criterion, criterion_group, criterion_main};
use ring::rand::SystemRandom;
use std::hint::black_box;
use time::Duration;
use time::macros::datetime;

const ROOT: &str = include_str!("../testdata/pki/root-ca.crt.pem");
const MIDDLE: &str = include_str!("../testdata/pki/intermediate-ca.crt.pem");
const EC_KEY: &str = include_str!("../testdata/pki/ec-p256-01.pem");
const RSA_KEY: &str = include_str!("../testdata/pki/rsa-2048-01.pem");

/// A certificate of this key for so many hosts, PEM.
fn certificate(key: &str, key_type: KeyType, hosts: usize) -> String {
    let names = (0..hosts).map(|n| San::Dns(format!("host-{n}.shop.example"))).collect();
    let now = datetime!(2026-11-21 00:00 UTC);
    let dates = profile::dates(now, Duration::days(90)).expect("in range");
    let wish = Profile::server(names, None, key_type, dates).expect("the names are good");
    let key = PrivateKey::from_pem(key.as_bytes()).expect("the key is good");
    issue::self_signed(&wish, &key, &SystemRandom::new()).expect("it can be made").pem
}

fn der(pem: &str) -> Vec<u8> {
    let block = pem::blocks(pem.as_bytes()).remove(0);
    block.der.expect("the PEM is good").expose().to_vec()
}

fn reading(c: &mut Criterion) {
    let random = SystemRandom::new();
    let mut group = c.benchmark_group("read");
    let leaf = der(MIDDLE);
    group.bench_function("a certificate", |b| b.iter(|| cert::read(black_box(&leaf))));
    let root = der(ROOT);
    group.bench_function("a self-signed one, RSA", |b| b.iter(|| cert::read(black_box(&root))));
    let ec = der(&certificate(EC_KEY, KeyType::P256, 1));
    group.bench_function("a self-signed one, P-256", |b| b.iter(|| cert::read(black_box(&ec))));
    let many = der(&certificate(EC_KEY, KeyType::P256, 1_000));
    group.bench_function("one of 1,000 names", |b| b.iter(|| cert::read(black_box(&many))));
    let bundle = MIDDLE.repeat(100);
    group
        .bench_function("100 PEM blocks", |b| b.iter(|| pem::blocks(black_box(bundle.as_bytes()))));
    for (title, key) in [("an RSA key", RSA_KEY), ("a P-256 key", EC_KEY)] {
        group.bench_function(title, |b| b.iter(|| PrivateKey::from_pem(black_box(key.as_bytes()))));
    }
    let key = PrivateKey::from_pem(RSA_KEY.as_bytes()).expect("the key is good");
    let (_, public) = cert::read(&root).expect("the certificate is good");
    group.bench_function("whether an RSA key is a certificate's", |b| {
        b.iter(|| key.pairs_with(black_box(&public), &random));
    });
}

fn judging(c: &mut Criterion) {
    let random = SystemRandom::new();
    let mut group = c.benchmark_group("judge");
    let (many, _) = cert::read(&der(&certificate(EC_KEY, KeyType::P256, 1_000))).expect("good");
    group.bench_function("a host against 1,000 names", |b| {
        b.iter(|| many.match_host(black_box("host-999.shop.example")));
    });
    group.bench_function("a host against a wildcard", |b| {
        b.iter(|| name::covers(black_box("*.shop.example"), black_box("www.shop.example")));
    });
    let chain = format!("{ROOT}{MIDDLE}");
    group.bench_function("a chain to be sorted", |b| {
        b.iter(|| chain::fixed(black_box(chain.as_bytes()), None, &random));
    });
}

fn issuing(c: &mut Criterion) {
    let random = SystemRandom::new();
    let mut group = c.benchmark_group("issue");
    for (title, key, key_type) in [
        ("a certificate, RSA-2048", RSA_KEY, KeyType::Rsa2048),
        ("a certificate, P-256", EC_KEY, KeyType::P256),
    ] {
        group.bench_function(title, |b| b.iter(|| certificate(key, key_type, 1)));
    }
    for key_type in [KeyType::P256, KeyType::P384, KeyType::Ed25519] {
        group.bench_function(format!("a key, {key_type}"), |b| {
            b.iter(|| PrivateKey::generate(key_type, &random));
        });
    }
    group.sample_size(50);
    group.bench_function("a key, rsa-2048", |b| {
        b.iter(|| PrivateKey::generate(KeyType::Rsa2048, &random));
    });
}

criterion_group!(core, reading, judging, issuing);
criterion_main!(core);

//! What one certificate costs in memory, once it is taken in: `cargo bench --bench memory`.
//!
//! Prints the bytes of the heap that an inventory of TLS Secrets holds for each, of a P-256 leaf with two
//! names, as counted by the allocator. The aim is 1 KiB at most.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::print_stdout,
    reason = "ring seals its randomness, and a benchmark prints what it measured"
)]

use certwright::inventory::Inventory;
use certwright::inventory::selection::Selection;
use certwright::object_ref::ObjectRef;
use certwright::observation::{MetaSeen, Observation, SecretSeen};
use certwright::redact::Redacted;
use certwright::x509::issue;
use certwright::x509::key::PrivateKey;
use certwright::x509::key_kind::KeyType;
use certwright::x509::profile::{self, Profile};
use certwright::x509::san::San;
use ring::rand::SystemRandom;
use time::Duration;
use time::macros::datetime;

#[global_allocator]
static HEAP: dhat::Alloc = dhat::Alloc;

const KEY: &str = include_str!("../testdata/pki/ec-p256-01.pem");
/// How many Secrets are taken in, spread over so many namespaces.
const SECRETS: usize = 4_000;
const NAMESPACES: usize = 40;

fn secret(number: usize, key: &PrivateKey, random: &SystemRandom) -> SecretSeen {
    let host = format!("host-{number}.shop.example");
    let names = vec![San::Dns(host.clone()), San::Dns(format!("www.{host}"))];
    let now = datetime!(2026-11-21 00:00 UTC);
    let dates = profile::dates(now, Duration::days(90)).expect("in range");
    let profile = Profile::server(names, None, KeyType::P256, dates).expect("the names are good");
    let pem = issue::self_signed(&profile, key, random).expect("it can be made").pem;
    let data = [("tls.crt", pem.as_str()), ("tls.key", KEY)];
    SecretSeen {
        object: ObjectRef::secret(format!("team-{}", number % NAMESPACES), format!("tls-{number}")),
        meta: MetaSeen { resource_version: Some("123456".to_owned()), ..MetaSeen::default() },
        secret_type: "kubernetes.io/tls".to_owned(),
        immutable: false,
        data: data
            .map(|(name, text)| (name.to_owned(), Redacted::new(text.as_bytes().to_vec())))
            .into(),
        not_base64: Vec::new(),
    }
}

fn main() {
    let _profiler = dhat::Profiler::builder().testing().build();
    let random = SystemRandom::new();
    let key = PrivateKey::from_pem(KEY.as_bytes()).expect("the key is good");
    let mut inventory = Inventory::new(Selection::default());
    let before = dhat::HeapStats::get();
    for number in 0..SECRETS {
        inventory.absorb(Observation::Secret(secret(number, &key, &random)), &random);
    }
    let after = dhat::HeapStats::get();
    let bytes = (after.curr_bytes - before.curr_bytes) / SECRETS;
    let blocks = (after.curr_blocks - before.curr_blocks) / SECRETS;
    println!(
        "{bytes} bytes in {blocks} blocks for each of {} Secrets",
        inventory.tls_secrets().count()
    );
    println!(
        "of which Certificate {}, SecretFacts {}",
        size_of::<certwright::x509::cert::Certificate>(),
        size_of::<certwright::inventory::SecretFacts>()
    );
}

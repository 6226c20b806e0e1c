//! Stores that were opened, and those that stay shut before any work is done for them.

use super::*;

/// A file of `testdata/hostile`, made by `make.py` there.
macro_rules! hostile {
    ($name:literal) => {
        include_bytes!(concat!("../../../testdata/hostile/files/p12-", $name, ".p12")).as_slice()
    };
}

const OPENED: &[u8] = include_bytes!("../../../testdata/pki/keystore-ce27607b.p12");

#[test]
fn a_store_is_known_by_how_it_begins() {
    for store in [OPENED, hostile!("nothing"), hostile!("indefinite"), hostile!("cut-off")] {
        assert!(is_store(store));
    }
    for other in [&b""[..], b"text", b"\x30\x03\x02\x01\x03", b"\x30\x06\x02\x01\x00\x30\x01\x00"] {
        assert!(!is_store(other), "{other:?}");
    }
}

#[test]
fn what_is_in_a_store_is_read_with_its_password_alone() {
    let store = open(OPENED, "changeit").expect("it is the password");
    assert_eq!((store.certificates.len(), store.keys.len(), store.secrets), (1, 1, 0));
    let told = open(OPENED, "changeme").expect_err("it is another");
    assert_eq!(told, StoreError::WrongPassword);
    assert_eq!(open(OPENED, "").map(|_| ()), Err(StoreError::WrongPassword));
}

#[test]
fn work_that_a_store_asks_for_is_added_up_before_any_is_done() {
    let most = u64::from(u32::MAX >> 1);
    for (store, asked) in [
        (hostile!("mac-rounds"), most),
        (hostile!("key-rounds"), most),
        (hostile!("old-rounds"), 2 * most),
        (hostile!("many-keys"), 100_000_000),
        (hostile!("huge-rounds"), u64::MAX),
    ] {
        assert_eq!(open(store, "").map(|_| ()), Err(StoreError::TooManyRounds { asked }));
    }
    let asked = 128 * 8 * (1 << 40);
    let told = open(hostile!("memory"), "").expect_err("it is too much");
    assert_eq!(told, StoreError::TooMuchMemory { asked });
    assert_eq!(
        told.to_string(),
        "it asks for 1073741824 MiB of memory (scrypt), and at most 64 MiB are given"
    );
}

/// A DER value: its tag, and what is in it one behind the other.
fn der(tag: u8, inside: &[&[u8]]) -> Vec<u8> {
    let inside = inside.concat();
    let length = u16::try_from(inside.len()).expect("it is short").to_be_bytes();
    [&[tag, 0x82][..], &length, &inside].concat()
}

/// PBES2 with this many rounds: its parameters and the whole `AlgorithmIdentifier`.
fn pbes2(rounds: u32) -> (pkcs5::pbes2::Parameters, Vec<u8>) {
    use pkcs8::der::Encode as _;
    const PBES2: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d";
    let made = pkcs5::pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(rounds, b"salt", [0; 16]);
    let made = made.expect("the parameters are sound");
    let parameters = made.to_der().expect("they can be encoded");
    (made, der(0x30, &[PBES2, &parameters]))
}

#[test]
fn keys_inside_an_encrypted_part_are_counted_once_the_password_opens_it() {
    const DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    const ENCRYPTED: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x06";
    const SHROUDED: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02";
    let key = der(0x30, &[&pbes2(999_999).1, &der(4, &[&[0; 16]])]);
    let bag = der(0x30, &[SHROUDED, &der(0xa0, &[&key])]);
    let bags = der(0x30, &[bag.as_slice(); 5]);
    let (parameters, algorithm) = pbes2(1000);
    let text = parameters.encrypt("sesame", &bags).expect("it can be encrypted");
    let content = der(0x30, &[DATA, &algorithm, &der(0x80, &[&text])]);
    let part = der(0x30, &[b"\x02\x01\x00", &content]);
    let parts = der(0x30, &[&der(0x30, &[ENCRYPTED, &der(0xa0, &[&part])])]);
    let safe = der(0x30, &[DATA, &der(0xa0, &[&der(4, &[&parts])])]);
    let store = der(0x30, &[b"\x02\x01\x03", &safe]);
    let told = |password| open(&store, password).expect_err("it is never opened");
    assert_eq!(told("sesame"), StoreError::TooManyRounds { asked: 1000 + 5 * 999_999 });
    assert_eq!(told("another"), StoreError::WrongPassword);
}

#[test]
fn what_is_no_sound_store_is_refused_with_the_reason() {
    for (store, told) in [
        (hostile!("cut-off"), StoreError::Structure),
        (hostile!("no-parts"), StoreError::Structure),
        (hostile!("no-rounds"), StoreError::Structure),
        (hostile!("signed"), StoreError::PublicKey),
        (hostile!("indefinite"), StoreError::IndefiniteLengths),
    ] {
        assert_eq!(open(store, "").map(|_| ()), Err(told));
    }
    assert!(open(hostile!("no-certificate"), "").is_err());
    let nothing = open(hostile!("nothing"), "").expect("it is a store");
    assert_eq!(nothing.certificates.len() + nothing.keys.len() + nothing.secrets, 0);
}

#[test]
fn a_store_in_the_clear_says_so_and_keeps_its_names() {
    let store = open(hostile!("names"), "").expect("nothing keeps it shut");
    assert_eq!(store.protection.to_string(), "no encryption; no MAC");
    assert_eq!(store.names.len(), 2);
}

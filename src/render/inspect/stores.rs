//! PKCS#12 stores in the report of `inspect`: the names of the entries, and what protects them.

use super::text::field;
use crate::inventory::stores::StoreFacts;
use crate::render::page::Page;
use crate::render::wire::WireRef;
use crate::x509::pkcs12::Cipher;
use serde::Serialize;
use std::io;

/// Writes what is known of a store beside its certificates and key.
pub(super) fn write(store: &StoreFacts, out: &mut Page<'_>) -> io::Result<()> {
    let names = if store.names.is_empty() { "none".to_owned() } else { store.names.join(", ") };
    field("friendlyName", &names, out)?;
    if store.keys > 1 {
        field("keys", &format!("{} private keys; the first is looked at", store.keys), out)?;
    }
    if store.secrets > 0 {
        field("secrets", &format!("{} symmetric keys, not looked at", store.secrets), out)?;
    }
    let old = store.protection.ciphers.iter().any(|cipher| cipher.is_old);
    let hint = if old { "; its ciphers are old" } else { "" };
    field("protected by", &format!("{}{hint}", store.protection), out)
}

/// A store in JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireStore<'a> {
    #[serde(rename = "ref")]
    object: WireRef<'a>,
    friendly_names: &'a [String],
    private_keys: usize,
    secret_keys: usize,
    encryption: Vec<WireCipher<'a>>,
    mac: Option<WireMac<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireCipher<'a> {
    of: &'static str,
    algorithm: &'a str,
    rounds: Option<u64>,
    is_old: bool,
}

#[derive(Serialize)]
struct WireMac<'a> {
    algorithm: &'a str,
    rounds: u64,
}

/// One store in JSON.
pub(super) fn wire(store: &StoreFacts) -> WireStore<'_> {
    let mac = store.protection.mac.as_ref();
    WireStore {
        object: WireRef::of(&store.object),
        friendly_names: &store.names,
        private_keys: store.keys,
        secret_keys: store.secrets,
        encryption: store.protection.ciphers.iter().map(wire_cipher).collect(),
        mac: mac.map(|mac| WireMac { algorithm: &mac.name, rounds: mac.rounds }),
    }
}

fn wire_cipher(cipher: &Cipher) -> WireCipher<'_> {
    let Cipher { what, name, rounds, is_old } = cipher;
    WireCipher { of: what.as_str(), algorithm: name, rounds: *rounds, is_old: *is_old }
}

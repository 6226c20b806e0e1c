//! The JSON document of `inspect`: that of `check`, and beside it all that the table shows of each
//! object: every name and form of its certificates, its private key, the handshake, the clients.

use super::text::handshake_of;
use super::{Inspected, requests, stores};
use crate::audit::clients::{self, Verdict};
use crate::inventory::Inventory;
use crate::inventory::bundle::{Bundle, Damaged, KeyState};
use crate::inventory::served::ServedFacts;
use crate::object_ref::ObjectRef;
use crate::render::check::json::Document as CheckDocument;
use crate::render::json::{self, Rows};
use crate::render::model::Model;
use crate::render::page::Page;
use crate::render::wire::{Text, WireName, WireRef};
use crate::x509::cert::Certificate;
use crate::x509::key::Pairing;
use crate::x509::possession::Possession;
use serde::Serialize;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

#[derive(Serialize)]
struct Document<'m, 'i, B: Serialize, C: Serialize, R: Serialize, S: Serialize> {
    #[serde(flatten)]
    report: CheckDocument<'m, 'i>,
    bundles: B,
    clients: C,
    requests: R,
    #[serde(rename = "keyStores")]
    stores: S,
}

/// What one object holds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireBundle<'a> {
    #[serde(rename = "ref")]
    object: WireRef<'a>,
    certificates: Vec<WireForm<'a>>,
    damaged: Vec<WireDamaged<'a>>,
    private_key: WireKey<'a>,
    handshake: Option<WireHandshake<'a>>,
}

/// What the document of `check` does not say of a certificate.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireForm<'a> {
    index: usize,
    sha256: String,
    version: u32,
    is_ca: bool,
    path_length: Option<u32>,
    signature: Text<'a>,
    common_names: Vec<&'a str>,
    names: Vec<WireName>,
    extended_key_usage: Option<Vec<Text<'a>>>,
}

/// A certificate that cannot be read.
#[derive(Serialize)]
struct WireDamaged<'a> {
    index: usize,
    message: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireKey<'a> {
    /// `not-expected`, `missing`, `unreadable`, `encrypted`, `read`, or on a server `proven`,
    /// `disproven`, `unchecked`.
    state: &'static str,
    key_type: Option<Text<'a>>,
    /// Whether it is the first certificate's; null where that cannot be told.
    matches: Option<bool>,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireHandshake<'a> {
    server_name: Option<&'a str>,
    address: Option<SocketAddr>,
    version: Option<&'static str>,
    alpn: Option<&'a str>,
    cipher: Option<&'a str>,
    failure: Option<&'a str>,
    asks_client_certificate: bool,
}

/// What clients make of what one object holds.
#[derive(Serialize)]
struct WireClients<'a> {
    #[serde(rename = "ref")]
    object: WireRef<'a>,
    clients: Vec<WireClient>,
}

#[derive(Serialize)]
struct WireClient {
    client: &'static str,
    accepts: bool,
    reason: Option<String>,
}

/// Writes the document.
pub(in crate::render) fn write(inspected: &Inspected<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let model = &inspected.model;
    let Model { inventory, report, .. } = *model;
    let reported = || inventory.bundles().filter(|(object, _)| inventory.is_reported(object));
    let bundles = || reported().map(move |(object, bundle)| wire_bundle(inventory, object, bundle));
    let clients = || {
        let clients = reported().map(move |(object, bundle)| WireClients {
            object: WireRef::of(object),
            clients: clients::verdicts(bundle, report.now).iter().map(wire_client).collect(),
        });
        clients.filter(|one| !one.clients.is_empty())
    };
    let document = Document {
        report: CheckDocument { schema: "certwright.dev/inspect/v1", model },
        bundles: Rows(bundles),
        clients: Rows(clients),
        requests: Rows(|| inventory.requests().map(|one| requests::wire(one, report.now))),
        stores: Rows(|| inventory.stores().map(stores::wire)),
    };
    json::write_rows(&document, out)
}

fn wire_bundle<'a>(
    inventory: &'a Inventory,
    object: &'a ObjectRef,
    bundle: &'a Bundle,
) -> WireBundle<'a> {
    let served = handshake_of(inventory, object);
    WireBundle {
        object: WireRef::of(object),
        certificates: bundle.certificates.iter().enumerate().map(wire_form).collect(),
        damaged: bundle.damaged.iter().map(wire_damaged).collect(),
        private_key: served.map_or_else(|| wire_key(bundle), wire_possession),
        handshake: served.map(wire_handshake),
    }
}

fn wire_form((index, certificate): (usize, &Arc<Certificate>)) -> WireForm<'_> {
    let usages = certificate.extended_key_usage.as_ref();
    WireForm {
        index,
        sha256: certificate.fingerprint(),
        version: certificate.version,
        is_ca: certificate.is_ca,
        path_length: certificate.path_length,
        signature: Text(&certificate.signature),
        common_names: certificate.common_names().collect(),
        names: certificate.names.iter().map(WireName::of).collect(),
        extended_key_usage: usages.map(|all| all.iter().map(|one| Text(one)).collect()),
    }
}

fn wire_damaged(damaged: &Damaged) -> WireDamaged<'_> {
    WireDamaged { index: damaged.index, message: &damaged.message }
}

fn wire_key(bundle: &Bundle) -> WireKey<'_> {
    let (state, key_type, reason) = match &bundle.key {
        KeyState::NotExpected => ("not-expected", None, None),
        KeyState::Missing => ("missing", None, None),
        KeyState::Unreadable(reason) => ("unreadable", None, Some(reason.as_str())),
        KeyState::Encrypted => ("encrypted", None, None),
        KeyState::Read { key_type, .. } => ("read", Some(Text(key_type)), None),
    };
    let alone = state != "read" || bundle.certificates.is_empty();
    let (matches, why) = match &bundle.pairing {
        _ if alone => (None, None),
        Pairing::Match => (Some(true), None),
        Pairing::Differs => (Some(false), None),
        Pairing::Unknown(why) => (None, Some(why.as_str())),
    };
    WireKey { state, key_type, matches, reason: reason.or(why) }
}

fn wire_possession(served: &ServedFacts) -> WireKey<'_> {
    let (state, matches) = match served.possession {
        Possession::Proven => ("proven", Some(true)),
        Possession::Disproven => ("disproven", Some(false)),
        Possession::Unchecked => ("unchecked", None),
    };
    let proven = served.leaf().filter(|_| matches == Some(true));
    let key_type = proven.map(|leaf| Text(&leaf.key_type));
    WireKey { state, key_type, matches, reason: None }
}

fn wire_handshake(served: &ServedFacts) -> WireHandshake<'_> {
    let agreed = served.agreed.as_ref();
    WireHandshake {
        server_name: served.host.as_deref(),
        address: served.address,
        version: agreed.map(|agreed| agreed.version),
        alpn: agreed.and_then(|agreed| agreed.alpn.as_deref()),
        cipher: agreed.map(|agreed| agreed.cipher.as_str()),
        failure: served.failure.as_ref().map(|failure| failure.message.as_str()),
        asks_client_certificate: served.asks_client_certificate,
    }
}

fn wire_client(verdict: &Verdict) -> WireClient {
    WireClient {
        client: verdict.client.as_str(),
        accepts: verdict.reasons.is_empty(),
        reason: Some(verdict.reasons.join("; ")).filter(|reason| !reason.is_empty()),
    }
}

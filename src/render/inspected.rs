//! The JSON document of `inspect`: that of `check`, and beside it all that the table shows of each
//! object: every name and form of its certificates, its private key, the handshake, the clients.

use super::inspect::handshake_of;
use super::wire::WireRef;
use super::{check, json};
use crate::audit::Report;
use crate::audit::clients::{self, Verdict};
use crate::inventory::Inventory;
use crate::inventory::bundle::{Bundle, Damaged, KeyState};
use crate::inventory::served::ServedFacts;
use crate::object_ref::ObjectRef;
use crate::x509::cert::Certificate;
use crate::x509::key::Pairing;
use crate::x509::possession::Possession;
use crate::x509::san::San;
use serde::Serialize;
use std::io::{self, Write};

#[derive(Serialize)]
struct Document {
    #[serde(flatten)]
    report: check::Document,
    bundles: Vec<WireBundle>,
    clients: Vec<WireClients>,
}

/// What one object holds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireBundle {
    #[serde(rename = "ref")]
    object: WireRef,
    certificates: Vec<WireForm>,
    damaged: Vec<WireDamaged>,
    private_key: WireKey,
    handshake: Option<WireHandshake>,
}

/// What the document of `check` does not say of a certificate.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireForm {
    index: usize,
    sha256: String,
    version: u32,
    is_ca: bool,
    path_length: Option<u32>,
    signature: String,
    common_names: Vec<String>,
    names: Vec<WireName>,
    extended_key_usage: Option<Vec<String>>,
}

/// A subject alternative name, in its form.
#[derive(Serialize)]
struct WireName {
    form: &'static str,
    value: String,
}

/// A certificate that cannot be read.
#[derive(Serialize)]
struct WireDamaged {
    index: usize,
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireKey {
    /// `not-expected`, `missing`, `unreadable`, `encrypted`, `read`, or on a server `proven`,
    /// `disproven`, `unchecked`.
    state: &'static str,
    key_type: Option<String>,
    /// Whether it is the first certificate's; null where that cannot be told.
    matches: Option<bool>,
    reason: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireHandshake {
    server_name: Option<String>,
    address: Option<String>,
    version: Option<&'static str>,
    alpn: Option<String>,
    cipher: Option<String>,
    failure: Option<String>,
    asks_client_certificate: bool,
}

/// What clients make of what one object holds.
#[derive(Serialize)]
struct WireClients {
    #[serde(rename = "ref")]
    object: WireRef,
    clients: Vec<WireClient>,
}

#[derive(Serialize)]
struct WireClient {
    client: &'static str,
    accepts: bool,
    reason: Option<String>,
}

/// Writes the document.
///
/// # Errors
/// What the writer says.
pub fn write_json(inventory: &Inventory, report: &Report, out: &mut impl Write) -> io::Result<()> {
    let reported = || inventory.bundles().filter(|(object, _)| inventory.is_reported(object));
    let clients = reported().map(|(object, bundle)| WireClients {
        object: WireRef::of(object),
        clients: clients::verdicts(bundle, report.now).iter().map(wire_client).collect(),
    });
    let document = Document {
        report: check::document("inspect", inventory, report),
        bundles: reported()
            .map(|(object, bundle)| wire_bundle(inventory, object, bundle))
            .collect(),
        clients: clients.filter(|one| !one.clients.is_empty()).collect(),
    };
    json::write(&document, out)
}

fn wire_bundle(inventory: &Inventory, object: &ObjectRef, bundle: &Bundle) -> WireBundle {
    let served = handshake_of(inventory, object);
    WireBundle {
        object: WireRef::of(object),
        certificates: bundle.certificates.iter().enumerate().map(wire_form).collect(),
        damaged: bundle.damaged.iter().map(wire_damaged).collect(),
        private_key: served.map_or_else(|| wire_key(bundle), wire_possession),
        handshake: served.map(wire_handshake),
    }
}

fn wire_form((index, certificate): (usize, &Certificate)) -> WireForm {
    let usages = certificate.extended_key_usage.as_ref();
    WireForm {
        index,
        sha256: certificate.fingerprint(),
        version: certificate.version,
        is_ca: certificate.is_ca,
        path_length: certificate.path_length,
        signature: certificate.signature.to_string(),
        common_names: certificate.common_names().map(str::to_owned).collect(),
        names: certificate.names.iter().map(wire_name).collect(),
        extended_key_usage: usages.map(|all| all.iter().map(ToString::to_string).collect()),
    }
}

fn wire_name(name: &San) -> WireName {
    let form = match name {
        San::Dns(_) => "dns",
        San::Ip(_) => "ip",
        San::Email(_) => "email",
        San::Uri(_) => "uri",
        San::Other(_) => "other",
    };
    WireName { form, value: name.to_string() }
}

fn wire_damaged(damaged: &Damaged) -> WireDamaged {
    WireDamaged { index: damaged.index, message: damaged.message.clone() }
}

fn wire_key(bundle: &Bundle) -> WireKey {
    let (state, key_type, reason) = match &bundle.key {
        KeyState::NotExpected => ("not-expected", None, None),
        KeyState::Missing => ("missing", None, None),
        KeyState::Unreadable(reason) => ("unreadable", None, Some(reason.clone())),
        KeyState::Encrypted => ("encrypted", None, None),
        KeyState::Read { key_type, .. } => ("read", Some(key_type.to_string()), None),
    };
    let alone = state != "read" || bundle.certificates.is_empty();
    let (matches, why) = match &bundle.pairing {
        _ if alone => (None, None),
        Pairing::Match => (Some(true), None),
        Pairing::Differs => (Some(false), None),
        Pairing::Unknown(why) => (None, Some(why.clone())),
    };
    WireKey { state, key_type, matches, reason: reason.or(why) }
}

fn wire_possession(served: &ServedFacts) -> WireKey {
    let (state, matches) = match served.possession {
        Possession::Proven => ("proven", Some(true)),
        Possession::Disproven => ("disproven", Some(false)),
        Possession::Unchecked => ("unchecked", None),
    };
    let proven = served.leaf().filter(|_| matches == Some(true));
    let key_type = proven.map(|leaf| leaf.key_type.to_string());
    WireKey { state, key_type, matches, reason: None }
}

fn wire_handshake(served: &ServedFacts) -> WireHandshake {
    let agreed = served.agreed.as_ref();
    WireHandshake {
        server_name: served.host.clone(),
        address: served.address.map(|address| address.to_string()),
        version: agreed.map(|agreed| agreed.version),
        alpn: agreed.and_then(|agreed| agreed.alpn.clone()),
        cipher: agreed.map(|agreed| agreed.cipher.clone()),
        failure: served.failure.as_ref().map(|failure| failure.message.clone()),
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

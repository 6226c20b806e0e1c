//! The report of `inspect` for people: each certificate in full, then what is to be said of it.

use super::{Inspected, requests, stores};
use crate::audit::Report;
use crate::audit::clients;
use crate::audit::expiry::{days_left, is_expired};
use crate::audit::issuing::issuing_ca;
use crate::instant;
use crate::inventory::Inventory;
use crate::inventory::bundle::{Bundle, KeyState};
use crate::inventory::served::ServedFacts;
use crate::object_ref::ObjectRef;
use crate::render::check::findings::Shown;
use crate::render::check::table;
use crate::render::harmless;
use crate::render::layout::{place, sentence, serial};
use crate::render::model::Model;
use crate::render::page::Page;
use crate::render::unread;
use crate::x509::cert::Certificate;
use crate::x509::digest::PublicKeyId;
use crate::x509::key::Pairing;
use crate::x509::possession::Possession;
use crate::x509::san::San;
use std::io::{self, Write};

/// Writes the rows of `check -o wide`, and requests, which have none, as they are.
pub(in crate::render) fn write_wide(
    inspected: &Inspected<'_>,
    out: &mut Page<'_>,
) -> io::Result<()> {
    let Model { inventory, report, .. } = inspected.model;
    let requests_alone = inventory.bundles().next().is_none()
        && report.problems.is_empty()
        && inventory.requests().next().is_some();
    if !requests_alone {
        table::write_wide(&inspected.model, out)?;
    }
    inventory.requests().try_for_each(|request| requests::write(request, report.now, out))
}

/// Writes every bundle that was chosen, and the findings.
pub(in crate::render) fn write(inspected: &Inspected<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let Model { inventory, report, .. } = inspected.model;
    for (object, bundle) in inventory.bundles().filter(|(object, _)| inventory.is_reported(object))
    {
        write_bundle(inventory, (object, bundle), report, out)?;
    }
    for request in inventory.requests() {
        requests::write(request, report.now, out)?;
    }
    let mut shown = Shown::default();
    for finding in inspected.model.findings() {
        shown.write(&finding, &inspected.model.affected(&finding), false, out)?;
    }
    unread::write(&inspected.model.problems().collect::<Vec<_>>(), usize::MAX, out)
}

fn write_bundle(
    inventory: &Inventory,
    (object, bundle): (&ObjectRef, &Bundle),
    report: &Report,
    out: &mut Page<'_>,
) -> io::Result<()> {
    let many = bundle.certificates.len();
    for (index, certificate) in bundle.certificates.iter().enumerate() {
        let which =
            if many > 1 { format!(", certificate {} of {many}", index + 1) } else { String::new() };
        writeln!(out, "{}{which}{}", harmless::line(&object.short()), in_place(object))?;
        // Behind the first they are issuers by their place.
        let is_leaf = index == 0 && issuing_ca(inventory, object, certificate).is_none();
        write_certificate(certificate, is_leaf, report, out)?;
        if index == 0 {
            field("private key", &key_text(inventory, object, bundle), out)?;
            write_store(inventory, object, out)?;
            write_handshake(inventory, object, out)?;
            write_clients(bundle, report, out)?;
        }
        writeln!(out)?;
    }
    if many == 0
        && let KeyState::Read { .. } | KeyState::Encrypted = bundle.key
    {
        writeln!(out, "{}{}", harmless::line(&object.short()), in_place(object))?;
        field("private key", &key_text(inventory, object, bundle), out)?;
        write_store(inventory, object, out)?;
        writeln!(out)?;
    }
    Ok(())
}

/// What is known of the file, where it is a PKCS#12 store.
fn write_store(inventory: &Inventory, object: &ObjectRef, out: &mut Page<'_>) -> io::Result<()> {
    let mut stores = inventory.stores();
    stores.find(|store| store.object == *object).map_or(Ok(()), |store| stores::write(store, out))
}

/// What was agreed on with a server, or what stopped it.
fn write_handshake(
    inventory: &Inventory,
    object: &ObjectRef,
    out: &mut Page<'_>,
) -> io::Result<()> {
    let Some(served) = handshake_of(inventory, object) else { return Ok(()) };
    field("asked for", served.host.as_deref().unwrap_or("no name (no SNI)"), out)?;
    if let Some(agreed) = &served.agreed {
        let alpn = agreed.alpn.as_deref().unwrap_or("no ALPN");
        field("handshake", &format!("TLS {}, {alpn}, {}", agreed.version, agreed.cipher), out)?;
    }
    if let Some(failure) = &served.failure {
        field("handshake", &failure.message, out)?;
    }
    if served.asks_client_certificate {
        field("client", "the server asks for a certificate of the client's", out)?;
    }
    Ok(())
}

pub(super) fn handshake_of<'i>(
    inventory: &'i Inventory,
    object: &ObjectRef,
) -> Option<&'i ServedFacts> {
    let mut inspected = inventory.inspected();
    inspected.find_map(|(place, served)| (place == object).then_some(served))
}

pub(super) fn in_place(object: &ObjectRef) -> String {
    let place = place(object);
    if place.is_empty() { place } else { format!(" in {place}") }
}

/// Who takes it and who does not, each reason once.
fn write_clients(bundle: &Bundle, report: &Report, out: &mut Page<'_>) -> io::Result<()> {
    let verdicts = clients::verdicts(bundle, report.now);
    let accepting: Vec<&str> = verdicts
        .iter()
        .filter(|verdict| verdict.reasons.is_empty())
        .map(|verdict| verdict.client.as_str())
        .collect();
    let everybody = accepting.len() == verdicts.len();
    if verdicts.is_empty() {
        return Ok(());
    }
    // What is supposed stands beside it: nobody accepts an issuer they do not know.
    let once = match bundle.leaf() {
        Some(leaf) if leaf.self_signed => "where it is pinned",
        _ => "where its issuer is trusted",
    };
    let text = match accepting.as_slice() {
        [] => "nobody".to_owned(),
        _ if everybody => format!("all ({once}): {}", accepting.join(", ")),
        some => format!("({once}) {}", some.join(", ")),
    };
    field("accepted by", &text, out)?;
    let mut told: Vec<&[String]> = Vec::new();
    for reasons in verdicts.iter().map(|verdict| verdict.reasons.as_slice()) {
        if reasons.is_empty() || told.contains(&reasons) {
            continue;
        }
        let who = verdicts.iter().filter(|verdict| verdict.reasons == reasons);
        let who: Vec<&str> = who.map(|verdict| verdict.client.as_str()).collect();
        field("refused by", &format!("{}: {}", who.join(", "), reasons.join("; ")), out)?;
        told.push(reasons);
    }
    Ok(())
}

fn write_certificate(
    certificate: &Certificate,
    is_leaf: bool,
    report: &Report,
    out: &mut Page<'_>,
) -> io::Result<()> {
    field("subject", &certificate.subject, out)?;
    let issuer = if certificate.self_signed { "itself (self-signed)" } else { &certificate.issuer };
    field("issuer", issuer, out)?;
    let names: Vec<String> = certificate.names.iter().map(San::shown).collect();
    let names =
        if names.is_empty() { "none (no subjectAltName)".to_owned() } else { names.join(", ") };
    field("names", &names, out)?;
    field("not before", &instant::show(certificate.not_before), out)?;
    let days = days_left(certificate, report.now);
    let left = if is_expired(certificate, report.now) {
        "expired".to_owned()
    } else {
        format!("{days} days left")
    };
    field("not after", &format!("{} ({left})", instant::show(certificate.not_after)), out)?;
    field("key", &certificate.key_type.to_string(), out)?;
    field("signature", &certificate.signature.to_string(), out)?;
    let ca = match (certificate.is_ca, is_leaf) {
        (false, _) => "",
        (true, true) => ", a server's certificate that says CA:TRUE",
        (true, false) => ", CA",
    };
    field("version", &format!("X.509 v{}{ca}", certificate.version), out)?;
    field("serial", &serial(&certificate.serial), out)?;
    field("sha256", &certificate.fingerprint(), out)
}

pub(super) fn field(name: &str, value: &str, out: &mut Page<'_>) -> io::Result<()> {
    sentence("               ", &format!("  {name:<12} "), value, out)
}

fn key_text(inventory: &Inventory, object: &ObjectRef, bundle: &Bundle) -> String {
    if let Some(served) = handshake_of(inventory, object) {
        return match served.possession {
            Possession::Proven => "with the server, proved by its signature".to_owned(),
            Possession::Disproven => "not with the server: its signature is another's".to_owned(),
            Possession::Unchecked => "not proved: its signature cannot be verified here".to_owned(),
        };
    }
    match (&bundle.key, &bundle.pairing) {
        (KeyState::NotExpected, _) => key_elsewhere(inventory, object, bundle),
        (KeyState::Missing, _) => "missing".to_owned(),
        (KeyState::Unreadable(reason), _) => format!("cannot be read: {reason}"),
        (KeyState::Encrypted, _) => "encrypted".to_owned(),
        (KeyState::Read { key_type, public_id }, _) if bundle.certificates.is_empty() => {
            format!("{key_type}, {}", certificate_of(inventory, object, *public_id))
        }
        (KeyState::Read { key_type, .. }, Pairing::Match) => format!("{key_type}, matches"),
        (KeyState::Read { key_type, .. }, Pairing::Differs) => {
            format!("{key_type}, of another certificate")
        }
        (KeyState::Read { key_type, .. }, Pairing::Unknown(why)) => {
            format!("{key_type}, cannot be compared: {why}")
        }
    }
}

/// A certificate's key may be in another of the files that were looked at.
fn key_elsewhere(inventory: &Inventory, object: &ObjectRef, bundle: &Bundle) -> String {
    let alone = inventory.key_of(object);
    if let Some((file, Pairing::Match)) = alone {
        return format!("in {}, matches", file.short());
    }
    let wanted = bundle.leaf().map(|leaf| leaf.key_id);
    let holds_it = |other: &Bundle| match &other.key {
        KeyState::Read { public_id, .. } => *public_id == wanted && wanted.is_some(),
        KeyState::NotExpected
        | KeyState::Missing
        | KeyState::Unreadable(_)
        | KeyState::Encrypted => false,
    };
    match (inventory.bundles().find(|(_, other)| holds_it(other)), alone) {
        (Some((object, _)), _) => format!("in {}, matches", object.short()),
        (None, Some((file, Pairing::Unknown(why)))) => {
            format!("perhaps in {}, cannot be compared: {why}", file.short())
        }
        (None, _) => "not in the file".to_owned(),
    }
}

/// Whose key it is that stands in a file without certificates.
fn certificate_of(
    inventory: &Inventory,
    key: &ObjectRef,
    public_id: Option<PublicKeyId>,
) -> String {
    let in_a_file = inventory.certificate_of(key);
    if let Some((file, Pairing::Match)) = in_a_file {
        return format!("the key of {}", file.short());
    }
    let is_its = |other: &Bundle| other.leaf().is_some_and(|leaf| Some(leaf.key_id) == public_id);
    match (inventory.bundles().find(|(_, other)| is_its(other)), in_a_file) {
        (Some((object, _)), _) => format!("the key of {}", object.short()),
        (None, Some((file, Pairing::Unknown(why)))) => {
            format!("perhaps the key of {}, cannot be compared: {why}", file.short())
        }
        (None, _) => {
            let mut requests = inventory.requests();
            match requests.find(|one| Some(one.asked.public_key().id()) == public_id) {
                Some(request) => format!("the key of the request in {}", request.object.short()),
                None => "of none of the certificates looked at".to_owned(),
            }
        }
    }
}

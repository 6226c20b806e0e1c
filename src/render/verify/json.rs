//! `certwright.dev/verify/v1`.

use super::Verified;
use crate::audit::Report;
use crate::audit::expiry::days_left;
use crate::audit::finding::Severity;
use crate::audit::served::{Answer, Serves};
use crate::instant;
use crate::object_ref::ObjectRef;
use crate::observation::handshake::HandshakeFailure;
use crate::render::clients::WireClients;
use crate::render::json::{self, Rows};
use crate::render::page::Page;
use crate::render::wire::{WireCertificate, WireFinding, WireProblem, WireRef, source};
use crate::x509::possession::Possession;
use serde::Serialize;
use std::io;
use std::net::SocketAddr;

/// Writes the document.
pub(in crate::render) fn write(verified: &Verified<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let (report, looked) = (verified.model.report, verified.model.looked);
    let file = verified.trust_file;
    let clients =
        || verified.connections.iter().map(move |connection| WireClients::of(connection, file));
    let document = Document {
        schema: "certwright.dev/verify/v1",
        at: instant::show(report.now),
        source: source(report.source),
        context: looked.context.as_deref(),
        server: looked.server.as_deref(),
        address: verified.address,
        complete: report.complete,
        summary: Summary {
            endpoints: verified.answers.len(),
            as_stored: verified.as_stored(),
            without_address: verified.without_address.len(),
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            infos: report.count(Severity::Info),
        },
        served: Rows(|| verified.answers.iter().map(move |answer| wire_served(answer, report))),
        clients: Rows(clients),
        findings: Rows(|| verified.model.findings().map(|row| WireFinding::of(row, Vec::new()))),
        problems: Rows(|| verified.model.problems().map(WireProblem::of)),
    };
    json::write_rows(&document, out)
}

#[derive(Serialize)]
struct Document<'a, S, C, F, P> {
    schema: &'static str,
    at: String,
    source: &'static str,
    context: Option<&'a str>,
    server: Option<&'a str>,
    address: Option<SocketAddr>,
    complete: bool,
    summary: Summary,
    served: S,
    clients: C,
    findings: F,
    problems: P,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    endpoints: usize,
    as_stored: usize,
    without_address: usize,
    errors: usize,
    warnings: usize,
    infos: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireServed<'a> {
    #[serde(rename = "ref")]
    object: WireRef<'a>,
    host: &'a str,
    server_name: String,
    endpoint: String,
    address: Option<SocketAddr>,
    serves: &'static str,
    secret: Option<WireRef<'static>>,
    default_of: Option<&'static str>,
    tls_version: Option<&'static str>,
    alpn: Option<&'a str>,
    cipher: Option<&'a str>,
    key_proven: Option<bool>,
    client_certificate: bool,
    chain: Vec<WireCertificate<'a>>,
    failure: Option<WireFailure<'a>>,
}

#[derive(Serialize)]
struct WireFailure<'a> {
    kind: &'static str,
    stage: &'static str,
    alert: Option<u8>,
    message: &'a str,
}

fn wire_served<'a>(answer: &'a Answer<'_>, report: &Report) -> WireServed<'a> {
    let served = answer.served;
    let agreed = served.agreed.as_ref();
    let place = || WireRef::owned(ObjectRef::endpoint(served.place()));
    let (secret, default_of) = match &answer.serves {
        Serves::Stored(secret) | Serves::Older(secret) => {
            (Some(WireRef::owned(secret.object.key("tls.crt"))), None)
        }
        Serves::Another(secrets) => {
            (secrets.first().map(|secret| WireRef::owned(secret.object.key("tls.crt"))), None)
        }
        Serves::Default(controller) => (None, Some(*controller)),
        Serves::Nothing | Serves::Unknown => (None, None),
    };
    let chain = served.bundle.certificates.iter().enumerate().map(|(index, certificate)| {
        WireCertificate::at(place(), index, certificate, days_left(certificate, report.now))
    });
    WireServed {
        object: WireRef::of(&answer.frontend.object),
        host: &answer.demand.host,
        server_name: answer.demand.probe(),
        endpoint: served.endpoint.to_string(),
        address: served.address,
        serves: answer.serves.as_str(),
        secret,
        default_of,
        tls_version: agreed.map(|agreed| agreed.version),
        alpn: agreed.and_then(|agreed| agreed.alpn.as_deref()),
        cipher: agreed.map(|agreed| agreed.cipher.as_str()),
        key_proven: match served.possession {
            Possession::Proven => Some(true),
            Possession::Disproven => Some(false),
            Possession::Unchecked => None,
        },
        client_certificate: served.asks_client_certificate,
        chain: chain.collect(),
        failure: served.failure.as_ref().map(wire_failure),
    }
}

fn wire_failure(failure: &HandshakeFailure) -> WireFailure<'_> {
    WireFailure {
        kind: failure.kind.as_str(),
        stage: failure.stage.as_str(),
        alert: failure.kind.alert(),
        message: &failure.message,
    }
}

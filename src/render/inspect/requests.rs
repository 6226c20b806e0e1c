//! Certificate requests in the report of `inspect`: what each asks for, and what `issue --from-csr`
//! would take of it.

use super::text::{field, in_place};
use crate::inventory::requests::RequestFacts;
use crate::plan::signing::{self, Offer};
use crate::render::harmless;
use crate::render::page::Page;
use crate::render::wire::{Text, WireName, WireRef};
use crate::x509::key_purpose::{KeyPurpose, Usage};
use crate::x509::request::Asked;
use crate::x509::san::San;
use crate::x509::verify::Verdict;
use serde::Serialize;
use std::io::{self, Write as _};
use time::OffsetDateTime;

/// Writes one request for people; `now` is when it would be signed.
pub(super) fn write(
    request: &RequestFacts,
    now: OffsetDateTime,
    out: &mut Page<'_>,
) -> io::Result<()> {
    let RequestFacts { object, index, count, asked } = request;
    let which = if *count > 1 { format!(" {} of {count}", index + 1) } else { String::new() };
    let place = in_place(object);
    writeln!(out, "{}, certificate request{which}{place}", harmless::line(&object.short()))?;
    let subject = if asked.subject.is_empty() { "none" } else { &asked.subject };
    field("subject", subject, out)?;
    let mut names: Vec<String> = asked.names.iter().map(San::shown).collect();
    names.extend(asked.foreign_names.iter().cloned());
    let none = "none (no subjectAltName)".to_owned();
    field("names", &if names.is_empty() { none } else { names.join(", ") }, out)?;
    field("key", &asked.key_type.to_string(), out)?;
    field("signature", &format!("{}: {}", asked.signature, proof(asked)), out)?;
    field("asks for", &asks_for(asked), out)?;
    if let Some(attributes) = attributes(asked) {
        field("attributes", &attributes, out)?;
    }
    match signing::offer(asked, now) {
        Ok(offer) => {
            field("issue takes", &taken(&offer), out)?;
            if !offer.ignored.is_empty() {
                field("leaves out", &offer.ignored.join("; "), out)?;
            }
        }
        Err(why) => field("issue takes", &format!("nothing: {why}"), out)?,
    }
    writeln!(out)
}

/// What its signature tells.
fn proof(asked: &Asked) -> &'static str {
    match asked.possession {
        Verdict::Verifies => "made by its own key, so whoever asks has the private one",
        Verdict::Differs => "not made by its own key: forged or damaged",
        Verdict::Unchecked(_) => "cannot be verified here",
    }
}

fn asks_for(asked: &Asked) -> String {
    let mut all: Vec<String> = Vec::new();
    if asked.is_ca {
        all.push("CA:TRUE".to_owned());
    }
    if let Some(usages) = &asked.key_usage {
        all.push(format!("key usage {}", usages.join(", ")));
    }
    if let Some(purposes) = &asked.extended_key_usage {
        let names: Vec<_> = purposes.iter().map(KeyPurpose::name).collect();
        all.push(format!("extended key usage {}", names.join(", ")));
    }
    let extensions = asked.extensions.iter();
    all.extend(extensions.map(|extension| format!("the extension {}", extension.oid)));
    if all.is_empty() { "no usage and no further extension".to_owned() } else { all.join("; ") }
}

fn attributes(asked: &Asked) -> Option<String> {
    let password = asked.has_challenge_password.then(|| "challengePassword (not shown)".to_owned());
    let others = asked.attributes.iter().map(ToString::to_string);
    let all: Vec<String> = password.into_iter().chain(others).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn taken(offer: &Offer) -> String {
    let names = match (offer.names.as_slice(), &offer.common_name) {
        ([], Some(name)) => format!("CN={name}"),
        (names, _) => names.iter().map(San::shown).collect::<Vec<_>>().join(", "),
    };
    let purposes: Vec<_> = offer.usage.purposes().iter().map(KeyPurpose::name).collect();
    let flag = match offer.usage {
        Usage::Server => String::new(),
        usage => format!(", with --usage {}", usage.as_str()),
    };
    format!("{names}; its key; {}{flag}", purposes.join(" and "))
}

/// A request in JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireRequest<'a> {
    #[serde(rename = "ref")]
    object: WireRef<'a>,
    index: usize,
    subject: &'a str,
    common_names: Vec<&'a str>,
    names: Vec<WireName>,
    other_names: &'a [String],
    key_type: Text<'a>,
    signature: Text<'a>,
    /// Whether its own key signed it: `holds`, `differs` or `unchecked`.
    own_signature: &'static str,
    is_ca: bool,
    key_usage: Option<&'a [&'static str]>,
    extended_key_usage: Option<Vec<Text<'a>>>,
    extensions: Vec<Text<'a>>,
    challenge_password: bool,
    attributes: Vec<Text<'a>>,
    signing: WireSigning,
}

/// What `issue --from-csr` would make of a request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireSigning {
    /// Why it would not be signed.
    refused: Option<String>,
    /// The `--usage` that takes what it asks for.
    usage: Option<&'static str>,
    common_name: Option<String>,
    names: Vec<String>,
    ignored: Vec<String>,
}

/// One request in JSON; `now` is when it would be signed.
pub(super) fn wire(request: &RequestFacts, now: OffsetDateTime) -> WireRequest<'_> {
    let RequestFacts { object, index, asked, .. } = request;
    let purposes = asked.extended_key_usage.as_ref();
    WireRequest {
        object: WireRef::of(object),
        index: *index,
        subject: &asked.subject,
        common_names: asked.common_names().collect(),
        names: asked.names.iter().map(WireName::of).collect(),
        other_names: &asked.foreign_names,
        key_type: Text(&asked.key_type),
        signature: Text(&asked.signature),
        own_signature: match asked.possession {
            Verdict::Verifies => "holds",
            Verdict::Differs => "differs",
            Verdict::Unchecked(_) => "unchecked",
        },
        is_ca: asked.is_ca,
        key_usage: asked.key_usage.as_deref(),
        extended_key_usage: purposes.map(|all| all.iter().map(|one| Text(one)).collect()),
        extensions: asked.extensions.iter().map(|one| Text(&one.oid)).collect(),
        challenge_password: asked.has_challenge_password,
        attributes: asked.attributes.iter().map(|one| Text(one)).collect(),
        signing: wire_signing(signing::offer(asked, now)),
    }
}

fn wire_signing(offer: Result<Offer, String>) -> WireSigning {
    match offer {
        Ok(offer) => WireSigning {
            refused: None,
            usage: Some(offer.usage.as_str()),
            common_name: offer.common_name,
            names: offer.names.iter().map(San::to_string).collect(),
            ignored: offer.ignored,
        },
        Err(why) => WireSigning {
            refused: Some(why),
            usage: None,
            common_name: None,
            names: Vec::new(),
            ignored: Vec::new(),
        },
    }
}

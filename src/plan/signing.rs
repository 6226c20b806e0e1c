//! Signing a request: what of it a certificate would hold, and what is told of the rest.
//!
//! Knows the flag by which a usage is taken. Refuses to know who signs, and when.

use crate::x509::key_purpose::Usage;
use crate::x509::profile::Profile;
use crate::x509::request::{Asked, Request};
use crate::x509::san::San;
use time::OffsetDateTime;

/// What `issue --from-csr` takes of a request, with the usage that it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The usage by which as much as can be is taken.
    pub usage: Usage,
    /// The names of the certificate.
    pub names: Vec<San>,
    /// Its common name.
    pub common_name: Option<String>,
    /// What it asks for and does not get, for people. May hold strings from outside.
    pub ignored: Vec<String>,
}

/// What would be taken of the request.
///
/// # Errors
/// Why it would not be signed, for people.
pub fn offer(asked: &Asked, now: OffsetDateTime) -> Result<Offer, String> {
    let request = Request::of(asked.clone()).map_err(|why| why.to_string())?;
    let usage = request.usage_asked_for().unwrap_or_default();
    let common_name = request.common_name(usage).map(str::to_owned);
    // The dates are the signer's; everything else is judged as it will be when it is signed.
    let profile =
        Profile::leaf(request.names.clone(), common_name, request.key_type, (now, now), usage)
            .map_err(|why| why.to_string())?;
    let common_name = profile.subject.into_iter().next().map(|attribute| attribute.text);
    Ok(Offer { usage, names: profile.names, common_name, ignored: request.ignored(usage) })
}

/// What is not taken of a request that is signed for this usage, and what it gets unasked.
#[must_use]
pub fn notes(request: &Request, usage: Usage) -> Vec<String> {
    let ignored = request.ignored(usage).into_iter();
    let mut notes: Vec<String> =
        ignored.map(|what| format!("ignored from the CSR: {what}")).collect();
    if let Some(asked) = &request.asked.extended_key_usage {
        let unasked = usage.purposes().iter().filter(|purpose| !asked.contains(purpose));
        notes.extend(unasked.map(|purpose| {
            format!("not asked for in the CSR: the extended key usage {}", purpose.name())
        }));
    }
    notes
}

//! The CA that follows another one: what its certificate holds, and when it must be begun with.
//!
//! It is called otherwise than the old one, which stays trusted beside it: path builders look for an issuer
//! by its name first (reference: RFC 4158 §2.2), and keys of one name are tried in no order. Refuses to know
//! who signs with it.

use crate::instant;
use crate::plan::step::Reason;
use crate::remedy::Advice;
use crate::x509::cert::Certificate;
use crate::x509::dn::Attribute;
use crate::x509::key_kind::KeyType;
use crate::x509::name::MAX_COMMON_NAME;
use crate::x509::oid;
use crate::x509::profile::{self, Profile};
use time::{Duration, OffsetDateTime};

/// How a date stands behind a CA's name.
const DATE: &str = "YYYY-MM-DD";

/// What the CA that follows this one is to hold.
///
/// # Errors
/// Why none can be made that is like it.
pub(super) fn profile(
    old: &Certificate,
    (key_type, lifetime): (Option<KeyType>, Option<Duration>),
    now: OffsetDateTime,
) -> Result<Profile, (Reason, Advice)> {
    let no =
        |message: &str, remedy: &str| Err((Reason::CannotRemake, Advice::new(message, remedy)));
    if !old.self_signed {
        return no(
            "it is a CA that another CA signed, which alone can renew it",
            "have that one issue a new one, and put it in with import --replace",
        );
    }
    if old.name_limits.is_some() {
        return no(
            "it is a CA with name constraints, which cannot be made here",
            "make the new CA with another tool, and put it in with import --replace",
        );
    }
    let Some(key_type) = key_type.or_else(|| old.key_type.key_type()) else {
        return no("keys of its type cannot be made here", "choose another type with --key-type");
    };
    let lifetime = lifetime.unwrap_or_else(|| profile::lifetime(old.not_after - old.not_before));
    let dates = profile::dates(now, lifetime);
    let refused = |why: profile::ProfileError| {
        (Reason::CannotRemake, Advice::new(why.to_string(), "choose another --lifetime"))
    };
    let name = name_after(old, now);
    let profile = Profile::authority(name.clone(), key_type, dates.map_err(refused)?);
    let profile = profile.map_err(refused)?;
    Ok(Profile { subject: subject(old, name), ..profile })
}

/// The subject of the old one under another common name.
fn subject(old: &Certificate, name: String) -> Vec<Attribute> {
    let mut all: Vec<Attribute> = Vec::new();
    for attribute in old.subject_attributes().iter().filter(|it| it.kind != oid::COMMON_NAME) {
        if !all.iter().any(|known| known.kind == attribute.kind) {
            all.push(attribute.clone());
        }
    }
    all.push(Attribute::new(oid::COMMON_NAME, name));
    all
}

/// The old one's name with the date of the new one behind it, in place of an earlier date.
fn name_after(old: &Certificate, now: OffsetDateTime) -> String {
    let attributes = old.subject_attributes();
    let common = attributes.iter().find(|it| it.kind == oid::COMMON_NAME);
    let common = common.map_or("CA", |it| it.text.as_str());
    let base = without_date(common);
    let date = instant::show_date(now);
    let room = MAX_COMMON_NAME - DATE.len() - 1;
    let kept: String = base.chars().take(room).collect();
    let name = format!("{} {date}", kept.trim_end());
    // A second one on the same day.
    if name == common { format!("{} {date}b", kept.trim_end()) } else { name }
}

fn without_date(name: &str) -> &str {
    let is_date = |text: &str| {
        text.len() == DATE.len()
            && text.chars().zip(DATE.chars()).all(|(c, form)| match form {
                '-' => c == '-',
                _ => c.is_ascii_digit(),
            })
    };
    match name.rsplit_once(' ') {
        Some((base, date)) if is_date(date.trim_end_matches('b')) => base,
        _ => name,
    }
}

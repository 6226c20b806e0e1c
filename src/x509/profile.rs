//! What a certificate that is about to be made shall hold.
//!
//! Knows the wish (names, key type, dates, usages) and its limits. Refuses to know keys, clocks
//! and how a certificate is encoded.

use super::dn::Attribute;
use super::key_kind::KeyType;
use super::key_purpose::{KeyPurpose, Usage};
use super::name::{self, MAX_COMMON_NAME, NameError};
use super::oid;
use super::san::San;
use time::{Duration, OffsetDateTime};

/// Clients whose clocks run behind must accept a new certificate: notBefore lies this far back.
/// Peers use between one second and one hour; five minutes is what skew-related incidents needed.
pub const BACKDATE: Duration = Duration::minutes(5);

/// The longest a rotated certificate lives: Apple's clients refuse more, private roots included.
pub const MAX_ROTATED_LIFETIME: Duration = Duration::days(825);

/// How long a CA of one's own lives unless told otherwise.
pub const AUTHORITY_LIFETIME: Duration = Duration::days(3650);

/// How long a certificate lives unless told otherwise.
pub const DEFAULT_LIFETIME: Duration = Duration::days(365);

/// The shortest lifetime that can be asked for.
const SHORTEST: Duration = Duration::MINUTE;

/// Why no certificate can be made as it is wished.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// The lifetime is shorter than a minute.
    #[error("the lifetime must be at least a minute")]
    LifetimeTooShort,
    /// The lifetime ends after the last instant of a `GeneralizedTime`.
    #[error("the lifetime ends after the year 9999, the last a certificate can say")]
    LifetimeTooLong,
    /// A name cannot be written.
    #[error(transparent)]
    Name(#[from] NameError),
    /// There is none.
    #[error("a certificate needs at least one name: a domain, --ip, --email or --uri")]
    NoName,
    /// There is none, and no common name that could stand for one.
    #[error("a client's certificate needs a name: --cn, --email, --uri, --ip or a domain")]
    NoClientName,
    /// The common name is empty.
    #[error("the common name is empty")]
    EmptyCommonName,
    /// The common name is none.
    #[error("the common name {name:?} {defect}")]
    CommonName {
        /// The name, as it was given.
        name: String,
        /// The first thing that is wrong with it.
        defect: CommonNameDefect,
    },
}

/// What is wrong with a common name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommonNameDefect {
    /// It is longer than [`MAX_COMMON_NAME`].
    #[error("is longer than {} characters", MAX_COMMON_NAME)]
    TooLong,
    /// It has a control character.
    #[error("has a control character")]
    Control,
    /// It has a character by which it could look like another name.
    #[error("has a character that nobody sees")]
    Invisible,
    /// It begins or ends with a blank.
    #[error("begins or ends with a blank")]
    Blank,
}

/// Everything a new certificate shall hold but its key and serial number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Whether it is a CA that signs leaves, and no other CA; else it is a leaf.
    pub authority: bool,
    /// Subject attributes. May be empty; `issue` then names the issuer.
    pub subject: Vec<Attribute>,
    /// Subject alternative names; at least one in a server's.
    pub names: Vec<San>,
    /// The key's type.
    pub key_type: KeyType,
    /// First instant of validity, UTC.
    pub not_before: OffsetDateTime,
    /// Last instant of validity, UTC.
    pub not_after: OffsetDateTime,
    /// Extended key usages.
    pub extended_key_usage: Vec<KeyPurpose>,
}

/// The dates of a certificate made at `now` to live for `lifetime` from then.
///
/// # Errors
/// [`ProfileError`], when the lifetime is not positive or ends after the year 9999, the last that a
/// `GeneralizedTime` can say.
pub fn dates(
    now: OffsetDateTime,
    lifetime: Duration,
) -> Result<(OffsetDateTime, OffsetDateTime), ProfileError> {
    if lifetime < SHORTEST {
        return Err(ProfileError::LifetimeTooShort);
    }
    from_now(now, lifetime)
}

/// The lifetime of a certificate that spans `window` from its first instant to its last: what of it
/// lies behind the instant it was made at.
///
/// Certificates do not say when they were made. Ours are dated back by [`BACKDATE`]; others' by
/// seconds (Vault), a minute (step), an hour (Let's Encrypt) or not at all. Whole hours, a day of them
/// or more, are what people ask other tools for (`openssl -days`), which add nothing. Whatever else is
/// taken for ours, so that a rotation keeps the window as it is: a lifetime neither grows nor shrinks
/// by being rotated, however often.
#[must_use]
pub fn lifetime(window: Duration) -> Duration {
    let whole_hours = window.whole_seconds() % 3_600 == 0;
    if window <= BACKDATE || (whole_hours && window >= Duration::DAY) {
        return window.max(Duration::ZERO);
    }
    window.saturating_sub(BACKDATE)
}

/// The dates of a certificate that replaces one whose dates were `old`: as long as before, as
/// [`lifetime`] tells, and no longer in all than [`MAX_ROTATED_LIFETIME`]. What had no lifetime at all
/// gets a minute.
///
/// # Errors
/// [`ProfileError`], when the result ends after the year 9999.
pub fn renewed_dates(
    now: OffsetDateTime,
    old: (OffsetDateTime, OffsetDateTime),
) -> Result<(OffsetDateTime, OffsetDateTime), ProfileError> {
    let longest = MAX_ROTATED_LIFETIME.saturating_sub(BACKDATE);
    let lifetime = lifetime(old.1 - old.0).min(longest);
    from_now(now, if lifetime.is_positive() { lifetime } else { SHORTEST })
}

fn from_now(
    now: OffsetDateTime,
    lifetime: Duration,
) -> Result<(OffsetDateTime, OffsetDateTime), ProfileError> {
    let not_after = now.checked_add(lifetime).ok_or(ProfileError::LifetimeTooLong)?;
    Ok((now.saturating_sub(BACKDATE), not_after))
}

impl Profile {
    /// A server certificate for `names`, with `common_name` or, when none is given, the first DNS
    /// name that fits a common name.
    ///
    /// # Errors
    /// [`ProfileError`], with the first bad name, the common name that is none, or the lack of any
    /// name.
    pub fn server(
        names: Vec<San>,
        common_name: Option<String>,
        key_type: KeyType,
        (not_before, not_after): (OffsetDateTime, OffsetDateTime),
    ) -> Result<Self, ProfileError> {
        Self::leaf(names, common_name, key_type, (not_before, not_after), Usage::Server)
    }

    /// A certificate for either end of TLS, or both. A client is often known by its common name
    /// alone, and needs no other name then; a server's names are [`Self::server`]'s.
    ///
    /// # Errors
    /// [`ProfileError`], with the first bad name, the common name that is none, or the lack of any
    /// name.
    pub fn leaf(
        names: Vec<San>,
        common_name: Option<String>,
        key_type: KeyType,
        (not_before, not_after): (OffsetDateTime, OffsetDateTime),
        usage: Usage,
    ) -> Result<Self, ProfileError> {
        let names = checked_names(names)?;
        let common_name = match common_name {
            Some(text) => Some(checked_common_name(text)?),
            None => first_fitting_name(&names),
        };
        match usage {
            Usage::Client if names.is_empty() && common_name.is_none() => {
                return Err(ProfileError::NoClientName);
            }
            Usage::Server | Usage::Both if names.is_empty() => return Err(ProfileError::NoName),
            Usage::Server | Usage::Client | Usage::Both => {}
        }
        let subject = common_name.map(|text| Attribute::new(oid::COMMON_NAME, text));
        Ok(Self {
            authority: false,
            subject: subject.into_iter().collect(),
            names,
            key_type,
            not_before,
            not_after,
            extended_key_usage: usage.purposes().to_vec(),
        })
    }

    /// A CA of one's own that signs leaves only.
    ///
    /// # Errors
    /// [`ProfileError`], when the common name is none.
    pub fn authority(
        common_name: String,
        key_type: KeyType,
        (not_before, not_after): (OffsetDateTime, OffsetDateTime),
    ) -> Result<Self, ProfileError> {
        Ok(Self {
            authority: true,
            subject: vec![Attribute::new(oid::COMMON_NAME, checked_common_name(common_name)?)],
            names: Vec::new(),
            key_type,
            not_before,
            not_after,
            extended_key_usage: Vec::new(),
        })
    }

    /// The names in order, in JSON.
    pub fn name_texts(&self) -> impl Iterator<Item = String> {
        self.names.iter().map(San::to_string)
    }
}

fn checked_names(names: Vec<San>) -> Result<Vec<San>, ProfileError> {
    let mut kept: Vec<San> = Vec::with_capacity(names.len());
    for san in names {
        let san = match san {
            San::Dns(text) => {
                let text = name::to_ascii(&text)?;
                name::check_dns_name(&text)?;
                San::Dns(text.to_ascii_lowercase())
            }
            San::Email(text) => {
                name::check_email(&text)?;
                San::Email(text)
            }
            San::Uri(text) => {
                name::check_uri(&text)?;
                San::Uri(text)
            }
            San::Ip(_) | San::Other(_) => san,
        };
        if !kept.contains(&san) {
            kept.push(san);
        }
    }
    Ok(kept)
}

fn checked_common_name(name: String) -> Result<String, ProfileError> {
    let defect = if name.is_empty() {
        return Err(ProfileError::EmptyCommonName);
    } else if name.chars().count() > MAX_COMMON_NAME {
        CommonNameDefect::TooLong
    } else if name.chars().any(char::is_control) {
        CommonNameDefect::Control
    } else if name.chars().any(is_invisible) {
        CommonNameDefect::Invisible
    } else if name.trim() != name {
        CommonNameDefect::Blank
    } else {
        return Ok(name);
    };
    Err(ProfileError::CommonName { name, defect })
}

/// Format characters, by which a name can look like another: soft hyphen, marks and overrides of the
/// writing direction, tags. Joiners (U+200C, U+200D) belong to Persian, Hindi and emoji, and stay.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

fn first_fitting_name(names: &[San]) -> Option<String> {
    let hosts = names.iter().filter(|name| matches!(name, San::Dns(_) | San::Ip(_)));
    hosts.map(San::to_string).find(|text| text.len() <= MAX_COMMON_NAME)
}

#[cfg(test)]
mod tests;

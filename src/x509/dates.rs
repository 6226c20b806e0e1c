//! The dates of a certificate as they are written: `UTCTime` and `GeneralizedTime` (X.680 §46, §47).
//!
//! Knows the forms that RFC 5280 §4.1.2.5 rules out and that are found all the same: fractions of
//! a second, offsets, seconds left out. Refuses to know the rest of a certificate.

use super::der::sequence;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};
use x509_parser::asn1_rs::{Any, FromDer as _, Tag};
use x509_parser::time::ASN1Time;

/// How both dates are written; the odder of the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum DateForm {
    /// To the second and in UTC, as RFC 5280 wants them.
    #[default]
    Plain,
    /// With an offset from UTC, or as `UTCTime` without seconds: BER of old, which Go reads.
    Offset,
    /// With a fraction of a second, or as `GeneralizedTime` without seconds: `openssl x509` shows
    /// some of them, and nobody accepts one.
    Fraction,
}

/// The two dates of a certificate, and what stands around them.
struct Validity<'d> {
    not_before: Written<'d>,
    not_after: Written<'d>,
    /// The parts of the signed body before the validity, and behind it.
    around: (&'d [u8], &'d [u8]),
    /// The signed body, header and all.
    signed: &'d [u8],
    /// What stands behind the body in the certificate: algorithm and signature.
    signature: &'d [u8],
}

/// A date as it is written.
struct Written<'d> {
    is_utc_time: bool,
    text: &'d [u8],
    /// With its tag and length.
    der: &'d [u8],
}

impl<'d> Validity<'d> {
    fn of(der: &'d [u8]) -> Option<Self> {
        let (_, certificate) = Any::from_der(der).ok()?;
        let (signature, body) = Any::from_der(certificate.data).ok()?;
        let mut rest = body.data;
        // The version, tagged 0 and optional; serial number; algorithm; issuer; then the validity.
        let versioned = rest.first() == Some(&0xa0);
        for _ in 0..if versioned { 4 } else { 3 } {
            rest = Any::from_der(rest).ok()?.0;
        }
        let (behind, validity) = Any::from_der(rest).ok()?;
        let (next, not_before) = Written::of(validity.data)?;
        let (_, not_after) = Written::of(next)?;
        Some(Self {
            not_before,
            not_after,
            around: (before(body.data, rest), behind),
            signed: before(certificate.data, signature),
            signature,
        })
    }
}

impl<'d> Written<'d> {
    fn of(bytes: &'d [u8]) -> Option<(&'d [u8], Self)> {
        let (rest, date) = Any::from_der(bytes).ok()?;
        let is_utc_time = date.tag() == Tag::UtcTime;
        Some((rest, Self { is_utc_time, text: date.data, der: before(bytes, rest) }))
    }

    fn form(&self) -> DateForm {
        let digits = self.text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_whole = digits == if self.is_utc_time { 12 } else { 14 };
        let is_short = digits == 10 && self.is_utc_time;
        match self.text.get(digits..) {
            Some(b"Z") if is_whole => DateForm::Plain,
            Some([b'Z' | b'+' | b'-', ..]) if is_whole || is_short => DateForm::Offset,
            _ => DateForm::Fraction,
        }
    }

    /// When that is, to the second; none where there is no such day.
    fn instant(&self) -> Option<OffsetDateTime> {
        match ASN1Time::from_der(self.der) {
            Ok((_, time)) => Some(to_the_second(time.to_datetime())),
            Err(_) if self.is_utc_time => None,
            Err(_) => generalized_time(self.text),
        }
    }
}

/// The part of `whole` before its end `tail`.
fn before<'d>(whole: &'d [u8], tail: &[u8]) -> &'d [u8] {
    whole.get(..whole.len().saturating_sub(tail.len())).unwrap_or_default()
}

/// Without the fraction: what clients compare, and what is shown, is whole seconds.
pub(super) fn to_the_second(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(0).unwrap_or(at)
}

/// How the dates of a certificate are written.
pub(super) fn form(der: &[u8]) -> DateForm {
    let forms = |validity: Validity<'_>| validity.not_before.form().max(validity.not_after.form());
    Validity::of(der).map_or(DateForm::Plain, forms)
}

/// The date that no calendar has, as it is written, where that is what is wrong with `der`.
pub(super) fn impossible(der: &[u8]) -> Option<(&'static str, String)> {
    let Validity { not_before, not_after, .. } = Validity::of(der)?;
    let mut dates = [("notBefore", not_before), ("notAfter", not_after)].into_iter();
    let (field, date) = dates.find(|(_, date)| date.instant().is_none())?;
    Some((field, String::from_utf8_lossy(date.text).chars().take(40).collect()))
}

/// The certificate with its dates written as the library reads them, and the bytes that were
/// signed, which are those with the dates as they are. None where no date can be read.
pub(super) fn rewritten(der: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let validity = Validity::of(der)?;
    let dates = [validity.not_before.instant()?, validity.not_after.instant()?].map(plain);
    let (front, behind) = validity.around;
    let [not_before, not_after] = &dates;
    let body = sequence(&[front, &sequence(&[not_before, not_after]), behind]);
    Some((sequence(&[&body, validity.signature]), validity.signed))
}

/// `YYYYMMDDHHMMSS`, a fraction of any length behind a dot or comma, and `Z` or an offset.
fn generalized_time(text: &[u8]) -> Option<OffsetDateTime> {
    let (digits, rest) = text.split_at_checked(14)?;
    let number = |from: usize, to: usize| -> Option<u16> {
        let digits = digits.get(from..to)?;
        digits.iter().try_fold(0, |sum, digit| {
            digit.is_ascii_digit().then(|| sum * 10 + u16::from(digit - b'0'))
        })
    };
    let small = |at: usize| number(at, at + 2).and_then(|number| u8::try_from(number).ok());
    let month = Month::try_from(small(4)?).ok()?;
    let date = Date::from_calendar_date(i32::from(number(0, 4)?), month, small(6)?).ok()?;
    let time = Time::from_hms(small(8)?, small(10)?, small(12)?).ok()?;
    let zone = match rest.split_first()? {
        (b'.' | b',', fraction) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            fraction.get(digits..).filter(|_| digits > 0)?
        }
        _ => rest,
    };
    PrimitiveDateTime::new(date, time)
        .assume_offset(offset(zone)?)
        .checked_to_offset(UtcOffset::UTC)
}

/// `Z`, or hours and minutes from UTC as `+hhmm`.
fn offset(zone: &[u8]) -> Option<UtcOffset> {
    let (sign, digits) = match zone {
        b"Z" => return Some(UtcOffset::UTC),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let number = |pair: [u8; 2]| -> Option<i8> {
        let digits = pair.map(|digit| digit.wrapping_sub(b'0'));
        let [tens, ones] = digits.iter().all(|digit| *digit < 10).then_some(digits)?;
        i8::try_from(tens * 10 + ones).ok()
    };
    let &[h1, h2, m1, m2] = digits else { return None };
    let (hours, minutes) = (number([h1, h2])?, number([m1, m2])?);
    UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok().filter(|_| hours < 24 && minutes < 60)
}

/// `GeneralizedTime` to the second and in UTC, DER.
fn plain(at: OffsetDateTime) -> Vec<u8> {
    let text = format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    );
    [&[0x18, 15], text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_date_of_any_notation_is_an_instant_or_none() {
        for (text, instant) in [
            ("20270601000000Z", Some(datetime!(2027-06-01 00:00 UTC))),
            ("20270601000000.123456789Z", Some(datetime!(2027-06-01 00:00 UTC))),
            ("20270601000000,5Z", Some(datetime!(2027-06-01 00:00 UTC))),
            ("20270601000000.5+0200", Some(datetime!(2027-05-31 22:00 UTC))),
            ("20270601000000-0530", Some(datetime!(2027-06-01 05:30 UTC))),
            ("20270601235959+0000", Some(datetime!(2027-06-01 23:59:59 UTC))),
            ("20270601000000.Z", None),
            ("20270601000000", None),
            ("20270601000000z", None),
            ("20270601000000+9999", None),
            ("20270601000000+02", None),
            ("20270601000000+ab00", None),
            ("20270230000000.5Z", None),
            ("20270601240000.5Z", None),
            ("2027060100000a.5Z", None),
            ("99991231235959-2359", None),
            ("2027", None),
            ("", None),
        ] {
            let read = generalized_time(text.as_bytes());
            assert_eq!(read.map(to_the_second), instant, "{text}");
        }
    }

    #[test]
    fn how_a_date_is_written_is_told() {
        for (tag, text, form) in [
            (0x17, "270601000000Z", DateForm::Plain),
            (0x18, "20270601000000Z", DateForm::Plain),
            (0x17, "2706010000Z", DateForm::Offset),
            (0x17, "270601000000+0100", DateForm::Offset),
            (0x18, "20270601000000-0500", DateForm::Offset),
            (0x18, "202706010000Z", DateForm::Fraction),
            (0x18, "20270601000000.0Z", DateForm::Fraction),
            (0x18, "20270601000000,5Z", DateForm::Fraction),
        ] {
            let length = u8::try_from(text.len()).expect("it is short");
            let der = [&[tag, length], text.as_bytes()].concat();
            let (rest, date) = Written::of(&der).expect("it is DER");
            assert_eq!((date.form(), rest), (form, &[][..]), "{text}");
        }
    }
}

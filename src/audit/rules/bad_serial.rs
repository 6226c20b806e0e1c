//! `bad-serial`: a serial number that is zero, negative, empty or too long. Source: RFC 5280
//! §4.1.2.2. Go 1.23 and newer refuse negative ones, Python's cryptography warns of both.

use super::{certificate_place, dated};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View};

pub(super) const RULE: Rule = Rule {
    code: "bad-serial",
    severity: Severity::Warning,
    remedy: "make a certificate with a positive serial number of at most 20 bytes",
    explain: "A serial number is positive and at most 20 bytes long (RFC 5280 §4.1.2.2), and with its \
              issuer names one certificate: revocation and Firefox's cache go by it. Go refuses \
              negative ones outright.",
    check,
};

/// The longest that conforming readers must take, in bytes.
const LONGEST: usize = 20;

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for dated in dated(inventory) {
        let serial = &dated.certificate.serial;
        let Some(why) = problem(serial) else { continue };
        found.push(
            RULE.on(
                &certificate_place(dated.object),
                format!("the serial number of {} {why}", dated.name()),
            )
            .evidence("serial", serial.chars().take(128).collect::<String>())
            .evidence("sha256", dated.certificate.fingerprint())
            .remedy(dated.remedy()),
        );
    }
}

/// What is wrong with a serial number, given in hex.
fn problem(serial: &str) -> Option<String> {
    // A first bit that is set needs a zero byte before it, or the number would be negative.
    let first_bit = serial.starts_with(|c: char| c.to_digit(16).is_some_and(|digit| digit >= 8));
    let bytes = serial.len() / 2 + usize::from(first_bit);
    if serial.is_empty() {
        Some("is empty".to_owned())
    } else if serial.chars().all(|digit| digit == '0') {
        Some("is zero".to_owned())
    } else if serial.starts_with('-') {
        Some("is negative".to_owned())
    } else if bytes > LONGEST {
        Some(format!("is {bytes} bytes long, and may have {LONGEST}"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn serial_numbers_are_positive_and_at_most_twenty_bytes() {
        for (serial, told) in [
            ("01", None),
            (&"7f".repeat(20), None),
            ("ff", None),
            (&"80".repeat(20), Some("is 21 bytes long, and may have 20")),
            ("", Some("is empty")),
            ("00", Some("is zero")),
            ("-80", Some("is negative")),
            ("-ff", Some("is negative")),
            (&"11".repeat(21), Some("is 21 bytes long, and may have 20")),
        ] {
            assert_eq!(problem(serial).as_deref(), told, "{serial}");
        }
    }
}

//! Object identifiers as people write them, dots between numbers (X.690 §8.19), and back.
//!
//! Knows the two notations. x509-parser's and asn1-rs' own reading splits the first number wrongly
//! from 2.40 on (`2.50.1` becomes `3.10.1`, measured with asn1-rs 0.7.2), and what encodes such a
//! thing again panics. Refuses to know what any identifier means.

use super::cert::hex;
use std::fmt::Write as _;

/// The most numbers that are shown: what is in use has about a dozen.
const MOST: usize = 64;

/// The identifier with these content octets, dotted. What is none (cut off, padded, empty), has a
/// number over 128 bits (a UUID is the largest in use) or goes on without end is shown as `#hex`
/// of at most 32 octets.
pub(super) fn dotted(octets: &[u8]) -> String {
    read(octets).unwrap_or_else(|| format!("#{}", hex(&octets[..octets.len().min(32)])))
}

fn read(octets: &[u8]) -> Option<String> {
    let mut text = String::new();
    let mut rest = octets;
    for _ in 0..MOST {
        let (number, behind) = subidentifier(rest)?;
        rest = behind;
        let _ = if text.is_empty() {
            // The first two numbers share one: 40 times the first and the second, which has no
            // limit where the first is 2 (X.690 §8.19.4).
            let first = (number / 40).min(2);
            write!(text, "{first}.{}", number - first * 40)
        } else {
            write!(text, ".{number}")
        };
        if rest.is_empty() {
            return Some(text);
        }
    }
    None
}

/// The first number of `octets`, in base 128 with the high bit set on all but its last octet.
fn subidentifier(octets: &[u8]) -> Option<(u128, &[u8])> {
    // A leading 0x80 is padding, which X.690 §8.19.2 forbids.
    if octets.first() == Some(&0x80) {
        return None;
    }
    let mut number: u128 = 0;
    for (position, octet) in octets.iter().enumerate() {
        number = number.checked_mul(128)? + u128::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            return Some((number, octets.get(position + 1..)?));
        }
    }
    None
}

/// The numbers of a dotted identifier, as far as certificates with it can be written here.
///
/// # Errors
/// A sentence, when it is none (first number over 2, second over 39 below 0 and 1; X.660 §A.2), or
/// has a number over 64 bits.
pub(super) fn arcs(dotted: &str) -> Result<Vec<u64>, String> {
    let no = || format!("{dotted:?} is not an object identifier");
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !dotted.split('.').all(digits) {
        return Err(no());
    }
    let too_large = |_| {
        format!(
            "the object identifier {dotted} has a number over 64 bits, which cannot be written here"
        )
    };
    let arcs: Vec<u64> =
        dotted.split('.').map(str::parse).collect::<Result<_, _>>().map_err(too_large)?;
    match arcs.as_slice() {
        // The second is written with 80 added to it.
        [0 | 1, 0..=39, ..] | [2, 0..=0xffff_ffff_ffff_ff00, ..] => Ok(arcs),
        _ => Err(no()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_become_the_numbers_that_were_meant() {
        let uuid = [&[0x69, 0x83][..], &[0xff; 17], &[0x7f]].concat();
        for (octets, text) in [
            (&[0x55, 4, 3][..], "2.5.4.3"),
            (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d], "1.2.840.113549"),
            (&[0], "0.0"),
            (&[39], "0.39"),
            (&[40], "1.0"),
            (&[79], "1.39"),
            (&[80], "2.0"),
            (&[119], "2.39"),
            // From here on the first number was read as 3 and more.
            (&[120], "2.40"),
            (&[0x81, 0x02, 1], "2.50.1"),
            (&[0x88, 0x37], "2.999"),
            (&[0x88, 0x37, 3, 0x8f, 0xff, 0x7f], "2.999.3.262143"),
            (&uuid, "2.25.340282366920938463463374607431768211455"),
        ] {
            assert_eq!(dotted(octets), text);
        }
    }

    #[test]
    fn what_is_no_identifier_is_shown_as_its_octets() {
        for (octets, text) in [
            (&[][..], "#"),
            (&[0x55, 0x84], "#5584"),
            (&[0x55, 0x80, 0x04], "#558004"),
            (&[0x80, 0x55], "#8055"),
        ] {
            assert_eq!(dotted(octets), text);
        }
        let huge = [&[0xff; 30][..], &[0x7f]].concat();
        assert_eq!(dotted(&huge), format!("#{}7f", "ff".repeat(30)));
        assert_eq!(dotted(&vec![1; 100_000]), format!("#{}", "01".repeat(32)), "it stays short");
    }

    #[test]
    fn only_what_can_be_written_is_taken_apart_again() {
        assert_eq!(arcs("2.5.4.3"), Ok(vec![2, 5, 4, 3]));
        assert_eq!(arcs("2.50.1"), Ok(vec![2, 50, 1]));
        assert_eq!(arcs("1.39"), Ok(vec![1, 39]));
        for none in ["", "2", "3.9.1", "0.40", "1.40.1", "2..3", "2.5.", "CN", "+2.5", "#5584"] {
            assert_eq!(arcs(none), Err(format!("{none:?} is not an object identifier")));
        }
        for large in ["2.25.340282366920938463463374607431768211455", "2.18446744073709551615"] {
            assert!(arcs(large).is_err(), "{large}");
        }
    }
}

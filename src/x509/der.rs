//! DER by hand, where no library's reading will do: a SEQUENCE written around parts that stand as
//! they are, and the first value of bytes that may hold more.
//!
//! Knows tags and lengths (X.690 §8.1). Refuses to know what is inside.

/// The tag of a SEQUENCE.
const SEQUENCE: u8 = 0x30;

/// A SEQUENCE around these parts, one behind the other.
pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    // Tag, and at most nine octets of length.
    let mut whole = Vec::with_capacity(length + 10);
    whole.push(SEQUENCE);
    if let Ok(short @ 0..0x80) = u8::try_from(length) {
        whole.push(short);
    } else {
        let octets = length.to_be_bytes();
        let zeros = octets.iter().take_while(|octet| **octet == 0).count();
        let digits = &octets[zeros..];
        whole.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
        whole.extend_from_slice(digits);
    }
    for part in parts {
        whole.extend_from_slice(part);
    }
    whole
}

/// What follows the header of a SEQUENCE, to the end of the bytes.
pub(super) fn inside_sequence(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [SEQUENCE, 0..=0x7f, rest @ ..]
        | [SEQUENCE, 0x81, _, rest @ ..]
        | [SEQUENCE, 0x82, _, _, rest @ ..]
        | [SEQUENCE, 0x83, _, _, _, rest @ ..]
        | [SEQUENCE, 0x84, _, _, _, _, rest @ ..] => Some(rest),
        _ => None,
    }
}

/// The first value, header and all; all of the bytes where they begin with no SEQUENCE, or with one
/// that says that it is longer.
pub(super) fn first_value(bytes: &[u8]) -> &[u8] {
    let Some(inside) = inside_sequence(bytes) else { return bytes };
    let header = bytes.len() - inside.len();
    let length = match &bytes[1..header] {
        [short] => usize::from(*short),
        [_, digits @ ..] => digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)),
        [] => return bytes,
    };
    bytes.get(..header.saturating_add(length)).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_the_first_value_again() {
        for (length, header) in [
            (0, &[0x30, 0][..]),
            (0x7f, &[0x30, 0x7f]),
            (0x80, &[0x30, 0x81, 0x80]),
            (0x100, &[0x30, 0x82, 1, 0]),
            (0x1_0000, &[0x30, 0x83, 1, 0, 0]),
        ] {
            let content = vec![7; length];
            let (one, other) = content.split_at(length / 2);
            let whole = sequence(&[one, other]);
            assert_eq!(whole, [header, content.as_slice()].concat());
            assert_eq!(first_value(&[whole.as_slice(), b"more"].concat()), whole);
            assert_eq!(inside_sequence(&whole), Some(content.as_slice()));
        }
    }
}

//! Digests and hexadecimal: how certificates and keys are named for people and compared.
//!
//! Knows SHA-256 and how much of it is enough to tell two things of one file apart. Refuses to know
//! what is digested.

use ring::digest;
use std::fmt;

/// Lower-case hex without colons.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digits =
        |byte: &u8| [byte >> 4, byte & 0xf].map(|digit| char::from_digit(digit.into(), 16));
    bytes.iter().flat_map(digits).flatten().collect()
}

/// The SHA-256 that these 64 digits of hex are; none where they are not.
#[must_use]
pub fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let bytes = digits?
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(high * 16 + low).ok(),
            _ => None,
        })
        .collect::<Option<Vec<u8>>>()?;
    bytes.try_into().ok()
}

/// SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    sum
}

/// A key identifier or a name, which may be as long as its CA likes, in eight bytes: it is only
/// compared.
#[must_use]
pub fn short_id(identifier: &[u8]) -> [u8; 8] {
    let sum = sha256(identifier);
    let mut short = [0; 8];
    short.copy_from_slice(sum.first_chunk::<8>().unwrap_or(&[0; 8]));
    short
}

/// A short digest of a public key, to be compared with a private key's by eye.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKeyId([u8; 8]);

impl PublicKeyId {
    /// Of what tells the key from others of its kind.
    #[must_use]
    pub fn of(key: &[u8]) -> Self {
        Self(short_id(key))
    }

    /// Of a SHA-256.
    #[must_use]
    pub fn of_digest(digest: &[u8; 32]) -> Self {
        Self(*digest.first_chunk().unwrap_or(&[0; 8]))
    }
}

impl fmt::Display for PublicKeyId {
    /// 16 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_lower_case_without_colons() {
        assert_eq!(hex(&[0x00, 0x0a, 0xff]), "000aff");
        assert_eq!(hex(&[]), "");
        let all = sha256(b"x");
        assert_eq!(from_hex(&hex(&all)), Some(all));
        for wrong in ["", "00", &format!("{}0", hex(&all)), &"zz".repeat(32)] {
            assert_eq!(from_hex(wrong), None, "{wrong}");
        }
        let sum = sha256(b"a key");
        let id = PublicKeyId::of(b"a key");
        assert_eq!((id, id.to_string()), (PublicKeyId::of_digest(&sum), hex(&sum[..8])));
    }
}

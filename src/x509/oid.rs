//! Object identifiers: compared by their octets, kept without an allocation, and shown as people
//! write them, dots between numbers (X.690 §8.19).
//!
//! Knows the encoding, and the numbers of what certificates are made of. x509-parser's and asn1-rs'
//! own reading splits the first number wrongly from 2.40 on (`2.50.1` becomes `3.10.1`, measured
//! with asn1-rs 0.7.2), and what encodes such a thing again panics. Refuses to know what an
//! identifier means where it stands.

use pkcs8::ObjectIdentifier;
use std::fmt;

/// The most numbers that are shown: what is in use has about a dozen.
const MOST: usize = 64;
/// The most octets that are shown of what is no identifier.
const MOST_SHOWN: usize = 32;
/// The most octets of an identifier that is shown: each number of 128 bits takes 19.
const MOST_OCTETS: usize = MOST * 19;

/// An identifier by its content octets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid<'o>(&'o [u8]);

/// An identifier that is kept, by its content octets.
#[derive(Clone)]
pub struct OidBuf(Kept);

/// What is in use fits inside: the longest extension of Google's and Microsoft's has 11 octets.
#[derive(Clone)]
enum Kept {
    Inside { length: u8, octets: [u8; INSIDE] },
    Apart(Box<Box<[u8]>>),
}

/// As many octets as leave [`OidBuf`] no larger than two pointers.
const INSIDE: usize = 14;

macro_rules! oids {
    ($($(#[$doc:meta])* $name:ident = $dotted:literal;)*) => {
        $(
            $(#[$doc])*
            pub const $name: Oid<'static> = {
                const NUMBERS: ObjectIdentifier = ObjectIdentifier::new_unwrap($dotted);
                Oid(NUMBERS.as_bytes())
            };
        )*
    };
}

oids! {
    /// id-at-commonName (RFC 5280 §4.1.2.4, as are the next two).
    COMMON_NAME = "2.5.4.3";
    /// id-at-countryName.
    COUNTRY = "2.5.4.6";
    /// id-at-organizationName.
    ORGANIZATION = "2.5.4.10";

    /// subjectKeyIdentifier (RFC 5280 §4.2.1, as are those down to extKeyUsage).
    SUBJECT_KEY_ID = "2.5.29.14";
    /// keyUsage.
    KEY_USAGE = "2.5.29.15";
    /// subjectAltName.
    SUBJECT_ALT_NAME = "2.5.29.17";
    /// basicConstraints.
    BASIC_CONSTRAINTS = "2.5.29.19";
    /// nameConstraints.
    NAME_CONSTRAINTS = "2.5.29.30";
    /// cRLDistributionPoints.
    CRL_DISTRIBUTION_POINTS = "2.5.29.31";
    /// certificatePolicies.
    CERTIFICATE_POLICIES = "2.5.29.32";
    /// policyMappings.
    POLICY_MAPPINGS = "2.5.29.33";
    /// authorityKeyIdentifier.
    AUTHORITY_KEY_ID = "2.5.29.35";
    /// policyConstraints.
    POLICY_CONSTRAINTS = "2.5.29.36";
    /// extKeyUsage.
    EXTENDED_KEY_USAGE = "2.5.29.37";
    /// inhibitAnyPolicy.
    INHIBIT_ANY_POLICY = "2.5.29.54";
    /// authorityInfoAccess (RFC 5280 §4.2.2.1).
    AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1";
    /// caIssuers: where the issuer's certificate can be had.
    CA_ISSUERS = "1.3.6.1.5.5.7.48.2";
    /// The list of signed certificate timestamps (RFC 6962 §3.3).
    CERTIFICATE_TIMESTAMPS = "1.3.6.1.4.1.11129.2.4.2";

    /// anyExtendedKeyUsage (RFC 5280 §4.2.1.12, as are those down to `OCSPSigning`).
    ANY_USAGE = "2.5.29.37.0";
    /// serverAuth.
    SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    /// clientAuth.
    CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    /// codeSigning.
    CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
    /// emailProtection.
    EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4";
    /// timeStamping.
    TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
    /// `OCSPSigning`.
    OCSP_SIGNING = "1.3.6.1.5.5.7.3.9";
    /// Server Gated Cryptography of Microsoft.
    MICROSOFT_GATED = "1.3.6.1.4.1.311.10.3.3";
    /// Server Gated Cryptography of Netscape.
    NETSCAPE_GATED = "2.16.840.1.113730.4.1";

    /// All that PKCS#1 numbers (RFC 8017 appendix A).
    PKCS1 = "1.2.840.113549.1.1";
    /// rsaEncryption.
    RSA = "1.2.840.113549.1.1.1";
    /// id-RSASSA-PSS.
    RSA_PSS = "1.2.840.113549.1.1.10";
    /// md2WithRSAEncryption.
    MD2_RSA = "1.2.840.113549.1.1.2";
    /// md4WithRSAEncryption.
    MD4_RSA = "1.2.840.113549.1.1.3";
    /// md5WithRSAEncryption.
    MD5_RSA = "1.2.840.113549.1.1.4";
    /// sha1WithRSAEncryption.
    SHA1_RSA = "1.2.840.113549.1.1.5";
    /// The same, as the Open Systems Environment numbered it.
    SHA1_RSA_OIW = "1.3.14.3.2.29";
    /// sha256WithRSAEncryption.
    SHA256_RSA = "1.2.840.113549.1.1.11";
    /// sha384WithRSAEncryption.
    SHA384_RSA = "1.2.840.113549.1.1.12";
    /// sha512WithRSAEncryption.
    SHA512_RSA = "1.2.840.113549.1.1.13";
    /// sha224WithRSAEncryption.
    SHA224_RSA = "1.2.840.113549.1.1.14";

    /// id-dsa (RFC 3279 §2.3.2).
    DSA = "1.2.840.10040.4.1";
    /// id-dsa-with-sha1.
    SHA1_DSA = "1.2.840.10040.4.3";
    /// id-dsa-with-sha256 (RFC 5758 §3.1).
    SHA256_DSA = "2.16.840.1.101.3.4.3.2";

    /// id-ecPublicKey (RFC 5480 §2.1.1).
    EC = "1.2.840.10045.2.1";
    /// All of X9.62's signatures.
    ECDSA = "1.2.840.10045.4";
    /// ecdsa-with-SHA1.
    SHA1_ECDSA = "1.2.840.10045.4.1";
    /// ecdsa-with-SHA224 (RFC 5758 §3.2, as are the next three).
    SHA224_ECDSA = "1.2.840.10045.4.3.1";
    /// ecdsa-with-SHA256.
    SHA256_ECDSA = "1.2.840.10045.4.3.2";
    /// ecdsa-with-SHA384.
    SHA384_ECDSA = "1.2.840.10045.4.3.3";
    /// ecdsa-with-SHA512.
    SHA512_ECDSA = "1.2.840.10045.4.3.4";
    /// id-Ed25519 (RFC 8410 §3), of the key and of the signature.
    ED25519 = "1.3.101.112";
    /// id-Ed448.
    ED448 = "1.3.101.113";

    /// secp192r1 (RFC 5480 §2.1.1.1, as are the NIST curves below).
    P192 = "1.2.840.10045.3.1.1";
    /// secp224r1.
    P224 = "1.3.132.0.33";
    /// secp256r1.
    P256 = "1.2.840.10045.3.1.7";
    /// secp384r1.
    P384 = "1.3.132.0.34";
    /// secp521r1.
    P521 = "1.3.132.0.35";
    /// secp256k1 (SEC 2 §2.4.1).
    SECP256K1 = "1.3.132.0.10";
    /// brainpoolP256r1 (RFC 5639 §4.1, as are the next two).
    BRAINPOOL_P256R1 = "1.3.36.3.3.2.8.1.1.7";
    /// brainpoolP384r1.
    BRAINPOOL_P384R1 = "1.3.36.3.3.2.8.1.1.11";
    /// brainpoolP512r1.
    BRAINPOOL_P512R1 = "1.3.36.3.3.2.8.1.1.13";
    /// The curve of SM2 (GB/T 32918).
    SM2 = "1.2.156.10197.1.301";

    /// id-sha1 (RFC 4055 §2.1, as are the next three).
    SHA1 = "1.3.14.3.2.26";
    /// id-sha256.
    SHA256 = "2.16.840.1.101.3.4.2.1";
    /// id-sha384.
    SHA384 = "2.16.840.1.101.3.4.2.2";
    /// id-sha512.
    SHA512 = "2.16.840.1.101.3.4.2.3";
    /// id-sha224.
    SHA224 = "2.16.840.1.101.3.4.2.4";

    /// id-data (RFC 5652 §4, as are the next two).
    DATA = "1.2.840.113549.1.7.1";
    /// id-signedData.
    SIGNED_DATA = "1.2.840.113549.1.7.2";
    /// id-encryptedData.
    ENCRYPTED_DATA = "1.2.840.113549.1.7.6";
    /// pkcs8ShroudedKeyBag (RFC 7292 §4.2.2).
    SHROUDED_KEY_BAG = "1.2.840.113549.1.12.10.1.2";
    /// The ciphers of PKCS#12 itself (RFC 7292 appendix C).
    PKCS12_PBE = "1.2.840.113549.1.12.1";
    /// id-PBES2 (RFC 8018 appendix A, as are those down to the ciphers).
    PBES2 = "1.2.840.113549.1.5.13";
    /// id-PBKDF2.
    PBKDF2 = "1.2.840.113549.1.5.12";
    /// id-PBMAC1.
    PBMAC1 = "1.2.840.113549.1.5.14";
    /// id-scrypt (RFC 7914 §7).
    SCRYPT = "1.3.6.1.4.1.11591.4.11";
    /// id-hmacWithSHA1.
    HMAC_SHA1 = "1.2.840.113549.2.7";
    /// id-hmacWithSHA224.
    HMAC_SHA224 = "1.2.840.113549.2.8";
    /// id-hmacWithSHA256.
    HMAC_SHA256 = "1.2.840.113549.2.9";
    /// id-hmacWithSHA384.
    HMAC_SHA384 = "1.2.840.113549.2.10";
    /// id-hmacWithSHA512.
    HMAC_SHA512 = "1.2.840.113549.2.11";
    /// rc2CBC.
    RC2_CBC = "1.2.840.113549.3.2";
    /// DES-EDE3-CBC-Pad.
    TRIPLE_DES_CBC = "1.2.840.113549.3.7";
    /// desCBC.
    DES_CBC = "1.3.14.3.2.7";
    /// aes128-CBC-PAD.
    AES_128_CBC = "2.16.840.1.101.3.4.1.2";
    /// aes192-CBC-PAD.
    AES_192_CBC = "2.16.840.1.101.3.4.1.22";
    /// aes256-CBC-PAD.
    AES_256_CBC = "2.16.840.1.101.3.4.1.42";
}

/// Extensions about certificate policies, which all but rustls-webpki understand when they are
/// critical.
pub const POLICIES: [Oid<'static>; 4] =
    [CERTIFICATE_POLICIES, POLICY_MAPPINGS, POLICY_CONSTRAINTS, INHIBIT_ANY_POLICY];

/// Why an identifier cannot be written into a certificate here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidError {
    /// It is none, or its second number leaves no room for the first (X.660 §A.2).
    #[error("{0:?} is not an object identifier")]
    Invalid(String),
    /// It has a number over 64 bits.
    #[error("the object identifier {0} has a number over 64 bits, which cannot be written here")]
    TooLarge(String),
}

impl<'o> Oid<'o> {
    /// The identifier with these content octets, be they one or not.
    #[must_use]
    pub const fn of(octets: &'o [u8]) -> Self {
        Self(octets)
    }

    /// The content octets.
    #[must_use]
    pub const fn octets(self) -> &'o [u8] {
        self.0
    }

    /// Whether it is an identifier: neither cut off, padded, empty nor without end, and no number
    /// of it over 128 bits (a UUID is the largest in use).
    #[must_use]
    pub fn is_valid(self) -> bool {
        self.numbers().is_some()
    }

    /// Whether it is one of those that `parent` numbers.
    #[must_use]
    pub fn is_below(self, parent: Oid<'_>) -> bool {
        self.0.len() > parent.0.len() && self.0.starts_with(parent.0) && self.is_valid()
    }

    /// Its numbers, of which the first stands for two (X.690 §8.19.4).
    fn numbers(self) -> Option<Vec<u128>> {
        let mut numbers = Vec::new();
        let mut rest = self.0;
        while numbers.len() < MOST {
            let (number, behind) = subidentifier(rest)?;
            numbers.push(number);
            if behind.is_empty() {
                return Some(numbers);
            }
            rest = behind;
        }
        None
    }

    /// The numbers, as far as certificates with it can be written here.
    ///
    /// # Errors
    /// [`OidError`], when it is none or has a number over 64 bits.
    pub(super) fn arcs(self) -> Result<Vec<u64>, OidError> {
        /// The second number is written with 80 added to it, which must fit as well.
        const LARGEST_SECOND: u128 = 0xffff_ffff_ffff_ff00;
        let numbers = self.numbers().ok_or_else(|| OidError::Invalid(self.to_string()))?;
        let (first, rest) = numbers.split_first().unwrap_or((&0, &[]));
        let (root, second) = root_and_second(*first);
        let arcs: Result<Vec<u64>, _> =
            [root, second].iter().chain(rest).map(|number| u64::try_from(*number)).collect();
        let arcs = arcs.map_err(|_| OidError::TooLarge(self.to_string()))?;
        if second > LARGEST_SECOND {
            return Err(OidError::Invalid(self.to_string()));
        }
        Ok(arcs)
    }
}

/// 40 times the first number and the second, which has no limit where the first is 2.
fn root_and_second(first: u128) -> (u128, u128) {
    let root = (first / 40).min(2);
    (root, first - root * 40)
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

impl fmt::Display for Oid<'_> {
    /// Dotted; what is no identifier as `#hex` of at most 32 octets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(numbers) = self.numbers() else {
            f.write_str("#")?;
            let shown = self.0.iter().take(MOST_SHOWN);
            return shown.into_iter().try_for_each(|octet| write!(f, "{octet:02x}"));
        };
        let (first, rest) = numbers.split_first().unwrap_or((&0, &[]));
        let (root, second) = root_and_second(*first);
        write!(f, "{root}.{second}")?;
        rest.iter().try_for_each(|number| write!(f, ".{number}"))
    }
}

impl fmt::Debug for Oid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl OidBuf {
    /// The identifier, to be compared and shown.
    #[must_use]
    pub fn oid(&self) -> Oid<'_> {
        match &self.0 {
            Kept::Inside { length, octets } => {
                Oid(octets.get(..usize::from(*length)).unwrap_or_default())
            }
            Kept::Apart(octets) => Oid(octets),
        }
    }
}

impl From<Oid<'_>> for OidBuf {
    fn from(oid: Oid<'_>) -> Self {
        // What is longer is shown as no identifier, and so are its first octets, one more than any
        // identifier has: a hostile one of megabytes is not kept.
        let kept = oid.0.get(..=MOST_OCTETS).unwrap_or(oid.0);
        let mut octets = [0; INSIDE];
        match (octets.get_mut(..kept.len()), u8::try_from(kept.len())) {
            (Some(inside), Ok(length)) => {
                inside.copy_from_slice(kept);
                Self(Kept::Inside { length, octets })
            }
            _ => Self(Kept::Apart(Box::new(kept.into()))),
        }
    }
}

impl PartialEq for OidBuf {
    fn eq(&self, other: &Self) -> bool {
        self.oid() == other.oid()
    }
}

impl Eq for OidBuf {}

impl PartialEq<Oid<'_>> for OidBuf {
    fn eq(&self, other: &Oid<'_>) -> bool {
        self.oid() == *other
    }
}

impl fmt::Display for OidBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.oid().fmt(f)
    }
}

impl fmt::Debug for OidBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dotted(octets: &[u8]) -> String {
        let kept = OidBuf::from(Oid::of(octets));
        assert_eq!(kept.to_string(), Oid::of(octets).to_string(), "what is kept is shown alike");
        kept.to_string()
    }

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
    fn the_longest_that_is_shown_is_kept_whole_and_a_longer_one_is_not() {
        let number = [&[0x83][..], &[0xff; 17], &[0x7f]].concat();
        let longest = number.repeat(MOST);
        assert_eq!(longest.len(), MOST_OCTETS);
        assert!(dotted(&longest).starts_with("2.") && !dotted(&longest).contains('#'));
        assert!(dotted(&number.repeat(MOST + 1)).starts_with('#'));
        assert!(OidBuf::from(Oid::of(&vec![1; 100_000])).oid().octets().len() <= MOST_OCTETS + 1);
    }

    #[test]
    fn only_what_can_be_written_is_taken_apart_again() {
        let arcs = |octets: &[u8]| Oid::of(octets).arcs();
        assert_eq!(COMMON_NAME.arcs(), Ok(vec![2, 5, 4, 3]));
        assert_eq!(arcs(&[0x81, 0x02, 1]), Ok(vec![2, 50, 1]));
        assert_eq!(arcs(&[79]), Ok(vec![1, 39]));
        for none in [&[][..], &[0x55, 0x84]] {
            let told = arcs(none).expect_err("it is none").to_string();
            assert_eq!(told, format!("{:?} is not an object identifier", dotted(none)));
        }
        let uuid = [&[0x69, 0x83][..], &[0xff; 17], &[0x7f]].concat();
        let told = arcs(&uuid).expect_err("it is large").to_string();
        assert!(
            told.ends_with("has a number over 64 bits, which cannot be written here"),
            "{told}"
        );
        // 2.18446744073709551615: what is written is the number and 80.
        let large = [0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x4f];
        assert_eq!(dotted(&large), "2.18446744073709551615");
        assert!(arcs(&large).is_err());
    }

    #[test]
    fn what_stands_below_another_is_told() {
        assert!(SHA256_RSA.is_below(PKCS1) && RSA.is_below(PKCS1) && SHA512_ECDSA.is_below(ECDSA));
        assert!(!PKCS1.is_below(PKCS1) && !SHA1_RSA_OIW.is_below(PKCS1) && !EC.is_below(ECDSA));
    }

    #[test]
    fn one_that_is_kept_is_no_larger_than_a_text_and_needs_no_allocation() {
        assert_eq!(size_of::<OidBuf>(), size_of::<&str>());
        let long = [1; INSIDE + 1];
        for (octets, inside) in [(&[][..], true), (&long[..INSIDE], true), (&long, false)] {
            let kept = OidBuf::from(Oid::of(octets));
            assert_eq!(kept.oid().octets(), octets);
            assert_eq!(matches!(kept.0, Kept::Inside { .. }), inside);
        }
    }
}

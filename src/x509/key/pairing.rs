//! Pairs of EC keys: whether a private number is that of a public point.
//!
//! Knows how to have ring compute the point on the curves it has, and what to believe where it has
//! none. Says "cannot tell" where that is the truth.

use super::Pairing;
use crate::redact::Redacted;
use crate::x509::key_kind::Curve;
use crate::x509::public_key::{
    compressed, ec_kind, is_uncompressed, may_be_one_curve, without_parity,
};
use ring::rand::SecureRandom;
use ring::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm};

/// What an EC private key holds.
#[derive(Clone, Copy)]
pub(super) struct EcPrivate<'k> {
    /// None when it is spelt out, or left to the certificate.
    pub curve: Option<&'k Curve>,
    /// The private number, big-endian.
    pub number: &'k Redacted,
    /// The public point, where it is stored with the key.
    pub point: Option<&'k [u8]>,
}

/// A private number as ring takes it, on a curve that ring has.
struct Scalar {
    algorithm: &'static EcdsaSigningAlgorithm,
    number: Redacted,
}

/// What ring says of a point beside a private number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Computed {
    /// It is the number's.
    Same,
    /// It is another.
    Other,
    /// ring will not work with the number at all.
    Refused,
}

pub(super) fn paired(same: bool) -> Pairing {
    if same { Pairing::Match } else { Pairing::Differs }
}

/// EC keys: by computing the point where ring knows the curve, else by the point stored with the
/// key. Three facts are at hand, of which only the private number cannot lie about itself: the
/// stored point may be anybody's, and is believed only where nothing can be computed, or where ring
/// has confirmed it.
pub(super) fn pair_ec(
    own: EcPrivate<'_>,
    (their_curve, presented): (Option<&Curve>, &[u8]),
    random: &dyn SecureRandom,
) -> Pairing {
    if !may_be_one_curve(own.curve, their_curve) {
        return Pairing::Differs;
    }
    let (stored, presented) = (own.point.map(without_parity), without_parity(presented));
    let (stored, presented) = (stored.as_deref(), &*presented);
    let Ok(scalar) = Scalar::of(own.number, own.curve.or(their_curve)) else {
        return no_scalar(own.curve);
    };
    let compute = |point: &[u8]| scalar.as_ref().map(|scalar| scalar.compare(point, random));
    // ring wants the uncompressed form.
    if is_uncompressed(presented)
        && let Some(computed) = compute(presented)
    {
        return match computed {
            Computed::Same => Pairing::Match,
            Computed::Other => Pairing::Differs,
            Computed::Refused => no_scalar(own.curve),
        };
    }
    match stored {
        // A stored point that is not the key's own proves nothing.
        Some(point) if is_uncompressed(point) && compute(point) == Some(Computed::Other) => {
            Pairing::Unknown("the private key holds a public point that is not its own".to_owned())
        }
        Some(point) => paired(compressed(point) == compressed(presented)),
        None => no_point(own.curve, is_uncompressed(presented)),
    }
}

impl Scalar {
    /// The number for ring; none on a curve that ring does not have, and an error where the curve
    /// has no number so large.
    fn of(number: &Redacted, curve: Option<&Curve>) -> Result<Option<Self>, ()> {
        let (algorithm, octets) = match curve {
            Some(Curve::P256) => (&signature::ECDSA_P256_SHA256_ASN1_SIGNING, 32),
            Some(Curve::P384) => (&signature::ECDSA_P384_SHA384_ASN1_SIGNING, 48),
            _ => return Ok(None),
        };
        of_length(number, octets).map(|number| Some(Self { algorithm, number })).ok_or(())
    }

    /// Whether `point`, uncompressed, is the number's: ring multiplies the base point by it.
    fn compare(&self, point: &[u8], random: &dyn SecureRandom) -> Computed {
        let number = self.number.expose();
        let made =
            EcdsaKeyPair::from_private_key_and_public_key(self.algorithm, number, point, random);
        match made {
            Ok(_) => Computed::Same,
            Err(why) if why.to_string() == INCONSISTENT => Computed::Other,
            Err(_) => Computed::Refused,
        }
    }
}

/// What ring says of a public point that is not the private key's.
const INCONSISTENT: &str = "InconsistentComponents";

fn no_scalar(curve: Option<&Curve>) -> Pairing {
    let curve = ec_kind(curve);
    Pairing::Unknown(format!("the private key holds no number that curve {curve} can have"))
}

fn no_point(curve: Option<&Curve>, is_uncompressed: bool) -> Pairing {
    let curve = ec_kind(curve);
    Pairing::Unknown(if is_uncompressed {
        format!("the private key on curve {curve} does not hold its public point")
    } else {
        format!(
            "the certificate holds its public point in compressed form, and the private key on curve {curve} does not hold its own"
        )
    })
}

/// A private number in as many bytes as its curve has (RFC 5915 §3), which is the only form that
/// ring takes: some writers drop leading zeros, others put one more; nothing when it is too large.
fn of_length(private: &Redacted, length: usize) -> Option<Redacted> {
    let number = private.expose();
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = &number[zeros..];
    let mut whole = vec![0; length.checked_sub(digits.len())?];
    // One allocation: what grows leaves copies behind.
    whole.reserve_exact(digits.len());
    whole.extend_from_slice(digits);
    Some(Redacted::new(whole))
}

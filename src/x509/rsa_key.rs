//! RSA key generation, which ring does not offer.
//!
//! The crates `rsa`, `crypto-primes` and `crypto-bigint` live here and nowhere else, for key
//! generation alone: signing is ring's, so the timing attack of RUSTSEC-2023-0071 (on decryption
//! and signing) finds nothing to attack.

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{BoxedUint, CtSelect as _, Odd, U1024, U1536, U2048, Uint};
use crypto_primes::hazmat::{SetBits, SmallFactorsSieveFactory};
use crypto_primes::{Flavor, is_prime, sieve_and_find};
use ring::rand::SecureRandom;
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePrivateKey as _;
use std::convert::Infallible;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use zeroize::Zeroizing;

/// The exponent that everybody takes, and that FIPS 186-5 §A.1.1 begins with.
const EXPONENT: u64 = 65_537;
/// p and q must differ in one of their first hundred bits (FIPS 186-5 §A.1.3): they always do.
const LEADING_BITS: u32 = 100;
/// How often primes may be sought. One pair in 32,768 does not go with the exponent; a second in a
/// row is a broken generator.
const TRIES: usize = 4;
/// More threads than this find a key of 2048 bits no sooner.
const MAX_THREADS: usize = 8;

/// Why no RSA key was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RsaKeyError {
    /// There is no randomness.
    #[error("the system's random source failed")]
    RandomSource,
    /// The key cannot be written.
    #[error("the new RSA key could not be encoded: {0}")]
    Encoding(String),
    /// No two primes went with the exponent, or the size is none that is made here.
    #[error("no RSA key of {bits} bits could be made")]
    NotFound {
        /// Bits of the modulus.
        bits: u32,
    },
}

/// A fresh RSA key of `bits` (2048, 3072 or 4096) with exponent 65537, as PKCS#8 DER. Looks for the
/// primes on all cores.
///
/// # Errors
/// [`RsaKeyError`], when the random source or the generator fails, or the size is another.
pub(super) fn generate(
    bits: u32,
    random: &(dyn SecureRandom + Sync),
) -> Result<Zeroizing<Vec<u8>>, RsaKeyError> {
    // The generator's RNG cannot report failure, so the source is tried once before it is used.
    random.fill(&mut [0; 32]).map_err(|_| RsaKeyError::RandomSource)?;
    for _ in 0..TRIES {
        let primes = match bits {
            2048 => two_primes::<{ U1024::LIMBS }>(random),
            3072 => two_primes::<{ U1536::LIMBS }>(random),
            4096 => two_primes::<{ U2048::LIMBS }>(random),
            _ => break,
        };
        let Some((p, q)) = primes else { break };
        // Refused when the exponent divides p-1 or q-1.
        let Ok(key) = RsaPrivateKey::from_p_q(p, q, BoxedUint::from(EXPONENT)) else { continue };
        let der = key.to_pkcs8_der().map_err(|why| RsaKeyError::Encoding(why.to_string()))?;
        return Ok(der.to_bytes());
    }
    Err(RsaKeyError::NotFound { bits })
}

/// Two primes that fill so many limbs, far enough apart, the larger first.
///
/// Every thread looks for primes until two are found, this one too. A search has no memory: two
/// threads that look for either prime are twice as fast as one, while with a prime for each the
/// luckier one waits.
fn two_primes<const LIMBS: usize>(
    random: &(dyn SecureRandom + Sync),
) -> Option<(BoxedUint, BoxedUint)> {
    let found = Found::default();
    let others = thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS) - 1;
    thread::scope(|threads| {
        for _ in 0..others {
            // Without this thread the search takes longer, and that is all.
            let _ =
                thread::Builder::new().spawn_scoped(threads, || search::<LIMBS>(random, &found));
        }
        search::<LIMBS>(random, &found);
    });
    found.pair.into_inner().ok()?
}

/// What the threads have found between them. Whoever finds the second prime stops the others, so
/// that none of them has to be given a turn for the search to end.
#[derive(Default)]
struct Found {
    enough: AtomicBool,
    first: Mutex<Option<BoxedUint>>,
    pair: Mutex<Option<(BoxedUint, BoxedUint)>>,
}

impl Found {
    /// Relaxed: nothing is read on the strength of it, for the primes stand behind their locks. Who
    /// sees it late has looked at one candidate too many.
    fn enough(&self) -> bool {
        self.enough.load(Ordering::Relaxed)
    }

    fn take_in(&self, prime: BoxedUint) {
        let (Ok(mut first), Ok(mut pair)) = (self.first.lock(), self.pair.lock()) else { return };
        // The pair is set once and `first` stays: who comes third changes nothing. A prime too near
        // to the first is dropped, and the search goes on.
        match first.as_ref() {
            _ if pair.is_some() => {}
            None => *first = Some(prime),
            Some(one) if !far_apart(one, &prime) => {}
            Some(one) if *one > prime => *pair = Some((one.clone(), prime)),
            Some(one) => *pair = Some((prime, one.clone())),
        }
        self.enough.store(pair.is_some(), Ordering::Relaxed);
    }
}

/// Finds one prime after the other until there are enough.
fn search<const LIMBS: usize>(random: &(dyn SecureRandom + Sync), found: &Found) {
    while !found.enough() {
        // The two highest bits are set, so that the product has all its bits.
        let (flavor, bits) = (Flavor::Any, Uint::<LIMBS>::BITS);
        let Ok(candidates) = SmallFactorsSieveFactory::new(flavor, bits, SetBits::TwoMsb) else {
            return;
        };
        // `is_prime` of the crate is run on every prime that is kept, and on few others.
        let prime =
            sieve_and_find(&mut Random(random), candidates, |_, candidate: &Uint<LIMBS>| {
                found.enough() || may_be_prime(candidate) && is_prime(flavor, candidate)
            });
        match prime {
            // After the stop it may be any number.
            Ok(Some(prime)) if !found.enough() => found.take_in(prime.into()),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return,
        }
    }
}

/// Fermat's test to base 2: turns nearly all candidates away, in four fifths of the time that the
/// test of Miller and Rabin in `is_prime` takes, since a multiplication by two is an addition.
/// What it lets through is judged by `is_prime` (Baillie-PSW, to which no composite is known).
fn may_be_prime<const LIMBS: usize>(candidate: &Uint<LIMBS>) -> bool {
    let Some(modulus) = Odd::new(*candidate).into_option() else { return false };
    let params = FixedMontyParams::new_vartime(modulus);
    let one = FixedMontyForm::one(&params);
    let exponent = candidate.wrapping_sub(&Uint::ONE);
    let power = (0..Uint::<LIMBS>::BITS).rev().fold(one, |power, bit| {
        let square = power.square();
        // Not a branch: the bits of a prime are a secret.
        square.ct_select(&square.double(), exponent.bit(bit))
    });
    power == one
}

fn far_apart(one: &BoxedUint, other: &BoxedUint) -> bool {
    let (larger, smaller) = if one > other { (one, other) } else { (other, one) };
    larger.wrapping_sub(smaller).bits() > larger.bits().saturating_sub(LEADING_BITS)
}

/// ring's random source as the `rsa` crate wants it.
struct Random<'r>(&'r (dyn SecureRandom + Sync));

impl rand_core::TryRng for Random<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Infallible> {
        fill(self.0, destination);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Random<'_> {}

/// The generator cannot be told of a failure, and a key must never be made without randomness.
fn fill(random: &dyn SecureRandom, destination: &mut [u8]) {
    random
        .fill(destination)
        .expect("the random source worked a moment ago; without it there is no key to make");
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "ring seals its randomness: a test has no other")]
mod tests {
    use super::*;
    use pkcs8::der::Decode as _;
    use ring::rand::SystemRandom;
    use ring::signature::RsaKeyPair;
    use std::collections::BTreeSet;

    /// The prime factors of a key, each without leading zeros.
    fn primes_of(pkcs8: &[u8]) -> [Vec<u8>; 2] {
        let info = pkcs8::PrivateKeyInfoRef::from_der(pkcs8).expect("it is PKCS#8");
        let key = pkcs1::RsaPrivateKeyRef::from_der(info.private_key.as_bytes());
        let key = key.expect("it is PKCS#1 inside");
        assert_eq!(key.public_exponent.as_bytes(), [1, 0, 1]);
        [key.prime1.as_bytes().to_vec(), key.prime2.as_bytes().to_vec()]
    }

    #[test]
    fn every_key_has_its_size_and_primes_of_its_own_and_ring_takes_it() {
        let random = SystemRandom::new();
        let mut primes = BTreeSet::new();
        for _ in 0..20 {
            let der = generate(2048, &random).expect("a key can be made");
            // ring checks every part of a key against the others.
            let key = RsaKeyPair::from_pkcs8(&der).expect("ring takes it");
            assert_eq!(key.public().modulus_len(), 256);
            let [p, q] = primes_of(&der);
            assert!((p.len(), q.len()) == (128, 128) && p > q, "both of half the size, p first");
            primes.extend([p, q]);
        }
        assert_eq!(primes.len(), 40, "no prime is found twice");
    }

    #[test]
    fn primes_with_the_same_hundred_leading_bits_are_too_near() {
        let at = |bit: u32| BoxedUint::one_with_precision(1024).shl(bit);
        let p = at(1023);
        for (distance, far) in [(0, false), (900, false), (923, false), (924, true), (1000, true)] {
            let q = p.wrapping_add(at(distance));
            assert_eq!((far_apart(&p, &q), far_apart(&q, &p)), (far, far), "2^{distance} away");
        }
        assert!(!far_apart(&p, &p), "the same prime twice");
    }

    #[test]
    fn numbers_of_every_width_come_from_the_source_that_was_handed_in() {
        use rand_core::Rng as _;
        let random = SystemRandom::new();
        let mut source = Random(&random);
        assert_ne!((source.next_u32(), source.next_u64()), (source.next_u32(), source.next_u64()));
    }

    #[test]
    fn a_key_of_another_size_is_refused() {
        for bits in [0, 1024, 2047, 8192] {
            let told = generate(bits, &SystemRandom::new()).err();
            assert_eq!(told, Some(RsaKeyError::NotFound { bits }));
        }
    }

    #[test]
    fn no_prime_is_turned_away_and_few_others_are_let_through() {
        let passed = |number: u64| may_be_prime(&Uint::<{ U1024::LIMBS }>::from(number));
        let prime = |number: u64| (2..number).all(|divisor| !number.is_multiple_of(divisor));
        let liars: Vec<_> = (3..2000).filter(|&number| passed(number) != prime(number)).collect();
        assert_eq!(liars, [341, 561, 645, 1105, 1387, 1729, 1905], "the pseudoprimes to base 2");
    }

    #[test]
    fn the_second_prime_ends_the_search_and_a_near_one_does_not_count() {
        let found = Found::default();
        for (number, enough) in [(5_u64, false), (5, false), (7, true), (11, true)] {
            found.take_in(BoxedUint::from(number));
            assert_eq!(found.enough(), enough, "after {number}");
        }
        let pair = found.pair.into_inner().expect("nobody failed");
        assert_eq!(pair, Some((BoxedUint::from(7_u64), BoxedUint::from(5_u64))));
    }
}

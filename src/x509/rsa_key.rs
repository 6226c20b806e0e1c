//! RSA key generation, which ring does not offer.
//!
//! The `rsa` crate lives here and nowhere else, for key generation alone: signing is ring's, so
//! the timing attack of RUSTSEC-2023-0071 (on decryption and signing) finds nothing to attack.

use ring::rand::SecureRandom;
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePrivateKey as _;
use std::convert::Infallible;
use zeroize::Zeroizing;

/// A fresh RSA key of `bits` with exponent 65537, as PKCS#8 DER.
///
/// # Errors
/// A sentence, when the random source or the generator fails.
pub fn generate(bits: usize, random: &dyn SecureRandom) -> Result<Zeroizing<Vec<u8>>, String> {
    // The generator's RNG cannot report failure, so the source is tried once before it is used.
    random.fill(&mut [0; 32]).map_err(|_| "the system's random source failed".to_owned())?;
    let key = RsaPrivateKey::new(&mut Random(random), bits)
        .map_err(|error| format!("no RSA key of {bits} bits could be made: {error}"))?;
    let der = key
        .to_pkcs8_der()
        .map_err(|error| format!("the new RSA key could not be encoded: {error}"))?;
    Ok(der.to_bytes())
}

/// ring's random source as the `rsa` crate wants it.
struct Random<'r>(&'r dyn SecureRandom);

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

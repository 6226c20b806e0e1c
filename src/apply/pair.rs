//! Pairs in the making: the key and certificate that a step names, as bytes.
//!
//! Knows where keys come from. The bytes live here and beside the plan, never in it.

use crate::manifest::Text;
use crate::plan::outcome::Failed;
use crate::plan::step::{KeyChoice, NewPair};
use crate::redact::Redacted;
use crate::x509::authority::Authority;
use crate::x509::cert::{self, Certificate};
use crate::x509::digest::{self, PublicKeyId};
use crate::x509::issue::{self, Issued, Subject};
use crate::x509::key::{GenerateError, PrivateKey};
use crate::x509::key_kind::KeyType;
use crate::x509::pem;
use crate::x509::profile::Profile;
use crate::x509::request::Request;
use ring::rand::{SecureRandom, SystemRandom};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Where private keys and serial numbers come from.
pub trait KeySource: Send + Sync {
    /// A private key of the type, fresh but in tests.
    ///
    /// # Errors
    /// [`GenerateError`], when none can be made.
    fn key(&self, key_type: KeyType) -> Result<PrivateKey, GenerateError>;

    /// The randomness of serial numbers.
    fn random(&self) -> &dyn SecureRandom;
}

/// The real source: the system's randomness.
#[derive(Clone, Debug)]
pub struct RandomKeys(pub SystemRandom);

impl KeySource for RandomKeys {
    fn key(&self, key_type: KeyType) -> Result<PrivateKey, GenerateError> {
        PrivateKey::generate(key_type, &self.0)
    }

    fn random(&self) -> &dyn SecureRandom {
        &self.0
    }
}

/// Bytes that travel beside a plan.
#[derive(Debug, Default)]
pub struct Materials {
    /// The pair of an `import`.
    pub given: Option<GivenPair>,
    /// The CA that signs what is made.
    pub authority: Option<Authority>,
    /// The request that is signed.
    pub request: Option<Request>,
    /// The password of a PKCS#12.
    pub password: Option<Zeroizing<String>>,
    /// Texts of manifests that cannot be read a second time, by path.
    pub texts: BTreeMap<String, Text>,
}

/// A pair that the user brought.
#[derive(Debug)]
pub struct GivenPair {
    /// Certificates, PEM.
    pub certificates: Vec<u8>,
    /// Private key, PEM.
    pub key: Redacted,
    /// `ca.crt`, PEM.
    pub ca: Option<Vec<u8>>,
}

/// A pair, ready to be written.
#[derive(Debug)]
pub struct ReadyPair {
    /// Certificates, PEM.
    pub certificates: Vec<u8>,
    /// Private key, PEM.
    pub key: Redacted,
    /// The root above it, PEM, where that is known: for `ca.crt`.
    pub ca: Option<Vec<u8>>,
    /// What the leaf says.
    pub facts: Certificate,
}

/// Makes or takes the pair that a step names. `current_key` is the value of `tls.key` that is
/// there, for a step that keeps the key.
///
/// # Errors
/// [`Failed`], when a key cannot be made, is not the one the plan named, or cannot sign.
pub fn ready(
    pair: &NewPair,
    materials: &Materials,
    current_key: Option<&[u8]>,
    keys: &dyn KeySource,
) -> Result<ReadyPair, Failed> {
    match pair {
        NewPair::Given(facts) => {
            let given = materials.given.as_ref().ok_or_else(|| {
                broken("the given certificate and key are not at hand".to_owned())
            })?;
            Ok(ReadyPair {
                certificates: given.certificates.clone(),
                key: given.key.clone(),
                ca: given.ca.clone(),
                facts: (**facts).clone(),
            })
        }
        NewPair::Make { profile, key, issuer } => {
            let signer = Signer::of(issuer.as_deref(), materials).map_err(broken)?;
            make(profile, key, (current_key, materials.request.as_ref()), &signer, keys)
        }
        NewPair::Request { .. } => Err(broken("a request is no certificate")),
    }
}

/// Makes a key and a request for what the profile says: PEM both.
///
/// # Errors
/// [`Failed`], when the key cannot be made or cannot sign.
pub fn request(profile: &Profile, keys: &dyn KeySource) -> Result<(Redacted, String), Failed> {
    let key = keys.key(profile.key_type).map_err(broken)?;
    let request = issue::request(profile, &key).map_err(broken)?;
    Ok((Redacted::new(key.to_pem().as_bytes().to_vec()), request))
}

/// Who signs what is made.
enum Signer<'m> {
    Itself,
    Authority(&'m Authority),
}

impl<'m> Signer<'m> {
    /// The one the plan names: the CA beside it must be that very one.
    fn of(issuer: Option<&Certificate>, materials: &'m Materials) -> Result<Self, String> {
        let Some(issuer) = issuer else { return Ok(Self::Itself) };
        match &materials.authority {
            Some(authority) if authority.certificate().sha256 == issuer.sha256 => {
                Ok(Self::Authority(authority))
            }
            _ => Err("the CA that the plan names is not at hand".to_owned()),
        }
    }
}

/// The new value of `ca.crt`: the new certificate before what is there. Of what is there,
/// certificates that had expired when the new one begins are left out, or `ca.crt` would grow for
/// ever and hold what some clients refuse to load; the one that is replaced stays.
#[must_use]
pub fn prepended(ready: &ReadyPair, current: &[u8], replaced: Option<&Certificate>) -> Vec<u8> {
    let mut both = ready.certificates.clone();
    if !both.ends_with(b"\n") {
        both.push(b'\n');
    }
    let expired = |der: &[u8]| match cert::read(der) {
        Ok((old, _)) => {
            let is_replaced = replaced.is_some_and(|replaced| replaced.sha256 == old.sha256);
            !is_replaced && old.not_after < ready.facts.not_before
        }
        Err(_) => false,
    };
    let blocks = pem::blocks(current);
    let read = || blocks.iter().filter_map(|block| Some((&block.label, block.der.as_ref().ok()?)));
    if read().any(|(_, der)| expired(der.expose())) {
        // What is no certificate keeps its label, or it would be written as one.
        for (label, der) in read().filter(|(_, der)| !expired(der.expose())) {
            both.extend_from_slice(pem::encode(label.as_str(), der.expose()).as_bytes());
        }
    } else {
        both.extend_from_slice(current);
    }
    both
}

fn make(
    profile: &Profile,
    choice: &KeyChoice,
    (current_key, requested): (Option<&[u8]>, Option<&Request>),
    signer: &Signer<'_>,
    keys: &dyn KeySource,
) -> Result<ReadyPair, Failed> {
    let (key, pem) = match choice {
        KeyChoice::New => {
            let key = keys.key(profile.key_type).map_err(broken)?;
            let pem = Redacted::new(key.to_pem().as_bytes().to_vec());
            (key, pem)
        }
        KeyChoice::Same { public_id } => {
            kept_key(*public_id, current_key.unwrap_or_default()).map_err(broken)?
        }
        KeyChoice::Requested { public_id } => {
            return sign_request(profile, *public_id, requested, signer, keys);
        }
    };
    let issued = match signer {
        Signer::Itself => issue::self_signed(profile, &key, keys.random()),
        Signer::Authority(authority) => {
            issue::signed_by(authority, profile, Subject::Key(&key), keys.random())
        }
    };
    Ok(with_chain(issued.map_err(broken)?, pem, signer))
}

fn sign_request(
    profile: &Profile,
    public_id: PublicKeyId,
    requested: Option<&Request>,
    signer: &Signer<'_>,
    keys: &dyn KeySource,
) -> Result<ReadyPair, Failed> {
    let Signer::Authority(authority) = signer else {
        return Err(broken("a request needs a CA to sign it"));
    };
    let request = requested.filter(|request| request.public_key().id() == public_id);
    let request =
        request.ok_or_else(|| broken("the request that the plan names is not at hand"))?;
    let issued = issue::signed_by(authority, profile, Subject::Request(request), keys.random());
    Ok(with_chain(issued.map_err(broken)?, Redacted::default(), signer))
}

/// The certificate with its intermediates behind it, as servers must send them.
fn with_chain(issued: Issued, key: Redacted, signer: &Signer<'_>) -> ReadyPair {
    let (chain, root) = match signer {
        Signer::Itself => ("", None),
        Signer::Authority(authority) => (authority.chain_pem(), authority.root_pem()),
    };
    ReadyPair {
        certificates: [issued.pem.as_str(), chain].concat().into_bytes(),
        key,
        ca: root.map(|root| root.as_bytes().to_vec()),
        facts: issued.facts,
    }
}

/// The key that is there, byte for byte, if it still is the one the plan named.
fn kept_key(public_id: PublicKeyId, current: &[u8]) -> Result<(PrivateKey, Redacted), String> {
    let key =
        PrivateKey::from_pem(current).map_err(|error| format!("the key to be kept: {error}"))?;
    if key.pkcs8().is_empty() {
        return Err(
            "the key to be kept does not name its curve and cannot be used to sign".to_owned()
        );
    }
    match key.public_id() {
        Some(id) if id != public_id => Err(format!(
            "the key to be kept has become another one: expected {public_id}, found {id}"
        )),
        _ => Ok((key, Redacted::new(current.to_vec()))),
    }
}

/// Whether the certificate that has this fingerprint stands in `pem`, wherever: the leaf may be last.
#[must_use]
pub fn holds(pem: &[u8], fingerprint: &[u8; 32]) -> bool {
    let blocks = pem::blocks(pem).into_iter();
    let mut ders = blocks.filter(|block| block.label == pem::Label::Certificate);
    ders.any(|block| {
        block.der.is_ok_and(|der| {
            // Behind a certificate may stand what does not belong to it, as in a TRUSTED CERTIFICATE.
            let read = cert::read(der.expose()).map(|(facts, _)| facts.sha256);
            read.unwrap_or_else(|_| digest::sha256(der.expose())) == *fingerprint
        })
    })
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn broken(why: impl ToString) -> Failed {
    Failed::of(why.to_string(), "nothing was written; see the message")
}

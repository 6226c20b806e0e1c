//! Key and certificate in the making: those that a step names, as bytes.
//!
//! Knows where keys come from. The bytes live here and beside the plan, never in it.

use crate::manifest::Text;
use crate::plan::outcome::{Failed, FailureReason};
use crate::plan::step::{CaCrtChange, KeyChoice, NewPair};
use crate::redact::Redacted;
use crate::x509::authority::Authority;
use crate::x509::cert::{self, Certificate};
use crate::x509::digest::{self, PublicKeyId};
use crate::x509::issue::{self, IssueError, Issued, Subject};
use crate::x509::key::{GenerateError, KeyError, PrivateKey};
use crate::x509::key_kind::KeyType;
use crate::x509::pem;
use crate::x509::profile::Profile;
use crate::x509::request::Request;
use ring::rand::{SecureRandom, SystemRandom};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
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
    /// The certificate and key of an `import`.
    pub given: Option<GivenPair>,
    /// The CA that signs what is made.
    pub authority: Option<Authority>,
    /// The request that is signed.
    pub request: Option<Request>,
    /// The password of a PKCS#12.
    pub password: Option<Zeroizing<String>>,
    /// Texts of manifests that cannot be read a second time, by path.
    pub texts: BTreeMap<String, Text>,
    /// What was made for the copies of a certificate.
    pub shared: Shared,
}

/// What was made once for all Secrets with the same certificate, by the fingerprint of that.
#[derive(Debug, Default)]
pub struct Shared(Mutex<BTreeMap<[u8; 32], Slot>>);

/// What was made for one certificate, once it is.
type Slot = Arc<Mutex<Option<ReadyPair>>>;

impl Shared {
    /// What was made for the certificate of this fingerprint; it is made the first time.
    ///
    /// # Errors
    /// What `make` says; then the next one tries again.
    pub fn once(
        &self,
        replaced: [u8; 32],
        make: impl FnOnce() -> Result<ReadyPair, PairError>,
    ) -> Result<ReadyPair, PairError> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = Arc::clone(all.entry(replaced).or_default());
        drop(all);
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = &*slot {
            return Ok(made.clone());
        }
        let made = make()?;
        *slot = Some(made.clone());
        Ok(made)
    }
}

/// A certificate and key that the user brought.
#[derive(Debug)]
pub struct GivenPair {
    /// Certificates, PEM.
    pub certificates: Vec<u8>,
    /// Private key, PEM.
    pub key: Redacted,
    /// `ca.crt`, PEM.
    pub ca: Option<Vec<u8>>,
}

/// A certificate and key, ready to be written.
#[derive(Clone, Debug)]
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

/// Why a certificate and key cannot be made or had as the plan says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PairError {
    /// The plan says that they are given, and none travel beside it.
    #[error("the given certificate and key are not at hand")]
    NothingGiven,
    /// The plan says that they are kept in a Secret, which is no place beside it.
    #[error("the staged certificate and key are not at hand")]
    NothingStaged,
    /// The CA beside the plan is not the one that the plan names.
    #[error("the CA that the plan names is not at hand")]
    NoAuthority,
    /// The request beside the plan is not the one that the plan names.
    #[error("the request that the plan names is not at hand")]
    NoRequest,
    /// A request is to be signed by nobody.
    #[error("a request needs a CA to sign it")]
    RequestWithoutCa,
    /// No key comes out of the system's randomness.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// The certificate or request cannot be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The key that is to be kept cannot be read.
    #[error("the key to be kept: {0}")]
    KeptUnreadable(#[from] KeyError),
    /// The key that is to be kept lacks the parameters of its curve.
    #[error("the key to be kept does not name its curve and cannot be used to sign")]
    KeptWithoutCurve,
    /// Somebody else put another key there.
    #[error("the key to be kept has become another one: expected {expected}, found {found}")]
    KeptIsAnother {
        /// Of the key that the plan names.
        expected: PublicKeyId,
        /// Of the key that is there.
        found: PublicKeyId,
    },
}

impl From<PairError> for Failed {
    fn from(error: PairError) -> Self {
        let remedy = "nothing was written; see the message";
        Self::of(FailureReason::NotMade, error.to_string(), remedy)
    }
}

/// Makes or takes the certificate and key that a step names. `current_key` is the value of
/// `tls.key` that is there, for a step that keeps the key.
///
/// # Errors
/// [`PairError`], when a key cannot be made, is not the one the plan named, or cannot sign.
pub fn ready(
    pair: &NewPair,
    materials: &Materials,
    current_key: Option<&[u8]>,
    keys: &dyn KeySource,
) -> Result<ReadyPair, PairError> {
    match pair {
        NewPair::Given(facts) => {
            let given = materials.given.as_ref().ok_or(PairError::NothingGiven)?;
            Ok(ReadyPair {
                certificates: given.certificates.clone(),
                key: given.key.clone(),
                ca: given.ca.clone(),
                facts: (**facts).clone(),
            })
        }
        NewPair::Staged { .. } => Err(PairError::NothingStaged),
        NewPair::Make { profile, key, issuer } => {
            let signer = Signer::of(issuer.as_deref(), materials)?;
            make(profile, key, (current_key, materials.request.as_ref()), &signer, keys)
        }
    }
}

/// Makes a key and a request for what the profile says: PEM both.
///
/// # Errors
/// [`PairError`], when the key cannot be made or cannot sign.
pub fn request(profile: &Profile, keys: &dyn KeySource) -> Result<(Redacted, String), PairError> {
    let key = keys.key(profile.key_type)?;
    let request = issue::request(profile, &key)?;
    Ok((Redacted::new(key.to_pem().as_bytes().to_vec()), request))
}

/// Who signs what is made.
enum Signer<'m> {
    Itself,
    Authority(&'m Authority),
}

impl<'m> Signer<'m> {
    /// The one the plan names: the CA beside it must be that very one.
    fn of(issuer: Option<&Certificate>, materials: &'m Materials) -> Result<Self, PairError> {
        let Some(issuer) = issuer else { return Ok(Self::Itself) };
        match &materials.authority {
            Some(authority) if authority.certificate().sha256 == issuer.sha256 => {
                Ok(Self::Authority(authority))
            }
            _ => Err(PairError::NoAuthority),
        }
    }
}

/// What `ca.crt` is to hold, beside this certificate; none where it stays as it is, or becomes what it was,
/// which is `previous::restore`'s. `current` is what stands there.
#[must_use]
pub fn ca_crt_after(change: &CaCrtChange, ready: &ReadyPair, current: &[u8]) -> Option<Vec<u8>> {
    match change {
        CaCrtChange::Keep | CaCrtChange::Restored => None,
        CaCrtChange::PrependNew { without } => {
            Some(prepended(&ready.certificates, current, without))
        }
        CaCrtChange::PrependRoot { without } => {
            ready.ca.as_ref().map(|root| prepended(root, current, without))
        }
        CaCrtChange::Given => ready.ca.clone(),
    }
}

/// The new value of `ca.crt`: the new certificates before what is there, of which the certificates of
/// the fingerprints `without` are left out.
#[must_use]
fn prepended(new: &[u8], current: &[u8], without: &[[u8; 32]]) -> Vec<u8> {
    let mut both = new.to_vec();
    if !both.ends_with(b"\n") {
        both.push(b'\n');
    }
    if without.is_empty() {
        both.extend_from_slice(current);
        return both;
    }
    for block in pem::blocks(current) {
        let Ok(der) = &block.der else { continue };
        if !without.contains(&fingerprint(der.expose())) {
            // What is no certificate keeps its label, or it would be written as one.
            both.extend_from_slice(pem::encode(block.label.as_str(), der.expose()).as_bytes());
        }
    }
    both
}

fn make(
    profile: &Profile,
    choice: &KeyChoice,
    (current_key, requested): (Option<&[u8]>, Option<&Request>),
    signer: &Signer<'_>,
    keys: &dyn KeySource,
) -> Result<ReadyPair, PairError> {
    let (key, pem) = match choice {
        KeyChoice::New => {
            let key = keys.key(profile.key_type)?;
            let pem = Redacted::new(key.to_pem().as_bytes().to_vec());
            (key, pem)
        }
        KeyChoice::Same { public_id } => kept_key(*public_id, current_key.unwrap_or_default())?,
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
    Ok(with_chain(issued?, pem, signer))
}

fn sign_request(
    profile: &Profile,
    public_id: PublicKeyId,
    requested: Option<&Request>,
    signer: &Signer<'_>,
    keys: &dyn KeySource,
) -> Result<ReadyPair, PairError> {
    let Signer::Authority(authority) = signer else {
        return Err(PairError::RequestWithoutCa);
    };
    let request = requested.filter(|request| request.public_key().id() == public_id);
    let request = request.ok_or(PairError::NoRequest)?;
    let issued = issue::signed_by(authority, profile, Subject::Request(request), keys.random());
    Ok(with_chain(issued?, Redacted::default(), signer))
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
fn kept_key(public_id: PublicKeyId, current: &[u8]) -> Result<(PrivateKey, Redacted), PairError> {
    let key = PrivateKey::from_pem(current)?;
    if key.pkcs8().is_empty() {
        return Err(PairError::KeptWithoutCurve);
    }
    match key.public_id() {
        Some(found) if found != public_id => {
            Err(PairError::KeptIsAnother { expected: public_id, found })
        }
        _ => Ok((key, Redacted::new(current.to_vec()))),
    }
}

/// Whether the certificate that has this fingerprint stands in `pem`, wherever: the leaf may be last.
#[must_use]
pub fn holds(pem: &[u8], fingerprint: &[u8; 32]) -> bool {
    let blocks = pem::blocks(pem).into_iter();
    let mut ders = blocks.filter(|block| block.label == pem::Label::Certificate);
    ders.any(|block| block.der.is_ok_and(|der| self::fingerprint(der.expose()) == *fingerprint))
}

/// Behind a certificate may stand what does not belong to it, as in a TRUSTED CERTIFICATE.
fn fingerprint(der: &[u8]) -> [u8; 32] {
    cert::read(der).map_or_else(|_| digest::sha256(der), |(facts, _)| facts.sha256)
}

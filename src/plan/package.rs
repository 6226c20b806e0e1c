//! Packaging: putting a certificate and key, new or given, into files or a Secret.

use super::ca_crt::beside_the_old;
use super::outcome::Failed;
use super::previous::Backup;
use super::rotation;
use super::step::{
    CaCrtChange, CreateSecret, Exclusion, NewPair, Plan, Reason, ReplacePair, ReplaceReason, Step,
};
use crate::audit::expiry;
use crate::audit::halves::{self, Loss};
use crate::instant;
use crate::inventory::bundle::{Bundle, KeyState};
use crate::inventory::ca_file::CaFile;
use crate::inventory::{CaCrt, Inventory, SecretFacts, TLS_SECRET};
use crate::object_ref::ObjectRef;
use crate::remedy::Advice;
use crate::x509::cert::Certificate;
use crate::x509::chain;
use crate::x509::foreign::Foreign;
use crate::x509::key::{KeyError, Pairing};
use crate::x509::pem::PemQuirk;
use crate::x509::stray::{self, Stray, StrayKind};
use time::OffsetDateTime;

/// The leaf of a certificate and key that may be imported: the key is the certificate's, every
/// certificate could be read, each is followed by its issuer, and the leaf is in date.
///
/// # Errors
/// What is wrong, and what to do about it.
pub fn importable(bundle: &Bundle, now: OffsetDateTime) -> Result<Certificate, Advice> {
    importable_certificates(bundle)?;
    let no = |message: String, remedy: &str| Err(Advice::new(message, remedy));
    let Some(leaf) = bundle.leaf() else {
        return no(
            "there is no certificate in it".to_owned(),
            "expected PEM certificates, leaf first",
        );
    };
    importable_key(bundle, leaf)?;
    if let Err(break_) = chain::check_order(&bundle.certificates) {
        let message = format!(
            "the chain is out of order: certificate {} was issued by {:?}, and is followed by {:?}",
            break_.position + 1,
            break_.expected,
            break_.found
        );
        return no(message, IN_ORDER);
    }
    if expiry::is_expired(leaf, now) {
        let message = format!(
            "the certificate expired on {} (it is {} now)",
            instant::show(leaf.not_after),
            instant::show(now)
        );
        return no(message, "get a renewed one");
    }
    if leaf.not_before > now {
        let message = format!(
            "the certificate is valid only from {} (it is {} now)",
            instant::show(leaf.not_before),
            instant::show(now)
        );
        return no(message, "wait until then, or check the clock");
    }
    Ok(leaf.clone())
}

/// Whether every certificate could be read, by others too.
fn importable_certificates(bundle: &Bundle) -> Result<(), Advice> {
    let no = |message: String, remedy: &str| Err(Advice::new(message, remedy));
    if bundle.is_swapped() {
        return no(
            "the file of --cert holds a private key and that of --key a certificate: the two are swapped".to_owned(),
            "swap the files of --cert and --key",
        );
    }
    if let Some(damaged) = bundle.damaged.first() {
        let message = match damaged.instead {
            Some(instead) => {
                format!("the file of --cert holds no certificate: it is {}", instead.what())
            }
            None => {
                format!("certificate {} cannot be read: {}", damaged.index + 1, damaged.message)
            }
        };
        let expected = "expected PEM certificates, leaf first";
        return no(message, damaged.instead.map_or(expected.to_owned(), Foreign::remedy).as_str());
    }
    if let Some(odd) = bundle.odd.iter().find(|odd| odd.what.lost_its_lines()) {
        let message = match odd.what {
            PemQuirk::Glued => "a line break is missing between two blocks".to_owned(),
            what => format!("certificate {}: {}", odd.index + 1, what.what()),
        };
        return no(
            format!("{message}; {} ignore it", odd.what.unseen_by()),
            "have it written as it should be with inspect -o pem, and import what that prints",
        );
    }
    Ok(())
}

/// Why these certificates are no `ca.crt` for this leaf, to be said after the name of the file, and the
/// way out; none where they are.
#[must_use]
pub fn refused_ca(file: &CaFile, leaf: &Certificate, now: OffsetDateTime) -> Option<Advice> {
    let above = file.anchors.iter().filter(|anchor| anchor.serves_leaf);
    if let Some(last) = above.max_by_key(|anchor| anchor.not_after) {
        let ended = instant::show(last.not_after);
        return (last.not_after < now).then(|| {
            let message = format!("holds {}, which expired on {ended}", last.subject);
            Advice::new(message, format!("give the renewed certificate of {}", last.subject))
        });
    }
    let first = file.anchors.first()?;
    let message = format!(
        "holds {}, by which {} is not trusted: it did not issue it",
        first.subject, leaf.subject
    );
    let expected = if leaf.self_signed {
        "leave out --ca-cert, as the certificate is its own issuer".to_owned()
    } else {
        format!("give the certificate of {}", leaf.issuer)
    };
    let remedy = format!(
        "{expected}; where it is the CA of clients (auth-tls-secret of ingress-nginx), add --force"
    );
    Some(Advice::new(message, remedy))
}

/// The private key, as far as [`importable`] asks for it: there, in the clear, and the leaf's.
fn importable_key(bundle: &Bundle, leaf: &Certificate) -> Result<(), Advice> {
    let no = |message: String, remedy: &str| Err(Advice::new(message, remedy));
    match &bundle.key {
        KeyState::Missing | KeyState::NotExpected => {
            return no("the key file is empty".to_owned(), "expected a PEM private key");
        }
        KeyState::Unreadable(reason) => {
            let remedy = bundle.key_instead.map(Foreign::remedy);
            let message = match bundle.key_instead {
                Some(_) => format!("the file of --key holds no private key: {reason}"),
                None => reason.clone(),
            };
            return no(
                message,
                remedy.as_deref().unwrap_or("expected an unencrypted PEM private key"),
            );
        }
        KeyState::Encrypted => {
            return no(KeyError::Encrypted.to_string(), "decrypt it with openssl pkey");
        }
        KeyState::Read { .. }
            if let Some(odd) = bundle.key_oddity.filter(|odd| odd.lost_its_lines()) =>
        {
            return no(
                format!("the private key: {}; {} ignore it", odd.what(), odd.unseen_by()),
                "write it with its line breaks, and nothing around it",
            );
        }
        KeyState::Read { .. } if bundle.key_position().is_some() => {
            let message = format!(
                "the chain is out of order: the key is that of certificate {} ({}), which does not come first",
                bundle.leaf_position() + 1,
                leaf.subject
            );
            return no(message, IN_ORDER);
        }
        KeyState::Read { .. } if bundle.pairing == Pairing::Differs => {
            let private = bundle.key.shown().unwrap_or_default();
            let message = format!(
                "the key is not the certificate's: the certificate's public key is {} {}, the private key's is {private}",
                leaf.key_type, leaf.key_id
            );
            return no(
                message,
                "name the key that the certificate was made for, or put the leaf first",
            );
        }
        KeyState::Read { .. } => {}
    }
    Ok(())
}

const IN_ORDER: &str = "put the leaf first, and each certificate's issuer after it, as inspect --fix-chain prints them";

/// What is taken otherwise than it stands in the files: what is left out, and what is written anew
/// because others could not read it. `certificate` and `key` are how the files are called;
/// `one_file` says that they are the same one, of which each gives its half.
#[must_use]
pub fn import_notes(
    bundle: &Bundle,
    (certificate, key): (&str, &str),
    one_file: bool,
) -> Vec<String> {
    let strays = [
        (certificate, &bundle.among_certificates, StrayKind::PrivateKey),
        (key, &bundle.beside_key, StrayKind::Certificate),
    ];
    let mut notes = Vec::new();
    for (file, strays, other_half) in strays {
        let is_left_out = |stray: &&Stray| !(one_file && stray.kind == other_half);
        let strays: Vec<Stray> = strays.iter().filter(is_left_out).cloned().collect();
        if !strays.is_empty() {
            notes.push(format!("left out: {} in {file}", stray::listed(&strays)));
        }
    }
    for odd in bundle.odd.iter().filter(|odd| odd.what.is_as_good_as_broken()) {
        notes.push(format!(
            "certificate {} of {certificate} is rewritten: {}, and {} ignore it",
            odd.index + 1,
            odd.what.what(),
            odd.what.unseen_by()
        ));
    }
    if let Some(odd) = bundle.key_oddity.filter(|odd| odd.is_as_good_as_broken()) {
        notes.push(format!(
            "the private key of {key} is rewritten: {}, and {} ignore it",
            odd.what(),
            odd.unseen_by()
        ));
    }
    notes
}

/// What a certificate and key are to be packaged as.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that the user sets apart")]
#[derive(Clone, Debug)]
pub struct SecretRequest {
    /// Which Secret.
    pub object: ObjectRef,
    /// The certificate and key it shall hold.
    pub pair: NewPair,
    /// Whether a `ca.crt` goes with it: given, or the root that signed it.
    pub with_ca_crt: bool,
    /// Whether a Secret that is there gets them, instead of being refused.
    pub replace: bool,
    /// The flag that asks for that, to be named in the refusal.
    pub replace_flag: &'static str,
    /// Whether what is replaced is kept beside it: see [`super::previous`].
    pub backup: bool,
    /// Whether derived data and owners are passed over: see [`rotation::RotationRequest`].
    pub force: bool,
    /// `--override-owner`.
    pub override_owner: bool,
}

/// Said where the root of the CA is not at hand.
pub const NO_ROOT: &str = "--ca holds no root, so no ca.crt is written: clients need the root";

/// The plan when a file cannot be written, and why: it is refused, as it would be.
#[must_use]
pub fn file_in_the_way(now: OffsetDateTime, object: ObjectRef, why: Failed) -> Plan {
    let Failed { message, remedy, .. } = why;
    let refusal = Exclusion { object, reason: Reason::AlreadyExists, message, remedy };
    Plan { refused: vec![refusal], ..Plan::empty(now) }
}

/// Plans to create the Secret, or, when it is there and may be replaced, to change what it holds.
#[must_use]
pub fn secret(inventory: &Inventory, request: &SecretRequest, now: OffsetDateTime) -> Plan {
    let mut plan = Plan::empty(now);
    let target = inventory.target();
    let (namespace, name) = (request.object.namespace(), request.object.name.as_str());
    match (inventory.secret(namespace, name), request.replace) {
        (None, _) => {
            match rotation::made_by_another(
                inventory,
                &request.object,
                Some(request.override_owner),
            ) {
                Some(refusal) => plan.refused.push(refusal),
                None => plan.steps.push(Step::CreateSecret(CreateSecret {
                    next: None,
                    object: request.object.clone(),
                    pair: request.pair.clone(),
                    with_ca_crt: request.with_ca_crt,
                })),
            }
        }
        (Some(secret), false) => plan.refused.push(already_there(secret, request)),
        (Some(secret), true) => {
            let forbidden =
                rotation::forbidden(inventory, secret, request.override_owner, request.force);
            let loss = lost_key(inventory, secret, request);
            match (forbidden, loss) {
                (Some(refusal), _) => plan.refused.push(refusal),
                (None, Some(loss)) if !request.force => {
                    plan.refused.push(would_lose(secret, loss));
                }
                (None, loss) => {
                    let mut step = replace(secret, request, now);
                    step.notes.extend(rotation::told_beside(inventory, secret));
                    step.notes.extend(rotation::makers_unseen(inventory, &[&secret.object]));
                    step.notes.extend(loss.map(|loss| format!("{}: it is lost", loss.message())));
                    plan.steps.push(Step::ReplacePair(step));
                }
            }
        }
    }
    plan.aimed(target)
}

/// What would be lost of a private key that waits in the Secret for its certificate, unless it comes
/// with the new one. A key whose certificate stands further down in `tls.crt` goes with that: to
/// replace both is what is asked for.
fn lost_key<'i>(
    inventory: &'i Inventory,
    secret: &SecretFacts,
    request: &SecretRequest,
) -> Option<Loss<'i>> {
    let new_key = match &request.pair {
        NewPair::Given(leaf) | NewPair::Staged { certificate: leaf, .. } => Some(leaf.key_id),
        NewPair::Make { .. } => None,
    };
    if matches!(&secret.bundle.key, KeyState::Read { public_id, .. } if new_key.is_some() && *public_id == new_key)
    {
        return None;
    }
    let loss = halves::loss(inventory, &secret.object, &secret.bundle)?;
    // Who gives a certificate and its own key has seen which two belong together.
    let given = new_key.is_some() && loss.is_a_guess();
    (!given && !matches!(loss, Loss::KeyOfLater(_))).then_some(loss)
}

fn would_lose(secret: &SecretFacts, loss: Loss<'_>) -> Exclusion {
    let refusal = rotation::would_lose(secret, loss);
    let remedy = refusal.remedy.note("to replace it anyway, add --force");
    Exclusion { remedy, ..refusal }
}

fn already_there(secret: &SecretFacts, request: &SecretRequest) -> Exclusion {
    if let Some(since) = secret.rare.deletion_timestamp {
        return Exclusion::terminating(&secret.object, since);
    }
    Exclusion {
        object: secret.object.clone(),
        reason: Reason::AlreadyExists,
        message: "it exists already; nothing was written".to_owned(),
        remedy: format!("add {} to put the new certificate and key into it", request.replace_flag)
            .into(),
    }
}

fn replace(secret: &SecretFacts, request: &SecretRequest, now: OffsetDateTime) -> ReplacePair {
    let before = secret.bundle.leaf();
    let mut notes: Vec<String> = rotation::note_of_loss(secret).into_iter().collect();
    if secret.secret_type() != TLS_SECRET {
        notes.push(format!(
            "its type is {:?} and stays; a TLS Secret is of type {TLS_SECRET}",
            secret.secret_type()
        ));
    }
    if let Some(ca) = before.filter(|before| before.is_ca && !before.is_for_hosts()) {
        notes.push(format!(
            "the certificate and key that would be replaced are those of a CA, {}: without its key it signs nothing more",
            ca.subject
        ));
    }
    ReplacePair {
        readers: Vec::new(),
        backup: request.backup.then(|| Box::new(Backup::of(&secret.object, before, now))),
        copies: Vec::new(),
        pinned_by: Vec::new(),
        shares: false,
        object: secret.object.clone(),
        resource_version: secret.resource_version.clone(),
        reason: ReplaceReason::Flag(request.replace_flag),
        before: before.cloned().map(Box::new),
        pair: request.pair.clone(),
        ca_crt: ca_crt(secret, request, &mut notes),
        notes,
    }
}

/// What becomes of `ca.crt`. Clients that mount it trust the certificate by it: a self-signed
/// certificate is put before that by which they trusted the one it replaces. What has nothing to do
/// with that one stays, as in a rotation.
fn ca_crt(secret: &SecretFacts, request: &SecretRequest, notes: &mut Vec<String>) -> CaCrtChange {
    if request.with_ca_crt {
        return CaCrtChange::Given;
    }
    let before = secret.bundle.leaf();
    let held = secret.anchors().first().map(|anchor| &*anchor.subject);
    let (issuer, self_signed) = match &request.pair {
        NewPair::Given(leaf) | NewPair::Staged { certificate: leaf, .. } => {
            (Some(&*leaf.issuer), leaf.self_signed)
        }
        NewPair::Make { issuer: Some(issuer), .. } => (Some(&*issuer.subject), false),
        NewPair::Make { issuer: None, .. } => (None, true),
    };
    match (before, held) {
        (Some(before), _) if before.self_signed && secret.ca_crt == CaCrt::HoldsLeaf => {
            beside_the_old(secret, &request.pair)
        }
        (Some(before), Some(held)) if self_signed && !before.self_signed => {
            notes.push(format!(
                "ca.crt holds {held}, which did not sign the new certificate: that one is put before it, and it stays for clients that still meet the old one"
            ));
            beside_the_old(secret, &request.pair)
        }
        (before, Some(held)) if before.is_none_or(|leaf| Some(&*leaf.issuer) != issuer) => {
            notes.push(format!(
                "ca.crt stays and holds {held}: clients that mount it refuse the new certificate, unless that is its root"
            ));
            CaCrtChange::Keep
        }
        _ => CaCrtChange::Keep,
    }
}

#[cfg(test)]
mod tests;

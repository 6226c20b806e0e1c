//! Renewal: what the new certificate of a Secret shall hold, taken from the old one and what was asked
//! for; or why none can be made that is like it.

use super::dates::within_issuer;
use super::exclusions::{Refusal, left_to_sign, lost_key};
use super::forbidden::note_of_loss;
use super::told::told_beside;
use super::{KeyPolicy, Planner, SigningCa};
use crate::audit::expiry;
use crate::audit::issuing::IssuingCa;
use crate::audit::remedy;
use crate::inventory::bundle::KeyState;
use crate::inventory::{CaCrt, SecretFacts};
use crate::plan::ca_crt::{beside_the_old, root_beside_the_old};
use crate::plan::previous::Backup;
use crate::plan::readers;
use crate::plan::step::{CaCrtChange, KeyChoice, NewPair, Reason, ReplacePair, ReplaceReason};
use crate::x509::cert::Certificate;
use crate::x509::dn::Attribute;
use crate::x509::key::Pairing;
use crate::x509::key_kind::{KeyKind, KeyType};
use crate::x509::key_purpose::KeyPurpose;
use crate::x509::name::{address, covers};
use crate::x509::oid;
use crate::x509::profile::{self, Profile};
use crate::x509::san::San;

impl Planner<'_> {
    pub(super) fn renewal(
        &self,
        secret: &SecretFacts,
        leaf: &Certificate,
    ) -> Result<ReplacePair, Refusal> {
        let issuer = self.signer(secret, leaf)?;
        let mut notes = Vec::new();
        let key = self.key_choice(secret, leaf)?;
        let key_type = self.key_type(leaf, &key, &mut notes)?;
        let dates = self.dates(leaf, &mut notes)?;
        self.not_due_again(secret, leaf, dates, &mut notes)?;
        let dates = within_issuer(dates, leaf, issuer, &mut notes)?;
        let names = self.names(secret, leaf, &mut notes)?;
        let profile = Profile {
            authority: false,
            subject: subject(leaf, &mut notes),
            names,
            key_type,
            not_before: dates.0,
            not_after: dates.1,
            extended_key_usage: leaf
                .extended_key_usage
                .as_deref()
                .unwrap_or(&[KeyPurpose::ServerAuth])
                .to_vec(),
        };
        if leaf.is_ca {
            notes.push(
                "CA:TRUE becomes CA:FALSE: a server's certificate is not a CA, and this one signed nothing that was seen".to_owned(),
            );
        }
        Ok(self.step(secret, Some(leaf), (profile, key, issuer), notes))
    }

    /// The certificate cannot be read: what it named is unknown, so the user must say it.
    pub(super) fn renewal_by_hosts(&self, secret: &SecretFacts) -> Result<ReplacePair, Refusal> {
        if secret.holds_a_ca_alone() && self.request.add_hosts.is_empty() {
            return Err(Refusal::new(
                Reason::Unreadable,
                "it holds a CA in ca.crt, and neither certificate nor key".to_owned(),
                "nothing in it is to be rotated".into(),
            ));
        }
        if !secret.rare.named_otherwise.is_empty() && self.request.add_hosts.is_empty() {
            return Err(self.named_otherwise(secret));
        }
        let instead = secret.bundle.damaged.first().and_then(|damaged| damaged.instead);
        // What can be got out of it again may be the only copy of another issuer's certificate.
        if let Some(instead) = instead.filter(|it| it.can_be_converted() && !self.request.force) {
            return Err(Refusal::new(
                Reason::Unreadable,
                format!(
                    "its certificate is there, in another form, and would be lost: it is {}",
                    instead.what()
                ),
                format!("{}, or add --force to have it replaced", instead.remedy()).into(),
            ));
        }
        if self.request.add_hosts.is_empty() {
            let wanted = self.inventory.uncovered_hosts(secret);
            let mut flags: Vec<String> =
                wanted.iter().map(|host| format!("--add-host {}", remedy::word(host))).collect();
            // What was forced so far would be refused without it.
            flags.extend(self.request.force.then(|| "--force".to_owned()));
            let say_them = "specify its hosts with --add-host".into();
            let named = || remedy::remade(secret).with(&flags.join(" "));
            return Err(Refusal::new(
                Reason::Unreadable,
                format!(
                    "its certificate cannot be read{}, so the names of a new one are not known",
                    instead.map_or_else(String::new, |it| format!(" (it is {})", it.what()))
                ),
                if wanted.is_empty() { say_them } else { named() },
            ));
        }
        let lifetime = self.request.lifetime.unwrap_or(profile::DEFAULT_LIFETIME);
        let dates = profile::dates(self.now, lifetime).map_err(Refusal::from)?;
        let names = self.request.add_hosts.iter().map(|host| name_of(host)).collect();
        let key_type = self.request.key_type.unwrap_or(KeyType::Rsa2048);
        let profile = Profile::server(names, None, key_type, dates).map_err(Refusal::from)?;
        let notes = vec![
            "the old certificate could not be read: names are those of --add-host alone".to_owned(),
        ];
        Ok(self.step(secret, None, (profile, KeyChoice::New, None), notes))
    }

    /// What is there is not lost: a new certificate would only hide it.
    fn named_otherwise(&self, secret: &SecretFacts) -> Refusal {
        let keys: Vec<&str> =
            secret.rare.named_otherwise.iter().map(|named| named.key.as_str()).collect();
        let user = self.inventory.users(&secret.object).next();
        let keys = keys.join(" and ");
        Refusal::new(
            Reason::Unreadable,
            if secret.bundle.is_empty() {
                format!(
                    "it has no tls.crt and no tls.key, which alone are read; certificate and key are under {keys}"
                )
            } else {
                format!("it has no tls.crt, which alone is read; its certificate is under {keys}")
            },
            remedy::under_the_keys_that_are_read(secret, user),
        )
    }

    fn step(
        &self,
        secret: &SecretFacts,
        leaf: Option<&Certificate>,
        (profile, key, issuer): (Profile, KeyChoice, Option<&SigningCa>),
        mut notes: Vec<String>,
    ) -> ReplacePair {
        let uncovered: Vec<String> = self
            .inventory
            .uncovered_hosts(secret)
            .into_iter()
            .filter(|host| {
                !profile.names.iter().any(|name| matches!(name, San::Dns(dns) if covers(dns, host)))
            })
            .collect();
        if !uncovered.is_empty() {
            notes.push(format!(
                "Ingress hosts it will not cover: {} (add them with --add-host)",
                uncovered.join(", ")
            ));
        }
        notes.extend(note_of_loss(secret));
        if let Some(owner) = &secret.owner {
            notes.push(format!("{} owns it ({}) and is overridden", owner.name, owner.mark));
        }
        notes.extend(told_beside(self.inventory, secret));
        notes.extend(lost_key(secret).map(str::to_owned));
        let readers = readers::readers(self.inventory, &secret.object);
        notes.extend(readers::told(&readers));
        let followed = issuer.and_then(|issuer| followed(issuer, leaf?));
        notes.extend(
            followed.map(|old| format!("its CA {} is followed by the one of --ca", old.subject)),
        );
        let pair =
            NewPair::Make { profile, key, issuer: issuer.map(|issuer| issuer.certificate.clone()) };
        ReplacePair {
            object: secret.object.clone(),
            resource_version: secret.resource_version.clone(),
            reason: self.reason(leaf),
            before: leaf.cloned().map(Box::new),
            ca_crt: ca_crt(secret, &pair, issuer.filter(|_| followed.is_some())),
            pair,
            notes,
            readers,
            backup: self.backup(secret, leaf),
            copies: Vec::new(),
            pinned_by: Vec::new(),
            shares: self.request.copies.is_some(),
        }
    }

    /// Where what it holds is kept. Files have a history of their own, or `--backup-dir`.
    fn backup(&self, secret: &SecretFacts, leaf: Option<&Certificate>) -> Option<Box<Backup>> {
        let is_wanted = self.request.backup && secret.object.place.is_none();
        is_wanted.then(|| Box::new(Backup::of(&secret.object, leaf, self.now)))
    }

    /// Who signs the new certificate: itself (none), as the old one, or the CA that is given.
    fn signer(
        &self,
        secret: &SecretFacts,
        leaf: &Certificate,
    ) -> Result<Option<&SigningCa>, Refusal> {
        let refusal = match self.remakeable(secret, leaf) {
            Ok(()) => return Ok(None),
            Err(refusal) => refusal,
        };
        match &self.request.issuer {
            // A CA that another CA signed is not ours to make again.
            Some(_) if leaf.is_ca => Err(refusal),
            Some(issuer) if issuer.issuer_of(leaf).is_some() => Ok(Some(issuer)),
            Some(issuer) => Err(Refusal::new(
                Reason::IssuedByCa,
                format!(
                    "its certificate was issued by {}, and --ca is {}",
                    leaf.issuer, issuer.certificate.subject
                ),
                remedy::import_renewed(&secret.object),
            )),
            None => Err(refusal),
        }
    }

    /// Only what can be made again is rotated: self-signed leaves.
    pub(super) fn remakeable(
        &self,
        secret: &SecretFacts,
        leaf: &Certificate,
    ) -> Result<(), Refusal> {
        if let Some(ca) =
            self.issuing(secret, leaf).filter(|ca| !self.is_said_to_be_leaf(secret, ca))
        {
            return Err(left_to_sign(leaf, ca, self.inventory.is_used(&secret.object)));
        }
        if !leaf.self_signed {
            return Err(Refusal::new(
                Reason::IssuedByCa,
                format!("its certificate was issued by {}, not by itself", leaf.issuer),
                remedy::import_renewed(&secret.object),
            ));
        }
        Ok(())
    }

    /// `CN=my-nginx` and CA:TRUE may be either. Who says for which host it is knows that it is a
    /// server's; a batch takes no hosts.
    pub(super) fn is_said_to_be_leaf(&self, secret: &SecretFacts, ca: &IssuingCa<'_>) -> bool {
        *ca == IssuingCa::Unclear
            && !self.request.add_hosts.is_empty()
            && secret.bundle.pairing == Pairing::Match
    }

    fn reason(&self, leaf: Option<&Certificate>) -> ReplaceReason {
        let Some(leaf) = leaf else { return ReplaceReason::NamedUnreadable };
        let expired = expiry::is_expired(leaf, self.now);
        let why = match (expired, self.request.due, self.request.named.is_empty()) {
            (true, ..) => ReplaceReason::Expired,
            (false, true, _) => ReplaceReason::Due,
            (false, false, true) => ReplaceReason::All,
            (false, false, false) => ReplaceReason::Named,
        };
        why(leaf.not_after)
    }

    fn key_choice(&self, secret: &SecretFacts, leaf: &Certificate) -> Result<KeyChoice, Refusal> {
        match (self.request.key_policy, &secret.bundle.key, &secret.bundle.pairing) {
            (KeyPolicy::New, ..) => Ok(KeyChoice::New),
            (KeyPolicy::Same, KeyState::Read { .. }, Pairing::Match) => {
                Ok(KeyChoice::Same { public_id: leaf.key_id })
            }
            (KeyPolicy::Same, ..) => Err(Refusal::new(
                Reason::CannotRemake,
                "--key-policy same needs the certificate's own private key, and tls.key is not that; without it a new key is made".to_owned(),
                remedy::rotate(&secret.object),
            )),
        }
    }

    fn key_type(
        &self,
        leaf: &Certificate,
        key: &KeyChoice,
        notes: &mut Vec<String>,
    ) -> Result<KeyType, Refusal> {
        let kept = leaf.key_type.key_type();
        if let KeyChoice::Same { .. } = key {
            return kept.ok_or_else(|| unknown_key_type(leaf));
        }
        let chosen = self.request.key_type.or(kept).or_else(|| next_rsa_size(&leaf.key_type));
        let chosen = chosen.ok_or_else(|| unknown_key_type(leaf))?;
        if chosen.kind() != leaf.key_type {
            notes.push(format!("key type {} becomes {chosen}", leaf.key_type));
        }
        Ok(chosen)
    }

    fn names(
        &self,
        secret: &SecretFacts,
        leaf: &Certificate,
        notes: &mut Vec<String>,
    ) -> Result<Vec<San>, Refusal> {
        let mut names = leaf.names.clone();
        if let Some(form) = names
            .iter()
            .find_map(|name| if let San::Other(form) = name { Some(*form) } else { None })
        {
            return Err(Refusal::new(
                Reason::CannotRemake,
                format!(
                    "its certificate has a name of the form {form}, which cannot be written here"
                ),
                remedy::import(&secret.object),
            ));
        }
        if let Some(cn) = leaf.common_name_host() {
            notes.push(format!("the common name {cn} becomes a SAN"));
            names.push(San::Dns(cn.to_ascii_lowercase()));
        }
        if let Some(address) = leaf.common_name_address() {
            notes.push(format!("the common name {address} becomes a SAN"));
            names.push(San::Ip(address));
        }
        for host in &self.request.add_hosts {
            let name = name_of(host);
            if !names.contains(&name) {
                notes.push(format!("{host} is added"));
                names.push(name);
            }
        }
        if names.is_empty() {
            return Err(Refusal::new(
                Reason::CannotRemake,
                format!(
                    "its certificate ({}) has no SAN, and no common name that is a host name",
                    leaf.subject
                ),
                "specify its hosts with --add-host".into(),
            ));
        }
        Ok(names)
    }
}

/// The CA that signed the certificate, where the one that signs now follows it.
fn followed<'c>(issuer: &'c SigningCa, leaf: &Certificate) -> Option<&'c Certificate> {
    issuer.issuer_of(leaf).filter(|old| old.sha256 != issuer.certificate.sha256)
}

/// What becomes of `ca.crt`: by what stands in it clients trust the old certificate, or the CA that signed
/// it and that `follower` follows.
fn ca_crt(secret: &SecretFacts, pair: &NewPair, follower: Option<&SigningCa>) -> CaCrtChange {
    let holds = |sum: &[u8; 32]| secret.anchors().iter().any(|anchor| anchor.sha256 == *sum);
    let trusts_old = |ca: &&SigningCa| ca.predecessors.iter().any(|old| holds(&old.sha256));
    match follower.filter(trusts_old) {
        Some(ca) if !holds(&ca.certificate.sha256) => root_beside_the_old(secret, pair),
        None if secret.ca_crt == CaCrt::HoldsLeaf => beside_the_old(secret, pair),
        Some(_) | None => CaCrtChange::Keep,
    }
}

/// A host or an address as a name in the certificate.
fn name_of(host: &str) -> San {
    address(host).map_or_else(|| San::Dns(host.to_ascii_lowercase()), San::Ip)
}

fn unknown_key_type(leaf: &Certificate) -> Refusal {
    Refusal::new(
        Reason::CannotRemake,
        format!("keys of type {} cannot be made or used for signing here", leaf.key_type),
        "choose another type with --key-type, and --key-policy new".into(),
    )
}

/// RSA sizes that are not made here go up to the next one that is; below 2048 nothing is safe.
fn next_rsa_size(kind: &KeyKind) -> Option<KeyType> {
    Some(match kind.plain_rsa_bits()? {
        0..=2048 => KeyType::Rsa2048,
        2049..=3072 => KeyType::Rsa3072,
        _ => KeyType::Rsa4096,
    })
}

/// The subject as it was. A name that repeats an attribute type keeps the first of each.
fn subject(leaf: &Certificate, notes: &mut Vec<String>) -> Vec<Attribute> {
    let mut kept: Vec<Attribute> = Vec::new();
    for attribute in leaf.subject_attributes().iter() {
        let Attribute { kind, text } = attribute;
        if kept.iter().any(|known| known.kind == *kind) {
            notes.push(format!("the subject repeats attribute {kind}; {text:?} is left out"));
        } else if *kind == oid::COMMON_NAME
            && text.chars().count() > crate::x509::name::MAX_COMMON_NAME
        {
            notes.push(format!(
                "the common name {text:?} is longer than 64 characters and is left out"
            ));
        } else {
            kept.push(attribute.clone());
        }
    }
    kept
}

//! Halves: a certificate and a key that stand in one Secret and do not belong together. Which of them
//! would be lost for good if a new certificate and key were put in their place?
//!
//! A self-signed leaf without its key is made again in a second. The key of a certificate that somebody
//! else issued is not, and a key whose certificate was not seen may be one: here is decided which it is.
//! Refuses to know how either is written.

use super::issuing::issuing_ca;
use crate::inventory::Inventory;
use crate::inventory::bundle::{Bundle, KeyState};
use crate::object_ref::{Kind, ObjectRef};
use crate::x509::cert::Certificate;
use crate::x509::digest::PublicKeyId;
use crate::x509::foreign::Foreign;
use crate::x509::key::Pairing;

/// What would be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss<'i> {
    /// The private key of the certificate at this position of the same `tls.crt`, from 0.
    KeyOfLater(usize),
    /// A private key beside the certificate of a CA, which is not its own: most likely that of a
    /// certificate which this CA signed.
    KeyBesideCa,
    /// The private key of the certificate in that object, which does not have it itself.
    KeyOf(&'i ObjectRef),
    /// A private key whose certificate was not seen, beside one that is not its own: that may be a
    /// placeholder, and its own still to come.
    KeyOfUnknown,
    /// The same, with no certificate beside it.
    KeyAlone,
    /// A private key beside something that cannot be read as a certificate, which is this, where that
    /// is known: its certificate may be in there, or still to come.
    KeyOfUnread(Option<Foreign>),
    /// What stands in the place of the private key, beside a certificate: a key may be in it, and be
    /// another certificate's.
    InOtherForm(Foreign),
}

impl Loss<'_> {
    /// Whose the key is, for people.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::KeyOfLater(position) => format!(
                "its private key is that of certificate {} in tls.crt, not of the first",
                position + 1
            ),
            Self::KeyBesideCa => {
                "tls.crt begins with a CA certificate, and its private key is not the CA's but another certificate's".to_owned()
            }
            Self::KeyOf(other) => format!(
                "its private key is that of the certificate in {}, which does not have it",
                other.apart()
            ),
            Self::KeyOfUnknown => {
                "its private key is not that of its certificate, and may be the one of a certificate that was not seen".to_owned()
            }
            Self::KeyAlone => {
                "it holds a private key without a certificate, and may be waiting for the one that was requested with it".to_owned()
            }
            Self::KeyOfUnread(Some(it)) if it.can_be_converted() => format!(
                "its certificate is there in another form (it is {}), and so is its private key",
                it.what()
            ),
            Self::KeyOfUnread(instead) => format!(
                "its certificate cannot be read{}, and the private key beside it may be the only one of that certificate",
                instead.map_or_else(String::new, |it| format!(" (it is {})", it.what()))
            ),
            Self::InOtherForm(it) if it.is_for_others() => {
                format!("its tls.key is {}, which may be the only copy", it.what())
            }
            Self::InOtherForm(it) => format!(
                "its tls.key is no private key in PEM (it is {}), and what is in it may be another certificate's",
                it.what()
            ),
        }
    }

    /// What keeps both halves of `object`: a sentence.
    #[must_use]
    pub fn remedy(&self, object: &ObjectRef) -> String {
        match self {
            Self::KeyOfLater(position) => format!(
                "put certificate {} of tls.crt first, and behind it the certificates of its issuers",
                position + 1
            ),
            Self::KeyBesideCa => {
                "put the certificate that belongs to this private key before the CA's into tls.crt; who signed it has a copy".to_owned()
            }
            Self::KeyOf(other) => format!(
                "put this private key and the certificate in {} together",
                other.apart()
            ),
            Self::KeyOfUnknown => {
                "keep both until it is known which belongs where: look for the certificate that was issued for this private key, or for the certificate's own key, and put the two that belong together into it; if neither is wanted, rotate it by name with --force".to_owned()
            }
            Self::KeyAlone => {
                "keep the private key and put the certificate that was issued for it beside it, with import --replace --key where the key is at hand as a file; if it is not wanted, rotate it by name with --force".to_owned()
            }
            Self::KeyOfUnread(instead) => {
                let first = match (instead, &object.place) {
                    (Some(it), _) if it.can_be_converted() || it.is_encrypted() => it.remedy(),
                    (_, Some(_)) => {
                        "keep the private key and put the certificate that was issued for it into tls.crt, as PEM".to_owned()
                    }
                    (_, None) => format!(
                        "keep the private key and put the certificate that was issued for it beside it: import {} --replace takes both from files",
                        object.name
                    ),
                };
                format!("{first}; if certificate and key are not wanted, rotate it by name with --force")
            }
            Self::InOtherForm(it) if it.is_for_others() => {
                "take what stands in tls.key to where it is of use; once it is there, or if it is not wanted, rotate it by name with --force".to_owned()
            }
            Self::InOtherForm(it) => format!(
                "{}; if what stands in tls.key is not wanted, rotate it by name with --force",
                it.remedy()
            ),
        }
    }

    /// Whether the key may be worth nothing, which who has seen to that says by `--force`.
    #[must_use]
    pub const fn is_a_guess(&self) -> bool {
        matches!(
            self,
            Self::KeyOfUnknown | Self::KeyAlone | Self::KeyOfUnread(_) | Self::InOtherForm(_)
        )
    }

    /// The object on the other side, where there is one.
    #[must_use]
    pub fn related(&self) -> Option<&ObjectRef> {
        match self {
            Self::KeyOf(other) => Some(other),
            Self::KeyOfLater(_)
            | Self::KeyBesideCa
            | Self::KeyOfUnknown
            | Self::KeyAlone
            | Self::KeyOfUnread(_)
            | Self::InOtherForm(_) => None,
        }
    }
}

/// What would be lost for good if certificate and key of `object` were replaced by new ones; none
/// where they belong together, and where neither half is worth anything without the other.
#[must_use]
pub fn loss<'i>(inventory: &'i Inventory, object: &ObjectRef, bundle: &Bundle) -> Option<Loss<'i>> {
    let leaf = bundle.leaf();
    if let (KeyState::Unreadable(_), Some(it)) = (&bundle.key, bundle.key_instead)
        && it.may_hold_a_key()
        && leaf.is_some_and(|leaf| leaf.self_signed)
    {
        return Some(Loss::InOtherForm(it));
    }
    if !(is_lone(bundle) || leaf.is_none()) {
        return None;
    }
    let public_id = match &bundle.key {
        KeyState::Read { public_id, .. } => *public_id,
        // Who knows its password, or mends it, has it still.
        KeyState::Encrypted if leaf.is_none() => None,
        KeyState::Unreadable(_) if leaf.is_none() && !bundle.key_is_garbage => None,
        KeyState::Encrypted
        | KeyState::Unreadable(_)
        | KeyState::Missing
        | KeyState::NotExpected => return None,
    };
    if let Some(position) = bundle.key_position {
        return Some(Loss::KeyOfLater(position));
    }
    let elsewhere = public_id.map_or(Elsewhere::Nothing, |id| other_half(inventory, object, id));
    if let Elsewhere::Certificate(owner) = elsewhere {
        return Some(Loss::KeyOf(owner));
    }
    let is_ca = |leaf: &Certificate| {
        leaf.states_cert_sign() || issuing_ca(inventory, object, leaf).is_some()
    };
    if leaf.is_some_and(is_ca) {
        return Some(Loss::KeyBesideCa);
    }
    let is_safe = matches!(elsewhere, Elsewhere::Key);
    match leaf {
        // Its own key may be a CA's that signs elsewhere: nobody here can tell it from habit.
        Some(leaf) if leaf.self_signed && (leaf.is_ca || !is_safe) => Some(Loss::KeyOfUnknown),
        None if is_safe => None,
        None if bundle.certificates_missing => Some(Loss::KeyAlone),
        None => {
            let instead = bundle.damaged.first().and_then(|damaged| damaged.instead);
            Some(Loss::KeyOfUnread(instead))
        }
        // What another issued is not made again without its CA.
        Some(_) => None,
    }
}

/// Whether the private key beside a certificate that another issued, not its own, is to be had nowhere
/// else: who makes the certificate again, by its CA, would lose it.
#[must_use]
pub fn is_only_copy(inventory: &Inventory, object: &ObjectRef, bundle: &Bundle) -> bool {
    let KeyState::Read { public_id, .. } = &bundle.key else { return false };
    let elsewhere = public_id.map(|id| other_half(inventory, object, id));
    is_lone(bundle) && !matches!(elsewhere, Some(Elsewhere::Key))
}

/// Whether there are both a certificate and a key, and they are not each other's.
#[must_use]
pub fn is_lone(bundle: &Bundle) -> bool {
    bundle.leaf().is_some() && bundle.pairing == Pairing::Differs
}

/// Where the private key of the certificate in `object` is, which it has not itself.
#[must_use]
pub fn own_key_elsewhere<'i>(
    inventory: &'i Inventory,
    object: &ObjectRef,
    bundle: &Bundle,
) -> Option<&'i ObjectRef> {
    let wanted = bundle.leaf()?.key_id;
    let others = inventory.bundles().filter(|(other, _)| !other.same_object(object));
    let mut holders = others.filter(|(_, bundle)| holds_key(bundle, wanted));
    holders.next().map(|(holder, _)| holder)
}

/// What other objects have of a private key and its certificate.
enum Elsewhere<'i> {
    /// The key, too: it cannot be lost here.
    Key,
    /// The certificate alone, in that object.
    Certificate(&'i ObjectRef),
    Nothing,
}

fn other_half<'i>(
    inventory: &'i Inventory,
    object: &ObjectRef,
    public_id: PublicKeyId,
) -> Elsewhere<'i> {
    let others = inventory
        .bundles()
        .filter(|(other, _)| !other.same_object(object) && other.kind != Kind::Endpoint);
    let mut found = Elsewhere::Nothing;
    for (other, bundle) in others {
        // A second Secret that has it beside a wrong certificate may be replaced by the same run.
        let is_safe = other.kind == Kind::File || bundle.pairing == Pairing::Match;
        if is_safe && holds_key(bundle, public_id) {
            return Elsewhere::Key;
        }
        let its = bundle.certificates.iter().any(|certificate| certificate.key_id == public_id);
        if its && matches!(found, Elsewhere::Nothing) {
            found = Elsewhere::Certificate(other);
        }
    }
    found
}

fn holds_key(bundle: &Bundle, wanted: PublicKeyId) -> bool {
    match &bundle.key {
        KeyState::Read { public_id, .. } => *public_id == Some(wanted),
        KeyState::NotExpected
        | KeyState::Missing
        | KeyState::Unreadable(_)
        | KeyState::Encrypted => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::testing::{Pair, of_secrets};
    use crate::x509::pem;
    use base64::Engine as _;
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

    const ONE: &str = include_str!("../../testdata/pki/ec-p256-01.pem");
    const TWO: &str = include_str!("../../testdata/pki/ec-p256-02.pem");
    const THREE: &str = include_str!("../../testdata/pki/ec-p256-03.pem");

    fn key(pem: &str) -> KeyPair {
        KeyPair::from_pem(pem).expect("the key is good")
    }

    /// A self-signed certificate of this key: of a host, or else a CA's.
    fn made(host: Option<&str>, with: &str) -> String {
        params(host).self_signed(&key(with)).expect("it can be made").pem()
    }

    fn params(host: Option<&str>) -> CertificateParams {
        let names: Vec<String> = host.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("the name is good");
        params.distinguished_name.push(DnType::CommonName, host.unwrap_or("My CA"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    }

    fn pair<'p>(name: &'p str, crt: &str, key: &'p str) -> Pair<'p> {
        Pair { name, crt: crt.to_owned(), key, ..Pair::default() }
    }

    fn half(text: &str) -> String {
        text.chars().take(text.len() / 2).collect()
    }

    /// What would be lost of the Secret `x`.
    fn lost(pairs: &[Pair<'_>]) -> String {
        let inventory = of_secrets(pairs);
        let secret = inventory.secret("shop", "x").expect("it was seen");
        match loss(&inventory, &secret.object, &secret.bundle) {
            None => "nothing".to_owned(),
            Some(Loss::KeyOfUnread(_)) => "KeyOfUnread".to_owned(),
            Some(Loss::InOtherForm(it)) => format!("what is in {}", it.what()),
            Some(Loss::KeyOf(other)) => format!("the key of {}", other.name),
            Some(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn a_key_is_lost_unless_its_certificate_can_be_made_again_or_has_it_elsewhere() {
        let (web, api, ca) =
            (made(Some("web.example"), ONE), made(Some("api.example"), TWO), made(None, THREE));
        let mut plain = params(Some("web.example"));
        plain.is_ca = IsCa::NoCa;
        let plain = plain.self_signed(&key(ONE)).expect("it can be made").pem();
        let issuer = Issuer::new(params(None), key(THREE));
        let leaf = params(Some("leaf.example")).signed_by(&key(TWO), &issuer);
        let leaf = leaf.expect("it can be made").pem();
        let encrypted = pem::encode("ENCRYPTED PRIVATE KEY", b"0\0").to_string();
        let cut = half(TWO);
        let twice = base64::engine::general_purpose::STANDARD.encode(TWO);
        let ssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n";
        for (pairs, expected) in [
            (vec![pair("x", &web, ONE)], "nothing"),
            (vec![pair("x", &web, "")], "nothing"),
            (vec![pair("x", &web, "prose")], "nothing"),
            (vec![pair("x", &web, "<!doctype html>")], "nothing"),
            (vec![pair("x", &web, &web)], "nothing"),
            (
                vec![pair("x", &web, &twice)],
                "what is in base64 of PEM: in a Secret that is base64 twice",
            ),
            (vec![pair("x", &web, "{\"private_key\": \"x\"}")], "what is in JSON"),
            (vec![pair("x", &web, ssh)], "what is in a key of SSH"),
            // The certificate may be a placeholder, and that of the key still to come.
            (vec![pair("x", &web, TWO)], "KeyOfUnknown"),
            (vec![pair("x", &plain, TWO)], "KeyOfUnknown"),
            (vec![pair("x", &plain, TWO), pair("y", &api, TWO)], "nothing"),
            (vec![pair("x", &ca, THREE)], "nothing"),
            (vec![pair("x", &ca, TWO)], "KeyBesideCa"),
            (vec![pair("x", &leaf, ONE)], "nothing"),
            (vec![pair("x", &format!("{web}{api}"), TWO)], "KeyOfLater(1)"),
            (vec![pair("x", &web, TWO), pair("y", &api, "")], "the key of y"),
            (vec![pair("y", &leaf, ""), pair("x", &web, TWO)], "the key of y"),
            // CA:TRUE may be more than habit.
            (vec![pair("x", &web, TWO), pair("y", &api, TWO)], "KeyOfUnknown"),
            // Both are wrong, and one run might replace both.
            (vec![pair("x", &web, TWO), pair("y", &api, ""), pair("z", &web, TWO)], "the key of y"),
            (vec![pair("x", "", TWO), pair("y", &api, "")], "the key of y"),
            (vec![pair("x", "", TWO)], "KeyAlone"),
            (vec![pair("x", "", TWO), pair("y", &api, TWO)], "nothing"),
            // What cannot be read may be that key's certificate.
            (vec![pair("x", "prose", TWO)], "KeyOfUnread"),
            (vec![pair("x", &half(&web), TWO)], "KeyOfUnread"),
            (vec![pair("x", "prose", TWO), pair("y", &api, TWO)], "nothing"),
            (vec![pair("x", "prose", TWO), pair("y", &api, "")], "the key of y"),
            (vec![pair("x", "prose", &cut)], "KeyOfUnread"),
            (vec![pair("x", "prose", &encrypted)], "KeyOfUnread"),
            (vec![pair("x", "", &encrypted)], "KeyAlone"),
            (vec![pair("x", "prose", "prose")], "nothing"),
            (vec![pair("x", "prose", "")], "nothing"),
        ] {
            let names: Vec<&str> = pairs.iter().map(|pair| pair.name).collect();
            assert_eq!(lost(&pairs), expected, "{names:?}");
        }
    }

    #[test]
    fn the_private_key_of_a_certificate_is_found_where_it_is() {
        let web = made(Some("web.example"), ONE);
        let inventory = of_secrets(&[pair("x", &web, TWO), pair("y", "", ONE)]);
        let secret = inventory.secret("shop", "x").expect("it was seen");
        let holder = own_key_elsewhere(&inventory, &secret.object, &secret.bundle);
        assert_eq!(holder.map(|holder| holder.name.as_str()), Some("y"));
    }
}

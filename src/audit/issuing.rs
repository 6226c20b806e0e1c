//! Issuing CAs: the one answer to "is this somebody's issuer, or a server's certificate that only says
//! CA:TRUE?".
//!
//! `openssl req -x509` writes CA:TRUE into whatever it makes, and no key usage: that is a leaf, the
//! commonest one there is. Rules, rotation and `inspect` ask here. Refuses to know what is done to either.

use crate::inventory::{CaCrt, Inventory, SecretFacts};
use crate::object_ref::{Kind, ObjectRef};
use crate::x509::cert::Certificate;
use crate::x509::name::covers;
use std::fmt;

/// Why a certificate is an issuing CA. Its key cannot be had again: nothing replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuingCa<'i> {
    /// It signed the certificate in this object.
    Signed(&'i ObjectRef),
    /// That cert-manager Issuer signs with it.
    IssuerOf(&'i ObjectRef),
    /// That Ingress names its Secret to verify clients or backends with.
    Verifies(&'i ObjectRef),
    /// It is handed out to be trusted: by `ca.crt` of that Secret, whose certificate is another one,
    /// or by that file.
    HandedOut(&'i ObjectRef),
    /// That object, or one in that file, names its Secret to verify others with.
    Trusting(&'i ObjectRef),
    /// It states keyCertSign (RFC 5280 §4.2.1.3), and no server shows it.
    StatesIt,
    /// It may sign, and names no host, so that it can be no server's.
    NamesNoHost,
    /// The same, but it may be the certificate of a server that is known by another name: it does not
    /// state keyCertSign, and has a name such as `CN=my-nginx` or `CN=ca`.
    Unclear,
}

impl IssuingCa<'_> {
    /// The object that shows it: with a certificate that it signed, or one that trusts or uses it.
    #[must_use]
    pub fn child(&self) -> Option<&ObjectRef> {
        match self {
            Self::Signed(other)
            | Self::IssuerOf(other)
            | Self::Verifies(other)
            | Self::HandedOut(other)
            | Self::Trusting(other) => Some(other),
            Self::StatesIt | Self::NamesNoHost | Self::Unclear => None,
        }
    }

    /// Whether nothing but that others trust by it shows it: a server's own certificate, which says CA:TRUE by
    /// habit, may be pinned so.
    #[must_use]
    pub const fn may_be_pinned(&self) -> bool {
        matches!(self, Self::HandedOut(_) | Self::Trusting(_))
    }

    /// What to do instead of replacing it, a sentence. `shown`: whether an Ingress serves it.
    #[must_use]
    pub const fn remedy(&self, shown: bool) -> &'static str {
        match (self, shown) {
            (Self::Unclear, _) => {
                "if it is a server's certificate and no CA, rotate it by name and specify its host with --add-host; if it is a CA, make a new one beside it and move what it signed to that one first"
            }
            (_, true) => {
                "issue a certificate for its hosts as another Secret, and name that where this one is served; this one stays, it is a CA"
            }
            (_, false) => {
                "rotate it in the cluster with --trust, which has a new CA trusted beside it first"
            }
        }
    }
}

impl fmt::Display for IssuingCa<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed(child) => write!(f, "it signed the certificate in {}", child.apart()),
            Self::IssuerOf(issuer) => write!(f, "{} signs with it", issuer.apart()),
            Self::Verifies(ingress) => write!(f, "{} verifies others with it", ingress.apart()),
            Self::HandedOut(secret) => {
                write!(f, "{} hands it out to be trusted", secret.apart())
            }
            Self::Trusting(by) if by.kind != Kind::File => {
                write!(f, "{} verifies others with it", by.apart())
            }
            Self::Trusting(file) => {
                write!(f, "an object in {} verifies others with it", file.apart())
            }
            Self::StatesIt => f.write_str("its key usage is keyCertSign, and nobody serves it"),
            Self::NamesNoHost => f.write_str("it may sign certificates, and names no host"),
            Self::Unclear => {
                f.write_str("it may sign certificates, and its name is not a host that is served")
            }
        }
    }
}

/// Why the first certificate of `object` is an issuing CA; none for every other one: what is no CA,
/// and what names hosts and is CA:TRUE by habit only.
#[must_use]
pub fn issuing_ca<'i>(
    inventory: &'i Inventory,
    object: &ObjectRef,
    certificate: &Certificate,
) -> Option<IssuingCa<'i>> {
    if let Some(child) = inventory.signed_by(certificate) {
        return Some(IssuingCa::Signed(child));
    }
    if object.kind == Kind::Secret
        && let Some(issuer) = inventory.issuer_with(object)
    {
        return Some(IssuingCa::IssuerOf(issuer));
    }
    if !may_sign(certificate) {
        return None;
    }
    if let Some(trusted) = trusted(inventory, object, certificate) {
        return Some(trusted);
    }
    if !names_a_host(inventory, object, certificate) {
        let named = certificate.common_name_host().is_some() || certificate.version < 3;
        let unclear = named && !certificate.states_cert_sign();
        return Some(if unclear { IssuingCa::Unclear } else { IssuingCa::NamesNoHost });
    }
    let states_it = certificate.states_cert_sign();
    (states_it && !is_shown(inventory, object)).then_some(IssuingCa::StatesIt)
}

/// Whether it says that it is a CA. X.509 of the first versions cannot, and its roots are CAs to
/// OpenSSL all the same.
#[must_use]
pub fn may_sign(certificate: &Certificate) -> bool {
    certificate.is_ca || (certificate.version < 3 && certificate.self_signed)
}

/// Whether a server shows it: an Ingress names its Secret, or it was got from one.
#[must_use]
pub fn is_shown(inventory: &Inventory, object: &ObjectRef) -> bool {
    matches!(object.kind, Kind::Endpoint | Kind::Route)
        || (object.kind == Kind::Secret && inventory.is_used(object))
}

/// Who trusts others by it. A server's own certificate may be pinned as well, so that this says
/// nothing of what an Ingress serves.
fn trusted<'i>(
    inventory: &'i Inventory,
    object: &ObjectRef,
    certificate: &Certificate,
) -> Option<IssuingCa<'i>> {
    if is_shown(inventory, object) {
        return None;
    }
    // Where it has another `ca.crt`, that is what is trusted, and this is a client's own.
    let secret = inventory.secret(object.namespace(), &object.name);
    let secret = secret.filter(|_| object.kind == Kind::Secret);
    let is_the_ca =
        |secret: &SecretFacts| secret.ca_file.is_none() || secret.ca_crt == CaCrt::HoldsLeaf;
    let ca = secret.filter(|secret| is_the_ca(secret)).map(|secret| &secret.object);
    if let Some(frontend) = ca.and_then(|ca| inventory.mentioners(ca).next()) {
        return Some(IssuingCa::Verifies(&frontend.object));
    }
    if let Some(file) = ca.and_then(|ca| inventory.trusting(ca)) {
        return Some(IssuingCa::Trusting(file));
    }
    inventory.handed_out_by(object, certificate).map(IssuingCa::HandedOut)
}

/// A common name without a dot is as often a CA's (`CN=ca`) as a host's: where CA:TRUE is said, it is
/// a host's only if an Ingress wants that very host, or serves it and it does not say that it signs, or
/// if a Service in its namespace is called so (`CN=my-nginx` of the Kubernetes documentation).
fn names_a_host(inventory: &Inventory, object: &ObjectRef, certificate: &Certificate) -> bool {
    let wanted = |name: &str| {
        let mut demands = inventory.users(object).flat_map(|user| &user.demands);
        let service = || ObjectRef::namespaced(Kind::Service, object.namespace(), name);
        !certificate.is_ca
            || name == "localhost"
            || demands.any(|demand| covers(name, &demand.host))
            || (!certificate.states_cert_sign()
                && (is_shown(inventory, object) || inventory.object(&service()).is_some()))
    };
    certificate.is_for_hosts()
        || certificate.common_name_address().is_some()
        || certificate.common_name_host().is_some_and(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::testing::{Pair, handed_out, of_secrets, signing};
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose};
    use ring::rand::SystemRandom;

    /// A self-signed CA:TRUE certificate, PEM, with this common name, SAN and key usage.
    fn made(name: &str, san: &[&str], usage: &[KeyUsagePurpose]) -> String {
        let key = include_str!("../../testdata/pki/ec-p256-01.pem");
        let key = KeyPair::from_pem(key).expect("the key is good");
        let san: Vec<String> = san.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(san).expect("the names are good");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = usage.to_vec();
        params.self_signed(&key).expect("it can be made").pem()
    }

    /// `leaf`, or why it is a CA.
    fn judged(crt: &str, served: Option<&str>) -> String {
        let pair = Pair { name: "x", crt: crt.to_owned(), served, ..Pair::default() };
        let inventory = of_secrets(&[pair]);
        let secret = inventory.secret("shop", "x").expect("it was seen");
        let leaf = secret.bundle.leaf().expect("it can be read");
        let found = issuing_ca(&inventory, &secret.object, leaf);
        found.map_or_else(|| "leaf".to_owned(), |ca| format!("{ca:?}"))
    }

    #[test]
    fn a_ca_is_what_signs_and_a_leaf_is_what_names_hosts_and_says_ca_by_habit() {
        use KeyUsagePurpose::{CrlSign, DigitalSignature, KeyCertSign};
        let (none, signs) = (&[][..], &[KeyCertSign, CrlSign][..]);
        let here = Some("web.example");
        for (name, san, usage, served, expected) in [
            // openssl req -x509, with and without a SAN, a dot, an Ingress.
            ("web.example", &["web.example"][..], none, None, "leaf"),
            ("web.example", &["web.example"], none, here, "leaf"),
            ("web.example", &[], none, None, "leaf"),
            ("web.example", &[], none, here, "leaf"),
            ("web", &["10.0.0.7"], none, None, "leaf"),
            ("web", &["web.example"], &[DigitalSignature], None, "leaf"),
            ("localhost", &[], none, None, "leaf"),
            ("web", &[], none, Some("web"), "leaf"),
            // What a server shows is a server's, whatever it is called, unless it says that it signs.
            ("web", &[], none, here, "leaf"),
            ("web", &[], signs, here, "NamesNoHost"),
            // An address is a server's, never a CA's.
            ("192.0.2.10", &[], none, None, "leaf"),
            ("2001:db8::7", &[], none, None, "leaf"),
            ("web", &[], none, None, "Unclear"),
            ("ca", &[], signs, None, "NamesNoHost"),
            ("My CA", &[], none, None, "NamesNoHost"),
            ("My CA", &[], signs, here, "NamesNoHost"),
            // kubeadm's own names a host and signs.
            ("kubernetes", &["kubernetes"], &[DigitalSignature, KeyCertSign], None, "StatesIt"),
            ("web.example", &["web.example"], signs, None, "StatesIt"),
            ("web.example", &["web.example"], signs, here, "leaf"),
        ] {
            let found = judged(&made(name, san, usage), served);
            assert_eq!(found, expected, "{name} {san:?} {usage:?} {served:?}");
        }
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "absorbing wants randomness; pairs are told by it"
    )]
    fn what_signs_or_is_handed_out_is_a_ca_whatever_host_it_names() {
        let crt = made("ca.example", &["ca.example"], &[]);
        let handed_out = || handed_out("trust.yaml", &crt);
        let here = Some("ca.example");
        for (seen, served, expected) in [
            (signing(Kind::Issuer, Some("shop"), "x"), None, "issuer/corp in namespace shop signs"),
            (signing(Kind::Issuer, Some("shop"), "x"), here, "issuer/corp in namespace shop signs"),
            (signing(Kind::ClusterIssuer, None, "x"), None, "clusterissuer/corp signs"),
            (signing(Kind::Issuer, Some("other"), "x"), None, "leaf"),
            (signing(Kind::Issuer, Some("shop"), "y"), None, "leaf"),
            (handed_out(), None, "trust.yaml hands it out"),
            // A server's own certificate may be pinned.
            (handed_out(), here, "leaf"),
        ] {
            let pair = Pair { name: "x", crt: crt.clone(), served, ..Pair::default() };
            let mut inventory = of_secrets(&[pair]);
            let told = format!("{seen:?} {served:?}");
            inventory.absorb(seen, &SystemRandom::new());
            let secret = inventory.secret("shop", "x").expect("it was seen");
            let leaf = secret.bundle.leaf().expect("it can be read");
            let found = issuing_ca(&inventory, &secret.object, leaf);
            let found = found.map_or_else(|| "leaf".to_owned(), |ca| ca.to_string());
            assert!(found.starts_with(expected), "{told}: {found}");
        }
    }

    #[test]
    fn x509_of_the_first_version_is_a_leaf_when_it_names_a_host() {
        let guide = include_str!("../../testdata/pki/guide.crt.pem");
        assert_eq!(judged(guide, None), "leaf");
    }
}

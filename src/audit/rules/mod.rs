//! The rules, one file each, in one list.

mod bad_serial;
mod ca_as_leaf;
mod ca_crt_unusable;
mod ca_dates;
mod caa_forbids;
mod cert_missing;
mod cert_unreadable;
mod chain_expires_first;
mod chain_incomplete;
mod chain_out_of_order;
mod chain_superfluous;
mod client_refuses;
mod cn_only;
mod default_certificate;
mod dns;
mod dns_aaaa_elsewhere;
mod dns_elsewhere;
mod dns_missing;
mod duplicate_serial;
mod expired;
mod expires_soon;
pub(super) mod gke;
mod gke_app_protocol;
mod gke_backend_config;
mod gke_certificate_limit;
mod gke_chain_too_long;
mod gke_class_ignored;
mod gke_health_check;
mod gke_http_disabled;
mod gke_key_type;
mod gke_load_balancer_stale;
mod gke_neg;
mod gke_path_type;
mod gke_sync_failed;
mod gke_tls_without_secret_name;
mod host_not_covered;
mod host_without_tls;
mod key_encrypted;
mod key_in_annotation;
mod key_in_crt;
mod key_mismatch;
mod key_missing;
mod key_unreadable;
mod lifetime_too_long;
mod managed_domain_failed;
mod managed_domain_invalid;
mod managed_edited_in_place;
mod managed_failed;
mod managed_host_not_listed;
mod managed_missing;
mod managed_not_active;
mod managed_not_reconciled;
mod managed_orphaned;
mod managed_renewal_overdue;
mod managed_unattached;
mod missing_server_auth;
mod not_yet_valid;
mod san_malformed;
mod secret_in_other_namespace;
mod secret_missing;
mod secret_unused;
mod secret_wrong_type;
mod served_default_certificate;
mod served_differs;
mod served_expired;
mod served_name_mismatch;
mod served_no_h2;
mod served_unreachable;
mod service_missing;
mod service_port_missing;
mod shared_key;
mod tls_host_without_rule;
mod trailing_data;
mod untrusted_chain;
mod values;
mod verifying;
mod view;
pub(super) mod waiver_expired;
pub(super) mod waiver_unused;
mod weak_key;
mod weak_signature;

pub use view::View;

use super::expiry;
use super::finding::Finding;
use super::halves;
use super::issuing::{IssuingCa, is_shown, issuing_ca};
use super::remedy;
use super::{Context, Rule};
use crate::controllers::Controller;
use crate::inventory::bundle::{Bundle, KeyAmong};
use crate::inventory::demand::IngressFacts;
use crate::inventory::{Inventory, SecretFacts, loads};
use crate::object_ref::{Kind, ObjectRef};
use crate::remedy::{CommandLine, Remedy};
use crate::x509::cert::Certificate;
use crate::x509::chain::{self, Arrangement};
use crate::x509::foreign::Foreign;
use crate::x509::key::Pairing;
use crate::x509::pem::PemQuirk;
use crate::x509::stray::{self, StrayKind};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the rules find of one Ingress, as it is or as it is to become, that keeps GKE's controllers from
/// serving it: what only a person can mend.
#[must_use]
pub fn of_gke_ingress(
    inventory: &Inventory,
    context: &Context<'_>,
    ingress: &IngressFacts,
) -> Vec<Finding> {
    let mut found = gke_class_ignored::of(inventory, ingress);
    if gke::is_judged(inventory, context, ingress) {
        found.extend(gke_tls_without_secret_name::of(ingress));
        found.extend(gke_certificate_limit::of(inventory, ingress));
        if gke::is_external(ingress) {
            found.extend(managed_missing::of(inventory, context, ingress));
        }
    }
    found
}

/// How many of the last rules listen to what the others have found, and are silent or raise it.
pub(super) const LISTENING: usize = 2;

/// Every rule.
pub const RULES: &[&Rule] = &[
    &expired::RULE,
    &expires_soon::RULE,
    &not_yet_valid::RULE,
    &cert_missing::RULE,
    &cert_unreadable::RULE,
    &key_missing::RULE,
    &key_unreadable::RULE,
    &key_encrypted::RULE,
    &key_mismatch::RULE,
    &key_in_annotation::RULE,
    &key_in_crt::RULE,
    &ca_crt_unusable::RULE,
    &cn_only::RULE,
    &san_malformed::RULE,
    &weak_key::RULE,
    &weak_signature::RULE,
    &ca_as_leaf::RULE,
    &missing_server_auth::RULE,
    &chain_out_of_order::RULE,
    &chain_incomplete::RULE,
    &chain_expires_first::RULE,
    &chain_superfluous::RULE,
    &untrusted_chain::RULE,
    &bad_serial::RULE,
    &duplicate_serial::RULE,
    &lifetime_too_long::RULE,
    &shared_key::RULE,
    &secret_unused::RULE,
    &trailing_data::RULE,
    &host_not_covered::RULE,
    &host_without_tls::RULE,
    &default_certificate::RULE,
    &tls_host_without_rule::RULE,
    &secret_missing::RULE,
    &secret_in_other_namespace::RULE,
    &secret_wrong_type::RULE,
    &gke_tls_without_secret_name::RULE,
    &gke_key_type::RULE,
    &gke_certificate_limit::RULE,
    &gke_chain_too_long::RULE,
    &gke_sync_failed::RULE,
    &gke_load_balancer_stale::RULE,
    &gke_class_ignored::RULE,
    &gke_http_disabled::RULE,
    &gke_path_type::RULE,
    &service_missing::RULE,
    &service_port_missing::RULE,
    &gke_app_protocol::RULE,
    &gke_backend_config::RULE,
    &gke_health_check::RULE,
    &gke_neg::RULE,
    &managed_missing::RULE,
    &managed_host_not_listed::RULE,
    &managed_domain_invalid::RULE,
    &managed_failed::RULE,
    &managed_domain_failed::RULE,
    &managed_renewal_overdue::RULE,
    &managed_unattached::RULE,
    &managed_orphaned::RULE,
    &managed_not_reconciled::RULE,
    &managed_edited_in_place::RULE,
    &served_differs::RULE,
    &served_name_mismatch::RULE,
    &served_expired::RULE,
    &served_default_certificate::RULE,
    &served_unreachable::RULE,
    &served_no_h2::RULE,
    &dns_missing::RULE,
    &dns_elsewhere::RULE,
    &dns_aaaa_elsewhere::RULE,
    &caa_forbids::RULE,
    &waiver_expired::RULE,
    &waiver_unused::RULE,
    // Silent where another one has spoken, and so the last.
    &managed_not_active::RULE,
    &client_refuses::RULE,
];

/// A certificate whose dates matter to clients: every one of a bundle but roots behind the leaf.
struct Dated<'i> {
    inventory: &'i Inventory,
    object: &'i ObjectRef,
    secret: Option<&'i SecretFacts>,
    index: usize,
    is_leaf: bool,
    certificate: &'i Certificate,
}

impl Dated<'_> {
    /// `the certificate` or, behind the leaf, which one it is.
    fn name(&self) -> String {
        if self.is_leaf {
            return "the certificate".to_owned();
        }
        format!("certificate {} of the chain ({})", self.index + 1, self.certificate.subject)
    }

    /// What to do, by who can do it.
    fn remedy(&self) -> Remedy {
        if let Some(remedy) = self.secret.and_then(|secret| somebody_elses(self.inventory, secret))
        {
            return remedy;
        }
        if let Some(remedy) = self.kept() {
            return remedy;
        }
        match (self.object.kind, self.is_leaf) {
            (Kind::Endpoint, _) => "put a new certificate on the server".into(),
            (Kind::File, true) => "issue or request a new certificate".into(),
            (Kind::Route, _) => remedy::into_route(self.object),
            (_, true) if self.certificate.self_signed => {
                remade(self.inventory, self.object, self.secret)
            }
            _ => remedy::import_renewed(self.object),
        }
    }
}

impl<'i> Dated<'i> {
    /// Whether somebody is hurt by its end. Of a file or a server nobody here can say that none is, nor of
    /// a Secret where not all Ingresses were read.
    fn is_used(&self) -> bool {
        self.object.kind != Kind::Secret
            || self.inventory.is_in_use(self.object)
            || self.inventory.is_list_unseen(Kind::Ingress, self.object.namespace())
    }

    /// The finding, with a certificate that loses its issuer, where there is one.
    fn hurt(&self, finding: Finding) -> Finding {
        let child = self.issuing().and_then(|ca| ca.child().cloned());
        finding.related_to(child)
    }

    /// Why it is an issuing CA, if it is: nobody replaces that.
    fn issuing(&self) -> Option<IssuingCa<'i>> {
        let leaf = self.is_leaf.then_some(self.certificate)?;
        issuing_ca(self.inventory, self.object, leaf)
    }

    /// What to do where replacing certificate and key would do harm.
    fn kept(&self) -> Option<Remedy> {
        let secret = self.secret.filter(|secret| self.is_leaf && secret.owner.is_none())?;
        kept(self.inventory, self.object, &secret.bundle)
    }
}

/// What to do instead, where certificate and key of `object` are not to be replaced by new ones: it is
/// an issuing CA, or one of the two would be lost for good. `rotate` refuses for the same reasons.
fn kept(inventory: &Inventory, object: &ObjectRef, bundle: &Bundle) -> Option<Remedy> {
    if let Some(loss) = halves::loss(inventory, object, bundle) {
        return Some(loss.remedy(object).into());
    }
    let ca = issuing_ca(inventory, object, bundle.leaf()?)?;
    Some(ca.remedy(is_shown(inventory, object)).into())
}

fn dated(inventory: &Inventory) -> impl Iterator<Item = Dated<'_>> {
    every(inventory).filter(|dated| dated.is_leaf || !dated.certificate.self_signed)
}

/// Every certificate of every bundle, roots behind the leaf too.
fn every(inventory: &Inventory) -> impl Iterator<Item = Dated<'_>> {
    inventory.bundles().flat_map(move |(object, bundle)| {
        let secret = secret_of(inventory, object);
        let indexed = bundle.certificates.iter().enumerate();
        let leaf = bundle.leaf_position();
        indexed.map(move |(index, certificate)| Dated {
            inventory,
            object,
            secret,
            index,
            is_leaf: index == leaf,
            certificate,
        })
    })
}

/// The leaves that an Ingress serves, each with its Secret.
fn served(inventory: &Inventory) -> impl Iterator<Item = (&SecretFacts, &Certificate)> {
    inventory
        .tls_secrets()
        .filter(|secret| inventory.is_used(&secret.object))
        .filter_map(|secret| Some((secret, secret.bundle.leaf()?)))
}

/// How the certificates of a bundle belong together, when one of them is meant for hosts: a file
/// of roots is no chain.
fn arrangement(bundle: &Bundle) -> Option<Arrangement> {
    let of_key = (bundle.pairing == Pairing::Match).then_some(0).or(bundle.key_position());
    let arrangement = chain::arrange(&bundle.certificates, of_key);
    let leaf = bundle.certificates.get(*arrangement.path.first()?)?;
    (!leaf.is_ca || leaf.is_for_hosts()).then_some(arrangement)
}

/// Whether an Ingress of this controller names the Secret.
fn is_behind(inventory: &Inventory, secret: &SecretFacts, controller: Controller) -> bool {
    inventory.users(&secret.object).any(|ingress| ingress.likely_controller() == controller)
}

/// What a controller, by an Ingress of its class, does that refuses the Secret for what stands in its
/// `tls.crt` beside certificates.
fn refuser(inventory: &Inventory, secret: &SecretFacts) -> Option<&'static str> {
    refusals(inventory, secret).find(|what| *what != loads::BESIDE_THE_KEY)
}

/// The same for all its Ingresses, and for what stands beside its key too.
fn refusals(inventory: &Inventory, secret: &SecretFacts) -> impl Iterator<Item = &'static str> {
    let users = inventory.users(&secret.object);
    users.filter_map(|user| loads::refuses_beside(user.likely_controller(), &secret.bundle))
}

/// What to do where the only private key of a certificate stands behind it, and not in its own place.
fn key_belongs_into_tls_key(bundle: &Bundle) -> Option<Remedy> {
    (bundle.key_among == KeyAmong::Own).then(|| {
        "move the private key from tls.crt into tls.key: it is the certificate's own, and the only \
         one there is; if others could read tls.crt, have a new certificate made for a new key \
         afterwards"
            .into()
    })
}

/// How to get what does not belong there out of `tls.crt`. A key that stood in it is to be another
/// one: a self-signed certificate is made again, with a new key.
fn take_out(inventory: &Inventory, secret: &SecretFacts) -> Remedy {
    if let Some(remedy) = somebody_elses(inventory, secret) {
        return remedy;
    }
    if let Some(move_it) = key_belongs_into_tls_key(&secret.bundle) {
        return move_it;
    }
    let strays = &secret.bundle.among_certificates;
    if !strays.iter().any(|stray| stray.kind == StrayKind::PrivateKey) {
        return format!(
            "remove {} from tls.crt: the certificate and its intermediates alone belong there",
            stray::listed(strays)
        )
        .into();
    }
    let own = secret.bundle.leaf().is_some_and(|leaf| leaf.self_signed && !leaf.is_ca);
    // Nothing else than the key may go with it.
    let key_alone = secret.beside_the_pair().is_none_or(|lost| lost == "a private key in tls.crt");
    if own && key_alone {
        return remedy::rotate_forced(&secret.object);
    }
    "put the certificate and its intermediates alone into tls.crt; if others could read the key in \
     it, have its issuer make a new certificate for a new key"
        .into()
}

/// How to get the certificates of one `tls.crt` into the order that is `expected`.
fn fix_chain(
    inventory: &Inventory,
    context: &Context<'_>,
    (object, bundle): (&ObjectRef, &Bundle),
    expected: &str,
) -> Remedy {
    match object.kind {
        Kind::File if can_be_sorted(bundle) => remedy::inspect(object, "--fix-chain").into(),
        Kind::File => format!("put its certificates in this order: {expected}").into(),
        Kind::Endpoint => {
            format!("have the server send its certificates in this order: {expected}").into()
        }
        _ => chain_anew(inventory, context, object)
            .unwrap_or_else(|| format!("put its certificates in this order: {expected}").into()),
    }
}

/// Whether the private key, where there is one, says which certificate is the first, or nothing.
fn can_be_sorted(bundle: &Bundle) -> bool {
    bundle.pairing != Pairing::Differs || bundle.key_position().is_some()
}

/// The chain of a Secret in order, and nothing else, in place of its `tls.crt`: in its manifest, or
/// through `import`.
fn chain_anew(inventory: &Inventory, context: &Context<'_>, object: &ObjectRef) -> Option<Remedy> {
    let secret = secret_of(inventory, object)?;
    if let Some(remedy) = somebody_elses(inventory, secret) {
        return Some(remedy);
    }
    if secret.beside_the_chain().is_some() || !can_be_sorted(&secret.bundle) {
        return None;
    }
    remedy::fix_chain_in_place(object).or_else(|| {
        let printed = |object: &ObjectRef| remedy::inspect(object, "--fix-chain");
        certificate_anew(inventory, context, object, printed)
    })
}

/// What is there with the same certificate in another form, which the command prints: where that can
/// be written. `import` takes what is in date, beside its own key.
fn certificate_anew(
    inventory: &Inventory,
    context: &Context<'_>,
    object: &ObjectRef,
    printed: impl Fn(&ObjectRef) -> CommandLine,
) -> Option<Remedy> {
    let secret = secret_of(inventory, object)?;
    if let Some(remedy) = somebody_elses(inventory, secret) {
        return Some(remedy);
    }
    let can = secret.rare.derived_keys.is_empty() && is_importable(secret, context);
    can.then(|| remedy::import_certificate(object, printed(object)))
}

/// Whether what a Secret of the cluster holds is what `import` takes, but for the order of its chain.
fn is_importable(secret: &SecretFacts, context: &Context<'_>) -> bool {
    let bundle = &secret.bundle;
    let at = |position: usize| bundle.certificates.get(position).map(Arc::as_ref);
    let of_key = bundle.key_position().and_then(at).or(bundle.leaf());
    let in_date = |leaf: &Certificate| {
        !expiry::is_expired(leaf, context.now) && leaf.not_before <= context.now
    };
    secret.object.place.is_none()
        && secret.beside_the_pair().is_none()
        && bundle.damaged.is_empty()
        && !bundle.key_oddity.is_some_and(PemQuirk::lost_its_lines)
        && (bundle.pairing == Pairing::Match || bundle.key_position().is_some())
        && of_key.is_some_and(in_date)
}

/// The name for a second or new Secret beside those that were seen: this one with that ending, cut
/// where it would be too long for an object's name, and numbered where it is taken.
fn free_name(inventory: &Inventory, namespace: &str, (base, ending): (&str, &str)) -> String {
    /// Of an object's name (RFC 1123 §2.1), with room for a number.
    const MAX: usize = 253 - 3;
    let room = MAX.saturating_sub(ending.len());
    let cut: String = base.chars().take(room).collect();
    let first = format!("{}{ending}", cut.trim_end_matches(['.', '-']));
    let taken = |name: &String| inventory.secret(namespace, name).is_some();
    let numbered = (2..).map(|number| format!("{first}-{number}"));
    std::iter::once(first.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or(first)
}

/// Where a frontend names the Secrets that it serves.
fn place_of_names(frontend: &ObjectRef) -> String {
    let place = match frontend.kind {
        Kind::Gateway => "a listener's tls.certificateRefs",
        _ => "spec.tls",
    };
    format!("{place} of {}", frontend.short())
}

fn secret_of<'i>(inventory: &'i Inventory, object: &ObjectRef) -> Option<&'i SecretFacts> {
    (object.kind == Kind::Secret)
        .then(|| inventory.secret(object.namespace(), &object.name))
        .flatten()
}

/// What to do about a Secret that may not be changed where it is: it is immutable, or somebody else
/// writes it.
fn somebody_elses(inventory: &Inventory, secret: &SecretFacts) -> Option<Remedy> {
    if secret.immutable {
        let name = &secret.object.name;
        return Some(
            format!(
                "secret/{name} is immutable: make one under a new name, and name that one in its place"
            )
            .into(),
        );
    }
    if let Some(owner) = &secret.owner {
        let remedy = remedy::from_owner(inventory, owner);
        return Some(remedy.note(format!("{} owns it", owner.name)));
    }
    secret.rare.annotation_policy.keep_off().then(|| {
        "do as its certwright.dev annotations say: rotate leaves it alone because of them".into()
    })
}

/// The same, where the object is a Secret that was seen.
fn elses(inventory: &Inventory, object: &ObjectRef) -> Option<Remedy> {
    secret_of(inventory, object).and_then(|secret| somebody_elses(inventory, secret))
}

/// `rotate`, which goes over data that is made from the pair, or that stands in its place, only when
/// it is told to.
fn remade(inventory: &Inventory, object: &ObjectRef, secret: Option<&SecretFacts>) -> Remedy {
    if let Some(lost) = secret.and_then(SecretFacts::beside_the_pair) {
        return format!(
            "keep a copy of what is needed, for rotate drops this, and only with --force: {lost}"
        )
        .into();
    }
    let Some(secret) = secret else { return remedy::rotate(object) };
    beside_its_users(inventory, secret, remedy::remade(secret))
}

/// The rotation of a Secret in a file, with the files of the Ingresses that serve it, and of the Service
/// it is named after, where it would be taken for an issuing CA without them: see `issuing_ca`.
fn beside_its_users(inventory: &Inventory, secret: &SecretFacts, rotate: Remedy) -> Remedy {
    let hangs_on_users = secret
        .bundle
        .leaf()
        .is_some_and(|leaf| leaf.is_ca && (leaf.states_cert_sign() || !leaf.is_for_hosts()));
    let Some(own) = secret.object.place.as_ref().filter(|_| hangs_on_users) else { return rotate };
    let users = inventory.users(&secret.object).filter_map(|user| user.object.place.as_ref());
    let name = secret.bundle.leaf().and_then(Certificate::common_name_host).unwrap_or_default();
    let service = ObjectRef::namespaced(Kind::Service, secret.object.namespace(), name);
    let service = inventory.object(&service).and_then(|facts| facts.object.place.as_ref());
    let files: BTreeSet<&str> = users.chain(service).map(|place| place.path.as_str()).collect();
    let others = files.into_iter().filter(|path| *path != own.path);
    others.fold(rotate, remedy::beside_file)
}

/// Whether the object only keeps the place of a certificate and key that its owner has yet to
/// write: what is not there yet is not broken.
fn is_placeholder(inventory: &Inventory, object: &ObjectRef) -> bool {
    secret_of(inventory, object).is_some_and(SecretFacts::is_placeholder)
}

/// The value a rule about certificates speaks of: `tls.crt` of a Secret, or the file itself.
fn certificate_place(object: &ObjectRef) -> ObjectRef {
    if object.kind == Kind::Secret { object.key("tls.crt") } else { object.clone() }
}

/// What the private key of the object stands under, for a sentence.
fn key_field(object: &ObjectRef) -> &'static str {
    if object.kind == Kind::Route { "spec.tls.key" } else { "tls.key" }
}

fn key_place(object: &ObjectRef) -> ObjectRef {
    if object.kind == Kind::Secret { object.key("tls.key") } else { object.clone() }
}

/// What to do where something else stands in the place of a certificate or key.
fn put_right(inventory: &Inventory, object: &ObjectRef, instead: Foreign) -> Remedy {
    if let Some(remedy) = elses(inventory, object) {
        return remedy;
    }
    let then = match object.kind {
        _ if !instead.can_be_converted() => "",
        Kind::Secret if object.place.is_some() => {
            ", and put the PEM that comes of it into the manifest"
        }
        Kind::Secret => ", and give the PEM that comes of it to certwright import --replace",
        _ => "",
    };
    format!("{}{then}", instead.remedy()).into()
}

/// The word for where a certificate was expected.
fn where_in(object: &ObjectRef) -> &'static str {
    match object.kind {
        Kind::Secret => "tls.crt",
        Kind::Endpoint => "what the server shows",
        Kind::Route => "spec.tls.certificate",
        _ => "the file",
    }
}

/// What to do where one half is worth more than a new pair, or its other half is known.
fn put_together(inventory: &Inventory, object: &ObjectRef, bundle: &Bundle) -> Option<Remedy> {
    let loss = halves::loss(inventory, object, bundle);
    if let Some(loss) = loss.filter(|loss| !loss.is_a_guess()) {
        return Some(loss.remedy(object).into());
    }
    if let Some(holder) = halves::own_key_elsewhere(inventory, object, bundle) {
        let holder = holder.apart();
        let text =
            format!("{holder} has the private key of this certificate: put the two together");
        return Some(text.into());
    }
    if let Some(loss) = loss {
        return Some(loss.remedy(object).into());
    }
    issuing_ca(inventory, object, bundle.leaf()?)?;
    let text = "put the CA's own private key into it; to hand out its certificate alone, use a ConfigMap or the key ca.crt of another Secret";
    Some(text.into())
}

/// What to do where the private key of the certificate is in the Secret, and not where it is read.
fn key_into_place(secret: &SecretFacts, bundle: &Bundle) -> Option<Remedy> {
    key_belongs_into_tls_key(bundle).or_else(|| {
        let key = secret.rare.key_under.as_deref()?;
        let text = format!(
            "put the value of {key} under tls.key: it holds this certificate's private key"
        );
        Some(text.into())
    })
}

/// How to get a certificate and its own key into `object`, when they are not both there and of use:
/// what is ours is made anew.
fn rotate_or_import(inventory: &Inventory, object: &ObjectRef, bundle: &Bundle) -> Remedy {
    let secret = secret_of(inventory, object);
    if let Some(remedy) = secret.and_then(|secret| somebody_elses(inventory, secret)) {
        return remedy;
    }
    if let Some(remedy) = secret.and_then(|_| put_together(inventory, object, bundle)) {
        return remedy;
    }
    if let Some(remedy) = secret.and_then(|secret| key_into_place(secret, bundle)) {
        return remedy;
    }
    match (object.kind, bundle.leaf()) {
        (Kind::Endpoint, _) => "put another certificate on the server".into(),
        (Kind::File, _) => "put a certificate and its own key side by side".into(),
        (Kind::Route, _) => remedy::into_route(object),
        (_, Some(leaf)) if leaf.self_signed => remade(inventory, object, secret),
        _ => remedy::import(object),
    }
}

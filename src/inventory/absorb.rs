//! Absorbing: an Observation becomes facts, and its bytes are dropped.
//!
//! Knows which annotations people set and which data keys hold copies of the pair. Reading never
//! fails as a whole: what cannot be used becomes a problem or a fact about damage.

mod together;

use super::bundle::{Bundle, KeyState, Signatures};
use super::demand::IngressFacts;
use super::key::{ObjectKey, at};
use super::maker;
use super::own_names;
use super::owner::{copier_of, owner_of, owner_of_object, templates};
use super::refused_hosts;
use super::refused_ports;
use super::service::Service;
use super::{
    AnnotationPolicy, Applier, CaCrt, Content, FileFacts, Inventory, ObjectFacts, Problem,
    RareFacts, Says, SecretFacts, TLS_SECRET, Told, Trouble, Troubles,
};
use crate::gateway_api::{self, Gateway, HostRoute};
use crate::gke::annotations::INGRESS_CLASS;
use crate::gke::events;
use crate::gke::health_check::HealthCheck;
use crate::gke::managed::Managed;
use crate::object_ref::{Kind, OUR_NAME, ObjectRef};
use crate::observation::{
    EventSeen, FieldManager, IngressSeen, MetaSeen, ObjectSeen, Observation, SecretSeen,
};
use crate::redact::Redacted;
use crate::x509::digest;
use crate::x509::foreign::Foreign;
use crate::x509::key::Pairing;
use crate::x509::pem;
use ring::rand::SecureRandom;
use serde_json::Value;
use std::collections::BTreeMap;

/// Of an IngressClass: k8s.io/api networking/v1 `AnnotationIsDefaultIngressClass`.
const IS_DEFAULT_CLASS: &str = "ingressclass.kubernetes.io/is-default-class";

impl Inventory {
    /// Takes in one Observation. A second object of the same name replaces the first when it was
    /// read from the same place (a cluster, seen again), and is a problem when it comes from
    /// another file. The randomness is only for telling pairs: see
    /// [`crate::x509::key::PrivateKey::pairs_with`].
    pub fn absorb(&mut self, observation: Observation, random: &dyn SecureRandom) {
        self.absorb_read(observation, None, random);
    }

    /// The same, with the facts of a Secret where they have been read already.
    fn absorb_read(
        &mut self,
        observation: Observation,
        read: Option<ReadSecret>,
        random: &dyn SecureRandom,
    ) {
        self.forget_lookups();
        match observation {
            Observation::Secret(seen) => self.absorb_secret(&seen, read, random),
            Observation::Ingress(seen) => self.absorb_ingress(&seen),
            Observation::Route(seen) => self.absorb_route(&seen, random),
            Observation::PemFile { object, bytes } => self.absorb_file(object, &bytes, random),
            Observation::Object(seen) if seen.object.kind == Kind::IngressClass => {
                self.absorb_class(&seen);
            }
            Observation::Object(seen) => self.absorb_object(seen),
            Observation::Makers { searched, seen, unseen } => {
                for maker in seen {
                    self.absorb_maker(maker);
                }
                if let Some(scope) = searched {
                    self.makers.searched(scope, unseen);
                }
            }
            Observation::Trust { searched, seen } => {
                self.issuers.take_trust(seen);
                self.trust_seen.extend(searched);
            }
            Observation::Events { about, events } => {
                self.hear(events.iter().map(|event| (&about, event)));
                self.heard.insert(ObjectKey::of(&about));
            }
            Observation::Warnings { searched, seen } => {
                self.hear(seen.iter().map(|(about, event)| (about, event)));
                self.warnings_seen.insert(searched);
            }
            Observation::Delegations { kind, namespace, seen } => {
                self.delegations.take(kind, namespace, seen);
            }
            Observation::Values(seen) => self.absorb_values(&seen, random),
            Observation::TrustBundle(seen) => self.trust_bundles.take(&seen),
            Observation::Staged(seen) => self.staged.take(&seen, random),
            Observation::Workload(seen) => self.uses.take(seen),
            Observation::Workloads { searched, others } => self.uses.searched(searched, others),
            Observation::Handshake(seen) => self.absorb_handshake(seen),
            Observation::Inspected(seen) => self.absorb_inspected(seen),
            Observation::Addresses(seen) => self.dns.absorb_addresses(seen),
            Observation::Issuers(seen) => self.dns.absorb_issuers(seen),
            Observation::GoogleKinds => self.google_kinds_listed = true,
            Observation::Present(object) => {
                self.present.insert(ObjectKey::of(&object));
            }
            Observation::Gone(object) => self.forget(&object),
            Observation::Absent(object) => self.absorb_absence(&object),
            Observation::Unseen { object, message } => self.problem(object, message),
            Observation::Denied { object, denied, message } => {
                self.tell(Problem { denied: Some(denied), ..Problem::new(object, message) });
            }
        }
    }

    /// Absorbing ends what was looked up by host, by name and by public key.
    fn forget_lookups(&mut self) {
        self.servers.take();
        self.halves.take();
        self.gateways.take();
    }

    /// Takes down what controllers had to say of objects.
    fn hear<'e>(&mut self, events: impl Iterator<Item = (&'e ObjectRef, &'e EventSeen)>) {
        for (about, event) in events {
            self.troubles.entry(ObjectKey::of(about)).or_default().record(event);
        }
    }

    fn absorb_absence(&mut self, object: &ObjectRef) {
        if self.knows(object) {
            self.forget(object);
        }
        self.absent.insert(ObjectKey::of(object));
    }

    pub(super) fn absorb_file(
        &mut self,
        object: ObjectRef,
        bytes: &Redacted,
        random: &dyn SecureRandom,
    ) {
        if self.absorb_requests(&object, bytes.expose()) {
            return;
        }
        let (bundle, loose, ders) = Bundle::of_file_in_parts(bytes.expose(), random);
        self.pairs.take(&object, loose, random);
        self.issuers.take(&object, &bundle.certificates, &ders);
        self.note_root(&object, &bundle, &ders);
        self.files.push(FileFacts { object, bundle });
    }

    fn absorb_object(&mut self, seen: ObjectSeen) {
        // What a server holds it has taken.
        if seen.object.kind == Kind::Service && seen.object.place.is_some() {
            for message in refused_ports::of_service(&seen.spec) {
                self.problem(seen.object.clone(), message);
            }
        }
        // Files may define it twice; the first counts, as with Secrets, which also say so.
        let first = self.objects.get(at(&seen.object));
        if first.is_none_or(|first| first.object.place == seen.object.place) {
            if seen.object.kind != Kind::Ingress {
                self.heal(&seen.object);
            }
            let ignore = self.annotation_policy(&seen.object, &seen.meta).ignore;
            let chosen = self.selection.chooses(&seen.object, &seen.meta.labels);
            let asked_for = (seen.object.kind == Kind::Gateway)
                .then(|| maker::asked_by_gateway(&seen.object, &seen.meta, &seen.spec));
            match asked_for {
                Some(Some(maker)) => self.absorb_maker(maker),
                Some(None) => self.forget_maker(&seen.object),
                None => {}
            }
            let facts = object_facts(seen, ignore, chosen);
            self.objects.put(facts);
        }
    }

    fn absorb_secret(
        &mut self,
        seen: &SecretSeen,
        read: Option<ReadSecret>,
        random: &dyn SecureRandom,
    ) {
        let first = self.secrets.get(at(&seen.object)).map(|known| known.object.clone());
        if self.is_second(&seen.object, first) {
            return;
        }
        self.heal(&seen.object);
        self.tell_bad_values(seen);
        let (mut facts, ders) =
            read.unwrap_or_else(|| secret_facts(seen, self.signatures(0), random));
        self.heed(&seen.object, &seen.meta, &facts.rare.annotation_policy);
        facts.chosen = self.selection.chooses(&seen.object, &seen.meta.labels);
        self.shared.share(&mut facts.bundle.certificates);
        self.link_issuers(seen, (&facts, &ders), random);
        self.note_root(&facts.object, &facts.bundle, &ders);
        self.secrets.put(facts);
        self.absorb_values_of(seen, random);
        self.own_by_maker(&seen.object);
    }

    /// Values that are no base64, of keys that no finding speaks of: the API server refuses the Secret
    /// for any of them, and what is to be filled in is written anew before it comes there.
    fn tell_bad_values(&mut self, seen: &SecretSeen) {
        if templates::filler_of(seen).is_some() {
            return;
        }
        for bad in seen.not_base64.iter().filter(|bad| !templates::is_place(bad.text.expose())) {
            let told_elsewhere = matches!(bad.key.as_str(), "tls.crt" | "tls.key");
            if told_elsewhere && !seen.data.contains_key(&bad.key) {
                continue;
            }
            let way_out = Foreign::not_encoded(bad.text.expose())
                .or_else(|| Foreign::spoilt_base64(bad.text.expose()))
                .map_or_else(
                    || "encode it in base64, or move it to stringData".to_owned(),
                    Foreign::remedy,
                );
            let message = format!(
                "{} is not base64, and the API server refuses the whole Secret for it: {way_out}",
                bad.place
            );
            self.problem(seen.object.clone(), message);
        }
    }

    fn link_issuers(
        &mut self,
        seen: &SecretSeen,
        (facts, ders): (&SecretFacts, &[Vec<u8>]),
        random: &dyn SecureRandom,
    ) {
        if self.secrets.contains(at(&seen.object)) {
            self.issuers.forget(&seen.object);
        }
        self.issuers.take(&seen.object, &facts.bundle.certificates, ders);
        // A pair under names of its own (`server.crt`) was signed by somebody too.
        for (_, value) in seen.data.iter().filter(|(key, _)| key.as_str() != "tls.crt") {
            self.issuers.take_anchors(&seen.object, value.expose());
        }
        let leaf = facts.bundle.leaf().map(|leaf| leaf.sha256);
        for anchor in facts.anchors().iter().filter(|anchor| Some(anchor.sha256) != leaf) {
            self.issuers.take_handed_out(&seen.object, anchor.sha256);
        }
        for sha256 in own_names::trusted(&seen.data, leaf, random) {
            self.issuers.take_handed_out(&seen.object, sha256);
        }
        // A certificate without a key can be nothing but trusted.
        if let Some(alone) =
            leaf.filter(|_| facts.bundle.key == KeyState::Missing && facts.rare.key_under.is_none())
        {
            self.issuers.take_handed_out(&seen.object, alone);
        }
    }

    fn absorb_ingress(&mut self, seen: &IngressSeen) {
        let first = self.ingresses.get(at(&seen.object)).map(|known| known.frontend.object.clone());
        if self.is_second(&seen.object, first) {
            return;
        }
        self.heal(&seen.object);
        let refused = refused_hosts::told(seen).into_iter();
        // What a server holds it has taken.
        let in_file = seen.object.place.is_some();
        let ports = in_file.then(|| refused_ports::of_ingress(seen)).into_iter().flatten();
        for message in refused.chain(ports) {
            self.problem(seen.object.clone(), message);
        }
        let ignore = self.annotation_policy(&seen.object, &seen.meta).ignore;
        let chosen = self.selection.chooses(&seen.object, &seen.meta.labels);
        match maker::asked_by(seen) {
            Some(maker) => self.absorb_maker(maker),
            None => self.forget_maker(&seen.object),
        }
        let named = seen.meta.annotations.get(INGRESS_CLASS).filter(|class| !class.is_empty());
        let class = named.or(seen.class_name.as_ref());
        let declares = class.and_then(|class| self.classes.get(class)).map(String::as_str);
        let facts = IngressFacts::of(seen, declares, ignore, chosen);
        let default = self.default_class().filter(|_| facts.is_classless());
        let defaulted = default.map(|default| facts.defaulted(Some(default)));
        self.keep_ingress(defaulted.unwrap_or(facts));
    }

    /// The class that an Ingress without one gets, and what it declares, where exactly one is marked
    /// so.
    fn default_class(&self) -> Option<(&str, Option<&str>)> {
        let mut marked = self.default_classes.iter();
        let only = marked.next().filter(|_| marked.next().is_none())?;
        Some((only, self.classes.get(only).map(String::as_str)))
    }

    /// Reads Ingresses without a class anew, now that another class is seen.
    pub(super) fn default_anew(&mut self) {
        let default = self.default_class();
        let classless = self.ingresses.values().filter(|facts| facts.is_classless());
        let anew: Vec<_> = classless.map(|facts| facts.defaulted(default)).collect();
        for facts in anew {
            self.keep_ingress(facts);
        }
    }

    pub(super) fn keep_ingress(&mut self, facts: IngressFacts) {
        let frontend = &facts.frontend;
        let ingress = ObjectKey::of(&frontend.object);
        self.forget_ingress(&ingress);
        for secret in &frontend.secrets {
            self.used_by.entry(ObjectKey::of(secret)).or_default().insert(ingress.clone());
        }
        for mentioned in &frontend.mentions {
            self.mentioned_by
                .entry(ObjectKey::of(&mentioned.secret))
                .or_default()
                .insert(ingress.clone());
        }
        self.ingresses.put(facts);
    }

    pub(super) fn forget_ingress(&mut self, ingress: &ObjectKey) {
        let Some(facts) = self.ingresses.remove(ingress) else { return };
        for secret in &facts.frontend.secrets {
            if let Some(users) = self.used_by.get_mut(at(secret)) {
                users.remove(ingress);
            }
        }
        for mentioned in &facts.frontend.mentions {
            if let Some(users) = self.mentioned_by.get_mut(at(&mentioned.secret)) {
                users.remove(ingress);
            }
        }
    }

    /// An IngressClass tells whose the Ingresses are that name it, also those already seen.
    fn absorb_class(&mut self, seen: &ObjectSeen) {
        let owned = |(class, declares): (&str, Option<&str>)| {
            (class.to_owned(), declares.map(str::to_owned))
        };
        let before = self.default_class().map(owned);
        self.learn_class(seen);
        let name = &seen.object.name;
        let is_marked = seen.meta.annotations.get(IS_DEFAULT_CLASS).is_some_and(|it| it == "true");
        if is_marked {
            self.default_classes.insert(name.clone());
        } else if seen.object.place.is_none() {
            // A second definition in files says nothing of the first.
            self.default_classes.remove(name);
        }
        if self.default_class().map(owned) != before {
            self.default_anew();
        }
    }

    fn learn_class(&mut self, seen: &ObjectSeen) {
        let name = &seen.object.name;
        let declares = seen.spec.get("controller").and_then(Value::as_str);
        let declares = declares.filter(|controller| !controller.is_empty());
        // Of two in files the first counts; one in a cluster may have been made anew.
        let anew = self.classes.get(name).is_some_and(|known| Some(known.as_str()) != declares);
        if anew && seen.object.place.is_none() {
            self.forget_class(name);
        }
        let Some(declares) = declares else { return };
        let of_class =
            self.ingresses.values().filter(|facts| facts.frontend.class.as_ref() == Some(name));
        let known: Vec<_> = of_class.filter_map(|facts| facts.declared(declares)).collect();
        for facts in known {
            self.keep_ingress(facts);
        }
        self.classes.entry(name.clone()).or_insert_with(|| declares.to_owned());
    }

    /// Whether the object is a second definition in another place; then it is told as a problem.
    pub(super) fn is_second(&mut self, object: &ObjectRef, first: Option<ObjectRef>) -> bool {
        let Some(first) = first.filter(|first| first.place != object.place) else { return false };
        self.problem(
            object.clone(),
            format!("it is defined a second time; only the first is checked: {first}"),
        );
        true
    }

    pub(super) fn problem(&mut self, object: ObjectRef, message: String) {
        self.tell(Problem::new(object, message));
    }

    fn tell(&mut self, mut problem: Problem) {
        problem.message = self.target.program.in_text(&problem.message);
        self.problems.tell(problem);
    }

    /// Keeps which of the selectors that are asked about fit the object: labels are not kept.
    fn note_labels(&mut self, object: &ObjectRef, labels: &BTreeMap<String, String>) {
        let asked = self.selection.asked_labels.iter().enumerate();
        let fitting: Box<[usize]> =
            asked.filter(|(_, selector)| selector.fits(labels)).map(|(at, _)| at).collect();
        if fitting.is_empty() {
            self.labelled.remove(at(object));
        } else {
            self.labelled.insert(ObjectKey::of(object), fitting);
        }
    }

    /// What its annotations ask for; also notes which of them hold a private key, and what its labels fit.
    pub(super) fn annotation_policy(
        &mut self,
        object: &ObjectRef,
        meta: &MetaSeen,
    ) -> AnnotationPolicy {
        let annotation_policy = AnnotationPolicy::of(meta);
        self.heed(object, meta, &annotation_policy);
        annotation_policy
    }

    fn heed(&mut self, object: &ObjectRef, meta: &MetaSeen, asked: &AnnotationPolicy) {
        if meta.keys_in_annotations.is_empty() {
            self.keys_in_annotations.remove(object);
        } else {
            self.keys_in_annotations.insert(object.clone(), meta.keys_in_annotations.clone());
        }
        self.note_labels(object, &meta.labels);
        for message in &asked.not_understood {
            self.tell(Problem::of_policy(object.clone(), message.clone()));
        }
    }
}

impl Troubles {
    fn record(&mut self, event: &EventSeen) {
        if !event.warning {
            let success = events::shows_success(&event.reason, &event.message);
            self.success = self.success.max(event.last.filter(|_| success));
        } else if self.warning.as_ref().is_none_or(|known| known.at <= event.last) {
            let cause = events::cause(&event.message).to_owned();
            let (reason, uid) = (event.reason.clone(), event.uid.clone());
            self.warning = Some(Trouble { reason, cause, uid, at: event.last });
        }
    }
}

fn object_facts(seen: ObjectSeen, ignore: Vec<String>, chosen: bool) -> ObjectFacts {
    let says = match seen.object.kind {
        Kind::Service => Says::Service(Service::of(&seen.spec)),
        Kind::BackendConfig => Says::BackendConfig(HealthCheck::of(&seen.spec)),
        Kind::ManagedCertificate => Says::ManagedCertificate(Managed::of(&seen.spec, &seen.status)),
        Kind::Gateway => Says::Gateway(Gateway::of(&seen.spec, &seen.status)),
        kind if gateway_api::ROUTES.contains(&kind) => Says::HostRoute(HostRoute::of(&seen.spec)),
        _ => Says::Other,
    };
    let is_only_read = matches!(says, Says::Service(_) | Says::Gateway(_) | Says::HostRoute(_));
    ObjectFacts {
        owner: owner_of_object(&seen.object, &seen.meta).map(Box::new),
        applied_by: applier(&seen.meta.field_managers),
        resource_version: seen.meta.resource_version,
        created: seen.meta.created,
        deletion_timestamp: seen.meta.deletion_timestamp,
        uid: seen.meta.uid,
        spec_written: seen.meta.spec_written,
        ignore,
        annotations: seen.meta.annotations,
        head: seen.head,
        says,
        spec: if is_only_read { Value::Null } else { seen.spec },
        object: seen.object,
        chosen,
    }
}

/// Who applies what of an object is managed at all, but for ourselves.
fn applier(managers: &[FieldManager]) -> Option<Applier> {
    // kubectl's name for what it does by annotation; by a server-side apply it is `kubectl`.
    let by_annotation = |manager: &&FieldManager| manager.manager == "kubectl-client-side-apply";
    let applies = |manager: &&FieldManager| manager.applies && manager.manager != OUR_NAME;
    let server = managers.iter().find(applies);
    let server = server.map(|manager| Applier::Server(manager.manager.clone()));
    server.or_else(|| managers.iter().find(by_annotation).map(|_| Applier::Kubectl))
}

/// The facts of a Secret, and its certificates themselves, DER, in the order of the facts.
type ReadSecret = (SecretFacts, Vec<Vec<u8>>);

/// Reads a Secret by itself; whether it was chosen only the inventory knows.
fn secret_facts(
    seen: &SecretSeen,
    signatures: Signatures,
    random: &dyn SecureRandom,
) -> ReadSecret {
    let value = |key: &str| seen.data.get(key).map(Redacted::expose);
    let pair = (value("tls.crt"), value("tls.key"));
    let (mut bundle, ca_file, ders) = Bundle::of_secret(pair, value("ca.crt"), signatures, random);
    // stringData wins over data, also over data that cannot be decoded.
    for bad in seen.not_base64.iter().filter(|bad| !seen.data.contains_key(&bad.key)) {
        bundle.mark_undecodable(&bad.key, bad.text.expose());
    }
    let leaf = bundle.leaf().map(|leaf| leaf.sha256);
    let anchors = ca_file.iter().flat_map(|file| &file.anchors);
    let holds_leaf = anchors.into_iter().any(|anchor| Some(anchor.sha256) == leaf);
    let ca_crt = if holds_leaf { CaCrt::HoldsLeaf } else { CaCrt::Unrelated };
    let key_under = key_under(&bundle, seen, random);
    let owner = owner_of(&seen.object, &seen.meta).or_else(|| templates::filler_of(seen));
    let rare = RareFacts {
        deletion_timestamp: seen.meta.deletion_timestamp,
        other_type: Some(&*seen.secret_type).filter(|it| *it != TLS_SECRET).map(Into::into),
        derived_keys: derived_keys(&seen.data, key_under.as_deref()),
        key_under,
        named_otherwise: own_names::named_otherwise(&bundle, &seen.data, random),
        missing_keys: missing_keys(seen),
        told: Told::Marks,
        copied_by: copier_of(&seen.meta),
        annotation_policy: AnnotationPolicy::of(&seen.meta),
    };
    let facts = SecretFacts {
        object: seen.object.clone(),
        resource_version: seen.meta.resource_version.clone(),
        immutable: seen.immutable,
        tls_crt_digest: digest::short_id(value("tls.crt").unwrap_or_default()),
        bundle,
        ca_crt,
        ca_file: ca_file.map(Box::new),
        owner: owner.map(Box::new),
        applied: seen.meta.applied_data.iter().any(|key| key == "tls.crt" || key == "tls.key"),
        content: if templates::is_template(seen) {
            Content::Template
        } else {
            content([value("tls.crt"), value("tls.key")])
        },
        rare: rare.into(),
        chosen: false,
        writing: seen.meta.writing,
    };
    (facts, ders)
}

fn missing_keys(seen: &SecretSeen) -> Vec<&'static str> {
    let has =
        |key: &str| seen.data.contains_key(key) || seen.not_base64.iter().any(|bad| bad.key == key);
    ["tls.crt", "tls.key"].into_iter().filter(|key| !has(key)).collect()
}

/// What placeholders have: nothing, `{}`, a word. Anything longer was meant to be something.
const MAX_PLACEHOLDER: usize = 64;

fn content(values: [Option<&[u8]>; 2]) -> Content {
    let is_blank = |value: Option<&[u8]>| {
        let value = value.unwrap_or_default().trim_ascii();
        value.len() <= MAX_PLACEHOLDER && !value.starts_with(b"-----BEGIN")
    };
    if values.into_iter().all(is_blank) { Content::Blank } else { Content::Something }
}

/// Where the leaf's private key stands, when it is not in its own place.
fn key_under(bundle: &Bundle, seen: &SecretSeen, random: &dyn SecureRandom) -> Option<String> {
    let certificates = seen.data.get("tls.crt").filter(|_| bundle.key == KeyState::Missing)?;
    let others = seen.data.iter().filter(|(key, _)| key.as_str() != "tls.crt");
    let mut fitting = others.filter(|(_, value)| {
        let pair = Bundle::of_pair(Some(certificates.expose()), Some(value.expose()), random);
        pair.pairing == Pairing::Match || pair.key_position() == Some(bundle.leaf_position())
    });
    fitting.next().map(|(key, _)| key.clone())
}

/// Data keys beside the pair that are made from it: keystores by their ending, and any value that
/// holds the private key or the certificate again. So is the private key where it stands in one of
/// them alone (`key_under`): who reads it there reads `tls.crt` beside it.
fn derived_keys(data: &BTreeMap<String, Redacted>, key_under: Option<&str>) -> Vec<String> {
    let own = |key: &str| matches!(key, "tls.crt" | "tls.key" | "ca.crt");
    let others: Vec<(&String, &Redacted)> = data.iter().filter(|(key, _)| !own(key)).collect();
    if others.is_empty() {
        return Vec::new();
    }
    let pair: Vec<Vec<u8>> = ["tls.crt", "tls.key"]
        .iter()
        .filter_map(|key| data.get(*key))
        .flat_map(|value| ders(value.expose()))
        .collect();
    let keystores = [".p12", ".pfx", ".jks", ".keystore", ".bcfks"];
    let derived = |key: &str, value: &Redacted| {
        let keystore = keystores.iter().any(|end| key.ends_with(end));
        keystore
            || key_under == Some(key)
            || ders(value.expose()).iter().any(|der| pair.contains(der))
    };
    others
        .into_iter()
        .filter(|(key, value)| derived(key, value))
        .map(|(key, _)| key.clone())
        .collect()
}

fn ders(pem: &[u8]) -> Vec<Vec<u8>> {
    let blocks = pem::blocks(pem).into_iter();
    blocks.filter_map(|block| block.der.ok()).map(|der| der.expose().to_vec()).collect()
}

#[cfg(test)]
mod tests;

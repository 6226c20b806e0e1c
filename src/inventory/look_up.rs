//! What the inventory is asked for: objects and facts by name, and all of a kind.
//!
//! Refuses to know how they come in, and how they are linked.

use super::bundle::Bundle;
use super::demand::IngressFacts;
use super::key::at;
use super::owner::Owner;
use super::selection::Selection;
use super::{FileFacts, Inventory, ObjectFacts, Problem, SecretFacts, Trouble};
use crate::object_ref::{Kind, ObjectRef};
use crate::x509::cert::Certificate;
use crate::x509::key::Pairing;
use std::collections::BTreeSet;
use time::OffsetDateTime;

impl Inventory {
    /// Secrets that are about TLS: of that type, named by an Ingress, or chosen by name and not for certain
    /// keys.
    pub fn tls_secrets(&self) -> impl Iterator<Item = &SecretFacts> {
        self.secrets.values().filter(|secret| self.is_about_tls(secret))
    }

    /// Every Secret that was seen, whatever it is about.
    pub fn every_secret(&self) -> impl Iterator<Item = &SecretFacts> {
        self.secrets.values()
    }

    /// Whether it is one of [`Self::tls_secrets`].
    #[must_use]
    pub fn is_about_tls(&self, secret: &SecretFacts) -> bool {
        let named = self.selection.names(&secret.object) && self.selection.keys.is_none();
        secret.rare.other_type.is_none()
            || (named && !secret.is_previous() && !secret.is_next())
            || self.is_used(&secret.object)
    }

    /// The Secret with this name, if it was seen.
    #[must_use]
    pub fn secret(&self, namespace: &str, name: &str) -> Option<&SecretFacts> {
        self.secrets.get(at(&(Kind::Secret, namespace, name)))
    }

    /// This Secret, if it was seen.
    #[must_use]
    pub fn secret_at(&self, secret: &ObjectRef) -> Option<&SecretFacts> {
        self.secrets.get(at(secret))
    }

    /// The Secrets that `object` names: one, or, when it says no namespace, those of that name in
    /// every namespace.
    pub fn secrets_named(&self, object: &ObjectRef) -> impl Iterator<Item = &SecretFacts> {
        let fits = |secret: &&SecretFacts| {
            secret.object.name == object.name
                && (object.namespace.is_none() || secret.object.namespace == object.namespace)
        };
        self.secrets.values().filter(fits)
    }

    /// The object with this name, if it was asked for and seen.
    #[must_use]
    pub fn object(&self, object: &ObjectRef) -> Option<&ObjectFacts> {
        self.objects.get(at(object))
    }

    /// Who deploys the object and puts back what is changed on the cluster.
    #[must_use]
    pub fn deployer(&self, object: &ObjectRef) -> Option<&Owner> {
        let known = self.object(object).and_then(|facts| facts.owner.as_deref());
        let of_route = || self.routes.get(at(object))?.owner.as_deref();
        known.or_else(|| self.ingress_at(object)?.owner.as_deref()).or_else(of_route)
    }

    /// What a controller warned of last about the object, unless it has succeeded since or spoke of an
    /// earlier object of that name.
    #[must_use]
    pub fn trouble(&self, object: &ObjectRef) -> Option<&Trouble> {
        let troubles = self.troubles.get(at(object))?;
        let ingress = self.ingress_at(object).map(|facts| &facts.uid);
        let uid = ingress.or_else(|| Some(&self.object(object)?.uid)).and_then(Option::as_ref);
        let warning = troubles.warning.as_ref().filter(|it| it.at >= troubles.success);
        warning.filter(|it| it.uid.is_none() || uid.is_none() || it.uid.as_ref() == uid)
    }

    /// Whether anything of GKE's own kinds was seen.
    #[must_use]
    pub fn has_gke_objects(&self) -> bool {
        let gke = [Kind::ManagedCertificate, Kind::BackendConfig, Kind::FrontendConfig];
        self.objects.objects().any(|object| gke.contains(&object.kind))
    }

    /// Every object of this kind that was seen as it is written.
    pub fn objects_of(&self, kind: Kind) -> impl Iterator<Item = &ObjectFacts> {
        self.objects.of_kind(kind)
    }

    /// The Ingress with this name, if it was seen.
    #[must_use]
    pub fn ingress(&self, namespace: &str, name: &str) -> Option<&IngressFacts> {
        self.ingresses.get(at(&(Kind::Ingress, namespace, name)))
    }

    /// The Ingress, if it was seen; none for an object of another kind.
    #[must_use]
    pub fn ingress_at(&self, object: &ObjectRef) -> Option<&IngressFacts> {
        self.ingresses.get(at(object))
    }

    /// Since when an object that is no Secret is being deleted, where it was seen and is.
    #[must_use]
    pub fn deletion_timestamp(&self, object: &ObjectRef) -> Option<OffsetDateTime> {
        let ingress = self.ingress_at(object).map(|facts| facts.deletion_timestamp);
        let route = || Some(self.routes.get(at(object))?.deletion_timestamp);
        ingress.or_else(route).or_else(|| Some(self.object(object)?.deletion_timestamp))?
    }

    /// Whether Google's own kinds were looked for where the object is: what is not seen of them is not
    /// there. A cluster that does not know them has no controller of Google's.
    #[must_use]
    pub fn is_beside_google_kinds(&self, object: &ObjectRef) -> bool {
        self.google_kinds_listed || object.place.is_some()
    }

    /// Every Ingress that was seen.
    pub fn ingresses(&self) -> impl Iterator<Item = &IngressFacts> {
        self.ingresses.values()
    }

    /// The IngressClasses of the cluster by name, and whether each is marked as the default one.
    #[must_use]
    pub fn ingress_classes(&self) -> Vec<(&str, bool)> {
        let named = self.classes.keys().chain(&self.default_classes);
        let names: BTreeSet<&str> = named.map(String::as_str).collect();
        names.into_iter().map(|name| (name, self.default_classes.contains(name))).collect()
    }

    /// Every PEM file that was seen.
    pub fn files(&self) -> impl Iterator<Item = &FileFacts> {
        self.files.iter()
    }

    /// The file with the certificate of the private key that stands alone in this one, and whether
    /// that is sure; never [`Pairing::Differs`].
    #[must_use]
    pub fn certificate_of(&self, key: &ObjectRef) -> Option<(&ObjectRef, &Pairing)> {
        self.pairs.certificate_of(key)
    }

    /// The file with the private key, alone in it, of the certificate in this one, and whether that
    /// is sure; never [`Pairing::Differs`].
    #[must_use]
    pub fn key_of(&self, certificate: &ObjectRef) -> Option<(&ObjectRef, &Pairing)> {
        self.pairs.key_of(certificate)
    }

    /// Where a certificate is that this self-signed one signed, of all that were seen.
    #[must_use]
    pub fn signed_by(&self, issuer: &Certificate) -> Option<&ObjectRef> {
        self.issuers.signed_by(issuer)
    }

    /// All that hands out this certificate to be trusted: Secrets, ConfigMaps, files.
    pub fn holders_of(&self, sha256: &[u8; 32]) -> impl Iterator<Item = &ObjectRef> {
        self.issuers.holders_of(sha256)
    }

    /// The Secret whose `ca.crt` hands out this certificate, which is in `object`, beside another
    /// certificate or none.
    #[must_use]
    pub fn handed_out_by(
        &self,
        object: &ObjectRef,
        certificate: &Certificate,
    ) -> Option<&ObjectRef> {
        self.issuers.handed_out_by(object, certificate)
    }

    /// The cert-manager Issuer or ClusterIssuer that signs with this Secret.
    #[must_use]
    pub fn issuer_with(&self, secret: &ObjectRef) -> Option<&ObjectRef> {
        self.issuers.issuer_with(secret)
    }

    /// The object that verifies others with this Secret, or the file that it stands in.
    #[must_use]
    pub fn trusting(&self, secret: &ObjectRef) -> Option<&ObjectRef> {
        self.issuers.trusting(secret)
    }

    /// Every bundle with the object that holds it: TLS Secrets, then Routes, then files, then inspected
    /// places.
    pub fn bundles(&self) -> impl Iterator<Item = (&ObjectRef, &Bundle)> {
        let secrets = self.tls_secrets().map(|secret| (&secret.object, &secret.bundle));
        secrets.chain(self.other_bundles())
    }

    /// Those that stand in Routes, in files and in inspected places.
    pub(super) fn other_bundles(&self) -> impl Iterator<Item = (&ObjectRef, &Bundle)> {
        let files = self.files().map(|file| (&file.object, &file.bundle));
        let places = self.inspected().map(|(object, served)| (object, &*served.bundle));
        let routes = self.routes();
        let routes = routes.filter_map(|it| Some((&it.frontend.object, it.bundle.as_ref()?)));
        routes.chain(files).chain(places)
    }

    /// Whether there is nothing to report on: no certificate and no host that was chosen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let certificate = self.bundles().any(|(object, _)| self.is_reported(object));
        let ingress = self.frontends().any(|frontend| self.is_reported(&frontend.object));
        let other = self.selection.is_everything() && self.has_gke_objects();
        let other = other || self.values().next().is_some();
        !certificate && !ingress && !other
    }

    /// What could not be seen.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        self.problems.all()
    }

    /// Whether the object itself could not be seen, for a reason that was told.
    #[must_use]
    pub fn is_unseen(&self, object: &ObjectRef) -> bool {
        self.problems.of(object).any(|problem| !problem.only_a_policy)
    }

    /// Whether objects of the kind could not be listed in the namespace, or not to the end.
    #[must_use]
    pub fn is_list_unseen(&self, kind: Kind, namespace: &str) -> bool {
        let lists = [Some(namespace), None].map(|within| ObjectRef::all(kind, within));
        lists.iter().any(|list| self.is_unseen(list))
    }

    /// Whether this owner was looked for and is not there any more.
    #[must_use]
    pub fn is_absent(&self, object: &ObjectRef) -> bool {
        self.absent.contains(at(object))
    }

    /// Objects whose annotations hold a private key, each with those annotations.
    pub fn keys_in_annotations(&self) -> impl Iterator<Item = (&ObjectRef, &[String])> {
        self.keys_in_annotations.iter().map(|(object, keys)| (object, keys.as_slice()))
    }

    /// Each object with the codes of the rules that it wants ignored, where there are any.
    pub fn ignoring(&self) -> impl Iterator<Item = (&ObjectRef, &[String])> {
        let secrets = self
            .secrets
            .values()
            .map(|secret| (&secret.object, &secret.rare.annotation_policy.ignore));
        let ingresses = self.ingresses.values();
        let ingresses = ingresses.map(|ingress| (&ingress.frontend.object, &ingress.ignore));
        // An Ingress is among the other objects too.
        let others = self.objects.values().filter(|facts| facts.object.kind != Kind::Ingress);
        let others = others.map(|facts| (&facts.object, &facts.ignore));
        let routes = self.routes().map(|route| (&route.frontend.object, &route.ignore));
        let all = secrets.chain(ingresses).chain(routes).chain(others);
        all.filter(|(_, codes)| !codes.is_empty()).map(|(object, codes)| (object, codes.as_slice()))
    }

    /// The codes of the rules that this object wants ignored.
    #[must_use]
    pub fn ignored(&self, object: &ObjectRef) -> &[String] {
        let codes = match object.kind {
            Kind::Secret => {
                self.secret_at(object).map(|secret| &secret.rare.annotation_policy.ignore)
            }
            Kind::Ingress => self.ingress_at(object).map(|ingress| &ingress.ignore),
            Kind::Route => self.routes.get(at(object)).map(|route| &route.ignore),
            _ => self.object(object).map(|facts| &facts.ignore),
        };
        codes.or_else(|| self.ignored_of_values(object)).map_or(&[], Vec::as_slice)
    }

    /// Whether the selector with this number, of those that the selection asks about, fits the object.
    #[must_use]
    pub fn has_labels(&self, object: &ObjectRef, selector: usize) -> bool {
        self.labelled.get(at(object)).is_some_and(|fitting| fitting.contains(&selector))
    }

    /// The one namespace that was looked in; none for files, and for all of them.
    #[must_use]
    pub fn within(&self) -> Option<&str> {
        self.within.as_deref()
    }

    /// What the user chose to have reported.
    #[must_use]
    pub fn selection(&self) -> &Selection {
        &self.selection
    }
}

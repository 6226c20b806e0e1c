//! Both controllers over one namespace, and what a test may wish of Google.
//!
//! Knows the certificates by the names of their ManagedCertificates. Refuses to know when anything
//! happens.

use super::super::live::Live;
use super::compute::Refusal;
use super::load_balancer::{LoadBalancers, is_glbc};
use super::managed_certs::ManagedCerts;
use super::names::Scheme;
use super::record::Record;
use super::world::{Changes, World};
use super::{PRE_SHARED_CERT, annotation, items};
use std::collections::BTreeSet;
use std::time::Duration;

/// See the module.
pub struct Engine {
    pub(super) world: World,
    pub(super) managed: ManagedCerts,
    pub(super) balancers: LoadBalancers,
    /// How long gke-managed-certs lets pass between two objects of one queue.
    pub(super) pace: Duration,
    looked: bool,
}

impl Engine {
    pub(super) fn new(live: &Live, scheme: Scheme) -> Self {
        Self {
            world: World::new(live),
            managed: ManagedCerts::default(),
            balancers: LoadBalancers::new(scheme),
            pace: Duration::ZERO,
            looked: false,
        }
    }

    /// Reads the namespace. What it finds at first is as if these controllers had made it.
    pub(super) fn look(&mut self) -> Changes {
        let changes = self.world.look();
        if !self.looked {
            self.looked = true;
            for object in self.world.managed.values() {
                self.managed.adopt(&mut self.world.compute, object);
            }
            for ingress in self.world.ingresses.values().filter(|one| is_glbc(one)) {
                LoadBalancers::adopt(&mut self.world.compute, ingress);
            }
        }
        changes
    }

    /// Everything once, in the order that leaves least undone: certificates, names on Ingresses,
    /// load balancers, and the certificates that had been in use until then.
    pub(super) fn pass(&mut self) {
        self.look();
        let Self { world, managed, balancers, .. } = self;
        let mut all: BTreeSet<String> = world.managed.keys().cloned().collect();
        all.extend(managed.entries.keys().cloned());
        all.retain(|name| !managed.sync_certificate(world, name));
        let ingresses: Vec<String> = world.ingresses.keys().cloned().collect();
        for ingress in &ingresses {
            managed.sync_ingress(world, ingress);
        }
        for ingress in &ingresses {
            balancers.sync(world, ingress);
        }
        for name in &all {
            managed.sync_certificate(world, name);
        }
    }

    /// What Google will say of this ManagedCertificate's certificate from now on, once it is asked:
    /// its status and that of its domains, as Kubernetes spells them.
    ///
    /// # Panics
    ///
    /// When there is no such certificate yet.
    #[track_caller]
    pub fn set_status(&mut self, name: &str, status: &str, domains: &[(&str, &str)]) {
        let entry = self.managed.entries.get(name).expect("the controller has seen it");
        self.world.compute.change(&entry.certificate, |certificate| {
            status.clone_into(&mut certificate.status);
            let rows = domains.iter().map(|&(name, status)| (name.to_owned(), status.to_owned()));
            certificate.rows = rows.collect();
        });
    }

    /// Google's name of the certificate, `mcrt-<uuid>`, as soon as the controller has chosen one, and
    /// until it has forgotten it.
    pub fn certificate_name(&self, name: &str) -> Option<&str> {
        self.managed.entries.get(name).map(|entry| entry.certificate.as_str())
    }

    /// Whether the certificate is only waiting until nothing uses it any more.
    pub fn is_soft_deleted(&self, name: &str) -> bool {
        self.managed.entries.get(name).is_some_and(|entry| entry.soft_deleted)
    }

    /// Whether Google has a certificate of this name of Google's.
    pub fn has_certificate(&self, certificate: &str) -> bool {
        self.world.compute.certificate(certificate).is_some()
    }

    /// What stands on the HTTPS proxy of this Ingress, if there is one with a forwarding rule.
    pub fn on_proxy(&mut self, ingress: &str) -> Vec<String> {
        let frontend = self.world.compute.frontend(ingress);
        if frontend.https.is_some() { frontend.certificates.clone() } else { Vec::new() }
    }

    /// Names in the Ingress's `pre-shared-cert`, as last seen, that Google's controller writes and
    /// that neither it nor Google knows any more: they freeze the load balancer for good.
    pub fn dangling(&self, ingress: &str) -> Vec<String> {
        let object = self.world.ingresses.get(ingress);
        let mut names = object.map_or_else(Vec::new, |one| items(annotation(one, PRE_SHARED_CERT)));
        let entries = &self.managed.entries;
        let is_known = |name: &String| entries.values().any(|entry| entry.certificate == *name);
        names.retain(|name| name.starts_with("mcrt-") && !is_known(name));
        names
    }

    /// How long gke-managed-certs lets pass between two objects of one queue from now on.
    pub fn set_pace(&mut self, pace: Duration) {
        self.pace = pace;
    }

    /// After how long on a proxy with a rule for port 443 a certificate becomes Active; `None`: never
    /// by itself.
    pub fn set_auto(&mut self, auto: Option<Duration>) {
        self.world.compute.auto = auto;
    }

    /// Refuses certificates from this many on, in this way; `None`: none is refused.
    pub fn set_quota(&mut self, quota: Option<(usize, Refusal)>) {
        self.world.compute.quota = quota;
    }

    /// Reserves an address under this name.
    pub fn reserve(&mut self, name: &str, address: &str) {
        self.world.compute.reserved.insert(name.to_owned(), address.to_owned());
    }

    /// Has the load balancer of this Ingress not follow any more, for this reason, as when a Service
    /// is gone (`could not find service "a/b"`); `None`: it follows again, once it is woken.
    pub fn break_backends(&mut self, ingress: &str, why: Option<&str>) {
        self.balancers.broken.remove(ingress);
        if let Some(why) = why {
            self.balancers.broken.insert(ingress.to_owned(), why.to_owned());
        }
    }

    /// What was seen until now.
    pub fn record(&self) -> &Record {
        &self.world.compute.record
    }
}

//! Frontends: what serves hosts, each with the certificates that its hosts want.
//!
//! Knows what is the same for every kind of object that serves hosts, be it an Ingress or a Gateway: who
//! serves it, where, and which Secrets. References are whole, with their namespace. Refuses to know how
//! an object says any of it.

use super::key::{Named, at};
use super::{Inventory, ObjectFacts};
use crate::controllers::Controller;
use crate::object_ref::{Kind, OUR_NAME, ObjectRef};
use time::OffsetDateTime;

/// What serves hosts.
#[derive(Debug)]
pub struct Frontend {
    /// The object that says so.
    pub object: ObjectRef,
    /// The class it names.
    pub class: Option<String>,
    /// Who serves it.
    pub controller: Controller,
    /// When the object was made; none in a file that somebody wrote.
    pub created: Option<OffsetDateTime>,
    /// The addresses its controller has given it: each an IP address or a host name, once.
    pub addresses: Vec<String>,
    /// Every host that it serves and that wants a certificate, once; of a Gateway once a listener.
    pub demands: Vec<Demand>,
    /// Every Secret that it names to be served and its controller reads, once, in order.
    pub secrets: Vec<ObjectRef>,
    /// Secrets that it names for other ends than to be served.
    pub mentions: Vec<Mentioned>,
    /// Every ManagedCertificate of its namespace that it names, in order.
    pub managed_names: Vec<String>,
    /// Whether it says anything of TLS, be it for other hosts: an Ingress with any `tls` entry, a Gateway
    /// with a listener that ends TLS.
    pub has_tls: bool,
    /// Why another frontend gives its hosts their certificate, if that is so.
    pub borrows: Option<&'static str>,
    /// Why nobody reads the Secrets that it names, if that is so.
    pub unread: Option<String>,
    /// What tells that its controller speaks HTTP/2 to the backends, as for gRPC, if anything does.
    pub http2: Option<String>,
    /// Whether the user chose it for the report.
    pub chosen: bool,
}

/// A Secret that is named for another end than to be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mentioned {
    /// The annotation that does, without its prefix.
    pub annotation: &'static str,
    /// The Secret; its name is as written, and may be none.
    pub secret: ObjectRef,
}

/// One host and the places its certificate may come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// The host as written.
    pub host: String,
    /// Secrets whose certificates may be served for it, or the Route that holds one itself; one that
    /// covers it is enough. Their names are as written, and may be none.
    pub secrets: Vec<ObjectRef>,
    /// Secrets whose certificates are served for it only where they name it.
    pub by_name: Vec<ObjectRef>,
    /// Why a certificate may be served for it that cannot be seen here.
    pub elsewhere: Option<String>,
    /// The annotation that adds the host, where no rule has it.
    pub added_by: Option<String>,
    /// The listener of a Gateway that serves it.
    pub listener: Option<Box<Listener>>,
}

/// The listener of a Gateway that serves a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its name, for people.
    pub name: String,
    /// Its port; none where it says none that there is.
    pub port: Option<u16>,
}

impl Demand {
    /// The host name to ask a server for: the host, or for a wildcard one of the names below it.
    #[must_use]
    pub fn probe(&self) -> String {
        let host = self.host.to_ascii_lowercase();
        host.strip_prefix("*.").map_or_else(|| host.clone(), |rest| format!("{OUR_NAME}.{rest}"))
    }

    /// Whether nothing of its own frontend is meant to serve TLS for the host; another one may, see
    /// [`Inventory::coverage`].
    #[must_use]
    pub fn without_tls(&self) -> bool {
        self.secrets.is_empty() && self.elsewhere.is_none()
    }

    /// Whether the certificate of this Secret may be served for the host, whatever names it has.
    #[must_use]
    pub fn names(&self, secret: &ObjectRef) -> bool {
        self.secrets.iter().any(|named| named.same_object(secret))
    }
}

impl Frontend {
    /// The demand for this host, whatever its case.
    #[must_use]
    pub fn demand(&self, host: &str) -> Option<&Demand> {
        self.demands.iter().find(|demand| demand.host.eq_ignore_ascii_case(host))
    }

    /// The hosts that may be served with this Secret.
    #[must_use]
    pub fn hosts_of(&self, secret: &ObjectRef) -> Vec<&str> {
        let by_name = |demand: &Demand| demand.by_name.iter().any(|it| it.same_object(secret));
        let named = self.demands.iter().filter(|demand| demand.names(secret) || by_name(demand));
        named.map(|demand| demand.host.as_str()).collect()
    }

    /// Whether it names this ManagedCertificate.
    #[must_use]
    pub fn names_managed(&self, managed: &ObjectFacts) -> bool {
        self.object.namespace == managed.object.namespace
            && self.managed_names.contains(&managed.object.name)
    }

    /// Who serves it, as far as its class tells: see [`Controller::or_by_word`].
    #[must_use]
    pub fn likely_controller(&self) -> Controller {
        self.controller.or_by_word(self.class.as_deref())
    }

    /// Whether both are of the same object.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.object.same_object(&other.object)
    }
}

impl Inventory {
    /// Everything that was seen and serves hosts.
    pub fn frontends(&self) -> impl Iterator<Item = &Frontend> {
        let ingresses = self.ingresses().map(|ingress| &ingress.frontend);
        let routes = self.routes().map(|route| &route.frontend);
        ingresses.chain(self.gateways().frontends()).chain(routes)
    }

    /// Every host that wants a certificate, with what is to serve it.
    pub fn demands(&self) -> impl Iterator<Item = (&Frontend, &Demand)> {
        self.frontends()
            .flat_map(|frontend| frontend.demands.iter().map(move |demand| (frontend, demand)))
    }

    /// What names this ManagedCertificate.
    pub fn namers<'i>(
        &'i self,
        managed: &'i ObjectFacts,
    ) -> impl Iterator<Item = &'i Frontend> + use<'i> {
        self.frontends().filter(|frontend| frontend.names_managed(managed))
    }

    /// What of this object serves hosts, if it was seen and anything does.
    #[must_use]
    pub fn frontend(&self, object: &ObjectRef) -> Option<&Frontend> {
        self.frontend_at(object)
    }

    pub(super) fn frontend_at(&self, object: &impl Named) -> Option<&Frontend> {
        match object.parts().0 {
            Kind::Ingress => self.ingresses.get(at(object)).map(|ingress| &ingress.frontend),
            Kind::Gateway => self.gateways().frontend(at(object)),
            Kind::Route => self.routes.get(at(object)).map(|route| &route.frontend),
            _ => None,
        }
    }
}

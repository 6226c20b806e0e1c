//! Ingress controllers: who serves an Ingress, and how each reads it.
//!
//! Knows, as a table of facts with their sources, how a controller finds the certificate of a host,
//! which annotations add a host or move its certificate elsewhere, and what it serves where none
//! fits. Refuses to know what a certificate is, and what is right or wrong about an Ingress.
//!
//! Sources are paths in the controllers' own repositories at these heads: kubernetes/ingress-nginx
//! dbb11b92, traefik/traefik fd5a576d, projectcontour/contour 31c4bb38,
//! kubernetes-sigs/aws-load-balancer-controller 225f4456, haproxytech/kubernetes-ingress fc120676,
//! jcmoraisjr/haproxy-ingress 465a51ce, nginx/kubernetes-ingress 0eb3072d,
//! Kong/kubernetes-ingress-controller 1fa68f86, openshift/route-controller-manager 1916ceb0,
//! cert-manager/cert-manager 2d0d7f7f.

mod reading;
mod table;

pub use reading::{
    AUTH_TLS_SECRET, Added, Elsewhere, Mention, PROXY_SSL_SECRET, added_hosts, borrows, denied,
    elsewhere, is_solver, mentions, no_references, secret_namespace,
};
use std::collections::BTreeMap;
pub use table::{Choice, Facts, Mismatch, Order, Orphan, Tie};

/// Who serves an Ingress.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Controller {
    /// kubernetes/ingress-nginx.
    IngressNginx,
    /// Traefik's provider of Ingresses.
    Traefik,
    /// Contour, in front of Envoy.
    Contour,
    /// The AWS load balancer controller.
    Alb,
    /// HAProxy Technologies' controller.
    HaproxyTech,
    /// The community's haproxy-ingress.
    HaproxyIngress,
    /// F5's NGINX Ingress Controller.
    NginxInc,
    /// Kong.
    Kong,
    /// OpenShift, which makes a Route of each rule.
    OpenShift,
    /// GKE's load balancer, which [`crate::gke`] tells of.
    Gke,
    /// OpenShift's router, which serves a Route as it is.
    Router,
    /// Whoever serves the Gateways of a class: no two of them are read as one.
    Gateway,
    /// Somebody else, or nobody can tell who.
    #[default]
    Unknown,
}

impl Controller {
    /// Who serves an Ingress: as the IngressClass it names `declares` (`spec.controller`), else by
    /// the `class` it names, else by annotations that only one controller reads. A class that two
    /// controllers call their own is told apart by annotations too; where they do not tell,
    /// `nginx` is kubernetes/ingress-nginx, and `haproxy` stays unknown.
    #[must_use]
    pub fn of(
        class: Option<&str>,
        declares: Option<&str>,
        annotations: &BTreeMap<String, String>,
    ) -> Self {
        if let Some(declared) = declares {
            return table::declared(declared);
        }
        let annotated = table::annotated(annotations);
        let Some(class) = class.filter(|class| !class.is_empty()) else {
            // Whether GKE serves what names no class depends on the platform.
            return annotated.filter(|told| *told != Self::Gke).unwrap_or_default();
        };
        let mut named = table::named(class);
        match (named.next(), annotated) {
            (None, annotated) => annotated.filter(|told| *told != Self::Gke).unwrap_or_default(),
            (Some(first), annotated) => {
                let others: Vec<Self> = named.collect();
                match annotated.filter(|told| *told == first || others.contains(told)) {
                    Some(told) => told,
                    None if others.is_empty() || first == Self::IngressNginx => first,
                    None => Self::Unknown,
                }
            }
        }
    }

    /// Whose an Ingress of an unknown class is as a rule: people name the classes of one controller
    /// by a word of its own (`nginx-internal`). Good for what is said and how loudly; how an Ingress is
    /// read must not hang on it.
    #[must_use]
    pub fn or_by_word(self, class: Option<&str>) -> Self {
        const WORDS: [(&str, Controller); 6] = [
            ("nginx", Controller::IngressNginx),
            ("traefik", Controller::Traefik),
            ("contour", Controller::Contour),
            ("kong", Controller::Kong),
            ("haproxy", Controller::HaproxyIngress),
            ("openshift", Controller::OpenShift),
        ];
        let class =
            class.filter(|_| self == Self::Unknown).unwrap_or_default().to_ascii_lowercase();
        let mut words = class.split(|c: char| !c.is_ascii_alphanumeric());
        let known = |word: &str| WORDS.iter().find(|(known, _)| *known == word);
        words.find_map(known).map_or(self, |(_, controller)| *controller)
    }

    /// What is known of it.
    #[must_use]
    pub fn facts(self) -> &'static Facts {
        table::facts(self)
    }

    /// Its name, as people call it; `its controller` for an unknown one.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// Whether certificate and key pass through Go's `tls.X509KeyPair` before they are served, so
    /// that what Go cannot parse, or a key that is not the certificate's, is refused.
    #[must_use]
    pub fn loads_pairs_with_go(self) -> bool {
        self.facts().loads_pairs_with_go
    }

    /// Whether it answers TLS itself by Go's `crypto/tls`; the others hand the certificate to nginx,
    /// HAProxy, Envoy or a cloud.
    #[must_use]
    pub fn terminates_with_go(self) -> bool {
        self == Self::Traefik
    }

    /// Whether several Ingresses of one class that name a host make one server, whose certificate is
    /// then the same for all.
    #[must_use]
    pub fn shares_hosts(self) -> bool {
        self.facts().order != Order::Alone
    }

    /// Whether every certificate of every Ingress of the class may be served for any host, by its
    /// names.
    #[must_use]
    pub fn pools(self) -> bool {
        self.facts().choice == Choice::Pool
    }

    /// Whether it reads the Secrets of `spec.tls` at all.
    #[must_use]
    pub fn reads_secrets(self) -> bool {
        self.facts().choice != Choice::Nowhere
    }
}

#[cfg(test)]
mod tests;

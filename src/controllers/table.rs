//! The table: one row a controller, each fact with where it was read.

use super::Controller;
use std::collections::BTreeMap;

/// How the certificate of a host is found in `spec.tls`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The first entry that lists the host, whether or not it names a Secret; where none does, any
    /// entry whose certificate names the host.
    FirstThenNames,
    /// The first entry that lists the host.
    First,
    /// The last entry that lists the host.
    Last,
    /// The first entry with a Secret that lists the host, or a wildcard over it, as SNI.
    Sni,
    /// Hosts are not read: any certificate of any Ingress, by its names.
    Pool,
    /// Hosts are not read: any certificate of this Ingress, by its names.
    Every,
    /// Secrets are not read.
    Nowhere,
    /// Not known: entries that list the host, else those that list a wildcard over it, else those
    /// that list none.
    Guess,
}

/// What is served for a host that the certificate does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// A certificate of the controller's own.
    Default,
    /// That certificate all the same: names are not compared.
    Wrong,
    /// Not known.
    Unknown,
}

/// What becomes of a host that `spec.tls` lists and no rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orphan {
    /// The entry does nothing for it.
    Ignored,
    /// Its certificate is served, and requests go to what takes all hosts, if anything does.
    Served,
    /// Not known: it is taken for a host like others.
    Unknown,
}

/// Which of several Ingresses with the same host gives it its certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// None but its own: each Ingress has a load balancer of its own.
    Alone,
    /// The one that was made first, of those that have an opinion; of two that were made in the same
    /// second, as a chart makes them, by their names.
    Oldest(Tie),
    /// One of them, another at every change.
    Random,
    /// One of them, which is not known.
    Unknown,
}

/// Which of two objects that were made in the same second comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// The one whose `namespace/name` is the larger.
    Larger,
    /// The one whose `namespace/name` is the smaller.
    Smaller,
    /// By what is not seen here, such as its UID.
    Unseen,
}

/// What is known of one controller.
#[derive(Debug)]
pub struct Facts {
    /// Which one.
    pub controller: Controller,
    /// As people call it.
    pub name: &'static str,
    /// Classes that are its own unless it was told otherwise.
    pub classes: &'static [&'static str],
    /// `spec.controller` of its IngressClasses; another part may follow after a slash.
    pub declared: &'static [&'static str],
    /// Prefixes of annotations that it reads.
    pub prefixes: &'static [&'static str],
    /// How a certificate is found.
    pub choice: Choice,
    /// What is served where it does not fit.
    pub mismatch: Mismatch,
    /// What becomes of hosts without a rule.
    pub orphan: Orphan,
    /// Whose certificate it is where several Ingresses name the host.
    pub order: Order,
    /// Whether certificate and key are parsed by Go's `tls.X509KeyPair`.
    pub loads_pairs_with_go: bool,
}

/// What is known of none: its Ingresses are read as certwright read all of them before it knew
/// controllers.
static UNKNOWN: Facts = Facts {
    controller: Controller::Unknown,
    name: "its controller",
    classes: &[],
    declared: &[],
    prefixes: &[],
    choice: Choice::Guess,
    mismatch: Mismatch::Unknown,
    orphan: Orphan::Unknown,
    order: Order::Unknown,
    loads_pairs_with_go: false,
};

/// Every controller that is known.
pub(super) static TABLE: &[Facts] = &[
    // Class: store/store.go:1066-1090, flags.go (`--ingress-class`, default nginx); AKS runs it under
    // a name of its own. Choice: controller.go:1719-1764 (first entry that lists the host, then SAN
    // of each). Mismatch: controller.go:1480-1493. Orphan: servers come from rules alone,
    // controller.go:1363-1393. Order: store.go:1102-1114, the first with any tls decides, also for
    // the fake certificate, controller.go:1448-1456. Pairs: net/ssl/ssl.go:85-101.
    Facts {
        controller: Controller::IngressNginx,
        name: "ingress-nginx",
        classes: &["nginx", "webapprouting.kubernetes.azure.com"],
        declared: &["k8s.io/ingress-nginx", "webapprouting.kubernetes.azure.com"],
        prefixes: &["nginx.ingress.kubernetes.io/"],
        choice: Choice::FirstThenNames,
        mismatch: Mismatch::Default,
        orphan: Orphan::Ignored,
        order: Order::Oldest(Tie::Larger),
        loads_pairs_with_go: true,
    },
    // Class: provider/kubernetes/ingress/kubernetes.go:571-581. Choice: hosts of spec.tls are never
    // read, kubernetes.go:827-859; names decide, tls/certificate_store.go:107-128; one pool for all
    // namespaces. Mismatch: tlsmanager.go:277-281. Pairs: tlsmanager.go:137-141.
    Facts {
        controller: Controller::Traefik,
        name: "Traefik",
        classes: &["traefik"],
        declared: &["traefik.io/ingress-controller"],
        prefixes: &["traefik.ingress.kubernetes.io/"],
        choice: Choice::Pool,
        mismatch: Mismatch::Default,
        orphan: Orphan::Served,
        order: Order::Unknown,
        loads_pairs_with_go: true,
    },
    // Class: internal/ingressclass/ingressclass.go:34-61. Choice and mismatch: each entry's hosts get
    // its Secret, later ones overwrite, names are not compared, dag/ingress_processor.go:99-157.
    // Orphan: a host without a route is not sent on, dag/dag.go:957-962. Order: last writer over a
    // Go map, dag/cache.go:66. Pairs: dag/secret.go:171-278, certificate and key apart.
    Facts {
        controller: Controller::Contour,
        name: "Contour",
        classes: &["contour"],
        declared: &["projectcontour.io"],
        prefixes: &["projectcontour.io/"],
        choice: Choice::Last,
        mismatch: Mismatch::Wrong,
        orphan: Orphan::Ignored,
        order: Order::Random,
        loads_pairs_with_go: false,
    },
    // Class: pkg/ingress/group_loader.go:196-230; EKS runs it under a name of its own. Choice: spec.tls[].secretName has no reader;
    // certificates are ACM's, model_build_listener.go:134-244. Order: Ingresses share a load balancer
    // only in a group, group_loader.go:276-308.
    Facts {
        controller: Controller::Alb,
        name: "the AWS load balancer controller",
        classes: &["alb"],
        declared: &["ingress.k8s.aws/alb", "eks.amazonaws.com/alb"],
        prefixes: &["alb.ingress.kubernetes.io/"],
        choice: Choice::Nowhere,
        mismatch: Mismatch::Unknown,
        orphan: Orphan::Unknown,
        order: Order::Alone,
        loads_pairs_with_go: false,
    },
    // Class: pkg/store/store.go:259-282. Choice: every Secret of every Ingress in one directory,
    // HAProxy matches SNI to names, haproxy/certs/main.go:123-125, haproxy/api/frontend.go:189-213.
    // Mismatch: certs/main.go:118-121. Pairs: no check, certs/main.go:337-371.
    Facts {
        controller: Controller::HaproxyTech,
        name: "HAProxy",
        classes: &["haproxy"],
        declared: &["haproxy.org/ingress-controller"],
        prefixes: &["haproxy.org/", "haproxy.com/"],
        choice: Choice::Pool,
        mismatch: Mismatch::Default,
        orphan: Orphan::Served,
        order: Order::Unknown,
        loads_pairs_with_go: false,
    },
    // Class: controller/services/cache.go:123-175. Choice, mismatch and orphan: an HTTPS host for
    // each listed host with that entry's file as its only one, converters/ingress/ingress.go:527-546,
    // haproxy/config.go:260-275. Order: ingress.go:291-299, :533-544. Pairs: services/ssl.go:155-181.
    Facts {
        controller: Controller::HaproxyIngress,
        name: "haproxy-ingress",
        classes: &["haproxy"],
        declared: &["haproxy-ingress.github.io/controller"],
        prefixes: &["haproxy-ingress.github.io/"],
        choice: Choice::First,
        mismatch: Mismatch::Wrong,
        orphan: Orphan::Served,
        order: Order::Oldest(Tie::Smaller),
        loads_pairs_with_go: true,
    },
    // Class: internal/k8s/controller.go:4294-4313. Choice: exact string, the last entry wins,
    // internal/configs/ingress.go:994-1006. Order: configuration.go:65-71, :1666-1681. Pairs:
    // secrets/validation.go:47-60.
    Facts {
        controller: Controller::NginxInc,
        name: "NGINX Ingress Controller",
        classes: &["nginx"],
        declared: &["nginx.org/ingress-controller"],
        prefixes: &["nginx.org/", "nginx.com/"],
        choice: Choice::Last,
        mismatch: Mismatch::Wrong,
        orphan: Orphan::Ignored,
        order: Order::Oldest(Tie::Unseen),
        loads_pairs_with_go: true,
    },
    // Class: internal/store/store.go:188-218. Choice: SNIs as listed, entries without hosts or Secret
    // skipped, translator/ingressrules.go:374-403. Mismatch and pairs: translate_certs.go:197-227.
    // Order: translate_ingress.go:34-46.
    Facts {
        controller: Controller::Kong,
        name: "Kong",
        classes: &["kong"],
        declared: &["ingress-controllers.konghq.com"],
        prefixes: &["konghq.com/"],
        choice: Choice::Sni,
        mismatch: Mismatch::Wrong,
        orphan: Orphan::Served,
        order: Order::Oldest(Tie::Smaller),
        loads_pairs_with_go: true,
    },
    // Class: pkg/route/ingress/ingress.go:633-657. Choice: ingress.go:840-849, copied into a Route;
    // mismatch: the router's host check is switched off, routeapihelpers/validation.go:189-193.
    Facts {
        controller: Controller::OpenShift,
        name: "OpenShift's router",
        classes: &["openshift-default"],
        declared: &["openshift.io/ingress-to-route"],
        prefixes: &["route.openshift.io/"],
        choice: Choice::First,
        mismatch: Mismatch::Wrong,
        orphan: Orphan::Ignored,
        order: Order::Unknown,
        loads_pairs_with_go: false,
    },
    // Class: ingress-gce goes by the annotation alone, which is told apart before this table is
    // asked. Choice: every certificate of the Ingress is offered, SNI decides.
    Facts {
        controller: Controller::Gke,
        name: "GKE's load balancer",
        classes: &[],
        declared: &[],
        prefixes: &["networking.gke.io/", "ingress.gcp.kubernetes.io/"],
        choice: Choice::Every,
        mismatch: Mismatch::Unknown,
        orphan: Orphan::Unknown,
        order: Order::Alone,
        loads_pairs_with_go: false,
    },
    // A Route is told by its kind, before this table is asked. Pairs: the router refuses a Route whose
    // pair Go refuses, openshift/router @4b401a86 pkg/router/routeapihelpers/validation.go:245-270.
    // Mismatch: as for OpenShift's Ingresses;
    // order: the first Route with a host has it, the others are refused (HostAlreadyClaimed in their
    // status), which is not looked at.
    Facts {
        controller: Controller::Router,
        name: "OpenShift's router",
        classes: &[],
        declared: &[],
        prefixes: &[],
        choice: Choice::Every,
        mismatch: Mismatch::Wrong,
        orphan: Orphan::Unknown,
        order: Order::Alone,
        loads_pairs_with_go: true,
    },
    // A Gateway is told by its kind, before this table is asked. Choice: of several certificates of a
    // listener one is served by SNI (GatewayTLSConfig.certificateRefs, gateway-api apis/v1 v1.4);
    // what else differs from implementation to implementation is not known.
    Facts {
        controller: Controller::Gateway,
        name: "the Gateway's controller",
        classes: &[],
        declared: &[],
        prefixes: &[],
        choice: Choice::Every,
        mismatch: Mismatch::Unknown,
        orphan: Orphan::Unknown,
        order: Order::Alone,
        loads_pairs_with_go: false,
    },
];

pub(super) fn facts(controller: Controller) -> &'static Facts {
    TABLE.iter().find(|facts| facts.controller == controller).unwrap_or(&UNKNOWN)
}

/// Whose IngressClass this is.
pub(super) fn declared(controller: &str) -> Controller {
    let is = |known: &&str| {
        controller.strip_prefix(*known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let found = TABLE.iter().find(|facts| facts.declared.iter().any(is));
    found.map_or(Controller::Unknown, |facts| facts.controller)
}

/// Those whose class it is by default.
pub(super) fn named(class: &str) -> impl Iterator<Item = Controller> {
    let those = TABLE.iter().filter(move |facts| facts.classes.contains(&class));
    those.map(|facts| facts.controller)
}

/// The only one that reads annotations of this kind; none when several or none are spoken to.
pub(super) fn annotated(annotations: &BTreeMap<String, String>) -> Option<Controller> {
    let spoken_to = |facts: &&Facts| {
        let reads = |key: &String| facts.prefixes.iter().any(|prefix| key.starts_with(prefix));
        annotations.keys().any(reads)
    };
    let mut those = TABLE.iter().filter(spoken_to);
    let first = those.next()?;
    those.next().is_none().then_some(first.controller)
}

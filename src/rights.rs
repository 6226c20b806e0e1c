//! What each way of running asks an API server for: one table, from which roles and documents are made.
//!
//! A right that is in no row is never asked for, and one that is in a row is used: a test runs every mode on
//! an API server that keeps account of every request. Refuses to know who has which rights, and how a role is
//! written.

use std::collections::BTreeMap;

/// A way of running, as `--for` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// `check`, `inspect`.
    Check,
    /// `check --served`.
    Served,
    /// `check --ca-bundles`.
    CaBundles,
    /// `check --notify`, whose state is a ConfigMap.
    Notify,
    /// `verify`.
    Verify,
    /// `rotate`, `import --replace`.
    Rotate,
    /// `rotate --restart`.
    Restart,
    /// `rotate --trust`.
    Overlap,
}

impl Mode {
    /// All, in the order of the help.
    pub const ALL: [Self; 8] = [
        Self::Check,
        Self::Served,
        Self::CaBundles,
        Self::Notify,
        Self::Verify,
        Self::Rotate,
        Self::Restart,
        Self::Overlap,
    ];

    /// As it is typed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Served => "served",
            Self::CaBundles => "ca-bundles",
            Self::Notify => "notify",
            Self::Verify => "verify",
            Self::Rotate => "rotate",
            Self::Restart => "restart",
            Self::Overlap => "trust",
        }
    }

    /// What is run so.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::Check => "check, inspect",
            Self::Served => "check --served",
            Self::CaBundles => "check --ca-bundles",
            Self::Notify => "check --notify with --notify-state configmap/NAME",
            Self::Verify => "verify",
            Self::Rotate => "rotate, import --replace",
            Self::Restart => "rotate --restart, rollback --restart",
            Self::Overlap => "rotate --trust; webhooks, APIServices and CRDs are of the part trust",
        }
    }

    /// Whether it does all that `check` does.
    const fn checks(self) -> bool {
        !matches!(self, Self::Verify)
    }

    /// Whether it writes what others trust by.
    const fn overlaps(self) -> bool {
        matches!(self, Self::Overlap)
    }

    /// Whether it does all that `rotate` does.
    const fn rotates(self) -> bool {
        matches!(self, Self::Rotate | Self::Restart | Self::Overlap)
    }
}

/// What a cluster may have beside what every cluster has, as `--with` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What every cluster has, and no report does without.
    Core,
    /// Who reads Secrets that no Ingress names.
    Workloads,
    /// Who trusts a certificate that may be a CA's.
    Trust,
    /// Gateway API.
    GatewayApi,
    /// GKE's own kinds.
    Gke,
    /// Routes of OpenShift.
    OpenShift,
    /// cert-manager.
    CertManager,
    /// Contour.
    Contour,
    /// Everybody else who makes Secrets.
    Makers,
}

impl Part {
    /// Those that can be left out, in the order of the help.
    pub const OPTIONAL: [Self; 8] = [
        Self::Workloads,
        Self::Trust,
        Self::GatewayApi,
        Self::Gke,
        Self::OpenShift,
        Self::CertManager,
        Self::Contour,
        Self::Makers,
    ];

    /// As it is typed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Workloads => "workloads",
            Self::Trust => "trust",
            Self::GatewayApi => "gateway-api",
            Self::Gke => "gke",
            Self::OpenShift => "openshift",
            Self::CertManager => "cert-manager",
            Self::Contour => "contour",
            Self::Makers => "makers",
        }
    }

    /// What it is there for.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::Core => "What every cluster has",
            Self::Workloads => "Which Pods and controllers read a Secret that no Ingress names",
            Self::Trust => "Who trusts or signs with a certificate that may be a CA's",
            Self::GatewayApi => "Gateways and their routes",
            Self::Gke => "GKE's ManagedCertificates, BackendConfigs, FrontendConfigs",
            Self::OpenShift => "Routes of OpenShift, which may hold private keys",
            Self::CertManager => "cert-manager's Certificates and Issuers",
            Self::Contour => "Contour's TLSCertificateDelegations",
            Self::Makers => {
                "External Secrets, Sealed Secrets, Vault and whoever else makes Secrets"
            }
        }
    }
}

/// Where something is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// In the namespaces that are looked at.
    Within,
    /// In all of them, or in none: only a ClusterRole can grant it.
    Everywhere,
    /// Only in the namespace that it runs in.
    Own,
}

/// One row: what is asked for of some resources of an API group.
#[derive(Debug)]
pub struct Right {
    /// The API group; empty for the core.
    pub group: &'static str,
    /// The resources, by their plural.
    pub resources: &'static [&'static str],
    /// What is done with them, as RBAC names it.
    pub verbs: &'static [&'static str],
    /// Where they are asked for.
    pub reach: Reach,
    /// What has to be in the cluster, or wanted.
    pub part: Part,
    /// Whether this way of running asks for it.
    asked: fn(Mode) -> bool,
}

const fn row(
    part: Part,
    group: &'static str,
    resources: &'static [&'static str],
    verbs: &'static [&'static str],
    asked: fn(Mode) -> bool,
) -> Right {
    Right { group, resources, verbs, reach: Reach::Within, part, asked }
}

impl Right {
    const fn of_the_cluster(self) -> Self {
        Self { reach: Reach::Everywhere, ..self }
    }

    const fn of_its_own(self) -> Self {
        Self { reach: Reach::Own, ..self }
    }

    /// The ways of running that ask for it.
    pub fn modes(&self) -> impl Iterator<Item = Mode> + use<'_> {
        Mode::ALL.into_iter().filter(|mode| (self.asked)(*mode))
    }

    /// Whether any of these ways of running asks for it, of a cluster with these parts.
    fn is_asked(&self, modes: &[Mode], parts: &[Part]) -> bool {
        let is_there = self.part == Part::Core || parts.contains(&self.part);
        is_there && modes.iter().any(|mode| (self.asked)(*mode))
    }
}

const READ: &[&str] = &["get", "list"];
const LIST: &[&str] = &["list"];

/// The table.
pub const RIGHTS: &[Right] = &[
    row(Part::Core, "", &["secrets"], READ, |_| true),
    row(Part::Core, "", &["secrets"], &["create", "patch"], Mode::rotates),
    row(Part::Core, "networking.k8s.io", &["ingresses"], READ, |_| true),
    // Whether an empty namespace is one.
    row(Part::Core, "", &["namespaces"], &["get"], |_| true),
    row(Part::Core, "networking.k8s.io", &["ingressclasses"], LIST, |_| true).of_the_cluster(),
    // What speaks gRPC.
    row(Part::Core, "", &["services"], LIST, |mode| matches!(mode, Mode::Served | Mode::Verify)),
    row(Part::Core, "", &["configmaps"], &["get", "create", "patch"], |mode| mode == Mode::Notify)
        .of_its_own(),
    row(Part::Workloads, "", &["pods"], READ, Mode::checks),
    row(Part::Workloads, "apps", &["replicasets"], READ, Mode::checks),
    row(Part::Workloads, "batch", &["jobs"], READ, Mode::checks),
    row(
        Part::Workloads,
        "apps",
        &["deployments", "statefulsets", "daemonsets"],
        LIST,
        Mode::checks,
    ),
    row(
        Part::Workloads,
        "apps",
        &["deployments", "statefulsets", "daemonsets"],
        &["get", "patch"],
        |mode| mode == Mode::Restart,
    ),
    row(Part::Workloads, "batch", &["cronjobs"], LIST, Mode::checks),
    row(Part::Core, "", &["secrets"], &["delete"], Mode::overlaps),
    row(Part::Core, "", &["configmaps"], &["get", "patch"], Mode::overlaps),
    row(
        Part::Trust,
        "admissionregistration.k8s.io",
        &["validatingwebhookconfigurations", "mutatingwebhookconfigurations"],
        &["get", "patch"],
        Mode::overlaps,
    )
    .of_the_cluster(),
    row(Part::Trust, "apiregistration.k8s.io", &["apiservices"], &["get", "patch"], Mode::overlaps)
        .of_the_cluster(),
    row(
        Part::Trust,
        "apiextensions.k8s.io",
        &["customresourcedefinitions"],
        &["get", "patch"],
        Mode::overlaps,
    )
    .of_the_cluster(),
    row(Part::Trust, "", &["configmaps"], LIST, Mode::checks),
    row(
        Part::Trust,
        "admissionregistration.k8s.io",
        &["validatingwebhookconfigurations", "mutatingwebhookconfigurations"],
        LIST,
        Mode::checks,
    )
    .of_the_cluster(),
    row(Part::Trust, "apiregistration.k8s.io", &["apiservices"], LIST, Mode::checks)
        .of_the_cluster(),
    row(
        Part::Core,
        "admissionregistration.k8s.io",
        &["validatingwebhookconfigurations", "mutatingwebhookconfigurations"],
        LIST,
        |mode| mode == Mode::CaBundles,
    )
    .of_the_cluster(),
    row(Part::Core, "apiregistration.k8s.io", &["apiservices"], LIST, |mode| {
        mode == Mode::CaBundles
    })
    .of_the_cluster(),
    row(Part::Core, "apiextensions.k8s.io", &["customresourcedefinitions"], LIST, |mode| {
        mode == Mode::CaBundles
    })
    .of_the_cluster(),
    row(Part::GatewayApi, "gateway.networking.k8s.io", &["gateways"], READ, |_| true),
    row(
        Part::GatewayApi,
        "gateway.networking.k8s.io",
        // Those of other namespaces may attach to a Gateway of this one.
        &["httproutes", "grpcroutes", "tlsroutes"],
        LIST,
        |_| true,
    )
    .of_the_cluster(),
    row(Part::GatewayApi, "gateway.networking.k8s.io", &["referencegrants"], LIST, |_| true),
    row(Part::OpenShift, "route.openshift.io", &["routes"], READ, |_| true),
    row(Part::OpenShift, "", &["services"], LIST, Mode::checks),
    row(Part::Gke, "networking.gke.io", &["managedcertificates", "frontendconfigs"], LIST, |_| {
        true
    }),
    row(Part::Gke, "cloud.google.com", &["backendconfigs"], LIST, |_| true),
    row(Part::Gke, "", &["services"], LIST, |_| true),
    row(Part::Gke, "", &["events"], LIST, Mode::checks),
    row(Part::Gke, "networking.k8s.io", &["ingresses"], &["patch"], Mode::rotates),
    row(Part::CertManager, "cert-manager.io", &["certificates", "issuers"], LIST, Mode::checks),
    row(Part::CertManager, "cert-manager.io", &["clusterissuers"], LIST, Mode::checks)
        .of_the_cluster(),
    row(Part::Contour, "projectcontour.io", &["tlscertificatedelegations"], LIST, |_| true),
    row(Part::Makers, "external-secrets.io", &["externalsecrets"], LIST, Mode::checks),
    row(Part::Makers, "external-secrets.io", &["clusterexternalsecrets"], LIST, Mode::checks)
        .of_the_cluster(),
    row(Part::Makers, "kubernetes-client.io", &["externalsecrets"], LIST, Mode::checks),
    row(Part::Makers, "certmanager.k8s.io", &["certificates"], LIST, Mode::checks),
    row(Part::Makers, "cert.gardener.cloud", &["certificates"], LIST, Mode::checks),
    row(Part::Makers, "bitnami.com", &["sealedsecrets"], LIST, Mode::checks),
    row(Part::Makers, "secrets-store.csi.x-k8s.io", &["secretproviderclasses"], LIST, Mode::checks),
    row(Part::Makers, "secret-sync.gke.io", &["secretsyncs"], LIST, Mode::checks),
    row(Part::Makers, "secret-sync.x-k8s.io", &["secretsyncs"], LIST, Mode::checks),
    row(
        Part::Makers,
        "secrets.hashicorp.com",
        &["vaultpkisecrets", "vaultstaticsecrets", "vaultdynamicsecrets"],
        LIST,
        Mode::checks,
    ),
    row(Part::Makers, "clustersecret.io", &["clustersecrets"], LIST, Mode::checks).of_the_cluster(),
    row(Part::Makers, "kyverno.io", &["policies"], LIST, Mode::checks),
    row(Part::Makers, "kyverno.io", &["clusterpolicies"], LIST, Mode::checks).of_the_cluster(),
    row(Part::Makers, "onepassword.com", &["onepassworditems"], LIST, Mode::checks),
    row(Part::Makers, "secrets.infisical.com", &["infisicalsecrets"], LIST, Mode::checks),
    row(Part::Makers, "isindir.github.com", &["sopssecrets"], LIST, Mode::checks),
];

/// What is granted of resources of one API group: a rule of a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Granted {
    /// The API group; empty for the core.
    pub group: &'static str,
    /// The resources.
    pub resources: Vec<&'static str>,
    /// The verbs.
    pub verbs: Vec<&'static str>,
}

/// The rights that these ways of running ask for there, of a cluster with these parts. Each resource stands in one rule, and resources of a group with the same verbs stand
/// together.
#[must_use]
pub fn granted(modes: &[Mode], parts: &[Part], reach: Reach) -> Vec<Granted> {
    let mut verbs: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    let asked = RIGHTS.iter().filter(|right| right.is_asked(modes, parts));
    for right in asked.filter(|right| right.reach == reach) {
        for resource in right.resources {
            let all = verbs.entry((right.group, resource)).or_default();
            all.extend(right.verbs);
            all.sort_unstable();
            all.dedup();
        }
    }
    let mut rules: BTreeMap<(&str, Vec<&str>), Vec<&str>> = BTreeMap::new();
    for ((group, resource), verbs) in verbs {
        rules.entry((group, verbs)).or_default().push(resource);
    }
    let rule = |((group, verbs), resources)| Granted { group, resources, verbs };
    rules.into_iter().map(rule).collect()
}

#[cfg(test)]
mod tests {
    use super::{Granted, Mode, Part, Reach, granted};

    #[test]
    fn a_check_of_a_plain_cluster_reads_secrets_and_ingresses_and_no_more() {
        let of = |group, resource, verbs: &[&'static str]| Granted {
            group,
            resources: vec![resource],
            verbs: verbs.to_vec(),
        };
        let rules = granted(&[Mode::Check], &[], Reach::Within);
        let read = ["get", "list"];
        let expected = [
            of("", "namespaces", &["get"]),
            of("", "secrets", &read),
            of("networking.k8s.io", "ingresses", &read),
        ];
        assert_eq!(rules, expected);
        let classes = of("networking.k8s.io", "ingressclasses", &["list"]);
        assert_eq!(granted(&[Mode::Check], &[], Reach::Everywhere), [classes]);
    }

    #[test]
    fn nothing_is_written_but_by_what_writes() {
        let writes = |modes: &[Mode]| {
            let all = [Reach::Within, Reach::Everywhere, Reach::Own]
                .map(|reach| granted(modes, &Part::OPTIONAL, reach));
            let rules = all.concat().into_iter();
            let writes = |rule: &Granted| rule.verbs.iter().any(|it| *it != "get" && *it != "list");
            rules.filter(writes).map(|rule| rule.resources.join(",")).collect::<Vec<_>>()
        };
        let none: Vec<String> = Vec::new();
        assert_eq!(writes(&[Mode::Check, Mode::Served, Mode::CaBundles, Mode::Verify]), none);
        assert_eq!(writes(&[Mode::Rotate]), ["secrets", "ingresses"]);
        let workloads = "daemonsets,deployments,statefulsets";
        assert_eq!(writes(&[Mode::Restart]), ["secrets", workloads, "ingresses"]);
        assert_eq!(writes(&[Mode::Notify]), ["configmaps"]);
    }
}

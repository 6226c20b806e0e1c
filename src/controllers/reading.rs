//! Annotations and labels of an Ingress that add a host, or move its certificate elsewhere.

use super::Controller;
use std::collections::BTreeMap;

type Annotations = BTreeMap<String, String>;

/// Why a certificate that no Secret of `spec.tls` holds may be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// It is served instead of theirs, for this reason.
    Instead(String),
    /// It may be served beside theirs.
    Beside(String),
    /// It may be served where none is named.
    WhereNone(String),
}

/// A host that an annotation adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The host, as written or derived.
    pub host: String,
    /// The annotation's key.
    pub by: String,
}

/// One annotation of one controller, or of several that share its prefix.
fn get<'a>(annotations: &'a Annotations, prefixes: &[&str], name: &str) -> Option<&'a str> {
    let value = |prefix: &&str| annotations.get(&format!("{prefix}{name}"));
    prefixes.iter().find_map(value).map(|value| value.trim()).filter(|value| !value.is_empty())
}

/// The prefixes under which it is spoken to, with the one that both controllers of HAProxy read.
/// haproxytech: annotations/validators/validations.go:77-79; haproxy-ingress: options.go:27.
fn prefixes(controller: Controller) -> Vec<&'static str> {
    let mut prefixes = controller.facts().prefixes.to_vec();
    if matches!(controller, Controller::HaproxyTech | Controller::HaproxyIngress) {
        prefixes.push(SHARED);
    }
    prefixes
}

const SHARED: &str = "ingress.kubernetes.io/";

/// What Go's `strconv.ParseBool` takes for true.
fn is_on(value: &str) -> bool {
    matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty())
}

const PASSTHROUGH: &str = "/ssl-passthrough";

/// Why the certificate of the Ingress may be one that cannot be seen here. `has_tls`: whether it
/// has any entry in `spec.tls`.
#[must_use]
pub fn elsewhere(
    controller: Controller,
    annotations: &Annotations,
    has_tls: bool,
) -> Option<Elsewhere> {
    use Controller::{
        Alb, Contour, Gke, HaproxyIngress, HaproxyTech, IngressNginx, Kong, NginxInc, OpenShift,
        Traefik, Unknown,
    };
    match controller {
        IngressNginx | HaproxyTech | Unknown => passthrough(annotations),
        HaproxyIngress => passthrough(annotations).or_else(|| signed_by_itself(annotations)),
        Traefik => of_traefik(annotations),
        Alb => of_alb(annotations, has_tls),
        Kong => of_kong(annotations),
        OpenShift => of_openshift(annotations),
        Contour | NginxInc | Gke | Controller::Router | Controller::Gateway => None,
    }
}

/// The backend answers TLS. The prefix of ingress-nginx can be another by a flag, so any counts.
/// ingress-nginx: annotations/sslpassthrough, controller.go:666-683; haproxytech:
/// annotations/ingress/sslPassthrough.go; haproxy-ingress: types/annotations.go:88.
fn passthrough(annotations: &Annotations) -> Option<Elsewhere> {
    let mut on =
        annotations.iter().filter(|(key, value)| key.ends_with(PASSTHROUGH) && is_on(value.trim()));
    let (key, _) = on.next()?;
    Some(Elsewhere::Instead(format!("annotation {key}: the backend shows its own certificate")))
}

/// haproxy-ingress makes the certificate and writes the Secret: types/annotations.go:71.
fn signed_by_itself(annotations: &Annotations) -> Option<Elsewhere> {
    let prefixes = prefixes(Controller::HaproxyIngress);
    let signer = get(annotations, &prefixes, "cert-signer")?;
    Some(Elsewhere::Beside(format!(
        "annotation cert-signer is {signer:?}: haproxy-ingress gets it"
    )))
}

/// kubernetes/ingress/annotations.go:24-32: a resolver's certificates are in no Secret, and the
/// default one is that of the TLSStore. Entrypoints may add TLS by themselves; `websecure` is the
/// one of Traefik's own chart that does.
fn of_traefik(annotations: &Annotations) -> Option<Elsewhere> {
    let prefixes = prefixes(Controller::Traefik);
    if let Some(resolver) = get(annotations, &prefixes, "router.tls.certresolver") {
        return Some(Elsewhere::Beside(format!("certResolver {resolver} of Traefik gets it")));
    }
    let tls = get(annotations, &prefixes, "router.tls").is_some_and(is_on);
    let entrypoints = get(annotations, &prefixes, "router.entrypoints").unwrap_or_default();
    let secure = items(entrypoints).any(|name| name == "websecure");
    let or_default = "a Secret of another namespace or Traefik's TLSStore may hold it";
    match (tls, secure) {
        (true, _) => Some(Elsewhere::WhereNone(format!("router.tls is on: {or_default}"))),
        (false, true) => Some(Elsewhere::WhereNone(format!("entrypoint websecure: {or_default}"))),
        (false, false) => None,
    }
}

/// `spec.tls[].secretName` is never read; certificates are those of ACM, by ARN or by discovery:
/// ingress/model_build_listener.go:134-244. An IngressClassParams, and other Ingresses of the group,
/// can name them too.
fn of_alb(annotations: &Annotations, has_tls: bool) -> Option<Elsewhere> {
    let prefixes = prefixes(Controller::Alb);
    let find = |name: &str| get(annotations, &prefixes, name);
    let https = find("listen-ports").is_some_and(|ports| ports.contains("HTTPS"));
    let why = if let Some(arn) = find("certificate-arn") {
        format!("annotation certificate-arn names {arn}")
    } else if find("create-acm-cert").is_some_and(is_on) {
        "annotation create-acm-cert: the controller requests it of ACM".to_owned()
    } else if https || has_tls || find("ssl-redirect").is_some() || find("group.name").is_some() {
        "the AWS load balancer controller takes it from ACM and reads no Secret".to_owned()
    } else {
        return None;
    };
    Some(Elsewhere::Instead(why))
}

/// kongstate/route.go:295-327: `tls_passthrough` among the protocols.
fn of_kong(annotations: &Annotations) -> Option<Elsewhere> {
    let protocols = get(annotations, &prefixes(Controller::Kong), "protocols")?;
    items(protocols).any(|protocol| protocol == "tls_passthrough").then(|| {
        Elsewhere::Instead(
            "protocol tls_passthrough: the backend shows its own certificate".to_owned(),
        )
    })
}

/// route/ingress/ingress.go:940-1005: a Route may pass TLS through, or end it with the router's
/// default certificate.
fn of_openshift(annotations: &Annotations) -> Option<Elsewhere> {
    let termination = get(annotations, &prefixes(Controller::OpenShift), "termination")?;
    match termination {
        "passthrough" => Some(Elsewhere::Instead(
            "termination is passthrough: the backend shows its own certificate".to_owned(),
        )),
        "edge" | "reencrypt" => Some(Elsewhere::WhereNone(format!(
            "termination is {termination}: the router's default certificate"
        ))),
        _ => None,
    }
}

/// Hosts that annotations add to those of the rules; expressions are left out, since they name no
/// host. ingress-nginx: alias/main.go:31-87 and `buildRedirects` for from-to-www-redirect;
/// haproxy-ingress: types/annotations.go:224-237; Kong: annotations.go:42-73 (`host-aliases`).
#[must_use]
pub fn added_hosts(
    controller: Controller,
    annotations: &Annotations,
    rule_hosts: &[String],
) -> Vec<Added> {
    let lists: &[&str] = match controller {
        Controller::IngressNginx => &["server-alias"],
        Controller::HaproxyIngress => &["server-alias", "redirect-from"],
        Controller::Kong => &["host-aliases"],
        _ => return Vec::new(),
    };
    let prefixes = prefixes(controller);
    let key = |name: &str| format!("{}{name}", prefixes.first().copied().unwrap_or_default());
    let mut added = Vec::new();
    for name in lists {
        let hosts = items(get(annotations, &prefixes, name).unwrap_or_default());
        let hosts = hosts.filter(|host| !host.starts_with('~'));
        added.extend(hosts.map(|host| Added { host: host.to_owned(), by: key(name) }));
    }
    let to_www = "from-to-www-redirect";
    if controller == Controller::IngressNginx
        && get(annotations, &prefixes, to_www).is_some_and(is_on)
    {
        let hosts = rule_hosts.iter().filter(|host| !host.is_empty() && !host.starts_with('*'));
        added.extend(hosts.map(|host| Added { host: other_www(host), by: key(to_www) }));
    }
    added
}

fn other_www(host: &str) -> String {
    host.strip_prefix("www.").map_or_else(|| format!("www.{host}"), str::to_owned)
}

/// Why another Ingress of the class gives this one's hosts their certificate, whatever it says
/// itself. ingress-nginx: controller.go:1405-1408 (`canary`); NGINX Ingress Controller:
/// internal/configs/utils.go:131-139 (a minion has no TLS of its own).
#[must_use]
pub fn borrows(controller: Controller, annotations: &Annotations) -> Option<&'static str> {
    let prefixes = prefixes(controller);
    match controller {
        Controller::IngressNginx if get(annotations, &prefixes, "canary").is_some_and(is_on) => {
            Some("it is a canary: the main Ingress of the host provides the certificate")
        }
        Controller::NginxInc
            if get(annotations, &prefixes, "mergeable-ingress-type") == Some("minion") =>
        {
            Some("it is a minion: its master provides the certificate")
        }
        _ => None,
    }
}

/// Whether this is the Ingress by which cert-manager answers an ACME challenge over plain HTTP, and
/// which goes as soon as that is done: issuer/acme/http/ingress.go:147-206.
#[must_use]
pub fn is_solver(name: &str, labels: &BTreeMap<String, String>) -> bool {
    labels.get("acme.cert-manager.io/http01-solver").is_some_and(|value| value == "true")
        || name.starts_with("cm-acme-http-solver-")
}

/// The namespace in which the Secrets of `spec.tls` are, where it is not the Ingress's own:
/// Contour's `tls-cert-namespace`, which a TLSCertificateDelegation there must allow
/// (internal/k8s/objectmeta.go:42-85).
#[must_use]
pub fn secret_namespace(controller: Controller, annotations: &Annotations) -> Option<&str> {
    if controller != Controller::Contour {
        return None;
    }
    get(annotations, &prefixes(controller), "tls-cert-namespace")
}

/// Names the Secret by whose `ca.crt` clients are verified.
pub const AUTH_TLS_SECRET: &str = "auth-tls-secret";
/// Names the Secret by which backends are verified, and which is shown to them.
pub const PROXY_SSL_SECRET: &str = "proxy-ssl-secret";

/// Annotations by which ingress-nginx is to verify with a Secret, and whose value is not of the form
/// `namespace/name`: see [`denied`] for what it does then. Each with its value. Source:
/// internal/k8s/main.go:36-43 (`ParseNameNS`), authtls/main.go:156-173, proxyssl/main.go:192-212.
#[must_use]
pub fn no_references(controller: Controller, annotations: &Annotations) -> Vec<(String, String)> {
    if controller != Controller::IngressNginx {
        return Vec::new();
    }
    let prefixes = prefixes(controller);
    // `/name` passes for a form, and is then looked up as it is written.
    let is_one = |value: &str| {
        value.split('/').count() == 2 && value.split('/').all(|part| !part.is_empty())
    };
    let names = [AUTH_TLS_SECRET, PROXY_SSL_SECRET].into_iter();
    let found = names.filter_map(|name| Some((name, get(annotations, &prefixes, name)?)));
    let bad = found.filter(|(_, value)| !is_one(value));
    bad.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What ingress-nginx does where it cannot read what one of these annotations names: for clients the
/// whole server answers so, whichever Ingress has the path. Source: annotations/annotations.go
/// (`AuthTLSError`), controller.go:762, template nginx.tmpl:929 (403) and :1428 (503).
#[must_use]
pub fn denied(annotation: &str) -> &'static str {
    if annotation == AUTH_TLS_SECRET {
        "refuses every request for the hosts of this Ingress (403)"
    } else {
        "denies every path of this Ingress (503)"
    }
}

/// A Secret that an annotation names beside those of `spec.tls`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The annotation, without its prefix.
    pub annotation: &'static str,
    /// The namespace, where one is given.
    pub namespace: Option<String>,
    /// The Secret's name.
    pub name: String,
}

/// Secrets that annotations name beside those of `spec.tls`: client certificates, CAs to verify with. ingress-nginx: internal/k8s/main.go:36-43,
/// authtls/main.go:156-173, proxyssl/main.go:192-212; haproxytech: annotations.go:218-237;
/// haproxy-ingress: types/annotations.go:154, :270; OpenShift: ingress.go:940-1005.
#[must_use]
pub fn mentions(controller: Controller, annotations: &Annotations) -> Vec<Mention> {
    let names: &[&'static str] = match controller {
        Controller::IngressNginx => &[AUTH_TLS_SECRET, PROXY_SSL_SECRET],
        Controller::HaproxyTech => &["server-crt", "server-ca"],
        Controller::HaproxyIngress => {
            &[AUTH_TLS_SECRET, "secure-crt-secret", "secure-verify-ca-secret"]
        }
        Controller::OpenShift => &["destination-ca-certificate-secret"],
        _ => return Vec::new(),
    };
    let prefixes = prefixes(controller);
    let found = names.iter().filter_map(|name| Some((*name, get(annotations, &prefixes, name)?)));
    found
        .map(|(annotation, value)| {
            let (namespace, name) = value.split_once('/').unwrap_or(("", value));
            let namespace = Some(namespace).filter(|namespace| !namespace.is_empty());
            Mention { annotation, namespace: namespace.map(str::to_owned), name: name.to_owned() }
        })
        .collect()
}

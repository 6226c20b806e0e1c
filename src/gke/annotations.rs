//! Annotation keys of GKE Ingress, and what they say about where certificates come from.
//!
//! Source: ingress-gce and gke-managed-certs, as read in their code.

use std::collections::BTreeMap;

/// The class of an Ingress before `spec.ingressClassName`, and still the only way to name GKE's.
pub const INGRESS_CLASS: &str = "kubernetes.io/ingress.class";
/// Names of `ManagedCertificates`, comma-separated, that the Ingress shall serve.
pub const MANAGED_CERTIFICATES: &str = "networking.gke.io/managed-certificates";
/// Names of Google `SslCertificates`, comma-separated; also written by the controller.
pub const PRE_SHARED_CERT: &str = "ingress.gcp.kubernetes.io/pre-shared-cert";
/// Names of the Google `SslCertificates` that are served, comma-separated; written by the
/// controller after a full sync. Each holds a digest of the `tls.crt` it was made from.
pub const SSL_CERT: &str = "ingress.kubernetes.io/ssl-cert";
/// Whether the load balancer also listens on port 80; `"false"` turns that off.
pub const ALLOW_HTTP: &str = "kubernetes.io/ingress.allow-http";
/// Name of a reserved global address.
pub const STATIC_IP: &str = "kubernetes.io/ingress.global-static-ip-name";
/// Name of a reserved address of the region, for an internal load balancer.
pub const REGIONAL_STATIC_IP: &str = "kubernetes.io/ingress.regional-static-ip-name";
/// Name of the FrontendConfig of an Ingress.
pub const FRONTEND_CONFIG: &str = "networking.gke.io/v1beta1.FrontendConfig";
/// On a Service, JSON from port name to `HTTP`, `HTTPS` or `HTTP2`.
pub const APP_PROTOCOLS: &str = "cloud.google.com/app-protocols";
/// The older spelling, which wins where both are set.
pub const OLDER_APP_PROTOCOLS: &str = "service.alpha.kubernetes.io/app-protocols";
/// On a Service, JSON that names its BackendConfigs: `{"default": "name"}`.
pub const BACKEND_CONFIG: &str = "cloud.google.com/backend-config";
/// On a Service, JSON that makes the load balancer talk to pods: `{"ingress": true}`.
pub const NEG: &str = "cloud.google.com/neg";
/// Name of a Certificate Manager map.
pub const CERT_MAP: &str = "networking.gke.io/certmap";
/// Of a Gateway's listener, in `tls.options`: names of Google's certificates, comma-separated, which are
/// served in place of Secrets (Google's documentation of secure Gateways).
pub const LISTENER_CERTIFICATES: [&str; 2] =
    ["networking.gke.io/pre-shared-certs", "networking.gke.io/cert-manager-certs"];
/// Means nothing to anybody: certwright changes it to wake Google's controllers, which look at an
/// object when it changes and else every ten minutes. Its value is the time.
pub const TOUCHED: &str = "certwright.dev/touched";

/// The items of a comma-separated list, as GKE's controllers split it: trimmed, empty ones dropped.
pub fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// The annotation, if any, by which an Ingress of this class serves certificates that no Secret
/// holds. No class is taken for GKE's.
#[must_use]
pub fn certificates_elsewhere<'a>(
    annotations: &'a BTreeMap<String, String>,
    class: Option<&str>,
) -> Option<(&'static str, &'a str)> {
    let keys = [MANAGED_CERTIFICATES, PRE_SHARED_CERT, CERT_MAP].into_iter();
    keys.filter(|key| is_read(key, class)).find_map(|key| {
        let names = annotations.get(key)?.trim();
        (!names.is_empty()).then_some((key, names))
    })
}

/// Whether anybody reads this annotation on an Ingress of this class: other controllers know none
/// of Google's, and that of ManagedCertificates passes over all of Google's classes but `gce`.
fn is_read(key: &str, class: Option<&str>) -> bool {
    match class.unwrap_or_default() {
        "" | "gce" => true,
        "gce-internal" | "gce-regional-external" => key != MANAGED_CERTIFICATES,
        _ => false,
    }
}

/// Why ManagedCertificates are not served by an Ingress with this annotation [`INGRESS_CLASS`] and
/// this `spec.ingressClassName`; none when they are. Source: the controller of gke-managed-certs
/// takes the annotation `gce`, an empty one and none; GKE's load balancer passes over an Ingress
/// that names a class in the other place alone.
#[must_use]
pub fn managed_are_ignored(annotated: Option<&str>, named: Option<&str>) -> Option<String> {
    match (annotated.unwrap_or_default(), named.unwrap_or_default()) {
        ("gce", _) | ("", "") => None,
        ("", named) => Some(format!(
            "ingressClassName {named} without the annotation {INGRESS_CLASS} is not an Ingress of GKE's load balancer"
        )),
        (annotated, _) => Some(format!("class {annotated} is served no ManagedCertificates")),
    }
}

/// Whether GKE's load balancer serves an Ingress of this class annotation. It offers every
/// certificate of the Ingress and lets SNI choose by the certificates' own names;
/// `spec.tls[].hosts` is never read.
#[must_use]
pub fn is_gke_class(class: Option<&str>) -> bool {
    matches!(class, Some("gce" | "gce-internal"))
}

/// Whether a value of [`ALLOW_HTTP`] closes port 80: what Go's `ParseBool` takes for false.
/// Anything it cannot read counts as true.
#[must_use]
pub fn is_off(allow_http: &str) -> bool {
    matches!(allow_http, "0" | "f" | "F" | "false" | "FALSE" | "False")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_annotation_names_no_certificate() {
        let annotated =
            |value: &str| BTreeMap::from([(PRE_SHARED_CERT.to_owned(), value.to_owned())]);
        assert_eq!(certificates_elsewhere(&annotated("  "), None), None);
        assert_eq!(certificates_elsewhere(&annotated("a,b"), None), Some((PRE_SHARED_CERT, "a,b")));
    }

    #[test]
    fn googles_annotations_count_for_googles_classes() {
        let both = BTreeMap::from([
            (PRE_SHARED_CERT.to_owned(), "bought".to_owned()),
            (MANAGED_CERTIFICATES.to_owned(), "web".to_owned()),
        ]);
        for (class, found) in [
            (None, Some((MANAGED_CERTIFICATES, "web"))),
            (Some(""), Some((MANAGED_CERTIFICATES, "web"))),
            (Some("gce"), Some((MANAGED_CERTIFICATES, "web"))),
            (Some("gce-internal"), Some((PRE_SHARED_CERT, "bought"))),
            (Some("nginx"), None),
            (Some("traefik"), None),
            (Some("alb"), None),
        ] {
            assert_eq!(certificates_elsewhere(&both, class), found, "{class:?}");
        }
    }

    #[test]
    fn managed_certificates_are_served_by_class_gce_and_none() {
        for (annotated, named, served) in [
            (None, None, true),
            (Some(""), None, true),
            (Some("gce"), None, true),
            (Some("gce"), Some("gce"), true),
            (Some("nginx"), None, false),
            (Some("gce-internal"), None, false),
            (None, Some("nginx"), false),
            (None, Some("gce"), false),
            (Some("GCE"), None, false),
        ] {
            let ignored = managed_are_ignored(annotated, named);
            assert_eq!(ignored.is_none(), served, "{annotated:?} {named:?}");
        }
    }
}

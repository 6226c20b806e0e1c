//! Loads: whether the controller of a frontend takes what stands in a Secret at all.
//!
//! Knows what each controller refuses to load, whatever hosts it is for. Refuses to call that a
//! fault: that is the audit's.

use super::bundle::{Bundle, KeyState};
use super::frontend::Frontend;
use super::{SecretFacts, TLS_SECRET};
use crate::controllers::Controller;
use crate::x509::go;
use crate::x509::key::Pairing;
use crate::x509::pem::PemQuirk;

impl Frontend {
    /// Whether its controller loads the certificate and key of this Secret; where it does not, hosts
    /// get the controller's default certificate, or no TLS.
    #[must_use]
    pub fn loads(&self, secret: &SecretFacts) -> bool {
        let controller = self.likely_controller();
        refuses_type(controller, secret.secret_type()).is_none()
            && !self.refuses_ca_crt(controller, secret)
            && takes(controller, &secret.bundle)
    }

    /// Whether its controller refuses the whole Secret for its `ca.crt`: ingress-nginx where something
    /// in it is no certificate (internal/net/ssl/ssl.go, `CheckCACert`), haproxy-ingress (jcmoraisjr)
    /// also where the leaf does not verify by it (pkg/controller/services/ssl.go).
    fn refuses_ca_crt(&self, controller: Controller, secret: &SecretFacts) -> bool {
        let Some(file) = &secret.ca_file else { return false };
        let for_clients =
            || self.mentions.iter().any(|other| other.secret.same_object(&secret.object));
        match controller {
            Controller::IngressNginx => file.is_broken(),
            Controller::HaproxyIngress => {
                file.is_broken() || (file.serves_leaf == Some(false) && !for_clients())
            }
            _ => false,
        }
    }
}

/// Whether the controller takes certificate and key as they are, whatever they stand in.
#[must_use]
pub fn takes(controller: Controller, bundle: &Bundle) -> bool {
    refuses_beside(controller, bundle).is_none()
        && is_a_pair(bundle)
        && !nobody_finds_it(bundle)
        && !(controller.loads_pairs_with_go() && go_finds_no_pair(bundle))
}

/// Whether the first certificate can be read and the key is its own: nobody serves TLS with less.
/// Source: Go's crypto/tls `X509KeyPair`, OpenSSL's `SSL_CTX_check_private_key`, Envoy, which does not
/// take what Contour hands on unchecked.
fn is_a_pair(bundle: &Bundle) -> bool {
    let first_is_damaged = bundle.damaged.iter().any(|damaged| damaged.index == 0);
    !first_is_damaged
        && matches!(bundle.key, KeyState::Read { .. })
        && bundle.pairing != Pairing::Differs
}

/// What the controller does that refuses certificate and key for what stands beside its
/// certificates or its key; none where it takes it. ingress-nginx wants a certificate as the first
/// block (internal/net/ssl/ssl.go, `CreateSSLCert`); Contour wants nothing else at all, and one key
/// alone (internal/dag/secret.go), and OpenShift's router certificates alone too
/// (pkg/router/routeapihelpers/validation.go).
#[must_use]
pub fn refuses_beside(controller: Controller, bundle: &Bundle) -> Option<&'static str> {
    let strays = &bundle.among_certificates;
    match controller {
        Controller::IngressNginx if strays.iter().any(|stray| stray.first) => {
            Some("ingress-nginx, which wants a certificate first, serves its fake certificate")
        }
        Controller::Contour if !strays.is_empty() => {
            Some("Contour, which wants certificates alone, serves no HTTPS")
        }
        Controller::Contour if !bundle.beside_key.is_empty() => Some(BESIDE_THE_KEY),
        Controller::OpenShift | Controller::Router if !strays.is_empty() => {
            Some("OpenShift's router, which wants certificates alone, refuses the Route")
        }
        _ => None,
    }
}

/// What the controller does that refuses a Secret for its type; none where it takes it, as most take
/// any. Sources: nginx/kubernetes-ingress internal/k8s/secrets/validation.go:47-60, configs/ingress.go:1011-1036;
/// openshift/route-controller-manager pkg/route/ingress/ingress.go:903-977; Contour internal/dag/secret.go:39-63.
#[must_use]
pub fn refuses_type(controller: Controller, secret_type: &str) -> Option<&'static str> {
    match controller {
        Controller::NginxInc if secret_type != TLS_SECRET => {
            Some("NGINX Ingress Controller, which takes no other type, refuses TLS handshakes")
        }
        Controller::Router if secret_type != TLS_SECRET => {
            Some("OpenShift's router, which takes no other type, serves its default certificate")
        }
        Controller::OpenShift if secret_type != TLS_SECRET => {
            Some("OpenShift, which takes no other type, makes no Route")
        }
        Controller::Contour if ![TLS_SECRET, OPAQUE].contains(&secret_type) => {
            Some("Contour, which takes that type and Opaque alone, serves no HTTPS")
        }
        _ => None,
    }
}

const OPAQUE: &str = "Opaque";

/// What Contour makes of a `tls.key` with more in it than a key.
pub const BESIDE_THE_KEY: &str = "Contour, which wants one key alone, serves no HTTPS";

/// Whether neither OpenSSL nor Go, and so no controller, sees the certificate for how it is written.
fn nobody_finds_it(bundle: &Bundle) -> bool {
    let at = bundle.leaf_position();
    bundle.odd.iter().any(|odd| odd.index == at && odd.what.is_as_good_as_broken())
}

/// Whether Go's `tls.X509KeyPair` finds no certificate, or no key, that it can use. Of what stands
/// behind the first certificate it reads nothing.
fn go_finds_no_pair(bundle: &Bundle) -> bool {
    let at = bundle.leaf_position();
    let is_unseen = bundle.odd.iter().any(|odd| odd.index == at && odd.what.is_unseen_by_go());
    is_unseen
        || bundle.key_oddity.is_some_and(PemQuirk::is_unseen_by_go)
        || bundle.leaf().is_some_and(go::cannot_load)
}

#[cfg(test)]
mod tests {
    use crate::inventory::testing::{Pair, of_secrets};
    use crate::inventory::{Coverage, Inventory};
    use rcgen::{CertificateParams, KeyPair};

    const OWN: &str = include_str!("../../testdata/pki/ec-p256-01.pem");
    const OTHER: &str = include_str!("../../testdata/pki/ec-p256-02.pem");

    fn coverage(inventory: &Inventory) -> Coverage {
        let (frontend, demand) = inventory.demands().next().expect("it has a host");
        inventory.coverage(frontend, demand)
    }

    #[test]
    fn a_type_is_refused_by_those_who_take_only_their_own() {
        use super::{Controller, refuses_type};
        for (controller, tls, opaque, own) in [
            (Controller::IngressNginx, true, true, true),
            (Controller::Traefik, true, true, true),
            (Controller::Contour, true, true, false),
            (Controller::NginxInc, true, false, false),
            (Controller::OpenShift, true, false, false),
            (Controller::Unknown, true, true, true),
        ] {
            let takes = |secret_type| refuses_type(controller, secret_type).is_none();
            let all = ["kubernetes.io/tls", "Opaque", "example.com/pair"].map(takes);
            assert_eq!(all, [tls, opaque, own], "{controller:?}");
        }
    }

    #[test]
    fn a_host_is_covered_only_by_a_certificate_with_its_own_key_in_the_clear() {
        let key = KeyPair::from_pem(OWN).expect("the key is good");
        let params = CertificateParams::new(vec!["x.example".to_owned()]).expect("a good name");
        let crt = params.self_signed(&key).expect("it can be made").pem();
        let broken =
            format!("-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n{crt}");
        let locked = include_str!("../../testdata/pki/encrypted-pkcs8.pem");
        for (what, crt, key, covered) in [
            ("its own", &crt, OWN, true),
            ("another", &crt, OTHER, false),
            ("none", &crt, "", false),
            ("encrypted", &crt, locked, false),
            ("junk", &crt, "not a key", false),
            ("a certificate", &crt, crt.as_str(), false),
            ("behind what cannot be read", &broken, OWN, false),
        ] {
            let pair = Pair {
                name: "x",
                crt: crt.clone(),
                key,
                served: Some("x.example"),
                ..Pair::default()
            };
            let found = coverage(&of_secrets(&[pair]));
            assert_eq!(matches!(found, Coverage::Covered { .. }), covered, "{what}: {found:?}");
            // What is wrong with the key is told of the Secret, and not again of the host.
            assert_eq!(matches!(found, Coverage::NoCertificate), !covered, "{what}: {found:?}");
        }
    }
}

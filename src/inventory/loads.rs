//! Loads: whether the controller of an Ingress takes what stands in a Secret at all.
//!
//! Knows what each controller refuses to load, whatever hosts it is for. Refuses to call that a
//! fault: that is the audit's.

use super::SecretFacts;
use super::bundle::Bundle;
use super::demand::IngressFacts;
use crate::controllers::Controller;
use crate::x509::go;
use crate::x509::pem::Oddity;

impl IngressFacts {
    /// Who serves it, as far as its class tells: see [`Controller::or_by_word`].
    #[must_use]
    pub fn likely_controller(&self) -> Controller {
        self.controller.or_by_word(self.class.as_deref())
    }

    /// Whether its controller loads the certificate of this Secret; where it does not, hosts get the
    /// controller's default certificate, or no TLS.
    #[must_use]
    pub fn loads(&self, secret: &SecretFacts) -> bool {
        let controller = self.likely_controller();
        refuses_beside(controller, &secret.bundle).is_none()
            && !nobody_finds_it(&secret.bundle)
            && !(controller.loads_pairs_with_go() && go_finds_no_pair(&secret.bundle))
    }
}

/// What the controller does that refuses a pair for what stands beside its certificates or its key;
/// none where it takes it. ingress-nginx wants a certificate as the first block
/// (internal/net/ssl/ssl.go, `CreateSSLCert`); Contour wants nothing else at all, and one key alone
/// (internal/dag/secret.go), and OpenShift's router certificates alone too
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
        Controller::OpenShift if !strays.is_empty() => {
            Some("OpenShift's router, which wants certificates alone, refuses the Route")
        }
        _ => None,
    }
}

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
        || bundle.key_oddity.is_some_and(Oddity::is_unseen_by_go)
        || bundle.leaf().is_some_and(go::cannot_load)
}

//! Taken up by GKE's load balancers, as a goal: each Ingress names in its annotation the certificate that its
//! Secret holds now.
//!
//! Judges by the same names as the rule `gke-load-balancer-stale`. Refuses to know what is served at which
//! address: that is [`super::served`]'s.

use super::goal::{Goal, Next};
use super::step::Plan;
use crate::inventory::Inventory;
use crate::object_ref::ObjectRef;
use crate::observation::Question;
use time::OffsetDateTime;

/// Ingresses whose load balancers are to have the certificates of their Secrets.
#[derive(Debug)]
pub struct TakenUp {
    ingresses: Vec<ObjectRef>,
    secrets: Vec<ObjectRef>,
}

/// Ingresses whose load balancers have another certificate than is stored, each with the first such Secret and
/// the digest that the name of its certificate is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind(pub Vec<(ObjectRef, ObjectRef, String)>);

impl TakenUp {
    /// These Ingresses of GKE's, as far as they name these Secrets.
    #[must_use]
    pub const fn new(ingresses: Vec<ObjectRef>, secrets: Vec<ObjectRef>) -> Self {
        Self { ingresses, secrets }
    }

    fn behind(&self, seen: &Inventory) -> Behind {
        let is_ours = |secret: &ObjectRef| self.secrets.iter().any(|own| own.same_object(secret));
        let behind = self.ingresses.iter().filter_map(|ingress| {
            let facts = seen.ingress_at(ingress)?;
            let secret = seen.unserved_secrets(facts).find(|secret| is_ours(&secret.object))?;
            let token = secret.load_balancer_token();
            Some((ingress.clone(), secret.object.clone(), token))
        });
        Behind(behind.collect())
    }
}

impl Goal for TakenUp {
    type Awaited = Behind;

    fn questions(&self, _seen: &Inventory) -> Vec<Question> {
        let of = |ingress: &ObjectRef| {
            // What its controller warns of tells why it is behind.
            [Question::Object(ingress.clone()), Question::Events(ingress.clone())]
        };
        let secrets = self.secrets.iter().cloned().map(Question::Secret);
        self.ingresses.iter().flat_map(of).chain(secrets).collect()
    }

    fn next(&mut self, seen: &Inventory, now: OffsetDateTime) -> Next<Behind> {
        let (behind, plan) = (self.behind(seen), Plan::empty(now));
        if behind.0.is_empty() {
            return Next::Done { reached: None, plan };
        }
        Next::Wait { awaited: behind, plan }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gke::annotations::SSL_CERT;
    use crate::inventory::testing::{Pair, of_secrets, show_ingress};
    use rcgen::{CertificateParams, KeyPair};
    use serde_json::{Value, json};

    const KEY: &str = include_str!("../../testdata/pki/ec-p256-01.pem");

    #[test]
    fn a_certificate_is_waited_for_until_a_name_on_the_ingress_holds_its_digest() {
        let key = KeyPair::from_pem(KEY).expect("the key is good");
        let params = CertificateParams::new(vec!["a.example".to_owned()]).expect("a good name");
        let crt = params.self_signed(&key).expect("it can be made").pem();
        let pair = |name| Pair { name, crt: crt.clone(), key: KEY, ..Pair::default() };
        let (web, other) = (ObjectRef::secret("shop", "web"), ObjectRef::secret("shop", "other"));
        let stored = of_secrets(&[pair("web")]);
        let token = stored.secret_at(&web).expect("it is there").load_balancer_token();
        let address = json!({ "loadBalancer": { "ingress": [{ "ip": "192.0.2.1" }] } });
        let (v2, v1) =
            (format!("k8s2-cr-a1-b2-{token}"), format!("mcrt-1,k8s-ssl-b2-{token}--uid"));
        for (what, ssl_cert, status, secret, is_done) in [
            ("the new one", v2.as_str(), &address, &web, true),
            ("beside another, as V1 names it", &v1, &address, &web, true),
            ("an older one", "k8s2-cr-a1-b2-0123456789abcdef", &address, &web, false),
            ("none yet, and it has an address", "", &address, &web, false),
            // It is made with the certificate that is there by then.
            ("it is not built", "", &Value::Null, &web, true),
            ("another Secret was rotated", "", &address, &other, true),
        ] {
            let ingress = ObjectRef::ingress("shop", "web");
            let annotations = [(SSL_CERT, ssl_cert)];
            let annotations: &[_] = if ssl_cert.is_empty() { &[] } else { &annotations };
            let spec = json!({ "tls": [{ "secretName": "web" }] });
            let mut seen = of_secrets(&[pair("web")]);
            show_ingress(&mut seen, (ingress.clone(), annotations, spec, status.clone()));
            let mut goal = TakenUp::new(vec![ingress.clone()], vec![secret.clone()]);
            let asked = [
                Question::Object(ingress.clone()),
                Question::Events(ingress.clone()),
                Question::Secret(secret.clone()),
            ];
            assert_eq!(goal.questions(&seen), asked);
            match goal.next(&seen, OffsetDateTime::UNIX_EPOCH) {
                Next::Done { .. } => assert!(is_done, "{what}"),
                Next::Wait { awaited, .. } => {
                    assert!(!is_done, "{what}: {awaited:?}");
                    assert_eq!(awaited, Behind(vec![(ingress, web.clone(), token.clone())]));
                }
                other => panic!("{what}: {other:?}"),
            }
        }
    }
}

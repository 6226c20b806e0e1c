//! A small world for tests of what is served: one Ingress, its Secret, and what its addresses did.
#![expect(clippy::disallowed_methods, reason = "absorbing wants randomness; pairs are told by it")]

use super::ServedAt;
use crate::inventory::Inventory;
use crate::inventory::selection::Selection;
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::handshake::{
    Agreed, Endpoint, FailureKind, HandshakeFailure, HandshakeSeen, Stage,
};
use crate::observation::{
    IngressSeen, MetaSeen, ObjectSeen, Observation, Rule, SecretSeen, TlsEntry,
};
use crate::redact::Redacted;
use crate::x509::pem;
use rcgen::{CertificateParams, KeyPair};
use ring::rand::SystemRandom;
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The host of its Ingress.
pub(crate) const HOST: &str = "a.example";

/// What one address did.
#[derive(Clone)]
pub(crate) enum Did {
    Served(Vec<Vec<u8>>, Option<&'static str>),
    Failed(FailureKind),
}

pub(crate) fn serves_one(der: Vec<u8>) -> Did {
    Did::Served(vec![der], Some("h2"))
}

/// A world of one Ingress for [`HOST`].
pub(crate) struct World {
    pub(crate) stored: Option<Vec<Vec<u8>>>,
    pub(crate) ca_crt: Vec<Vec<u8>>,
    pub(crate) annotations: Vec<(&'static str, &'static str)>,
    pub(crate) did: Vec<Did>,
    pub(crate) managed: Option<&'static str>,
    pub(crate) addresses: bool,
}

impl World {
    pub(crate) fn of(stored: Vec<u8>, did: Vec<Did>) -> Self {
        Self {
            stored: Some(vec![stored]),
            ca_crt: Vec::new(),
            annotations: Vec::new(),
            did,
            managed: None,
            addresses: true,
        }
    }

    pub(crate) fn inventory(&self) -> Inventory {
        let random = SystemRandom::new();
        let mut inventory = Inventory::new(Selection::default());
        inventory.absorb(self.secret(), &random);
        let meta = || MetaSeen { annotations: self.annotations(), ..MetaSeen::default() };
        let ingress = ObjectRef::ingress("shop", "web");
        let addresses = (0..self.did.len()).map(|index| address(index).ip().to_string());
        let tls = TlsEntry { hosts: vec![HOST.to_owned()], secret_name: Some("web".to_owned()) };
        let seen = IngressSeen {
            default_backend: None,
            object: ingress.clone(),
            meta: meta(),
            class_name: None,
            rules: vec![Rule::of_host(HOST)],
            tls: if self.managed.is_some() { Vec::new() } else { vec![tls] },
            addresses: if self.addresses { addresses.collect() } else { Vec::new() },
        };
        inventory.absorb(Observation::Ingress(seen), &random);
        if let Some(status) = self.managed {
            let object = |object, meta, spec, status| {
                Observation::Object(ObjectSeen {
                    object,
                    meta,
                    head: serde_json::Value::Null,
                    spec,
                    status,
                })
            };
            inventory.absorb(object(ingress, meta(), json!({}), json!({})), &random);
            let managed = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "m");
            let (spec, status) = (json!({"domains": [HOST]}), json!({"certificateStatus": status}));
            inventory.absorb(object(managed, MetaSeen::default(), spec, status), &random);
        }
        inventory.look_at_served(ServedAt::Status);
        for (index, did) in self.did.iter().enumerate() {
            inventory.absorb(Observation::Handshake(handshake(index, did)), &random);
        }
        inventory
    }

    /// The Secret, or that it is not there.
    fn secret(&self) -> Observation {
        let object = ObjectRef::secret("shop", "web");
        let Some(chain) = &self.stored else { return Observation::Absent(object) };
        let pems = |ders: &[Vec<u8>]| {
            let pems = ders.iter().map(|der| pem::encode("CERTIFICATE", der).to_string());
            Redacted::new(pems.collect::<String>().into_bytes())
        };
        let key = include_bytes!("../../../testdata/pki/ed25519.pem").to_vec();
        let data = [
            ("tls.crt".to_owned(), pems(chain)),
            ("tls.key".to_owned(), Redacted::new(key)),
            ("ca.crt".to_owned(), pems(&self.ca_crt)),
        ];
        Observation::Secret(SecretSeen {
            object,
            meta: MetaSeen::default(),
            secret_type: "kubernetes.io/tls".to_owned(),
            immutable: false,
            data: data.into(),
            not_base64: Vec::new(),
        })
    }

    fn annotations(&self) -> BTreeMap<String, String> {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        self.annotations.iter().map(own).collect()
    }
}

fn address(index: usize) -> SocketAddr {
    let index = u8::try_from(index + 1).expect("few");
    SocketAddr::from(([192, 0, 2, index], 443))
}

fn handshake(index: usize, did: &Did) -> HandshakeSeen {
    let address = address(index);
    let mut seen = HandshakeSeen {
        host: Some(HOST.to_owned()),
        endpoint: Endpoint::from(address),
        address: Some(address),
        chain: Vec::new(),
        signed: None,
        agreed: None,
        failure: None,
        asks_client_certificate: false,
    };
    match did {
        Did::Served(chain, alpn) => {
            seen.chain.clone_from(chain);
            seen.agreed = Some(Agreed {
                version: "1.3",
                alpn: alpn.map(str::to_owned),
                cipher: "TLS_AES_256_GCM_SHA384".to_owned(),
            });
        }
        Did::Failed(kind) => {
            seen.failure = Some(HandshakeFailure {
                stage: Stage::Handshake,
                kind: *kind,
                message: "it went wrong".to_owned(),
            });
        }
    }
    seen
}

/// A self-signed certificate of the host, DER.
pub(crate) fn of_year(year: i32) -> Vec<u8> {
    let key = KeyPair::from_pem(include_str!("../../../testdata/pki/ed25519.pem"));
    let mut params = CertificateParams::new(vec![HOST.to_owned()]).expect("ASCII");
    params.not_before = rcgen::date_time_ymd(year, 1, 1);
    params.not_after = rcgen::date_time_ymd(year + 2, 1, 1);
    let made = params.self_signed(&key.expect("the key is good"));
    made.expect("it can be made").der().to_vec()
}

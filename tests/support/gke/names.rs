//! How ingress-gce names what it builds, in its two schemes.
//!
//! Knows that an Ingress's finalizer says which scheme it has for good. Refuses to be exact in what
//! nobody reads: hashes are of the right length and steady, and not Google's.

use super::name;
use serde_json::Value;
use std::fmt::Write as _;

/// The two schemes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Of Ingresses that were made long ago: `k8s-ssl-<load balancer>-<certificate>--<cluster>`.
    V1,
    /// Of the others: `k8s2-cr-<cluster>-<load balancer>-<certificate>`.
    V2,
}

const V1_FINALIZER: &str = "networking.gke.io/ingress-finalizer";
const V2_FINALIZER: &str = "networking.gke.io/ingress-finalizer-V2";
/// Which cluster this is.
const CLUSTER: &str = "0123abcd";
/// So much of a namespace and of a name is in a name of Google's, which has at most 63 characters.
const PART: usize = 17;

impl Scheme {
    /// As the Ingress's finalizer says; none without one.
    pub fn of(ingress: &Value) -> Option<Self> {
        let mut all = ingress["metadata"]["finalizers"].as_array()?.iter();
        all.find_map(|one| match one.as_str() {
            Some(V1_FINALIZER) => Some(Self::V1),
            Some(V2_FINALIZER) => Some(Self::V2),
            _ => None,
        })
    }

    pub const fn finalizer(self) -> &'static str {
        match self {
            Self::V1 => V1_FINALIZER,
            Self::V2 => V2_FINALIZER,
        }
    }

    pub fn is_finalizer(one: &str) -> bool {
        one == V1_FINALIZER || one == V2_FINALIZER
    }
}

/// The names of one Ingress's load balancer.
pub(super) struct Names {
    scheme: Scheme,
    /// What every name of it has in common.
    core: String,
}

impl Names {
    pub fn of(namespace: &str, ingress: &Value) -> Self {
        let scheme = Scheme::of(ingress).unwrap_or(Scheme::V2);
        let part = |text: &str| text.chars().take(PART).collect::<String>();
        let both = format!("{}-{}", part(namespace), part(name(ingress)));
        let core = match scheme {
            Scheme::V1 => format!("{both}--{CLUSTER}"),
            Scheme::V2 => {
                let whole = format!("{CLUSTER};{namespace};{}", name(ingress));
                format!("{CLUSTER}-{both}-{}", digest(whole.as_bytes(), 8))
            }
        };
        Self { scheme, core }
    }

    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    pub fn load_balancer(&self) -> &str {
        &self.core
    }

    /// The name of a resource by its code in V2: `um`, `fr`, `fs`, `tp`, `ts`.
    pub fn resource(&self, code: &str) -> String {
        match self.scheme {
            Scheme::V2 => format!("k8s2-{code}-{}", self.core),
            Scheme::V1 => {
                let code = match code {
                    "fr" => "fw",
                    "fs" => "fws",
                    "ts" => "tps",
                    other => other,
                };
                format!("k8s-{code}-{}", self.core)
            }
        }
    }

    /// How the names of the load balancer's uploaded certificates begin.
    pub fn certificate_prefix(&self) -> String {
        let hash = digest(self.core.as_bytes(), 16);
        match self.scheme {
            Scheme::V1 => format!("k8s-ssl-{hash}-"),
            Scheme::V2 => format!("k8s2-cr-{CLUSTER}-{hash}-"),
        }
    }

    /// The name of the certificate with this `tls.crt`: in it the first 16 hexadecimal digits of the
    /// bytes' SHA-256.
    pub fn certificate(&self, chain: &[u8]) -> String {
        let name = format!("{}{}", self.certificate_prefix(), digest(chain, 16));
        if self.scheme == Scheme::V1 { format!("{name}--{CLUSTER}") } else { name }
    }
}

fn digest(bytes: &[u8], digits: usize) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let mut hex = String::new();
    for byte in digest.as_ref() {
        let _ = write!(hex, "{byte:02x}");
    }
    hex.truncate(digits);
    hex
}

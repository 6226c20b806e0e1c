//! `certwright bootstrap`: the words after it.

use super::WriteArgs;
use super::names;
use super::values::{ValueError, Word, domain, key_type, object_name, words};
use crate::audit::Platform;
use crate::duration::parse_duration;
use crate::gke::presets::{AppProtocol, HealthCheck, Preset};
use crate::object_ref::check_object_name;
use crate::plan::bootstrap::{Http, ServicePort};
use crate::x509::key_kind::KeyType;
use crate::x509::name;
use clap::Args;
use std::net::IpAddr;
use std::path::PathBuf;
use time::Duration;

/// `certwright bootstrap`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[derive(Debug, Args)]
pub struct BootstrapArgs {
    /// The domains to serve
    #[arg(value_name = "DOMAIN", value_parser = domain, required = true)]
    pub domains: Vec<String>,
    /// The Service behind them, with its port by number or name when it has several
    #[arg(long, value_name = "NAME[:PORT]", value_parser = service)]
    pub service: (String, Option<ServicePort>),
    /// The Ingress's name; the others are made from it [default: the Service's]
    #[arg(long, value_name = "NAME", value_parser = names::ingress)]
    pub name: Option<String>,
    /// Protocol and health check of the backend
    #[arg(long, value_name = "PRESET", default_value = "http", value_parser = words(PRESETS))]
    pub preset: Preset,
    /// A ManagedCertificate of Google's instead of a self-signed one
    #[arg(long, conflicts_with_all = ["tls_secret", "key_type", "lifetime"])]
    pub google_managed: bool,
    /// A TLS Secret that exists already
    #[arg(long, value_name = "NAME", value_parser = names::secret, conflicts_with_all = ["key_type", "lifetime"])]
    pub tls_secret: Option<String>,
    /// The type of a new key
    #[arg(long, value_name = "TYPE", default_value = "rsa-2048", value_parser = key_type())]
    pub key_type: KeyType,
    /// How long a new certificate lives (90d, 12h, 2w)
    #[arg(long, value_name = "TIME", default_value = "365d", value_parser = parse_duration)]
    pub lifetime: Duration,
    /// The BackendConfig's name [default: NAME-backendconfig]
    #[arg(long, value_name = "NAME", value_parser = names::backend_config)]
    pub backend_config: Option<String>,
    /// The health check, instead of the preset's, such as `HTTP:9091/healthz`
    #[arg(long, value_name = "TYPE[:PORT]/PATH", value_parser = health_check)]
    pub health_check: Option<HealthCheck>,
    /// The name of a reserved address: a global one, for class gce-internal one of the region
    #[arg(long, value_name = "NAME", value_parser = address_name)]
    pub static_ip: Option<String>,
    /// Port 80 behaviour [default: a new Ingress serves it, one that is there stays as it is]
    #[arg(long, value_name = "WHAT", value_parser = words(HTTP))]
    pub http: Option<Http>,
    /// The Ingress class [default: that of an Ingress that is there, gce where GKE's own kinds are, else
    /// the cluster's default]; with any other than gce and gce-internal, GKE's objects are left out
    #[arg(long, value_name = "CLASS", value_parser = names::ingress_class)]
    pub ingress_class: Option<String>,
    /// Whether the cluster is GKE's, where no --ingress-class says so
    #[arg(long, value_name = "WHERE", default_value = "auto", value_parser = words(WHERE))]
    pub platform: Platform,
    /// Put the domains behind those of an Ingress that is there, and leave the rest of it as it is
    #[arg(long, conflicts_with_all = ["static_ip", "http", "out_dir", "no_secret"])]
    pub add: bool,
    /// Change a Service of type LoadBalancer to ClusterIP
    #[arg(long)]
    pub cluster_ip: bool,
    /// Do not wait for the address, nor for the certificate
    #[arg(long)]
    pub no_wait: bool,
    /// While waiting touch nothing to wake Google's controllers, which look only every ten minutes
    #[arg(long)]
    pub no_nudge: bool,
    /// Write manifests, Helm values and commands into this folder; touch no cluster
    #[arg(long, value_name = "DIR")]
    pub out_dir: Option<PathBuf>,
    /// Leave the Secret, which holds the key, out of what is printed or written to a folder
    #[arg(long)]
    pub no_secret: bool,
    /// With --out-dir: also a certificate for the pods, and the values that mount it
    #[arg(long, requires = "out_dir")]
    pub backend_cert: bool,
    /// With --out-dir: replace files that are there
    #[arg(long, requires = "out_dir")]
    pub force: bool,
    /// How to write, and how to show it
    #[command(flatten)]
    pub write: WriteArgs,
}

/// `--preset`.
const PRESETS: &[Word<Preset>] = &[
    ("milvus", "Milvus: HTTP/2 over TLS to 19530, health on HTTP 9091 /healthz", Preset::Milvus),
    ("grpc", "Any gRPC server: HTTP/2 over TLS", Preset::Grpc),
    ("http", "Plain HTTP", Preset::Http),
];

/// `--platform`.
const WHERE: &[Word<Platform>] = &[
    ("auto", "As GKE when its own kinds are there", Platform::Auto),
    ("gke", "As GKE", Platform::Gke),
    ("other", "As another platform", Platform::Other),
];

/// `--http`.
const HTTP: &[Word<Http>] = &[
    ("allow", "Port 80 serves the same", Http::Allow),
    ("redirect", "Port 80 redirects to HTTPS", Http::Redirect),
    ("off", "Port 80 is closed", Http::Off),
];

/// `NAME`, `NAME:NUMBER` or `NAME:PORTNAME`.
fn service(text: &str) -> Result<(String, Option<ServicePort>), ValueError> {
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    let name = names::service(name)?;
    let port = match port {
        None => None,
        Some(port) if port.starts_with(|c: char| c.is_ascii_digit()) => match port.parse() {
            Ok(number @ 1..) => Some(ServicePort::Number(number)),
            _ => return Err(ValueError::Port(port.to_owned())),
        },
        Some(port) => Some(ServicePort::Name(object_name(port)?)),
    };
    Ok((name, port))
}

/// `HTTP:9091/healthz`.
fn health_check(text: &str) -> Result<HealthCheck, ValueError> {
    let wrong = || ValueError::HealthCheck(text.to_owned());
    let (head, path) = text.split_once('/').ok_or_else(wrong)?;
    let (protocol, port) =
        head.split_once(':').map_or((head, None), |(protocol, port)| (protocol, Some(port)));
    let protocol = match protocol {
        "HTTP" => AppProtocol::Http,
        "HTTPS" => AppProtocol::Https,
        "HTTP2" => AppProtocol::Http2,
        _ => return Err(ValueError::HealthCheckType(text.to_owned())),
    };
    let port = port.map(str::parse).transpose().map_err(|_| wrong())?;
    Ok(HealthCheck { protocol, port, path: format!("/{path}") })
}

/// The name of a Compute Engine resource: one label of RFC 1035.
fn address_name(text: &str) -> Result<String, ValueError> {
    if text.parse::<IpAddr>().is_ok() {
        return Err(ValueError::AddressItself(text.to_owned()));
    }
    let fits = check_object_name(text).is_ok()
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.contains('.')
        && text.len() <= name::MAX_DNS_LABEL;
    if !fits {
        return Err(ValueError::AddressName(text.to_owned()));
    }
    Ok(text.to_owned())
}

/// The examples of its help; a test runs each.
pub(super) const EXAMPLES: &str = help_end!(
    "\
Examples:
  certwright bootstrap shop.example --service shop:80 --out-dir shop-tls
  certwright bootstrap shop.example --service shop:80 --dry-run=client -o yaml
  certwright bootstrap shop.example --service shop:80 -n shop --ingress-class nginx --no-wait
  certwright bootstrap www.shop.example --service shop:80 -n shop --add --no-wait
  certwright bootstrap db.example --service milvus --preset milvus --google-managed --out-dir db-tls

"
);

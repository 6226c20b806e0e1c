//! `certwright issue`: the words after it.

use super::WriteArgs;
use super::names;
use super::values::{domain, key_type, usage};
use crate::duration::parse_duration;
use crate::x509::key_kind::KeyType;
use crate::x509::key_purpose::Usage;
use clap::Args;
use std::net::IpAddr;
use std::path::PathBuf;
use time::Duration;

/// `certwright issue`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[derive(Debug, Args)]
pub struct IssueArgs {
    /// DNS names of the certificate, in xn-- form or in their own script
    #[arg(value_name = "DOMAIN", value_parser = domain, required_unless_present_any = ["ip", "email", "uri", "make_ca", "from_csr", "usage"])]
    pub domains: Vec<String>,
    /// An IP address of the certificate; repeatable
    #[arg(long, value_name = "ADDRESS")]
    pub ip: Vec<IpAddr>,
    /// An e-mail address of the certificate; repeatable
    #[arg(long, value_name = "ADDRESS")]
    pub email: Vec<String>,
    /// A URI of the certificate, such as spiffe://…; repeatable
    #[arg(long, value_name = "URI")]
    pub uri: Vec<String>,
    /// Make a private CA that signs leaves: ca.key and ca.crt
    #[arg(long, requires = "cn", conflicts_with_all = ["domains", "ip", "email", "uri", "ca", "csr", "from_csr", "p12"])]
    pub make_ca: bool,
    /// Sign with this CA: a file with its certificate (and those above it), secret/NAME, or
    /// NAMESPACE/secret/NAME
    #[arg(long, value_name = "FILE|secret/NAME")]
    pub ca: Option<String>,
    /// The CA's private key, when it is not in the file or Secret of --ca
    #[arg(long, value_name = "FILE", requires = "ca")]
    pub ca_key: Option<PathBuf>,
    /// Make a key and a request (tls.csr) for somebody else to sign
    #[arg(long, conflicts_with_all = ["ca", "from_csr", "secret", "p12", "lifetime"])]
    pub csr: bool,
    /// Sign this request: its names and its key, once they are checked, and nothing else of it but
    /// what --usage takes
    #[arg(long, value_name = "FILE", requires = "ca", conflicts_with_all = ["domains", "ip", "email", "uri", "cn", "key_type", "secret", "p12"])]
    pub from_csr: Option<PathBuf>,
    /// Also write key, certificate and chain as PKCS#12, for Java and Windows
    #[arg(long, value_name = "FILE", conflicts_with = "secret")]
    pub p12: Option<PathBuf>,
    /// The file whose first line is the password of --p12 (else it is asked for)
    #[arg(long, value_name = "FILE", requires = "p12")]
    pub p12_password_file: Option<PathBuf>,
    /// What the certificate is for: TLS servers (serverAuth), clients (clientAuth, for mTLS), or both
    /// [default: server]
    #[arg(long, value_name = "USAGE", value_parser = usage(), conflicts_with = "make_ca")]
    pub usage: Option<Usage>,
    /// The key's type
    #[arg(long, value_name = "TYPE", default_value = "rsa-2048", value_parser = key_type())]
    pub key_type: KeyType,
    /// How long the certificate lives from now (90d, 12h, 2w) [default: 365d, a CA 3650d]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub lifetime: Option<Duration>,
    /// The common name, instead of the first domain that fits
    #[arg(long, value_name = "NAME")]
    pub cn: Option<String>,
    /// The folder for tls.key and tls.crt
    #[arg(long, value_name = "DIR", default_value = ".", conflicts_with = "secret")]
    pub out_dir: PathBuf,
    /// Make a TLS Secret of this name instead of files
    #[arg(long, value_name = "NAME", value_parser = names::secret)]
    pub secret: Option<String>,
    /// Overwrite what exists
    #[arg(long)]
    pub force: bool,
    /// Make no backup (a Secret NAME-previous) of a Secret whose content is replaced
    #[arg(long, requires = "secret", requires = "force")]
    pub no_backup: bool,
    /// Replace what is in a Secret that somebody else owns
    #[arg(long, requires = "secret", requires = "force")]
    pub override_owner: bool,
    /// How to write, and how to show it
    #[command(flatten)]
    pub write: WriteArgs,
}

/// The examples of its help; a test runs each.
pub(super) const EXAMPLES: &str = help_end!(
    "\
Examples:
  certwright issue shop.example www.shop.example
  certwright issue shop.example --key-type p256 --lifetime 90d --out-dir certs
  certwright issue shop.example --secret shop-tls --dry-run=client -o yaml
  certwright issue shop.example --secret shop-tls -n shop
  certwright issue --make-ca --cn 'Shop CA' --out-dir ca
  certwright issue shop.example --ca ca/ca.crt --ca-key ca/ca.key --force
  certwright issue shop.example --csr --out-dir wanted
  certwright issue --from-csr wanted/tls.csr --ca ca/ca.crt --ca-key ca/ca.key --out-dir signed
  certwright issue --usage client --cn alice --ca ca/ca.crt --ca-key ca/ca.key --out-dir alice

"
);

//! `certwright import`: the words after it.

use super::WriteArgs;
use super::values::object_name;
use clap::Args;
use std::path::PathBuf;

/// `certwright import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The Secret's name
    #[arg(value_name = "NAME", value_parser = object_name)]
    pub name: String,
    /// The certificate and its chain, PEM, leaf first
    #[arg(long, value_name = "FILE")]
    pub cert: PathBuf,
    /// The private key, PEM, not encrypted
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Certificates of the CA, PEM, for ca.crt
    #[arg(long, value_name = "FILE")]
    pub ca_cert: Option<PathBuf>,
    /// Put the pair into a Secret that is there already
    #[arg(long)]
    pub replace: bool,
    /// Replace the pair although other data of the Secret is made from it; write a ca.crt by which the
    /// certificate is not trusted (a CA for clients)
    #[arg(long)]
    pub force: bool,
    /// Replace the pair of a Secret that somebody else owns
    #[arg(long, requires = "replace")]
    pub override_owner: bool,
    /// How to write, and how to show it
    #[command(flatten)]
    pub write: WriteArgs,
}

/// The examples of its help; a test runs each.
pub(super) const EXAMPLES: &str = help_end!(
    "\
Examples:
  certwright import shop-tls --cert tls.crt --key tls.key --dry-run=client -o yaml
  certwright import shop-tls --cert tls.crt --key tls.key -n shop
  certwright import shop-tls --cert tls.crt --key tls.key -n shop --replace

"
);

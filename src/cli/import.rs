//! `certwright import`: the words after it.

use super::WriteArgs;
use super::objects::ObjectWord;
use clap::Args;
use std::path::PathBuf;

/// `certwright import`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The Secret: NAME or secret/NAME
    #[arg(id = "name", value_name = "NAME", required = true, num_args = 1..=2, value_delimiter = ',', value_parser = ObjectWord::read)]
    pub(super) words: Vec<ObjectWord>,
    /// The name that they say.
    #[arg(skip)]
    pub name: String,
    /// The certificate and its chain, PEM, leaf first; or a PKCS#12 store (.p12, .pfx) with the key too
    #[arg(long, value_name = "FILE")]
    pub cert: PathBuf,
    /// The private key, PEM, not encrypted; a PKCS#12 store holds its own
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// The file with the password of a PKCS#12 store; - for standard input [default: none, or asked for]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Certificates of the CA, PEM, for ca.crt
    #[arg(long, value_name = "FILE")]
    pub ca_cert: Option<PathBuf>,
    /// Put them into a Secret that exists already
    #[arg(long)]
    pub replace: bool,
    /// Replace them although other data of the Secret is made from them; write a ca.crt by which the
    /// certificate is not trusted (a CA for clients)
    #[arg(long)]
    pub force: bool,
    /// Replace what is in a Secret that somebody else owns
    #[arg(long, requires = "replace")]
    pub override_owner: bool,
    /// Make no backup (a Secret NAME-previous): what is replaced cannot be rolled back
    #[arg(long, requires = "replace")]
    pub no_backup: bool,
    /// Do not touch the Ingresses of GKE's load balancers that name the Secret, by which those take it up
    /// at once
    #[arg(long, requires = "replace")]
    pub no_nudge: bool,
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
  certwright import shop-tls --cert shop.p12 --password-file password --dry-run=client -o yaml

"
);

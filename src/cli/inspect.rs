//! `certwright inspect`: the words after it.

use super::judge::{PolicyArgs, SEVERITIES};
use super::values::{ValueError, domain, formats, words};
use crate::exit::FailOn;
use crate::instant;
use crate::render::formats::{Chosen, TABLE, WriteInspect};
use clap::{Args, ValueHint};
use std::net::IpAddr;
use std::path::PathBuf;
use time::OffsetDateTime;

/// `certwright inspect`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// A file (certificates, keys, requests), a folder, - for standard input, secret/NAME,
    /// NAMESPACE/secret/NAME, or HOST:PORT
    #[arg(value_name = "TARGET", required = true)]
    pub targets: Vec<String>,
    /// The name to ask a server for (SNI), instead of the host of HOST:PORT
    #[arg(long, value_name = "HOST", value_parser = server_name)]
    pub servername: Option<String>,
    /// By which policy
    #[command(flatten)]
    pub by: PolicyArgs,
    /// Also report what does not chain to one of these CAs: a PEM file, or system for those of this machine
    #[arg(long, value_name = "FILE|system", value_hint = ValueHint::FilePath)]
    pub roots: Option<String>,
    /// Minimum severity of findings that exits with 1
    #[arg(long, value_name = "SEVERITY", default_value = "never", value_parser = words(SEVERITIES))]
    pub fail_on: FailOn,
    /// Evaluate as of this time (2027-01-31, 2027-01-31T12:00:00Z), instead of now
    #[arg(long, value_name = "INSTANT", value_parser = instant::parse_or_date)]
    pub at: Option<OffsetDateTime>,
    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = TABLE, value_parser = formats(|format| format.inspect))]
    pub output: Chosen<WriteInspect>,
    /// Write the certificates of one target, or of several files, as PEM in the order servers must
    /// send: the leaf (that of the private key, when it is there), its intermediates, without the root
    #[arg(long, conflicts_with = "output")]
    pub fix_chain: bool,
    /// With --fix-chain: the file to write to, instead of standard output
    #[arg(long, value_name = "FILE", requires = "fix_chain")]
    pub out: Option<PathBuf>,
    /// With --out: replace a file that is there; with --in-place: drop what else stands in tls.crt
    #[arg(long, requires = "fix_chain")]
    pub force: bool,
    /// Read secret/NAME from manifests instead of a cluster: a file or a folder; repeatable
    #[arg(short = 'f', long, value_name = "PATH")]
    pub filename: Vec<PathBuf>,
    /// With --fix-chain and -f: write the certificates into tls.crt of the manifest, and leave all
    /// else in it as it is
    #[arg(long, requires = "fix_chain", requires = "filename", conflicts_with = "out")]
    pub in_place: bool,
    /// The file with the password of PKCS#12 stores; - for standard input [default: none, or asked for]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Omit the header row (-o wide)
    #[arg(long)]
    pub no_headers: bool,
}

/// SNI holds DNS names only (RFC 6066 §3).
fn server_name(text: &str) -> Result<String, ValueError> {
    if text.parse::<IpAddr>().is_ok() {
        return Err(ValueError::ServerAddress);
    }
    domain(text)
}

/// The examples of its help; a test runs each.
pub(super) const EXAMPLES: &str = help_end!(
    "\
Examples:
  certwright inspect tls.crt
  certwright inspect secret/shop-tls -n shop
  certwright inspect - -o json < tls.crt
  certwright inspect tls.crt tls.key --fix-chain --out chain.pem
  certwright inspect 127.0.0.1:8443 --servername shop.example

"
);

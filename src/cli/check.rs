//! `certwright check`: the words after it.

use super::values::formats;
use super::{JudgeArgs, SourceArgs};
use crate::duration::Lead;
use crate::object_ref::KindName;
use crate::observe::dns::Server;
use crate::render::formats::{Chosen, TABLE, WriteCheck};
use clap::Args;

/// `certwright check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Report only these: secret/NAME or ingress/NAME
    #[arg(value_name = "KIND/NAME")]
    pub objects: Vec<KindName>,
    /// Where to look
    #[command(flatten)]
    pub look: SourceArgs,
    /// Also look what is served: a TLS handshake with every address of every Ingress
    #[arg(long)]
    pub served: bool,
    /// Also ask DNS where the hosts lead, and which CAs may issue for Google's domains
    #[arg(long)]
    pub dns: bool,
    /// The DNS server to ask instead of the system's; implies --dns
    #[arg(long, value_name = "HOST:PORT")]
    pub dns_server: Option<Server>,
    /// When a certificate is due: a time or a share of its lifetime
    #[arg(long, value_name = "TIME|SHARE")]
    pub renew_before: Option<Lead>,
    /// How to judge
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = TABLE, value_parser = formats(|format| format.check))]
    pub output: Chosen<WriteCheck>,
    /// Leave out the heads of columns
    #[arg(long)]
    pub no_headers: bool,
}

/// The examples of its help; a test runs each.
pub(super) const EXAMPLES: &str = help_end!(
    "\
Examples:
  certwright check -f manifests/
  certwright check -n shop
  certwright check -n shop ingress/shop -o json
  certwright check -n shop --served --fail-on error
  certwright check -n shop ingress/shop --dns
  certwright check -f manifests/ --dns-server 8.8.8.8:53
  certwright check -A --renew-before 20d --fail-on error

"
);

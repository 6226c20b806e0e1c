//! `certwright verify`: the words after it.

use super::values::formats;
use super::{JudgeArgs, SourceArgs};
use crate::object_ref::{Kind, KindName, check_object_name};
use crate::render::formats::{Chosen, TABLE, WriteVerify};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// `certwright verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Look at these alone: NAME or ingress/NAME
    #[arg(value_name = "INGRESS", value_parser = ingress_name)]
    pub ingresses: Vec<KindName>,
    /// Where to look
    #[command(flatten)]
    pub look: SourceArgs,
    /// Connect there, whatever address the Ingress has
    #[arg(long, value_name = "IP:PORT")]
    pub address: Option<SocketAddr>,
    /// Wait until every address serves what is stored
    #[arg(long)]
    pub wait: bool,
    /// Write the certificates that a client should pin, PEM
    #[arg(long, value_name = "FILE")]
    pub trust_out: Option<PathBuf>,
    /// Show the settings of clients also for more than one Ingress
    #[arg(long)]
    pub clients: bool,
    /// How to judge
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = TABLE, value_parser = formats(|format| format.verify))]
    pub output: Chosen<WriteVerify>,
    /// Leave out the heads of columns
    #[arg(long)]
    pub no_headers: bool,
}

fn ingress_name(text: &str) -> Result<KindName, String> {
    if !text.contains('/') {
        check_object_name(text)?;
        return Ok(KindName { kind: Kind::Ingress, name: text.to_owned() });
    }
    let named: KindName = text.parse()?;
    if named.kind == Kind::Ingress {
        Ok(named)
    } else {
        Err(format!("only an Ingress is verified: expected its name, found {text:?}"))
    }
}

/// The examples of its help; a test runs each.
pub(super) const EXAMPLES: &str = help_end!(
    "\
Examples:
  certwright verify shop -n shop --address 127.0.0.1:8443
  certwright verify -A -o json --fail-on never
  certwright verify -n shop --address 127.0.0.1:8443 --wait --timeout 10m
  certwright verify shop -n shop -f manifests/ --address 127.0.0.1:8443 --trust-out trust.pem

Sends a TLS handshake and nothing else. A wildcard host *.x is asked for as
certwright.x.

"
);

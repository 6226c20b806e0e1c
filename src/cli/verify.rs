//! `certwright verify`: the words after it.

use super::objects::ObjectWord;
use super::values::{Word, formats, place, words};
use super::{JudgeArgs, SourceArgs};
use crate::audit::connections::{Shown, Tool};
use crate::object_ref::KindName;
use crate::render::formats::{Chosen, TABLE, WriteVerify};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// `certwright verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Look at these alone: NAME or ingress/NAME, gateway/NAME or route/NAME
    #[arg(id = "ingresses", value_name = "INGRESS", value_delimiter = ',', value_parser = ObjectWord::read)]
    pub(super) words: Vec<ObjectWord>,
    /// The Ingresses that they name.
    #[arg(skip)]
    pub ingresses: Vec<KindName>,
    /// Where to look
    #[command(flatten)]
    pub look: SourceArgs,
    /// Connect there, whatever address the Ingress has
    #[arg(long, value_name = "IP:PORT", value_parser = place)]
    pub address: Option<SocketAddr>,
    /// Wait until every address serves what is stored
    #[arg(long)]
    pub wait: bool,
    /// Write the certificates that a client should pin, PEM
    #[arg(long, value_name = "FILE")]
    pub trust_out: Option<PathBuf>,
    /// Show the settings of these clients, also for more than one Ingress
    #[arg(long, value_name = "LIST", num_args = 0..=1, require_equals = true, value_delimiter = ',', default_missing_value = "fitting", value_parser = words(CLIENTS))]
    pub clients: Option<Vec<Clients>>,
    /// Show every host in a row of its own, and every finding
    #[arg(long)]
    pub all: bool,
    /// How to judge
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = TABLE, value_parser = formats(|format| format.verify))]
    pub output: Chosen<WriteVerify>,
    /// Omit the header row
    #[arg(long)]
    pub no_headers: bool,
}

/// Clients, by a word of `--clients`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clients {
    /// Those that the backend is for.
    Fitting,
    /// All of them.
    All,
    /// This one.
    One(Tool),
}

const CLIENTS: &[Word<Clients>] = &[
    ("curl", "curl", Clients::One(Tool::Curl)),
    ("openssl", "openssl s_client", Clients::One(Tool::OpenSsl)),
    ("grpc", "grpcurl", Clients::One(Tool::Grpcurl)),
    ("pymilvus", "PyMilvus", Clients::One(Tool::PyMilvus)),
    ("all", "All of these, whatever the backend is", Clients::All),
    ("fitting", "Those that the backend is for", Clients::Fitting),
];

/// Whose settings these words are for.
#[must_use]
pub fn shown(words: &[Clients]) -> Shown {
    let named = words.iter().filter_map(|word| match word {
        Clients::One(tool) => Some(*tool),
        Clients::All | Clients::Fitting => None,
    });
    if words.contains(&Clients::All) {
        Shown::These(Tool::ALL.to_vec())
    } else if words.contains(&Clients::Fitting) {
        Shown::Fitting
    } else {
        Shown::These(named.collect())
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
  certwright verify shop -n shop --address 127.0.0.1:8443 --clients curl,grpc

Sends a TLS handshake and nothing else. A wildcard host *.x is asked for as
certwright.x.

"
);

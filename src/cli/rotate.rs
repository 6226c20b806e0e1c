//! `certwright rotate`: the words after it.

use super::objects::ObjectWord;
use super::values::{ValueError, Word, domain, formats, key_type, place, words};
use super::{DryRun, PolicyArgs, SourceArgs};
use crate::duration::{RenewalWindow, parse_duration};
use crate::instant;
use crate::plan::rotation::KeyPolicy;
use crate::render::formats::{Chosen, TABLE, WritePlan};
use crate::x509::key_kind::KeyType;
use crate::x509::name;
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use time::{Duration, OffsetDateTime};

/// `certwright rotate`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[derive(Debug, Args)]
pub struct RotateArgs {
    /// The Secrets to rotate now: secret/NAME
    #[arg(id = "secrets", value_name = "secret/NAME", value_delimiter = ',', value_parser = ObjectWord::read)]
    pub(super) words: Vec<ObjectWord>,
    /// The names of the Secrets that they name.
    #[arg(skip)]
    pub secrets: Vec<String>,
    /// Rotate only what is due
    #[arg(long, conflicts_with = "all")]
    pub due: bool,
    /// Rotate all there are, due or not; needs -n or -l
    #[arg(long, conflicts_with = "secrets")]
    pub all: bool,
    /// Where to look
    #[command(flatten)]
    pub look: SourceArgs,
    /// When a certificate is due: a time before its end (20d, 12h, 2w) or a share of its lifetime (33%)
    #[arg(long, value_name = "TIME|SHARE")]
    pub renew_before: Option<RenewalWindow>,
    /// By which policy it is due
    #[command(flatten)]
    pub by: PolicyArgs,
    /// Make a new key, or keep the one that is there
    #[arg(long, value_name = "POLICY", default_value = "new", value_parser = words(KEY_POLICIES))]
    pub key_policy: KeyPolicy,
    /// Also rotate what this CA signed: a file with its certificate, secret/NAME or
    /// NAMESPACE/secret/NAME (with -f, one among those files)
    #[arg(long, value_name = "FILE|secret/NAME")]
    pub ca: Option<String>,
    /// The CA's private key, when it is not in the file or Secret of --ca
    #[arg(long, value_name = "FILE", requires = "ca")]
    pub ca_key: Option<PathBuf>,
    /// The type of new keys, instead of the old one's
    #[arg(long, value_name = "TYPE", value_parser = key_type())]
    pub key_type: Option<KeyType>,
    /// How long new certificates live (90d, 12h, 2w), instead of as long as the old ones
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub lifetime: Option<Duration>,
    /// A host, or an IP address, to add to the names; repeatable
    #[arg(long, value_name = "HOST", value_parser = domain_or_address, conflicts_with = "all")]
    pub add_host: Vec<String>,
    /// How many Secrets a batch may replace in one run, the most urgent first
    #[arg(long, value_name = "NUMBER", default_value = "10")]
    pub max: usize,
    /// Keep the replaced certificate and key in a Secret NAME-previous, from which rollback puts them
    /// back; done unless --no-backup is given
    #[arg(long, overrides_with = "no_backup", hide = true)]
    pub backup: bool,
    /// Make no backup: what is replaced cannot be rolled back
    #[arg(long)]
    pub no_backup: bool,
    /// With -f: write what is rewritten into files of this folder, and leave those that were read
    #[arg(long, value_name = "DIR", requires = "filename", conflicts_with = "in_place")]
    pub out: Option<PathBuf>,
    /// With --in-place: keep a copy of each file as it was, in this folder
    #[arg(long, value_name = "DIR", requires = "in_place")]
    pub backup_dir: Option<PathBuf>,
    /// Put one new certificate and key into every copy of a replaced one, in whatever namespace
    #[arg(long)]
    pub copies: bool,
    /// The trust bundles that hold the certificate: configmap/NAME:KEY, secret/NAME:KEY (in another
    /// namespace NAMESPACE/…), validatingwebhookconfiguration/NAME, mutatingwebhookconfiguration/NAME,
    /// apiservice/NAME, crd/NAME. The new certificate is put beside the old one there, and is served only
    /// after --soak; the old one goes when nothing needs it any more. Also for a private CA
    #[arg(long, value_name = "KIND/NAME", value_delimiter = ',', conflicts_with_all = ["due", "all", "in_place", "out", "at"])]
    pub trust: Vec<String>,
    /// With --trust: how long the new certificate is published before it is served (30d, 12h, 2w; 0 for no time); 24h
    /// unless given. A run that would have to wait longer than --timeout ends, and the next one goes on
    #[arg(long, value_name = "TIME", value_parser = soak, conflicts_with_all = ["due", "all", "filename"])]
    pub soak: Option<Duration>,
    /// Go on with a rotation with --trust that has begun, and do nothing where none has: for schedules
    #[arg(long = "continue", conflicts_with_all = ["due", "all", "filename"])]
    pub go_on: bool,
    /// Tell how far a rotation with --trust is, and write nothing
    #[arg(long, conflicts_with_all = ["due", "all", "dry_run", "report", "verify"])]
    pub status: bool,
    /// With --trust: remove the old certificate from the bundles although an address could not be asked whether it still
    /// serves it, or a workload may still have it
    #[arg(long, conflicts_with_all = ["due", "all", "filename"])]
    pub retire_unverified: bool,
    /// Go on with the rest of a batch although what was stored is not what was sent
    #[arg(long)]
    pub keep_going: bool,
    /// Do not ask before --all
    #[arg(long)]
    pub yes: bool,
    /// Rotate although somebody else owns the Secret (never against a live owner)
    #[arg(long, requires = "secrets")]
    pub override_owner: bool,
    /// Rotate although other data of the Secret is made from certificate and key
    #[arg(long, requires = "secrets")]
    pub force: bool,
    /// Then wait until every Ingress serves its new certificate; see --timeout
    #[arg(long, conflicts_with_all = ["filename", "dry_run"])]
    pub verify: bool,
    /// Do not touch the Ingresses of GKE's load balancers that name the Secrets, by which those take them
    /// up at once
    #[arg(long)]
    pub no_nudge: bool,
    /// Then restart the Deployments, StatefulSets and DaemonSets that keep the old certificate until they
    /// are restarted, and wait until that is rolled out; see --timeout
    #[arg(long, conflicts_with = "filename")]
    pub restart: bool,
    /// With --verify: connect there, whatever address the Ingresses have
    #[arg(long, value_name = "IP:PORT", value_parser = place, requires = "verify")]
    pub address: Option<SocketAddr>,
    /// With -f: rewrite the files, instead of printing them
    #[arg(long, requires = "filename")]
    pub in_place: bool,
    /// Write the plan into this file, and do nothing else; --plan carries it out
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dry_run", "plan", "report", "at", "verify"])]
    pub plan_out: Option<PathBuf>,
    /// Carry out the plan of this file, if nothing of it has changed since
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// Write what was done into this file, for an auditor: JSON, or Markdown where its name ends in .md
    #[arg(long, value_name = "FILE", conflicts_with = "filename")]
    pub report: Option<PathBuf>,
    /// Write nothing: show the plan (client), or have the server try it (server)
    #[arg(long, value_name = "HOW", default_value = "none", num_args = 0..=1, default_missing_value = "client", require_equals = true)]
    pub dry_run: DryRun,
    /// Plan as of this time (2027-01-31, 2027-01-31T12:00:00Z), instead of now; only with --dry-run=client or -f
    #[arg(long, value_name = "INSTANT", value_parser = instant::parse_or_date)]
    pub at: Option<OffsetDateTime>,
    /// How to show what was done
    #[arg(short, long, value_name = "FORMAT", default_value = TABLE, value_parser = formats(|format| format.plan))]
    pub output: Chosen<WritePlan>,
}

impl RotateArgs {
    /// Whether it may wait for the world once something is written.
    #[must_use]
    pub const fn waits(&self) -> bool {
        let overlaps = !self.trust.is_empty() || self.go_on || self.soak.is_some();
        self.verify || self.restart || self.plan.is_some() || overlaps
    }
}

/// A time to wait, of which nothing is one too.
fn soak(text: &str) -> Result<Duration, String> {
    if text.trim_start_matches('0').is_empty() || text == "0s" {
        return Ok(Duration::ZERO);
    }
    parse_duration(text).map_err(|why| why.to_string())
}

/// `--key-policy`.
const KEY_POLICIES: &[Word<KeyPolicy>] =
    &[("new", "A new key", KeyPolicy::New), ("same", "The existing key", KeyPolicy::Same)];

/// A domain, or an address, which stands in certificates as bytes and is written here in one way.
fn domain_or_address(text: &str) -> Result<String, ValueError> {
    name::address(text).map_or_else(|| domain(text), |address| Ok(address.to_string()))
}

/// The examples of its help; a test runs each.
pub(super) const EXAMPLES: &str = help_end!(
    "\
Examples:
  certwright rotate secret/shop-tls -n shop --dry-run=client
  certwright rotate secret/shop-tls -n shop
  certwright rotate secret/shop-tls -n shop --restart --timeout 10m
  certwright rotate --due -A
  certwright rotate secret/shop-tls -f manifests/ --in-place
  certwright rotate secret/shop-tls -n shop --trust configmap/shop-ca

What is replaced in a cluster is kept in a Secret NAME-previous: see rollback.
Clients that pinned an old self-signed certificate need the new one.

"
);

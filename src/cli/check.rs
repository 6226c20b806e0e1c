//! `certwright check`: the words after it.

use super::objects::ObjectWord;
use super::values::{Word, domain, formats, object_name, words};
use super::{JudgeArgs, SourceArgs};
use crate::audit::finding::Severity;
use crate::audit::{self, RULES};
use crate::duration::{RenewalWindow, parse_duration};
use crate::inventory::nearest;
use crate::inventory::selection::KeyPattern;
use crate::object_ref::{KindName, ObjectNameError};
use crate::observe::dns::Server;
use crate::render::formats::{Chosen, Format, TABLE, WriteChecked};
use crate::render::model::SortBy;
use crate::render::notify::Form;
use clap::Args;
use std::path::PathBuf;
use time::Duration;

/// `certwright check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Report only these: secret/NAME, ingress/NAME, gateway/NAME or route/NAME; with --key also configmap/NAME
    #[arg(id = "objects", value_name = "KIND/NAME", value_delimiter = ',', value_parser = ObjectWord::read)]
    pub(super) words: Vec<ObjectWord>,
    /// The objects that they name.
    #[arg(skip)]
    pub objects: Vec<KindName>,
    /// Where to look
    #[command(flatten)]
    pub look: SourceArgs,
    /// Look at several contexts of the kubeconfig in one run, each by itself: names with commas, or all
    #[arg(long, value_name = "NAME,…|all", value_delimiter = ',', conflicts_with_all = ["context", "filename"])]
    pub contexts: Vec<String>,
    /// Also look what is served: a TLS handshake with every address of every Ingress
    #[arg(long)]
    pub served: bool,
    /// Also ask DNS where the hosts point, and which CAs may issue for Google's domains
    #[arg(long)]
    pub dns: bool,
    /// The DNS server to ask instead of the system's; implies --dns
    #[arg(long, value_name = "HOST:PORT")]
    pub dns_server: Option<Server>,
    /// Also report whether a certificate covers this host, whoever serves it; with commas or repeated
    #[arg(long, value_name = "HOST", value_delimiter = ',', value_parser = domain)]
    pub host: Vec<String>,
    /// The same for every host in this file: one a line, # begins a comment
    #[arg(long, value_name = "FILE")]
    pub hosts_from: Option<PathBuf>,
    /// What else to read
    #[command(flatten)]
    pub beside: BesideArgs,
    /// When a certificate is due: a time before its end (20d, 12h, 2w) or a share of its lifetime (33%)
    #[arg(long, value_name = "TIME|SHARE")]
    pub renew_before: Option<RenewalWindow>,
    /// Whom to tell
    #[command(flatten)]
    pub notify: NotifyArgs,
    /// How to judge
    #[command(flatten)]
    pub judge: JudgeArgs,
    /// What to show
    #[command(flatten)]
    pub show: ShowArgs,
    /// What is known
    #[command(flatten)]
    pub known: BaselineArgs,
    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = TABLE, value_parser = formats(Format::checked))]
    pub output: Chosen<WriteChecked>,
    /// Omit the header row
    #[arg(long)]
    pub no_headers: bool,
}

/// Certificates that stand elsewhere than in TLS Secrets.
#[derive(Clone, Debug, Args)]
pub struct BesideArgs {
    /// Also read the values of Opaque Secrets whose keys fit this regular expression, or only those of the
    /// secret/NAME and configmap/NAME that are named
    #[arg(long, value_name = "REGEX")]
    pub key: Option<KeyPattern>,
    /// Also look at the caBundle of webhooks, APIServices and CustomResourceDefinitions, in no namespace
    #[arg(long)]
    pub ca_bundles: bool,
}

/// What is known already.
#[derive(Clone, Debug, Args)]
pub struct BaselineArgs {
    /// Only what is not in this file counts: known findings are hidden and fail nothing
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write what is found into the file of --baseline, and end with 0
    #[arg(long, requires = "baseline")]
    pub write_baseline: bool,
    /// With --write-baseline: also where something could not be read
    #[arg(long, requires = "write_baseline")]
    pub force: bool,
}

/// Who is told what is new since the last run.
#[derive(Clone, Debug, Args)]
pub struct NotifyArgs {
    /// POST what is new since the last run, of findings at or above --fail-on, and what is gone, to this URL
    #[arg(
        long,
        value_name = "URL",
        env = "CERTWRIGHT_NOTIFY_URL",
        hide_env_values = true,
        requires = "notify_state"
    )]
    pub notify: Option<String>,
    /// How to write it [default: slack for hooks.slack.com, else json]
    #[arg(long, value_name = "FORM", value_parser = words(FORMS), requires = "notify")]
    pub notify_format: Option<Form>,
    /// Where it is kept what was told: a ConfigMap in the namespace of -n, or a file
    #[arg(long, value_name = "configmap/NAME|FILE", value_parser = notify_state)]
    pub notify_state: Option<NotifyState>,
    /// A file with the key by which messages are signed (HMAC-SHA256)
    #[arg(long, value_name = "FILE", requires = "notify")]
    pub notify_key: Option<PathBuf>,
}

/// `--notify-state`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotifyState {
    /// The ConfigMap of this name.
    ConfigMap(String),
    /// A file.
    File(PathBuf),
}

fn notify_state(text: &str) -> Result<NotifyState, ObjectNameError> {
    match text.split_once('/') {
        Some(("configmap" | "cm" | "configmaps", name)) => {
            object_name(name).map(NotifyState::ConfigMap)
        }
        _ => Ok(NotifyState::File(PathBuf::from(text))),
    }
}

/// `--notify-format`.
const FORMS: &[Word<Form>] = &[
    ("json", "A document, certwright.dev/notify/v1", Form::Json),
    ("slack", "A text, as incoming webhooks of Slack and Mattermost take it", Form::Slack),
];

/// What of the report to show.
#[derive(Clone, Debug, Args)]
pub struct ShowArgs {
    /// Show every row and every finding, waived ones too [default: what needs attention, on one screen]
    #[arg(long)]
    pub all: bool,
    /// Report only findings of these rules, with commas or repeated
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = rule)]
    pub rule: Vec<&'static str>,
    /// Report only findings that are at least this severe
    #[arg(long, value_name = "SEVERITY", value_parser = words(LEAST))]
    pub severity: Option<Severity>,
    /// Report only certificates that end (with --calendar: are due) within this time (30d, 12h, 2w), whoever renews them
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub expires_within: Option<Duration>,
    /// Show when certificates are due and when they end, by week, instead of what is found
    #[arg(long)]
    pub calendar: bool,
    /// Sort the certificates
    #[arg(long, value_name = "COLUMN", default_value = "status", value_parser = words(COLUMNS))]
    pub sort_by: SortBy,
}

/// `--severity`.
const LEAST: &[Word<Severity>] = &[
    ("error", "Errors", Severity::Error),
    ("warning", "Warnings and errors", Severity::Warning),
    ("info", "Everything", Severity::Info),
];

/// `--sort-by`.
const COLUMNS: &[Word<SortBy>] = &[
    ("status", "Worst first, then what ends first", SortBy::Status),
    ("expires", "What ends first", SortBy::Expires),
    ("name", "Namespace and name", SortBy::Name),
    ("owner", "Who owns it, then what ends first", SortBy::Owner),
];

/// A rule by its code.
pub(super) fn rule(text: &str) -> Result<&'static str, NoRule> {
    audit::rule(text).map(|rule| rule.code).ok_or_else(|| NoRule {
        text: text.to_owned(),
        meant: nearest(text, RULES.iter().map(|rule| rule.code)),
    })
}

/// A word that is not a rule's code, and the nearest one.
#[derive(Debug, thiserror::Error)]
#[error("no rule has the code {text:?}{}; certwright explain lists them", meant.map(|code| format!(": did you mean {code}?")).unwrap_or_default())]
pub(super) struct NoRule {
    text: String,
    meant: Option<&'static str>,
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
  certwright check -A --expires-within 30d --sort-by expires
  certwright check -A --host shop.example
  certwright check -A --severity error -o lines
  certwright check -f manifests/ -o sarif > certwright.sarif
  certwright check -A -o html > certificates.html
  certwright check -A -o prometheus > certwright.prom
  certwright check -A --rule expired,expires-soon -o name
  certwright check -n shop --key '\\.(crt|pem)$'
  certwright check -n shop configmap/ca-bundle --key ca
  certwright check --ca-bundles --allow-empty
  certwright check -A --calendar
  certwright check -A --policy policy.yaml --fail-on error
  certwright check -f manifests/ --baseline baseline.json --write-baseline

"
);

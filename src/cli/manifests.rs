//! `certwright manifests`: the words after it.

use super::kubectl;
use super::values::{ValueError, Word, formats, object_name, words};
use crate::object_ref::check_object_name;
use crate::render::formats::{Chosen, WriteManifests};
use crate::rights::{Mode, Part};
use clap::{Args, Subcommand};

/// `certwright manifests`.
#[derive(Debug, Subcommand)]
pub enum ManifestsCommand {
    /// Print a ServiceAccount and the least it may do: roles and their bindings
    #[command(after_help = RBAC)]
    Rbac(RbacArgs),
    /// Print a CronJob that runs certwright, non-root and with nothing to write to
    #[command(after_help = CRONJOB)]
    Cronjob(CronjobArgs),
    /// Print alert rules for Prometheus
    #[command(after_help = ALERTS)]
    Alerts(AlertsArgs),
}

/// `certwright manifests rbac`.
#[derive(Debug, Args)]
pub struct RbacArgs {
    /// What it is to run; with commas or repeated
    #[arg(long = "for", value_name = "MODE", value_delimiter = ',', default_value = "check", value_parser = words(&MODES))]
    pub modes: Vec<Mode>,
    /// What the cluster has or you want judged, beside what every cluster has; a kind that is not there harms
    /// nothing [default: all]
    #[arg(long, value_name = "PART", value_delimiter = ',', value_parser = words(&PARTS))]
    pub with: Vec<WithPart>,
    /// Let it look at all namespaces [default: that of -n]
    #[arg(short = 'A', long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = kubectl::boolean, hide_default_value = true)]
    pub all_namespaces: bool,
    /// Let it look at these namespaces, with commas or repeated [default: that of -n]
    #[arg(long, value_name = "NAMESPACE", value_delimiter = ',', value_parser = namespace, conflicts_with = "all_namespaces")]
    pub look_in: Vec<String>,
    /// The ServiceAccount's name, which roles and bindings have too
    #[arg(long, value_name = "NAME", default_value = "certwright", value_parser = object_name)]
    pub name: String,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", default_value = "yaml", value_parser = formats(|format| format.manifests))]
    pub output: Chosen<WriteManifests>,
}

/// `certwright manifests cronjob`.
#[derive(Debug, Args)]
pub struct CronjobArgs {
    /// The image; docs/schedule.md says how to build one
    #[arg(long, value_name = "IMAGE", value_parser = image)]
    pub image: String,
    /// When to run, as cron writes it, in the cluster's time
    #[arg(long, value_name = "CRON", default_value = "17 6 * * *", value_parser = schedule)]
    pub schedule: String,
    /// Look at all namespaces [default: that of -n]
    #[arg(short = 'A', long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = kubectl::boolean, hide_default_value = true)]
    pub all_namespaces: bool,
    /// The CronJob's name
    #[arg(long, value_name = "NAME", default_value = "certwright", value_parser = job_name)]
    pub name: String,
    /// The ServiceAccount it runs as
    #[arg(long, value_name = "NAME", default_value = "certwright", value_parser = object_name)]
    pub service_account: String,
    /// Tell the webhook whose URL this Secret holds, as `url`, of what is new; what was told is kept in the
    /// ConfigMap certwright-told (rbac --for notify)
    #[arg(long, value_name = "NAME", value_parser = object_name)]
    pub notify_secret: Option<String>,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", default_value = "yaml", value_parser = formats(|format| format.manifests))]
    pub output: Chosen<WriteManifests>,
    /// What it runs [default: check --fail-on error -o lines, where -n or -A says]
    #[arg(last = true, value_name = "ARGS")]
    pub arguments: Vec<String>,
}

/// `certwright manifests alerts`.
#[derive(Debug, Args)]
pub struct AlertsArgs {
    /// Print a PrometheusRule of Prometheus Operator, in the namespace of -n [default: a file of rules]
    #[arg(long)]
    pub prometheus_operator: bool,
    /// A label of it, by which a Prometheus selects its rules; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = label, requires = "prometheus_operator")]
    pub label: Vec<(String, String)>,
    /// Its name
    #[arg(long, value_name = "NAME", default_value = "certwright", value_parser = object_name, requires = "prometheus_operator")]
    pub name: String,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", default_value = "yaml", value_parser = formats(|format| format.manifests))]
    pub output: Chosen<WriteManifests>,
}

/// `--for`.
static MODES: [Word<Mode>; Mode::ALL.len()] = {
    let mut all = [("", "", Mode::Check); Mode::ALL.len()];
    let mut at = 0;
    while at < all.len() {
        let mode = Mode::ALL[at];
        all[at] = (mode.as_str(), mode.help(), mode);
        at += 1;
    }
    all
};

/// A part that was chosen, or none at all.
pub type WithPart = Option<Part>;

/// `--with`.
static PARTS: [Word<WithPart>; Part::OPTIONAL.len() + 1] = {
    let mut all = [("none", "Nothing else", None); Part::OPTIONAL.len() + 1];
    let mut at = 0;
    while at < Part::OPTIONAL.len() {
        let part = Part::OPTIONAL[at];
        all[at] = (part.as_str(), part.help(), Some(part));
        at += 1;
    }
    all
};

impl RbacArgs {
    /// The parts that were chosen; all when none was.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        if self.with.is_empty() {
            return Part::OPTIONAL.to_vec();
        }
        self.with.iter().flatten().copied().collect()
    }
}

/// A namespace's name.
fn namespace(text: &str) -> Result<String, ValueError> {
    check_object_name(text)?;
    if text.len() > crate::x509::name::MAX_DNS_LABEL || text.contains('.') {
        return Err(ValueError::Namespace(text.to_owned()));
    }
    Ok(text.to_owned())
}

/// The longest name that a CronJob may have: its Jobs' names are 11 characters longer.
const LONGEST: usize = 52;

fn job_name(text: &str) -> Result<String, ValueError> {
    check_object_name(text)?;
    if text.len() > LONGEST {
        return Err(ValueError::JobName(text.to_owned()));
    }
    Ok(text.to_owned())
}

/// A label, as the API server takes it but for the length of its prefix.
fn label(text: &str) -> Result<(String, String), ValueError> {
    let is_word = |word: &str| {
        let taken = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        word.len() <= 63 && word.chars().all(taken)
    };
    let wrong = || ValueError::Label(text.to_owned());
    let (key, value) = text.split_once('=').ok_or_else(wrong)?;
    let (prefix, name) = key.rsplit_once('/').unwrap_or(("a", key));
    let is_key = check_object_name(prefix).is_ok() && is_word(name) && !name.is_empty();
    if is_key && is_word(value) { Ok((key.to_owned(), value.to_owned())) } else { Err(wrong()) }
}

/// An image, as a container runtime takes it.
fn image(text: &str) -> Result<String, ValueError> {
    let is_taken = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins && text.chars().all(is_taken) {
        return Ok(text.to_owned());
    }
    Err(ValueError::Image(text.to_owned()))
}

/// A schedule: five fields of cron, or one of its words. The API server knows the rest.
fn schedule(text: &str) -> Result<String, ValueError> {
    let field =
        |field: &str| field.chars().all(|c| c.is_ascii_alphanumeric() || "*/,-?".contains(c));
    let fields: Vec<&str> = text.split_whitespace().collect();
    let is_cron = fields.len() == 5 && fields.iter().all(|it| field(it));
    let is_word = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"]
        .contains(&text);
    if is_cron || is_word {
        Ok(text.to_owned())
    } else {
        Err(ValueError::Schedule(text.to_owned()))
    }
}

/// The examples in the help of `manifests rbac`; a test runs each.
const RBAC: &str = help_end!(
    "\
Examples:
  certwright manifests rbac -n certwright -A
  certwright manifests rbac -n shop --for check,rotate
  certwright manifests rbac -n certwright --look-in shop,payments --with none
  certwright manifests rbac -n certwright -A --with gke,workloads -o json

"
);

/// The examples in the help of `manifests alerts`; a test runs each.
const ALERTS: &str = help_end!(
    "\
Examples:
  certwright manifests alerts > certwright.rules.yaml
  certwright manifests alerts --prometheus-operator -n monitoring --label release=prometheus

"
);

/// The examples in the help of `manifests cronjob`; a test runs each.
const CRONJOB: &str = help_end!(
    "\
Examples:
  certwright manifests cronjob -n certwright -A --image registry.example/certwright:0.1.0
  certwright manifests cronjob -n shop --image certwright:dev --schedule @hourly -- rotate --due
  certwright manifests cronjob -n certwright -A --image certwright:dev --notify-secret slack

"
);

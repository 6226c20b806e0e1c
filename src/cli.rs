//! The command line: what can be typed, what it means, and the help.
//!
//! Knows flags and their limits. Refuses to act: parsing only turns words into values.

use crate::audit::finding::Severity;
use crate::exit::FailOn;
use crate::inventory::selection::LabelSelector;
use crate::object_ref::{KindName, check_object_name};
use crate::x509::lead::{Lead, parse_duration};
use crate::x509::profile::KeyType;
use crate::x509::{instant, name};
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::IpAddr;
use std::path::PathBuf;
use time::{Duration, OffsetDateTime};

/// The exit codes stand in every help, behind the examples.
macro_rules! help_end {
    ($examples:literal) => {
        concat!(
            $examples,
            "Exit codes:
  0    done, nothing at or above --fail-on
  1    findings at or above --fail-on
  2    usage
  3    incomplete and otherwise clean: something could not be read, or was left
  4    failed: unreachable, refused, conflict, bad input, not there
  124  timed out
  130  interrupted"
        )
    };
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Certificates for Kubernetes Ingress: issue, import, check and rotate TLS Secrets.
#[derive(Debug, Parser)]
#[command(name = "certwright", version, styles = STYLES, max_term_width = 100, after_help = help_end!(""))]
#[command(propagate_version = true, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,
}

/// Flags of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The kubeconfig file, instead of KUBECONFIG or ~/.kube/config
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The kubeconfig context to use
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// The namespace; with -f, that of objects which name none
    #[arg(short, long, global = true, value_name = "NAME", value_parser = namespace)]
    pub namespace: Option<String>,
    /// User to impersonate
    #[arg(long = "as", global = true, value_name = "USER")]
    pub impersonate: Option<String>,
    /// Group to impersonate; repeatable
    #[arg(long = "as-group", global = true, value_name = "GROUP", requires = "impersonate")]
    pub impersonate_groups: Vec<String>,
    /// How long one request may take
    #[arg(long, global = true, value_name = "TIME", default_value = "30s", value_parser = parse_duration)]
    pub request_timeout: Duration,
    /// How long the whole command may take
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Say more on stderr
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// `--color`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a self-signed key and certificate, as two files or as a TLS Secret
    #[command(after_help = examples::ISSUE)]
    Issue(IssueArgs),
    /// Put an existing key and certificate into a TLS Secret, after checking them
    #[command(after_help = examples::IMPORT)]
    Import(ImportArgs),
    /// Judge TLS Secrets and Ingress hosts: expiry, names, keys, links
    #[command(after_help = examples::CHECK)]
    Check(CheckArgs),
    /// Show what certificates say: files, standard input, Secrets
    #[command(after_help = examples::INSPECT)]
    Inspect(InspectArgs),
    /// Replace self-signed pairs by fresh ones, in place
    #[command(after_help = examples::ROTATE, visible_alias = "renew")]
    Rotate(RotateArgs),
}

/// `certwright issue`.
#[derive(Debug, Args)]
pub struct IssueArgs {
    /// DNS names of the certificate
    #[arg(value_name = "DOMAIN", value_parser = domain, required_unless_present = "ip")]
    pub domains: Vec<String>,
    /// An IP address of the certificate; repeatable
    #[arg(long, value_name = "ADDRESS")]
    pub ip: Vec<IpAddr>,
    /// The key's type
    #[arg(long, value_name = "TYPE", default_value = "rsa-2048", value_parser = key_type())]
    pub key_type: KeyType,
    /// How long the certificate lives from now
    #[arg(long, value_name = "TIME", default_value = "365d", value_parser = parse_duration)]
    pub lifetime: Duration,
    /// The common name, instead of the first domain that fits
    #[arg(long, value_name = "NAME")]
    pub cn: Option<String>,
    /// The folder for tls.key and tls.crt
    #[arg(long, value_name = "DIR", default_value = ".", conflicts_with = "secret")]
    pub out_dir: PathBuf,
    /// Make a TLS Secret of this name instead of files
    #[arg(long, value_name = "NAME", value_parser = object_name)]
    pub secret: Option<String>,
    /// Replace what is there
    #[arg(long)]
    pub force: bool,
    /// Replace the pair of a Secret that somebody else owns
    #[arg(long, requires = "secret", requires = "force")]
    pub override_owner: bool,
    /// How to write, and how to show it
    #[command(flatten)]
    pub write: WriteArgs,
}

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
    /// Replace the pair although other data of the Secret is made from it
    #[arg(long, requires = "replace")]
    pub force: bool,
    /// Replace the pair of a Secret that somebody else owns
    #[arg(long, requires = "replace")]
    pub override_owner: bool,
    /// How to write, and how to show it
    #[command(flatten)]
    pub write: WriteArgs,
}

/// Flags of commands that write.
#[derive(Clone, Copy, Debug, Args)]
pub struct WriteArgs {
    /// Write nothing: show the plan (client), or have the server try it (server)
    #[arg(long, value_name = "HOW", default_value = "none", num_args = 0..=1, default_missing_value = "client", require_equals = true)]
    pub dry_run: DryRun,
    /// How to show what was done; with --dry-run=client, yaml and json are the manifest
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: WriteFormat,
}

/// `--dry-run`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DryRun {
    /// Write.
    None,
    /// Only plan.
    Client,
    /// Let the server try.
    Server,
}

/// `-o` of commands that write one pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WriteFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// A manifest; only with `--dry-run=client`.
    Yaml,
}

/// `certwright check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Report only these: secret/NAME or ingress/NAME
    #[arg(value_name = "KIND/NAME")]
    pub objects: Vec<KindName>,
    /// Where to look
    #[command(flatten)]
    pub look: LookArgs,
    /// When a certificate is due: a time or a share of its lifetime
    #[arg(long, value_name = "TIME|SHARE")]
    pub renew_before: Option<Lead>,
    /// From which findings on the exit code is 1
    #[arg(long, value_name = "SEVERITY", default_value = "warning")]
    pub fail_on: FailOnArg,
    /// The instant to judge at (RFC 3339), instead of now
    #[arg(long, value_name = "INSTANT", value_parser = instant::parse)]
    pub at: Option<OffsetDateTime>,
    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: ReportFormat,
    /// Leave out the heads of columns
    #[arg(long)]
    pub no_headers: bool,
}

/// Where to look.
#[derive(Clone, Debug, Args)]
pub struct LookArgs {
    /// Look in all namespaces
    #[arg(short = 'A', long, conflicts_with_all = ["namespace", "filename"])]
    pub all_namespaces: bool,
    /// Report only objects with these labels (references are always followed)
    #[arg(short = 'l', long, value_name = "LABELS")]
    pub selector: Option<LabelSelector>,
    /// Read manifests instead of a cluster: a file, a folder, or - ; repeatable
    #[arg(short = 'f', long, value_name = "PATH")]
    pub filename: Vec<PathBuf>,
}

/// `--fail-on`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOnArg {
    /// Errors.
    Error,
    /// Warnings and errors.
    Warning,
    /// Anything.
    Info,
    /// Nothing.
    Never,
}

impl From<FailOnArg> for FailOn {
    fn from(arg: FailOnArg) -> Self {
        match arg {
            FailOnArg::Error => Self::AtLeast(Severity::Error),
            FailOnArg::Warning => Self::AtLeast(Severity::Warning),
            FailOnArg::Info => Self::AtLeast(Severity::Info),
            FailOnArg::Never => Self::Never,
        }
    }
}

/// `-o` of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people, 80 columns.
    Table,
    /// For people with room.
    Wide,
    /// For programs.
    Json,
}

/// `certwright inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// A file, a folder, - for standard input, or secret/NAME
    #[arg(value_name = "TARGET", required = true)]
    pub targets: Vec<String>,
    /// From which findings on the exit code is 1
    #[arg(long, value_name = "SEVERITY", default_value = "never")]
    pub fail_on: FailOnArg,
    /// The instant to judge at (RFC 3339), instead of now
    #[arg(long, value_name = "INSTANT", value_parser = instant::parse)]
    pub at: Option<OffsetDateTime>,
    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: ReportFormat,
    /// Leave out the heads of columns (-o wide)
    #[arg(long)]
    pub no_headers: bool,
}

/// `certwright rotate`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[derive(Debug, Args)]
pub struct RotateArgs {
    /// The Secrets to rotate now: secret/NAME
    #[arg(value_name = "secret/NAME", value_parser = secret_name)]
    pub secrets: Vec<String>,
    /// Rotate only what is due
    #[arg(long, conflicts_with = "all")]
    pub due: bool,
    /// Rotate all there are, due or not; needs -n or -l
    #[arg(long, conflicts_with = "secrets")]
    pub all: bool,
    /// Where to look
    #[command(flatten)]
    pub look: LookArgs,
    /// When a certificate is due: a time or a share of its lifetime
    #[arg(long, value_name = "TIME|SHARE")]
    pub renew_before: Option<Lead>,
    /// Make a new key, or keep the one that is there
    #[arg(long, value_name = "POLICY", default_value = "new")]
    pub key_policy: KeyPolicyArg,
    /// The type of new keys, instead of the old one's
    #[arg(long, value_name = "TYPE", value_parser = key_type())]
    pub key_type: Option<KeyType>,
    /// How long new certificates live, instead of as long as the old ones
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub lifetime: Option<Duration>,
    /// A host to add to the names; repeatable
    #[arg(long, value_name = "HOST", value_parser = domain, conflicts_with = "all")]
    pub add_host: Vec<String>,
    /// How many pairs a batch may replace in one run, the most urgent first
    #[arg(long, value_name = "NUMBER", default_value = "10")]
    pub max: usize,
    /// Do not ask before --all
    #[arg(long)]
    pub yes: bool,
    /// Rotate although somebody else owns the Secret (never against a live owner)
    #[arg(long, requires = "secrets")]
    pub override_owner: bool,
    /// Rotate although other data of the Secret is made from the pair
    #[arg(long, requires = "secrets")]
    pub force: bool,
    /// With -f: rewrite the files, instead of printing them
    #[arg(long, requires = "filename")]
    pub in_place: bool,
    /// Write nothing: show the plan (client), or have the server try it (server)
    #[arg(long, value_name = "HOW", default_value = "none", num_args = 0..=1, default_missing_value = "client", require_equals = true)]
    pub dry_run: DryRun,
    /// The instant to plan for (RFC 3339), instead of now; only with --dry-run=client or -f
    #[arg(long, value_name = "INSTANT", value_parser = instant::parse)]
    pub at: Option<OffsetDateTime>,
    /// How to show what was done
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: PlanFormat,
}

/// `--key-policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyPolicyArg {
    /// A fresh key.
    New,
    /// The key that is there.
    Same,
}

/// `-o` of `rotate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

fn key_type() -> impl clap::builder::TypedValueParser<Value = KeyType> {
    use clap::builder::{PossibleValuesParser, TypedValueParser as _};
    PossibleValuesParser::new(KeyType::ALL.map(KeyType::as_str))
        .map(|text| KeyType::from_name(&text).unwrap_or(KeyType::Rsa2048))
}

fn domain(text: &str) -> Result<String, String> {
    name::check_dns_name(text).map(|()| text.to_ascii_lowercase())
}

fn object_name(text: &str) -> Result<String, String> {
    check_object_name(text).map(|()| text.to_owned())
}

/// A namespace is one DNS label (RFC 1123).
fn namespace(text: &str) -> Result<String, String> {
    check_object_name(text)?;
    if text.len() > name::MAX_DNS_LABEL || text.contains('.') {
        return Err(format!(
            "{text:?} is not a namespace: it has a dot, or more than 63 characters"
        ));
    }
    Ok(text.to_owned())
}

fn secret_name(text: &str) -> Result<String, String> {
    let named: KindName = text.parse()?;
    if named.kind == crate::object_ref::Kind::Secret {
        Ok(named.name)
    } else {
        Err(format!("only Secrets are rotated: expected secret/NAME, found {text:?}"))
    }
}

/// Examples in the help; a test runs each.
mod examples {
    pub(super) const ISSUE: &str = help_end!(
        "\
Examples:
  certwright issue shop.example www.shop.example
  certwright issue shop.example --key-type p256 --lifetime 90d --out-dir certs
  certwright issue shop.example --secret shop-tls --dry-run=client -o yaml
  certwright issue shop.example --secret shop-tls -n shop

"
    );

    pub(super) const IMPORT: &str = help_end!(
        "\
Examples:
  certwright import shop-tls --cert tls.crt --key tls.key --dry-run=client -o yaml
  certwright import shop-tls --cert tls.crt --key tls.key -n shop
  certwright import shop-tls --cert tls.crt --key tls.key -n shop --replace

"
    );

    pub(super) const CHECK: &str = help_end!(
        "\
Examples:
  certwright check -f manifests/
  certwright check -n shop
  certwright check -n shop ingress/shop -o json
  certwright check -A --renew-before 20d --fail-on error

"
    );

    pub(super) const INSPECT: &str = help_end!(
        "\
Examples:
  certwright inspect tls.crt
  certwright inspect secret/shop-tls -n shop
  certwright inspect - -o json < tls.crt

"
    );

    pub(super) const ROTATE: &str = help_end!(
        "\
Examples:
  certwright rotate secret/shop-tls -n shop --dry-run=client
  certwright rotate secret/shop-tls -n shop
  certwright rotate --due -A
  certwright rotate secret/shop-tls -f manifests/ --in-place

Clients that pinned an old self-signed certificate need the new one.

"
    );
}

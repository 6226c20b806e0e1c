//! The command line: what can be typed, what it means, and the help.
//!
//! Knows flags and their limits. Refuses to act: parsing only turns words into values.

mod kubectl;

use crate::audit::RULES;
use crate::audit::finding::Severity;
use crate::duration::{Lead, parse_duration};
use crate::exit::FailOn;
use crate::gke::presets::{AppProtocol, HealthCheck};
use crate::instant;
use crate::inventory::selection::LabelSelector;
use crate::object_ref::{Kind, KindName, check_object_name};
use crate::observe::dns::Server;
use crate::observe::files::Below;
use crate::plan::bootstrap::ServicePort;
use crate::x509::key_kind::KeyType;
use crate::x509::name;
use clap::builder::PossibleValuesParser;
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
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
  3    incomplete and otherwise clean: something could not be read, was left, or was not there
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

/// Certificates for Kubernetes Ingress: bootstrap, check, verify and rotate.
#[derive(Debug, Parser)]
#[command(name = "certwright", version, styles = STYLES, max_term_width = 100, after_help = help_end!(""))]
#[command(propagate_version = true, subcommand_required = true, arg_required_else_help = true)]
#[command(args_override_self = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Flags of every command.
    #[command(flatten)]
    pub global: Global,
}

impl Cli {
    /// The command line, in kubectl's spellings too; of a flag that is repeated the last counts, and
    /// an empty name or a time of 0 is as good as none.
    ///
    /// # Errors
    /// What clap says, which may be the help that was asked for.
    pub fn read(args: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut cli = Self::try_parse_from(kubectl::as_taken(args))?;
        let global = &mut cli.global;
        global.namespace = global.namespace.take().filter(|name| !name.is_empty());
        global.context = global.context.take().filter(|name| !name.is_empty());
        global.kubeconfig = global.kubeconfig.take().filter(|path| !path.as_os_str().is_empty());
        global.timeout = global.timeout.filter(|time| time.is_positive());
        if !global.request_timeout.is_positive() {
            global.request_timeout = NO_LIMIT;
        }
        Ok(cli)
    }
}

/// What `--request-timeout 0` comes to: nothing here waits for ever.
const NO_LIMIT: Duration = Duration::DAY;

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
    /// How long one request may take; 0 is a day
    #[arg(long, global = true, value_name = "TIME", default_value = "30s", value_parser = kubectl::time_out)]
    pub request_timeout: Duration,
    /// How long the whole command may take; 0 is no limit
    #[arg(long, global = true, value_name = "TIME", value_parser = kubectl::time_out)]
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
    /// Make a key and a certificate, self-signed or by a CA, as files or as a TLS Secret
    #[command(after_help = examples::ISSUE)]
    Issue(IssueArgs),
    /// Put an existing key and certificate into a TLS Secret, after checking them
    #[command(after_help = examples::IMPORT)]
    Import(ImportArgs),
    /// Judge TLS Secrets and Ingress hosts: expiry, names, keys, links
    #[command(after_help = examples::CHECK)]
    Check(CheckArgs),
    /// See what an Ingress serves: is it what is stored, and can clients connect?
    #[command(after_help = examples::VERIFY)]
    Verify(VerifyArgs),
    /// Show what certificates say: files, standard input, Secrets, TLS servers
    #[command(after_help = examples::INSPECT)]
    Inspect(InspectArgs),
    /// Serve a new domain over TLS: certificate, load-balancer settings, Ingress
    #[command(after_help = examples::BOOTSTRAP)]
    Bootstrap(BootstrapArgs),
    /// Make, look at and wait for Google's ManagedCertificates
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Managed {
        /// What to do with them.
        #[command(subcommand)]
        command: ManagedCommand,
    },
    /// Replace self-signed pairs (with --ca, those of a CA too) by fresh ones, in place
    #[command(after_help = examples::ROTATE, visible_alias = "renew")]
    Rotate(RotateArgs),
    /// Say what a rule means, why it matters and what to do
    #[command(after_help = examples::EXPLAIN)]
    Explain(ExplainArgs),
    /// Print a shell's completion script
    #[command(after_help = examples::COMPLETION)]
    Completion(CompletionArgs),
    /// Write the manual pages
    #[command(after_help = examples::MAN)]
    Man(ManArgs),
}

/// `certwright explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The rule; all of them when none is named
    #[arg(value_name = "RULE", value_parser = rule_code(), hide_possible_values = true)]
    pub rule: Option<String>,
    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: PlanFormat,
}

/// `certwright completion`.
#[derive(Debug, Args)]
pub struct CompletionArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// `certwright man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The folder for the pages; made when it is not there
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// `certwright issue`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[derive(Debug, Args)]
pub struct IssueArgs {
    /// DNS names of the certificate, in xn-- form or in their own script
    #[arg(value_name = "DOMAIN", value_parser = domain, required_unless_present_any = ["ip", "email", "uri", "make_ca", "from_csr"])]
    pub domains: Vec<String>,
    /// An IP address of the certificate; repeatable
    #[arg(long, value_name = "ADDRESS")]
    pub ip: Vec<IpAddr>,
    /// An e-mail address of the certificate; repeatable
    #[arg(long, value_name = "ADDRESS")]
    pub email: Vec<String>,
    /// A URI of the certificate, such as spiffe://…; repeatable
    #[arg(long, value_name = "URI")]
    pub uri: Vec<String>,
    /// Make a private CA that signs leaves: ca.key and ca.crt
    #[arg(long, requires = "cn", conflicts_with_all = ["domains", "ip", "email", "uri", "ca", "csr", "from_csr", "p12"])]
    pub make_ca: bool,
    /// Sign with this CA: a file with its certificate (and those above it), or secret/NAME
    #[arg(long, value_name = "FILE|secret/NAME")]
    pub ca: Option<String>,
    /// The CA's private key, when it is not in the file or Secret of --ca
    #[arg(long, value_name = "FILE", requires = "ca")]
    pub ca_key: Option<PathBuf>,
    /// Make a key and a request (tls.csr) for somebody else to sign
    #[arg(long, conflicts_with_all = ["ca", "from_csr", "secret", "p12", "lifetime"])]
    pub csr: bool,
    /// Sign this request: its names and its key, once they are checked, and nothing else of it
    #[arg(long, value_name = "FILE", requires = "ca", conflicts_with_all = ["domains", "ip", "email", "uri", "cn", "key_type", "secret", "p12"])]
    pub from_csr: Option<PathBuf>,
    /// Also write key, certificate and chain as PKCS#12, for Java and Windows
    #[arg(long, value_name = "FILE", conflicts_with = "secret")]
    pub p12: Option<PathBuf>,
    /// The file whose first line is the password of --p12 (else it is asked for)
    #[arg(long, value_name = "FILE", requires = "p12")]
    pub p12_password_file: Option<PathBuf>,
    /// The key's type
    #[arg(long, value_name = "TYPE", default_value = "rsa-2048", value_parser = key_type())]
    pub key_type: KeyType,
    /// How long the certificate lives from now [default: 365d, a CA 3650d]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub lifetime: Option<Duration>,
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
    #[value(alias = "false")]
    None,
    /// Only plan.
    #[value(alias = "true")]
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
    /// Whether GKE's rules apply to an Ingress without a class
    #[arg(long, value_name = "WHERE", default_value = "auto")]
    pub platform: PlatformArg,
    /// From which findings on the exit code is 1
    #[arg(long, value_name = "SEVERITY", default_value = "warning")]
    pub fail_on: FailOnArg,
    /// The instant to judge at (RFC 3339 or a date), instead of now
    #[arg(long, value_name = "INSTANT", value_parser = instant::parse_or_date)]
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
pub struct SourceArgs {
    /// Look in all namespaces
    #[arg(short = 'A', long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = kubectl::boolean, hide_default_value = true)]
    pub all_namespaces: bool,
    /// Report only objects with these labels (references are always followed)
    #[arg(short = 'l', long, value_name = "LABELS")]
    pub selector: Option<LabelSelector>,
    /// Read manifests instead of a cluster: files, folders, patterns or -, with commas or repeated
    #[arg(short = 'f', long, value_name = "PATH")]
    pub filename: Vec<PathBuf>,
    /// With -f: read the folders below, hidden ones too [default: all but hidden ones]
    #[arg(short = 'R', long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = kubectl::boolean, requires = "filename")]
    pub recursive: Option<bool>,
    /// Nothing found where something was looked for is well (else the exit code is 3)
    #[arg(long)]
    pub allow_empty: bool,
}

impl SourceArgs {
    /// Which folders below a folder are read.
    #[must_use]
    pub fn below(&self) -> Below {
        match self.recursive {
            None => Below::Usual,
            Some(true) => Below::All,
            Some(false) => Below::None,
        }
    }
}

/// `--platform`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlatformArg {
    /// When GKE's own kinds are there.
    Auto,
    /// They do.
    Gke,
    /// They do not.
    Other,
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
    /// Whether GKE's rules apply to an Ingress without a class
    #[arg(long, value_name = "WHERE", default_value = "auto")]
    pub platform: PlatformArg,
    /// From which findings on the exit code is 1
    #[arg(long, value_name = "SEVERITY", default_value = "warning")]
    pub fail_on: FailOnArg,
    /// The instant to judge at (RFC 3339 or a date), instead of now
    #[arg(long, value_name = "INSTANT", value_parser = instant::parse_or_date)]
    pub at: Option<OffsetDateTime>,
    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: PlanFormat,
    /// Leave out the heads of columns
    #[arg(long)]
    pub no_headers: bool,
}

/// `-o` of `inspect`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InspectFormat {
    /// For people, 80 columns.
    Table,
    /// For people with room.
    Wide,
    /// For programs.
    Json,
    /// The certificates alone, written anew.
    Pem,
}

/// `certwright inspect`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// A file, a folder, - for standard input, secret/NAME, or HOST:PORT
    #[arg(value_name = "TARGET", required = true)]
    pub targets: Vec<String>,
    /// The name to ask a server for (SNI), instead of the host of HOST:PORT
    #[arg(long, value_name = "HOST", value_parser = server_name)]
    pub servername: Option<String>,
    /// From which findings on the exit code is 1
    #[arg(long, value_name = "SEVERITY", default_value = "never")]
    pub fail_on: FailOnArg,
    /// The instant to judge at (RFC 3339 or a date), instead of now
    #[arg(long, value_name = "INSTANT", value_parser = instant::parse_or_date)]
    pub at: Option<OffsetDateTime>,
    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: InspectFormat,
    /// Write the certificates of one target as PEM in the order servers must send: the leaf (that
    /// of the private key, when it is there), its intermediates, without the root
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
    /// Leave out the heads of columns (-o wide)
    #[arg(long)]
    pub no_headers: bool,
}

/// `certwright bootstrap`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[derive(Debug, Args)]
pub struct BootstrapArgs {
    /// The domains to serve
    #[arg(value_name = "DOMAIN", value_parser = domain, required = true)]
    pub domains: Vec<String>,
    /// The Service behind them, with its port by number or name when it has several
    #[arg(long, value_name = "NAME[:PORT]", value_parser = service)]
    pub service: (String, Option<ServicePort>),
    /// The Ingress's name; the others are made from it [default: the Service's]
    #[arg(long, value_name = "NAME", value_parser = object_name)]
    pub name: Option<String>,
    /// How the backend is spoken to and its health asked
    #[arg(long, value_name = "PRESET", default_value = "http")]
    pub preset: PresetArg,
    /// A ManagedCertificate of Google's instead of a self-signed one
    #[arg(long, conflicts_with_all = ["tls_secret", "key_type", "lifetime"])]
    pub google_managed: bool,
    /// A TLS Secret that is there already
    #[arg(long, value_name = "NAME", value_parser = object_name, conflicts_with_all = ["key_type", "lifetime"])]
    pub tls_secret: Option<String>,
    /// The type of a new key
    #[arg(long, value_name = "TYPE", default_value = "rsa-2048", value_parser = key_type())]
    pub key_type: KeyType,
    /// How long a new certificate lives
    #[arg(long, value_name = "TIME", default_value = "365d", value_parser = parse_duration)]
    pub lifetime: Duration,
    /// The BackendConfig's name [default: NAME-backendconfig]
    #[arg(long, value_name = "NAME", value_parser = object_name)]
    pub backend_config: Option<String>,
    /// The health check, instead of the preset's, such as `HTTP:9091/healthz`
    #[arg(long, value_name = "TYPE[:PORT]/PATH", value_parser = health_check)]
    pub health_check: Option<HealthCheck>,
    /// The name of a reserved global address
    #[arg(long, value_name = "NAME", value_parser = address_name)]
    pub static_ip: Option<String>,
    /// What becomes of port 80 [default: a new Ingress serves it, one that is there stays as it is]
    #[arg(long, value_name = "WHAT")]
    pub http: Option<HttpArg>,
    /// The Ingress class; with any other than gce, GKE's objects are left out
    #[arg(long, value_name = "CLASS", default_value = "gce")]
    pub ingress_class: String,
    /// Change a Service of type LoadBalancer to ClusterIP
    #[arg(long)]
    pub cluster_ip: bool,
    /// Do not wait for the address, nor for Active
    #[arg(long)]
    pub no_wait: bool,
    /// Write manifests, Helm values and commands into this folder; touch no cluster
    #[arg(long, value_name = "DIR")]
    pub out_dir: Option<PathBuf>,
    /// Leave the Secret, which holds the key, out of what is printed or written to a folder
    #[arg(long)]
    pub no_secret: bool,
    /// With --out-dir: also a certificate for the pods, and the values that mount it
    #[arg(long, requires = "out_dir")]
    pub backend_cert: bool,
    /// With --out-dir: replace files that are there
    #[arg(long, requires = "out_dir")]
    pub force: bool,
    /// How to write, and how to show it
    #[command(flatten)]
    pub write: WriteArgs,
}

/// `--preset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PresetArg {
    /// Milvus: HTTP/2 over TLS to 19530, health on HTTP 9091 /healthz.
    Milvus,
    /// Any gRPC server: HTTP/2 over TLS.
    Grpc,
    /// Plain HTTP.
    Http,
}

/// `--http`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HttpArg {
    /// Port 80 serves the same.
    Allow,
    /// Port 80 redirects to HTTPS.
    Redirect,
    /// Port 80 is closed.
    Off,
}

/// `certwright managed`.
#[derive(Debug, Subcommand)]
pub enum ManagedCommand {
    /// Create a ManagedCertificate, and name it in an Ingress
    #[command(after_help = examples::MANAGED_CREATE)]
    Create(ManagedCreateArgs),
    /// Show how each domain stands, why it is stuck, and what to do
    #[command(after_help = examples::MANAGED_STATUS)]
    Status(ManagedStatusArgs),
    /// Wait until a ManagedCertificate is Active for its domains
    #[command(after_help = examples::MANAGED_WAIT)]
    Wait(ManagedWaitArgs),
    /// Change the domains without an outage, by a second ManagedCertificate
    #[command(after_help = examples::MANAGED_SET_DOMAINS)]
    SetDomains(ManagedSetDomainsArgs),
}

/// `certwright managed set-domains`.
#[derive(Debug, Args)]
pub struct ManagedSetDomainsArgs {
    /// The ManagedCertificate; also one that took over from it is found by this name
    #[arg(value_name = "NAME", value_parser = object_name)]
    pub name: String,
    /// All domains it shall hold from now on
    #[arg(value_name = "DOMAIN", required = true)]
    pub domains: Vec<String>,
    /// Write nothing: show what would be done first
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_value = "none", default_missing_value = "client", value_parser = kubectl::client_only, hide_default_value = true)]
    pub dry_run: bool,
}

/// `certwright managed create`.
#[derive(Debug, Args)]
pub struct ManagedCreateArgs {
    /// The ManagedCertificate's name
    #[arg(value_name = "NAME", value_parser = object_name)]
    pub name: String,
    /// Its domains: at most 100, of at most 63 characters, no wildcards
    #[arg(value_name = "DOMAIN", required = true)]
    pub domains: Vec<String>,
    /// The Ingress that is to serve it
    #[arg(long, value_name = "NAME", value_parser = object_name)]
    pub ingress: Option<String>,
    /// How to write, and how to show it
    #[command(flatten)]
    pub write: WriteArgs,
}

/// `certwright managed status`.
#[derive(Debug, Args)]
pub struct ManagedStatusArgs {
    /// Only this one
    #[arg(value_name = "NAME", value_parser = object_name)]
    pub name: Option<String>,
    /// Look in all namespaces
    #[arg(short = 'A', long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "false", default_missing_value = "true", value_parser = kubectl::boolean, hide_default_value = true)]
    pub all_namespaces: bool,
    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: PlanFormat,
}

/// `certwright managed wait`.
#[derive(Debug, Args)]
pub struct ManagedWaitArgs {
    /// The ManagedCertificate
    #[arg(value_name = "NAME", value_parser = object_name)]
    pub name: String,
    /// Touch its Ingresses now and then, to wake controllers that look only every ten minutes
    #[arg(long)]
    pub nudge: bool,
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
    pub look: SourceArgs,
    /// When a certificate is due: a time or a share of its lifetime
    #[arg(long, value_name = "TIME|SHARE")]
    pub renew_before: Option<Lead>,
    /// Make a new key, or keep the one that is there
    #[arg(long, value_name = "POLICY", default_value = "new")]
    pub key_policy: KeyPolicyArg,
    /// Also rotate what this CA signed: a file with its certificate, or secret/NAME (with -f, one
    /// among those files)
    #[arg(long, value_name = "FILE|secret/NAME")]
    pub ca: Option<String>,
    /// The CA's private key, when it is not in the file or Secret of --ca
    #[arg(long, value_name = "FILE", requires = "ca")]
    pub ca_key: Option<PathBuf>,
    /// The type of new keys, instead of the old one's
    #[arg(long, value_name = "TYPE", value_parser = key_type())]
    pub key_type: Option<KeyType>,
    /// How long new certificates live, instead of as long as the old ones
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub lifetime: Option<Duration>,
    /// A host, or an IP address, to add to the names; repeatable
    #[arg(long, value_name = "HOST", value_parser = domain_or_address, conflicts_with = "all")]
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
    /// Then wait until every Ingress with a new pair serves it; see --timeout
    #[arg(long, conflicts_with_all = ["filename", "dry_run"])]
    pub verify: bool,
    /// With --verify: connect there, whatever address the Ingresses have
    #[arg(long, value_name = "IP:PORT", requires = "verify")]
    pub address: Option<SocketAddr>,
    /// With -f: rewrite the files, instead of printing them
    #[arg(long, requires = "filename")]
    pub in_place: bool,
    /// Write nothing: show the plan (client), or have the server try it (server)
    #[arg(long, value_name = "HOW", default_value = "none", num_args = 0..=1, default_missing_value = "client", require_equals = true)]
    pub dry_run: DryRun,
    /// The instant to plan for (RFC 3339 or a date), instead of now; only with --dry-run=client or -f
    #[arg(long, value_name = "INSTANT", value_parser = instant::parse_or_date)]
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

/// `-o` of commands that show a table or JSON and nothing else.
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

/// `NAME`, `NAME:NUMBER` or `NAME:PORTNAME`.
fn service(text: &str) -> Result<(String, Option<ServicePort>), String> {
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    check_object_name(name)?;
    let port = match port {
        None => None,
        Some(port) if port.starts_with(|c: char| c.is_ascii_digit()) => match port.parse() {
            Ok(number @ 1..) => Some(ServicePort::Number(number)),
            _ => {
                return Err(format!(
                    "{port:?} is not a port: expected 1 to 65535, or a port's name"
                ));
            }
        },
        Some(port) => Some(ServicePort::Name(check_object_name(port).map(|()| port.to_owned())?)),
    };
    Ok((name.to_owned(), port))
}

/// `HTTP:9091/healthz`.
fn health_check(text: &str) -> Result<HealthCheck, String> {
    let wrong = || format!("expected TYPE[:PORT]/PATH such as HTTP:9091/healthz, found {text:?}");
    let (head, path) = text.split_once('/').ok_or_else(wrong)?;
    let (protocol, port) =
        head.split_once(':').map_or((head, None), |(protocol, port)| (protocol, Some(port)));
    let protocol = match protocol {
        "HTTP" => AppProtocol::Http,
        "HTTPS" => AppProtocol::Https,
        "HTTP2" => AppProtocol::Http2,
        _ => return Err(format!("{}; the types are HTTP, HTTPS and HTTP2", wrong())),
    };
    let port = port.map(str::parse).transpose().map_err(|_| wrong())?;
    Ok(HealthCheck { protocol, port, path: format!("/{path}") })
}

/// Among these clap finds the nearest to a word with a slip in it.
fn rule_code() -> PossibleValuesParser {
    PossibleValuesParser::new(RULES.iter().map(|rule| rule.code))
}

/// SNI holds DNS names only (RFC 6066 §3).
fn server_name(text: &str) -> Result<String, String> {
    if text.parse::<IpAddr>().is_ok() {
        return Err(
            "a server is asked for a DNS name; leave --servername out to ask for none".to_owned()
        );
    }
    domain(text)
}

/// A domain as it stands in certificates; one in its own script becomes its A-labels.
fn domain(text: &str) -> Result<String, String> {
    let ascii = name::to_ascii(text).map_err(|error| error.to_string())?;
    name::check_dns_name(&ascii).map_err(|error| error.to_string())?;
    Ok(ascii.to_ascii_lowercase())
}

/// The same, or an address, which stands in certificates as bytes and is written here in one way.
fn domain_or_address(text: &str) -> Result<String, String> {
    name::address(text).map_or_else(|| domain(text), |address| Ok(address.to_string()))
}

fn object_name(text: &str) -> Result<String, String> {
    check_object_name(text).map(|()| text.to_owned())
}

/// The name of a Compute Engine resource: one label of RFC 1035.
fn address_name(text: &str) -> Result<String, String> {
    if text.parse::<IpAddr>().is_ok() {
        return Err(format!(
            "{text} is an address; give the name it is reserved by (gcloud compute addresses list --global)"
        ));
    }
    let fits = check_object_name(text).is_ok()
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.contains('.')
        && text.len() <= name::MAX_DNS_LABEL;
    if !fits {
        return Err(format!(
            "{text:?} is not the name of an address: lower-case letters, digits and '-', beginning with a letter, at most 63"
        ));
    }
    Ok(text.to_owned())
}

/// A namespace is one DNS label (RFC 1123); an empty one is none, as in kubectl.
fn namespace(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    check_object_name(text)?;
    if text.len() > name::MAX_DNS_LABEL || text.contains('.') {
        return Err(format!(
            "{text:?} is not a namespace: it has a dot, or more than 63 characters"
        ));
    }
    Ok(text.to_owned())
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

fn secret_name(text: &str) -> Result<String, String> {
    let named: KindName = text.parse()?;
    if named.kind == Kind::Secret {
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
  certwright issue --make-ca --cn 'Shop CA' --out-dir ca
  certwright issue shop.example --ca ca/ca.crt --ca-key ca/ca.key --force
  certwright issue shop.example --csr --out-dir wanted
  certwright issue --from-csr wanted/tls.csr --ca ca/ca.crt --ca-key ca/ca.key --out-dir signed

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
  certwright check -n shop --served --fail-on error
  certwright check -n shop ingress/shop --dns
  certwright check -f manifests/ --dns-server 8.8.8.8:53
  certwright check -A --renew-before 20d --fail-on error

"
    );

    pub(super) const INSPECT: &str = help_end!(
        "\
Examples:
  certwright inspect tls.crt
  certwright inspect secret/shop-tls -n shop
  certwright inspect - -o json < tls.crt
  certwright inspect tls.crt tls.key --fix-chain --out chain.pem
  certwright inspect 127.0.0.1:8443 --servername shop.example

"
    );

    pub(super) const VERIFY: &str = help_end!(
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

    pub(super) const BOOTSTRAP: &str = help_end!(
        "\
Examples:
  certwright bootstrap shop.example --service shop:80 --out-dir shop-tls
  certwright bootstrap shop.example --service shop:80 --dry-run=client -o yaml
  certwright bootstrap shop.example --service shop:80 -n shop --ingress-class nginx --no-wait
  certwright bootstrap db.example --service milvus --preset milvus --google-managed --out-dir db-tls

"
    );

    pub(super) const MANAGED_CREATE: &str = help_end!(
        "\
Examples:
  certwright managed create shop-tls shop.example www.shop.example --dry-run=client -o yaml
  certwright managed create shop-tls shop.example www.shop.example -n shop --ingress shop

"
    );

    pub(super) const MANAGED_STATUS: &str = help_end!(
        "\
Examples:
  certwright managed status -n shop
  certwright managed status shop-tls -n shop -o json

Ends with 1 when one is not Active for its domains.

"
    );

    pub(super) const MANAGED_SET_DOMAINS: &str = help_end!(
        "\
Examples:
  certwright managed set-domains shop-tls shop.example new.example -n shop --dry-run
  certwright managed set-domains shop-tls www.shop.example shop.example -n shop --timeout 2h

Makes NAME-<digest> beside the old one, waits until it serves, then lets the
old one go. Cut short, the same command goes on from what the cluster shows.

"
    );

    pub(super) const MANAGED_WAIT: &str = help_end!(
        "\
Examples:
  certwright managed wait shop-tls -n shop --timeout 1h
  certwright managed wait shop-tls -n shop --nudge

Ends early, with 4, on what cannot heal by itself.

"
    );

    pub(super) const EXPLAIN: &str = help_end!(
        "\
Examples:
  certwright explain
  certwright explain host-not-covered
  certwright explain host-not-covered -o json

"
    );

    pub(super) const COMPLETION: &str = help_end!(
        "\
Examples:
  certwright completion bash > certwright.bash
  certwright completion zsh > _certwright

"
    );

    pub(super) const MAN: &str = help_end!(
        "\
Examples:
  certwright man man1
  certwright man share/man/man1

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

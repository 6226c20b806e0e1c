//! The world as arguments: clock, randomness and environment, all that a test replaces.
//!
//! Knows where the real ones are; nothing else in the library asks for the time or for random
//! bytes by itself.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the one place where the real clock, RNG and environment are taken"
)]

use crate::remedy::Program;
use ring::rand::{SecureRandom, SystemRandom};
use std::io::IsTerminal as _;
use std::path::PathBuf;
use time::OffsetDateTime;

/// What a command needs of the world besides its arguments.
#[derive(Clone, Debug)]
pub struct World {
    /// What tells the time; [`World::now`] asks it.
    pub clock: Clock,
    /// `KUBECONFIG`, or the default path under the home folder, as a list of files.
    pub kubeconfig: Vec<PathBuf>,
    /// Whether `KUBECONFIG` was set: then its files were asked for, not guessed.
    pub kubeconfig_was_named: bool,
    /// What a pod is told about its cluster; none outside of one.
    pub pod: Option<Pod>,
    /// The proxies of the environment.
    pub proxies: Proxies,
    /// How the program was called.
    pub program: Program,
    /// The words of the command line after the program's name, as it was called; none where they are no
    /// text.
    pub arguments: Option<Vec<String>>,
    /// Whether standard input is a terminal, at which somebody can be asked.
    pub terminal: bool,
    /// Where key material gets its randomness from.
    pub random: SystemRandom,
}

/// What tells the time. One that runs is asked anew each time: a loop may last for hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The system's.
    Running,
    /// Always this instant, in UTC: `--at`, and tests.
    Frozen(OffsetDateTime),
}

/// What Kubernetes tells a pod.
#[derive(Clone, Debug)]
pub struct Pod {
    /// `KUBERNETES_SERVICE_HOST`.
    pub host: String,
    /// `KUBERNETES_SERVICE_PORT`.
    pub port: String,
    /// `POD_NAMESPACE`, when it is set.
    pub namespace: Option<String>,
    /// The folder with the token, the CA certificate and the namespace.
    pub account: PathBuf,
}

/// The proxy variables, each in capitals or not; an empty one counts as unset.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// `HTTPS_PROXY`.
    pub https: Option<String>,
    /// `HTTP_PROXY`.
    pub http: Option<String>,
    /// `NO_PROXY`.
    pub no: Option<String>,
}

/// Where a pod finds its service account. Source: client-go rest/config.go, `InClusterConfig`.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

impl World {
    /// The real world, read once.
    #[must_use]
    pub fn real() -> Self {
        let named = std::env::var_os("KUBECONFIG").filter(|value| !value.is_empty());
        let kubeconfig = match &named {
            Some(list) => {
                std::env::split_paths(list).filter(|p| !p.as_os_str().is_empty()).collect()
            }
            None => {
                std::env::home_dir().map(|home| home.join(".kube/config")).into_iter().collect()
            }
        };
        Self {
            clock: Clock::Running,
            kubeconfig,
            kubeconfig_was_named: named.is_some(),
            pod: variable("KUBERNETES_SERVICE_HOST").zip(variable("KUBERNETES_SERVICE_PORT")).map(
                |(host, port)| Pod {
                    host,
                    port,
                    namespace: variable("POD_NAMESPACE"),
                    account: PathBuf::from(ACCOUNT),
                },
            ),
            proxies: Proxies {
                https: variable("HTTPS_PROXY").or_else(|| variable("https_proxy")),
                http: variable("HTTP_PROXY").or_else(|| variable("http_proxy")),
                no: variable("NO_PROXY").or_else(|| variable("no_proxy")),
            },
            program: Program::of_file(&name_of_file()),
            arguments: std::env::args_os().skip(1).map(|word| word.into_string().ok()).collect(),
            terminal: std::io::stdin().is_terminal(),
            random: SystemRandom::new(),
        }
    }

    /// The time, to the second, in UTC.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        match self.clock {
            Clock::Running => whole_second(OffsetDateTime::now_utc()),
            Clock::Frozen(at) => whole_second(at),
        }
    }

    /// The same world, at the instant of `--at` when that was given.
    #[must_use]
    pub fn at(&self, at: Option<OffsetDateTime>) -> Self {
        Self { clock: at.map_or(self.clock, Clock::Frozen), ..self.clone() }
    }

    /// The source of random bytes, for keys and serial numbers.
    #[must_use]
    pub fn random(&self) -> &(dyn SecureRandom + Sync) {
        &self.random
    }
}

/// The name of the file that was run, as it was called: a link has its own.
fn name_of_file() -> String {
    let called = std::env::args_os().next().map(PathBuf::from).unwrap_or_default();
    called.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A variable that is set to something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The system's words for an error, without its number.
#[must_use]
pub fn words(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_ascii_lowercase()
}

/// Certificates count whole seconds (RFC 5280 §4.1.2.5), and so do we everywhere.
fn whole_second(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(0).unwrap_or(at)
}

//! Finding the API server: kubeconfig files as kubectl merges them, or the pod's own account.

use super::client::Client;
use super::error::ClusterError;
use crate::remedy::Target;
use crate::world::{World, words};
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a TCP and TLS connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What the user said about which cluster, as whom.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// `--kubeconfig`.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
    /// `--as`.
    pub impersonate: Option<String>,
    /// `--as-group`.
    pub impersonate_groups: Vec<String>,
    /// `--request-timeout`.
    pub request_timeout: Duration,
}

impl ConnectOptions {
    /// The same as flags of a command.
    #[must_use]
    pub fn target(&self) -> Target {
        Target {
            kubeconfig: self.kubeconfig.as_ref().map(|path| path.display().to_string()),
            context: self.context.clone(),
            impersonate: self.impersonate.clone(),
            impersonate_groups: self.impersonate_groups.clone(),
            address: None,
        }
    }
}

/// A client for the cluster that the options and the world name. No request is sent yet.
///
/// # Errors
/// [`ClusterError`] of kind `Config`, which names the file; it never shows lines of it.
pub async fn connect(options: &ConnectOptions, world: &World) -> Result<Client, ClusterError> {
    let mut config = match load(options, world)? {
        Some(kubeconfig) => from_kubeconfig(kubeconfig, options).await?,
        None => kube::Config::incluster().map_err(|error| {
            ClusterError::config(
                format!("the pod's service account cannot be used: {error}"),
                SAY_WHERE,
            )
        })?,
    };
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.read_timeout = Some(options.request_timeout);
    config.default_retry = false;
    config.headers.push((
        http::header::USER_AGENT,
        http::HeaderValue::from_static(concat!("certwright/", env!("CARGO_PKG_VERSION"))),
    ));
    if options.impersonate.is_some() {
        config.auth_info.impersonate.clone_from(&options.impersonate);
    }
    if !options.impersonate_groups.is_empty() {
        config.auth_info.impersonate_groups = Some(options.impersonate_groups.clone());
    }
    let server = config.cluster_url.to_string();
    let namespace = config.default_namespace.clone();
    let built = tokio::task::spawn_blocking(move || kube::Client::try_from(config)).await;
    match built {
        Ok(Ok(client)) => Ok(Client::new(client, server, namespace, options.request_timeout)
            .named_by(options.target())),
        // The texts of kube's auth errors may hold an exec plugin's output, which may be a token.
        Ok(Err(kube::Error::Auth(_))) => Err(ClusterError::config(
            format!(
                "the credentials for {server} cannot be had: its auth plugin or token file failed"
            ),
            "log in again (for GKE: gke-gcloud-auth-plugin must be installed)",
        )),
        Ok(Err(error)) => Err(ClusterError::config(
            format!("no client for {server} can be made: {error}"),
            SAY_WHERE,
        )),
        Err(_) => {
            Err(ClusterError::config(format!("no client for {server} can be made"), SAY_WHERE))
        }
    }
}

const SAY_WHERE: &str = "name one with --kubeconfig or KUBECONFIG";

/// The kubeconfig, merged; none when there is no file and a pod's account is at hand.
fn load(options: &ConnectOptions, world: &World) -> Result<Option<Kubeconfig>, ClusterError> {
    if let Some(path) = &options.kubeconfig {
        return read(path).map(Some);
    }
    // Files of the list that are not there are passed over, as kubectl does.
    let there: Vec<&PathBuf> = world.kubeconfig.iter().filter(|path| path.exists()).collect();
    if there.is_empty() {
        return if world.in_cluster { Ok(None) } else { Err(no_kubeconfig(world)) };
    }
    let mut merged = Kubeconfig::default();
    for path in there {
        merged = merged.merge(read(path)?).map_err(|error| unusable(path, &error))?;
    }
    Ok(Some(merged))
}

fn no_kubeconfig(world: &World) -> ClusterError {
    let looked: Vec<String> =
        world.kubeconfig.iter().map(|path| path.display().to_string()).collect();
    let by = if world.kubeconfig_was_named { " (from KUBECONFIG)" } else { "" };
    ClusterError::config(
        format!("there is no kubeconfig: looked for {}{by}", looked.join(", ")),
        SAY_WHERE,
    )
}

fn read(path: &Path) -> Result<Kubeconfig, ClusterError> {
    Kubeconfig::read_from(path).map_err(|error| unusable(path, &error))
}

async fn from_kubeconfig(
    kubeconfig: Kubeconfig,
    options: &ConnectOptions,
) -> Result<kube::Config, ClusterError> {
    let chosen =
        KubeConfigOptions { context: options.context.clone(), ..KubeConfigOptions::default() };
    kube::Config::from_custom_kubeconfig(kubeconfig, &chosen).await.map_err(|error| match error {
        KubeconfigError::LoadContext(name) => ClusterError::config(
            format!("the kubeconfig has no context {name:?}"),
            "choose another with --context",
        ),
        KubeconfigError::CurrentContextNotSet => ClusterError::config(
            "the kubeconfig has no current context",
            "choose one with --context",
        ),
        KubeconfigError::Parse(error) => ClusterError::config(
            format!("the kubeconfig cannot be read: {}", error.without_snippet()),
            SAY_WHERE,
        ),
        other => ClusterError::config(format!("the kubeconfig cannot be used: {other}"), SAY_WHERE),
    })
}

/// The texts of YAML errors show the lines around, which may be tokens; those are left out.
fn unusable(path: &Path, error: &KubeconfigError) -> ClusterError {
    let what = match error {
        KubeconfigError::ReadConfig(error, _) => words(error),
        KubeconfigError::Parse(error) => {
            format!("it is not a kubeconfig: {}", error.without_snippet())
        }
        other => other.to_string(),
    };
    ClusterError::config(
        format!("the kubeconfig {} cannot be read: {what}", path.display()),
        SAY_WHERE,
    )
}

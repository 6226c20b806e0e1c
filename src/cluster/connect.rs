//! From flags and environment to a client: kubeconfigs as kubectl merges them, or the pod's own
//! account.
//!
//! The client library is given a finished configuration, never a kubeconfig: what it would panic on
//! was refused before.

use super::client::{Client, Entries};
use super::configure::finished;
use super::credentials::{Credentials, Epoch};
use super::error::ClusterError;
use super::kubeconfig::login::{Impersonation, Login};
use super::kubeconfig::{Bytes, Kubeconfig, Target, Trust, Unusable};
use super::plugin::{self, Circumstances, HandedOver};
use super::pod;
use crate::redact::Redacted;
use crate::remedy;
use crate::world::{Pod, World, words};
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    /// Whether nobody asked for it, as when a line is completed: then no plugin is to open a window.
    pub unasked: bool,
}

impl ConnectOptions {
    /// The same as flags of a command.
    #[must_use]
    pub fn target(&self) -> remedy::Target {
        remedy::Target {
            kubeconfig: self.kubeconfig.as_ref().map(|path| path.display().to_string()),
            context: self.context.clone(),
            impersonate: self.impersonate.clone(),
            impersonate_groups: self.impersonate_groups.clone(),
            ..remedy::Target::default()
        }
    }
}

const SAY_WHERE: &str = "name one with --kubeconfig or KUBECONFIG";

/// A client for the cluster that the options and the world name. No request is sent yet; an auth
/// plugin is run.
///
/// # Errors
/// [`ClusterError`] of kind `Config`, which names file, entry and field, and shows no value.
pub async fn connect(options: &ConnectOptions, world: &World) -> Result<Client, ClusterError> {
    let client = match chosen(options, world)? {
        Some((target, entries)) => by_kubeconfig(target, options, world).await?.by(entries),
        None => by_account(options, world)?,
    };
    Ok(client.named_by(remedy::Target { program: world.program, ..options.target() }))
}

/// The contexts of the kubeconfigs that the options and the world name, by name and cluster.
///
/// # Errors
/// [`ClusterError`] of kind `Config`.
pub fn contexts(
    options: &ConnectOptions,
    world: &World,
) -> Result<Vec<(String, Option<String>)>, ClusterError> {
    let kubeconfig = load(options, world)?.unwrap_or_default();
    Ok(kubeconfig
        .contexts()
        .map(|(name, cluster)| (name.to_owned(), cluster.map(str::to_owned)))
        .collect())
}

/// What a kubeconfig leads to, and the entries by which it does.
type Chosen = (Target, Entries);

/// What the kubeconfigs lead to; `None` when they say nothing and this is a pod with an account.
fn chosen(options: &ConnectOptions, world: &World) -> Result<Option<Chosen>, ClusterError> {
    let has_account = pod::token_file(world.pod.as_ref()).is_some();
    let Some(kubeconfig) = load(options, world)? else {
        return if has_account { Ok(None) } else { Err(no_kubeconfig(world)) };
    };
    match kubeconfig.choose(options.context.as_deref())? {
        None if has_account && options.kubeconfig.is_none() => Ok(None),
        None => Err(kubeconfig.nothing_chosen().into()),
        Some(target) => {
            let context = kubeconfig.context(options.context.as_deref());
            let user = context.and_then(|context| kubeconfig.user_of(context));
            let [context, user] = [context, user].map(|name| name.map(str::to_owned));
            Ok(Some((target, Entries { context, user })))
        }
    }
}

/// The kubeconfig that was named, or those of the list that are there, merged.
fn load(options: &ConnectOptions, world: &World) -> Result<Option<Kubeconfig>, ClusterError> {
    if let Some(path) = &options.kubeconfig {
        return read(path).map(Some);
    }
    let mut merged: Option<Kubeconfig> = None;
    let mut seen: Vec<&PathBuf> = Vec::new();
    for path in &world.kubeconfig {
        if seen.contains(&path) || !path.exists() {
            continue;
        }
        seen.push(path);
        let next = read(path)?;
        merged = Some(match merged {
            None => next,
            Some(merged) => merged.merge(next),
        });
    }
    Ok(merged)
}

fn read(path: &Path) -> Result<Kubeconfig, ClusterError> {
    let bytes = std::fs::read(path).map_err(|error| {
        let message =
            format!("the kubeconfig {} cannot be read: {}", path.display(), words(&error));
        ClusterError::config(message, SAY_WHERE)
    })?;
    Ok(Kubeconfig::parse(&bytes, path)?)
}

fn no_kubeconfig(world: &World) -> ClusterError {
    let looked: Vec<String> =
        world.kubeconfig.iter().map(|path| path.display().to_string()).collect();
    let by = if world.kubeconfig_was_named { " (from KUBECONFIG)" } else { "" };
    let account = match &world.pod {
        Some(pod) => format!(", nor has this pod a token in {}", pod.account.display()),
        None => String::new(),
    };
    ClusterError::config(
        format!("there is no kubeconfig: looked for {}{by}{account}", looked.join(", ")),
        SAY_WHERE,
    )
}

/// By the service account of the pod that this runs in.
fn by_account(options: &ConnectOptions, world: &World) -> Result<Client, ClusterError> {
    let (Some(pod), Some(token)) = (&world.pod, pod::token_file(world.pod.as_ref())) else {
        return Err(no_kubeconfig(world));
    };
    let mut config = kube::Config::new(pod::server(pod)?);
    let (path, authority) = pod::authority(pod);
    let place = format!("the pod's CA certificate {}", path.display());
    config.root_cert = Some(certificates(&authority?, &place)?);
    config.root_cert_file = Some(path);
    config.default_namespace = pod::namespace(pod);
    let credentials = Credentials::of_file(token, None)
        .map_err(|why| ClusterError::config(format!("the pod's account: {why}"), SAY_WHERE))?;
    let impersonation = overruled(Impersonation::default(), options)?;
    finished(config, impersonation, credentials, None, (options, world))
}

async fn by_kubeconfig(
    mut target: Target,
    options: &ConnectOptions,
    world: &World,
) -> Result<Client, ClusterError> {
    let mut config = kube::Config::new(target.server.clone());
    config.tls_server_name = target.tls_server_name.take();
    let authority = match &target.trust {
        Trust::System => None,
        Trust::Anybody => {
            config.accept_invalid_certs = true;
            None
        }
        Trust::Authority(bytes) => {
            let field = format!("{}: certificate-authority", target.described.cluster);
            let (bytes, place) = bytes_of(bytes, &field)?;
            // An empty file is none, as for kubectl.
            Some(bytes).filter(|bytes| !bytes.is_empty()).map(|bytes| (bytes, place))
        }
    };
    if let Some((bytes, place)) = &authority {
        config.root_cert = Some(certificates(bytes.expose(), place)?);
    }
    config.proxy_url = target.proxy.as_ref().map(|proxy| proxy.url.clone());
    config.default_namespace = target.namespace.clone().unwrap_or_else(|| of_pod_or_default(world));
    let authority = authority.map(|(bytes, _)| bytes);
    let (credentials, handed_over) = log_in(&target, authority.as_ref(), options, world).await?;
    identify(&mut config, &target, handed_over)?;
    let impersonation = overruled(std::mem::take(&mut target.impersonation), options)?;
    finished(config, impersonation, credentials, Some(&target), (options, world))
}

/// A pod's own namespace goes before `default`, as for kubectl.
fn of_pod_or_default(world: &World) -> String {
    let pod = world.pod.as_ref().filter(|pod: &&Pod| pod::token_file(Some(pod)).is_some());
    pod.map_or_else(|| "default".to_owned(), pod::namespace)
}

fn overruled(
    impersonation: Impersonation,
    options: &ConnectOptions,
) -> Result<Impersonation, ClusterError> {
    let (user, groups) = (options.impersonate.as_deref(), &options.impersonate_groups);
    impersonation.overruled(user, groups).map_err(|flag| {
        let message = format!("{flag} cannot be sent: it is empty or holds a control character");
        ClusterError::config(message, "name the user and groups as the cluster knows them")
    })
}

/// The credentials, and the certificate that a plugin handed over.
async fn log_in(
    target: &Target,
    authority: Option<&Redacted>,
    options: &ConnectOptions,
    world: &World,
) -> Result<(Credentials, Option<(Redacted, Redacted)>), ClusterError> {
    let plugin = match &target.login {
        Login::Anonymous => return Ok((Credentials::fixed(None), None)),
        Login::Header(header) => return Ok((Credentials::fixed(Some(header.clone())), None)),
        Login::TokenFile { path, otherwise } => {
            let read = Credentials::of_file(path.clone(), otherwise.clone());
            let failed = |why| {
                let message = format!("{}: {why}", target.described.user);
                ClusterError::config(message, "log in again, or fix that file")
            };
            return Ok((read.map_err(failed)?, None));
        }
        Login::Plugin(plugin) => plugin,
    };
    let mut cluster = target.for_plugins.clone();
    if let Some(authority) = authority {
        use base64::Engine as _;
        use base64::engine::general_purpose::STANDARD;
        cluster["certificate-authority-data"] = STANDARD.encode(authority.expose()).into();
    }
    let at = Circumstances {
        terminal: world.terminal,
        request_timeout: options.request_timeout,
        cluster,
        user: target.described.user.clone(),
        unasked: options.unasked,
    };
    let epoch = Epoch(world.now(), tokio::time::Instant::now());
    let first: HandedOver = plugin::run(plugin, &at).await?;
    let identity = first.identity.clone();
    Ok((Credentials::of_plugin((**plugin).clone(), at, epoch, &first), identity))
}

/// Puts the client certificate into the configuration: the plugin's, else the kubeconfig's.
fn identify(
    config: &mut kube::Config,
    target: &Target,
    handed_over: Option<(Redacted, Redacted)>,
) -> Result<(), ClusterError> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let user = &target.described.user;
    let (certificate, key) = match (handed_over, &target.identity) {
        (Some(pair), _) => pair,
        (None, None) => return Ok(()),
        (None, Some(identity)) => (
            bytes_of(&identity.certificate, &format!("{user}: client-certificate"))?.0,
            bytes_of(&identity.key, &format!("{user}: client-key"))?.0,
        ),
    };
    config.auth_info.client_certificate_data = Some(STANDARD.encode(certificate.expose()));
    config.auth_info.client_key_data = Some(STANDARD.encode(key.expose()).into());
    Ok(())
}

/// The bytes of a field, and where they stand for a message.
fn bytes_of(bytes: &Bytes, field: &str) -> Result<(Redacted, String), ClusterError> {
    match bytes {
        Bytes::Here(bytes) => Ok((bytes.clone(), format!("{field}-data"))),
        Bytes::File(path) => {
            let place = format!("{field} {}", path.display());
            let read = std::fs::read(path).map_err(|error| {
                let message = format!("{place} cannot be read: {}", words(&error));
                ClusterError::config(message, "log in again, or fix that path")
            })?;
            Ok((Redacted::new(read), place))
        }
    }
}

/// The certificates of a PEM file that can be trusted; one at least, as Go wants it.
fn certificates(pem: &[u8], place: &str) -> Result<Vec<Vec<u8>>, ClusterError> {
    let found: Vec<Vec<u8>> = CertificateDer::pem_slice_iter(pem)
        .filter_map(Result::ok)
        .filter(|certificate| RootCertStore::empty().add(certificate.clone()).is_ok())
        .map(|certificate| certificate.to_vec())
        .collect();
    if found.is_empty() {
        let message = format!("{place} holds no certificate as PEM");
        return Err(ClusterError::config(message, "put the cluster's CA certificate there"));
    }
    Ok(found)
}

impl From<Unusable> for ClusterError {
    fn from(unusable: Unusable) -> Self {
        Self::config(unusable.message, unusable.remedy)
    }
}

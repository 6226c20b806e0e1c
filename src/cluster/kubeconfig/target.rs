//! The cluster that a context leads to, and how it is trusted.

use super::entry::{Place, Unusable};
use super::file::{Cluster, Context, Named, Stored, User};
use super::login::{self, Identity, Impersonation, Login};
use super::proxy::{self, Proxy};
use super::{Kubeconfig, names, server};
use crate::object_ref::is_path_segment;
use crate::redact::Redacted;
use http::Uri;
use rustls_pki_types::ServerName;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Where an API server is, whom to trust there and as whom to come.
#[derive(Clone, Debug)]
pub struct Target {
    /// The entries by which it was found, for messages: file, context, cluster and user.
    pub described: Described,
    /// The server's URL: http or https, with a host.
    pub server: Uri,
    /// The context's namespace, when it names one.
    pub namespace: Option<String>,
    /// How the server proves who it is.
    pub trust: Trust,
    /// The name that the server's certificate must be for, when it is not the URL's host.
    pub tls_server_name: Option<String>,
    /// The proxy that the kubeconfig names; then the environment has no say.
    pub proxy: Option<Proxy>,
    /// How to log in.
    pub login: Login,
    /// The client certificate.
    pub identity: Option<Identity>,
    /// Whom to act as.
    pub impersonation: Impersonation,
    /// Whether credentials are held back, since the server is http and everyone could read them.
    pub held_back: bool,
    /// What a plugin that asks for it is told about the cluster, without the CA certificate.
    pub for_plugins: Value,
}

/// The entries of the kubeconfig that a [`Target`] is made of.
#[derive(Clone, Debug, Default)]
pub struct Described {
    /// The context.
    pub context: String,
    /// `the kubeconfig FILE: cluster "NAME"`.
    pub cluster: String,
    /// `the kubeconfig FILE: user "NAME"`.
    pub user: String,
}

/// How the server proves who it is.
#[derive(Clone, Debug)]
pub enum Trust {
    /// By the CAs that this machine trusts.
    System,
    /// By these CA certificates.
    Authority(Bytes),
    /// Not at all: `insecure-skip-tls-verify`.
    Anybody,
}

/// Bytes at hand, or still in a file.
#[derive(Clone, Debug)]
pub enum Bytes {
    /// At hand.
    Here(Redacted),
    /// In this file.
    File(PathBuf),
}

impl Bytes {
    /// What stands in the kubeconfig, or in the file that it names; both is an error, though
    /// client-go's own words for it say that the data goes first (`validateClusterInfo`,
    /// `validateAuthInfo`).
    /// `field` is how the file is called.
    pub(super) fn of(stored: &Stored, field: &str) -> Result<Option<Self>, String> {
        match (&stored.data, &stored.file) {
            (Some(_), Some(_)) => {
                Err(format!("it is set together with {field}-data; which one is meant?"))
            }
            (Some(data), None) => Ok(Some(Self::Here(data.clone()))),
            (None, file) => Ok(file.clone().map(Self::File)),
        }
    }
}

pub(super) fn of(kubeconfig: &Kubeconfig, name: &str) -> Result<Target, Unusable> {
    let merged = &kubeconfig.merged;
    let Some(context) = merged.contexts.iter().find(|context| context.name == name) else {
        let message = format!("{} has no context {name:?}", kubeconfig.place());
        return Err(Unusable::new(message, kubeconfig.choices()));
    };
    let cluster = cluster_of(kubeconfig, context)?;
    let nobody = Named { name: String::new(), file: context.file.clone(), value: User::default() };
    let user = user_of(kubeconfig, context)?.unwrap_or(&nobody);
    joined(context, cluster, user)
}

fn cluster_of<'a>(
    kubeconfig: &'a Kubeconfig,
    context: &Named<Context>,
) -> Result<&'a Named<Cluster>, Unusable> {
    let place = place("context", context);
    let clusters = &kubeconfig.merged.clusters;
    let Some(wanted) = &context.value.cluster else {
        return Err(Unusable::new(format!("{place} names no cluster"), kubeconfig.choices()));
    };
    clusters.iter().find(|cluster| cluster.name == *wanted).ok_or_else(|| {
        let message = format!("{place} names the cluster {wanted:?}, which is not there");
        let known = names(clusters);
        Unusable::new(
            message,
            format!("choose another with --context, or fix it (clusters there: {known})"),
        )
    })
}

fn user_of<'a>(
    kubeconfig: &'a Kubeconfig,
    context: &Named<Context>,
) -> Result<Option<&'a Named<User>>, Unusable> {
    let Some(wanted) = &context.value.user else { return Ok(None) };
    let users = &kubeconfig.merged.users;
    let found = users.iter().find(|user| user.name == *wanted).ok_or_else(|| {
        let message =
            format!("{} names the user {wanted:?}, who is not there", place("context", context));
        let known = names(users);
        Unusable::new(
            message,
            format!("choose another with --context, or fix it (users there: {known})"),
        )
    });
    found.map(Some)
}

fn joined(
    context: &Named<Context>,
    cluster: &Named<Cluster>,
    user: &Named<User>,
) -> Result<Target, Unusable> {
    let place_of_cluster = place("cluster", cluster).to_string();
    let wrong = |field: &str, why: &str| {
        Unusable::new(
            format!("{place_of_cluster}: {field}: {why}"),
            "fix that field of the kubeconfig",
        )
    };
    let field = "certificate-authority";
    let authority = Bytes::of(&cluster.value.authority, field)
        .map_err(|why| Unusable::new(format!("{place_of_cluster}: {field}: {why}"), ONE_OF_BOTH))?;
    let trust = trust(cluster.value.insecure, authority)
        .map_err(|why| wrong("insecure-skip-tls-verify", why))?;
    let identity = login::identity(user)?;
    let tls = identity.is_some() || !matches!(trust, Trust::System);
    if cluster.value.server.is_empty() {
        return Err(wrong("server", "it is empty"));
    }
    let server = server::parse(&cluster.value.server, tls).map_err(|why| wrong("server", &why))?;
    let proxy = cluster.value.proxy_url.as_deref().map(proxy::of_kubeconfig);
    let proxy = proxy.transpose().map_err(|why| wrong("proxy-url", &why))?;
    let tls_server_name = cluster.value.tls_server_name.clone();
    if let Some(name) = &tls_server_name
        && ServerName::try_from(name.as_str()).is_err()
    {
        return Err(wrong("tls-server-name", "it is neither a host name nor an IP address"));
    }
    let login = login::of(user)?;
    let impersonation = login::impersonation(user)?;
    // client-go reads a user's credentials only for https (client_config.go, ClientConfig).
    let in_clear = server.scheme_str() == Some("http");
    let held_back = in_clear && (identity.is_some() || !matches!(login, Login::Anonymous));
    Ok(Target {
        described: Described {
            context: context.name.clone(),
            user: if user.name.is_empty() {
                format!("{}, which names no user,", place("context", context))
            } else {
                place("user", user).to_string()
            },
            cluster: place_of_cluster,
        },
        namespace: namespace(context)?,
        for_plugins: for_plugins(&cluster.value, &server),
        trust,
        tls_server_name,
        proxy,
        login: if in_clear { Login::Anonymous } else { login },
        identity: identity.filter(|_| !in_clear),
        impersonation,
        held_back,
        server,
    })
}

/// What to do where a field stands beside its `-data`.
pub(super) const ONE_OF_BOTH: &str =
    "remove one of the two from the kubeconfig: kubectl refuses both together";

fn trust(insecure: bool, authority: Option<Bytes>) -> Result<Trust, &'static str> {
    match (insecure, authority) {
        (true, Some(_)) => {
            Err("it is true beside a certificate-authority; which is meant? remove one")
        }
        (true, None) => Ok(Trust::Anybody),
        (false, Some(authority)) => Ok(Trust::Authority(authority)),
        (false, None) => Ok(Trust::System),
    }
}

/// The namespace; an empty one would be all of them on the wire.
fn namespace(context: &Named<Context>) -> Result<Option<String>, Unusable> {
    let Some(name) = &context.value.namespace else { return Ok(None) };
    if is_path_segment(name) {
        return Ok(Some(name.clone()));
    }
    let message = format!("{}: namespace {name:?} cannot be one", place("context", context));
    Err(Unusable::new(message, "name another with -n, or fix the kubeconfig"))
}

/// What is told of the cluster. Source: client-go pkg/apis/clientauthentication/types.go, `Cluster`.
fn for_plugins(cluster: &Cluster, server: &Uri) -> Value {
    json!({
        "server": server.to_string(),
        "tls-server-name": cluster.tls_server_name,
        "insecure-skip-tls-verify": cluster.insecure,
        "proxy-url": cluster.proxy_url,
        "config": cluster.for_plugins,
    })
}

pub(super) fn place<'a, T>(kind: &'a str, named: &'a Named<T>) -> Place<'a> {
    Place { file: &named.file, kind, name: &named.name }
}

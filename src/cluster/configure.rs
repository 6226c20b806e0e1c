//! What every connection has, whatever kubeconfig or account it is from: limits, the proxy, headers
//! and fresh credentials.

use super::client::{self, Client, Server};
use super::clock::ServerClock;
use super::connect::ConnectOptions;
use super::credentials::Credentials;
use super::error::ClusterError;
use super::kubeconfig::Target;
use super::kubeconfig::login::{Impersonation, Login};
use super::kubeconfig::proxy::{self, Proxy, Variables};
use crate::world::World;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue, USER_AGENT};
use kube::client::{Body, ClientBuilder, RustlsTlsError};
use std::sync::Arc;
use std::time::Duration;
use tower::util::{MapRequestLayer, MapResponseLayer};

/// How long a TCP and TLS connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The proxy: what the kubeconfig says, else the environment.
pub(super) fn proxy(
    config: &kube::Config,
    target: Option<&Target>,
    world: &World,
) -> Result<Option<Proxy>, ClusterError> {
    if let Some(proxy) = target.and_then(|target| target.proxy.clone()) {
        return Ok(Some(proxy));
    }
    let variables = Variables {
        https: world.proxies.https.as_deref(),
        http: world.proxies.http.as_deref(),
        no: world.proxies.no.as_deref(),
    };
    proxy::of_environment(variables, &config.cluster_url).map_err(|why| {
        ClusterError::config(why, "fix the variable, or add the server's host to NO_PROXY")
    })
}

/// The client of a configuration that is complete but for what every cluster has.
pub(super) fn finished(
    mut config: kube::Config,
    impersonation: Impersonation,
    credentials: Credentials,
    target: Option<&Target>,
    (options, world): (&ConnectOptions, &World),
) -> Result<Client, ClusterError> {
    let proxy = proxy(&config, target, world)?;
    config.proxy_url = proxy.as_ref().map(|proxy| proxy.url.clone());
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.read_timeout = Some(options.request_timeout);
    // Counted from the request on, and not from when a connection of the pool fell idle.
    config.reset_reader_on_write = true;
    // A write that failed may have taken effect: `retry` decides, which knows what it was.
    config.default_retry = false;
    let agent = HeaderValue::from_static(concat!("certwright/", env!("CARGO_PKG_VERSION")));
    config.headers.push((USER_AGENT, agent));
    impersonate(&mut config, impersonation);
    let server = Server {
        url: config.cluster_url.to_string(),
        proxy,
        stranger: target.and_then(|target| stranger(target, &config)),
    };
    let namespace = config.default_namespace.clone();
    let place = target.map_or(&server.url, |target| &target.described.user).clone();
    let builder = ClientBuilder::try_from(config).map_err(|error| {
        let message = format!("{place}: no client can be made: {}", why(&error));
        ClusterError::config(message, "fix that part of the kubeconfig, or log in again")
    })?;
    let credentials = Arc::new(credentials);
    let clock = Arc::new(ServerClock::default());
    let (read, ours) = (Arc::clone(&clock), world.clone());
    let client = builder
        .with_layer(&MapRequestLayer::new(authorized(&credentials)))
        .with_layer(&MapResponseLayer::new(move |response: http::Response<_>| {
            client::note(&response);
            read.read(response.headers(), &ours);
            response
        }))
        .build();
    let client = Client::new(client, server, credentials, namespace, options.request_timeout);
    Ok(client.told_the_time_by(clock))
}

/// Why the library makes no client; its own words may quote a line of the key.
fn why(error: &kube::Error) -> String {
    let kube::Error::RustlsTls(error) = error else {
        return "as-user-extra or the proxy is nothing that it takes".to_owned();
    };
    match error {
        RustlsTlsError::InvalidPrivateKey(_) => {
            "the client key is of a kind that TLS does not take, or of another certificate"
                .to_owned()
        }
        RustlsTlsError::AddRootCertificate(_) | RustlsTlsError::NoValidNativeRootCA(_) => {
            "there are no CA certificates on this machine, and the cluster names none".to_owned()
        }
        RustlsTlsError::InvalidServerName(_) => "tls-server-name is not a host name".to_owned(),
        _ => "client-certificate and client-key are not a certificate and a key in PEM".to_owned(),
    }
}

/// What to do should the server not know us, where nothing is sent by which it could.
fn stranger(target: &Target, config: &kube::Config) -> Option<String> {
    let user = &target.described.user;
    if target.held_back {
        return Some(format!(
            "give the server an https:// URL: over http the credentials of {user} are not sent"
        ));
    }
    let anonymous = matches!(target.login, Login::Anonymous)
        && config.auth_info.client_certificate_data.is_none()
        // What stands there may log in by itself, as `kubectl proxy` does.
        && target.server.scheme_str() == Some("https");
    anonymous.then(|| format!("log in: {user} holds no token, certificate or exec"))
}

/// Puts the header of the moment into a request.
fn authorized(
    credentials: &Arc<Credentials>,
) -> impl Fn(http::Request<Body>) -> http::Request<Body> + Clone + use<> {
    let credentials = Arc::clone(credentials);
    move |mut request| {
        if let Some(header) = credentials.header() {
            request.headers_mut().insert(AUTHORIZATION, header);
        }
        request
    }
}

fn impersonate(config: &mut kube::Config, impersonation: Impersonation) {
    let headers = &mut config.headers;
    let mut push = |name: &'static str, value| headers.push((HeaderName::from_static(name), value));
    if let Some(user) = impersonation.user {
        push("impersonate-user", user);
    }
    if let Some(uid) = impersonation.uid {
        push("impersonate-uid", uid);
    }
    for group in impersonation.groups {
        push("impersonate-group", group);
    }
    // Their names are escaped by the library.
    if !impersonation.extra.is_empty() {
        config.auth_info.impersonate_user_extra = Some(impersonation.extra.into_iter().collect());
    }
}

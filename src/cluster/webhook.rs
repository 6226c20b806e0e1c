//! A POST to a webhook, over the same TLS, proxies and limits as a request to an API server.
//!
//! Knows which answer is worth another try, and when. The path and the query of its URL may be a secret: they
//! are shown nowhere. Refuses to know what is sent. Follows no redirect.

use super::retry;
use crate::world::World;
use http::{Method, Request, StatusCode, Uri};
use kube::client::{Body, ClientBuilder};
use std::time::Duration;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How often it is tried.
const TRIES: u32 = 5;
/// The first pause; each is twice the one before.
const PAUSE: Duration = Duration::from_millis(250);
/// How long one pause may be, whatever the server says of when to come back.
const LONGEST: Duration = Duration::from_secs(10);

/// Where it goes.
#[derive(Clone)]
pub struct Webhook {
    client: kube::Client,
    uri: Uri,
    shown: String,
    request_timeout: Duration,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Webhook").field(&self.shown).finish()
    }
}

/// Why nothing was taken, without a word of the URL's path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// It is no URL that can be used.
    #[error("expected a URL such as https://hooks.example/…")]
    Url,
    /// There is no client for it.
    #[error(
        "{0}: no connection can be made from here: look at the proxy and at the CA certificates"
    )]
    Client(String),
    /// The server said no, and would again.
    #[error("{0} answered {1}")]
    Refused(String, StatusCode),
    /// However often it was tried.
    #[error("{0} did not take it in {1} tries: {2}")]
    Away(String, u32, String),
}

impl Webhook {
    /// For this URL, whose requests may take so long each.
    ///
    /// # Errors
    /// [`WebhookError`], which does not show the URL.
    pub fn new(url: &str, request_timeout: Duration, world: &World) -> Result<Self, WebhookError> {
        let uri: Uri = url.trim().parse().map_err(|_| WebhookError::Url)?;
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
            return Err(WebhookError::Url);
        };
        let is_plain = uri.authority().is_some_and(|it| !it.as_str().contains('@'));
        if !["http", "https"].contains(&scheme) || host.is_empty() || !is_plain {
            return Err(WebhookError::Url);
        }
        let port = uri.port().map_or_else(String::new, |port| format!(":{port}"));
        let shown = format!("{scheme}://{host}{port}");
        let base: Uri = shown.parse().map_err(|_| WebhookError::Url)?;
        let failed = || WebhookError::Client(shown.clone());
        let mut config = kube::Config::new(base);
        config.connect_timeout = Some(CONNECT);
        config.read_timeout = Some(request_timeout);
        config.default_retry = false;
        let proxy = super::configure::proxy(&config, None, world).map_err(|_| failed())?;
        config.proxy_url = proxy.map(|proxy| proxy.url);
        let client = ClientBuilder::try_from(config).map_err(|_| failed())?.build();
        Ok(Self { client, uri, shown, request_timeout })
    }

    /// The host, without what may be secret.
    #[must_use]
    pub fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    /// Where it goes, without what may be secret.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Sends this until the server takes it (2xx): again after 429, 5xx and a broken connection, a few times
    /// and ever later; never after another answer.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub async fn post(&self, headers: &[(&str, String)], body: &[u8]) -> Result<(), WebhookError> {
        let mut pause = PAUSE;
        for number in 1..=TRIES {
            let (why, told) = match self.once(headers, body).await {
                Ok(response) if response.status().is_success() => return Ok(()),
                Ok(response) => {
                    let status = response.status();
                    if !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS {
                        return Err(WebhookError::Refused(self.shown.clone(), status));
                    }
                    (status.to_string(), retry::told(response.headers()))
                }
                Err(why) => (why, None),
            };
            if number == TRIES {
                return Err(WebhookError::Away(self.shown.clone(), TRIES, why));
            }
            tokio::time::sleep(told.unwrap_or(pause).clamp(PAUSE, LONGEST)).await;
            pause = pause.saturating_mul(2);
        }
        Ok(())
    }

    async fn once(
        &self,
        headers: &[(&str, String)],
        body: &[u8],
    ) -> Result<http::Response<Body>, String> {
        let path = self.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let mut request = Request::builder().method(Method::POST).uri(path);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(body.to_vec()));
        let request = request.map_err(|_| "no request can be made of it".to_owned())?;
        let answer = tokio::time::timeout(self.request_timeout, self.client.send(request)).await;
        match answer {
            Ok(Ok(response)) => Ok(response),
            // What the library says may quote the URL.
            Ok(Err(_)) => Err("the connection failed".to_owned()),
            Err(_) => Err(format!("no answer within {:?}", self.request_timeout)),
        }
    }
}

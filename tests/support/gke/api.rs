//! How the double speaks to the API server: as Google's controllers do, over HTTP from this process.
//!
//! Knows paths, patches and lists. Refuses to know what is written, and to give up on a server that
//! is away for a moment.

use super::super::live::Live;
use http::{Method, Request};
use serde_json::Value;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

/// How long the server may be away: tests restart it.
const PATIENCE: Duration = Duration::from_secs(30);
/// How soon it is asked again.
const AGAIN: Duration = Duration::from_millis(50);

/// A kind that the double reads or writes.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Managed,
    Ingress,
    Secret,
    FrontendConfig,
    Event,
}

impl Kind {
    /// Its group and version, and its resource.
    const fn path(self) -> (&'static str, &'static str) {
        match self {
            Self::Managed => ("/apis/networking.gke.io/v1", "managedcertificates"),
            Self::Ingress => ("/apis/networking.k8s.io/v1", "ingresses"),
            Self::Secret => ("/api/v1", "secrets"),
            Self::FrontendConfig => ("/apis/networking.gke.io/v1beta1", "frontendconfigs"),
            Self::Event => ("/api/v1", "events"),
        }
    }
}

/// A client for one namespace.
pub(super) struct Api {
    runtime: Runtime,
    client: kube::Client,
    namespace: String,
}

impl Api {
    pub fn new(live: &Live) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = {
            let _inside = runtime.enter();
            live.cluster.client()
        };
        Self { runtime, client, namespace: live.namespace.clone() }
    }

    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Every object of the kind; what was deleted and still has a finalizer among them.
    pub fn list(&self, kind: Kind) -> Vec<Value> {
        let list = self.ask(&Method::GET, &self.path(kind, ""), None).unwrap_or_default();
        let mut items = list["items"].as_array().cloned().unwrap_or_default();
        for item in &mut items {
            // Items of a list need not say of which kind they are; the list does, with "List" behind.
            let of = list["kind"].as_str().unwrap_or_default();
            item["kind"] = of.strip_suffix("List").unwrap_or(of).into();
            item["apiVersion"] = list["apiVersion"].clone();
        }
        items
    }

    /// One object, or none when it is not there.
    pub fn get(&self, kind: Kind, name: &str) -> Option<Value> {
        self.ask(&Method::GET, &self.path(kind, &format!("/{name}")), None)
    }

    pub fn create(&self, kind: Kind, object: &Value) {
        self.ask(&Method::POST, &self.path(kind, ""), Some((object, "application/json", "")));
    }

    /// A merge patch in the name of a field manager; the object as it is afterwards, or none when it
    /// is gone. `place` is the object's name, with `/status` behind it for that subresource.
    pub fn patch(&self, kind: Kind, place: &str, manager: &str, patch: &Value) -> Option<Value> {
        let body = Some((patch, "application/merge-patch+json", manager));
        self.ask(&Method::PATCH, &self.path(kind, &format!("/{place}")), body)
    }

    fn path(&self, kind: Kind, rest: &str) -> String {
        let (group, resource) = kind.path();
        format!("{group}/namespaces/{}/{resource}{rest}", self.namespace)
    }

    /// The answer, or none for "not found". Asks again while the server is away or busy.
    fn ask(
        &self,
        method: &Method,
        path: &str,
        body: Option<(&Value, &str, &str)>,
    ) -> Option<Value> {
        let until = Instant::now() + PATIENCE;
        loop {
            let (uri, kind, bytes) = match body {
                Some((body, kind, manager)) if !manager.is_empty() => {
                    (format!("{path}?fieldManager={manager}"), kind, body.to_string().into_bytes())
                }
                Some((body, kind, _)) => (path.to_owned(), kind, body.to_string().into_bytes()),
                None => (path.to_owned(), "application/json", Vec::new()),
            };
            let request = Request::builder().method(method.clone()).uri(uri);
            let request = request.header("content-type", kind).body(bytes).expect("a request");
            match self.runtime.block_on(self.client.request(request)) {
                Ok(answer) => return Some(answer),
                Err(kube::Error::Api(status)) if status.code == 404 => return None,
                Err(kube::Error::Api(status)) if !matches!(status.code, 403 | 429 | 500..) => {
                    panic!("{method} {path}: {status:?}")
                }
                Err(error) => assert!(Instant::now() < until, "{method} {path}: {error}"),
            }
            std::thread::sleep(AGAIN);
        }
    }
}

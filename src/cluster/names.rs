//! The names of objects and nothing else of them, as cheaply as an API server can be asked: their
//! metadata, from its cache, in one answer, of which the rest is passed over unread.
//!
//! For what must be quick and need not be of this very second: completion.

use super::client::Client;
use super::error::{ClusterError, Verb};
use crate::object_ref::{Kind, ObjectRef};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, ListParams, Request};
use serde::Deserialize;

/// Secrets of other types are of no use here, and on some clusters there are a hundred times as many.
const TLS_SECRETS: &str = "type=kubernetes.io/tls";

/// What is read of a list.
#[derive(Deserialize)]
struct List {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    name: Option<String>,
}

impl Client {
    /// The names of a kind in a namespace, or of a kind that has none; of Secrets, those of TLS.
    ///
    /// # Errors
    /// [`ClusterError`]; `NoSuchKind` when the cluster does not know the kind.
    pub async fn names(
        &self,
        kind: Kind,
        namespace: Option<&str>,
    ) -> Result<Vec<String>, ClusterError> {
        let params = match kind {
            Kind::Secret => ListParams::default().fields(TLS_SECRETS),
            _ => ListParams::default(),
        };
        let url = self.objects(kind, namespace)?.resource_url().to_owned();
        self.names_at(&url, params.match_any(), &ObjectRef::all(kind, namespace)).await
    }

    /// The names of all namespaces.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn namespaces(&self) -> Result<Vec<String>, ClusterError> {
        let api: Api<Namespace> = Api::all(self.library());
        let all = ObjectRef::all(Kind::Secret, None);
        self.names_at(api.resource_url(), ListParams::default(), &all).await
    }

    async fn names_at(
        &self,
        url: &str,
        params: ListParams,
        all: &ObjectRef,
    ) -> Result<Vec<String>, ClusterError> {
        let (library, request) = (self.library(), Request::new(url));
        let list = || async {
            let request = request.list_metadata(&params).map_err(kube::Error::BuildRequest)?;
            library.request::<List>(request).await
        };
        let list = self.read(Verb::List, all, list).await?;
        Ok(list.items.into_iter().filter_map(|item| item.metadata.name).collect())
    }
}

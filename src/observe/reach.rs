//! How far a user may see: a kind is listed in all namespaces at once or, where only some of them may
//! be read, in one after another.
//!
//! Knows what to ask next where a list is refused. Refuses to know what is done with what is listed.

use super::cluster::{can_go_on, list_secrets, objects, unseen, unseen_when_forbidden};
use super::workloads;
use crate::cluster::Client;
use crate::cluster::error::{ClusterError, Failure};
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::Observation;
use futures_util::{StreamExt as _, stream};
use tokio::sync::OnceCell;

/// Namespaces that are asked at once; each is a connection.
const PARALLEL: usize = 8;

/// Where one run looks.
#[derive(Debug)]
pub struct Reach<'c> {
    /// Whom to ask.
    pub client: &'c Client,
    /// The namespace, or all of them.
    namespace: Option<&'c str>,
    /// The namespaces of the cluster, asked for when they are needed: none when that is refused too.
    all: OnceCell<Option<Vec<String>>>,
}

impl<'c> Reach<'c> {
    /// Looks at `namespace`, or (none) at all of them.
    #[must_use]
    pub fn new(client: &'c Client, namespace: Option<&'c str>) -> Self {
        Self { client, namespace, all: OnceCell::new() }
    }

    /// Lists a kind: in all namespaces, or in each that may be read. What may not is handed on as unseen,
    /// and a kind that the cluster does not know has no objects.
    ///
    /// # Errors
    /// [`ClusterError`] when the server cannot be asked at all.
    pub async fn each(
        &self,
        kind: Kind,
        take: &mut impl FnMut(Observation),
    ) -> Result<(), ClusterError> {
        match list(self.client, kind, self.namespace, take).await {
            Err(error) if error.failure == Failure::NoSuchKind => Ok(()),
            Err(error) if error.failure == Failure::Forbidden && self.namespace.is_none() => {
                self.one_by_one(kind, &error, take).await
            }
            listed => unseen_when_forbidden(listed, ObjectRef::all(kind, self.namespace), take),
        }
    }

    /// Lists a kind in one namespace after another, because all of them at once is `refused`. Where the
    /// namespaces may not be listed either, only that of the kubeconfig's context is known.
    async fn one_by_one(
        &self,
        kind: Kind,
        refused: &ClusterError,
        take: &mut impl FnMut(Observation),
    ) -> Result<(), ClusterError> {
        let everywhere = unseen(ObjectRef::all(kind, None), refused);
        let all = self.all.get_or_try_init(|| namespaces(self.client)).await?;
        let known = all.clone();
        let names = known.unwrap_or_else(|| vec![self.client.default_namespace().to_owned()]);
        let each = names.iter().map(|name| within(self.client, kind, name));
        let mut denied = Vec::new();
        let mut each = stream::iter(each).buffered(PARALLEL);
        while let Some(listed) = each.next().await {
            match listed? {
                Ok(found) => found.into_iter().for_each(&mut *take),
                Err(unseen) => denied.push(*unseen),
            }
        }
        // All of them are told in one word, and so are those of which not even the name is known.
        let is_denied = |one: &Observation| matches!(one, Observation::Denied { .. });
        let in_a_word =
            all.is_none() || (denied.len() == names.len() && denied.iter().all(is_denied));
        let unseen = if in_a_word { vec![everywhere] } else { denied };
        unseen.into_iter().for_each(take);
        Ok(())
    }
}

/// The names of all namespaces; none when they may not be listed.
async fn namespaces(client: &Client) -> Result<Option<Vec<String>>, ClusterError> {
    match client.namespaces().await {
        Ok(names) => Ok(Some(names)),
        Err(error) if error.failure == Failure::Forbidden => Ok(None),
        Err(error) => Err(error),
    }
}

/// What one namespace has of a kind; else that it may not be read.
type Listed = Result<Vec<Observation>, Box<Observation>>;

async fn within(client: &Client, kind: Kind, namespace: &str) -> Result<Listed, ClusterError> {
    let mut seen = Vec::new();
    match list(client, kind, Some(namespace), &mut |one| seen.push(one)).await {
        Ok(()) => Ok(Ok(seen)),
        Err(error) if error.failure == Failure::NoSuchKind => Ok(Ok(Vec::new())),
        Err(error) if can_go_on(&error) => {
            Ok(Err(Box::new(unseen(ObjectRef::all(kind, Some(namespace)), &error))))
        }
        Err(error) => Err(error),
    }
}

async fn list(
    client: &Client,
    kind: Kind,
    namespace: Option<&str>,
    take: &mut impl FnMut(Observation),
) -> Result<(), ClusterError> {
    match kind {
        Kind::Secret => list_secrets(client, namespace, take).await,
        kind if kind.is_workload() => workloads::list(client, kind, namespace, take).await,
        kind => objects(client, &[kind], namespace, take).await,
    }
}

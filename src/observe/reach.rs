//! How far a user may see: a kind is listed in all namespaces at once or, where only some of them may
//! be read, in one after another.
//!
//! Knows what to ask next where a list is refused. Refuses to know what is done with what is listed.

use super::cluster::{can_go_on, list_secrets, objects, unseen, unseen_when_forbidden};
use super::{kubernetes, routes};
use crate::cluster::Client;
use crate::cluster::error::{ClusterError, Failure};
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::Observation;
use futures_util::{StreamExt as _, stream};
use std::collections::BTreeMap;
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
    /// The API groups of the cluster, asked for once.
    groups: OnceCell<BTreeMap<String, String>>,
}

/// A kind, and the version in which it is listed; none for the one that is read here.
type Listed<'l> = (Kind, Option<&'l str>);

impl<'c> Reach<'c> {
    /// Looks at `namespace`, or (none) at all of them.
    #[must_use]
    pub fn new(client: &'c Client, namespace: Option<&'c str>) -> Self {
        Self { client, namespace, all: OnceCell::new(), groups: OnceCell::new() }
    }

    /// The namespace that is looked in; none for all of them.
    #[must_use]
    pub const fn namespace(&self) -> Option<&'c str> {
        self.namespace
    }

    /// Whether the cluster has kinds of this API group: see [`Client::knows_group`].
    ///
    /// # Errors
    /// [`ClusterError`] when the server cannot be asked at all.
    pub async fn knows_group(&self, group: &str) -> Result<bool, ClusterError> {
        Ok(self.groups.get_or_try_init(|| self.client.groups()).await?.contains_key(group))
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
        self.each_listed((kind, None), take).await
    }

    /// The same, of this version of the kind.
    ///
    /// # Errors
    /// As [`Reach::each`].
    pub async fn each_of(
        &self,
        kind: Kind,
        version: &str,
        take: &mut impl FnMut(Observation),
    ) -> Result<(), ClusterError> {
        self.each_listed((kind, Some(version)), take).await
    }

    async fn each_listed(
        &self,
        listed: Listed<'_>,
        take: &mut impl FnMut(Observation),
    ) -> Result<(), ClusterError> {
        let kind = listed.0;
        match list(self.client, listed, self.namespace, take).await {
            Err(error) if error.failure == Failure::NoSuchKind => Ok(()),
            Err(error) if error.failure == Failure::Forbidden && self.namespace.is_none() => {
                self.one_by_one(listed, &error, take).await
            }
            answer => unseen_when_forbidden(answer, ObjectRef::all(kind, self.namespace), take),
        }
    }

    /// Lists a kind in one namespace after another, because all of them at once is `refused`. Where the
    /// namespaces may not be listed either, only that of the kubeconfig's context is known.
    async fn one_by_one(
        &self,
        listed: Listed<'_>,
        refused: &ClusterError,
        take: &mut impl FnMut(Observation),
    ) -> Result<(), ClusterError> {
        let everywhere = unseen(ObjectRef::all(listed.0, None), refused);
        let all = self.all.get_or_try_init(|| namespaces(self.client)).await?;
        let known = all.clone();
        let names = known.unwrap_or_else(|| vec![self.client.default_namespace().to_owned()]);
        let each = names.iter().map(|name| within(self.client, listed, name));
        let mut denied = Vec::new();
        let mut each = stream::iter(each).buffered(PARALLEL);
        while let Some(answer) = each.next().await {
            match answer? {
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
type Found = Result<Vec<Observation>, Box<Observation>>;

async fn within(
    client: &Client,
    listed: Listed<'_>,
    namespace: &str,
) -> Result<Found, ClusterError> {
    let mut seen = Vec::new();
    match list(client, listed, Some(namespace), &mut |one| seen.push(one)).await {
        Ok(()) => Ok(Ok(seen)),
        Err(error) if error.failure == Failure::NoSuchKind => Ok(Ok(Vec::new())),
        Err(error) if can_go_on(&error) => {
            Ok(Err(Box::new(unseen(ObjectRef::all(listed.0, Some(namespace)), &error))))
        }
        Err(error) => Err(error),
    }
}

async fn list(
    client: &Client,
    (kind, version): Listed<'_>,
    namespace: Option<&str>,
    take: &mut impl FnMut(Observation),
) -> Result<(), ClusterError> {
    match (kind, version, kind.resource()) {
        (Kind::Secret, ..) => list_secrets(client, namespace, take).await,
        (Kind::Route, ..) => routes::each(client, namespace, take).await,
        (_, Some(version), Some((group, ..))) => {
            let each = |value| take(Observation::Object(kubernetes::listed(kind, value)));
            client.each_object_of(kind, (group, version), namespace, each).await
        }
        _ => objects(client, &[kind], namespace, take).await,
    }
}

//! How far a user may see: a kind is listed in all namespaces at once or, where only some of them may
//! be read, in one after another.
//!
//! Knows what to ask next where a list is refused. Refuses to know what is done with what is listed.

use super::Take;
use super::cluster::{can_go_on, list_secrets, objects, unseen, unseen_when_forbidden};
use super::{kubernetes, routes, workloads};
use crate::cluster::Client;
use crate::cluster::error::{ClusterError, Failure};
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::Observation;
use futures_util::{StreamExt as _, stream};
use std::cell::Cell;
use tokio::sync::{Notify, OnceCell};

/// Namespaces that are asked at once; each is a connection.
const PARALLEL: usize = 8;
/// How many objects of a namespace are kept until it is its turn to be handed on. Bodies may be large,
/// and of what has more the list is asked for again then.
const KEPT: usize = 100;

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

/// A kind, and the version in which it is listed; none for the one that is read here.
type Listed<'l> = (Kind, Option<&'l str>);

impl<'c> Reach<'c> {
    /// Looks at `namespace`, or (none) at all of them.
    #[must_use]
    pub fn new(client: &'c Client, namespace: Option<&'c str>) -> Self {
        Self { client, namespace, all: OnceCell::new() }
    }

    /// The namespace that is looked in; none for all of them.
    #[must_use]
    pub const fn namespace(&self) -> Option<&'c str> {
        self.namespace
    }

    /// Lists a kind: in all namespaces, or in each that may be read. What may not is handed on as unseen,
    /// and a kind that the cluster does not know has no objects.
    ///
    /// # Errors
    /// [`ClusterError`] when the server cannot be asked at all.
    pub async fn each(&self, kind: Kind, take: &mut Take<'_>) -> Result<(), ClusterError> {
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
        take: &mut Take<'_>,
    ) -> Result<(), ClusterError> {
        self.each_listed((kind, Some(version)), take).await
    }

    /// Whether the cluster has nothing of the API group of the kind. Where groups may not be asked for,
    /// nobody can tell.
    async fn is_unknown(&self, kind: Kind) -> Result<bool, ClusterError> {
        let Some((group, ..)) = kind.resource().filter(|(group, ..)| !group.is_empty()) else {
            return Ok(false);
        };
        let groups = self.client.groups().await?;
        Ok(!groups.is_empty() && !groups.contains_key(group))
    }

    async fn each_listed(
        &self,
        listed: Listed<'_>,
        take: &mut Take<'_>,
    ) -> Result<(), ClusterError> {
        let kind = listed.0;
        match list(self.client, listed, self.namespace, take).await {
            Err(error) if error.failure == Failure::NoSuchKind => Ok(()),
            // Whose kind it is that is refused is asked first: rights are looked at before kinds.
            Err(error) if error.failure == Failure::Forbidden && self.is_unknown(kind).await? => {
                Ok(())
            }
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
        take: &mut Take<'_>,
    ) -> Result<(), ClusterError> {
        let everywhere = unseen(ObjectRef::all(listed.0, None), refused);
        let all = self.all.get_or_try_init(|| namespaces(self.client)).await?;
        let known = all.clone();
        let names = known.unwrap_or_else(|| vec![self.client.default_namespace().to_owned()]);
        let each = names.iter().map(|name| within(self.client, listed, name));
        let mut denied = Vec::new();
        let mut each = stream::iter(each).buffered(PARALLEL);
        while let Some((name, found)) = each.next().await {
            let found = match found? {
                Found::TooMany => handed_on(self.client, listed, name, take).await?,
                found => found,
            };
            match found {
                Found::Whole(found) => found.into_iter().for_each(&mut *take),
                Found::Unseen(unseen) => denied.push(*unseen),
                Found::TooMany => {}
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

/// What one namespace has of a kind.
enum Found {
    /// All of it.
    Whole(Vec<Observation>),
    /// More than is kept; nothing of it is.
    TooMany,
    /// It may not be read.
    Unseen(Box<Observation>),
}

/// A namespace's objects, kept until it is its turn.
async fn within<'n>(
    client: &Client,
    listed: Listed<'_>,
    namespace: &'n str,
) -> (&'n str, Result<Found, ClusterError>) {
    let (mut kept, too_many, full) = (Vec::new(), Cell::new(false), Notify::new());
    let mut take = |one| {
        if kept.len() < KEPT {
            kept.push(one);
        } else if !too_many.replace(true) {
            full.notify_one();
        }
    };
    let answer = tokio::select! {
        biased;
        answer = list(client, listed, Some(namespace), &mut take) => answer,
        () = full.notified() => Ok(()),
    };
    let found = unless_refused(answer, listed.0, namespace).map(|unseen| match unseen {
        Some(unseen) => Found::Unseen(Box::new(unseen)),
        None if too_many.get() => Found::TooMany,
        None => Found::Whole(kept),
    });
    (namespace, found)
}

/// The same, each object handed on as it comes.
async fn handed_on(
    client: &Client,
    listed: Listed<'_>,
    namespace: &str,
    take: &mut Take<'_>,
) -> Result<Found, ClusterError> {
    let answer = list(client, listed, Some(namespace), take).await;
    let unseen = unless_refused(answer, listed.0, namespace)?;
    Ok(unseen.map_or(Found::Whole(Vec::new()), |unseen| Found::Unseen(Box::new(unseen))))
}

/// What may not be read, where the rest may be; nothing where all was.
fn unless_refused(
    listed: Result<(), ClusterError>,
    kind: Kind,
    namespace: &str,
) -> Result<Option<Observation>, ClusterError> {
    match listed {
        Ok(()) => Ok(None),
        Err(error) if error.failure == Failure::NoSuchKind => Ok(None),
        Err(error) if can_go_on(&error) => {
            Ok(Some(unseen(ObjectRef::all(kind, Some(namespace)), &error)))
        }
        Err(error) => Err(error),
    }
}

async fn list(
    client: &Client,
    (kind, version): Listed<'_>,
    namespace: Option<&str>,
    take: &mut Take<'_>,
) -> Result<(), ClusterError> {
    match (kind, version, kind.resource()) {
        (Kind::Secret, ..) => list_secrets(client, namespace, take).await,
        (Kind::Route, ..) => routes::each(client, namespace, take).await,
        (kind, ..) if kind.is_workload() => workloads::list(client, kind, namespace, take).await,
        (_, Some(version), Some((group, ..))) => {
            let mut each = |value| take(Observation::Object(kubernetes::listed(kind, value)));
            client.each_object_of(kind, (group, version), namespace, &mut each).await
        }
        _ => objects(client, &[kind], namespace, take).await,
    }
}

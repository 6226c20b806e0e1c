//! Discovery: which kinds of an API group a cluster serves, and each in which version.

use super::client::Client;
use super::error::{ClusterError, Failure, Verb};
use crate::object_ref::{Kind, ObjectRef};
use std::collections::BTreeMap;

impl Client {
    /// The kinds of an API group, by the plural names of their resources, each with the version that
    /// the cluster prefers of those in which it serves the kind; none where the group is not known, or
    /// may not be asked for.
    ///
    /// # Errors
    /// [`ClusterError`] when the server cannot be asked at all.
    pub async fn served_kinds(
        &self,
        group: &str,
    ) -> Result<BTreeMap<String, String>, ClusterError> {
        let library = self.library();
        let object = ObjectRef::all(Kind::Gateway, None);
        let groups = self.read(Verb::List, &object, || library.list_api_groups()).await;
        let groups = told(groups)?.map(|list| list.groups).unwrap_or_default();
        let Some(group) = groups.into_iter().find(|known| known.name == group) else {
            return Ok(BTreeMap::new());
        };
        // The preferred version first, then the others in the server's order.
        let mut versions: Vec<String> =
            group.preferred_version.map(|it| it.version).into_iter().collect();
        versions.extend(group.versions.into_iter().map(|it| it.version));
        let mut served = BTreeMap::new();
        for version in versions {
            let path = format!("{}/{version}", group.name);
            let request = || library.list_api_group_resources(&path);
            let listed = told(self.read(Verb::List, &object, request).await)?;
            for resource in listed.map(|list| list.resources).unwrap_or_default() {
                served.entry(resource.name).or_insert_with(|| version.clone());
            }
        }
        Ok(served)
    }
}

/// What the server says; none where it does not say it to us.
fn told<T>(answer: Result<T, ClusterError>) -> Result<Option<T>, ClusterError> {
    match answer {
        Ok(told) => Ok(Some(told)),
        Err(error) if error.failure.may_pass() || error.failure == Failure::Unauthorized => {
            Err(error)
        }
        Err(_) => Ok(None),
    }
}

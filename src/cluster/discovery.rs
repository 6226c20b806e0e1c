//! Discovery: which API groups and kinds a cluster serves, and each in which version.

use super::client::Client;
use super::error::{ClusterError, Failure, Verb};
use crate::object_ref::{Kind, ObjectRef};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::APIGroup;
use std::collections::BTreeMap;

impl Client {
    /// Whether the cluster has kinds of this API group. Discovery is open to whoever may log in,
    /// where a list of an unknown kind would be "forbidden"; where it is closed, the answer is no.
    ///
    /// # Errors
    /// [`ClusterError`] when the server cannot be asked at all.
    pub async fn knows_group(&self, group: &str) -> Result<bool, ClusterError> {
        Ok(self.discovered().await?.iter().any(|known| known.name == group))
    }

    /// The API groups of the cluster, each with the version it prefers; none where that may not
    /// be asked.
    ///
    /// # Errors
    /// [`ClusterError`] when the server cannot be asked at all.
    pub async fn groups(&self) -> Result<BTreeMap<String, String>, ClusterError> {
        let version = |group: &APIGroup| {
            let preferred = group.preferred_version.as_ref().or(group.versions.first());
            let preferred = preferred.map(|version| version.version.clone());
            (group.name.clone(), preferred.unwrap_or_default())
        };
        Ok(self.discovered().await?.iter().map(version).collect())
    }

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
        let groups = self.discovered().await?;
        let Some(group) = groups.iter().find(|known| known.name == group) else {
            return Ok(BTreeMap::new());
        };
        // The preferred version first, then the others in the server's order.
        let versions = group.preferred_version.iter().chain(&group.versions);
        let mut served = BTreeMap::new();
        let mut asked: Vec<&str> = Vec::new();
        for version in versions.map(|it| it.version.as_str()) {
            if asked.contains(&version) {
                continue;
            }
            asked.push(version);
            let (library, path) = (self.library(), format!("{}/{version}", group.name));
            let request = || library.list_api_group_resources(&path);
            let listed = told(self.read(Verb::List, &any(), request).await)?;
            for resource in listed.map(|list| list.resources).unwrap_or_default() {
                served.entry(resource.name).or_insert_with(|| version.to_owned());
            }
        }
        Ok(served)
    }

    /// The API groups, asked for once in a run.
    async fn discovered(&self) -> Result<&[APIGroup], ClusterError> {
        let ask = || async {
            let library = self.library();
            let listed = self.read(Verb::List, &any(), || library.list_api_groups()).await;
            told(listed).map(|list| list.map(|list| list.groups).unwrap_or_default())
        };
        self.groups.get_or_try_init(ask).await.map(Vec::as_slice)
    }
}

/// What is asked for, in the words of an error.
fn any() -> ObjectRef {
    ObjectRef::all(Kind::ManagedCertificate, None)
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

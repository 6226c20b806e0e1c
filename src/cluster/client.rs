//! One client: every request has a deadline, fresh credentials and a name that can be asked for, and
//! is tried again as `retry` says.

use super::clock::ServerClock;
use super::credentials::Credentials;
use super::error::{ClusterError, Failure, Misread, Verb};
use super::kubeconfig::proxy::Proxy;
use super::pages::Which;
use super::protobuf::{self, Binary};
use super::retry::{self, Patience};
use super::trouble::trouble;
use crate::object_ref::{Kind, ObjectRef, is_path_segment};
use crate::remedy::Target;
use futures_util::future::BoxFuture;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{Namespace, Secret};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{APIGroup, ObjectMeta};
use kube::api::{
    Api, DeleteParams, ListParams, ObjectList, Patch, PatchParams, PostParams, Preconditions,
};
use kube::core::PartialObjectMeta;
use kube::core::dynamic::{ApiResource, DynamicObject};
use kube::core::gvk::GroupVersionKind;
use serde::de::DeserializeOwned;
use std::cell::Cell;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

tokio::task_local! {
    /// When to come back, as the answer to the request of this task says in its header. The
    /// library hands on the body of an error alone.
    static TOLD: Cell<Option<Duration>>;
}

/// Keeps what an answer says of when to come back, for the request that waits for it.
pub(super) fn note<B>(answer: &http::Response<B>) {
    let status = answer.status();
    if (status.is_client_error() || status.is_server_error())
        && let Some(told) = retry::told(answer.headers())
    {
        // A request that nobody waits for has nobody to tell.
        let _ = TOLD.try_with(|slot| slot.set(Some(told)));
    }
}

/// Which server, and by which way.
#[derive(Clone, Debug, Default)]
pub(super) struct Server {
    /// Its URL.
    pub url: String,
    /// The proxy before it.
    pub proxy: Option<Proxy>,
    /// What to do when we are not known there, where no credentials are sent.
    pub stranger: Option<String>,
}

/// A connection to one API server.
#[derive(Clone)]
pub struct Client {
    inner: kube::Client,
    server: Arc<Server>,
    credentials: Arc<Credentials>,
    default_namespace: String,
    request_timeout: Duration,
    target: Arc<Target>,
    entries: Arc<Entries>,
    clock: Arc<ServerClock>,
    /// The API groups of the cluster, asked for once.
    pub(super) groups: Arc<OnceCell<Vec<APIGroup>>>,
}

/// The names of the kubeconfig's entries that lead to a server; none in a pod.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    /// The context.
    pub context: Option<String>,
    /// The user that it is for.
    pub user: Option<String>,
}

impl Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.server.url)
    }
}

/// How a patch is laid over an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchForm {
    /// A list takes the place of the one that is there (RFC 7386).
    Merge,
    /// Entries of a list are told by their names, and the others stay; Kubernetes' own kinds take it.
    Strategic,
}

/// What a write did.
#[derive(Clone, Debug)]
pub struct Written {
    /// The object's resourceVersion afterwards.
    pub resource_version: Option<String>,
    /// The data as the server stored it: an admission webhook may have changed it.
    pub stored: Secret,
}

impl Client {
    pub(super) fn new(
        client: kube::Client,
        server: Server,
        credentials: Arc<Credentials>,
        default_namespace: String,
        request_timeout: Duration,
    ) -> Self {
        let (server, target) = (Arc::new(server), Arc::default());
        let (entries, groups) = (Arc::default(), Arc::default());
        Self {
            inner: client,
            server,
            credentials,
            default_namespace,
            request_timeout,
            target,
            entries,
            clock: Arc::default(),
            groups,
        }
    }

    /// The same, of whose answers this clock is read.
    pub(super) fn told_the_time_by(self, clock: Arc<ServerClock>) -> Self {
        Self { clock, ..self }
    }

    /// By how much the server's clock is ahead of ours (negative: behind), where that is more than a
    /// certificate may be dated by.
    #[must_use]
    pub fn clocks_apart(&self) -> Option<time::Duration> {
        self.clock.apart()
    }

    /// The same, by these entries of the kubeconfig.
    pub(super) fn by(self, entries: Entries) -> Self {
        Self { entries: Arc::new(entries), ..self }
    }

    /// The kubeconfig's context that leads to the server; none in a pod.
    #[must_use]
    pub fn context(&self) -> Option<&str> {
        self.entries.context.as_deref()
    }

    /// The kubeconfig's user by whose credentials it is asked; none in a pod.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.entries.user.as_deref()
    }

    /// The same, with what the user said to reach it.
    pub(super) fn named_by(self, target: Target) -> Self {
        Self { target: Arc::new(target), ..self }
    }

    /// What the user said to reach this server, for commands that are to reach it too.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The server's URL.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server.url
    }

    /// The namespace that the kubeconfig's context names, or `default`.
    #[must_use]
    pub fn default_namespace(&self) -> &str {
        &self.default_namespace
    }

    /// Reads a list page by page, as protobuf where the server sends that, and hands on each object.
    /// While a page is taken the next is on its way; no more than these two are held.
    ///
    /// # Errors
    /// [`ClusterError`]. After an expired continue token the list is begun again once, and objects
    /// may then be handed on twice.
    pub async fn each<K>(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        which: Which<'_>,
        take: &mut dyn FnMut(K),
    ) -> Result<(), ClusterError>
    where
        K: Binary + kube::Resource<Scope = NamespaceResourceScope>,
    {
        let path = K::url_path(&(), namespace);
        let inner = self.inner.clone();
        let page = move |params| protobuf::page(inner.clone(), path.clone(), params);
        self.pages(ObjectRef::all(kind, namespace), which, page, take).await
    }

    /// The same, always as JSON.
    ///
    /// # Errors
    /// As [`Client::each`].
    pub async fn each_by_json<K>(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        which: Which<'_>,
        take: &mut dyn FnMut(K),
    ) -> Result<(), ClusterError>
    where
        K: kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + Debug
            + Send
            + 'static,
    {
        let page = by_json(self.api::<K>(namespace));
        self.pages(ObjectRef::all(kind, namespace), which, page, take).await
    }

    /// Reads one object.
    ///
    /// # Errors
    /// [`ClusterError`], `NotFound` among others.
    pub async fn get<K>(&self, object: &ObjectRef) -> Result<K, ClusterError>
    where
        K: kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + Debug,
    {
        let api: Api<K> = self.api(Some(object.namespace()));
        self.read(Verb::Get, object, async || itself(api.get(&object.name).await, &object.name))
            .await
    }

    /// Whether an object of a kind that may not even be installed is there, in whichever version the
    /// cluster serves the kind.
    ///
    /// # Errors
    /// [`ClusterError`] for anything but "found" and "not found".
    pub async fn exists(&self, object: &ObjectRef) -> Result<bool, ClusterError> {
        if self.has(object, None).await? {
            return Ok(true);
        }
        let Some((group, version, _)) = object.kind.resource() else { return Ok(false) };
        match self.groups().await?.get(group).filter(|served| *served != version) {
            Some(served) => self.has(object, Some(served)).await,
            None => Ok(false),
        }
    }

    async fn has(&self, object: &ObjectRef, version: Option<&str>) -> Result<bool, ClusterError> {
        let api = self.dynamic(object, version)?;
        let name = &object.name;
        match self
            .read(Verb::Get, object, async || itself(api.get_metadata(name).await, name))
            .await
        {
            Ok(_) => Ok(true),
            Err(error) if error.failure.is_absence() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Reads an object of any kind as JSON.
    ///
    /// # Errors
    /// [`ClusterError`]; `NoSuchKind` when the cluster does not know the kind.
    pub async fn get_object(&self, object: &ObjectRef) -> Result<serde_json::Value, ClusterError> {
        self.get_object_of(object, None).await
    }

    /// The same, in this version of its kind, or (none) the one that is read here.
    ///
    /// # Errors
    /// As [`Client::get_object`].
    pub async fn get_object_of(
        &self,
        object: &ObjectRef,
        version: Option<&str>,
    ) -> Result<serde_json::Value, ClusterError> {
        let api = self.dynamic(object, version)?;
        let name = &object.name;
        let found =
            self.read(Verb::Get, object, async || itself(api.get(name).await, name)).await?;
        Ok(as_written(found))
    }

    /// Reads every object of a kind as JSON, page by page.
    ///
    /// # Errors
    /// [`ClusterError`]; `NoSuchKind` when the cluster does not know the kind.
    pub async fn each_object(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        take: &mut dyn FnMut(serde_json::Value),
    ) -> Result<(), ClusterError> {
        let Some((group, version, _)) = kind.resource() else {
            return Err(ClusterError::no_such_kind(&ObjectRef::all(kind, namespace)));
        };
        self.each_object_of(kind, (group, version), namespace, take).await
    }

    /// The same, of another API group or version of the kind.
    ///
    /// # Errors
    /// As [`Client::each_object`].
    pub async fn each_object_of(
        &self,
        kind: Kind,
        (group, version): (&str, &str),
        namespace: Option<&str>,
        take: &mut dyn FnMut(serde_json::Value),
    ) -> Result<(), ClusterError> {
        let all = ObjectRef::all(kind, namespace);
        let Some((_, _, plural)) = kind.resource() else {
            return Err(ClusterError::no_such_kind(&all));
        };
        let gvk = GroupVersionKind::gvk(group, version, kind.as_str());
        let api = self.api_of(&ApiResource::from_gvk_with_plural(&gvk, plural), namespace);
        self.pages(all, Which::ALL, by_json(api), &mut |object| take(as_written(object))).await
    }

    /// Reads the metadata of every object of a kind, page by page, and none of the bodies.
    ///
    /// # Errors
    /// As [`Client::each_object`].
    pub async fn each_metadata(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        take: &mut dyn FnMut(ObjectMeta),
    ) -> Result<(), ClusterError> {
        let api = self.objects(kind, namespace)?;
        let page = move |params: ListParams| {
            let api = api.clone();
            async move { api.list_metadata(&params).await }
        };
        let all = ObjectRef::all(kind, namespace);
        let mut metadata = |object: PartialObjectMeta<DynamicObject>| take(object.metadata);
        self.pages(all, Which::ALL, page, &mut metadata).await
    }

    /// The objects of a kind, in the version that is read here, for what is asked of any kind.
    pub(super) fn objects(
        &self,
        kind: Kind,
        namespace: Option<&str>,
    ) -> Result<Api<DynamicObject>, ClusterError> {
        let Some((group, version, plural)) = kind.resource() else {
            return Err(ClusterError::no_such_kind(&ObjectRef::all(kind, namespace)));
        };
        let gvk = GroupVersionKind::gvk(group, version, kind.as_str());
        Ok(self.api_of(&ApiResource::from_gvk_with_plural(&gvk, plural), namespace))
    }

    /// The library's client, for kinds that are in no namespace.
    pub(super) fn library(&self) -> kube::Client {
        self.inner.clone()
    }

    fn api_of(&self, resource: &ApiResource, namespace: Option<&str>) -> Api<DynamicObject> {
        match namespace {
            Some(namespace) => Api::namespaced_with(self.inner.clone(), namespace, resource),
            None => Api::all_with(self.inner.clone(), resource),
        }
    }

    /// Creates an object by server-side apply, without force, under `manager`.
    ///
    /// # Errors
    /// [`ClusterError`]; `Conflict` when another manager has the same fields.
    pub async fn apply_object(
        &self,
        object: &ObjectRef,
        manifest: &serde_json::Value,
        manager: &str,
        dry_run: bool,
    ) -> Result<Option<String>, ClusterError> {
        let api = self.dynamic(object, None)?;
        let params = PatchParams { dry_run, ..PatchParams::apply(manager) };
        let (patch, name) = (Patch::Apply(manifest), &object.name);
        let patch = async || itself(api.patch(name, &params, &patch).await, name);
        let written = self.write(Verb::Create, object, patch).await?;
        Ok(written.metadata.resource_version)
    }

    /// Changes an object by a patch of this form under `manager`. The patch must carry the
    /// resourceVersion.
    ///
    /// # Errors
    /// [`ClusterError`]; `Conflict` when the object has changed since.
    pub async fn patch_object(
        &self,
        (object, form): (&ObjectRef, PatchForm),
        patch: &serde_json::Value,
        manager: &str,
        dry_run: bool,
    ) -> Result<Option<String>, ClusterError> {
        let api = self.dynamic(object, None)?;
        let params = PatchParams {
            dry_run,
            field_manager: Some(manager.to_owned()),
            ..PatchParams::default()
        };
        let name = &object.name;
        let patch = match form {
            PatchForm::Merge => Patch::Merge(patch),
            PatchForm::Strategic => Patch::Strategic(patch),
        };
        let patch = async || itself(api.patch(name, &params, &patch).await, name);
        let written = self.write(Verb::Patch, object, patch).await?;
        Ok(written.metadata.resource_version)
    }

    /// Deletes an object, if it still has this resourceVersion. One that is gone already is as
    /// wished.
    ///
    /// # Errors
    /// [`ClusterError`]; `Conflict` when the object has changed since.
    pub async fn delete_object(
        &self,
        object: &ObjectRef,
        resource_version: Option<String>,
        dry_run: bool,
    ) -> Result<(), ClusterError> {
        let api = self.dynamic(object, None)?;
        let preconditions = Preconditions { resource_version, uid: None };
        let params =
            DeleteParams { dry_run, preconditions: Some(preconditions), ..DeleteParams::default() };
        match self.write(Verb::Delete, object, || api.delete(&object.name, &params)).await {
            Err(error) if error.failure == Failure::NotFound => Ok(()),
            deleted => deleted.map(drop),
        }
    }

    /// The objects of its kind, in this version or (none) the one that is read here.
    fn dynamic(
        &self,
        object: &ObjectRef,
        version: Option<&str>,
    ) -> Result<Api<DynamicObject>, ClusterError> {
        let Some((group, own, plural)) = object.kind.resource() else {
            return Err(ClusterError::no_such_kind(object));
        };
        let version = version.unwrap_or(own);
        let kind = GroupVersionKind::gvk(group, version, object.kind.as_str());
        let resource = ApiResource::from_gvk_with_plural(&kind, plural);
        Ok(self.api_of(&resource, object.namespace.as_deref()))
    }

    /// Whether the namespace is there; true also when that may not be asked.
    ///
    /// # Errors
    /// [`ClusterError`] when the server cannot be asked at all.
    pub async fn has_namespace(&self, namespace: &str) -> Result<bool, ClusterError> {
        let api: Api<Namespace> = Api::all(self.inner.clone());
        let object = ObjectRef::all(Kind::Secret, Some(namespace));
        let get = async || itself(api.get_metadata(namespace).await, namespace);
        match self.read(Verb::Get, &object, get).await {
            Err(error) if error.failure == Failure::NotFound => Ok(false),
            Ok(_) => Ok(true),
            Err(error) if error.failure == Failure::Forbidden => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Creates a Secret by server-side apply, without force, under `manager`.
    ///
    /// # Errors
    /// [`ClusterError`]; `Conflict` when another manager has the same fields.
    pub async fn apply_secret(
        &self,
        object: &ObjectRef,
        secret: &Secret,
        manager: &str,
        dry_run: bool,
    ) -> Result<Written, ClusterError> {
        let api: Api<Secret> = self.api(Some(object.namespace()));
        let params = PatchParams { dry_run, ..PatchParams::apply(manager) };
        let (patch, name) = (Patch::Apply(secret), &object.name);
        let patch = async || itself(api.patch(name, &params, &patch).await, name);
        let written = self.write(Verb::Create, object, patch);
        written.await.map(written_secret)
    }

    /// Creates a Secret that must not be there yet, under `manager`: what a server-side apply cannot say.
    ///
    /// # Errors
    /// [`ClusterError`]; `Conflict` when there is one of that name.
    pub async fn create_secret(
        &self,
        object: &ObjectRef,
        secret: &Secret,
        manager: &str,
        dry_run: bool,
    ) -> Result<Written, ClusterError> {
        let api: Api<Secret> = self.api(Some(object.namespace()));
        let params = PostParams { dry_run, field_manager: Some(manager.to_owned()) };
        let create = async || itself(api.create(&params, secret).await, &object.name);
        self.write(Verb::Create, object, create).await.map(written_secret)
    }

    /// Changes a Secret by a merge patch under `manager`. The patch must carry the resourceVersion.
    ///
    /// # Errors
    /// [`ClusterError`]; `Conflict` when the Secret has changed since.
    pub async fn patch_secret(
        &self,
        object: &ObjectRef,
        patch: &serde_json::Value,
        manager: &str,
        dry_run: bool,
    ) -> Result<Written, ClusterError> {
        let api: Api<Secret> = self.api(Some(object.namespace()));
        let params = PatchParams {
            dry_run,
            field_manager: Some(manager.to_owned()),
            ..PatchParams::default()
        };
        let (patch, name) = (Patch::Merge(patch), &object.name);
        let patch = async || itself(api.patch(name, &params, &patch).await, name);
        let written = self.write(Verb::Patch, object, patch);
        written.await.map(written_secret)
    }

    fn api<K>(&self, namespace: Option<&str>) -> Api<K>
    where
        K: kube::Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        match namespace {
            Some(namespace) => Api::namespaced(self.inner.clone(), namespace),
            None => Api::all(self.inner.clone()),
        }
    }

    /// A read: tried again after whatever may pass.
    pub(super) async fn read<T, F>(
        &self,
        verb: Verb,
        object: &ObjectRef,
        request: impl Fn() -> F,
    ) -> Result<T, ClusterError>
    where
        F: Future<Output = kube::Result<T>>,
    {
        self.patiently(Patience::new(false, self.request_timeout), verb, object, request).await
    }

    /// A write: tried again only when the server did not look at it.
    async fn write<T, F>(
        &self,
        verb: Verb,
        object: &ObjectRef,
        request: impl Fn() -> F,
    ) -> Result<T, ClusterError>
    where
        F: Future<Output = kube::Result<T>>,
    {
        self.patiently(Patience::new(true, self.request_timeout), verb, object, request).await
    }

    async fn patiently<T, F>(
        &self,
        mut patience: Patience,
        verb: Verb,
        object: &ObjectRef,
        request: impl Fn() -> F,
    ) -> Result<T, ClusterError>
    where
        F: Future<Output = kube::Result<T>>,
    {
        askable(verb, object)?;
        let mut known = true;
        loop {
            self.credentials.refresh().await?;
            let shown = self.credentials.header();
            let (answer, told) = self.timed(request()).await;
            if let Some(Err(error)) = &answer
                && let Some((trouble, in_body)) = trouble(error)
                && let Some(pause) = patience.after(trouble, told.or(in_body))
            {
                tokio::time::sleep(pause).await;
                continue;
            }
            if let Some(Err(kube::Error::Api(status))) = &answer
                && status.code == 401
                // Who is not known is not listened to: a write may be sent again, too.
                && std::mem::take(&mut known)
                && self.credentials.refused(shown.as_ref()).await
            {
                continue;
            }
            return self.answer(answer, verb, object);
        }
    }

    /// One try, within its time, and what its answer's header says of when to come back.
    async fn timed<T>(
        &self,
        request: impl Future<Output = kube::Result<T>>,
    ) -> (Option<kube::Result<T>>, Option<Duration>) {
        let limited = tokio::time::timeout(self.request_timeout, request);
        TOLD.scope(Cell::new(None), async {
            let answer = limited.await.ok();
            (answer, TOLD.with(Cell::take))
        })
        .await
    }

    fn answer<T>(
        &self,
        answer: Option<kube::Result<T>>,
        verb: Verb,
        object: &ObjectRef,
    ) -> Result<T, ClusterError> {
        match answer {
            None => {
                Err(ClusterError::timeout(verb, object, &self.server.url, self.request_timeout))
            }
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(ClusterError::of(&error, verb, object, &self.server)),
        }
    }
}

/// Asks for pages as the library does.
fn by_json<K>(api: Api<K>) -> impl Fn(ListParams) -> BoxFuture<'static, kube::Result<ObjectList<K>>>
where
    K: Clone + DeserializeOwned + Debug + Send + 'static,
{
    move |params| {
        let api = api.clone();
        Box::pin(async move { Ok(protobuf::checked(api.list(&params).await?)?) })
    }
}

/// The object, where it is the one that was asked for: whatever JSON it is, the library makes an object
/// without a name of it, with nothing in it.
fn itself<K: kube::Resource>(found: kube::Result<K>, name: &str) -> kube::Result<K> {
    let found = found?;
    let is_it = found.meta().name.as_deref() == Some(name);
    if is_it { Ok(found) } else { Err(Misread::Other.into()) }
}

/// The library puts names into the path as they are: one with a `/` or `#` would ask for something
/// else, and an empty namespace for all of them.
fn askable(verb: Verb, object: &ObjectRef) -> Result<(), ClusterError> {
    let namespace = object.namespace.as_deref().filter(|namespace| !is_path_segment(namespace));
    let name = Some(object.name.as_str()).filter(|name| !name.is_empty() && !is_path_segment(name));
    match namespace.or(name) {
        None => Ok(()),
        Some(impossible) => Err(ClusterError::impossible(verb, object, impossible)),
    }
}

/// The object as JSON, of which no text is copied: a Route holds a private key.
fn as_written(object: DynamicObject) -> serde_json::Value {
    let mut value = object.data;
    if let Some(fields) = value.as_object_mut() {
        let metadata = serde_json::to_value(object.metadata).unwrap_or_default();
        fields.insert("metadata".to_owned(), metadata);
        if let Some(types) = object.types {
            fields.insert("apiVersion".to_owned(), types.api_version.into());
            fields.insert("kind".to_owned(), types.kind.into());
        }
    }
    value
}

fn written_secret(stored: Secret) -> Written {
    Written { resource_version: stored.metadata.resource_version.clone(), stored }
}

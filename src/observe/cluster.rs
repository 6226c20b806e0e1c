//! Observing an API server: lists of TLS Secrets and Ingresses, and single objects on request.

use super::Take;
use super::reach::Reach;
use super::{
    cert_values, delegations, gateways, kubernetes, makers, routes, trust, trust_bundles, workloads,
};
use crate::cluster::error::{self, ClusterError, Failure};
use crate::cluster::{Client, Which};
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::handshake::Endpoint;
use crate::observation::rights::Denied;
use crate::observation::{Observation, Question, Scope, SecretSeen, TrustBundleSeen, TrustSeen};
use k8s_openapi::api::core::v1::{Event, Secret, Service};
use k8s_openapi::api::networking::v1::Ingress;
use serde::Deserialize as _;

/// The only Secrets that are listed; others are read by name when something names them, so that
/// their bodies are never fetched.
const TLS_SECRETS: &str = "type=kubernetes.io/tls";
/// Those that keep what was replaced.
const PREVIOUS: &str = "type=certwright.dev/previous";
/// Those that keep what others are to hold next.
const STAGED: &str = "type=certwright.dev/next";
/// Those that people keep the certificates of CAs in: `kubectl create secret generic`.
pub(super) const OPAQUE_SECRETS: Which<'static> = Which::by("type=Opaque").that_may_be_large();

/// Lists what `namespace` (none: every namespace) has of TLS Secrets and Ingresses. What may not
/// be listed is handed on as unseen.
///
/// # Errors
/// [`ClusterError`] when the server cannot be asked at all.
pub async fn list(
    client: &Client,
    namespace: Option<&str>,
    take: &mut Take<'_>,
) -> Result<(), ClusterError> {
    let reach = Reach::new(client, namespace);
    reach.each(Kind::Secret, take).await?;
    list_ingresses(&reach, take).await?;
    list_gke(&reach, take).await?;
    gateways::list(&reach, take).await?;
    routes::list(&reach, take).await
}

/// Lists the TLS Secrets of `namespace` (none: of all).
pub(super) async fn list_secrets(
    client: &Client,
    namespace: Option<&str>,
    take: &mut Take<'_>,
) -> Result<(), ClusterError> {
    let mut each = |secret: Secret| {
        take(Observation::Secret(kubernetes::secret(secret, namespace.unwrap_or_default(), None)));
    };
    client.each(Kind::Secret, namespace, Which::by(TLS_SECRETS), &mut each).await
}

/// Lists the Secrets of `namespace` (none: of all) that keep what was replaced.
///
/// # Errors
/// [`ClusterError`] also when they may not be listed.
pub async fn list_previous(
    client: &Client,
    namespace: Option<&str>,
    take: &mut dyn FnMut(SecretSeen),
) -> Result<(), ClusterError> {
    let mut each = |secret: Secret| {
        take(kubernetes::secret(secret, namespace.unwrap_or_default(), None));
    };
    client.each(Kind::Secret, namespace, Which::by(PREVIOUS), &mut each).await
}

/// The Secrets of other types than TLS that hold a certificate and its key, in all namespaces, or where those may
/// not be listed in this one.
///
/// # Errors
/// [`ClusterError`], but for what may not be listed: that is told of the TLS Secrets there.
pub async fn pairs_elsewhere(
    client: &Client,
    namespace: &str,
) -> Result<Vec<TrustBundleSeen>, ClusterError> {
    for scope in [None, Some(namespace)] {
        match trust_bundles::pairs_elsewhere(client, scope).await {
            Err(error) if can_go_on(&error) => {}
            listed => return listed,
        }
    }
    Ok(Vec::new())
}

/// Which Secrets there keep what others are to hold next. Who may not list Secrets is not told of them.
async fn list_staged(client: &Client, scope: &Scope) -> Result<Vec<Observation>, ClusterError> {
    let within = scope.namespace();
    let mut seen = Vec::new();
    let mut take = |secret: Secret| {
        let secret = kubernetes::secret(secret, within.unwrap_or_default(), None);
        seen.push(Observation::Staged(secret));
    };
    match client.each(Kind::Secret, within, Which::by(STAGED), &mut take).await {
        Err(error) if !can_go_on(&error) => Err(error),
        Err(_) | Ok(()) => Ok(seen),
    }
}

/// One of them. That it may not be read is no answer: what is made beside it would be another one.
async fn staged_at(client: &Client, object: &ObjectRef) -> Result<Observation, ClusterError> {
    match client.get::<Secret>(object).await {
        Ok(secret) => {
            let seen = kubernetes::secret(secret, object.namespace(), None);
            Ok(Observation::Staged(seen))
        }
        Err(error) if error.failure.is_absence() => Ok(Observation::Absent(object.clone())),
        Err(error) => Err(error),
    }
}

/// Every TLS Secret there; that they may not be listed is an answer, too.
async fn every_tls_secret(
    client: &Client,
    scope: &Scope,
) -> Result<Vec<Observation>, ClusterError> {
    let mut seen = Vec::new();
    let listed = list_secrets(client, scope.namespace(), &mut |one| seen.push(one)).await;
    let list = ObjectRef::all(Kind::Secret, scope.namespace());
    unseen_when_forbidden(listed, list, &mut |one| seen.push(one))?;
    Ok(seen)
}

/// Lists the other TLS Secrets of a namespace, for what a CA among those that were named has signed.
/// Where they may not be listed nothing is incomplete by it: they were not asked for. A list that breaks
/// is handed on as unseen.
///
/// # Errors
/// [`ClusterError`] when the server cannot be asked at all.
pub async fn list_beside(
    client: &Client,
    namespace: &str,
    take: &mut Take<'_>,
) -> Result<(), ClusterError> {
    let listed = list_secrets(client, Some(namespace), take).await;
    unless_forbidden(listed, ObjectRef::all(Kind::Secret, Some(namespace)), take)
}

/// Reads every object of these kinds in `namespace` (none: all).
///
/// # Errors
/// [`ClusterError`] also when a kind is not known or may not be listed.
pub async fn objects(
    client: &Client,
    kinds: &[Kind],
    namespace: Option<&str>,
    take: &mut Take<'_>,
) -> Result<(), ClusterError> {
    for kind in kinds {
        if *kind == Kind::Ingress {
            each_ingress(client, namespace, take).await?;
            continue;
        }
        if *kind == Kind::Service {
            each_service(client, namespace, take).await?;
            continue;
        }
        let mut each = |value| take(Observation::Object(kubernetes::listed(*kind, value)));
        client.each_object(*kind, namespace, &mut each).await?;
    }
    Ok(())
}

/// Makes sure that an empty namespace is one, and not a name with a slip in it: the API server
/// answers both with an empty list.
///
/// # Errors
/// [`ClusterError`] when the namespace is not there.
pub async fn namespace_is_there(client: &Client, namespace: &str) -> Result<(), ClusterError> {
    if client.has_namespace(namespace).await? {
        return Ok(());
    }
    Err(ClusterError::no_namespace(namespace))
}

/// What GKE's load balancer is made from, beside Ingresses and Secrets.
const GKE_KINDS: [Kind; 4] =
    [Kind::ManagedCertificate, Kind::BackendConfig, Kind::FrontendConfig, Kind::Service];

/// Lists, where the cluster has GKE's own kinds, everything its load balancer is made from. What
/// may not be listed is handed on as unseen.
///
/// # Errors
/// [`ClusterError`] when the server cannot be asked at all.
pub async fn list_gke(reach: &Reach<'_>, take: &mut Take<'_>) -> Result<(), ClusterError> {
    if !reach.client.knows_group("networking.gke.io").await? {
        return Ok(());
    }
    take(Observation::GoogleKinds);
    for kind in GKE_KINDS {
        reach.each(kind, take).await?;
    }
    Ok(())
}

/// Lists the Services of `namespace` (none: of all), where [`list_gke`] has not. They only tell what
/// speaks gRPC: where they may not be listed nothing is incomplete by it.
///
/// # Errors
/// [`ClusterError`] when the server cannot be asked at all.
pub async fn list_backends(
    client: &Client,
    namespace: Option<&str>,
    take: &mut Take<'_>,
) -> Result<(), ClusterError> {
    if client.knows_group("networking.gke.io").await? {
        return Ok(());
    }
    match objects(client, &[Kind::Service], namespace, take).await {
        Err(error) if can_go_on(&error) => Ok(()),
        listed => listed,
    }
}

/// That the cluster has Google's own kinds, where it has.
///
/// # Errors
/// [`ClusterError`] when the server cannot be asked at all.
pub async fn google_kinds(client: &Client) -> Result<Option<Observation>, ClusterError> {
    Ok(client.knows_group("networking.gke.io").await?.then_some(Observation::GoogleKinds))
}

/// Lists the IngressClasses of the cluster, for what goes by them alone. That they may not be listed is
/// handed on.
///
/// # Errors
/// [`ClusterError`] when the server cannot be asked at all.
pub async fn classes(client: &Client, take: &mut Take<'_>) -> Result<(), ClusterError> {
    let listed = objects(client, &[Kind::IngressClass], None, take).await;
    unseen_when_forbidden(listed, ObjectRef::all(Kind::IngressClass, None), take)
}

/// Lists the IngressClasses of the cluster, which tell whose controller serves an Ingress. Where they
/// may not be read, that is told by the names of classes and by annotations, and nothing is
/// incomplete by it; that the list breaks is handed on.
///
/// # Errors
/// [`ClusterError`] when the server cannot be asked at all.
async fn list_classes(client: &Client, take: &mut Take<'_>) -> Result<(), ClusterError> {
    let listed = objects(client, &[Kind::IngressClass], None, take).await;
    unless_forbidden(listed, ObjectRef::all(Kind::IngressClass, None), take)
}

/// Lists the Ingresses of `namespace` (none: every namespace), and before them their classes.
///
/// # Errors
/// As [`list`].
pub async fn list_ingresses(reach: &Reach<'_>, take: &mut Take<'_>) -> Result<(), ClusterError> {
    list_classes(reach.client, take).await?;
    reach.each(Kind::Ingress, take).await
}

async fn each_ingress(
    client: &Client,
    namespace: Option<&str>,
    take: &mut Take<'_>,
) -> Result<(), ClusterError> {
    let own = namespace.unwrap_or_default();
    let mut each = |ingress: Ingress| {
        take(Observation::Ingress(kubernetes::ingress(ingress, own, None)));
    };
    client.each(Kind::Ingress, namespace, Which::ALL, &mut each).await
}

async fn each_service(
    client: &Client,
    namespace: Option<&str>,
    take: &mut Take<'_>,
) -> Result<(), ClusterError> {
    let mut each = |service: Service| {
        take(Observation::Object(kubernetes::service(service, namespace.unwrap_or_default())));
    };
    client.each(Kind::Service, namespace, Which::ALL, &mut each).await
}

/// Reads one Secret, Ingress, Gateway, Route or ConfigMap that the user named.
///
/// # Errors
/// [`ClusterError`] also when it is not there or may not be read: it was asked for by name.
pub async fn named(client: &Client, object: &ObjectRef) -> Result<Observation, ClusterError> {
    let namespace = object.namespace().to_owned();
    if object.kind == Kind::Ingress {
        let ingress: Ingress = client.get(object).await?;
        return Ok(Observation::Ingress(kubernetes::ingress(ingress, &namespace, None)));
    }
    if object.kind == Kind::Gateway {
        return gateways::named(client, object).await;
    }
    if object.kind == Kind::Route {
        return routes::named(client, object).await;
    }
    if object.kind == Kind::ConfigMap {
        return cert_values::config_map(client, object).await;
    }
    let secret: Secret = client.get(object).await?;
    Ok(Observation::Secret(kubernetes::secret(secret, &namespace, None)))
}

/// Answers one question: the objects, that one is absent, or that it could not be seen.
///
/// # Errors
/// [`ClusterError`] when the server cannot be asked at all.
pub async fn answer(
    client: &Client,
    question: &Question,
) -> Result<Vec<Observation>, ClusterError> {
    let one = match question {
        Question::Secret(object) | Question::Object(object) => {
            return match read(client, question, object).await {
                Err(error) => seen_or_not(object, Err(error)).map(|seen| vec![seen]),
                seen => seen,
            };
        }
        Question::Owner(object) => {
            let found = client.exists(object).await;
            let seen = |there| {
                if there {
                    Observation::Present(object.clone())
                } else {
                    Observation::Absent(object.clone())
                }
            };
            seen_or_not(object, found.map(seen))
        }
        Question::Every(kind, scope) => {
            let mut seen = Vec::new();
            let mut take = |one| seen.push(one);
            let listed = objects(client, &[*kind], scope.namespace(), &mut take).await;
            let list = ObjectRef::all(*kind, scope.namespace());
            unseen_when_forbidden(listed, list, &mut take)?;
            return Ok(seen);
        }
        Question::Events(about) => events(client, about).await,
        Question::Warnings(scope) => warnings(client, scope).await,
        Question::Makers(scope) => makers(client, scope).await,
        Question::Trust(scope) => return trust(client, scope).await,
        Question::Delegations(kind, namespace) => {
            return delegations::read(client, *kind, namespace).await;
        }
        Question::Workloads(scope) => return Box::pin(workloads::within(client, scope)).await,
        Question::TrustBundle(object) => trust_bundles::read(client, object).await,
        Question::Staged(scope) => return list_staged(client, scope).await,
        Question::StagedAt(object) => staged_at(client, object).await,
        Question::TlsSecrets(scope) => return every_tls_secret(client, scope).await,
        Question::Served { host, endpoint } => Ok(not_here(host, endpoint)),
    };
    one.map(|one| vec![one])
}

/// The object as it is asked for: a Secret for its certificate, anything else as it is written, and an
/// Ingress as controllers read it too.
async fn read(
    client: &Client,
    question: &Question,
    object: &ObjectRef,
) -> Result<Vec<Observation>, ClusterError> {
    if matches!(question, Question::Secret(_)) {
        return Ok(vec![named(client, object).await?]);
    }
    let value = client.get_object(object).await?;
    if object.kind.is_workload() {
        return Ok(workloads::named(object, &value).into_iter().collect());
    }
    let ingress = (object.kind == Kind::Ingress).then(|| Ingress::deserialize(&value).ok());
    let own = object.namespace();
    let ingress =
        ingress.flatten().map(|it| Observation::Ingress(kubernetes::ingress(it, own, None)));
    let written = Observation::Object(kubernetes::object_seen(object, value));
    Ok(ingress.into_iter().chain([written]).collect())
}

/// That it is absent or could not be seen is an answer, too.
fn seen_or_not(
    object: &ObjectRef,
    answer: Result<Observation, ClusterError>,
) -> Result<Observation, ClusterError> {
    match answer {
        Err(error) if error.failure.is_absence() => Ok(Observation::Absent(object.clone())),
        Err(error) if can_go_on(&error) => Ok(unseen(object.clone(), &error)),
        answer => answer,
    }
}

/// What controllers have to say of the object. They are evidence and nothing more, so that it is
/// no problem when they may not be read.
async fn events(client: &Client, about: &ObjectRef) -> Result<Observation, ClusterError> {
    let selector = format!("involvedObject.kind={},involvedObject.name={}", about.kind, about.name);
    let mut events = Vec::new();
    let mut take = |event: Event| {
        events.extend(kubernetes::event(event, about.namespace(), None).map(|(_, seen)| seen));
    };
    let listed = client
        .each_by_json(Kind::Event, Some(about.namespace()), Which::by(&selector), &mut take)
        .await;
    match listed {
        Err(error) if !can_go_on(&error) => return Err(error),
        Err(_) => events.clear(),
        Ok(()) => {}
    }
    Ok(Observation::Events { about: about.clone(), events })
}

/// What controllers warn of there. They are evidence, as [`events`] are.
async fn warnings(client: &Client, scope: &Scope) -> Result<Observation, ClusterError> {
    let mut seen = Vec::new();
    for kind in [Kind::Ingress, Kind::ManagedCertificate] {
        let selector = format!("involvedObject.kind={kind},type=Warning");
        let mut take = |event: Event| seen.extend(kubernetes::event(event, "", None));
        match client
            .each_by_json(Kind::Event, scope.namespace(), Which::by(&selector), &mut take)
            .await
        {
            Err(error) if !can_go_on(&error) => return Err(error),
            Err(_) | Ok(()) => {}
        }
    }
    Ok(Observation::Warnings { searched: scope.clone(), seen })
}

/// What makes Secrets there: of the kinds that the cluster knows, each object. A list that may not be
/// read is told and no problem: the Secret that nobody is seen to make is one.
async fn makers(client: &Client, scope: &Scope) -> Result<Observation, ClusterError> {
    let groups = client.groups().await?;
    let (mut seen, mut unseen) = (Vec::new(), Vec::new());
    if groups.is_empty() {
        // Every server has groups, so that these may not be asked for.
        unseen.push("the kinds that the cluster has (/apis)".to_owned());
    }
    for row in makers::ROWS {
        if row.beside.is_some_and(|group| !groups.contains_key(group)) {
            continue;
        }
        for group in row.groups {
            let known = groups.get(*group).map(String::as_str);
            let Some(version) = known.or(group.is_empty().then_some("v1")) else { continue };
            let within = scope.namespace().filter(|_| row.namespaced);
            let own = within.unwrap_or_default();
            let mut take = |value: serde_json::Value| seen.extend(row.read(&value, None, own));
            match client.each_object_of(row.kind, (group, version), within, &mut take).await {
                Ok(()) => {}
                Err(error) if error.failure.is_absence() => {}
                Err(error) if can_go_on(&error) => unseen.push(row.kind.plural().to_owned()),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(Observation::Makers { searched: Some(scope.clone()), seen, unseen })
}

/// Who signs or trusts there by certificates of CAs, as far as that may be listed: it is evidence, and
/// no problem where it is not. A list that breaks is handed on as unseen.
async fn trust(client: &Client, scope: &Scope) -> Result<Vec<Observation>, ClusterError> {
    let groups = client.groups().await?;
    let (mut seen, mut unread) = (TrustSeen::default(), Vec::new());
    for (kind, group, namespaced) in trust::KINDS {
        let known = groups.get(group).map(String::as_str);
        let Some(version) = known.or(group.is_empty().then_some("v1")) else { continue };
        let within = scope.namespace().filter(|_| namespaced);
        let mut take = |value: serde_json::Value| {
            let text = |path: &str| value.pointer(path).and_then(serde_json::Value::as_str);
            let namespace = text("/metadata/namespace").filter(|_| namespaced);
            let name = text("/metadata/name").unwrap_or_default();
            let object = ObjectRef {
                namespace: namespace.map(str::to_owned),
                ..ObjectRef::namespaced(kind, String::new(), name)
            };
            seen.signing.extend(makers::signs_with(&value).map(|secret| (object.clone(), secret)));
            let shown = trust::shown(&value, kind.as_str(), group);
            let named = shown.secrets.into_iter();
            seen.trusting.extend(named.map(|(within, secret)| (object.clone(), within, secret)));
            seen.handed_out.extend((!shown.pem.is_empty()).then_some((object, shown.pem)));
        };
        let listed = client.each_object_of(kind, (group, version), within, &mut take).await;
        let list = ObjectRef::all(kind, within);
        unless_forbidden(listed, list, &mut |problem| unread.push(problem))?;
    }
    if let Some(namespace) = scope.namespace() {
        let mut take = |secret: Secret| {
            let secret = kubernetes::secret(secret, namespace, None);
            seen.handed_out.extend(trust::handed_out_by(secret));
        };
        let listed = client.each(Kind::Secret, Some(namespace), OPAQUE_SECRETS, &mut take).await;
        let list = ObjectRef::all(Kind::Secret, Some(namespace));
        unless_forbidden(listed, list, &mut |problem| unread.push(problem))?;
    }
    unread.push(Observation::Trust { searched: Some(scope.clone()), seen });
    Ok(unread)
}

/// Answers one question about something that is to be written: the objects, or that one is absent.
///
/// # Errors
/// [`ClusterError`] also when it may not be read: what is there must be known before it is built
/// upon.
pub async fn read_required(
    client: &Client,
    question: &Question,
) -> Result<Vec<Observation>, ClusterError> {
    match question {
        Question::Secret(object) | Question::Object(object) | Question::Owner(object) => {
            let mut seen = match read(client, question, object).await {
                Err(error) if error.failure == Failure::NotFound => {
                    vec![Observation::Absent(object.clone())]
                }
                answer => answer?,
            };
            seen.extend(googles(object.kind));
            Ok(seen)
        }
        Question::Every(kind, scope) => {
            let mut seen = Vec::new();
            objects(client, &[*kind], scope.namespace(), &mut |one| seen.push(one)).await?;
            seen.extend(googles(*kind));
            Ok(seen)
        }
        Question::Events(_)
        | Question::Warnings(_)
        | Question::Makers(_)
        | Question::Trust(_)
        | Question::Delegations(..)
        | Question::Workloads(_)
        | Question::TrustBundle(_)
        | Question::Staged(_)
        | Question::StagedAt(_)
        | Question::TlsSecrets(_)
        | Question::Served { .. } => answer(client, question).await,
    }
}

/// That the server has answered for one of Google's own kinds shows that it knows them.
fn googles(kind: Kind) -> Option<Observation> {
    let own = [Kind::ManagedCertificate, Kind::BackendConfig, Kind::FrontendConfig];
    own.contains(&kind).then_some(Observation::GoogleKinds)
}

/// What is served only a handshake tells: see [`super::served`].
fn not_here(host: &str, endpoint: &Endpoint) -> Observation {
    let object = ObjectRef::endpoint(format!("{host} at {endpoint}"));
    Observation::Unseen { object, message: "an API server does not know what is served".to_owned() }
}

/// Of what is of use where it may be read: that it may not be is no problem, that it broke is one.
fn unless_forbidden(
    listed: Result<(), ClusterError>,
    object: ObjectRef,
    take: &mut Take<'_>,
) -> Result<(), ClusterError> {
    match listed {
        Err(error) if error.failure == Failure::Forbidden || error.failure.is_absence() => Ok(()),
        listed => unseen_when_forbidden(listed, object, take),
    }
}

pub(super) fn unseen_when_forbidden(
    listed: Result<(), ClusterError>,
    object: ObjectRef,
    take: &mut Take<'_>,
) -> Result<(), ClusterError> {
    match listed {
        Err(error) if can_go_on(&error) => {
            take(unseen(object, &error));
            Ok(())
        }
        listed => listed,
    }
}

/// The server answered, only not this; other things may still be seen.
pub(super) fn can_go_on(error: &ClusterError) -> bool {
    match error.failure {
        Failure::Forbidden
        | Failure::NotFound
        | Failure::NoSuchKind
        | Failure::Refused
        | Failure::Expired
        | Failure::Busy
        | Failure::Conflict => true,
        Failure::Config | Failure::Unreachable | Failure::Timeout | Failure::Unauthorized => false,
    }
}

pub(super) fn unseen(object: ObjectRef, error: &ClusterError) -> Observation {
    let message = format!("{error}; {}", error.remedy);
    match error.denied.as_deref() {
        None => Observation::Unseen { object, message },
        Some(error::Denied { verb, user, why }) => {
            let denied = Denied { verb: verb.as_str(), user: user.clone(), why: why.clone() };
            Observation::Denied { object, denied, message }
        }
    }
}

//! Lists in the API server's own binary form, which costs it and us a fraction of what JSON does.
//!
//! Knows the envelope, and that what is in front of a server may answer in JSON all the same. Refuses
//! to know what an object means: it becomes the type that JSON would have become.
//! Source: k8s.io/apimachinery `runtime/serializer/protobuf`, whose messages `k8s-pb` was generated from.

mod ingress;
mod meta;
mod secret;
mod service;
mod status;

use super::error::Misread;
use crate::redact::Redacted;
use http::header::{ACCEPT, HeaderValue};
use http_body_util::BodyExt as _;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use k8s_pb::apimachinery::pkg::runtime::Unknown;
use kube::api::{ListParams, ObjectList, TypeMeta};
use kube::client::Body;
use prost::Message;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// What every protobuf answer of an API server begins with.
const MAGIC: &[u8] = b"k8s\0";

/// What is asked for; a server, or what is in front of it, may know JSON alone.
const EITHER: HeaderValue =
    HeaderValue::from_static("application/vnd.kubernetes.protobuf, application/json;q=0.9");

/// A kind whose lists are read as protobuf.
pub trait Binary:
    kube::Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + 'static
{
    /// The message of a list.
    type List: Message + Default;

    /// What is in a list, in its order, and what is said of the list itself.
    fn parts(list: Self::List) -> (ListMeta, Vec<Self>);
}

/// One page of a list.
///
/// # Errors
/// As [`kube::Api::list`]; a message that is broken or cut off, or no list of the kind, is a [`Misread`]
/// in [`kube::Error::Service`].
pub(super) async fn page<K: Binary>(
    client: kube::Client,
    url_path: String,
    params: ListParams,
) -> kube::Result<ObjectList<K>> {
    let request = kube::api::Request::new(url_path).list(&params);
    let mut request = request.map_err(kube::Error::BuildRequest)?.map(Body::from);
    request.headers_mut().insert(ACCEPT, EITHER);
    let answer = client.send(request).await?;
    let code = answer.status();
    let body = whole(answer.into_body()).await?;
    if code.is_client_error() || code.is_server_error() {
        return Err(kube::Error::Api(Box::new(status::read(body.expose(), code.as_u16()))));
    }
    let body = body.expose();
    let list = match body.strip_prefix(MAGIC) {
        Some(message) => list(message)?,
        None => serde_json::from_slice(body).map_err(kube::Error::SerdeError)?,
    };
    Ok(checked(list)?)
}

/// The list, where it is one: a `Status`, or whatever else has an empty list in it, tells nothing of
/// what was asked for.
///
/// # Errors
/// [`Misread::Other`].
pub(super) fn checked<K: Clone>(list: ObjectList<K>) -> Result<ObjectList<K>, Misread> {
    if list.types.kind.ends_with("List") { Ok(list) } else { Err(Misread::Other) }
}

/// The bytes of an answer, which are wiped when they have been read; what they came in is not.
async fn whole(mut body: Body) -> kube::Result<Redacted> {
    let mut frames = Vec::new();
    while let Some(frame) = body.frame().await {
        frames.extend(frame?.into_data().ok());
    }
    // One allocation: what grows leaves copies behind.
    Ok(Redacted::new(frames.concat()))
}

/// Reads a message. What is cut off before its list begins is whole to protobuf, and would be an empty
/// list.
fn list<K: Binary>(message: &[u8]) -> Result<ObjectList<K>, Misread> {
    let envelope = Unknown::decode(message).map_err(|_| Misread::Broken)?;
    let kind = envelope.type_meta.and_then(|types| types.kind).unwrap_or_default();
    let raw = Redacted::new(envelope.raw.ok_or(Misread::Broken)?);
    let (metadata, items) = K::parts(K::List::decode(raw.expose()).map_err(|_| Misread::Broken)?);
    let types = TypeMeta { kind, ..TypeMeta::list::<K>() };
    Ok(ObjectList { types, metadata, items })
}

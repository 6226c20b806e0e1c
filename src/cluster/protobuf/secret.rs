//! Secrets.

use super::{Binary, meta};
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use k8s_pb::api::core::v1 as wire;

impl Binary for Secret {
    type List = wire::SecretList;

    fn parts(list: Self::List) -> (ListMeta, Vec<Self>) {
        (meta::of_list(list.metadata), list.items.into_iter().map(secret).collect())
    }
}

/// The values are moved, so that there is no second copy of a key.
fn secret(secret: wire::Secret) -> Secret {
    let data = secret.data.into_iter().map(|(key, value)| (key, ByteString(value)));
    Secret {
        metadata: meta::object(secret.metadata),
        immutable: secret.immutable,
        data: Some(data.collect()),
        string_data: Some(secret.string_data).filter(|it| !it.is_empty()),
        type_: secret.r#type,
    }
}

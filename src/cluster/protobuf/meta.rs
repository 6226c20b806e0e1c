//! Metadata of objects and lists.

use k8s_openapi::apimachinery::pkg::apis::meta::v1 as typed;
use k8s_pb::apimachinery::pkg::apis::meta::v1 as wire;
use std::collections::BTreeMap;

/// Of an object.
pub(super) fn object(meta: Option<wire::ObjectMeta>) -> typed::ObjectMeta {
    let Some(meta) = meta else { return typed::ObjectMeta::default() };
    typed::ObjectMeta {
        name: meta.name,
        generate_name: meta.generate_name,
        namespace: meta.namespace,
        self_link: meta.self_link,
        uid: meta.uid,
        resource_version: meta.resource_version,
        // In JSON a 0 is left out.
        generation: meta.generation.filter(|generation| *generation != 0),
        creation_timestamp: meta.creation_timestamp.as_ref().and_then(instant),
        deletion_timestamp: meta.deletion_timestamp.as_ref().and_then(instant),
        deletion_grace_period_seconds: meta.deletion_grace_period_seconds,
        labels: some(meta.labels),
        annotations: some(meta.annotations),
        owner_references: Some(meta.owner_references.into_iter().map(owner).collect()),
        finalizers: Some(meta.finalizers),
        managed_fields: Some(meta.managed_fields.into_iter().map(managed).collect()),
    }
}

/// Of a list.
pub(super) fn of_list(meta: Option<wire::ListMeta>) -> typed::ListMeta {
    let Some(meta) = meta else { return typed::ListMeta::default() };
    typed::ListMeta {
        continue_: meta.r#continue,
        remaining_item_count: meta.remaining_item_count,
        shard_info: None,
        resource_version: meta.resource_version,
        self_link: meta.self_link,
    }
}

/// In JSON an empty map is left out.
fn some(map: BTreeMap<String, String>) -> Option<BTreeMap<String, String>> {
    Some(map).filter(|map| !map.is_empty())
}

/// Kubernetes' timestamps are whole seconds of UTC; zero is none.
fn instant(time: &wire::Time) -> Option<typed::Time> {
    let seconds = time.seconds?;
    jiff::Timestamp::from_second(seconds).ok().map(typed::Time)
}

fn owner(owner: wire::OwnerReference) -> typed::OwnerReference {
    typed::OwnerReference {
        api_version: owner.api_version.unwrap_or_default(),
        block_owner_deletion: owner.block_owner_deletion,
        controller: owner.controller,
        kind: owner.kind.unwrap_or_default(),
        name: owner.name.unwrap_or_default(),
        uid: owner.uid.unwrap_or_default(),
    }
}

/// The fields themselves are JSON here too. What cannot be read manages nothing.
fn managed(entry: wire::ManagedFieldsEntry) -> typed::ManagedFieldsEntry {
    let fields = entry.fields_v1.and_then(|fields| fields.raw);
    typed::ManagedFieldsEntry {
        api_version: entry.api_version,
        fields_type: entry.fields_type,
        fields_v1: fields.and_then(|raw| serde_json::from_slice(&raw).ok()).map(typed::FieldsV1),
        manager: entry.manager,
        operation: entry.operation,
        subresource: entry.subresource,
        time: entry.time.as_ref().and_then(instant),
    }
}

//! How far a workload has replaced its Pods, read of it as the API server has it.
//!
//! Knows where each kind writes it. Refuses to know what it means. Source: k8s.io/api apps/v1 types.go, and
//! kubectl pkg/polymorphichelpers (`rollout_status.go`, `objectrestarter.go`).

use super::text;
use crate::object_ref::Kind;
use crate::observation::rollout::{RESTARTED_AT, RolloutSeen};
use serde_json::Value;

/// How it replaces its Pods; none of a kind that does not.
pub(super) fn of(value: &Value, kind: Kind) -> Option<RolloutSeen> {
    let seen = common(value);
    let count = |pointer: &str| count(value, pointer);
    Some(match kind {
        Kind::Deployment => RolloutSeen {
            paused: value.pointer("/spec/paused").and_then(Value::as_bool) == Some(true),
            wanted: count("/spec/replicas").unwrap_or(1),
            pods: count("/status/replicas").unwrap_or_default(),
            updated: count("/status/updatedReplicas").unwrap_or_default(),
            available: count("/status/availableReplicas").unwrap_or_default(),
            gave_up: gave_up(value),
            ..seen
        },
        Kind::StatefulSet => RolloutSeen {
            partition: count("/spec/updateStrategy/rollingUpdate/partition").unwrap_or_default(),
            first_ordinal: count("/spec/ordinals/start").unwrap_or_default(),
            wanted: count("/spec/replicas").unwrap_or(1),
            pods: count("/status/replicas").unwrap_or_default(),
            updated: count("/status/updatedReplicas").unwrap_or_default(),
            ready: count("/status/readyReplicas").unwrap_or_default(),
            available: count("/status/availableReplicas").unwrap_or_default(),
            ..seen
        },
        Kind::DaemonSet => RolloutSeen {
            wanted: count("/status/desiredNumberScheduled").unwrap_or_default(),
            pods: count("/status/currentNumberScheduled").unwrap_or_default(),
            updated: count("/status/updatedNumberScheduled").unwrap_or_default(),
            available: count("/status/numberAvailable").unwrap_or_default(),
            ..seen
        },
        _ => return None,
    })
}

/// What all three kinds have in the same place.
fn common(value: &Value) -> RolloutSeen {
    let annotations = value.pointer("/spec/template/metadata/annotations");
    let restarted_at = annotations.and_then(|all| all.get(RESTARTED_AT)).and_then(Value::as_str);
    RolloutSeen {
        resource_version: text(value, "/metadata/resourceVersion").map(str::to_owned),
        terminating: text(value, "/metadata/deletionTimestamp").is_some(),
        controller: controller(value),
        on_delete: text(value, "/spec/updateStrategy/type") == Some("OnDelete"),
        selector: selector(value),
        restarted_at: restarted_at.map(str::to_owned),
        generation: count(value, "/metadata/generation").unwrap_or_default(),
        observed_generation: count(value, "/status/observedGeneration").unwrap_or_default(),
        ..RolloutSeen::default()
    }
}

fn count(value: &Value, pointer: &str) -> Option<i64> {
    value.pointer(pointer).and_then(Value::as_i64)
}

/// The owner that controls it.
fn controller(value: &Value) -> Option<String> {
    let owners = value.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let owner = owners.into_iter().flatten().find(|owner| owner["controller"] == true)?;
    Some(format!("{} {}", text(owner, "/kind")?, text(owner, "/name")?))
}

/// `a=b,c=d`.
fn selector(value: &Value) -> Option<String> {
    let selector = value.pointer("/spec/selector")?;
    let more = selector.get("matchExpressions").and_then(Value::as_array);
    if more.is_some_and(|more| !more.is_empty()) {
        return None;
    }
    let labels = selector.get("matchLabels")?.as_object()?;
    let pairs: Option<Vec<String>> =
        labels.iter().map(|(key, value)| Some(format!("{key}={}", value.as_str()?))).collect();
    pairs.filter(|pairs| !pairs.is_empty()).map(|pairs| pairs.join(","))
}

fn gave_up(value: &Value) -> bool {
    let conditions = value.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|condition| {
        condition["type"] == "Progressing" && condition["reason"] == "ProgressDeadlineExceeded"
    })
}

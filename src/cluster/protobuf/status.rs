//! What a server says when it refuses: also that comes in the form that was asked for.

use super::MAGIC;
use k8s_pb::apimachinery::pkg::apis::meta::v1 as wire;
use k8s_pb::apimachinery::pkg::runtime::Unknown;
use kube::core::Status;
use kube::core::response::StatusDetails;
use prost::Message as _;

/// What it said; of a body that is no Status (a proxy's page) the text, as the library has it of JSON.
pub(super) fn read(body: &[u8], code: u16) -> Status {
    if let Some(message) = body.strip_prefix(MAGIC) {
        return binary(message).unwrap_or_default().with_code(code);
    }
    serde_json::from_slice(body).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(body);
        Status::failure(text.trim(), "Failed to parse error data").with_code(code)
    })
}

fn binary(message: &[u8]) -> Option<Status> {
    let raw = Unknown::decode(message).ok()?.raw?;
    let status = wire::Status::decode(raw.as_slice()).ok()?;
    let said =
        Status::failure(&status.message.unwrap_or_default(), &status.reason.unwrap_or_default());
    let Some(details) = status.details else { return Some(said) };
    Some(
        said.with_details(StatusDetails {
            name: details.name.unwrap_or_default(),
            group: details.group.unwrap_or_default(),
            kind: details.kind.unwrap_or_default(),
            uid: details.uid.unwrap_or_default(),
            causes: Vec::new(),
            retry_after_seconds: details
                .retry_after_seconds
                .and_then(|seconds| u32::try_from(seconds).ok())
                .unwrap_or_default(),
        }),
    )
}

//! The way back, on a real API server: what a rotation or an import replaces is kept, and a rollback puts
//! it back byte for byte; whatever is cut off in the middle, nothing is torn and nothing is lost.

mod cut;
mod kept;

use crate::support::live::{Live, bundle, value};
use serde_json::Value;
use std::collections::BTreeMap;

/// A self-signed certificate and key in a Secret, put there as a user would by hand.
fn hand_made(live: &Live, name: &str) {
    let host = "web.example";
    let issue =
        ["issue", host, "--key-type=p256", "--secret", name, "--dry-run=client", "-o", "json"];
    let mut secret = live.certwright().args(&issue).run().expect_code(0).json();
    secret["metadata"]["labels"] = serde_json::json!({"team": "shop"});
    live.cluster.apply(&live.namespace, &secret.to_string());
}

/// What a Secret holds and people set: all but the server's bookkeeping.
fn content(secret: &Value) -> Value {
    let mut content = secret.clone();
    content["metadata"]["resourceVersion"] = Value::Null;
    content["metadata"]["managedFields"] = Value::Null;
    content
}

/// Every Secret of the namespace by its name.
fn secrets(live: &Live) -> BTreeMap<String, Value> {
    let ran = live.kubectl(&["get", "secrets", "-o", "json"]);
    let list: Value = serde_json::from_slice(&ran.stdout).expect("kubectl prints JSON");
    let items = list["items"].as_array().cloned().unwrap_or_default();
    let name = |item: &Value| item["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    items.into_iter().map(|item| (name(&item), item)).collect()
}

/// Certificate and key of a place in a Secret: `""`, or `older.` in a backup.
fn pair(secret: &Value, place: &str) -> (Vec<u8>, Vec<u8>) {
    (value(secret, &format!("{place}tls.crt")), value(secret, &format!("{place}tls.key")))
}

/// Whether both belong together.
fn is_whole(secret: &Value) -> bool {
    bundle(secret).pairing == certwright::x509::key::Pairing::Match
}

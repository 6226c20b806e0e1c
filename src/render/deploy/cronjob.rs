//! The CronJob: what runs when, as nobody, with nothing to write to.
//!
//! Clean for Pod Security's `restricted`. Refuses to know what the arguments mean.

use super::metadata;
use serde_json::{Value, json};

/// What is to run.
#[derive(Debug)]
pub struct CronJob<'c> {
    /// What it is called.
    pub name: &'c str,
    /// Its namespace.
    pub namespace: &'c str,
    /// As whom it runs.
    pub account: &'c str,
    /// When, as cron writes it.
    pub schedule: &'c str,
    /// The image.
    pub image: &'c str,
    /// What stands behind the program's name.
    pub arguments: &'c [String],
    /// The Secret whose `url` is the webhook's.
    pub notify_secret: Option<&'c str>,
    /// Whether it talks to the API server, and needs its account's token.
    pub needs_token: bool,
}

/// Who runs in the image: nobody that a node knows.
pub const USER: u32 = 65532;
/// How long a run may take: a fleet of 10,000 is read in seconds, and one that hangs must not be the last.
const DEADLINE: u32 = 600;
/// How late a run may begin before it is left out, where the cluster was away.
const STARTING_DEADLINE: u32 = 3600;

/// Exit codes that come again: findings, and a command line that is wrong.
const FOUND: [u8; 2] = [1, 2];

impl CronJob<'_> {
    /// The object.
    #[must_use]
    pub fn manifest(&self) -> Value {
        json!({
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": metadata(self.name, Some(self.namespace)),
            "spec": {
                "schedule": self.schedule,
                "concurrencyPolicy": "Forbid",
                "startingDeadlineSeconds": STARTING_DEADLINE,
                "successfulJobsHistoryLimit": 1,
                "failedJobsHistoryLimit": 3,
                "jobTemplate": {
                    "spec": {
                        "backoffLimit": 2,
                        // A server that was away may be back; what was found is found again.
                        "podFailurePolicy": { "rules": [{
                            "action": "FailJob",
                            "onExitCodes": { "operator": "In", "values": FOUND },
                        }] },
                        "activeDeadlineSeconds": DEADLINE,
                        "template": {
                            "metadata": { "labels": { "app.kubernetes.io/name": "certwright" } },
                            "spec": self.pod(),
                        },
                    },
                },
            },
        })
    }

    /// The URL of a webhook is a secret, and is in no manifest.
    fn env(&self) -> Vec<Value> {
        let from = |secret: &str| json!({ "secretKeyRef": { "name": secret, "key": "url" } });
        let url = |secret| json!({ "name": "CERTWRIGHT_NOTIFY_URL", "valueFrom": from(secret) });
        self.notify_secret.map(url).into_iter().collect()
    }

    fn pod(&self) -> Value {
        json!({
            "serviceAccountName": self.account,
            "automountServiceAccountToken": self.needs_token,
            "restartPolicy": "Never",
            "securityContext": {
                "runAsNonRoot": true,
                "runAsUser": USER,
                "runAsGroup": USER,
                "seccompProfile": { "type": "RuntimeDefault" },
            },
            "containers": [{
                "name": "certwright",
                "image": self.image,
                "args": self.arguments,
                "env": self.env(),
                "securityContext": {
                    "allowPrivilegeEscalation": false,
                    "readOnlyRootFilesystem": true,
                    "capabilities": { "drop": ["ALL"] },
                },
                "resources": {
                    "requests": { "cpu": "50m", "memory": "64Mi" },
                    "limits": { "cpu": "1", "memory": "256Mi" },
                },
            }],
        })
    }
}

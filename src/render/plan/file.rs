//! A plan in a file, which somebody looks at before it is carried out: written, read again, and compared with
//! the plan that the world asks for by then.
//!
//! Guarantees: a plan that is carried out is the one in the file, step by step, or it is said what has moved.
//! Refuses to take a file of another schema or version, and holds no secrets: a step names certificates by
//! fingerprint.

use super::PlanReport;
use super::json::rows;
use crate::instant;
use crate::object_ref::ObjectRef;
use crate::plan::rotation::{Copies, KeyPolicy, RotationRequest};
use crate::render::json;
use crate::x509::key_kind::KeyType;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{self, Write};
use time::{Duration, OffsetDateTime};

const SCHEMA: &str = "certwright.dev/rotation-plan/v1";

/// A plan to rotate, as it stands in a file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanFile {
    schema: String,
    version: String,
    at: String,
    server: Option<String>,
    context: Option<String>,
    user: Option<String>,
    request: WireRequest,
    steps: Vec<Value>,
}

/// What was asked for, so that the same can be planned again.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command")]
struct WireRequest {
    due: bool,
    new_key: bool,
    key_type: Option<String>,
    lifetime_seconds: Option<i64>,
    add_hosts: Vec<String>,
    override_owner: bool,
    force: bool,
    backup: bool,
    copies: bool,
    restart: bool,
}

/// Why a file cannot be carried out at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPlan {
    /// It is no JSON of this form.
    #[error("it is not a plan that rotate --plan-out has written: {0}")]
    Form(String),
    /// Another version of the form.
    #[error("its schema is {0:?}, and {SCHEMA} is understood")]
    Schema(String),
    /// Another version of the program: it may plan otherwise.
    #[error("certwright {0} has written it, and this is {here}", here = env!("CARGO_PKG_VERSION"))]
    Version(String),
    /// It names something that is no name.
    #[error("{0} in it is not what it should be")]
    Field(&'static str),
}

/// What is other than the file says, of one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The object: `shop/secret/web`.
    pub object: String,
    /// What has changed: a clause.
    pub what: String,
}

impl PlanFile {
    /// The plan of this report, which was asked for so.
    #[must_use]
    pub fn of(report: &PlanReport<'_>, request: &RotationRequest, restart: bool) -> Self {
        let looked = report.looked;
        let steps = rows(report).into_iter();
        Self {
            schema: SCHEMA.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            at: instant::show(report.plan.now),
            server: looked.and_then(|looked| looked.server.clone()),
            context: looked.and_then(|looked| looked.context.clone()),
            user: looked.and_then(|looked| looked.user.clone()),
            request: WireRequest {
                due: request.due,
                new_key: request.key_policy == KeyPolicy::New,
                key_type: request.key_type.map(|key_type| key_type.as_str().to_owned()),
                lifetime_seconds: request.lifetime.map(Duration::whole_seconds),
                add_hosts: request.add_hosts.clone(),
                override_owner: request.override_owner,
                force: request.force,
                backup: request.backup,
                copies: request.copies.is_some(),
                restart,
            },
            steps: steps.filter_map(|step| serde_json::to_value(step).ok()).collect(),
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        json::write(self, out)
    }

    /// Reads one.
    ///
    /// # Errors
    /// [`NotAPlan`].
    pub fn read(bytes: &[u8]) -> Result<Self, NotAPlan> {
        let form = |error: &serde_json::Error| {
            // The words for what stands there may quote it.
            NotAPlan::Form(format!("line {}, column {}", error.line(), error.column()))
        };
        let value: Value = serde_json::from_slice(bytes).map_err(|error| form(&error))?;
        let schema = value.get("schema").and_then(Value::as_str).unwrap_or_default();
        if schema != SCHEMA {
            return Err(NotAPlan::Schema(schema.to_owned()));
        }
        let file: Self = serde_json::from_value(value).map_err(|_| {
            NotAPlan::Form("a field is missing, or there is one too many".to_owned())
        })?;
        if file.version != env!("CARGO_PKG_VERSION") {
            return Err(NotAPlan::Version(file.version));
        }
        file.at().and(file.request()).map(|_| file)
    }

    /// When it was made.
    ///
    /// # Errors
    /// [`NotAPlan`].
    pub fn at(&self) -> Result<OffsetDateTime, NotAPlan> {
        instant::parse(&self.at).map_err(|_| NotAPlan::Field("at"))
    }

    /// The API server it is for.
    #[must_use]
    pub fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    /// Whether what keeps the old certificates is restarted.
    #[must_use]
    pub const fn restarts(&self) -> bool {
        self.request.restart
    }

    /// The Secrets of its steps.
    ///
    /// # Errors
    /// [`NotAPlan`].
    pub fn objects(&self) -> Result<Vec<ObjectRef>, NotAPlan> {
        let object = |step: &Value| {
            let text = |field: &str| step.pointer(field).and_then(Value::as_str);
            let is_secret = text("/ref/kind") == Some("Secret") && text("/ref/path").is_none();
            let (namespace, name) = (text("/ref/namespace")?, text("/ref/name")?);
            is_secret.then(|| ObjectRef::secret(namespace, name))
        };
        // Those that are restarted follow from them.
        let steps = self.steps.iter().filter(|step| !is_restart(step));
        steps.map(|step| object(step).ok_or(NotAPlan::Field("steps[].ref"))).collect()
    }

    /// What was asked for, of just these Secrets.
    ///
    /// # Errors
    /// [`NotAPlan`].
    pub fn request(&self) -> Result<RotationRequest, NotAPlan> {
        let wire = &self.request;
        let key_type = match &wire.key_type {
            None => None,
            Some(name) => {
                let known = KeyType::ALL.into_iter().find(|known| known.as_str() == name);
                Some(known.ok_or(NotAPlan::Field("request.keyType"))?)
            }
        };
        let named = self.objects()?;
        Ok(RotationRequest {
            max: named.len(),
            named,
            within: None,
            due: wire.due,
            key_policy: if wire.new_key { KeyPolicy::New } else { KeyPolicy::Same },
            key_type,
            lifetime: wire.lifetime_seconds.map(Duration::seconds),
            add_hosts: wire.add_hosts.clone(),
            override_owner: wire.override_owner,
            force: wire.force,
            backup: wire.backup,
            pinned: false,
            copies: wire.copies.then_some(Copies::Named),
            issuer: None,
        })
    }

    /// What is planned otherwise by now; nothing where it is the same plan.
    #[must_use]
    pub fn moved(&self, now: &PlanReport<'_>) -> Vec<Moved> {
        let rows = rows(now).into_iter();
        let planned: Vec<Value> = rows.filter_map(|step| serde_json::to_value(step).ok()).collect();
        let by_object = |step: &&Value, of: &Value| step.pointer("/ref") == of.pointer("/ref");
        let mut moved = Vec::new();
        for step in &self.steps {
            let what = match planned.iter().find(|now| by_object(now, step)) {
                Some(now) => differences(step, now),
                None => vec![Self::gone(step, now)],
            };
            moved.extend(what.into_iter().map(|what| Moved { object: object_of(step), what }));
        }
        let is_new = |now: &&Value| !self.steps.iter().any(|step| by_object(&step, now));
        let new = planned.iter().filter(|now| is_restart(now)).filter(is_new);
        moved.extend(new.map(|now| {
            let what = "it would be restarted too".to_owned();
            Moved { object: object_of(now), what }
        }));
        moved
    }

    /// Why there is no such step any more.
    fn gone(step: &Value, now: &PlanReport<'_>) -> String {
        let is_it = |object: &ObjectRef| {
            step.pointer("/ref/name").and_then(Value::as_str) == Some(object.name.as_str())
                && step.pointer("/ref/namespace").and_then(Value::as_str)
                    == object.namespace.as_deref()
        };
        let kind = step.pointer("/ref/kind").and_then(Value::as_str);
        let left_out = now.plan.refused.iter().chain(&now.plan.skipped);
        let is_it = |object: &ObjectRef| is_it(object) && Some(object.kind.as_str()) == kind;
        let why = left_out.into_iter().find(|one| is_it(&one.object));
        let gone = if is_restart(step) {
            "it need not be restarted any more"
        } else {
            "it is not due any more"
        };
        why.map_or_else(|| gone.to_owned(), |one| one.message.clone())
    }
}

fn object_of(step: &Value) -> String {
    let text = |field: &str| step.pointer(field).and_then(Value::as_str).unwrap_or_default();
    let kind = text("/ref/kind").to_ascii_lowercase();
    format!("{}/{kind}/{}", text("/ref/namespace"), text("/ref/name"))
}

/// Whether the step restarts a workload.
fn is_restart(step: &Value) -> bool {
    step.pointer("/action").and_then(Value::as_str) == Some("restart")
}

/// What must be the same for a step to be the one that was looked at.
const COMPARED: [(&str, &str); 7] = [
    ("/resourceVersion", "its resourceVersion"),
    ("/before/sha256", "the fingerprint of its certificate"),
    ("/action", "what is done"),
    ("/after", "what it would become"),
    ("/caCrt", "what becomes of ca.crt"),
    ("/backup", "where the old one is kept"),
    ("/pinnedBy", "who trusts by the old one"),
];

fn differences(planned: &Value, now: &Value) -> Vec<String> {
    let mut all = Vec::new();
    for (field, what) in COMPARED {
        let (then, now) = (planned.pointer(field), now.pointer(field));
        if then != now {
            let text = |value: Option<&Value>| match value {
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
                None => "nothing".to_owned(),
            };
            all.push(format!("{what} was {}, and is {}", text(then), text(now)));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plan_is_refused_with_the_reason_and_never_quoted() {
        for (text, why) in [
            ("", "line 1"),
            ("[]", "schema"),
            ("{\"schema\":\"certwright.dev/rotate/v1\"}", "certwright.dev/rotate/v1"),
            ("{\"schema\":\"certwright.dev/rotation-plan/v2\"}", "rotation-plan/v2"),
            ("{\"schema\":\"certwright.dev/rotation-plan/v1\",\"secret\":\"s3cr3t\"}", "a field"),
        ] {
            let refused = PlanFile::read(text.as_bytes()).expect_err(text).to_string();
            assert!(refused.contains(why), "{text}: {refused}");
            assert!(!refused.contains("s3cr3t"), "{refused}");
        }
    }
}

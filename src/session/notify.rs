//! Telling a webhook what is new since the last run.
//!
//! Each new finding is told once. What was told is kept in a ConfigMap or a file, and only when the receiver
//! has taken it: a run that is cut short between the two tells it again, under the same id. Refuses to know
//! what is new: [`crate::audit::news`] does.

use super::{CommandError, Result, Run, read_file};
use crate::apply::files::keep;
use crate::audit::Report;
use crate::audit::finding::Severity;
use crate::audit::news::{Known, New, News, news};
use crate::cli::{NotifyArgs, NotifyState};
use crate::cluster::webhook::{Webhook, WebhookError};
use crate::cluster::{Client, PatchForm};
use crate::exit::FailOn;
use crate::instant;
use crate::object_ref::{Kind, ObjectRef};
use crate::observe::files;
use crate::render::notify::{Form, MOST, Message};
use crate::x509::digest;
use ring::hmac;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How many messages one run sends at most; the next one goes on.
const MESSAGES: usize = 40;
/// How much is kept of what was told: a ConfigMap holds a mebibyte.
const MOST_BYTES: usize = 900 * 1024;
/// The field manager of the ConfigMap, and the key of its data.
const MANAGER: &str = "certwright";
const KEY: &str = "told.json";
/// Slack's own host, whose form is chosen where none is.
const SLACK: &str = "hooks.slack.com";

/// What is told of: each report with its context, where several were looked at, and where was looked.
pub(crate) struct About<'r> {
    pub(crate) reports: Vec<(Option<&'r str>, &'r Report)>,
    pub(crate) is_complete: bool,
    pub(crate) place: String,
    pub(crate) fail_on: FailOn,
}

/// Where it is kept what was told.
enum State {
    File(PathBuf),
    ConfigMap(Box<InConfigMap>),
}

/// The ConfigMap, as it was last seen; one without a version is not there.
struct InConfigMap {
    client: Client,
    object: ObjectRef,
    version: Option<String>,
}

/// Who is told, and how: found before anything is looked at, so that a slip is told at once.
pub(crate) struct Notifier {
    webhook: Webhook,
    form: Form,
    key: Option<hmac::Key>,
}

impl Notifier {
    /// By the flags; none where nobody is to be told.
    pub(crate) fn of(args: &NotifyArgs, run: Run<'_>) -> Result<Option<Self>> {
        let Some(url) = &args.notify else { return Ok(None) };
        let timeout = run.global.request_timeout.unsigned_abs();
        let webhook = Webhook::new(url, timeout, run.world).map_err(|why| {
            CommandError::usage(format!("--notify: {why}"), "look at the URL; it is not shown")
        })?;
        let form = args
            .notify_format
            .unwrap_or_else(|| if webhook.host() == SLACK { Form::Slack } else { Form::Json });
        let mut key = None;
        if let Some(path) = &args.notify_key {
            let bytes = read_file(path)?;
            let bytes = bytes.expose().trim_ascii();
            if bytes.is_empty() {
                let message = format!("--notify-key: {} is empty", path.display());
                return Err(CommandError::failed(message, "write the key into it"));
            }
            key = Some(hmac::Key::new(hmac::HMAC_SHA256, bytes));
        }
        Ok(Some(Self { webhook, form, key }))
    }

    /// Tells what is new, message by message, and keeps what was taken. Says how many findings and how many
    /// that are gone were told.
    pub(crate) async fn tell(
        &self,
        args: &NotifyArgs,
        about: &About<'_>,
        run: Run<'_>,
    ) -> Result<(usize, usize)> {
        let (mut state, mut known) = State::read(args, run).await?;
        let least = match about.fail_on {
            FailOn::AtLeast(least) => least,
            FailOn::Never => Severity::Info,
        };
        let News { new, resolved } = news(&about.reports, least, about.is_complete, &known);
        if !new.is_empty() || !resolved.is_empty() {
            // Where nothing can be kept, the same would be told at every run.
            state.write(&known).await?;
        }
        let mut told = (0, 0);
        let mut resolved: Vec<(String, String)> = resolved.into_iter().collect();
        let mut rest = new.as_slice();
        for _ in 0..MESSAGES {
            let (some, later) = rest.split_at(rest.len().min(MOST));
            let gone = resolved.split_off(resolved.len().saturating_sub(MOST - some.len()));
            if some.is_empty() && gone.is_empty() {
                break;
            }
            let gone: Known = gone.into_iter().collect();
            self.send(some, &gone, about, run).await?;
            known.retain(|key, _| !gone.contains_key(key));
            known.extend(some.iter().map(|one| (one.key(), one.about())));
            state.write(&known).await?;
            told = (told.0 + some.len(), told.1 + gone.len());
            rest = later;
        }
        Ok(told)
    }

    async fn send(
        &self,
        new: &[New<'_>],
        resolved: &Known,
        about: &About<'_>,
        run: Run<'_>,
    ) -> Result<()> {
        let keys: Vec<String> = new.iter().map(New::key).collect();
        let id = keys.iter().map(|key| format!("new {key}\n"));
        let id: String = id.chain(resolved.keys().map(|key| format!("gone {key}\n"))).collect();
        let id = digest::hex(&digest::sha256(id.as_bytes()));
        let (now, place) = (run.now(), about.place.as_str());
        let at = instant::show(now);
        let body = Message { id: &id, at: &at, place, new, resolved }.bytes(self.form);
        let timestamp = now.unix_timestamp().to_string();
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("user-agent", concat!("certwright/", env!("CARGO_PKG_VERSION")).to_owned()),
            ("idempotency-key", id.clone()),
            ("x-certwright-timestamp", timestamp.clone()),
        ];
        if let Some(key) = &self.key {
            let signed = [timestamp.as_bytes(), b".", &body].concat();
            let signature = digest::hex(hmac::sign(key, &signed).as_ref());
            headers.push(("x-certwright-signature", format!("sha256={signature}")));
        }
        self.webhook.post(&headers, &body).await.map_err(|why: WebhookError| {
            let remedy = "the next run tells it again; look at the receiver";
            CommandError::failed(format!("--notify: {why}"), remedy)
        })
    }

    /// Where it goes, without what may be secret.
    pub(crate) fn shown(&self) -> &str {
        self.webhook.shown()
    }
}

impl State {
    async fn read(args: &NotifyArgs, run: Run<'_>) -> Result<(Self, Known)> {
        match &args.notify_state {
            Some(NotifyState::ConfigMap(name)) => {
                let client = run.client().await?;
                let namespace = run.namespace(&client);
                let object = ObjectRef::namespaced(Kind::ConfigMap, namespace, name);
                let (text, version) = match client.get_object(&object).await {
                    Ok(found) => {
                        let text = |path| found.pointer(path).and_then(Value::as_str);
                        let version = text("/metadata/resourceVersion").map(str::to_owned);
                        (text("/data/told.json").unwrap_or_default().to_owned(), version)
                    }
                    Err(error) if error.failure.is_absence() => (String::new(), None),
                    Err(error) => return Err(error.into()),
                };
                let known = known(&text, &object.apart())?;
                Ok((Self::ConfigMap(Box::new(InConfigMap { client, object, version })), known))
            }
            Some(NotifyState::File(path)) => {
                let text = match files::read_bytes(path) {
                    Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                    Err(_) if !files::is_there(path) => String::new(),
                    Err(error) => {
                        let message = format!("cannot read {}: {error}", path.display());
                        return Err(CommandError::failed(message, "name another --notify-state"));
                    }
                };
                let known = known(&text, &path.display().to_string())?;
                Ok((Self::File(path.clone()), known))
            }
            None => Err(CommandError::usage(
                "--notify needs --notify-state",
                "say where it is kept what was told: configmap/NAME or a file",
            )),
        }
    }

    async fn write(&mut self, known: &Known) -> Result<()> {
        let text = json!({ "schema": SCHEMA, "told": bounded(known) }).to_string();
        match self {
            Self::File(path) => Ok(keep(path, text.as_bytes())?),
            Self::ConfigMap(map) => map.write(&text).await,
        }
    }
}

impl InConfigMap {
    async fn write(&mut self, text: &str) -> Result<()> {
        let Self { client, object, version } = self;
        let data = json!({ (KEY): text });
        let written = if let Some(version) = &version {
            let patch = json!({ "metadata": { "resourceVersion": version }, "data": data });
            client.patch_object((object, PatchForm::Merge), &patch, MANAGER, false).await?
        } else {
            let manifest = json!({
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {
                    "name": object.name,
                    "namespace": object.namespace(),
                    "labels": { "app.kubernetes.io/managed-by": "certwright" },
                },
                "data": data,
            });
            client.apply_object(object, &manifest, MANAGER, false).await?
        };
        *version = written;
        Ok(())
    }
}

const SCHEMA: &str = "certwright.dev/notify-state/v1";

/// What a text says was told; nothing for none.
fn known(text: &str, place: &str) -> Result<Known> {
    if text.trim().is_empty() {
        return Ok(Known::new());
    }
    let told = serde_json::from_str::<Value>(text).ok().filter(|it| it["schema"] == SCHEMA);
    let told = told.and_then(|it| serde_json::from_value::<Known>(it["told"].clone()).ok());
    told.ok_or_else(|| {
        CommandError::failed(
            format!("{place} holds something else than what was told before"),
            "name another --notify-state, or delete it; then everything is told again",
        )
    })
}

/// The same, as much as may be kept: without the words where all of them are too many. Then what is gone is
/// told by its fingerprint.
fn bounded(known: &Known) -> BTreeMap<&str, &str> {
    let size: usize = known.iter().map(|(key, about)| key.len() + about.len() + 8).sum();
    let short = size > MOST_BYTES;
    known.iter().map(|(key, about)| (key.as_str(), if short { "" } else { about })).collect()
}

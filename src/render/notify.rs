//! What a webhook is sent: a JSON document, or a message as Slack takes it.
//!
//! Knows how much one may hold: each string and each list has a limit. Refuses to know where it goes.

use super::harmless::{line, without_keys};
use crate::audit::news::{Known, New};
use serde_json::{Value, json};

/// How many findings stand in one message.
pub const MOST: usize = 25;
/// How many characters of a message or remedy are sent.
const LONGEST: usize = 500;

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `certwright.dev/notify/v1`.
    Json,
    /// A text, as the incoming webhooks of Slack, Mattermost and Rocket.Chat take it.
    Slack,
}

/// One message.
#[derive(Debug)]
pub struct Message<'m> {
    /// Tells it from every other one, also when it is sent twice.
    pub id: &'m str,
    /// When it was looked, RFC 3339.
    pub at: &'m str,
    /// Where was looked, for people.
    pub place: &'m str,
    /// The findings that are new.
    pub new: &'m [New<'m>],
    /// What is not found any more.
    pub resolved: &'m Known,
}

impl Message<'_> {
    /// Its bytes.
    #[must_use]
    pub fn bytes(&self, form: Form) -> Vec<u8> {
        let value = match form {
            Form::Json => self.json(),
            Form::Slack => json!({ "text": self.text() }),
        };
        value.to_string().into_bytes()
    }

    fn json(&self) -> Value {
        let new: Vec<Value> = self.new.iter().map(finding).collect();
        let resolved: Vec<Value> = self
            .resolved
            .iter()
            .map(|(key, about)| json!({ "fingerprint": short(key), "about": short(about) }))
            .collect();
        json!({
            "schema": "certwright.dev/notify/v1",
            "id": self.id,
            "at": self.at,
            "place": short(self.place),
            "new": new,
            "resolved": resolved,
        })
    }

    fn text(&self) -> String {
        let mut lines = vec![format!("certwright looked at {}", escaped(self.place))];
        for one in self.new {
            let (severity, about) = (one.finding.severity, escaped(&one.about()));
            lines.push(format!("*{severity}* {about}: {}", escaped(&one.finding.message)));
            if one.finding.remedy.is_command() {
                lines.push(format!("`{}`", escaped(&one.finding.remedy.to_string())));
            }
        }
        lines.extend(self.resolved.values().map(|about| format!("resolved: {}", escaped(about))));
        lines.join("\n")
    }
}

fn finding(one: &New<'_>) -> Value {
    let finding = one.finding;
    let object = &finding.object;
    json!({
        "fingerprint": short(&one.key()),
        "rule": finding.rule,
        "severity": finding.severity.as_str(),
        "ref": {
            "kind": object.kind.as_str(),
            "namespace": object.namespace.as_deref().map(short),
            "name": short(&object.name),
            "context": one.context.map(short),
        },
        "message": short(&finding.message),
        "remedy": short(&finding.remedy.to_string()),
    })
}

/// What came from outside: harmless, without a key that was pasted into it, and no longer than a sentence.
fn short(text: &str) -> String {
    let text = without_keys(text).unwrap_or_else(|| text.to_owned());
    let text = line(&text);
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The same where `<…>` is a link or calls people, and a backtick ends code.
/// Source: Slack, "Formatting text for app surfaces".
fn escaped(text: &str) -> String {
    let text = short(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('`', "'")
}

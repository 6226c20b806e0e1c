//! Auth plugins: programs that hand over a token or a client certificate.
//!
//! Knows how they are started, what they are told and what they may answer. What a plugin writes to
//! stdout is a credential and is never shown; what it writes to stderr is for people, and is. Source:
//! client-go plugin/pkg/client/auth/exec/exec.go, pkg/apis/clientauthentication.
#![expect(
    clippy::disallowed_types,
    reason = "a kubeconfig names a program to log in with, and there is no other way to log in"
)]

use super::error::ClusterError;
use super::kubeconfig::login::{self, Interactive, Plugin};
use crate::redact::Redacted;
use crate::world::words;
use http::HeaderValue;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

/// How long a plugin may take while somebody sits at the terminal, who may have to log in with a
/// browser and a second factor. Without a terminal the limit is that of a request.
const LOGIN: Duration = Duration::from_mins(5);

/// More than any credential is long.
const MOST_OUTPUT: usize = 1024 * 1024;

/// How much of what a plugin says on stderr is shown: its last words.
const MOST_WORDS: usize = 1500;

const LOOK: &str = "run it yourself to see what it answers (a credential), or update it";

/// How much of its command line is shown.
const MOST_COMMAND: usize = 300;

/// What a plugin handed over.
#[derive(Clone, Debug)]
pub(super) struct HandedOver {
    /// The `Authorization` header, when it was a token.
    pub header: Option<HeaderValue>,
    /// Certificate and key as PEM, when it was a certificate.
    pub identity: Option<(Redacted, Redacted)>,
    /// Until when it is good; for as long as we run when nothing is said.
    pub expires: Option<OffsetDateTime>,
}

/// The circumstances under which a plugin is run.
#[derive(Clone, Debug)]
pub(super) struct Circumstances {
    /// Whether standard input is a terminal.
    pub terminal: bool,
    /// The limit of one request.
    pub request_timeout: Duration,
    /// What a plugin that asks for it is told about the cluster.
    pub cluster: Value,
    /// The kubeconfig's user, for messages.
    pub user: String,
    /// Whether nobody asked for it: then it is kept from opening a browser, as far as one can.
    pub unasked: bool,
}

/// Runs the plugin once. It is ended with its children when it takes too long, or when nobody waits
/// any more.
pub(super) async fn run(plugin: &Plugin, at: &Circumstances) -> Result<HandedOver, ClusterError> {
    if plugin.interactive == Interactive::Always && !at.terminal {
        return Err(error(
            plugin,
            at,
            "needs to prompt, and standard input is not a terminal",
            "run this at a terminal, or log in with another account",
        ));
    }
    let mut command = command(plugin, at);
    let mut child = command.spawn().map_err(|failed| not_started(plugin, at, &failed))?;
    let group = (!at.terminal).then(|| Group::of(&child));
    let limit = if at.terminal { LOGIN } else { at.request_timeout };
    let (mut answer, mut words) = (Vec::new(), Vec::new());
    let ended = tokio::time::timeout(limit, async {
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        tokio::join!(whole(stdout, &mut answer), tail(stderr, &mut words), child.wait()).2
    })
    .await;
    let answer = Redacted::new(answer);
    drop(group);
    match ended {
        Err(_) => {
            let what = format!("did not end within {}s{}", limit.as_secs(), said(&words));
            let remedy =
                "see why it hangs by running it yourself, or allow more with --request-timeout";
            Err(error(plugin, at, &what, remedy))
        }
        Ok(Err(failed)) => Err(not_started(plugin, at, &failed)),
        Ok(Ok(_)) if answer.expose().len() > MOST_OUTPUT => {
            Err(error(plugin, at, "returned more than a credential", LOOK))
        }
        Ok(Ok(status)) if !status.success() => {
            let what = format!("failed with {}{}", ending(status), said(&words));
            Err(error(plugin, at, &what, "do what it says, or log in again, and run this again"))
        }
        Ok(Ok(_)) => read(plugin, &answer).map_err(|why| error(plugin, at, &why, LOOK)),
    }
}

fn command(plugin: &Plugin, at: &Circumstances) -> Command {
    let interactive = at.terminal && plugin.interactive != Interactive::Never;
    let mut spec = json!({ "interactive": interactive });
    if plugin.provide_cluster_info {
        spec["cluster"] = without_nulls(&at.cluster);
    }
    let info = json!({ "kind": "ExecCredential", "apiVersion": plugin.api_version, "spec": spec });
    let mut command = Command::new(&plugin.command);
    command
        .args(&plugin.args)
        .envs(plugin.env.iter().map(|(name, value)| (name, value)))
        .env("KUBERNETES_EXEC_INFO", info.to_string())
        .stdin(if interactive { Stdio::inherit() } else { Stdio::null() })
        .stdout(Stdio::piped())
        // Somebody at a terminal may have to read it before it ends: "open this page, enter this code".
        .stderr(if at.terminal { Stdio::inherit() } else { Stdio::piped() })
        .kill_on_drop(true);
    if at.unasked {
        // What opens pages (xdg-open, Python's webbrowser) obeys these.
        command.env("BROWSER", "false").env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    }
    if !at.terminal {
        // Its children are to end with it. At a terminal it must stay in the group that may read.
        command.process_group(0);
    }
    command
}

/// Go leaves out what is empty, and plugins may not expect null.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// The plugin's process group; dropping it ends whoever of it still runs.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // One that has ended already is as wished.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

async fn whole(pipe: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) {
    if let Some(pipe) = pipe {
        let most = u64::try_from(MOST_OUTPUT).unwrap_or(u64::MAX).saturating_add(1);
        // What cannot be read is missing, and told as such.
        let _ = pipe.take(most).read_to_end(into).await;
    }
}

async fn tail(pipe: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) {
    let Some(mut pipe) = pipe else { return };
    let mut chunk = [0; 4096];
    while let Ok(read @ 1..) = pipe.read(&mut chunk).await {
        into.extend_from_slice(chunk.get(..read).unwrap_or_default());
        let too_many = into.len().saturating_sub(MOST_WORDS);
        into.drain(..too_many);
    }
}

/// What a plugin writes to stdout.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    kind: Option<String>,
    api_version: Option<String>,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    expiration_timestamp: Option<String>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// The answer, checked; the error never quotes it.
fn read(plugin: &Plugin, answer: &Redacted) -> Result<HandedOver, String> {
    let credential: Option<Credential> = serde_saphyr::from_slice(answer.expose()).ok();
    let credential = credential
        .filter(|credential| credential.kind.as_deref() == Some("ExecCredential"))
        .ok_or("did not print an ExecCredential as JSON, and nothing else, on stdout")?;
    let version = credential.api_version.unwrap_or_default();
    if version != plugin.api_version {
        let version: String = version.chars().take(60).collect();
        return Err(format!(
            "answers in apiVersion {version:?}, the kubeconfig asks for {}",
            plugin.api_version
        ));
    }
    let Some(status) = credential.status else {
        return Err("returned an ExecCredential without status".to_owned());
    };
    let filled = |text: Option<String>| {
        text.filter(|text| !text.is_empty()).map(|text| Redacted::new(text.into_bytes()))
    };
    let header = filled(status.token).map(|token| login::bearer(&token)).transpose();
    let header = header.map_err(|why| format!("returned a token that {why}"))?;
    let identity = match (filled(status.client_certificate_data), filled(status.client_key_data)) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => {
            return Err("returned a certificate without its key, or a key without its certificate"
                .to_owned());
        }
    };
    if header.is_none() && identity.is_none() {
        return Err("returned neither a token nor a certificate".to_owned());
    }
    let expires = status.expiration_timestamp.map(|text| OffsetDateTime::parse(&text, &Rfc3339));
    let expires = expires.transpose().map_err(|_| {
        "returned an expirationTimestamp that is not a time such as 2006-01-02T15:04:05Z".to_owned()
    })?;
    Ok(HandedOver { header, identity, expires })
}

fn not_started(plugin: &Plugin, at: &Circumstances, failed: &std::io::Error) -> ClusterError {
    let remedy = match &plugin.install_hint {
        Some(hint) => one_line(hint.as_bytes()),
        None => "install it, or see that it is in PATH".to_owned(),
    };
    error(plugin, at, &format!("cannot be started: {}", words(failed)), &remedy)
}

fn error(plugin: &Plugin, at: &Circumstances, what: &str, remedy: &str) -> ClusterError {
    let command = command_line(plugin);
    let message = format!("{}: the auth plugin `{command}` {what}", at.user);
    ClusterError::config(message, remedy)
}

fn ending(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "no exit code".to_owned(),
    }
}

fn said(words: &[u8]) -> String {
    let line = one_line(words);
    if line.is_empty() { String::new() } else { format!(", saying: {line}") }
}

/// What a program says to people, on one line and without colours. What else is harmful in it is
/// made visible where it is printed.
fn one_line(words: &[u8]) -> String {
    let text = String::from_utf8_lossy(words);
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        // ESC [ … letter: colours and movements.
        if character == '\u{1b}' && characters.clone().next() == Some('[') {
            characters.by_ref().skip(1).find(|c| ('@'..='~').contains(c));
        } else {
            plain.push(character);
        }
    }
    let lines = plain.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" / ")
}

/// The command line for people: what a flag says is a secret is left out.
fn command_line(plugin: &Plugin) -> String {
    let mut line = plugin.command.display().to_string();
    let mut is_value = false;
    for argument in &plugin.args {
        let (flag, value) =
            argument.split_once('=').map_or((&**argument, None), |(f, v)| (f, Some(v)));
        let names = names_a_secret(flag);
        let _ = match value {
            _ if is_value => write!(line, " …"),
            Some(_) if names => write!(line, " {flag}=…"),
            _ => write!(line, " {argument}"),
        };
        is_value = names && value.is_none() && !is_value;
    }
    if line.chars().count() > MOST_COMMAND {
        line = line.chars().take(MOST_COMMAND).chain(['…']).collect();
    }
    line
}

fn names_a_secret(flag: &str) -> bool {
    let flag = flag.to_ascii_lowercase();
    flag.starts_with('-')
        && ["secret", "password", "passwd", "token", "key"].iter().any(|word| flag.contains(word))
}

#[cfg(test)]
mod tests;

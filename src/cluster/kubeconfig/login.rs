//! As whom a kubeconfig's user comes: which of several credentials counts, and what none may be.
//!
//! Source: client-go tools/clientcmd/validation.go (`validateAuthInfo`), `client_config.go`
//! (`getUserIdentificationPartialConfig`), `transport/round_trippers.go`.

use super::entry::Unusable;
use super::file::{self, Named, User};
use super::target::{Bytes, ONE_OF_BOTH, place};
use crate::redact::Redacted;
use http::HeaderValue;
use std::path::PathBuf;

/// How to log in, beside a client certificate.
#[derive(Clone, Debug)]
pub enum Login {
    /// As nobody, or by a client certificate alone.
    Anonymous,
    /// By an `Authorization` header that does not change.
    Header(HeaderValue),
    /// By the token in a file, read again as time passes; by the other one where it cannot be read.
    TokenFile {
        /// The file.
        path: PathBuf,
        /// `token` beside it.
        otherwise: Option<HeaderValue>,
    },
    /// By what a program hands over.
    Plugin(Box<Plugin>),
}

/// A program that hands over credentials: `exec`, checked.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// The program: a path, or a name to be looked for in `PATH`.
    pub command: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Variables of its environment, beside ours.
    pub env: Vec<(String, String)>,
    /// The version it speaks, such as `client.authentication.k8s.io/v1`.
    pub api_version: String,
    /// Whether it may ask the person at the terminal.
    pub interactive: Interactive,
    /// How to get it, when it is not there.
    pub install_hint: Option<String>,
    /// Whether it wants to be told about the cluster.
    pub provide_cluster_info: bool,
}

/// `interactiveMode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interactive {
    /// It never asks.
    Never,
    /// It asks where there is a terminal.
    IfAvailable,
    /// It cannot do without a terminal.
    Always,
}

/// A client certificate and its key.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate, as PEM.
    pub certificate: Bytes,
    /// Its key, as PEM.
    pub key: Bytes,
}

/// Whom to act as: headers of every request.
#[derive(Clone, Debug, Default)]
pub struct Impersonation {
    /// `Impersonate-User`.
    pub user: Option<HeaderValue>,
    /// `Impersonate-Uid`.
    pub uid: Option<HeaderValue>,
    /// `Impersonate-Group`, one header each.
    pub groups: Vec<HeaderValue>,
    /// `Impersonate-Extra-…`: keys and values.
    pub extra: Vec<(String, Vec<String>)>,
}

/// The versions that plugins speak today. Source: client-go plugin/pkg/client/auth/exec, `apiVersions`.
const API_VERSIONS: [&str; 2] =
    ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

const CHOOSE_ONE: &str = "leave one of them in the kubeconfig";

pub(super) fn of(user: &Named<User>) -> Result<Login, Unusable> {
    let value = &user.value;
    let plugin = value.exec.as_ref().map(|exec| plugin(user, exec)).transpose()?;
    let basic = value.username.is_some() || value.password.is_some();
    if basic && (value.token.is_some() || value.token_file.is_some()) {
        return Err(refused(user, "it has a token and a username", CHOOSE_ONE));
    }
    if let Some(provider) = &value.provider {
        return of_provider(user, provider, plugin.is_some());
    }
    let token = value
        .token
        .as_ref()
        .map(|token| {
            bearer(token).map_err(|why| {
                refused(
                    user,
                    &format!("token {why}"),
                    "log in again, or write the token on one line without blanks at its ends",
                )
            })
        })
        .transpose()?;
    // A header that is set already leaves a plugin nothing to do (exec.go, RoundTrip).
    if let Some(path) = value.token_file.clone() {
        return Ok(Login::TokenFile { path, otherwise: token });
    }
    match (basic, token, plugin) {
        (true, ..) => Ok(Login::Header(basic_header(value))),
        (false, Some(token), _) => Ok(Login::Header(token)),
        (false, None, Some(plugin)) => Ok(Login::Plugin(Box::new(plugin))),
        (false, None, None) => Ok(Login::Anonymous),
    }
}

/// A bearer token as a header; it is a header or nothing, whatever whoever wrote it meant.
///
/// # Errors
/// What is wrong with it.
pub fn bearer(token: &Redacted) -> Result<HeaderValue, &'static str> {
    let bytes = token.expose();
    if bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
        return Err("holds a line break");
    }
    header(&[b"Bearer ", bytes].concat()).ok_or("holds characters that no header takes")
}

/// The token of a file, without the white space around it (`token_source.go`, `Token`).
///
/// # Errors
/// What is wrong with it.
pub fn bearer_of_file(content: &[u8]) -> Result<HeaderValue, &'static str> {
    let token = content.trim_ascii();
    if token.is_empty() {
        return Err("is empty");
    }
    bearer(&Redacted::new(token.to_vec()))
}

fn header(bytes: &[u8]) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(bytes).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn basic_header(user: &User) -> HeaderValue {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let name = user.username.as_deref().unwrap_or_default();
    let password = user.password.as_ref().map(Redacted::expose).unwrap_or_default();
    let encoded = STANDARD.encode([name.as_bytes(), b":", password].concat());
    // Base64 is always a header.
    header(format!("Basic {encoded}").as_bytes()).unwrap_or_else(|| HeaderValue::from_static(""))
}

fn of_provider(
    user: &Named<User>,
    provider: &file::Provider,
    has_plugin: bool,
) -> Result<Login, Unusable> {
    if has_plugin {
        return Err(refused(user, "it has an auth-provider and exec", CHOOSE_ONE));
    }
    let remedy = match provider.name.as_str() {
        "oidc" => {
            let Some(token) = &provider.id_token else {
                return Err(refused(
                    user,
                    "its auth-provider oidc holds no id-token",
                    "log in again",
                ));
            };
            let why = |why| refused(user, &format!("id-token {why}"), "log in again");
            return bearer(token).map(Login::Header).map_err(why);
        }
        "gcp" => {
            "install gke-gcloud-auth-plugin, then run: gcloud container clusters get-credentials CLUSTER"
        }
        "azure" => "install kubelogin, then run: kubelogin convert-kubeconfig",
        _ => "log in again with a current version of what wrote the kubeconfig",
    };
    let what = format!(
        "its auth-provider {:?} is no longer supported by kubectl, nor here",
        provider.name
    );
    Err(refused(user, &what, remedy))
}

fn plugin(user: &Named<User>, exec: &file::Exec) -> Result<Plugin, Unusable> {
    let wrong =
        |what: &str| refused(user, what, "log in again, so that the kubeconfig is rewritten");
    let Some(command) = exec.command.clone() else { return Err(wrong("exec names no command")) };
    let version = exec.api_version.as_deref().unwrap_or_default();
    let Some(api_version) = API_VERSIONS.into_iter().find(|known| *known == version) else {
        let expected = API_VERSIONS.join(" or ");
        return Err(wrong(&format!("exec says apiVersion {version:?}, expected {expected}")));
    };
    let interactive = match exec.interactive_mode.as_deref() {
        Some("Never") => Interactive::Never,
        Some("IfAvailable") => Interactive::IfAvailable,
        Some("Always") => Interactive::Always,
        None if api_version == API_VERSIONS[1] => Interactive::IfAvailable,
        None => return Err(wrong("exec says no interactiveMode, which its apiVersion asks for")),
        Some(_) => {
            return Err(wrong("exec's interactiveMode is none of Never, IfAvailable, Always"));
        }
    };
    let mut env = Vec::new();
    for (name, value) in &exec.env {
        let name =
            name.clone().ok_or_else(|| wrong("exec has a variable without a name in env"))?;
        env.push((name, value.clone()));
    }
    Ok(Plugin {
        command,
        args: exec.args.clone(),
        env,
        api_version: api_version.to_owned(),
        interactive,
        install_hint: exec.install_hint.clone(),
        provide_cluster_info: exec.provide_cluster_info,
    })
}

/// The client certificate. A key alone is passed over, as kubectl does.
pub(super) fn identity(user: &Named<User>) -> Result<Option<Identity>, Unusable> {
    let of = |field: &str, stored| {
        Bytes::of(stored, field)
            .map_err(|why| refused(user, &format!("{field}: {why}"), ONE_OF_BOTH))
    };
    let Some(certificate) = of("client-certificate", &user.value.certificate)? else {
        return Ok(None);
    };
    let key = of("client-key", &user.value.key)?.ok_or_else(|| {
        let what = "it has a client-certificate and no client-key";
        refused(user, what, "add client-key or client-key-data, or log in again")
    })?;
    Ok(Some(Identity { certificate, key }))
}

pub(super) fn impersonation(user: &Named<User>) -> Result<Impersonation, Unusable> {
    let value = &user.value;
    let beside = value.impersonate_uid.is_some()
        || !value.impersonate_groups.is_empty()
        || !value.impersonate_extra.is_empty();
    if value.impersonate.is_none() && beside {
        let what = "it has as-uid, as-groups or as-user-extra without as";
        return Err(refused(user, what, "add as, or remove them"));
    }
    let one = |field: &str, text: &String| {
        header(text.as_bytes()).ok_or_else(|| {
            refused(user, &format!("{field} holds characters that no header takes"), "fix it")
        })
    };
    let groups = value.impersonate_groups.iter().map(|group| one("as-groups", group));
    for text in value.impersonate_extra.values().flatten() {
        one("as-user-extra", text)?;
    }
    Ok(Impersonation {
        user: value.impersonate.as_ref().map(|text| one("as", text)).transpose()?,
        uid: value.impersonate_uid.as_ref().map(|text| one("as-uid", text)).transpose()?,
        groups: groups.collect::<Result<_, _>>()?,
        extra: value.impersonate_extra.clone().into_iter().collect(),
    })
}

impl Impersonation {
    /// With what the command line says; what it leaves out stays as the kubeconfig has it.
    ///
    /// # Errors
    /// Which flag cannot be sent.
    pub fn overruled(
        mut self,
        user: Option<&str>,
        groups: &[String],
    ) -> Result<Self, &'static str> {
        if let Some(user) = user {
            self.user = Some(header(user.as_bytes()).filter(|_| !user.is_empty()).ok_or("--as")?);
        }
        if !groups.is_empty() {
            let groups = groups.iter().map(|group| header(group.as_bytes()).ok_or("--as-group"));
            self.groups = groups.collect::<Result<_, _>>()?;
        }
        Ok(self)
    }
}

fn refused(user: &Named<User>, what: &str, remedy: &str) -> Unusable {
    Unusable::new(format!("{}: {what}", place("user", user)), remedy)
}

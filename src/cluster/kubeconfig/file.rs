//! One kubeconfig file: its clusters, users and contexts, each checked field by field.
//!
//! Knows the fields that matter to us. Refuses to know which of them are used: an entry with a field
//! of the wrong type refuses the file, as it does for kubectl; what a field means is judged when its
//! entry is chosen. Source: client-go tools/clientcmd/api/v1/types.go, conversion.go.

use super::entry::{Entry, Place, Unusable};
use super::text;
use crate::redact::Redacted;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// An entry of a list, by its name, and the file that it stands in.
#[derive(Clone, Debug)]
pub(super) struct Named<T> {
    pub name: String,
    pub file: PathBuf,
    pub value: T,
}

/// Bytes that stand in the kubeconfig as base64, or in a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Stored {
    pub data: Option<Redacted>,
    pub file: Option<PathBuf>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Cluster {
    pub server: String,
    pub tls_server_name: Option<String>,
    pub insecure: bool,
    pub authority: Stored,
    pub proxy_url: Option<String>,
    /// What the cluster's extension says to auth plugins.
    pub for_plugins: Option<Value>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct User {
    pub username: Option<String>,
    pub password: Option<Redacted>,
    pub token: Option<Redacted>,
    pub token_file: Option<PathBuf>,
    pub certificate: Stored,
    pub key: Stored,
    pub impersonate: Option<String>,
    pub impersonate_uid: Option<String>,
    pub impersonate_groups: Vec<String>,
    pub impersonate_extra: BTreeMap<String, Vec<String>>,
    pub provider: Option<Provider>,
    pub exec: Option<Exec>,
}

/// `auth-provider`: what was there before plugins.
#[derive(Clone, Debug)]
pub(super) struct Provider {
    pub name: String,
    pub id_token: Option<Redacted>,
}

/// `exec`, as it stands there.
#[derive(Clone, Debug)]
pub(super) struct Exec {
    pub command: Option<PathBuf>,
    pub args: Vec<String>,
    /// Names and values; a name may be missing.
    pub env: Vec<(Option<String>, String)>,
    pub api_version: Option<String>,
    pub interactive_mode: Option<String>,
    pub install_hint: Option<String>,
    pub provide_cluster_info: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    pub cluster: Option<String>,
    pub user: Option<String>,
    pub namespace: Option<String>,
}

/// What one file holds, or several merged.
#[derive(Clone, Debug, Default)]
pub(super) struct File {
    pub clusters: Vec<Named<Cluster>>,
    pub users: Vec<Named<User>>,
    pub contexts: Vec<Named<Context>>,
    pub current_context: Option<String>,
}

/// Reads one file. Relative paths in it count from its folder.
pub(super) fn read(bytes: &[u8], path: &Path) -> Result<File, Unusable> {
    let tree = text::tree(bytes).map_err(|why| {
        Unusable::new(
            format!("the kubeconfig {} cannot be read: {why}", path.display()),
            "fix the file, or name another with --kubeconfig or KUBECONFIG",
        )
    })?;
    let whole = Entry::new(Place { file: path, kind: "", name: "" }, &tree)?;
    is_a_kubeconfig(&whole)?;
    Ok(File {
        clusters: named(&whole, "clusters", "cluster", cluster)?,
        users: named(&whole, "users", "user", user)?,
        contexts: named(&whole, "contexts", "context", context)?,
        current_context: whole.text("current-context")?.map(str::to_owned),
    })
}

fn is_a_kubeconfig(whole: &Entry<'_>) -> Result<(), Unusable> {
    for (key, expected) in [("kind", "Config"), ("apiVersion", "v1")] {
        if let Some(said) = whole.text(key)?.filter(|said| *said != expected) {
            let said: String = said.chars().take(40).collect();
            return Err(whole.refused(
                format_args!("it says {key}: {said}, a kubeconfig says {expected}"),
                "name a kubeconfig with --kubeconfig or KUBECONFIG",
            ));
        }
    }
    Ok(())
}

/// The entries of a list. A name that is there twice is refused, as nobody knows which is meant.
fn named<'a, T>(
    whole: &Entry<'a>,
    list: &str,
    kind: &'a str,
    read: impl Fn(&Entry<'_>) -> Result<T, Unusable>,
) -> Result<Vec<Named<T>>, Unusable> {
    let file = whole.place.file;
    let mut found: Vec<Named<T>> = Vec::new();
    for item in whole.list(list)? {
        let item = Entry::new(Place { file, kind: list, name: "" }, item)?;
        let name = item.text("name")?.unwrap_or_default();
        let place = Place { file, kind, name };
        if found.iter().any(|other| other.name == name) {
            return Err(whole.refused(
                format_args!("{list} has {name:?} twice"),
                "rename or remove one of them",
            ));
        }
        let value = read(&Entry::new(place, item.get(kind).unwrap_or(&Value::Null))?)?;
        found.push(Named { name: name.to_owned(), file: file.to_owned(), value });
    }
    Ok(found)
}

fn cluster(entry: &Entry<'_>) -> Result<Cluster, Unusable> {
    let mut for_plugins = None;
    for extension in entry.list("extensions")? {
        if let Value::Object(fields) = extension
            && fields.get("name").and_then(Value::as_str) == Some(FOR_PLUGINS)
        {
            for_plugins = fields.get("extension").cloned();
        }
    }
    Ok(Cluster {
        server: entry.text("server")?.unwrap_or_default().to_owned(),
        tls_server_name: owned(entry, "tls-server-name")?,
        insecure: entry.flag("insecure-skip-tls-verify")?,
        authority: stored(entry, "certificate-authority")?,
        proxy_url: owned(entry, "proxy-url")?,
        for_plugins,
    })
}

/// The extension whose content is handed to plugins. Source: client-go
/// tools/auth/exec and pkg/apis/clientauthentication, `execConfigKey`.
const FOR_PLUGINS: &str = "client.authentication.k8s.io/exec";

fn user(entry: &Entry<'_>) -> Result<User, Unusable> {
    let mut impersonate_extra = BTreeMap::new();
    if let Some(extra) = entry.below("as-user-extra")? {
        for (key, _) in extra.fields() {
            impersonate_extra.insert(key.clone(), extra.texts(key)?);
        }
    }
    Ok(User {
        username: owned(entry, "username")?,
        password: secret(entry, "password")?,
        token: secret(entry, "token")?,
        token_file: path(entry, "tokenFile")?,
        certificate: stored(entry, "client-certificate")?,
        key: stored(entry, "client-key")?,
        impersonate: owned(entry, "as")?,
        impersonate_uid: owned(entry, "as-uid")?,
        impersonate_groups: entry.texts("as-groups")?,
        impersonate_extra,
        provider: entry.below("auth-provider")?.map(|entry| provider(&entry)).transpose()?,
        exec: entry.below("exec")?.map(|entry| exec(&entry)).transpose()?,
    })
}

fn provider(entry: &Entry<'_>) -> Result<Provider, Unusable> {
    let id_token = match entry.below("config")? {
        Some(config) => secret(&config, "id-token")?,
        None => None,
    };
    Ok(Provider { name: owned(entry, "name")?.unwrap_or_default(), id_token })
}

fn exec(entry: &Entry<'_>) -> Result<Exec, Unusable> {
    let mut env = Vec::new();
    for variable in entry.list("env")? {
        let variable = Entry::new(entry.place, variable)?;
        let value = variable.text("value")?.unwrap_or_default();
        env.push((owned(&variable, "name")?, value.to_owned()));
    }
    // A bare name is looked for in PATH (client-go tools/clientcmd/loader.go, ResolvePath).
    let command = entry.text("command")?.map(|command| {
        if command.contains('/') { beside(entry, command) } else { PathBuf::from(command) }
    });
    Ok(Exec {
        command,
        args: entry.texts("args")?,
        env,
        api_version: owned(entry, "apiVersion")?,
        interactive_mode: owned(entry, "interactiveMode")?,
        install_hint: owned(entry, "installHint")?,
        provide_cluster_info: entry.flag("provideClusterInfo")?,
    })
}

fn context(entry: &Entry<'_>) -> Result<Context, Unusable> {
    Ok(Context {
        cluster: owned(entry, "cluster")?,
        user: owned(entry, "user")?,
        namespace: owned(entry, "namespace")?,
    })
}

fn owned(entry: &Entry<'_>, key: &str) -> Result<Option<String>, Unusable> {
    Ok(entry.text(key)?.map(str::to_owned))
}

fn secret(entry: &Entry<'_>, key: &str) -> Result<Option<Redacted>, Unusable> {
    Ok(entry.text(key)?.map(|text| Redacted::new(text.as_bytes().to_vec())))
}

fn path(entry: &Entry<'_>, key: &str) -> Result<Option<PathBuf>, Unusable> {
    Ok(entry.text(key)?.map(|path| beside(entry, path)))
}

/// A path of the file: relative ones count from the folder that the file is in.
fn beside(entry: &Entry<'_>, path: &str) -> PathBuf {
    let folder = entry.place.file.parent().unwrap_or(Path::new(""));
    // `./` in it says nothing more then; a command keeps a slash, or it would be sought in PATH.
    if folder.as_os_str().is_empty() {
        PathBuf::from(path)
    } else {
        folder.join(path).components().collect()
    }
}

/// `KEY-data`, which is base64 that may be broken into lines, and `KEY`, a file.
fn stored(entry: &Entry<'_>, key: &str) -> Result<Stored, Unusable> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let named = format!("{key}-data");
    let data = match entry.text(&named)? {
        None => None,
        Some(text) => {
            let joined: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
            let bytes = STANDARD.decode(joined).map_err(|_| {
                let remedy = format!(
                    "put the output of `base64 -w0 FILE` there, or the file's path in {key}"
                );
                entry.refused(format_args!("{named} is not base64"), remedy)
            })?;
            Some(Redacted::new(bytes)).filter(|bytes| !bytes.is_empty())
        }
    };
    Ok(Stored { data, file: path(entry, key)? })
}

//! Errors of an API server, each with what was tried on what, and what to do about it.

use super::client::Server;
use crate::object_ref::{Kind, ObjectRef};
use std::fmt;

/// What was tried, for the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// A list, page by page.
    List,
    /// A read of one object.
    Get,
    /// A server-side apply of a new object.
    Create,
    /// A change of an object.
    Patch,
    /// The end of an object.
    Delete,
}

impl Verb {
    /// As RBAC names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Get => "get",
            Self::Create => "create",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What kind of failure it was; callers decide by it, people read the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The kubeconfig cannot be used.
    Config,
    /// No connection, or it broke.
    Unreachable,
    /// No answer in time.
    Timeout,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 404, and not for want of the object: the cluster does not know the kind.
    NoSuchKind,
    /// 409: somebody else was faster.
    Conflict,
    /// 410: the list must be begun again.
    Expired,
    /// 429 and 5xx: the server has too much to do, or is in trouble itself.
    Busy,
    /// Anything else the server said.
    Refused,
}

impl Failure {
    /// Whether a later try may succeed with nothing changed: the server is away or busy.
    #[must_use]
    pub const fn may_pass(self) -> bool {
        matches!(self, Self::Unreachable | Self::Timeout | Self::Expired | Self::Busy)
    }

    /// Whether it says that the object is not there.
    #[must_use]
    pub const fn is_absence(self) -> bool {
        matches!(self, Self::NotFound | Self::NoSuchKind)
    }
}

/// A failed request, or no client at all.
#[derive(Debug)]
pub struct ClusterError {
    /// What kind of failure it was.
    pub failure: Failure,
    /// What happened, with the object, for people; may hold strings of the server.
    pub message: String,
    /// What to do next.
    pub remedy: String,
    /// Who has no right to it, where that is what the server said.
    pub denied: Option<Box<Denied>>,
}

/// Who has no right to what was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// What was tried.
    pub verb: Verb,
    /// The user, as the server knows them.
    pub user: String,
    /// What the server says beside it.
    pub why: Option<String>,
}

impl Denied {
    /// Reads what an authorizer's refusal says. Source: Kubernetes
    /// `apiserver/pkg/endpoints/handlers/responsewriters/errors.go` (`forbiddenMessage`), followed by the
    /// authorizer's own reason.
    fn of(message: &str, verb: Verb) -> Option<Self> {
        let (_, said) = message.split_once("is forbidden: User \"")?;
        let (user, said) = said.split_once("\" cannot ")?;
        let why = match said.split_once(" at the cluster scope") {
            Some((_, why)) => why,
            None => said.split_once(" in the namespace \"")?.1.split_once('"')?.1,
        };
        let why = Some(why.trim_start_matches(": ").trim()).filter(|why| !why.is_empty());
        Some(Self { verb, user: user.to_owned(), why: why.map(str::to_owned) })
    }
}

impl fmt::Display for ClusterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ClusterError {}

impl ClusterError {
    /// An error that is not about rights.
    pub(super) fn new(
        failure: Failure,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { failure, message: message.into(), remedy: remedy.into(), denied: None }
    }

    /// The kubeconfig cannot be used.
    pub(super) fn config(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(Failure::Config, message, remedy)
    }

    /// The namespace that was named is not there, so that nothing in it can be.
    #[must_use]
    pub fn no_namespace(namespace: &str) -> Self {
        Self::new(
            Failure::NotFound,
            format!("there is no namespace {namespace}"),
            "check -n, and the kubeconfig's context",
        )
    }

    /// The cluster does not know the kind.
    #[must_use]
    pub fn no_such_kind(object: &ObjectRef) -> Self {
        let kind = object.kind;
        let instead = if kind == Kind::ManagedCertificate {
            "only GKE has it: look at --context; elsewhere issue or bootstrap makes a certificate in a Secret"
        } else {
            "GKE's own kinds are only on GKE: look at --context; elsewhere bootstrap with another --ingress-class"
        };
        Self::new(
            Failure::NoSuchKind,
            format!(
                "this cluster has no kind {kind} (the CRD is not installed): {object} cannot exist"
            ),
            instead,
        )
    }

    /// No answer came within `limit`.
    pub(super) fn timeout(
        verb: Verb,
        object: &ObjectRef,
        server: &str,
        limit: std::time::Duration,
    ) -> Self {
        let seconds = limit.as_secs();
        Self::new(
            Failure::Timeout,
            format!("cannot {verb} {object}: {server} did not answer within {seconds}s"),
            "check the server, or allow more with --request-timeout",
        )
    }

    /// No object and no namespace can have this name, so that none is there.
    pub(super) fn impossible(verb: Verb, object: &ObjectRef, name: &str) -> Self {
        Self::new(
            Failure::NotFound,
            format!("cannot {verb} {object}: {name:?} is not a valid name"),
            "check the name and the namespace",
        )
    }

    /// The server or the connection said no.
    pub(super) fn of(error: &kube::Error, verb: Verb, object: &ObjectRef, server: &Server) -> Self {
        let Server { url, proxy, .. } = server;
        let (what, remedy) = match error {
            kube::Error::Api(status) => return Self::of_status(status, verb, object, server),
            // The library's words would quote the answer, which may be a Secret.
            error if is_no_object(error) => (
                format!("what {url} answered is not a Kubernetes object, or only half of one"),
                "check that the kubeconfig's server is an API server, and what is in front of it",
            ),
            other => {
                let through = proxy.as_ref().map_or_else(String::new, |proxy| {
                    format!(" through the proxy {} ({})", proxy.shown(), proxy.said_by)
                });
                let remedy = match proxy {
                    _ if is_of_certificates(other) => UNTRUSTED,
                    None => UNREACHABLE,
                    Some(proxy) if proxy.is_of_kubeconfig() => {
                        "check the proxy, or remove proxy-url from the kubeconfig if it needs none"
                    }
                    Some(_) => {
                        "check the proxy, or add the server's host to NO_PROXY if it needs none"
                    }
                };
                (
                    format!("cannot reach the API server {url}{through}: {}", innermost(other)),
                    remedy,
                )
            }
        };
        Self::new(Failure::Unreachable, format!("cannot {verb} {object}: {what}"), remedy)
    }

    fn of_status(
        status: &kube::core::Status,
        verb: Verb,
        object: &ObjectRef,
        server: &Server,
    ) -> Self {
        if status.code == 404 && names_nothing(status) {
            return Self::no_such_kind(object);
        }
        let failure = failure_of(status.code, verb);
        let remedy = match (&server.stranger, failure) {
            (Some(remedy), Failure::Unauthorized | Failure::Forbidden) => remedy.clone(),
            _ if status.message.contains("HTTP request to an HTTPS server") => {
                "write https:// before the kubeconfig's server".to_owned()
            }
            _ => remedy(failure, verb, object),
        };
        let denied = (failure == Failure::Forbidden).then(|| Denied::of(&status.message, verb));
        Self {
            denied: denied.flatten().map(Box::new),
            ..Self::new(failure, format!("cannot {verb} {object}: {}", said(status)), remedy)
        }
    }
}

/// What an HTTP status says of a request.
const fn failure_of(code: u16, verb: Verb) -> Failure {
    match code {
        401 => Failure::Unauthorized,
        403 => Failure::Forbidden,
        404 => Failure::NotFound,
        409 => Failure::Conflict,
        410 => Failure::Expired,
        429 | 502..=599 => Failure::Busy,
        // A write can fail so for good: by an admission webhook that is not there.
        500 if matches!(verb, Verb::List | Verb::Get) => Failure::Busy,
        _ => Failure::Refused,
    }
}

const UNREACHABLE: &str = "check that the server runs and that the kubeconfig's server is right, or read manifests with -f";

const UNTRUSTED: &str = "check certificate-authority and tls-server-name of the kubeconfig's \
                         cluster, or get a new kubeconfig";

/// Whether an answer came and cannot be read.
fn is_no_object(error: &kube::Error) -> bool {
    match error {
        kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => true,
        kube::Error::Service(cause) => cause.is::<Misread>(),
        _ => false,
    }
}

/// Why an answer that says of itself that all is well is not what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misread {
    /// It ends before it should, or is broken.
    Broken,
    /// It is something else: a page of a login, an object of another name.
    Other,
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Broken => "the answer is broken",
            Self::Other => "the answer is something else",
        })
    }
}

impl std::error::Error for Misread {}

impl From<Misread> for kube::Error {
    fn from(misread: Misread) -> Self {
        Self::Service(Box::new(misread))
    }
}

/// Whether the server's certificate is what is wrong.
fn is_of_certificates(error: &kube::Error) -> bool {
    causes(error)
        .any(|cause| matches!(cause.downcast_ref(), Some(rustls::Error::InvalidCertificate(_))))
}

/// An error and what caused it, outermost first. An `io::Error` hides from `source` what it wraps.
pub(super) fn causes<'a>(
    error: &'a kube::Error,
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    let first: &'a (dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(first), |cause| {
        let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        wrapped.map(|wrapped| wrapped as _).or_else(|| cause.source())
    })
}

/// Whether a 404 names no object: a path that the server does not know, since the kind is not
/// installed, gives a plain page or a Status without details.
fn names_nothing(status: &kube::core::Status) -> bool {
    status.details.as_ref().is_none_or(|details| details.name.is_empty())
}

/// What the server said; kube leaves the message empty when the body was no Status, and takes a
/// whole page for one when it was HTML.
fn said(status: &kube::core::Status) -> String {
    const MOST: usize = 1000;
    let mut message = status.message.trim();
    if message.starts_with('<') {
        message = "";
    }
    let (text, code) = match (message.is_empty(), status.reason.is_empty()) {
        (false, _) => (message, status.code),
        (true, false) if status.message.is_empty() => (&*status.reason, status.code),
        _ => return format!("the server answered {}", status.code),
    };
    let short: String = text.chars().take(MOST).collect();
    let cut = if short.len() < text.len() { "…" } else { "" };
    format!("{short}{cut} ({code})")
}

fn remedy(failure: Failure, verb: Verb, object: &ObjectRef) -> String {
    match failure {
        Failure::Unauthorized => {
            "log in again: the kubeconfig's credentials are not accepted".to_owned()
        }
        Failure::Forbidden => right_to_ask_for(verb, object),
        Failure::NotFound if object.kind == Kind::Ingress && object.name.contains('.') => format!(
            "check the name and the namespace; a host's server is shown by certwright inspect {}:443",
            object.name
        ),
        Failure::NotFound | Failure::NoSuchKind => "check the name and the namespace".to_owned(),
        Failure::Conflict => {
            "another writer changed it at the same time; look at it and try again".to_owned()
        }
        Failure::Expired | Failure::Busy => "try again".to_owned(),
        Failure::Config | Failure::Unreachable | Failure::Timeout | Failure::Refused => {
            "see what the server said".to_owned()
        }
    }
}

fn right_to_ask_for(verb: Verb, object: &ObjectRef) -> String {
    let scope = object.namespace.as_deref().map_or_else(
        || "in all namespaces (or choose one with -n)".to_owned(),
        |namespace| format!("in namespace {namespace}"),
    );
    // A server-side apply that creates needs both rights.
    let rights =
        if verb == Verb::Create { "create and patch".to_owned() } else { verb.to_string() };
    format!("RBAC: needs {rights} on {} {scope}", object.kind.plural())
}

/// The last cause in the chain: kube and hyper hide it behind "client error (Connect)".
fn innermost(error: &kube::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_for_want_of_rights_tells_who_may_not_and_what_else_is_said() {
        let scope = "secrets is forbidden: User \"jane\" cannot list resource \"secrets\" in API group \"\"";
        for (message, user, why) in [
            (format!("{scope} at the cluster scope"), "jane", None),
            (format!("{scope} in the namespace \"shop\""), "jane", None),
            (
                format!("{scope} in the namespace \"shop\": RBAC: clusterrole \"x\" not found"),
                "jane",
                Some("RBAC: clusterrole \"x\" not found"),
            ),
            (
                format!(
                    "{scope} at the cluster scope: requires one of [\"container.secrets.list\"]"
                ),
                "jane",
                Some("requires one of [\"container.secrets.list\"]"),
            ),
        ] {
            let denied = Denied::of(&message, Verb::List).expect("it is a refusal");
            assert_eq!((denied.user.as_str(), denied.why.as_deref()), (user, why), "{message}");
        }
        for message in ["", "secrets is forbidden: exceeded quota", "admission webhook denied it"] {
            assert_eq!(Denied::of(message, Verb::List), None, "{message}");
        }
    }
}

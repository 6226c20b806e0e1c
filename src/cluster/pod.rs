//! The pod's own account: where the cluster is and as whom to come, when there is no kubeconfig.
//!
//! Source: client-go rest/config.go (`InClusterConfig`), `tools/clientcmd/client_config.go`
//! (`inClusterClientConfig`).

use super::error::ClusterError;
use crate::object_ref::is_path_segment;
use crate::world::{Pod, words};
use http::Uri;
use std::path::PathBuf;

const SAY_WHERE: &str =
    "look at the pod's service account and its mount, or name a kubeconfig with --kubeconfig";

/// Where the account's token is, when this is a pod that has one.
pub(super) fn token_file(pod: Option<&Pod>) -> Option<PathBuf> {
    pod.map(|pod| pod.account.join("token")).filter(|path| path.exists())
}

/// The server's URL.
pub(super) fn server(pod: &Pod) -> Result<Uri, ClusterError> {
    let (host, port) = (pod.host.trim().trim_matches(['[', ']']), pod.port.trim());
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let uri = format!("https://{host}:{port}").parse::<Uri>().ok();
    uri.filter(|uri| uri.host().is_some_and(|host| !host.is_empty()))
        .filter(|uri| uri.port_u16().is_some_and(|port| port != 0))
        .ok_or_else(|| {
            let message =
                "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not a host and a port";
            ClusterError::config(message, SAY_WHERE)
        })
}

/// The CA certificates that the pod is given, and their file.
pub(super) fn authority(pod: &Pod) -> (PathBuf, Result<Vec<u8>, ClusterError>) {
    let path = pod.account.join("ca.crt");
    let read = std::fs::read(&path).map_err(|error| {
        let message = format!(
            "the pod's CA certificate {} cannot be read: {}",
            path.display(),
            words(&error)
        );
        ClusterError::config(message, SAY_WHERE)
    });
    (path, read)
}

/// The namespace that the pod runs in: `POD_NAMESPACE`, else the account's, else `default`.
pub(super) fn namespace(pod: &Pod) -> String {
    let of_file = || std::fs::read_to_string(pod.account.join("namespace")).ok();
    pod.namespace
        .clone()
        .or_else(of_file)
        .map(|namespace| namespace.trim().to_owned())
        .filter(|namespace| is_path_segment(namespace))
        .unwrap_or_else(|| "default".to_owned())
}

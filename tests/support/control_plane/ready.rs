//! When a control plane is ready, and what to show when it never is. It refuses to know how one is
//! started.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, thread};

use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::config::{KubeConfigOptions, Kubeconfig};

use super::block_on;
use super::supervisor::Supervisor;

/// How long it may take. It takes 3 seconds on two idle cores.
const READY_WITHIN: Duration = Duration::from_mins(1);
/// How long to wait before asking again.
const ASK_AGAIN: Duration = Duration::from_millis(20);
/// How long one answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How many lines of a log are shown.
const LOG_LINES: usize = 20;

/// Waits until the API server says that it is ready and the namespace `default` is there, which it
/// does not count as part of being ready. Returns the configuration of the client that has seen it.
pub fn wait(
    lost_a_process: &mut dyn FnMut() -> bool,
    kubeconfig: &Path,
    api_port: u16,
) -> Result<kube::Config, String> {
    let deadline = Instant::now() + READY_WITHIN;
    let mut last = String::from("it does not listen");
    while Instant::now() < deadline {
        if lost_a_process() {
            return Err("a process ended before the API server was ready".to_owned());
        }
        if TcpStream::connect((Ipv4Addr::LOCALHOST, api_port)).is_ok() {
            match block_on(ask_whether_ready(kubeconfig)) {
                Ok(config) => return Ok(config),
                Err(reason) => last = reason,
            }
        }
        thread::sleep(ASK_AGAIN);
    }
    Err(format!("the API server is not ready after {} s: {last}", READY_WITHIN.as_secs()))
}

/// Asks once. The configuration is read anew each time: its CA is written by the API server as it
/// starts.
async fn ask_whether_ready(kubeconfig: &Path) -> Result<kube::Config, String> {
    let file = Kubeconfig::read_from(kubeconfig).map_err(|error| error.to_string())?;
    let mut config = kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
        .await
        .map_err(|error| error.to_string())?;
    // A proxy of the environment has no business on the loopback interface.
    config.proxy_url = None;
    // Bounded, for a stranger may have taken the port; the tests' own clients are not.
    let mut bounded = config.clone();
    bounded.read_timeout = Some(ANSWER_WITHIN);
    let client = kube::Client::try_from(bounded).map_err(|error| error.to_string())?;
    let request =
        http::Request::get("/readyz").body(Vec::new()).map_err(|error| error.to_string())?;
    client.request_text(request).await.map_err(|error| format!("/readyz: {error}"))?;
    let namespaces = Api::<Namespace>::all(client);
    namespaces.get("default").await.map_err(|error| format!("namespace default: {error}"))?;
    Ok(config)
}

/// Waits until the script has told this line so often.
pub fn wait_until_told(supervisor: &Supervisor, line: &str, times: usize) -> Result<(), String> {
    let deadline = Instant::now() + READY_WITHIN;
    while supervisor.told(line) < times {
        if Instant::now() > deadline {
            return Err(format!("{line:?} was not told within {} s", READY_WITHIN.as_secs()));
        }
        thread::sleep(ASK_AGAIN);
    }
    Ok(())
}

/// The supervisor's story and the end of both logs, for a failure's text.
pub fn what_happened(supervisor: &Supervisor) -> String {
    let mut text = format!("supervisor:\n{}", supervisor.story());
    for name in ["etcd.log", "apiserver.log"] {
        let log = fs::read(supervisor.data().join(name)).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        let _ = write!(
            text,
            "{name}:\n{}\n",
            lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
        );
    }
    text
}

//! A TEST DOUBLE of the controllers of Deployments, StatefulSets and DaemonSets: it writes the `status` that
//! theirs write, a step at each look, and makes no Pods.
//!
//! Where it is like theirs (read in kubernetes pkg/controller/{deployment,statefulset,daemon}): `observedGeneration`
//! comes first, with the number of new Pods at none where the template is another one; a Deployment has one Pod
//! more than it wants while it rolls, and one that is paused or waits for its Pods to be deleted does not roll; of
//! a StatefulSet the Pods below its partition stay; a Deployment that does not come through says so in its
//! condition `Progressing`. Where it is not: nothing takes long, and nothing fails by itself.
//!
//! Refuses to know what any test is about.

use super::live::Live;
use http::{Method, Request};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How soon a change is seen.
const LOOK: Duration = Duration::from_millis(20);
/// How many Pods a DaemonSet has: there are no nodes.
const NODES: i64 = 2;

/// What the controllers do with new Pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pods {
    /// They come up.
    ComeUp,
    /// They are made, and never become available.
    Hang,
    /// The same, for longer than the Deployment has patience.
    GaveUp,
    /// Nobody sees the change.
    Unseen,
}

/// The controllers, at work in one namespace until this is dropped.
pub struct Controllers {
    shared: Arc<Mutex<Shared>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    pods: Pods,
    over: bool,
    /// How many objects were as their controllers want them at the last look, and how many there are.
    settled: (usize, usize),
}

impl Controllers {
    /// Starts them, and waits until what is there has all its Pods.
    pub fn start(live: &Live) -> Self {
        let shared = Shared { pods: Pods::ComeUp, over: false, settled: (0, 1) };
        let shared = Arc::new(Mutex::new(shared));
        let (own, mut work) = (Arc::clone(&shared), Work::new(live));
        let thread = std::thread::spawn(move || {
            loop {
                let pods = {
                    let shared = lock(&own);
                    if shared.over {
                        return;
                    }
                    shared.pods
                };
                let settled = work.look(pods);
                lock(&own).settled = settled;
                std::thread::sleep(LOOK);
            }
        });
        let controllers = Self { shared, thread: Some(thread) };
        controllers.settle();
        controllers
    }

    /// What becomes of new Pods from now on.
    pub fn let_pods(&self, pods: Pods) {
        lock(&self.shared).pods = pods;
    }

    /// Waits until everything is as it should be.
    pub fn settle(&self) {
        loop {
            let (settled, all) = lock(&self.shared).settled;
            if settled == all {
                return;
            }
            std::thread::sleep(LOOK);
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> std::sync::MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Controllers {
    fn drop(&mut self) {
        lock(&self.shared).over = true;
        let ended = self.thread.take().map_or(Ok(()), JoinHandle::join);
        if let (Err(panic), false) = (ended, std::thread::panicking()) {
            std::panic::resume_unwind(panic);
        }
    }
}

struct Work {
    runtime: Runtime,
    client: kube::Client,
    namespace: String,
    /// The template of each object when its Pods were counted last.
    templates: BTreeMap<String, Value>,
}

impl Work {
    fn new(live: &Live) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = {
            let _inside = runtime.enter();
            live.cluster.client()
        };
        Self { runtime, client, namespace: live.namespace.clone(), templates: BTreeMap::new() }
    }

    /// One step of each object; how many needed none, and how many there are.
    fn look(&mut self, pods: Pods) -> (usize, usize) {
        let (mut settled, mut all) = (0, 0);
        for plural in ["deployments", "statefulsets", "daemonsets"] {
            let path = format!("/apis/apps/v1/namespaces/{}/{plural}", self.namespace);
            let list = self.ask(&Method::GET, &path, None).unwrap_or_default();
            for object in list["items"].as_array().into_iter().flatten() {
                all += 1;
                let uid = object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
                let template = self.templates.entry(uid).or_default();
                let is_new = *template != object["spec"]["template"];
                let Some(status) = next(object, plural, is_new, pods) else {
                    settled += 1;
                    continue;
                };
                *template = object["spec"]["template"].clone();
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                let status = json!({ "status": status });
                self.ask(&Method::PATCH, &format!("{path}/{name}/status"), Some(&status));
            }
        }
        (settled, all)
    }

    /// The answer; none where the server has none.
    fn ask(&self, method: &Method, path: &str, body: Option<&Value>) -> Option<Value> {
        let kind = if body.is_some() { "application/merge-patch+json" } else { "application/json" };
        let request = Request::builder().method(method.clone()).uri(path);
        let bytes = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let request = request.header("content-type", kind).body(bytes).expect("a request");
        self.runtime.block_on(self.client.request(request)).ok()
    }
}

/// The next status; none where nothing is to be done.
fn next(object: &Value, plural: &str, is_new: bool, pods: Pods) -> Option<Value> {
    let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64);
    let generation = number("/metadata/generation").unwrap_or_default();
    let observed = number("/status/observedGeneration").unwrap_or_default();
    if pods == Pods::Unseen {
        return None;
    }
    let is_daemon_set = plural == "daemonsets";
    let wanted = if is_daemon_set { NODES } else { number("/spec/replicas").unwrap_or(1) };
    let partition = number("/spec/updateStrategy/rollingUpdate/partition").unwrap_or_default();
    let to_replace = (wanted - partition).max(0);
    let updated = if is_daemon_set { "updatedNumberScheduled" } else { "updatedReplicas" };
    let done = number(&format!("/status/{updated}")).unwrap_or_default();
    if observed < generation {
        let done = if is_new { 0 } else { done };
        return Some(status(plural, (generation, wanted, done), is_new && wanted > 0, pods));
    }
    let by_hand = object["spec"]["updateStrategy"]["type"] == "OnDelete";
    if object["spec"]["paused"] == true || by_hand {
        return None;
    }
    if done < to_replace && pods == Pods::ComeUp {
        return Some(status(plural, (generation, wanted, done + 1), true, pods));
    }
    let next = status(plural, (generation, wanted, done), pods != Pods::ComeUp, pods);
    let is_so = next.as_object().into_iter().flatten().all(|(key, value)| {
        key == "conditions" || object["status"].get(key).unwrap_or(&json!(0)) == value
    });
    let told = object["status"]["conditions"][0]["reason"] == next["conditions"][0]["reason"];
    (!is_so || !told).then_some(next)
}

/// What the controller writes of so many new Pods; `rolls` while it replaces more.
fn status(
    plural: &str,
    (generation, wanted, done): (i64, i64, i64),
    rolls: bool,
    pods: Pods,
) -> Value {
    let up = if pods == Pods::ComeUp || !rolls { done } else { done.min(wanted - 1).max(0) };
    match plural {
        "daemonsets" => json!({
            "observedGeneration": generation, "desiredNumberScheduled": wanted,
            "currentNumberScheduled": wanted, "numberMisscheduled": 0, "numberReady": wanted,
            "updatedNumberScheduled": done, "numberAvailable": wanted,
        }),
        "statefulsets" => json!({
            "observedGeneration": generation, "replicas": wanted, "updatedReplicas": done,
            "readyReplicas": wanted, "availableReplicas": wanted,
        }),
        _ => {
            let reason = if pods == Pods::GaveUp && rolls {
                "ProgressDeadlineExceeded"
            } else {
                "ReplicaSetUpdated"
            };
            let total = if rolls && wanted > 0 { wanted + 1 } else { wanted };
            json!({
                "observedGeneration": generation, "replicas": total, "updatedReplicas": done,
                "readyReplicas": total.min(up.max(wanted)), "availableReplicas": total.min(up.max(wanted)),
                "conditions": [{ "type": "Progressing", "status": "True", "reason": reason,
                                 "message": "a double says so" }],
            })
        }
    }
}

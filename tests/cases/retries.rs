//! Requests under load and over bad lines: what is tried again, when, and what never is; and names
//! that are never asked for.
//!
//! The library's own client against a server that misbehaves on purpose.

use crate::support::faults::{Answer, Faults, SECRET};
use certwright::apply::cluster::{Target, apply};
use certwright::apply::pair::RandomKeys;
use certwright::cluster::error::{ClusterError, Failure};
use certwright::cluster::{Client, ConnectOptions, Which, connect};
use certwright::object_ref::{Kind, ObjectRef};
use certwright::plan::step::{CreateObject, PatchObject, Step};
use certwright::world::{Proxies, World};
use k8s_openapi::api::core::v1::Secret;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(3);

/// Told to come back at once, which is no sooner than our own first pause.
const AT_ONCE: Answer =
    Answer::Say(429, "Retry-After: 0\r\n", "Too many requests, please try again later.");
const UNAVAILABLE: Answer = Answer::Say(503, "Retry-After: 0\r\n", "");

async fn client(faults: &Faults) -> Client {
    let options = ConnectOptions {
        kubeconfig: Some(faults.kubeconfig("")),
        request_timeout: LIMIT,
        ..ConnectOptions::default()
    };
    let world = World { proxies: Proxies::default(), pod: None, terminal: false, ..World::real() };
    connect(&options, &world).await.expect("it is a good kubeconfig")
}

fn web() -> ObjectRef {
    ObjectRef::secret("shop", "web")
}

/// Reads the Secret, and how many requests that took.
async fn read(answers: &[Answer]) -> (Result<(), ClusterError>, usize) {
    let faults = Faults::new(answers);
    let read = client(&faults).await.get::<Secret>(&web()).await;
    (read.map(drop), faults.heads().len())
}

/// Writes the Secret, and how many requests that took.
async fn write(answers: &[Answer]) -> (Result<(), ClusterError>, usize) {
    let faults = Faults::new(answers);
    let client = client(&faults).await;
    let patch = json!({ "metadata": { "resourceVersion": "7" } });
    let written = client.patch_secret(&web(), &patch, "test", false).await;
    let all = faults.heads();
    assert!(all.iter().all(|head| head.is_empty() || head.starts_with("PATCH ")), "{all:?}");
    (written.map(drop), all.len())
}

#[tokio::test]
async fn a_read_is_tried_again_up_to_three_times_after_whatever_may_pass() {
    for trouble in [
        Answer::HangUp,
        Answer::Reset,
        Answer::Cut,
        Answer::CutUnannounced,
        Answer::Say(500, "", ""),
        Answer::Say(502, "", "<html>bad gateway</html>"),
        Answer::Say(503, "", ""),
        Answer::Say(504, "", ""),
        Answer::Say(429, "", ""),
    ] {
        let (read, requests) = read(&vec![trouble.clone(); 3]).await;
        read.unwrap_or_else(|error| panic!("{trouble:?}: {error}"));
        assert_eq!(requests, 4, "{trouble:?}");
    }
}

#[tokio::test]
async fn a_read_that_stays_broken_is_given_up_and_told() {
    for (trouble, failure) in [
        (Answer::HangUp, Failure::Unreachable),
        (Answer::CutUnannounced, Failure::Unreachable),
        (Answer::Say(503, "", ""), Failure::Busy),
    ] {
        let (read, requests) = read(&vec![trouble.clone(); 9]).await;
        let error = read.expect_err("it stays broken");
        assert_eq!((error.failure, requests), (failure, 4), "{trouble:?}: {error}");
        assert!(error.message.contains("secret/web in namespace shop"), "{error}");
    }
}

#[tokio::test]
async fn what_cannot_pass_is_asked_once() {
    for code in [400, 401, 403, 404, 422, 501] {
        let (read, requests) = read(&[Answer::Say(code, "", ""), SECRET]).await;
        assert!(read.is_err() && requests == 1, "{code}: {requests} requests");
    }
    let (read, requests) = read(&[Answer::Say(200, "", r#"{"data": "s3cr3t"}"#), SECRET]).await;
    let error = read.expect_err("it is no Secret");
    assert!(requests == 1 && !error.message.contains("s3cr3t"), "{error}");
}

#[tokio::test]
async fn a_write_is_tried_again_when_the_server_did_not_look_at_it() {
    let (written, requests) = write(&vec![AT_ONCE; 6]).await;
    written.expect("the server takes it in the end");
    assert_eq!(requests, 7);
}

/// Whether the server took what it never answered, only the object itself can tell.
#[tokio::test]
async fn a_create_whose_answer_was_cut_is_looked_at_again() {
    const MADE: &str = r#"{"kind":"ManagedCertificate","apiVersion":"networking.gke.io/v1","metadata":{"name":"web","namespace":"shop","resourceVersion":"9"},"spec":{"domains":["a.example"]},"status":{}}"#;
    const OTHER: &str = r#"{"kind":"ManagedCertificate","apiVersion":"networking.gke.io/v1","metadata":{"name":"web","namespace":"shop","resourceVersion":"9"},"spec":{"domains":["b.example"]}}"#;
    const ABSENT: &str =
        r#"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}"#;
    for cut in [Answer::HangUp, Answer::Reset, Answer::Cut] {
        for (found, made) in [
            (Answer::Say(200, "", MADE), true),
            (Answer::Say(200, "", OTHER), false),
            (Answer::Say(404, "", ABSENT), false),
        ] {
            let faults = Faults::new(&[cut.clone(), found.clone()]);
            let object = ObjectRef::namespaced(Kind::ManagedCertificate, "shop", "web");
            let step = Step::CreateObject(CreateObject {
                object,
                manifest: json!({
                    "apiVersion": "networking.gke.io/v1", "kind": "ManagedCertificate",
                    "metadata": {"name": "web", "namespace": "shop"},
                    "spec": {"domains": ["a.example"]}
                }),
                notes: Vec::new(),
            });
            let target = Target::new(client(&faults).await, false);
            let keys = Arc::new(RandomKeys(World::real().random));
            let outcomes = apply(vec![step], Arc::default(), keys, target, &mut |_| ()).await;
            let [outcome] = outcomes.as_slice() else { panic!("{outcomes:?}") };
            let version =
                outcome.result.as_ref().ok().and_then(|done| done.resource_version.as_deref());
            assert_eq!(version, made.then_some("9"), "{cut:?} {found:?}");
        }
    }
}

/// What was to be set stands there and what was to go is gone: then it was done.
#[tokio::test]
async fn a_change_whose_answer_was_cut_is_looked_at_again() {
    const CHANGED: &str = r#"{"kind":"Service","apiVersion":"v1","metadata":{"name":"web","namespace":"shop","resourceVersion":"9","annotations":{"new":"1","mine":"x"}},"spec":{"type":"NodePort","ports":[{"port":443}]}}"#;
    const BARE: &str = r#"{"kind":"Service","apiVersion":"v1","metadata":{"name":"web","namespace":"shop","resourceVersion":"9"},"spec":{"type":"NodePort"}}"#;
    const NOT: &str = r#"{"kind":"Service","apiVersion":"v1","metadata":{"name":"web","namespace":"shop","resourceVersion":"7","annotations":{"old":"0","mine":"x"}},"spec":{"type":"NodePort"}}"#;
    let set = json!({"metadata": {"annotations": {"new": "1", "old": null}}});
    let removed = json!({"metadata": {"annotations": {"old": null}}});
    let other = json!({"metadata": {"annotations": {"new": "2"}}});
    for cut in [Answer::HangUp, Answer::Reset, Answer::Cut, UNAVAILABLE] {
        for (patch, found, version) in [
            (&set, CHANGED, Some("9")),
            (&set, BARE, None),
            (&set, NOT, None),
            (&removed, CHANGED, Some("9")),
            (&removed, BARE, Some("9")),
            (&removed, NOT, None),
            (&other, CHANGED, None),
        ] {
            let faults = Faults::new(&[cut.clone(), Answer::Say(200, "", found)]);
            let step = Step::PatchObject(PatchObject {
                strategic: false,
                object: ObjectRef::namespaced(Kind::Service, "shop", "web"),
                resource_version: Some("7".to_owned()),
                patch: patch.clone(),
                changes: Vec::new(),
                notes: Vec::new(),
            });
            let target = Target::new(client(&faults).await, false);
            let keys = Arc::new(RandomKeys(World::real().random));
            let outcomes = apply(vec![step], Arc::default(), keys, target, &mut |_| ()).await;
            let [outcome] = outcomes.as_slice() else { panic!("{outcomes:?}") };
            let told =
                outcome.result.as_ref().ok().and_then(|done| done.resource_version.as_deref());
            assert_eq!(told, version, "{cut:?} {patch} {found}");
            // Of a connection that is closed at once, nothing need have been read.
            let all = faults.heads();
            let reads = all.iter().filter(|head| head.starts_with("GET ")).count();
            assert_eq!((all.len(), reads), (2, 1), "it is sent once and looked at once: {all:?}");
        }
    }
}

#[tokio::test]
async fn a_write_that_may_have_taken_effect_is_never_repeated() {
    for trouble in [
        UNAVAILABLE,
        Answer::Say(500, "", ""),
        Answer::Say(504, "", ""),
        Answer::HangUp,
        Answer::Reset,
        Answer::Cut,
    ] {
        let (written, requests) = write(std::slice::from_ref(&trouble)).await;
        written.expect_err("it is told");
        assert_eq!(requests, 1, "{trouble:?}");
    }
}

#[tokio::test]
async fn the_server_says_when_to_come_back_in_its_header_or_in_its_status() {
    const STATUS: &str = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"busy","reason":"TooManyRequests","details":{"retryAfterSeconds":1},"code":429}"#;
    for answer in [
        Answer::Say(429, "Retry-After: 1\r\n", ""),
        Answer::Say(429, "", STATUS),
        Answer::Say(
            429,
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:38 GMT\r\n",
            "",
        ),
    ] {
        let begun = Instant::now();
        let (written, requests) = write(std::slice::from_ref(&answer)).await;
        written.expect("the second try is taken");
        assert_eq!(requests, 2);
        assert!(begun.elapsed() >= Duration::from_secs(1), "{answer:?}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn nobody_waits_for_longer_than_the_limit_of_a_request() {
    let far = Answer::Say(429, "Retry-After: 100000\r\n", "");
    let begun = Instant::now();
    let (written, requests) = write(&vec![far; 9]).await;
    let error = written.expect_err("it is busy still");
    assert_eq!((error.failure, requests), (Failure::Busy, 2), "{error}");
    assert!(begun.elapsed() < LIMIT * 3, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_name_that_would_ask_for_something_else_is_not_asked_for() {
    let faults = Faults::new(&[]);
    let client = client(&faults).await;
    for name in ["real#x", "x?dryRun=All", "a/b", "..", "a%2Fb", "a b"] {
        let error = client.get::<Secret>(&ObjectRef::secret("shop", name)).await.expect_err(name);
        assert_eq!(error.failure, Failure::NotFound, "{error}");
        let error = client.get::<Secret>(&ObjectRef::secret(name, "web")).await.expect_err(name);
        assert!(error.message.contains(&format!("{name:?}")), "{error}");
        let patch = json!({});
        client
            .patch_secret(&ObjectRef::secret("shop", name), &patch, "test", false)
            .await
            .expect_err(name);
        // What cannot be there is gone as wished.
        client.delete_object(&ObjectRef::secret("shop", name), None, false).await.expect("gone");
        assert!(!client.has_namespace(name).await.expect("none can be there"), "{name}");
    }
    client
        .each::<Secret>(Kind::Secret, Some(""), Which::ALL, &mut drop)
        .await
        .expect_err("not all of them");
    client.each_object(Kind::Ingress, Some(""), &mut drop).await.expect_err("not all of them");
    assert_eq!(faults.heads(), Vec::<String>::new());
}

#[tokio::test]
async fn a_server_that_sends_a_page_as_long_as_a_url_does_not_end_the_program() {
    let page = format!(
        r#"{{"kind":"SecretList","apiVersion":"v1","metadata":{{"continue":"{}"}},"items":[]}}"#,
        "x".repeat(70_000)
    );
    let faults = Faults::new(&[Answer::Say(200, "", page.leak())]);
    let listed = client(&faults)
        .await
        .each::<Secret>(Kind::Secret, Some("shop"), Which::ALL, &mut drop)
        .await;
    assert_eq!(listed.expect_err("it points nowhere").failure, Failure::Refused);
}

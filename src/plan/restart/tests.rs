//! Who is restarted, who is left, and what is said of each.

use super::*;

fn seen() -> RolloutSeen {
    RolloutSeen {
        resource_version: Some("7".to_owned()),
        wanted: 3,
        selector: Some("app=web".to_owned()),
        ..RolloutSeen::default()
    }
}

/// What is said of a workload of this kind: the reason, the message and what to do, or the step.
fn told(kind: Kind, rollout: Option<&RolloutSeen>) -> (String, String) {
    let workload = ObjectRef::namespaced(kind, "shop", "web");
    let now = time::macros::datetime!(2026-11-21 12:00 UTC);
    match verdict(&workload, rollout, &["it keeps secret/tls as it was".to_owned()], now) {
        Verdict::Restart(step) => {
            assert_eq!(step.resource_version.as_deref(), Some("7"));
            let patch = r#"{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"2026-11-21T12:00:00Z"}}}}}"#;
            assert_eq!(step.patch.to_string(), patch);
            ("restart".to_owned(), step.notes.join("; "))
        }
        Verdict::Leave(left) => {
            let told = format!("{} → {}", left.message, left.remedy);
            assert_eq!(left.remedy, by_hand(&workload, rollout), "the same everywhere");
            (left.reason.code().to_owned(), told)
        }
    }
}

#[test]
fn whose_pods_are_replaced_by_an_annotation_is_restarted_and_nobody_else() {
    use Kind::{DaemonSet, Deployment, Job, Pod, ReplicaSet, StatefulSet};
    let keeps = "it keeps secret/tls as it was";
    let on_delete = RolloutSeen { on_delete: true, ..seen() };
    for (kind, rollout, reason, said) in [
        (Deployment, Some(seen()), "restart", keeps),
        (StatefulSet, Some(seen()), "restart", keeps),
        (DaemonSet, Some(seen()), "restart", keeps),
        (
            StatefulSet,
            Some(RolloutSeen { partition: 2, ..seen() }),
            "restart",
            "it keeps secret/tls as it was; its updateStrategy has partition 2: web-0 to web-1 are not restarted, and keep the old certificate",
        ),
        (
            StatefulSet,
            Some(RolloutSeen { partition: 1, ..seen() }),
            "restart",
            "it keeps secret/tls as it was; its updateStrategy has partition 1: web-0 is not restarted, and keeps the old certificate",
        ),
        (
            StatefulSet,
            Some(RolloutSeen { partition: 9, first_ordinal: 5, ..seen() }),
            "restart",
            "it keeps secret/tls as it was; its updateStrategy has partition 9: web-5 to web-7 are not restarted, and keep the old certificate",
        ),
        (
            Deployment,
            Some(RolloutSeen { paused: true, ..seen() }),
            "paused",
            "it keeps the old certificate: its rollouts are paused, and whoever paused them wants no new Pods → kubectl rollout resume deployment/web -n shop && kubectl rollout restart deployment/web -n shop",
        ),
        (
            Deployment,
            Some(RolloutSeen { controller: Some("Milvus my".to_owned()), paused: true, ..seen() }),
            "owned",
            "it keeps the old certificate: Milvus my controls it, and would take a restart back → restart deployment/web by way of Milvus my, as whoever runs that says",
        ),
        (
            Deployment,
            Some(RolloutSeen { terminating: true, ..seen() }),
            "being-deleted",
            "it is being deleted → nothing is left to do: its Pods end with it",
        ),
        (
            StatefulSet,
            Some(on_delete.clone()),
            "by-hand",
            "it keeps the old certificate: by its updateStrategy OnDelete, Pods are replaced once they are deleted → delete web-0 to web-2 one after the other",
        ),
        (
            DaemonSet,
            Some(on_delete.clone()),
            "by-hand",
            "it keeps the old certificate: by its updateStrategy OnDelete, Pods are replaced once they are deleted → delete the Pods of daemonset/web (kubectl get pods -l app=web -n shop) one after the other",
        ),
        (
            DaemonSet,
            Some(RolloutSeen { selector: None, ..on_delete }),
            "by-hand",
            "it keeps the old certificate: by its updateStrategy OnDelete, Pods are replaced once they are deleted → delete the Pods of daemonset/web one after the other",
        ),
        (
            ReplicaSet,
            None,
            "by-hand",
            "it keeps the old certificate: a ReplicaSet does not replace its Pods → delete the Pods of replicaset/web one by one: it makes new ones",
        ),
        (
            Pod,
            None,
            "by-hand",
            "it keeps the old certificate: a Pod runs as it was started → delete pod/web and create it again, for nothing restarts it",
        ),
        (
            Job,
            None,
            "by-hand",
            "it keeps the old certificate: a Job runs as it was started → delete job/web and create it again, for nothing restarts it",
        ),
    ] {
        assert_eq!(told(kind, rollout.as_ref()), (reason.to_owned(), said.to_owned()), "{kind}");
    }
}

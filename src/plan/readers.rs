//! Who reads a Secret whose certificate and key are replaced, and when each sees the new ones: a volume
//! follows by itself, an environment variable and a file mounted by `subPath` never do.
//!
//! Knows how kubelet and API server hand a Secret on. Refuses to know whether a program loads anew what it
//! has read.
//! Source: kubernetes.io/docs/concepts/configuration/secret, "Using Secrets as files from a Pod" and "as
//! environment variables".

use crate::audit::remedy::{in_namespace, word};
use crate::inventory::Inventory;
use crate::inventory::uses::Use;
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::workload::How;
use crate::remedy::{CommandLine, Remedy};
use std::collections::BTreeSet;

/// One workload that reads a Secret, and what makes it see another certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The workload.
    pub workload: ObjectRef,
    /// Every way in which it reads it.
    pub how: BTreeSet<How>,
    /// When it sees the new certificate.
    pub sees: Sees,
    /// What to do, where it does not by itself.
    pub remedy: Option<Remedy>,
}

/// When a workload sees what was written to a Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    /// Not before it is started again.
    AfterRestart,
    /// Its next run has it.
    NextRun,
    /// Its files change within about a minute; its program has to load them anew.
    Files,
    /// When its program asks the API server again.
    WhenItAsks,
}

impl Sees {
    /// As JSON has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AfterRestart => "after-restart",
            Self::NextRun => "next-run",
            Self::Files => "files-change",
            Self::WhenItAsks => "when-it-asks",
        }
    }
}

/// The workloads that read this Secret, as far as they were seen.
pub(super) fn readers(inventory: &Inventory, secret: &ObjectRef) -> Vec<Reader> {
    inventory.uses(secret).into_iter().map(|one| reader(inventory, one)).collect()
}

fn reader(inventory: &Inventory, one: &Use) -> Reader {
    let frozen = one.how.iter().any(|how| how.is_frozen());
    let sees = match one.workload.kind {
        Kind::CronJob => Sees::NextRun,
        _ if frozen => Sees::AfterRestart,
        _ if one.how.contains(&How::Argument) => Sees::WhenItAsks,
        _ => Sees::Files,
    };
    let remedy = (sees == Sees::AfterRestart).then(|| restart(&one.workload));
    Reader {
        workload: one.workload.clone(),
        how: one.how.clone(),
        sees,
        remedy: remedy.map(|remedy| remedy.aimed(inventory.target())),
    }
}

/// How a workload is started again. `kubectl rollout restart` knows three kinds.
fn restart(workload: &ObjectRef) -> Remedy {
    match workload.kind {
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => CommandLine::on_cluster(format!(
            "kubectl rollout restart {}{}",
            word(&workload.short()),
            in_namespace(workload)
        ))
        .into(),
        Kind::ReplicaSet => "delete its Pods one by one: it makes new ones".into(),
        _ => "delete it and create it again, for nothing restarts it".into(),
    }
}

/// What people are told of them: a line for each that has to be started again, and one for the rest of a
/// kind.
pub(super) fn told(readers: &[Reader]) -> Vec<String> {
    let mut notes: Vec<String> = readers.iter().filter_map(frozen).collect();
    for (sees, told) in [
        (
            Sees::Files,
            "its files change within about a minute, and the program must load them again",
        ),
        (Sees::NextRun, "the next run has the new certificate"),
        (Sees::WhenItAsks, "the program reads it through the API server, and must ask again"),
    ] {
        let those = readers.iter().filter(|reader| reader.sees == sees);
        let names: Vec<String> = those.map(|reader| reader.workload.short()).collect();
        if !names.is_empty() {
            notes.push(format!("read by {}: {told}", shown(&names)));
        }
    }
    notes
}

/// What is said of one that keeps the old certificate.
fn frozen(reader: &Reader) -> Option<String> {
    if reader.sees != Sees::AfterRestart {
        return None;
    }
    let how = if reader.how.contains(&How::Env) { "in its environment" } else { "by subPath" };
    Some(format!(
        "{} has it {how}, and keeps the old certificate until it is restarted",
        reader.workload.short()
    ))
}

/// The first few of them.
fn shown(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let more = names.len().saturating_sub(SHOWN);
    let first = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{first} and {more} more") } else { first }
}

/// That nobody can tell which workloads read these Secrets, and what could not be listed; none where all
/// was.
pub(super) fn unseen(inventory: &Inventory, secrets: &[&ObjectRef]) -> Option<String> {
    let namespaces: BTreeSet<&str> = secrets.iter().map(|object| object.namespace()).collect();
    let unseen: BTreeSet<Kind> = namespaces
        .into_iter()
        .flat_map(|namespace| inventory.unseen_workload_kinds(namespace))
        .collect();
    let kinds: Vec<&str> = unseen.into_iter().map(Kind::plural).collect();
    (!kinds.is_empty()).then(|| {
        format!(
            "could not list {}: which of them keep the old certificate until they are restarted is not known",
            kinds.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reader_is_told_when_it_sees_the_new_certificate_and_what_to_do() {
        use How::{Argument, Env, Projected, SubPath, Volume};
        for (kind, how, sees, told) in [
            (
                Kind::Deployment,
                &[Env, Volume][..],
                Sees::AfterRestart,
                "deployment/web has it in its environment, and keeps the old certificate until it is restarted",
            ),
            (
                Kind::StatefulSet,
                &[SubPath],
                Sees::AfterRestart,
                "statefulset/web has it by subPath, and keeps the old certificate until it is restarted",
            ),
            (
                Kind::Pod,
                &[Env],
                Sees::AfterRestart,
                "pod/web has it in its environment, and keeps the old certificate until it is restarted",
            ),
            (
                Kind::DaemonSet,
                &[Projected],
                Sees::Files,
                "read by daemonset/web: its files change within about a minute, and the program must load them again",
            ),
            (
                Kind::CronJob,
                &[Env],
                Sees::NextRun,
                "read by cronjob/web: the next run has the new certificate",
            ),
            (
                Kind::Deployment,
                &[Argument],
                Sees::WhenItAsks,
                "read by deployment/web: the program reads it through the API server, and must ask again",
            ),
        ] {
            let workload = ObjectRef::namespaced(kind, "shop", "web");
            let one = Use { workload, how: how.iter().copied().collect() };
            let inventory = crate::inventory::testing::of_objects(Vec::new());
            let reader = reader(&inventory, &one);
            assert_eq!(reader.sees, sees, "{kind} {how:?}");
            assert_eq!(super::told(&[reader]), [told], "{kind} {how:?}");
        }
    }
}

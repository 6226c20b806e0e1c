//! Who reads a Secret whose certificate and key are replaced, and when each sees the new ones: a volume
//! follows by itself, an environment variable and a file mounted by `subPath` never do.
//!
//! Knows how kubelet and API server hand a Secret on, and of few programs that they read it once. Refuses to
//! know of any other program whether it loads anew what it has read.
//! Source: kubernetes.io/docs/concepts/configuration/secret, "Using Secrets as files from a Pod" and "as
//! environment variables".

use super::restart;
use crate::inventory::Inventory;
use crate::inventory::uses::Use;
use crate::object_ref::{Kind, ObjectRef};
use crate::observation::workload::How;
use crate::remedy::Remedy;
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
    /// Not before this program, which reads its files once, is started again.
    LoadsOnce(&'static str),
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
            Self::LoadsOnce(_) => "loads-once",
            Self::NextRun => "next-run",
            Self::Files => "files-change",
            Self::WhenItAsks => "when-it-asks",
        }
    }

    /// Whether what runs keeps the old certificate until it is started again.
    #[must_use]
    pub const fn needs_restart(self) -> bool {
        matches!(self, Self::AfterRestart | Self::LoadsOnce(_))
    }
}

/// The workloads that read this Secret, as far as they were seen.
pub(super) fn readers(inventory: &Inventory, secret: &ObjectRef) -> Vec<Reader> {
    inventory.uses(secret).into_iter().map(|one| reader(inventory, one)).collect()
}

fn reader(inventory: &Inventory, one: &Use) -> Reader {
    let sees = sees(one);
    let by_hand = || restart::by_hand(&one.workload, inventory.rollout(&one.workload));
    let remedy = sees.needs_restart().then(by_hand);
    Reader {
        workload: one.workload.clone(),
        how: one.how.clone(),
        sees,
        remedy: remedy.map(|remedy| remedy.aimed(inventory.target())),
    }
}

/// When it sees another certificate.
pub(super) fn sees(one: &Use) -> Sees {
    let frozen = one.how.iter().any(|how| how.is_frozen());
    match (one.workload.kind, one.once) {
        (Kind::CronJob, _) => Sees::NextRun,
        _ if frozen => Sees::AfterRestart,
        (_, Some(program)) => Sees::LoadsOnce(program),
        _ if one.how.contains(&How::Argument) => Sees::WhenItAsks,
        _ => Sees::Files,
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
    let why = match reader.sees {
        Sees::LoadsOnce(program) => {
            format!("runs {program}, which loads its certificate once, when it starts")
        }
        Sees::AfterRestart if reader.how.contains(&How::Env) => "has it in its environment".into(),
        Sees::AfterRestart => "has it by subPath".into(),
        Sees::NextRun | Sees::Files | Sees::WhenItAsks => return None,
    };
    let workload = reader.workload.short();
    Some(format!("{workload} {why}, and keeps the old certificate until it is restarted"))
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
        let milvus = Some("milvus");
        for (kind, how, once, sees, told) in [
            (
                Kind::Deployment,
                &[Env, Volume][..],
                milvus,
                Sees::AfterRestart,
                "deployment/web has it in its environment, and keeps the old certificate until it is restarted",
            ),
            (
                Kind::StatefulSet,
                &[SubPath],
                None,
                Sees::AfterRestart,
                "statefulset/web has it by subPath, and keeps the old certificate until it is restarted",
            ),
            (
                Kind::Pod,
                &[Env],
                None,
                Sees::AfterRestart,
                "pod/web has it in its environment, and keeps the old certificate until it is restarted",
            ),
            (
                Kind::StatefulSet,
                &[Volume],
                milvus,
                Sees::LoadsOnce("milvus"),
                "statefulset/web runs milvus, which loads its certificate once, when it starts, and keeps the old certificate until it is restarted",
            ),
            (
                Kind::DaemonSet,
                &[Projected],
                None,
                Sees::Files,
                "read by daemonset/web: its files change within about a minute, and the program must load them again",
            ),
            (
                Kind::CronJob,
                &[Env],
                milvus,
                Sees::NextRun,
                "read by cronjob/web: the next run has the new certificate",
            ),
            (
                Kind::Deployment,
                &[Argument],
                None,
                Sees::WhenItAsks,
                "read by deployment/web: the program reads it through the API server, and must ask again",
            ),
        ] {
            let workload = ObjectRef::namespaced(kind, "shop", "web");
            let one = Use { workload, how: how.iter().copied().collect(), once };
            let inventory = crate::inventory::testing::of_objects(Vec::new());
            let reader = reader(&inventory, &one);
            assert_eq!(reader.sees, sees, "{kind} {how:?}");
            assert_eq!(super::told(&[reader]), [told], "{kind} {how:?}");
        }
    }
}

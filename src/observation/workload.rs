//! What a workload reads of Secrets: which, and how.
//!
//! Knows the ways in which a Pod's template can name a Secret. Refuses to know what is in one.

use super::rollout::RolloutSeen;
use crate::object_ref::ObjectRef;

/// A Pod, or what makes Pods, that names Secrets or could.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadSeen {
    /// The workload.
    pub object: ObjectRef,
    /// Each Secret that its template names, and how; each pair once.
    pub reads: Vec<(ObjectRef, How)>,
    /// The Secrets that a program of it mounts and reads once, when it starts; each with the program.
    pub once: Vec<(ObjectRef, &'static str)>,
    /// How its Pods are replaced, where it is of a kind that replaces them.
    pub rollout: Option<Box<RolloutSeen>>,
}

/// How a workload reads a Secret, which decides when it sees another certificate in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// A volume (`secret`): the kubelet writes its files anew, within about a minute.
    Volume,
    /// One of several sources of a volume (`projected`); the same.
    Projected,
    /// A file mounted by `subPath`: it stays as it was when the container started.
    /// Source: kubernetes.io/docs/concepts/storage/volumes, "Using subPath": such a mount receives no updates.
    SubPath,
    /// An environment variable (`env`, `envFrom`): it stays as it was when the container started.
    Env,
    /// A word of its command line that names it: the program asks the API server for it.
    Argument,
}

impl How {
    /// As JSON has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Volume => "volume",
            Self::Projected => "projected",
            Self::SubPath => "subPath",
            Self::Env => "env",
            Self::Argument => "argument",
        }
    }

    /// Whether what runs keeps the old value until it is started again.
    #[must_use]
    pub const fn is_frozen(self) -> bool {
        matches!(self, Self::SubPath | Self::Env)
    }
}

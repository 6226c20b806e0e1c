//! How far a workload has replaced its Pods by those of its template, and what is in the way of that.
//!
//! Knows the numbers that the controllers of Deployments, StatefulSets and DaemonSets write into `status`, and
//! what of `spec` decides who replaces the Pods. Refuses to know what is waited for.

/// Where `kubectl rollout restart` writes the time of the restart: an annotation of the Pods' template.
pub const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// One Deployment, StatefulSet or DaemonSet.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each stands in a field of its own of the object"
)]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolloutSeen {
    /// `metadata.resourceVersion`.
    pub resource_version: Option<String>,
    /// Whether it is being deleted.
    pub terminating: bool,
    /// The object that controls it, as people say it (`Milvus my-release`): whoever made it out of that one
    /// writes it again.
    pub controller: Option<String>,
    /// `spec.paused` of a Deployment.
    pub paused: bool,
    /// Whether Pods are replaced only once somebody deletes them (`updateStrategy.type: OnDelete`).
    pub on_delete: bool,
    /// `updateStrategy.rollingUpdate.partition` of a StatefulSet: Pods below it are left as they are.
    pub partition: i64,
    /// The ordinal of the first Pod of a StatefulSet.
    pub first_ordinal: i64,
    /// The labels by which its Pods are found, as `kubectl -l` takes them; none where that takes more than
    /// labels.
    pub selector: Option<String>,
    /// When it was restarted last, as [`RESTARTED_AT`] of its template says.
    pub restarted_at: Option<String>,
    /// `metadata.generation`.
    pub generation: i64,
    /// `status.observedGeneration`: what the numbers below are about.
    pub observed_generation: i64,
    /// How many Pods there are to be.
    pub wanted: i64,
    /// How many there are, the old ones among them.
    pub pods: i64,
    /// How many are made of the template as it is now.
    pub updated: i64,
    /// How many are ready; of a StatefulSet.
    pub ready: i64,
    /// How many are available.
    pub available: i64,
    /// Whether a Deployment has given up: its condition `Progressing` says `ProgressDeadlineExceeded`.
    pub gave_up: bool,
}

//! Plans and their outcomes, a format a file. A plan that is only shown and one that was carried out are
//! the same document.

pub(super) mod json;
mod text;

pub use text::{write as write_text, write_failures};

use crate::audit::Source;
use crate::inventory::Problem;
use crate::plan::outcome::Outcome;
use crate::plan::step::Plan;

/// A plan, what became of it, and how it is shown.
#[derive(Clone, Copy, Debug)]
pub struct PlanReport<'a> {
    /// The command's name.
    pub command: &'a str,
    /// The plan.
    pub plan: &'a Plan,
    /// What became of its steps; none when it was only shown.
    pub outcomes: Option<&'a [Outcome]>,
    /// Where the facts are from.
    pub source: Source,
    /// What could not be read.
    pub problems: &'a [Problem],
    /// Whether several namespaces are shown.
    pub namespaces: bool,
    /// Whether manifests were only printed: then nothing was replaced anywhere.
    pub printed: bool,
}

impl<'a> PlanReport<'a> {
    /// A plan of `command` for a cluster that is only shown.
    #[must_use]
    pub const fn of(command: &'a str, plan: &'a Plan) -> Self {
        Self {
            command,
            plan,
            outcomes: None,
            source: Source::Cluster,
            problems: &[],
            namespaces: false,
            printed: false,
        }
    }

    fn results(&self) -> &'a [Outcome] {
        self.outcomes.unwrap_or_default()
    }

    /// How many steps could not be carried out.
    fn failed(&self) -> usize {
        self.results().iter().filter(|outcome| outcome.result.is_err()).count()
    }

    /// Whether the server only tried them.
    fn tried_only(&self) -> bool {
        self.results()
            .iter()
            .any(|outcome| outcome.result.as_ref().is_ok_and(|done| done.tried_only))
    }
}

//! The report of `verify`, a format a file: what every host is answered at every address, what is to be
//! said of it, and the settings that work.

pub(super) mod json;
pub(super) mod table;

use super::model::{FindingRow, Look, ProblemRow};
use crate::audit::Report;
use crate::audit::served::{Answer, Serves, answers, without_address};
use crate::inventory::Inventory;
use crate::inventory::demand::{Demand, IngressFacts};
use crate::plan::clients::Connection;

/// What was verified.
#[derive(Debug)]
pub struct Verified<'i> {
    /// What is to be said of it.
    pub report: &'i Report,
    /// What every host is answered at every address.
    pub answers: Vec<Answer<'i>>,
    /// Hosts whose Ingress has no address to ask at.
    pub without_address: Vec<(&'i IngressFacts, &'i Demand)>,
    /// The settings to show.
    pub connections: Vec<Connection<'i>>,
    /// Where the certificates to pin were written.
    pub trust_file: Option<&'i str>,
    /// How a table is wanted.
    pub look: Look,
}

impl<'i> Verified<'i> {
    /// What the inventory shows, without settings.
    #[must_use]
    pub fn of(inventory: &'i Inventory, report: &'i Report, look: Look) -> Self {
        Self {
            report,
            answers: answers(inventory),
            without_address: without_address(inventory),
            connections: Vec::new(),
            trust_file: None,
            look,
        }
    }

    fn findings(&self) -> impl Iterator<Item = FindingRow<'i>> {
        self.report.findings.iter().map(FindingRow::from)
    }

    fn problems(&self) -> impl Iterator<Item = ProblemRow<'i>> {
        self.report.problems.iter().map(ProblemRow::from)
    }

    /// How many answers are the stored certificate.
    fn as_stored(&self) -> usize {
        let stored = |answer: &&Answer<'_>| matches!(answer.serves, Serves::Stored(_));
        self.answers.iter().filter(stored).count()
    }
}

//! The report of `verify`, a format a file: what every host is answered at every address, what is to be
//! said of it, and the settings that work.

pub(super) mod json;
pub mod pinned;
pub(super) mod table;

use super::model::Model;
use crate::audit::connections::{Connection, Shown};
use crate::audit::served::{Answer, Serves, answers, without_address};
use crate::inventory::frontend::{Demand, Frontend};
use std::net::SocketAddr;

/// What was verified.
#[derive(Debug)]
pub struct Verified<'i> {
    /// What was seen, what is to be said of it, where was looked, and how a table is wanted.
    pub model: Model<'i>,
    /// What every host is answered at every address; those first that do not get what is stored.
    pub answers: Vec<Answer<'i>>,
    /// Hosts whose frontend has no address to ask at.
    pub without_address: Vec<(&'i Frontend, &'i Demand)>,
    /// The hosts whose settings are shown.
    pub connections: Vec<Connection<'i>>,
    /// Of which clients.
    pub shown: Shown,
    /// Where the certificates to pin were written.
    pub trust_file: Option<&'i str>,
    /// The one address that was connected to in place of the Ingresses' own.
    pub address: Option<SocketAddr>,
}

impl<'i> Verified<'i> {
    /// What the inventory shows, without settings.
    #[must_use]
    pub fn of(model: Model<'i>) -> Self {
        let mut answers = answers(model.inventory);
        answers.sort_by_key(Answer::is_settled);
        Self {
            model,
            answers,
            without_address: without_address(model.inventory),
            connections: Vec::new(),
            shown: Shown::default(),
            trust_file: None,
            address: None,
        }
    }

    /// How many answers are the stored certificate.
    fn as_stored(&self) -> usize {
        let stored = |answer: &&Answer<'_>| matches!(answer.serves, Serves::Stored(_));
        self.answers.iter().filter(stored).count()
    }
}

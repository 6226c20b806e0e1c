//! Problems: one thing about a certificate, who refuses it for that, and who else tells of it.
//!
//! Knows which rules say the same, so that it is said once. Refuses to know what is wrong.

use super::{Client, Verdict};

/// One reason for which clients refuse a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Who refuses.
    pub who: Vec<Client>,
    /// Why, as the end of "they refuse it:". May hold names from outside.
    pub why: String,
    /// Codes of the rules that say it better where they find it.
    pub told_by: &'static [&'static str],
    /// Whether Go's `tls.X509KeyPair` refuses certificate and key for it: controllers that load
    /// certificates by it (ingress-nginx, Traefik, Kong…) then serve their default certificate to
    /// everybody.
    pub go_cannot_load: bool,
}

impl Problem {
    /// Names the rules that say it better.
    pub(super) fn told_by(&mut self, rules: &'static [&'static str]) -> &mut Self {
        self.told_by = rules;
        self
    }

    /// Notes that Go does not even load it.
    pub(super) fn not_loaded_by_go(&mut self, so: bool) -> &mut Self {
        self.go_cannot_load = so;
        self
    }
}

/// What was found, in the order in which it is told.
#[derive(Debug, Default)]
pub(super) struct Problems(pub(super) Vec<Problem>);

impl Problems {
    /// Takes a problem, of which more may be said.
    pub(super) fn add(&mut self, who: &[Client], why: impl Into<String>) -> &mut Problem {
        let place = self.0.len();
        let (who, why) = (who.to_vec(), why.into());
        self.0.push(Problem { who, why, told_by: &[], go_cannot_load: false });
        &mut self.0[place]
    }

    /// What one client makes of all that was found.
    pub(super) fn of(&self, client: Client) -> Verdict {
        let own = self.0.iter().filter(|problem| problem.who.contains(&client));
        Verdict { client, reasons: own.map(|problem| problem.why.clone()).collect() }
    }
}

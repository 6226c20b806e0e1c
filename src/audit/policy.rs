//! Policy: what users set about judgements, and its defaults.
//!
//! Knows renewal windows, severities and waivers, for which objects each is, and which of several says
//! wins. Refuses to read files: a policy file comes in as text ([`read()`]).

mod read;
mod selector;
mod tree;
mod waiver;

use super::finding::{Finding, Severity};
use crate::duration::{self, RenewalWindow};
use crate::inventory::selection::LabelSelector;
use crate::inventory::{Inventory, SecretFacts};
use crate::object_ref::ObjectRef;
use crate::x509::cert::Certificate;
pub use read::{Flaw, Flaws, KEYS, SELECTOR_KEYS, read};
use selector::{Selector, Subject};
use time::Duration;
pub(super) use waiver::settle;
pub use waiver::{Waived, Waiver};

/// What users may set. By default nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// `--renew-before`; none: as the policy file says, else a third of the lifetime, at most 30 days.
    pub renew_before: Option<RenewalWindow>,
    /// The policy file, as messages name it; none where there is none.
    pub file: Option<String>,
    /// Whether the annotations `certwright.dev/renew-before` and `certwright.dev/ignore` count for nothing.
    /// `certwright.dev/rotate: "false"` always counts.
    pub ignore_annotations: bool,
    /// Renewal windows, the first that fits counts.
    pub(super) windows: Vec<Window>,
    /// Severities, the first that fits counts.
    pub(super) severities: Vec<Rated>,
    /// Findings that are accepted for a while.
    pub(super) waivers: Vec<Waiver>,
    /// `roots`: a file of CAs, or `system`; see `--roots`.
    pub roots: Option<String>,
    /// The label selectors of all these; whoever gathers has the inventory say which objects they fit.
    pub labels: Vec<LabelSelector>,
}

/// A renewal window of some certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    window: RenewalWindow,
    of: Selector,
}

/// A severity of some findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rated {
    rules: Vec<&'static str>,
    severity: Rating,
    of: Selector,
}

/// What a policy says of how severe findings are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rating {
    /// They are not reported.
    Off,
    /// This.
    As(Severity),
}

impl Policy {
    /// That of the flags alone.
    #[must_use]
    pub fn of_flags(renew_before: Option<RenewalWindow>) -> Self {
        Self { renew_before, ..Self::default() }
    }

    /// The renewal window for a certificate: what its Secret asks for by annotation, else what
    /// `--renew-before` says, else the policy file, else the default. `object` is where it stands.
    #[must_use]
    pub fn window(
        &self,
        inventory: &Inventory,
        (certificate, object): (&Certificate, &ObjectRef),
        secret: Option<&SecretFacts>,
    ) -> Duration {
        let of = (certificate.lifetime(), Some(&*certificate.issuer));
        self.window_of(inventory, of, object, secret)
    }

    /// The same for what is to live for so long from the instant it is made, by this issuer where one is
    /// known.
    #[must_use]
    pub fn window_of(
        &self,
        inventory: &Inventory,
        (lifetime, issuer): (Duration, Option<&str>),
        object: &ObjectRef,
        secret: Option<&SecretFacts>,
    ) -> Duration {
        let annotated = || secret?.rare.annotation_policy.renew_before;
        let asked = (!self.ignore_annotations).then(annotated).flatten().or(self.renew_before);
        let by_file = || {
            let subject = Subject { inventory, object, secret, issuer };
            self.windows.iter().find(|one| one.of.fits(&subject)).map(|one| one.window)
        };
        let window = asked.or_else(by_file);
        window.map_or_else(|| duration::default_window(lifetime), |window| window.of(lifetime))
    }

    /// The severity of a finding by the policy file; none where nothing is said of it.
    pub(super) fn severity(&self, inventory: &Inventory, finding: &Finding) -> Option<Rating> {
        let mut of_rule = self.severities.iter().filter(|one| one.rules.contains(&finding.rule));
        let subject = || Subject::of(inventory, &finding.object);
        let fits = |one: &&Rated| one.of.is_everything() || one.of.fits(&subject());
        of_rule.find(fits).map(|one| one.severity)
    }
}

#[cfg(test)]
mod tests;

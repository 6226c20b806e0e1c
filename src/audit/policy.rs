//! Policy: what users set about judgements, and its defaults.

use crate::duration::{self, RenewalWindow};
use crate::inventory::SecretFacts;
use crate::x509::cert::Certificate;
use time::Duration;

/// What users may set. Defaults are listed in [`Policy::default`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// `--renew-before`; none: a third of the lifetime, at most 30 days.
    pub renew_before: Option<RenewalWindow>,
}

impl Policy {
    /// The renewal window for a certificate: what its Secret asks for, else what the user said,
    /// else the default.
    #[must_use]
    pub fn window(&self, certificate: &Certificate, secret: Option<&SecretFacts>) -> Duration {
        self.window_of(certificate.lifetime(), secret)
    }

    /// The same for a certificate that is to live for `lifetime` from the instant it is made.
    #[must_use]
    pub fn window_of(&self, lifetime: Duration, secret: Option<&SecretFacts>) -> Duration {
        let asked = secret
            .and_then(|secret| secret.rare.annotation_policy.renew_before)
            .or(self.renew_before);
        asked.map_or_else(|| duration::default_window(lifetime), |window| window.of(lifetime))
    }
}

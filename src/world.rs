//! The world as arguments: clock, randomness and environment, all that a test replaces.
//!
//! Knows where the real ones are; nothing else in the library asks for the time or for random
//! bytes by itself.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the one place where the real clock, RNG and environment are taken"
)]

use ring::rand::{SecureRandom, SystemRandom};
use std::path::PathBuf;
use time::OffsetDateTime;

/// What a command needs of the world besides its arguments.
#[derive(Clone, Debug)]
pub struct World {
    /// The instant the command runs at, to the second, in UTC.
    pub now: OffsetDateTime,
    /// `KUBECONFIG`, or the default path under the home folder, as a list of files.
    pub kubeconfig: Vec<PathBuf>,
    /// Whether `KUBECONFIG` was set: then its files were asked for, not guessed.
    pub kubeconfig_was_named: bool,
    /// Whether this runs inside a pod (`KUBERNETES_SERVICE_HOST` is set).
    pub in_cluster: bool,
    /// Where key material gets its randomness from.
    pub random: SystemRandom,
}

impl World {
    /// The real world, read once.
    #[must_use]
    pub fn real() -> Self {
        let named = std::env::var_os("KUBECONFIG").filter(|value| !value.is_empty());
        let kubeconfig = match &named {
            Some(list) => {
                std::env::split_paths(list).filter(|p| !p.as_os_str().is_empty()).collect()
            }
            None => {
                std::env::home_dir().map(|home| home.join(".kube/config")).into_iter().collect()
            }
        };
        Self {
            now: whole_second(OffsetDateTime::now_utc()),
            kubeconfig,
            kubeconfig_was_named: named.is_some(),
            in_cluster: std::env::var_os("KUBERNETES_SERVICE_HOST").is_some(),
            random: SystemRandom::new(),
        }
    }

    /// The source of random bytes, for keys and serial numbers.
    #[must_use]
    pub fn random(&self) -> &dyn SecureRandom {
        &self.random
    }
}

/// The system's words for an error, without its number.
#[must_use]
pub fn words(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_ascii_lowercase()
}

/// Certificates count whole seconds (RFC 5280 §4.1.2.5), and so do we everywhere.
fn whole_second(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(0).unwrap_or(at)
}

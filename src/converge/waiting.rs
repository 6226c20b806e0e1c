//! Waiting: the pauses between looks, and an API server that is away for a while.
//!
//! Every wait polls. None holds a watch that could break, so a connection that is lost, a server
//! that is restarted and a list that has expired (410) all come to the same: that look failed, and
//! the next one begins anew. Knows how long to pause and which failure to bear. Refuses to know
//! what is looked for, and when it is time to give up: that is `--timeout`.
#![expect(clippy::disallowed_methods, reason = "waiting is converging: it sleeps between looks")]

use super::gather::GatherError;
use crate::cluster::error::Failure;
use std::time::Duration;

/// Between looks while waiting: an address takes minutes, and a look is two or three reads.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause between looks: what has come about is seen so late at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// How many refusals in a row are borne: with the pauses between them ten seconds, in
/// which a server that was started on a busy machine has read its roles and kinds.
const MAX_REFUSALS: usize = 5;

/// What becomes of the API server while something is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server<'a> {
    /// It does not answer, or not well: what could not be done. Told once each time.
    Away(&'a str),
    /// It answers again.
    Back,
}

/// Told of the API server going and coming.
pub(super) type Tell<'t> = dyn FnMut(Server<'_>) + Send + 't;

/// One wait: how long the next pause is, and what has been borne.
#[derive(Debug)]
pub(super) struct Waiting {
    patient: bool,
    pause: Duration,
    looked: bool,
    unwritten: bool,
    refusals: usize,
}

impl Waiting {
    /// A wait that has not looked yet. One that is not `patient` tolerates no failure.
    pub(super) fn new(patient: bool) -> Self {
        Self { patient, pause: FIRST_PAUSE, looked: false, unwritten: false, refusals: 0 }
    }

    /// Looks until a look succeeds. A first look that fails is an error, for nobody knows yet
    /// whether there is anything to wait for; a later one is tried again while it may pass.
    ///
    /// # Errors
    /// As `look`, for the first look and for what no later look can mend.
    pub(super) async fn look<T, F>(
        &mut self,
        look: impl Fn() -> F,
        tell: &mut Tell<'_>,
    ) -> Result<T, GatherError>
    where
        F: Future<Output = Result<T, GatherError>>,
    {
        let mut away = false;
        loop {
            match look().await {
                Ok(seen) => {
                    (self.looked, self.refusals) = (true, 0);
                    if away {
                        tell(Server::Back);
                    }
                    return Ok(seen);
                }
                Err(GatherError::Cluster(error)) if self.tolerates(error.failure) => {
                    if !away {
                        tell(Server::Away(&error.message));
                        self.look_soon();
                    }
                    away = true;
                    self.rest().await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The server was away for a write: says so, the first time in a row, and pauses.
    pub(super) async fn not_written(&mut self, message: &str, tell: &mut Tell<'_>) {
        if !self.unwritten {
            tell(Server::Away(message));
            self.look_soon();
        }
        self.unwritten = true;
        self.rest().await;
    }

    /// The server has answered a write, so that more may change soon.
    pub(super) fn written(&mut self) {
        self.unwritten = false;
        self.look_soon();
    }

    /// Something has changed: the next pause is short again.
    pub(super) fn look_soon(&mut self) {
        self.pause = FIRST_PAUSE;
    }

    /// Pauses, longer each time.
    pub(super) async fn rest(&mut self) {
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    /// Whether a look that failed so is tried again.
    fn tolerates(&mut self, failure: Failure) -> bool {
        if !self.patient || !self.looked || failure == Failure::Config {
            return false;
        }
        if failure.may_pass() {
            return true;
        }
        self.refusals += 1;
        self.refusals <= MAX_REFUSALS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of these failures in a row are borne, after a first look that succeeded or not.
    fn borne(mut waiting: Waiting, looked: bool, failures: &[Failure]) -> usize {
        waiting.looked = looked;
        failures.iter().take_while(|failure| waiting.tolerates(**failure)).count()
    }

    #[test]
    fn a_first_look_that_fails_is_an_error_and_a_later_one_is_tried_again_while_it_may_pass() {
        use Failure::{Busy, Config, Expired, Forbidden, NoSuchKind, Timeout, Unreachable};
        let passing = [Unreachable, Timeout, Busy, Expired, Unreachable, Unreachable];
        assert_eq!(borne(Waiting::new(true), false, &passing), 0);
        assert_eq!(borne(Waiting::new(true), true, &passing), passing.len());
        assert_eq!(borne(Waiting::new(false), true, &passing), 0);
        assert_eq!(borne(Waiting::new(true), true, &[Config]), 0);
        // What a server says that has only just been started is believed when it says it again.
        let refusals = [Forbidden, NoSuchKind].repeat(MAX_REFUSALS);
        assert_eq!(borne(Waiting::new(true), true, &refusals), MAX_REFUSALS);
    }
}

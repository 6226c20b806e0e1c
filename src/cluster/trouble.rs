//! What went wrong with a request, as far as trying again is concerned: read from the library's errors.
//!
//! Knows how the library wraps what hyper and the system say. Refuses to know how often anything is
//! tried: that is [`super::retry`]'s.

use super::error::{Misread, causes};
use super::retry::Trouble;
use std::time::Duration;

/// Whether the failure may be tried again, and what its body says of when.
pub(super) fn trouble(error: &kube::Error) -> Option<(Trouble, Option<Duration>)> {
    match error {
        kube::Error::Api(status) => {
            let trouble = match status.code {
                429 => Trouble::TooMany,
                // What the server cannot do at all, it cannot do later either.
                501 | 505 => return None,
                500..=599 => Trouble::Server,
                _ => return None,
            };
            let told = status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
            Some((
                trouble,
                Some(told).filter(|told| *told > 0).map(|told| Duration::from_secs(told.into())),
            ))
        }
        kube::Error::SerdeError(error) if error.is_eof() => Some((Trouble::Broken, None)),
        kube::Error::Service(error) if matches!(error.downcast_ref(), Some(Misread::Broken)) => {
            Some((Trouble::Broken, None))
        }
        other => broke_off(other).then_some((Trouble::Broken, None)),
    }
}

/// Whether there was a connection and it broke. One that was refused, or none in time, stays so.
fn broke_off(error: &kube::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    causes(error).any(|cause| {
        let by_system = cause.downcast_ref::<std::io::Error>().is_some_and(|error| {
            matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
        });
        by_system
            || cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message)
    })
}

//! Reading ahead: files are read and decoded on a thread of their own while what they hold is taken
//! in here.
//!
//! Knows how much may wait between the two. Refuses to know what is read, and by whom it is taken.

use crate::manifest::STACK;
use crate::observation::Observation;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

/// Observations that are handed over at once: one by one, the hand-over costs more than is saved.
const BATCH: usize = 32;

/// Bytes of values that are handed over at once, however few observations hold them.
const BYTES: usize = 256 * 1024;

/// Batches that wait to be taken in. Of what was decoded no more than this is held twice, as bytes
/// and as facts.
const WAITING: usize = 4;

/// What hands on what it reads, and says how that went.
type Read<'r, T> = dyn Fn(&mut dyn FnMut(Observation)) -> T + Sync + 'r;

/// Runs `read` on a thread of its own, and hands `take` what it reads, in the same order, here.
/// Where the system starts no thread, both run here by turns.
pub(super) fn ahead<T: Send>(read: &Read<'_, T>, take: &mut dyn FnMut(Observation)) -> T {
    thread::scope(|scope| {
        let (hand_over, batches) = sync_channel(WAITING);
        let reader = move || {
            let observations = Vec::with_capacity(BATCH);
            let mut batch = Batch { observations, bytes: 0, hand_over: Some(hand_over) };
            let read = read(&mut |seen| batch.push(seen));
            batch.flush();
            read
        };
        let Ok(reader) = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, reader)
        else {
            return read(take);
        };
        batches.into_iter().flatten().for_each(take);
        // A panic there is a panic here.
        reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

struct Batch {
    observations: Vec<Observation>,
    /// What their values hold.
    bytes: usize,
    /// None once nobody takes any more.
    hand_over: Option<SyncSender<Vec<Observation>>>,
}

impl Batch {
    fn push(&mut self, seen: Observation) {
        self.bytes += seen.bytes();
        self.observations.push(seen);
        if self.observations.len() == BATCH || self.bytes >= BYTES {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let full = std::mem::replace(&mut self.observations, Vec::with_capacity(BATCH));
        self.bytes = 0;
        // A panic ended the other side: what is still read is let go.
        self.hand_over.take_if(|hand_over| hand_over.send(full).is_err());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object_ref::ObjectRef;

    fn seen(number: usize) -> Observation {
        Observation::Absent(ObjectRef::secret("web", number.to_string()))
    }

    #[test]
    fn all_that_is_read_is_taken_in_its_order() {
        for count in [0, 1, BATCH, BATCH * WAITING * 3 + 1] {
            let mut taken = Vec::new();
            let read = ahead(
                &|take| {
                    (0..count).for_each(|number| take(seen(number)));
                    count
                },
                &mut |seen| taken.push(format!("{seen:?}")),
            );
            let expected: Vec<_> = (0..count).map(|number| format!("{:?}", seen(number))).collect();
            assert_eq!((read, taken), (count, expected));
        }
    }
}

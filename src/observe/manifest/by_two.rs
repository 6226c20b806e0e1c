//! The documents of a long text, read by two threads.
//!
//! Knows that a document is read by itself, and that what it holds is handed on in the order of the
//! text. Refuses to know how it is read.

use crate::manifest::{Document, STACK};
use crate::observation::Observation;
use std::thread;

/// Documents that are read at once; of a few, a thread costs more than it saves.
const TOGETHER: usize = 128;

/// How one is read, by its number from 0: hands on what it holds, and says how many objects that is.
type ReadOne<'r> = dyn Fn((usize, &Document), &mut dyn FnMut(Observation)) -> usize + Sync + 'r;

/// Reads every document; how many objects there are in all.
pub(super) fn each(
    documents: &[Document],
    one: &ReadOne<'_>,
    take: &mut dyn FnMut(Observation),
) -> usize {
    let mut objects = 0;
    for (number, together) in documents.chunks(TOGETHER).enumerate() {
        let first = number * TOGETHER;
        let numbered = |from: usize, some: &[Document], take: &mut dyn FnMut(Observation)| {
            let all = some.iter().enumerate();
            all.map(|(number, document)| one((from + number, document), take)).sum::<usize>()
        };
        objects += if together.len() == TOGETHER {
            in_halves(first, together, &numbered, take)
        } else {
            numbered(first, together, take)
        };
    }
    objects
}

/// How several are read, the first of which has this number.
type ReadSome<'r> = dyn Fn(usize, &[Document], &mut dyn FnMut(Observation)) -> usize + Sync + 'r;

/// Reads the second half on a thread of its own, and keeps what it holds until the first is handed on.
/// Where the system starts no thread, one follows the other.
fn in_halves(
    from: usize,
    documents: &[Document],
    read: &ReadSome<'_>,
    take: &mut dyn FnMut(Observation),
) -> usize {
    let (first, second) = documents.split_at(documents.len() / 2);
    thread::scope(|scope| {
        let ahead = || {
            let mut kept = Vec::new();
            let objects = read(from + first.len(), second, &mut |seen| kept.push(seen));
            (objects, kept)
        };
        let other = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, ahead);
        let objects = read(from, first, take);
        let Ok(other) = other else { return objects + read(from + first.len(), second, take) };
        // A panic there is a panic here.
        let (more, kept) = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        kept.into_iter().for_each(take);
        objects + more
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::documents;
    use crate::object_ref::ObjectRef;

    #[test]
    fn what_documents_hold_is_handed_on_in_their_order() {
        for count in [0, 1, TOGETHER - 1, TOGETHER, 2 * TOGETHER + 3] {
            let text = "---\na: 1\n".repeat(count);
            let documents = documents(&text);
            assert_eq!(documents.len(), count);
            let one = |(number, _): (usize, &Document), take: &mut dyn FnMut(Observation)| {
                take(Observation::Absent(ObjectRef::secret("web", number.to_string())));
                number
            };
            let mut taken = Vec::new();
            let sum = each(&documents, &one, &mut |seen| {
                if let Observation::Absent(object) = seen {
                    taken.push(object.name);
                }
            });
            assert_eq!(sum, (0..count).sum::<usize>());
            assert_eq!(taken, (0..count).map(|it| it.to_string()).collect::<Vec<_>>());
        }
    }
}

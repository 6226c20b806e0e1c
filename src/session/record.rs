//! The record of what a batch has replaced so far, for when it is cut short.
//!
//! Knows how it is told. Refuses to know why a command ended.

use crate::object_ref::ObjectRef;
use crate::output::Output;
use crate::plan::outcome::Outcome;
use std::sync::{Arc, Mutex, PoisonError};

/// What was replaced so far: written by the command, read by who ends it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// How the command is gone on with, from when it begins to write until it has reported itself.
    again: Option<Again>,
    replaced: Vec<ObjectRef>,
    /// What is left for somebody to do, line by line, where it is cut short now.
    left: Vec<String>,
}

/// What the same command does when it is given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// It goes on with what is still due.
    GoesOn,
    /// It replaces everything it names once more.
    Repeats,
}

/// How many are named.
const NAMED: usize = 20;

impl Record {
    /// From here on something may be written.
    pub(crate) fn begin(&self, again: Again) {
        self.change(|state| state.again = Some(again));
    }

    /// One step is over.
    pub(crate) fn note(&self, outcome: &Outcome) {
        if outcome.result.as_ref().is_ok_and(|done| !done.tried_only) {
            self.change(|state| state.replaced.push(outcome.step.object().clone()));
        }
    }

    /// What is left to do from now on, line by line, where it is cut short; nothing: no line.
    pub(crate) fn leave(&self, lines: Vec<String>) {
        self.change(|state| state.left = lines);
    }

    /// The command has told everything itself.
    pub(crate) fn close(&self) {
        self.change(|state| *state = State::default());
    }

    /// Whether there is anything to tell.
    pub(crate) fn is_open(&self) -> bool {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.again.is_some() || !state.left.is_empty()
    }

    /// Whether anything was replaced that is not told yet.
    pub(crate) fn has_any(&self) -> bool {
        !self.0.lock().unwrap_or_else(PoisonError::into_inner).replaced.is_empty()
    }

    /// Says what was replaced when the command was cut short, and how to go on.
    pub(crate) fn tell(&self, output: &mut Output) {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for line in state.again.iter().flat_map(|again| lines(&state.replaced, *again)) {
            output.say(&line);
        }
        for line in &state.left {
            output.say(line);
        }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn lines(replaced: &[ObjectRef], again: Again) -> Vec<String> {
    let name = |object: &ObjectRef| match &object.place {
        Some(place) => format!("{} ({})", object.short(), place.path),
        None => format!("{}/{}", object.namespace(), object.name),
    };
    let mut names: Vec<String> = replaced.iter().map(name).collect();
    // Requests end in no order.
    names.sort();
    let count = match names.len() {
        0 => return vec![
            "no Secret is known to be replaced; one that was being written has its old certificate and key or its new ones, never half of each".to_owned(),
            format!("  → {}", Again::GoesOn.advice()),
        ],
        1 => "1 Secret was replaced by then:".to_owned(),
        count => format!("{count} Secrets were replaced by then:"),
    };
    let more = names.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    names.truncate(NAMED);
    vec![
        format!("{count} {}{more}", names.join(", ")),
        "each is whole; one that was being written has its old certificate and key or its new ones, never half of each".to_owned(),
        format!("  → {}", again.advice()),
    ]
}

impl Again {
    fn advice(self) -> &'static str {
        match self {
            Self::GoesOn => "run the same command again: it goes on with what is left to do",
            Self::Repeats => {
                "run the same command again for the rest: it replaces these once more, which does no harm, unless they are left out"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_names_are_told_and_the_rest_are_counted() {
        let secrets = |count| -> Vec<ObjectRef> {
            (0..count).map(|n| ObjectRef::secret("shop", format!("web-{n:02}"))).collect()
        };
        for (count, begins, ends) in [
            (0, "no Secret is known to be replaced", "never half of each"),
            (1, "1 Secret was replaced by then: shop/web-00", "shop/web-00"),
            (2, "2 Secrets were replaced by then: shop/web-00, shop/web-01", "shop/web-01"),
            (20, "20 Secrets", "shop/web-19"),
            (23, "23 Secrets", "shop/web-19 and 3 more"),
        ] {
            let mut all = secrets(count);
            all.reverse();
            let told = lines(&all, Again::GoesOn);
            assert!(told[0].starts_with(begins) && told[0].ends_with(ends), "{told:?}");
            assert!(told.last().is_some_and(|last| last.contains("the same command again")));
        }
    }
}

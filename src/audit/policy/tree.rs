//! A policy file as a tree, each value with its place, so that what is wrong is told where it stands.
//!
//! Knows YAML by its parser's events. Refuses aliases, several documents and what nests too deep: a policy
//! is read as it stands there.

use super::read::Flaw;
use crate::inventory::nearest;
use crate::manifest::reason;
use granit_parser::{Event, Marker, Parser, ScalarStyle};
use std::ops::ControlFlow;

/// A value and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Nothing,
    Text(String),
    List(Vec<Node>),
    /// Keys, each with its value; one that stands twice stands twice.
    Map(Vec<(Node, Node)>),
}

/// How deep a policy may nest: the deepest that means anything has five levels.
const DEEPEST: usize = 16;

impl Node {
    /// Reads a text; what says nothing is an empty mapping.
    pub(super) fn read(text: &str) -> Result<Self, Flaw> {
        let mut building = Building { open: Vec::new(), root: None };
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| {
                let reason = reason(error.kind());
                flaw(*error.marker(), reason)
            })?;
            if let ControlFlow::Break(reason) = building.take(event, span.start) {
                return Err(flaw(span.start, reason));
            }
        }
        let nothing = Self { line: 1, column: 1, value: Value::Map(Vec::new()) };
        let root = building.root.unwrap_or_else(|| nothing.clone());
        Ok(if root.value == Value::Nothing { nothing } else { root })
    }

    /// What is wrong here.
    pub(super) fn flaw(&self, reason: impl Into<String>) -> Flaw {
        Flaw { line: self.line, column: self.column, reason: reason.into() }
    }

    /// The text, where it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Nothing | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The values of these keys of a mapping, in the keys' order; what else stands in it, or twice, is a
    /// flaw.
    pub(super) fn fields<const N: usize>(
        &self,
        keys: [&str; N],
        what: &str,
        flaws: &mut Vec<Flaw>,
    ) -> [Option<&Self>; N] {
        let mut found = [None; N];
        let Value::Map(entries) = &self.value else {
            flaws.push(self.flaw(format!("expected {what}: {}", keys.join(", "))));
            return found;
        };
        for (key, value) in entries {
            let name = key.text().unwrap_or_default();
            let known = keys.iter().position(|one| *one == name);
            match known.and_then(|at| found.get_mut(at)) {
                Some(place) if place.is_none() => *place = Some(value),
                Some(_) => flaws.push(key.flaw(format!("{name} stands twice"))),
                None => flaws.push(key.flaw(unknown("key", name, &keys))),
            }
        }
        found
    }
}

/// A word that is none of these, and which was likely meant.
pub(super) fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    let meant = nearest(word, known.iter().copied()).map_or_else(
        || format!("known are {}", known.join(", ")),
        |meant| format!("did you mean {meant}?"),
    );
    format!("unknown {what} {word:?}; {meant}")
}

fn flaw(at: Marker, reason: String) -> Flaw {
    Flaw { line: at.line(), column: at.col() + 1, reason }
}

/// What is being read: the lists and mappings that are open, the innermost last.
struct Building {
    open: Vec<(Node, Option<Node>)>,
    root: Option<Node>,
}

impl Building {
    fn take(&mut self, event: Event<'_>, at: Marker) -> ControlFlow<String> {
        let node = |value| Node { line: at.line(), column: at.col() + 1, value };
        match event {
            Event::Scalar(text, style, ..) => {
                let is_nothing =
                    style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null" | "Null");
                let text = Value::Text(text.into_owned());
                self.put(node(if is_nothing { Value::Nothing } else { text }));
            }
            Event::SequenceStart(..) => self.open.push((node(Value::List(Vec::new())), None)),
            Event::MappingStart(..) => self.open.push((node(Value::Map(Vec::new())), None)),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some((done, _)) = self.open.pop() {
                    self.put(done);
                }
            }
            Event::Alias(_) => {
                return ControlFlow::Break(
                    "aliases (*) are not read here: write it out".to_owned(),
                );
            }
            Event::DocumentStart(..) if self.root.is_some() => {
                return ControlFlow::Break("a policy is one document".to_owned());
            }
            _ => {}
        }
        if self.open.len() > DEEPEST {
            return ControlFlow::Break("lists and mappings are nested too deeply".to_owned());
        }
        ControlFlow::Continue(())
    }

    /// A whole node: into what is open, a key first and then its value.
    fn put(&mut self, node: Node) {
        let Some((outer, key)) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match (&mut outer.value, key.take()) {
            (Value::List(items), _) => items.push(node),
            (Value::Map(entries), Some(key)) => entries.push((key, node)),
            (_, _) => *key = Some(node),
        }
    }
}

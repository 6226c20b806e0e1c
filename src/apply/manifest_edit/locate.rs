//! Reads text into parser events with their places, and finds the scalars an edit is about.
//!
//! Knows documents, lists, mappings, anchors, aliases and merge keys. Refuses to follow an alias
//! or a merge to a value: such a value has more than one user.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::{Deref, Range};

use crate::manifest::reason;
use granit_parser::{Event, Marker, Parser, ScalarStyle, Span, StructureStyle, Tag, YamlVersion};
use zeroize::Zeroizing;

use super::{EditError, Place, ValueAt};

/// The scalar holding one value of a Secret.
pub(super) struct Target {
    /// Event index of the key.
    pub(super) key: usize,
    /// Event index of the value, always a scalar.
    pub(super) value: usize,
    /// Which map of the Secret it stands in.
    pub(super) field: Field,
    /// Whether that map is in flow style, as all of JSON is.
    pub(super) flow: bool,
}

/// The two maps of a Secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// `data`: base64.
    Data,
    /// `stringData`: text, which wins over `data` when both have a key.
    StringData,
}

/// All events of a text. Comments are apart, since an empty node and the comment behind it come
/// in another order than a full node and the same comment.
pub(super) struct Events<'t> {
    pub(super) nodes: Vec<Node<'t>>,
    pub(super) comments: Vec<Cow<'t, str>>,
    /// For each event the index behind its node: behind the end event for a collection.
    behind: Vec<usize>,
    /// The line of the file that the text begins in.
    first: usize,
    /// The start of the document.
    document: Option<usize>,
    /// From an anchor's number to the event that carries it.
    anchors: HashMap<usize, usize>,
    /// Numbers of the anchors that have an alias.
    aliased: HashSet<usize>,
}

/// One event. Deliberately without `Debug`: scalars are values.
pub(super) struct Node<'t> {
    pub(super) kind: Kind<'t>,
    pub(super) span: Range<usize>,
    pub(super) line: usize,
    pub(super) column: usize,
    /// For a key of a block mapping, the mapping's indentation; for a block scalar, its content's.
    pub(super) indent: Option<usize>,
    /// The anchor's number, 0 for none.
    pub(super) anchor: usize,
    pub(super) tag: Option<Tag>,
    /// Where the tag and the anchor before the node end, when it has either.
    pub(super) properties_end: Option<usize>,
}

#[derive(PartialEq)]
pub(super) enum Kind<'t> {
    DocumentStart { explicit: bool, version: Option<YamlVersion> },
    DocumentEnd,
    Alias(usize),
    Scalar { value: Text<'t>, style: ScalarStyle },
    SequenceStart(StructureStyle),
    SequenceEnd,
    MappingStart(StructureStyle),
    MappingEnd,
}

/// A scalar's text: a slice of the source, or a buffer that is wiped when dropped.
pub(super) enum Text<'t> {
    Borrowed(&'t str),
    Owned(Zeroizing<String>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Text::Borrowed(text) => text,
            Text::Owned(text) => text,
        }
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

/// Finds the one or two scalars that hold the value.
pub(super) fn locate(events: &Events<'_>, at: ValueAt<'_>) -> Result<Vec<Target>, EditError> {
    let secret = events.secret(at)?;
    let mut targets = Vec::new();
    for (name, field) in [("data", Field::Data), ("stringData", Field::StringData)] {
        let Some((_, map)) = events.lookup(secret, name, at)? else {
            continue;
        };
        events.refuse_shared(map, at)?;
        let Some(style) = events.mapping_style(map) else {
            continue;
        };
        let Some((key, value)) = events.lookup(map, at.key, at)? else {
            continue;
        };
        events.refuse_shared(value, at)?;
        if !events.is_scalar(value) {
            return Err(EditError::NotAScalar(events.place(at, value)));
        }
        targets.push(Target { key, value, field, flow: style == StructureStyle::Flow });
    }
    if targets.is_empty() {
        return Err(EditError::NoSuchKey(events.place(at, secret)));
    }
    Ok(targets)
}

impl<'t> Events<'t> {
    /// The events of one document, which begins in line `first` of its file.
    pub(super) fn parse(text: &'t str, first: usize) -> Result<Self, EditError> {
        let above = first.saturating_sub(1);
        let options = granit_parser::options! {
            // The default refuses a hundred comment lines in a row, which a manifest may have.
            max_buffered_comment_events: usize::MAX,
            emit_anchor_events: true,
        };
        let mut events = Events {
            nodes: Vec::new(),
            comments: Vec::new(),
            behind: Vec::new(),
            first,
            document: None,
            anchors: HashMap::new(),
            aliased: HashSet::new(),
        };
        let mut open = Vec::new();
        let mut comments = Vec::new();
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) =
                event.map_err(|error| syntax(*error.marker(), above, reason(error.kind())))?;
            let Some(range) = span.byte_range() else {
                return Err(syntax(span.start, above, "no byte offsets".to_owned()));
            };
            let (kind, anchor, tag) = match event {
                Event::StreamStart | Event::StreamEnd => continue,
                Event::Comment(comment, _) => {
                    comments.push((range.start, comment));
                    continue;
                }
                Event::Anchor(..) => {
                    events.anchor_ends(range.end);
                    continue;
                }
                event => classify(event)
                    .ok_or_else(|| syntax(span.start, above, "an unknown event".to_owned()))?,
            };
            events.push(kind, range, (span, above), anchor, tag, &mut open);
        }
        comments.sort_by_key(|(start, _)| *start);
        events.comments = comments.into_iter().map(|(_, comment)| comment).collect();
        Ok(events)
    }

    fn push(
        &mut self,
        kind: Kind<'t>,
        range: Range<usize>,
        (span, above): (Span, usize),
        anchor: usize,
        tag: Option<Tag>,
        open: &mut Vec<usize>,
    ) {
        let index = self.nodes.len();
        self.behind.push(index + 1);
        match kind {
            Kind::DocumentStart { .. } => {
                self.document.get_or_insert(index);
            }
            Kind::SequenceStart(_) | Kind::MappingStart(_) => open.push(index),
            Kind::SequenceEnd | Kind::MappingEnd => {
                if let Some(behind) = open.pop().and_then(|start| self.behind.get_mut(start)) {
                    *behind = index + 1;
                }
            }
            Kind::Alias(anchor) => {
                self.aliased.insert(anchor);
            }
            Kind::DocumentEnd | Kind::Scalar { .. } => {}
        }
        if anchor != 0 {
            self.anchors.insert(anchor, index);
        }
        self.nodes.push(Node {
            kind,
            span: range,
            line: above + span.start.line(),
            column: span.start.col() + 1,
            indent: span.indent,
            anchor,
            tag,
            properties_end: span.tag_span().and_then(|tag| tag.end.byte_offset()),
        });
    }

    /// Notes the end of the anchor of the node before, since the tag may stand before it.
    fn anchor_ends(&mut self, end: usize) {
        if let Some(node) = self.nodes.last_mut() {
            node.properties_end = node.properties_end.max(Some(end));
        }
    }

    /// The place of an event, for an error.
    pub(super) fn place(&self, at: ValueAt<'_>, index: usize) -> Place {
        let (line, column) = self.position(index);
        Place { document: at.document, item: at.item, key: at.key.to_owned(), line, column }
    }

    pub(super) fn would_change_more(&self, index: usize) -> EditError {
        let (line, column) = self.position(index);
        EditError::WouldChangeMore { line, column }
    }

    fn position(&self, index: usize) -> (usize, usize) {
        self.nodes.get(index).map_or((self.first, 1), |node| (node.line, node.column))
    }

    /// Finds the mapping that is the Secret.
    fn secret(&self, at: ValueAt<'_>) -> Result<usize, EditError> {
        // Text without a document in it is not a Secret either.
        let root = self.document.map_or(0, |start| start + 1);
        self.refuse_encrypted(root, at)?;
        let Some(item) = at.item else {
            return self.own_secret(root, at);
        };
        let items = match self.mapping(root) {
            Some(root) => self.lookup(root, "items", at)?,
            None => None,
        };
        let Some((_, items)) = items else {
            return Err(EditError::NoSuchItem(self.place(at, root)));
        };
        self.refuse_shared(root, at)?;
        self.refuse_shared(items, at)?;
        match self.entry(items, item) {
            Some(secret) => self.own_secret(secret, at),
            None => Err(EditError::NoSuchItem(self.place(at, items))),
        }
    }

    /// Returns `node` if it is a Secret of its own, not shared with another place.
    fn own_secret(&self, node: usize, at: ValueAt<'_>) -> Result<usize, EditError> {
        self.refuse_shared(node, at)?;
        let Some(secret) = self.mapping(node) else {
            return Err(EditError::NotASecret(self.place(at, node)));
        };
        self.refuse_encrypted(secret, at)?;
        match self.lookup(secret, "kind", at) {
            // Another kind's `data`, such as a ConfigMap's, is not base64.
            Ok(Some((_, kind))) if self.scalar(kind) != Some("Secret") => {
                Err(EditError::NotASecret(self.place(at, kind)))
            }
            Ok(_) | Err(EditError::Merged(_)) => Ok(secret),
            Err(other) => Err(other),
        }
    }

    fn refuse_encrypted(&self, node: usize, at: ValueAt<'_>) -> Result<(), EditError> {
        let Some(mapping) = self.mapping(node) else {
            return Ok(());
        };
        match self.entries(mapping).find(|(key, _)| self.scalar(*key) == Some("sops")) {
            Some((key, _)) => Err(EditError::Encrypted(self.place(at, key))),
            None => Ok(()),
        }
    }

    /// Refuses an alias, and a node whose anchor has an alias.
    fn refuse_shared(&self, index: usize, at: ValueAt<'_>) -> Result<(), EditError> {
        match self.nodes.get(index) {
            Some(node) if matches!(node.kind, Kind::Alias(_)) => {
                Err(EditError::Alias(self.place(at, index)))
            }
            Some(node) if self.aliased.contains(&node.anchor) => {
                Err(EditError::SharedAnchor(self.place(at, index)))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Finds a key in a mapping, as the event indices of key and value. Of a key that stands twice it
    /// is the last, which kubectl takes, and whoever reads manifests here.
    fn lookup(
        &self,
        mapping: usize,
        name: &str,
        at: ValueAt<'_>,
    ) -> Result<Option<(usize, usize)>, EditError> {
        let mut merge = None;
        let mut found = None;
        for (key, value) in self.entries(mapping) {
            let Some(text) = self.scalar(key) else {
                continue;
            };
            if text == "<<" {
                merge = Some(key);
            } else if text == name {
                found = Some((key, value));
            }
        }
        match (found, merge) {
            // kubectl lets what is merged win over the keys before the merge.
            (found, Some(merge)) if found.is_none_or(|(key, _)| key < merge) => {
                Err(EditError::Merged(self.place(at, merge)))
            }
            (found, _) => Ok(found),
        }
    }

    fn mapping(&self, index: usize) -> Option<usize> {
        self.mapping_style(index).map(|_| index)
    }

    fn mapping_style(&self, index: usize) -> Option<StructureStyle> {
        match self.nodes.get(index)?.kind {
            Kind::MappingStart(style) => Some(style),
            _ => None,
        }
    }

    fn is_scalar(&self, index: usize) -> bool {
        let kind = self.nodes.get(index).map(|node| &node.kind);
        matches!(kind, Some(Kind::Scalar { .. }))
    }

    /// The keys and values of a mapping, as event indices.
    fn entries(&self, mapping: usize) -> impl Iterator<Item = (usize, usize)> {
        let mut key = mapping + 1;
        std::iter::from_fn(move || {
            if matches!(self.nodes.get(key)?.kind, Kind::MappingEnd) {
                return None;
            }
            let value = *self.behind.get(key)?;
            let next = *self.behind.get(value)?;
            Some((std::mem::replace(&mut key, next), value))
        })
    }

    /// The n-th entry of a sequence, as an event index.
    fn entry(&self, sequence: usize, number: usize) -> Option<usize> {
        if !matches!(self.nodes.get(sequence)?.kind, Kind::SequenceStart(_)) {
            return None;
        }
        let here = |entry: usize| match self.nodes.get(entry)?.kind {
            Kind::SequenceEnd => None,
            _ => Some(entry),
        };
        let mut entry = here(sequence + 1)?;
        for _ in 0..number {
            entry = here(*self.behind.get(entry)?)?;
        }
        Some(entry)
    }

    /// The text of a scalar, also of one that an alias names.
    fn scalar(&self, index: usize) -> Option<&str> {
        match &self.nodes.get(index)?.kind {
            Kind::Scalar { value, .. } => Some(value),
            Kind::Alias(anchor) => match &self.nodes.get(*self.anchors.get(anchor)?)?.kind {
                Kind::Scalar { value, .. } => Some(value),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Takes an event of the parser apart; `None` for one that this module has not heard of.
fn classify(event: Event<'_>) -> Option<(Kind<'_>, usize, Option<Tag>)> {
    let owned = |tag: Option<Cow<'_, Tag>>| tag.map(Cow::into_owned);
    Some(match event {
        Event::DocumentStart(explicit, version) => {
            (Kind::DocumentStart { explicit, version }, 0, None)
        }
        Event::DocumentEnd => (Kind::DocumentEnd, 0, None),
        Event::Alias(anchor) => (Kind::Alias(anchor), 0, None),
        Event::Scalar(value, style, anchor, tag) => {
            let value = match value {
                Cow::Borrowed(text) => Text::Borrowed(text),
                Cow::Owned(text) => Text::Owned(Zeroizing::new(text)),
            };
            (Kind::Scalar { value, style }, anchor, owned(tag))
        }
        Event::SequenceStart(style, anchor, tag) => {
            (Kind::SequenceStart(style), anchor, owned(tag))
        }
        Event::SequenceEnd => (Kind::SequenceEnd, 0, None),
        Event::MappingStart(style, anchor, tag) => (Kind::MappingStart(style), anchor, owned(tag)),
        Event::MappingEnd => (Kind::MappingEnd, 0, None),
        _ => return None,
    })
}

fn syntax(marker: Marker, above: usize, reason: String) -> EditError {
    EditError::Syntax { line: above + marker.line(), column: marker.col() + 1, reason }
}

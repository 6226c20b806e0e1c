//! Replaces values of a Secret inside manifest text, and nothing else in it.
//!
//! Knows where a value stands in YAML or JSON text, and how to write another value in the same
//! notation: comments, key order, indentation, quotes, line endings, a byte order mark, document
//! markers and the presence of a last line break all stay byte for byte. After writing it parses
//! the new text and compares it with the old one event by event, so an `Ok` is a proof that the
//! asked values changed, and only they.
//!
//! Refuses to know files, certificates, and whether a value should change. It never adds a key,
//! and it never changes a value that more than one place in the document uses.

mod locate;
mod notation;
mod scalar;

use crate::manifest::{self, Document};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use zeroize::Zeroizing;

use self::locate::{Events, Kind, locate};
use self::scalar::{Change, Splice, Wanted, plan};

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValueAt<'a> {
    /// Which document, from 0, counted as [`manifest::documents`] counts them.
    pub document: usize,
    /// Which entry of `items`, from 0, when the document is a list; `None` when the document
    /// itself is the Secret.
    pub item: Option<usize>,
    /// The key inside `data` or `stringData`, for instance `tls.crt`.
    pub key: &'a str,
}

/// One value to replace.
#[derive(Clone, Copy)]
pub struct ValueEdit<'a> {
    /// Where the old value stands.
    pub at: ValueAt<'a>,
    /// The new value as Kubernetes will hand it to a pod: PEM text, not base64.
    pub value: &'a [u8],
}

/// Written by hand: a value may be a private key, and only its length may be shown.
impl fmt::Debug for ValueEdit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValueEdit")
            .field("at", &self.at)
            .field("value", &format_args!("<{} bytes>", self.value.len()))
            .finish()
    }
}

/// The place an error is about. Numbers are shown counted from 1, as people and editors count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The document, from 0.
    pub document: usize,
    /// The entry of `items`, from 0.
    pub item: Option<usize>,
    /// The key inside the Secret that was asked for.
    pub key: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "document {}", self.document.saturating_add(1))?;
        if let Some(item) = self.item {
            write!(f, ", item {}", item.saturating_add(1))?;
        }
        write!(f, ", key {}, line {}, column {}", self.key, self.line, self.column)
    }
}

/// Why text was not edited. No variant holds a value of the file or a new value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The text is not YAML (and so not JSON either).
    #[error("line {line}, column {column}: not valid yaml: {reason}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the parser expected, without any of the text it read.
        reason: String,
    },
    /// The text has fewer documents.
    #[error("there is no document {}: the text has {count}", .document.saturating_add(1))]
    NoSuchDocument {
        /// The document asked for, from 0.
        document: usize,
        /// How many documents there are.
        count: usize,
    },
    /// An item was asked for, and the document has no list under `items`, or a shorter one.
    #[error("{0}: the document has no such item")]
    NoSuchItem(Place),
    /// What stands there is no Secret.
    #[error("{0}: this is not a secret")]
    NotASecret(Place),
    /// Neither `data` nor `stringData` has the key.
    #[error(
        "{0}: the secret has no such key in data or stringData; keys are replaced, never added, \
         so write the key with an empty value and try again"
    )]
    NoSuchKey(Place),
    /// The value, or something around it, is an alias such as `*shared`.
    #[error(
        "{0}: an alias stands here, and what it points at has other users; \
         write the value out in place of the alias and try again"
    )]
    Alias(Place),
    /// The value, or something around it, has an anchor that an alias refers to.
    #[error(
        "{0}: an alias elsewhere uses the anchor set here, so its value would change too; \
         write the value out in place of that alias and try again"
    )]
    SharedAnchor(Place),
    /// A merge key may supply the value.
    #[error(
        "{0}: a merge key (<<) stands here and may supply the value; \
         write the value out under its own key and try again"
    )]
    Merged(Place),
    /// The old value is a list or a mapping.
    #[error("{0}: the value is not text but a list or a mapping")]
    NotAScalar(Place),
    /// The key has no colon behind it, so there is no place for a value.
    #[error("{0}: there is no colon behind the key; write one and try again")]
    NoColon(Place),
    /// The value has a tag whose meaning is not known here.
    #[error("{0}: the value has a tag other than !!str and !!binary; remove the tag and try again")]
    UnknownTag(Place),
    /// The document was encrypted by `sops`. A new value would stand in it in the clear.
    #[error("{0}: the document is encrypted with sops; decrypt it, or rotate it through sops")]
    Encrypted(Place),
    /// `stringData` holds text, and the new value is not UTF-8.
    #[error("{0}: the new value is not text, so it cannot stand in stringData")]
    NotText(Place),
    /// Two edits name the same value.
    #[error("{0}: two new values were given for this place")]
    AskedTwice(Place),
    /// The proof failed: the new text would differ in more than the asked values.
    #[error(
        "line {line}, column {column}: replacing the value would change more than the value; \
         rewrite this part of the file in a plainer way and try again"
    )]
    WouldChangeMore {
        /// The line of the first difference in the old text, from 1.
        line: usize,
        /// Its column, from 1.
        column: usize,
    },
}

/// Returns `text` with the asked values replaced.
///
/// Guarantees: on `Ok` every byte outside the notation of the replaced values is the old one, and
/// parsing the result gives the old events and comments, except for the replaced scalars, which
/// decode to exactly the asked bytes.
///
/// A key in `data` is written as base64, in `stringData` as text, in both if it is in both. The
/// notation stays when it can express the new value: else a literal block is written, or, in flow
/// style and JSON, a double-quoted scalar. An empty value gets base64 or a literal block. Base64
/// that was wrapped by line breaks is wrapped at the same width; base64 whose lines fold into
/// blanks (`>`, or a plain scalar over several lines) is written on one line, because Kubernetes
/// skips line breaks inside base64 but not blanks. A value tagged `!!binary` gets one more layer
/// of base64, as YAML readers, kubectl among them, take one off before Kubernetes sees it.
///
/// Caveats: under `|-` and `>-` in `stringData` the final line break of the value is dropped, as
/// the header asks for; PEM is as good without it. A value without a final line break turns `|`
/// into `|-`. A Secret without `kind` is taken for one, since entries of a `SecretList` need none.
///
/// # Errors
///
/// Any [`EditError`]; the text is then to be left as it is.
pub fn edit(text: &str, edits: &[ValueEdit<'_>]) -> Result<Zeroizing<String>, EditError> {
    let documents = manifest::documents(text);
    let mut by_document: BTreeMap<usize, Vec<ValueEdit<'_>>> = BTreeMap::new();
    for edit in edits {
        by_document.entry(edit.at.document).or_default().push(*edit);
    }
    let mut pieces = Vec::new();
    for (number, edits) in by_document {
        let document = documents
            .get(number)
            .ok_or(EditError::NoSuchDocument { document: number, count: documents.len() })?;
        let slice = text.get(document.range.clone()).unwrap_or_default();
        let text = edit_document(slice, document.line, &edits)?;
        pieces.push(Splice { range: document.range.clone(), text });
    }
    let edited = pieces.iter().map(|piece| piece.range.start).collect();
    let whole = EditError::WouldChangeMore { line: 1, column: 1 };
    let new = splice(text, pieces).ok_or(whole.clone())?;
    if same_documents((text, &documents), &new, &edited) { Ok(new) } else { Err(whole) }
}

/// Returns one document, which begins in `line` of its file, with the asked values replaced.
fn edit_document(
    text: &str,
    line: usize,
    edits: &[ValueEdit<'_>],
) -> Result<Zeroizing<String>, EditError> {
    let old = Events::parse(text, line)?;
    let mut wanted = BTreeMap::new();
    let mut splices = Vec::new();
    for edit in edits {
        for target in locate(&old, edit.at)? {
            let Change { pieces, outcome } = plan(text, &old, &target, edit)?;
            splices.extend(pieces);
            if wanted.insert(target.value, outcome).is_some() {
                return Err(EditError::AskedTwice(old.place(edit.at, target.value)));
            }
        }
    }
    let new = splice(text, splices).ok_or_else(|| old.would_change_more(0))?;
    prove(&old, &new, &wanted)?;
    Ok(new)
}

/// Whether the new text has the same documents, byte for byte but for the edited ones, which begin
/// at these bytes of the old one: no new value may look like a border.
fn same_documents(
    (old, documents): (&str, &[Document]),
    new: &str,
    edited: &BTreeSet<usize>,
) -> bool {
    let new_documents = manifest::documents(new);
    let same = |(was, is): (&Document, &Document)| {
        was.lost == is.lost
            && (edited.contains(&was.range.start)
                || old.get(was.range.clone()) == new.get(is.range.clone()))
    };
    documents.len() == new_documents.len() && documents.iter().zip(&new_documents).all(same)
}

/// Puts the pieces into the text; `None` when two of them overlap.
fn splice(text: &str, mut pieces: Vec<Splice>) -> Option<Zeroizing<String>> {
    // Stable: two insertions at one place (a header and its block at the end of the text) keep
    // the order they were planned in.
    pieces.sort_by_key(|piece| piece.range.start);
    let added: usize = pieces.iter().map(|piece| piece.text.len()).sum();
    // Enough room from the start, so that no grown buffer leaves a copy of a key behind.
    let mut new = Zeroizing::new(String::with_capacity(text.len() + added));
    let mut at = 0;
    for piece in &pieces {
        new.push_str(text.get(at..piece.range.start)?);
        new.push_str(&piece.text);
        at = piece.range.end;
    }
    new.push_str(text.get(at..)?);
    Some(new)
}

/// Checks that `new` differs from `old` in the wanted values and in nothing else.
fn prove(
    old: &Events<'_>,
    new: &str,
    wanted: &BTreeMap<usize, Wanted<'_>>,
) -> Result<(), EditError> {
    let new = Events::parse(new, 1).map_err(|_| {
        let first = wanted.keys().next().copied().unwrap_or(0);
        old.would_change_more(first)
    })?;
    for (index, node) in old.nodes.iter().enumerate() {
        let same = new.nodes.get(index).is_some_and(|other| {
            let same_properties = node.anchor == other.anchor && node.tag == other.tag;
            let same_content = match (wanted.get(&index), &other.kind) {
                (None, kind) => node.kind == *kind,
                (Some(wanted), Kind::Scalar { value, .. }) => wanted.is_met_by(value),
                (Some(_), _) => false,
            };
            same_properties && same_content
        });
        if !same {
            return Err(old.would_change_more(index));
        }
    }
    if old.nodes.len() != new.nodes.len() || old.comments != new.comments {
        let first = wanted.keys().next().copied().unwrap_or(0);
        return Err(old.would_change_more(first));
    }
    Ok(())
}

#[cfg(test)]
mod tests;

//! One document as a value, as kubectl reads it; or what is wrong with it, and where.
//!
//! Of a key that stands twice kubectl takes the last (`sigs.k8s.io/yaml` decodes before any server
//! could object), so that one is judged; but it is said.

use super::documents::Document;
use super::{keys, words};
use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use granit_parser::Parser;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_saphyr::{Budget, DuplicateKeyPolicy, Error, Options};
use std::fmt;
use zeroize::Zeroizing;

/// A document that could be read.
#[derive(Debug)]
pub struct Parsed {
    /// What it says; null when it says nothing.
    pub value: Value,
    /// Keys that stand more than once.
    pub twice: Vec<Twice>,
    /// Lines, from 1 in the file, of merge keys behind other keys: kubectl lets what is merged win
    /// over these, as YAML does not.
    pub late_merges: Vec<usize>,
}

/// A key that stands more than once in its mapping.
#[derive(Debug, PartialEq, Eq)]
pub struct Twice {
    /// The way to it, such as `metadata.labels`.
    pub key: String,
    /// The lines it stands in, from 1 in the file.
    pub lines: Vec<usize>,
}

/// Why a document cannot be read. Nothing of its text is in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The line, from 1 in the file; none when it is about the whole document.
    pub line: Option<usize>,
    /// What is wrong, for people.
    pub reason: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

/// Reads one document of the text.
///
/// # Errors
/// [`Broken`].
pub fn parse(text: &str, document: &Document) -> Result<Parsed, Broken> {
    let slice = text.get(document.range.clone()).unwrap_or_default();
    let good = |value| Parsed { value, twice: Vec::new(), late_merges: Vec::new() };
    if slice.trim_start().starts_with('{')
        && let Ok(Once(value)) = serde_json::from_str(slice)
    {
        return Ok(good(value));
    }
    let read = |policy| serde_saphyr::from_str_with_options(slice, options(slice.len(), policy));
    let in_file = |line: usize| document.line.saturating_sub(1) + line;
    let mut parsed = match read(DuplicateKeyPolicy::Error) {
        Ok(value) => good(value),
        Err(_) => match read(DuplicateKeyPolicy::LastWins) {
            Ok(value) => Parsed { twice: keys::twice(slice), ..good(value) },
            Err(error) => return Err(broken(slice, &error, in_file)),
        },
    };
    for twice in &mut parsed.twice {
        twice.lines.iter_mut().for_each(|line| *line = in_file(*line));
    }
    if slice.contains("<<") {
        parsed.late_merges = keys::late_merges(slice).into_iter().map(in_file).collect();
    }
    Ok(parsed)
}

/// What is wrong: in the words for YAML's grammar, where that is broken, else for what YAML allows
/// and no manifest may have.
fn broken(slice: &str, error: &Error, in_file: impl Fn(usize) -> usize) -> Broken {
    let syntax = Parser::new_from_str(slice).find_map(Result::err);
    if let Some(syntax) = syntax {
        let line = Some(in_file(syntax.marker().line()));
        return Broken { line, reason: words::reason(syntax.kind()) };
    }
    let line = error.location().and_then(|at| usize::try_from(at.line()).ok());
    let line = line.filter(|line| *line > 0).map(in_file);
    Broken { line, reason: words::beyond_syntax(error).to_owned() }
}

/// Nodes that aliases may repeat in one document: far more than any manifest says by alias, and
/// nothing to the machine (the reader's own million take a third of a second and 76 MiB).
const MAX_REPEATED_NODES: usize = 20_000;

/// Bytes of text that aliases may repeat in one document, beside twice its own length.
const MAX_REPEATED_BYTES: usize = 4 * 1024 * 1024;

/// How deep a document may nest. The reader recurses, some tens of KiB of stack a level without
/// optimisation; the schemas of `CustomResourceDefinitions`, the deepest that people keep in manifests,
/// come to about fifty.
const MAX_DEPTH: usize = 80;

/// The stack, in bytes, of a thread on which manifests are read: for documents of `MAX_DEPTH`. The
/// system only gives what is used of it.
pub const STACK: usize = 16 * 1024 * 1024;

/// The reader's limits grow with the text, which is limited itself; those on aliases do not, so
/// that a small file cannot become a large one.
fn options(length: usize, duplicate_keys: DuplicateKeyPolicy) -> Options {
    let mut budget = Budget::default();
    budget.max_nodes = budget.max_nodes.max(length / 2);
    budget.max_events = budget.max_events.max(length);
    budget.max_depth = MAX_DEPTH;
    budget.max_total_scalar_bytes = length.saturating_mul(2).saturating_add(MAX_REPEATED_BYTES);
    let mut options = Options::default();
    options.budget = Some(budget);
    options.alias_limits.max_total_replayed_events = MAX_REPEATED_NODES;
    options.duplicate_keys = duplicate_keys;
    // As kubectl's reader (go.yaml.in/yaml): 010 is eight.
    options.legacy_octal_numbers = true;
    // A snippet would show lines of the manifest, which may be a key.
    options.with_snippet = false;
    options
}

/// The bytes of a value in `data`, as Go's decoder reads it: over line breaks (but no blanks), and
/// whatever the bits behind the last byte are.
#[must_use]
pub fn base64_value(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
    );
    if !text.contains(['\n', '\r']) {
        return ENGINE.decode(text).ok().map(Zeroizing::new);
    }
    let joined: Zeroizing<String> =
        Zeroizing::new(text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect());
    ENGINE.decode(joined.as_str()).ok().map(Zeroizing::new)
}

/// A JSON value in which no key stands twice.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor).map(Once)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Once(value)) = access.next_element()? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, Once(value))) = access.next_entry::<String, Once>()? {
            if map.insert(key, value).is_some() {
                return Err(A::Error::custom("a key stands twice"));
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::super::documents;
    use super::*;

    fn read(text: &str) -> Result<Parsed, Broken> {
        let documents = documents(text);
        parse(text, documents.last().expect("there is a document"))
    }

    #[test]
    fn the_last_of_two_keys_counts_and_both_lines_are_said() {
        for text in [
            "# c\n---\na: {x: 1}\na: {x: 2, y: 3}\n",
            "---\n\n{\"a\": {\"x\": 1},\n\"a\": {\"x\": 2, \"y\": 3}}\n",
        ] {
            let parsed = read(text).expect("it can be read");
            assert_eq!(parsed.value, serde_json::json!({ "a": { "x": 2, "y": 3 } }));
            assert_eq!(parsed.twice, [Twice { key: "a".to_owned(), lines: vec![3, 4] }]);
        }
    }

    #[test]
    fn numbers_are_those_that_kubectl_reads() {
        let parsed = read("[010, 0777, 0o10, 1_000, 0x50, 08, '010']").expect("it can be read");
        assert_eq!(parsed.value, serde_json::json!([8, 511, 8, 1000, 80, 8.0, "010"]));
    }

    #[test]
    fn what_is_wrong_is_said_in_our_own_words_and_by_the_files_line() {
        for (text, words) in [
            ("a: b\n---\na:\n\tb: c\n", "line 4: a tab stands where blanks are needed"),
            ("a: b\n---\n\na: {b: c\n", "line 4: a bracket is not closed"),
            ("a: 'b\n", "line 2: a quote is not closed, or a line inside it is indented wrongly"),
            ("a: *b\n", "line 1: an alias (*) names no anchor (&)"),
            ("a: b: c\n", "line 1: ':' stands where no key is allowed"),
            ("a: {{ .b }}\n", "line 1: a key is a list or a mapping"),
            ("a: b\n c\nd\n", "line 3: ':' is missing after a key"),
            ("a: @b\n", "line 1: it has a character that YAML does not allow there"),
            ("<<: 1\n", "line 1: what a merge key (<<) names is not a mapping"),
        ] {
            let broken = read(text).expect_err("it cannot be read").to_string();
            assert_eq!(broken, words, "{text}");
        }
    }

    #[test]
    fn base64_is_read_as_go_reads_it() {
        for (text, bytes) in [
            ("Zm9v", Some("foo")),
            ("Zm\n9v\r\n", Some("foo")),
            ("Zm9=", Some("fo")),
            ("", Some("")),
            ("Zm8", None),
            ("Zm 9v", None),
            ("Zm-v", None),
        ] {
            let read = base64_value(text);
            assert_eq!(
                read.as_ref().map(|read| read.as_slice()),
                bytes.map(str::as_bytes),
                "{text}"
            );
        }
    }
}

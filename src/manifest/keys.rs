//! Where keys stand in a document: for keys that stand twice, and for the line of a value.
//!
//! Only read when something is wrong; a good document is never walked twice.

use super::parse::Twice;
use granit_parser::{Event, Parser};
use std::collections::HashMap;

/// One step of a way into a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    /// Into a mapping.
    Key(String),
    /// Into a list, from 0.
    Index(usize),
}

/// One key of a mapping.
struct Key {
    /// Which mapping: two `data` have the same way and are two.
    mapping: usize,
    way: Vec<Segment>,
    line: usize,
}

/// A mapping or list that is open while the document is walked.
struct Open {
    number: usize,
    is_mapping: bool,
    /// The length of the way to it.
    depth: usize,
    /// The next entry of a list; in a mapping, even means that a key comes.
    next: usize,
}

/// Every key of the document, in order, as far as it can be read. Lines are from 1, in the text
/// given.
fn keys(document: &str) -> Vec<Key> {
    let options = granit_parser::options! { emit_comments: false };
    let mut keys = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut way: Vec<Segment> = Vec::new();
    let mut count = 0;
    for (event, span) in Parser::new_from_str_with_options(document, options).map_while(Result::ok)
    {
        let (scalar, begins) = match event {
            Event::Scalar(text, ..) => (Some(text.into_owned()), None),
            Event::Alias(_) => (None, None),
            Event::MappingStart(..) => (None, Some(true)),
            Event::SequenceStart(..) => (None, Some(false)),
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
                continue;
            }
            _ => continue,
        };
        if let Some(parent) = open.last_mut() {
            way.truncate(parent.depth);
            let comes = parent.next;
            parent.next += 1;
            if !parent.is_mapping {
                way.push(Segment::Index(comes));
            } else if comes % 2 == 0 {
                if let Some(text) = scalar {
                    way.push(Segment::Key(text));
                    let (mapping, line) = (parent.number, span.start.line());
                    keys.push(Key { mapping, way: way.clone(), line });
                }
            } else if let Some(key) = keys.iter().rev().find(|key| key.mapping == parent.number) {
                way.clone_from(&key.way);
            }
        }
        if let Some(is_mapping) = begins {
            count += 1;
            open.push(Open { number: count, is_mapping, depth: way.len(), next: 0 });
        }
    }
    keys
}

/// Keys that stand more than once in one mapping, with the lines they stand in.
pub(super) fn twice(document: &str) -> Vec<Twice> {
    // By the key itself: what is shown of two may be the same.
    let mut seen: HashMap<(usize, Option<Segment>), usize> = HashMap::new();
    let mut found: Vec<(Vec<Segment>, Vec<usize>)> = Vec::new();
    for key in keys(document) {
        let which = (key.mapping, key.way.last().cloned());
        let number = *seen.entry(which).or_insert(found.len());
        match found.get_mut(number) {
            Some((_, lines)) => lines.push(key.line),
            None => found.push((key.way, vec![key.line])),
        }
    }
    let several = found.into_iter().filter(|(_, lines)| lines.len() > 1);
    several.map(|(way, lines)| Twice { key: shown(&way), lines }).collect()
}

/// Lines of merge keys (`<<`) that stand behind another key of their mapping.
pub(super) fn late_merges(document: &str) -> Vec<usize> {
    let keys = keys(document);
    let is_merge = |key: &Key| key.way.last() == Some(&Segment::Key("<<".to_owned()));
    let mut before = std::collections::HashSet::new();
    let mut lines = Vec::new();
    for key in &keys {
        if is_merge(key) && before.contains(&key.mapping) {
            lines.push(key.line);
        }
        if !is_merge(key) {
            before.insert(key.mapping);
        }
    }
    lines
}

/// The line, from 1, of the key that the way leads to, or of the last one on the way that is there.
/// Of a key that stands twice it is the last, which counts.
#[must_use]
pub fn line_of(document: &str, way: &[Segment]) -> Option<usize> {
    let keys = keys(document);
    let fits = |length: usize| {
        let begin = way.get(..length)?;
        keys.iter().rev().find(|key| key.way == begin).map(|key| key.line)
    };
    (1..=way.len()).rev().find_map(fits)
}

/// `metadata.labels`, `items[0].data`; a key with a dot in it stands in brackets, as kubectl writes
/// it: `data[tls.crt]`. What can be no name is not shown: see [`key_name`].
#[must_use]
pub fn shown(way: &[Segment]) -> String {
    let mut text = String::new();
    for segment in way {
        let (before, name, after) = match segment {
            Segment::Index(index) => ("[", index.to_string(), "]"),
            Segment::Key(key) if key.contains(['.', '/']) => ("[", key_name(key), "]"),
            Segment::Key(key) => (if text.is_empty() { "" } else { "." }, key_name(key), ""),
        };
        text.extend([before, &name, after]);
    }
    text
}

/// The longest name of a data key (`IsConfigMapKey`), in bytes; names of fields are far shorter.
const MAX_NAME: usize = 253;

/// The longest row of base64's characters, upper and lower case and digits mixed, that is taken for
/// a name: half a line of PEM.
const MAX_MIXED: usize = 32;

/// The key as a message may show it. A value that was pasted in a key's place may be a private key,
/// so whatever can be no name is only measured: `<a key of 241 characters>`.
#[must_use]
pub fn key_name(key: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "._/-$".contains(c);
    let named = key == "<<" || key.chars().all(is_name);
    // `LS0t` is `---` in base64, with which PEM begins.
    if named && key.len() <= MAX_NAME && !key.starts_with("LS0t") && !is_like_base64(key) {
        return key.to_owned();
    }
    format!("<a key of {} characters>", key.chars().count())
}

/// People's long names have dots, dashes or one case; base64 has neither.
fn is_like_base64(key: &str) -> bool {
    key.split(['.', '-', '_', '$']).any(|row| {
        let has = |test: fn(&u8) -> bool| row.as_bytes().iter().any(test);
        row.len() > MAX_MIXED
            && has(u8::is_ascii_uppercase)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_in_a_keys_place_is_not_shown() {
        let name = "a".repeat(253);
        for shown in [
            "tls.crt",
            "<<",
            "requiredDuringSchedulingIgnoredDuringExecution",
            "cert-manager.io/certificate-name",
            "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
            "$ref",
            "",
            &name,
        ] {
            assert_eq!(key_name(shown), shown);
        }
        for hidden in [
            "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCg==",
            "LS0tLS1CRUdJTiBQUklW",
            "-----BEGIN PRIVATE KEY-----",
            "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg",
            "MC4CAQAwBQYDK2VwBCIEIPB/fd0aO9XzS4qnRsYJ1Q2gDTFMmpeSeFzsnC8w",
            "user name",
            "gl\u{fc}ck",
            &format!("{name}a"),
        ] {
            let count = hidden.chars().count();
            assert_eq!(key_name(hidden), format!("<a key of {count} characters>"));
        }
    }

    #[test]
    fn two_hidden_keys_of_one_length_are_two() {
        let (one, two) = ("LS0tLS1CRUdJTiBB", "LS0tLS1CRUdJTiBC");
        let text = format!("data:\n  {one}: a\n  {two}: b\n  {two}: c\n");
        let key = "data.<a key of 16 characters>".to_owned();
        assert_eq!(twice(&text), [Twice { key, lines: vec![3, 4] }]);
    }

    fn way(text: &[&str]) -> Vec<Segment> {
        let segment = |text: &&str| match text.parse() {
            Ok(index) => Segment::Index(index),
            Err(_) => Segment::Key((*text).to_owned()),
        };
        text.iter().map(segment).collect()
    }

    #[test]
    fn keys_that_stand_twice_are_named_with_every_line() {
        for (text, expected) in [
            ("a: b\nc: d\n", ""),
            ("a: {x: 1}\na: {x: 2}\n", "a 1 2"),
            ("a:\n  b: 1\n  \"b\": 2\n  'b': 3\n", "a.b 2 3 4"),
            ("a:\n- x: 1\n- x: 1\n  x: 2\n", "a[1].x 3 4"),
            ("data: {tls.crt: a, tls.crt: b}\n", "data[tls.crt] 1 1"),
            ("{\"a\": 1,\n \"a\": 2}\n", "a 1 2"),
            ("? {c: d}\n: e\na: 1\na: 2\n", "a 3 4"),
            ("a: &x {b: 1}\nc: *x\nc: *x\n", "c 2 3"),
        ] {
            let found = twice(text).into_iter().map(|twice| {
                let lines: Vec<String> = twice.lines.iter().map(ToString::to_string).collect();
                format!("{} {}", twice.key, lines.join(" "))
            });
            assert_eq!(found.collect::<Vec<_>>().join("; "), expected, "{text}");
        }
    }

    #[test]
    fn the_line_of_a_value_is_that_of_its_key_or_of_what_is_above_it() {
        let text = "a:\n  b:\n  - c: 1\n  - d:\n      e.f: 2\na2: 3\n";
        for (to, line) in [
            (&["a"][..], Some(1)),
            (&["a", "b", "0", "c"], Some(3)),
            (&["a", "b", "1", "d", "e.f"], Some(5)),
            (&["a", "b", "1", "gone"], Some(2)),
            (&["gone"], None),
        ] {
            assert_eq!(line_of(text, &way(to)), line, "{to:?}");
        }
    }

    #[test]
    fn a_merge_behind_other_keys_is_found() {
        assert_eq!(late_merges("a: &v {b: c}\nd:\n  <<: *v\n  e: f\n"), Vec::<usize>::new());
        assert_eq!(late_merges("a: &v {b: c}\nd:\n  e: f\n  <<: *v\n"), [4]);
    }
}

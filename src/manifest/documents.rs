//! Where one document of a manifest ends and the next begins.
//!
//! kubectl cuts a file at the lines that begin with `---` before any YAML is read
//! (`apimachinery/pkg/util/yaml/decoder.go`), so a document that is no YAML, a chart's template say,
//! hides none of the others. YAML and JSON know more borders than that; what stands behind those
//! is a document too, and marked: kubectl passes over it without a word.

use serde::de::IgnoredAny;
use std::ops::Range;

/// One document. Its place among the others is its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its bytes in the text, without the line that parts it from the one before.
    pub range: Range<usize>,
    /// The line it begins in, from 1.
    pub line: usize,
    /// Why kubectl does not read it, when it does not.
    pub lost: Option<Lost>,
}

/// What kubectl does not see as a border, so that it loses what comes after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// `...` ends a document; kubectl wants `---` between two.
    BehindDots,
    /// A second JSON object behind a first, in a file that does not begin with JSON.
    BehindJson,
    /// `---` in a file whose lines end in a carriage return alone.
    BehindReturn,
}

impl Lost {
    /// What stands before it and is no border to kubectl, for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::BehindDots => "it stands behind '...' without '---'",
            Self::BehindJson => "it stands behind a JSON object without '---'",
            Self::BehindReturn => "the line before it ends in a carriage return alone",
        }
    }
}

/// The documents of a text, in order. Text before the first `---` counts when there is more in it
/// than comments; what stands between two `---` always does, as YAML counts it.
#[must_use]
pub fn documents(text: &str) -> Vec<Document> {
    let mut found = Vec::new();
    let is_json = text.trim_start_matches('\u{feff}').trim_start().starts_with('{');
    let mut counted = 0..1;
    for part in parts(text) {
        for (range, lost) in by_yaml(text, part) {
            for (range, lost) in by_json(text, range, lost, is_json) {
                let before = text.get(counted.start..range.start).unwrap_or_default();
                let line = counted.end + line_breaks(before);
                counted = range.start..line;
                found.push(Document { range, line, lost });
            }
        }
    }
    found
}

/// How many lines end in the text: in `\n`, `\r\n` or `\r`.
fn line_breaks(text: &str) -> usize {
    let lone = text.split('\r').skip(1).filter(|behind| !behind.starts_with('\n')).count();
    text.matches('\n').count() + lone
}

/// The text cut at the lines that begin with `---`, as kubectl cuts it.
fn parts(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut first = true;
    for (at, line) in separators(text) {
        // Directives belong to the document behind the `---` that ends them.
        let directives = directives_at(text, start..at);
        let counts = !first || has_content(text.get(start..at).unwrap_or_default());
        if counts && directives != Some(start) {
            parts.push(start..directives.unwrap_or(at));
        }
        first = false;
        start = match directives {
            Some(directives) => directives,
            // What stands behind the `---` in its line is the document's: YAML knows `--- {a: b}`.
            None if is_bare(line) => text.len().min(at + line.len()),
            None => at,
        };
    }
    if !first || has_content(text) {
        parts.push(start..text.len());
    }
    for part in &mut parts {
        part.start += mark_at(text.get(part.clone()).unwrap_or_default());
    }
    parts
}

/// Each line that parts two documents: where it begins, and itself with its line break.
fn separators(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let begin = mark_at(text);
    let first = text.get(begin..).is_some_and(|text| text.starts_with("---")).then_some(begin);
    let others = text.match_indices("\n---").map(|(at, _)| at + 1);
    first.into_iter().chain(others).filter_map(move |at| {
        let rest = text.get(at..)?;
        let end = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let line = rest.get(..end)?;
        is_separator(line).then_some((at, line))
    })
}

/// `---`, alone or with something behind a blank; `---x` is text, such as the first line of PEM.
fn is_separator(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|behind| {
        behind.is_empty() || behind.starts_with(|c: char| c.is_whitespace() || c == '#')
    })
}

/// Whether there is nothing but a comment behind the `---`.
fn is_bare(line: &str) -> bool {
    let behind = line.trim_start_matches('-').trim();
    behind.is_empty() || behind.starts_with('#')
}

/// The length of a byte order mark at the begin.
fn mark_at(text: &str) -> usize {
    text.len() - text.trim_start_matches('\u{feff}').len()
}

/// Whether there is anything in it but blanks, comments and a byte order mark.
fn has_content(text: &str) -> bool {
    lines(text).any(|(_, line)| is_content(line))
}

fn is_content(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}').trim();
    !line.is_empty() && !line.starts_with('#')
}

/// Where directives begin that nothing but a `---` follows: behind the last `...`, or at the begin.
fn directives_at(text: &str, range: Range<usize>) -> Option<usize> {
    let part = text.get(range.clone())?;
    if !part.contains('%') {
        return None;
    }
    let ended = lines(part).filter(|(_, line)| is_dots(line)).last();
    let begin = ended.map_or(0, |(at, line)| at + line.len());
    let mut content = lines(part.get(begin..)?).filter(|(_, line)| is_content(line)).peekable();
    content.peek()?;
    let only = content.all(|(_, line)| line.trim_start_matches('\u{feff}').starts_with('%'));
    only.then_some(range.start + begin)
}

/// `...`, alone or with something behind a blank.
fn is_dots(line: &str) -> bool {
    line.strip_prefix("...")
        .is_some_and(|behind| behind.is_empty() || behind.starts_with(char::is_whitespace))
}

/// The lines with their line breaks, and where they begin. A carriage return alone ends one too.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let end = rest.find(['\n', '\r']).map_or(rest.len(), |end| {
            if rest.get(end..).is_some_and(|end| end.starts_with("\r\n")) {
                end + 2
            } else {
                end + 1
            }
        });
        let line = (at, rest.get(..end)?);
        at += end;
        Some(line)
    })
}

/// A part, cut at the borders that YAML knows beside `---` behind a line feed.
fn by_yaml(text: &str, part: Range<usize>) -> Vec<(Range<usize>, Option<Lost>)> {
    let slice = text.get(part.clone()).unwrap_or_default();
    let returns = slice.split('\r').skip(1).any(|rest| !rest.starts_with('\n'));
    if !returns && !slice.contains("\n...") && !slice.starts_with("...") {
        return vec![(part, None)];
    }
    let mut found = Vec::new();
    let (mut start, mut lost, mut ended) = (0, None, false);
    for (at, line) in lines(slice) {
        let next = if returns && at > 0 && is_separator(line) {
            Some((at + if is_bare(line) { line.len() } else { 0 }, Lost::BehindReturn))
        } else {
            (ended && is_content(line) && !is_dots(line)).then_some((at, Lost::BehindDots))
        };
        ended = (ended && next.is_none()) || is_dots(line);
        if let Some((next, why)) = next {
            let end = at;
            let before = slice.get(start..end).unwrap_or_default();
            if found.is_empty()
                && !lines(before).any(|(_, line)| is_content(line) && !is_dots(line))
            {
                // Only comments before the first border.
            } else {
                found.push((part.start + start..part.start + end, lost));
            }
            lost = Some(why);
            start = next;
        }
    }
    found.push((part.start + start..part.end, lost));
    found
}

/// A part, cut behind each JSON object when it is several. kubectl reads all of them only in a file
/// that begins with one.
fn by_json(
    text: &str,
    range: Range<usize>,
    lost: Option<Lost>,
    is_json: bool,
) -> Vec<(Range<usize>, Option<Lost>)> {
    let slice = text.get(range.clone()).unwrap_or_default();
    let begin = lines(slice).find(|(_, line)| is_content(line)).map_or(0, |(at, _)| at);
    let json = slice.get(begin..).unwrap_or_default();
    let mut found = Vec::new();
    if json.trim_start().starts_with('{') {
        let mut values = serde_json::Deserializer::from_str(json).into_iter::<IgnoredAny>();
        let mut start = 0;
        while let Some(Ok(_)) = values.next() {
            let end = begin + values.byte_offset();
            let lost = if found.is_empty() || is_json { lost } else { Some(Lost::BehindJson) };
            found.push((range.start + start..range.start + end, lost));
            start = end;
        }
        let rest = slice.get(start..).unwrap_or_default();
        match found.last_mut() {
            Some((last, _)) if !has_content(rest) => last.end = range.end,
            Some((_, lost)) => {
                let lost = lost.or((!is_json).then_some(Lost::BehindJson));
                found.push((range.start + start..range.end, lost));
            }
            None => {}
        }
    }
    if found.is_empty() { vec![(range, lost)] } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(&str, usize, Option<Lost>)> {
        documents(text)
            .into_iter()
            .map(|one| (text.get(one.range).expect("it is a piece"), one.line, one.lost))
            .collect()
    }

    /// The funnel: these documents, each in this line, none of them lost.
    #[track_caller]
    fn check(text: &str, documents: &[(&str, usize)]) {
        let wanted: Vec<_> = documents.iter().map(|(text, line)| (*text, *line, None)).collect();
        assert_eq!(cut(text), wanted);
    }

    #[test]
    fn documents_are_cut_where_kubectl_cuts_them() {
        check("", &[]);
        check("# nothing\n\n", &[]);
        check("a: b", &[("a: b", 1)]);
        check("# c\n---\na: b\n", &[("a: b\n", 3)]);
        check("---\n", &[("", 2)]);
        check("a: b\n---\n---\n# c\n---\n", &[("a: b\n", 1), ("", 3), ("# c\n", 4), ("", 6)]);
        check(
            "a: b\n--- # one\nc: d\n---# two\ne: f\n",
            &[("a: b\n", 1), ("c: d\n", 3), ("e: f\n", 5)],
        );
        check("a: b\r\n---\t\r\nc: d\r\n", &[("a: b\r\n", 1), ("c: d\r\n", 3)]);
        check("  a:\n    b: c\n---\nd: e", &[("  a:\n    b: c\n", 1), ("d: e", 4)]);
        check("a: |\n  ---\n  x\n", &[("a: |\n  ---\n  x\n", 1)]);
        check("a: b\n...\n---\nc: d\n...\n# e\n", &[("a: b\n...\n", 1), ("c: d\n...\n# e\n", 4)]);
    }

    #[test]
    fn a_template_hides_no_other_document() {
        check("a: {{ .b }}\n---\nc: d\n", &[("a: {{ .b }}\n", 1), ("c: d\n", 3)]);
        check("a: 'b\n---\nc: d\n", &[("a: 'b\n", 1), ("c: d\n", 3)]);
    }

    #[test]
    fn byte_order_marks_stand_before_documents() {
        check("\u{feff}a: b\n---\n\u{feff}c: d", &[("a: b\n", 1), ("c: d", 3)]);
        check("\u{feff}---\na: b\n", &[("a: b\n", 2)]);
    }

    #[test]
    fn directives_belong_to_the_document_behind_them() {
        check("%YAML 1.1\n---\na: b\n", &[("%YAML 1.1\n---\na: b\n", 1)]);
        check(
            "a: b\n...\n%YAML 1.1\n--- # c\nd: e\n",
            &[("a: b\n...\n", 1), ("%YAML 1.1\n--- # c\nd: e\n", 3)],
        );
        check("a: 50%\n---\nb: c\n", &[("a: 50%\n", 1), ("b: c\n", 3)]);
    }

    #[test]
    fn what_stands_behind_the_dashes_is_the_documents() {
        check("--- {a: b}\n---\tc: d\n", &[("--- {a: b}\n", 1), ("---\tc: d\n", 2)]);
        let pem = "-----BEGIN X-----\nMAA=\n-----END X-----\n";
        check(pem, &[(pem, 1)]);
    }

    #[test]
    fn every_document_can_be_read_alone() {
        let text = [
            "# head\n---\n",
            "---\n# only a comment\n",
            "--- {a: b}\n... # end\n",
            "%TAG !e! tag:x,1:\n---\na: !e!b c\n...\n",
            "bare: 1\n...\n",
            "# between\n---\nlast: |\n  ---\n",
        ]
        .concat();
        let values = documents(&text).into_iter().map(|document| {
            super::super::parse(&text, &document).expect("it can be read").value.to_string()
        });
        let expected = [
            "null",
            "null",
            r#"{"a":"b"}"#,
            r#"{"a":"c"}"#,
            r#"{"bare":1}"#,
            r#"{"last":"---\n"}"#,
        ];
        assert_eq!(values.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn json_objects_follow_each_other() {
        check("{\"a\":1}{\"b\":2}\n", &[("{\"a\":1}", 1), ("{\"b\":2}\n", 1)]);
        check("{\"a\":1}\n\n{\"b\":\n2} # c\n", &[("{\"a\":1}", 1), ("\n\n{\"b\":\n2} # c\n", 1)]);
        check("{\"a\":1}\n---\nb: 2\n", &[("{\"a\":1}\n", 1), ("b: 2\n", 3)]);
        check("{a: 1, b: 2}\n", &[("{a: 1, b: 2}\n", 1)]);
        check("{\"a\":1,}\n", &[("{\"a\":1,}\n", 1)]);
        check("{\"a\":1}\n{\"b\":\n", &[("{\"a\":1}", 1), ("\n{\"b\":\n", 1)]);
    }

    #[test]
    fn what_kubectl_loses_is_marked() {
        let (dots, json, ret) = (Lost::BehindDots, Lost::BehindJson, Lost::BehindReturn);
        for (text, documents) in [
            ("a: b\n...\nc: d\n", vec![("a: b\n...\n", 1, None), ("c: d\n", 3, Some(dots))]),
            (
                "a: b\n...\n...\n# c\nd: e\n---\nf: g\n",
                vec![
                    ("a: b\n...\n...\n# c\n", 1, None),
                    ("d: e\n", 5, Some(dots)),
                    ("f: g\n", 7, None),
                ],
            ),
            (
                "---\n{\"a\":1}\n{\"b\":2}\n",
                vec![("{\"a\":1}", 2, None), ("\n{\"b\":2}\n", 2, Some(json))],
            ),
            (
                "# c\n{\"a\":1}\n{\"b\":2}",
                vec![("# c\n{\"a\":1}", 1, None), ("\n{\"b\":2}", 2, Some(json))],
            ),
            ("a: b\r---\rc: d\r", vec![("a: b\r", 1, None), ("c: d\r", 3, Some(ret))]),
        ] {
            assert_eq!(cut(text), documents);
        }
    }
}

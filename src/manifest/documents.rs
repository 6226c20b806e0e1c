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
            Self::BehindDots => "it follows '...' without '---'",
            Self::BehindJson => "it follows a JSON object without '---'",
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
mod tests;

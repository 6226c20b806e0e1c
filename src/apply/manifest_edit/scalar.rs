//! Writes one value in the notation the old one had.
//!
//! Knows the five scalar styles, base64 and line ends. Refuses to know where in a document it is:
//! it gets a scalar and its surroundings, and answers with pieces of text and their places. What
//! it answers is checked by parsing it again, so it may decide by simple rules.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use granit_parser::{ScalarStyle, Tag};
use zeroize::Zeroizing;

use super::locate::{Events, Field, Kind, Target};
use super::notation::{
    Line, block, double_quoted, encode, fold, is_foldable, is_literal, is_shown, line, skip_blank,
    stays_plain, swallows, wrap, wrap_width,
};
use super::{EditError, ValueEdit};

/// New text for a range of the old one. Deliberately without `Debug`: it holds a value.
pub(super) struct Splice {
    pub(super) range: Range<usize>,
    pub(super) text: Zeroizing<String>,
}

/// How to write one value, and what must be read afterwards.
pub(super) struct Change<'v> {
    pub(super) pieces: Vec<Splice>,
    pub(super) outcome: Wanted<'v>,
}

/// What a rewritten scalar must mean.
pub(super) struct Wanted<'v> {
    value: &'v [u8],
    /// How many times the scalar is base64 of the value.
    layers: usize,
    /// Whether the header of a block scalar drops the final line break.
    stripped: bool,
}

impl Wanted<'_> {
    pub(super) fn is_met_by(&self, scalar: &str) -> bool {
        let mut read = Zeroizing::new(scalar.as_bytes().to_vec());
        for _ in 0..self.layers {
            // Like the decoder of Kubernetes, which skips line breaks but no blanks.
            read.retain(|byte| !matches!(byte, b'\r' | b'\n'));
            match STANDARD.decode(&*read) {
                Ok(decoded) => read = Zeroizing::new(decoded),
                Err(_) => return false,
            }
        }
        let without_break = self.value.strip_suffix(b"\n");
        *read == self.value || (self.stripped && without_break == Some(read.as_slice()))
    }
}

/// The text to write.
struct Content {
    text: Zeroizing<String>,
    /// Whether line breaks at the end count. They do in text, and do not in base64.
    exact_end: bool,
}

/// The scalar to write over and its surroundings.
struct Site<'a> {
    text: &'a str,
    /// The old scalar in the text; for a block scalar its content only.
    span: Range<usize>,
    old: &'a str,
    style: ScalarStyle,
    /// Whether the scalar stands in a flow mapping.
    flow: bool,
    /// The indentation of the mapping around it.
    indent: usize,
    /// The indentation of an old block scalar's content, if it has any.
    content_indent: Option<usize>,
    /// Where the key, the tag and the anchor before the scalar end.
    lead: usize,
    /// Whether a tag or an anchor stands before the scalar.
    properties: bool,
}

/// Plans how to write the value of `edit` over the scalar of `target`.
pub(super) fn plan<'v>(
    text: &str,
    events: &Events<'_>,
    target: &Target,
    edit: &ValueEdit<'v>,
) -> Result<Change<'v>, EditError> {
    let place = || events.place(edit.at, target.value);
    let (Some(key), Some(node)) = (events.nodes.get(target.key), events.nodes.get(target.value))
    else {
        return Err(events.would_change_more(target.value));
    };
    let Kind::Scalar { value: old, style } = &node.kind else {
        return Err(EditError::NotAScalar(place()));
    };
    let tagged = tag_layers(node.tag.as_ref()).ok_or_else(|| EditError::UnknownTag(place()))?;
    if old.starts_with("ENC[") {
        return Err(EditError::Encrypted(place()));
    }
    let layers = tagged + usize::from(target.field == Field::Data);
    let content = if layers == 0 {
        let value = std::str::from_utf8(edit.value).map_err(|_| EditError::NotText(place()))?;
        Content { text: Zeroizing::new(value.to_owned()), exact_end: true }
    } else {
        Content { text: wrap(&encode(edit.value, layers), wrap_width(old)), exact_end: false }
    };
    let site = Site {
        text,
        span: node.span.clone(),
        old,
        style: *style,
        flow: target.flow,
        indent: key.indent.unwrap_or(key.column.saturating_sub(1)),
        content_indent: node.indent,
        lead: node.properties_end.unwrap_or(key.span.end),
        properties: node.properties_end.is_some(),
    };
    let (pieces, stripped) = site.write(&content).ok_or_else(|| EditError::NoColon(place()))?;
    let outcome = Wanted { value: edit.value, layers, stripped };
    Ok(Change { pieces, outcome })
}

/// How many layers of base64 a tag stands for; `None` when its meaning is not known.
fn tag_layers(tag: Option<&Tag>) -> Option<usize> {
    let Some(tag) = tag else {
        return Some(0);
    };
    match format!("{}{}", tag.handle(), tag.suffix()).as_str() {
        "!" | "tag:yaml.org,2002:str" => Some(0),
        "tag:yaml.org,2002:binary" => Some(1),
        _ => None,
    }
}

impl Site<'_> {
    /// The pieces that write the content, and whether its final line break gets lost. `None` when
    /// there is no colon to write it behind.
    fn write(&self, content: &Content) -> Option<(Vec<Splice>, bool)> {
        let text = content.text.as_str();
        let pieces = match self.style {
            ScalarStyle::Literal | ScalarStyle::Folded => return self.over_block(content),
            _ if self.is_empty() => self.over_plain(content)?,
            ScalarStyle::Plain => self.over_plain(content)?,
            ScalarStyle::SingleQuoted => vec![self.token(&self.single_quoted(text))?],
            ScalarStyle::DoubleQuoted => vec![self.token(&double_quoted(text))?],
        };
        Some((pieces, false))
    }

    fn is_empty(&self) -> bool {
        match self.style {
            // An absent value is shown by the parser as `~` or, behind a tag, as nothing.
            ScalarStyle::Plain => {
                self.span.is_empty() || matches!(self.old, "~" | "null" | "Null" | "NULL")
            }
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => self.old.is_empty(),
            // The header of an empty block is a notation like any other, and is kept.
            ScalarStyle::Literal | ScalarStyle::Folded => false,
        }
    }

    /// Writes over a plain or an empty scalar, with the least notation that can hold the content.
    fn over_plain(&self, content: &Content) -> Option<Vec<Splice>> {
        let text = content.text.as_str();
        if stays_plain(text) && !(self.flow && self.is_empty()) {
            return Some(vec![self.token(text)?]);
        }
        if text.contains('\n')
            && let Some(pieces) = self.new_block(content)
        {
            return Some(pieces);
        }
        Some(vec![self.token(&double_quoted(text))?])
    }

    /// A literal block in place of a scalar in one piece; `None` where a block cannot stand.
    fn new_block(&self, content: &Content) -> Option<Vec<Splice>> {
        let text = content.text.as_str();
        if self.flow || !is_literal(text) {
            return None;
        }
        let header = match text.strip_suffix('\n') {
            Some(rest) if rest.ends_with('\n') => return None,
            None if content.exact_end => "|-",
            Some(_) | None => "|",
        };
        let indent = self.indent + 2;
        let header_line = line(self.text, self.span.end);
        if swallows(self.text, header_line.next, indent) {
            return None;
        }
        let eol = self.line_end(&header_line);
        let lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
        let body = below(&header_line, block(lines, indent, eol), eol);
        Some(vec![self.token(header)?, body])
    }

    /// Puts a token in place of the scalar, or behind the colon when there is none.
    fn token(&self, token: &str) -> Option<Splice> {
        if !self.span.is_empty() {
            return Some(Splice {
                range: self.span.clone(),
                text: Zeroizing::new(token.to_owned()),
            });
        }
        let rest = self.text.get(self.span.start..)?;
        // The parser puts an absent value at its colon, or behind its tag and anchor.
        let colon = if self.properties { 0 } else { rest.strip_prefix(':').map(|_| 1)? };
        let rest = rest.get(colon..)?;
        let (at, before, rest) = match rest.strip_prefix([' ', '\t']) {
            Some(rest) => (self.span.start + colon + 1, "", rest),
            None => (self.span.start + colon, " ", rest),
        };
        let after = if rest.starts_with('#') { " " } else { "" };
        let mut text = Zeroizing::new(String::with_capacity(token.len() + 2));
        for part in [before, token, after] {
            text.push_str(part);
        }
        Some(Splice { range: at..at, text })
    }

    /// The content in single quotes, or in double ones where single ones cannot hold it.
    fn single_quoted(&self, text: &str) -> Zeroizing<String> {
        let old = self.text.get(self.span.clone()).unwrap_or_default();
        let many_lines = old.contains(['\r', '\n']);
        if !text.chars().all(|c| is_shown(c) || c == '\n')
            || (text.contains('\n') && !(many_lines && is_foldable(text)))
        {
            return double_quoted(text);
        }
        let indent = old
            .split(['\r', '\n'])
            .skip(1)
            .find(|line| !line.trim().is_empty())
            .map(|line| line.len() - line.trim_start_matches(' ').len())
            .filter(|indent| *indent > if self.flow { 0 } else { self.indent })
            .unwrap_or(self.indent + 2);
        let escaped = Zeroizing::new(text.replace('\'', "''"));
        let eol = self.line_end(&line(self.text, self.span.start));
        let body = block(fold(escaped.split('\n')), indent, eol);
        let mut quoted = Zeroizing::new(String::with_capacity(body.len() + indent + 2));
        quoted.push('\'');
        // The first line stands behind the quote, the last one before it.
        quoted.push_str(body.get(indent..).unwrap_or_default());
        if text.ends_with('\n') {
            quoted.extend(std::iter::repeat_n(' ', indent));
        }
        quoted.push('\'');
        quoted
    }

    /// Writes over a block scalar: the header stays, the content lines change.
    fn over_block(&self, content: &Content) -> Option<(Vec<Splice>, bool)> {
        let text = content.text.as_str();
        let header = self.header()?;
        let folded = self.style == ScalarStyle::Folded;
        let keep = header.keep && content.exact_end;
        let body = text.strip_suffix('\n').unwrap_or(text);
        let fits = if folded { is_foldable(body) } else { is_literal(text) };
        // Only a literal block that keeps them all has room for several line breaks at the end.
        if !fits || (body.ends_with('\n') && (folded || !keep)) {
            return Some((self.block_to_quoted(&header, text), false));
        }
        let ends = text.ends_with('\n');
        let mut pieces = Vec::new();
        if content.exact_end && !ends && !header.strip {
            pieces.push(self.stripping(&header)?);
        }
        let lines = body.split('\n');
        pieces.push(if folded {
            self.content_lines(&header, fold(lines), keep && ends)
        } else {
            self.content_lines(&header, lines, keep && ends)
        });
        Some((pieces, header.strip && content.exact_end))
    }

    /// The header with `-`, so that the value gets no line break at its end.
    fn stripping(&self, header: &Header) -> Option<Splice> {
        let old = self.text.get(header.range.clone())?;
        Some(Splice {
            range: header.range.clone(),
            text: Zeroizing::new(old.replace('+', "") + "-"),
        })
    }

    /// Puts lines in place of a block scalar's content. Blank lines behind it stay, except when
    /// they are `counted`, as the header may say.
    #[expect(single_use_lifetimes, reason = "an elided lifetime in `impl Iterator` is not stable")]
    fn content_lines<'l>(
        &self,
        header: &Header,
        lines: impl Iterator<Item = &'l str> + Clone,
        counted: bool,
    ) -> Splice {
        let header_line = line(self.text, header.range.end);
        let old = self.block_lines(header_line.next);
        let indent = self.content_indent.unwrap_or(self.indent + header.indent.unwrap_or(2));
        let eol = self.line_end(old.first().unwrap_or(&header_line));
        let body = block(lines, indent, eol);
        match self.last_content(&old, indent, counted) {
            Some(last) => Splice { range: header_line.next..last.end, text: body },
            None => below(&header_line, body, eol),
        }
    }

    /// Gives a block scalar up for a double-quoted one; a comment behind the header stays.
    fn block_to_quoted(&self, header: &Header, text: &str) -> Vec<Splice> {
        let header_line = line(self.text, header.range.end);
        let old = self.block_lines(header_line.next);
        let mut pieces = vec![Splice { range: header.range.clone(), text: double_quoted(text) }];
        let indent = self.content_indent.unwrap_or(self.indent + 1);
        if let Some(last) = self.last_content(&old, indent, false) {
            pieces.push(Splice { range: header_line.end..last.end, text: Zeroizing::default() });
        }
        pieces
    }

    /// The header of a block scalar. The parser's span starts at the content, so the header is
    /// looked for from the key on.
    fn header(&self) -> Option<Header> {
        let mut at = skip_blank(self.text, self.lead);
        if !self.properties {
            at += self.text.get(at..)?.starts_with(':').then_some(1)?;
            at = skip_blank(self.text, at);
        }
        let indicators = self.text.get(at..)?.strip_prefix(['|', '>'])?;
        let length =
            indicators.bytes().take_while(|byte| matches!(byte, b'+' | b'-' | b'1'..=b'9')).count();
        let indicators = indicators.get(..length)?;
        let digit = indicators.bytes().find(u8::is_ascii_digit);
        Some(Header {
            range: at..at + 1 + length,
            keep: indicators.contains('+'),
            strip: indicators.contains('-'),
            indent: digit.map(|digit| usize::from(digit - b'0')),
        })
    }

    /// The lines of a block scalar, blank ones at its end included.
    fn block_lines(&self, start: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut at = start;
        // The parser's span reaches into the indentation of the line behind the block.
        while at < self.span.end {
            let next = line(self.text, at);
            if next.end > self.span.end {
                break;
            }
            at = next.next;
            lines.push(next);
        }
        lines
    }

    /// The last line that matters to the value; with `blank`, blank ones matter.
    fn last_content<'l>(&self, lines: &'l [Line], indent: usize, blank: bool) -> Option<&'l Line> {
        lines.iter().rfind(|line| {
            let text = line.shown(self.text);
            let has_break = line.end < line.next;
            // A line of blanks beyond the indentation is content.
            text.len() > indent || !text.trim().is_empty() || (blank && has_break)
        })
    }

    /// The line end to write: that of the line given, else the first one in the text.
    fn line_end(&self, near: &Line) -> &str {
        let first = line(self.text, 0);
        [near, &first]
            .into_iter()
            .map(|line| line.eol(self.text))
            .find(|end| !end.is_empty())
            .unwrap_or("\n")
    }
}

/// The header of a block scalar: `|` or `>` and the indicators behind it.
struct Header {
    range: Range<usize>,
    /// `+`: all line breaks at the end count.
    keep: bool,
    /// `-`: none does.
    strip: bool,
    /// The indentation the content has beyond the mapping's, where the header says so.
    indent: Option<usize>,
}

/// A new block below a line. At the end of a text without a last line break there is none behind
/// the block either.
fn below(line: &Line, mut block: Zeroizing<String>, eol: &str) -> Splice {
    if line.end == line.next {
        block.insert_str(0, eol);
    } else {
        block.push_str(eol);
    }
    Splice { range: line.next..line.next, text: block }
}

//! Text in the notations a value can have: base64, lines, literal, folded, plain and quoted.
//!
//! Knows strings only. Refuses to know events, Secrets, and which notation to choose.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

pub(super) fn encode(value: &[u8], layers: usize) -> Zeroizing<String> {
    let once = Zeroizing::new(STANDARD.encode(value));
    (1..layers).fold(once, |text, _| Zeroizing::new(STANDARD.encode(&*text)))
}

/// The width at which old base64 is broken into lines, if it is.
pub(super) fn wrap_width(old: &str) -> Option<usize> {
    let (first, rest) = old.trim().split_once('\n')?;
    let first = first.trim_end();
    let is_base64 = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=\r\n".contains(&byte))
    };
    (!first.is_empty() && is_base64(first) && is_base64(rest)).then_some(first.len())
}

pub(super) fn wrap(text: &str, width: Option<usize>) -> Zeroizing<String> {
    let width = width.unwrap_or(text.len()).max(1);
    let mut wrapped = Zeroizing::new(String::with_capacity(text.len() + text.len() / width));
    for (index, character) in text.chars().enumerate() {
        if index > 0 && index % width == 0 {
            wrapped.push('\n');
        }
        wrapped.push(character);
    }
    wrapped
}

/// A line of the text, or the rest of one.
pub(super) struct Line {
    pub(super) start: usize,
    /// Where its line break starts.
    pub(super) end: usize,
    /// Where the next line starts.
    pub(super) next: usize,
}

/// The rest of the line at `start`. YAML knows LF, CR LF and CR.
pub(super) fn line(text: &str, start: usize) -> Line {
    let rest = text.get(start..).unwrap_or_default();
    let length = rest.find(['\r', '\n']).unwrap_or(rest.len());
    let end = start + length;
    let broken = match rest.as_bytes().get(length..) {
        Some([b'\r', b'\n', ..]) => 2,
        Some([_, ..]) => 1,
        Some([]) | None => 0,
    };
    Line { start, end, next: end + broken }
}

impl Line {
    /// The line without its line break.
    pub(super) fn shown<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start..self.end).unwrap_or_default()
    }

    /// The line break, empty at the end of a text without one.
    pub(super) fn eol<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.end..self.next).unwrap_or_default()
    }
}

/// Skips blanks, line breaks and comments.
pub(super) fn skip_blank(text: &str, mut at: usize) -> usize {
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let dark = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        at += rest.len() - dark.len();
        if !dark.starts_with('#') {
            return at;
        }
        at = line(text, at).next;
    }
}

/// Whether a new block before `start` would take in what stands there: a comment or a line of
/// blanks as deep as the block. A line indented with a tab counts too, as readers differ on it.
pub(super) fn swallows(text: &str, start: usize, indent: usize) -> bool {
    let mut at = start;
    while at < text.len() {
        let line = line(text, at);
        let shown = line.shown(text);
        let rest = shown.trim_start_matches(' ');
        let depth = shown.len() - rest.len();
        let is_blank = rest.is_empty();
        if rest.starts_with('\t') || is_blank && depth > indent {
            return true;
        }
        if !is_blank {
            return rest.starts_with('#') && depth >= indent;
        }
        at = line.next;
    }
    false
}

/// Joins lines by a line end, and indents those that are not empty.
#[expect(single_use_lifetimes, reason = "an elided lifetime in `impl Iterator` is not stable")]
pub(super) fn block<'l>(
    lines: impl Iterator<Item = &'l str> + Clone,
    indent: usize,
    eol: &str,
) -> Zeroizing<String> {
    let room = |line: &str| line.len() + indent + eol.len();
    let room = lines.clone().map(room).sum::<usize>() + 2 * eol.len();
    let mut block = Zeroizing::new(String::with_capacity(room));
    for (index, line) in lines.enumerate() {
        if index > 0 {
            block.push_str(eol);
        }
        if !line.is_empty() {
            block.extend(std::iter::repeat_n(' ', indent));
            block.push_str(line);
        }
    }
    block
}

/// Adds the empty lines that make folded line breaks count.
pub(super) fn fold<'l>(
    lines: impl Iterator<Item = &'l str> + Clone,
) -> impl Iterator<Item = &'l str> + Clone {
    let mut after_text = false;
    lines.flat_map(move |line| {
        let extra = std::mem::replace(&mut after_text, !line.is_empty());
        std::iter::repeat_n("", usize::from(extra)).chain(std::iter::once(line))
    })
}

/// Whether a literal block without an indentation indicator can hold the text.
pub(super) fn is_literal(text: &str) -> bool {
    !text.starts_with([' ', '\t', '\n'])
        && !text.is_empty()
        && text.chars().all(|c| is_shown(c) || matches!(c, '\n' | '\t'))
}

/// Whether folding can be undone: no line begins or ends with a blank, the first one is not empty.
pub(super) fn is_foldable(text: &str) -> bool {
    let blank = [' ', '\t'];
    is_literal(text)
        && text.split('\n').all(|line| !line.starts_with(blank) && !line.ends_with(blank))
}

/// Whether a character can stand in YAML as it is, is no line break in any version of YAML, and
/// no byte order mark.
pub(super) fn is_shown(character: char) -> bool {
    matches!(character,
        ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
        && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Whether text is a string as a plain scalar, in any context and for YAML 1.1 readers too, which
/// take more words and numbers for something else. Says no more often than it has to.
pub(super) fn stays_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    let number = |byte: u8| byte.is_ascii_hexdigit() || b"+oxOX".contains(&byte);
    let starts_like_one = text.starts_with(|c: char| c.is_ascii_digit() || c == '+');
    let mistaken = text.is_empty()
        || text.starts_with('=')
        || (starts_like_one && text.bytes().all(number))
        || WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
    !mistaken && text.bytes().all(plain)
}

/// A double-quoted scalar on one line, valid both as YAML and as JSON.
pub(super) fn double_quoted(text: &str) -> Zeroizing<String> {
    let mut quoted = Zeroizing::new(String::with_capacity(text.len() * 6 + 2));
    quoted.push('"');
    for character in text.chars() {
        let escape: Cow<'_, str> = match character {
            '"' => "\\\"".into(),
            '\\' => "\\\\".into(),
            '\n' => "\\n".into(),
            '\r' => "\\r".into(),
            '\t' => "\\t".into(),
            shown if is_shown(shown) => {
                quoted.push(shown);
                continue;
            }
            other => format!("\\u{:04x}", u32::from(other)).into(),
        };
        quoted.push_str(&escape);
    }
    quoted.push('"');
    quoted
}

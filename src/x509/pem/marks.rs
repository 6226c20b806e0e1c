//! Marks: where the BEGIN and END of PEM blocks stand, also in text that lost its line breaks.
//!
//! Knows how people lose them: files joined by a shell, a value pasted into one line, `\n` written
//! out by a tool that quotes. Refuses to know what stands between the marks.

use super::PemQuirk;
use memchr::memmem;
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// A BEGIN or END inside a line, as byte positions.
#[derive(Clone, Copy)]
struct Mark {
    start: usize,
    end: usize,
    is_begin: bool,
}

/// The first mark of `line` at or behind `from`. Of a run of hyphens the last five begin one.
fn next_mark(line: &str, from: usize) -> Option<Mark> {
    let mut at = from;
    loop {
        let run = at + line.get(at..)?.find(DASHES)?;
        let behind = line.get(run..)?.trim_start_matches('-');
        at = line.len() - behind.len();
        let start = at - DASHES.len();
        let rest = line.get(start..)?;
        let opened = [(BEGIN, true), (END, false)]
            .into_iter()
            .find(|(opening, _)| rest.starts_with(opening));
        if let Some((opening, is_begin)) = opened {
            let label = rest.get(opening.len()..)?;
            let length = label.find(DASHES)?;
            return Some(Mark {
                start,
                end: start + opening.len() + length + DASHES.len(),
                is_begin,
            });
        }
    }
}

/// The line taken apart at its marks, each piece to be read as a line of its own with what is odd
/// about it; nothing where the line is as it should be, and to be read whole.
pub(super) fn pieces(line: &str) -> Option<Vec<(&str, Option<PemQuirk>)>> {
    if !line.contains('-') {
        return None;
    }
    let trimmed = line.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let mark = next_mark(trimmed, 0)?;
    (mark.end - mark.start < trimmed.len()).then(|| taken_apart(trimmed))
}

fn taken_apart(line: &str) -> Vec<(&str, Option<PemQuirk>)> {
    let mut pieces: Vec<(&str, Option<PemQuirk>)> = Vec::new();
    let (mut done, mut from) = (0, 0);
    let mut last: Option<Mark> = None;
    while let Some(mark) = next_mark(line, from) {
        let before = line.get(done..mark.start).unwrap_or_default();
        from = mark.end;
        // A BEGIN behind words is spoken of, and an END behind words ends what they are.
        if mark.is_begin && !is_bare(before) {
            continue;
        }
        let glued = mark.is_begin && last.is_some_and(|last| !last.is_begin);
        if glued && let Some(end) = pieces.last_mut() {
            end.1 = Some(PemQuirk::Glued);
        }
        if !is_bare(before) {
            pieces.push((before, None));
        }
        let quirk = match before.trim() {
            _ if glued => PemQuirk::Glued,
            "" if last.is_none() => behind(line, mark),
            "" => PemQuirk::OneLine,
            quotes if is_bare(quotes) => PemQuirk::Quoted,
            _ => PemQuirk::OneLine,
        };
        pieces.push((line.get(mark.start..mark.end).unwrap_or_default(), Some(quirk)));
        (done, last) = (mark.end, Some(mark));
    }
    let rest = line.get(done..).unwrap_or_default();
    if pieces.is_empty() {
        pieces.push((line, None));
    } else if !is_bare(rest) {
        pieces.push((rest, None));
    }
    pieces
}

/// What is odd about the first mark of a line that is not alone in it, by what stands behind it.
fn behind(line: &str, mark: Mark) -> PemQuirk {
    let rest = line.get(mark.end..).unwrap_or_default();
    match mark.is_begin {
        _ if is_bare(rest) => PemQuirk::Quoted,
        true => PemQuirk::OneLine,
        false => PemQuirk::Misplaced,
    }
}

/// Whether there is nothing but blanks and quotation marks.
fn is_bare(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || "\"'`,;\u{feff}\u{201c}\u{201d}".contains(c))
}

/// Whether a block may begin in it: a cheap look, before any line is read.
pub(super) fn may_begin(text: &[u8]) -> bool {
    memmem::find(text, BEGIN.as_bytes()).is_some()
}

/// The text with its line breaks, where it begins with a block whose breaks are written out as
/// `\n`; else nothing.
pub(super) fn unescaped(text: &str) -> Option<Zeroizing<String>> {
    let text = text.trim_start_matches(|c: char| is_bare(c.encode_utf8(&mut [0; 4])));
    let first = next_mark(text, 0).filter(|mark| mark.start == 0 && mark.is_begin)?;
    let behind = text.get(first.end..)?.trim_start_matches('\\');
    let is_written_out = text.get(first.end..)?.starts_with('\\');
    if !is_written_out || !behind.starts_with(['n', 'r']) {
        return None;
    }
    let mut broken = Zeroizing::new(String::with_capacity(text.len()));
    let mut parts = text.split('\\');
    broken.push_str(parts.next().unwrap_or_default());
    for part in parts {
        // `\r\n` becomes one break, as does `\\n`: an empty line would be odd in another way.
        let rest = part.strip_prefix(['n', 'r']);
        if rest.is_some() && !broken.ends_with('\n') {
            broken.push('\n');
        }
        broken.push_str(rest.unwrap_or(part));
    }
    Some(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line in, its pieces out, each with its oddity.
    fn check(line: &str) -> String {
        let show = |(piece, quirk): &(&str, Option<PemQuirk>)| {
            quirk.map_or_else(|| format!("[{piece}]"), |quirk| format!("[{piece}] {quirk:?}"))
        };
        let whole = vec![(line, None)];
        pieces(line).unwrap_or(whole).iter().map(show).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_line_is_taken_apart_where_blocks_begin_and_end() {
        for (line, told) in [
            ("MIIB", "[MIIB]"),
            ("-----BEGIN A-----", "[-----BEGIN A-----]"),
            ("  -----BEGIN A----- \t", "[  -----BEGIN A----- \t]"),
            (
                "-----END A----------BEGIN B-----",
                "[-----END A-----] Glued [-----BEGIN B-----] Glued",
            ),
            (
                "-----END A----- -----BEGIN B-----",
                "[-----END A-----] Glued [-----BEGIN B-----] Glued",
            ),
            (
                "-----BEGIN A----- MII B -----END A-----",
                "[-----BEGIN A-----] OneLine [ MII B ] [-----END A-----] OneLine",
            ),
            ("MII-----END A-----", "[MII] [-----END A-----] OneLine"),
            ("-----BEGIN A-----MII", "[-----BEGIN A-----] OneLine [MII]"),
            ("\"-----BEGIN A-----", "[-----BEGIN A-----] Quoted"),
            ("-----END A-----\"", "[-----END A-----] Quoted"),
            ("-----END A----- # the leaf", "[-----END A-----] Misplaced [ # the leaf]"),
            ("paste -----BEGIN A----- here", "[paste -----BEGIN A----- here]"),
            ("-----BEGIN A", "[-----BEGIN A]"),
            ("----------", "[----------]"),
            ("\u{e4}-----BEGIN A-----\u{e4}", "[\u{e4}-----BEGIN A-----\u{e4}]"),
        ] {
            assert_eq!(check(line), told, "{line:?}");
        }
    }

    #[test]
    fn line_breaks_that_are_written_out_come_back() {
        let broken = "-----BEGIN A-----\nMAA=\n-----END A-----\n";
        for written in [
            broken.replace('\n', "\\n"),
            broken.replace('\n', "\\r\\n"),
            broken.replace('\n', "\\\\n"),
            format!("\"{}", broken.replace('\n', "\\n")),
        ] {
            assert_eq!(unescaped(&written).map(|text| text.to_string()).as_deref(), Some(broken));
        }
        for plain in ["", "\\n", "-----BEGIN A-----\nMAA=", "{\"a\":\"-----BEGIN A-----\\nMAA=\"}"]
        {
            assert_eq!(unescaped(plain), None, "{plain}");
        }
    }
}

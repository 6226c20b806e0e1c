//! Layout of text: columns, wrapped sentences and colours that mean something.

use super::harmless;
use super::page::Page;
use crate::audit::finding::Severity;
use crate::object_ref::ObjectRef;
use crate::remedy::Remedy;
use anstyle::{AnsiColor, Style};
use std::borrow::Cow;
use std::io::{self, Write as _};
use tabwriter::TabWriter;
use textwrap::core::display_width;

/// Red, yellow and cyan for what is broken, will break, and is worth knowing.
pub(super) fn style(severity: Severity) -> Style {
    match severity {
        Severity::Error => AnsiColor::Red.on_default().bold(),
        Severity::Warning => AnsiColor::Yellow.on_default().bold(),
        Severity::Info => AnsiColor::Cyan.on_default(),
    }
}

/// For what is good.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();

/// A table without borders: a row a line, whatever stands in it. Names are copied from tables and
/// looked for in them, so nothing is broken or cut; where there is no room, whole columns go.
pub(super) struct Columns {
    heads: Vec<&'static str>,
    no_headers: bool,
    /// Columns that go where there is no room, the first of them first.
    spare: Vec<&'static str>,
    rows: Vec<(Vec<String>, Style)>,
}

impl Columns {
    pub(super) const fn new(heads: Vec<&'static str>, no_headers: bool) -> Self {
        Self { heads, no_headers, spare: Vec::new(), rows: Vec::new() }
    }

    /// The same with columns that may go.
    pub(super) fn spare(self, spare: &[&'static str]) -> Self {
        Self { spare: spare.to_vec(), ..self }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.styled_row(Style::new(), cells);
    }

    /// A row whose first cell has this colour.
    pub(super) fn styled_row(&mut self, style: Style, cells: impl IntoIterator<Item = String>) {
        let cells = cells.into_iter().map(|cell| match &*harmless::line(&cell) {
            "" => NONE.to_owned(),
            cell => cell.to_owned(),
        });
        self.rows.push((cells.collect(), style));
    }

    /// Writes the table.
    pub(super) fn write(self, out: &mut Page<'_>) -> io::Result<()> {
        let shown = self.shown(out.width());
        let heads: Vec<String> = self.heads.iter().map(|head| (*head).to_owned()).collect();
        let heads = (!self.no_headers).then_some((&heads, Style::new()));
        let rows = self.rows.iter().map(|(cells, style)| (cells, *style));
        let mut aligned = TabWriter::new(Vec::new()).padding(GAP).minwidth(0).ansi(true);
        for (cells, style) in heads.into_iter().chain(rows) {
            let cells = shown.iter().map(|at| cells.get(*at).map_or("", String::as_str));
            let mut cells = cells.map(str::to_owned).collect::<Vec<_>>();
            if let Some(first) = cells.first_mut() {
                *first = format!("{style}{first}{style:#}");
            }
            writeln!(aligned, "{}", cells.join("\t"))?;
        }
        let aligned = aligned.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
        for line in String::from_utf8_lossy(&aligned).lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// How wide the widest cell of each column is.
    fn widths(&self) -> Vec<usize> {
        let head = |head: &&str| if self.no_headers { 0 } else { display_width(head) };
        let mut widths: Vec<usize> = self.heads.iter().map(head).collect();
        for (cells, _) in &self.rows {
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(display_width(cell));
            }
        }
        widths
    }

    /// The columns for which there is room, by their places.
    fn shown(&self, room: Option<usize>) -> Vec<usize> {
        let widths = self.widths();
        let mut shown: Vec<usize> = (0..self.heads.len()).collect();
        let needed = |shown: &[usize]| -> usize {
            let cells: usize = shown.iter().filter_map(|at| widths.get(*at)).sum();
            cells + GAP * shown.len().saturating_sub(1)
        };
        let Some(room) = room else { return shown };
        let mut left_out: Vec<usize> = Vec::new();
        for spare in &self.spare {
            if needed(&shown) > room {
                left_out.extend(self.heads.iter().position(|head| head == spare));
                shown.retain(|at| !left_out.contains(at));
            }
        }
        // A wide one that had to go may leave room for those that went before it.
        for at in left_out.into_iter().rev() {
            let mut more = shown.clone();
            more.push(at);
            more.sort_unstable();
            if needed(&more) <= room {
                shown = more;
            }
        }
        shown
    }
}

/// How many blanks stand between two columns.
const GAP: usize = 2;
/// What stands in a cell of nothing, as kubectl has it: a row has as many fields as every other.
pub(super) const NONE: &str = "<none>";

/// A serial number that is far beyond the 20 octets of RFC 5280 §4.1.2.2 is cut: `bad-serial` says what
/// is wrong with it, and JSON has it whole.
pub(super) fn serial(serial: &str) -> String {
    const SHOWN: usize = 128;
    match serial.get(..SHOWN) {
        Some(begin) if serial.len() > SHOWN => {
            format!("{begin}\u{2026} ({} octets)", serial.len().div_ceil(2))
        }
        _ => serial.to_owned(),
    }
}

/// A sentence, harmless and indented; wrapped where there is a width.
pub(super) fn sentence(
    indent: &str,
    first: &str,
    text: &str,
    out: &mut Page<'_>,
) -> io::Result<()> {
    let text = harmless::line(text);
    let Some(width) = out.width() else { return writeln!(out, "{first}{text}") };
    let options = wrapping(width).initial_indent(first).subsequent_indent(indent);
    for line in textwrap::wrap(&text, options) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// As many words of a line as fit.
pub(super) fn fitting(line: &str, width: Option<usize>) -> Cow<'_, str> {
    let Some(width) = width.filter(|width| display_width(line) > *width) else {
        return line.into();
    };
    let mut ends = line.match_indices(' ').map(|(at, _)| at);
    let fits = |at: &usize| line.get(..*at).is_some_and(|part| display_width(part) + 2 <= width);
    let mut end = ends.next().unwrap_or(line.len());
    for at in ends {
        if fits(&at) {
            end = at;
        }
    }
    format!("{} …", line.get(..end).unwrap_or(line).trim_end()).into()
}

/// Only between words.
fn wrapping<'o>(width: usize) -> textwrap::Options<'o> {
    textwrap::Options::new(width)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
}

/// What to do: a command alone on its line and unwrapped, so that it can be pasted; a sentence behind an
/// arrow, wrapped.
pub(super) fn write_remedy(remedy: &Remedy, out: &mut Page<'_>) -> io::Result<()> {
    let text = remedy.to_string();
    if remedy.is_command() {
        return writeln!(out, "         {}", harmless::line(&text));
    }
    sentence("           ", "         → ", &text, out)
}

/// A styled word and, behind it, what it is about: harmless already, wrapped and indented.
pub(super) fn headline(
    (word_style, word): (Style, &str),
    text: &str,
    out: &mut Page<'_>,
) -> io::Result<()> {
    let lines = match out.width() {
        Some(width) => textwrap::wrap(text, wrapping(width.saturating_sub(9))),
        None => vec![text.into()],
    };
    let mut lines = lines.into_iter();
    let first = lines.next().unwrap_or_default();
    writeln!(out, "{word_style}{word:<8}{word_style:#} {first}")?;
    lines.try_for_each(|line| writeln!(out, "         {line}"))
}

/// `secret/web`, with the namespace in front where several are shown and the file behind.
pub(super) fn name(object: &ObjectRef, with_namespace: bool) -> String {
    let short = object.short();
    let named = match (&object.namespace, with_namespace) {
        (Some(namespace), true) => format!("{namespace}/{short}"),
        _ => short,
    };
    harmless::line(&named).into_owned()
}

/// `file, document 2`, or nothing for what was read from a cluster.
pub(super) fn place(object: &ObjectRef) -> String {
    let Some(place) = &object.place else { return String::new() };
    let document =
        if place.of_many { format!(", document {}", place.document + 1) } else { String::new() };
    let item = place.item.map_or_else(String::new, |item| format!(", item {}", item + 1));
    format!("{}{document}{item}", harmless::line(&place.path))
}

/// A line of its own that says in which file an object stands; none for a cluster's.
pub(super) fn write_place(object: &ObjectRef, out: &mut Page<'_>) -> io::Result<()> {
    if object.place.is_none() {
        return Ok(());
    }
    writeln!(out, "         in {}", place(object))
}

/// `1 certificate`, `2 certificates`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// A status of several words as one field for awk and cut where there is no terminal, and as words for
/// people where there is one.
pub(super) fn status_of(words: &str, width: Option<usize>) -> String {
    if width.is_some() { words.to_owned() } else { words.replace(' ', "-") }
}

/// Several names in one cell: the first few, and how many more.
pub(super) fn some(names: &[String], most: usize) -> String {
    let shown = names.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(most);
    if more > 0 { format!("{shown}, +{more}") } else { shown }
}

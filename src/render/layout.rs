//! Layout of text: columns, wrapped sentences and colours that mean something.

use super::harmless;
use crate::audit::finding::Severity;
use crate::object_ref::ObjectRef;
use crate::remedy::Remedy;
use anstyle::{AnsiColor, Style};
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use std::io::{self, Write};

/// Tables and sentences fit this many columns, unless `wide` is asked for.
pub(super) const COLUMNS: u16 = 80;

/// Names up to this long are kept on one line.
const LONGEST_NAME: u16 = 34;

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

/// A table without borders. `wide` lets it be as wide as it must.
pub(super) struct Columns {
    table: Table,
}

impl Columns {
    pub(super) fn new(heads: &[&str], no_headers: bool, wide: bool) -> Self {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        if !wide {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(COLUMNS);
        }
        if !no_headers {
            table.set_header(heads.iter().map(|head| (*head).to_owned()));
        }
        Self { table }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.table.add_row(cells.into_iter().map(|cell| harmless::line(&cell).into_owned()));
    }

    /// Names are copied from tables, so they are broken only when they are very long.
    fn keep_names_whole(&mut self, columns: usize) {
        let widths = self.table.column_max_content_widths();
        for (index, width) in widths.into_iter().enumerate().take(columns) {
            if let Some(column) = self.table.column_mut(index).filter(|_| width <= LONGEST_NAME) {
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width + 2)));
            }
        }
    }

    /// Writes the table; its first `names` columns hold names.
    pub(super) fn write(mut self, names: usize, out: &mut dyn Write) -> io::Result<()> {
        self.keep_names_whole(names);
        for line in self.table.lines() {
            // The preset indents by one and fills up with blanks; neither is wanted in a pipe.
            let line = line.trim_end();
            writeln!(out, "{}", line.strip_prefix(' ').unwrap_or(line))?;
        }
        Ok(())
    }
}

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

/// A sentence, harmless, wrapped and indented.
pub(super) fn sentence(
    indent: &str,
    first: &str,
    text: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let options = textwrap::Options::new(usize::from(COLUMNS))
        .initial_indent(first)
        .subsequent_indent(indent)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    for line in textwrap::wrap(&harmless::line(text), options) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// What to do, behind its arrow: a command alone on its line and unwrapped, so that it can be pasted;
/// a sentence wrapped.
pub(super) fn write_remedy(remedy: &Remedy, out: &mut dyn Write) -> io::Result<()> {
    let text = remedy.to_string();
    if remedy.is_command() {
        return writeln!(out, "         → {}", harmless::line(&text));
    }
    sentence("           ", "         → ", &text, out)
}

/// A styled word and, behind it, what it is about: harmless already, wrapped and indented.
pub(super) fn headline(
    (word_style, word): (Style, &str),
    text: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let options = textwrap::Options::new(usize::from(COLUMNS) - 9)
        .break_words(false)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    let mut lines = textwrap::wrap(text, options).into_iter();
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
pub(super) fn write_place(object: &ObjectRef, out: &mut dyn Write) -> io::Result<()> {
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

/// Several names in one cell: the first few, and how many more.
pub(super) fn some(names: &[String], most: usize) -> String {
    let shown = names.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(most);
    if more > 0 { format!("{shown}, +{more}") } else { shown }
}

//! `-o github`: workflow commands, which GitHub Actions shows beside the lines of a pull request.
//!
//! Source: GitHub's toolkit, `packages/core/src/command.ts` (`escapeData`, `escapeProperty`).

use super::findings::told;
use super::place;
use crate::audit::finding::Severity;
use crate::object_ref::ObjectRef;
use crate::render::harmless;
use crate::render::layout::name;
use crate::render::model::Model;
use crate::render::page::Page;
use std::io::{self, Write as _};

/// Writes a command for each finding that is told, and for what could not be read. What does not
/// count is told with `--all` alone: an annotation is for who must act.
pub(in crate::render) fn write(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    for finding in model.findings().filter(|finding| model.look.all || finding.counts) {
        let word = match finding.severity {
            _ if !finding.counts => "notice",
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let why = finding.passed_over().map_or_else(String::new, |why| format!(" ({why})"));
        let message = told(&finding, &model.affected(&finding));
        let object = named(finding.object);
        let message = format!("{object}: {message}");
        let remedy = finding.remedy.to_string();
        let title = format!("{}{why}", finding.rule);
        command(word, (finding.object, &title), &[&message, &remedy], out)?;
    }
    for problem in model.problems() {
        let message = format!("{}: {}", named(problem.object), problem.message);
        command("warning", (problem.object, "could not be read"), &[&message], out)?;
    }
    Ok(())
}

fn named(object: &ObjectRef) -> String {
    if object.name.is_empty() { object.to_string() } else { name(object, true) }
}

fn command(
    word: &str,
    (object, title): (&ObjectRef, &str),
    lines: &[&str],
    out: &mut Page<'_>,
) -> io::Result<()> {
    let place = place::of(object).map_or_else(String::new, |place| {
        format!("file={},line={},", property(place.path), place.line)
    });
    // One line each: what breaks lines in the text is made visible before, so these are ours.
    let lines: Vec<String> =
        lines.iter().filter(|line| !line.is_empty()).map(|line| data(line)).collect();
    writeln!(out, "::{word} {place}title={}::{}", property(title), lines.join("%0A"))
}

/// The text behind the second `::`.
fn data(text: &str) -> String {
    harmless::line(text).replace('%', "%25")
}

/// A value before it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_neither_itself_nor_the_command() {
        for (text, of_data, of_property) in [
            ("a", "a", "a"),
            ("100%", "100%25", "100%25"),
            ("a%0Ab", "a%250Ab", "a%250Ab"),
            ("a\r\nb", "a\\r\\nb", "a\\r\\nb"),
            ("a:b,c", "a:b,c", "a%3Ab%2Cc"),
            ("::error::x", "::error::x", "%3A%3Aerror%3A%3Ax"),
        ] {
            assert_eq!((data(text), property(text)), (of_data.into(), of_property.into()));
        }
    }
}

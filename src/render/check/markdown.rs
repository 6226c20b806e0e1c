//! `-o markdown`: tables for a comment on a pull request or a change request (`CommonMark` with GitHub's
//! tables).
//!
//! What came from outside is text there too: it makes no markup, mentions nobody and links nowhere.

use super::findings::told;
use super::sum;
use super::table::MOST;
use crate::instant;
use crate::object_ref::ObjectRef;
use crate::render::harmless;
use crate::render::layout::{count, name};
use crate::render::model::{HolderRow, Model, ProblemRow};
use crate::render::page::Page;
use std::fmt::Write as _;
use std::io::{self, Write as _};

/// Writes the page.
pub(in crate::render) fn write(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    writeln!(out, "## Certificates\n")?;
    let parts = sum::by_severity(model.report);
    let verdict = match (parts.is_empty(), model.report.complete) {
        (false, _) => parts.join(", "),
        (true, true) => "nothing to report".to_owned(),
        (true, false) => "nothing found, and not everything could be read".to_owned(),
    };
    let place = model.looked.place.as_str();
    let place = if place.is_empty() { String::new() } else { format!(" at {}", text(place)) };
    let at = instant::show(model.report.now);
    writeln!(out, "**{verdict}**: looked{place}, judged as of {at}.")?;
    write_findings(model, out)?;
    write_unread("Could not be read", &model.problems().collect::<Vec<_>>(), out)?;
    write_unread("Not read, and nothing depends on it", &model.notes().collect::<Vec<_>>(), out)?;
    write_holders(model, out)
}

fn write_findings(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let mut findings = model.findings().peekable();
    if findings.peek().is_none() {
        return Ok(());
    }
    writeln!(out, "\n### Findings\n")?;
    head(&["Severity", "Rule", "Object", "What is wrong", "What to do"], out)?;
    for finding in findings {
        let why = finding.passed_over().map_or_else(String::new, |why| format!(" ({why})"));
        let message = told(&finding, &model.affected(&finding));
        let remedy = finding.remedy.to_string();
        let remedy = if finding.remedy.is_command() { code(&remedy) } else { text(&remedy) };
        let severity = format!("{}{why}", finding.severity);
        let object = object(finding.object, model.look.namespaces);
        row(&[severity, code(finding.rule), object, text(&message), remedy], out)?;
    }
    Ok(())
}

fn write_unread(title: &str, rows: &[ProblemRow<'_>], out: &mut Page<'_>) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n### {title}\n")?;
    head(&["Object", "Why"], out)?;
    for problem in rows {
        row(&[object(problem.object, true), text(problem.message)], out)?;
    }
    Ok(())
}

/// The certificates, the worst first: with `--all` every one, else as many as fit on a screen.
fn write_holders(model: &Model<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let holders = model.holders();
    if holders.is_empty() {
        return Ok(());
    }
    let most = if model.look.all { usize::MAX } else { MOST };
    writeln!(out, "\n### What ends when\n")?;
    head(&["Status", "Object", "Names", "Ends", "Days", "Used by", "Owner"], out)?;
    for holder in holders.iter().take(most) {
        row(&cells(holder, model.look.namespaces), out)?;
    }
    let more = holders.len().saturating_sub(most);
    if more > 0 {
        writeln!(out, "\n{} left out; `--all` shows every one.", count(more, "more row"))?;
    }
    Ok(())
}

fn cells(holder: &HolderRow<'_>, namespaces: bool) -> [String; 7] {
    let names = holder.leaf.into_iter().flat_map(|leaf| &leaf.names);
    let names: Vec<String> = names.map(ToString::to_string).collect();
    let users = holder.users().into_iter().map(|user| user.object.short());
    let workloads = holder.uses().into_iter().map(|one| one.workload.short());
    [
        holder.status.as_str().to_owned(),
        object(holder.object, namespaces),
        codes(&names),
        holder.leaf.map(|leaf| instant::show_date(leaf.not_after)).unwrap_or_default(),
        holder.whole_days().map(|days| days.to_string()).unwrap_or_default(),
        codes(&users.chain(workloads).collect::<Vec<_>>()),
        holder.owner().map(text).unwrap_or_default(),
    ]
}

/// The object, and where in it and in which file.
fn object(object: &ObjectRef, namespaces: bool) -> String {
    let key = object.key.as_deref().map(|key| format!(" {}", code(key))).unwrap_or_default();
    let place = object.place.as_deref();
    let place =
        place.map(|place| format!(" in {}", code(&format!("{}:{}", place.path, place.line))));
    let named = if object.name.is_empty() {
        text(&object.to_string())
    } else {
        code(&name(object, namespaces))
    };
    format!("{named}{key}{}", place.unwrap_or_default())
}

fn codes(all: &[String]) -> String {
    /// A certificate may have a hundred names: the finding tells which are meant.
    const SHOWN: usize = 5;
    let shown: Vec<String> = all.iter().take(SHOWN).map(|one| code(one)).collect();
    let more = all.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(" "))
}

fn head(cells: &[&str], out: &mut Page<'_>) -> io::Result<()> {
    writeln!(out, "| {} |\n|{}", cells.join(" | "), "---|".repeat(cells.len()))
}

fn row(cells: &[String], out: &mut Page<'_>) -> io::Result<()> {
    writeln!(out, "| {} |", cells.join(" | "))
}

/// Text that is shown as it is, inside a cell.
fn text(text: &str) -> String {
    let shown = harmless::line(text);
    let mut escaped = String::with_capacity(shown.len() + 8);
    let mut before = ' ';
    let mut rest = shown.chars().peekable();
    while let Some(character) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        let is_link = (character == ':' && next == '/')
            || (character == '.' && before == 'w' && next.is_alphanumeric());
        match character {
            // GitHub looks for names, numbers and addresses after all escapes are gone, but not in code.
            '@' | '#' if next.is_alphanumeric() => {
                let _ = write!(escaped, "`{character}`");
            }
            _ if is_link => {
                let _ = write!(escaped, "`{character}`");
            }
            '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '<' | '>' | '&' | '|' | '!' | '$' => {
                escaped.push('\\');
                escaped.push(character);
            }
            fine => escaped.push(fine),
        }
        before = character;
    }
    escaped
}

/// The same as code, which is copied: fenced by more backticks than stand in it.
fn code(text: &str) -> String {
    let shown = harmless::line(text);
    if shown.is_empty() {
        return String::new();
    }
    let longest = shown.split(|character| character != '`').map(str::len).max();
    let fence = "`".repeat(longest.unwrap_or_default() + 1);
    let touches = |edge: Option<char>| matches!(edge, Some('`' | ' '));
    let pad =
        if touches(shown.chars().next()) || touches(shown.chars().next_back()) { " " } else { "" };
    format!("{fence}{pad}{}{pad}{fence}", shown.replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_makes_no_markup() {
        for (from, to) in [
            ("a.example", "a.example"),
            ("a|b", "a\\|b"),
            ("*a* _b_ `c`", "\\*a\\* \\_b\\_ \\`c\\`"),
            ("<b>&amp;", "\\<b\\>\\&amp;"),
            ("[a](b)", "\\[a\\](b)"),
            ("a\nb", "a\\\\nb"),
            ("@team #12 a@b", "`@`team `#`12 a`@`b"),
            ("https://a www.b", "https`:`//a www`.`b"),
        ] {
            assert_eq!(text(from), to, "{from:?}");
        }
    }

    #[test]
    fn code_is_fenced_by_more_than_stands_in_it() {
        for (from, to) in [
            ("a b", "`a b`"),
            ("", ""),
            ("a`b", "``a`b``"),
            ("``a", "``` ``a ```"),
            ("a|b", "`a\\|b`"),
            (" a", "`  a `"),
        ] {
            assert_eq!(code(from), to, "{from:?}");
        }
    }
}

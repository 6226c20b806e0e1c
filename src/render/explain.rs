//! What a rule says of itself: why it matters and what to do.
//!
//! Knows how rules are listed and shown. Refuses to know any of them.

use super::json;
use super::layout::{Columns, sentence, style};
use super::page::Page;
use crate::audit::Rule;
use crate::remedy::Program;
use serde::Serialize;
use std::io::{self, Write};

#[derive(Serialize)]
struct WireExplain {
    schema: &'static str,
    rules: Vec<WireRule>,
}

#[derive(Serialize)]
struct WireRule {
    rule: &'static str,
    severity: &'static str,
    explain: String,
    remedy: String,
}

/// Rules that explain themselves.
#[derive(Clone, Copy, Debug)]
pub enum Explained {
    /// One, which was named.
    One(&'static Rule, Program),
    /// All there are.
    All(&'static [&'static Rule], Program),
}

impl Explained {
    fn rules(&self) -> &[&'static Rule] {
        match self {
            Self::One(rule, _) => std::slice::from_ref(rule),
            Self::All(rules, _) => rules,
        }
    }

    /// Explanations are written over several lines of source.
    fn flat(&self, text: &str) -> String {
        let (Self::One(_, program) | Self::All(_, program)) = self;
        program.in_text(&text.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

/// Writes the rules as JSON.
pub(super) fn write_json(explained: &Explained, out: &mut Page<'_>) -> io::Result<()> {
    let rules = explained.rules().iter().map(|rule| WireRule {
        rule: rule.code,
        severity: rule.severity.as_str(),
        explain: explained.flat(rule.explain),
        remedy: explained.flat(rule.remedy),
    });
    json::write(&WireExplain { schema: "certwright.dev/explain/v1", rules: rules.collect() }, out)
}

/// Writes one rule at length, or a table of all.
pub(super) fn write_text(explained: &Explained, out: &mut Page<'_>) -> io::Result<()> {
    match explained {
        Explained::One(rule, _) => write_one(explained, rule, out),
        Explained::All(rules, _) => write_list(explained, rules, out),
    }
}

/// A table, worst first.
fn write_list(
    explained: &Explained,
    rules: &[&'static Rule],
    out: &mut Page<'_>,
) -> io::Result<()> {
    let mut rules = rules.to_vec();
    rules.sort_by_key(|rule| (std::cmp::Reverse(rule.severity), rule.code));
    let mut table = Columns::new(vec!["RULE", "SEVERITY", "WHAT TO DO"], false);
    for rule in rules {
        let remedy = explained.flat(rule.remedy);
        table.row([rule.code.to_owned(), rule.severity.as_str().to_owned(), remedy]);
    }
    table.write(out)
}

fn write_one(explained: &Explained, rule: &Rule, out: &mut Page<'_>) -> io::Result<()> {
    let style = style(rule.severity);
    writeln!(out, "{} ({style}{}{style:#})", rule.code, rule.severity.as_str())?;
    sentence("  ", "  ", &explained.flat(rule.explain), out)?;
    sentence("    ", "  → ", &explained.flat(rule.remedy), out)
}

/// Writes the rules as a page of Markdown: a table of all, and a section for each.
pub(super) fn write_markdown(explained: &Explained, out: &mut Page<'_>) -> io::Result<()> {
    let mut rules = explained.rules().to_vec();
    rules.sort_by_key(|rule| (std::cmp::Reverse(rule.severity), rule.code));
    writeln!(out, "# Rules\n")?;
    writeln!(
        out,
        "What `certwright check` reports. `certwright explain RULE` prints one of these."
    )?;
    writeln!(out, "Codes are only added, never renamed.\n")?;
    writeln!(out, "| rule | severity | what to do |\n|---|---|---|")?;
    for rule in &rules {
        let Rule { code, remedy, .. } = rule;
        let remedy = remedy.replace('|', "\\|");
        writeln!(out, "| [`{code}`](#{code}) | {} | {remedy} |", rule.severity.as_str())?;
    }
    for rule in &rules {
        let (code, severity) = (rule.code, rule.severity.as_str());
        writeln!(out, "\n## {code}\n\n{severity}. {}", explained.flat(rule.explain))?;
    }
    Ok(())
}

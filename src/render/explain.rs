//! What a rule says of itself: why it matters and what to do.
//!
//! Knows how rules are listed and shown. Refuses to know any of them.

use super::json;
use super::layout::{Columns, sentence, style};
use crate::audit::Rule;
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
    remedy: &'static str,
}

/// Writes the rules as JSON.
///
/// # Errors
/// What the writer says.
pub fn write_json(rules: &[&'static Rule], out: &mut impl Write) -> io::Result<()> {
    let rules = rules.iter().map(|rule| WireRule {
        rule: rule.code,
        severity: rule.severity.as_str(),
        explain: flat(rule.explain),
        remedy: rule.remedy,
    });
    json::write(&WireExplain { schema: "certwright.dev/explain/v1", rules: rules.collect() }, out)
}

/// Writes the rules as a table, worst first.
///
/// # Errors
/// What the writer says.
pub fn write_list(rules: &[&'static Rule], out: &mut dyn Write) -> io::Result<()> {
    let mut rules = rules.to_vec();
    rules.sort_by_key(|rule| (std::cmp::Reverse(rule.severity), rule.code));
    let mut table = Columns::new(&["RULE", "SEVERITY", "WHAT TO DO"], false, false);
    for rule in rules {
        table.row([rule.code, rule.severity.as_str(), rule.remedy].map(str::to_owned));
    }
    table.write(2, out)
}

/// Writes one rule for people.
///
/// # Errors
/// What the writer says.
pub fn write_text(rule: &'static Rule, out: &mut dyn Write) -> io::Result<()> {
    let style = style(rule.severity);
    writeln!(out, "{} ({style}{}{style:#})", rule.code, rule.severity.as_str())?;
    sentence("  ", "  ", &flat(rule.explain), out)?;
    sentence("    ", "  → ", rule.remedy, out)
}

/// Explanations are written over several lines of source.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

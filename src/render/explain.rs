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

/// Rules that explain themselves.
#[derive(Clone, Copy, Debug)]
pub enum Explained {
    /// One, which was named.
    One(&'static Rule),
    /// All there are.
    All(&'static [&'static Rule]),
}

impl Explained {
    fn rules(&self) -> &[&'static Rule] {
        match self {
            Self::One(rule) => std::slice::from_ref(rule),
            Self::All(rules) => rules,
        }
    }
}

/// Writes the rules as JSON.
pub(super) fn write_json(explained: &Explained, out: &mut dyn Write) -> io::Result<()> {
    let rules = explained.rules().iter().map(|rule| WireRule {
        rule: rule.code,
        severity: rule.severity.as_str(),
        explain: flat(rule.explain),
        remedy: rule.remedy,
    });
    json::write(&WireExplain { schema: "certwright.dev/explain/v1", rules: rules.collect() }, out)
}

/// Writes one rule at length, or a table of all.
pub(super) fn write_text(explained: &Explained, out: &mut dyn Write) -> io::Result<()> {
    match explained {
        Explained::One(rule) => write_one(rule, out),
        Explained::All(rules) => write_list(rules, out),
    }
}

/// A table, worst first.
fn write_list(rules: &[&'static Rule], out: &mut dyn Write) -> io::Result<()> {
    let mut rules = rules.to_vec();
    rules.sort_by_key(|rule| (std::cmp::Reverse(rule.severity), rule.code));
    let mut table = Columns::new(&["RULE", "SEVERITY", "WHAT TO DO"], false, false);
    for rule in rules {
        table.row([rule.code, rule.severity.as_str(), rule.remedy].map(str::to_owned));
    }
    table.write(2, out)
}

fn write_one(rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    let style = style(rule.severity);
    writeln!(out, "{} ({style}{}{style:#})", rule.code, rule.severity.as_str())?;
    sentence("  ", "  ", &flat(rule.explain), out)?;
    sentence("    ", "  → ", rule.remedy, out)
}

/// Explanations are written over several lines of source.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

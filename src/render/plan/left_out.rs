//! What a plan leaves out or refuses: one by one, or grouped where that would not fit on a screen.

use super::PlanReport;
use super::text::write_record;
use crate::audit::finding::Severity;
use crate::object_ref::{Kind, ObjectRef};
use crate::plan::step::{Exclusion, Reason};
use crate::render::layout::{count, name, sentence, style, write_remedy};
use crate::render::page::Page;
use anstyle::Style;
use std::collections::BTreeMap;
use std::io::{self, Write as _};

/// How many are told one by one on a terminal, and how many groups there are at most.
pub(super) const MOST: usize = 20;
/// How many objects of a group are named.
const NAMED: usize = 3;

/// Writes what was passed over.
pub(super) fn write_skipped(report: &PlanReport<'_>, out: &mut Page<'_>) -> io::Result<()> {
    let head = (style(Severity::Warning), "skipped");
    let skipped = &report.plan.skipped;
    if out.width().is_some() && skipped.len() > MOST {
        return write_groups(head, skipped, report.namespaces, out);
    }
    skipped.iter().try_for_each(|one| write_exclusion(head, one, report.namespaces, out))
}

/// Writes one, with the reason and what to do instead.
pub(super) fn write_exclusion(
    head: (Style, &str),
    exclusion: &Exclusion,
    namespaces: bool,
    out: &mut Page<'_>,
) -> io::Result<()> {
    let (about, told) = (name(&exclusion.object, namespaces), [exclusion.message.clone()]);
    write_record(head, &about, (&exclusion.object, &told), out)?;
    write_remedy(&exclusion.remedy, out)
}

/// Writes a record for all of which the same is said, the largest first, and counts the rest.
fn write_groups(
    head: (Style, &str),
    all: &[Exclusion],
    namespaces: bool,
    out: &mut Page<'_>,
) -> io::Result<()> {
    let mut groups: BTreeMap<&str, Vec<&Exclusion>> = BTreeMap::new();
    for one in all {
        groups.entry(&one.message).or_default().push(one);
    }
    let mut groups: Vec<Vec<&Exclusion>> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    let others: Vec<&Exclusion> = groups.split_off(groups.len().min(MOST)).concat();
    for group in &groups {
        match group.as_slice() {
            [] => {}
            [one] => write_exclusion(head, one, namespaces, out)?,
            [first, ..] => {
                let told = [first.message.clone()];
                let nowhere = ObjectRef { place: None, ..first.object.clone() };
                write_record(head, &named(group, namespaces), (&nowhere, &told), out)?;
                let is_one = group.iter().all(|one| one.remedy == first.remedy);
                if !is_one {
                    sentence("         ", "         ", "for the first of them:", out)?;
                }
                write_remedy(&first.remedy, out)?;
            }
        }
    }
    if !others.is_empty() {
        let reasons = reasons(&others);
        writeln!(out, "         and {} more ({reasons}); in a pipe each is a line", others.len())?;
    }
    Ok(())
}

/// `12 Secrets: shop/secret/web, shop/secret/api, blog/secret/tls and 9 more`.
fn named(group: &[&Exclusion], namespaces: bool) -> String {
    let names: Vec<String> =
        group.iter().take(NAMED).map(|one| name(&one.object, namespaces)).collect();
    let more = group.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let are_secrets = group.iter().all(|one| one.object.kind == Kind::Secret);
    let noun = if are_secrets { "Secret" } else { "object" };
    format!("{}: {}{more}", count(group.len(), noun), names.join(", "))
}

/// `3 owned, 1 immutable`.
pub(super) fn reasons(exclusions: &[&Exclusion]) -> String {
    let mut counts: BTreeMap<Reason, usize> = BTreeMap::new();
    for one in exclusions {
        *counts.entry(one.reason).or_default() += 1;
    }
    let counts = counts.iter().map(|(reason, number)| format!("{number} {}", reason.code()));
    counts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::step::Plan;
    use time::OffsetDateTime;

    /// What is told of so many Secrets with these messages, a letter each, on a terminal or in a pipe.
    fn told(messages: &str, width: Option<usize>) -> Vec<String> {
        let one = |(at, message): (usize, char)| Exclusion {
            object: ObjectRef::secret("shop", format!("tls-{at:02}")),
            reason: Reason::Owned,
            message: format!("{message} owns it"),
            remedy: format!("kubectl get secret tls-{at:02}").into(),
        };
        let skipped = messages.chars().enumerate().map(one).collect();
        let plan = Plan { skipped, ..Plan::empty(OffsetDateTime::UNIX_EPOCH) };
        let mut out = Vec::new();
        write_skipped(&PlanReport::of("rotate", &plan), &mut Page::new(&mut out, width))
            .expect("a Vec takes all");
        let text = String::from_utf8(out).expect("it is text");
        let text = anstream::adapter::strip_str(&text).to_string();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn what_was_passed_over_is_grouped_where_it_would_not_fit_on_a_screen() {
        let few = told("aab", Some(80));
        assert_eq!(few.iter().filter(|line| line.starts_with("skipped")).count(), 3, "{few:#?}");
        let many = told(&"a".repeat(300), Some(80));
        assert!(many[0].starts_with("skipped  300 Secrets: secret/tls-00, "), "{many:#?}");
        assert!(many[0].ends_with(" and 297 more") && many.len() == 4, "{many:#?}");
        let different: String = ('a'..='z').chain('A'..='Z').collect();
        let lines = told(&different, Some(80));
        assert_eq!(lines.len(), MOST * 3 + 1, "{lines:#?}");
        let last = "         and 32 more (32 owned); in a pipe each is a line";
        assert_eq!(lines.last().map(String::as_str), Some(last));
    }

    #[test]
    fn in_a_pipe_each_is_a_line_with_its_command_below() {
        assert_eq!(told(&"a".repeat(300), None).len(), 600);
    }
}

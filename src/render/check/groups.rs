//! Findings by rule, where they are too many to be told one by one: how many, the first of them a line
//! each, and the command for all of them where there is one.

use super::findings::hurt;
use crate::audit::finding::Severity;
use crate::audit::remedy;
use crate::remedy::Remedy;
use crate::render::harmless;
use crate::render::layout::{count, fitting, name, style};
use crate::render::model::{FindingRow, Model};
use crate::render::page::Page;
use std::io::{self, Write as _};

/// How many findings of a group are shown where there is room.
const MOST_EXAMPLES: usize = 3;

/// The findings of one rule and severity, in the report's order.
struct Group<'g, 'i> {
    rule: &'static str,
    severity: Severity,
    findings: Vec<&'g FindingRow<'i>>,
}

/// Writes them on so many lines at most, and whether `--rule` can choose among them.
pub(super) fn write(
    model: &Model<'_>,
    findings: &[FindingRow<'_>],
    (lines, by_rule): (usize, bool),
    out: &mut Page<'_>,
) -> io::Result<()> {
    let groups = groups(findings);
    let first_to_renew = groups.iter().position(|group| renews(model, group));
    let room = lines.saturating_sub(groups.len() + usize::from(first_to_renew.is_some()));
    let examples = shares(&groups, room);
    let shown = groups.iter().zip(examples).enumerate().take(lines);
    for (at, (group, examples)) in shown {
        write_group(model, group, (examples, by_rule), out)?;
        // One command renews what is due of every group.
        if first_to_renew == Some(at) && groups.len() < lines {
            writeln!(out, "         {}", renewal(model, group))?;
        }
    }
    let more = groups.len().saturating_sub(lines);
    if more > 0 {
        writeln!(out, "         and more of {}; --all shows them", count(more, "rule"))?;
    }
    Ok(())
}

/// Worst first, and of one severity the largest.
fn groups<'g, 'i>(findings: &'g [FindingRow<'i>]) -> Vec<Group<'g, 'i>> {
    let mut groups: Vec<Group<'g, 'i>> = Vec::new();
    for finding in findings {
        let known = groups
            .iter_mut()
            .find(|group| (group.rule, group.severity) == (finding.rule, finding.severity));
        match known {
            Some(group) => group.findings.push(finding),
            None => groups.push(Group {
                rule: finding.rule,
                severity: finding.severity,
                findings: vec![finding],
            }),
        }
    }
    groups.sort_by_key(|group| {
        (std::cmp::Reverse(group.severity), std::cmp::Reverse(group.findings.len()), group.rule)
    });
    groups
}

/// How many examples each group gets of so many lines: one each, the worst first, then a second.
fn shares(groups: &[Group<'_, '_>], mut room: usize) -> Vec<usize> {
    let mut shares = vec![0; groups.len()];
    for round in 1..=MOST_EXAMPLES {
        for (share, group) in shares.iter_mut().zip(groups) {
            if room > 0 && group.findings.len() >= round {
                *share = round;
                room -= 1;
            }
        }
    }
    shares
}

fn write_group(
    model: &Model<'_>,
    group: &Group<'_, '_>,
    (examples, by_rule): (usize, bool),
    out: &mut Page<'_>,
) -> io::Result<()> {
    let Group { rule, severity, findings } = group;
    let colour = style(*severity);
    let shown = findings.len().min(examples);
    let how = if shown < findings.len() {
        let rule = if by_rule { format!(" --rule {rule}") } else { String::new() };
        format!("; list them with --all{rule}")
    } else {
        String::new()
    };
    let number = count(findings.len(), "finding");
    writeln!(out, "{colour}{:<8}{colour:#} {rule}  {number}{how}", severity.as_str())?;
    for finding in findings.iter().take(examples) {
        let object = name(finding.object, model.look.namespaces);
        // Whom it hurts comes first: the line may be cut.
        let hurt = hurt(&model.affected(finding));
        let hurt = if hurt.is_empty() { hurt } else { format!("{hurt}: ") };
        let line =
            format!("         {object}  {}", harmless::line(&format!("{hurt}{}", finding.message)));
        writeln!(out, "{}", fitting(&line, out.width()))?;
    }
    Ok(())
}

/// Whether renewing what is due is the remedy of one of them at least. Where only some objects were
/// chosen, the command would reach further than the report.
fn renews(model: &Model<'_>, group: &Group<'_, '_>) -> bool {
    matches!(group.rule, "expired" | "expires-soon")
        && model.inventory.selection().is_everything()
        && group.findings.iter().any(|finding| {
            let remedy = finding.remedy.to_string();
            let rotate = format!("{} rotate secret/", model.inventory.target().program);
            finding.object.place.is_none() && remedy.starts_with(&rotate)
        })
}

/// The command that renews what is due where was looked.
fn renewal(model: &Model<'_>, group: &Group<'_, '_>) -> String {
    let beside = group.findings.first().filter(|_| !model.look.namespaces);
    let mut remedy = Remedy::from(remedy::rotate_due(beside.map(|finding| finding.object)));
    remedy.settle(&mut String::new(), model.inventory.target());
    remedy.to_string()
}

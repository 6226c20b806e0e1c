//! Findings and problems, one by one.
//!
//! What is no terminal gets a line for each, and the remedy on a line of its own below it.

use crate::audit::baseline::Standing;
use crate::render::harmless;
use crate::render::layout::{name, place, sentence, some, style, write_place, write_remedy};
use crate::render::model::{Affected, FindingRow};
use crate::render::page::Page;
use std::collections::BTreeSet;
use std::io::{self, Write as _};

/// What was shown already: several findings about one object often have one remedy.
#[derive(Default)]
pub(in crate::render) struct Shown {
    remedies: BTreeSet<String>,
}

impl Shown {
    /// One finding: what it is about, whom it hurts and what to do, but for a command that stands above.
    pub(in crate::render) fn write(
        &mut self,
        finding: &FindingRow<'_>,
        affected: &[Affected<'_>],
        namespaces: bool,
        out: &mut Page<'_>,
    ) -> io::Result<()> {
        write_finding(finding, affected, namespaces, out)?;
        let command = finding.remedy.is_command().then(|| finding.remedy.to_string());
        if command.is_none_or(|command| self.remedies.insert(command)) {
            write_remedy(finding.remedy, out)?;
        }
        Ok(())
    }
}

fn write_finding(
    finding: &FindingRow<'_>,
    affected: &[Affected<'_>],
    namespaces: bool,
    out: &mut Page<'_>,
) -> io::Result<()> {
    let colour = style(finding.severity);
    let waived = waived(finding);
    let object = name(finding.object, namespaces);
    let (severity, rule) = (finding.severity.as_str(), finding.rule);
    let message = told(finding, affected);
    if out.width().is_none() {
        let place = place(finding.object);
        let place = if place.is_empty() { place } else { format!("  [{place}]") };
        let message = harmless::line(&message);
        let about = format!("{rule}  {object}  {message}{waived}{place}");
        return writeln!(out, "{colour}{severity:<8}{colour:#} {about}");
    }
    writeln!(out, "{colour}{severity:<8}{colour:#} {rule}  {object}{waived}")?;
    write_place(finding.object, out)?;
    sentence("         ", "         ", &message, out)
}

/// By whom it is accepted, where it is, or that it is known.
fn waived(finding: &FindingRow<'_>) -> String {
    match finding.waiver {
        Some(waiver) => {
            let reason = harmless::line(&waiver.reason);
            format!("  (waived until {}: {reason})", waiver.until)
        }
        None if finding.waived => "  (waived by annotation)".to_owned(),
        None if finding.baseline == Some(Standing::Known) => "  (known)".to_owned(),
        None => String::new(),
    }
}

/// What is wrong, and who is hurt by it.
pub(super) fn told(finding: &FindingRow<'_>, affected: &[Affected<'_>]) -> String {
    let hurt = hurt(affected);
    if hurt.is_empty() {
        finding.message.to_owned()
    } else {
        format!("{}; {hurt}", finding.message)
    }
}

/// `serves a.example, b.example (ingress/web); read by pod/web`; nothing where nobody does.
pub(super) fn hurt(affected: &[Affected<'_>]) -> String {
    const SHOWN: usize = 3;
    let of_one = |one: &Affected<'_>| {
        let hosts =
            some(&one.hosts.iter().map(|host| (*host).to_owned()).collect::<Vec<_>>(), SHOWN);
        let object = one.object.short();
        if hosts.is_empty() { object } else { format!("{hosts} ({object})") }
    };
    let (reading, serving): (Vec<&Affected<'_>>, _) =
        affected.iter().partition(|one| one.object.kind.is_workload());
    let told = [("serves", serving), ("read by", reading)].into_iter().filter_map(|(word, all)| {
        let all: Vec<String> = all.into_iter().map(of_one).collect();
        (!all.is_empty()).then(|| format!("{word} {}", some(&all, SHOWN)))
    });
    told.collect::<Vec<_>>().join("; ")
}

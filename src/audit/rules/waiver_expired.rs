//! `waiver-expired`: a waiver of the policy file is past its last day. What it covered is a finding again;
//! this one says that it was known, by whom it can be looked up, and since when it counts again. Exceptions
//! without an end are how known faults become outages.

use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::policy::Waiver;
use crate::audit::{Rule, View};
use crate::instant;
use crate::object_ref::ObjectRef;
use time::OffsetDateTime;

pub(in crate::audit) const RULE: Rule = Rule {
    code: "waiver-expired",
    severity: Severity::Warning,
    remedy: "fix what it covered and remove the waiver, or give it a later date and a reason that still holds",
    explain: "A waiver of --policy accepts a finding until a day, for a reason. The day counts whole, in UTC. \
              Behind it, what the waiver covered is reported as any other finding, and the waiver as this one, \
              also when what it covered is gone.",
    check,
};

/// Told by the audit when the others have spoken: see [`crate::audit::policy`].
fn check(_: &View<'_>, _: &mut Findings) {}

/// A waiver that has ended, and what it covers no longer.
pub(in crate::audit) fn of(
    file: &ObjectRef,
    waiver: &Waiver,
    (now, open): (OffsetDateTime, &[&Finding]),
) -> Finding {
    let covered = match open {
        [] => "nothing that was seen needs it".to_owned(),
        [one] => format!("it no longer covers {}: {}", one.object.apart(), one.message),
        several => format!("it no longer covers {} findings", several.len()),
    };
    let until = waiver.until;
    RULE.on(file, format!("the waiver {waiver} ended on {until}; {covered}"))
        .related_to(open.iter().map(|finding| finding.object.clone()))
        .evidence("waivedRule", waiver.rule)
        .evidence("reason", &waiver.reason)
        .evidence("until", until)
        .evidence("line", waiver.line)
        .evidence("at", instant::show(now))
}

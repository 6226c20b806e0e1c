//! `waiver-unused`: a waiver of the policy file covers nothing any more: what it was for is put right, or was
//! never called so. Left where it is, it would hide the next fault of that kind.

use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::policy::Waiver;
use crate::audit::{Rule, View};
use crate::object_ref::ObjectRef;

pub(in crate::audit) const RULE: Rule = Rule {
    code: "waiver-unused",
    severity: Severity::Info,
    remedy: "remove the waiver, or correct its rule, object and host",
    explain: "Said only where everything was looked at that the waiver may be about: not with names, -l or another \
              namespace, and not of rules that need --served or --dns.",
    check,
};

/// Told by the audit when the others have spoken: see [`crate::audit::policy`].
fn check(_: &View<'_>, _: &mut Findings) {}

/// A waiver that covers nothing.
pub(in crate::audit) fn of(file: &ObjectRef, waiver: &Waiver) -> Finding {
    RULE.on(file, format!("the waiver {waiver} covers nothing that was found"))
        .evidence("waivedRule", waiver.rule)
        .evidence("reason", &waiver.reason)
        .evidence("until", waiver.until)
        .evidence("line", waiver.line)
}

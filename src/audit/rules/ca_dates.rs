//! What `expired` and `expires-soon` say of the certificates in `ca.crt` by which others are verified. Where
//! none of them is in date `ca-crt-unusable` says it, and of one by which clients trust the certificate beside
//! it, `chain-expires-first`.

use super::{Context, ca_crt_unusable, expired, expires_soon, somebody_elses};
use crate::audit::expiry;
use crate::audit::finding::{Finding, Findings, Severity};
use crate::duration;
use crate::instant;
use crate::inventory::{Anchor, Inventory, SecretFacts};
use crate::object_ref::ObjectRef;
use crate::remedy::Remedy;
use time::OffsetDateTime;

/// A certificate of `ca.crt` whose end hurts somebody.
struct Counted<'i> {
    inventory: &'i Inventory,
    secret: &'i SecretFacts,
    anchor: &'i Anchor,
}

/// Those that are past their end, beside others that are not.
pub(super) fn past(inventory: &Inventory, context: &Context<'_>, found: &mut Findings) {
    let is_past = |anchor: &Anchor| anchor.not_after < context.now;
    for counted in all(inventory).filter(|it| it.is_used() && is_past(it.anchor)) {
        let mut others = counted.secret.anchors().iter();
        if others.any(|other| !is_past(other)) {
            let on = instant::show(counted.anchor.not_after);
            let message = format!("ca.crt holds {}, which expired on {on}", counted.anchor.subject);
            let finding = expired::RULE.on(&counted.secret.object.key("ca.crt"), message);
            found.push(counted.completed(finding, context).severity(Severity::Warning));
        }
    }
}

/// Those that end soon.
pub(super) fn soon(inventory: &Inventory, context: &Context<'_>, found: &mut Findings) {
    for counted in all(inventory).filter(|it| it.anchor.not_after >= context.now) {
        let anchor = counted.anchor;
        let lifetime = anchor.not_after - anchor.not_before;
        let window = context.policy.window_of(
            inventory,
            (lifetime, None),
            &counted.secret.object,
            Some(counted.secret),
        );
        let dates = (anchor.not_after, lifetime);
        let Some(severity) = expiry::severity_of(dates, context.now, window, counted.is_used())
        else {
            continue;
        };
        let left = duration::show(anchor.not_after - context.now);
        let on = instant::show(anchor.not_after);
        let message = format!("ca.crt holds {}, which expires in {left}, on {on}", anchor.subject);
        let finding = expires_soon::RULE.on(&counted.secret.object.key("ca.crt"), message);
        let finding = finding.evidence("lead", duration::show(window));
        found.push(counted.completed(finding, context).severity(severity));
    }
}

/// Each CA counts but those that a later one of the same name has replaced.
fn all(inventory: &Inventory) -> impl Iterator<Item = Counted<'_>> {
    let verifies = |secret: &&SecretFacts| {
        inventory.is_client_ca(&secret.object) || secret.bundle.leaf().is_none()
    };
    ca_crt_unusable::judged(inventory).filter(verifies).flat_map(move |secret| {
        let is_replaced = |anchor: &Anchor| {
            let mut others = secret.anchors().iter();
            others.any(|it| it.subject == anchor.subject && it.not_after > anchor.not_after)
        };
        let counted = move |anchor| Counted { inventory, secret, anchor };
        secret.anchors().iter().filter(move |anchor| !is_replaced(anchor)).map(counted)
    })
}

impl Counted<'_> {
    fn is_used(&self) -> bool {
        let object = &self.secret.object;
        self.inventory.is_in_use(object) || self.inventory.trusting(object).is_some()
    }

    /// Who is hurt, by what it is there for.
    fn completed(&self, mut finding: Finding, context: &Context<'_>) -> Finding {
        let object = &self.secret.object;
        let mentioners = self.inventory.mentioners(object).map(|it| it.object.clone());
        let verifiers: Vec<ObjectRef> =
            mentioners.chain(self.inventory.trusting(object).cloned()).collect();
        if !verifiers.is_empty() {
            let names: Vec<String> = verifiers.iter().map(ObjectRef::short).collect();
            let whom = format!("; {} verifies others by it", names.join(", "));
            finding.message.push_str(&whom);
        }
        finding
            .related_to(verifiers)
            .evidence("notAfter", instant::show(self.anchor.not_after))
            .evidence("at", instant::show(context.now))
            .remedy(self.remedy(context.now))
    }

    fn remedy(&self, now: OffsetDateTime) -> Remedy {
        if let Some(remedy) = somebody_elses(self.inventory, self.secret) {
            return remedy;
        }
        if self.anchor.not_after < now {
            return "remove it from ca.crt once no certificate that it issued is in use any more"
                .into();
        }
        "put the certificate of the CA that follows it beside it in ca.crt before then".into()
    }
}

//! What `expired`, `expires-soon` and `cert-unreadable` say of certificates that stand elsewhere than in a
//! TLS Secret: under other keys, in ConfigMaps, and as the `caBundle` by which the API server verifies what
//! it calls. An expired one there has stopped whole clusters from taking Pods (a webhook that fails closed).

use super::{Context, elses, expired, expires_soon, secret_of};
use crate::audit::expiry;
use crate::audit::finding::{Finding, Findings};
use crate::duration;
use crate::instant;
use crate::inventory::Inventory;
use crate::inventory::bundle::Damaged;
use crate::inventory::values::Value;
use crate::object_ref::Kind;
use crate::remedy::Remedy;
use crate::x509::cert::Certificate;
use time::Duration;

/// A certificate whose end matters.
struct Held<'i> {
    inventory: &'i Inventory,
    value: &'i Value,
    index: usize,
    certificate: &'i Certificate,
}

/// Those that are past their end.
pub(super) fn past(inventory: &Inventory, context: &Context<'_>, found: &mut Findings) {
    for held in all(inventory) {
        if expiry::is_expired(held.certificate, context.now) {
            found.push(held.past(context));
        }
    }
}

/// Those that end soon.
pub(super) fn soon(inventory: &Inventory, context: &Context<'_>, found: &mut Findings) {
    for held in all(inventory).filter(|it| !expiry::is_expired(it.certificate, context.now)) {
        let secret = secret_of(inventory, &held.value.object);
        let window =
            context.policy.window(inventory, (held.certificate, &held.value.object), secret);
        let used = held.is_used();
        let severity = expiry::severity(held.certificate, context.now, window, used);
        found.extend(severity.map(|severity| held.soon(context, window).severity(severity)));
    }
}

/// What is no certificate, each with the value it is in.
pub(super) fn unreadable(inventory: &Inventory) -> impl Iterator<Item = (&Value, &Damaged)> {
    inventory
        .values()
        .flat_map(|value| value.bundle.damaged.iter().map(move |damaged| (value, damaged)))
}

/// What to do about a value that is broken or ends.
pub(super) fn remedy(inventory: &Inventory, value: &Value) -> Remedy {
    if let Some(remedy) = elses(inventory, &value.object) {
        return remedy;
    }
    let key = value.key();
    if value.is_trusted() {
        format!(
            "write the certificate of the CA that is in use into {key}, the new one beside the old \
             one as long as both are shown; where a controller writes it (cert-manager's CA injector, \
             say), see why it does not"
        )
        .into()
    } else {
        format!("put a new certificate into {key}, by whoever made this one").into()
    }
}

fn all(inventory: &Inventory) -> impl Iterator<Item = Held<'_>> {
    inventory.values().flat_map(move |value| {
        let held = move |(index, certificate)| Held { inventory, value, index, certificate };
        value.counting().map(held)
    })
}

impl Held<'_> {
    /// `certificate 2 of ca.pem (CN=corp)`.
    fn name(&self) -> String {
        let (key, subject) = (self.value.key(), &self.certificate.subject);
        match self.value.bundle.certificates.len() {
            1 => format!("the certificate in {key} ({subject})"),
            _ => format!("certificate {} in {key} ({subject})", self.index + 1),
        }
    }

    /// Whether anybody is hurt by its end. Of what is no Secret nobody here can say that none is.
    fn is_used(&self) -> bool {
        let object = &self.value.object;
        object.kind != Kind::Secret || self.inventory.is_in_use(object)
    }

    fn past(&self, context: &Context<'_>) -> Finding {
        let not_after = instant::show(self.certificate.not_after);
        let ago = expired::ago(self.certificate, context);
        let message = format!("{} expired {ago}, on {not_after}", self.name());
        let severity =
            expiry::severity(self.certificate, context.now, Duration::ZERO, self.is_used());
        let finding = expired::RULE.on(&self.value.object, self.with_whom(message));
        self.dated(finding, context).severity(severity.unwrap_or(expired::RULE.severity))
    }

    fn soon(&self, context: &Context<'_>, window: Duration) -> Finding {
        let left = duration::show(self.certificate.not_after - context.now);
        let not_after = instant::show(self.certificate.not_after);
        let message = format!("{} expires in {left}, on {not_after}", self.name());
        let finding = expires_soon::RULE.on(&self.value.object, self.with_whom(message));
        self.dated(finding, context).evidence("lead", duration::show(window))
    }

    fn dated(&self, finding: Finding, context: &Context<'_>) -> Finding {
        finding
            .evidence("notAfter", instant::show(self.certificate.not_after))
            .evidence("at", instant::show(context.now))
            .evidence("sha256", self.certificate.fingerprint())
            .remedy(remedy(self.inventory, self.value))
    }

    /// The message, and what is verified by it.
    fn with_whom(&self, message: String) -> String {
        let what = match self.value.object.kind {
            Kind::ValidatingWebhookConfiguration | Kind::MutatingWebhookConfiguration => {
                "the webhook"
            }
            Kind::ApiService => "the server of this API group",
            Kind::CustomResourceDefinition => "the webhook that converts its versions",
            _ => return message,
        };
        format!("{message}; the API server verifies {what} by it")
    }
}

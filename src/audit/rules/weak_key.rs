//! `weak-key`: a key that clients refuse for its size. Source: CA/Browser Forum baseline
//! requirements §6.1.5 (2048 bits since 2014); OpenSSL's default security level on Debian and
//! Ubuntu, rustls and browsers hold to it for private certificates too.

use super::{Dated, certificate_place, dated, somebody_elses};
use crate::audit::finding::{Findings, Severity};
use crate::audit::remedy;
use crate::audit::strength::weak_key;
use crate::audit::{Rule, View};
use crate::remedy::Remedy;

pub(super) const RULE: Rule = Rule {
    code: "weak-key",
    severity: Severity::Warning,
    remedy: "make a certificate with an RSA-2048 or P-256 key",
    explain: "RSA below 2048 bits, DSA, and curves below 224 bits are within reach of an attacker with \
              means. rustls, browsers and OpenSSL as Debian and Ubuntu set it up refuse them. Where \
              Google's load balancer serves the certificate, gke-key-type says it, for there it is \
              not even taken.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for dated in dated(inventory) {
        let told_by_gke = dated.is_leaf && view.is_on_gke(dated.object);
        let Some(why) = weak_key(&dated.certificate.key_type).filter(|_| !told_by_gke) else {
            continue;
        };
        let key_type = &dated.certificate.key_type;
        let message = format!("{} has a key of type {key_type}: {why}", dated.name());
        found.push(
            RULE.on(&certificate_place(dated.object), message)
                .evidence("keyType", key_type)
                .evidence("expected", "rsa-2048 or p256")
                .evidence("sha256", dated.certificate.fingerprint())
                .remedy(remedy(&dated)),
        );
    }
}

/// `rotate` keeps the type of the key, or takes the next size of RSA; of others it makes none.
fn remedy(dated: &Dated<'_>) -> Remedy {
    let free = dated.secret.is_some_and(|secret| somebody_elses(dated.inventory, secret).is_none());
    if free
        && dated.certificate.key_type.plain_rsa_bits().is_none()
        && dated.index == 0
        && dated.certificate.self_signed
    {
        return remedy::with_makable_key(dated.remedy());
    }
    dated.remedy()
}

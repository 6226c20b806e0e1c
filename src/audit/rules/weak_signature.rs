//! `weak-signature`: a signature over a digest for which certificates have been forged (MD5 in
//! 2008, SHA-1 in 2017). Source: RFC 6194, and the clients, which refuse it.

use super::{certificate_place, dated};
use crate::audit::finding::{Findings, Severity};
use crate::audit::strength::weak_digest;
use crate::audit::{Rule, View};

pub(super) const RULE: Rule = Rule {
    code: "weak-signature",
    severity: Severity::Warning,
    remedy: "have the certificate signed again, with SHA-256",
    explain: "Two certificates with one MD5 or SHA-1 digest can be made at will, so Go, rustls, browsers \
              and OpenSSL's usual security level refuse such signatures. On a root it does not \
              matter: nobody checks the signature by which a root signed itself.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for dated in dated(inventory) {
        let certificate = dated.certificate;
        let Some(digest) = weak_digest(&certificate.signature) else { continue };
        if certificate.self_signed && certificate.is_ca && dated.issuing().is_some() {
            continue;
        }
        let message = format!("{} is signed with {digest}", dated.name());
        found.push(
            RULE.on(&certificate_place(dated.object), message)
                .evidence("signature", &certificate.signature)
                .evidence("expected", "SHA-256 or longer")
                .evidence("sha256", certificate.fingerprint())
                .remedy(dated.remedy()),
        );
    }
}

//! `trailing-data`: bytes behind the certificate inside its PEM block. Go refuses such a block
//! ("x509: trailing data"), and so do rustls and OpenSSL where it loads a server's certificate.

use super::{Dated, certificate_anew, certificate_place, every};
use crate::audit::finding::{Findings, Severity};
use crate::audit::remedy;
use crate::audit::{Context, Rule, View};
use crate::inventory::Inventory;
use crate::object_ref::ObjectRef;
use crate::remedy::Remedy;

pub(super) const RULE: Rule = Rule {
    code: "trailing-data",
    severity: Severity::Info,
    remedy: "rewrite the certificate, as openssl x509 does",
    explain: "A block holds one DER value. What follows it is not covered by the signature and \
              comes from a tool that padded a buffer, or from DER files that were joined before they \
              were encoded; then the certificates behind the first are lost. Go, rustls and nginx refuse the \
              block; openssl x509 ignores what is left.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    for dated in every(inventory).filter(|dated| dated.certificate.trailing_bytes > 0) {
        let bytes = dated.certificate.trailing_bytes;
        let count =
            if bytes == 1 { "a byte follows".to_owned() } else { format!("{bytes} bytes follow") };
        found.push(
            RULE.on(
                &certificate_place(dated.object),
                format!("{count} {} in its block: Go refuses it", dated.name()),
            )
            .evidence("bytes", bytes)
            .evidence("sha256", dated.certificate.fingerprint())
            .remedy(remedy(inventory, context, &dated)),
        );
    }
}

/// What openssl writes goes back into the Secret; it reads the first certificate alone.
fn remedy(inventory: &Inventory, context: &Context<'_>, dated: &Dated<'_>) -> Remedy {
    let alone = dated.secret.filter(|secret| secret.bundle.certificates.len() == 1);
    let written = |object: &ObjectRef| remedy::stored_certificate(object).text(" | openssl x509");
    alone
        .and_then(|_| certificate_anew(inventory, context, dated.object, written))
        .unwrap_or_else(|| RULE.remedy.into())
}

//! `trailing-data`: bytes behind the certificate inside its PEM block. Go refuses such a block
//! ("x509: trailing data"), and so do rustls and OpenSSL where it loads a server's certificate.

use super::{certificate_place, every};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Context, Rule, remedy};
use crate::inventory::Inventory;
use crate::object_ref::{Kind, ObjectRef};

pub(super) const RULE: Rule = Rule {
    code: "trailing-data",
    severity: Severity::Info,
    remedy: "write the certificate anew: openssl x509 -in FILE -out tls.crt",
    explain: "A block holds one DER value. What stands behind it is not covered by the signature and \
              comes from a tool that padded a buffer, or from DER files that were joined before they \
              were encoded; then the certificates behind the first are lost. Go, rustls and nginx refuse the \
              block; openssl x509 passes over what is left.",
    check,
};

fn check(inventory: &Inventory, _: &Context<'_>, found: &mut Findings) {
    for dated in every(inventory).filter(|dated| dated.certificate.trailing_bytes > 0) {
        let bytes = dated.certificate.trailing_bytes;
        let count =
            if bytes == 1 { "a byte stands".to_owned() } else { format!("{bytes} bytes stand") };
        found.push(
            RULE.on(
                &certificate_place(dated.object),
                format!("{count} behind {} in its block: Go refuses it", dated.name()),
            )
            .evidence("bytes", bytes)
            .evidence("sha256", dated.certificate.fingerprint())
            .remedy(way_out(dated.object)),
        );
    }
}

/// What openssl writes is still to get into the Secret.
fn way_out(object: &ObjectRef) -> String {
    match object.kind {
        Kind::Secret => {
            format!("{}, then: {}", RULE.remedy, remedy::import_files(object, "tls.crt", "FILE"))
        }
        _ => RULE.remedy.to_owned(),
    }
}

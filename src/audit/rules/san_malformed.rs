//! `san-malformed`: a subjectAltName with a name that no client can match, or that cannot be read
//! at all. Source: RFC 5280 §4.2.1.6 and RFC 9525 §6; Go refuses the whole certificate for some.

use super::{Dated, certificate_place, dated};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View, remedy};
use crate::object_ref::Kind;
use crate::remedy::Remedy;
use crate::x509::cert::Certificate;
use crate::x509::name;
use crate::x509::san::San;

pub(super) const RULE: Rule = Rule {
    code: "san-malformed",
    severity: Severity::Warning,
    remedy: "make a certificate whose names are host names or addresses, each in its own form",
    explain: "A dNSName is a host name and nothing else: an address in it, a URL, a port, a trailing \
              dot or a blank is compared with no host. Addresses are iPAddress, four or sixteen \
              bytes. Go's reader refuses a certificate over a malformed address, OpenSSL and \
              rustls ignore the one name.",
    check,
};

/// So many names are quoted.
const QUOTED: usize = 5;

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    for dated in dated(inventory) {
        let dead = dead_names(dated.certificate);
        if dead.is_empty() {
            continue;
        }
        let mut shown = dead.iter().take(QUOTED).cloned().collect::<Vec<_>>().join("; it ");
        if dead.len() > QUOTED {
            shown = format!("{shown}; and {} more", dead.len() - QUOTED);
        }
        found.push(
            RULE.on(&certificate_place(dated.object), format!("{} {shown}", dated.name()))
                .evidence("names", shown)
                .evidence("sha256", dated.certificate.fingerprint())
                .remedy(remedy(&dated)),
        );
    }
}

/// `rotate` keeps names as they are, which is no help here.
fn remedy(dated: &Dated<'_>) -> Remedy {
    let free = dated.secret.is_none_or(|secret| secret.owner.is_none() && !secret.immutable);
    let is_kept = dated.kept().is_some();
    if is_kept || !(dated.certificate.self_signed && dated.object.kind == Kind::Secret && free) {
        return dated.remedy();
    }
    let alive = dated.certificate.names.iter().filter_map(|name| match name {
        San::Dns(text) => name::dead_dns_name(text).is_none().then(|| text.clone()),
        San::Ip(address) => Some(format!("--ip {address}")),
        San::Email(_) | San::Uri(_) | San::Other(_) => None,
    });
    let alive: Vec<String> = alive.take(QUOTED).collect();
    remedy::issue_anew(dated.object, &alive)
}

fn dead_names(certificate: &Certificate) -> Vec<String> {
    if !certificate.san_is_readable {
        return vec!["has a subjectAltName that cannot be parsed".to_owned()];
    }
    if certificate.has_san && certificate.names.is_empty() {
        return vec!["has an empty subjectAltName".to_owned()];
    }
    let dead = |name: &San| match name {
        San::Dns(text) => name::dead_dns_name(text).map(|why| format!("names {text:?}: {why}")),
        San::Other(form) if form.is_malformed() => {
            Some(format!("has a {form} in its subjectAltName"))
        }
        San::Ip(_) | San::Email(_) | San::Uri(_) | San::Other(_) => None,
    };
    certificate.names.iter().filter_map(dead).collect()
}

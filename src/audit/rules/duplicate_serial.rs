//! `duplicate-serial`: two certificates of one issuer with one serial number. Firefox locks users
//! out for it (`SEC_ERROR_REUSED_ISSUER_AND_SERIAL`): rabbitmq/tls-gen#35, syncthing/syncthing#361.

use super::{Dated, certificate_place, every};
use crate::audit::finding::{Findings, Severity};
use crate::audit::{Rule, View};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const RULE: Rule = Rule {
    code: "duplicate-serial",
    severity: Severity::Warning,
    remedy: "reissue one of them with a random serial number",
    explain: "Issuer and serial number together name one certificate (RFC 5280 §4.1.2.2). A client that \
              has seen one of two with the same name refuses the other; Firefox offers no way round \
              it. It comes from scripts with a fixed serial number, and from tools that make it from \
              the key.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let inventory = view.inventory;
    let mut named: BTreeMap<(&str, &str), Vec<Dated<'_>>> = BTreeMap::new();
    for dated in every(inventory) {
        let name = (&*dated.certificate.issuer, &*dated.certificate.serial);
        named.entry(name).or_default().push(dated);
    }
    for ((issuer, serial), mut group) in named {
        // One certificate in many places is one certificate.
        let mut known = BTreeSet::new();
        group.retain(|dated| known.insert(dated.certificate.sha256));
        let [first, others @ ..] = group.as_slice() else { continue };
        if others.is_empty() {
            continue;
        }
        let message = format!(
            "{} certificates of {issuer} have the serial number {}",
            group.len(),
            serial.chars().take(64).collect::<String>()
        );
        let finding = RULE
            .on(&certificate_place(first.object), message)
            .evidence("issuer", issuer)
            .evidence("serial", serial.chars().take(128).collect::<String>())
            .evidence("certificates", group.len())
            .remedy(first.remedy());
        let places = others.iter().map(|other| certificate_place(other.object));
        found.push(finding.related_to(places));
    }
}

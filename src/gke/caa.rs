//! CAA records as the CAs of ManagedCertificates read them (RFC 8659).
//!
//! Knows who may issue for a host that is no wildcard. Refuses to know where records were found.

use std::fmt;

/// The CAs that Google issues ManagedCertificates through (README of gke-managed-certs).
pub const CAS: [&str; 2] = ["pki.goog", "letsencrypt.org"];

/// Tags that CAs know (RFC 8659 §4, RFC 9495): a critical record with another one forbids all.
const KNOWN_TAGS: [&str; 4] = ["issue", "issuewild", "iodef", "issuemail"];

/// One CAA record (RFC 8659 §4.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CaaRecord {
    /// Whether a CA that does not know the tag must not issue.
    pub critical: bool,
    /// The property's tag, such as `issue`, as written.
    pub tag: String,
    /// Its value, such as `letsencrypt.org`; bytes that are no UTF-8 are replaced.
    pub value: String,
}

impl fmt::Display for CaaRecord {
    /// As a zone file has it: `0 issue "pki.goog"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = if self.critical { 128 } else { 0 };
        write!(f, "{flags} {} \"{}\"", self.tag, self.value)
    }
}

/// Whether a CA of this name may issue for a host that is no wildcard.
#[must_use]
pub fn allows(records: &[CaaRecord], ca: &str) -> bool {
    if records.iter().any(is_unknown_and_critical) {
        return false;
    }
    let mut issuers = records.iter().filter(|record| record.tag.eq_ignore_ascii_case("issue"));
    let restricted = issuers.clone().next().is_some();
    !restricted || issuers.any(|record| issuer(&record.value) == Some(ca.to_owned()))
}

/// Whether no CA knows it and each must, so that none may issue.
#[must_use]
pub fn is_unknown_and_critical(record: &CaaRecord) -> bool {
    record.critical && !KNOWN_TAGS.iter().any(|tag| record.tag.eq_ignore_ascii_case(tag))
}

/// Whom the value of an `issue` record lets issue; none when nobody, or one account alone. A value
/// that does not fit the grammar lets nobody (RFC 8659 §4.2).
fn issuer(value: &str) -> Option<String> {
    let blank = |c: char| c == ' ' || c == '\t';
    let (name, parameters) = value.split_once(';').unwrap_or((value, ""));
    let name = name.trim_matches(blank).to_ascii_lowercase();
    let label = |label: &str| {
        let edge = |c: char| c.is_ascii_alphanumeric();
        label.starts_with(edge)
            && label.ends_with(edge)
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let mut tags = Vec::new();
    for parameter in parameters.split(';').filter(|part| !part.trim_matches(blank).is_empty()) {
        let (tag, value) = parameter.split_once('=')?;
        let (tag, value) = (tag.trim_matches(blank), value.trim_matches(blank));
        if !label(tag) || !value.chars().all(|c| c.is_ascii_graphic()) {
            return None;
        }
        tags.push(tag.to_ascii_lowercase());
    }
    let bound = tags.iter().any(|tag| tag == "accounturi");
    (!bound && name.split('.').all(label)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str) -> CaaRecord {
        let (flags, rest) = text.split_once(' ').expect("flags");
        let (tag, value) = rest.split_once(' ').expect("tag and value");
        CaaRecord { critical: flags == "128", tag: tag.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn caa_records_are_read_as_a_ca_reads_them() {
        let both = "pki.goog letsencrypt.org";
        for (records, allowed) in [
            (&[][..], both),
            (&["0 issue pki.goog", "0 issue letsencrypt.org"], both),
            (&["0 issue pki.goog"], "pki.goog"),
            (&["0 issue letsencrypt.org"], "letsencrypt.org"),
            (&["0 issue digicert.com"], ""),
            (&["0 issue ;"], ""),
            (&["0 issue ;", "0 issue pki.goog"], "pki.goog"),
            (&["0 issue "], ""),
            (&["0 issue %%%%%"], ""),
            // Case, blanks, parameters.
            (&["0 ISSUE PKI.goog"], "pki.goog"),
            (&["0 issue  \tpki.goog\t ; a=b"], "pki.goog"),
            (&["0 issue pki.goog;"], "pki.goog"),
            (&["0 issue pki.goog; cansignhttpexchanges=yes; b = c ;"], "pki.goog"),
            (&["0 issue letsencrypt.org; validationmethods=http-01"], "letsencrypt.org"),
            (&["0 issue pki.goog; no parameter"], ""),
            (&["0 issue pki.goog a=b"], ""),
            (&["0 issue letsencrypt.org; accounturi=https://acme.example/acct/1"], ""),
            (&["0 issue not-pki.goog", "0 issue pki.goog.example"], ""),
            (&["0 issue pki.goog."], ""),
            // What is not about hosts without a wildcard.
            (&["0 issuewild ;"], both),
            (&["0 iodef mailto:a@shop.example"], both),
            (&["128 iodef mailto:a@shop.example", "128 issuewild ;"], both),
            (&["0 issuemail ;"], both),
            // What no CA knows.
            (&["0 tbs unknown"], both),
            (&["128 tbs unknown"], ""),
            (&["128 tbs unknown", "0 issue pki.goog"], ""),
            (&["128 issue pki.goog"], "pki.goog"),
        ] {
            let records: Vec<CaaRecord> = records.iter().map(|text| record(text)).collect();
            let found: Vec<&str> = CAS.into_iter().filter(|ca| allows(&records, ca)).collect();
            assert_eq!(found.join(" "), allowed, "{records:?}");
        }
    }
}

//! How a certificate stands, in a word: what a table shows first of a Secret.
//!
//! Knows which rule makes which word, worst first. Refuses to judge: what was found is given.

use super::finding::{Finding, Severity};

/// How a certificate and its key stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Nothing was found of it.
    Ok,
    /// Something for information.
    Info,
    /// Something that will hurt.
    Warning,
    /// It ends within its renewal window.
    Expires,
    /// Something that hurts now.
    Error,
    /// It is not valid yet.
    NotYetValid,
    /// It has ended.
    Expired,
    /// The key is under a password.
    Encrypted,
    /// There is no key.
    NoKey,
    /// The key is another certificate's.
    WrongKey,
    /// There is no certificate.
    NoCertificate,
    /// Certificate or key cannot be read.
    Unreadable,
}

impl Status {
    /// Of what was found of one object; waived findings count as none.
    pub fn of<'f, I: IntoIterator<Item = &'f Finding>>(findings: I) -> Self {
        let told = findings.into_iter().filter(|finding| !finding.waived);
        told.map(Self::told).max().unwrap_or(Self::Ok)
    }

    fn told(finding: &Finding) -> Self {
        match finding.rule {
            "cert-unreadable" | "key-unreadable" => Self::Unreadable,
            "cert-missing" => Self::NoCertificate,
            "key-mismatch" => Self::WrongKey,
            "key-missing" => Self::NoKey,
            "key-encrypted" => Self::Encrypted,
            "expired" => Self::Expired,
            "not-yet-valid" => Self::NotYetValid,
            "expires-soon" | "chain-expires-first" => Self::Expires,
            _ => match finding.severity {
                Severity::Error => Self::Error,
                Severity::Warning => Self::Warning,
                Severity::Info => Self::Info,
            },
        }
    }

    /// As tables spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Expires => "EXPIRES",
            Self::Error => "ERROR",
            Self::NotYetValid => "NOT YET VALID",
            Self::Expired => "EXPIRED",
            Self::Encrypted => "ENCRYPTED KEY",
            Self::NoKey => "NO KEY",
            Self::WrongKey => "WRONG KEY",
            Self::NoCertificate => "NO CERTIFICATE",
            Self::Unreadable => "UNREADABLE",
        }
    }

    /// How bad it is; nothing where it is well.
    #[must_use]
    pub const fn severity(self) -> Option<Severity> {
        match self {
            Self::Ok => None,
            Self::Info => Some(Severity::Info),
            Self::Warning | Self::Expires => Some(Severity::Warning),
            Self::Error
            | Self::NotYetValid
            | Self::Expired
            | Self::Encrypted
            | Self::NoKey
            | Self::WrongKey
            | Self::NoCertificate
            | Self::Unreadable => Some(Severity::Error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::rule;
    use crate::object_ref::ObjectRef;

    #[test]
    fn the_worst_of_what_was_found_is_the_status() {
        for (codes, expected) in [
            (&[][..], "OK"),
            (&["lifetime-too-long"], "INFO"),
            (&["lifetime-too-long", "cn-only"], "WARNING"),
            (&["cn-only", "expires-soon"], "EXPIRES"),
            (&["gke-key-type", "expires-soon"], "ERROR"),
            (&["expired", "cn-only"], "EXPIRED"),
            (&["expired", "key-mismatch"], "WRONG KEY"),
            (&["cert-unreadable", "key-missing"], "UNREADABLE"),
        ] {
            let object = ObjectRef::secret("shop", "web");
            let found = codes.iter().map(|code| rule(code).expect(code).on(&object, ""));
            let found: Vec<Finding> = found.collect();
            assert_eq!(Status::of(&found).as_str(), expected, "{codes:?}");
            let waived = found.into_iter().map(|it| Finding { waived: true, ..it });
            assert_eq!(Status::of(&waived.collect::<Vec<_>>()), Status::Ok);
        }
    }
}

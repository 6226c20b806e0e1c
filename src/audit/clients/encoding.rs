//! The encoding of a certificate: which clients cannot read it.
//!
//! Knows what each was seen to refuse. Refuses to say what is right: `x509::flaw` knows that.

use super::{Browsers, Client, Go, GrpcPython, OpenSsl, Problems, Rustls};
use crate::x509::cert::Certificate;
use crate::x509::flaw::Flaw;
use crate::x509::go;

/// What is wrong with the writing of `certificate`, which is the first, or the named issuer's.
/// Go parses the first alone when it loads a pair.
pub(super) fn about_encoding(
    certificate: &Certificate,
    issuer: Option<&str>,
    problems: &mut Problems,
) {
    let what = issuer.map_or_else(|| "it".to_owned(), |issuer| format!("its issuer {issuer}"));
    for flaw in &certificate.flaws {
        let (who, why) = refused(*flaw);
        if !who.is_empty() {
            problems
                .add(who, format!("{what} {why}"))
                .not_loaded_by_go(issuer.is_none() && go::refuses(*flaw));
        }
    }
}

/// Who refuses it, and why.
fn refused(flaw: Flaw) -> (&'static [Client], String) {
    let (who, why): (&[Client], &str) = match flaw {
        Flaw::UnknownVersion => (&[Rustls, Go, GrpcPython], "has a version that does not exist"),
        Flaw::ExtensionsTooEarly => {
            (&[Go, GrpcPython], "has extensions, which came with version 3, and an older version")
        }
        Flaw::Serial => (&[Go, OpenSsl, GrpcPython], "has a serial number that is not minimal"),
        Flaw::TwoAlgorithms => {
            (&[Rustls, Go, OpenSsl, GrpcPython], "names two different signature algorithms")
        }
        Flaw::LooseDate => {
            (&[Rustls, OpenSsl, GrpcPython], "has a date in local time or without seconds")
        }
        Flaw::OddDate => (
            &[Rustls, Go, OpenSsl, GrpcPython],
            "has a date with fractions, without seconds or without a time zone",
        ),
        Flaw::OddText => (&[Go], "has a name with characters or of a type that is not allowed"),
        Flaw::VisibleText => (&[Go, OpenSsl], "has a name of a type that is not allowed"),
        Flaw::BrokenText => (&[Go, OpenSsl, GrpcPython], "has a name that cannot be decoded"),
        Flaw::DoubledExtension(name) => {
            let who: &[Client] = match name {
                "subjectKeyIdentifier" | "authorityKeyIdentifier" => &[Go, OpenSsl, GrpcPython],
                "another" | "authorityInfoAccess" | "certificatePolicies" => &[Go],
                _ => &[Rustls, Go, OpenSsl, GrpcPython],
            };
            return (who, format!("has an extension twice: {name}"));
        }
        Flaw::BrokenExtension(name) => {
            let who: &[Client] = match name {
                // The table tells of it elsewhere.
                "subjectAltName" => &[],
                "authorityInfoAccess" => &[Go],
                "certificatePolicies" => &[Go, GrpcPython],
                "subjectKeyIdentifier" | "authorityKeyIdentifier" | "keyUsage" => {
                    &[Go, OpenSsl, GrpcPython]
                }
                _ => &[Rustls, Go, OpenSsl, GrpcPython],
            };
            return (who, format!("has an extension that cannot be taken apart: {name}"));
        }
        Flaw::OddBoolean => (&[Rustls, Go], "says by an odd byte that an extension is critical"),
        // Chromium's general_names.cc too.
        Flaw::NameBeyondAscii => (&[Go, Browsers], "has a name with characters beyond ASCII"),
        Flaw::BadUri => (&[Go], "names a URI that cannot be parsed"),
        Flaw::StrangeName => (
            &[Rustls, OpenSsl, Browsers, GrpcPython],
            "has a name of no known form in its subjectAltName",
        ),
        Flaw::BrokenName => {
            (&[OpenSsl, GrpcPython], "has a name that is none of its form in its subjectAltName")
        }
        Flaw::RsaWithoutNull => {
            (&[Rustls, Go], "has an RSA key without the NULL that belongs there")
        }
    };
    (who, why.to_owned())
}

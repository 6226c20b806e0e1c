//! The encoding of a certificate: which clients cannot read it.
//!
//! Knows what each was seen to refuse. Refuses to say what is right: `x509::defect` knows that.

use super::{Browsers, Client, Go, GrpcPython, OpenSsl, Problems, Rustls};
use crate::x509::cert::Certificate;
use crate::x509::defect::EncodingDefect;
use crate::x509::go;

/// What is wrong with the writing of `certificate`, which is the first, or the named issuer's.
/// Go parses the first alone when it loads a pair.
pub(super) fn about_encoding(
    certificate: &Certificate,
    issuer: Option<&str>,
    problems: &mut Problems,
) {
    let what = issuer.map_or_else(|| "it".to_owned(), |issuer| format!("its issuer {issuer}"));
    for defect in certificate.defects.iter() {
        let (who, why) = refused(*defect);
        if !who.is_empty() {
            problems
                .add(who, format!("{what} {why}"))
                .not_loaded_by_go(issuer.is_none() && go::refuses(*defect));
        }
    }
}

/// Who refuses it, and why.
fn refused(defect: EncodingDefect) -> (&'static [Client], String) {
    let (who, why): (&[Client], &str) = match defect {
        EncodingDefect::UnknownVersion => {
            (&[Rustls, Go, GrpcPython], "has a version that does not exist")
        }
        EncodingDefect::ExtensionsTooEarly => {
            (&[Go, GrpcPython], "has extensions, which came with version 3, and an older version")
        }
        EncodingDefect::Serial => {
            (&[Go, OpenSsl, GrpcPython], "has a serial number that is not minimal")
        }
        EncodingDefect::TwoAlgorithms => {
            (&[Rustls, Go, OpenSsl, GrpcPython], "names two different signature algorithms")
        }
        EncodingDefect::LooseDate => {
            (&[Rustls, OpenSsl, GrpcPython], "has a date in local time or without seconds")
        }
        EncodingDefect::OddDate => (
            &[Rustls, Go, OpenSsl, GrpcPython],
            "has a date with fractions, without seconds or without a time zone",
        ),
        EncodingDefect::OddText => {
            (&[Go], "has a name with characters or of a type that is not allowed")
        }
        EncodingDefect::VisibleText => (&[Go, OpenSsl], "has a name of a type that is not allowed"),
        EncodingDefect::BrokenText => {
            (&[Go, OpenSsl, GrpcPython], "has a name that cannot be decoded")
        }
        EncodingDefect::DoubledExtension(name) => {
            return (who_refuses_twice(name), format!("has an extension twice: {name}"));
        }
        EncodingDefect::BrokenExtension(name) => {
            let why = format!("has an extension that cannot be parsed: {name}");
            return (who_refuses_broken(name), why);
        }
        EncodingDefect::OddBoolean => {
            (&[Rustls, Go], "says by an odd byte that an extension is critical")
        }
        // Chromium's general_names.cc too.
        EncodingDefect::NameBeyondAscii => {
            (&[Go, Browsers], "has a name with characters beyond ASCII")
        }
        EncodingDefect::BadUri => (&[Go], "names a URI that cannot be parsed"),
        EncodingDefect::StrangeName => (
            &[Rustls, OpenSsl, Browsers, GrpcPython],
            "has a name of no known form in its subjectAltName",
        ),
        EncodingDefect::BrokenName => {
            (&[OpenSsl, GrpcPython], "has a name that is none of its form in its subjectAltName")
        }
        EncodingDefect::RsaWithoutNull => {
            (&[Rustls, Go], "has an RSA key without the NULL that belongs there")
        }
    };
    (who, why.to_owned())
}

/// Who refuses an extension of this name that stands there a second time.
fn who_refuses_twice(name: &str) -> &'static [Client] {
    match name {
        "subjectKeyIdentifier" | "authorityKeyIdentifier" => &[Go, OpenSsl, GrpcPython],
        "another" | "authorityInfoAccess" | "certificatePolicies" => &[Go],
        _ => &[Rustls, Go, OpenSsl, GrpcPython],
    }
}

/// Who refuses an extension of this name that cannot be parsed.
fn who_refuses_broken(name: &str) -> &'static [Client] {
    match name {
        // The table tells of it elsewhere.
        "subjectAltName" => &[],
        "authorityInfoAccess" => &[Go],
        "certificatePolicies" => &[Go, GrpcPython],
        "subjectKeyIdentifier" | "authorityKeyIdentifier" | "keyUsage" => {
            &[Go, OpenSsl, GrpcPython]
        }
        _ => &[Rustls, Go, OpenSsl, GrpcPython],
    }
}

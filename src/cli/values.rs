//! Values that several commands take: names, domains, key types, and words out of a list.
//!
//! Refuses to know the flags that take them.

use super::names;
use crate::duration::DurationError;
use crate::object_ref::{ObjectNameError, check_object_name};
use crate::render::formats::{Chosen, FORMATS, Format};
use crate::x509::key_kind::KeyType;
use crate::x509::key_purpose::Usage;
use crate::x509::name::{self, NameError};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::{Error, ErrorKind};
use clap::{Arg, Command};
use std::ffi::OsStr;
use std::net::{IpAddr, SocketAddr};

/// The words that a flag takes, what each means, and the line about it in the long help.
#[derive(Clone, Debug)]
pub(super) struct Words<T>(Vec<Word<T>>);

/// A word, its line in the help, and its value.
pub(super) type Word<T> = (&'static str, &'static str, T);

/// The words of a list.
pub(super) fn words<T: Clone>(list: &[Word<T>]) -> Words<T> {
    Words(list.to_vec())
}

/// The names of the formats that have a writer for a kind of document.
pub(super) fn formats<W: Copy>(writer: impl Fn(&Format) -> Option<W>) -> Words<Chosen<W>> {
    let word = |format: &Format| Some((format.name, format.help, format.chosen(writer(format)?)));
    Words(FORMATS.iter().filter_map(word).collect())
}

impl<T> Words<T> {
    fn shown(&self) -> impl Iterator<Item = PossibleValue> {
        self.0.iter().map(|(word, help, _)| PossibleValue::new(*word).help(*help))
    }
}

impl<T: Copy + Send + Sync + 'static> TypedValueParser for Words<T> {
    type Value = T;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<T, Error> {
        // What is not UTF-8 is none of the words, and is refused as such.
        let text = value.to_string_lossy();
        let known = PossibleValuesParser::new(self.shown());
        let typed = known.parse_ref(command, arg, OsStr::new(&*text))?;
        let chosen = self.0.iter().find(|(word, ..)| *word == typed);
        let (.., value) =
            chosen.ok_or_else(|| Error::new(ErrorKind::InvalidValue).with_cmd(command))?;
        Ok(*value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.shown()))
    }
}

/// The types of keys that can be made, in the spellings of other tools too.
pub(super) fn key_type() -> impl TypedValueParser<Value = KeyType> {
    let value = |key_type: KeyType| PossibleValue::new(key_type.as_str()).aliases(also(key_type));
    let named = |text: &str| {
        let is = |key_type: &KeyType| key_type.as_str() == text || also(*key_type).contains(&text);
        KeyType::ALL.into_iter().find(is)
    };
    PossibleValuesParser::new(KeyType::ALL.map(value))
        .map(move |text| named(&text).unwrap_or(KeyType::Rsa2048))
}

/// What a certificate is for, also by the names of RFC 5280 and cert-manager.
pub(super) fn usage() -> impl TypedValueParser<Value = Usage> {
    let also = |usage: Usage| match usage {
        Usage::Server => ["serverAuth", "server-auth"].as_slice(),
        Usage::Client => &["clientAuth", "client-auth"],
        Usage::Both => &["peer"],
    };
    let value = move |usage: Usage| PossibleValue::new(usage.as_str()).aliases(also(usage));
    let named = move |text: &str| {
        let is = |usage: &Usage| usage.as_str() == text || also(*usage).contains(&text);
        Usage::ALL.into_iter().find(is)
    };
    PossibleValuesParser::new(Usage::ALL.map(value))
        .map(move |text| named(&text).unwrap_or_default())
}

/// How OpenSSL, cert-manager, step and mkcert's users spell it.
const fn also(key_type: KeyType) -> &'static [&'static str] {
    match key_type {
        KeyType::Rsa2048 => &["rsa", "RSA", "rsa2048", "rsa:2048", "RSA-2048", "2048"],
        KeyType::Rsa3072 => &["rsa3072", "rsa:3072", "RSA-3072", "3072"],
        KeyType::Rsa4096 => &["rsa4096", "rsa:4096", "RSA-4096", "4096"],
        KeyType::P256 => {
            &["P-256", "P256", "ec", "EC", "ecdsa", "ECDSA", "p-256", "prime256v1", "secp256r1"]
        }
        KeyType::P384 => &["P-384", "P384", "p-384", "secp384r1"],
        KeyType::Ed25519 => &["Ed25519", "ED25519"],
    }
}

/// Why the value of a flag is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ValueError {
    #[error("expected true or false")]
    Boolean,
    #[error("expected client or none")]
    DryRun,
    #[error("the server cannot try this; use --dry-run=client")]
    ServerDryRun,
    #[error("{0} seconds are more than a time-out can be")]
    Seconds(String),
    #[error(transparent)]
    Duration(#[from] DurationError),
    #[error(transparent)]
    Host(#[from] NameError),
    #[error(transparent)]
    ObjectName(#[from] ObjectNameError),
    #[error(transparent)]
    Named(#[from] names::NameError),
    #[error("{0:?} is not a namespace: it has a dot, or more than 63 characters")]
    Namespace(String),
    #[error("{0:?} is not a port: expected 1 to 65535, or a port's name")]
    Port(String),
    #[error("expected TYPE[:PORT]/PATH such as HTTP:9091/healthz, found {0:?}")]
    HealthCheck(String),
    #[error(
        "expected TYPE[:PORT]/PATH such as HTTP:9091/healthz, found {0:?}; \
         the types are HTTP, HTTPS and HTTP2"
    )]
    HealthCheckType(String),
    #[error(
        "{0} is an address; give the name it is reserved by \
         (gcloud compute addresses list --global)"
    )]
    AddressItself(String),
    #[error(
        "{0:?} is not the name of an address: lower-case letters, digits and '-', \
         beginning with a letter, at most 63"
    )]
    AddressName(String),
    #[error("expected IP:PORT such as {0}:443")]
    NoPort(IpAddr),
    #[error("expected IP:PORT such as 192.0.2.1:443 or [2001:db8::1]:443, found {0:?}")]
    Place(String),
    #[error("{0:?} is too long for a CronJob: at most 52 characters")]
    JobName(String),
    #[error("expected a label such as release=prometheus, found {0:?}")]
    Label(String),
    #[error("expected an image such as registry.example/certwright:0.1.0, found {0:?}")]
    Image(String),
    #[error("expected five fields of cron such as \"17 6 * * *\", or @daily, found {0:?}")]
    Schedule(String),
    #[error("a server is asked for a DNS name; leave --servername out to ask for none")]
    ServerAddress,
}

/// A domain as it stands in certificates; one in its own script becomes its A-labels.
pub(crate) fn domain(text: &str) -> Result<String, ValueError> {
    let ascii = name::to_ascii(text)?;
    name::check_dns_name(&ascii)?;
    Ok(ascii.to_ascii_lowercase())
}

/// Where to connect.
pub(super) fn place(text: &str) -> Result<SocketAddr, ValueError> {
    text.parse().map_err(|_| match text.parse() {
        Ok(address) => ValueError::NoPort(address),
        Err(_) => ValueError::Place(text.to_owned()),
    })
}

/// The name of an object of Kubernetes.
pub(super) fn object_name(text: &str) -> Result<String, ObjectNameError> {
    check_object_name(text).map(|()| text.to_owned())
}

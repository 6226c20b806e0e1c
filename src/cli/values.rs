//! Values that several commands take: names, domains, key types, and words out of a list.
//!
//! Refuses to know the flags that take them.

use crate::object_ref::check_object_name;
use crate::render::formats::{Chosen, FORMATS, Format};
use crate::x509::key_kind::KeyType;
use crate::x509::name;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::{Error, ErrorKind};
use clap::{Arg, Command};
use std::ffi::OsStr;

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

/// The types of keys that can be made.
pub(super) fn key_type() -> impl TypedValueParser<Value = KeyType> {
    PossibleValuesParser::new(KeyType::ALL.map(KeyType::as_str))
        .map(|text| KeyType::from_name(&text).unwrap_or(KeyType::Rsa2048))
}

/// A domain as it stands in certificates; one in its own script becomes its A-labels.
pub(super) fn domain(text: &str) -> Result<String, String> {
    let ascii = name::to_ascii(text).map_err(|error| error.to_string())?;
    name::check_dns_name(&ascii).map_err(|error| error.to_string())?;
    Ok(ascii.to_ascii_lowercase())
}

/// The name of an object of Kubernetes.
pub(super) fn object_name(text: &str) -> Result<String, String> {
    check_object_name(text).map(|()| text.to_owned())
}

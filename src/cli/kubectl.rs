//! Flags as kubectl takes them: `--all-namespaces=true`, `--dry-run client`, seconds as a number,
//! an empty `-n`.
//!
//! Source: Go's `strconv.ParseBool`, `kubectl/pkg/cmd/util/helpers.go` (`--dry-run`) and
//! `client-go/tools/clientcmd/helpers.go` (time-outs).

use super::values::ValueError;
use crate::duration::parse_duration;
use std::ffi::OsString;
use time::Duration;

/// `=true`, `=1`, `=F` and the like, as Go reads them; `=yes` is none.
pub(super) fn boolean(text: &str) -> Result<bool, ValueError> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(ValueError::Boolean),
    }
}

/// `--dry-run` where the server cannot try: `client`, `none`, or a truth value.
pub(super) fn client_only(text: &str) -> Result<bool, ValueError> {
    match text {
        "client" => Ok(true),
        "none" => Ok(false),
        "server" => Err(ValueError::ServerDryRun),
        _ => boolean(text).map_err(|_| ValueError::DryRun),
    }
}

/// A time-out: a length of time, seconds as a bare number, or a Go duration such as `1.5s` and
/// `100ms`. `0`, and what is below, is no limit.
pub(super) fn time_out(text: &str) -> Result<Duration, ValueError> {
    let bare = text.strip_prefix('-').unwrap_or(text);
    if text.is_empty() || (bare.len() < text.len() && !bare.is_empty() && time_out(bare).is_ok()) {
        return Ok(Duration::ZERO);
    }
    if bare.bytes().all(|byte| byte.is_ascii_digit()) {
        let wrong = || ValueError::Seconds(text.to_owned());
        return bare.parse().map(Duration::seconds).map_err(|_| wrong());
    }
    if let Some(millis) = text.strip_suffix("ms").and_then(|number| number.parse::<u32>().ok()) {
        return Ok(Duration::milliseconds(i64::from(millis)));
    }
    if let Some(seconds) = text.strip_suffix('s').and_then(|number| number.parse::<f64>().ok())
        && (0.0..1e9).contains(&seconds)
    {
        return Ok(Duration::seconds_f64(seconds));
    }
    match text {
        "0m" | "0h" => Ok(Duration::ZERO),
        _ => parse_duration(text).map_err(ValueError::Duration),
    }
}

/// Flags whose value may be left out, and the words that are values of each.
const WITH_VALUES: [(&str, &[&str]); 2] = [
    ("--dry-run", &["none", "client", "server"]),
    ("--clients", &["curl", "openssl", "grpc", "pymilvus", "all", "fitting"]),
];

/// The command line with what kubectl's users write, as the parser here takes it: the word behind
/// such a flag is its value when it is one, or a list of them.
pub(super) fn as_taken(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut taken: Vec<OsString> = Vec::new();
    let mut literal = false;
    for arg in args {
        let flag = taken.last().and_then(|last| last.to_str());
        let values = WITH_VALUES.into_iter().find(|(name, _)| Some(*name) == flag);
        let is_value = |text: &&str| {
            values.is_some_and(|(_, all)| text.split(',').all(|it| all.contains(&it)))
        };
        let value = arg.to_str().filter(is_value);
        match (taken.last_mut(), value) {
            (Some(last), Some(value)) if !literal => {
                last.push(format!("={value}"));
            }
            _ => {
                literal |= arg == "--";
                taken.push(arg);
            }
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_are_those_of_go() {
        for (text, read) in [("true", Some(true)), ("1", Some(true)), ("F", Some(false))] {
            assert_eq!(boolean(text).ok(), read, "{text}");
        }
        assert!(boolean("yes").is_err() && boolean("").is_err());
        for (text, read) in [("client", Some(true)), ("none", Some(false)), ("server", None)] {
            assert_eq!(client_only(text).ok(), read, "{text}");
        }
    }

    #[test]
    fn time_outs_are_seconds_or_lengths_of_time() {
        for (text, millis) in [
            ("5", 5_000),
            ("0", 0),
            ("0s", 0),
            ("", 0),
            ("-1s", 0),
            ("-3", 0),
            ("30s", 30_000),
            ("1.5s", 1_500),
            ("100ms", 100),
            ("2m", 120_000),
            ("1h30m", 5_400_000),
        ] {
            assert_eq!(time_out(text), Ok(Duration::milliseconds(millis)), "{text}");
        }
        for text in ["abc", "-", "5x", " 5", "99999999999999999999", "1e400s", "NaNs"] {
            assert!(time_out(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_word_behind_dry_run_is_its_value_when_it_is_one() {
        let taken = |line: &str| {
            let words = as_taken(line.split(' ').map(OsString::from));
            words
                .iter()
                .map(|word| word.to_string_lossy().into_owned())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(taken("rotate --dry-run client secret/a"), "rotate --dry-run=client secret/a");
        assert_eq!(taken("rotate --dry-run secret/a"), "rotate --dry-run secret/a");
        assert_eq!(taken("issue -- --dry-run client"), "issue -- --dry-run client");
    }
}

//! What clap says of a command line that it cannot take, made harmless: it repeats what was typed,
//! and scripts type what they were handed from outside.
//!
//! Refuses to know the command line itself.

use super::harmless;
use clap::error::{ContextKind, ContextValue, Error};

/// The error with everything that it repeats on one line and visible. Help and versions repeat
/// nothing and stay as they are.
#[must_use]
pub fn harmless(mut error: Error) -> Error {
    let said: Vec<(ContextKind, ContextValue)> =
        error.context().map(|(kind, value)| (kind, value.clone())).collect();
    for (kind, value) in said {
        let value = match value {
            ContextValue::String(text) => ContextValue::String(visible(&text)),
            ContextValue::Strings(texts) => {
                ContextValue::Strings(texts.iter().map(|text| visible(text)).collect())
            }
            // Written by clap: usage, hints, numbers.
            other => other,
        };
        error.insert(kind, value);
    }
    error
}

/// Whether some of what it says is still raw: an error that a value's own parser gave. Then it is
/// said without clap's colours, line by line.
#[must_use]
pub fn plain(error: &Error) -> Option<String> {
    let text = error.render().to_string();
    // A key has many lines, none of which tells that it is one.
    let masked = harmless::without_keys(&text);
    let is_harmful = |character| character != '\n' && harmless::is_harmful(character);
    let raw = masked.is_some() || text.chars().any(is_harmful);
    let text = masked.unwrap_or(text);
    raw.then(|| text.lines().map(|line| visible(line) + "\n").collect())
}

fn visible(text: &str) -> String {
    harmless::line(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, Command};

    const HOSTILE: &str = "a\u{1b}]0;t\u{7}\u{9b}31m\u{202e}\r\nerror: forged";
    const VISIBLE: &str = "a\\u{1b}]0;t\\u{7}\\u{9b}31m\\u{202e}\\r\\nerror: forged";

    fn refused(args: &[&str]) -> Error {
        let number = Arg::new("number").long("number").value_parser(clap::value_parser!(u8));
        let repeats = |text: &str| Err::<u8, String>(format!("it is {text}"));
        let raw = Arg::new("raw").long("raw").value_parser(repeats);
        let kind = Arg::new("kind").long("kind").value_parser(["one", "two"]);
        let command =
            Command::new("test").args([number, raw, kind]).subcommand(Command::new("sub"));
        let args = std::iter::once(&"test").chain(args);
        harmless(command.try_get_matches_from(args).expect_err("it is refused"))
    }

    #[test]
    fn whatever_was_typed_is_repeated_visibly_on_one_line() {
        for args in [&[HOSTILE][..], &["--number", HOSTILE], &["--kind", HOSTILE]] {
            let error = refused(args);
            assert_eq!(plain(&error), None, "{args:?}");
            assert!(error.render().to_string().contains(VISIBLE), "{args:?}: {error}");
            assert!(!error.render().ansi().to_string().contains("\u{1b}]"), "{args:?}");
        }
    }

    #[test]
    fn no_line_of_a_private_key_is_repeated() {
        for breaks in ["\n", "\r\n", ""] {
            let key = format!(
                "-----BEGIN PRIVATE KEY-----{breaks}bm90IGEga2V5{breaks}b3RoZXI={breaks}-----END PRIVATE KEY-----{breaks}"
            );
            for args in [&[key.as_str()][..], &["--number", &key], &["--raw", &key]] {
                let error = refused(args);
                let text = plain(&error).unwrap_or_else(|| error.render().to_string());
                let told = text.contains("bm90") || text.contains("b3Ro");
                assert!(!told && text.contains("<a private key>"), "{args:?}: {text}");
            }
        }
    }

    #[test]
    fn what_a_values_own_parser_repeats_is_made_visible_too() {
        let text = plain(&refused(&["--raw", "\u{202e}"])).expect("it is raw");
        let told = "error: invalid value '\\u{202e}' for '--raw <raw>': it is \\u{202e}\n";
        assert!(text.starts_with(told), "{text}");
    }
}

//! The bytes of a kubeconfig as text, and the text as a tree.
//!
//! Knows what kubectl's YAML reader takes: UTF-8 and UTF-16 with or without a byte order mark, the
//! first document of several, a repeated key of which the last counts. Refuses to show any of it: an
//! error tells a line, never what stands there, which may be a token.

use serde_json::Value;
use serde_saphyr::options::DuplicateKeyPolicy;
use std::borrow::Cow;

/// How deep a kubeconfig may nest; real ones have six levels, and extensions a few more.
const MAX_DEPTH: usize = 64;

/// The first document; `Null` when there is none.
///
/// # Errors
/// What is wrong and in which line, for people; none of the content.
pub(super) fn tree(bytes: &[u8]) -> Result<Value, String> {
    let text = decoded(bytes)?;
    let budget = serde_saphyr::budget! { max_depth: MAX_DEPTH };
    let options = serde_saphyr::options! {
        budget: budget,
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        with_snippet: false,
    };
    let mut reader = text.as_bytes();
    let mut documents = serde_saphyr::read_with_options::<_, Value>(&mut reader, options);
    match documents.next() {
        None => Ok(Value::Null),
        Some(Ok(tree)) => Ok(tree),
        Some(Err(error)) => Err(unreadable(&error)),
    }
}

/// The library's own words may quote a value, so that only the place is taken from them.
fn unreadable(error: &serde_saphyr::Error) -> String {
    match error.without_snippet().location() {
        Some(at) if at.line() > 0 => {
            format!("it is not YAML, from line {}, column {} on", at.line(), at.column())
        }
        _ => "it is not YAML, or nests too deep".to_owned(),
    }
}

fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes).map(Cow::Owned),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes).map(Cow::Owned),
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => utf8(rest).map(Cow::Borrowed),
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        format!("line {line} is not UTF-8")
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("it is UTF-16 and ends in the middle of a character".to_owned());
    }
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair)))
        .collect::<Result<String, _>>()
        .map_err(|_| "it begins as UTF-16 and is not".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn utf16_of(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once('\u{feff}')
            .chain(text.chars())
            .flat_map(|character| {
                let mut units = [0; 2];
                character
                    .encode_utf16(&mut units)
                    .iter()
                    .copied()
                    .flat_map(unit)
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn every_encoding_that_kubectl_takes_is_the_same_tree() {
        let text = "kind: Config\r\ncurrent-context: größe\r\n";
        let tree_of = json!({ "kind": "Config", "current-context": "größe" });
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            utf16_of(text, u16::to_le_bytes),
            utf16_of(text, u16::to_be_bytes),
            b"---\n{\"kind\": \"Config\", \"current-context\": \"gr\xc3\xb6\xc3\x9fe\"}\n...\n"
                .to_vec(),
        ] {
            assert_eq!(tree(&bytes), Ok(tree_of.clone()), "{bytes:?}");
        }
    }

    #[test]
    fn nothing_is_an_empty_tree_and_only_the_first_document_counts() {
        for empty in ["", "\n", "# only a comment\n", "---\n", "null\n", "~\n"] {
            assert_eq!(tree(empty.as_bytes()), Ok(Value::Null), "{empty:?}");
        }
        assert_eq!(tree(b"a: 1\n---\nb: 2\n"), Ok(json!({ "a": 1 })));
        assert_eq!(tree(b"a: 1\na: 2\n"), Ok(json!({ "a": 2 })), "the last of a repeated key");
    }

    #[test]
    fn an_error_tells_the_line_and_nothing_that_stands_there() {
        for (bytes, expected) in [
            (&b"token: s3cr3t\n  x: [\n"[..], "line "),
            (b"a: b\ntoken: s3cr3t\xfc\n", "line 2 is not UTF-8"),
            (b"\xff\xfes\0e\0c", "ends in the middle"),
            (b"\xfe\xff\xd8\x00\x00s", "begins as UTF-16"),
            (b"a: *s3cr3t\n", "not YAML"),
        ] {
            let error = tree(bytes).expect_err("it is refused");
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("s3cr3t"), "{error}");
        }
        let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        assert!(tree(deep.as_bytes()).is_err());
    }
}

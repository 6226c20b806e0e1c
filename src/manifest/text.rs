//! The bytes of a manifest as text, and back.
//!
//! Knows UTF-8, UTF-16 with a byte order mark, and single bytes of an older encoding inside UTF-8.
//! What is rewritten goes back in the encoding it came in, and such bytes come back as they were.

use super::documents::documents;
use granit_parser::{Event, Parser};
use std::ops::Range;
use zeroize::Zeroizing;

/// How the text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-8 but for some bytes, which stand in the text as [`stranger`].
    WithStrangers,
    /// UTF-16, the byte order mark little end first.
    Utf16Le,
    /// UTF-16, the byte order mark big end first.
    Utf16Be,
}

/// The text of a manifest and how it was encoded. A byte order mark is part of the text.
#[derive(Clone)]
pub struct Text {
    text: Zeroizing<String>,
    encoding: Encoding,
}

/// Written by hand: the text may hold private keys.
impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Text({:?}, {} bytes)", self.encoding, self.text.len())
    }
}

impl Text {
    /// Decodes as kubectl does: by the byte order mark, and as UTF-8 without one.
    ///
    /// # Errors
    /// [`TextError`], when it is UTF-16 that breaks off or has no byte order mark.
    pub fn of(mut bytes: Zeroizing<Vec<u8>>) -> Result<Self, TextError> {
        match bytes.as_slice() {
            [0xff, 0xfe, ..] => return utf16(&bytes, Encoding::Utf16Le),
            [0xfe, 0xff, ..] => return utf16(&bytes, Encoding::Utf16Be),
            [0, b, ..] | [b, 0, ..] if b.is_ascii() && *b != 0 => {
                return Err(TextError::NoMark);
            }
            _ => {}
        }
        match String::from_utf8(std::mem::take(&mut *bytes)) {
            Ok(text) => Ok(Self { text: Zeroizing::new(text), encoding: Encoding::Utf8 }),
            Err(error) => with_strangers(&Zeroizing::new(error.into_bytes())),
        }
    }

    /// The text, to be rewritten: bytes that are not UTF-8 stand in it as characters of their own.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text as kubectl has it: U+FFFD in place of each byte that is not UTF-8. Lines and columns
    /// are those of [`Self::as_str`].
    #[must_use]
    pub fn seen(&self) -> std::borrow::Cow<'_, str> {
        match self.encoding {
            Encoding::WithStrangers => {
                let shown = |c: char| if is_stranger(c) { '\u{fffd}' } else { c };
                self.text.chars().map(shown).collect::<String>().into()
            }
            Encoding::Utf8 | Encoding::Utf16Le | Encoding::Utf16Be => self.text.as_str().into(),
        }
    }

    /// Another text in the same encoding.
    #[must_use]
    pub fn rewritten(&self, text: Zeroizing<String>) -> Self {
        Self { text, encoding: self.encoding }
    }

    /// The bytes for a file.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let of_units = |bytes: fn(u16) -> [u8; 2]| {
            // Room from the start, so that no grown buffer leaves a copy of a key behind.
            let mut all = Zeroizing::new(Vec::with_capacity(self.text.len() * 2));
            self.text.encode_utf16().for_each(|unit| all.extend(bytes(unit)));
            all
        };
        match self.encoding {
            Encoding::Utf8 => Zeroizing::new(self.text.as_bytes().to_vec()),
            Encoding::WithStrangers => without_strangers(&self.text),
            Encoding::Utf16Le => of_units(u16::to_le_bytes),
            Encoding::Utf16Be => of_units(u16::to_be_bytes),
        }
    }

    /// The bytes for standard output: UTF-8 whatever the file was, but for its strange bytes.
    #[must_use]
    pub fn to_utf8(&self) -> Zeroizing<Vec<u8>> {
        match self.encoding {
            Encoding::Utf8 => Zeroizing::new(self.text.as_bytes().to_vec()),
            Encoding::WithStrangers => without_strangers(&self.text),
            Encoding::Utf16Le | Encoding::Utf16Be => {
                let text = self.text.strip_prefix('\u{feff}').unwrap_or(&self.text);
                Zeroizing::new(text.as_bytes().to_vec())
            }
        }
    }
}

/// Why bytes are no text that kubectl reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// UTF-16 that does not say in which order its bytes are.
    #[error(
        "it is UTF-16 without a byte order mark, which kubectl cannot read either: write it as UTF-8"
    )]
    NoMark,
    /// UTF-16 of an odd number of bytes.
    #[error("it is UTF-16 and ends in half a character")]
    HalfACharacter,
    /// UTF-16 with half of a pair of surrogates.
    #[error("it is UTF-16 with a broken character in line {line}")]
    BrokenCharacter {
        /// From 1.
        line: usize,
    },
    /// Neither encoding.
    #[error("it is neither UTF-8 nor UTF-16")]
    NoText,
}

fn utf16(bytes: &[u8], encoding: Encoding) -> Result<Text, TextError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(TextError::HalfACharacter);
    }
    let unit = if encoding == Encoding::Utf16Le { u16::from_le_bytes } else { u16::from_be_bytes };
    // One unit is at most three bytes of UTF-8; a pair of them, four.
    let mut text = Zeroizing::new(String::with_capacity(pairs.len() * 3));
    for found in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        let Ok(c) = found else {
            let line = text.matches('\n').count() + 1;
            return Err(TextError::BrokenCharacter { line });
        };
        text.push(c);
    }
    Ok(Text { text, encoding })
}

/// The character that stands for a byte that is not UTF-8: one of a block that Unicode leaves to
/// private use and nobody uses, so that editing the text around it cannot lose which byte it was.
fn stranger(byte: u8) -> char {
    char::from_u32(0x0010_fe00 + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn is_stranger(c: char) -> bool {
    (0x0010_fe80..=0x0010_feff).contains(&u32::from(c))
}

fn with_strangers(bytes: &[u8]) -> Result<Text, TextError> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 4));
    for chunk in bytes.utf8_chunks() {
        if chunk.valid().contains(is_stranger) {
            return Err(TextError::NoText);
        }
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| text.push(stranger(*byte)));
    }
    Ok(Text { text, encoding: Encoding::WithStrangers })
}

fn without_strangers(text: &str) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    for c in text.chars() {
        if is_stranger(c) {
            bytes.push(u32::from(c).to_le_bytes()[0]);
        } else {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    bytes
}

/// Where bytes that are not UTF-8 stand outside comments, as lines and columns from 1: kubectl
/// stores U+FFFD in their place.
#[must_use]
pub fn strangers_in_values(text: &Text) -> Vec<(usize, usize)> {
    if text.encoding != Encoding::WithStrangers {
        return Vec::new();
    }
    let mut found = Vec::new();
    for document in documents(&text.text) {
        let slice = text.text.get(document.range.clone()).unwrap_or_default();
        let comments = comments(slice);
        let outside = |at: &usize| !comments.iter().any(|comment| comment.contains(at));
        let strange = slice.char_indices().filter(|(_, c)| is_stranger(*c)).map(|(at, _)| at);
        found.extend(strange.filter(outside).map(|at| {
            let before = slice.get(..at).unwrap_or_default();
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            (document.line + before.matches('\n').count(), column)
        }));
    }
    found
}

fn comments(document: &str) -> Vec<Range<usize>> {
    let options = granit_parser::options! { max_buffered_comment_events: usize::MAX };
    let events = Parser::new_from_str_with_options(document, options).map_while(Result::ok);
    events
        .filter(|(event, _)| matches!(event, Event::Comment(..)))
        .filter_map(|(_, span)| span.byte_range())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Text, TextError> {
        Text::of(Zeroizing::new(bytes.to_vec()))
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn every_encoding_goes_back_as_it_came() {
        let le = utf16("\u{feff}a: é🔑\r\n", u16::to_le_bytes);
        let be = utf16("\u{feff}a: é🔑\r\n", u16::to_be_bytes);
        for (bytes, seen) in [
            (b"a: b\n".as_slice(), "a: b\n"),
            ("\u{feff}a: é\n".as_bytes(), "\u{feff}a: é\n"),
            (&le, "\u{feff}a: é🔑\r\n"),
            (&be, "\u{feff}a: é🔑\r\n"),
            (b"# caf\xe9 \xff\na: b", "# caf\u{fffd} \u{fffd}\na: b"),
            (b"", ""),
        ] {
            let text = read(bytes).expect("it can be read");
            assert_eq!(text.seen(), seen);
            assert_eq!(text.to_bytes().as_slice(), bytes);
            let same = text.rewritten(Zeroizing::new(text.as_str().to_owned()));
            assert_eq!(same.to_bytes().as_slice(), bytes);
        }
        assert_eq!(
            read(&le).expect("it can be read").to_utf8().as_slice(),
            "a: é🔑\r\n".as_bytes()
        );
    }

    #[test]
    fn utf16_that_breaks_off_or_is_not_marked_is_said() {
        let le = utf16("\u{feff}a: b", u16::to_le_bytes);
        let odd = [le.as_slice(), b"x"].concat();
        let half = [le.as_slice(), b"\n\0\x3d\xd8"].concat();
        let bare = utf16("a: b", u16::to_le_bytes);
        for (bytes, words) in [
            (odd, "ends in half a character"),
            (half, "broken character in line 2"),
            (bare, "without a byte order mark"),
        ] {
            let error = read(&bytes).expect_err("it is broken").to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn bytes_of_another_encoding_are_found_in_values_and_not_in_comments() {
        let text = b"# \xe9\na: b # \xe9\n---\n# \xe9\nc: d\xe9 # \xe9\n'\xe9': 'x # \xe9'\n";
        let text = read(text).expect("it can be read");
        assert_eq!(strangers_in_values(&text), [(5, 5), (6, 2), (6, 11)]);
    }
}

//! JSON: pretty, and harmless also when it is read on a terminal: characters that serde would
//! print raw (DEL, C1, bidirectional controls…) are written as `\uXXXX`, which reads back the same.

use super::harmless::{is_harmful, without_keys};
use memchr::memmem;
use serde::Serialize;
use serde::ser::{self, SerializeSeq as _};
use serde_json::Value;
use serde_json::ser::{CharEscape, Formatter, PrettyFormatter, Serializer};
use std::io::{self, BufWriter, Write};

/// Writes `value` as one JSON document with a line break behind it; private keys that stand in it
/// are masked.
///
/// # Errors
/// What the writer says.
pub fn write(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    match Watch::default().masked(value)? {
        Some(masked) => write_manifest(&masked, out),
        None => write_manifest(value, out),
    }
}

/// The same of a document whose lists are [`Rows`], and which says nothing from outside but in them:
/// it is gone through once.
pub(super) fn write_rows(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    write_manifest(document, out)
}

/// A list whose rows are made one by one as they are written, each masked for itself. What is in the
/// brackets gives the rows, from the first on, each time it is called.
pub(super) struct Rows<F>(pub(super) F);

impl<F, I> Serialize for Rows<F>
where
    F: Fn() -> I,
    I: Iterator<Item: Serialize>,
{
    fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(None)?;
        let mut watch = Watch::default();
        for row in (self.0)() {
            match watch.masked(&row).map_err(ser::Error::custom)? {
                Some(masked) => rows.serialize_element(&masked)?,
                None => rows.serialize_element(&row)?,
            }
        }
        rows.end()
    }
}

/// Masks private keys that were pasted where a name belongs.
fn mask(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(masked) = without_keys(text) {
                *text = masked;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(fields) => {
            *fields = std::mem::take(fields)
                .into_iter()
                .map(|(key, mut value)| {
                    mask(&mut value);
                    (without_keys(&key).unwrap_or(key), value)
                })
                .collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A row as it would be written, to be looked through for the words of a private key: a report may be
/// large, and hardly one has them.
#[derive(Default)]
struct Watch(Vec<u8>);

impl Watch {
    /// The value without the private keys in it; none where there is none.
    fn masked(&mut self, value: &impl Serialize) -> serde_json::Result<Option<Value>> {
        self.0.clear();
        serde_json::to_writer(&mut self.0, value)?;
        if memmem::find(&self.0, b"PRIVATE KEY").is_none() {
            return Ok(None);
        }
        let mut value = serde_json::to_value(value)?;
        mask(&mut value);
        Ok(Some(value))
    }
}

/// The same for what is to be applied: nothing in it is masked, for what is sent must be what was meant.
///
/// # Errors
/// What the writer says.
pub fn write_manifest(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    // What is written are words of a few bytes, by the million.
    let mut out = BufWriter::with_capacity(BUFFER, out);
    let mut serializer = Serializer::with_formatter(&mut out, Harmless(PrettyFormatter::new()));
    value.serialize(&mut serializer)?;
    writeln!(out)?;
    out.flush()
}

/// Bytes that are written at once.
const BUFFER: usize = 64 * 1024;

/// Whether nothing but printable ASCII stands in it, as in nearly all.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// The same inside a `<script>` of HTML, without blanks: nothing in it ends that element or begins a
/// comment. What is in its lists is masked, as [`write_rows`] does.
pub(super) fn write_embedded(document: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    document.serialize(&mut Serializer::with_formatter(&mut *out, Embedded))?;
    Ok(())
}

/// Without blanks, and without markup.
struct Embedded;

impl Formatter for Embedded {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let is_escaped = |c: char| matches!(c, '<' | '>' | '&') || is_harmful(c);
        let mut rest = fragment;
        while let Some((at, escaped)) = rest.char_indices().find(|(_, it)| is_escaped(*it)) {
            let (before, from) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            for unit in escaped.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = from.get(escaped.len_utf8()..).unwrap_or_default();
        }
        writer.write_all(rest.as_bytes())
    }
}

struct Harmless<'i>(PrettyFormatter<'i>);

impl Formatter for Harmless<'_> {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if is_plain(fragment) || !fragment.chars().any(is_harmful) {
            return writer.write_all(fragment.as_bytes());
        }
        for character in fragment.chars() {
            let mut buffer = [0; 4];
            if is_harmful(character) {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            } else {
                writer.write_all(character.encode_utf8(&mut buffer).as_bytes())?;
            }
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        self.0.write_char_escape(writer, escape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_masked_in_values_and_keys() {
        let key = "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n";
        let value = serde_json::json!({"hosts": ["a.example", key], key: {"remedy": format!("name {key}")}});
        let mut out = Vec::new();
        write(&value, &mut out).expect("writing to memory");
        let shown: Value = serde_json::from_slice(&out).expect("JSON");
        let mask = "<a private key>\n";
        let masked = serde_json::json!({
            "hosts": ["a.example", mask], mask: {"remedy": format!("name {mask}")}
        });
        assert_eq!(shown, masked);
    }

    #[test]
    fn what_is_embedded_ends_no_script_and_reads_back_the_same() {
        let text = "</script><!-- & \u{202e}\u{e0041} ü";
        let mut out = Vec::new();
        write_embedded(&[text], &mut out).expect("writing to memory");
        let shown = String::from_utf8(out).expect("UTF-8");
        assert!(!shown.contains(['<', '>', '&']) && !shown.chars().any(is_harmful), "{shown:?}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&shown).expect("JSON"), [text]);
    }

    #[test]
    fn harmful_characters_are_escaped_and_read_back_the_same() {
        let text = "a\u{202e}b\u{7f}\u{9b}\n\u{e0041}\"ü";
        let mut out = Vec::new();
        write(&text, &mut out).expect("writing to memory");
        let shown = String::from_utf8(out).expect("UTF-8");
        assert!(!shown.trim_end().chars().any(is_harmful), "{shown:?}");
        assert_eq!(serde_json::from_str::<String>(&shown).expect("JSON"), text);
    }
}

//! Text inside XML and HTML: it ends no element and no attribute, and is what XML can hold.

use crate::render::harmless;

/// Text of an element or attribute. XML 1.0 has no way to write controls and U+FFFE at all: they are made
/// visible.
pub(super) fn escaped(text: &str) -> String {
    let shown = harmless::line(text);
    let mut escaped = String::with_capacity(shown.len() + 8);
    for character in shown.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            fine => escaped.push(fine),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_no_element_and_is_what_xml_can_hold() {
        for (text, xml) in [
            ("a", "a"),
            ("</failure>", "&lt;/failure&gt;"),
            ("\"a\" & 'b'", "&quot;a&quot; &amp; &apos;b&apos;"),
            ("]]>", "]]&gt;"),
            ("a\u{0}\u{1b}\n", "a\\u{0}\\u{1b}\\n"),
            ("\u{fffe}\u{ffff}", "\\u{fffe}\\u{ffff}"),
        ] {
            assert_eq!(escaped(text), xml, "{text:?}");
        }
    }
}

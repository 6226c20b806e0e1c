//! Making strings harmless for a terminal: what came from outside may hold escape sequences,
//! line breaks and characters that reorder or hide text.
//!
//! Source: CVE-2021-25743 (kubectl) and CVE-2021-42574 (bidirectional overrides).

use std::borrow::Cow;
use std::fmt::Write as _;

/// The string with every control, bidirectional and invisible character made visible as
/// `\u{…}`, so that one record stays one line and nothing is hidden.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            harmful if is_harmful(harmful) => {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(harmful));
            }
            fine => shown.push(fine),
        }
    }
    Cow::Owned(shown)
}

/// C0 and C1 controls, DEL, line and paragraph separators, bidirectional controls, zero-width
/// characters, soft hyphen, variation selectors, tags and the byte order mark.
#[must_use]
pub fn is_harmful(character: char) -> bool {
    matches!(
        character,
        '\u{0}'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_hides_or_forges_text_is_made_visible() {
        for (text, shown) in [
            ("plain ünïcode 字", "plain ünïcode 字"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("abc\u{202e}cba", "abc\\u{202e}cba"),
            ("zero\u{200b}width", "zero\\u{200b}width"),
            ("nul\0", "nul\\u{0}"),
        ] {
            assert_eq!(line(text), shown);
        }
    }
}

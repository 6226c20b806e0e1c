//! What must never reach a terminal, found by others than those who print.
//!
//! Knows which characters move the cursor, forge lines or hide text, from Unicode's categories.
//! Refuses to take certwright's own list of them for the truth.

use super::binary::Ran;
use serde_json::Value;

/// Characters that move the cursor, forge lines, or show text otherwise than it is: controls,
/// what Unicode calls format characters, and line and paragraph separators.
pub fn raw_characters(text: &str) -> Vec<char> {
    let is_raw = |c: &char| {
        let formats = matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        );
        formats || (c.is_control() && *c != '\n')
    };
    text.chars().filter(is_raw).collect()
}

/// Holds that nothing raw is in what a run said, and that JSON is JSON.
#[track_caller]
pub fn expect_harmless(what: &str, format: &str, ran: &Ran) {
    for (stream, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
        let raw = raw_characters(text);
        assert!(raw.is_empty(), "{what} as {format}: {raw:?} reach {stream}:\n{text}");
    }
    if format == "json" && !ran.stdout.is_empty() {
        let _: Value = ran.json();
    }
}

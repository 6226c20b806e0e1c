//! Making strings harmless for a terminal: what came from outside may hold escape sequences,
//! line breaks and characters that reorder or hide text.
//!
//! Source: CVE-2021-25743 (kubectl) and CVE-2021-42574 (bidirectional overrides).

use std::borrow::Cow;
use std::fmt::Write as _;

/// What stands for a private key that was pasted where a name belongs.
const MASK: &str = "<a private key>";

/// The string with every control, bidirectional and invisible character made visible as
/// `\u{…}`, so that one record stays one line and nothing is hidden; and with every private key
/// masked.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if let Some(masked) = without_keys(text) {
        return Cow::Owned(line(&masked).into_owned());
    }
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

/// The text without the private keys in it, PEM whose lines may be folded, escaped or joined; none
/// where there is none. What has no end is masked as far as it may be base64.
#[must_use]
pub fn without_keys(text: &str) -> Option<String> {
    const BEGIN: &str = "-----BEGIN";
    const END: &str = "-----END";
    let (mut rest, mut shown, mut any) = (text, String::new(), false);
    while let Some(begin) = rest.find(BEGIN) {
        let (before, block) = rest.split_at(begin);
        let label = block.get(BEGIN.len()..).unwrap_or_default();
        let label_end = label.find("-----").unwrap_or(label.len());
        let (label, body) = label.split_at(label_end);
        shown.push_str(before);
        if !label.to_ascii_uppercase().contains("PRIVATE KEY") {
            shown.push_str(BEGIN);
            rest = block.get(BEGIN.len()..).unwrap_or_default();
            continue;
        }
        any = true;
        shown.push_str(MASK);
        rest = match body.split_once(END) {
            Some((_, tail)) => tail.split_once("-----").map_or("", |(_, after)| after),
            None => body.trim_start_matches(is_of_key),
        };
    }
    shown.push_str(rest);
    any.then_some(shown)
}

/// Whether the character may stand in a PEM block: base64, headers' colons and commas, line breaks,
/// written out too.
fn is_of_key(character: char) -> bool {
    character.is_ascii_alphanumeric() || "+/=-:,\\ \n\r\t".contains(character)
}

/// C0 and C1 controls, DEL, line and paragraph separators, bidirectional controls, zero-width
/// characters, soft hyphen, variation selectors, tags, the byte order mark, and the code points that are
/// no characters, which XML and HTML cannot hold.
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
            | '\u{fdd0}'..='\u{fdef}'
    ) || u32::from(character) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_masked_wherever_it_stands() {
        let key = |breaks: &str, label: &str| {
            format!(
                "-----BEGIN {label}-----{breaks}bm90IGEga2V5{breaks}AAAA=={breaks}-----END {label}-----"
            )
        };
        for label in
            ["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY"]
        {
            for breaks in ["\n", "\r\n", "\\n", " ", ""] {
                let text = format!("host {:?} is none", key(breaks, label));
                assert_eq!(line(&text), "host \"<a private key>\" is none", "{label} {breaks:?}");
            }
        }
        let cut = "web-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n";
        assert_eq!(line(cut), "web<a private key>");
        let two = format!("a {} b {} c", key("\n", "PRIVATE KEY"), key("\n", "EC PRIVATE KEY"));
        assert_eq!(line(&two), "a <a private key> b <a private key> c");
        for fine in ["-----BEGIN CERTIFICATE-----", "a private key", "-----BEGIN", "-----BEGIN ünï"]
        {
            assert_eq!(line(fine), fine);
        }
        let after = format!("{}{}", key("", "CERTIFICATE"), key("", "PRIVATE KEY"));
        assert!(line(&after).ends_with("-----END CERTIFICATE-----<a private key>"));
    }

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
            ("none\u{fffe}\u{1ffff}\u{fdd0}", "none\\u{fffe}\\u{1ffff}\\u{fdd0}"),
        ] {
            assert_eq!(line(text), shown);
        }
    }
}

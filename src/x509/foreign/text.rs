//! Texts that stand where PEM should: placeholders, references, paths, pages, manifests.
//!
//! Knows how people and tools write such things. Refuses to read them further than their beginning
//! says, and to know what is to be done about them.

use super::thing::Thing;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

/// The longest text that is taken for a name or a placeholder, in bytes.
const SHORT: usize = 300;

/// What a text without any block is, by how people write such things.
pub(super) fn text(bytes: &[u8]) -> Option<Thing> {
    if is_placeholder_by_chance(bytes) {
        return Some(Thing::Placeholder);
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.trim_matches(|c: char| c.is_whitespace() || "\u{feff}\"'".contains(c));
    let mut begin = Zeroizing::new(text.chars().take(200).collect::<String>());
    begin.make_ascii_lowercase();
    let starts = |those: &[&str]| those.iter().any(|one| begin.starts_with(one));
    if starts(&[
        "ssh-",
        "ecdsa-sha2-",
        "sk-ssh-",
        "sk-ecdsa-",
        "putty-user-key-file",
        "---- begin ssh2",
    ]) {
        return Some(Thing::Ssh);
    }
    if starts(&["<!doctype", "<html", "<?xml", "<head"]) {
        return Some(Thing::Html);
    }
    if starts(&["enc[", "$ansible_vault", "vault:v1:"]) {
        return Some(Thing::Encrypted);
    }
    if starts(&[
        "vault:",
        "ref+",
        "arn:",
        "secretref:",
        "op://",
        "awssm://",
        "azurekeyvault://",
        "@microsoft.keyvault",
    ]) {
        return Some(Thing::Reference);
    }
    if is_path(text) {
        return Some(Thing::Path);
    }
    if is_placeholder(text) {
        return Some(Thing::Placeholder);
    }
    if starts(&["{", "["]) {
        let vault = ["\"lease_id\"", "\"issuing_ca\"", "\"ca_chain\"", "\"private_key_type\""];
        let is_vault = vault.iter().any(|key| text.contains(key));
        return Some(if is_vault { Thing::VaultAnswer } else { Thing::Json });
    }
    if text.contains("apiVersion:") || text.contains("tls.crt:") {
        return Some(Thing::Manifest);
    }
    if starts(&["certificate:"]) && text.contains("Version:") {
        return Some(Thing::CertificateText);
    }
    has_damaged_marks(text).then_some(Thing::DamagedMarks)
}

/// A word such as CHANGEME is base64 by chance, and stands in a Secret as what that decodes to.
pub(super) fn is_placeholder_by_chance(bytes: &[u8]) -> bool {
    bytes.len() <= 24 && is_placeholder(&Zeroizing::new(BASE64_STANDARD.encode(bytes)))
}

fn is_placeholder(text: &str) -> bool {
    if text.len() > SHORT || text.contains("-----") {
        return false;
    }
    let pairs =
        [("<", ">"), ("${", "}"), ("$(", ")"), ("{{", "}}"), ("%", "%"), ("__", "__"), ("[", "]")];
    let wrapped = |(open, close): &(&str, &str)| {
        text.len() > open.len() + close.len() && text.starts_with(open) && text.ends_with(close)
    };
    if pairs.iter().any(wrapped) && !text.contains('"') {
        return true;
    }
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    plain.extend(text.chars().filter(char::is_ascii_alphanumeric));
    plain.make_ascii_lowercase();
    let words = [
        "changeme",
        "replaceme",
        "placeholder",
        "todo",
        "tbd",
        "fixme",
        "dummy",
        "redacted",
        "example",
    ];
    let phrases = [
        "yourcert",
        "yourkey",
        "yourtls",
        "yourprivate",
        "yourbase64",
        "base64encoded",
        "pastehere",
        "insertyour",
        "certificatehere",
        "keyhere",
        "certdata",
        "keydata",
        "toberepl",
    ];
    words
        .iter()
        .any(|word| plain.as_str() == *word || (plain.starts_with(*word) && plain.len() < 24))
        || phrases.iter().any(|phrase| plain.contains(*phrase) && plain.len() < 80)
        || matches!(
            text,
            "..." | "\u{2026}" | "null" | "None" | "undefined" | "~" | "xxx" | "XXX" | "$TLS_CRT"
        )
        || is_variable(text)
}

/// `$TLS_CRT`, as a shell would replace it.
fn is_variable(text: &str) -> bool {
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.strip_prefix('$').is_some_and(|rest| !rest.is_empty() && rest.chars().all(name))
}

fn is_path(text: &str) -> bool {
    let one_word = text.len() <= SHORT && !text.contains(char::is_whitespace);
    let starts = ["/", "./", "../", "~/", "file:", "@"].iter().any(|start| text.starts_with(start));
    let ends = [".pem", ".crt", ".cer", ".cert", ".key", ".der", ".p12", ".pfx", ".jks"];
    // Base64 may begin with a slash, and never has a dot.
    one_word && (ends.iter().any(|end| text.ends_with(end)) || (starts && text.contains('.')))
}

/// Words of a BEGIN or END line, and not its five hyphens: typographic dashes, or fewer of them.
fn has_damaged_marks(text: &str) -> bool {
    let words =
        ["BEGIN CERTIFICATE", "END CERTIFICATE", "PRIVATE KEY", "BEGIN TRUSTED CERTIFICATE"];
    let dashes = "-\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2212}";
    words.iter().any(|words| text.contains(words)) && text.contains(|c: char| dashes.contains(c))
}

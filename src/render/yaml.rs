//! YAML as people apply it: manifests and Helm values.
//!
//! Knows how a value is written. Refuses to know what it means.

use serde_json::Value;

/// The value as YAML, ending with a newline. A long string (base64 of a key) stays on one line, as
/// kubectl writes it, so that `grep` and `cut` work on it.
///
/// # Errors
/// When the writer refuses the value.
pub fn text(value: &Value) -> Result<String, serde_saphyr::SerializeError> {
    let on_one_line = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
    let mut yaml = serde_saphyr::to_string_with_options(value, on_one_line)?;
    if !yaml.ends_with('\n') {
        yaml.push('\n');
    }
    Ok(yaml)
}

#[cfg(test)]
mod tests {
    use super::text;
    use serde_json::json;

    #[test]
    fn long_base64_stays_on_one_line_and_lines_stay_lines() {
        let long = "QUJD".repeat(500);
        let yaml = text(&json!({ "data": { "tls.crt": long }, "user.yaml": "a:\n  b: 1\n" }));
        let yaml = yaml.expect("a value of strings can be written");
        assert_eq!(yaml, format!("data:\n  tls.crt: {long}\nuser.yaml: |\n  a:\n    b: 1\n"));
    }
}

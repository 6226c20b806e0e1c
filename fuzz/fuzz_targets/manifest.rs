//! Bytes as a manifest: decoded, cut into documents, read, and a value replaced in each.
#![no_main]

use certwright_fuzz::manifest::{self, Text};
use certwright_fuzz::manifest_edit::{ValueAt, ValueEdit, edit};
use libfuzzer_sys::fuzz_target;
use zeroize::Zeroizing;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = Text::of(Zeroizing::new(bytes.to_vec())) else { return };
    assert_eq!(text.to_bytes().as_slice(), bytes, "an encoding goes back as it came");
    let _ = (manifest::strangers_in_values(&text), text.to_utf8());
    let seen = text.seen();
    for (document, found) in manifest::documents(&seen).iter().enumerate() {
        let _ = manifest::parse(&seen, found);
        let at = ValueAt { document, item: None, key: "tls.crt" };
        let _ = edit(text.as_str(), &[ValueEdit { at, value: b"new" }]);
    }
});

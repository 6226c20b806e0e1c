//! Manifest text, as kubectl takes it: from the bytes of a file to one value a document.
//!
//! Knows encodings, where one document ends and the next begins, what kubectl passes over without
//! a word, keys that stand twice, and how to say what is wrong with YAML. Both who reads manifests
//! and who rewrites them stand on it, so that they count documents alike. Refuses to know what an
//! object means, and where the bytes came from.
//!
//! The rules are those of `kubectl apply`: `cli-runtime/pkg/resource/visitor.go` (byte order
//! marks), `apimachinery/pkg/util/yaml/decoder.go` (documents) and `sigs.k8s.io/yaml` (values).

mod documents;
mod keys;
mod parse;
mod text;
mod words;

pub use documents::{Document, Lost, documents};
pub use keys::{Segment, key_name, line_of, shown};
pub use parse::{Broken, Parsed, STACK, Twice, base64_value, parse};
pub use text::{Text, TextError, strangers_in_values};
pub use words::reason;

/// A file of this name says of its folder that copies of manifests are kept there, as they were before they were
/// rewritten: whoever reads the folders above passes over it. Who names the folder itself reads it.
pub const COPIES_MARK: &str = ".certwright-copies";

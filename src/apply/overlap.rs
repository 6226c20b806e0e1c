//! Files that are read and written by one command, or written twice: what is in them would be lost,
//! be it the CA's only key.
//!
//! Knows when two paths lead to one file. Refuses to know the command line beyond its flags' names.

use super::files::{is_same_file, outputs};
use crate::plan::outcome::{Failed, FailureReason};
use crate::plan::step::WriteFiles;
use std::path::Path;

/// Why the step may not be carried out beside `inputs`, the files that are read, each with its flag:
/// one of them would be overwritten, or one file written twice. A `ca.crt` that holds `root` already
/// is not written again.
#[must_use]
pub fn overlap(step: &WriteFiles, root: Option<&[u8]>, inputs: &[(&str, &Path)]) -> Option<Failed> {
    let mut seen: Vec<&Path> = Vec::new();
    for (file, flag) in outputs(step, root) {
        let path = Path::new(&file.name);
        let refused = |message| {
            Some(Failed::of(FailureReason::Overlap, message, format!("choose another {flag}")))
        };
        if let Some((input, _)) = inputs.iter().find(|(_, input)| is_same_file(input, path)) {
            return refused(format!(
                "{} would be overwritten, and {input} reads it",
                path.display()
            ));
        }
        if seen.iter().any(|other| is_same_file(other, path)) {
            return refused(format!("{} would be written twice", path.display()));
        }
        seen.push(path);
    }
    None
}

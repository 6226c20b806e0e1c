//! A document that is written into a file beside what a command does: a plan, a report. Nothing that is there
//! is overwritten.

use super::{CommandError, Result};
use crate::apply::files::{self, NewFile};
use crate::plan::outcome::Failed;
use std::path::{Path, PathBuf};

/// Writes the document; `flag` is what says where.
pub(crate) fn write(path: &Path, bytes: &[u8], flag: &str) -> Result<()> {
    let (folder, name) = parts(path, flag)?;
    let text = String::from_utf8_lossy(bytes);
    let file = NewFile::text(name, &text, false);
    files::write_set(&folder, &[file], (false, flag)).map_err(failed)
}

/// Whether nothing is there, before a command begins that is to end with the document.
pub(crate) fn refuse_existing(path: &Path, flag: &str) -> Result<()> {
    parts(path, flag)?;
    files::refuse_existing(path, false, flag).map_err(failed)
}

fn failed(failed: Failed) -> CommandError {
    CommandError::failed(failed.message, failed.remedy)
}

fn parts(path: &Path, flag: &str) -> Result<(PathBuf, String)> {
    let name = path.file_name().and_then(|name| name.to_str());
    let Some(name) = name else {
        let message = format!("{flag}: {} does not name a file", path.display());
        return Err(CommandError::usage(message, "name a file in a folder"));
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Ok((folder.unwrap_or(Path::new(".")).to_owned(), name.to_owned()))
}

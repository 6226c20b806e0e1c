//! Observing files: folders of manifests, single ones, PEM files and standard input.

use super::manifest;
use crate::object_ref::ObjectRef;
use crate::observation::Observation;
use crate::redact::Redacted;
use crate::world::words;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The path that means standard input.
pub const STDIN: &str = "-";

/// The largest file that is read: a manifest of 1 MiB Secrets by the dozen still fits.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// What standard input held; it cannot be read a second time by whoever rewrites it.
pub type Kept = BTreeMap<String, Zeroizing<String>>;

/// A path that was named and cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path}: {message}")]
pub struct Unreadable {
    /// The path as given.
    pub path: String,
    /// Why.
    pub message: String,
}

/// Reads manifests from the paths: files, folders (every `.yaml`, `.yml` and `.json` below, but
/// for hidden folders) and `-`. A file that cannot be read is handed on as unseen.
///
/// # Errors
/// [`Unreadable`] when a path that was named is not there at all.
pub fn manifests(
    paths: &[PathBuf],
    namespace: &str,
    take: &mut dyn FnMut(Observation),
) -> Result<Kept, Unreadable> {
    let mut kept = Kept::new();
    for path in paths {
        if path.as_os_str() == STDIN {
            let text = Zeroizing::new(read_stdin_text()?);
            manifest::read(STDIN, &text, namespace, take);
            kept.insert(STDIN.to_owned(), text);
            continue;
        }
        for file in files_of(path, &is_manifest, take)? {
            let name = file.display().to_string();
            match read_text(&file) {
                Ok(text) => manifest::read(&name, &text, namespace, take),
                Err(message) => {
                    take(Observation::Unseen { object: ObjectRef::file(name), message });
                }
            }
        }
    }
    Ok(kept)
}

/// Whether something is at the path: then a target that reads like another thing is meant as a file.
#[must_use]
pub fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Reads one file, folder or `-` for inspection: PEM and DER as they are, manifests as objects.
///
/// # Errors
/// [`Unreadable`] when the path cannot be read.
pub fn inspected(
    path: &Path,
    namespace: &str,
    take: &mut dyn FnMut(Observation),
) -> Result<(), Unreadable> {
    let unreadable = |message| Unreadable { path: path.display().to_string(), message };
    if path.as_os_str() == STDIN {
        let bytes = read_stdin().map_err(unreadable)?;
        inspect_bytes("standard input", bytes, namespace, take);
        return Ok(());
    }
    let is_folder = path.is_dir();
    for file in files_of(path, &|file| is_manifest(file) || is_pem(file), take)? {
        let name = file.display().to_string();
        match read_bytes(&file) {
            Ok(bytes) => inspect_bytes(&name, bytes, namespace, take),
            Err(message) if is_folder => {
                take(Observation::Unseen { object: ObjectRef::file(name), message });
            }
            Err(message) => return Err(unreadable(message)),
        }
    }
    Ok(())
}

fn inspect_bytes(
    name: &str,
    bytes: Zeroizing<Vec<u8>>,
    namespace: &str,
    take: &mut dyn FnMut(Observation),
) {
    match std::str::from_utf8(&bytes) {
        Ok(text) if looks_like_a_manifest(text) => manifest::read(name, text, namespace, take),
        _ => take(Observation::PemFile {
            object: ObjectRef::file(name),
            bytes: Redacted::from(bytes),
        }),
    }
}

fn looks_like_a_manifest(text: &str) -> bool {
    let key = |line: &str| line.trim_start_matches(['-', ' ', '{', '"']).starts_with("apiVersion");
    text.lines().any(key) || text.trim_start().starts_with('{')
}

/// The files a path stands for: itself, or those below it that `wanted` names, in order.
fn files_of(
    path: &Path,
    wanted: &dyn Fn(&Path) -> bool,
    take: &mut dyn FnMut(Observation),
) -> Result<Vec<PathBuf>, Unreadable> {
    let unreadable = |message: String| Unreadable { path: path.display().to_string(), message };
    let there = fs::metadata(path).map_err(|error| unreadable(words(&error)))?;
    if !there.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if folder == path => return Err(unreadable(words(&error))),
            Err(error) => {
                let object = ObjectRef::file(folder.display().to_string());
                take(Observation::Unseen { object, message: words(&error) });
                continue;
            }
        };
        for entry in entries.flatten() {
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            let kind = entry.file_type();
            // Links to folders are not followed: they may lead round in a circle.
            if kind.as_ref().is_ok_and(fs::FileType::is_dir) {
                folders.extend((!hidden).then(|| entry.path()));
            } else if wanted(&entry.path()) && entry.path().is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_manifest(path: &Path) -> bool {
    has_ending(path, &["yaml", "yml", "json"])
}

fn is_pem(path: &Path) -> bool {
    has_ending(path, &["pem", "crt", "cer", "cert", "der", "key"])
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    endings.contains(&ending.as_str())
}

fn read_text(path: &Path) -> Result<Zeroizing<String>, String> {
    let mut bytes = read_bytes(path)?;
    String::from_utf8(std::mem::take(&mut *bytes))
        .map(Zeroizing::new)
        .map_err(|_| "it is not UTF-8 text".to_owned())
}

/// The bytes of one file.
///
/// # Errors
/// A sentence, when it cannot be read or is far too large.
pub fn read_bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let file = fs::File::open(path).map_err(|error| words(&error))?;
    let size = file.metadata().map_err(|error| words(&error))?.len();
    if size > MAX_BYTES {
        return Err(too_large());
    }
    bounded(file, usize::try_from(size).unwrap_or_default())
}

fn read_stdin() -> Result<Zeroizing<Vec<u8>>, String> {
    bounded(std::io::stdin().lock(), 0)
}

/// All that comes, up to [`MAX_BYTES`]: a device or a pipe says that it holds nothing and then
/// never ends.
fn bounded(source: impl Read, expected: usize) -> Result<Zeroizing<Vec<u8>>, String> {
    // Room for the end of the file too: a vector that grows leaves a copy of a key behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected + 1));
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| words(&error))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_BYTES) {
        return Err(too_large());
    }
    Ok(bytes)
}

fn too_large() -> String {
    format!("it is larger than {} MiB", MAX_BYTES / 1024 / 1024)
}

fn read_stdin_text() -> Result<String, Unreadable> {
    let unreadable = |message: String| Unreadable { path: "standard input".to_owned(), message };
    let mut bytes = read_stdin().map_err(unreadable)?;
    String::from_utf8(std::mem::take(&mut *bytes))
        .map_err(|_| unreadable("it is not UTF-8 text".to_owned()))
}

//! Observing files: folders of manifests, single ones, PEM files and standard input.

use super::manifest;
use crate::object_ref::ObjectRef;
use crate::observation::Observation;
use crate::redact::Redacted;
use crate::world::words;
use crate::x509::pem::{self, Label};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The path that means standard input.
pub const STDIN: &str = "-";

/// The largest manifest that is read: Secrets of 1 MiB by the dozen still fit.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// The largest file of anything else: more than a thousand certificates. Debian's root store is a
/// ninth of it, and what is larger costs more time (0.2 s) and memory (64 MiB) than one file should.
const MAX_PEM_BYTES: u64 = 2 * 1024 * 1024;

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
            let text = read_stdin_text()?;
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
        let bytes = manifest_or_short(std::io::stdin().lock(), 0).map_err(unreadable)?;
        inspect_bytes("standard input", bytes, namespace, take);
        return Ok(());
    }
    let is_folder = path.is_dir();
    for file in files_of(path, &|file| is_manifest(file) || is_pem(file), take)? {
        let name = file.display().to_string();
        let found = match opened(&file) {
            Ok((file, size)) => manifest_or_short(file, size),
            Err(message) if is_folder => Err(message),
            Err(message) => return Err(unreadable(message)),
        };
        match found {
            // In a folder for certificates there are requests, public keys and parameters too.
            Ok(bytes) if is_folder && is_of_another_kind(&bytes) => {}
            Ok(bytes) => inspect_bytes(&name, bytes, namespace, take),
            // One among many does not keep the others from being shown.
            Err(message) => take(Observation::Unseen { object: ObjectRef::file(name), message }),
        }
    }
    Ok(())
}

/// Whether there are PEM blocks in it, and none of a certificate or a private key.
fn is_of_another_kind(bytes: &[u8]) -> bool {
    let blocks = pem::blocks(bytes);
    let ours =
        |block: &pem::Block| block.label == Label::Certificate || block.label.is_private_key();
    !blocks.is_empty() && !blocks.iter().any(ours)
}

fn inspect_bytes(
    name: &str,
    bytes: Zeroizing<Vec<u8>>,
    namespace: &str,
    take: &mut dyn FnMut(Observation),
) {
    match manifest_text(&bytes) {
        Some(text) => manifest::read(name, text, namespace, take),
        None => take(Observation::PemFile {
            object: ObjectRef::file(name),
            bytes: Redacted::from(bytes),
        }),
    }
}

fn manifest_text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| looks_like_a_manifest(text))
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

/// By its ending; `Kustomization` is a name that kustomize reads too.
fn is_manifest(path: &Path) -> bool {
    has_ending(path, &["yaml", "yml", "json"])
        || path.file_name().is_some_and(|name| name == "Kustomization")
}

fn is_pem(path: &Path) -> bool {
    has_ending(path, &["pem", "crt", "cer", "cert", "der", "key"])
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    endings.contains(&ending.as_str())
}

fn read_text(path: &Path) -> Result<Zeroizing<String>, String> {
    let (file, size) = opened(path)?;
    utf8(bounded(file, size, MAX_BYTES)?)
}

fn read_stdin_text() -> Result<Zeroizing<String>, Unreadable> {
    let unreadable = |message: String| Unreadable { path: "standard input".to_owned(), message };
    bounded(std::io::stdin().lock(), 0, MAX_BYTES).and_then(utf8).map_err(unreadable)
}

fn utf8(mut bytes: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, String> {
    String::from_utf8(std::mem::take(&mut *bytes))
        .map(Zeroizing::new)
        .map_err(|_| "it is not UTF-8 text".to_owned())
}

/// The bytes of one file of certificates or a key.
///
/// # Errors
/// A sentence, when it cannot be read or is far too large.
pub fn read_bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let (file, size) = opened(path)?;
    bounded(file, size, MAX_PEM_BYTES)
}

/// The file and its size in bytes, as far as that is known before it is read.
fn opened(path: &Path) -> Result<(fs::File, u64), String> {
    let file = fs::File::open(path).map_err(|error| words(&error))?;
    let size = file.metadata().map_err(|error| words(&error))?.len();
    Ok((file, size))
}

/// All that comes, up to `limit` bytes: a device or a pipe says that it holds nothing and then
/// never ends.
fn bounded(source: impl Read, size: u64, limit: u64) -> Result<Zeroizing<Vec<u8>>, String> {
    if size > limit {
        return Err(too_large(limit));
    }
    let mut bytes = room(size);
    go_on(source, &mut bytes, limit)?;
    Ok(bytes)
}

/// All that comes of a manifest, or of something else that is short.
fn manifest_or_short(mut source: impl Read, size: u64) -> Result<Zeroizing<Vec<u8>>, String> {
    if size > MAX_BYTES {
        return Err(too_large(MAX_BYTES));
    }
    let mut bytes = room(size.min(MAX_PEM_BYTES));
    if go_on(&mut source, &mut bytes, MAX_PEM_BYTES).is_ok() {
        return Ok(bytes);
    }
    // The last character of what was read so far may be half there.
    let whole = bytes.utf8_chunks().next().map_or(0, |chunk| chunk.valid().len());
    if whole + 4 <= bytes.len() || manifest_text(&bytes[..whole]).is_none() {
        return Err(format!(
            "{}, which only a manifest may be: split it",
            too_large(MAX_PEM_BYTES)
        ));
    }
    let mut all = room(size);
    all.extend_from_slice(&bytes);
    go_on(source, &mut all, MAX_BYTES)?;
    Ok(all)
}

/// Room for so many bytes and the end of the file: a vector that grows leaves a copy of a key
/// behind. No more room than is needed, for all of it is wiped at the end.
fn room(size: u64) -> Zeroizing<Vec<u8>> {
    let size = usize::try_from(size).unwrap_or_default();
    Zeroizing::new(Vec::with_capacity(size.saturating_add(1)))
}

/// Reads on until there are more than `limit` bytes in all, which is an error, or no more.
fn go_on(source: impl Read, bytes: &mut Vec<u8>, limit: u64) -> Result<(), String> {
    let there = |bytes: &Vec<u8>| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let more = (limit + 1).saturating_sub(there(bytes));
    source.take(more).read_to_end(bytes).map_err(|error| words(&error))?;
    if there(bytes) > limit { Err(too_large(limit)) } else { Ok(()) }
}

fn too_large(limit: u64) -> String {
    format!("it is larger than {} MiB", limit / 1024 / 1024)
}

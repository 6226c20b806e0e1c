//! Which files are meant by a path: lists, patterns and folders, as kubectl takes them
//! (`cli-runtime/pkg/resource/builder.go` and `visitor.go`).

use super::{ReadError, STDIN, Unreadable, is_there};
use crate::manifest::COPIES_MARK;
use crate::object_ref::ObjectRef;
use crate::observation::Observation;
use crate::world::words;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How folders are read, and what it means when nothing is in what was named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Which folders below a folder are read too.
    pub below: Below,
    /// Whether a path without a single Kubernetes object is well.
    pub allow_empty: bool,
}

/// Which folders below a folder are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Below {
    /// All, but for hidden ones (`.git`, say) and those that keep copies of manifests ([`COPIES_MARK`]).
    #[default]
    Usual,
    /// All, as `kubectl -R`.
    All,
    /// None, as kubectl without `-R`.
    None,
}

/// The paths that are meant by what stands behind `-f`: lists with commas and patterns taken apart,
/// as kubectl does, unless a file has that very name. None stands twice.
///
/// # Errors
/// [`Unreadable`] for a URL, a pattern that nothing fits, and standard input when it is named twice.
pub fn given(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Unreadable> {
    let mut found: Vec<PathBuf> = Vec::new();
    for path in paths {
        for one in taken_apart(path)? {
            let again = found.contains(&one);
            if again && one.as_os_str() == STDIN {
                return Err(no(&one, ReadError::StdinTwice));
            }
            found.extend((!again).then_some(one));
        }
    }
    Ok(found)
}

/// Whether standard input is among what stands behind one `-f`.
#[must_use]
pub fn names_stdin(path: &Path) -> bool {
    !is_there(path) && path.to_string_lossy().split(',').any(|one| one == STDIN)
}

pub(super) fn no(path: &Path, why: ReadError) -> Unreadable {
    Unreadable { path: path.display().to_string(), why }
}

fn taken_apart(path: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let as_it_is = || Ok(vec![path.to_owned()]);
    let Some(text) = path.to_str().filter(|_| path.as_os_str() != STDIN && !is_there(path)) else {
        return as_it_is();
    };
    if text.starts_with("http://") || text.starts_with("https://") {
        return Err(no(path, ReadError::Url));
    }
    if text.contains(',') {
        let pieces = text.split(',').map(Path::new);
        return pieces.map(taken_apart).collect::<Result<Vec<_>, _>>().map(|all| all.concat());
    }
    if !text.contains(['*', '?', '[']) {
        return as_it_is();
    }
    let fits = glob::glob(text).map_err(|_| no(path, ReadError::NoPattern))?;
    let fits: Vec<PathBuf> = fits.filter_map(Result::ok).collect();
    if fits.is_empty() { Err(no(path, ReadError::NothingFits)) } else { Ok(fits) }
}

/// The files a path stands for: itself, or those below it that `wanted` names, in order.
pub(super) fn files_of(
    path: &Path,
    wanted: &dyn Fn(&Path) -> bool,
    below: Below,
    take: &mut dyn FnMut(Observation),
) -> Result<Vec<PathBuf>, Unreadable> {
    let unreadable = |error: io::Error| no(path, error.into());
    let there = fs::metadata(path).map_err(unreadable)?;
    if !there.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if folder == path => return Err(unreadable(error)),
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
                let usual = !hidden && !entry.path().join(COPIES_MARK).exists();
                let read = below == Below::All || (below == Below::Usual && usual);
                folders.extend(read.then(|| entry.path()));
            } else if wanted(&entry.path()) {
                match fs::metadata(entry.path()) {
                    Ok(there) if there.is_file() => found.push(entry.path()),
                    Ok(_) => {}
                    Err(error) => {
                        let object = ObjectRef::file(entry.path().display().to_string());
                        take(Observation::Unseen { object, message: words(&error) });
                    }
                }
            }
        }
    }
    found.sort();
    Ok(found)
}

/// In exactly these letters: kubectl passes over `A.YAML` in a folder. `Kustomization` is a name that
/// kustomize reads too.
pub(super) fn is_manifest(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default();
    ["yaml", "yml", "json"].iter().any(|known| ending == *known)
        || path.file_name().is_some_and(|name| name == "Kustomization")
}

pub(super) fn is_pem(path: &Path) -> bool {
    has_ending(path, &["pem", "crt", "cer", "cert", "der", "key", "csr", "req", "p12", "pfx"])
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    endings.contains(&ending.as_str())
}

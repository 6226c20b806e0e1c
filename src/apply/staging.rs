//! Staging: the new content of a file beside it, on disk, until it takes its place by a rename.
//!
//! Knows how to leave either the old file or the new one, never half of one. A staged file is 0600
//! from its first byte until the moment it is renamed, whatever it becomes: a run that is killed
//! leaves nothing that others can read. What a killed run left is removed by the next one that
//! writes into the folder: a staged file is locked for as long as its run lives (`flock`, which the
//! kernel ends with the process), so one that can be locked belongs to nobody.

use crate::plan::outcome::{Failed, FailureReason};
use crate::world::words;
use rustix::fs::Mode;
use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, TempDir};

/// The mode of every file until it is renamed, and of private keys behind it too.
pub(super) const PRIVATE: u32 = 0o600;
/// How the names of what is staged begin, before [`RANDOM`] letters and digits; nobody else's are
/// made so.
const PREFIX: &str = ".certwright-tmp-";
/// How many letters and digits of a name are drawn, as `tempfile` does by default.
const RANDOM: usize = 6;
/// How often a staged file is made anew when another run takes it for a leftover between its
/// creation and its lock. Once is rare; this bound only keeps a broken file system from looping.
const MAX_ATTEMPTS: u32 = 10;

/// Who may read the file once it is in its place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Access {
    /// This mode, whatever the umask.
    Exactly(u32),
    /// This mode, less the umask's bits.
    AtMost(u32),
}

/// A file's content on disk, under a name of its own beside the path that it will have.
#[derive(Debug)]
pub(super) struct Staged {
    file: NamedTempFile,
    path: PathBuf,
    mode: u32,
}

impl Staged {
    /// Writes the bytes beside `path`, 0600 and on disk.
    ///
    /// # Errors
    /// [`Failed`], with nothing left behind.
    pub(super) fn write(path: &Path, bytes: &[u8], access: Access) -> Result<Self, Failed> {
        let write = || -> io::Result<NamedTempFile> {
            remove_leftover_files(folder(path));
            let mut file = create_locked(folder(path))?;
            // The umask may have taken more than others' bits: a file that its owner cannot read.
            file.as_file().set_permissions(Permissions::from_mode(PRIVATE))?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            Ok(file)
        };
        let file = write().map_err(|error| cannot_write(path, &error))?;
        let mode = match access {
            Access::Exactly(mode) => mode,
            Access::AtMost(mode) => mode & !umask(),
        };
        Ok(Self { file, path: path.to_owned(), mode })
    }

    /// Gives the file to the owner that another one has. Only root may; for everybody else it is
    /// theirs already, so that a failure changes nothing.
    pub(super) fn give_to_owner_of(&self, old: &fs::Metadata) {
        let _ = std::os::unix::fs::fchown(self.file.as_file(), Some(old.uid()), Some(old.gid()));
    }

    /// Where it will stand.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts it into its place: with `overwrite` over what is there, else only where nothing is.
    ///
    /// # Errors
    /// [`Failed`], with what was there untouched.
    pub(super) fn place(self, overwrite: bool) -> Result<(), Failed> {
        let Self { file, path, mode } = self;
        let place = || -> io::Result<()> {
            file.as_file().set_permissions(Permissions::from_mode(mode))?;
            if overwrite {
                file.persist(&path)?
            } else {
                file.persist_noclobber(&path)?
            };
            Ok(())
        };
        place().map_err(|error| cannot_write(&path, &error))
    }
}

/// Puts every file in its place, or none: what was there before is kept aside until the last one
/// stands, and comes back when one cannot be placed.
///
/// # Errors
/// [`Failed`], with what was there untouched.
pub(super) fn place_all(staged: Vec<Staged>, overwrite: bool) -> Result<(), Failed> {
    let mut placed: Vec<(PathBuf, Option<PathBuf>)> = Vec::new();
    let Some(first) = staged.first().map(|first| folder(&first.path).to_owned()) else {
        return Ok(());
    };
    let aside = Aside::create(&first).map_err(|error| cannot_write(&first, &error))?;
    for (number, file) in staged.into_iter().enumerate() {
        let path = file.path().to_owned();
        let old = aside.folder.path().join(number.to_string());
        // A link to a link is one to the link itself: nothing is followed.
        let old = fs::hard_link(&path, &old).is_ok().then_some(old);
        if let Err(error) = file.place(overwrite) {
            for (path, old) in placed {
                // Nothing more can be done when this fails too; the first error is what counts.
                let _ = match old {
                    Some(old) => fs::rename(old, path),
                    None => fs::remove_file(path),
                };
            }
            return Err(error);
        }
        placed.push((path, old));
    }
    // Only now: until all stand, what a killed run kept aside may be the only copy of an old key.
    if overwrite {
        remove_leftover_folders(&first);
    }
    Ok(())
}

/// A folder for what is replaced, locked like a staged file.
struct Aside {
    folder: TempDir,
    /// Holds the lock; none where the file system has no locks.
    _lock: Option<File>,
}

impl Aside {
    fn create(beside: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .rand_bytes(RANDOM)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(beside)?;
        let lock = File::open(folder.path())?;
        let lock = lock.try_lock().is_ok().then_some(lock);
        Ok(Self { folder, _lock: lock })
    }
}

/// A new file that only we can read and that is locked, so that no other run removes it.
fn create_locked(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).rand_bytes(RANDOM).permissions(Permissions::from_mode(PRIVATE));
    for _ in 1..MAX_ATTEMPTS {
        let file = builder.tempfile_in(folder)?;
        // Where there are no locks (some network file systems) nobody can lock it either, and
        // leftovers are left.
        let _ = file.as_file().lock();
        if is_at(file.as_file(), file.path()) {
            return Ok(file);
        }
    }
    builder.tempfile_in(folder)
}

/// Whether the open file still is what stands at the path.
fn is_at(file: &File, path: &Path) -> bool {
    let identity = |there: fs::Metadata| (there.dev(), there.ino());
    let open = file.metadata().map(identity).ok();
    open.is_some() && open == fs::symlink_metadata(path).map(identity).ok()
}

/// Removes the staged files of runs that have ended. What cannot be removed stays: it keeps nobody
/// from writing.
fn remove_leftover_files(folder: &Path) {
    for path in leftovers(folder, fs::FileType::is_file) {
        // Ours to remove only while it is locked by us and still stands there.
        let opened = File::options().read(true).open(&path);
        let Ok(file) = opened else { continue };
        if file.try_lock().is_ok() && is_at(&file, &path) {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Removes the folders in which runs that have ended kept what they replaced.
fn remove_leftover_folders(folder: &Path) {
    for path in leftovers(folder, fs::FileType::is_dir) {
        let Ok(file) = File::open(&path) else { continue };
        if file.try_lock().is_ok() && is_at(&file, &path) {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

fn leftovers(folder: &Path, kind: impl Fn(&fs::FileType) -> bool) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let ours = entries.filter_map(Result::ok).filter(|entry| {
        let name = entry.file_name();
        let drawn = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        let named =
            |drawn: &str| drawn.len() == RANDOM && drawn.bytes().all(|b| b.is_ascii_alphanumeric());
        drawn.is_some_and(named) && entry.file_type().is_ok_and(|found| kind(&found))
    });
    ours.map(|entry| entry.path()).collect()
}

/// The bits that the process takes from files it makes. It can only be read by setting it, which is
/// done to the strictest one, so that what another thread makes meanwhile is never open to others.
fn umask() -> u32 {
    let old = rustix::process::umask(Mode::RWXG | Mode::RWXO);
    rustix::process::umask(old);
    old.as_raw_mode()
}

/// A rename is on disk only when its folder is.
///
/// # Errors
/// [`Failed`], though the file stands in its place.
pub(super) fn sync_folder(path: &Path) -> Result<(), Failed> {
    let folder = folder(path);
    File::open(folder)
        .and_then(|opened| opened.sync_all())
        .map_err(|error| cannot_write(folder, &error))
}

/// The folder that a path is in.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What is said of a path that could not be written.
pub(super) fn cannot_write(path: &Path, error: &io::Error) -> Failed {
    Failed::of(
        FailureReason::Unwritable,
        format!("cannot write {}: {}", path.display(), words(error)),
        "what was there before is untouched; check the folder's rights and space",
    )
}

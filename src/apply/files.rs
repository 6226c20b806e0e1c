//! Writing files: a key and its certificate side by side, or a file's new text.
//!
//! Knows which files a step writes, what may be overwritten, and who may read each. A symbolic link
//! is never followed. How a file comes to its place is `staging`'s: 0600 beside it, fsync, rename,
//! fsync of the folder.

use super::keystore;
use super::pair::{self, KeySource, Materials, ReadyPair};
use super::staging::{Access, PRIVATE, Staged, cannot_write, folder, place_all, sync_folder};
use crate::manifest::COPIES_MARK;
use crate::object_ref::ObjectRef;
use crate::plan::outcome::{Done, Failed, FailureReason};
use crate::plan::step::{FileContents, WriteFiles};
use crate::redact::Redacted;
use crate::world::words;
use crate::x509::authority::Authority;
use crate::x509::cert::Certificate;
use crate::x509::{pem, stray};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Component, Path, PathBuf};
use zeroize::Zeroizing;

/// Private keys: for their owner alone, whatever the umask.
const KEY: Access = Access::Exactly(PRIVATE);
/// Certificates: for everybody whom the umask lets.
const CERTIFICATE: Access = Access::AtMost(0o644);

/// Writes a key and its certificate, and what goes with them.
///
/// # Errors
/// [`Failed`]; what was there before is then untouched.
pub fn write(
    step: &WriteFiles,
    materials: &Materials,
    keys: &dyn KeySource,
) -> Result<Done, Failed> {
    let path = |file: &ObjectRef| PathBuf::from(&file.name);
    let root = materials.authority.as_ref().and_then(Authority::root_pem);
    if let Some((_, failed)) = in_the_way(step, root.map(str::as_bytes)) {
        return Err(failed);
    }
    let contents = contents(step, materials, keys)?;
    // The root is often there already: it is the one that was named.
    let root = contents.root.as_deref().zip(step.ca.as_ref().map(path));
    let root = root.filter(|(bytes, path)| !is_already(path, bytes));
    let key = step.key.as_ref().map(|key| (path(key), contents.key.expose(), true));
    let mut files: Vec<(PathBuf, &[u8], bool)> = key.into_iter().collect();
    files.push((path(&step.certificate), contents.certificates.as_slice(), false));
    files.extend(root.map(|(bytes, path)| (path, bytes, false)));
    if let (Some(file), Some(bytes)) = (&step.keystore, &contents.keystore) {
        files.push((path(file), bytes.expose(), true));
    }
    // All are on disk before any is seen: a full disk shows here, with the old files intact.
    let mut staged = Vec::new();
    for (path, bytes, private) in files {
        fs::create_dir_all(folder(&path)).map_err(|error| cannot_write(folder(&path), &error))?;
        staged.push(Staged::write(&path, bytes, if private { KEY } else { CERTIFICATE })?);
    }
    let folders: BTreeSet<PathBuf> =
        staged.iter().map(|file| folder(file.path()).to_owned()).collect();
    place_all(staged, step.overwrite)?;
    for folder in folders {
        sync_folder(&folder.join("."))?;
    }
    Ok(Done { after: contents.facts.map(Box::new), resource_version: None, tried_only: false })
}

/// The first file of the step that may not be written, and why: something is there that may not be
/// replaced, or its folder is none. A `ca.crt` that holds `root` already is left alone.
#[must_use]
pub fn in_the_way(step: &WriteFiles, root: Option<&[u8]>) -> Option<(ObjectRef, Failed)> {
    outputs(step, root).find_map(|(file, flag)| {
        let path = Path::new(&file.name);
        let failed = refuse_existing(path, step.overwrite, flag)
            .and_then(|()| refuse_no_folder(path, flag))
            .err()?;
        Some((file.clone(), failed))
    })
}

/// The files that the step writes, each with the flag that says where. A `ca.crt` that holds `root`
/// already is not written again.
pub(super) fn outputs<'s>(
    step: &'s WriteFiles,
    root: Option<&'s [u8]>,
) -> impl Iterator<Item = (&'s ObjectRef, &'static str)> {
    let is_new =
        move |ca: &&ObjectRef| !root.is_some_and(|root| is_already(Path::new(&ca.name), root));
    let usual = step.key.iter().chain([&step.certificate]).chain(step.ca.iter().filter(is_new));
    let usual = usual.map(|file| (file, "--out-dir"));
    usual.chain(step.keystore.iter().map(|file| (file, "--p12")))
}

fn refuse_no_folder(path: &Path, flag: &str) -> Result<(), Failed> {
    let is_file = |above: &&Path| fs::metadata(above).is_ok_and(|there| !there.is_dir());
    match path.ancestors().skip(1).find(is_file) {
        None => Ok(()),
        Some(above) => Err(Failed::of(
            FailureReason::Unwritable,
            format!(
                "cannot write {}: {} is a file, and a folder is needed there",
                folder(path).display(),
                above.display()
            ),
            format!("choose another {flag}"),
        )),
    }
}

/// Whether two paths lead to one file: by any link, or, where nothing is there yet, by the same name
/// in the same folder.
#[must_use]
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    let same = |one: Option<_>, other: Option<_>| one.is_some() && one == other;
    same(identity(one), identity(other)) || place_of(one) == place_of(other)
}

/// The path with every link of its folders followed, as far as they are there.
fn place_of(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let above =
        path.ancestors().skip(1).find_map(|above| Some((above, above.canonicalize().ok()?)));
    match above {
        Some((above, found)) => {
            path.strip_prefix(above).map_or(path.clone(), |rest| found.join(rest))
        }
        None => path,
    }
}

/// What the files hold.
struct Contents {
    certificates: Vec<u8>,
    key: Redacted,
    root: Option<Vec<u8>>,
    keystore: Option<Redacted>,
    facts: Option<Certificate>,
}

fn contents(
    step: &WriteFiles,
    materials: &Materials,
    keys: &dyn KeySource,
) -> Result<Contents, Failed> {
    let new = match &step.contents {
        FileContents::Pair(new) => new,
        FileContents::Request(profile) => {
            let (key, request) = pair::request(profile, keys)?;
            let certificates = request.into_bytes();
            return Ok(Contents { certificates, key, root: None, keystore: None, facts: None });
        }
    };
    let ready = pair::ready(new, materials, None, keys)?;
    let password = materials.password.as_deref().filter(|_| step.keystore.is_some());
    let keystore = password.map(|password| keystore::encode(&ready, password)).transpose()?;
    let ReadyPair { certificates, key, ca, facts } = ready;
    Ok(Contents { certificates, key, root: ca, keystore, facts: Some(facts) })
}

/// Whether the file holds these very bytes.
#[must_use]
pub fn is_already(path: &Path, bytes: &[u8]) -> bool {
    let is_file = fs::symlink_metadata(path).is_ok_and(|there| there.is_file());
    is_file && fs::read(path).is_ok_and(|there| there == bytes)
}

/// Writes a set of files into one folder and folders in it, made when they are not there: all of the
/// files are on disk before the first is seen. What holds a key is 0600. `flag` is what says where.
///
/// # Errors
/// [`Failed`]; when a file is there and may not be replaced, nothing is written.
pub fn write_set(
    folder: &Path,
    files: &[NewFile],
    (overwrite, flag): (bool, &str),
) -> Result<(), Failed> {
    for file in files {
        refuse_existing(&folder.join(&file.name), overwrite, flag)?;
    }
    let mut folders = BTreeSet::from([folder.to_owned()]);
    folders.extend(files.iter().filter_map(|file| Some(folder.join(&file.name).parent()?.into())));
    for folder in &folders {
        fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    }
    let mut staged = Vec::new();
    for file in files {
        let path = folder.join(&file.name);
        let access = if file.private { KEY } else { CERTIFICATE };
        staged.push(Staged::write(&path, &file.bytes, access)?);
    }
    place_all(staged, overwrite)?;
    folders.iter().try_for_each(|folder| sync_folder(&folder.join(".")))
}

/// One file of a set.
pub struct NewFile {
    /// Its name in the folder, perhaps behind that of a folder in it.
    pub name: String,
    /// What it holds.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Whether it holds a private key.
    pub private: bool,
}

impl NewFile {
    /// A file of text.
    #[must_use]
    pub fn text(name: String, text: &str, private: bool) -> Self {
        Self { name, bytes: Zeroizing::new(text.as_bytes().to_vec()), private }
    }
}

impl std::fmt::Debug for NewFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewFile({})", self.name)
    }
}

/// Keeps a copy of each file as it is, in a new folder below `folder` that is named `at`, for the time: 0600, in
/// folders that only we may enter, marked as no manifests ([`COPIES_MARK`]). Says where.
///
/// # Errors
/// [`Failed`]; then not all of them are kept, and none should be changed.
pub fn keep_copies(folder: &Path, paths: &[&str], at: &str) -> Result<PathBuf, Failed> {
    let mut files = Vec::new();
    for path in paths {
        let bytes = fs::read(path).map_err(|error| {
            let message = format!("cannot read {path}: {}", words(&error));
            Failed::of(FailureReason::Unreadable, message, "look at the file and try again")
        })?;
        files.push(NewFile { name: below(path), bytes: Zeroizing::new(bytes), private: true });
    }
    let copies = new_folder(folder, at)?;
    let told = b"Files as they were before certwright rewrote them. It passes over this folder.\n";
    let bytes = Zeroizing::new(told.to_vec());
    let mark = NewFile { name: COPIES_MARK.to_owned(), bytes, private: true };
    write_set(&copies, &[mark], (false, "--backup-dir"))?;
    for file in &files {
        let place = copies.join(&file.name);
        let inside = place.parent().unwrap_or(&copies);
        let made = private_folders().create(inside);
        made.map_err(|error| cannot_write(inside, &error))?;
    }
    write_set(&copies, &files, (false, "--backup-dir"))?;
    Ok(copies)
}

/// Makes a folder of this name, or where there is one, of another run of the same second, with a number behind.
fn new_folder(above: &Path, name: &str) -> Result<PathBuf, Failed> {
    private_folders().create(above).map_err(|error| cannot_write(above, &error))?;
    let mut number = 1_u32;
    loop {
        let numbered = || format!("{name}-{number}");
        let folder = above.join(if number == 1 { name.to_owned() } else { numbered() });
        match fs::DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(cannot_write(&folder, &error)),
            Ok(()) => return Ok(folder),
        }
    }
}

/// Makes folders that only we may enter, and those above them.
fn private_folders() -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder
}

/// A path as it stands below another folder: a step up, or the root, leads nowhere out of it.
#[must_use]
pub fn below(path: &str) -> String {
    let parts = Path::new(path).components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        Component::ParentDir => Some("up".to_owned()),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "stdin.yaml".to_owned() } else { parts.join("/") }
}

/// Replaces what a file holds, keeping its mode and owner.
///
/// # Errors
/// [`Failed`], with the old file intact; also when the path is a symbolic link.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failed> {
    let old = fs::symlink_metadata(path).map_err(|error| cannot_write(path, &error))?;
    if old.is_symlink() {
        return Err(Failed::of(
            FailureReason::Unwritable,
            format!(
                "{} is a symbolic link, and links are not followed when writing",
                path.display()
            ),
            "name the file it points to",
        ));
    }
    let staged = Staged::write(path, bytes, Access::Exactly(old.mode() & 0o7777))?;
    staged.give_to_owner_of(&old);
    staged.place(true)?;
    sync_folder(path)
}

/// Writes a file of our own, whole or not at all; what is there has been looked at, and is replaced.
///
/// # Errors
/// [`Failed`], with the old file intact; also when the path is a symbolic link or a folder.
pub fn write_own(path: &Path, bytes: &[u8]) -> Result<(), Failed> {
    write_whole(path, bytes, CERTIFICATE)
}

/// Writes a file that is kept from run to run: made where it is not there, for its owner alone.
///
/// # Errors
/// As [`write_own`].
pub fn keep(path: &Path, bytes: &[u8]) -> Result<(), Failed> {
    write_whole(path, bytes, KEY)
}

fn write_whole(path: &Path, bytes: &[u8], access: Access) -> Result<(), Failed> {
    if fs::symlink_metadata(path).is_ok() {
        return replace(path, bytes);
    }
    Staged::write(path, bytes, access)?.place(false)?;
    sync_folder(path)
}

/// Writes certificates for clients to pin. A file that is there is replaced when it holds
/// certificates and nothing else, so that a slip of the name costs no key.
///
/// # Errors
/// [`Failed`], with the old file intact; also when the path is a symbolic link.
pub fn write_certificates(path: &Path, certificates: &[u8]) -> Result<(), Failed> {
    let there = fs::symlink_metadata(path).is_ok();
    if there {
        let is_file = fs::symlink_metadata(path).is_ok_and(|there| there.is_file());
        if !is_file || beside_certificates(path).is_some() {
            return Err(Failed::of(
                FailureReason::AlreadyExists,
                format!(
                    "{} is there and is not a file of certificates; nothing was written",
                    path.display()
                ),
                "choose another name",
            ));
        }
    }
    Staged::write(path, certificates, CERTIFICATE)?.place(there)?;
    sync_folder(path)
}

/// What the file at `path` holds beside certificates, in words; none where that is nothing, or where
/// nothing is there.
#[must_use]
pub fn beside_certificates(path: &Path) -> Option<String> {
    let bytes = match fs::read(path) {
        Ok(bytes) => Redacted::new(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(_) => return Some("what cannot be read".to_owned()),
    };
    let text = pem::of_file(bytes.expose());
    let blocks = pem::blocks(text.expose());
    if blocks.is_empty() && !bytes.expose().trim_ascii().is_empty() {
        return Some("what is no PEM".to_owned());
    }
    let strays = stray::among_certificates(&blocks);
    (!strays.is_empty()).then(|| stray::listed(&strays))
}

/// Whether something is at `path`, be it a link that leads nowhere. The flag is what says where.
///
/// # Errors
/// [`Failed`].
pub fn refuse_existing(path: &Path, overwrite: bool, flag: &str) -> Result<(), Failed> {
    match fs::symlink_metadata(path) {
        Ok(there) if there.is_dir() => Err(Failed::of(
            FailureReason::Unwritable,
            format!("{} is a folder", path.display()),
            format!("choose another {flag}"),
        )),
        Ok(_) if !overwrite => Err(Failed::of(
            FailureReason::AlreadyExists,
            format!("{} exists already; nothing was written", path.display()),
            format!("add --force to replace it, or choose another {flag}"),
        )),
        _ => Ok(()),
    }
}

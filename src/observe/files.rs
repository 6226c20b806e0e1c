//! Observing files: folders of manifests, single ones, PEM files and standard input.

mod paths;

pub use self::paths::{Below, Reading, given, names_stdin};

use self::paths::{files_of, is_manifest, is_pem, no};
use super::ahead::ahead;
use super::manifest;
use crate::manifest::{Text, TextError};
use crate::object_ref::ObjectRef;
use crate::observation::Observation;
use crate::redact::Redacted;
use crate::world::words;
use crate::x509::pem::{self, Label};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The path that means standard input.
pub const STDIN: &str = "-";

/// The largest manifest that is read: Secrets of 1 MiB by the dozen still fit.
const MAX_BYTES: u64 = 256 * MIB;

/// The largest file of anything else: more than a thousand certificates. Debian's root store is a
/// ninth of it, and what is larger costs more time (0.2 s) and memory (64 MiB) than one file should.
const MAX_PEM_BYTES: u64 = 2 * MIB;
/// A step takes about 3 KiB.
const MAX_DOCUMENT_BYTES: u64 = 64 * MIB;

const MIB: u64 = 1024 * 1024;

/// What standard input held; it cannot be read a second time by whoever rewrites it.
pub type Kept = BTreeMap<String, Text>;

/// A path that was named and cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path}: {why}")]
pub struct Unreadable {
    /// The path as given.
    pub path: String,
    /// Why.
    pub why: ReadError,
}

impl Unreadable {
    /// Whether there is no such file.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(&self.why, ReadError::System(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

/// Why a file cannot be read, or what was read is not what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// What the system said.
    #[error("{}", words(.0))]
    System(#[from] io::Error),
    /// It is larger than so many bytes.
    #[error("it is larger than {} MiB", .0 / MIB)]
    TooLarge(u64),
    /// It is larger than so many bytes and is no manifest.
    #[error("it is larger than {} MiB, which only a manifest may be: split it", .0 / MIB)]
    TooLargeForPem(u64),
    /// It is not of an encoding that kubectl reads.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Certificates or keys stand where manifests are read.
    #[error("it holds {what} and no manifest: certwright inspect {name} shows what it says")]
    NoManifest {
        /// The file.
        name: String,
        /// PEM or DER.
        what: &'static str,
    },
    /// Standard input is named a second time.
    #[error("standard input can be named once only")]
    StdinTwice,
    /// A URL was given.
    #[error(
        "it is a URL, and only files are read: fetch it first, for instance with \
         curl -fsSL URL | certwright check -f -"
    )]
    Url,
    /// A pattern cannot be read.
    #[error("it is not a pattern that can be read")]
    NoPattern,
    /// Nothing fits a pattern.
    #[error("no file fits the pattern")]
    NothingFits,
}

/// Reads manifests from the paths, as [`given`] made them: files, folders (every `.yaml`, `.yml` and
/// `.json` in them, in exactly these letters, as kubectl) and `-`. A file that cannot be read is
/// handed on as unseen, and so is a path in which no Kubernetes object was.
///
/// # Errors
/// [`Unreadable`] when a path that was named is not there at all.
pub fn manifests(
    paths: &[PathBuf],
    reading: Reading,
    namespace: &str,
    take: &mut dyn FnMut(Observation),
) -> Result<Kept, Unreadable> {
    ahead(&|take| each(paths, reading, namespace, take), take)
}

fn each(
    paths: &[PathBuf],
    reading: Reading,
    namespace: &str,
    take: &mut dyn FnMut(Observation),
) -> Result<Kept, Unreadable> {
    let mut kept = Kept::new();
    for path in paths {
        let mut told = false;
        let mut noted = |seen: Observation| {
            told |= matches!(seen, Observation::Unseen { .. });
            take(seen);
        };
        let (objects, nothing) = if path.as_os_str() == STDIN {
            standard_input(namespace, &mut kept, &mut noted)?
        } else {
            named(path, reading.below, namespace, &mut noted)?
        };
        if objects == 0 && !told && !reading.allow_empty {
            let object = ObjectRef::file(path.display().to_string());
            take(Observation::Unseen { object, message: nothing.to_owned() });
        }
    }
    Ok(kept)
}

fn standard_input(
    namespace: &str,
    kept: &mut Kept,
    take: &mut dyn FnMut(Observation),
) -> Result<(usize, &'static str), Unreadable> {
    let bytes = bounded(io::stdin().lock(), 0, MAX_BYTES)
        .map_err(|why| no(Path::new("standard input"), why))?;
    let nothing = if bytes.trim_ascii().is_empty() { NOTHING_CAME } else { NO_OBJECT };
    Ok((one_manifest(STDIN, Ok(bytes), namespace, kept, take), nothing))
}

const NOTHING_CAME: &str =
    "nothing came on standard input; the command before the pipe may have failed";
const NO_OBJECT: &str = "there is no Kubernetes object in it";
const NO_FILE: &str = "there is no file in it whose name ends in .yaml, .yml or .json";

/// One file or folder: how many objects are in it, and what to say when that is none.
fn named(
    path: &Path,
    below: Below,
    namespace: &str,
    take: &mut dyn FnMut(Observation),
) -> Result<(usize, &'static str), Unreadable> {
    let files = files_of(path, &is_manifest, below, take)?;
    let nothing = if files.is_empty() { NO_FILE } else { NO_OBJECT };
    let mut objects = 0;
    for file in files {
        let name = file.display().to_string();
        let bytes = opened(&file).and_then(|(file, size)| bounded(file, size, MAX_BYTES));
        objects += one_manifest(&name, bytes, namespace, &mut Kept::new(), take);
    }
    Ok((objects, nothing))
}

/// Reads one text, and says how many objects are in it. Standard input's is kept.
fn one_manifest(
    name: &str,
    bytes: Result<Zeroizing<Vec<u8>>, ReadError>,
    namespace: &str,
    kept: &mut Kept,
    take: &mut dyn FnMut(Observation),
) -> usize {
    let text = bytes.and_then(|bytes| match instead_of_a_manifest(&bytes) {
        Some(what) => Err(ReadError::NoManifest { name: name.to_owned(), what }),
        None => Ok(Text::of(bytes)?),
    });
    match text {
        Ok(text) => {
            let objects = manifest::read(name, &text, namespace, take);
            if name == STDIN {
                kept.insert(STDIN.to_owned(), text);
            }
            objects
        }
        Err(why) => {
            take(unseen(name, &why));
            0
        }
    }
}

fn unseen(name: &str, why: &ReadError) -> Observation {
    Observation::Unseen { object: ObjectRef::file(name), message: why.to_string() }
}

/// What stands there when somebody named a certificate or key where manifests are read.
fn instead_of_a_manifest(bytes: &[u8]) -> Option<&'static str> {
    // SEQUENCE of a length in the long form: every certificate and key, and no text.
    if let [0x30, 0x81..=0x84, ..] = bytes {
        return Some("DER");
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let begins = text.starts_with("-----BEGIN ") || text.contains("\n-----BEGIN ");
    (begins && !looks_like_a_manifest(text)).then_some("PEM")
}

/// The words of a list, one a line, each with the number of its line: blanks around them and what
/// stands behind a `#` are nothing.
///
/// # Errors
/// [`ReadError`], also where it is no UTF-8.
pub fn listed(path: &Path) -> Result<Vec<(usize, String)>, ReadError> {
    let bytes = if names_stdin(path) { read_stdin()? } else { read_bytes(path)? };
    let text =
        std::str::from_utf8(&bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let words = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let words = (1..).zip(words).filter(|(_, word)| !word.is_empty());
    Ok(words.map(|(line, word)| (line, word.to_owned())).collect())
}

/// Whether something is at the path: then a target that reads like another thing is meant as a file.
#[must_use]
pub fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The file that a symbolic link leads to, by the shortest path from here; none for what is no link.
#[must_use]
pub fn led_to(path: &Path) -> Option<String> {
    fs::symlink_metadata(path).ok().filter(fs::Metadata::is_symlink)?;
    let file = path.canonicalize().ok()?;
    let here = Path::new(".").canonicalize().ok();
    let nearer = here.and_then(|here| file.strip_prefix(here).ok().map(Path::to_owned));
    Some(nearer.unwrap_or(file).to_str()?.to_owned())
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
    let unreadable = |why| no(path, why);
    if path.as_os_str() == STDIN {
        let bytes = manifest_or_short(io::stdin().lock(), 0).map_err(unreadable)?;
        inspect_bytes("standard input", bytes, namespace, take);
        return Ok(());
    }
    let is_folder = path.is_dir();
    let is_wanted = |file: &Path| is_manifest(file) || is_pem(file);
    for file in files_of(path, &is_wanted, Below::Usual, take)? {
        let name = file.display().to_string();
        let found = match opened(&file) {
            Ok((file, size)) => manifest_or_short(file, size),
            Err(why) if is_folder => Err(why),
            Err(why) => return Err(unreadable(why)),
        };
        match found {
            // In a folder for certificates there are public keys and parameters too.
            Ok(bytes) if is_folder && is_of_another_kind(&bytes) => {}
            Ok(bytes) => inspect_bytes(&name, bytes, namespace, take),
            // One among many does not keep the others from being shown.
            Err(why) => take(unseen(&name, &why)),
        }
    }
    Ok(())
}

/// Whether there are PEM blocks in it, and none of a certificate, a request or a private key.
fn is_of_another_kind(bytes: &[u8]) -> bool {
    let blocks = pem::blocks(bytes);
    let ours = |block: &pem::Block| {
        block.label == Label::Certificate
            || block.label.is_private_key()
            || block.label.is_request()
    };
    !blocks.is_empty() && !blocks.iter().any(ours)
}

fn inspect_bytes(
    name: &str,
    bytes: Zeroizing<Vec<u8>>,
    namespace: &str,
    take: &mut dyn FnMut(Observation),
) {
    match manifest_text(&bytes) {
        Some(text) => {
            manifest::read(name, &text, namespace, take);
        }
        None => take(Observation::PemFile {
            object: ObjectRef::file(name),
            bytes: Redacted::from(bytes),
        }),
    }
}

/// The text, when it is a manifest's. What begins with a byte order mark of UTF-16 may be one.
fn manifest_text(bytes: &[u8]) -> Option<Text> {
    let is_utf16 = matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    if !is_utf16 && !looks_like_a_manifest(&String::from_utf8_lossy(bytes)) {
        return None;
    }
    let text = Text::of(Zeroizing::new(bytes.to_vec())).ok()?;
    looks_like_a_manifest(text.as_str()).then_some(text)
}

fn looks_like_a_manifest(text: &str) -> bool {
    let key = |line: &str| {
        line.trim_start_matches(['\u{feff}', '-', ' ', '{', '"', '\'']).starts_with("apiVersion")
    };
    // Other JSON, an answer of Vault for one, is called by its name where certificates are read.
    let is_object = text.trim_start_matches('\u{feff}').trim_start().starts_with('{');
    text.split(['\n', '\r']).any(key)
        || (is_object && ["apiVersion", "\"kind\""].iter().any(|key| text.contains(key)))
}

/// The bytes of one file of certificates or a key.
///
/// # Errors
/// [`ReadError`], when it cannot be read or is far too large.
pub fn read_bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let (file, size) = opened(path)?;
    bounded(file, size, MAX_PEM_BYTES)
}

/// The bytes of a document of ours that may be long: a plan of thousands of steps.
///
/// # Errors
/// [`ReadError`], when it cannot be read or is far too large.
pub fn read_document(path: &Path) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let (file, size) = opened(path)?;
    bounded(file, size, MAX_DOCUMENT_BYTES)
}

/// The bytes of standard input, as short as one file of certificates or a password is.
///
/// # Errors
/// [`ReadError`], when it cannot be read or is far too large.
pub fn read_stdin() -> Result<Zeroizing<Vec<u8>>, ReadError> {
    bounded(io::stdin().lock(), 0, MAX_PEM_BYTES)
}

/// The file and its size in bytes, as far as that is known before it is read.
fn opened(path: &Path) -> Result<(fs::File, u64), ReadError> {
    let file = fs::File::open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

/// All that comes, up to `limit` bytes: a device or a pipe says that it holds nothing and then
/// never ends.
fn bounded(source: impl Read, size: u64, limit: u64) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    if size > limit {
        return Err(ReadError::TooLarge(limit));
    }
    let mut bytes = room(size);
    go_on(source, &mut bytes, limit)?;
    Ok(bytes)
}

/// All that comes of a manifest, or of something else that is short.
fn manifest_or_short(mut source: impl Read, size: u64) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    if size > MAX_BYTES {
        return Err(ReadError::TooLarge(MAX_BYTES));
    }
    let mut bytes = room(size.min(MAX_PEM_BYTES));
    if go_on(&mut source, &mut bytes, MAX_PEM_BYTES).is_ok() {
        return Ok(bytes);
    }
    // The last character of what was read so far may be half there.
    let whole = bytes.utf8_chunks().next().map_or(0, |chunk| chunk.valid().len());
    if whole + 4 <= bytes.len() || manifest_text(&bytes[..whole]).is_none() {
        return Err(ReadError::TooLargeForPem(MAX_PEM_BYTES));
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
fn go_on(source: impl Read, bytes: &mut Vec<u8>, limit: u64) -> Result<(), ReadError> {
    let there = |bytes: &Vec<u8>| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let more = (limit + 1).saturating_sub(there(bytes));
    source.take(more).read_to_end(bytes)?;
    if there(bytes) > limit { Err(ReadError::TooLarge(limit)) } else { Ok(()) }
}

//! Where `convert` writes to: standard output, one file, or the files of a folder; and what may not be
//! written over.

use crate::apply::files::{NewFile, is_same_file, write_set};
use crate::cli::{ConvertArgs, Form};
use crate::exit::Exit;
use crate::object_ref::ObjectRef;
use crate::observe::files::STDIN;
use crate::output::Output;
use crate::plan::outcome::Failed;
use crate::plan::step::ConvertFiles;
use crate::session::{CommandError, Result};
use crate::x509::cert::Certificate;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Files that are to be written together.
pub(super) struct FileSet {
    folder: PathBuf,
    files: Vec<NewFile>,
    /// As the user names them.
    paths: Vec<PathBuf>,
    flag: &'static str,
}

/// The files with the names that `--out` or `--out-dir` gives them. None of them is one that is read.
pub(super) fn written(args: &ConvertArgs, mut files: Vec<NewFile>) -> Result<FileSet> {
    let (folder, flag) = match (&args.out, &args.out_dir) {
        (Some(out), _) => {
            let name = out.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if let [file] = files.as_mut_slice() {
                file.name = name;
            }
            let folder = out.parent().filter(|parent| !parent.as_os_str().is_empty());
            (folder.unwrap_or(Path::new(".")).to_owned(), "--out")
        }
        (None, folder) => (folder.clone().unwrap_or_default(), "--out-dir"),
    };
    let paths: Vec<PathBuf> = match &args.out {
        Some(out) => vec![out.clone()],
        None => files.iter().map(|file| folder.join(&file.name)).collect(),
    };
    refuse_overlap(args, &paths, flag)?;
    Ok(FileSet { folder, files, paths, flag })
}

impl FileSet {
    /// Their paths, for people.
    pub(super) fn names(&self) -> Vec<String> {
        self.paths.iter().map(|path| path.display().to_string()).collect()
    }

    /// The same as a step of a plan.
    pub(super) fn step(&self, leaf: Option<Box<Certificate>>) -> ConvertFiles {
        let mut files = self.names().into_iter().map(ObjectRef::file);
        let has_own_key = self.files.len() > 1 && self.files.first().is_some_and(|it| it.private);
        let key = has_own_key.then(|| files.next()).flatten();
        let main = files.next().unwrap_or_else(|| ObjectRef::file(String::new()));
        ConvertFiles { key, main, more: files.collect(), leaf }
    }

    /// All of them, or none.
    pub(super) fn write(&self, args: &ConvertArgs) -> std::result::Result<(), Failed> {
        write_set(&self.folder, &self.files, (args.force, self.flag))
    }

    /// What writing would refuse.
    pub(super) fn refuse_in_the_way(&self, args: &ConvertArgs) -> Result<()> {
        refuse_there(&self.paths, args, self.flag)
    }
}

/// Prints the one file, where nothing speaks against that.
pub(super) fn print(args: &ConvertArgs, files: &[NewFile], output: &mut Output) -> Result<Exit> {
    let private = files.iter().any(|file| file.private);
    refuse_standard_output_without_asking(args, private || args.to != Form::Pem)?;
    for file in files {
        output.document().write_all(&file.bytes)?;
    }
    Ok(Exit::Done)
}

/// A key, and what is no text, goes to standard output only when that is named.
pub(super) fn refuse_standard_output_without_asking(
    args: &ConvertArgs,
    delicate: bool,
) -> Result<()> {
    if !delicate || args.out.is_some() || args.out_dir.is_some() {
        return Ok(());
    }
    Err(CommandError::usage(
        "there is no place to write to: this is not written to standard output unless asked",
        "name a file with --out, a folder with --out-dir, or --out - for standard output",
    ))
}

/// Before anybody is asked for a password in vain.
pub(super) fn refuse_existing(args: &ConvertArgs, names: &[&str]) -> Result<()> {
    let paths: Vec<PathBuf> = match (&args.out, &args.out_dir) {
        (Some(out), _) => vec![out.clone()],
        (None, Some(folder)) => names.iter().map(|name| folder.join(name)).collect(),
        (None, None) => Vec::new(),
    };
    let flag = if args.out.is_some() { "--out" } else { "--out-dir" };
    refuse_overlap(args, &paths, flag)?;
    refuse_there(&paths, args, flag)
}

fn refuse_there(paths: &[PathBuf], args: &ConvertArgs, flag: &str) -> Result<()> {
    let there = paths.iter().filter(|path| path.as_os_str() != STDIN);
    match there.filter(|path| crate::observe::files::is_there(path)).find(|_| !args.force) {
        None => Ok(()),
        Some(path) => Err(CommandError::failed(
            format!("{} exists already; nothing was written", path.display()),
            format!("add --force to replace it, or choose another {flag}"),
        )),
    }
}

/// What is read is not written over: it may be the only copy of a key.
fn refuse_overlap(args: &ConvertArgs, written: &[PathBuf], flag: &str) -> Result<()> {
    let passwords = args.password_file.iter().chain(&args.p12_password_file);
    let read = args.files.iter().chain(passwords);
    let is_file = |path: &&PathBuf| path.as_os_str() != STDIN;
    let (read, written) = (read.filter(is_file), written.iter().filter(is_file));
    let mut pairs = read.flat_map(|input| written.clone().map(move |path| (input, path)));
    match pairs.find(|(input, path)| is_same_file(input, path)) {
        None => Ok(()),
        Some((_, path)) => Err(CommandError::usage(
            format!("{} would be overwritten, and it is read", path.display()),
            format!("choose another {flag}"),
        )),
    }
}

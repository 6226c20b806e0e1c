//! `certwright completion` and `certwright man`: what a shell and `man` want to know of the command
//! line.

use crate::apply::files::{NewFile, write_set};
use crate::cli::{CompletionArgs, ManArgs, manual};
use crate::exit::Exit;
use crate::output::Output;
use crate::remedy::Program;
use crate::render::completion;
use crate::session::Result;
use std::io::Write as _;

pub(super) fn completion(
    args: &CompletionArgs,
    program: Program,
    output: &mut Output,
) -> Result<Exit> {
    let script = completion::script(args.shell, program.as_str());
    output.document().write_all(script.as_bytes())?;
    Ok(Exit::Done)
}

pub(super) fn man(args: &ManArgs, output: &mut Output) -> Result<Exit> {
    let pages = manual::pages()?.into_iter();
    let pages: Vec<NewFile> =
        pages.map(|page| NewFile::text(page.name, &page.text, false)).collect();
    write_set(&args.folder, &pages, (true, "DIR"))?;
    output.say(&format!("wrote {} pages into {}", pages.len(), args.folder.display()));
    Ok(Exit::Done)
}

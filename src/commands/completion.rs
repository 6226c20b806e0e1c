//! `certwright completion` and `certwright man`: what a shell and `man` want to know of the command
//! line.

use crate::apply::files::{NewFile, write_set};
use crate::cli::{Cli, CompletionArgs, ManArgs};
use crate::exit::Exit;
use crate::output::Output;
use crate::session::Result;
use clap::CommandFactory as _;
use clap_mangen::Man;
use std::io::Write as _;
use zeroize::Zeroizing;

pub(super) fn completion(args: &CompletionArgs, output: &mut Output) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "certwright", &mut script);
    output.data().write_all(&script)?;
    Ok(Exit::Done)
}

pub(super) fn man(args: &ManArgs, output: &mut Output) -> Result<Exit> {
    let mut command = Cli::command();
    command.build();
    let mut pages = Vec::new();
    add_pages(command, "certwright", &mut pages)?;
    write_set(&args.folder, &pages, true)?;
    output.say(&format!("wrote {} pages into {}", pages.len(), args.folder.display()));
    Ok(Exit::Done)
}

/// The page of a command, then those of the commands below it.
fn add_pages(command: clap::Command, name: &str, pages: &mut Vec<NewFile>) -> Result<()> {
    let below: Vec<clap::Command> = command.get_subcommands().cloned().collect();
    let mut text = Vec::new();
    Man::new(command.name(name.to_owned())).render(&mut text)?;
    let text = Zeroizing::new(String::from_utf8_lossy(&text).into_owned());
    pages.push(NewFile { name: format!("{name}.1"), text, private: false });
    for command in below.into_iter().filter(|command| command.get_name() != "help") {
        let name = format!("{name}-{}", command.get_name());
        add_pages(command, &name, pages)?;
    }
    Ok(())
}

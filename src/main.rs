//! The binary: parses the command line, takes the real world and streams, runs the command.
#![expect(clippy::disallowed_methods, reason = "main reads the arguments and passes them in")]

use anstream::ColorChoice;
use certwright::cli::{Cli, Color};
use certwright::commands;
use certwright::exit::Exit;
use certwright::output::Output;
use certwright::remedy::Program;
use certwright::render::usage;
use certwright::world::World;
use std::io::{ErrorKind, Write as _};

fn main() -> Exit {
    // kube and rustls may each bring a provider one day; ours is chosen first thing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let world = World::real();
    let cli = match Cli::read(std::env::args_os(), world.program) {
        Ok(cli) => cli,
        Err(error) => return told(&usage::harmless(error), world.program),
    };
    let color = match cli.global.color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    let mut talk = Output::real(color, cli.global.verbose);
    // This runtime is for signals and time-outs alone; the command has one of its own.
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let output = Output::real(color, cli.global.verbose);
            runtime.block_on(commands::run(cli, world, output, &mut talk))
        }
        Err(error) => {
            talk.say(&format!("error: no runtime can be started: {error}"));
            Exit::Failed
        }
    }
}

/// Says what clap says: why the command line is wrong, or the help that was asked for.
fn told(error: &clap::Error, program: Program) -> Exit {
    if let Some(text) = usage::plain(error) {
        Output::real(ColorChoice::Never, false).talk(program.in_text(&text).as_bytes());
        return Exit::Usage;
    }
    let text = program.in_text(&error.render().ansi().to_string());
    let written = if error.use_stderr() {
        anstream::stderr().write_all(text.as_bytes())
    } else {
        anstream::stdout().write_all(text.as_bytes())
    };
    match written {
        _ if error.use_stderr() => Exit::Usage,
        Err(failed) if failed.kind() != ErrorKind::BrokenPipe => Exit::Failed,
        Ok(()) | Err(_) => Exit::Done,
    }
}

//! The binary: parses the command line, takes the real world and streams, runs the command.
#![expect(clippy::disallowed_methods, reason = "main reads the arguments and passes them in")]

use anstream::ColorChoice;
use certwright::cli::{Cli, Color};
use certwright::commands;
use certwright::exit::Exit;
use certwright::output::Output;
use certwright::render::usage;
use certwright::world::World;
use std::io::ErrorKind;

fn main() -> Exit {
    // kube and rustls may each bring a provider one day; ours is chosen first thing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = match Cli::read(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => return told(&usage::harmless(error)),
    };
    let color = match cli.global.color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    let mut talk = Output::real(color, cli.global.verbose);
    // This one only minds signals and the time; the command has a runtime of its own.
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let output = Output::real(color, cli.global.verbose);
            runtime.block_on(commands::run(cli, World::real(), output, &mut talk))
        }
        Err(error) => {
            talk.say(&format!("error: no runtime can be started: {error}"));
            Exit::Failed
        }
    }
}

/// Says what clap says: why the command line is wrong, or the help that was asked for.
fn told(error: &clap::Error) -> Exit {
    if let Some(text) = usage::plain(error) {
        Output::real(ColorChoice::Never, false).talk(text.as_bytes());
        return Exit::Usage;
    }
    match error.print() {
        _ if error.use_stderr() => Exit::Usage,
        Err(failed) if failed.kind() != ErrorKind::BrokenPipe => Exit::Failed,
        Ok(()) | Err(_) => Exit::Done,
    }
}

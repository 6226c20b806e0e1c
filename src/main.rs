//! The binary: parses the command line, takes the real world and streams, runs the command.

use anstream::ColorChoice;
use certwright::cli::{Cli, Color};
use certwright::commands;
use certwright::exit::Exit;
use certwright::output::Output;
use certwright::world::World;
use clap::Parser as _;

fn main() -> Exit {
    // kube and rustls may each bring a provider one day; ours is chosen first thing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = Cli::parse();
    let color = match cli.global.color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    let mut output = Output::real(color, cli.global.verbose);
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(commands::run(cli, &World::real(), &mut output)),
        Err(error) => {
            output.say(&format!("error: no threads can be started: {error}"));
            Exit::Failed
        }
    }
}

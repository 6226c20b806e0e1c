//@ src/x509/name.rs
//! What a pure module may well use: values that live among what it may not, and its own names.

use crate::redact::Redacted;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use time::{OffsetDateTime, UtcDateTime};

struct KeyPair;

mod kube {
    pub fn name() {}
}
mod rsa;

fn host(address: std::net::Ipv6Addr) {
    kube::name();
    KeyPair::generate(random);
    rsa::name();
    self::kube::name();
    super::pem::blocks();
    super::super::redact::wipe();
    OffsetDateTime::from_unix_timestamp(0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use x509_parser::prelude::*;

    #[expect(clippy::disallowed_methods, reason = "ring lets nobody else be a source")]
    fn key() {
        SystemRandom::new();
    }
}

//@ src/exit.rs
//! A code is a value.

use crate::{audit::{self, Report}, plan::*, x509 as certs};
use std::process::ExitCode;

//@ src/observe/mod.rs
//! An observer at work.

use crate::{cluster, observation::Observation, world::World, x509::pem};
use kube::Api;

mod files;

pub use self::files::read;

async fn look(world: &World) {
    tokio::time::sleep(world.pause).await;
    std::fs::read("a.pem");
}

//@ src/apply/manifest_edit.rs
//! The pure child of an impure parent.

use super::outcome::Outcome;
use crate::plan::Step;

//@ src/commands/mod.rs
//! The commands, one file each, and what each is handed.

mod check;

pub struct Output;

fn run() {
    check::run();
    crate::commands::check::run();
}

//@ src/commands/check.rs
//! A command that reads as five lines.

use super::Output;
use crate::{audit, cli::CheckArgs, converge, render};

pub async fn run(args: CheckArgs, out: &mut Output) {}

//@ src/lib.rs
//! The map.

pub mod audit;
pub mod commands;

pub use crate::exit::Exit;

//@ src/main.rs
//! The start.

use certwright::{cli::Cli, commands};
use std::process::ExitCode;

fn main() -> ExitCode {
    crate::start(certwright::world::World::real(), std::env::args())
}

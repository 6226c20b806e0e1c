//! The same work as `clippy_sample.rs`, done the way its reasons ask for: clippy has no complaint.

use ring::rand::{SecureRandom, SystemRandom};
use std::io::{Read, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use x509_parser::certificate::Validity;
use x509_parser::time::ASN1Time;

/// A clock, a source of randomness and an environment that were passed in.
pub struct World {
    pub now: time::OffsetDateTime,
    pub random: SystemRandom,
    pub home: Option<PathBuf>,
}

pub fn clock(world: &World, validity: &Validity, lead: Duration) -> bool {
    validity.is_valid_at(ASN1Time::from(world.now + lead))
}

pub fn randomness(world: &World, serial: &mut [u8]) -> Result<(), ring::error::Unspecified> {
    world.random.fill(serial)
}

pub fn files(source: &mut impl Read, target: &mut impl Write) -> std::io::Result<u64> {
    std::io::copy(source, target)
}

pub fn paths(world: &World, name: &str) -> Option<PathBuf> {
    world.home.as_deref().map(|home| home.join(Path::new(name)))
}

pub fn network(address: &str) -> Option<IpAddr> {
    address.parse().ok()
}

pub fn printing(out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "println!(\"a\") and std::fs::read(\"a\") are only words here")
}

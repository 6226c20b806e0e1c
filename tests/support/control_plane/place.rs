//! Where a control plane may live: ports that are free and a folder with room. It refuses to know what
//! lives there.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::supervisor::Ports;

/// Three ports that nobody listens on, all held at once so that they differ.
pub fn free_ports() -> io::Result<Ports> {
    let free = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let (etcd, etcd_peer, api) = (free()?, free()?, free()?);
    Ok(Ports {
        etcd: etcd.local_addr()?.port(),
        etcd_peer: etcd_peer.local_addr()?.port(),
        api: api.local_addr()?.port(),
    })
}

/// A new folder that only this user may enter, in memory where there is room for it.
pub fn fresh_data_folder() -> io::Result<TempDir> {
    let shared_memory = Path::new("/dev/shm");
    let mut builder = tempfile::Builder::new();
    builder.prefix("certwright-control-plane-");
    let in_memory =
        if has_room(shared_memory) { builder.tempdir_in(shared_memory).ok() } else { None };
    in_memory.map_or_else(|| builder.tempdir(), Ok)
}

/// Whether the folder has a gibibyte left: etcd takes 128 MiB before it holds anything (two log
/// segments of 64 MiB, reserved in full), and containers often come with a `/dev/shm` of just 64
/// MiB.
fn has_room(folder: &Path) -> bool {
    let Ok(report) = Command::new("df").arg("-Pk").arg(folder).stderr(Stdio::null()).output()
    else {
        return false;
    };
    let report = String::from_utf8_lossy(&report.stdout);
    let available = report.lines().nth(1).and_then(|line| line.split_whitespace().nth(3));
    available
        .and_then(|kibibytes| kibibytes.parse::<u64>().ok())
        .is_some_and(|kibibytes| kibibytes >= 1 << 20)
}

//! A network, a mount table and a process table of a test's own.
//!
//! Knows how a test is run again inside of them. Refuses to know what runs there.

use super::{ADDRESS, RealParts, said};
use crate::support::witness::{skip, succeeds};
use std::process::{Command, Stdio};

/// Set where a test runs inside.
const INSIDE: &str = "CERTWRIGHT_TEST_ISOLATED";

/// Whether the test called `name` (its path in this binary) is to be carried out here and now. The
/// first time it is not: it was run a second time, by itself, in namespaces of its own, and has
/// passed there.
///
/// # Panics
/// When it failed there, with all that it said.
pub fn isolated(test: &str, name: &str) -> Option<RealParts> {
    let parts = RealParts::find(test)?;
    alone_in_namespaces(test, name).then_some(parts)
}

/// The same, for a test that needs no real part.
///
/// # Panics
/// When it failed there.
pub fn alone_in_namespaces(test: &str, name: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        prepare();
        return true;
    }
    if !succeeds(&mut unshare("true")) {
        skip(test, "needs unshare(1) to make namespaces");
        return false;
    }
    let itself = std::env::current_exe().expect("a test knows its binary");
    let mut again = unshare(itself);
    let ran = again.args(["--exact", name, "--nocapture"]).env(INSIDE, "yes").stdin(Stdio::null());
    let ran = ran.output().expect("unshare starts");
    let told = String::from_utf8_lossy(&ran.stdout) + String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() && told.contains("1 passed"), "inside:\n{told}");
    false
}

/// Everything in there ends with this command, even when it is killed.
fn unshare(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut unshare = Command::new("unshare");
    if said(Command::new("id").arg("-u")).trim() != "0" {
        unshare.args(["--user", "--map-root-user"]);
    }
    unshare.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]);
    unshare.arg(program);
    unshare
}

/// The loopback interface is up and has the load balancer's address, and what Milvus keeps one of a
/// machine is empty.
fn prepare() {
    let script = format!(
        "ip link set lo up && ip address add {ADDRESS}/32 dev lo && \
         mkdir -p /tmp/milvus /run/milvus && \
         mount -t tmpfs tmpfs /tmp/milvus && mount -t tmpfs tmpfs /run/milvus"
    );
    said(Command::new("sh").args(["-c", &script]));
}

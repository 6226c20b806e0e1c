//! The roots of a command: `--roots`, else those of the policy file, read once.
//!
//! Knows where systems keep theirs. Refuses to know what is trusted by them.

use super::{CommandError, Result, read_file};
use crate::audit::policy::Policy;
use crate::observe::files::is_there;
use crate::x509::roots::Roots;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The word for what the system trusts.
const SYSTEM: &str = "system";

/// Where systems keep what they trust, as Go looks for it (`crypto/x509/root_linux.go`).
const PLACES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The roots that the flag names, else the policy: a file beside it, or the system's.
pub(crate) fn read(flag: Option<&str>, policy: &Policy) -> Result<Option<Arc<Roots>>> {
    let beside = |named: &String| match policy.file.as_deref().map(Path::new).and_then(Path::parent)
    {
        Some(folder) if named != SYSTEM => folder.join(named).display().to_string(),
        _ => named.clone(),
    };
    let by_policy = || policy.roots.as_ref().map(beside);
    let Some(named) = flag.map(str::to_owned).or_else(by_policy) else { return Ok(None) };
    let is_system = named == SYSTEM;
    let path = if is_system { of_system()? } else { PathBuf::from(&named) };
    let bytes = read_file(&path)?;
    let roots = Roots::read(bytes.expose(), &named, is_system).map_err(|why| {
        let message = format!("cannot trust by {}: {why}", path.display());
        CommandError::failed(message, "name a PEM file of CA certificates, or system")
    })?;
    Ok(Some(Arc::new(roots)))
}

fn of_system() -> Result<PathBuf> {
    let found = PLACES.iter().map(Path::new).find(|place| is_there(place));
    found.map(Path::to_owned).ok_or_else(|| {
        CommandError::failed(
            "the system has no file of the CAs that it trusts",
            "name a PEM file of them with --roots",
        )
    })
}

//! `verify --trust-out`: writes what clients of the hosts should pin, and says what is for which host.

use crate::apply::files::write_certificates;
use crate::audit::connections::Connection;
use crate::audit::pins::Pins;
use crate::converge::gather::{Gathered, Source};
use crate::converge::pinned::{TrustError, pem_of};
use crate::output::Output;
use crate::render::verify::pinned;
use crate::session::{CommandError, Result};
use std::path::Path;

/// Writes what clients of these connections should pin. Of several Ingresses that is one and the same,
/// or nothing is written.
pub(super) async fn hand_out(
    path: &Path,
    connections: &[Connection<'_>],
    source: &Source,
    gathered: &Gathered,
    output: &mut Output,
) -> Result<()> {
    let refuse = |message: &str, remedy: &str| {
        Err(CommandError::failed(format!("{message}; {} was not written", path.display()), remedy))
    };
    let pins = Pins::of(connections);
    if pins.pins.is_empty() {
        if !pins.unknown.is_empty() || connections.is_empty() {
            return refuse(
                "no Secret tells what clients should trust",
                "look at its addresses and at the right to read its Secret",
            );
        }
        output.say("clients trust it already (a public CA): there is nothing to pin");
        return Ok(());
    }
    if pins.mixes_ingresses() {
        return refuse(
            "the hosts are served with several certificates, and a client of one should not trust the others",
            "name one of those that serve them",
        );
    }
    let mut pem = Vec::new();
    for pin in pins.without_repeats() {
        pem.extend(pem_of(&pin, source, &gathered.kept).await.map_err(changed)?);
    }
    write_certificates(path, &pem)?;
    for line in pinned::told(&path.display().to_string(), &pins) {
        output.say(&line);
    }
    Ok(())
}

fn changed(error: TrustError) -> CommandError {
    match error {
        TrustError::Gather(error) => error.into(),
        TrustError::Changed => CommandError::failed(
            "the Secret has changed while it was looked at; nothing was written",
            "run the command again",
        ),
    }
}

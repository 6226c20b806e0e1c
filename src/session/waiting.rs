//! Waiting, and what is said on stderr meanwhile: a line a change, the same one never twice.

use super::{Result, Run};
use crate::converge::drive::{Event, View, drive};
use crate::converge::gather::{Gathered, Probes, Source};
use crate::converge::waiting::Server;
use crate::inventory::selection::Selection;
use crate::inventory::served::ServedAt;
use crate::output::Output;
use crate::plan::served::Served;
use crate::render::progress;

/// Looks until every address of every chosen Ingress serves what is stored, and tells on stderr how
/// far that is.
pub(crate) async fn until_served(
    source: &Source,
    selection: &Selection,
    at: ServedAt,
    run: Run<'_>,
    output: &mut Output,
) -> Result<Gathered> {
    let probes = Probes { served: Some((at, run.deadlines())), ..Probes::default() };
    let view = View::Chosen { source, selection, probes: &probes };
    let busy = output.busy("waiting until it is served", None);
    let means = run.means(false);
    let mut tell = changes(output, progress::of_served);
    let driven = Box::pin(drive(&mut Served, (&view, &means), true, run.world, &mut tell)).await?;
    drop(tell);
    output.say("every address serves what is stored");
    drop(busy);
    Ok(driven.seen)
}

/// Tells on stderr what is awaited, as `line` puts it, and the API server going and coming, each
/// time that it is another line than before.
pub(crate) fn changes<'o, A: 'o>(
    output: &'o mut Output,
    line: impl Fn(&A) -> String + Send + 'o,
) -> impl FnMut(Event<'_, A>) + Send + 'o {
    let mut told = String::new();
    move |event: Event<'_, A>| {
        let line = match event {
            Event::Awaited(awaited) => line(awaited),
            Event::Server(server) => of_server(server),
            Event::Step(_) | Event::Done(_) => return,
        };
        if line != told {
            output.say(&line);
            told = line;
        }
    }
}

/// What is said of the API server while something is waited for.
pub(crate) fn of_server(server: Server<'_>) -> String {
    match server {
        Server::Away(message) => progress::server_away(message),
        Server::Back => progress::SERVER_BACK.to_owned(),
    }
}

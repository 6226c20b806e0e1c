//! Waiting, and what is said on stderr meanwhile: a line a change, the same one never twice.

use super::{CommandError, Result, Run};
use crate::audit::remedy;
use crate::audit::served::{self, Progress};
use crate::cluster::Client;
use crate::converge::drive::{Driven, End, Event, View, drive};
use crate::converge::gather::{Gathered, Probes, Source};
use crate::converge::waiting::Server;
use crate::exit::Exit;
use crate::inventory::Inventory;
use crate::inventory::selection::Selection;
use crate::inventory::served::ServedAt;
use crate::object_ref::ObjectRef;
use crate::output::Output;
use crate::plan::follow_up::ingresses;
use crate::plan::load_balancer::{Behind, TakenUp};
use crate::plan::served::Served;
use crate::remedy::{Advice, Remedy};
use crate::render::progress;

/// Looks until every address of every chosen Ingress serves what is stored, and tells on stderr how
/// far that is. `done` is what the command has done before, for when the time is up.
pub(crate) async fn until_served(
    source: &Source,
    selection: &Selection,
    at: ServedAt,
    done: Option<&str>,
    (run, output): (Run<'_>, &mut Output),
) -> Result<Gathered> {
    // What Google's controllers warn of tells why it is not served.
    let served = Some((at, run.deadlines()));
    let probes = Probes { served, events: true, backends: true, ..Probes::default() };
    let view = View::Chosen { source, selection, probes: &probes };
    let busy = output.busy("waiting until it is served", None);
    let means = run.means(false);
    let mut tell = changes(output, progress::of_served);
    let driven = Box::pin(drive(&mut Served, (&view, &means), true, run.world, &mut tell)).await?;
    drop(tell);
    drop(busy);
    if driven.end == End::TimedOut {
        return Err(not_served(&driven, done, run));
    }
    output.say("every address serves what is stored");
    Ok(driven.seen)
}

/// Looks until the load balancers of GKE's Ingresses that name these Secrets have the certificates that are in
/// them, by what their controller writes; handshakes tell only of the address that answers. `seen` is what was
/// seen of the Ingresses before, `done` what the command has done.
pub(crate) async fn until_taken_up(
    client: &Client,
    (seen, secrets): (&Inventory, &[&ObjectRef]),
    done: &str,
    (run, output): (Run<'_>, &mut Output),
) -> Result<()> {
    let ingresses: Vec<ObjectRef> = ingresses(seen, secrets).into_iter().cloned().collect();
    if ingresses.is_empty() {
        return Ok(());
    }
    let secrets = secrets.iter().map(|secret| (*secret).clone()).collect();
    let mut goal = TakenUp::new(ingresses, secrets);
    let (view, means) = (View::Asked(client), run.means(false));
    let busy = output.busy("waiting for the load balancer", None);
    let mut tell = changes(output, progress::of_load_balancers);
    let driven = Box::pin(drive(&mut goal, (&view, &means), true, run.world, &mut tell)).await?;
    drop(tell);
    drop(busy);
    if driven.end == End::TimedOut {
        return Err(not_taken_up(&driven, done, run));
    }
    output.say("GKE's load balancers have the new certificates");
    Ok(())
}

fn not_taken_up(driven: &Driven<Behind>, done: &str, run: Run<'_>) -> CommandError {
    let limit = run.global.timeout.map(time::Duration::unsigned_abs).unwrap_or_default();
    let awaited = driven.awaited.as_ref();
    let waiting = awaited.map_or_else(
        || "the API server did not answer in that time".to_owned(),
        progress::not_taken_up,
    );
    let behind = awaited.map(|awaited| awaited.0.as_slice()).unwrap_or_default();
    let seen = &driven.seen.inventory;
    let ingresses: Vec<&ObjectRef> = behind.iter().map(|(ingress, ..)| ingress).collect();
    let warned = served::warned_about(seen, &ingresses);
    let (cause, remedy) = match (warned, behind.first()) {
        (Some(Advice { message, remedy }), _) => (format!("; {message}"), remedy),
        (None, Some((ingress, ..))) => {
            let touch = Remedy::from(remedy::touch(ingress));
            (
                "; its controller warns of nothing, and looks when the Ingress is changed".into(),
                touch,
            )
        }
        (None, None) => (String::new(), "try again with a longer --timeout".into()),
    };
    let message = format!("timed out after {limit:?}: {waiting}{cause}; {done}");
    CommandError { exit: Exit::TimedOut, message, remedy: remedy.aimed(seen.target()) }
}

/// That the time was up, what is not served, what a controller says of it, what was done all the same, and
/// the command that goes on.
fn not_served(driven: &Driven<Progress>, done: Option<&str>, run: Run<'_>) -> CommandError {
    let limit = run.global.timeout.map(time::Duration::unsigned_abs).unwrap_or_default();
    let awaited = driven.awaited.as_ref();
    let waiting = awaited.map_or_else(
        || "the API server did not answer in that time".to_owned(),
        progress::unserved,
    );
    let inventory = &driven.seen.inventory;
    let cause = served::warned_of(inventory)
        .map(|advice| format!("; {} → {}", advice.message, advice.remedy))
        .unwrap_or_default();
    let done = done.map_or_else(String::new, |done| format!("; {done}"));
    let message = format!("timed out after {limit:?}: {waiting}{cause}{done}");
    let ingresses = awaited.map(|progress| progress.ingresses.as_slice()).unwrap_or_default();
    let is_live = ingresses.iter().all(|ingress| ingress.place.is_none());
    let remedy = match remedy::verify_all_until_served(ingresses).filter(|_| is_live) {
        Some(command) => Remedy::from(command).aimed(inventory.target()),
        None => "go on waiting with verify --wait and a longer --timeout".into(),
    };
    CommandError { exit: Exit::TimedOut, message, remedy }
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

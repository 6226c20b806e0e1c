//! `certwright manifests`: what runs certwright in a cluster, printed to be applied.

use crate::cli::{AlertsArgs, CronjobArgs, ManifestsCommand, RbacArgs};
use crate::exit::Exit;
use crate::output::Output;
use crate::render::deploy::alerts as rules;
use crate::render::deploy::cronjob::CronJob;
use crate::render::deploy::rbac::Rbac;
use crate::session::{CommandError, Result, Run};

pub(super) fn run(command: ManifestsCommand, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    match command {
        ManifestsCommand::Rbac(args) => rbac(&args, run, output),
        ManifestsCommand::Cronjob(args) => cronjob(&args, run, output),
        ManifestsCommand::Alerts(args) => alerts(&args, run, output),
    }
}

fn rbac(args: &RbacArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    let namespace = run.namespace_of_files();
    let parts = args.parts();
    let own = std::slice::from_ref(&namespace);
    let within = if args.look_in.is_empty() { own } else { &args.look_in };
    let rbac = Rbac {
        name: &args.name,
        namespace: &namespace,
        within: (!args.all_namespaces).then_some(within),
        modes: &args.modes,
        parts: &parts,
    };
    (args.output.write)(&rbac.manifests(), &mut output.of(args.output.for_programs))?;
    Ok(Exit::Done)
}

fn alerts(args: &AlertsArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    let namespace = run.namespace_of_files();
    let rules = if args.prometheus_operator {
        rules::operator(&args.name, &namespace, &args.label.iter().cloned().collect())
    } else {
        rules::rules()
    };
    (args.output.write)(&[rules], &mut output.of(args.output.for_programs))?;
    Ok(Exit::Done)
}

/// What it runs where nothing is said.
const CHECK: [&str; 5] = ["check", "--fail-on", "error", "-o", "lines"];

/// Where it keeps what was told, where nothing is said.
const TOLD: [&str; 2] = ["--notify-state", "configmap/certwright-told"];

fn cronjob(args: &CronjobArgs, run: Run<'_>, output: &mut Output) -> Result<Exit> {
    let namespace = run.namespace_of_files();
    let mut arguments = args.arguments.clone();
    if arguments.is_empty() {
        arguments = CHECK.map(str::to_owned).to_vec();
    }
    let says_where = |word: &String| {
        ["-A", "-n", "-f", "--all-namespaces", "--namespace", "--filename"].contains(&&**word)
    };
    let reads_files = arguments.iter().any(|word| word == "-f" || word == "--filename");
    if !arguments.iter().any(says_where) {
        let place = [String::from("-n"), namespace.clone()];
        let place = if args.all_namespaces { &["-A".to_owned()][..] } else { &place };
        arguments.splice(1..1, place.iter().cloned());
    } else if args.all_namespaces && !arguments.iter().any(|word| word == "-A") {
        return Err(CommandError::usage(
            "-A and the arguments behind -- say two places to look at",
            "leave one of them out",
        ));
    }
    let says_state = arguments.iter().any(|word| word.starts_with("--notify-state"));
    if args.notify_secret.is_some() && !says_state {
        arguments.extend(TOLD.map(str::to_owned));
    }
    let job = CronJob {
        name: &args.name,
        namespace: &namespace,
        account: &args.service_account,
        schedule: &args.schedule,
        image: &args.image,
        arguments: &arguments,
        notify_secret: args.notify_secret.as_deref(),
        needs_token: !reads_files,
    };
    (args.output.write)(&[job.manifest()], &mut output.of(args.output.for_programs))?;
    Ok(Exit::Done)
}

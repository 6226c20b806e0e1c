//! Which flags of `rotate` go with which.

use super::overlap;
use crate::cli::{DryRun, Global, RotateArgs};
use crate::observe::files::names_stdin;
use crate::plan::rotation::KeyPolicy;
use crate::render::formats::JSON;
use crate::session::{CommandError, Result, new_file, source};

/// Refuses what cannot be meant.
pub(super) fn check(args: &RotateArgs, global: &Global) -> Result<()> {
    let no = |message: &str, remedy: &str| Err(CommandError::usage(message, remedy));
    overlap::check_usage(args)?;
    refuse_with_plan(args)?;
    if args.report.is_some() && args.dry_run == DryRun::Client {
        return no(
            "--report cannot be combined with --dry-run=client: it is of what was done",
            "use --plan-out",
        );
    }
    for (path, flag) in [(&args.plan_out, "--plan-out"), (&args.report, "--report")] {
        if let Some(path) = path {
            new_file::refuse_existing(path, flag)?;
        }
    }
    if args.plan.is_some() {
        return Ok(());
    }
    if args.secrets.is_empty() && !args.due && !args.all {
        return no("nothing to rotate was specified", "specify secret/NAME, --due or --all");
    }
    if args.all && global.namespace.is_none() && args.look.selector.is_none() {
        return no("--all needs -n or -l", "specify the namespace or the labels");
    }
    source::refuse_names_everywhere(args.look.all_namespaces, &args.secrets)?;
    if args.at.is_some() && args.look.filename.is_empty() && args.dry_run != DryRun::Client {
        return no("--at cannot be combined with a live write", "add --dry-run=client");
    }
    if args.dry_run == DryRun::Server && !args.look.filename.is_empty() {
        return no("--dry-run=server cannot be combined with -f", "use --dry-run=client");
    }
    if args.in_place && args.look.filename.iter().any(|path| names_stdin(path)) {
        return no(
            "--in-place cannot rewrite standard input",
            "leave --in-place out, and the result is printed",
        );
    }
    let goes_to_files = args.in_place || args.out.is_some();
    let prints = !args.look.filename.is_empty() && !goes_to_files && args.dry_run == DryRun::None;
    if prints && args.output.name == JSON {
        return no(
            "-o json cannot be combined with manifests on stdout",
            "add --in-place or --dry-run=client",
        );
    }
    if !args.add_host.is_empty() && args.secrets.is_empty() {
        return no("--add-host needs a named Secret", "name secret/NAME");
    }
    if args.key_policy == KeyPolicy::Same && args.key_type.is_some() {
        return no("--key-type cannot be combined with --key-policy same", "leave one of them out");
    }
    Ok(())
}

/// What a plan is of and how it is made stands in its file.
fn refuse_with_plan(args: &RotateArgs) -> Result<()> {
    let is_asked_for = !args.secrets.is_empty() || args.due || args.all || args.copies;
    let is_made_so = !args.add_host.is_empty()
        || args.key_type.is_some()
        || args.lifetime.is_some()
        || args.key_policy != KeyPolicy::New
        || args.override_owner
        || args.force
        || args.no_backup;
    let is_elsewhere = args.look.selector.is_some()
        || args.look.all_namespaces
        || !args.look.filename.is_empty()
        || args.at.is_some();
    if args.plan.is_some() && (is_asked_for || is_made_so || is_elsewhere) {
        return Err(CommandError::usage(
            "--plan cannot be combined with what is to be rotated, and how: that stands in the file",
            "leave the other flags out, or make another plan with --plan-out",
        ));
    }
    if args.plan_out.is_some() && !args.look.filename.is_empty() {
        return Err(CommandError::usage(
            "--plan-out cannot be combined with -f: it is for what is in a cluster",
            "use --dry-run=client",
        ));
    }
    Ok(())
}

//! Manifests on stdout instead of writes: `--dry-run=client -o yaml` and `-o json`.

use super::{CommandError, Result, Run};
use crate::apply::manifests;
use crate::apply::pair::Materials;
use crate::cli::{DryRun, WriteArgs};
use crate::exit::Exit;
use crate::output::Output;
use crate::plan::step::Plan;
use crate::render::formats::{Chosen, WriteManifests};

/// How what would be written is printed instead, as manifests that can be applied; none where it is not.
pub(crate) fn wanted(write: WriteArgs) -> Option<Chosen<WriteManifests>> {
    let Chosen { name, for_programs, write: writers } = write.output;
    let writer = writers.manifests.filter(|_| write.dry_run == DryRun::Client)?;
    Some(Chosen { name, for_programs, write: writer })
}

/// `-o yaml` is for manifests, which only a client-side dry run of a Secret is.
pub(crate) fn refuse_yaml_without_manifest(write: WriteArgs, secret: bool) -> Result<()> {
    if write.output.write.plan.is_none() && (write.dry_run != DryRun::Client || !secret) {
        let remedy = "add --dry-run=client (and --secret NAME), or use -o json for a report";
        return Err(CommandError::usage(
            "-o yaml prints a manifest instead of writing one",
            remedy,
        ));
    }
    Ok(())
}

/// Prints what the plan would create, as manifests that can be applied.
pub(crate) fn print(
    plan: &Plan,
    materials: &Materials,
    format: Chosen<WriteManifests>,
    run: Run<'_>,
    output: &mut Output,
) -> Result<Exit> {
    let mut printed = Vec::new();
    manifests::into_sink(plan.new_objects(), materials, &run.keys(), &mut |_, manifest, _| {
        printed.push(manifest);
    })?;
    for manifest in &mut printed {
        // A manifest says a namespace only when the user did; else it goes where it is applied.
        let metadata = manifest["metadata"].as_object_mut();
        if let (None, Some(metadata)) = (&run.global.namespace, metadata) {
            metadata.remove("namespace");
        }
    }
    (format.write)(&printed, &mut output.of(format.for_programs))?;
    Ok(Exit::of_plan(plan, false, true))
}

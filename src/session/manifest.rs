//! Manifests on stdout instead of writes: `--dry-run=client -o yaml` and `-o json`.

use super::{CommandError, Result, Run};
use crate::apply::manifests;
use crate::apply::pair::Materials;
use crate::cli::{DryRun, WriteArgs, WriteFormat};
use crate::exit::Exit;
use crate::output::Output;
use crate::plan::step::Plan;
use crate::render::{json, yaml};
use serde_json::Value;
use std::io::{self, Write};
use zeroize::Zeroizing;

/// Whether what would be written is only printed, as manifests that can be applied.
pub(crate) fn is_wanted(write: WriteArgs) -> bool {
    write.dry_run == DryRun::Client && write.output != WriteFormat::Table
}

/// `-o yaml` is for manifests, which only a client-side dry run of a Secret is.
pub(crate) fn refuse_yaml_without_manifest(write: WriteArgs, secret: bool) -> Result<()> {
    if write.output == WriteFormat::Yaml && (write.dry_run != DryRun::Client || !secret) {
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
    format: WriteFormat,
    run: Run<'_>,
    output: &mut Output,
) -> Result<Exit> {
    let mut printed = Vec::new();
    let steps = plan.steps.clone();
    let keys = run.keys();
    let outcomes = manifests::into_sink(steps, materials, &keys, &mut |_, manifest, _| {
        printed.push(manifest);
    });
    let many = printed.len() > 1;
    for mut manifest in printed {
        // A manifest says a namespace only when the user did; else it goes where it is applied.
        let metadata = manifest["metadata"].as_object_mut();
        if let (None, Some(metadata)) = (&run.global.namespace, metadata) {
            metadata.remove("namespace");
        }
        if many && format == WriteFormat::Yaml {
            writeln!(output.data(), "---")?;
        }
        write(&manifest, format == WriteFormat::Json, output)?;
    }
    if let Some(failed) = outcomes.iter().find_map(|outcome| outcome.result.as_ref().err()) {
        return Err(failed.clone().into());
    }
    Ok(Exit::of_outcomes(plan, &outcomes, true))
}

/// Writes a manifest as YAML or JSON.
fn write(manifest: &Value, as_json: bool, output: &mut Output) -> io::Result<()> {
    if as_json {
        return json::write_manifest(manifest, output.document());
    }
    let text = Zeroizing::new(yaml::text(manifest).map_err(io::Error::other)?);
    output.data().write_all(text.as_bytes())
}

//! One certificate and key into one Secret: printed as a manifest, planned, tried by the server, or
//! written.

use super::{Result, Run, follow_up, manifest, report, source};
use crate::apply;
use crate::apply::cluster::Target;
use crate::apply::pair::Materials;
use crate::cli::{DryRun, WriteArgs};
use crate::converge::gather::{Probes, gather_one};
use crate::exit::Exit;
use crate::inventory::selection::Selection;
use crate::output::Output;
use crate::plan::package::{self, SecretRequest};
use crate::render::plan::PlanReport;
use std::sync::Arc;

/// Puts certificate and key into the Secret, whose namespace is settled here.
pub(crate) async fn package(
    command: &'static str,
    mut request: SecretRequest,
    materials: Materials,
    (write, nudge): (WriteArgs, bool),
    run: Run<'_>,
    output: &mut Output,
) -> Result<Exit> {
    if let Some(format) = manifest::wanted(write) {
        request.object.namespace = Some(run.namespace_of_files());
        let nothing_seen = run.nothing_seen(Selection::default());
        let plan = package::secret(&nothing_seen, &request, run.now());
        return manifest::print(&plan, &materials, format, run, output);
    }
    let client = run.client().await?;
    request.object.namespace = Some(run.namespace(&client));
    let probes = Probes { owners: request.override_owner, makers: true, ..Probes::default() };
    let inventory = gather_one(&client, &request.object, &probes, run.world).await?;
    let looked = source::at(&client, request.object.namespace.as_deref(), run);
    let mut plan = package::secret(&inventory, &request, run.now());
    if write.dry_run == DryRun::Client {
        follow_up::planned(&mut plan, &inventory, nudge, run);
        let planned = PlanReport { looked: Some(&looked), ..PlanReport::of(command, &plan) };
        return report::plan(&planned, report::format(write), output);
    }
    let target = Target::new(client.clone(), write.dry_run == DryRun::Server);
    let (steps, keys) = (plan.steps.clone(), Arc::new(run.keys()));
    let outcomes =
        apply::cluster::apply(steps, Arc::new(materials), keys, target, &mut |_| ()).await;
    follow_up::carry_out((&mut plan, &outcomes), &inventory, (&client, nudge), run).await;
    report::plan(
        &PlanReport {
            outcomes: Some(&outcomes),
            looked: Some(&looked),
            ..PlanReport::of(command, &plan)
        },
        report::format(write),
        output,
    )
}

//! `bootstrap` without writing to a cluster: manifests on stdout, or files in a folder.

use super::{COMMAND, bad, check_class, chosen, name, request, said};
use crate::apply::files::{NewFile, write_set};
use crate::apply::manifests;
use crate::apply::pair::Materials;
use crate::audit::Platform;
use crate::cli::BootstrapArgs;
use crate::cluster::error::Failure;
use crate::converge::gather::{GatherError, gather_class, gather_objects};
use crate::exit::Exit;
use crate::inventory::Inventory;
use crate::inventory::selection::Selection;
use crate::object_ref::{Kind, ObjectRef};
use crate::output::Output;
use crate::plan::bootstrap::{
    self, BootstrapRequest, ChosenClass, HELM_VALUES, ServicePort, backend_name, backend_secret,
    file_name,
};
use crate::plan::step::{Plan, Step};
use crate::render::formats::{Chosen, PLAN_FOR_PEOPLE, WriteManifests};
use crate::render::plan::PlanReport;
use crate::render::yaml;
use crate::session::{CommandError, Result, Run, manifest, report};
use serde_json::Value;
use std::path::Path;
use zeroize::Zeroizing;

/// Where manifests go instead of a cluster.
pub(super) enum Offline<'a> {
    /// To stdout.
    Printed(Chosen<WriteManifests>),
    /// Into a folder, with Helm values and commands.
    Folder(&'a Path),
}

/// What of a cluster manifests go by.
struct Known {
    seen: Inventory,
    namespace: String,
    class: ChosenClass,
}

/// Manifests instead of writes.
pub(super) async fn run(
    args: &BootstrapArgs,
    offline: &Offline<'_>,
    run: Run<'_>,
    output: &mut Output,
) -> Result<Exit> {
    let known = match offline {
        Offline::Printed(_) if asks_port(args) || said(args).is_none() => {
            asked(args, run, output).await?
        }
        Offline::Printed(_) | Offline::Folder(_) => None,
    };
    let known = known.map_or_else(|| unasked(args, run), Ok)?;
    check_class(args, &known.class.class)?;
    let class = known.class.clone();
    let request = request(args, known.namespace, known.class, run)?;
    let mut plan = bootstrap::plan(&known.seen, &request, run.now(), true);
    if !plan.refused.is_empty() {
        return report::plan(&PlanReport::of(COMMAND, &plan), PLAN_FOR_PEOPLE, output);
    }
    if args.no_secret {
        plan.steps.retain(|step| step.object().kind != Kind::Secret);
    }
    match offline {
        Offline::Printed(format) => {
            if let ChosenClass { class, why: Some(why) } = class {
                output.say(&format!("note: class {}: {why}", class.name()));
            }
            manifest::print(&plan, &Materials::default(), *format, run, output)
        }
        Offline::Folder(folder) => into_folder(folder, args, &request, plan, run, output),
    }
}

/// Whether only the Service can tell its port.
fn asks_port(args: &BootstrapArgs) -> bool {
    match &args.service.1 {
        Some(ServicePort::Number(_)) => false,
        Some(ServicePort::Name(_)) => true,
        None => args.preset.port().is_none(),
    }
}

/// What the cluster says of the Service and the class, as for a dry run that prints a plan; none where no
/// cluster is named or it does not answer, for manifests are made without one too.
async fn asked(args: &BootstrapArgs, run: Run<'_>, output: &mut Output) -> Result<Option<Known>> {
    let is_named = run.global.context.is_some() || run.global.kubeconfig.is_some();
    let client = match run.client().await {
        Err(error) if !is_named => {
            if run.world.kubeconfig.iter().any(|path| path.exists()) {
                output.say(&format!("note: the cluster could not be asked: {}", error.message));
            }
            return Ok(None);
        }
        client => client?,
    };
    let namespace = run.namespace(&client);
    let service = [ObjectRef::namespaced(Kind::Service, namespace.as_str(), &args.service.0)];
    let ingress = ObjectRef::ingress(namespace.as_str(), name(args));
    let classes = match gather_class(&client, &ingress, run.world).await {
        Err(GatherError::Cluster(error)) if error.failure.may_pass() => {
            output.say(&format!("note: the cluster could not be asked: {error}"));
            return Ok(None);
        }
        classes => classes?,
    };
    let class = match said(args) {
        Some(said) => said,
        None => chosen(&classes, &ingress, args)?,
    };
    let seen = match gather_objects(&client, &service, run.world).await {
        Err(GatherError::Cluster(error)) if error.failure == Failure::Forbidden => {
            output.say(&format!("note: {error}"));
            run.nothing_seen(Selection::default())
        }
        seen => seen?,
    };
    Ok(Some(Known { seen, namespace, class }))
}

/// What is known where no cluster was asked.
fn unasked(args: &BootstrapArgs, run: Run<'_>) -> Result<Known> {
    let class = match (said(args), args.platform) {
        (Some(said), _) => said,
        (None, Platform::Gke) => ChosenClass::gce("--platform gke"),
        (None, Platform::Auto) => {
            ChosenClass::gce("no cluster was asked; name another one with --ingress-class")
        }
        (None, Platform::Other) => {
            return Err(CommandError::usage(
                "no cluster was asked which Ingress classes it has",
                "name the one that is to serve: --ingress-class NAME",
            ));
        }
    };
    let seen = run.nothing_seen(Selection::default());
    Ok(Known { seen, namespace: run.namespace_of_files(), class })
}

/// The manifests of the plan, Helm values and commands, each a file of the folder.
fn into_folder(
    folder: &Path,
    args: &BootstrapArgs,
    request: &BootstrapRequest,
    mut plan: Plan,
    run: Run<'_>,
    output: &mut Output,
) -> Result<Exit> {
    let backend = args.backend_cert.then(|| backend_name(request));
    let backend = backend.as_deref();
    if let Some(secret) = backend.filter(|_| !args.no_secret) {
        let key = (args.key_type, args.lifetime);
        let step = backend_secret(request, secret, key, run.now()).map_err(bad)?;
        plan.steps.push(Step::CreateSecret(step));
    }
    let mut made = Vec::new();
    let mut sink = |object: &ObjectRef, manifest: Value, private| {
        let name = file_name(object, backend);
        made.push(manifest_text(&manifest).map(|text| NewFile::text(name, &text, private)));
    };
    manifests::into_sink(plan.new_objects(), &Materials::default(), &run.keys(), &mut sink)?;
    let mut made = made.into_iter().collect::<Result<Vec<NewFile>>>()?;
    let manifests: Vec<String> = made.iter().map(|file| file.name.clone()).collect();
    let names: Vec<&str> = manifests.iter().map(String::as_str).collect();
    let public = |name: &str, text: Zeroizing<String>| NewFile::text(name.to_owned(), &text, false);
    let values = bootstrap::helm_values(request, backend);
    made.push(public(HELM_VALUES, manifest_text(&values)?));
    made.push(public(bootstrap::COMMANDS, Zeroizing::new(bootstrap::commands(request, &names))));
    write_set(folder, &made, (args.force, "--out-dir"))?;
    for file in &made {
        output.say(&format!("wrote {}", folder.join(&file.name).display()));
    }
    report::plan(&PlanReport::of(COMMAND, &plan), report::format(args.write), output)
}

fn manifest_text(value: &Value) -> Result<Zeroizing<String>> {
    yaml::text(value).map(Zeroizing::new).map_err(|error| {
        CommandError::failed(
            format!("a manifest cannot be written as YAML: {error}"),
            "use -o json",
        )
    })
}

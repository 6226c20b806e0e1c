//! `secret-missing`: an Ingress or a Gateway names a Secret that is not there. An error live; offline for
//! information, since the Secret may be kept elsewhere; an error in either case where no Secret can
//! have the name.

use super::{place_of_names, verifying};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Context, Rule, Source, View, remedy};
use crate::controllers;
use crate::inventory::delegation::Delegation;
use crate::inventory::demand::IngressFacts;
use crate::inventory::frontend::Frontend;
use crate::inventory::{Inventory, SecretState};
use crate::object_ref::{Kind, ObjectRef, check_object_name};
use crate::remedy::Remedy;
use crate::x509::cert::HostMatch;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const RULE: Rule = Rule {
    code: "secret-missing",
    severity: Severity::Error,
    remedy: "create the Secret",
    explain: "A controller that does not find the Secret of a tls entry serves its default \
              certificate; GKE's stops syncing the Ingress altogether. A Secret must be in the \
              Ingress's own namespace, or the Gateway's, whose listener serves no TLS without it. Where something else makes it (cert-manager, a SealedSecret, \
              a generator), one made by hand would be in its way: then that is what to look at. ingress-nginx \
              also refuses every request for the hosts whose clients it cannot verify, where the \
              Secret that auth-tls-secret names is not there.",
    check,
};

/// What to do before a Secret is taken for missing.
pub(super) const MEND_FIRST: &str =
    "fix the files that could not be read, or not all of them: the Secret may be there";

/// Whether a file could not be read: a Secret that stands in it must not be made a second time.
pub(super) fn is_unread(inventory: &Inventory) -> bool {
    inventory.problems().iter().any(|problem| problem.object.kind == Kind::File)
}

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    // One of that name in another namespace is not missing, but out of reach: see
    // `secret-in-other-namespace`.
    let missing = missing(inventory, context);
    // One Secret is made for all who name it.
    let mut hosts: BTreeMap<&ObjectRef, BTreeSet<&str>> = BTreeMap::new();
    for one in &missing {
        hosts.entry(one.secret).or_default().extend(&one.hosts);
    }
    let told = missing.iter().filter(|missing| missing.elsewhere.is_empty());
    found.extend(told.map(|one| {
        let hosts: Vec<&str> = hosts.get(one.secret).into_iter().flatten().copied().collect();
        one.finding(inventory, context, &hosts)
    }));
    found.extend(
        inventory
            .impossible_certificates()
            .filter_map(|(gateway, name)| no_name(gateway, ("certificateRefs", name))),
    );
    for ingress in inventory.ingresses() {
        let no_names = ingress.no_names.iter().filter(|name| with_namespace(name).is_none());
        let object = &ingress.frontend.object;
        found.extend(no_names.filter_map(|name| no_name(object, ("secretName", name))));
        found.extend(ingress.no_references.iter().map(|named| no_reference(ingress, named)));
    }
    verifying::missing(inventory, context, found);
}

/// A Secret that a frontend names and that was not seen, although it was looked for.
pub(super) struct Missing<'i> {
    pub frontend: &'i Frontend,
    pub secret: &'i ObjectRef,
    /// The hosts it is for.
    pub hosts: Vec<&'i str>,
    /// Other namespaces that have a Secret of that name.
    pub elsewhere: Vec<&'i str>,
    /// Whether it is not there for sure; else it is only not among the files.
    absent: bool,
}

/// Every Secret that is missing.
pub(super) fn missing<'i>(inventory: &'i Inventory, context: &Context<'_>) -> Vec<Missing<'i>> {
    let mut missing = Vec::new();
    for frontend in inventory.frontends() {
        for secret in &frontend.secrets {
            let state = inventory.secret_state(secret.namespace(), &secret.name);
            // That it may not be used is told in its place: see `secret-in-other-namespace`.
            if frontend.object.kind == Kind::Gateway
                && matches!(inventory.delegation(frontend, secret), Delegation::Refused(_))
            {
                continue;
            }
            let absent = match (state, context.source) {
                (SecretState::Seen(_), _) | (SecretState::Unknown, Source::Cluster) => continue,
                _ if inventory.is_unseen(secret) => continue,
                (SecretState::Absent, _) => true,
                (SecretState::Unknown, Source::Files) => false,
            };
            let wants = frontend.demands.iter().filter(|demand| demand.names(secret));
            let hosts = wants.map(|demand| demand.host.as_str()).collect();
            missing.push(Missing { frontend, secret, hosts, elsewhere: Vec::new(), absent });
        }
    }
    if !missing.is_empty() {
        let namespaces = inventory.namespaces_of_secrets();
        // Where somebody makes it, it is on its way.
        let to_come = |missing: &&mut Missing<'_>| inventory.maker_of(missing.secret).is_some();
        let is_read = |missing: &&mut Missing<'_>| missing.frontend.unread.is_none();
        for missing in missing.iter_mut().filter(is_read).filter(|missing| !to_come(missing)) {
            let there = namespaces.get(missing.secret.name.as_str()).into_iter().flatten().copied();
            missing.elsewhere = there.filter(|there| missing.is_meant(inventory, there)).collect();
        }
    }
    missing
}

impl Missing<'_> {
    /// Whether the Secret of that name in another namespace is for a host that this one is for: where
    /// names such as `tls` are common, it is a stranger's.
    fn is_meant(&self, inventory: &Inventory, namespace: &str) -> bool {
        let there = inventory.secret(namespace, &self.secret.name);
        let leaf = there.and_then(|facts| facts.bundle.leaf());
        let covers = |host: &str| {
            leaf.is_some_and(|leaf| matches!(leaf.match_host(host), HostMatch::San(_)))
        };
        self.hosts.is_empty() || self.hosts.iter().any(|host| covers(host))
    }

    fn finding(&self, inventory: &Inventory, context: &Context<'_>, hosts: &[&str]) -> Finding {
        let (name, namespace) = (&self.secret.name, self.secret.namespace());
        let unread = self.frontend.unread.as_deref();
        let own = self.frontend.object.namespace();
        let elsewhere = self.frontend.object.kind == Kind::Gateway && namespace != own;
        let of = if elsewhere { format!(" of namespace {namespace}") } else { String::new() };
        let (severity, message) = if let Some(why) = unread {
            (Severity::Info, format!("it names secret/{name}, which nobody reads: {why}"))
        } else if self.absent {
            let message =
                format!("it names secret/{name}, which does not exist in namespace {namespace}");
            (Severity::Error, message)
        } else {
            let seen = if is_unread(inventory) { "what could be read" } else { "the files read" };
            let message = format!("it names secret/{name}{of}, which is not among {seen}");
            (Severity::Info, message)
        };
        let secret = self.secret;
        let maker = inventory.maker_of(secret);
        let message = match &maker {
            Some(maker) => format!("{message}: {}", maker.told()),
            None => message,
        };
        let stuck = maker.as_ref().is_some_and(|maker| maker.stuck.is_some());
        let severity = match severity {
            Severity::Info if stuck && unread.is_none() => Severity::Warning,
            severity => severity,
        };
        let mut finding = RULE
            .on(&self.frontend.object, message)
            .severity(severity)
            .related(secret.clone())
            .evidence("secretName", name)
            .evidence("hosts", self.hosts.join(", "));
        let unseen = inventory.unseen_makers(namespace);
        if !unseen.is_empty() {
            finding = finding.evidence("makersNotListed", unseen.join(", "));
        }
        match maker {
            // One that is made would serve nobody.
            _ if unread.is_some() => {
                finding.remedy(format!("leave secretName {name} out of spec.tls; nothing needs it"))
            }
            Some(maker) => finding
                .related(maker.object.clone())
                .evidence("maker", maker.told())
                .remedy(maker.remedy(secret)),
            // Made by hand, it would be in the way of a maker that could not be seen.
            None if !unseen.is_empty() => finding.remedy(format!(
                "ask first whether something makes it: could not read {}",
                unseen.join(", ")
            )),
            None if context.source == Source::Files && is_unread(inventory) => {
                finding.remedy(MEND_FIRST)
            }
            None => finding.remedy(make_it(context, secret, hosts)),
        }
    }
}

/// A new one for the hosts that want it; a certificate that somebody has already is imported.
fn make_it(context: &Context<'_>, secret: &ObjectRef, hosts: &[&str]) -> Remedy {
    if context.source == Source::Files {
        return format!(
            "read its manifest too; where there is none, issue --secret {} --dry-run=client -o yaml prints one",
            secret.name
        )
        .into();
    }
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    remedy::issue_secret(secret, &hosts).map_or_else(|| RULE.remedy.into(), Remedy::from)
}

/// Namespace and name, where that is what somebody has written; a path or a URL is told as no name.
pub(super) fn with_namespace(written: &str) -> Option<(&str, &str)> {
    let parts = written.split_once('/')?;
    [parts.0, parts.1].iter().all(|part| check_object_name(part).is_ok()).then_some(parts)
}

/// What ingress-nginx takes for no reference: it denies the location rather than let everybody in.
fn no_reference(ingress: &IngressFacts, (annotation, value): &(String, String)) -> Finding {
    let namespace = ingress.frontend.object.namespace();
    let message = format!(
        "annotation {annotation} is {value:?}, and ingress-nginx wants namespace/name: it {}",
        controllers::denied(annotation)
    );
    let name = value.trim_start_matches('/');
    let remedy = if check_object_name(name).is_ok() {
        format!("write it as {namespace}/{name}")
    } else {
        "write it as NAMESPACE/NAME of a Secret".to_owned()
    };
    RULE.on(&ingress.frontend.object, message)
        .evidence("annotation", annotation)
        .evidence("value", value)
        .remedy(remedy)
}

/// What the API server takes for no name of an object, so that no Secret can have it.
fn no_name(object: &ObjectRef, (field, name): (&str, &str)) -> Option<Finding> {
    let why = check_object_name(name).err()?;
    let message = match object.kind {
        Kind::Gateway => format!("a name in its {field} can be no Secret's: {why}"),
        _ => format!("its {field} can be no Secret's, and is refused: {why}"),
    };
    let finding = RULE
        .on(object, message)
        .evidence("secretName", name)
        .remedy(format!("name the Secret in {} as it is called", place_of_names(object)));
    Some(finding)
}

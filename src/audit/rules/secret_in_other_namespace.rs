//! `secret-in-other-namespace`: an Ingress names a Secret of another namespace, by `namespace/name`
//! or by a name that is only there; or a Gateway names one there that no `ReferenceGrant` lets it use. An Ingress cannot cross namespaces: the API server takes no
//! such name (projectcontour/contour#4271, kubernetes/ingress-nginx#2170), and controllers look
//! beside the Ingress.

use super::place_of_names;
use super::secret_missing::{Missing, missing, with_namespace};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Context, Rule, Source, View};
use crate::controllers::Controller;
use crate::inventory::Inventory;
use crate::inventory::delegation::Delegation;
use crate::inventory::frontend::Frontend;
use crate::object_ref::{Kind, ObjectRef};
use crate::x509::cert::HostMatch;

pub(super) const RULE: Rule = Rule {
    code: "secret-in-other-namespace",
    severity: Severity::Warning,
    remedy: "copy the Secret into the Ingress's namespace, or move the Ingress",
    explain: "spec.tls[].secretName is the name of a Secret in the Ingress's own namespace. A name \
              with a slash is refused by the API server, and one that is only found in another \
              namespace is not found. A second certificate is not what is missing: either the Secret \
              is copied (by a replicator, so that renewals follow), or the Ingress moves. Contour's \
              tls-cert-namespace crosses namespaces where a TLSCertificateDelegation beside the Secret \
              permits it; where those that were seen do not, it serves no TLS for the hosts. A Gateway's \
              certificateRefs cross namespaces where a ReferenceGrant beside the Secret permits it from \
              Gateways of that namespace.",
    check,
};

fn check(view: &View<'_>, found: &mut Findings) {
    let View { inventory, context, .. } = *view;
    for ingress in inventory.ingresses() {
        for name in &ingress.no_names {
            if let Some(named) = with_namespace(name) {
                found.push(crossing(inventory, &ingress.frontend, name, named));
            }
        }
    }
    for frontend in inventory.frontends() {
        for secret in &frontend.secrets {
            if let Delegation::Refused(there) = inventory.delegation(frontend, secret) {
                found.push(not_delegated(frontend, secret, there, context));
            }
        }
    }
    let missing = missing(inventory, context);
    found.extend(missing.iter().filter_map(|missing| only_there(inventory, context, missing)));
}

fn crossing(
    inventory: &Inventory,
    frontend: &Frontend,
    written: &str,
    (namespace, secret): (&str, &str),
) -> Finding {
    let there = inventory.secret(namespace, secret);
    let message = format!(
        "secretName {written:?} is not the name of a Secret: the API server refuses it, and an Ingress \
         cannot name a Secret of another namespace"
    );
    let finding = RULE
        .on(&frontend.object, message)
        .severity(Severity::Error)
        .evidence("secretName", written)
        .evidence("namespace", frontend.object.namespace())
        .remedy(remedy(frontend, namespace, secret));
    match there {
        Some(there) => finding.related(there.object.clone()),
        None => finding,
    }
}

/// Contour skips the entry: internal/dag/ingress_processor.go:99-157 @31c4bb38. A listener is not to use
/// the reference, and its condition `ResolvedRefs` is `RefNotPermitted`: gateway-api apis/v1
/// `gateway_types.go` (`CertificateRefs`), v1.4.
fn not_delegated(
    frontend: &Frontend,
    secret: &ObjectRef,
    there: Vec<ObjectRef>,
    context: &Context<'_>,
) -> Finding {
    let (own, namespace) = (frontend.object.namespace(), secret.namespace());
    let name = &secret.name;
    let severity = match context.source {
        Source::Cluster => Severity::Error,
        Source::Files => Severity::Warning,
    };
    let is_gateway = frontend.object.kind == Kind::Gateway;
    let (kind, who) = if is_gateway {
        (Kind::ReferenceGrant, "the listener may not use it")
    } else {
        (Kind::TlsCertificateDelegation, "Contour serves no TLS for its hosts")
    };
    let message = format!(
        "it names secret/{name} of namespace {namespace}, and no {kind} there permits that to \
         namespace {own}: {who}"
    );
    let remedy = if is_gateway {
        format!(
            "add a ReferenceGrant (gateway.networking.k8s.io/v1beta1) to namespace {namespace} whose \
             spec.from has group gateway.networking.k8s.io, kind Gateway and namespace {own}, and \
             spec.to group \"\", kind Secret and name {name}"
        )
    } else {
        format!(
            "add a TLSCertificateDelegation (projectcontour.io/v1) to namespace {namespace} whose \
             spec.delegations has secretName {name} and targetNamespaces [{own}]"
        )
    };
    let finding = RULE
        .on(&frontend.object, message)
        .severity(severity)
        .evidence("secretName", name)
        .evidence("namespace", own)
        .evidence("foundIn", namespace)
        .evidence("hosts", frontend.hosts_of(secret).join(", "))
        .related(secret.clone())
        .remedy(remedy);
    finding.related_to(there)
}

fn only_there(
    inventory: &Inventory,
    context: &Context<'_>,
    missing: &Missing<'_>,
) -> Option<Finding> {
    let (frontend, name) = (missing.frontend, missing.secret.name.as_str());
    let first = missing.elsewhere.first()?;
    let own = missing.secret.namespace();
    let secret = |namespace: &&str| inventory.secret(namespace, name);
    let covers = missing.elsewhere.iter().filter_map(secret).any(|secret| {
        let leaf = secret.bundle.leaf();
        let names = |host: &&str| leaf.map(|leaf| leaf.match_host(host));
        missing.hosts.iter().any(|host| matches!(names(host), Some(HostMatch::San(_))))
    });
    let severity = match (context.source, covers) {
        (Source::Cluster, _) => Severity::Error,
        (Source::Files, true) => Severity::Warning,
        (Source::Files, false) => Severity::Info,
    };
    let rule = match frontend.object.kind {
        Kind::Gateway => "a certificateRef that says no namespace means the Gateway's own",
        _ => "an Ingress cannot use a Secret of another namespace",
    };
    let message = format!(
        "it names secret/{name}, which is in namespace {} and not in {own}: {rule}",
        missing.elsewhere.join(", ")
    );
    let finding = RULE
        .on(&frontend.object, message)
        .severity(severity)
        .evidence("secretName", name)
        .evidence("namespace", own)
        .evidence("foundIn", missing.elsewhere.join(", "))
        .evidence("hosts", missing.hosts.join(", "))
        .remedy(remedy(frontend, first, name));
    let related = missing.elsewhere.iter().map(|namespace| ObjectRef::secret(*namespace, name));
    Some(finding.related_to(related))
}

fn remedy(frontend: &Frontend, namespace: &str, secret: &str) -> String {
    if frontend.object.kind == Kind::Gateway {
        return format!(
            "write namespace: {namespace} beside {secret} in {}, and let a ReferenceGrant in namespace \
             {namespace} permit it",
            place_of_names(&frontend.object)
        );
    }
    if frontend.controller == Controller::Contour {
        return format!(
            "name it {secret}, annotate the Ingress with projectcontour.io/tls-cert-namespace: \
             {namespace}, and let a TLSCertificateDelegation in namespace {namespace} allow it"
        );
    }
    format!(
        "copy secret/{secret} from namespace {namespace} into namespace {} and name it {secret} \
         (a replicator keeps the copy up to date), or move the Ingress into namespace {namespace}",
        frontend.object.namespace()
    )
}

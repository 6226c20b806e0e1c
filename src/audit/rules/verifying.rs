//! What ingress-nginx is to verify clients or backends by: a Secret that is not there, for
//! `secret-missing`, and one without `ca.crt`, for `ca-crt-unusable`. A Secret that it cannot read
//! closes the hosts; one with a certificate and key and no `ca.crt` opens them to everybody.
//! Source: kubernetes/ingress-nginx internal/ingress/annotations/authtls/main.go:156-180,
//! proxyssl/main.go:192-214, `controller/store/backend_ssl.go` (`getPemCertificate`),
//! controller/controller.go:762-785.

use super::secret_missing::{MEND_FIRST, is_unread};
use super::{ca_crt_unusable, secret_missing, somebody_elses};
use crate::audit::finding::{Finding, Findings, Severity};
use crate::audit::{Context, Source};
use crate::controllers::{AUTH_TLS_SECRET, Controller, denied};
use crate::inventory::demand::{IngressFacts, Mentioned};
use crate::inventory::{Inventory, SecretFacts, SecretState};
use crate::object_ref::check_object_name;
use crate::remedy::Remedy;

/// Every Secret that annotations of ingress-nginx name, as (the Ingress, what it names).
fn named(inventory: &Inventory) -> impl Iterator<Item = (&IngressFacts, &Mentioned)> {
    let of_nginx = inventory
        .ingresses()
        .filter(|ingress| ingress.frontend.controller == Controller::IngressNginx);
    let named = of_nginx
        .flat_map(|ingress| ingress.frontend.mentions.iter().map(move |one| (ingress, one)));
    // What is of no such form is told as that.
    named.filter(|(ingress, one)| {
        let written_so = |(annotation, _): &(String, String)| annotation == one.annotation;
        !ingress.no_references.iter().any(written_so)
    })
}

/// Those that are not there.
pub(super) fn missing(inventory: &Inventory, context: &Context<'_>, found: &mut Findings) {
    for (ingress, one) in named(inventory) {
        let state = inventory.secret_state(one.secret.namespace(), &one.secret.name);
        let absent = match (state, context.source) {
            (SecretState::Seen(_), _) => continue,
            _ if inventory.is_unseen(&one.secret) => continue,
            (SecretState::Absent, _) => true,
            // No Secret can have such a name.
            (SecretState::Unknown, _) if check_object_name(&one.secret.name).is_err() => true,
            (SecretState::Unknown, Source::Cluster) => continue,
            (SecretState::Unknown, Source::Files) => false,
        };
        found.push(missing_one(inventory, context, (ingress, one), absent));
    }
}

fn missing_one(
    inventory: &Inventory,
    context: &Context<'_>,
    (ingress, one): (&IngressFacts, &Mentioned),
    absent: bool,
) -> Finding {
    let Mentioned { annotation, secret } = one;
    let maker = inventory.maker_of(secret);
    let (name, namespace) = (&secret.name, secret.namespace());
    let names = format!("its annotation {annotation} names secret/{name}");
    let (severity, message) = if absent {
        let does = denied(annotation);
        let why = format!("{names}, which does not exist in namespace {namespace}");
        (Severity::Error, format!("{why}: ingress-nginx cannot read it and {does}"))
    } else {
        let seen = if is_unread(inventory) { "what could be read" } else { "the files read" };
        let does = denied(annotation);
        let why = format!("{names} of namespace {namespace}, which is not among {seen}");
        (Severity::Info, format!("{why}; where it is not there, ingress-nginx {does}"))
    };
    let message = match &maker {
        Some(maker) => format!("{message}; {}", maker.told()),
        None => message,
    };
    let finding = secret_missing::RULE
        .on(&ingress.frontend.object, message)
        .severity(severity)
        .related(secret.clone())
        .evidence("annotation", *annotation)
        .evidence("secret", format!("{namespace}/{name}"))
        .evidence("hosts", hosts(ingress));
    match maker {
        Some(maker) => finding
            .related(maker.object.clone())
            .evidence("maker", maker.told())
            .remedy(maker.remedy(secret)),
        None if context.source == Source::Files && is_unread(inventory) => {
            finding.remedy(MEND_FIRST)
        }
        None if absent => finding.remedy(make_it(one)),
        None => finding.remedy(format!(
            "read the manifest of secret/{name} too; where there is none, {}",
            make_it(one)
        )),
    }
}

/// What such a Secret holds, in words: whose CA it is nobody here knows.
fn make_it(one: &Mentioned) -> String {
    let (name, namespace) = (&one.secret.name, one.secret.namespace());
    if one.annotation == AUTH_TLS_SECRET {
        format!(
            "make secret/{name} in namespace {namespace} with the certificate of the CA of the clients in ca.crt"
        )
    } else {
        format!(
            "make secret/{name} in namespace {namespace} with the certificate and key that the backends ask for, and their CA in ca.crt"
        )
    }
}

/// Those that are there and have no `ca.crt` to verify by.
pub(super) fn without_ca(inventory: &Inventory, found: &mut Findings) {
    for (ingress, one) in named(inventory) {
        let Some(secret) = inventory.secret(one.secret.namespace(), &one.secret.name) else {
            continue;
        };
        // What of it could not be read is told, and may be its ca.crt.
        let is_told = inventory.is_unseen(&secret.object) || secret.is_placeholder();
        if secret.ca_file.is_none() && !is_told {
            found.push(without_ca_one(inventory, (ingress, one), secret));
        }
    }
}

fn without_ca_one(
    inventory: &Inventory,
    (ingress, one): (&IngressFacts, &Mentioned),
    secret: &SecretFacts,
) -> Finding {
    let for_clients = one.annotation == AUTH_TLS_SECRET;
    let (severity, does) = match (ingress.frontend.loads(secret), for_clients) {
        (true, true) => {
            (Severity::Error, "asks no client for a certificate, and lets everybody in")
        }
        (true, false) => {
            (Severity::Warning, "neither verifies the backends nor shows them a certificate")
        }
        (false, _) => (Severity::Error, denied(one.annotation)),
    };
    let (object, annotation) = (&ingress.frontend.object, one.annotation);
    let message = format!(
        "it holds no ca.crt, and annotation {annotation} of {} names it to verify by: ingress-nginx {does}",
        object.short()
    );
    let remedy: Remedy = somebody_elses(inventory, secret).unwrap_or_else(|| {
        let whose = if for_clients { "the clients" } else { "the backends" };
        format!("put the certificate of the CA of {whose} into ca.crt").into()
    });
    ca_crt_unusable::RULE
        .on(&secret.object.key("ca.crt"), message)
        .severity(severity)
        .related(object.clone())
        .evidence("annotation", annotation)
        .evidence("hosts", hosts(ingress))
        .remedy(remedy)
}

fn hosts(ingress: &IngressFacts) -> String {
    let hosts: Vec<&str> =
        ingress.frontend.demands.iter().map(|demand| demand.host.as_str()).collect();
    hosts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Platform;
    use crate::audit::policy::Policy;
    use crate::inventory::testing::of_nginx;
    use crate::object_ref::ObjectRef;
    use time::OffsetDateTime;

    /// What is told where this was seen.
    fn told(inventory: &Inventory, source: Source) -> String {
        let (now, policy) = (OffsetDateTime::UNIX_EPOCH, &Policy::default());
        let context = Context { now, policy, source, platform: Platform::Other };
        let mut found = Findings::default();
        missing(inventory, &context, &mut found);
        let told = found.into_vec().into_iter();
        let told =
            told.map(|finding| format!("{}: {}", finding.severity.as_str(), finding.message));
        told.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_is_missing_closes_the_hosts_and_what_was_not_seen_is_not_missing() {
        const CLIENTS: &str = "nginx.ingress.kubernetes.io/auth-tls-secret";
        const BACKENDS: &str = "nginx.ingress.kubernetes.io/proxy-ssl-secret";
        let ca = || Some(ObjectRef::secret("shop", "ca"));
        for (annotation, absent, unseen, source, expected) in [
            (
                CLIENTS,
                ca(),
                None,
                Source::Cluster,
                "error: its annotation auth-tls-secret names secret/ca, which does not exist in namespace shop: ingress-nginx cannot read it and refuses every request for the hosts of this Ingress (403)",
            ),
            (
                BACKENDS,
                ca(),
                None,
                Source::Cluster,
                "error: its annotation proxy-ssl-secret names secret/ca, which does not exist in namespace shop: ingress-nginx cannot read it and denies every path of this Ingress (503)",
            ),
            (CLIENTS, None, ca(), Source::Cluster, ""),
            (CLIENTS, None, None, Source::Cluster, ""),
            (
                CLIENTS,
                None,
                None,
                Source::Files,
                "info: its annotation auth-tls-secret names secret/ca of namespace shop, which is not among the files read; where it is not there, ingress-nginx refuses every request for the hosts of this Ingress (403)",
            ),
            ("nginx.ingress.kubernetes.io/auth-secret", ca(), None, Source::Cluster, ""),
        ] {
            let inventory = of_nginx(&[(annotation, "shop/ca")], absent, unseen);
            assert_eq!(told(&inventory, source), expected, "{annotation}");
        }
    }
}

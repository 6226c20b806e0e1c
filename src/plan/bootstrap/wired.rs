//! Names in use: what Service and Ingress already name is taken before a name that would be made up.
//!
//! Only what the user did not name: `--backend-config` and `--tls-secret` stand. Decides which object
//! fits; what of it does not is patched or refused as for any other.

use super::add;
use super::secret::secret_problem;
use super::service::{chosen, ports};
use super::successor;
use super::{BootstrapRequest, Certificate, Http};
use crate::gke::annotations::FRONTEND_CONFIG;
use crate::gke::backend_config::BackendConfigs;
use crate::inventory::Inventory;
use crate::inventory::demand::IngressFacts;
use crate::object_ref::{Kind, ObjectRef};
use time::OffsetDateTime;

/// The request with the names of objects that Service and Ingress name already, as far as they were seen.
#[must_use]
pub fn as_wired(inventory: &Inventory, request: &BootstrapRequest) -> BootstrapRequest {
    if request.add {
        let mut wired = add::as_added(inventory, request);
        let known = backend_config(inventory, request).filter(|_| !request.backend_config_given);
        wired.backend_config = known.unwrap_or(wired.backend_config);
        return wired;
    }
    let mut wired = successor::as_taken_over(inventory, request);
    if !request.class.is_gke() {
        return wired;
    }
    if !request.backend_config_given
        && let Some(name) = backend_config(inventory, request)
    {
        wired.backend_config = name;
    }
    let Some(ingress) = inventory.ingress(&request.namespace, &request.name) else {
        return wired;
    };
    let named = ingress.annotations.get(FRONTEND_CONFIG).filter(|name| !name.is_empty());
    if let Some(name) = named.filter(|_| request.http == Some(Http::Redirect)) {
        wired.frontend_config.clone_from(name);
    }
    wired.certificate = match &wired.certificate {
        Certificate::Managed(name) => {
            let named = managed(inventory, ingress, name, &request.domains);
            Certificate::Managed(named.unwrap_or_else(|| name.clone()))
        }
        Certificate::Make { secret, .. } => match tls_secret(inventory, ingress, secret, request) {
            Some(named) => Certificate::Existing(named),
            None => wired.certificate.clone(),
        },
        Certificate::Existing(_) => wired.certificate.clone(),
    };
    wired
}

/// Objects that may turn out to be the ones in use, and are to be seen before anything is planned:
/// `wired` is the request [`as_wired`].
#[must_use]
pub fn candidates(
    inventory: &Inventory,
    request: &BootstrapRequest,
    wired: &BootstrapRequest,
) -> Vec<ObjectRef> {
    let mut objects = successor::candidates(inventory, request);
    if request.add {
        objects.extend(super::secret(wired));
    }
    if !request.class.is_gke() {
        return objects;
    }
    let object = |kind, name: &str| ObjectRef::namespaced(kind, request.namespace.as_str(), name);
    objects.push(object(Kind::BackendConfig, &wired.backend_config));
    if request.http.is_some() {
        objects.push(object(Kind::FrontendConfig, &wired.frontend_config));
    }
    if matches!(request.certificate, Certificate::Make { .. }) && !request.add {
        let ingress = inventory.ingress(&request.namespace, &request.name);
        let secrets = ingress.into_iter().flat_map(|ingress| &ingress.frontend.secrets);
        objects.extend(secrets.cloned());
    }
    objects
}

/// The BackendConfig that the Service names for the port.
fn backend_config(inventory: &Inventory, request: &BootstrapRequest) -> Option<String> {
    let service =
        ObjectRef::namespaced(Kind::Service, request.namespace.as_str(), request.service.as_str());
    let facts = inventory.object(&service)?;
    let configs = BackendConfigs::of_service(&facts.annotations)?;
    let port = chosen(request, &ports(facts))?.clone();
    configs.of(port.name.as_deref(), port.number.into()).map(str::to_owned)
}

/// The ManagedCertificate that the Ingress names for just these domains, unless the default one is there.
fn managed(
    inventory: &Inventory,
    ingress: &IngressFacts,
    default: &str,
    domains: &[String],
) -> Option<String> {
    let beside = |name: &str| {
        ObjectRef::namespaced(Kind::ManagedCertificate, ingress.frontend.object.namespace(), name)
    };
    if inventory.object(&beside(default)).is_some() {
        return None;
    }
    let holds = |name: &&String| {
        inventory.object(&beside(name)).is_some_and(|facts| facts.managed().lists(domains))
    };
    ingress.frontend.managed_names.iter().find(holds).cloned()
}

/// The Secret that the Ingress names for these domains and that serves them; none where it would not do,
/// which is told when it is looked at.
fn tls_secret(
    inventory: &Inventory,
    ingress: &IngressFacts,
    default: &str,
    request: &BootstrapRequest,
) -> Option<String> {
    if inventory.secret(&request.namespace, default).is_some() {
        return None;
    }
    let serves = |named: &&ObjectRef| {
        let facts = inventory.secret_at(named);
        // Whether it is in date is judged when it is looked at.
        facts.is_some_and(|facts| {
            secret_problem(facts, &request.domains, true, OffsetDateTime::UNIX_EPOCH).is_none()
        })
    };
    ingress.frontend.secrets.iter().find(serves).map(|secret| secret.name.clone())
}

//! Port 80: what an Ingress says of it, and how what we once said is taken back.
//!
//! What was not asked for is not touched. Ours is the FrontendConfig of the request's own name; the
//! annotation that names another one is somebody's choice.

use super::{BootstrapRequest, Http};
use crate::gke::annotations::{ALLOW_HTTP, FRONTEND_CONFIG, is_off};
use crate::gke::events::Known;
use crate::gke::load_balancer::has_v1_names;
use crate::inventory::ObjectFacts;
use crate::inventory::demand::IngressFacts;
use crate::plan::step::FieldChange;
use crate::remedy::Advice;
use serde_json::{Value, json};

/// What the request makes of an annotation.
pub(super) enum Annotation {
    /// It has this value.
    Set(&'static str, String),
    /// It goes.
    Remove(&'static str),
}

/// What becomes of the annotations about port 80, for an Ingress and a FrontendConfig of the
/// request's name as they are there.
pub(super) fn annotations(
    request: &BootstrapRequest,
    ingress: Option<&ObjectFacts>,
    frontend: Option<&ObjectFacts>,
) -> Vec<Annotation> {
    let Some(http) = request.http.filter(|_| request.class.is_gke()) else {
        return Vec::new();
    };
    let there = |key: &str| ingress.and_then(|ingress| ingress.annotations.get(key));
    let mut annotations = Vec::new();
    match http {
        Http::Redirect => {
            annotations.push(Annotation::Set(FRONTEND_CONFIG, request.frontend_config.clone()));
        }
        // One that holds more than our redirect goes on being named; see `redirect_patch`.
        Http::Allow | Http::Off => {
            let ours = there(FRONTEND_CONFIG) == Some(&request.name);
            if ours && !frontend.is_some_and(holds_more) {
                annotations.push(Annotation::Remove(FRONTEND_CONFIG));
            }
        }
    }
    match http {
        Http::Off => annotations.push(Annotation::Set(ALLOW_HTTP, "false".to_owned())),
        Http::Allow | Http::Redirect => {
            if there(ALLOW_HTTP).is_some_and(|value| is_off(value)) {
                annotations.push(Annotation::Remove(ALLOW_HTTP));
            }
        }
    }
    annotations
}

/// The patch that ends the redirect of a FrontendConfig of ours that is kept for what else it
/// holds; none when there is nothing to end.
pub(super) fn redirect_patch(
    request: &BootstrapRequest,
    ingress: &ObjectFacts,
    frontend: &ObjectFacts,
) -> Option<(Value, FieldChange)> {
    let ends = matches!(request.http, Some(Http::Allow | Http::Off))
        && ingress.annotations.get(FRONTEND_CONFIG) == Some(&request.name);
    let redirect = frontend.spec.get("redirectToHttps").filter(|redirect| !redirect.is_null())?;
    (ends && holds_more(frontend)).then(|| {
        let change =
            FieldChange::new("spec.redirectToHttps", redirect.to_string(), FieldChange::REMOVED);
        (json!({ "spec": { "redirectToHttps": null } }), change)
    })
}

/// Whether a FrontendConfig says anything beside where port 80 leads.
fn holds_more(frontend: &ObjectFacts) -> bool {
    let fields = frontend.spec.as_object().into_iter().flatten();
    fields.into_iter().any(|(key, value)| key != "redirectToHttps" && !value.is_null())
}

/// Why port 80 cannot redirect: the parts of the load balancer have names of the first scheme, and with
/// a redirect every later sync of it fails.
pub(super) fn cannot_redirect(request: &BootstrapRequest, facts: &IngressFacts) -> Option<Advice> {
    let known = Known::RedirectOnV1Names;
    let stops = request.http == Some(Http::Redirect) && has_v1_names(&facts.finalizers);
    stops.then(|| {
        Advice::new(known.meaning(), "leave --http out, or give a new Ingress another --name")
    })
}

/// What people should know of the FrontendConfig that stays.
pub(super) fn notes(
    request: &BootstrapRequest,
    ingress: &ObjectFacts,
    removed: bool,
) -> Option<String> {
    let named = ingress.annotations.get(FRONTEND_CONFIG).filter(|name| !name.is_empty())?;
    if removed {
        return Some(format!(
            "frontendconfig/{named} stays in namespace {}; delete it when no other Ingress names it",
            request.namespace
        ));
    }
    let other = matches!(request.http, Some(Http::Allow | Http::Off)) && *named != request.name;
    other.then(|| format!("frontendconfig/{named} is not ours and stays; it may redirect port 80"))
}

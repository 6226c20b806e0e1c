//! The double of ingress-gce: it builds a load balancer for each Ingress that it owns, and writes on
//! the Ingress what it built.
//!
//! Knows the order in which Google's goes, where it stops, and in which words (see [`super`]). Refuses
//! to route: backends are always there, unless a test breaks them.

use super::api::Kind;
use super::compute::{ApiError, Compute};
use super::events::Teller;
use super::names::{Names, Scheme};
use super::world::World;
use super::{PRE_SHARED_CERT, annotation, class, items, name};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Under which name the double writes.
const MANAGER: &str = "glbc";
/// Where the controller writes which certificates the load balancer has, in intended order.
pub const SSL_CERT: &str = "ingress.kubernetes.io/ssl-cert";
/// Where it writes the name of the rule for port 443; absent without one.
pub const HTTPS_FORWARDING_RULE: &str = "ingress.kubernetes.io/https-forwarding-rule";
const HTTPS_TARGET_PROXY: &str = "ingress.kubernetes.io/https-target-proxy";
const FORWARDING_RULE: &str = "ingress.kubernetes.io/forwarding-rule";
const TARGET_PROXY: &str = "ingress.kubernetes.io/target-proxy";
const URL_MAP: &str = "ingress.kubernetes.io/url-map";
const ALLOW_HTTP: &str = "kubernetes.io/ingress.allow-http";
const GLOBAL_ADDRESS: &str = "kubernetes.io/ingress.global-static-ip-name";
const REGIONAL_ADDRESS: &str = "kubernetes.io/ingress.regional-static-ip-name";
const FRONTEND_CONFIG: &str = "networking.gke.io/v1beta1.FrontendConfig";

const BOTH_DISABLED: &str = "invalid configuration: both HTTP and HTTPS are disabled (kubernetes.io/ingress.allow-http is false and there is no valid TLS configuration); your Ingress will not be able to serve any traffic";
const INTERNAL_NEEDS_ADDRESS: &str = "gce-internal Ingress class must be configured with a static-ip to use both HTTP and HTTPS served on the same IP. Please configure a static-ip with Purpose=SHARED_LOADBALANCER_VIP and attach it to the ingress with the kubernetes.io/ingress.regional-static-ip-name annotation.";
const NO_REDIRECT_ON_V1: &str = "ensureRedirectUrlMap() = error: cannot enable HTTPS Redirects with the V1 Ingress naming scheme.  Please recreate your ingress to use the newest naming scheme.";
const NO_REDIRECT_INTERNAL: &str =
    "ensureRedirectUrlMap() = error: cannot enable HTTPS Redirects with L7 ILB";

/// What the controller was set up with, and what is wrong by a test's wish.
pub(super) struct LoadBalancers {
    /// How a new Ingress's objects are named.
    pub scheme: Scheme,
    /// Ingresses whose backends cannot be translated, and why.
    pub broken: BTreeMap<String, String>,
}

/// Whether the controller looks at this Ingress.
pub(super) fn is_glbc(ingress: &Value) -> bool {
    match class(ingress) {
        "" => ingress["spec"]["ingressClassName"].is_null(),
        class => matches!(class, "gce" | "gce-internal"),
    }
}

/// Whether it has built something for this Ingress and says so.
pub(super) fn has_finalizer(ingress: &Value) -> bool {
    Scheme::of(ingress).is_some()
}

/// A Secret's certificate.
struct Upload {
    /// Google's name for it.
    name: String,
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// One Ingress as a pass reads it.
struct Wanted {
    ingress: String,
    names: Names,
    internal: bool,
    http: bool,
    pre_shared: Vec<String>,
    secrets: Vec<Upload>,
    address_name: String,
}

impl Wanted {
    fn https(&self) -> bool {
        !self.pre_shared.is_empty() || !self.secrets.is_empty()
    }
}

impl LoadBalancers {
    pub const fn new(scheme: Scheme) -> Self {
        Self { scheme, broken: BTreeMap::new() }
    }

    /// Takes on what stands on an Ingress that has an address, as if this controller had built it:
    /// the address, and what it names of certificates that Google has.
    pub fn adopt(compute: &mut Compute, ingress: &Value) {
        let Some(address) = address_of(ingress) else { return };
        let address = Some(address.to_owned());
        let listed = [SSL_CERT, PRE_SHARED_CERT].map(|key| items(annotation(ingress, key)));
        let mut names = listed.concat();
        names.sort();
        names.dedup();
        names.retain(|one| compute.certificate(one).is_some());
        let frontend = compute.frontend(name(ingress));
        frontend.https = address.clone().filter(|_| !names.is_empty());
        frontend.http = address;
        frontend.certificates = names;
        compute.note();
    }

    /// Builds the load balancer, or takes it away; whether that came to its end.
    pub fn sync(&self, world: &mut World, ingress: &str) -> bool {
        let Some(object) = world.ingresses.get(ingress).cloned() else {
            return true;
        };
        let goes = !object["metadata"]["deletionTimestamp"].is_null();
        if goes || !is_glbc(&object) {
            take_away(world, &object);
            return true;
        }
        let Some(object) = self.with_finalizer(world, object) else { return true };
        if let Some(why) = self.broken.get(ingress) {
            let message = format!("Translation failed: invalid ingress spec: {why}");
            tell(world, &object, ("Warning", "Translate", &message));
            return false;
        }
        let built = wanted(world, &object).and_then(|wanted| {
            build(world, &object, &wanted).map_err(|cause| {
                format!("loadbalancer {} does not exist: {cause}", wanted.names.load_balancer())
            })
        });
        if let Err(cause) = &built {
            let message = format!(
                "Error syncing to GCP: error running load balancer syncing routine: {cause}"
            );
            tell(world, &object, ("Warning", "Sync", &message));
        }
        built.is_ok()
    }

    fn with_finalizer(&self, world: &mut World, object: Value) -> Option<Value> {
        if has_finalizer(&object) {
            return Some(object);
        }
        let mut all = object["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
        all.push(self.scheme.finalizer().into());
        let patch = json!({ "metadata": { "finalizers": all } });
        world.patch_ingress(name(&object), MANAGER, &patch)
    }
}

fn tell(world: &mut World, about: &Value, what: (&'static str, &str, &str)) {
    world.tell(Teller::LoadBalancer, about, what);
}

/// What the Ingress asks for, its Secrets read; else the cause as Google's tells it.
fn wanted(world: &World, object: &Value) -> Result<Wanted, String> {
    let names = Names::of(world.api.namespace(), object);
    let [global, regional] = [GLOBAL_ADDRESS, REGIONAL_ADDRESS].map(|key| annotation(object, key));
    let secrets = secrets(world, object, &names)?;
    if !global.is_empty() && !regional.is_empty() {
        return Err(
            "Error: both global-static-ip and regional-static-ip cannot be specified".to_owned()
        );
    }
    Ok(Wanted {
        ingress: name(object).to_owned(),
        internal: class(object) == "gce-internal",
        http: !matches!(
            annotation(object, ALLOW_HTTP),
            "0" | "f" | "F" | "false" | "False" | "FALSE"
        ),
        pre_shared: items(annotation(object, PRE_SHARED_CERT)),
        secrets,
        address_name: if regional.is_empty() { global } else { regional }.to_owned(),
        names,
    })
}

fn secrets(world: &World, object: &Value, names: &Names) -> Result<Vec<Upload>, String> {
    let mut read: Vec<Upload> = Vec::new();
    let entries = object["spec"]["tls"].as_array().into_iter().flatten();
    let of = |entry: &Value| entry["secretName"].as_str().unwrap_or_default().to_owned();
    let entries: Vec<String> = entries.map(of).collect();
    for secret in &entries {
        // All are fetched before any is looked into.
        if !secret.is_empty() && world.api.get(Kind::Secret, secret).is_none() {
            return Err(format!(
                "error initializing translator env: secrets \"{secret}\" not found"
            ));
        }
    }
    for secret in &entries {
        let found = Some(secret).filter(|secret| !secret.is_empty());
        let found = found.and_then(|secret| world.api.get(Kind::Secret, secret));
        let Some(object) = found else {
            return Err(format!("secret \"{secret}\" does not exist"));
        };
        let value = |key: &str, what: &str| {
            let text = object["data"][key].as_str();
            let bytes = text.and_then(|text| STANDARD.decode(text).ok());
            bytes.ok_or_else(|| {
                format!("secret \"{secret}\" does not specify {what} as string data")
            })
        };
        let certificate = value("tls.crt", "cert")?;
        let key = value("tls.key", "private key")?;
        let name = names.certificate(&certificate);
        if read.iter().all(|other| other.name != name) {
            read.push(Upload { name, certificate, key });
        }
    }
    Ok(read)
}

/// Builds it in Google's order, and stops at the first thing that is refused.
fn build(world: &mut World, object: &Value, wanted: &Wanted) -> Result<(), String> {
    if !wanted.http && !wanted.https() {
        return Err(BOTH_DISABLED.to_owned());
    }
    if wanted.internal && wanted.https() && wanted.http && wanted.address_name.is_empty() {
        tell(world, object, ("Warning", "WillNotConfigureFrontend", INTERNAL_NEEDS_ADDRESS));
        return Err("error invalid internal ingress https config".to_owned());
    }
    check_redirect(world, object, wanted)?;
    let address = effective_address(world, object, wanted);
    if wanted.http {
        let address = address.clone()?;
        world.compute.frontend(&wanted.ingress).http = Some(address);
    } else {
        world.compute.frontend(&wanted.ingress).http = None;
    }
    let mut certificates = Vec::new();
    if wanted.https() {
        certificates = build_https(world, object, wanted, address)?;
        delete_unused(&mut world.compute, wanted, &certificates);
    } else if !annotation(object, HTTPS_FORWARDING_RULE).is_empty() {
        world.compute.delete_https(&wanted.ingress);
        delete_unused(&mut world.compute, wanted, &[]);
    }
    world.compute.note();
    write(world, object, wanted, &certificates);
    Ok(())
}

/// Uploads what is new, and puts everything on the proxy at once.
fn build_https(
    world: &mut World,
    object: &Value,
    wanted: &Wanted,
    address: Result<String, String>,
) -> Result<Vec<String>, String> {
    let mut certificates = wanted.pre_shared.clone();
    let mut failed = Vec::new();
    for Upload { name, certificate, key } in &wanted.secrets {
        certificates.push(name.clone());
        // An empty certificate counts as one that Google has already.
        if world.compute.certificate(name).is_none()
            && !certificate.is_empty()
            && let Err(error) = world.compute.upload(name, certificate, key)
        {
            failed.push(format!("{name} Error:{}", error.text()));
        }
    }
    if !failed.is_empty() {
        return Err(format!("Cert creation failures - {}", failed.join(",")));
    }
    let proxy = wanted.names.resource("ts");
    let was_there = !world.compute.frontend(&wanted.ingress).certificates.is_empty();
    let changed = world.compute.set_proxy(&wanted.ingress, &proxy, &certificates);
    if changed.map_err(|error: ApiError| error.text())? {
        let how = if was_there { "certs updated" } else { "created" };
        let message = format!("TargetProxy \"{proxy}\" {how}");
        tell(world, object, ("Normal", "Sync", &message));
    }
    world.compute.frontend(&wanted.ingress).https = Some(address?);
    Ok(certificates)
}

fn check_redirect(world: &mut World, object: &Value, wanted: &Wanted) -> Result<(), String> {
    let config = annotation(object, FRONTEND_CONFIG);
    if config.is_empty() {
        return Ok(());
    }
    let Some(config) = world.api.get(Kind::FrontendConfig, config) else {
        let message = "Error: no FrontendConfig for Ingress exists.";
        tell(world, object, ("Warning", "Sync", message));
        return Ok(());
    };
    if config["spec"]["redirectToHttps"]["enabled"] != true {
        return Ok(());
    }
    match (wanted.internal, wanted.names.scheme()) {
        (true, _) => Err(NO_REDIRECT_INTERNAL.to_owned()),
        (false, Scheme::V1) => Err(NO_REDIRECT_ON_V1.to_owned()),
        (false, Scheme::V2) => Ok(()),
    }
}

/// The reserved address that is named; else the one that is there already; else a new one.
fn effective_address(world: &mut World, object: &Value, wanted: &Wanted) -> Result<String, String> {
    let named = &wanted.address_name;
    if !named.is_empty() {
        let reserved = world.compute.reserved.get(named).cloned();
        return reserved.ok_or_else(|| {
            format!("the given static IP name {named} doesn't translate to an existing static IP.")
        });
    }
    Ok(match address_of(object) {
        Some(address) => address.to_owned(),
        None => world.compute.fresh_address(wanted.internal),
    })
}

fn address_of(ingress: &Value) -> Option<&str> {
    ingress["status"]["loadBalancer"]["ingress"][0]["ip"].as_str()
}

/// Deletes what was uploaded for this load balancer and is on its proxy no more.
fn delete_unused(compute: &mut Compute, wanted: &Wanted, used: &[String]) {
    for name in compute.named(&wanted.names.certificate_prefix()) {
        if !used.contains(&name) {
            // What is still in use stays, which is no error.
            let _ = compute.delete(&name);
        }
    }
}

/// Writes the address and the names of what was built; what is not there has no annotation.
fn write(world: &mut World, object: &Value, wanted: &Wanted, certificates: &[String]) {
    let frontend = world.compute.frontend(&wanted.ingress);
    let (http, https) = (frontend.http.clone(), frontend.https.clone());
    let address = http.clone().or_else(|| https.clone());
    if let Some(address) = address.filter(|address| address_of(object) != Some(address)) {
        let status = json!({ "loadBalancer": { "ingress": [{ "ip": address }] } });
        let place = format!("{}/status", wanted.ingress);
        world.patch_ingress(&place, MANAGER, &json!({ "status": status }));
        let message = format!("IP is now {address}");
        tell(world, object, ("Normal", "IPChanged", &message));
    }
    let resource = |kind: &str, there: bool| there.then(|| wanted.names.resource(kind));
    let all = [
        (URL_MAP, resource("um", true)),
        (FORWARDING_RULE, resource("fr", http.is_some())),
        (TARGET_PROXY, resource("tp", http.is_some())),
        (HTTPS_FORWARDING_RULE, resource("fs", https.is_some())),
        (HTTPS_TARGET_PROXY, resource("ts", https.is_some())),
        (SSL_CERT, Some(certificates.join(",")).filter(|list| !list.is_empty())),
    ];
    let mut news = serde_json::Map::new();
    for (key, value) in all {
        let before = object["metadata"]["annotations"][key].as_str();
        if before != value.as_deref() {
            news.insert(key.to_owned(), value.map_or(Value::Null, Value::from));
        }
    }
    if !news.is_empty() {
        let patch = json!({ "metadata": { "annotations": news } });
        world.patch_ingress(&wanted.ingress, MANAGER, &patch);
    }
}

/// Takes away what was built, and then the finalizer.
fn take_away(world: &mut World, object: &Value) {
    if !has_finalizer(object) {
        return;
    }
    let names = Names::of(world.api.namespace(), object);
    world.compute.delete_https(name(object));
    world.compute.frontend(name(object)).http = None;
    for certificate in world.compute.named(&names.certificate_prefix()) {
        let _ = world.compute.delete(&certificate);
    }
    let all = object["metadata"]["finalizers"].as_array().into_iter().flatten();
    let left: Vec<&Value> =
        all.filter(|one| one.as_str().is_none_or(|one| !Scheme::is_finalizer(one))).collect();
    let patch = json!({ "metadata": { "finalizers": left } });
    world.patch_ingress(name(object), MANAGER, &patch);
}

//! The real Traefik as an ingress controller.
//!
//! Knows how it is started against the test's API server. Refuses to know any Ingress.

use super::{ADDRESS, Part, RealParts};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Starts Traefik on ports 80 and 443, and waits until it listens. It writes [`ADDRESS`] into the
/// status of every Ingress of class `traefik`.
pub fn start(parts: &RealParts, folder: &Path, kubeconfig: &Path) -> Part {
    let transports = folder.join("transports.yaml");
    let insecure = "http:\n  serversTransports:\n    milvus:\n      insecureSkipVerify: true\n";
    fs::write(&transports, insecure).expect("the folder can be written");
    let mut traefik = Command::new(parts.folder.join("traefik"));
    traefik
        .arg("--entryPoints.web.address=:80")
        .arg("--entryPoints.websecure.address=:443")
        .arg("--entryPoints.websecure.http.tls=true")
        .arg("--providers.kubernetesingress=true")
        .arg("--providers.kubernetesingress.ingressclass=traefik")
        .arg(format!("--providers.kubernetesingress.ingressendpoint.ip={ADDRESS}"))
        .arg(format!("--providers.file.filename={}", transports.display()))
        // Each change at once, not the next one two seconds later.
        .arg("--providers.providersThrottleDuration=100ms")
        .arg("--global.checknewversion=false")
        .arg("--global.sendanonymoususage=false")
        .env_clear()
        .env("KUBECONFIG", kubeconfig)
        .env("HOME", folder)
        .current_dir(folder);
    let mut part = Part::start(&mut traefik, folder.join("traefik.log"));
    part.wait_until("Traefik", || std::net::TcpStream::connect((ADDRESS, 443)).is_ok());
    part
}

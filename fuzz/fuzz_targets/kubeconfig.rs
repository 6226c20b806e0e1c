//! Kubeconfigs in every shape: none makes a panic, and what is chosen from one can be asked for.
#![no_main]

use certwright_fuzz::kubeconfig::Kubeconfig;
use certwright_fuzz::kubeconfig::proxy::{Variables, of_environment};
use certwright_fuzz::object_ref::is_path_segment;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|bytes: &[u8]| {
    let Ok(kubeconfig) = Kubeconfig::parse(bytes, Path::new("/etc/kube/config")) else { return };
    let _ = kubeconfig.nothing_chosen();
    let merged = kubeconfig.clone().merge(kubeconfig);
    let Ok(Some(target)) = merged.choose(None) else { return };
    assert!(target.server.host().is_some_and(|host| !host.is_empty()));
    assert!(matches!(target.server.scheme_str(), Some("http" | "https")));
    assert!(target.namespace.as_deref().is_none_or(is_path_segment));
    // What the client library does with every request's path.
    let base = target.server.path().trim_end_matches('/');
    let path = format!("{base}/api/v1/namespaces/shop/secrets");
    let authority = target.server.authority().expect("a URL with a host has one").as_str();
    http::Uri::builder()
        .scheme(target.server.scheme_str().unwrap_or_default())
        .authority(authority)
        .path_and_query(path)
        .build()
        .expect("it makes a URL");
    let text = String::from_utf8_lossy(bytes.get(..64).unwrap_or(bytes));
    let variables = Variables { https: Some(&text), http: Some(&text), no: Some(&text) };
    let _ = of_environment(variables, &target.server);
});

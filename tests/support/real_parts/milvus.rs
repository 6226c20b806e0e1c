//! The real Milvus, standalone, behind TLS.
//!
//! Knows how it is started from the Helm values and the pair that certwright made. Refuses to know
//! who connects.

use super::{Part, RealParts, here};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Where Milvus serves gRPC.
pub const PORT: u16 = 19_530;

/// Where the Helm chart mounts the pair; in a test another folder.
const MOUNTED: &str = "/etc/milvus/certs";

/// Starts Milvus with the `user.yaml` of the Helm values, the pair in `tls` being what the chart
/// mounts, and waits until it says that it is healthy.
pub fn start(parts: &RealParts, folder: &Path, user_yaml: &str, tls: &Path) -> Part {
    assert!(user_yaml.contains(MOUNTED), "{user_yaml}");
    let user_yaml = user_yaml.replace(MOUNTED, &tls.display().to_string());
    let user: Value = serde_saphyr::from_str(&user_yaml).expect("it is YAML");
    fs::write(folder.join("user.json"), user.to_string()).expect("the folder can be written");
    let mut python = parts.python();
    python.arg(here("tests/support/real_parts/run_milvus.py")).arg(folder);
    python.env("HOME", folder);
    let log = folder.join("milvus.log");
    // It ends its whole process group at its end, so it gets one.
    std::os::unix::process::CommandExt::process_group(&mut python, 0);
    let mut part = Part::start(&mut python, log.clone());
    part.wait_until("Milvus", || {
        fs::read_to_string(&log).is_ok_and(|log| log.contains("ready 9091"))
    });
    part
}

//! The parts of certwright that are fuzzed, and nothing else of it: `src/x509`, `src/manifest`,
//! `src/apply/manifest_edit` and `src/cluster/kubeconfig` as they stand there.
//!
//! They are pure and stand on `redact`, `rarely`, `object_ref`, `instant`, `duration` and each other alone (`tests/cases/tidy/table.rs`
//! holds that).

#[path = "../src/duration.rs"]
pub mod duration;
#[path = "../src/instant.rs"]
pub mod instant;
#[path = "../src/cluster/kubeconfig/mod.rs"]
pub mod kubeconfig;
#[path = "../src/manifest/mod.rs"]
pub mod manifest;
#[path = "../src/apply/manifest_edit/mod.rs"]
pub mod manifest_edit;
#[path = "../src/object_ref/mod.rs"]
pub mod object_ref;
#[path = "../src/rarely.rs"]
pub mod rarely;
#[path = "../src/redact.rs"]
pub mod redact;
#[path = "../src/x509/mod.rs"]
pub mod x509;

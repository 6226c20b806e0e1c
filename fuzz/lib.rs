//! The part of certwright that is fuzzed, and nothing else of it: `src/x509` as it stands there.
//!
//! `x509` is pure and stands on `redact` alone (`tests/cases/tidy/table.rs` holds that).

#[path = "../src/redact.rs"]
pub mod redact;
#[path = "../src/x509/mod.rs"]
pub mod x509;

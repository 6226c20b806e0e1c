//@ src/audit/mod.rs
//! An audit at whatever instant it happens to run.

use std::time::{self, Duration};
use time::OffsetDateTime;

fn now() {
    time::SystemTime::now(); //~ must-never-see
}

//@ src/audit/policy.rs
//! The same by the time crate, through a rename, in a macro and behind a glob.

use ::time as clock;
use x509_parser::prelude::*;

fn now() {
    let now = clock::OffsetDateTime::now_utc(); //~ must-never-see
    assert!(before < clock::UtcDateTime::now()); //~ must-never-see
    ASN1Time::now(); //~ must-never-see
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() {
        clock::UtcDateTime::now(); //~ must-never-see
    }
}

//! The certificates alone, PEM, as `inspect -o pem` writes them.

use super::Inspected;
use crate::render::page::Page;
use std::io::{self, Write};

/// Writes what each object holds, one behind the other.
pub(in crate::render) fn write(inspected: &Inspected<'_>, out: &mut Page<'_>) -> io::Result<()> {
    inspected.certificates.iter().try_for_each(|pem| out.write_all(pem))
}

//! Manifests that can be applied, as JSON and as YAML: nothing in them is masked.

use super::page::Page;
use super::{json, yaml};
use serde_json::Value;
use std::io::{self, Write};
use zeroize::Zeroizing;

/// Writes one JSON document for each.
pub(super) fn write_json(manifests: &[Value], out: &mut Page<'_>) -> io::Result<()> {
    manifests.iter().try_for_each(|manifest| json::write_manifest(manifest, out))
}

/// Writes one YAML document for each, apart where there are several.
pub(super) fn write_yaml(manifests: &[Value], out: &mut Page<'_>) -> io::Result<()> {
    for manifest in manifests {
        if manifests.len() > 1 {
            writeln!(out, "---")?;
        }
        let text = Zeroizing::new(yaml::text(manifest).map_err(io::Error::other)?);
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

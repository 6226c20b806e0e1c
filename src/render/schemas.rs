//! JSON Schemas of the documents that commands write: those of `schema/`, by the commands' names.
//!
//! Knows which schema is for which document. Refuses to know what stands in one: the wire structs beside
//! the formats say that, and a test holds the two together.

use super::layout::Columns;
use super::page::Page;
use std::io::{self, Write as _};

/// The schema of a document.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// The name in `certwright.dev/NAME/v1`.
    pub name: &'static str,
    /// Which command writes it.
    pub help: &'static str,
    /// The schema itself (draft 2020-12).
    pub text: &'static str,
}

/// What all commands print that write.
const PLAN: &str = include_str!("../../schema/plan.json");

/// Every schema, in the order of the help.
pub const SCHEMAS: &[Schema] = &[
    of("check", "check -o json", include_str!("../../schema/check.json")),
    of("inspect", "inspect -o json", include_str!("../../schema/inspect.json")),
    of("verify", "verify -o json", include_str!("../../schema/verify.json")),
    of(
        "managed-status",
        "managed status -o json",
        include_str!("../../schema/managed-status.json"),
    ),
    of("explain", "explain -o json", include_str!("../../schema/explain.json")),
    of("calendar", "check --calendar -o json", include_str!("../../schema/calendar.json")),
    of("policy", "check --policy FILE", include_str!("../../schema/policy.json")),
    of("baseline", "check --write-baseline", include_str!("../../schema/baseline.json")),
    of("notify", "check --notify URL", include_str!("../../schema/notify.json")),
    of("rotation-plan", "rotate --plan-out FILE", include_str!("../../schema/rotation-plan.json")),
    of("issue", "issue -o json", PLAN),
    of("import", "import -o json", PLAN),
    of("convert", "convert -o json", PLAN),
    of("rotate", "rotate -o json", PLAN),
    of("rollback", "rollback -o json", PLAN),
    of("bootstrap", "bootstrap -o json", PLAN),
    of("managed-create", "managed create -o json", PLAN),
    of("managed-wait", "managed wait -o json", PLAN),
    of("managed-set-domains", "managed set-domains -o json", PLAN),
];

const fn of(name: &'static str, help: &'static str, text: &'static str) -> Schema {
    Schema { name, help, text }
}

/// Writes the schema alone.
///
/// # Errors
/// What the writer says.
pub fn write(schema: &Schema, out: &mut Page<'_>) -> io::Result<()> {
    out.write_all(schema.text.as_bytes())
}

/// Writes which there are.
///
/// # Errors
/// What the writer says.
pub fn write_list(out: &mut Page<'_>) -> io::Result<()> {
    let mut table = Columns::new(vec!["SCHEMA", "OF"], false);
    for schema in SCHEMAS {
        table.row([schema.name.to_owned(), format!("certwright {}", schema.help)]);
    }
    table.write(out)
}

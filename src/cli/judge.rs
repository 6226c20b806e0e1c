//! The flags that say how to judge, and what the judgement does to the exit code.

use super::values::{Word, words};
use crate::audit::Platform;
use crate::audit::finding::Severity;
use crate::exit::FailOn;
use crate::instant;
use clap::Args;
use time::OffsetDateTime;

/// How to judge.
#[derive(Clone, Copy, Debug, Args)]
pub struct JudgeArgs {
    /// Whether GKE's rules apply to an Ingress without a class
    #[arg(long, value_name = "WHERE", default_value = "auto", value_parser = words(PLATFORMS))]
    pub platform: Platform,
    /// Minimum severity of findings that exits with 1
    #[arg(long, value_name = "SEVERITY", default_value = "warning", value_parser = words(SEVERITIES))]
    pub fail_on: FailOn,
    /// Evaluate as of this time (2027-01-31, 2027-01-31T12:00:00Z), instead of now
    #[arg(long, value_name = "INSTANT", value_parser = instant::parse_or_date)]
    pub at: Option<OffsetDateTime>,
}

/// `--platform`.
const PLATFORMS: &[Word<Platform>] = &[
    ("auto", "When GKE's own kinds are there", Platform::Auto),
    ("gke", "They do", Platform::Gke),
    ("other", "They do not", Platform::Other),
];

/// `--fail-on`.
pub(super) const SEVERITIES: &[Word<FailOn>] = &[
    ("error", "Errors", FailOn::AtLeast(Severity::Error)),
    ("warning", "Warnings and errors", FailOn::AtLeast(Severity::Warning)),
    ("info", "Anything", FailOn::AtLeast(Severity::Info)),
    ("never", "Nothing", FailOn::Never),
];

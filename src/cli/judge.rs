//! The flags that say how to judge, and what the judgement does to the exit code.

use super::values::{Word, words};
use crate::audit::Platform;
use crate::audit::finding::Severity;
use crate::exit::FailOn;
use crate::instant;
use clap::{Args, ValueHint};
use std::path::PathBuf;
use time::OffsetDateTime;

/// What a policy file sets.
#[derive(Clone, Debug, Args)]
pub struct PolicyArgs {
    /// Judge by this policy: renewal windows, severities and waivers (YAML; certwright explain --schema policy)
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

/// How to judge.
#[derive(Clone, Debug, Args)]
pub struct JudgeArgs {
    /// By which policy
    #[command(flatten)]
    pub by: PolicyArgs,
    /// Also report what does not chain to one of these CAs: a PEM file, or system for those of this machine
    #[arg(long, value_name = "FILE|system", value_hint = ValueHint::FilePath)]
    pub roots: Option<String>,
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

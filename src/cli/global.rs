//! The flags of every command: which cluster, as whom, within what time.

use super::kubectl;
use super::values::ValueError;
use crate::object_ref::check_object_name;
use crate::x509::name;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use time::Duration;

/// Flags of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The kubeconfig file, instead of KUBECONFIG or ~/.kube/config
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The kubeconfig context to use
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// The namespace; with -f, that of objects which name none
    #[arg(short, long, global = true, value_name = "NAME", value_parser = namespace)]
    pub namespace: Option<String>,
    /// User to impersonate
    #[arg(long = "as", global = true, value_name = "USER")]
    pub impersonate: Option<String>,
    /// Group to impersonate; repeatable
    #[arg(long = "as-group", global = true, value_name = "GROUP", requires = "impersonate")]
    pub impersonate_groups: Vec<String>,
    /// How long one request may take (30s, 2m, or seconds as a number); 0 is a day
    #[arg(long, global = true, value_name = "TIME", default_value = "30s", value_parser = kubectl::time_out)]
    pub request_timeout: Duration,
    /// How long the whole command may take (90s, 10m, 1h30m, or seconds); 0 is no limit
    #[arg(long, global = true, value_name = "TIME", value_parser = kubectl::time_out)]
    pub timeout: Option<Duration>,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Verbose: more on stderr
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// `--color`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A namespace is one DNS label (RFC 1123); an empty one is none, as in kubectl.
fn namespace(text: &str) -> Result<String, ValueError> {
    if text.is_empty() {
        return Ok(String::new());
    }
    check_object_name(text)?;
    if text.len() > name::MAX_DNS_LABEL || text.contains('.') {
        return Err(ValueError::Namespace(text.to_owned()));
    }
    Ok(text.to_owned())
}

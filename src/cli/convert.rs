//! `certwright convert`: the words after it.

use super::kubectl;
use super::values::{Word, formats, words};
use crate::render::formats::{Chosen, TABLE, WritePlan};
use clap::Args;
use std::path::PathBuf;

/// `certwright convert`.
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// Files with certificates and perhaps their private key: PEM, DER, PKCS#12 or PKCS#7; - for
    /// standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// What to write
    #[arg(long, value_name = "FORM", value_parser = words(FORMS))]
    pub to: Form,
    /// The file to write; - for standard output, also with a private key
    #[arg(long, value_name = "FILE", conflicts_with = "out_dir")]
    pub out: Option<PathBuf>,
    /// The folder for tls.crt and tls.key (pem), tls.crt.der, tls.key.der and one file for each
    /// certificate above (der), or tls.p12
    #[arg(long, value_name = "DIR")]
    pub out_dir: Option<PathBuf>,
    /// With --to p12: what the entry is called (friendlyName, the alias of keytool) [default: the common
    /// name, or the first name]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The file with the password of PKCS#12 stores that are read; - for standard input [default: none,
    /// or asked for]
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// With --to p12: the file whose first line is the new password (else it is asked for)
    #[arg(long, value_name = "FILE")]
    pub p12_password_file: Option<PathBuf>,
    /// Overwrite what exists
    #[arg(long)]
    pub force: bool,
    /// Write nothing: show which files would be written
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_value = "none", default_missing_value = "client", value_parser = kubectl::client_only, hide_default_value = true)]
    pub dry_run: bool,
    /// How to show what was done
    #[arg(short, long, value_name = "FORMAT", default_value = TABLE, value_parser = formats(|format| format.plan))]
    pub output: Chosen<WritePlan>,
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// PEM.
    Pem,
    /// DER.
    Der,
    /// PKCS#12.
    Pkcs12,
}

/// `--to`.
const FORMS: &[Word<Form>] = &[
    ("pem", "Text, as Kubernetes, nginx and most others read it", Form::Pem),
    ("der", "Bytes, one certificate or key a file", Form::Der),
    ("p12", "PKCS#12, encrypted, for Java and Windows", Form::Pkcs12),
];

/// The examples of its help; a test runs each.
pub(super) const EXAMPLES: &str = help_end!(
    "\
Examples:
  certwright convert shop.p12 --to pem --out-dir pem --password-file password --force
  certwright convert tls.crt tls.key --to p12 --out web.p12 --p12-password-file password --force
  certwright convert tls.crt --to der --out tls.der --force
  certwright convert tls.crt --to pem
  certwright convert tls.crt tls.key --to der --out-dir der --dry-run -o json

"
);

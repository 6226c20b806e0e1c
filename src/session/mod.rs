//! What every command stands on: from flags to a source and a selection, from a result to output
//! and exit, and the error that ends a command.
//!
//! Knows the command line and the parts that read and show. Refuses to know any single command.

pub(crate) mod authority;
pub(crate) mod baseline;
pub(crate) mod ended_backups;
pub(crate) mod ending;
pub(crate) mod error;
pub(crate) mod follow_up;
pub(crate) mod manifest;
pub(crate) mod new_file;
pub(crate) mod new_password;
pub(crate) mod notify;
pub(crate) mod package;
pub(crate) mod policy;
pub(crate) mod record;
pub(crate) mod report;
pub(crate) mod restart;
pub(crate) mod roots;
mod run;
pub(crate) mod source;
pub(crate) mod store;
pub(crate) mod waiting;

pub use error::{CommandError, Result};
pub(crate) use run::{Run, read_file, target};

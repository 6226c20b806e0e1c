//! The report of `check`, a format a file.

pub(super) mod json;
pub(super) mod table;

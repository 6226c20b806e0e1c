//! The report of `check`, a format a file; and the parts of the one for people.

pub mod contexts;
pub(super) mod csv;
pub(super) mod findings;
pub(super) mod github;
mod groups;
mod holders;
mod hosts;
pub(super) mod html;
pub(super) mod json;
pub(super) mod junit;
pub(super) mod lines;
pub(super) mod markdown;
mod markup;
mod place;
pub(super) mod prometheus;
pub(super) mod sarif;
pub(super) mod sum;
pub(super) mod table;
#[cfg(test)]
mod tests;

pub use table::is_cut_in_a_pipe;

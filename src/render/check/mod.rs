//! The report of `check`, a format a file; and the parts of the one for people.

pub mod contexts;
pub(super) mod findings;
mod groups;
mod holders;
mod hosts;
pub(super) mod json;
pub(super) mod lines;
pub(super) mod sum;
pub(super) mod table;
#[cfg(test)]
mod tests;

pub use table::is_cut_in_a_pipe;

//! The report of `inspect`, a format a file; its rows are those of `check`.

pub(super) mod json;
pub(super) mod pem;
mod requests;
mod stores;
pub(super) mod text;

use super::model::Model;

/// What was looked at.
#[derive(Clone, Copy, Debug)]
pub struct Inspected<'i> {
    /// The certificates, and what is to be said of them.
    pub model: Model<'i>,
    /// The certificates of each object, PEM, for the format that writes them anew.
    pub certificates: &'i [Vec<u8>],
}

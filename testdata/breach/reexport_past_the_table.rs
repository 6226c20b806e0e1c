//@ src/plan/mod.rs
//! A plan through which apply would reach audit.

pub(crate) use crate::audit::Finding; //~ reexport
pub use self::step::Step;

mod step;

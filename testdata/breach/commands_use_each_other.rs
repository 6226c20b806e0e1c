//@ src/commands/check.rs
//! A command that borrows a step from its neighbour.

use super::rotate::due; //~ commands-sideways
use crate::commands::{check::Args, rotate}; //~ commands-sideways

fn run() {
    rotate::run();
}

mod tests {
    use super::*;
    use super::super::*; //~ commands-sideways
}

//@ src/commands/rotate.rs
//! The neighbour.

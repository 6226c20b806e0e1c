//@ src/notify.rs
//! A module that nobody thought about. //~ not-in-table

//@ src/commands/check.rs
//! One that uses it, and one that goes around the map.

use crate::notify::mail; //~ not-in-table
use crate::Findings; //~ not-in-table

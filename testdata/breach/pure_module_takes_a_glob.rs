//@ src/gke/limits.rs
//! Globs that bring more than they say.

use crate::*; //~ import-table
use std::*; //~ must-never-see
use std::time::*; //~ must-never-see

//@ src/converge.rs
//! A loop that reads the command line.

fn turn(args: &crate::cli::CheckArgs) {} //~ import-table

//@ src/controller/watch.rs
//! A controller that runs a command.

use crate::{converge, commands::rotate as again, cli::{self, Cli}}; //~ import-table

//@ src/cluster/client.rs
//! A client that knows what it is for.

use crate::plan; //~ import-table
use crate::observation::Observation; //~ import-table

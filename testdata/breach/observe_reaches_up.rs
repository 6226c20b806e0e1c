//@ src/observe/files.rs
//! An observer that knows the commands, by way of its grandparent.

use super::super::commands::check; //~ import-table

fn judge() {
    super::super::audit::audit(); //~ import-table
}

mod inner {
    use super::super::super::plan; //~ import-table
    use self::super::super::cluster;
}

//@ src/observe/files.rs
//! An observer that reads certificates where it should hand on PEM.

use crate::x509::pem;
use crate::x509::{cert::Certificate, pem::Block}; //~ import-table
use crate::x509; //~ import-table

//@ src/redact.rs
use std::fmt; //~ module-doc

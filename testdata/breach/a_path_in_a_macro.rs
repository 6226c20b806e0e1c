//@ src/render/html.rs
//! Paths where the compiler does not look yet.

fn show(out: &mut impl Write) {
    write!(out, "{}", crate::apply::outcome()); //~ import-table
    thread_local! {
        use std::{fmt, fs::File}; //~ must-never-see
        static A: u8 = if true { super::super::world::now() } else { 1 }; //~ import-table
    }
}

//@ src/render/table.rs
//! A renderer with a stream of its own.

use std::io;

fn show() {
    let out = io::stdout().lock(); //~ must-never-see
}

//@ src/gke/presets.rs
//! A file that cannot be judged.

fn open( { //~ not-rust

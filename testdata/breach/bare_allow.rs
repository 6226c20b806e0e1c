//@ src/exit.rs
//! Lints silenced for good.
#![allow(dead_code)] //~ bare-allow

#[allow(clippy::too_many_lines, reason = "long")] //~ bare-allow
fn long() {}

#[cfg_attr(test, allow(unused))] //~ bare-allow
fn sometimes() {}

#[expect(clippy::too_many_lines, reason = "a table reads best in one piece")]
fn table() {}

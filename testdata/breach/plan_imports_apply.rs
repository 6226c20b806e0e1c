//@ src/plan/step.rs
//! A plan that carries itself out.

use crate::apply::run; //~ import-table

fn go() {
    run();
}

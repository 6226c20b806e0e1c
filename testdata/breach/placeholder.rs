//@ src/world.rs
//! Work that is not done.

fn later() {
    todo!() //~ placeholder
}

fn never() {
    std::unimplemented!("ask again"); //~ placeholder
    vec![dbg!(1)]; //~ placeholder
}

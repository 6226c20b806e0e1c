//@ src/inventory/absorb.rs
//! An inventory that looks for itself.

use std as s;
use std::net::IpAddr;

fn look() {
    let body = std::fs::read("a.pem"); //~ must-never-see
    let home = s::env::var("HOME"); //~ must-never-see
    let socket = std::net::TcpStream::connect("a:443"); //~ must-never-see
    std::process::exit(1); //~ must-never-see
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs; //~ must-never-see

    fn sample() -> String {
        fs::read_to_string("sample.pem")
    }
}

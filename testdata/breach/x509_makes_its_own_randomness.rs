//@ src/x509/issue.rs
//! An issuer with dice of its own.

use rcgen::KeyPair;
use ring::rand::{SecureRandom, SystemRandom}; //~ must-never-see

fn key() {
    KeyPair::generate(); //~ must-never-see
}

//@ src/plan/rotation.rs
//! A plan that rolls dice it was handed.

use ring::rand::SecureRandom; //~ must-never-see

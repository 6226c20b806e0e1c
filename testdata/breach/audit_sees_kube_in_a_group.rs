//@ src/audit/rules/expired.rs
//! A rule that asks the server.

use {
    crate::inventory::Inventory,
    kube::{
        Api, //~ must-never-see
        api::{ListParams, ObjectMeta as Meta}, //~ must-never-see
    },
};
use std::{collections::BTreeMap, time::{Duration, SystemTime}}; //~ must-never-see

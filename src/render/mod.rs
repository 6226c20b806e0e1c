//! Rendering: reports, plans and outcomes as text and JSON.
//!
//! Knows output formats; wire structs live and die here, so that changing a domain type cannot
//! change JSON by accident. Every string that came from outside is made harmless on its way out.
//! Refuses to know where the bytes go.

pub mod check;
mod clients;
pub mod explain;
pub mod harmless;
pub mod inspect;
pub mod inspected;
pub mod json;
mod layout;
pub mod managed;
pub mod progress;
pub mod rotation;
pub mod usage;
pub mod verify;
mod wire;
pub mod yaml;

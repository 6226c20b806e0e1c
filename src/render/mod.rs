//! Rendering: reports, plans and outcomes, each in every format it has.
//!
//! Knows output formats: [`formats`] is the list of them. A document has its own folder with a file
//! a format; [`model`] is what reports have to tell, row by row, before any format shortens it. Wire
//! structs live and die here, so that changing a domain type cannot change JSON by accident. Every
//! string that came from outside is made harmless on its way out. Refuses to know where the bytes go.

pub mod calendar;
pub mod check;
mod clients;
pub mod completion;
pub mod deploy;
pub mod explain;
pub mod formats;
pub mod harmless;
pub mod inspect;
mod json;
mod layout;
pub mod managed;
mod manifests;
pub mod model;
pub mod notify;
pub mod page;
pub mod plan;
pub mod progress;
pub mod schemas;
mod unread;
pub mod usage;
pub mod verify;
mod wire;
pub mod yaml;

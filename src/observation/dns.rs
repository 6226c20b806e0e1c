//! What DNS showed of a name: where it leads, and which CAs may issue for it.
//!
//! Knows that a lookup may fail, which is never the same as an empty answer. Refuses to know where
//! a name should lead.

use crate::gke::caa::CaaRecord;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A name the inventory has not been shown yet; lower case, without a dot at the end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameQuestion {
    /// Its A and AAAA records, through its CNAME records.
    Addresses(String),
    /// The CAA records that hold for it: its own, else those of the nearest parent that has some
    /// (RFC 8659 §3).
    Issuers(String),
}

/// Where a name leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressesSeen {
    /// The name, as it was asked for.
    pub host: String,
    /// Where its CNAME records lead, in order; the last one has the addresses.
    pub aliases: Vec<String>,
    /// A records, sorted: servers turn their order round; none when they could not be looked up, which an `Unseen` tells of.
    pub v4: Option<Vec<Ipv4Addr>>,
    /// AAAA records, sorted; none when they could not be looked up.
    pub v6: Option<Vec<Ipv6Addr>>,
    /// Whether there is no such name (NXDOMAIN): the name itself, or the last of its aliases.
    pub no_name: bool,
}

/// Which CAs may issue for a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IssuersSeen {
    /// The name, as it was asked for.
    pub host: String,
    /// The name that has the records: the host, a parent, or what one of them is an alias of.
    pub at: String,
    /// Its CAA records, sorted, empty when there are none anywhere; none when they could not be looked
    /// up, which an `Unseen` tells of.
    pub records: Option<Vec<CaaRecord>>,
}

//! What one file of certificates to pin is to hold, for several hosts: each pin with its hosts.
//!
//! Decides from the trust of each connection. Refuses to know files and bytes.

use super::connections::Connection;
use super::trust::{Pin, Trust};
use crate::object_ref::ObjectRef;
use std::collections::{BTreeMap, BTreeSet};

/// What clients of these hosts are to trust, each host by the name to connect by.
#[derive(Debug, Default)]
pub struct Pins<'c> {
    /// What is to be pinned, each once, and for which hosts.
    pub pins: Vec<(&'c Pin, Vec<&'c str>)>,
    /// Hosts whose CA clients trust already.
    pub public: Vec<&'c str>,
    /// Hosts of which no Secret tells.
    pub unknown: Vec<&'c str>,
    /// What serves the hosts that are pinned.
    frontends: BTreeSet<&'c ObjectRef>,
}

impl<'c> Pins<'c> {
    /// Those of these connections, in their order.
    #[must_use]
    pub fn of(connections: &'c [Connection<'_>]) -> Self {
        let mut told = Self::default();
        let mut places: BTreeMap<(&ObjectRef, &[[u8; 32]]), usize> = BTreeMap::new();
        for connection in connections {
            let host = connection.host.as_str();
            let pin = match &connection.trust {
                Trust::Public => {
                    told.public.push(host);
                    continue;
                }
                Trust::Unknown => {
                    told.unknown.push(host);
                    continue;
                }
                Trust::Pin(pin) => pin,
            };
            told.frontends.insert(&connection.frontend.object);
            let place = *places.entry((&pin.secret, &pin.certificates)).or_insert(told.pins.len());
            match told.pins.get_mut(place) {
                Some((_, hosts)) => hosts.push(host),
                None => told.pins.push((pin, vec![host])),
            }
        }
        told
    }

    /// Whether one file of all would have clients of one Ingress trust what is only another's.
    #[must_use]
    pub fn mixes_ingresses(&self) -> bool {
        let sets: BTreeSet<&[[u8; 32]]> =
            self.pins.iter().map(|(pin, _)| pin.certificates.as_slice()).collect();
        self.frontends.len() > 1 && sets.len() > 1
    }

    /// The pins, each without the certificates that one before it has already.
    #[must_use]
    pub fn without_repeats(&self) -> Vec<Pin> {
        let mut known = BTreeSet::new();
        let fresh = |(pin, _): &(&Pin, Vec<&str>)| {
            let certificates = pin.certificates.iter().copied().filter(|sum| known.insert(*sum));
            Pin { certificates: certificates.collect(), ..(*pin).clone() }
        };
        let pins: Vec<Pin> = self.pins.iter().map(fresh).collect();
        pins.into_iter().filter(|pin| !pin.certificates.is_empty()).collect()
    }
}

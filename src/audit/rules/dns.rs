//! What the rules about DNS share: for each host where it should lead, and where it leads.
//!
//! Knows that a load balancer's address may be a host name, that a host may have one load balancer
//! for each address family, and that a resolver may make AAAA records up (DNS64, RFC 6147). Judges
//! nothing by itself.

use crate::inventory::dns::{AddressFacts, Reach, Target, plain};
use crate::inventory::frontend::Frontend;
use crate::inventory::{Inventory, ObjectFacts};
use crate::object_ref::ObjectRef;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// A host that was looked up, and who is to serve it.
pub(super) struct ResolvedHost<'i> {
    pub target: Target<'i>,
    pub seen: &'i AddressFacts,
    /// The frontend that a finding is about: the first that is reported.
    pub frontend: &'i Frontend,
}

/// Those of these hosts whose addresses were looked up.
pub(super) fn led<'i>(inventory: &'i Inventory, targets: &[Target<'i>]) -> Vec<ResolvedHost<'i>> {
    if !inventory.dns_was_asked() {
        return Vec::new();
    }
    let with_answer = |target: &Target<'i>| {
        let seen = inventory.addresses_of(&target.host)?;
        let reported = |frontend: &&&Frontend| inventory.is_reported(&frontend.object);
        let frontend =
            target.frontends.iter().find(reported).or(target.frontends.first()).copied()?;
        Some(ResolvedHost { target: target.clone(), seen, frontend })
    };
    targets.iter().filter(|target| target.has_address()).filter_map(with_answer).collect()
}

impl<'i> ResolvedHost<'i> {
    pub fn host(&self) -> &str {
        &self.target.host
    }

    /// Whether an answer that there is nothing means that something is missing: not of a wildcard,
    /// for the names below it may have records of their own, and not of a private name, which
    /// another DNS server may know.
    pub fn should_be_there(&self) -> bool {
        !self.host().starts_with("*.") && Reach::of(self.host()) == Reach::Public
    }

    /// ManagedCertificates that list the host and are served by a frontend.
    pub fn managed(&self) -> impl Iterator<Item = &'i ObjectFacts> {
        let all = self.target.managed.iter().copied();
        all.filter(|managed| !self.target.serving(managed).is_empty())
    }

    /// Every object on the other side but this one.
    pub fn others(&self, object: &ObjectRef) -> Vec<ObjectRef> {
        let frontends = self.target.frontends.iter().map(|frontend| &frontend.object);
        let all = frontends.chain(self.managed().map(|managed| &managed.object));
        all.filter(|other| !other.same_object(object)).cloned().collect()
    }

    /// Where the host should lead: to the addresses of all its frontends.
    pub fn wanted(&self, inventory: &Inventory) -> Wanted {
        Wanted::of(inventory, &self.target.frontends)
    }

    /// Addresses of A records that lead elsewhere.
    pub fn stray_v4(&self, wanted: &Wanted) -> Vec<IpAddr> {
        let answer = self.seen.v4.iter().flatten().copied();
        self.strays(answer, wanted)
    }

    /// Addresses of AAAA records that lead elsewhere.
    pub fn stray_v6(&self, wanted: &Wanted) -> Vec<IpAddr> {
        let answer = self.seen.v6.iter().flatten().copied();
        self.strays(answer.filter(|address| !is_made_up(*address)), wanted)
    }

    fn strays(&self, answer: impl Iterator<Item = IpAddr>, wanted: &Wanted) -> Vec<IpAddr> {
        let by_name = self.seen.aliases.iter().any(|alias| wanted.names.contains(alias));
        if by_name || !wanted.all_known {
            return Vec::new();
        }
        answer.filter(|address| !wanted.ips.contains(address)).collect()
    }

    /// Every address the host leads to.
    pub fn addresses(&self) -> Vec<IpAddr> {
        let v4 = self.seen.v4.iter().flatten().copied();
        v4.chain(self.seen.v6.iter().flatten().copied()).collect()
    }

    /// The types of its address records: `A`, `AAAA`.
    pub fn kinds(&self) -> Vec<&'static str> {
        let (v4, v6) = (self.seen.v4.iter().flatten().next(), self.seen.v6.iter().flatten().next());
        v4.map(|_| "A").into_iter().chain(v6.map(|_| "AAAA")).collect()
    }

    /// `shop.example (an alias of shop.cdn.example)`.
    pub fn name(&self) -> String {
        match self.seen.aliases.last() {
            Some(last) => format!("{} (an alias of {last})", self.host()),
            None => self.host().to_owned(),
        }
    }

    /// What to write into the zone so that the host leads where it should.
    pub fn records(&self, wanted: &Wanted) -> String {
        let host = self.host();
        let record = |address: &IpAddr| match address {
            IpAddr::V4(address) => format!("{host}. A {address}"),
            IpAddr::V6(address) => format!("{host}. AAAA {address}"),
        };
        // A name is no address: the balancer's may change, and its name stays.
        let names: Vec<String> =
            wanted.names.iter().map(|name| format!("{host}. CNAME {name}.")).collect();
        let records: Vec<String> = wanted.own_ips.iter().map(record).collect();
        if records.is_empty() { names.join(" or ") } else { records.join(" and ") }
    }
}

/// Whether a resolver made the AAAA record up from an A record: `64:ff9b::/96` (RFC 6052 §2.1).
fn is_made_up(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => address.segments().starts_with(&[0x64, 0xff9b, 0, 0, 0, 0]),
    }
}

/// Where a host should lead.
pub(super) struct Wanted {
    /// Addresses that the frontends have as such.
    own_ips: BTreeSet<IpAddr>,
    /// The same, and those that their host names lead to.
    pub ips: BTreeSet<IpAddr>,
    /// Addresses of the frontends that are host names.
    pub names: BTreeSet<String>,
    /// Whether every frontend has its address, and every host name among them was looked up:
    /// otherwise an address that seems to lead elsewhere may be right.
    all_known: bool,
}

impl Wanted {
    /// The addresses of these frontends.
    pub fn of(inventory: &Inventory, frontends: &[&Frontend]) -> Self {
        let mut wanted = Self {
            own_ips: BTreeSet::new(),
            ips: BTreeSet::new(),
            names: BTreeSet::new(),
            all_known: true,
        };
        for frontend in frontends {
            wanted.all_known &= !frontend.addresses.is_empty();
            for address in &frontend.addresses {
                wanted.add(inventory, address);
            }
        }
        wanted
    }

    fn add(&mut self, inventory: &Inventory, address: &str) {
        if let Ok(ip) = address.parse::<IpAddr>() {
            self.own_ips.insert(ip);
            self.ips.insert(ip);
            return;
        }
        let name = plain(address);
        let seen = inventory.addresses_of(&name);
        match seen.and_then(|seen| seen.v4.as_ref().zip(seen.v6.as_ref())) {
            Some((v4, v6)) => {
                self.ips.extend(v4.iter().copied());
                self.ips.extend(v6.iter().copied());
            }
            None => self.all_known = false,
        }
        self.names.insert(name);
    }

    /// `203.0.113.20, lb.example`: the addresses as the frontends have them.
    pub fn shown(&self) -> String {
        let ips = self.own_ips.iter().map(ToString::to_string);
        ips.chain(self.names.iter().cloned()).collect::<Vec<_>>().join(", ")
    }

    pub fn has_v4(&self) -> bool {
        self.ips.iter().any(IpAddr::is_ipv4)
    }
}

/// `198.51.100.9, 2001:db8::9`.
pub(super) fn shown(addresses: &[IpAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

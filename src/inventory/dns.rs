//! Names and DNS: which hosts should lead to which frontends, and what DNS said of them.
//!
//! Knows that a host may be served by several frontends, one for each address family, and that a
//! ManagedCertificate wants domains beside the hosts of rules. Refuses to call anything a fault.

use super::frontend::Frontend;
use super::key::{ObjectKey, at};
use super::{Inventory, ObjectFacts};
use crate::gke::caa::CaaRecord;
use crate::object_ref::Kind;
use crate::observation::dns::{AddressesSeen, IssuersSeen, NameQuestion};
use crate::x509::name::check_dns_name;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// What DNS said, by name.
#[derive(Debug, Default)]
pub(super) struct DnsFacts {
    pub addresses: BTreeMap<String, AddressFacts>,
    pub issuers: BTreeMap<String, IssuerFacts>,
}

/// Where a name leads.
#[derive(Debug)]
pub struct AddressFacts {
    /// Where its CNAME records lead, in order; the last one has the addresses.
    pub aliases: Vec<String>,
    /// IPv4 addresses; none when they could not be looked up.
    pub v4: Option<Vec<IpAddr>>,
    /// IPv6 addresses; none when they could not be looked up.
    pub v6: Option<Vec<IpAddr>>,
    /// How it is that there is no address at all; none when there is one, or it is not known.
    pub lack: Option<Lack>,
}

/// How a name has no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The name, or the last of its aliases, does not exist (NXDOMAIN).
    NoName,
    /// It exists and has neither A nor AAAA (NODATA).
    NoAddress,
    /// Its CNAME records lead in a circle.
    Circle,
}

/// Which CAs may issue for a name.
#[derive(Debug)]
pub struct IssuerFacts {
    /// The name that has the records: the host, a parent, or what one of them is an alias of.
    pub at: String,
    /// The CAA records, empty when there are none anywhere; none when they could not be looked up.
    pub records: Option<Vec<CaaRecord>>,
}

impl AddressFacts {
    fn of(seen: AddressesSeen) -> Self {
        let no_v4 = seen.v4.as_ref().is_some_and(Vec::is_empty);
        let no_v6 = seen.v6.as_ref().is_some_and(Vec::is_empty);
        let lack = (no_v4 && no_v6).then(|| match seen.aliases.split_last() {
            Some((last, before)) if *last == seen.host || before.contains(last) => Lack::Circle,
            _ if seen.no_name => Lack::NoName,
            _ => Lack::NoAddress,
        });
        Self {
            lack,
            aliases: seen.aliases,
            v4: seen.v4.map(|found| found.into_iter().map(IpAddr::from).collect()),
            v6: seen.v6.map(|found| found.into_iter().map(IpAddr::from).collect()),
        }
    }
}

impl DnsFacts {
    pub fn absorb_addresses(&mut self, seen: AddressesSeen) {
        self.addresses.insert(seen.host.clone(), AddressFacts::of(seen));
    }

    pub fn absorb_issuers(&mut self, seen: IssuersSeen) {
        let facts = IssuerFacts { at: seen.at, records: seen.records };
        self.issuers.insert(seen.host, facts);
    }
}

/// A host, and who is to serve it.
#[derive(Clone, Debug)]
pub struct Target<'i> {
    /// The host: lower case, without a dot at the end; it may be a wildcard.
    pub host: String,
    /// Every frontend that names it, or names a ManagedCertificate that lists it.
    pub frontends: Vec<&'i Frontend>,
    /// Every ManagedCertificate that lists it.
    pub managed: Vec<&'i ObjectFacts>,
}

/// Whose DNS knows a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everybody's.
    Public,
    /// One of a company or a home: that another does not know it says nothing.
    Private,
    /// None: another way of finding a host is meant, or no host at all.
    None,
}

/// Ends of names that DNS does not know: RFC 6761 (localhost, invalid), RFC 6762 (local), RFC 7686
/// (onion), and those of a cluster's own DNS.
const NOT_IN_DNS: [&str; 5] = ["localhost", "invalid", "local", "onion", "svc"];
/// Ends that are set aside for private use: RFC 6761 (test), RFC 8375 (home.arpa), and ICANN's
/// reservation of `internal` (2024).
const PRIVATE: [&str; 3] = ["internal", "home.arpa", "test"];

impl Reach {
    /// Of this name.
    #[must_use]
    pub fn of(host: &str) -> Self {
        let under = |end: &&str| host.strip_suffix(*end).is_some_and(|rest| rest.ends_with('.'));
        let no_host = !host.contains('.') || check_dns_name(host).is_err();
        if no_host || NOT_IN_DNS.iter().any(under) {
            Self::None
        } else if PRIVATE.iter().any(under) {
            Self::Private
        } else {
            Self::Public
        }
    }
}

impl<'i> Target<'i> {
    /// The frontends that serve this ManagedCertificate.
    #[must_use]
    pub fn serving(&self, managed: &ObjectFacts) -> Vec<&'i Frontend> {
        let all = self.frontends.iter().copied();
        all.filter(|frontend| frontend.names_managed(managed)).collect()
    }

    /// Whether there is an address that the host could lead to.
    #[must_use]
    pub fn has_address(&self) -> bool {
        self.frontends.iter().any(|frontend| !frontend.addresses.is_empty())
    }
}

impl Inventory {
    /// Every host of the report with who is to serve it, also by frontends that are not reported.
    #[must_use]
    pub fn targets(&self) -> Vec<Target<'_>> {
        let mut targets: BTreeMap<String, Target<'_>> = BTreeMap::new();
        for (frontend, demand) in self.demands() {
            entry(&mut targets, &demand.host).frontends.push(frontend);
        }
        let mut namers: BTreeMap<ObjectKey, Vec<&Frontend>> = BTreeMap::new();
        for frontend in self.frontends() {
            for name in &frontend.managed_names {
                let namespace = frontend.object.namespace();
                let managed = ObjectKey::new(Kind::ManagedCertificate, namespace, name);
                namers.entry(managed).or_default().push(frontend);
            }
        }
        for facts in self.objects_of(Kind::ManagedCertificate) {
            let namers = namers.get(at(&facts.object)).map_or(&[][..], Vec::as_slice);
            for domain in &facts.managed().domains {
                let target = entry(&mut targets, domain);
                target.managed.push(facts);
                for frontend in namers {
                    if !target.frontends.iter().any(|known| std::ptr::eq(*known, *frontend)) {
                        target.frontends.push(frontend);
                    }
                }
            }
        }
        targets.into_values().filter(|target| self.is_target(target)).collect()
    }

    fn is_target(&self, target: &Target<'_>) -> bool {
        self.selection.is_everything()
            || target.frontends.iter().any(|frontend| self.is_reported(&frontend.object))
    }

    /// Names that DNS was not asked for yet. A host is compared only with an address there is; CAA
    /// records matter to public CAs, and so only where a ManagedCertificate wants the host.
    #[must_use]
    pub fn open_names(&self) -> Vec<NameQuestion> {
        let mut open = BTreeSet::new();
        for target in self.targets() {
            let reach = Reach::of(&target.host);
            if reach != Reach::None && target.has_address() {
                let named = target.frontends.iter().flat_map(|frontend| frontend.address_names());
                let names = named.filter(|name| Reach::of(name) != Reach::None);
                open.extend(names.map(NameQuestion::Addresses));
                open.insert(NameQuestion::Addresses(target.host.clone()));
            }
            if reach == Reach::Public && !target.managed.is_empty() {
                open.insert(NameQuestion::Issuers(target.host.clone()));
            }
        }
        open.retain(|question| match question {
            NameQuestion::Addresses(name) => self.addresses_of(name).is_none(),
            NameQuestion::Issuers(name) => self.issuers_of(name).is_none(),
        });
        open.into_iter().collect()
    }

    /// Whether DNS was asked for anything.
    #[must_use]
    pub fn dns_was_asked(&self) -> bool {
        !self.dns.addresses.is_empty() || !self.dns.issuers.is_empty()
    }

    /// What DNS said of the addresses of this name, if it was asked.
    #[must_use]
    pub fn addresses_of(&self, name: &str) -> Option<&AddressFacts> {
        self.dns.addresses.get(name)
    }

    /// What DNS said of the CAs of this name, if it was asked.
    #[must_use]
    pub fn issuers_of(&self, name: &str) -> Option<&IssuerFacts> {
        self.dns.issuers.get(name)
    }
}

impl Frontend {
    /// Its addresses that are host names, as a cloud's load balancer may have.
    fn address_names(&self) -> impl Iterator<Item = String> {
        let names = self.addresses.iter().filter(|address| address.parse::<IpAddr>().is_err());
        names.map(|name| plain(name))
    }
}

fn entry<'t, 'i>(targets: &'t mut BTreeMap<String, Target<'i>>, host: &str) -> &'t mut Target<'i> {
    let host = plain(host);
    targets.entry(host.clone()).or_insert(Target {
        host,
        frontends: Vec::new(),
        managed: Vec::new(),
    })
}

/// The name as it is compared: lower case, without a dot at the end.
#[must_use]
pub fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_never_lacking() {
        let some = |address: &str| Some(vec![address.parse().expect("an address")]);
        for (aliases, v4, v6, no_name, lack) in [
            (&[][..], Some(vec![]), Some(vec![]), true, Some(Lack::NoName)),
            (&[], Some(vec![]), Some(vec![]), false, Some(Lack::NoAddress)),
            (&["b"], Some(vec![]), Some(vec![]), true, Some(Lack::NoName)),
            (&["b", "a"], Some(vec![]), Some(vec![]), false, Some(Lack::Circle)),
            (&["b", "c", "b"], Some(vec![]), Some(vec![]), false, Some(Lack::Circle)),
            (&[], some("203.0.113.7"), Some(vec![]), false, None),
            (&[], None, Some(vec![]), false, None),
            (&[], Some(vec![]), None, true, None),
            (&[], None, None, false, None),
        ] {
            let aliases = aliases.iter().map(|&alias: &&str| alias.to_owned()).collect();
            let seen = AddressesSeen { host: "a".to_owned(), aliases, v4, v6, no_name };
            let shown = format!("{seen:?}");
            assert_eq!(AddressFacts::of(seen).lack, lack, "{shown}");
        }
    }

    #[test]
    fn only_names_that_dns_can_know_are_asked_for() {
        for (host, reach) in [
            ("shop.example", Reach::Public),
            ("*.shop.example", Reach::Public),
            ("a_b.shop.example", Reach::Public),
            ("db.corp.internal", Reach::Private),
            ("nas.home.arpa", Reach::Private),
            ("shop.test", Reach::Private),
            ("localhost", Reach::None),
            ("shop", Reach::None),
            ("a.localhost", Reach::None),
            ("printer.local", Reach::None),
            ("web.shop.svc", Reach::None),
            ("web.shop.svc.cluster.local", Reach::None),
            ("a.invalid", Reach::None),
            ("203.0.113.7", Reach::None),
            ("a..example", Reach::None),
            ("b\u{fc}cher.example", Reach::None),
            ("notinternal.example", Reach::Public),
            ("internal", Reach::None),
        ] {
            assert_eq!(Reach::of(host), reach, "{host}");
        }
    }
}

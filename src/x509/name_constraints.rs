//! Name constraints (RFC 5280 §4.2.1.10): which names a CA may have certified below it.
//!
//! Knows the forms that leaves have here: hosts, addresses, mailboxes, URIs and the subject. Refuses
//! to know chains and trust.

use super::digest::hex;
use super::dn::{self, Attribute};
use super::san::{self, San};
use std::net::IpAddr;
use x509_parser::extensions::{GeneralName, GeneralSubtree, NameConstraints};

/// What one CA says of the names below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameLimits {
    permitted: Vec<Subtree>,
    excluded: Vec<Subtree>,
}

/// Why a CA may not issue for a name. Both sides are for people, and may hold names from outside.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// The CA must not.
    #[error("its name constraints exclude {constraint}, and {name} falls under that")]
    Excluded {
        /// What is excluded.
        constraint: String,
        /// The name.
        name: String,
    },
    /// The CA may issue for others.
    #[error("its name constraints permit {constraint}, and {name} is outside that")]
    NotPermitted {
        /// What is permitted.
        constraint: String,
        /// The name.
        name: String,
    },
}

/// Names that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Subtree {
    /// A domain and all below it; with a leading dot, only those below it.
    Dns(String),
    /// An address and a mask of its length.
    Ip(Vec<u8>),
    Email(String),
    Uri(String),
    /// Attributes, and all of it as text.
    Directory(Vec<Attribute>, String),
    /// Of a form that no leaf has here.
    Other,
}

impl NameLimits {
    /// Of the extension.
    #[must_use]
    pub fn of(extension: &NameConstraints<'_>) -> Self {
        let read = |listed: &Option<Vec<GeneralSubtree<'_>>>| {
            listed.iter().flatten().map(|one| Subtree::of(&one.base)).collect()
        };
        Self {
            permitted: read(&extension.permitted_subtrees),
            excluded: read(&extension.excluded_subtrees),
        }
    }

    /// Why the CA may not issue for one of the names, or for the subject. None when it
    /// may.
    pub(super) fn forbid(&self, names: &[San], subject: &[Attribute]) -> Option<Forbidden> {
        let asked = names.iter().map(Asked::Name);
        let subject = (!subject.is_empty()).then_some(Asked::Subject(subject));
        asked.chain(subject).find_map(|asked| asked.forbidden(&self.permitted, &self.excluded))
    }

    /// The first host or address that the CA may not issue for: what every client asks that asks
    /// for name constraints at all. Clients do not ask what else a wildcard stands for.
    #[must_use]
    pub fn broken_by<'a>(&self, names: &'a [San]) -> Option<&'a San> {
        names.iter().filter(|name| matches!(name, San::Dns(_) | San::Ip(_))).find(|name| {
            let relation = |one: &Subtree| Asked::Name(name).relation(one);
            let mut permitted = self
                .permitted
                .iter()
                .map(relation)
                .filter(|one| *one != Relation::OtherForm)
                .peekable();
            let outside =
                permitted.peek().is_some() && !permitted.any(|one| one == Relation::Within);
            outside || self.excluded.iter().any(|one| relation(one) == Relation::Within)
        })
    }
}

impl Subtree {
    fn of(base: &GeneralName<'_>) -> Self {
        match base {
            GeneralName::DNSName(text) => Self::Dns((*text).to_owned()),
            GeneralName::RFC822Name(text) => Self::Email((*text).to_owned()),
            GeneralName::URI(text) => Self::Uri((*text).to_owned()),
            GeneralName::IPAddress(bytes) => Self::Ip(bytes.to_vec()),
            GeneralName::DirectoryName(name) => {
                Self::Directory(dn::attributes(name), dn::name_text(name))
            }
            _ => Self::Other,
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Dns(text) if text.is_empty() => "every host".to_owned(),
            Self::Dns(text) | Self::Email(text) | Self::Uri(text) | Self::Directory(_, text) => {
                format!("{text:?}")
            }
            Self::Ip(bytes) => network(bytes),
            Self::Other => "names of another form".to_owned(),
        }
    }
}

/// A name that is asked for.
#[derive(Clone, Copy)]
enum Asked<'a> {
    Name(&'a San),
    Subject(&'a [Attribute]),
}

/// How a name stands to one subtree.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Relation {
    Within,
    /// A wildcard that stands for names within and for others.
    Overlaps,
    Outside,
    /// The subtree is about names of another form.
    OtherForm,
}

impl Asked<'_> {
    fn forbidden(self, permitted: &[Subtree], excluded: &[Subtree]) -> Option<Forbidden> {
        let touches = |subtree: &&Subtree| {
            matches!(self.relation(subtree), Relation::Within | Relation::Overlaps)
        };
        if let Some(subtree) = excluded.iter().find(touches) {
            let constraint = subtree.shown();
            return Some(Forbidden::Excluded { constraint, name: self.shown() });
        }
        let mut of_form =
            permitted.iter().filter(|one| self.relation(one) != Relation::OtherForm).peekable();
        let first = of_form.peek().copied()?;
        if of_form.clone().any(|subtree| self.relation(subtree) == Relation::Within) {
            return None;
        }
        let others = of_form.count() - 1;
        let more = if others > 0 { format!(" and {others} more") } else { String::new() };
        let constraint = format!("{}{more}", first.shown());
        Some(Forbidden::NotPermitted { constraint, name: self.shown() })
    }

    fn relation(self, base: &Subtree) -> Relation {
        let within = |yes: bool| if yes { Relation::Within } else { Relation::Outside };
        match (self, base) {
            (Self::Name(San::Dns(name)), Subtree::Dns(base)) => host_standing(name, base),
            (Self::Name(San::Ip(address)), Subtree::Ip(base)) => address_standing(*address, base),
            (Self::Name(San::Email(address)), Subtree::Email(base)) => {
                let host = address.rsplit('@').next().unwrap_or_default();
                within(if base.contains('@') {
                    address.eq_ignore_ascii_case(base)
                } else {
                    is_host_of(host, base)
                })
            }
            (Self::Name(San::Uri(uri)), Subtree::Uri(base)) => {
                within(host_of(uri).is_some_and(|host| is_host_of(host, base)))
            }
            (Self::Subject(subject), Subtree::Directory(base, _)) => {
                let same = |(one, other): (&Attribute, &Attribute)| {
                    one.kind == other.kind && one.text.eq_ignore_ascii_case(&other.text)
                };
                within(base.len() <= subject.len() && base.iter().zip(subject).all(same))
            }
            _ => Relation::OtherForm,
        }
    }

    fn shown(self) -> String {
        match self {
            Self::Name(name) => name.shown(),
            Self::Subject(subject) => {
                let texts: Vec<&str> = subject.iter().map(|one| one.text.as_str()).collect();
                format!("the subject {:?}", texts.join(", "))
            }
        }
    }
}

/// A host is within a domain that is the same or ends it at a dot; a leading dot wants one label
/// more, as Go and OpenSSL have it. The empty domain holds every host.
fn host_standing(name: &str, base: &str) -> Relation {
    let (name, base) = (name.to_ascii_lowercase(), base.to_ascii_lowercase());
    let domain = base.strip_prefix('.').unwrap_or(&base);
    let below = |name: &str, domain: &str| {
        name.strip_suffix(domain).is_some_and(|head| head.is_empty() || head.ends_with('.'))
    };
    if domain.is_empty() || (below(&name, domain) && (name != domain || base == domain)) {
        return Relation::Within;
    }
    // `*.corp.example` stands for `a.corp.example` too, and for nothing with more labels.
    match name.strip_prefix("*.") {
        Some(rest) if domain.split_once('.').is_some_and(|(_, above)| above == rest) => {
            Relation::Overlaps
        }
        _ => Relation::Outside,
    }
}

/// A constraint is an address and a mask of its length.
fn address_standing(address: IpAddr, base: &[u8]) -> Relation {
    let octets = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    // The two versions of IP are one form: a network of one permits no address of the other.
    if base.len() != 2 * octets.len() {
        return Relation::Outside;
    }
    let (network, mask) = base.split_at(octets.len());
    let same =
        octets.iter().zip(network).zip(mask).all(|((one, other), mask)| one & mask == other & mask);
    if same { Relation::Within } else { Relation::Outside }
}

/// For mailboxes and URIs, a leading dot means any host below, and none that one host.
fn is_host_of(host: &str, base: &str) -> bool {
    if base.starts_with('.') {
        let (host, base) = (host.to_ascii_lowercase(), base.to_ascii_lowercase());
        return host.ends_with(&base) && host.len() > base.len();
    }
    host.eq_ignore_ascii_case(base)
}

/// The host of a URI, without user and port; none where it names none.
fn host_of(uri: &str) -> Option<&str> {
    let (_, behind) = uri.split_once("://")?;
    let authority = behind.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = if host.starts_with('[') { host } else { host.split(':').next()? };
    (!host.is_empty()).then_some(host)
}

/// `10.0.0.0/255.0.0.0`; bytes that are no network in hex.
fn network(bytes: &[u8]) -> String {
    let (network, mask) = bytes.split_at(bytes.len() / 2);
    match (san::address(network), san::address(mask)) {
        (Some(network), Some(mask)) => format!("{network}/{mask}"),
        _ => hex(bytes),
    }
}

#[cfg(test)]
mod tests;

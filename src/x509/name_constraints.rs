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
mod tests {
    use super::super::{cert, oid};
    use super::*;
    use rcgen::{BasicConstraints, DistinguishedName, DnType};
    use rcgen::{CertificateParams, CidrSubnet, IsCa, KeyPair};

    fn ca(
        permitted: Vec<rcgen::GeneralSubtree>,
        excluded: Vec<rcgen::GeneralSubtree>,
    ) -> NameLimits {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.name_constraints = Some(rcgen::NameConstraints {
            permitted_subtrees: permitted,
            excluded_subtrees: excluded,
        });
        let key = include_str!("../../testdata/pki/ec-p256-01.pem");
        let key = KeyPair::from_pem(key).expect("the key is good");
        let made = params.self_signed(&key).expect("it can be made");
        let (facts, _) = cert::read(made.der()).expect("it can be read");
        *facts.name_limits.expect("it has some")
    }

    fn dns(text: &str) -> rcgen::GeneralSubtree {
        rcgen::GeneralSubtree::DnsName(text.to_owned())
    }

    fn name(text: &str) -> San {
        text.parse().map_or_else(|_| San::Dns(text.to_owned()), San::Ip)
    }

    #[test]
    fn a_host_is_permitted_below_the_domain_that_is_named() {
        for (permitted, host, is_permitted) in [
            ("corp.example", "corp.example", true),
            ("corp.example", "a.CORP.example", true),
            ("corp.example", "a.b.corp.example", true),
            ("corp.example", "*.corp.example", true),
            ("corp.example", "xcorp.example", false),
            ("corp.example", "example", false),
            ("corp.example", "*.example", false),
            (".corp.example", "a.corp.example", true),
            (".corp.example", "corp.example", false),
            ("", "anything.example", true),
        ] {
            let told = ca(vec![dns(permitted)], Vec::new()).forbid(&[name(host)], &[]);
            assert_eq!(told.is_none(), is_permitted, "{permitted} {host}: {told:?}");
        }
    }

    #[test]
    fn what_is_excluded_is_forbidden_though_it_is_permitted() {
        for (excluded, host, is_excluded) in [
            ("bad.corp.example", "bad.corp.example", true),
            ("bad.corp.example", "a.bad.corp.example", true),
            ("bad.corp.example", "good.corp.example", false),
            // It stands for the excluded host too.
            ("bad.corp.example", "*.corp.example", true),
            ("a.bad.corp.example", "*.corp.example", false),
            ("", "good.corp.example", true),
        ] {
            let ca = ca(vec![dns("corp.example")], vec![dns(excluded)]);
            let told = ca.forbid(&[name(host)], &[]);
            assert_eq!(told.is_some(), is_excluded, "{excluded} {host}: {told:?}");
        }
    }

    #[test]
    fn other_forms_are_judged_by_constraints_of_their_own_form_alone() {
        use rcgen::GeneralSubtree::{DirectoryName, IpAddress, Rfc822Name};
        let mut org = DistinguishedName::new();
        org.push(DnType::OrganizationName, "Org");
        let net = IpAddress(CidrSubnet::V4([10, 0, 0, 0], [255, 0, 0, 0]));
        let permitted = vec![net, Rfc822Name("corp.example".to_owned()), DirectoryName(org)];
        let ca = ca(permitted, Vec::new());
        let subject = |kind, text| vec![Attribute::new(kind, text)];
        let email = |text: &str| San::Email(text.to_owned());
        for (asked, subject, told) in [
            (name("10.1.2.3"), Vec::new(), None),
            (name("11.1.2.3"), Vec::new(), Some("permit 10.0.0.0/255.0.0.0, and 11.1.2.3 is")),
            (name("2001:db8::1"), Vec::new(), Some("and 2001:db8::1 is outside that")),
            (name("a.example"), Vec::new(), None),
            (email("a@corp.example"), Vec::new(), None),
            (email("a@b.corp.example"), Vec::new(), Some("permit \"corp.example\", and a@b")),
            (San::Uri("spiffe://x/y".to_owned()), Vec::new(), None),
            (name("a.example"), subject(oid::ORGANIZATION, "ORG"), None),
            (
                name("a.example"),
                subject(oid::COMMON_NAME, "a.example"),
                Some("permit \"O=Org\", and the subject \"a.example\" is outside that"),
            ),
        ] {
            let forbidden = ca.forbid(&[asked], &subject);
            match told {
                None => assert_eq!(forbidden, None),
                Some(told) => {
                    let forbidden = forbidden.expect(told).to_string();
                    assert!(forbidden.contains(told), "{forbidden}");
                }
            }
        }
    }

    #[test]
    fn the_host_of_a_uri_is_what_counts() {
        for (uri, host) in [
            ("https://me@a.example:8443/path?x#y", Some("a.example")),
            ("spiffe://a.example", Some("a.example")),
            ("https://[2001:db8::1]:1/", Some("[2001:db8::1]:1")),
            ("mailto:a@b.example", None),
            ("file:///etc", None),
        ] {
            assert_eq!(host_of(uri), host);
        }
        assert!(is_host_of("a.example", "a.example") && !is_host_of("b.a.example", "a.example"));
        assert!(is_host_of("b.a.example", ".A.example") && !is_host_of("a.example", ".a.example"));
    }

    #[test]
    fn clients_want_a_host_in_a_permitted_subtree_and_in_no_excluded_one() {
        let dns = |text: &str| Subtree::Dns(text.to_owned());
        let net = |net: &[u8], mask: &[u8]| Subtree::Ip([net, mask].concat());
        let host = |text: &str| San::Dns(text.to_owned());
        let address = |text: &str| San::Ip(text.parse().expect("an address"));
        for (permitted, excluded, name, fine) in [
            (vec![dns("a.example")], vec![], host("a.example"), true),
            (vec![dns("a.example")], vec![], host("x.A.example"), true),
            (vec![dns("A.example")], vec![], host("*.a.example"), true),
            (vec![dns("a.example")], vec![], host("xa.example"), false),
            (vec![dns(".a.example")], vec![], host("a.example"), false),
            (vec![dns(".a.example")], vec![], host("x.a.example"), true),
            (vec![dns("")], vec![], host("a.example"), true),
            (vec![dns("b.example"), dns("a.example")], vec![], host("a.example"), true),
            (vec![dns("a.example")], vec![], address("10.0.0.1"), true),
            (vec![dns("a.example")], vec![dns("x.a.example")], host("x.a.example"), false),
            (vec![], vec![dns("a.example")], host("b.example"), true),
            (vec![net(&[10, 0, 0, 0], &[255, 0, 0, 0])], vec![], address("10.9.0.1"), true),
            (vec![net(&[10, 0, 0, 0], &[255, 0, 0, 0])], vec![], address("11.0.0.1"), false),
            (vec![net(&[10, 0, 0, 0], &[255, 0, 0, 0])], vec![], address("::1"), false),
            (vec![net(&[10, 0, 0, 0], &[255, 0, 0, 0])], vec![], host("a.example"), true),
            (vec![], vec![net(&[0; 4], &[0; 4])], address("1.2.3.4"), false),
        ] {
            let limits = NameLimits { permitted, excluded };
            let broken = limits.broken_by(std::slice::from_ref(&name));
            assert_eq!(broken.is_none(), fine, "{limits:?} {name:?}");
        }
    }
}

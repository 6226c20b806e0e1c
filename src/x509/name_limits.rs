//! Name constraints (RFC 5280 §4.2.1.10): the hosts and addresses a CA may issue for.
//!
//! Knows dNSName and iPAddress, which every client that checks at all checks. Refuses to know
//! the other forms: nothing is said of names of theirs.

use super::cert::San;
use std::net::IpAddr;
use x509_parser::extensions::{GeneralName, GeneralSubtree, NameConstraints};

/// What one CA says of the names below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameLimits {
    permitted: Vec<Subtree>,
    excluded: Vec<Subtree>,
}

/// Names that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Subtree {
    /// A domain and all below it; with a leading dot, only those below it.
    Dns(String),
    /// A net: address and mask, four or sixteen bytes each.
    Ip(Vec<u8>, Vec<u8>),
}

/// Whether a name belongs to a subtree, where the two are of one form.
fn is_in(name: &San, subtree: &Subtree) -> Option<bool> {
    match (name, subtree) {
        (San::Dns(name), Subtree::Dns(domain)) => Some(is_below(name, domain)),
        (San::Ip(address), Subtree::Ip(net, mask)) => {
            let bytes = match address {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            };
            let same = |((byte, net), mask): ((&u8, &u8), &u8)| byte & mask == net & mask;
            Some(bytes.len() == net.len() && bytes.iter().zip(net).zip(mask).all(same))
        }
        _ => None,
    }
}

fn is_below(name: &str, domain: &str) -> bool {
    let (name, domain) = (name.to_ascii_lowercase(), domain.to_ascii_lowercase());
    match name.strip_suffix(&domain) {
        Some("") => !domain.starts_with('.'),
        Some(front) => domain.is_empty() || domain.starts_with('.') || front.ends_with('.'),
        None => false,
    }
}

impl NameLimits {
    /// Of the extension.
    #[must_use]
    pub fn of(extension: &NameConstraints<'_>) -> Self {
        let read = |listed: &Option<Vec<GeneralSubtree<'_>>>| {
            listed.iter().flatten().filter_map(|one| subtree(&one.base)).collect()
        };
        Self {
            permitted: read(&extension.permitted_subtrees),
            excluded: read(&extension.excluded_subtrees),
        }
    }

    /// The first of `names` that the CA may not issue for.
    #[must_use]
    pub fn broken_by<'a>(&self, names: &'a [San]) -> Option<&'a San> {
        names.iter().find(|name| {
            let mut permitted = self.permitted.iter().filter_map(|one| is_in(name, one)).peekable();
            let outside = permitted.peek().is_some() && !permitted.any(|inside| inside);
            outside || self.excluded.iter().any(|one| is_in(name, one) == Some(true))
        })
    }
}

fn subtree(base: &GeneralName<'_>) -> Option<Subtree> {
    match base {
        GeneralName::DNSName(domain) => Some(Subtree::Dns((*domain).to_owned())),
        GeneralName::IPAddress(bytes) if matches!(bytes.len(), 8 | 32) => {
            let (net, mask) = bytes.split_at(bytes.len() / 2);
            Some(Subtree::Ip(net.to_vec(), mask.to_vec()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_to_be_in_a_permitted_subtree_and_in_no_excluded_one() {
        let dns = |text: &str| Subtree::Dns(text.to_owned());
        let net = |net: &[u8], mask: &[u8]| Subtree::Ip(net.to_vec(), mask.to_vec());
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

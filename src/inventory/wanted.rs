//! Wanted hosts: those of which somebody says that a certificate has to cover them, whoever serves it.
//!
//! Knows every certificate that was seen. Refuses to know who serves a wanted host: no object says it.

use super::bundle::Bundle;
use super::frontend::{Demand, Frontend};
use super::link::Coverage;
use super::{Inventory, loads};
use crate::controllers::Controller;
use crate::object_ref::{Kind, ObjectRef};
use crate::x509::cert::HostMatch;

impl Inventory {
    /// Says that these hosts, in lower case, have to be covered.
    pub fn want(&mut self, hosts: impl IntoIterator<Item = String>) {
        for host in hosts {
            if !self.wanted.iter().any(|known| known.object.name == host) {
                self.wanted.push(wanted(host));
            }
        }
    }

    /// The hosts that have to be covered, each as what would serve it alone: it has the host's name, and no
    /// object says so.
    pub fn wanted(&self) -> impl Iterator<Item = (&Frontend, &Demand)> {
        self.wanted.iter().flat_map(|one| one.demands.iter().map(move |demand| (one, demand)))
    }

    /// Whether a certificate that was seen covers the host; one that is served first.
    pub(super) fn covered_by_any(&self, host: &str) -> Coverage {
        let covering = self.bundles().filter(|(object, _)| object.kind != Kind::Endpoint);
        let covering = covering.filter(|(_, bundle)| loads::takes(Controller::Unknown, bundle));
        let mut covering: Vec<(&ObjectRef, String)> = covering
            .filter_map(|(object, bundle)| Some((object, pattern(bundle, host)?)))
            .collect();
        covering.sort_by_key(|(object, _)| !self.is_used(object));
        if let Some((object, pattern)) = covering.into_iter().next() {
            let is_secret = object.kind == Kind::Secret;
            let by = if is_secret { object.key("tls.crt") } else { object.clone() };
            return Coverage::Covered { by, pattern };
        }
        match self.out_of_sight(host) {
            Some(why) => Coverage::Unknown(why),
            None => Coverage::NotCovered { looked_at: Vec::new() },
        }
    }

    /// Where a certificate for the host may be that cannot be seen.
    fn out_of_sight(&self, host: &str) -> Option<String> {
        let lists = |domain: &String| domain.eq_ignore_ascii_case(host);
        let mut managed = self.objects_of(Kind::ManagedCertificate);
        let managed = managed.find(|facts| facts.managed().domains.iter().any(lists));
        let managed =
            managed.map(|facts| format!("{} lists it, and Google has it", facts.object.apart()));
        let is_of_secrets = |kind: Kind| matches!(kind, Kind::Secret | Kind::Route | Kind::File);
        managed.or_else(|| {
            let mut unread = self.problems().iter().filter(|problem| !problem.only_a_policy);
            let unread = unread.find(|problem| is_of_secrets(problem.object.kind))?;
            Some(format!("{} could not be read", unread.object))
        })
    }
}

fn wanted(host: String) -> Frontend {
    let demand = Demand { host: host.clone(), ..Demand::default() };
    Frontend {
        object: ObjectRef::endpoint(host),
        class: None,
        controller: Controller::Unknown,
        created: None,
        addresses: Vec::new(),
        demands: vec![demand],
        secrets: Vec::new(),
        mentions: Vec::new(),
        managed_names: Vec::new(),
        has_tls: true,
        borrows: None,
        unread: None,
        http2: None,
        chosen: true,
    }
}

/// The name in the leaf that covers the host.
fn pattern(bundle: &Bundle, host: &str) -> Option<String> {
    match bundle.leaf()?.match_host(host) {
        HostMatch::San(pattern) => Some(pattern),
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "absorbing wants randomness; pairs are told by it")]
mod tests {
    use super::*;
    use crate::inventory::testing::{Pair, of_secrets};
    use crate::observation::Observation;
    use rcgen::{CertificateParams, KeyPair};
    use ring::rand::SystemRandom;

    const OWN: &str = include_str!("../../testdata/pki/ec-p256-01.pem");
    const OTHER: &str = include_str!("../../testdata/pki/ec-p256-02.pem");

    fn of_names(names: &[&str]) -> String {
        let key = KeyPair::from_pem(OWN).expect("the key is good");
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let params = CertificateParams::new(names).expect("good names");
        params.self_signed(&key).expect("it can be made").pem()
    }

    fn told(inventory: &Inventory, host: &str) -> String {
        match inventory.covered_by_any(host) {
            Coverage::Covered { by, pattern } => format!("{} by {pattern}", by.short()),
            Coverage::NotCovered { .. } => "no".to_owned(),
            Coverage::Unknown(why) => format!("unknown: {why}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn any_certificate_with_its_key_covers_a_wanted_host_and_one_that_is_served_goes_first() {
        let pair = |name, names: &[&str], key, served| Pair {
            name,
            crt: of_names(names),
            key,
            served,
            ..Pair::default()
        };
        let mut inventory = of_secrets(&[
            pair("a", &["a.example", "*.b.example"], OWN, None),
            pair("b", &["a.example"], OWN, Some("a.example")),
            pair("c", &["c.example"], OTHER, None),
        ]);
        for (host, expected) in [
            ("a.example", "secret/b by a.example"),
            ("x.b.example", "secret/a by *.b.example"),
            ("y.x.b.example", "no"),
            ("c.example", "no"),
            ("d.example", "no"),
        ] {
            assert_eq!(told(&inventory, host), expected, "{host}");
        }
        let object = ObjectRef::all(Kind::Secret, Some("blog"));
        let unseen = Observation::Unseen { object, message: "forbidden".to_owned() };
        inventory.absorb(unseen, &SystemRandom::new());
        let unknown = "unknown: secrets in namespace blog could not be read";
        assert_eq!(told(&inventory, "d.example"), unknown);
        assert_eq!(told(&inventory, "a.example"), "secret/b by a.example");
    }
}

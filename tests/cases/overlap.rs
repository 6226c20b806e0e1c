//! Trust that overlaps, in worlds that nobody has thought of: clients that fetch late, servers that follow
//! late, runs that are cut off after any step, others who put bundles back. At every instant whoever trusts by
//! what is handed out trusts what is served.
//!
//! Knows the whole of it in memory and in seconds of its own. The seed is fixed; `CERTWRIGHT_SEED` tries others.

use crate::support::dice::Dice;
use certwright::apply::pair::{Materials, RandomKeys, ReadyPair, ready};
use certwright::audit::policy::Policy;
use certwright::inventory::selection::Selection;
use certwright::inventory::{Inventory, NEXT_SECRET, TLS_SECRET};
use certwright::object_ref::{Kind, KindName, ObjectRef};
use certwright::observation::workload::{How, WorkloadSeen};
use certwright::observation::{
    MetaSeen, Observation, Scope, SecretSeen, TrustBundleSeen, ValuesSeen,
};
use certwright::plan::goal::{Goal as _, Next};
use certwright::plan::rotation::{KeyPolicy, RotationRequest};
use certwright::plan::step::{NewPair, Step};
use certwright::plan::trust::{Overlap, Part, Stands, TrustRequest};
use certwright::redact::Redacted;
use certwright::x509::authority::Authority;
use certwright::x509::key_kind::KeyType;
use certwright::x509::profile::Profile;
use certwright::x509::san::San;
use certwright::x509::{digest, pem};
use ring::rand::SystemRandom;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

/// How many worlds are gone through.
const WORLDS: usize = 80;
const BEGIN: OffsetDateTime = datetime!(2026-11-21 00:00:00 UTC);

type Sum = [u8; 32];

/// A certificate and key, and the fingerprint by which it is trusted.
#[derive(Clone)]
struct Held {
    crt: Vec<u8>,
    key: Vec<u8>,
    sum: Sum,
}

impl Held {
    fn of(pair: &ReadyPair) -> Self {
        Self {
            crt: pair.certificates.clone(),
            key: pair.key.expose().to_vec(),
            sum: pair.facts.sha256,
        }
    }
}

/// Somebody who trusts by a bundle, and fetches it every so often.
struct Client {
    bundle: usize,
    every: Duration,
    next: OffsetDateTime,
    knows: BTreeSet<Sum>,
}

/// What follows the Secret after a while.
struct Server {
    behind: Duration,
    /// What the Secret has held since when.
    since: Vec<(OffsetDateTime, Sum)>,
}

impl Server {
    fn serves(&self, now: OffsetDateTime) -> Sum {
        let mut past = self.since.iter().rev();
        past.find(|(at, _)| *at + self.behind <= now)
            .or(self.since.first())
            .expect("it has begun")
            .1
    }
}

struct World {
    now: OffsetDateTime,
    is_authority: bool,
    held: Held,
    staged: Option<(Held, BTreeMap<String, String>)>,
    bundles: Vec<Vec<Vec<u8>>>,
    /// Versions of the Secret, what is staged, and the bundles.
    versions: [u64; 2],
    bundle_versions: Vec<u64>,
    /// What a CA has signed: each with the fingerprint of that CA.
    leaves: Vec<(Held, Sum)>,
    /// Certificates that were ever staged.
    ever: BTreeSet<Sum>,
}

fn secret() -> ObjectRef {
    ObjectRef::secret("shop", "web")
}

fn bundle_at(place: usize) -> ObjectRef {
    ObjectRef::namespaced(Kind::ConfigMap, "shop", format!("trust-{place}"))
}

fn keys() -> RandomKeys {
    RandomKeys(SystemRandom::new())
}

fn made(profile: Profile, authority: Option<Authority>) -> Held {
    let issuer = authority.as_ref().map(|ca| Box::new(ca.certificate().clone()));
    let pair = NewPair::Make { profile, key: certwright::plan::step::KeyChoice::New, issuer };
    let materials = Materials { authority, ..Materials::default() };
    Held::of(&ready(&pair, &materials, None, &keys()).expect("it can be made"))
}

fn value(text: &[u8]) -> Redacted {
    Redacted::new(text.to_vec())
}

impl World {
    fn new(dice: &mut Dice) -> Self {
        let is_authority = dice.chance(40);
        // Some have ended before their new one has soaked.
        let lives = Duration::seconds(dice.between(600, 400 * 86_400));
        let dates = (BEGIN - Duration::hours(1), BEGIN + lives);
        let profile = if is_authority {
            Profile::authority("Corp CA".to_owned(), KeyType::P256, dates)
        } else {
            Profile::server(vec![San::Dns("web.example".into())], None, KeyType::P256, dates)
        };
        let held = made(profile.expect("it is good"), None);
        let bundles = (0..=dice.below(3)).map(|_| vec![der(&held.crt)]).collect::<Vec<_>>();
        Self {
            now: BEGIN,
            is_authority,
            staged: None,
            bundle_versions: vec![1; bundles.len()],
            bundles,
            versions: [1, 1],
            leaves: Vec::new(),
            ever: BTreeSet::from([held.sum]),
            held,
        }
    }

    /// Another certificate that the CA signs.
    fn sign(&mut self, place: usize) {
        let random = SystemRandom::new();
        let Ok(ca) = Authority::read(&self.held.crt, &self.held.key, self.now, &random) else {
            return;
        };
        let until = ca.window().1.min(self.now + Duration::days(30));
        let names = vec![San::Dns(format!("leaf-{place}.example"))];
        let dates = (self.now - Duration::minutes(5), until);
        let Ok(profile) = Profile::server(names, None, KeyType::P256, dates) else { return };
        let leaf = (made(profile, Some(ca)), self.held.sum);
        if place < self.leaves.len() {
            self.leaves[place] = leaf;
        } else {
            self.leaves.push(leaf);
        }
    }

    fn inventory(&self) -> Inventory {
        let random = SystemRandom::new();
        let named =
            KindName { kind: Kind::Secret, namespace: Some("shop".into()), name: "web".into() };
        let mut seen = Inventory::new(Selection { named: vec![named], ..Selection::default() });
        let mut take = |one: Observation| seen.absorb(one, &random);
        take(Observation::Secret(tls(secret(), &self.held, self.versions[0])));
        for (place, (leaf, _)) in self.leaves.iter().enumerate() {
            let object = ObjectRef::secret("shop", format!("leaf-{place}"));
            take(Observation::Secret(tls(object, leaf, 1)));
        }
        let reads = vec![(secret(), How::Volume)];
        let object = ObjectRef::namespaced(Kind::Deployment, "shop", "web");
        take(Observation::Workload(WorkloadSeen {
            object,
            reads,
            once: Vec::new(),
            rollout: None,
        }));
        let searched = Scope::Namespace("shop".into());
        take(Observation::Workloads { searched, others: Vec::new() });
        take(bundle(secret(), "tls.crt", &self.held.crt, self.versions[0]));
        for (place, ders) in self.bundles.iter().enumerate() {
            let text: String =
                ders.iter().map(|der| pem::encode("CERTIFICATE", der).to_string()).collect();
            let version = self.bundle_versions[place];
            take(bundle(bundle_at(place), "ca.crt", text.as_bytes(), version));
        }
        if let Some((held, annotations)) = &self.staged {
            let object = ObjectRef::secret("shop", "web-next");
            let mut staged = tls(object, held, self.versions[1]);
            NEXT_SECRET.clone_into(&mut staged.secret_type);
            staged.meta.annotations = annotations.clone();
            staged.meta.labels =
                BTreeMap::from([("app.kubernetes.io/managed-by".into(), "certwright".into())]);
            take(Observation::Staged(staged));
        }
        seen
    }

    /// Carries a step out, as a cluster would.
    fn carry_out(&mut self, step: &Step) {
        match step {
            Step::CreateSecret(step) => {
                let next = step.next.as_ref().expect("it is kept for another one");
                assert!(self.staged.is_none(), "there is one already");
                let pair = ready(&step.pair, &Materials::default(), None, &keys());
                let held = Held::of(&pair.expect("it can be made"));
                self.ever.insert(held.sum);
                self.staged = Some((held, next.annotations.clone()));
            }
            Step::PatchObject(step) if step.object.kind == Kind::Secret => {
                let (_, annotations) = self.staged.as_mut().expect("it is there");
                assert_eq!(step.resource_version, Some(self.versions[1].to_string()));
                let marks = step.patch["metadata"]["annotations"].as_object().expect("marks");
                for (key, value) in marks {
                    match value {
                        Value::String(text) => annotations.insert(key.clone(), text.clone()),
                        _ => annotations.remove(key),
                    };
                }
                self.versions[1] += 1;
            }
            Step::PatchObject(step) => {
                let place = (0..self.bundles.len())
                    .find(|place| bundle_at(*place).same_object(&step.object))
                    .expect("it is a bundle");
                assert_eq!(step.resource_version, Some(self.bundle_versions[place].to_string()));
                let text = step.patch["data"]["ca.crt"].as_str().expect("text");
                let ders: Vec<Vec<u8>> = ders(text.as_bytes());
                assert!(ders.is_sorted(), "they are in the order of their bytes");
                self.bundles[place] = ders;
                self.bundle_versions[place] += 1;
            }
            Step::ReplacePair(step) => {
                assert!(matches!(step.pair, NewPair::Staged { .. }), "no other is ever served");
                self.held = self.staged.clone().expect("it is there").0;
                self.versions[0] += 1;
            }
            Step::DeleteObject(_) => self.staged = None,
            Step::CreateObject(_) => panic!("nothing else is made"),
        }
    }

    /// One run, cut off after so many steps; how far it was.
    fn run(&mut self, soak: Duration, most: usize) -> Option<Stands> {
        let mut goal = Overlap::new(request(soak, self.bundles.len(), self.now), Policy::default());
        let mut left = most;
        // A look for each step, and some.
        for _ in 0..30 {
            let seen = self.inventory();
            let (plan, ends) = match goal.next(&seen, self.now) {
                Next::Act { plan, .. } => (plan, false),
                Next::Done { plan, .. } | Next::Wait { plan, .. } => (plan, true),
                Next::Refused(plan) => panic!("refused: {:?}", plan.refused),
                Next::Hopeless { advice, .. } => panic!("hopeless: {advice:?}"),
            };
            for step in &plan.steps {
                if left == 0 {
                    return None;
                }
                left -= 1;
                self.carry_out(step);
                // Steps take their time, too.
                self.now += Duration::seconds(1);
            }
            if ends {
                return goal.progress().map(|progress| progress.stands);
            }
        }
        panic!("a run has no end: {:?}", goal.progress());
    }
}

fn request(soak: Duration, bundles: usize, now: OffsetDateTime) -> TrustRequest {
    let rotation = RotationRequest {
        named: vec![secret()],
        within: Some("shop".to_owned()),
        due: false,
        key_policy: KeyPolicy::New,
        key_type: None,
        lifetime: None,
        add_hosts: Vec::new(),
        max: 10,
        override_owner: false,
        force: false,
        backup: true,
        pinned: true,
        copies: None,
        issuer: None,
    };
    TrustRequest {
        rotation,
        secret: secret(),
        trust: (0..bundles).map(bundle_at).collect(),
        soak: Some(soak),
        until: now,
        part: Part::Whole,
        unverified: false,
    }
}

fn tls(object: ObjectRef, held: &Held, version: u64) -> SecretSeen {
    SecretSeen {
        object,
        meta: MetaSeen { resource_version: Some(version.to_string()), ..MetaSeen::default() },
        secret_type: TLS_SECRET.to_owned(),
        immutable: false,
        data: BTreeMap::from([
            ("tls.crt".to_owned(), value(&held.crt)),
            ("tls.key".to_owned(), value(&held.key)),
        ]),
        not_base64: Vec::new(),
    }
}

fn bundle(object: ObjectRef, key: &str, text: &[u8], version: u64) -> Observation {
    let meta = MetaSeen { resource_version: Some(version.to_string()), ..MetaSeen::default() };
    let values = vec![(key.to_owned(), value(text))];
    Observation::TrustBundle(TrustBundleSeen {
        values: ValuesSeen { object, meta, values },
        immutable: false,
        applied: false,
        withheld: Vec::new(),
        entries: Vec::new(),
    })
}

fn ders(text: &[u8]) -> Vec<Vec<u8>> {
    let blocks = pem::blocks(text).into_iter().filter_map(|block| block.der.ok());
    blocks.map(|der| der.expose().to_vec()).collect()
}

fn der(text: &[u8]) -> Vec<u8> {
    ders(text).remove(0)
}

fn sums(bundle: &[Vec<u8>]) -> BTreeSet<Sum> {
    bundle.iter().map(|der| digest::sha256(der)).collect()
}

/// One world from its beginning to its end.
fn go_through(dice: &mut Dice) {
    let mut world = World::new(dice);
    let soak = Duration::seconds(dice.between(0, 2 * 86_400));
    // Who may take longer than it soaks is nobody's promise; who mounts a Secret follows within two minutes.
    let slowest = soak.whole_seconds();
    let every = |dice: &mut Dice| Duration::seconds(dice.between(0, slowest.max(0)));
    let mut clients: Vec<Client> = (0..world.bundles.len())
        .flat_map(|bundle| [bundle, bundle])
        .map(|bundle| Client {
            bundle,
            every: every(dice),
            next: BEGIN,
            knows: sums(&world.bundles[bundle]),
        })
        .collect();
    let behind = Duration::seconds(dice.between(0, soak.whole_seconds().min(119)));
    let mut server = Server { behind, since: vec![(BEGIN, world.held.sum)] };
    if world.is_authority {
        (0..3).for_each(|place| world.sign(place));
    }
    let (first, ends) = (world.held.sum, ends_of(&world.held));
    let mut pinned: Option<OffsetDateTime> = None;
    for _ in 0..400 {
        world.now += Duration::seconds(dice.between(1, 1 + slowest / 8 + 30));
        match dice.below(10) {
            // Every other run is cut off, most often before anything is done.
            0..6 => {
                let most = if dice.chance(50) { dice.below(4) } else { usize::MAX };
                if world.run(soak, most) == Some(Stands::Done) {
                    pinned = Some(world.now);
                }
            }
            // Somebody applies the manifest of a bundle again.
            6 if world.held.sum == first && world.staged.is_some() => {
                let place = dice.below(world.bundles.len());
                let old = der(&world.held.crt);
                world.bundles[place] = vec![old];
                world.bundle_versions[place] += 1;
            }
            7 if world.is_authority => {
                let place = dice.below(world.leaves.len());
                world.sign(place);
            }
            _ => {}
        }
        if server.since.last().is_some_and(|(_, sum)| *sum != world.held.sum) {
            server.since.push((world.now, world.held.sum));
        }
        for client in &mut clients {
            if client.next <= world.now {
                client.knows = sums(&world.bundles[client.bundle]);
                client.next = world.now + client.every;
            }
        }
        // Beyond its end nobody is helped by what they trust; and before, the switch does not wait for those
        // who take longer than was left of it.
        if world.now >= ends || soak * 10 > (ends - BEGIN) * 4 {
            break;
        }
        let served: Vec<Sum> = if world.is_authority {
            world.leaves.iter().map(|(_, by)| *by).collect()
        } else {
            vec![server.serves(world.now)]
        };
        for client in &clients {
            let trusts = served.iter().all(|sum| client.knows.contains(sum));
            assert!(
                trusts,
                "locked out after {}: every {}, soak {soak}, behind {behind}, CA {}",
                world.now - BEGIN,
                client.every,
                world.is_authority
            );
        }
        if pinned.is_some() {
            break;
        }
    }
    assert!(world.ever.len() <= 2, "one new certificate is ever made");
    if pinned.is_some() {
        assert!(world.staged.is_none() && world.held.sum != first);
        assert!(world.bundles.iter().all(|bundle| !sums(bundle).contains(&first)));
        let old = |(_, by): &(Held, Sum)| *by == first;
        assert!(!world.leaves.iter().any(old), "something still chains to the old CA");
    }
}

fn ends_of(held: &Held) -> OffsetDateTime {
    let (facts, _) = certwright::x509::cert::read(&der(&held.crt)).expect("it can be read");
    facts.not_after
}

#[test]
fn at_every_instant_what_is_served_is_trusted_by_all_that_is_handed_out() {
    let mut dice = Dice::new("overlap");
    for _ in 0..WORLDS {
        go_through(&mut dice.split());
    }
}

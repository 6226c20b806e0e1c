//! Pairs across files: whose private key stands in a file that holds nothing else.
//!
//! Knows that such a key and its certificate come one after the other, in either order. A key that
//! holds its public half is compared by that and is gone at once; one that does not is kept, unseen
//! and wiped with the inventory, for it can only be held against each certificate. Refuses to know
//! anything else of files.

use crate::object_ref::ObjectRef;
use crate::x509::key::{Pairing, PrivateKey};
use crate::x509::public_key::PublicKey;
use ring::rand::SecureRandom;

/// What of a file may have its other half in another one.
pub(super) enum Unpaired {
    /// The file holds a private key and no certificate.
    Key(PrivateKey),
    /// The file holds certificates and no private key: the public key of the first.
    Certificate(PublicKey),
    /// It holds both, or neither.
    Nothing,
}

/// The halves that were seen, and which of them go together.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    keys: Vec<LooseKey>,
    certificates: Vec<(ObjectRef, PublicKey)>,
    found: Vec<Pair>,
    /// How often a key that does not know its public half was asked.
    asked: usize,
}

#[derive(Debug)]
struct LooseKey {
    object: ObjectRef,
    half: UnpairedKey,
    /// Whether it was not held against every certificate, which is said once.
    given_up: bool,
}

/// A private key, as far as it is needed to find its certificate.
#[derive(Debug)]
enum UnpairedKey {
    Public(PublicKey),
    Private(PrivateKey),
}

/// A file with a key and one with a certificate that go together, or might.
#[derive(Debug)]
struct Pair {
    key: ObjectRef,
    certificate: ObjectRef,
    /// Never [`Pairing::Differs`].
    pairing: Pairing,
}

/// How many comparisons are made that cost a multiplication on a curve, about 0.1 ms each.
const MAX_ASKED: usize = 2_000;

impl Pairs {
    /// Takes in what a file holds, and holds it against all that was seen before.
    pub fn take(&mut self, object: &ObjectRef, loose: Unpaired, random: &dyn SecureRandom) {
        match loose {
            Unpaired::Key(key) => {
                let half = key.public_key().map_or(UnpairedKey::Private(key), UnpairedKey::Public);
                let mut key = LooseKey { object: object.clone(), half, given_up: false };
                for (certificate, public) in &self.certificates {
                    let pairing = key.judge(public, &mut self.asked, random);
                    self.found.extend(pair(object, certificate, pairing));
                }
                self.keys.push(key);
            }
            Unpaired::Certificate(public) => {
                for key in &mut self.keys {
                    let pairing = key.judge(&public, &mut self.asked, random);
                    self.found.extend(pair(&key.object, object, pairing));
                }
                self.certificates.push((object.clone(), public));
            }
            Unpaired::Nothing => {}
        }
    }

    /// The file with the certificate of the key in this one: a sure one before one that cannot be
    /// told.
    pub fn certificate_of(&self, key: &ObjectRef) -> Option<(&ObjectRef, &Pairing)> {
        self.sure_first(|pair| pair.key == *key).map(|pair| (&pair.certificate, &pair.pairing))
    }

    /// The file with the key of the certificate in this one, in the same way.
    pub fn key_of(&self, certificate: &ObjectRef) -> Option<(&ObjectRef, &Pairing)> {
        self.sure_first(|pair| pair.certificate == *certificate)
            .map(|pair| (&pair.key, &pair.pairing))
    }

    fn sure_first(&self, wanted: impl Fn(&Pair) -> bool) -> Option<&Pair> {
        let mut sure = self.found.iter().filter(|pair| pair.pairing == Pairing::Match);
        sure.find(|pair| wanted(pair)).or_else(|| self.found.iter().find(|pair| wanted(pair)))
    }
}

fn pair(key: &ObjectRef, certificate: &ObjectRef, pairing: Pairing) -> Option<Pair> {
    let (key, certificate) = (key.clone(), certificate.clone());
    (pairing != Pairing::Differs).then_some(Pair { key, certificate, pairing })
}

impl LooseKey {
    fn judge(
        &mut self,
        public: &PublicKey,
        asked: &mut usize,
        random: &dyn SecureRandom,
    ) -> Pairing {
        match &self.half {
            UnpairedKey::Public(own) if own.is_same_as(public) => Pairing::Match,
            UnpairedKey::Public(_) => Pairing::Differs,
            // A key that names no curve may be on any.
            UnpairedKey::Private(key) if key.has_type() && key.key_type() != public.key_type() => {
                Pairing::Differs
            }
            UnpairedKey::Private(key) if *asked < MAX_ASKED => {
                *asked += 1;
                key.pairs_with(public, random)
            }
            UnpairedKey::Private(_) if self.given_up => Pairing::Differs,
            UnpairedKey::Private(_) => {
                self.given_up = true;
                Pairing::Unknown("there are too many files to compare them all".to_owned())
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "ring seals its randomness: a test has no other")]
mod tests {
    use super::*;
    use crate::x509::pem;
    use ring::rand::SystemRandom;

    fn file(name: &str) -> ObjectRef {
        ObjectRef::file(name)
    }

    fn key(pem: &str) -> PrivateKey {
        PrivateKey::from_pem(pem.as_bytes()).expect("the key is good")
    }

    /// The key of a P-256 file as SEC 1 without its public point.
    fn bare(pem: &str) -> PrivateKey {
        let der = key(pem).pkcs8().expose().to_vec();
        let at = der.windows(5).position(|part| part == [2, 1, 1, 4, 0x20]).expect("SEC 1 in it");
        let number = &der[at..at + 37];
        let curve = [0xa0, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
        key(&pem::encode("EC PRIVATE KEY", &[&[0x30, 49], number, &curve].concat()))
    }

    const ONE: &str = include_str!("../../testdata/pki/ec-p256-01.pem");
    const TWO: &str = include_str!("../../testdata/pki/ec-p256-02.pem");

    /// What is found of one key and two certificates, in either order.
    fn check(key: impl Fn() -> PrivateKey, public: &PublicKey) -> Vec<Option<Pairing>> {
        let random = SystemRandom::new();
        let stranger = self::key(TWO).public_key().expect("it is stored");
        let found = |key_first: bool| {
            let mut pairs = Pairs::default();
            let mut take = |name: &str, loose| pairs.take(&file(name), loose, &random);
            if key_first {
                take("a.key", Unpaired::Key(key()));
            }
            take("b.crt", Unpaired::Certificate(stranger.clone()));
            take("a.crt", Unpaired::Certificate(public.clone()));
            if !key_first {
                take("a.key", Unpaired::Key(key()));
            }
            let (certificate, pairing) = pairs.certificate_of(&file("a.key"))?;
            assert_eq!(*certificate, file("a.crt"));
            assert_eq!(pairs.key_of(certificate), Some((&file("a.key"), pairing)));
            assert_eq!(pairs.key_of(&file("b.crt")), None);
            Some(pairing.clone())
        };
        vec![found(true), found(false)]
    }

    #[test]
    fn a_key_alone_in_a_file_finds_its_certificate_in_another_whatever_it_holds() {
        let both = |pairing: Pairing| vec![Some(pairing.clone()), Some(pairing)];
        let public = key(ONE).public_key().expect("it is stored");
        assert_eq!(check(|| key(ONE), &public), both(Pairing::Match));
        assert_eq!(check(|| bare(ONE), &public), both(Pairing::Match));
        let nameless = || {
            let named = bare(ONE).pkcs8().expose().to_vec();
            let at = named.windows(5).position(|part| part == [2, 1, 1, 4, 0x20]).expect("SEC 1");
            let number = &named[at..at + 37];
            key(&pem::encode("EC PRIVATE KEY", &[&[0x30, 37], number].concat()))
        };
        assert_eq!(check(nameless, &public), both(Pairing::Match));
        let PublicKey::Ec { curve, point } = &public else { panic!("{public:?} is EC") };
        let compressed = [&[2 + (point[64] & 1)], &point[1..33]].concat();
        let compressed = PublicKey::Ec { curve: curve.clone(), point: compressed };
        assert_eq!(check(|| key(ONE), &compressed), both(Pairing::Match));
        let told = check(|| bare(ONE), &compressed);
        assert!(matches!(told[..], [Some(Pairing::Unknown(_)), Some(Pairing::Unknown(_))]));
        assert_eq!(
            check(|| key(include_str!("../../testdata/pki/ed25519.pem")), &public),
            [None, None]
        );
    }

    #[test]
    fn what_was_not_compared_is_said_once_for_each_key() {
        let random = SystemRandom::new();
        let mut pairs = Pairs { asked: MAX_ASKED, ..Pairs::default() };
        pairs.take(&file("a.key"), Unpaired::Key(bare(ONE)), &random);
        for name in ["a.crt", "b.crt"] {
            let public = key(ONE).public_key().expect("it is stored");
            pairs.take(&file(name), Unpaired::Certificate(public), &random);
        }
        assert_eq!(pairs.found.len(), 1);
        assert!(matches!(pairs.found[0].pairing, Pairing::Unknown(_)));
    }
}

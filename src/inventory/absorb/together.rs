//! Absorbing what was read together: its Secrets are read by two threads, and taken in one by one.
//!
//! Knows that a Secret is read by itself, which is most of the work. Refuses to know where it goes.

use super::{Inventory, ReadSecret, secret_facts};
use crate::inventory::bundle::Signatures;
use crate::observation::Observation;
use ring::rand::SecureRandom;
use std::thread;

/// Fewer observations than these are read sooner than a thread is started.
const WORTH_A_THREAD: usize = 32;

impl Inventory {
    /// Takes in observations, as [`Inventory::absorb`] does one after the other.
    pub fn absorb_all(&mut self, seen: Vec<Observation>, random: &(dyn SecureRandom + Sync)) {
        let read = self.read(&seen, random);
        let mut read = read.into_iter();
        for observation in seen {
            self.absorb_read(observation, read.next().flatten(), random);
        }
    }

    /// How far signatures are tried of the Secret that so many others come before.
    pub(super) fn signatures(&self, before: usize) -> Signatures {
        let is_early = self.most_tried.is_none_or(|most| self.secrets.len() + before < most);
        if is_early { Signatures::Tried } else { Signatures::Believed }
    }

    /// What each of them holds that is a Secret; nothing of any where it is not worth a thread, or the
    /// system starts none.
    fn read(
        &self,
        seen: &[Observation],
        random: &(dyn SecureRandom + Sync),
    ) -> Vec<Option<ReadSecret>> {
        if seen.len() < WORTH_A_THREAD {
            return Vec::new();
        }
        let (first, second) = seen.split_at(seen.len() / 2);
        let half = |seen: &[Observation], before: usize| -> Vec<Option<ReadSecret>> {
            let one = |(place, seen): (usize, &Observation)| match seen {
                Observation::Secret(seen) => {
                    Some(secret_facts(seen, self.signatures(before + place), random))
                }
                _ => None,
            };
            seen.iter().enumerate().map(one).collect()
        };
        thread::scope(|scope| {
            let other = thread::Builder::new().spawn_scoped(scope, || half(second, first.len()));
            let Ok(other) = other else { return Vec::new() };
            let mut read = half(first, 0);
            // A panic there is a panic here.
            read.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            read
        })
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "ring seals its randomness: a test has no other")]
mod tests {
    use super::*;
    use crate::inventory::selection::Selection;
    use crate::inventory::servers::testing::{ingress, secret};
    use ring::rand::SystemRandom;

    /// Every third is an Ingress, and every second Secret the one before once more.
    fn one(number: usize) -> Observation {
        let (name, host) = (format!("web-{}", number / 2), format!("a-{number}.example"));
        match number % 3 {
            0 => Observation::Ingress(ingress(&format!("{name} nginx 0 {host} = {host}>{name}"))),
            _ => Observation::Secret(secret(&name, &host)),
        }
    }

    #[test]
    fn what_is_taken_in_together_is_as_if_it_came_one_by_one() {
        let random = SystemRandom::new();
        for count in [0, 1, WORTH_A_THREAD, 3 * WORTH_A_THREAD + 1] {
            let fresh =
                || Inventory::new(Selection::default()).trying_signatures_of(Some(count / 2));
            let (mut together, mut apart) = (fresh(), fresh());
            let seen: Vec<Observation> = (0..count).map(one).collect();
            together.absorb_all(seen.clone(), &random);
            for seen in seen {
                apart.absorb(seen, &random);
            }
            assert_eq!(format!("{together:?}"), format!("{apart:?}"), "{count}");
        }
    }
}

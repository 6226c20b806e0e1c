//! What is read, on its way into the inventory.
//!
//! Knows how much waits until it is taken in together: two threads read Secrets in half the time.
//! Refuses to know where it is from.

use crate::inventory::Inventory;
use crate::observation::Observation;
use crate::world::World;

/// Observations that are taken in at once.
const BATCH: usize = 256;

/// Bytes of values that are, however few observations hold them.
const BYTES: usize = 1024 * 1024;

/// Takes observations, in their order; the last of them at [`Intake::finish`].
pub(super) struct Intake<'i> {
    inventory: &'i mut Inventory,
    world: &'i World,
    waiting: Vec<Observation>,
    bytes: usize,
}

impl<'i> Intake<'i> {
    pub fn new(inventory: &'i mut Inventory, world: &'i World) -> Self {
        Self { inventory, world, waiting: Vec::new(), bytes: 0 }
    }

    pub fn take(&mut self, seen: Observation) {
        self.bytes += seen.bytes();
        self.waiting.push(seen);
        if self.waiting.len() >= BATCH || self.bytes >= BYTES {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.bytes = 0;
        self.inventory.absorb_all(std::mem::take(&mut self.waiting), self.world.random());
    }

    /// Takes in what waits.
    pub fn finish(mut self) {
        self.flush();
    }
}

//! Randomness that can be had again: whoever tries many inputs draws them from here.
//!
//! Knows one small generator and its seed. Refuses to know the clock: without `CERTWRIGHT_SEED` a
//! run tries what the run before it tried, so that a failure is a change of ours.

/// The environment variable that names another seed.
const VARIABLE: &str = "CERTWRIGHT_SEED";
/// Where a run starts when nobody says otherwise.
const SEED: u64 = 20_261_121;

/// How often something is tried of which no number is enough: as often as `CERTWRIGHT_ROUNDS` says, where somebody
/// has the time.
pub fn rounds(usual: u32) -> u32 {
    let given = std::env::var("CERTWRIGHT_ROUNDS").ok();
    given.map_or(usual, |text| text.parse().expect("CERTWRIGHT_ROUNDS is a number"))
}

/// A stream of numbers that its seed decides: `SplitMix64` (Steele, Lea and Flood, 2014).
pub struct Dice {
    state: u64,
}

impl Dice {
    /// The dice of one test. Says its seed on stdout, which libtest shows when the test fails.
    pub fn new(test: &str) -> Self {
        let given = std::env::var(VARIABLE).ok();
        let seed = given.map_or(SEED, |text| {
            text.parse().unwrap_or_else(|_| panic!("{VARIABLE} is a number, not {text:?}"))
        });
        #[expect(
            clippy::disallowed_macros,
            clippy::print_stdout,
            reason = "libtest keeps it and shows it when the test fails"
        )]
        {
            println!("{test}: the seed is {VARIABLE}={seed}");
        }
        // Tests of one seed do not draw the same.
        let of_test = test.bytes().fold(seed, |sum, byte| sum.rotate_left(5) ^ u64::from(byte));
        Self { state: of_test }
    }

    /// A stream of its own for the part of a test that is done at the same time as others.
    pub fn split(&mut self) -> Self {
        Self { state: self.number() }
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("64 bits hold it");
        usize::try_from(self.number() % end).expect("it is below one that fits")
    }

    /// A number from `start` to `end`, both included.
    pub fn between(&mut self, start: i64, end: i64) -> i64 {
        let width = u64::try_from(end - start).expect("the end is not before the start") + 1;
        start + i64::try_from(self.number() % width).expect("the width fits")
    }

    /// Yes, `percent` times in a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }

    /// So many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.byte()).collect()
    }

    /// Any byte.
    pub fn byte(&mut self) -> u8 {
        self.number().to_be_bytes()[0]
    }
}

//! Randomness that gives the same results for ever: ChaCha8 is fixed by its specification, and the
//! few draws made of it are written here rather than taken from a library that may change its own.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// A seed from which every record draws from a stream of its own, so that any record can be made
/// without those before it.
#[derive(Clone, Debug)]
pub(super) struct Streams(ChaCha8Rng);

impl Streams {
    /// The streams of one kind of record. `section` keeps the kinds apart.
    pub(super) fn new(rng_seed: u64, section: u64) -> Self {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&rng_seed.to_le_bytes());
        seed[8..16].copy_from_slice(&section.to_le_bytes());
        Self(ChaCha8Rng::from_seed(seed))
    }

    /// The dice of one record.
    pub(super) fn of(&self, record: u64) -> Dice {
        let mut rng = self.0.clone();
        rng.set_stream(record);
        Dice(rng)
    }
}

/// The dice of one record.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// A number in `0..sides`, or 0 when there are none.
    pub(super) fn below(&mut self, sides: u32) -> u32 {
        // Lemire's multiplication; its bias is below 2^-32 times the number of sides.
        ((u64::from(self.0.next_u32()) * u64::from(sides)) >> 32) as u32
    }

    /// A number in `low..=high`.
    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// True in so many cases of a thousand.
    pub(super) fn permille(&mut self, cases: u32) -> bool {
        self.below(1_000) < cases
    }

    /// A fraction in `0.0..1.0`.
    pub(super) fn fraction(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    /// One of the items, each as likely as any other.
    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u32) as usize]
    }

    /// One of the items, as likely as its weight.
    pub(super) fn weighted<T: Copy>(&mut self, items: &[(T, u32)]) -> T {
        let total = items.iter().map(|(_, weight)| weight).sum();
        let mut left = self.below(total);
        for (item, weight) in items {
            if left < *weight {
                return *item;
            }
            left -= weight;
        }
        items[items.len() - 1].0
    }

    /// Random bytes.
    pub(super) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}

//! Dice that fall the same way at every run.

/// A xorshift generator: good enough to mix test data.
pub struct Dice(u64);

impl Dice {
    /// Dice with a seed, which a failure message should name.
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `limit`.
    pub const fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % limit
    }

    /// True once in `times` throws.
    pub const fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of several.
    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()].clone()
    }

    /// One of several, or none, which is `times - 1` times as likely.
    pub fn pick_once_in<T: Clone>(&mut self, times: u64, from: &[T]) -> Option<T> {
        self.once_in(times).then(|| self.pick(from))
    }
}

//! Numbers that look random and follow from a seed.

use cloister_model::Digest;

/// A stream of numbers: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
pub(crate) struct Draw(u64);

impl Draw {
    /// The stream with this name.
    pub(crate) fn named(seed: &Digest, name: &str) -> Self {
        let digest = Digest::of(format!("{seed}|{name}").as_bytes());
        let mut state = 0u64;
        for byte in digest.as_bytes().iter().take(8) {
            state = state << 8 | u64::from(*byte);
        }
        Self(state)
    }

    /// The stream with this name that is the same for every contract.
    pub(crate) fn shared(name: &str) -> Self {
        Self::named(&Digest::of(b"cloister-twin"), name)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below `end`; 0 where that is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or(0)
    }

    /// From 0 to below 1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// One of the items, the first ones more often.
    pub(crate) fn one_of<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let share = self.share();
        items.get((share * share * items.len() as f64) as usize)
    }

    /// One of the items, each as often as another.
    pub(crate) fn any_of<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(usize::try_from(self.below(items.len() as u64)).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_a_stream() {
        let seed = Digest::of(b"x");
        let take = |name: &str| {
            let mut draw = Draw::named(&seed, name);
            [draw.next(), draw.next()]
        };
        assert_eq!(take("a"), take("a"));
        assert_ne!(take("a"), take("b"));
        let mut draw = Draw::shared("c");
        assert!((0..1_000).all(|_| draw.below(7) < 7 && (0.0..1.0).contains(&draw.share())));
        assert_eq!(draw.below(0), 0);
        assert_eq!(draw.one_of::<u8>(&[]), None);
    }
}

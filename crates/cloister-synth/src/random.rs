//! Draws from a person's own stream of random numbers.

use crate::arithmetic::{cos_turn, exp, ln};
use rand::RngCore;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// The stream of one person: the same whatever was drawn for others.
#[derive(Clone, Debug)]
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// From 0 up to, not including, 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(crate) fn chance(&mut self, share: f64) -> bool {
        share > 0.0 && self.unit() < share
    }

    /// From 0 up to, not including, `n`; 0 where `n` is 0. The bias is below 2^-32.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        let wide = u64::from(self.0.next_u32()) * u64::from(n);
        u32::try_from(wide >> 32).unwrap_or_default()
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(u32::try_from(from.len()).unwrap_or(u32::MAX)) as usize)
    }

    /// The place of a weight, each as likely as it is large.
    pub(crate) fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (place, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return place;
            }
        }
        weights.len().saturating_sub(1)
    }

    /// Normal, by Box and Muller's method.
    pub(crate) fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let radius = (-2.0 * ln(1.0 - self.unit())).sqrt();
        mean + deviation * radius * cos_turn(self.unit())
    }

    /// Log-normal: most are near the median, a few are very large.
    pub(crate) fn heavy(&mut self, median: f64, spread: f64) -> f64 {
        median * exp(self.normal(0.0, spread))
    }

    /// How many events happen where `mean` are expected (Poisson; normal approximation from 30 on).
    pub(crate) fn count(&mut self, mean: f64) -> u32 {
        if mean >= 30.0 {
            return self.normal(mean, mean.sqrt()).round().max(0.0) as u32;
        }
        let (limit, mut product, mut events) = (exp(-mean), self.unit(), 0);
        while product > limit {
            product *= self.unit();
            events += 1;
        }
        events
    }
}

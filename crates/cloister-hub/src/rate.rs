//! How often somebody may call, whichever door they come by: a bucket for each caller that fills by and by.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// A limit on requests: a bucket that fills by and by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many at once.
    pub burst: u32,
    /// How many a minute after that.
    pub per_minute: u32,
}

/// More callers than this at once: those who have been quiet are forgotten first.
const CALLERS_MAX: usize = 100_000;

/// The buckets of all callers.
#[derive(Debug, Default)]
pub struct Rates {
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Rates {
    /// Takes one from a caller's bucket; where it is empty, the seconds until there is one.
    pub fn take(&self, caller: &str, limit: RateLimit, now: Instant) -> Result<(), u64> {
        let per_second = f64::from(limit.per_minute) / 60.0;
        let full = f64::from(limit.burst.max(1));
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= CALLERS_MAX {
            let filled = |b: &Bucket| b.left + now.duration_since(b.at).as_secs_f64() * per_second >= full;
            buckets.retain(|_, bucket| !filled(bucket));
            if buckets.len() >= CALLERS_MAX {
                return Err(1);
            }
        }
        let bucket = buckets.entry(caller.to_owned()).or_insert(Bucket { left: full, at: now });
        let since = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.left = (bucket.left + since * per_second).min(full);
        bucket.at = now;
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return Ok(());
        }
        let seconds = ((1.0 - bucket.left) / per_second.max(1e-6)).ceil().clamp(1.0, 3_600.0);
        Err(format!("{seconds:.0}").parse().unwrap_or(60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bucket_empties_and_fills() {
        let (rates, limit) = (Rates::default(), RateLimit { burst: 3, per_minute: 60 });
        let began = Instant::now();
        for _ in 0..3 {
            assert_eq!(rates.take("a", limit, began), Ok(()));
        }
        assert_eq!(rates.take("a", limit, began), Err(1));
        assert_eq!(rates.take("b", limit, began), Ok(()), "one caller's bucket is not another's");
        assert_eq!(rates.take("a", limit, began + Duration::from_secs(1)), Ok(()));
        assert_eq!(rates.take("a", limit, began + Duration::from_secs(1)), Err(1));
        for _ in 0..3 {
            assert_eq!(rates.take("a", limit, began + Duration::from_secs(100)), Ok(()));
        }
        assert!(rates.take("a", limit, began + Duration::from_secs(100)).is_err(), "no more than a burst");
    }
}

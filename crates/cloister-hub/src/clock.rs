//! What time it is.

use chrono::{DateTime, Days, NaiveDate, Utc};
use std::time::SystemTime;

/// Where the time comes from; tests bring their own.
#[derive(Clone, Copy, Debug)]
pub struct Clock(fn() -> SystemTime);

impl Clock {
    /// The operating system's.
    pub const SYSTEM: Self = Self(SystemTime::now);

    /// Another one.
    pub const fn of(now: fn() -> SystemTime) -> Self {
        Self(now)
    }

    /// Now.
    pub fn now(self) -> DateTime<Utc> {
        DateTime::<Utc>::from((self.0)())
    }

    /// Now: RFC 3339, UTC, milliseconds.
    pub fn timestamp(self) -> String {
        self.now().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }

    /// The same so many days from now.
    pub fn timestamp_in(self, days: u32) -> String {
        let then = self.now().checked_add_days(Days::new(u64::from(days)));
        then.unwrap_or(DateTime::<Utc>::MAX_UTC).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }

    /// Today, in UTC.
    pub fn today(self) -> NaiveDate {
        self.now().date_naive()
    }
}

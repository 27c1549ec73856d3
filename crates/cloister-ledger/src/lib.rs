//! The ledger: two releases may give away together what neither does alone. Here stands, of every number that was released,
//! whose it is, and what a new output says beside all of them.
//!
//! Pure arithmetic on sets of people: it knows no SQL, no files, no users. An [`Entry`] is what a released table leaves here.
//! [`examine`] compares a new one with all earlier ones and says what could be worked out:
//!
//! - **pair**: two numbers of the same kind whose people differ by 1 to *k* − 1;
//! - **same people**: two numbers of the same people that were asked for otherwise. Nothing follows from the numbers, but if
//!   only those were stopped whose people do differ, being let through would say that nobody does. Where a policy shows zeros,
//!   that may be known, and it is no finding;
//! - **rest**: a number less the groups of a table, of which some are not shown;
//! - **linear**: several numbers that, added and subtracted, leave fewer than *k* people;
//! - **versions**: the same people on two versions of the data, some of whose records changed.
//!
//! What is said of a gap is that it is of fewer than *k* people, and never of how many.
//!
//! ```
//! use cloister_ledger::{Asked, Entry, Key, People, Rules, Told, examine};
//! let key = Key::new([7; 32]);
//! let told = |people: std::ops::Range<u32>, condition: &str| Told {
//!     made_of: ["rows".to_owned()].into(),
//!     asked: Asked { rows: "person".into(), conditions: [condition.to_owned()].into() },
//!     versions: "gp 1".into(),
//!     people: People::of(people),
//!     level: String::new(),
//!     label: condition.into(),
//! };
//! let first = Entry::new(&key, "req_1", "p", vec![told(0..1_000, "born < 1990")]);
//! let second = Entry::new(&key, "req_2", "q", vec![told(0..999, "born < 1990 and not she")]);
//! let found = examine(&second.0, &second.1, &[first.0], &mut vec![first.1], &Rules { people_min: 8, zeros_shown: true })?;
//! assert_eq!(found.len(), 1);
//! # Ok::<(), cloister_ledger::LedgerError>(())
//! ```

mod entry;
mod examine;
mod field;
mod finding;
mod linear;
mod people;

pub use entry::{Asked, Entry, LedgerError, Sets, Told};
pub use examine::{Rules, SetSource, examine};
pub use finding::{Earlier, Finding, Kind};
pub use people::{Key, People};

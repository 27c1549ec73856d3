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
//! - **marked**: the same, where those that are not shown are marked as too few: together they may leave each other no room;
//! - **linear**: several numbers that, added and subtracted, leave fewer than *k* people;
//! - **versions**: the same people on two versions of the data, some of whose records changed;
//! - **answer**: one true number with two answers, between which noise would average out;
//! - **beyond**: a project has more numbers of a kind than are combined.
//!
//! What is said of a gap is that it is of fewer than *k* people, and never of how many.
//!
//! ```
//! use cloister_ledger::{Asked, Entry, Index, Key, PEOPLE, People, Rules, Told, examine};
//! use std::collections::BTreeMap;
//! let key = Key::new([7; 32]);
//! let told = |people: std::ops::Range<u32>, condition: &str| Told {
//!     made_of: ["rows".to_owned()].into(),
//!     asked: Asked { rows: "person".into(), conditions: [condition.to_owned()].into() },
//!     measure: PEOPLE.into(),
//!     shown: Default::default(),
//!     published: None,
//!     versions: "gp 1".into(),
//!     people: People::of(people),
//!     level: String::new(),
//!     label: condition.into(),
//! };
//! let first = Entry::new(&key, "req_1", "p", &[told(0..1_000, "born < 1990")]);
//! let (second, people) = Entry::new(&key, "req_2", "q", &[told(0..999, "born < 1990 and not she")]);
//! let past = Index::of([&first.0])?;
//! let mut source = BTreeMap::from([("req_1".to_owned(), first)]);
//! let found = examine(&second, &people, &[past], &mut source, &Rules::new(8, true))?.found;
//! assert_eq!(found.len(), 1);
//! # Ok::<(), cloister_ledger::LedgerError>(())
//! ```

mod entry;
mod examine;
mod field;
mod finding;
mod index;
mod linear;
mod people;
mod together;

pub use entry::{Asked, Elsewhere, Entry, LedgerError, PEOPLE, Published, Sets, Shown, Told};
pub use examine::{Examined, Rules, Source, examine};
pub use finding::{Earlier, Finding, Kind};
pub use index::Index;
pub use people::{Key, People};

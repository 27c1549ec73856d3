//! Disclosure control: a table of cells with evidence and a policy go in, a protected table and its
//! findings come out.
//!
//! Pure, and knows no SQL, no Arrow and no users. Raw numbers are tested first and rounded after:
//! the other order is a known real-world bug. Only [`protect`] makes a [`Protected`] table.
//!
//! ```
//! use cloister_disclosure::{Cell, Column, Group, Policy, Statistic, Table, protect};
//! let policy = Policy::parse(r#"
//!     name = "example"
//!     version = 1
//!     title = "example"
//!     marker = "*"
//!     contributors = { min = 8, zero-shown = true }
//!     counts = { rounding-base = 5 }
//!     means = { significant-digits = 4 }
//!     labels = { small-groups = "merge" }
//!     output = { cells-max = 100 }
//! "#)?;
//! let table = Table {
//!     columns: vec![Column {
//!         name: "n".into(),
//!         statistic: Statistic::Count { additive: true },
//!         argument: "*".into(),
//!     }],
//!     labels_public: true,
//!     groups: vec![Group { people: 12, few: None, cells: vec![Cell::count(12, 12)] }],
//!     ..Table::default()
//! };
//! let protected = protect(&table, &policy);
//! assert_eq!(protected.rows()[0].cells[0].count(), Some(10));
//! # Ok::<(), cloister_disclosure::PolicyError>(())
//! ```
//!
//! Tables whose cells add up are suppressed by [`suppress`], which attacks its own result: a [`Pattern`] comes
//! with the [`Attack`] that failed on it, or there is none and the table waits for a checker. [`attack`] plays
//! the outsider against what somebody else has suppressed, and [`explain`] says how a cell is recovered.
//!
//! ```
//! use cloister_disclosure::{Additive, AdditiveCell, Limits, Relation, suppress};
//! let people = [63, 3, 20, 40, 30, 1, 12, 17, 33, 2, 8, 23];
//! let cells = people.map(|n| AdditiveCell::count(n, 5, true)).to_vec();
//! let relation = |total, parts: &[usize]| Relation { total, parts: parts.to_vec() };
//! let relations = vec![
//!     relation(0, &[1, 2, 3]), relation(4, &[5, 6, 7]), relation(8, &[9, 10, 11]),
//! ];
//! let table = Additive::new(cells, relations)?;
//! let pattern = suppress(&table, &Limits::for_cells(12), &mut |_| std::ops::ControlFlow::Continue(()));
//! assert_eq!(pattern.map_or(0, |p| p.secondary().len()), 3);
//! # Ok::<(), cloister_disclosure::AdditiveError>(())
//! ```

mod additive;
mod attack;
mod block;
mod bounds;
mod cases;
mod cell_key;
mod certificate;
mod class;
mod concentration;
mod controlled;
mod dual;
mod goal;
mod hunt;
mod judgement;
mod layout;
mod linear;
mod lockstep;
mod overlap;
mod parallel;
mod places;
mod policy;
mod protect;
mod rounding;
mod secondary;
mod simplex;
mod suppress;
mod table;
mod together;

pub use additive::{Additive, AdditiveCell, AdditiveError, Discrepancy, Knowledge, Range, Relation, Visible};
pub use attack::{Attack, Attacked, Explanation, attack, explain};
pub use cases::{CaseError, CaseOutcome, Oracle, run_cases};
pub use cell_key::{PerturbationTable, PerturbationTableError, Perturbed};
pub use certificate::Certificate;
pub use class::Place;
pub use concentration::Contributions;
pub use controlled::controlled;
pub use dual::Bound;
pub use goal::Goal;
pub use layout::{Hierarchy, HierarchyError, Layout};
pub use linear::{Compare, Program};
pub use overlap::{Kin, Overlaps, Part, Parts};
pub use policy::{
    CellKey, ClassOutcome, LedgerBeyond, LedgerRemedy, Policy, PolicyError, Secondary, SmallGroups, Source,
};
pub use protect::{
    CellState, Finding, Hold, Origin, Protected, ProtectedCell, ProtectedRow, Rule, Shown, protect,
    protect_withholding,
};
pub use rounding::RoundingMethod;
pub use secondary::Defence;
pub use suppress::{Halt, Impossible, Limits, Pattern, Progress, Stage, impossible, suppress};
pub use table::{Cell, Column, Group, Statistic, Table, Value};

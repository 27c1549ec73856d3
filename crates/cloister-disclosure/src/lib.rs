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
mod overlap;
mod parallel;
mod places;
mod policy;
mod protect;
mod rounding;
mod secondary;
mod suppress;
mod table;
mod together;

#[cfg(test)]
mod reference;

pub use additive::{Additive, AdditiveCell, AdditiveError, Discrepancy, Knowledge, Range, Relation, Visible};
pub use attack::{Attack, Attacked, Explanation, attack, explain};
pub use cases::{CaseError, CaseOutcome, Oracle, run_cases};
pub use cell_key::{PerturbationTable, PerturbationTableError, Perturbed};
pub use certificate::Certificate;
pub use class::Place;
pub use concentration::Contributions;
pub use controlled::{Addition, controlled};
pub use dual::Bound;
pub use goal::Goal;
pub use layout::{Hierarchy, HierarchyError, Layout};
pub use linear::{Compare, Program};
pub use overlap::{Kin, Overlaps, Part, Parts};
pub use policy::{CellKey, ClassOutcome, Policy, PolicyError, Secondary, SmallGroups, Source};
pub use protect::{
    CellState, Finding, Hold, Origin, Protected, ProtectedCell, ProtectedRow, Rule, Shown, protect,
};
pub use rounding::RoundingMethod;
pub use secondary::Defence;
pub use suppress::{Halt, Impossible, Limits, Pattern, Progress, Stage, suppress};
pub use table::{Cell, Column, Group, Statistic, Table, Value};

//! The governed query engine: researchers' SQL on encrypted Parquet, with the people behind every number.
//!
//! A query is parsed and checked, its plan is rewritten so that every aggregate carries evidence, the
//! evidence plan runs, the disclosure engine protects its small result, and what the query does above
//! its aggregates (HAVING, ORDER BY, arithmetic) is finished on protected values only.
//!
//! ```no_run
//! # async fn example(grant: cloister_query::ResolvedGrant, policy: &cloister_disclosure::Policy) -> Result<(), cloister_query::QueryError> {
//! use cloister_query::{Engine, Limits};
//! let engine = Engine::new("vault".into(), Limits::default());
//! let planned = engine.plan(&grant, "SELECT sex, count(*) AS n FROM person GROUP BY sex", policy).await?;
//! let governed = planned.run().await?;
//! let protect = |table| cloister_disclosure::protect(table, policy);
//! let protected: Vec<_> = governed.evidence().iter().map(protect).collect();
//! let finished = governed.finish(&protected).await?;
//! # Ok(()) }
//! ```
//!
//! It never sees a user: it takes a resolved grant. It never releases anything: what it returns still has
//! to pass the airlock.

mod argument;
mod boundary;
mod boundary_table;
mod calendar;
mod cannot_fail;
mod canonical;
mod catalogue;
mod date_arithmetic;
mod decimal;
mod dialect;
mod division;
mod engine;
mod exhibit;
mod explain;
mod expression;
mod finished;
mod function;
mod grant;
mod lineage;
mod lists;
mod lists_apart;
mod nobody;
mod outer_join;
mod overlap;
mod parameter;
mod patterns;
mod people;
mod percentile_disc;
mod placeholder;
mod places;
mod record_keys;
mod refusal;
mod relation;
mod released;
mod rewrite;
mod series;
mod session;
mod short_text;
mod sql;
mod subquery;
mod support;
mod texts;
mod told;
mod totals;
mod twin;
mod using;
mod vault;
mod workspace;
mod written;

pub use engine::{Engine, Governed, Limits, Planned};
pub use exhibit::{Exhibit, ExhibitCell, ExhibitColumn, ExhibitRow, ExhibitStep, ExhibitTable};
pub use explain::{Check, CheckOutcome, ExplainedBoundary, ExplainedCell, Explanation, Step};
pub use finished::FinishedTable;
pub use grant::{GrantedTable, ResolvedGrant};
pub use placeholder::{Placeholders, placeholders};
pub use refusal::{QueryError, Refusal};
pub use released::{CellNote, FailedAttack, OutputColumn, ReleasedTable, Value};
pub use told::{Standing, WhoIsWho};
pub use twin::{InventedTable, TwinGrant};
pub use workspace::{
    Command, Placement, PlannedTable, PlannedView, Reads, StoredTable, TableSink, Unusable, WorkspaceColumn,
    WorkspaceObject,
};

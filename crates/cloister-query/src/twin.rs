//! Queries on a synthetic twin: the same words of SQL, the same functions, on invented rows in memory. The
//! session has no vault; every table is nobody's, so nothing is protected and rows may be shown.

use crate::catalogue::{MemoryNamed, named_tables};
use crate::engine::{execute, understood};
use crate::grant::ResolvedGrant;
use crate::parameter::Binding;
use crate::relation::State;
use crate::rewrite::{Counting, Rewriter};
use crate::session::session_of;
use crate::sql::parse;
use crate::subquery::as_joins;
use crate::workspace::add_objects;
use crate::{
    CellNote, Engine, FinishedTable, Limits, OutputColumn, QueryError, Refusal, Value, WorkspaceObject,
};
use chrono::{Datelike, Timelike};
use cloister_model::{Ident, LandedColumn, LandedType};
use cloister_twin::{Cell, TwinTable};
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch,
    StringArray, StringViewArray, TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::datasource::MemTable;
use std::sync::Arc;
use std::time::Duration;

/// What a query on invented rows may use.
const MEMORY_BYTES_MAX: usize = 512 << 20;
const TIME_MAX: Duration = Duration::from_secs(30);

/// A twin's table under the name that a project knows it by, with the columns that exist for the project.
#[derive(Clone, Debug)]
pub struct TwinGrant {
    /// The dataset's name in SQL.
    pub schema: String,
    /// The invented table.
    pub table: TwinTable,
    /// The granted columns.
    pub columns: Vec<LandedColumn>,
}

/// A result of invented rows. Only [`Engine::on_twin`] makes one, from a session that holds nothing else.
#[derive(Debug)]
pub struct InventedTable(FinishedTable);

impl InventedTable {
    /// The columns.
    pub fn columns(&self) -> &[OutputColumn] {
        self.0.columns()
    }

    /// The rows.
    pub fn rows(&self) -> &[Vec<Value>] {
        self.0.rows()
    }

    /// Where there is no value.
    pub fn notes(&self) -> &[CellNote] {
        self.0.notes()
    }

    /// The table as bytes that [`crate::ReleasedTable::from_bytes`] reads.
    pub fn to_bytes(&self) -> Result<Vec<u8>, DataFusionError> {
        self.0.to_bytes()
    }
}

impl Engine {
    /// Runs a query on invented rows, as if they were nobody's. Never reads the vault.
    /// What the project keeps in its workspace is made of invented rows too.
    pub async fn on_twin(
        &self,
        tables: &[TwinGrant],
        workspace: Vec<WorkspaceObject>,
        sql: &str,
    ) -> Result<InventedTable, QueryError> {
        let limits =
            Limits { memory_bytes_max: MEMORY_BYTES_MAX, time_max: TIME_MAX, ..self.limits().clone() };
        let tables = tables.iter().map(in_memory).collect::<Result<Vec<_>>>();
        let catalogue =
            tables.and_then(|tables| named_tables(&tables)).map_err(|e| QueryError::failed(&e))?;
        let state = session_of(catalogue, &limits).map_err(|e| QueryError::failed(&e))?;
        let query = parse(sql, Binding::Values)?.statement;
        let workspace = ResolvedGrant { tables: Vec::new(), workspace };
        add_objects(&state, &workspace, &query, sql).await?;
        let analysed = as_joins(understood(&state, query).await?, &state)?;
        let counting = Counting {
            ordered: false,
            few_max: 0,
            contributions: false,
            merges: true,
            zeros_shown: true,
            record_keys: None,
            everybody: false,
        };
        let rewriter = Rewriter::new(&state, counting);
        let relation = rewriter.rewrite(&analysed)?;
        if !matches!(relation.state, State::Reference) {
            return Err(Refusal::unsupported("A table that is not of the twin").into());
        }
        let run = async {
            let batch = execute(&state, &relation.plan).await?;
            let states: Vec<_> = relation.columns.iter().map(|_| None).collect();
            FinishedTable::new(&batch, &relation.plan, &relation.columns, &states, Vec::new(), None)
        };
        match tokio::time::timeout(limits.time_max, run).await {
            Ok(finished) => finished.map(InventedTable).map_err(|e| QueryError::failed(&e)),
            Err(_) => Err(QueryError::Failed { detail: "the time limit was reached".to_owned() }),
        }
    }
}

fn in_memory(grant: &TwinGrant) -> Result<MemoryNamed> {
    let place = |name: &Ident| grant.table.columns.iter().position(|c| c.name == *name);
    let (mut fields, mut arrays) = (Vec::new(), Vec::new());
    for column in &grant.columns {
        let Some(index) = place(&column.name) else {
            return internal_err!("twin: a granted column is missing");
        };
        let cells: Vec<&Cell> =
            grant.table.rows.iter().map(|row| row.get(index).unwrap_or(&Cell::Null)).collect();
        let array = array(column.landed_type, &cells);
        fields.push(Field::new(column.name.as_str(), array.data_type().clone(), true));
        arrays.push(array);
    }
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?;
    let table: Arc<dyn TableProvider> = Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?);
    Ok(MemoryNamed { schema: grant.schema.clone(), name: grant.table.name.to_string(), table })
}

/// One column in the type that landing gives it; people and pseudonyms are texts here.
fn array(landed: LandedType, cells: &[&Cell]) -> ArrayRef {
    let texts = || {
        cells.iter().map(|c| match c {
            Cell::Text(text) => Some(text.as_str()),
            _ => None,
        })
    };
    let numbers = || {
        cells.iter().map(|c| match c {
            Cell::Int(n) => Some(*n),
            _ => None,
        })
    };
    match landed {
        LandedType::Person | LandedType::Pseudonym => Arc::new(texts().collect::<StringArray>()),
        LandedType::Text => Arc::new(texts().collect::<StringViewArray>()),
        LandedType::Int32 => {
            Arc::new(numbers().map(|n| n.and_then(|n| i32::try_from(n).ok())).collect::<Int32Array>())
        }
        LandedType::Int64 => Arc::new(numbers().collect::<Int64Array>()),
        LandedType::Decimal(precision, scale) => {
            let values = cells.iter().map(|c| match c {
                Cell::Decimal(n) => Some(*n),
                _ => None,
            });
            let array = values.collect::<Decimal128Array>();
            Arc::new(array.with_data_type(DataType::Decimal128(precision, scale)))
        }
        LandedType::Float => Arc::new(Float64Array::from_iter(cells.iter().map(|c| match c {
            Cell::Float(n) => Some(*n),
            _ => None,
        }))),
        LandedType::Date => Arc::new(Date32Array::from_iter(cells.iter().map(|c| match c {
            // Days since 1970-01-01; chrono counts from the year 1.
            Cell::Date(date) => Some(date.num_days_from_ce() - 719_163),
            _ => None,
        }))),
        LandedType::Timestamp => {
            Arc::new(TimestampMicrosecondArray::from_iter(cells.iter().map(|c| match c {
                Cell::Timestamp(at) => {
                    let days = i64::from(at.date().num_days_from_ce() - 719_163);
                    Some((days * 86_400 + i64::from(at.num_seconds_from_midnight())) * 1_000_000)
                }
                _ => None,
            })))
        }
        LandedType::Bool => Arc::new(BooleanArray::from_iter(cells.iter().map(|c| match c {
            Cell::Bool(b) => Some(*b),
            _ => None,
        }))),
    }
}

#[cfg(test)]
mod tests;

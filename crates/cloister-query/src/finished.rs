//! A finished table: protected values in their final form, with a note on every cell that is not
//! simply a value.

use crate::boundary::{Boundary, Evidence};
use crate::boundary_table::SHOWN;
use crate::exhibit::{Exhibit, ExhibitTable};
use crate::relation::{ColumnFacts, Role};
use crate::released::{FailedAttack, ReleasedTable, write};
use crate::{CellNote, OutputColumn, Step, Value};
use cloister_disclosure::{Protected, Table};
use cloister_ledger::Finding;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, MutableArrayData, RecordBatch, UInt8Array, make_array,
};
use datafusion::arrow::compute::{cast, nullif};
use datafusion::arrow::datatypes::{DataType, Field, Schema, UInt8Type};
use datafusion::common::{Column, DataFusionError, Result, internal_err};
use datafusion::logical_expr::LogicalPlan;
use std::sync::Arc;

/// A query's result after disclosure control. It still has to pass the airlock.
#[derive(Debug)]
pub struct FinishedTable {
    table: ReleasedTable,
    states: Vec<UInt8Array>,
    holds: Vec<String>,
    /// What it was made from, for a checker.
    sources: Vec<Source>,
}

/// An aggregate that a table was made from.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) boundary: Boundary,
    pub(crate) evidence: Evidence,
    pub(crate) table: Table,
    pub(crate) protected: Protected,
}

impl FinishedTable {
    /// The same with what it was made from.
    pub(crate) fn with_sources(self, sources: Vec<Source>) -> Self {
        Self { sources, ..self }
    }

    /// What a checker is shown of it, where it is held: the people behind every value, and every value as it was. It is
    /// to be sealed before it goes anywhere. The plan is as [`crate::Engine::explain`] tells it, and `ledger` what it says beside what was released before.
    pub fn exhibit(
        &self,
        plan: Vec<Step>,
        ledger: Vec<Finding>,
        coarser: Vec<String>,
    ) -> Result<Exhibit, DataFusionError> {
        let of = |s: &Source| ExhibitTable::of(&s.boundary, &s.evidence, &s.table, &s.protected);
        let plan = plan.into_iter().map(Into::into).collect();
        Ok(Exhibit { tables: self.sources.iter().map(of).collect::<Result<_>>()?, plan, ledger, coarser })
    }

    pub(crate) fn new(
        batch: &RecordBatch,
        plan: &LogicalPlan,
        facts: &[ColumnFacts],
        states: &[Option<Column>],
        holds: Vec<String>,
        attack: Option<FailedAttack>,
    ) -> Result<Self> {
        let (mut fields, mut shown, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for (fact, state) in facts.iter().zip(states) {
            let raw = column_of(batch, plan, &fact.column)?;
            let states = match state {
                Some(state) => cast(column_of(batch, plan, state)?, &DataType::UInt8)?,
                None => cast(&BooleanArray::from(vec![false; batch.num_rows()]), &DataType::UInt8)?,
            };
            let states = states.as_primitive::<UInt8Type>();
            // Whatever a finishing expression made of a suppressed value is suppressed too.
            let hide = BooleanArray::from_iter(states.iter().map(|s| Some(s != Some(SHOWN))));
            let values = only_shown(&nullif(raw, &hide)?)?;
            fields.push(Field::new(fact.column.name(), values.data_type().clone(), true));
            shown.push(values);
            kept.push(UInt8Array::from_iter_values(states.values().iter().copied()));
        }
        let options =
            datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), shown, &options)?;
        let roles: Vec<Role> = facts.iter().map(|f| f.facts.role).collect();
        let table = ReleasedTable::new(batch, &roles, &kept)?.attacked(attack);
        Ok(Self { table, states: kept, holds, sources: Vec::new() })
    }

    /// The columns.
    pub fn columns(&self) -> &[OutputColumn] {
        self.table.columns()
    }

    /// The rows.
    pub fn rows(&self) -> &[Vec<Value>] {
        self.table.rows()
    }

    /// The table as Arrow arrays that hold nothing but what they show.
    #[cfg(test)]
    pub(crate) fn batch(&self) -> &RecordBatch {
        self.table.batch()
    }

    /// What became of every cell without a value, by row and column.
    pub fn notes(&self) -> &[CellNote] {
        self.table.notes()
    }

    /// Codes of what a person must look at before it leaves.
    pub fn holds(&self) -> &[String] {
        &self.holds
    }

    /// The table as an Arrow IPC stream.
    pub fn to_arrow_stream(&self) -> Result<Vec<u8>, DataFusionError> {
        self.table.to_arrow_stream()
    }

    /// The table with its cells' states, as [`ReleasedTable::from_bytes`] reads it.
    pub fn to_bytes(&self) -> Result<Vec<u8>, DataFusionError> {
        write(&self.table, &self.states)
    }
}

fn column_of<'a>(batch: &'a RecordBatch, plan: &LogicalPlan, column: &Column) -> Result<&'a ArrayRef> {
    let index = plan.schema().index_of_column(column)?;
    match batch.columns().get(index) {
        Some(array) => Ok(array),
        None => internal_err!("finished: missing column"),
    }
}

/// A copy that holds nothing but the values it shows. What stands under a NULL, and whatever else shares
/// a buffer with what is shown, would leave with the Arrow file. Types that no such copy is known for
/// become text.
fn only_shown(array: &ArrayRef) -> Result<ArrayRef> {
    let data = match array.data_type() {
        DataType::Null => return Ok(array.clone()),
        DataType::Boolean | DataType::Utf8 => array.to_data(),
        kind if kind.is_primitive() => array.to_data(),
        _ => cast(array, &DataType::Utf8)?.to_data(),
    };
    let mut copy = MutableArrayData::new(vec![&data], true, data.len());
    for row in 0..data.len() {
        if data.is_valid(row) {
            copy.try_extend(0, row, row + 1)?;
        } else {
            copy.try_extend_nulls(1)?;
        }
    }
    Ok(make_array(copy.freeze()))
}

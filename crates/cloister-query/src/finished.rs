//! A finished table: protected values in their final form, with a note on every cell that is not
//! simply a value.

use crate::boundary_table::{OTHER, SHOWN, SUPPRESSED, rule_of};
use crate::relation::{ColumnFacts, Role};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, MutableArrayData, RecordBatch, make_array,
};
use datafusion::arrow::compute::{cast, nullif};
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema, UInt8Type};
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{Column, DataFusionError, Result, internal_err};
use datafusion::logical_expr::LogicalPlan;
use std::sync::Arc;

/// A query's result after disclosure control. It still has to pass the airlock.
#[derive(Debug)]
pub struct FinishedTable {
    columns: Vec<OutputColumn>,
    rows: Vec<Vec<Value>>,
    notes: Vec<CellNote>,
    holds: Vec<String>,
    batch: RecordBatch,
}

/// A column of the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputColumn {
    /// Its name.
    pub name: String,
    /// Its Arrow type.
    pub data_type: String,
    /// What it is: `key`, `count`, `sum`, `mean`, `rate` or `derived`.
    pub role: &'static str,
}

/// A value of the result.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Not there: NULL, suppressed, or the label of merged groups; a note says which.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// An exact decimal number, as text.
    Decimal(String),
    /// Anything else, as text.
    Text(String),
}

/// What became of a cell whose value is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellNote {
    /// Row, from 0.
    pub row: usize,
    /// Column, from 0.
    pub column: usize,
    /// `null`, `suppressed` or `other`.
    pub state: &'static str,
    /// The rule, where one took the value away.
    pub rule: Option<&'static str>,
}

impl FinishedTable {
    pub(crate) fn new(
        batch: &RecordBatch,
        plan: &LogicalPlan,
        facts: &[ColumnFacts],
        states: &[Option<Column>],
        holds: Vec<String>,
    ) -> Result<Self> {
        let (mut columns, mut notes, mut shown) = (Vec::new(), Vec::new(), Vec::new());
        let mut rows: Vec<Vec<Value>> = vec![Vec::new(); batch.num_rows()];
        let mut fields = Vec::new();
        for (index, (fact, state)) in facts.iter().zip(states).enumerate() {
            let raw = column_of(batch, plan, &fact.column)?;
            let states = match state {
                Some(state) => cast(column_of(batch, plan, state)?, &DataType::UInt8)?,
                None => cast(&BooleanArray::from(vec![false; batch.num_rows()]), &DataType::UInt8)?,
            };
            let states = states.as_primitive::<UInt8Type>();
            // Whatever a finishing expression made of a suppressed value is suppressed too.
            let hide = BooleanArray::from_iter(states.iter().map(|s| Some(s != Some(SHOWN))));
            let values = only_shown(&nullif(raw, &hide)?)?;
            for (row, (value, state)) in read(&values)?.into_iter().zip(states.values()).enumerate() {
                if let Some(cell) = note(row, index, &value, *state) {
                    notes.push(cell);
                }
                if let Some(row) = rows.get_mut(row) {
                    row.push(value);
                }
            }
            let name = fact.column.name().to_owned();
            fields.push(Field::new(&name, values.data_type().clone(), true));
            columns.push(OutputColumn { name, data_type: values.data_type().to_string(), role: role(fact) });
            shown.push(values);
        }
        notes.sort_by_key(|n| (n.row, n.column));
        let options =
            datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), shown, &options)?;
        Ok(Self { columns, rows, notes, holds, batch })
    }

    /// The columns.
    pub fn columns(&self) -> &[OutputColumn] {
        &self.columns
    }

    /// The rows.
    pub fn rows(&self) -> &[Vec<Value>] {
        &self.rows
    }

    /// The table as Arrow arrays that hold nothing but what they show.
    #[cfg(test)]
    pub(crate) fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    /// What became of every cell without a value, by row and column.
    pub fn notes(&self) -> &[CellNote] {
        &self.notes
    }

    /// Codes of what a person must look at before it leaves.
    pub fn holds(&self) -> &[String] {
        &self.holds
    }

    /// The table as an Arrow IPC stream.
    pub fn to_arrow_stream(&self) -> Result<Vec<u8>, DataFusionError> {
        let mut writer = StreamWriter::try_new(Vec::new(), &self.batch.schema())?;
        writer.write(&self.batch)?;
        Ok(writer.into_inner()?)
    }
}

fn column_of<'a>(batch: &'a RecordBatch, plan: &LogicalPlan, column: &Column) -> Result<&'a ArrayRef> {
    let index = plan.schema().index_of_column(column)?;
    match batch.columns().get(index) {
        Some(array) => Ok(array),
        None => internal_err!("finished: missing column"),
    }
}

fn role(fact: &ColumnFacts) -> &'static str {
    match fact.facts.role {
        Role::Key => Role::Key.as_str(),
        other => other.as_str(),
    }
}

fn note(row: usize, column: usize, value: &Value, state: u8) -> Option<CellNote> {
    let note = |state, rule| Some(CellNote { row, column, state, rule });
    match state {
        SHOWN if *value == Value::None => note("null", None),
        SHOWN => None,
        OTHER => note("other", None),
        SUPPRESSED.. => note("suppressed", Some(rule_of(state).map_or("suppressed", |r| r.code()))),
        _ => note("suppressed", None),
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

fn read(array: &ArrayRef) -> Result<Vec<Value>> {
    let value: Box<dyn Fn(usize) -> Value> = match array.data_type() {
        DataType::Boolean => {
            let array = array.as_boolean().clone();
            Box::new(move |row| Value::Bool(array.value(row)))
        }
        kind if kind.is_integer() => {
            let array = cast(array, &DataType::Int64)?.as_primitive::<Int64Type>().clone();
            Box::new(move |row| if array.is_valid(row) { Value::Int(array.value(row)) } else { Value::None })
        }
        kind if kind.is_floating() => {
            let array = cast(array, &DataType::Float64)?.as_primitive::<Float64Type>().clone();
            Box::new(move |row| Value::Float(array.value(row)))
        }
        kind => {
            let decimal = kind.is_decimal();
            let options = FormatOptions::default();
            let formatter = ArrayFormatter::try_new(array.as_ref(), &options)?;
            let texts: Vec<String> = (0..array.len()).map(|row| formatter.value(row).to_string()).collect();
            Box::new(move |row| match texts.get(row) {
                Some(text) if decimal => Value::Decimal(text.clone()),
                Some(text) => Value::Text(text.clone()),
                None => Value::None,
            })
        }
    };
    Ok((0..array.len()).map(|row| if array.is_null(row) { Value::None } else { value(row) }).collect())
}

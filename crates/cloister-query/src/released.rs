//! A released table: what a finished one shows, with a note on every cell that is not simply a value. It
//! travels from the engine worker to the hub as one Arrow IPC stream.

use crate::boundary_table::{OTHER, SHOWN, SUPPRESSED, rule_of};
use crate::relation::Role;
use cloister_disclosure::Protected;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, UInt8Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema, UInt8Type};
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{DataFusionError, Result, internal_datafusion_err, internal_err};
use datafusion::parquet::arrow::ArrowWriter;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The key of a field's role, while the table travels.
const ROLE: &str = "cloister:role";

/// The key of how many cells of a field have no value, by what became of them.
const STATES: &str = "cloister:states";

/// The key of their rows.
const CELLS: &str = "cloister:cells";

/// Where more cells of a field have no value, their rows are not named.
const CELLS_NAMED_MAX: usize = 10_000;

/// Rows of one batch of a released table.
const BATCH_ROWS: usize = 16_384;

/// The key of the attack that failed on a table, while it travels.
const ATTACK: &str = "cloister:attack";

/// An outsider's attack on the suppressed cells of a table with totals, which failed: of none of them can more be
/// worked out than the policy permits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailedAttack {
    /// Cells that rules suppressed.
    pub primary: usize,
    /// Cells that were suppressed beside them.
    pub secondary: usize,
}

impl FailedAttack {
    /// Of all columns that were defended; none where none had to be.
    pub(crate) fn of(protected: &[Protected]) -> Option<Self> {
        let defences = protected.iter().flat_map(Protected::defences);
        defences.fold(None, |attack, defence| {
            let Self { primary, secondary } = attack.unwrap_or_default();
            let (primary, secondary) = (primary + defence.primary, secondary + defence.secondary);
            Some(Self { primary, secondary })
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let (primary, secondary) = text.split_once(' ')?;
        Some(Self { primary: primary.parse().ok()?, secondary: secondary.parse().ok()? })
    }
}

/// What a finished table shows. Made from bytes, it is whatever the bytes say: only the airlock's `Cleared`
/// around it says that it may leave.
#[derive(Debug)]
pub struct ReleasedTable {
    columns: Vec<OutputColumn>,
    rows: Vec<Vec<Value>>,
    notes: Vec<CellNote>,
    batch: RecordBatch,
    attack: Option<FailedAttack>,
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

impl ReleasedTable {
    /// Reads arrays that hold nothing but what they show, and the states of their cells.
    pub(crate) fn new(batch: RecordBatch, roles: &[Role], states: &[UInt8Array]) -> Result<Self> {
        let (mut columns, mut notes) = (Vec::new(), Vec::new());
        let mut rows: Vec<Vec<Value>> = vec![Vec::new(); batch.num_rows()];
        let fields = batch.schema().fields().clone();
        for (index, ((field, values), (role, states))) in
            fields.iter().zip(batch.columns()).zip(roles.iter().zip(states)).enumerate()
        {
            for (row, (value, state)) in read(values)?.into_iter().zip(states.values()).enumerate() {
                if let Some(cell) = note(row, index, &value, *state) {
                    notes.push(cell);
                }
                if let Some(row) = rows.get_mut(row) {
                    row.push(value);
                }
            }
            let (name, data_type) = (field.name().clone(), values.data_type().to_string());
            columns.push(OutputColumn { name, data_type, role: role.as_str() });
        }
        notes.sort_by_key(|n| (n.row, n.column));
        if columns.len() != fields.len() || rows.iter().any(|r| r.len() != fields.len()) {
            return internal_err!("a table whose parts do not fit");
        }
        Ok(Self { columns, rows, notes, batch, attack: None })
    }

    /// The same with the attack that failed on it.
    pub(crate) fn attacked(self, attack: Option<FailedAttack>) -> Self {
        Self { attack, ..self }
    }

    /// Reads what [`crate::FinishedTable::to_bytes`] wrote.
    ///
    /// # Errors
    /// Where the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DataFusionError> {
        let mut reader = StreamReader::try_new(bytes, None)?;
        let whole = reader.next().ok_or_else(|| internal_datafusion_err!("a table without rows"))??;
        let columns = whole.num_columns() / 2;
        if reader.next().is_some() || whole.num_columns() % 2 != 0 {
            return internal_err!("a table of another form");
        }
        let (mut fields, mut shown, mut roles, mut states) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (index, (field, array)) in whole.schema().fields().iter().zip(whole.columns()).enumerate() {
            if index >= columns {
                match array.as_primitive_opt::<UInt8Type>() {
                    Some(array) if array.null_count() == 0 => states.push(array.clone()),
                    _ => return internal_err!("a table without states"),
                }
                continue;
            }
            let role = field.metadata().get(ROLE);
            let role = role.and_then(|text| Role::ALL.into_iter().find(|r| r.as_str() == text));
            roles.push(role.ok_or_else(|| internal_datafusion_err!("a column without a role"))?);
            fields.push(Field::new(field.name(), array.data_type().clone(), true));
            shown.push(array.clone());
        }
        let options = RecordBatchOptions::new().with_row_count(Some(whole.num_rows()));
        let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), shown, &options)?;
        let attack = whole.schema().metadata().get(ATTACK).map(|text| FailedAttack::parse(text));
        let attack = match attack {
            Some(None) => return internal_err!("a table whose attack cannot be read"),
            Some(attack) => attack,
            None => None,
        };
        Ok(Self::new(batch, &roles, &states)?.attacked(attack))
    }

    /// The attack on its suppressed cells, where totals stand beside them.
    pub fn attack(&self) -> Option<FailedAttack> {
        self.attack
    }

    /// The columns.
    pub fn columns(&self) -> &[OutputColumn] {
        &self.columns
    }

    /// The rows.
    pub fn rows(&self) -> &[Vec<Value>] {
        &self.rows
    }

    #[cfg(test)]
    pub(crate) fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    /// What became of every cell without a value, by row and column.
    pub fn notes(&self) -> &[CellNote] {
        &self.notes
    }

    /// The table as an Arrow IPC stream, in batches that can be read one by one. The columns' metadata say what each is, and
    /// what became of its cells without a value ([`ReleasedTable::described`]).
    pub fn to_arrow_stream(&self) -> Result<Vec<u8>, DataFusionError> {
        let batch = self.described()?;
        let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema())?;
        for start in (0..batch.num_rows()).step_by(BATCH_ROWS) {
            writer.write(&batch.slice(start, BATCH_ROWS.min(batch.num_rows() - start)))?;
        }
        Ok(writer.into_inner()?)
    }

    /// The table as its packages hold it. Each column's metadata have `cloister:role`; where cells have no value,
    /// `cloister:states` counts them by state and rule (`suppressed small-count`, `null`, …) as a JSON object, and
    /// `cloister:cells` names their rows, from 0, in the same form, unless there are too many.
    fn described(&self) -> Result<RecordBatch, DataFusionError> {
        let mut states: Vec<BTreeMap<String, Vec<usize>>> = vec![BTreeMap::new(); self.columns.len()];
        for note in &self.notes {
            let name = match note.rule {
                Some(rule) => format!("{} {rule}", note.state),
                None => note.state.to_owned(),
            };
            if let Some(of) = states.get_mut(note.column) {
                of.entry(name).or_default().push(note.row);
            }
        }
        let text = |value: &dyn Fn(&Vec<usize>) -> serde_json::Value, of: &BTreeMap<String, Vec<usize>>| {
            let all = of.iter().map(|(name, rows)| (name.clone(), value(rows)));
            serde_json::Value::Object(all.collect()).to_string()
        };
        let fields = self.batch.schema().fields().clone();
        let described = fields.iter().zip(&self.columns).zip(&states).map(|((field, column), of)| {
            let mut metadata = HashMap::from([(ROLE.to_owned(), column.role.to_owned())]);
            if !of.is_empty() {
                metadata.insert(STATES.to_owned(), text(&|rows| rows.len().into(), of));
            }
            if (1..=CELLS_NAMED_MAX).contains(&of.values().map(Vec::len).sum()) {
                metadata.insert(CELLS.to_owned(), text(&|rows| rows.clone().into(), of));
            }
            field.as_ref().clone().with_metadata(metadata)
        });
        let schema = Schema::new(described.collect::<Vec<_>>());
        Ok(self.batch.clone().with_schema(Arc::new(schema))?)
    }

    /// The table as a Parquet file.
    pub fn to_parquet(&self) -> Result<Vec<u8>, DataFusionError> {
        let mut out = Vec::new();
        let batch = self.described()?;
        let mut writer = ArrowWriter::try_new(&mut out, batch.schema(), None)?;
        writer.write(&batch)?;
        writer.close()?;
        Ok(out)
    }
}

impl AsRef<Self> for ReleasedTable {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// The table and the states of its cells as one stream: the columns, then a column of states for each.
pub(crate) fn write(table: &ReleasedTable, states: &[UInt8Array]) -> Result<Vec<u8>> {
    let batch = &table.batch;
    let (mut fields, mut arrays) = (Vec::new(), Vec::new());
    for ((field, array), column) in batch.schema().fields().iter().zip(batch.columns()).zip(&table.columns) {
        let role = HashMap::from([(ROLE.to_owned(), column.role.to_owned())]);
        fields.push(field.as_ref().clone().with_metadata(role));
        arrays.push(array.clone());
    }
    for (index, states) in states.iter().enumerate() {
        fields.push(Field::new(format!("s{index}"), DataType::UInt8, false));
        arrays.push(Arc::new(states.clone()));
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let attack = table.attack.map(|a| (ATTACK.to_owned(), format!("{} {}", a.primary, a.secondary)));
    let schema = Schema::new(fields).with_metadata(attack.into_iter().collect());
    stream(&RecordBatch::try_new_with_options(Arc::new(schema), arrays, &options)?)
}

fn stream(batch: &RecordBatch) -> Result<Vec<u8>> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema())?;
    writer.write(batch)?;
    Ok(writer.into_inner()?)
}

fn note(row: usize, column: usize, value: &Value, state: u8) -> Option<CellNote> {
    let note = |state, rule| Some(CellNote { row, column, state, rule });
    match state {
        SHOWN if *value == Value::None => note("null", None),
        SHOWN => None,
        OTHER => note("other", None),
        SUPPRESSED.. => match rule_of(state) {
            Some(rule) if rule.permits_none() => note("not-permitted", Some(rule.code())),
            Some(rule) => note("suppressed", Some(rule.code())),
            None => note("suppressed", Some("suppressed")),
        },
        _ => note("suppressed", None),
    }
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
    // An array without a type says of no row that it is NULL.
    let nulls = array.logical_nulls();
    let is_null = |row: usize| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
    Ok((0..array.len()).map(|row| if is_null(row) { Value::None } else { value(row) }).collect())
}

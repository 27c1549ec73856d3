//! The table of protected values that the finishing plan reads.

use crate::boundary::{Boundary, BoundaryCell, BoundaryValue, Evidence};
use async_trait::async_trait;
use cloister_disclosure::{CellState, Origin, Protected, ProtectedCell, Rule, Shown};
use datafusion::arrow::array::{
    ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch, UInt8Array, UInt32Array,
};
use datafusion::arrow::compute::{cast, nullif, take};
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Column, Result, internal_err};
use datafusion::datasource::{MemTable, TableType, provider_as_source};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::ExecutionPlan;
use std::sync::{Arc, OnceLock};

/// A state as a number; the greatest of several is the state of what is made of them.
pub(crate) const SHOWN: u8 = 0;
/// A label that several merged groups stand under.
pub(crate) const OTHER: u8 = 1;
/// Suppressed; plus the rule's place in [`Rule::ALL`].
pub(crate) const SUPPRESSED: u8 = 16;

/// Empty until the disclosure engine has decided; reading it before that fails.
#[derive(Debug)]
pub(crate) struct BoundaryTable {
    schema: SchemaRef,
    protected: OnceLock<RecordBatch>,
}

/// The rule behind a suppressed state.
pub(crate) fn rule_of(state: u8) -> Option<Rule> {
    Rule::ALL.get(usize::from(state.checked_sub(SUPPRESSED)?)).copied()
}

fn state_of(cell: &ProtectedCell) -> u8 {
    match cell.state() {
        CellState::Shown => SHOWN,
        CellState::Suppressed(rule) | CellState::NotPermitted(rule) => {
            let place = Rule::ALL.iter().position(|r| *r == rule).unwrap_or_default();
            SUPPRESSED + u8::try_from(place).unwrap_or(u8::MAX - SUPPRESSED)
        }
    }
}

impl BoundaryTable {
    /// Keys `k0…`, the merged rows' mark `m`, values `v0…` and their states `s0…`.
    pub(crate) fn new(keys: &[(Column, DataType)], cells: &[BoundaryCell]) -> Self {
        let mut fields: Vec<Field> = Vec::new();
        for (index, (_, data_type)) in keys.iter().enumerate() {
            fields.push(Field::new(format!("k{index}"), data_type.clone(), true));
        }
        fields.push(Field::new("m", DataType::UInt8, false));
        for (index, cell) in cells.iter().enumerate() {
            fields.push(Field::new(format!("v{index}"), cell.data_type.clone(), true));
            fields.push(Field::new(format!("s{index}"), DataType::UInt8, false));
        }
        Self { schema: Arc::new(Schema::new(fields)), protected: OnceLock::new() }
    }

    /// The plan that reads it: keys and cells under the names the query knows them by, states under
    /// hidden names. Returns the visible columns and the state column of each.
    pub(crate) fn plan(
        self: &Arc<Self>,
        boundary: &Boundary,
        hidden_name: impl Fn(&str) -> String,
    ) -> Result<(LogicalPlan, Vec<Column>, Vec<Option<Column>>)> {
        let named = |from: String, to: &Column| {
            Expr::Column(Column::new_unqualified(from)).alias_qualified(to.relation.clone(), to.name())
        };
        let mut exprs = Vec::new();
        let mut hidden = Vec::new();
        let (mut columns, mut states) = (Vec::new(), Vec::new());
        let mut state = |from: &str| {
            let name = hidden_name("state");
            hidden.push(Expr::Column(Column::new_unqualified(from)).alias(&name));
            Some(Column::new_unqualified(name))
        };
        let merges = !boundary.labels_public && !boundary.totals && !boundary.keys.is_empty();
        let merged = merges.then(|| state("m")).flatten();
        for (index, (name, _)) in boundary.keys.iter().enumerate() {
            exprs.push(named(format!("k{index}"), name));
            columns.push(name.clone());
            states.push(merged.clone());
        }
        for (index, cell) in boundary.cells.iter().enumerate() {
            exprs.push(named(format!("v{index}"), &cell.name));
            columns.push(cell.name.clone());
            states.push(state(&format!("s{index}")));
        }
        exprs.append(&mut hidden);
        let source = provider_as_source(self.clone());
        let plan = LogicalPlanBuilder::scan("__boundary", source, None)?.project(exprs)?.build()?;
        Ok((plan, columns, states))
    }

    /// The protected values of a cell's column, in the order of the protected rows.
    pub(crate) fn shown(&self, index: usize) -> Result<ArrayRef> {
        let found = self.protected.get().and_then(|batch| batch.column_by_name(&format!("v{index}")));
        match found {
            Some(array) => Ok(array.clone()),
            None => internal_err!("nothing has been protected yet"),
        }
    }

    /// Puts the protected values in.
    pub(crate) fn fill(&self, boundary: &Boundary, evidence: &Evidence, protected: &Protected) -> Result<()> {
        let rows = protected.rows();
        let origins = rows.iter().map(|r| match r.origin {
            Origin::Group(index) => u32::try_from(index).ok(),
            Origin::Other => None,
        });
        let origins = UInt32Array::from_iter(origins);
        let mut columns: Vec<ArrayRef> = Vec::new();
        for key in &evidence.keys {
            columns.push(take(key, &origins, None)?);
        }
        let merged = rows.iter().map(|r| if r.origin == Origin::Other { OTHER } else { SHOWN });
        columns.push(Arc::new(UInt8Array::from_iter_values(merged)));
        for (index, cell) in boundary.cells.iter().enumerate() {
            let cells: Vec<Option<&ProtectedCell>> = rows.iter().map(|r| r.cells.get(index)).collect();
            columns.push(values(cell.value, &cell.data_type, &cells, evidence, &origins)?);
            let states = cells.iter().map(|c| c.map_or(u8::MAX, state_of));
            columns.push(Arc::new(UInt8Array::from_iter_values(states)));
        }
        let batch = RecordBatch::try_new_with_options(
            self.schema.clone(),
            columns,
            &datafusion::arrow::array::RecordBatchOptions::new().with_row_count(Some(rows.len())),
        )?;
        match self.protected.set(batch) {
            Ok(()) => Ok(()),
            Err(_) => internal_err!("protected values were there already"),
        }
    }
}

/// One column of protected values in the type that the query gave it.
fn values(
    value: BoundaryValue,
    data_type: &DataType,
    cells: &[Option<&ProtectedCell>],
    evidence: &Evidence,
    origins: &UInt32Array,
) -> Result<ArrayRef> {
    let shown: Vec<Option<Shown>> = cells.iter().map(|c| c.and_then(ProtectedCell::shown)).collect();
    let digits = shown.iter().find_map(|s| match s {
        Some(Shown::Digits(digits)) => Some(*digits),
        _ => None,
    });
    if digits.is_some() || shown.contains(&Some(Shown::AsGiven)) {
        let BoundaryValue::One(index) = value else { return internal_err!("no measure to show") };
        let given = take(evidence.raw(index)?, origins, None)?;
        let hide = shown.iter().map(|s| Some(!matches!(s, Some(Shown::AsGiven | Shown::Digits(_)))));
        let kept = nullif(&given, &BooleanArray::from_iter(hide))?;
        let kept = match digits {
            Some(digits) => rounded(&kept, digits)?,
            None => kept,
        };
        return Ok(cast(&kept, data_type)?);
    }
    let array: ArrayRef = if shown.iter().any(|s| matches!(s, Some(Shown::Rate(_)))) {
        Arc::new(Float64Array::from_iter(shown.iter().map(|s| match s {
            Some(Shown::Rate(rate)) => Some(*rate),
            _ => None,
        })))
    } else {
        Arc::new(Int64Array::from_iter(shown.iter().map(|s| match s {
            Some(Shown::Count(count)) => Some(*count),
            _ => None,
        })))
    };
    Ok(cast(&array, data_type)?)
}

/// Numbers to so many significant digits.
fn rounded(values: &ArrayRef, digits: u8) -> Result<ArrayRef> {
    let values = cast(values, &DataType::Float64)?;
    // Through text: the nearest number with these digits, without a power of ten that is not exact.
    let to_digits =
        |value: f64| format!("{value:.*e}", usize::from(digits.saturating_sub(1))).parse().unwrap_or(value);
    let rounded = values.as_primitive::<Float64Type>().iter().map(|v| v.map(to_digits));
    Ok(Arc::new(Float64Array::from_iter(rounded)))
}

#[async_trait]
impl TableProvider for BoundaryTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(batch) = self.protected.get() else {
            return internal_err!("nothing has been protected yet");
        };
        let table = MemTable::try_new(self.schema.clone(), vec![vec![batch.clone()]])?;
        table.scan(state, projection, filters, limit).await
    }
}

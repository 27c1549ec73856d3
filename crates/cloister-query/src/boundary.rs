//! The release boundary: evidence comes out of the engine here, protected values go back in.

use crate::boundary_table::BoundaryTable;
use crate::overlap::{parts_of, together};
use crate::people::{names_of, number_of};
use crate::places::places_of;
use crate::relation::Role;
use crate::rewrite::{Asked, Member};
use crate::support::contributions_of;
use crate::told::Population;
use cloister_disclosure::{Cell, Column as DisclosureColumn, Group, Kin, Overlaps, Statistic, Table, Value};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, UInt32Array};
use datafusion::arrow::compute::{SortColumn, cast, filter, lexsort_to_indices, take};
use datafusion::arrow::datatypes::{DataType, Int64Type, UInt64Type};
use datafusion::common::{Column, Result, internal_err};
use datafusion::logical_expr::LogicalPlan;
use std::sync::Arc;

/// What is split off a plan at its outermost aggregate over patient data.
#[derive(Debug)]
pub(crate) struct Boundary {
    /// What the plan above reads in its place.
    pub(crate) above: Arc<BoundaryTable>,
    /// The aggregate with its evidence: keys `k0…`, then values and counts of people `v0…`.
    pub(crate) evidence: LogicalPlan,
    /// The keys' names above the boundary, and their types.
    pub(crate) keys: Vec<(Column, DataType)>,
    pub(crate) cells: Vec<BoundaryCell>,
    /// Where the people of the whole group are counted.
    pub(crate) everyone: usize,
    /// Whether they are named there, while they are few.
    pub(crate) named: bool,
    pub(crate) labels_public: bool,
    /// Whether some groups are totals of others.
    pub(crate) totals: bool,
    /// Whether the groups of all keys are in the evidence though the query did not ask for them, to see what
    /// the totals have in common.
    pub(crate) lacks_finest: bool,
    /// The policy's threshold.
    pub(crate) people_min: usize,
    pub(crate) overlaps: Option<BoundaryOverlaps>,
    /// What each cell has to do with others.
    pub(crate) members: Vec<Member>,
    /// The rows that are aggregated, as text that is equal for equal rows.
    pub(crate) rows: String,
    pub(crate) asked: Asked,
    /// Codes of what a checker must look at.
    pub(crate) holds: Vec<&'static str>,
    /// Whom it is asked of, for the ledger.
    pub(crate) population: Population,
}

/// One aggregate of the query.
#[derive(Debug)]
pub(crate) struct BoundaryCell {
    /// Its name above the boundary.
    pub(crate) name: Column,
    pub(crate) data_type: DataType,
    pub(crate) statistic: Statistic,
    pub(crate) argument: String,
    pub(crate) role: Role,
    pub(crate) value: BoundaryValue,
    /// Where its contributors are counted.
    pub(crate) contributors: usize,
    /// Where the people of each branch are counted.
    pub(crate) branches: Vec<usize>,
    /// Where the people that the value rests on are counted; of several counts the least matters.
    pub(crate) support: Vec<usize>,
    /// Where the greatest contributions are.
    pub(crate) contributions: Option<usize>,
    /// Where the sum of the record keys of what it counts is.
    pub(crate) record_keys: Option<usize>,
}

impl BoundaryCell {
    /// Its name as it is written, not as the planner has it.
    pub(crate) fn written_name(&self) -> String {
        self.name.name().replace("count(Int64(1))", "count(*)")
    }
}

/// Where it is said how the rows behind the cells overlap.
#[derive(Debug)]
pub(crate) struct BoundaryOverlaps {
    /// For each cell its families.
    pub(crate) columns: Vec<Vec<Kin>>,
    pub(crate) of_rows: usize,
    pub(crate) of_people: Option<usize>,
}

/// Where a value stands among the evidence.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BoundaryValue {
    /// It is the number of contributors.
    People(usize),
    One(usize),
    Rate {
        numerator: usize,
        denominator: usize,
    },
}

/// The evidence of one run, in the order of the labels.
#[derive(Debug)]
pub(crate) struct Evidence {
    pub(crate) keys: Vec<ArrayRef>,
    values: Vec<ArrayRef>,
    /// Whether what totals have in common rests on few people somewhere.
    small_parts: bool,
}

impl Evidence {
    /// Takes the evidence plan's result. Groups come out in an order that depends on the data; they are
    /// put in the order of their labels.
    pub(crate) fn new(batch: &RecordBatch, boundary: &Boundary) -> Result<Self> {
        let keys = boundary.keys.len();
        let mut columns = batch.columns().to_vec();
        if keys > 0 && batch.num_rows() > 1 {
            let by: Vec<SortColumn> =
                columns.iter().take(keys).map(|c| SortColumn { values: c.clone(), options: None }).collect();
            let order: UInt32Array = lexsort_to_indices(&by, None)?;
            columns = columns.iter().map(|c| take(c, &order, None)).collect::<Result<_, _>>()?;
        }
        let values = columns.split_off(keys.min(columns.len()));
        let all = Self { keys: columns, values, small_parts: false };
        if boundary.lacks_finest { all.without_finest(boundary) } else { Ok(all) }
    }

    /// Takes out the groups of all keys, which nobody asked for, once it is known whether any is small.
    fn without_finest(self, boundary: &Boundary) -> Result<Self> {
        let Some(level) = self.keys.last() else { return internal_err!("evidence: no level of totals") };
        // A group of all keys is a total over none of them.
        let level = cast(level, &DataType::UInt64)?;
        let asked: BooleanArray =
            level.as_primitive::<UInt64Type>().iter().map(|n| Some(n != Some(0))).collect();
        let few = boundary.people_min as u64;
        let mut small_parts = false;
        let counted =
            boundary.cells.iter().flat_map(|c| std::iter::once(c.contributors).chain(c.branches.clone()));
        for index in std::iter::once(boundary.everyone).chain(counted) {
            let counts = self.counts(index)?.into_iter().zip(&asked);
            small_parts |= counts.filter(|(_, asked)| *asked == Some(false)).any(|(n, _)| n > 0 && n < few);
        }
        let rest = |columns: &[ArrayRef]| {
            columns.iter().map(|c| filter(c, &asked)).collect::<std::result::Result<Vec<_>, _>>()
        };
        Ok(Self { keys: rest(&self.keys)?, values: rest(&self.values)?, small_parts })
    }

    /// Whether what totals have in common rests on few people somewhere.
    pub(crate) fn has_small_parts(&self) -> bool {
        self.small_parts
    }

    fn overlaps(&self, boundary: &Boundary, groups: usize) -> Result<Option<Overlaps>> {
        let Some(overlaps) = &boundary.overlaps else { return Ok(None) };
        let of_rows = parts_of(self.raw(overlaps.of_rows)?)?;
        let of_people = match overlaps.of_people {
            Some(index) => parts_of(self.raw(index)?)?,
            None => (0..groups).map(|_| (Vec::new(), false)).collect(),
        };
        let groups = of_rows.into_iter().zip(of_people).map(|(rows, people)| together(rows, people));
        Ok(Some(Overlaps { columns: overlaps.columns.clone(), groups: groups.collect() }))
    }

    /// The raw values of a cell's column.
    pub(crate) fn raw(&self, index: usize) -> Result<&ArrayRef> {
        match self.values.get(index) {
            Some(array) => Ok(array),
            None => internal_err!("evidence: missing column"),
        }
    }

    /// A column of counts; NULL is none.
    fn counts(&self, index: usize) -> Result<Vec<u64>> {
        let array = cast(number_of(self.raw(index)?), &DataType::UInt64)?;
        Ok(array.as_primitive::<UInt64Type>().iter().map(Option::unwrap_or_default).collect())
    }

    /// A column of whole numbers; `None` for NULL and for what is no whole number of 64 bits.
    fn numbers(&self, index: usize) -> Result<Vec<Option<i64>>> {
        let array = cast(self.raw(index)?, &DataType::Int64)?;
        Ok(array.as_primitive::<Int64Type>().iter().collect())
    }

    /// The table that the disclosure engine judges.
    pub(crate) fn table(&self, boundary: &Boundary) -> Result<Table> {
        let people = self.counts(boundary.everyone)?;
        let few = boundary.named.then(|| names_of(self.raw(boundary.everyone)?)).transpose()?;
        let mut groups: Vec<Group> = people
            .iter()
            .enumerate()
            .map(|(row, people)| Group {
                people: *people,
                few: few.as_ref().and_then(|few| few.get(row).cloned().flatten()),
                cells: Vec::with_capacity(boundary.cells.len()),
            })
            .collect();
        for cell in &boundary.cells {
            let contributors = self.counts(cell.contributors)?;
            let branches = cell.branches.iter().map(|b| self.counts(*b)).collect::<Result<Vec<_>>>()?;
            let support = cell.support.iter().map(|s| self.counts(*s)).collect::<Result<Vec<_>>>()?;
            let contributions = cell.contributions.map(|index| contributions_of(self.raw(index)?));
            let contributions = contributions.transpose()?;
            let keys = cell.record_keys.map(|index| self.counts(index)).transpose()?;
            let values = self.values(cell)?;
            for (row, ((group, contributors), value)) in
                groups.iter_mut().zip(contributors).zip(values).enumerate()
            {
                let branches = branches.iter().filter_map(|b| b.get(row).copied()).collect();
                let support = support.iter().map(|s| s.get(row).copied().unwrap_or_default()).min();
                let contributions = contributions.as_ref().and_then(|c| c.get(row).copied());
                let record_keys = keys.as_ref().and_then(|keys| keys.get(row).copied());
                group.cells.push(Cell { value, contributors, branches, support, contributions, record_keys });
            }
        }
        let columns = boundary.cells.iter().map(|c| DisclosureColumn {
            name: c.name.name().to_owned(),
            statistic: c.statistic,
            argument: c.argument.clone(),
        });
        let (labels_public, totals) = (boundary.labels_public, boundary.totals);
        let overlaps = self.overlaps(boundary, groups.len())?;
        let places = Some(places_of(&self.keys, totals, groups.len())?);
        Ok(Table { columns: columns.collect(), labels_public, totals, overlaps, places, groups })
    }

    fn values(&self, cell: &BoundaryCell) -> Result<Vec<Value>> {
        let count = |n: Option<i64>| n.map_or(Value::Null, Value::Count);
        Ok(match (cell.value, cell.statistic) {
            (BoundaryValue::People(index), _) => {
                let counts = self.counts(index)?.into_iter();
                counts.map(|n| count(i64::try_from(n).ok())).collect()
            }
            (BoundaryValue::One(index), Statistic::People | Statistic::Count { .. }) => {
                self.numbers(index)?.into_iter().map(count).collect()
            }
            (
                BoundaryValue::One(index),
                Statistic::Sum
                | Statistic::Mean
                | Statistic::Rate
                | Statistic::Extreme
                | Statistic::Quantile
                | Statistic::Spread
                | Statistic::Association,
            ) => {
                let raw = self.raw(index)?;
                let value = |row| if raw.is_null(row) { Value::Null } else { Value::Measure };
                (0..raw.len()).map(value).collect()
            }
            (BoundaryValue::Rate { numerator, denominator }, _) => {
                let pairs = self.numbers(numerator)?.into_iter().zip(self.numbers(denominator)?);
                pairs
                    .map(|pair| match pair {
                        (Some(numerator), Some(denominator)) => Value::Rate { numerator, denominator },
                        _ => Value::Null,
                    })
                    .collect()
            }
        })
    }
}

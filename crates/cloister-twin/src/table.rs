//! Whole tables: reference tables first, then people's, those that others' identifiers are named after first.

use crate::Cell;
use crate::draw::Draw;
use crate::key::{key_of, owner_of, refers_to};
use crate::source::{Row, Source, landed, plain, pool_of, token};
use cloister_governance::contract::{
    ColumnContract, ColumnType, Contract, PersonScheme, TableContract, Transform,
};
use cloister_model::{Digest, Ident, LandedColumn};
use std::collections::HashSet;

/// How many people a twin has.
pub const PEOPLE: u64 = 200;
/// The most rows of one person in one table.
const ROWS_PER_PERSON_MAX: u64 = 8;
/// How many rows a reference table has whose keys are invented.
const REFERENCE_ROWS: u64 = 200;
/// How many of a reference table's keys one column of another table holds.
const KEYS_PER_COLUMN: usize = 25;

/// One invented table.
#[derive(Clone, Debug, PartialEq)]
pub struct TwinTable {
    /// Its name in SQL.
    pub name: Ident,
    /// Its columns, as they land.
    pub columns: Vec<LandedColumn>,
    /// Rows, each with a cell for every column.
    pub rows: Vec<Vec<Cell>>,
}

/// The twin of a dataset, in the contract's order; the digest is that of the contract's text.
pub fn twin(contract: &Contract, digest: Digest) -> Vec<TwinTable> {
    Maker { contract, digest, keys: keys(contract) }.tables()
}

struct Maker<'a> {
    contract: &'a Contract,
    digest: Digest,
    /// The keys of each reference table, by its place.
    keys: Vec<Vec<Cell>>,
}

/// A column with its source.
struct Made<'a> {
    contract: &'a ColumnContract,
    landed: LandedColumn,
    source: Source,
}

impl<'a> Maker<'a> {
    fn tables(&self) -> Vec<TwinTable> {
        let tables = &self.contract.tables;
        let mut made: Vec<Option<TwinTable>> = tables.iter().map(|_| None).collect();
        // The tokens of each person's rows in the tables that identifiers are named after.
        let mut owned: Vec<Vec<Vec<String>>> = vec![vec![Vec::new(); tables.len()]; PEOPLE as usize];
        let owns = |t: &TableContract| {
            let columns = tables.iter().flat_map(|other| &other.columns);
            columns.filter_map(|c| owner_of(c, tables)).any(|owner| owner.name == t.name)
        };
        let (first, last): (Vec<_>, Vec<_>) = tables.iter().enumerate().partition(|(_, t)| owns(t));
        for (place, table) in first.into_iter().chain(last) {
            let columns = self.columns(table);
            let rows = match &table.person {
                None => self.reference(place, table, &columns),
                Some(_) => self.people(place, table, &columns, &mut owned),
            };
            let landed = columns.into_iter().map(|c| c.landed).collect();
            if let Some(slot) = made.get_mut(place) {
                *slot = Some(TwinTable { name: table.name.clone(), columns: landed, rows });
            }
        }
        made.into_iter().flatten().collect()
    }

    /// The landed columns, each with its source; the person column first, as landing has it.
    fn columns(&self, table: &'a TableContract) -> Vec<Made<'a>> {
        let person = table.columns.iter().filter(|c| table.is_person(c));
        let others = table.columns.iter().filter(|c| !table.is_person(c));
        let made = person.chain(others).filter_map(|contract| {
            let source = self.source(table, contract);
            Some(Made { contract, landed: contract.landed()?, source })
        });
        made.collect()
    }

    fn source(&self, table: &TableContract, column: &ColumnContract) -> Source {
        let tables = &self.contract.tables;
        let place = |t: &TableContract| tables.iter().position(|other| other.name == t.name).unwrap_or(0);
        if let Some(owner) = owner_of(column, tables) {
            let own =
                owner.name == table.name && column.landed_name().as_str() == format!("{}_id", table.name);
            if !own {
                return Source::OfPerson { owner: place(owner) };
            }
        }
        if column.codes.is_empty()
            && let Some(other) = refers_to(table, column, tables)
            && let Some(keys) = self.keys.get(place(other)).filter(|k| !k.is_empty())
        {
            let relates = table.person.is_none();
            let taken = if relates { keys.len() } else { KEYS_PER_COLUMN };
            let mut draw = Draw::named(&self.digest, &format!("{}.{}", table.name, column.name));
            let from = usize::try_from(draw.below(keys.len() as u64)).unwrap_or(0);
            let keys = keys.iter().cycle().skip(from).take(taken.min(keys.len()));
            return Source::Pool(keys.cloned().collect());
        }
        plain(column)
    }

    fn reference(&self, place: usize, table: &TableContract, columns: &[Made<'_>]) -> Vec<Vec<Cell>> {
        let mut draw = Draw::named(&self.digest, table.name.as_str());
        let key = key_of(table, &self.contract.tables).map(|k| &k.name);
        let keys = self.keys.get(place).map(Vec::as_slice).unwrap_or_default();
        let count = if key.is_some() { keys.len() as u64 } else { REFERENCE_ROWS };
        let mut rows = Vec::new();
        for number in 1..=count {
            let mut row = Row { person: None, number, begins: None, owned: &[] };
            let cells = columns.iter().map(|column| {
                if key == Some(&column.contract.name) {
                    let key = usize::try_from(number - 1).ok().and_then(|i| keys.get(i));
                    return key.cloned().unwrap_or(Cell::Null);
                }
                let free = matches!(&column.source, Source::Pool(_))
                    && column.contract.column_type == ColumnType::Text
                    && column.contract.codes.is_empty()
                    && column.contract.pattern.is_none()
                    && refers_to(table, column.contract, &self.contract.tables).is_none();
                if free {
                    // A name of its own for each row.
                    let words = column.contract.landed_name().as_str().replace('_', " ");
                    return Cell::Text(format!("{words} {number}"));
                }
                column.source.value(column.contract, &mut row, &mut draw)
            });
            rows.push(cells.collect());
        }
        rows
    }

    fn people(
        &self,
        place: usize,
        table: &TableContract,
        columns: &[Made<'_>],
        owned: &mut [Vec<Vec<String>>],
    ) -> Vec<Vec<Cell>> {
        let mut draw = Draw::named(&self.digest, table.name.as_str());
        let once = !table.unique.is_empty() && table.unique.iter().all(|u| Some(u) == table.person.as_ref());
        let own = columns.iter().position(|c| {
            matches!(c.source, Source::Own(_)) && c.landed.name.as_str() == format!("{}_id", table.name)
        });
        let unique: Vec<usize> = (0..columns.len())
            .filter(|i| columns.get(*i).is_some_and(|c| table.unique.contains(&c.contract.name)))
            .collect();
        let mut rows = Vec::new();
        let mut number = 0;
        for (index, tokens) in (0u64..).zip(owned) {
            let person = person(&self.contract.person_scheme, index);
            let count = match (once, table.optional) {
                (true, false) => 1,
                // As deaths are: not everybody has a row.
                (true, true) => u64::from(draw.below(5) == 0),
                (false, _) => draw.below(ROWS_PER_PERSON_MAX + 1),
            };
            let mut seen = HashSet::new();
            for _ in 0..count {
                number += 1;
                let mut row = Row { person: Some(&person), number, begins: None, owned: tokens };
                let made = columns.iter().map(|c| c.source.value(c.contract, &mut row, &mut draw));
                let cells: Vec<Cell> = made.collect();
                let key: Vec<String> =
                    unique.iter().filter_map(|i| cells.get(*i)).map(|c| format!("{c:?}")).collect();
                if !unique.is_empty() && !seen.insert(key) {
                    continue;
                }
                if let (Some(own), Some(tokens)) = (own, tokens.get_mut(place))
                    && let Some(Cell::Text(text)) = cells.get(own)
                {
                    tokens.push(text.clone());
                }
                rows.push(cells);
            }
        }
        rows
    }
}

/// The token of a person. People of one scheme are the same in every dataset of it.
fn person(scheme: &PersonScheme, index: u64) -> String {
    match scheme {
        PersonScheme::NhsNumber => token("person", index + 1),
        PersonScheme::Local(name) => token(&format!("person-{name}"), index + 1),
    }
}

/// The keys of every reference table: the codes of the columns that refer to it, and others.
fn keys(contract: &Contract) -> Vec<Vec<Cell>> {
    let tables = &contract.tables;
    let of = |table: &TableContract| {
        let Some(key) = key_of(table, tables) else { return Vec::new() };
        let mut cells: Vec<Cell> = Vec::new();
        let mut add = |cell: Cell| {
            if !cells.contains(&cell) {
                cells.push(cell);
            }
        };
        for other in tables {
            let named = other
                .columns
                .iter()
                .filter(|c| refers_to(other, c, tables).is_some_and(|r| r.name == table.name));
            named.flat_map(|c| c.codes.iter().filter_map(|code| landed(c, code))).for_each(&mut add);
        }
        let fixed = !key.codes.is_empty() || key.pattern.is_some();
        match key.column_type {
            ColumnType::Int32 | ColumnType::Int64 if key.codes.is_empty() => {
                let from = key.min.unwrap_or(1_000.0).max(1_000.0).min(key.max.unwrap_or(f64::MAX));
                let last = key.max.unwrap_or(f64::MAX);
                let numbers = (0..REFERENCE_ROWS).map(|i| from + i as f64 * 7.0);
                numbers.filter(|n| *n <= last).for_each(|n| add(Cell::Int(n as i64)));
            }
            ColumnType::Text if !fixed && key.transform == Transform::Keep => {
                let words = table.name.as_str().replace('_', " ");
                (1..=REFERENCE_ROWS / 10).for_each(|i| add(Cell::Text(format!("{words} {i}"))));
            }
            _ => pool_of(key).unwrap_or_default().into_iter().for_each(&mut add),
        }
        cells
    };
    tables.iter().map(of).collect()
}

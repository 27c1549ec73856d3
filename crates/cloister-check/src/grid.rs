//! A table's cells by their labels, wherever the file has them.

use crate::error::{Fault, Problem};
use crate::marker::{self, Marker, Range};
use crate::measure::{Measure, is_total_name};
use crate::number::{Notation, Number, Reading};
use crate::settings::Settings;
use crate::shape::{Shape, recognise};
use crate::sheet::Sheet;
use std::collections::HashMap;

/// The most cells of a table that is checked.
const CELLS_MAX: usize = 1_000_000;

/// Labels of one kind: a column of a long table, the rows or a header row of a wide one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Dimension {
    pub(crate) name: String,
    pub(crate) codes: Vec<String>,
    /// Where each label stands first.
    pub(crate) places: Vec<(usize, usize)>,
    lookup: HashMap<String, usize>,
}

impl Dimension {
    fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// The number of a label.
    pub(crate) fn find(&self, code: &str) -> Option<usize> {
        self.lookup.get(code).copied()
    }

    fn intern(&mut self, code: &str, place: (usize, usize)) -> usize {
        if let Some(known) = self.find(code) {
            return known;
        }
        let new = self.codes.len();
        self.codes.push(code.to_owned());
        self.places.push(place);
        self.lookup.insert(code.to_owned(), new);
        new
    }

    /// A label for people; the one of a total may be blank.
    pub(crate) fn label(&self, code: usize) -> &str {
        match self.codes.get(code).map(String::as_str) {
            Some("") | None => "(total)",
            Some(label) => label,
        }
    }
}

/// A number of a cell and where it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) row: usize,
    pub(crate) column: usize,
    /// The number, where one is shown.
    pub(crate) number: Option<Number>,
    pub(crate) range: Range,
}

/// The numbers of one combination of labels.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GridCell {
    /// One label for each dimension.
    pub(crate) codes: Vec<usize>,
    entries: [Option<Entry>; Measure::ALL.len()],
}

impl GridCell {
    /// A number of the cell.
    pub(crate) fn entry(&self, measure: Measure) -> Option<&Entry> {
        self.entries.get(measure.place()).and_then(Option::as_ref)
    }

    /// Every number of the cell.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (Measure, &Entry)> {
        Measure::ALL.into_iter().filter_map(|m| self.entry(m).map(|e| (m, e)))
    }
}

/// A table as cells.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    pub(crate) dimensions: Vec<Dimension>,
    pub(crate) cells: Vec<GridCell>,
    index: HashMap<Vec<usize>, usize>,
    pub(crate) shape: Shape,
    /// What stands between groups of three digits in this file.
    pub(crate) group: Option<char>,
}

impl Grid {
    /// The cell with these labels.
    pub(crate) fn find(&self, codes: &[usize]) -> Option<usize> {
        self.index.get(codes).copied()
    }

    /// Whether any cell has this measure.
    pub(crate) fn has(&self, measure: Measure) -> bool {
        self.shape.values.iter().any(|v| v.measure == measure)
    }

    /// A cell's labels for people: `18–29 × North`.
    pub(crate) fn labels(&self, cell: usize) -> String {
        let codes = self.cells.get(cell).map(|c| c.codes.as_slice()).unwrap_or_default();
        let labels: Vec<&str> = self.dimensions.iter().zip(codes).map(|(d, c)| d.label(*c)).collect();
        labels.join(" × ")
    }

    /// Reads a table. `audit`: whether it has been suppressed, so that there are markers among its numbers.
    pub(crate) fn read(sheet: &Sheet, settings: &Settings, audit: bool) -> Result<Self, Fault> {
        let notation = Notation { decimal: settings.decimal, comma_is_free: sheet.comma_is_free() };
        let shape = recognise(sheet, notation, settings, audit)?;
        let keys = shape.keys.iter().map(|k| Dimension::named(&k.name));
        let dimensions = keys.chain(shape.across.iter().map(|name| Dimension::named(name))).collect();
        let mut grid = Self { dimensions, cells: Vec::new(), index: HashMap::new(), shape, group: None };
        // Sums alone can be attacked, but not judged.
        let enough = grid.has(Measure::Count) || audit && grid.has(Measure::Value);
        if !enough {
            return Err(Problem::NoCount.whole());
        }
        let across = grid.across();
        let mut before: Vec<String> = Vec::new();
        for row in grid.shape.data.clone() {
            let codes = grid.row_codes(sheet, row, &mut before)?;
            for (place, more) in across.iter().enumerate() {
                let Some(value) = grid.shape.values.get(place) else { continue };
                let (column, measure) = (value.column, value.measure);
                let entry = Reader { sheet, settings, notation, audit }.entry(row, column, measure)?;
                grid.group = grid.group.or(entry.number.and_then(|n| n.group));
                let codes = codes.iter().chain(more).copied().collect();
                grid.put(codes, measure, entry)?;
            }
        }
        Ok(grid)
    }

    /// The labels of each column of numbers.
    fn across(&mut self) -> Vec<Vec<usize>> {
        let first = self.shape.keys.len();
        let header = self.shape.header.last().copied().unwrap_or_default();
        let columns = self.shape.values.iter().map(|v| {
            let dimensions = self.dimensions.iter_mut().skip(first);
            dimensions.zip(&v.labels).map(|(d, label)| d.intern(label, (header, v.column))).collect()
        });
        columns.collect()
    }

    /// The labels of a row. A blank one is a total where one before it is; otherwise it repeats the one above.
    fn row_codes(
        &mut self,
        sheet: &Sheet,
        row: usize,
        before: &mut Vec<String>,
    ) -> Result<Vec<usize>, Fault> {
        let mut labels: Vec<String> = Vec::new();
        let keys = &self.shape.keys;
        for (place, key) in keys.iter().enumerate() {
            let text = sheet.text(row, key.column);
            let last = place + 1 == keys.len();
            let label = match text.as_ref() {
                "" if labels.iter().any(|l| l.is_empty() || is_total_name(l)) => String::new(),
                "" if !last => before.get(place).cloned().ok_or(Problem::NoLabel.at(row, key.column))?,
                "" => return Err(Problem::NoLabel.at(row, key.column)),
                text => text.to_owned(),
            };
            labels.push(label);
        }
        let dimensions = self.dimensions.iter_mut().zip(keys).zip(&labels);
        let codes = dimensions.map(|((d, key), label)| d.intern(label, (row, key.column))).collect();
        *before = labels;
        Ok(codes)
    }

    fn put(&mut self, codes: Vec<usize>, measure: Measure, entry: Entry) -> Result<(), Fault> {
        let new = self.cells.len();
        let place = *self.index.entry(codes.clone()).or_insert(new);
        if place == new {
            if new == CELLS_MAX {
                return Err(Problem::TooManyCells(CELLS_MAX).in_row(entry.row));
            }
            self.cells.push(GridCell { codes, entries: [None; Measure::ALL.len()] });
        }
        let old = self.cells.get_mut(place).and_then(|c| c.entries.get_mut(measure.place()));
        match old {
            Some(Some(old)) => Err(Problem::Duplicate(old.row + 1).at(entry.row, entry.column)),
            Some(free) => {
                *free = Some(entry);
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// Reads numbers out of fields.
struct Reader<'a> {
    sheet: &'a Sheet,
    settings: &'a Settings,
    notation: Notation,
    audit: bool,
}

impl Reader<'_> {
    fn entry(&self, row: usize, column: usize, measure: Measure) -> Result<Entry, Fault> {
        let text = self.sheet.text(row, column);
        let wrong = |problem: Problem| problem.at(row, column);
        let given = self.settings.markers.iter().find(|(marker, _)| *marker == *text);
        if let (Some((_, range)), true) = (given, self.audit) {
            return Ok(Entry { row, column, number: None, range: *range });
        }
        match self.notation.read(&text) {
            Reading::Number(number) => {
                if number.value < 0.0 && measure != Measure::Mean {
                    return Err(wrong(Problem::Negative));
                }
                if measure == Measure::Count && number.whole.is_none() {
                    return Err(wrong(Problem::Fraction));
                }
                Ok(Entry { row, column, number: Some(number), range: self.shown(number, measure) })
            }
            Reading::Ambiguous => Err(wrong(Problem::AmbiguousNumber)),
            Reading::Several => Err(wrong(Problem::SeveralNumbers)),
            Reading::Blank if !self.audit => Err(wrong(Problem::Blank)),
            Reading::Blank => Ok(Entry { row, column, number: None, range: Range::ANY }),
            Reading::Text => match (marker::read(&text), self.audit) {
                (Marker::Behind(range), true) => Ok(Entry { row, column, number: None, range }),
                (Marker::Ambiguous, true) => Err(wrong(Problem::AmbiguousMarker)),
                (Marker::Behind(_), false) => Err(wrong(Problem::AlreadySuppressed)),
                _ => Err(wrong(Problem::NotANumber)),
            },
        }
    }

    /// What a shown number tells: itself, or what may have been rounded to it.
    fn shown(&self, number: Number, measure: Measure) -> Range {
        match self.settings.rounded {
            Some(base) if self.audit && measure == Measure::Count => {
                let (half, odd) = (f64::from(base / 2), f64::from(base % 2));
                // Halves up: 5 stands for 3 to 7, and 10 of base 10 for 5 to 14.
                Range { low: (number.value - half).max(0.0), high: number.value + half - 1.0 + odd }
            }
            _ => Range::exactly(number.value),
        }
    }
}

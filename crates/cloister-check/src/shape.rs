//! Where a table's labels and numbers are: long or wide, with one header row or several.

use crate::error::{Fault, Problem};
use crate::marker;
use crate::measure::{Measure, is_total_name, is_unit};
use crate::number::{Notation, Reading};
use crate::settings::Settings;
use crate::sheet::Sheet;

/// A column of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ValueColumn {
    pub(crate) column: usize,
    /// Its labels, one for each dimension in the header; none in a long table.
    pub(crate) labels: Vec<String>,
    pub(crate) measure: Measure,
}

/// A column of labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyColumn {
    pub(crate) column: usize,
    pub(crate) name: String,
}

/// Where everything is. Rows and columns are counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) header: Vec<usize>,
    pub(crate) data: Vec<usize>,
    pub(crate) keys: Vec<KeyColumn>,
    /// Names of the dimensions in the header.
    pub(crate) across: Vec<String>,
    pub(crate) values: Vec<ValueColumn>,
    /// By how many columns the header is shifted, since the corner has no field.
    pub(crate) shift: usize,
}

impl Shape {
    /// A header's label above a column.
    pub(crate) fn label(&self, sheet: &Sheet, row: usize, column: usize) -> String {
        label(sheet, row, column, self.shift)
    }
}

fn label(sheet: &Sheet, row: usize, column: usize, shift: usize) -> String {
    column.checked_sub(shift).map(|c| sheet.text(row, c).into_owned()).unwrap_or_default()
}

/// The rows of a file: which are header, which are data.
struct Rows {
    /// The only text of the line above the header.
    caption: String,
    header: Vec<usize>,
    data: Vec<usize>,
    /// The header row that names the label columns and nothing else.
    names: Option<usize>,
    width: usize,
    shift: usize,
}

/// Finds the parts of a table.
pub(crate) fn recognise(
    sheet: &Sheet,
    notation: Notation,
    settings: &Settings,
    audit: bool,
) -> Result<Shape, Fault> {
    let rows = rows(sheet, notation)?;
    let is_value =
        |c| is_numeric(sheet, &rows.data, c, notation) || (audit && has_markers(sheet, &rows.data, c));
    let numeric: Vec<bool> = (0..rows.width).map(is_value).collect();
    let first_value = numeric.iter().rposition(|n| !n).map_or(1, |last| last + 1);
    let first_value = first_value.max(1);
    let named = [&settings.count, &settings.value, &settings.top1, &settings.top2];
    let by_name = !settings.keys.is_empty() || named.iter().any(|n| n.is_some());
    let Some(last) = rows.header.iter().copied().rfind(|r| Some(*r) != rows.names) else {
        return Err(Problem::HeaderOnly.whole());
    };
    if by_name {
        return named_columns(sheet, rows, last, &numeric, settings);
    }
    if first_value >= rows.width {
        return Err(rows.data.first().map_or(Problem::NoNumbers.whole(), |r| Problem::NoNumbers.in_row(*r)));
    }
    let has_label = |row: &usize| (0..first_value).any(|c| !label(sheet, *row, c, rows.shift).is_empty());
    let labelled = rows.header.iter().copied().rfind(has_label);
    let names_row = rows.names.or(labelled).unwrap_or(last);
    let keys = key_columns(sheet, &rows, names_row, first_value)?;
    let measures = || (first_value..rows.width).map(|c| Measure::named(&label(sheet, last, c, rows.shift)));
    let one_header = rows.header.len() == 1;
    // `Sum` is a total's label in R, and a measure's name only beside a count.
    let long = one_header
        && (rows.width == first_value + 1
            || measures().any(|m| m == Some(Measure::Count))
            || measures().all(|m| m.is_some()));
    if long {
        let mut values = Vec::new();
        for (column, measure) in (first_value..rows.width).zip(measures()) {
            let alone = rows.width == first_value + 1;
            let measure = measure.or(alone.then_some(Measure::Count));
            let measure = measure.ok_or_else(|| Problem::UnknownMeasure.at(last, column))?;
            push(&mut values, measure, column, last)?;
        }
        return Ok(Shape {
            header: rows.header,
            data: rows.data,
            keys,
            across: Vec::new(),
            values,
            shift: rows.shift,
        });
    }
    wide(sheet, rows, keys, first_value)
}

/// One column for each measure.
fn push(values: &mut Vec<ValueColumn>, measure: Measure, column: usize, header: usize) -> Result<(), Fault> {
    if values.iter().any(|v| v.measure == measure) {
        return Err(Problem::TwoColumns.at(header, column));
    }
    values.push(ValueColumn { column, labels: Vec::new(), measure });
    Ok(())
}

/// A long table whose columns are named by whoever runs the check.
fn named_columns(
    sheet: &Sheet,
    rows: Rows,
    header: usize,
    numeric: &[bool],
    settings: &Settings,
) -> Result<Shape, Fault> {
    let labels: Vec<String> = (0..rows.width).map(|c| label(sheet, header, c, rows.shift)).collect();
    let find = |name: &str, option| {
        let found = labels.iter().position(|l| l == name);
        let found = found.or_else(|| labels.iter().position(|l| l.eq_ignore_ascii_case(name)));
        found.ok_or_else(|| Problem::NoSuchColumn(option).in_row(header))
    };
    let mut values = Vec::new();
    for (measure, name, option) in [
        (Measure::Count, &settings.count, "--count"),
        (Measure::Value, &settings.value, "--value"),
        (Measure::Top1, &settings.top1, "--top1"),
        (Measure::Top2, &settings.top2, "--top2"),
    ] {
        if let Some(name) = name {
            push(&mut values, measure, find(name, option)?, header)?;
        }
    }
    let is_value = |values: &[ValueColumn], column| values.iter().any(|v| v.column == column);
    let mut keys = Vec::new();
    for name in &settings.keys {
        let column = find(name, "--keys")?;
        keys.push(KeyColumn { column, name: name.clone() });
    }
    let given = !keys.is_empty();
    for (column, name) in labels.iter().enumerate() {
        let is_key = keys.iter().any(|k| k.column == column);
        if is_key || is_value(&values, column) || counts_rows(sheet, &rows.data, column, name) {
            continue;
        }
        let number = numeric.get(column).copied().unwrap_or(false);
        match Measure::named(name) {
            Some(measure) if number => push(&mut values, measure, column, header)?,
            _ if given || number => return Err(Problem::UnknownMeasure.at(header, column)),
            _ => keys.push(KeyColumn { column, name: name.clone() }),
        }
    }
    values.sort_by_key(|v| v.column);
    Ok(Shape { header: rows.header, data: rows.data, keys, across: Vec::new(), values, shift: rows.shift })
}

fn key_columns(
    sheet: &Sheet,
    rows: &Rows,
    names_row: usize,
    first_value: usize,
) -> Result<Vec<KeyColumn>, Fault> {
    let mut keys: Vec<KeyColumn> = Vec::new();
    for column in 0..first_value {
        let name = label(sheet, names_row, column, rows.shift);
        if rows.data.iter().all(|r| sheet.text(*r, column).is_empty()) {
            // R leaves a column without a name between labels and numbers. One with a name has lost its numbers.
            match rows.data.first() {
                Some(row) if !name.is_empty() => return Err(Problem::Blank.at(*row, column)),
                _ => continue,
            }
        }
        if column == 0 && first_value > 1 && counts_rows(sheet, &rows.data, column, &name) {
            continue;
        }
        let name = match (name.is_empty(), keys.len()) {
            (false, _) => name,
            (true, 0) => "rows".to_owned(),
            (true, n) => format!("rows {}", n + 1),
        };
        keys.push(KeyColumn { column, name });
    }
    Ok(keys)
}

/// A column without a name that counts the rows: R and pandas write one.
fn counts_rows(sheet: &Sheet, data: &[usize], column: usize, name: &str) -> bool {
    let counts = |from: usize| {
        data.iter().enumerate().all(|(i, r)| sheet.text(*r, column).parse::<usize>() == Ok(i + from))
    };
    name.is_empty() && (counts(1) || counts(0))
}

fn rows(sheet: &Sheet, notation: Notation) -> Result<Rows, Fault> {
    let filled: Vec<usize> = (0..sheet.rows()).filter(|r| sheet.filled(*r) > 0).collect();
    let first = filled.iter().position(|r| sheet.filled(*r) > 1).ok_or(Problem::NoNumbers.whole())?;
    let last = filled.iter().rposition(|r| sheet.filled(*r) > 1).unwrap_or(first);
    let body: Vec<usize> = filled.get(first..=last).unwrap_or_default().to_vec();
    let caption = first.checked_sub(1).and_then(|before| filled.get(before)).copied();
    let caption = caption.filter(|r| body.first() == Some(&(r + 1))).and_then(|row| {
        let text = (0..sheet.width(row)).map(|c| sheet.text(row, c)).find(|t| !t.is_empty())?;
        (!text.contains(char::is_whitespace)).then(|| text.into_owned())
    });
    let has_number = |row: usize, from: usize| {
        (from..sheet.width(row)).any(|c| looks_numeric(&sheet.text(row, c), notation))
    };
    let is_names = |place: usize| {
        let (row, next) = (*body.get(place)?, *body.get(place + 1)?);
        let labels = sheet.filled(row);
        let leading = (0..labels).all(|c| !sheet.text(row, c).is_empty());
        let names = leading && labels < sheet.width(row) && !has_number(row, 0) && has_number(next, labels);
        names.then_some(row)
    };
    let names = (1..6).find_map(|place| is_names(place).map(|row| (place, row)));
    let headers = match names {
        Some((place, _)) => place + 1,
        None => body.iter().skip(1).position(|r| has_number(*r, 1)).map_or(body.len(), |p| p + 1),
    };
    let (header, data) = body.split_at(headers.min(body.len()));
    if data.is_empty() {
        return Err(match body.get(1) {
            Some(row) => Problem::NoNumbers.in_row(*row),
            None => Problem::HeaderOnly.in_row(body.first().copied().unwrap_or_default()),
        });
    }
    let width = most_common_width(sheet, data);
    if let Some(row) = data.iter().find(|r| sheet.width(**r) != width) {
        return Err(Problem::Ragged { found: sheet.width(*row), expected: width }.in_row(*row));
    }
    let short = header.iter().all(|r| sheet.width(*r) + 1 == width);
    if let Some(row) = header.iter().find(|r| !short && sheet.width(**r) != width) {
        return Err(Problem::Ragged { found: sheet.width(*row), expected: width }.in_row(*row));
    }
    Ok(Rows {
        caption: caption.unwrap_or_default(),
        header: header.to_vec(),
        data: data.to_vec(),
        names: names.map(|(_, row)| row),
        width,
        shift: usize::from(short),
    })
}

fn most_common_width(sheet: &Sheet, data: &[usize]) -> usize {
    let mut counts = std::collections::BTreeMap::new();
    for row in data {
        *counts.entry(sheet.width(*row)).or_insert(0usize) += 1;
    }
    // The widest of equals: fields are forgotten more often than added.
    counts.into_iter().map(|(width, rows)| (rows, width)).max().map_or(0, |(_, width)| width)
}

fn looks_numeric(text: &str, notation: Notation) -> bool {
    match notation.read(text) {
        Reading::Number(_) | Reading::Ambiguous | Reading::Several => true,
        Reading::Blank => false,
        Reading::Text => marker::is_plain(text),
    }
}

/// Whether a column has markers only, of which some compare (`<5`); ages may look like that too, but not all of them.
fn has_markers(sheet: &Sheet, data: &[usize], column: usize) -> bool {
    let texts = || data.iter().map(|row| sheet.text(*row, column)).filter(|t| !t.is_empty());
    let is_marker =
        |text: &str| text.parse::<f64>().is_ok() || !matches!(marker::read(text), marker::Marker::Unknown);
    let compares = |text: &str| is_marker(text) && !text.starts_with(|c: char| c.is_ascii_digit());
    texts().all(|t| is_marker(&t)) && texts().any(|t| compares(&t))
}

/// Whether at least half of what a column holds are numbers; markers that look like labels do not count against it.
fn is_numeric(sheet: &Sheet, data: &[usize], column: usize, notation: Notation) -> bool {
    let (mut numbers, mut others) = (0usize, 0usize);
    for row in data {
        let text = sheet.text(*row, column);
        if looks_numeric(&text, notation) {
            numbers += 1;
        } else if !text.is_empty() {
            others += 1;
        }
    }
    numbers > 0 && numbers >= others
}

fn wide(sheet: &Sheet, rows: Rows, keys: Vec<KeyColumn>, first_value: usize) -> Result<Shape, Fault> {
    let columns = first_value..rows.width;
    let labels =
        |row: usize| -> Vec<String> { columns.clone().map(|c| label(sheet, row, c, rows.shift)).collect() };
    let mut across: Vec<String> = Vec::new();
    let mut values: Vec<ValueColumn> = columns
        .clone()
        .map(|column| ValueColumn { column, labels: Vec::new(), measure: Measure::Count })
        .collect();
    let mut caption = rows.caption.clone();
    let mut statistics = false;
    for row in rows.header.iter().copied().filter(|r| Some(*r) != rows.names) {
        let labels = labels(row);
        if let Some(at) = labels.iter().position(|l| l.contains('%')) {
            return Err(Problem::Percentage.at(row, first_value + at));
        }
        let filled: Vec<&String> = labels.iter().filter(|l| !l.is_empty()).collect();
        let units = filled.iter().all(|l| is_unit(l)) && filled.iter().all(|l| filled.first() == Some(l));
        if let ([one], true) = (filled.as_slice(), labels.len() > 1) {
            caption = (*one).clone();
            continue;
        }
        let measures: Option<Vec<Measure>> = labels.iter().map(|l| Measure::named(l)).collect();
        match measures {
            _ if filled.is_empty() => continue,
            Some(measures) if !statistics && !units => {
                values.iter_mut().zip(measures).for_each(|(v, m)| v.measure = m);
                statistics = true;
                continue;
            }
            _ if units && rows.header.len() > 1 => continue,
            _ => {}
        }
        let own = (0..first_value).rev().map(|c| label(sheet, row, c, rows.shift)).find(|l| !l.is_empty());
        let own = own.filter(|_| rows.names.is_some());
        let name = own.or_else(|| Some(std::mem::take(&mut caption)).filter(|c| !c.is_empty()));
        across.push(name.unwrap_or_else(|| match across.len() {
            0 => "columns".to_owned(),
            n => format!("columns {}", n + 1),
        }));
        spread(&mut values, labels, row)?;
    }
    Ok(Shape { header: rows.header, data: rows.data, keys, across, values, shift: rows.shift })
}

/// Gives each column its label of a header row. A label that is written once holds until the next; below a total there
/// is none.
fn spread(values: &mut [ValueColumn], labels: Vec<String>, row: usize) -> Result<(), Fault> {
    let mut before = String::new();
    for (value, label) in values.iter_mut().zip(labels) {
        let below_total = value.labels.iter().any(|l| l.is_empty() || is_total_name(l));
        let label = match label {
            label if !label.is_empty() => label,
            _ if below_total => String::new(),
            _ if before.is_empty() => return Err(Problem::NoLabel.at(row, value.column)),
            _ => before.clone(),
        };
        before.clone_from(&label);
        value.labels.push(label);
    }
    Ok(())
}

//! Oracle cases: small tables with what a policy must make of them, in a file beside the policy.
//!
//! A cell is written `value/contributors/branches/support/contributions`: `20/9/2,7` is a count of 20 made by 9 people,
//! 2 of them in one branch of its condition and 7 in the other; `m` stands for a measure's number, `3:10` for a share,
//! `null` for NULL; the fourth part is the people that the number rests on, the fifth the greatest two contributions and
//! all, as `60:31:100`. Parts at the end may be left out. What is expected of a cell is its value, `*` and the rule that
//! suppressed it, or `!` and the rule where the policy permits no such number.

use crate::{
    Cell, CellState, Column, Contributions, Group, Hold, Kin, Origin, Overlaps, Part, Parts, Place, Policy,
    Protected, Shown, Statistic, Table, Value, protect,
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct CaseFile {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Case {
    rule: String,
    description: String,
    oracle: Oracle,
    source: String,
    columns: Vec<String>,
    labels_public: bool,
    #[serde(default)]
    totals: bool,
    /// Parts of the first group's rows: the columns that take each in, all of one measure, and its people.
    #[serde(default)]
    parts: Vec<GivenPart>,
    groups: Vec<GivenGroup>,
    expect: Expected,
}

/// Where an expectation comes from. It is never made with this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Oracle {
    /// What ACRO 1.0.2 said of the same table.
    Acro,
    /// What the Office for National Statistics' package `cell-key-perturbation` 3.1.0 made of it.
    Ons,
    /// Worked out by hand from the source.
    Hand,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenGroup {
    people: u64,
    who: Option<Vec<u32>>,
    /// Its code in each dimension, `-1` for a total over it; where no group has one, each stands for itself.
    at: Option<Vec<i64>>,
    cells: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenPart {
    columns: Vec<u8>,
    who: Vec<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    rows: Vec<Vec<String>>,
    #[serde(default)]
    holds: Vec<String>,
}

/// A case that was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseOutcome {
    /// The rule that it is about, by its stable identifier or a word for what is no rule, such as `rounding`.
    pub rule: String,
    /// What must be so.
    pub description: String,
    /// Where the expectation comes from.
    pub oracle: Oracle,
    /// What was found in place of it; `None` where it is so.
    pub failure: Option<String>,
}

/// The text is no file of cases.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a file of cases: {0}")]
pub struct CaseError(String);

/// Runs the cases of a file under a policy. A file without cases is an error.
pub fn run_cases(text: &str, policy: &Policy) -> Result<Vec<CaseOutcome>, CaseError> {
    let file: CaseFile = toml::from_str(text).map_err(|e| CaseError(e.to_string()))?;
    if file.case.is_empty() {
        return Err(CaseError("there is none in it".to_owned()));
    }
    let outcomes = file.case.into_iter().map(|case| {
        let wrong = |what: &str| CaseError(format!("\"{}\": {what}", case.description));
        if case.source.trim().is_empty() || case.description.trim().is_empty() {
            return Err(wrong("a case needs a description and a source"));
        }
        let table = case.table().ok_or_else(|| wrong("a column or a cell cannot be read"))?;
        let protected = protect(&table, policy);
        let (rows, holds) = (shown(&protected), protected.holds().iter().map(Hold::code).collect::<Vec<_>>());
        let failure = if rows != case.expect.rows {
            Some(format!("expected {:?}, found {rows:?}", case.expect.rows))
        } else if holds != case.expect.holds {
            Some(format!("expected the holds {:?}, found {holds:?}", case.expect.holds))
        } else {
            None
        };
        Ok(CaseOutcome { rule: case.rule, description: case.description, oracle: case.oracle, failure })
    });
    outcomes.collect()
}

impl Case {
    fn table(&self) -> Option<Table> {
        let columns: Vec<Column> = self.columns.iter().map(|c| column(c)).collect::<Option<_>>()?;
        let groups = self.groups.iter().map(|g| {
            let cells: Option<Vec<Cell>> = g.cells.iter().map(|c| cell(c)).collect();
            Some(Group { people: g.people, few: g.who.clone(), cells: cells? })
        });
        let groups: Vec<Group> = groups.collect::<Option<_>>()?;
        if groups.iter().any(|g| g.cells.len() != columns.len()) {
            return None;
        }
        Some(Table {
            overlaps: overlaps(columns.len(), &self.parts),
            places: Some(self.places()),
            columns,
            labels_public: self.labels_public,
            totals: self.totals,
            groups,
        })
    }

    fn places(&self) -> Vec<Place> {
        let code = |code: &i64| u32::try_from(*code).ok();
        let place = |(index, group): (u32, &GivenGroup)| match &group.at {
            Some(codes) => Place { codes: codes.iter().map(code).collect() },
            None => Place { codes: vec![Some(index)] },
        };
        (0..).zip(&self.groups).map(place).collect()
    }
}

fn column(text: &str) -> Option<Column> {
    let statistic = match text {
        "people" => Statistic::People,
        "count" => Statistic::Count { additive: true },
        "count-distinct" => Statistic::Count { additive: false },
        "rate" => Statistic::Rate,
        "sum" => Statistic::Sum,
        "mean" => Statistic::Mean,
        "extreme" => Statistic::Extreme,
        "quantile" => Statistic::Quantile,
        "spread" => Statistic::Spread,
        "association" => Statistic::Association,
        _ => return None,
    };
    Some(Column { name: text.to_owned(), statistic, argument: "cost".to_owned() })
}

fn cell(text: &str) -> Option<Cell> {
    let mut parts = text.split('/');
    let value = match parts.next()? {
        "null" => Value::Null,
        "m" => Value::Measure,
        text => match text.split_once(':') {
            Some((n, d)) => Value::Rate { numerator: n.parse().ok()?, denominator: d.parse().ok()? },
            None => Value::Count(text.parse().ok()?),
        },
    };
    let contributors = parts.next()?.parse().ok()?;
    let numbers = |text: &str| text.split(',').filter(|n| !n.is_empty()).map(|n| n.parse().ok()).collect();
    let branches: Option<Vec<u64>> = parts.next().map_or(Some(Vec::new()), numbers);
    let support = parts.next().filter(|n| !n.is_empty()).map(str::parse).transpose().ok()?;
    let contributions = match parts.next() {
        None | Some("") => None,
        Some(text) => {
            let numbers: Vec<f64> = text.split(':').map(|n| n.parse().ok()).collect::<Option<_>>()?;
            let [largest, second, total] = numbers.try_into().ok()?;
            Some(Contributions { largest, second, total })
        }
    };
    let record_keys = parts.next().map(str::parse).transpose().ok()?;
    Some(Cell { value, contributors, branches: branches?, support, contributions, record_keys })
}

fn overlaps(columns: usize, parts: &[GivenPart]) -> Option<Overlaps> {
    let part = |p: &GivenPart| Part {
        conditions: p.columns.iter().fold(0, |bits, c| bits | 1u64.checked_shl((*c).into()).unwrap_or(0)),
        people: p.who.clone(),
    };
    let of_rows: Vec<Part> = parts.iter().map(part).collect();
    let kin = |c| vec![Kin { family: 0, of_people: false, conditions: vec![c] }];
    let columns = (0u8..).take(columns).map(kin).collect();
    let groups = vec![Parts { of_rows, ..Parts::default() }];
    (!parts.is_empty()).then_some(Overlaps { columns, groups })
}

fn shown(protected: &Protected) -> Vec<Vec<String>> {
    let rows = protected.rows().iter().map(|row| {
        let origin = match row.origin {
            Origin::Group(index) => index.to_string(),
            Origin::Other => "other".to_owned(),
        };
        let cells = row.cells.iter().map(|cell| match (cell.state(), cell.shown()) {
            (CellState::Suppressed(rule), _) => format!("*{}", rule.code()),
            (CellState::NotPermitted(rule), _) => format!("!{}", rule.code()),
            (CellState::Shown, None | Some(Shown::Null)) => "null".to_owned(),
            (CellState::Shown, Some(Shown::Count(n))) => n.to_string(),
            (CellState::Shown, Some(Shown::Rate(rate))) => format!("{rate:.3}"),
            (CellState::Shown, Some(Shown::AsGiven)) => "m".to_owned(),
            (CellState::Shown, Some(Shown::Digits(digits))) => format!("m to {digits} digits"),
        });
        std::iter::once(origin).chain(cells).collect()
    });
    rows.collect()
}

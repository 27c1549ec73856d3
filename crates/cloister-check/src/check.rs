//! A table under a policy: rules, then what subtraction would tell, then the file with what may be shown.

use crate::error::CheckError;
use crate::grid::Entry;
use crate::measure::Measure;
use crate::number::written;
use crate::parquet_table;
use crate::primary::{Primary, Verdict};
use crate::secondary::{Halted, Proof, Task};
use crate::settings::Settings;
use crate::sheet::{Edit, Sheet};
use crate::table::Table;
use crate::unprotectable::Unprotectable;
use cloister_disclosure::{Policy, RoundingMethod, Shown};

/// What became of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing had to be changed.
    Unchanged,
    /// Some fields are suppressed or rounded.
    Changed,
    /// A checker must look; there is no protected table.
    Held,
}

impl Status {
    /// The stable identifier.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Changed => "changed",
            Self::Held => "held",
        }
    }
}

/// What became of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Became {
    /// It is not shown, by the rule with this code.
    Suppressed { rule: &'static str, secondary: bool },
    /// It is shown as this text.
    Written(String),
}

/// A field that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) cell: usize,
    pub(crate) measure: Measure,
    pub(crate) row: usize,
    pub(crate) column: usize,
    pub(crate) became: Became,
}

/// Why a checker must look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The stable identifier.
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// The cells that nothing protects, if that is why.
    pub unprotectable: Option<Unprotectable>,
}

impl Hold {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), unprotectable: None }
    }
}

/// A table that a policy has been applied to.
#[derive(Clone, Debug)]
pub struct Checked {
    pub(crate) table: Table,
    pub(crate) changed: Vec<Changed>,
    pub(crate) holds: Vec<Hold>,
    pub(crate) proofs: Vec<(Measure, Proof)>,
    pub(crate) marker: String,
}

/// The rule that keeps one or two people's own amounts from being shown.
const SINGLE: &str = "single-contribution";
/// The rule that keeps others' numbers from being worked out.
const SECONDARY: &str = "secondary";

/// Applies a policy to a table.
///
/// # Errors
/// Only where `settings` names a cell that is not there.
pub fn check(table: Table, policy: &Policy, settings: &Settings) -> Result<Checked, CheckError> {
    let important =
        settings.important.iter().map(|text| table.cell(text)).collect::<Result<Vec<usize>, _>>()?;
    let primary = Primary::of(&table, policy);
    let mut holds: Vec<Hold> = primary.holds().into_iter().map(by_policy).collect();
    if !primary.is_whole(table.cells()) {
        holds.push(Hold::new("rows-left-out", "the policy leaves some rows out altogether"));
    }
    let rounds = policy.rounding_method() == RoundingMethod::Controlled && policy.rounding_base() > 1;
    if rounds && !table.relations.is_empty() {
        let message = "the policy rounds so that totals still add up, and here nothing does so";
        holds.push(Hold::new("totals-rounded-apart", message));
    }
    let mut proofs = Vec::new();
    let forbidden = |measure| -> Vec<bool> {
        let forbids = |cell| matches!(primary.verdict(cell, measure), Verdict::Forbid(_));
        (0..table.cells()).map(forbids).collect()
    };
    // What is not counted for a cell has no sum and no mean either.
    let mut hidden = forbidden(Measure::Count);
    let mut suppressed = Vec::new();
    for measure in [Measure::Count, Measure::Value] {
        let magnitudes = measure == Measure::Value;
        if magnitudes && !table.grid.has(Measure::Value) && !table.grid.has(Measure::Mean) {
            continue;
        }
        if magnitudes {
            for other in [Measure::Value, Measure::Mean].into_iter().filter(|m| table.grid.has(*m)) {
                hidden.iter_mut().zip(forbidden(other)).for_each(|(h, f)| *h |= f);
            }
        }
        let (table, primary, important) = (&table, &primary, &important);
        let task = Task { table, policy, primary, measure, hidden: &hidden, important };
        match task.protect() {
            Ok(proof) => {
                hidden.clone_from(&proof.suppressed);
                proofs.push((measure, proof));
            }
            Err(halted) => holds.push(halt(measure, halted)),
        }
        suppressed.push((measure, hidden.clone()));
    }
    let fields = Fields { table: &table, primary: &primary, suppressed: &suppressed };
    let changed = if holds.is_empty() { fields.changed() } else { fields.findings() };
    Ok(Checked { changed, holds, proofs, marker: policy.marker().to_owned(), table })
}

fn by_policy(code: &'static str) -> Hold {
    let message = match code {
        "too-many-cells" => "more cells than anybody reads",
        "mean-with-sum" => "a mean beside its sum gives the exact count away, which is rounded",
        _ => "a finding that the policy has a checker judge",
    };
    Hold::new(code, message)
}

fn halt(measure: Measure, halted: Halted) -> Hold {
    let name = measure.name();
    match halted {
        Halted::Off => Hold::new(
            "totals-beside-suppressed",
            format!("suppressed {name} cells could be worked out, and the policy suppresses no others"),
        ),
        Halted::Numbers(reason) => Hold::new("not-attackable", reason),
        Halted::Limit => {
            Hold::new("attack-unfinished", format!("the attack on the {name} cells did not come to an end"))
        }
        Halted::Undecided(cells) => Hold::new(
            "attack-undecided",
            format!(
                "{name} cells of which neither was shown that they are protected nor that nothing protects them: {}",
                cells.join("; ")
            ),
        ),
        Halted::Impossible(found) => Hold {
            unprotectable: Some(found.clone()),
            ..Hold::new(
                "not-protectable",
                match found.cells.len() {
                    1 => {
                        format!("1 {name} cell is such that nothing protects it, whatever else is suppressed")
                    }
                    n => format!(
                        "{n} {name} cells are such that nothing protects them, whatever else is suppressed"
                    ),
                },
            )
        },
    }
}

struct Fields<'a> {
    table: &'a Table,
    primary: &'a Primary,
    suppressed: &'a [(Measure, Vec<bool>)],
}

impl Fields<'_> {
    /// Every field that is not shown as it was, in the order of the file.
    fn changed(&self) -> Vec<Changed> {
        let mut changed = Vec::new();
        for (cell, numbers) in self.table.grid.cells.iter().enumerate() {
            for (measure, entry) in numbers.entries() {
                if let Some(became) = self.became(cell, measure, entry) {
                    changed.push(Changed { cell, measure, row: entry.row, column: entry.column, became });
                }
            }
        }
        changed.sort_by_key(|c| (c.row, c.column));
        changed
    }

    /// What the rules object to: all that there is of a table that is held.
    fn findings(&self) -> Vec<Changed> {
        let mut findings = self.changed();
        findings.retain(|c| matches!(c.became, Became::Suppressed { secondary: false, .. }));
        findings
    }

    fn became(&self, cell: usize, measure: Measure, entry: &Entry) -> Option<Became> {
        if matches!(measure, Measure::Top1 | Measure::Top2) {
            return Some(Became::Suppressed { rule: SINGLE, secondary: false });
        }
        let shown = match self.primary.verdict(cell, measure) {
            Verdict::Forbid(rule) => return Some(Became::Suppressed { rule, secondary: false }),
            Verdict::Show(shown) => shown,
        };
        let group = if measure == Measure::Count { Measure::Count } else { Measure::Value };
        let hidden = self.suppressed.iter().find(|(m, _)| *m == group).and_then(|(_, h)| h.get(cell));
        if hidden.copied().unwrap_or(true) {
            return Some(Became::Suppressed { rule: SECONDARY, secondary: true });
        }
        let number = entry.number?;
        let text = match shown {
            Shown::Count(n) if number.whole != Some(n) => {
                let grouped = written(n, self.table.grid.group);
                let fits = self.table.sheet.fits(entry.row, entry.column, &grouped);
                if fits { grouped } else { written(n, None) }
            }
            Shown::Digits(digits) => {
                let text = self.table.sheet.text(entry.row, entry.column);
                shortened(&text, number.value, digits, self.table.decimal())?
            }
            _ => return None,
        };
        Some(Became::Written(text))
    }
}

/// A number with so many significant digits; `None` where it has no more.
fn shortened(text: &str, value: f64, digits: u8, decimal: char) -> Option<String> {
    let significant = text.chars().filter(char::is_ascii_digit).skip_while(|c| *c == '0').count();
    if significant <= usize::from(digits) || value == 0.0 {
        return None;
    }
    let magnitude = value.abs().log10().floor() as i32;
    let decimals = i32::from(digits) - 1 - magnitude;
    let rounded = match decimals {
        0.. => format!("{value:.*}", usize::try_from(decimals).unwrap_or(0)),
        _ => {
            let unit = 10f64.powi(-decimals);
            format!("{:.0}", (value / unit).round() * unit)
        }
    };
    Some(rounded.replace('.', &decimal.to_string()))
}

impl Checked {
    /// What became of the table.
    pub fn status(&self) -> Status {
        match (self.holds.is_empty(), self.changed.is_empty()) {
            (false, _) => Status::Held,
            (true, true) => Status::Unchanged,
            (true, false) => Status::Changed,
        }
    }

    /// Why a checker must look.
    pub fn holds(&self) -> &[Hold] {
        &self.holds
    }

    /// How many fields are suppressed by a rule, suppressed to protect others, and written otherwise.
    pub fn numbers(&self) -> (usize, usize, usize) {
        let count = |is: fn(&Became) -> bool| self.changed.iter().filter(|c| is(&c.became)).count();
        (
            count(|b| matches!(b, Became::Suppressed { secondary: false, .. })),
            count(|b| matches!(b, Became::Suppressed { secondary: true, .. })),
            count(|b| matches!(b, Became::Written(_))),
        )
    }

    /// The protected file: the bytes that were read, but for the fields that changed; of a Parquet file, one with the same
    /// columns. `None` where the table is held.
    pub fn protected(&self) -> Option<Vec<u8>> {
        if self.status() == Status::Held {
            return None;
        }
        let edits = self.changed.iter().map(|c| Edit {
            row: c.row,
            column: c.column,
            text: match &c.became {
                Became::Suppressed { .. } => self.marker.clone(),
                Became::Written(text) => text.clone(),
            },
        });
        let text = self.table.sheet.with(&edits.collect::<Vec<_>>());
        let Some(layout) = &self.table.parquet else { return Some(text) };
        let sheet = Sheet::read(text).ok()?;
        let rows: Vec<Vec<String>> = (1..sheet.rows())
            .map(|row| (0..sheet.width(row)).map(|column| sheet.text(row, column).into_owned()).collect())
            .collect();
        // What cannot be written is not written: the table is as good as held.
        parquet_table::write(layout, &rows).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_lose_digits_and_nothing_else() {
        assert_eq!(shortened("94.7123", 94.7123, 4, '.'), Some("94.71".into()));
        assert_eq!(shortened("94,7123", 94.7123, 4, ','), Some("94,71".into()));
        assert_eq!(shortened("123456.7", 123_456.7, 4, '.'), Some("123500".into()));
        assert_eq!(shortened("0.0012345", 0.001_234_5, 4, '.'), Some("0.001234".into()));
        assert_eq!(shortened("94.71", 94.71, 4, '.'), None);
    }
}

//! Subtractions in words.

use super::attack::terms;
use crate::marker::Range;
use crate::outsider::Derived;
use crate::table::Table;
use std::collections::BTreeMap;

/// A table whose subtractions are put into words.
pub(super) struct Words<'a> {
    pub(super) table: &'a Table,
    pub(super) derived: &'a [Derived],
    /// The width up to which a number is as good as known.
    pub(super) exact: f64,
    /// Digits after the decimal mark that are worth printing.
    pub(super) decimals: usize,
}

impl Words<'_> {
    /// How a number is worked out.
    pub(super) fn of(
        &self,
        cell: usize,
        derived: &Derived,
        combination: Option<&Vec<(usize, f64)>>,
    ) -> String {
        let exact = derived.range.high - derived.range.low <= self.exact;
        let single = |by: Option<usize>| by.map(|index| self.sum(cell, &[(index, 1.0)]));
        match combination {
            Some(factors) if exact && !factors.is_empty() => self.sum(cell, factors),
            Some(_) => "by all totals together, since no number is negative".to_owned(),
            None if exact => single(derived.low_by.or(derived.high_by)).unwrap_or_default(),
            None => {
                let low = single(derived.low_by).map(|words| format!("at least: {words}"));
                let high = single(derived.high_by).map(|words| format!("at most: {words}"));
                low.into_iter().chain(high).collect::<Vec<_>>().join("; ")
            }
        }
    }

    /// A range as it is worth printing: of amounts that are known but for rounding, one number.
    pub(super) fn rounded(&self, range: Range) -> Range {
        let scale = 10f64.powi(i32::try_from(self.decimals).unwrap_or(0));
        let round = |v: f64| (v * scale).round() / scale;
        if self.exact > 0.0 && range.high - range.low <= self.exact {
            return Range::exactly(round((range.low + range.high) / 2.0));
        }
        Range { low: round(range.low), high: round(range.high) }
    }

    /// `cell = total (39) − part (20) − part (15)`.
    fn sum(&self, cell: usize, factors: &[(usize, f64)]) -> String {
        let mut coefficients: BTreeMap<usize, f64> = BTreeMap::new();
        for (index, factor) in factors {
            for (other, sign) in self.table.relations.get(*index).into_iter().flat_map(terms) {
                *coefficients.entry(other).or_default() += factor * sign;
            }
        }
        let own = coefficients.remove(&cell).unwrap_or(1.0);
        let mut others: Vec<(usize, f64)> = coefficients
            .into_iter()
            .map(|(other, c)| (other, -c / own))
            .filter(|(_, c)| c.abs() > 1e-7)
            .collect();
        // What is added first, so that it reads as a subtraction.
        others.sort_by(|a, b| b.1.signum().total_cmp(&a.1.signum()).then(a.0.cmp(&b.0)));
        let mut text = format!("{} =", self.table.grid.labels(cell));
        for (place, (other, c)) in others.iter().enumerate() {
            let sign = match (place, *c > 0.0) {
                (0, true) => "",
                (_, true) => "+ ",
                (_, false) => "− ",
            };
            let times = if (c.abs() - 1.0).abs() < 1e-7 { String::new() } else { format!("{} × ", c.abs()) };
            let range = self.derived.get(*other).map_or(Range::ANY, |d| d.range);
            text.push_str(&format!(
                " {sign}{times}{} ({})",
                self.table.grid.labels(*other),
                shown(self.rounded(range))
            ));
        }
        text
    }
}

/// A range for people.
pub(crate) fn shown(range: Range) -> String {
    if range.low == range.high {
        format!("{}", range.low)
    } else if range.high.is_infinite() {
        format!("{} or more", range.low)
    } else {
        format!("{} to {}", range.low, range.high)
    }
}

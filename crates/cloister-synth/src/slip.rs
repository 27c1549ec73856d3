//! A source's slips. They are drawn from a stream of their own: the same region without errors is the same
//! region, row for row.

use crate::ErrorRates;
use crate::output::{Table, Wrong};
use crate::person::Person;
use crate::random::Draw;
use std::fmt::Display;

/// What goes wrong in the rows of one person.
#[derive(Clone, Debug)]
pub(crate) struct Slips {
    pub(crate) rates: ErrorRates,
    pub(crate) draw: Draw,
}

impl Slips {
    pub(crate) fn new(rates: ErrorRates, seed: u64, person: u32) -> Self {
        // The streams from 2^32 on are nobody's.
        Self { rates, draw: Draw::new(seed, !u64::from(person)) }
    }

    /// Whether something that is so common happens.
    pub(crate) fn happens(&mut self, rate: fn(&ErrorRates) -> f64) -> bool {
        self.draw.chance(rate(&self.rates))
    }

    /// Writes the NHS number as the source has it. A wrong digit is never the first, so that even wrong
    /// numbers are of the range that is given to nobody.
    pub(crate) fn nhs_number(&mut self, table: &mut Table, column: &'static str, person: &Person) {
        if self.happens(|r| r.nhs_number_missing) {
            table.wrong(Wrong { column, kind: "nhs-number-missing", reject: true });
            table.field("");
        } else if self.happens(|r| r.nhs_number_typo) {
            table.wrong(Wrong { column, kind: "nhs-number-typo", reject: true });
            let place = 1 + self.draw.below(9) as usize;
            let step = 1 + self.draw.below(9);
            let typed = |(i, c): (usize, char)| match c.to_digit(10) {
                Some(digit) if i == place => char::from_digit((digit + step) % 10, 10).unwrap_or(c),
                _ => c,
            };
            let typed: String = person.nhs_number.chars().enumerate().map(typed).collect();
            table.field(typed);
        } else {
            table.field(&person.nhs_number);
        }
    }

    /// Writes a code as the source has it.
    pub(crate) fn code(&mut self, table: &mut Table, column: &'static str, right: &str) {
        if self.happens(|r| r.bad_code) {
            table.wrong(Wrong { column, kind: "bad-code", reject: true });
            table.field("??");
        } else {
            table.field(right);
        }
    }

    /// Writes a number as the source has it; `impossible` is outside what the column may hold.
    pub(crate) fn number(
        &mut self,
        table: &mut Table,
        column: &'static str,
        impossible: &str,
        right: impl Display,
    ) {
        if self.happens(|r| r.out_of_range) {
            table.wrong(Wrong { column, kind: "out-of-range", reject: true });
            table.field(impossible);
        } else {
            table.field(right);
        }
    }

    /// Whether the row comes twice. An event may really happen twice: such rows land.
    pub(crate) fn duplicate(&mut self, reject: bool) -> Option<Wrong> {
        let twice = self.happens(|r| r.duplicate_row);
        twice.then_some(Wrong { column: "", kind: "duplicate-row", reject })
    }
}

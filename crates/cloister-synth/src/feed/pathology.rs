//! Laboratory results.

use super::Feeds;
use crate::person::Person;
use crate::random::Draw;
use std::io::Result;

pub(super) const HEADER: &str = "nhs_number,sample_id,laboratory,sampled_on,test,value,unit";

/// A test: its code, unit, mean, deviation, the condition that moves the mean, and by how much.
type Test = (&'static str, &'static str, f64, f64, usize, f64);
const TESTS: &[Test] = &[
    ("hba1c", "mmol/mol", 37.0, 4.0, 0, 22.0),
    ("creatinine", "umol/L", 78.0, 14.0, 5, 70.0),
    ("egfr", "mL/min", 88.0, 12.0, 5, -42.0),
    ("cholesterol", "mmol/L", 5.0, 0.9, 7, 0.5),
    ("haemoglobin", "g/L", 138.0, 13.0, 8, -18.0),
    ("bnp", "ng/L", 60.0, 25.0, 6, 620.0),
];

impl Feeds {
    pub(super) fn results(&mut self, person: &Person, draw: &mut Draw) -> Result<()> {
        for sample in 0..draw.count(2.6 * self.scale * person.need().min(5.0)) {
            let (slips, table) = (&mut self.slips, &mut self.results);
            let test = draw.pick(TESTS).copied();
            let (test, unit, mean, deviation, condition, shift) =
                test.unwrap_or(("hba1c", "", 37.0, 4.0, 0, 0.0));
            slips.nhs_number(table, "nhs_number", person);
            table
                .field(format_args!("L{:07}{sample:03}", person.index))
                .field("RN1LAB")
                .field(person.day(draw));
            slips.code(table, "test", test);
            let mean = if person.has(condition) { mean + shift } else { mean };
            let value = draw.normal(mean, deviation).max(0.5);
            slips.number(table, "value", "-9", format_args!("{value:.1}"));
            table.field(unit);
            table.end(slips.duplicate(false), &mut self.truth)?;
        }
        Ok(())
    }
}

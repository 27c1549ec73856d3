//! Laboratory results.

use super::{Feeds, code, duplicate, nhs_number};
use crate::output::Wrong;
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
            let (errors, table) = (self.errors, &mut self.results);
            let test = draw.pick(TESTS).copied();
            let (test, unit, mean, deviation, condition, shift) =
                test.unwrap_or(("hba1c", "", 37.0, 4.0, 0, 0.0));
            nhs_number(table, "nhs_number", person, &errors, draw);
            table
                .field(format_args!("L{:07}{sample:03}", person.index))
                .field("RN1LAB")
                .field(person.day(draw));
            code(table, "test", test, &errors, draw);
            if draw.chance(errors.out_of_range) {
                table.wrong(Wrong { column: "value", kind: "out-of-range", reject: true });
                table.field("-9");
            } else {
                let mean = if person.has(condition) { mean + shift } else { mean };
                table.field(format_args!("{:.1}", draw.normal(mean, deviation).max(0.5)));
            }
            table.field(unit);
            table.end(duplicate(&errors, false, draw), &mut self.truth)?;
        }
        Ok(())
    }
}

//! Admitted patient care, with the columns of Hospital Episode Statistics.

use super::Feeds;
use crate::condition::CONDITIONS;
use crate::output::Wrong;
use crate::person::{EXTRACTED, Person};
use crate::random::Draw;
use chrono::{Datelike, Days};
use std::io::Result;

pub(super) const HEADER: &str =
    "NEWNHSNO,LOPATID,PROCODE,DOB,SEX,HOMEADD,EPIKEY,ADMIDATE,DISDATE,SPELDUR,ADMIMETH,MAINSPEF,DIAG_01,COST";

/// Admission methods: elective, emergency, maternity.
const METHODS: &[(&str, f64)] =
    &[("11", 3.0), ("12", 2.0), ("13", 1.0), ("21", 5.0), ("22", 2.0), ("28", 0.4), ("31", 0.6)];
const SPECIALTIES: &[&str] = &["100", "101", "110", "300", "301", "320", "340", "430", "502"];
const OTHER_DIAGNOSES: &[&str] = &["R07", "R10", "S72", "K35", "N39", "J18", "H25", "M16", "Z50"];

impl Feeds {
    pub(super) fn admissions(&mut self, person: &Person, draw: &mut Draw) -> Result<()> {
        let weights: Vec<f64> = METHODS.iter().map(|(_, weight)| *weight).collect();
        for spell in 0..draw.count(0.45 * self.scale * person.need()) {
            let (slips, table) = (&mut self.slips, &mut self.admissions);
            slips.nhs_number(table, "NEWNHSNO", person);
            table.field(format_args!("H{:07}", person.index)).field("RN1");
            let day_month = person.born.format("%d/%m/%Y");
            if slips.happens(|r| r.day_month_swapped) && person.born.day() != person.born.month() {
                let reject = person.born.day() > 12;
                table.wrong(Wrong { column: "DOB", kind: "day-month-swapped", reject });
                table.field(person.born.format("%m/%d/%Y"));
            } else {
                table.field(day_month);
            }
            slips.code(table, "SEX", if person.male { "1" } else { "2" });
            table.field(&person.postcode).field(format_args!("{:07}{spell:02}", person.index));
            let admitted = person.day(draw);
            let nights = draw.heavy(1.4 + f64::from(person.age) / 40.0, 1.1).min(180.0) as u32;
            let discharged = admitted.checked_add_days(Days::new(u64::from(nights)));
            table.field(admitted.format("%d/%m/%Y"));
            match discharged.filter(|day| *day <= EXTRACTED) {
                Some(day) => drop(table.field(day.format("%d/%m/%Y")).field(nights)),
                None => drop(table.field("").field("")),
            }
            let method = METHODS.get(draw.weighted(&weights)).map_or("21", |(code, _)| code);
            slips.code(table, "ADMIMETH", method);
            table.field(draw.pick(SPECIALTIES).copied().unwrap_or("300"));
            let own = draw.pick(&person.conditions).and_then(|c| CONDITIONS.get(*c)).map(|c| c.icd10);
            let other = draw.pick(OTHER_DIAGNOSES).copied().unwrap_or("R07");
            let diagnosis = own.filter(|_| draw.chance(0.6)).unwrap_or(other);
            slips.code(table, "DIAG_01", diagnosis);
            let cost = draw.heavy(900.0 + 380.0 * f64::from(nights), 0.7).min(950_000.0);
            slips.number(table, "COST", "-1.00", format_args!("{cost:.2}"));
            table.end(slips.duplicate(false), &mut self.truth)?;
        }
        Ok(())
    }
}

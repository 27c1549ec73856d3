//! General practice: registrations, and the journal of events.

use super::Feeds;
use crate::condition::CONDITIONS;
use crate::output::Wrong;
use crate::person::{EXTRACTED, Person, postcode, swapped};
use crate::place::DISTRICTS;
use crate::random::Draw;
use chrono::{Datelike, Days, NaiveDate};
use std::io::Result;

pub(super) const REGISTRATIONS: &str = "nhs_number,patient_id,surname,forename,date_of_birth,sex,ethnic_group,\
postcode,imd_decile,practice_code,registered_on";
pub(super) const JOURNAL: &str =
    "nhs_number,patient_id,event_date,event_type,snomed_code,value,clinician_id,practice_code";

/// Why people see their practice: SNOMED CT codes, and how often.
const CONSULTATIONS: &[(&str, f64)] =
    &[("185317003", 5.0), ("185345009", 3.0), ("308335008", 2.0), ("386472008", 1.0), ("183665006", 0.2)];
const IMMUNISATIONS: &[&str] = &["86198006", "840534001", "170433008"];

impl Feeds {
    pub(super) fn registration(&mut self, person: &Person, draw: &mut Draw) -> Result<()> {
        let (slips, table) = (&mut self.slips, &mut self.registrations);
        slips.nhs_number(table, "nhs_number", person);
        table.field(format_args!("P{:08}", person.index));
        if slips.happens(|r| r.name_typo) {
            table.wrong(Wrong { column: "surname", kind: "name-typo", reject: false });
            table.field(format_args!("{}e", person.last_name));
        } else {
            table.field(person.last_name);
        }
        table.field(person.first_name);
        if slips.happens(|r| r.day_month_swapped) && person.born.day() != person.born.month() {
            let reject = person.born.day() > 12;
            table.wrong(Wrong { column: "date_of_birth", kind: "day-month-swapped", reject });
            table.field(swapped(person.born));
        } else {
            table.field(person.born);
        }
        slips.code(table, "sex", if person.male { "M" } else { "F" });
        table.field(person.ethnicity);
        if slips.happens(|r| r.moved_house) {
            table.wrong(Wrong { column: "postcode", kind: "moved-house", reject: false });
            let former = slips.draw.pick(DISTRICTS).map_or("NM1", |d| d.code);
            table.field(postcode(former, &mut slips.draw));
        } else {
            table.field(&person.postcode);
        }
        slips.number(table, "imd_decile", "11", person.decile);
        table.field(&person.practice);
        let lived = u32::try_from((EXTRACTED - person.born).num_days()).unwrap_or_default();
        let back = u64::from(draw.below(lived.min(15_000) + 1));
        table.field(EXTRACTED.checked_sub_days(Days::new(back)).unwrap_or(EXTRACTED));
        table.end(slips.duplicate(true), &mut self.truth)
    }

    pub(super) fn journal(&mut self, person: &Person, draw: &mut Draw) -> Result<()> {
        for condition in person.conditions.iter().filter_map(|c| CONDITIONS.get(*c)) {
            let first = person.day(draw);
            self.event(person, first, "diagnosis", condition.snomed, None, draw)?;
            for _ in 0..draw.count(3.0 * self.scale) {
                let day = person.day(draw);
                self.event(person, day, "prescription", condition.medicine, None, draw)?;
            }
        }
        let weights: Vec<f64> = CONSULTATIONS.iter().map(|(_, weight)| *weight).collect();
        for _ in 0..draw.count(6.2 * self.scale * person.need().min(4.0)) {
            let day = person.day(draw);
            let reason = CONSULTATIONS.get(draw.weighted(&weights)).map_or("185317003", |(code, _)| code);
            self.event(person, day, "consultation", reason, None, draw)?;
        }
        for _ in 0..draw.count(1.6 * self.scale * person.need().min(3.0)) {
            let day = person.day(draw);
            let systolic = draw.normal(if person.has(1) { 148.0 } else { 126.0 }, 12.0).clamp(80.0, 220.0);
            self.event(person, day, "measurement", "271649006", Some(systolic), draw)?;
        }
        for _ in 0..draw.count(0.9 * self.scale) {
            let day = person.day(draw);
            let vaccine = draw.pick(IMMUNISATIONS).copied().unwrap_or("86198006");
            self.event(person, day, "immunisation", vaccine, None, draw)?;
        }
        Ok(())
    }

    fn event(
        &mut self,
        person: &Person,
        day: NaiveDate,
        kind: &str,
        snomed: &str,
        value: Option<f64>,
        draw: &mut Draw,
    ) -> Result<()> {
        let (slips, table) = (&mut self.slips, &mut self.journal);
        slips.nhs_number(table, "nhs_number", person);
        table.field(format_args!("P{:08}", person.index)).field(day).field(kind);
        slips.code(table, "snomed_code", snomed);
        match value {
            Some(value) => slips.number(table, "value", "9999", format_args!("{value:.0}")),
            None => drop(table.field("")),
        }
        table.field(format_args!("C{:03}{}", draw.below(12), person.practice)).field(&person.practice);
        table.end(slips.duplicate(false), &mut self.truth)
    }
}

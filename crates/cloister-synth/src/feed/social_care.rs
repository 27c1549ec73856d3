//! Adult social care, after the client level data that councils return.

use super::Feeds;
use crate::person::{EXTRACTED, Person};
use crate::random::Draw;
use chrono::Days;
use std::io::Result;

pub(super) const HEADER: &str =
    "nhs_number,la_person_id,la_code,postcode,event_type,service_type,started_on,ended_on,weekly_cost";

/// Services, how often, and what a week costs in pounds.
const SERVICES: &[(&str, f64, f64)] = &[
    ("home-support", 5.0, 280.0),
    ("direct-payment", 2.0, 320.0),
    ("residential-care", 1.5, 900.0),
    ("nursing-care", 0.8, 1_050.0),
    ("day-support", 1.0, 140.0),
];

impl Feeds {
    pub(super) fn services(&mut self, person: &Person, draw: &mut Draw) -> Result<()> {
        let old = (f64::from(person.age) - 60.0).max(0.0) / 12.0;
        let mean = if person.age < 18 { 0.0 } else { 0.02 + 0.05 * old * old * person.need().min(4.0) };
        let weights: Vec<f64> = SERVICES.iter().map(|(_, weight, _)| *weight).collect();
        for _ in 0..draw.count((mean * self.scale).min(6.0)) {
            let (slips, table) = (&mut self.slips, &mut self.services);
            let (service, _, cost) =
                SERVICES.get(draw.weighted(&weights)).copied().unwrap_or(("day-support", 0.0, 140.0));
            slips.nhs_number(table, "nhs_number", person);
            table.field(format_args!("SC{:06}", person.index)).field("NMC").field(&person.postcode);
            let kind = if draw.chance(0.7) { "service" } else { "assessment" };
            table.field(kind);
            slips.code(table, "service_type", service);
            let started = person.day(draw);
            let ended = started.checked_add_days(Days::new(draw.heavy(120.0, 1.0) as u64));
            table.field(started);
            match ended.filter(|day| *day <= EXTRACTED) {
                Some(day) => drop(table.field(day)),
                None => drop(table.field("")),
            }
            let weekly = draw.heavy(cost, 0.4).min(9_000.0);
            slips.number(table, "weekly_cost", "-20.00", format_args!("{weekly:.2}"));
            table.end(slips.duplicate(false), &mut self.truth)?;
        }
        Ok(())
    }
}

//! Emergency care, after the Emergency Care Data Set.

use super::Feeds;
use crate::output::Wrong;
use crate::person::Person;
use crate::random::Draw;
use std::io::Result;

pub(super) const HEADER: &str = "nhs_number,attendance_id,site_code,postcode,arrived_at,arrival_mode,acuity,\
chief_complaint,minutes_in_department,discharge_destination";

const COMPLAINTS: &[(&str, f64)] = &[
    ("29857009", 3.0),
    ("21522001", 3.0),
    ("267036007", 2.0),
    ("417163006", 4.0),
    ("74732009", 1.0),
    ("386661006", 2.0),
];
const DESTINATIONS: &[(&str, f64)] = &[("306689006", 7.0), ("306706006", 2.5), ("1066331000000109", 0.5)];

fn weighted<'a>(from: &[(&'a str, f64)], draw: &mut Draw) -> &'a str {
    let weights: Vec<f64> = from.iter().map(|(_, weight)| *weight).collect();
    from.get(draw.weighted(&weights)).map_or("", |(code, _)| code)
}

impl Feeds {
    pub(super) fn attendances(&mut self, person: &Person, draw: &mut Draw) -> Result<()> {
        let deprivation = 1.0 + (5.5 - f64::from(person.decile)) * 0.08;
        for attendance in 0..draw.count(0.5 * self.scale * person.need().sqrt() * deprivation) {
            let (slips, table) = (&mut self.slips, &mut self.attendances);
            slips.nhs_number(table, "nhs_number", person);
            table
                .field(format_args!("E{:07}{attendance:02}", person.index))
                .field("RN1AE")
                .field(&person.postcode);
            let (hour, minute) = (draw.below(24), draw.below(60));
            let day = person.day(draw);
            if slips.happens(|r| r.day_month_swapped) {
                table.wrong(Wrong { column: "arrived_at", kind: "bad-date", reject: true });
                table.field(format_args!("2025-02-30T{hour:02}:{minute:02}:00"));
            } else {
                table.field(format_args!("{day}T{hour:02}:{minute:02}:00"));
            }
            let mode = if draw.chance(0.3) { "ambulance" } else { "own-transport" };
            slips.code(table, "arrival_mode", mode);
            let acuity = 1 + draw.weighted(&[0.02, 0.2, 0.5, 0.23, 0.05]);
            table.field(acuity).field(weighted(COMPLAINTS, draw));
            let minutes = draw.heavy(170.0, 0.6).min(2_800.0) as u32;
            slips.number(table, "minutes_in_department", "-5", minutes);
            table.field(weighted(DESTINATIONS, draw));
            table.end(slips.duplicate(false), &mut self.truth)?;
        }
        Ok(())
    }
}

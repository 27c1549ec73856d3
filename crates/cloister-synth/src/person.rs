//! One person who does not exist.

use crate::condition::CONDITIONS;
use crate::names;
use crate::place::{DISTRICTS, ETHNICITIES};
use crate::random::Draw;
use chrono::{Datelike, Days, NaiveDate};

/// The day that the extracts are made.
pub(crate) const EXTRACTED: NaiveDate = match NaiveDate::from_ymd_opt(2026, 3, 31) {
    Some(date) => date,
    None => NaiveDate::MAX,
};
/// How many days back events go.
const HISTORY_DAYS: u32 = 5 * 365;

/// A person.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) index: u32,
    pub(crate) nhs_number: String,
    pub(crate) male: bool,
    pub(crate) born: NaiveDate,
    pub(crate) age: u32,
    pub(crate) first_name: &'static str,
    pub(crate) last_name: &'static str,
    pub(crate) ethnicity: &'static str,
    pub(crate) district: &'static str,
    pub(crate) decile: u32,
    pub(crate) postcode: String,
    pub(crate) practice: String,
    /// Which of `CONDITIONS` the person has.
    pub(crate) conditions: Vec<usize>,
}

/// Shares of the population by ten years of age.
const AGES: [f64; 10] = [0.115, 0.12, 0.128, 0.135, 0.128, 0.13, 0.108, 0.085, 0.043, 0.008];

impl Person {
    pub(crate) fn draw(index: u32, nhs_number: String, draw: &mut Draw) -> Self {
        let male = draw.chance(0.495);
        let decade = u32::try_from(draw.weighted(&AGES)).unwrap_or_default();
        let days = u64::from(decade * 3_652 + draw.below(3_652));
        let born = EXTRACTED.checked_sub_days(Days::new(days)).unwrap_or(EXTRACTED);
        let age = EXTRACTED.years_since(born).unwrap_or_default();
        let weights: Vec<f64> = DISTRICTS.iter().map(|d| d.weight).collect();
        let number = draw.weighted(&weights);
        let (code, middle, ethnicities) =
            DISTRICTS.get(number).map_or(("NM1", 5.0, [1.0; 6]), |d| (d.code, d.decile, d.ethnicities));
        let decile = draw.normal(middle, 1.5).round().clamp(1.0, 10.0) as u32;
        let ethnicity = ETHNICITIES.get(draw.weighted(&ethnicities)).copied().unwrap_or("Unknown");
        let first = if male { names::MALE } else { names::FEMALE };
        let mut person = Self {
            index,
            nhs_number,
            male,
            born,
            age,
            first_name: draw.pick(first).copied().unwrap_or("Sam"),
            last_name: draw.pick(names::LAST).copied().unwrap_or("Lumb"),
            ethnicity,
            district: code,
            decile,
            postcode: postcode(code, draw),
            practice: format!("B{:05}", 81_000 + 10 * number as u32 + draw.below(4)),
            conditions: Vec::new(),
        };
        for (place, condition) in CONDITIONS.iter().enumerate() {
            if draw.chance(condition.prevalence(age, decile, male)) {
                person.conditions.push(place);
            }
        }
        person
    }

    pub(crate) fn has(&self, condition: usize) -> bool {
        self.conditions.contains(&condition)
    }

    /// How many times the average this person needs care.
    pub(crate) fn need(&self) -> f64 {
        let conditions: f64 =
            self.conditions.iter().filter_map(|c| CONDITIONS.get(*c)).map(|c| c.contacts).sum();
        let age = 0.45 + f64::from(self.age) / 90.0;
        age * (1.0 + 0.35 * conditions) * (1.0 + (5.5 - f64::from(self.decile)) * 0.03)
    }

    /// A day on which something happened to the person.
    pub(crate) fn day(&self, draw: &mut Draw) -> NaiveDate {
        let lived = u32::try_from((EXTRACTED - self.born).num_days()).unwrap_or(HISTORY_DAYS);
        let back = u64::from(draw.below(HISTORY_DAYS.min(lived) + 1));
        EXTRACTED.checked_sub_days(Days::new(back)).unwrap_or(EXTRACTED)
    }
}

/// A postcode of a district.
pub(crate) fn postcode(district: &str, draw: &mut Draw) -> String {
    const LETTERS: &[u8] = b"ABDEFGHJLNPQRSTUWXYZ";
    let digit = draw.below(10);
    let letter = |draw: &mut Draw| draw.pick(LETTERS).map_or('A', |b| char::from(*b));
    let (one, two) = (letter(draw), letter(draw));
    format!("{district} {digit}{one}{two}")
}

/// The date with day and month swapped, as text in the order year, month, day; it may not exist.
pub(crate) fn swapped(date: NaiveDate) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.day(), date.month())
}

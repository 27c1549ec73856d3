//! The five organisations' extracts.

mod emergency;
mod gp;
mod hospital;
mod pathology;
mod social_care;

use crate::ErrorRates;
use crate::output::{Table, Truth, Wrong};
use crate::person::Person;
use crate::random::Draw;
use crate::region::{Region, TableSummary};
use std::io::Result;
use std::path::Path;

/// Rows of one file of the journal.
const JOURNAL_ROWS: u64 = 2_500_000;

/// Every table under way.
pub(crate) struct Feeds {
    errors: ErrorRates,
    /// Times the usual number of events.
    scale: f64,
    truth: Truth,
    registrations: Table,
    journal: Table,
    admissions: Table,
    attendances: Table,
    results: Table,
    services: Table,
}

impl Feeds {
    pub(crate) fn create(folder: &Path, truth: &Path, region: &Region) -> Result<Self> {
        let table = |feed: &str, stem, header, split| Table::create(&folder.join(feed), stem, header, split);
        Ok(Self {
            errors: region.errors,
            scale: region.events_per_person / 20.0,
            truth: Truth::create(&truth.join("errors.csv"))?,
            registrations: table("gp", "registrations", gp::REGISTRATIONS, None)?,
            journal: table("gp", "journal", gp::JOURNAL, Some(JOURNAL_ROWS))?,
            admissions: table("hospital", "admissions", hospital::HEADER, None)?,
            attendances: table("emergency", "attendances", emergency::HEADER, None)?,
            results: table("pathology", "results", pathology::HEADER, None)?,
            services: table("social-care", "services", social_care::HEADER, None)?,
        })
    }

    pub(crate) fn write(&mut self, person: &Person, draw: &mut Draw) -> Result<()> {
        self.registration(person, draw)?;
        self.journal(person, draw)?;
        self.admissions(person, draw)?;
        self.attendances(person, draw)?;
        self.results(person, draw)?;
        self.services(person, draw)
    }

    pub(crate) fn finish(self) -> Result<Vec<TableSummary>> {
        self.truth.finish()?;
        [self.registrations, self.journal, self.admissions, self.attendances, self.results, self.services]
            .into_iter()
            .map(Table::finish)
            .collect()
    }
}

/// The NHS number as a source has it.
fn nhs_number(
    table: &mut Table,
    column: &'static str,
    person: &Person,
    errors: &ErrorRates,
    draw: &mut Draw,
) {
    if draw.chance(errors.nhs_number_missing) {
        table.wrong(Wrong { column, kind: "nhs-number-missing", reject: true });
        table.field("");
    } else if draw.chance(errors.nhs_number_typo) {
        table.wrong(Wrong { column, kind: "nhs-number-typo", reject: true });
        let place = draw.below(9) as usize;
        let step = 1 + draw.below(9);
        let typed: String = person
            .nhs_number
            .chars()
            .enumerate()
            .map(|(i, c)| match c.to_digit(10) {
                Some(digit) if i == place => char::from_digit((digit + step) % 10, 10).unwrap_or(c),
                _ => c,
            })
            .collect();
        table.field(typed);
    } else {
        table.field(&person.nhs_number);
    }
}

/// A code as a source has it.
fn code(table: &mut Table, column: &'static str, right: &str, errors: &ErrorRates, draw: &mut Draw) {
    if draw.chance(errors.bad_code) {
        table.wrong(Wrong { column, kind: "bad-code", reject: true });
        table.field("??");
    } else {
        table.field(right);
    }
}

/// Whether the row comes twice. An event may really happen twice: such rows land.
fn duplicate(errors: &ErrorRates, reject: bool, draw: &mut Draw) -> Option<Wrong> {
    draw.chance(errors.duplicate_row).then_some(Wrong { column: "", kind: "duplicate-row", reject })
}

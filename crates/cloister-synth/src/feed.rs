//! The five organisations' extracts.

mod emergency;
mod gp;
mod hospital;
mod pathology;
mod social_care;

use crate::ErrorRates;
use crate::output::{Table, Truth};
use crate::person::Person;
use crate::random::Draw;
use crate::region::{Region, TableSummary};
use crate::slip::Slips;
use std::io::Result;
use std::path::Path;

/// Rows of one file of the journal.
const JOURNAL_ROWS: u64 = 250_000;

/// Every table under way.
pub(crate) struct Feeds {
    errors: ErrorRates,
    seed: u64,
    /// Of the person under way.
    slips: Slips,
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
            seed: region.seed,
            slips: Slips::new(region.errors, region.seed, 0),
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
        self.slips = Slips::new(self.errors, self.seed, person.index);
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

//! The region: its people one by one, each written into every extract.

use crate::ErrorRates;
use crate::condition::CONDITIONS;
use crate::feed::Feeds;
use crate::nhs_number::{NhsNumbers, PEOPLE_MAX};
use crate::person::Person;
use crate::random::Draw;
use std::fs::File;
use std::io::{BufWriter, Error, ErrorKind, Result, Write};
use std::path::Path;

/// More events of one person are a slip of the pen.
const EVENTS_PER_PERSON_MAX: f64 = 1_000.0;
/// People between two tellings of how many are written.
const TELL_EVERY: u32 = 1_000;

/// A synthetic region. The same region is the same bytes on every machine; with other error rates it is the
/// same people and events, with other errors.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    /// What everything is drawn from.
    pub seed: u64,
    /// How many people, at most 89,999,999.
    pub people: u32,
    /// About how many events each has, over all extracts; at most 1,000.
    pub events_per_person: f64,
    /// How often the extracts are wrong.
    pub errors: ErrorRates,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// By table.
    pub tables: Vec<TableSummary>,
}

/// What was written of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableSummary {
    /// The first part of its files' names.
    pub name: String,
    /// Rows, the wrong ones too.
    pub rows: u64,
    /// Rows that a contract must reject.
    pub must_reject: u64,
}

impl Region {
    /// Writes the extracts into `gp`, `hospital`, `emergency`, `pathology` and `social-care` under a
    /// folder, and into `truth` who the people are (`people.csv`), every error (`errors.csv`: file, data
    /// row from 1, column, kind, whether the row must be rejected) and the rows of each table (`counts.csv`).
    ///
    /// Files of the same names are replaced. Errors are the disk's, and `InvalidInput` where a number of the
    /// region is not one that it can have.
    pub fn write(&self, folder: &Path) -> Result<Summary> {
        self.write_telling(folder, &mut |_| {})
    }

    /// As [`Region::write`]; tells now and then, and at the end, how many people are written.
    pub fn write_telling(&self, folder: &Path, tell: &mut dyn FnMut(u32)) -> Result<Summary> {
        self.check()?;
        let truth = folder.join("truth");
        std::fs::create_dir_all(&truth)?;
        let mut people = BufWriter::new(File::create(truth.join("people.csv"))?);
        writeln!(people, "nhs_number,sex,born,district,imd_decile,ethnicity,conditions")?;
        let mut feeds = Feeds::create(folder, &truth, self)?;
        let numbers = NhsNumbers::new(self.seed);
        for (index, nhs_number) in (0..self.people).zip(numbers) {
            if index % TELL_EVERY == 0 {
                tell(index);
            }
            let mut draw = Draw::new(self.seed, u64::from(index));
            let person = Person::draw(index, nhs_number, &mut draw);
            write_truth(&person, &mut people)?;
            feeds.write(&person, &mut draw)?;
        }
        people.flush()?;
        let tables = feeds.finish()?;
        write_counts(&truth.join("counts.csv"), &tables)?;
        tell(self.people);
        Ok(Summary { tables })
    }

    fn check(&self) -> Result<()> {
        let wrong = |text: &str| Err(Error::new(ErrorKind::InvalidInput, text.to_owned()));
        if self.people > PEOPLE_MAX {
            return wrong("a region has at most 89,999,999 people");
        }
        if !(0.0..=EVENTS_PER_PERSON_MAX).contains(&self.events_per_person) {
            return wrong("a person has from 0 to 1,000 events");
        }
        if !self.errors.are_shares() {
            return wrong("an error rate is from 0 to 1");
        }
        Ok(())
    }
}

fn write_truth(person: &Person, out: &mut impl Write) -> Result<()> {
    let conditions: Vec<&str> =
        person.conditions.iter().filter_map(|c| CONDITIONS.get(*c)).map(|c| c.name).collect();
    let Person { nhs_number, born, district, decile, ethnicity, .. } = person;
    let sex = if person.male { "M" } else { "F" };
    writeln!(out, "{nhs_number},{sex},{born},{district},{decile},{ethnicity},{}", conditions.join(" "))
}

fn write_counts(path: &Path, tables: &[TableSummary]) -> Result<()> {
    let mut counts = BufWriter::new(File::create(path)?);
    writeln!(counts, "table,rows,must_reject")?;
    for t in tables {
        writeln!(counts, "{},{},{}", t.name, t.rows, t.must_reject)?;
    }
    counts.flush()
}

//! The region: its people one by one, each written into every extract.

use crate::ErrorRates;
use crate::condition::CONDITIONS;
use crate::feed::Feeds;
use crate::nhs_number::NhsNumbers;
use crate::person::Person;
use crate::random::Draw;
use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::Path;

/// A synthetic region. The same region is the same bytes on every machine.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    /// What everything is drawn from.
    pub seed: u64,
    /// How many people.
    pub people: u32,
    /// About how many events each has, over all extracts.
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
    pub fn write(&self, folder: &Path) -> Result<Summary> {
        let truth = folder.join("truth");
        std::fs::create_dir_all(&truth)?;
        let mut people = BufWriter::new(File::create(truth.join("people.csv"))?);
        writeln!(people, "nhs_number,sex,born,district,imd_decile,ethnicity,conditions")?;
        let mut feeds = Feeds::create(folder, &truth, self)?;
        let numbers = NhsNumbers::new(self.seed);
        for (index, nhs_number) in (0..self.people).zip(numbers) {
            let mut draw = Draw::new(self.seed, u64::from(index));
            let person = Person::draw(index, nhs_number, &mut draw);
            write_truth(&person, &mut people)?;
            feeds.write(&person, &mut draw)?;
        }
        people.flush()?;
        let tables = feeds.finish()?;
        let mut counts = BufWriter::new(File::create(truth.join("counts.csv"))?);
        writeln!(counts, "table,rows,must_reject")?;
        for t in &tables {
            writeln!(counts, "{},{},{}", t.name, t.rows, t.must_reject)?;
        }
        counts.flush()?;
        Ok(Summary { tables })
    }
}

fn write_truth(person: &Person, out: &mut impl Write) -> Result<()> {
    let conditions: Vec<&str> =
        person.conditions.iter().filter_map(|c| CONDITIONS.get(*c)).map(|c| c.name).collect();
    let Person { nhs_number, born, district, decile, ethnicity, .. } = person;
    let sex = if person.male { "M" } else { "F" };
    writeln!(out, "{nhs_number},{sex},{born},{district},{decile},{ethnicity},{}", conditions.join(" "))
}

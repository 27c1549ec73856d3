//! What is said of a check: to people, to programs, to the SACRO viewer.

mod acro;
mod attack;
mod html;
mod json;
mod text;

use crate::check::{Became, Changed, Checked};
use crate::error::letters;
use crate::output::{ACRO, OutputFile, REPORTS};
use cloister_disclosure::Policy;

impl Checked {
    /// What is said, for people.
    pub fn to_text(&self, policy: &Policy) -> String {
        text::of(self, policy)
    }

    /// The same for programs: one object.
    pub fn to_json(&self, policy: &Policy) -> serde_json::Value {
        json::of(self, policy)
    }

    /// The same as a page that needs no server and runs no script.
    pub fn to_page(&self, policy: &Policy, made_at: &str) -> String {
        html::of(self, policy, made_at)
    }

    /// Every file of the check's folder: the protected table, unless it is held; the findings as text, JSON and a
    /// page; a folder that the SACRO viewer opens.
    pub fn files(&self, policy: &Policy, made_at: &str) -> Vec<OutputFile> {
        let file = |path: &str, bytes: Vec<u8>| OutputFile { path: path.to_owned(), bytes };
        let mut files = Vec::new();
        if let Some(bytes) = self.protected() {
            let taken = REPORTS.contains(&self.table.name()) || self.table.name() == ACRO;
            let prefix = if taken { "table-" } else { "" };
            files.push(file(&format!("{prefix}{}", self.table.name()), bytes));
        }
        let [text, json, page] = REPORTS;
        files.push(file(text, self.to_text(policy).into_bytes()));
        files.push(file(json, format!("{:#}\n", self.to_json(policy)).into_bytes()));
        files.push(file(page, self.to_page(policy, made_at).into_bytes()));
        files.extend(acro::files(self, policy, made_at));
        files
    }

    /// `row 3, column 4 (D): 18–29 × West`.
    fn place(&self, changed: &Changed) -> String {
        format!(
            "row {}, column {} ({}): {}",
            changed.row + 1,
            changed.column + 1,
            letters(changed.column + 1),
            self.table.grid.labels(changed.cell)
        )
    }
}

/// What became of a field, in words.
fn words(became: &Became) -> String {
    match became {
        Became::Suppressed { rule, secondary: false } => format!("suppressed ({rule})"),
        Became::Suppressed { secondary: true, .. } => "suppressed, or others could be worked out".to_owned(),
        Became::Written(_) => "rounded".to_owned(),
    }
}

/// `1 cell`, `2 cells`.
fn several(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

//! The header of a file: order free, without regard to case, every column accounted for.

use crate::LandingError;
use cloister_governance::TableContract;

/// For each column of the contract, where it is in the file.
pub(crate) type Places = Vec<Option<usize>>;

/// Finds the contract's columns in a header.
pub(crate) fn places(file: &str, header: &[Vec<u8>], table: &TableContract) -> Result<Places, LandingError> {
    if let [only] = header
        && let Some(delimiter) = only.iter().find(|b| matches!(b, b';' | b'\t' | b'|'))
    {
        let name = match delimiter {
            b';' => "semicolons",
            b'\t' => "tabs",
            _ => "vertical bars",
        };
        return Err(LandingError::file(
            file,
            "wrong-delimiter",
            format!("is separated by {name}, not by commas"),
        ));
    }
    let names: Vec<String> =
        header.iter().map(|h| String::from_utf8_lossy(h).trim().to_lowercase()).collect();
    let mut problems = Vec::new();
    for (position, name) in names.iter().enumerate() {
        if names.iter().take(position).any(|other| other == name) {
            problems.push(format!("the column {} is there twice", shown(name, position)));
        } else if !table.columns.iter().any(|c| c.name.as_str() == name) {
            problems.push(format!("the column {} is not in the contract", shown(name, position)));
        }
    }
    let places: Places =
        table.columns.iter().map(|c| names.iter().position(|name| name == c.name.as_str())).collect();
    for (column, place) in table.columns.iter().zip(&places) {
        if place.is_none() && !column.optional {
            problems.push(format!("the column `{}` is missing", column.name));
        }
    }
    if problems.is_empty() {
        Ok(places)
    } else {
        Err(LandingError::file(file, "wrong-columns", problems.join("; ")))
    }
}

/// A column's name, or only its position where the "name" may be a value: a file without a header.
fn shown(name: &str, position: usize) -> String {
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let a_name =
        starts_well && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
    if a_name { format!("`{name}`") } else { format!("number {}", position + 1) }
}

//! Tables and colours for people.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use std::io::IsTerminal;

/// A table with a header.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED);
    // Lines are only broken to fit a terminal; a file or a pipe gets them whole.
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter().map(Cell::new).collect::<Vec<_>>());
    table
}

/// A cell that is set to the right.
pub(crate) fn right(text: impl ToString) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// A whole number in groups of three.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn style(code: &str, text: &str, terminal: bool) -> String {
    if terminal && std::env::var_os("NO_COLOR").is_none() {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

/// Bold, on a terminal.
pub(crate) fn bold(text: &str) -> String {
    style("1", text, std::io::stdout().is_terminal())
}

/// Faint, on a terminal.
pub(crate) fn faint(text: &str) -> String {
    style("2", text, std::io::stdout().is_terminal())
}

/// Green, on a terminal.
pub(crate) fn green(text: &str) -> String {
    style("32", text, std::io::stdout().is_terminal())
}

/// Yellow, on a terminal.
pub(crate) fn yellow(text: &str) -> String {
    style("33", text, std::io::stdout().is_terminal())
}

/// Red, on a terminal.
pub(crate) fn red(text: &str) -> String {
    style("31", text, std::io::stdout().is_terminal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_threes() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), text);
        }
    }
}

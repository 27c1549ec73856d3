//! Tables of Markdown.

/// A text as a cell of a table: nothing in it is taken for markup, but code between backticks.
pub(super) fn cell(text: &str) -> String {
    let mut out = String::new();
    let mut code = false;
    for c in text.trim().chars() {
        match c {
            '`' => {
                code = !code;
                out.push(c);
            }
            '|' => out.push_str("\\|"),
            '\n' | '\r' => out.push(' '),
            '<' if !code => out.push_str("&lt;"),
            '*' | '_' | '[' if !code => {
                out.push('\\');
                out.push(c);
            }
            other => out.push(other),
        }
    }
    out
}

/// A row of a table.
pub(super) fn row<S: AsRef<str>>(cells: &[S]) -> String {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    format!("| {} |\n", cells.join(" | "))
}

/// The head of a table.
pub(super) fn head(names: &[&str]) -> String {
    format!("{}{}", row(names), row(&vec!["---"; names.len()]))
}

/// What a generated page begins with.
pub(super) fn title(title: &str, about: &str) -> String {
    format!(
        "# {title}\n\n<!-- Generated: `cargo run -p xtask -- reference`. Not to be written by hand. -->\n\n{about}\n"
    )
}

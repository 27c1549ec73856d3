//! Reads codes and their texts off the product's source. It knows strings, brackets and comments of Rust, and no more.

use std::path::Path;

/// A file without its tests and comments other than documentation.
pub(super) fn product_text(path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let product = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let kept = |line: &&str| {
        let code = line.trim_start();
        !code.starts_with("//") || code.starts_with("///")
    };
    Ok(product.lines().filter(kept).collect::<Vec<_>>().join("\n"))
}

/// The Rust files of a folder's product code.
pub(super) fn product_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let files = crate::sizes::sources(folder).into_iter();
    files.filter(|f| !f.components().any(|c| c.as_os_str() == "tests")).collect()
}

/// The string literal that a text begins with, and what follows it.
pub(super) fn literal(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('"')?.chars();
    let mut out = String::new();
    while let Some(c) = rest.next() {
        match c {
            '"' => return Some((out, rest.as_str())),
            '\\' => match rest.next()? {
                'n' => out.push('\n'),
                // A line that goes on in the next one.
                '\n' => rest = rest.as_str().trim_start().chars(),
                other => out.push(other),
            },
            other => out.push(other),
        }
    }
    None
}

/// What follows the string or comment that a text begins with.
fn passed_over(text: &str) -> Option<&str> {
    match text.starts_with("//") {
        true => Some(text.split_once('\n').map_or("", |(_, after)| after)),
        false => literal(text).map(|(_, after)| after),
    }
}

/// What is inside the bracket that a text begins with.
pub(super) fn bracketed(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = passed_over(rest) {
            rest = after;
            continue;
        }
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        rest = rest.get(c.len_utf8()..)?;
        if depth == 0 {
            let inner = text.len().checked_sub(rest.len() + 1)?;
            return text.get(1..inner);
        }
    }
    None
}

/// Splits at commas that are in no bracket and no string.
pub(super) fn at_commas(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start, mut at) = (Vec::new(), 0_i32, 0, 0);
    while let Some(rest) = text.get(at..).filter(|r| !r.is_empty()) {
        if let Some(after) = passed_over(rest) {
            at = text.len() - after.len();
            continue;
        }
        let Some(c) = rest.chars().next() else { break };
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
        at += c.len_utf8();
    }
    parts.extend(text.get(start..).filter(|p| !p.trim().is_empty()));
    parts.into_iter().map(str::trim).collect()
}

/// The text of an argument, where it is written out; what is put in at run time is an ellipsis.
pub(super) fn written(argument: &str) -> Option<String> {
    let inside = argument.strip_prefix("format!").and_then(bracketed).unwrap_or(argument);
    Some(template(&literal(inside.trim_start())?.0))
}

/// A format string with its places as ellipses.
pub(super) fn template(text: &str) -> String {
    let mut out = String::new();
    let mut depth = 0;
    for c in text.chars() {
        match c {
            '{' if depth == 0 => {
                depth = 1;
                out.push('…');
            }
            '{' => depth += 1,
            '}' => depth -= 1,
            other if depth == 0 => out.push(other),
            _ => {}
        }
    }
    out
}

/// The arguments of every call of a function in a text.
pub(super) fn calls<'t>(text: &'t str, function: &str) -> Vec<Vec<&'t str>> {
    let opened = format!("{function}(");
    let found = text.match_indices(&opened);
    let arguments = found.filter_map(|(at, _)| bracketed(text.get(at + function.len()..)?));
    arguments.map(at_commas).collect()
}

/// The block that belongs to a head such as `enum Problem` or `impl Problem`.
pub(super) fn block<'t>(text: &'t str, head: &str) -> Option<&'t str> {
    let opened = format!("{head} {{");
    let at = text.find(&opened)?;
    bracketed(text.get(at + head.len() + 1..)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_read_with_strings_brackets_and_places() {
        let text =
            r#"f(Reason::new("busy", format!("{} of (at most) {n}, now", g(1, 2)), "Wait, then \"go\"."))"#;
        let calls = calls(text, "Reason::new");
        assert_eq!(calls.len(), 1);
        let texts: Vec<_> = calls[0].iter().map(|a| written(a).unwrap()).collect();
        assert_eq!(texts, ["busy", "… of (at most) …, now", "Wait, then \"go\"."]);
        assert_eq!(written("message"), None);
    }

    #[test]
    fn blocks_end_where_they_end() {
        let text = "enum A { B(String), C }\nimpl A { fn code() { '{'; \"}\" } }";
        assert_eq!(
            block("enum A { B(String), C } enum D { E }", "enum A").map(str::trim),
            Some("B(String), C")
        );
        assert!(block(text, "enum D").is_none());
        assert_eq!(at_commas("/// One, (two\nA, \"b, c\""), ["/// One, (two\nA", "\"b, c\""]);
    }
}

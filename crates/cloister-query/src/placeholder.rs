//! Placeholders of a query's text, as drivers write them: `?` in their order, `$1`, `$name`.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

/// A text with its placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholders {
    /// The text, in which each `?` has become `$1`, `$2`, …
    pub text: String,
    /// Their names without `$`, each once, in the order in which they come first.
    pub names: Vec<String>,
}

/// Finds the placeholders of a text. None where it cannot be read as SQL, or has `?` beside `$1`: whoever checks it says so
/// better.
pub fn placeholders(sql: &str) -> Option<Placeholders> {
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize_with_location().ok()?;
    let mut found = Placeholders { text: String::with_capacity(sql.len()), names: Vec::new() };
    let mut lines: Vec<&str> = sql.split_inclusive('\n').collect();
    lines.push("");
    let (mut marks, mut numbered) = (0usize, false);
    let mut copied = 0;
    for token in tokens {
        let Token::Placeholder(name) = &token.token else { continue };
        if name != "?" {
            let name = name.strip_prefix('$')?.to_lowercase();
            numbered |= name.bytes().all(|b| b.is_ascii_digit());
            if !found.names.contains(&name) {
                found.names.push(name);
            }
            continue;
        }
        let start = offset(&lines, token.span.start.line, token.span.start.column)?;
        found.text.push_str(sql.get(copied..start)?);
        copied = start + 1;
        marks += 1;
        found.text.push_str(&format!("${marks}"));
        found.names.push(marks.to_string());
    }
    found.text.push_str(sql.get(copied..)?);
    (marks == 0 || !numbered).then_some(found)
}

/// The place in bytes of a line and a column, both from 1; columns are counted in characters.
fn offset(lines: &[&str], line: u64, column: u64) -> Option<usize> {
    let line = usize::try_from(line).ok()?.checked_sub(1)?;
    let column = usize::try_from(column).ok()?.checked_sub(1)?;
    let before: usize = lines.get(..line)?.iter().map(|l| l.len()).sum();
    let (within, sign) = lines.get(line)?.char_indices().nth(column)?;
    (sign == '?').then_some(before + within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_numbered_where_they_are_placeholders() {
        let found = placeholders("SELECT '?', \"?\" -- ?\n/* ? */ FROM t\nWHERE é = ? AND b = ?;").unwrap();
        assert_eq!(found.text, "SELECT '?', \"?\" -- ?\n/* ? */ FROM t\nWHERE é = $1 AND b = $2;");
        assert_eq!(found.names, ["1", "2"]);
        let found = placeholders("SELECT $b, $A, $b").unwrap();
        assert_eq!((found.text.as_str(), found.names), ("SELECT $b, $A, $b", vec!["b".into(), "a".into()]));
        assert_eq!(placeholders("SELECT 1").unwrap().names, Vec::<String>::new());
        for wrong in ["SELECT ?, $1", "SELECT 'x", "SELECT :a"] {
            assert!(placeholders(wrong).is_none_or(|p| p.names.is_empty()), "{wrong}");
        }
    }
}

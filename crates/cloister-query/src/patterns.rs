//! Patterns of other kinds as the regular expressions that the engine knows.

use crate::dialect::{constant, text, text_literal, unnested};
use crate::texts::{FOUND_PATTERN, REPLACED_PATTERN};
use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr};

/// `x SIMILAR TO '(a|b)%'`: all of the text, `%` and `_` as in LIKE, and of a regular expression's signs those that
/// SQL has (SQL:2003, 8.6).
pub(crate) fn similar(expr: &Expr, pattern: &Expr, negated: bool) -> Option<Expr> {
    let written = constant(pattern)?;
    let pattern = regular(text(&written)?)?;
    let op = if negated { BinaryOperator::PGRegexNotMatch } else { BinaryOperator::PGRegexMatch };
    let (left, right) = (Box::new(expr.clone()), Box::new(text_literal(&pattern)));
    Some(Expr::Nested(Box::new(Expr::BinaryOp { left, op, right })))
}

fn regular(similar: &str) -> Option<String> {
    let mut regular = "(?s)^(?:".to_owned();
    let mut listed = false;
    for sign in similar.chars() {
        match sign {
            // Nobody writes what it would escape; whoever does gets a refusal rather than a guess.
            '\\' => return None,
            '[' if !listed => listed = true,
            ']' => listed = false,
            _ => {}
        }
        match sign {
            '%' if !listed => regular.push_str(".*"),
            '_' if !listed => regular.push('.'),
            '.' | '^' | '$' if !listed => {
                regular.push('\\');
                regular.push(sign);
            }
            _ => regular.push(sign),
        }
    }
    regular.push_str(")$");
    Some(regular)
}

/// `substring(x FROM 'pattern')`: what is first met, or its part in brackets.
pub(crate) fn found(value: &Expr, pattern: &Expr) -> Option<Expr> {
    text(pattern)?;
    Some(crate::dialect::call(FOUND_PATTERN, vec![value.clone(), unnested(pattern).clone()]))
}

/// `regexp_replace(x, pattern, by[, flags])` of PostgreSQL: the first place, or with the flag `g` every one.
pub(crate) fn replaced(value: &Expr, pattern: &Expr, by: &Expr, flags: Option<&Expr>) -> Option<Expr> {
    let flags = flags.map_or(Some(""), text)?;
    if !flags.chars().all(|flag| matches!(flag, 'g' | 'i')) {
        return None;
    }
    let (pattern, by) = (constant(pattern)?, constant(by)?);
    let case = if flags.contains('i') { "(?i)" } else { "" };
    let pattern = text_literal(&format!("{case}{}", text(&pattern)?));
    let by = text_literal(&replacement(text(&by)?)?);
    let every = text_literal(if flags.contains('g') { "g" } else { "" });
    Some(crate::dialect::call(REPLACED_PATTERN, vec![value.clone(), pattern, by, every]))
}

/// `\1` and `\&` in the engine's words; a `$` is one.
fn replacement(by: &str) -> Option<String> {
    let mut words = String::new();
    let mut signs = by.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '$' => words.push_str("$$"),
            '\\' => match signs.next()? {
                '&' => words.push_str("${0}"),
                '\\' => words.push('\\'),
                digit @ '1'..='9' => {
                    words.push_str("${");
                    words.push(digit);
                    words.push('}');
                }
                _ => return None,
            },
            other => words.push(other),
        }
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_patterns_are_whole_texts() {
        for (similar, same, other) in [
            ("(ab|c)%", "abx", "xab"),
            ("a_c", "abc", "abbc"),
            ("1.5", "1.5", "1x5"),
            ("[0-9]{2}", "12", "123"),
        ] {
            let pattern = regex::Regex::new(&regular(similar).unwrap()).unwrap();
            assert!(pattern.is_match(same) && !pattern.is_match(other), "{similar}");
        }
        assert_eq!(regular("a\\%"), None);
    }

    #[test]
    fn a_replacement_is_in_the_engine_s_words() {
        assert_eq!(replacement("<\\1$\\&>").as_deref(), Some("<${1}$$${0}>"));
        assert_eq!(replacement("\\x"), None);
    }
}

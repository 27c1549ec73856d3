//! What a query must write out, and what may be written there.

use crate::Refusal;
use datafusion::logical_expr::Expr;

/// A format with the fields that are known of, whether PostgreSQL's, which are rewritten, or chrono's.
pub(crate) fn known_format(expr: &Expr) -> Result<(), Refusal> {
    let text = match expr {
        Expr::Literal(value, _) => value.try_as_str().flatten().unwrap_or_default(),
        _ => "",
    };
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let known = match letter {
            '%' => letters.next().is_some_and(|field| "YmdjHMSbaV".contains(field)),
            other => "-/ :.,_".contains(other),
        };
        if !known {
            return Err(Refusal::new(
                "unknown-format",
                "The format of to_char has a field that is not known.",
                "Use YYYY, MM, DD, HH24, MI, SS, Mon, Dy, DDD and IW, or date_part.",
            ));
        }
    }
    Ok(())
}

/// A regular expression that is written out and is one, so that it cannot fail on some rows only.
pub(crate) fn pattern(expr: &Expr) -> Result<(), Refusal> {
    let written = match expr {
        Expr::Cast(cast) => &cast.expr,
        other => other,
    };
    let text = match written {
        Expr::Literal(value, _) => value.try_as_str().flatten(),
        _ => None,
    };
    match text.map(regex::Regex::new) {
        Some(Ok(_)) => Ok(()),
        Some(Err(_)) | None => Err(Refusal::new(
            "invalid-pattern",
            "A regular expression must be written out, and be one.",
            "Use a literal; look-around and back-references do not exist.",
        )),
    }
}

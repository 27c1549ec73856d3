//! Numbers as programs and spreadsheets write them.

/// A number in a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Number {
    pub(crate) value: f64,
    /// The number, where it is a whole one.
    pub(crate) whole: Option<i64>,
    /// Digits after the decimal mark.
    pub(crate) decimals: i32,
    /// What stands between groups of three digits.
    pub(crate) group: Option<char>,
}

/// What a field is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reading {
    Blank,
    Number(Number),
    /// A point or a comma that may separate decimals or thousands.
    Ambiguous,
    /// Percentages, or a number with another one in brackets.
    Several,
    Text,
}

/// How a file writes numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Notation {
    /// The decimal mark; a point where nothing is known.
    pub(crate) decimal: Option<char>,
    /// Whether fields are separated by something other than commas, so that a comma may be a decimal mark.
    pub(crate) comma_is_free: bool,
}

impl Notation {
    /// Reads a field.
    pub(crate) fn read(self, text: &str) -> Reading {
        let text = text.trim();
        if text.is_empty() {
            return Reading::Blank;
        }
        if let Some(number) = self.number(text) {
            return if self.is_ambiguous(text) { Reading::Ambiguous } else { Reading::Number(number) };
        }
        let starts = text.starts_with(|c: char| c.is_ascii_digit());
        if starts && (text.ends_with('%') || text.contains('(')) { Reading::Several } else { Reading::Text }
    }

    /// One mark with three digits behind it, where nobody has said which mark separates decimals.
    fn is_ambiguous(self, text: &str) -> bool {
        let mut marks = text.match_indices(['.', ',']);
        let (Some((at, _)), None) = (marks.next(), marks.next()) else { return false };
        let whole = text.get(..at).unwrap_or_default().trim_start_matches(['-', '+', '−']);
        self.decimal.is_none()
            && self.comma_is_free
            && text.len() - at == 4
            && (1..=3).contains(&whole.len())
            && !whole.starts_with('0')
    }

    fn number(self, text: &str) -> Option<Number> {
        let (negative, body) = match text.strip_prefix(['-', '−']) {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if !body.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let signed = |value: f64| if negative { -value } else { value };
        if body.contains(['e', 'E']) {
            let value: f64 = body.parse().ok().filter(|v: &f64| v.is_finite())?;
            // Beyond 2^53 a float does not tell whole numbers apart.
            let whole = (value.fract() == 0.0 && value < 9e15).then_some(signed(value) as i64);
            return Some(Number { value: signed(value), whole, decimals: 0, group: None });
        }
        let decimal = self.decimal.unwrap_or('.');
        let (whole, fraction) = body.split_once(decimal).map_or((body, None), |(w, f)| (w, Some(f)));
        let is_digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        if fraction.is_some_and(|f| !is_digits(f)) {
            return None;
        }
        let (digits, group) = ungrouped(whole, decimal)?;
        if !is_digits(&digits) {
            return None;
        }
        let decimals = fraction.map_or(0, str::len);
        let value: f64 = format!("{digits}.{}", fraction.unwrap_or("0")).parse().ok()?;
        let zero = fraction.is_none_or(|f| f.bytes().all(|b| b == b'0'));
        let whole = if zero { Some(digits.parse::<i64>().ok()?) } else { None };
        Some(Number {
            value: signed(value),
            whole: whole.map(|w| if negative { -w } else { w }),
            decimals: i32::try_from(decimals).ok()?,
            group,
        })
    }
}

/// Digits without what separates groups of exactly three.
fn ungrouped(text: &str, decimal: char) -> Option<(String, Option<char>)> {
    let Some(group) = text.chars().find(|c| !c.is_ascii_digit()) else {
        return Some((text.to_owned(), None));
    };
    let thousands = [',', '.', ' ', '\u{a0}', '\u{202f}', '\u{2009}', '\'', '’'];
    if group == decimal || !thousands.contains(&group) {
        return None;
    }
    let mut groups = text.split(group);
    let first = groups.next().unwrap_or_default();
    let sound = (1..=3).contains(&first.len()) && groups.all(|g| g.len() == 3);
    sound.then(|| (text.replace(group, ""), Some(group)))
}

/// A whole number in groups of three.
pub(crate) fn written(number: i64, group: Option<char>) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    if number < 0 {
        out.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if let Some(group) = group
            && index > 0
            && (digits.len() - index).is_multiple_of(3)
        {
            out.push(group);
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINT: Notation = Notation { decimal: None, comma_is_free: false };
    const FREE: Notation = Notation { decimal: None, comma_is_free: true };
    const COMMA: Notation = Notation { decimal: Some(','), comma_is_free: true };

    fn value(notation: Notation, text: &str) -> Option<f64> {
        match notation.read(text) {
            Reading::Number(n) => Some(n.value),
            _ => None,
        }
    }

    #[test]
    fn numbers_are_read_as_programs_write_them() {
        for (notation, text, expected) in [
            (POINT, "37", Some(37.0)),
            (POINT, " 1,204 ", Some(1204.0)),
            (POINT, "1,204,000.5", Some(1_204_000.5)),
            (POINT, "1.204", Some(1.204)),
            (POINT, "1\u{a0}204", Some(1204.0)),
            (POINT, "2\u{202f}202", Some(2202.0)),
            (POINT, "-2", Some(-2.0)),
            (POINT, "−2", Some(-2.0)),
            (POINT, "1e+05", Some(100_000.0)),
            (POINT, "12,50", None),
            (POINT, "1,20", None),
            (POINT, "1,2345", None),
            (POINT, "1 204,000", None),
            (POINT, "twenty", None),
            (POINT, "1.2.3", None),
            (POINT, "1e999", None),
            (POINT, "NaN", None),
            (POINT, "5.", None),
            (COMMA, "1.204", Some(1204.0)),
            (COMMA, "12,50", Some(12.5)),
            (FREE, "0.204", Some(0.204)),
            (FREE, "1,204,000", Some(1_204_000.0)),
            (FREE, "99999999999999999999", None),
        ] {
            assert_eq!(value(notation, text), expected, "{text}");
        }
    }

    #[test]
    fn what_has_two_readings_is_not_guessed() {
        for text in ["1.204", "1,204", "-1.204"] {
            assert_eq!(FREE.read(text), Reading::Ambiguous, "{text}");
        }
        assert_eq!(POINT.read("37 (29.1%)"), Reading::Several);
        assert_eq!(POINT.read("29.1%"), Reading::Several);
        assert_eq!(POINT.read(" "), Reading::Blank);
    }

    #[test]
    fn whole_numbers_are_written_in_the_same_groups() {
        assert_eq!(written(1_204_000, Some(',')), "1,204,000");
        assert_eq!(written(-999, Some(',')), "-999");
        assert_eq!(written(1000, None), "1000");
    }
}

//! What a marker in a suppressed table says about the number behind it.

/// The numbers that can stand behind a field, both ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The least.
    pub low: f64,
    /// The greatest; infinite where nothing is said.
    pub high: f64,
}

impl Range {
    /// Any number of people.
    pub(crate) const ANY: Self = Self { low: 0.0, high: f64::INFINITY };

    /// One number.
    pub(crate) fn exactly(value: f64) -> Self {
        Self { low: value, high: value }
    }

    /// `LOW..HIGH`, `LOW..` or one number, as it is given on a command line.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |t: &str| t.trim().parse::<f64>().ok().filter(|n| n.is_finite());
        let range = match text.split_once("..") {
            Some((low, "")) => Self { low: number(low)?, high: f64::INFINITY },
            Some((low, high)) => Self { low: number(low)?, high: number(high)? },
            None => Self::exactly(number(text)?),
        };
        (range.low <= range.high).then_some(range)
    }
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Marker {
    /// A number in this range is behind it.
    Behind(Range),
    /// It can mean several things.
    Ambiguous,
    /// No marker that is known.
    Unknown,
}

/// Markers that hide any number. The bracketed ones are those of the UK's Government Analysis Function: `[c]`
/// confidential, `[x]` not available.
const ANYTHING: [&str; 17] = [
    "*",
    "**",
    "***",
    "[c]",
    "c",
    "(c)",
    "x",
    "[x]",
    "..",
    "...",
    ":",
    "s",
    "[s]",
    "#",
    "[redacted]",
    "redacted",
    "suppressed",
];
/// `[z]`: not applicable, so nobody.
const NOBODY: [&str; 2] = ["[z]", "z"];
const SEVERAL_MEANINGS: [&str; 8] = ["-", "–", "—", "[low]", "[u]", "u", "na", "n/a"];

/// Whether a text is a marker wherever it stands: labels never look like this.
pub(crate) fn is_plain(text: &str) -> bool {
    let lower = text.to_lowercase();
    ANYTHING.contains(&lower.as_str()) && !text.chars().all(char::is_alphabetic) || lower == "[z]"
}

/// Reads a marker. Where people are counted, "below 5" does not include 0: zeros are shown as such, or the marker
/// would say more than it seems to.
pub(crate) fn read(text: &str) -> Marker {
    let lower = text.trim().to_lowercase();
    let lower = lower.as_str();
    if lower.is_empty() || ANYTHING.contains(&lower) {
        return Marker::Behind(Range::ANY);
    }
    if NOBODY.contains(&lower) {
        return Marker::Behind(Range::exactly(0.0));
    }
    if SEVERAL_MEANINGS.contains(&lower) || lower.starts_with(['~', '≈']) {
        return Marker::Ambiguous;
    }
    comparison(lower).or_else(|| between(lower)).map_or(Marker::Unknown, Marker::Behind)
}

fn whole(text: &str) -> Option<f64> {
    let text = text.trim();
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn comparison(text: &str) -> Option<Range> {
    let after = |words: &[&str]| words.iter().find_map(|w| text.strip_prefix(w)).and_then(whole);
    let up_to = |high: f64| Range { low: 1.0f64.min(high), high };
    if let Some(n) = after(&["<=", "≤", "at most", "up to"]) {
        return Some(up_to(n));
    }
    if let Some(n) = after(&["<", "below", "under", "fewer than", "less than"]) {
        return Some(up_to((n - 1.0).max(0.0)));
    }
    if let Some(n) = after(&[">=", "≥", "at least"]) {
        return Some(Range { low: n, high: f64::INFINITY });
    }
    let n = after(&[">", "over", "above", "more than"])?;
    Some(Range { low: n + 1.0, high: f64::INFINITY })
}

fn between(text: &str) -> Option<Range> {
    let (low, high) = ["-", "–", "—", " to "].iter().find_map(|mark| text.split_once(mark))?;
    let (low, high) = (whole(low)?, whole(high)?);
    (low <= high).then_some(Range { low, high })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_say_what_they_hide() {
        let behind = |low, high| Marker::Behind(Range { low, high });
        let any = Marker::Behind(Range::ANY);
        for (text, expected) in [
            ("*", any),
            ("[c]", any),
            ("C", any),
            ("x", any),
            ("..", any),
            ("", any),
            ("[REDACTED]", any),
            ("[z]", behind(0.0, 0.0)),
            ("<5", behind(1.0, 4.0)),
            ("< 5", behind(1.0, 4.0)),
            ("≤5", behind(1.0, 5.0)),
            ("below 5", behind(1.0, 4.0)),
            ("fewer than 10", behind(1.0, 9.0)),
            (">10", behind(11.0, f64::INFINITY)),
            ("1-7", behind(1.0, 7.0)),
            ("1–7", behind(1.0, 7.0)),
            ("1 to 7", behind(1.0, 7.0)),
            ("<1", behind(0.0, 0.0)),
            ("-", Marker::Ambiguous),
            ("~10", Marker::Ambiguous),
            ("[low]", Marker::Ambiguous),
            ("7-1", Marker::Unknown),
            ("twenty", Marker::Unknown),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn ranges_are_given_as_text() {
        assert_eq!(Range::parse("1..4"), Some(Range { low: 1.0, high: 4.0 }));
        assert_eq!(Range::parse("5.."), Some(Range { low: 5.0, high: f64::INFINITY }));
        assert_eq!(Range::parse("0"), Some(Range::exactly(0.0)));
        for wrong in ["", "4..1", "a..b", "..4", "1..inf"] {
            assert_eq!(Range::parse(wrong), None, "{wrong}");
        }
    }
}

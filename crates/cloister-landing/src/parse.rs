//! Values from text, strictly: what is not understood is `None`.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime};

/// Days from the first day of chrono's calendar to 1970-01-01.
const EPOCH_DAYS_FROM_CE: i32 = 719_163;
const MICROS_PER_DAY: i64 = 86_400_000_000;
/// Dates outside these years are slips of the pen.
const YEARS: std::ops::RangeInclusive<i32> = 1800..=2200;

/// A decimal number with three places, in thousandths; 18 digits.
pub(crate) fn decimal(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().split_first()? {
        (b'-', _) => (true, text.get(1..)?),
        (b'+', _) => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let (kept, rest) = fraction.split_at(fraction.len().min(3));
    if rest.bytes().any(|b| b != b'0') {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    if whole.len() > 15 {
        return None;
    }
    let mut value: i128 = 0;
    for digit in whole.bytes().chain(kept.bytes()).chain(std::iter::repeat_n(b'0', 3 - kept.len())) {
        value = value * 10 + i128::from(digit - b'0');
    }
    Some(if negative { -value } else { value })
}

/// A finite number.
pub(crate) fn float(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    text.parse::<f64>().ok().filter(|f| plain && f.is_finite())
}

/// A truth value.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    let is = |words: [&str; 4]| words.iter().any(|w| text.eq_ignore_ascii_case(w));
    if is(["true", "1", "y", "yes"]) {
        Some(true)
    } else if is(["false", "0", "n", "no"]) {
        Some(false)
    } else {
        None
    }
}

/// A day, in ISO 8601 or one of the formats. Without formats a midnight may follow it.
pub(crate) fn date(text: &str, formats: &[String]) -> Option<NaiveDate> {
    let date = if formats.is_empty() {
        let (day, rest) = text.split_at_checked(10)?;
        let midnight = rest.is_empty() || iso_time(rest.strip_prefix([' ', 'T'])?)? == NaiveTime::MIN;
        iso_date(day).filter(|_| midnight)
    } else {
        formats.iter().find_map(|format| NaiveDate::parse_from_str(text, format).ok())
    };
    date.filter(|d| YEARS.contains(&d.year()))
}

/// A moment, in ISO 8601 without a zone or one of the formats; a day alone is its midnight.
pub(crate) fn datetime(text: &str, formats: &[String]) -> Option<NaiveDateTime> {
    let moment = if formats.is_empty() {
        let (day, rest) = text.split_at_checked(10)?;
        let time = match rest {
            "" => NaiveTime::MIN,
            rest => iso_time(rest.strip_prefix([' ', 'T'])?)?,
        };
        iso_date(day).map(|d| d.and_time(time))
    } else {
        let day = |format: &String| {
            NaiveDate::parse_from_str(text, format).ok().map(|d| d.and_time(NaiveTime::MIN))
        };
        formats.iter().find_map(|f| NaiveDateTime::parse_from_str(text, f).ok().or_else(|| day(f)))
    };
    moment.filter(|m| YEARS.contains(&m.year()))
}

fn number(text: Option<&str>) -> Option<u32> {
    text.filter(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
}

fn iso_date(text: &str) -> Option<NaiveDate> {
    if text.get(4..5) != Some("-") || text.get(7..8) != Some("-") || text.len() != 10 {
        return None;
    }
    let year = i32::try_from(number(text.get(..4))?).ok()?;
    NaiveDate::from_ymd_opt(year, number(text.get(5..7))?, number(text.get(8..))?)
}

/// `HH:MM`, `HH:MM:SS` or with up to six digits of a second.
fn iso_time(text: &str) -> Option<NaiveTime> {
    let (hour, minute) = (number(text.get(..2))?, number(text.get(3..5))?);
    if text.get(2..3) != Some(":") {
        return None;
    }
    let (second, micro) = match text.get(5..)? {
        "" => (0, 0),
        rest => {
            let second = number(rest.get(1..3)).filter(|_| rest.starts_with(':'))?;
            let micro = match rest.get(3..)? {
                "" => 0,
                fraction => {
                    let digits = fraction.strip_prefix('.').filter(|d| (1..=6).contains(&d.len()))?;
                    let scale = 10u32.pow(6 - u32::try_from(digits.len()).ok()?);
                    number(Some(digits))? * scale
                }
            };
            (second, micro)
        }
    };
    NaiveTime::from_hms_micro_opt(hour, minute, second, micro)
}

/// Days since 1970-01-01.
pub(crate) fn days(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - EPOCH_DAYS_FROM_CE
}

/// Microseconds since 1970-01-01.
pub(crate) fn micros(moment: NaiveDateTime) -> i64 {
    let time = moment.time() - NaiveTime::MIN;
    i64::from(days(moment.date())) * MICROS_PER_DAY + time.num_microseconds().unwrap_or_default()
}

/// The first day of the month.
pub(crate) fn month(date: NaiveDate) -> NaiveDate {
    date.with_day(1).unwrap_or(date)
}

/// The five-year age band at a day, `0-4` … `85-89`, `90+`; `None` before birth.
pub(crate) fn age_band(birth: NaiveDate, at: NaiveDate) -> Option<String> {
    let age = at.years_since(birth)?;
    let from = age / 5 * 5;
    Some(if age >= 90 { "90+".to_owned() } else { format!("{from}-{}", from + 4) })
}

/// The district of a UK postcode, the part before the space, in capitals; `Ok(None)` for a pseudo
/// postcode (`ZZ99…`), `Err` for what is none. Shapes: A9, A99, AA9, AA99, A9A, AA9A, then 9AA
/// (the HES data dictionary lists them).
pub(crate) fn postcode_district(text: &str) -> Result<Option<String>, ()> {
    let code: String = text.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()).collect();
    let (outward, inward) = code.split_at_checked(code.len().saturating_sub(3)).ok_or(())?;
    let shape = |part: &str| -> String {
        let kind = |b: u8| match b {
            b'A'..=b'Z' => 'A',
            b'0'..=b'9' => '9',
            _ => '?',
        };
        part.bytes().map(kind).collect()
    };
    let outward_fits = ["A9", "A99", "AA9", "AA99", "A9A", "AA9A"].contains(&shape(outward).as_str());
    if !outward_fits || shape(inward) != "9AA" {
        return Err(());
    }
    Ok((outward != "ZZ99").then(|| outward.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_or_refused() {
        for (text, value) in [
            ("0", Some(0)),
            ("12.5", Some(12_500)),
            ("-0.001", Some(-1)),
            ("+7", Some(7_000)),
            (".5", Some(500)),
            ("5.", Some(5_000)),
            ("1.2300000", Some(1_230)),
            ("1.2345", None),
            ("999999999999999.999", Some(999_999_999_999_999_999)),
            ("1000000000000000", None),
            ("", None),
            (".", None),
            ("-", None),
            ("1e3", None),
            ("1,000", None),
            ("NaN", None),
        ] {
            assert_eq!(decimal(text), value, "{text}");
        }
        assert_eq!(
            [float("1e3"), float("NaN"), float("inf"), float("1e999")],
            [Some(1000.0), None, None, None]
        );
    }

    #[test]
    fn dates_that_do_not_exist_are_refused() {
        for (text, valid) in [
            ("2024-02-29", true),
            ("2023-02-29", false),
            ("2024-02-30", false),
            ("2024-13-01", false),
            ("2024-2-1", false),
            ("20240201", false),
            ("2024-01-01 00:00:00", true),
            ("2024-01-01T00:00", true),
            ("2024-01-01 10:00:00", false),
            ("0024-01-01", false),
            ("2024-01-01x", false),
            ("٢٠٢٤-01-01", false),
        ] {
            assert_eq!(date(text, &[]).is_some(), valid, "{text}");
        }
        let british = ["%d/%m/%Y".to_owned()];
        assert_eq!(date("30/01/2024", &british), NaiveDate::from_ymd_opt(2024, 1, 30));
        assert_eq!(date("30/02/2024", &british), None);
        assert_eq!(date("2024-01-30", &british), None);
        assert_eq!(days(NaiveDate::from_ymd_opt(1970, 1, 2).unwrap()), 1);
    }

    #[test]
    fn moments() {
        for (text, expected) in [
            ("1970-01-01", Some(0)),
            ("1970-01-02 00:00:01", Some(86_401_000_000)),
            ("1970-01-01T00:00:00.5", Some(500_000)),
            ("1969-12-31 23:59:59.999999", Some(-1)),
            ("1970-01-01 24:00", None),
            ("1970-01-01 1:00", None),
            ("1970-01-01 10:00:00Z", None),
            ("1970-01-01 10:00:00.", None),
        ] {
            assert_eq!(datetime(text, &[]).map(micros), expected, "{text}");
        }
    }

    #[test]
    fn generalisations() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        assert_eq!(month(day(2024, 5, 31)), day(2024, 5, 1));
        let band = |born| age_band(born, day(2026, 6, 1));
        assert_eq!(band(day(2026, 6, 1)).as_deref(), Some("0-4"));
        assert_eq!(band(day(1976, 6, 2)).as_deref(), Some("45-49"));
        assert_eq!(band(day(1976, 6, 1)).as_deref(), Some("50-54"));
        assert_eq!(band(day(1900, 1, 1)).as_deref(), Some("90+"));
        assert_eq!(band(day(2026, 6, 2)), None);
        assert_eq!(postcode_district("ls6 3ab"), Ok(Some("LS6".to_owned())));
        assert_eq!(postcode_district("EC1A1BB"), Ok(Some("EC1A".to_owned())));
        assert_eq!(postcode_district("ZZ99 3VZ"), Ok(None));
        for wrong in ["", "LS6", "LS63AB9", "1LS 3AB", "LS6 AB3", "ÉS6 3AB"] {
            assert_eq!(postcode_district(wrong), Err(()), "{wrong}");
        }
    }

    use proptest::prelude::*;
    proptest! {
        #[test]
        fn nothing_panics(text in ".{0,40}") {
            let _ = (decimal(&text), float(&text), boolean(&text), date(&text, &[]), datetime(&text, &[]), postcode_district(&text));
        }

        #[test]
        fn iso_agrees_with_chrono(d in -60_000i32..80_000) {
            let day = NaiveDate::from_num_days_from_ce_opt(d + EPOCH_DAYS_FROM_CE).unwrap();
            prop_assert_eq!(date(&day.to_string(), &[]).map(days), Some(d));
        }
    }
}

//! PostgreSQL's spelling of what the engine spells otherwise: intervals as numbers times a unit, `age`,
//! `to_char`, `to_date`, NUMERIC without digits. Only what means the same is rewritten; the rest is left to
//! be refused by name.

use crate::calendar::{DATE_PLUS, ELAPSED, FULL_MONTHS};
use crate::lists::{among, each_among};
use crate::patterns::{found, replaced, similar};
use crate::texts::{NUMBER_TEXT, PLACE_OF_PATTERN};
use chrono::NaiveDate;
use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, DataType, ExactNumberInfo, Expr, Function, FunctionArg,
    FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, Interval, ObjectName, TypedString,
    UnaryOperator, Value, ValueWithSpan,
};

/// The same in the engine's words, where it has other ones.
pub(crate) fn rewritten(expr: &Expr) -> Option<Expr> {
    match expr {
        Expr::BinaryOp { left, op: BinaryOperator::Multiply, right } => multiplied(left, right),
        Expr::BinaryOp { left, op: BinaryOperator::Plus, right } => {
            moved(left, right, false).or_else(|| moved(right, left, false))
        }
        Expr::BinaryOp { left, op: BinaryOperator::Minus, right } => moved(left, right, true),
        Expr::BinaryOp { left, op, right } => {
            longer(left, op, right).or_else(|| with_nobody(left, op, right))
        }
        Expr::Extract { field, expr, .. } => part_of(&field.to_string(), expr),
        Expr::Cast { kind: CastKind::Cast | CastKind::DoubleColon, expr, data_type, .. } => {
            numeric(expr, data_type).or_else(|| written_date(expr, data_type))
        }
        Expr::TypedString(TypedString { value, data_type: DataType::Date, .. }) => {
            written_date(&Expr::Value(value.clone()), &DataType::Date)
        }
        Expr::Interval(interval) => spaced(interval),
        Expr::AnyOp { left, compare_op: BinaryOperator::Eq, right, .. } => among(left, right, false),
        Expr::AllOp { left, compare_op: BinaryOperator::NotEq, right } => among(left, right, true),
        Expr::SimilarTo { negated, expr, pattern, escape_char: None } => similar(expr, pattern, *negated),
        Expr::Substring { expr, substring_from: Some(from), substring_for: None, .. } => found(expr, from),
        Expr::InList { expr, list, negated } => each_among(expr, list, *negated),
        Expr::Function(function) => called(function),
        _ => None,
    }
}

/// `30 * INTERVAL '1 day'` as `INTERVAL '30 day'`.
fn multiplied(left: &Expr, right: &Expr) -> Option<Expr> {
    let (number, interval) = number_and_interval(left, right)?;
    let number = i64::from(written_number(number)?);
    let (amount, unit) = amount_and_unit(interval)?;
    let mut interval = interval.clone();
    let text = format!("{} {unit}", i64::from(amount) * number).trim().to_owned();
    *interval.value = Expr::Value(Value::SingleQuotedString(text).into());
    Some(Expr::Interval(interval))
}

fn number_and_interval<'a>(left: &'a Expr, right: &'a Expr) -> Option<(&'a Expr, &'a Interval)> {
    match (unnested(left), unnested(right)) {
        (number, Expr::Interval(interval)) | (Expr::Interval(interval), number) => Some((number, interval)),
        _ => None,
    }
}

pub(crate) fn written_number(expr: &Expr) -> Option<i32> {
    let (sign, number) = match expr {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => (-1, unnested(expr)),
        other => (1, other),
    };
    let Expr::Value(ValueWithSpan { value: Value::Number(number, _), .. }) = number else { return None };
    number.to_string().parse::<i32>().ok()?.checked_mul(sign)
}

/// How many of which unit; the unit is empty where it stands behind the text.
pub(crate) fn amount_and_unit(interval: &Interval) -> Option<(i32, String)> {
    let Expr::Value(text) = interval.value.as_ref() else { return None };
    let Value::SingleQuotedString(text) = &text.value else { return None };
    let (amount, unit) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    Some((amount.parse().ok()?, unit.trim().to_owned()))
}

/// `date + n * INTERVAL '1 day'` as a function of the date and the number.
fn moved(date: &Expr, by: &Expr, back: bool) -> Option<Expr> {
    let Expr::BinaryOp { left, op: BinaryOperator::Multiply, right } = unnested(by) else { return None };
    let (number, interval) = number_and_interval(left, right)?;
    let (amount, mut unit) = amount_and_unit(interval)?;
    if unit.is_empty() {
        unit = interval.leading_field.as_ref()?.to_string();
    }
    let unit = match unit.to_lowercase().trim_end_matches('s') {
        unit @ ("day" | "week" | "month" | "year") => unit.to_owned(),
        _ => return None,
    };
    let amount = if back { amount.checked_neg()? } else { amount };
    let number = match amount {
        1 => number.clone(),
        _ => Expr::BinaryOp {
            left: Box::new(Expr::Nested(Box::new(number.clone()))),
            op: BinaryOperator::Multiply,
            right: Box::new(Expr::Nested(Box::new(number_literal(amount)))),
        },
    };
    Some(call(DATE_PLUS, vec![date.clone(), number, text_literal(&unit)]))
}

/// A part of an age, or of the time between two instants.
fn part_of(part: &str, of: &Expr) -> Option<Expr> {
    part_of_age(part, of).or_else(|| part_of_time(part, of))
}

/// `extract(epoch from a - b)`: of two dates PostgreSQL has no such part, so that these are instants.
fn part_of_time(part: &str, of: &Expr) -> Option<Expr> {
    let part = match part.to_lowercase().as_str() {
        part @ "epoch" => part.to_owned(),
        part @ ("day" | "hour" | "minute" | "second" | "days" | "hours" | "minutes" | "seconds") => {
            part.trim_end_matches('s').to_owned()
        }
        _ => return None,
    };
    let (later, earlier) = time_between(of)?;
    Some(call(ELAPSED, vec![later.clone(), earlier.clone(), text_literal(&part)]))
}

/// The two sides of `a - b` where neither is written as an interval or a number.
fn time_between(expr: &Expr) -> Option<(&Expr, &Expr)> {
    let Expr::BinaryOp { left, op: BinaryOperator::Minus, right } = unnested(expr) else { return None };
    let instant = |e: &Expr| match unnested(e) {
        Expr::Interval(_) | Expr::Value(_) | Expr::UnaryOp { .. } => false,
        Expr::BinaryOp { left, op: BinaryOperator::Multiply, right } => {
            number_and_interval(left, right).is_none()
        }
        _ => true,
    };
    (instant(left) && instant(right)).then_some((left, right))
}

/// `a - b > INTERVAL '2 days'` in seconds, a month having 30 days, as PostgreSQL compares intervals.
fn longer(left: &Expr, op: &BinaryOperator, right: &Expr) -> Option<Expr> {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    if !matches!(op, Eq | Gt | GtEq | Lt | LtEq | NotEq) {
        return None;
    }
    let between = |time: &Expr| part_of_time("epoch", time);
    let (left, right) = match (unnested(left), unnested(right)) {
        (time, Expr::Interval(interval)) => (between(time)?, seconds(interval)?),
        (Expr::Interval(interval), time) => (seconds(interval)?, between(time)?),
        _ => return None,
    };
    Some(Expr::BinaryOp { left: Box::new(left), op: op.clone(), right: Box::new(right) })
}

/// A written interval of one unit, as a number.
fn seconds(interval: &Interval) -> Option<Expr> {
    let (amount, mut unit) = amount_and_unit(interval)?;
    if unit.is_empty() {
        unit = interval.leading_field.as_ref()?.to_string();
    }
    let seconds = match unit.to_lowercase().trim_end_matches('s') {
        "second" => 1i64,
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        "week" => 604_800,
        "month" => 30 * 86_400,
        "year" => 360 * 86_400,
        _ => return None,
    };
    let seconds = i64::from(amount).checked_mul(seconds)?;
    Some(Expr::Value(Value::Number(seconds.to_string(), false).into()))
}

/// `coalesce(x, 0) <> 0` or `> 0`: `x` is there, and so.
fn with_nobody(left: &Expr, op: &BinaryOperator, right: &Expr) -> Option<Expr> {
    if !matches!(op, BinaryOperator::NotEq | BinaryOperator::Gt) || written_number(unnested(right)) != Some(0)
    {
        return None;
    }
    let Expr::Function(function) = unnested(left) else { return None };
    let [value, default] = arguments(function).filter(|_| is_named(function, "coalesce"))?.try_into().ok()?;
    if written_number(unnested(default)) != Some(0) {
        return None;
    }
    let there = Expr::IsNotNull(Box::new(value.clone()));
    let so = Expr::BinaryOp { left: Box::new(value.clone()), op: op.clone(), right: Box::new(right.clone()) };
    let (left, right) = (Box::new(there), Box::new(so));
    Some(Expr::Nested(Box::new(Expr::BinaryOp { left, op: BinaryOperator::And, right })))
}

/// `extract(year from age(a, b))`: whole years between two dates; months are those left over.
fn part_of_age(part: &str, of: &Expr) -> Option<Expr> {
    let Expr::Function(function) = unnested(of) else { return None };
    if !is_named(function, "age") {
        return None;
    }
    let months = match arguments(function)?.as_slice() {
        [later, earlier] => call(FULL_MONTHS, vec![(*later).clone(), (*earlier).clone()]),
        [earlier] => call(FULL_MONTHS, vec![call("current_date", vec![]), (*earlier).clone()]),
        _ => return None,
    };
    let op = match part.to_lowercase().as_str() {
        "year" | "years" => BinaryOperator::Divide,
        "month" | "months" => BinaryOperator::Modulo,
        _ => return None,
    };
    let part = Expr::BinaryOp { left: Box::new(months), op, right: Box::new(number_literal(12)) };
    Some(Expr::Nested(Box::new(part)))
}

/// NUMERIC without digits is a number of any size; the engine's would have 38 digits, which could overflow.
fn numeric(expr: &Expr, data_type: &DataType) -> Option<Expr> {
    let (DataType::Numeric(ExactNumberInfo::None)
    | DataType::Decimal(ExactNumberInfo::None)
    | DataType::Dec(ExactNumberInfo::None)) = data_type
    else {
        return None;
    };
    Some(cast(expr.clone(), DataType::DoublePrecision))
}

/// `CAST('01-jan-2015' AS DATE)` with the date as ISO writes it.
fn written_date(expr: &Expr, data_type: &DataType) -> Option<Expr> {
    let date = date_in(text(expr).filter(|_| *data_type == DataType::Date)?)?;
    Some(cast(text_literal(&date.to_string()), DataType::Date))
}

/// A date as PostgreSQL reads it beside ISO's form.
pub(crate) fn date_in(written: &str) -> Option<NaiveDate> {
    const FORMATS: [&str; 6] = ["%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%B %d, %Y", "%Y%m%d", "%Y/%m/%d"];
    FORMATS.iter().find_map(|format| NaiveDate::parse_from_str(written.trim(), format).ok())
}

/// `INTERVAL '1 month - 1 day'` with each sign before its number.
fn spaced(interval: &Interval) -> Option<Expr> {
    let written = text(&interval.value)?;
    let same = written.replace("- ", "-").replace("+ ", "");
    let mut interval = interval.clone();
    *interval.value = text_literal(&same);
    (same != written).then_some(Expr::Interval(interval))
}

fn called(function: &Function) -> Option<Expr> {
    let arguments = arguments(function)?;
    let name = function.name.to_string().to_lowercase();
    let binary = |op| match arguments.as_slice() {
        [left, right] => Some(Expr::Nested(Box::new(Expr::BinaryOp {
            left: Box::new(Expr::Nested(Box::new((*left).clone()))),
            op,
            right: Box::new(Expr::Nested(Box::new((*right).clone()))),
        }))),
        _ => None,
    };
    let renamed = |to: &str| {
        let mut function = function.clone();
        function.name = ObjectName::from(vec![Ident::new(to)]);
        Some(Expr::Function(function))
    };
    match (name.as_str(), arguments.as_slice()) {
        ("date_part", [part, of]) => part_of(text(part)?, of),
        ("width_bucket", [value, low, high, count]) => width_bucket(value, low, high, count),
        ("mod", _) => binary(BinaryOperator::Modulo),
        ("ceiling", [_]) => renamed("ceil"),
        ("sign", [_]) => renamed("signum"),
        ("variance", [_]) => renamed("var_samp"),
        ("nvl" | "ifnull", [_, _]) => renamed("coalesce"),
        ("regexp_like", [value, pattern]) => Some(matched(value, pattern, BinaryOperator::PGRegexMatch)),
        ("regexp_like", [value, pattern, flags]) if text(flags) == Some("i") => {
            Some(matched(value, pattern, BinaryOperator::PGRegexIMatch))
        }
        ("regexp_replace", [value, pattern, by]) => replaced(value, pattern, by, None),
        ("regexp_replace", [value, pattern, by, flags]) => replaced(value, pattern, by, Some(flags)),
        ("regexp_substr", [value, pattern]) => found(value, pattern),
        ("regexp_instr", [value, pattern]) => {
            Some(call(PLACE_OF_PATTERN, vec![(*value).clone(), constant(pattern)?]))
        }
        ("power" | "pow", [base, exponent]) if !is_double(base) => {
            let double = |e: &Expr| cast(e.clone(), DataType::DoublePrecision);
            Some(call("power", vec![double(base), double(exponent)]))
        }
        ("to_date", [value, format]) => to_date(value, text(format)?),
        ("bool_or", [value]) => Some(of_truth("max", value)),
        ("bool_and" | "every", [value]) => Some(of_truth("min", value)),
        ("to_char", [value, format]) => to_char(value, text(format)?),
        _ => None,
    }
}

/// The number of the bucket that a value lies in, of so many of the same width between two numbers; 0 and one more
/// for what lies outside.
fn width_bucket(value: &Expr, low: &Expr, high: &Expr, count: &Expr) -> Option<Expr> {
    let double = |e: &Expr| Box::new(cast(e.clone(), DataType::DoublePrecision));
    let (low, high) = (double(low), double(high));
    let buckets = written_number(unnested(count)).filter(|n| (1..=1_000).contains(n))?;
    if ![&low, &high].iter().all(|bound| is_written_number(bound)) {
        return None;
    }
    let binary = |left, op, right| Expr::Nested(Box::new(Expr::BinaryOp { left, op, right }));
    let below = binary(double(value), BinaryOperator::Lt, low.clone());
    let above = binary(double(value), BinaryOperator::GtEq, high.clone());
    let width = binary(high, BinaryOperator::Minus, low.clone());
    let from = binary(double(value), BinaryOperator::Minus, low);
    let many = binary(Box::new(from), BinaryOperator::Multiply, Box::new(number_literal(buckets)));
    let place = call("floor", vec![binary(Box::new(many), BinaryOperator::Divide, Box::new(width))]);
    let place = binary(Box::new(place), BinaryOperator::Plus, Box::new(number_literal(1)));
    let when = |condition, result| CaseWhen { condition, result };
    let bucket = Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![when(below, number_literal(0)), when(above, number_literal(buckets + 1))],
        else_result: Some(Box::new(place)),
    };
    Some(cast(bucket, DataType::Integer(None)))
}

/// A number in digits, with a point or without, under a cast.
fn is_written_number(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => is_written_number(inner),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => is_written_number(expr),
        Expr::Value(ValueWithSpan { value: Value::Number(..), .. }) => true,
        _ => false,
    }
}

fn matched(value: &Expr, pattern: &Expr, op: BinaryOperator) -> Expr {
    let (left, right) = (Box::new(value.clone()), Box::new(pattern.clone()));
    Expr::Nested(Box::new(Expr::BinaryOp { left, op, right }))
}

/// A text that is written out, also as `lower(replace('A-b', '-', ''))`.
pub(crate) fn constant(expr: &Expr) -> Option<Expr> {
    if text(expr).is_some() {
        return Some(expr.clone());
    }
    let Expr::Function(function) = unnested(expr) else { return None };
    let arguments = arguments(function)?;
    let texts: Vec<Expr> = arguments.into_iter().map(constant).collect::<Option<_>>()?;
    let texts: Vec<&str> = texts.iter().map(text).collect::<Option<_>>()?;
    let name = function.name.to_string().to_lowercase();
    Some(text_literal(&match (name.as_str(), texts.as_slice()) {
        ("lower", [text]) => text.to_lowercase(),
        ("upper", [text]) => text.to_uppercase(),
        ("replace", [text, from, to]) if !from.is_empty() => text.replace(from, to),
        _ => return None,
    }))
}

/// `max(CASE WHEN x THEN 1 WHEN NOT x THEN 0 END) = 1`.
fn of_truth(aggregate: &str, value: &Expr) -> Expr {
    let not = Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(Expr::Nested(Box::new(value.clone()))) };
    let when = |condition, n| CaseWhen { condition, result: number_literal(n) };
    let number = Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions: vec![when(value.clone(), 1), when(not, 0)],
        else_result: None,
    };
    let (left, right) = (Box::new(call(aggregate, vec![number])), Box::new(number_literal(1)));
    Expr::Nested(Box::new(Expr::BinaryOp { left, op: BinaryOperator::Eq, right }))
}

fn to_date(value: &Expr, format: &str) -> Option<Expr> {
    if let Some(written) = text(value) {
        // What stands between the fields is not compared.
        let dashed = |text: &str| text.trim().replace(['/', '.', ' '], "-");
        let format = chrono_format(&dashed(&format.to_uppercase()))?;
        let date = NaiveDate::parse_from_str(&dashed(written), &format).ok()?;
        return Some(cast(text_literal(&date.to_string()), DataType::Date));
    }
    match format.to_uppercase().as_str() {
        "YYYY-MM-DD" => {
            let bare = call("replace", vec![value.clone(), text_literal(" "), text_literal("")]);
            Some(cast(bare, DataType::Date))
        }
        "YYYY/MM/DD" => {
            let dashed = call("replace", vec![value.clone(), text_literal("/"), text_literal("-")]);
            Some(cast(dashed, DataType::Date))
        }
        "YYYYMMDD" => {
            let piece = |from: i32, to: i32| {
                let value = cast(value.clone(), DataType::Text);
                call("substr", vec![value, number_literal(from), number_literal(to)])
            };
            let parts = vec![text_literal("-"), piece(1, 4), piece(5, 2), piece(7, 2)];
            Some(cast(call("concat_ws", parts), DataType::Date))
        }
        _ => None,
    }
}

/// Dates in the fields that mean the same everywhere, and numbers with leading zeros.
fn to_char(value: &Expr, format: &str) -> Option<Expr> {
    let digits = format.strip_prefix("FM").unwrap_or(format);
    if !digits.is_empty() && digits.bytes().all(|b| b == b'0') {
        let width = i32::try_from(digits.len()).ok().filter(|width| *width <= 18)?;
        let zeros = text_literal(if digits.len() == format.len() { " " } else { "" });
        let number = call("concat", vec![text_literal(digits), cast(value.clone(), DataType::BigInt(None))]);
        return Some(call("concat", vec![zeros, call("right", vec![number, number_literal(width)])]));
    }
    let places = format.trim_matches(['9', '0']);
    if format.contains(['9', '0']) && matches!(places, "" | ".") {
        let number = cast(value.clone(), DataType::DoublePrecision);
        return Some(call(NUMBER_TEXT, vec![number, text_literal(format)]));
    }
    // Rewritten already: its format has fields that PostgreSQL's has not.
    if format.contains('%') || format.contains("MON") {
        return None;
    }
    let parts = format_parts(format)?;
    let texts = parts.iter().map(|part| part.of(value));
    texts.reduce(|left, right| {
        let (left, right) = (Box::new(left), Box::new(right));
        Expr::Nested(Box::new(Expr::BinaryOp { left, op: BinaryOperator::StringConcat, right }))
    })
}

/// A piece of the format of a date.
#[derive(Debug, PartialEq)]
enum FormatPart {
    /// Fields and signs, in chrono's words.
    Fields(String),
    /// The quarter of the year.
    Quarter,
    /// A name that is filled up with spaces to nine letters, in chrono's words.
    Name(&'static str),
    /// What stands between quotation marks.
    Text(String),
}

impl FormatPart {
    fn of(&self, value: &Expr) -> Expr {
        let named = |fields: &str| call("to_char", vec![value.clone(), text_literal(fields)]);
        match self {
            Self::Fields(fields) => named(fields),
            Self::Quarter => {
                let quarter = call("date_part", vec![text_literal("quarter"), value.clone()]);
                cast(cast(quarter, DataType::BigInt(None)), DataType::Text)
            }
            Self::Name(field) => call("rpad", vec![named(field), number_literal(9), text_literal(" ")]),
            Self::Text(text) => text_literal(text),
        }
    }
}

/// The pieces of a format that has only what means the same everywhere.
fn format_parts(format: &str) -> Option<Vec<FormatPart>> {
    const WORDS: [(&str, Option<&str>, &str); 8] = [
        ("FMMonth", Some("%B"), ""),
        ("FMDay", Some("%A"), ""),
        ("Month", None, "%B"),
        ("Day", None, "%A"),
        ("\"", None, ""),
        ("Q", None, ""),
        ("Mon", Some("%b"), ""),
        ("Dy", Some("%a"), ""),
    ];
    let mut parts = Vec::new();
    let mut rest = format;
    let mut fields = String::new();
    let ended = |fields: &mut String, parts: &mut Vec<FormatPart>| {
        if !fields.is_empty() {
            parts.push(FormatPart::Fields(std::mem::take(fields)));
        }
    };
    while !rest.is_empty() {
        match WORDS.iter().find(|(word, ..)| rest.starts_with(word)) {
            Some((word, Some(field), _)) => {
                fields.push_str(field);
                rest = rest.get(word.len()..)?;
            }
            Some(("\"", ..)) => {
                let (text, after) = rest.get(1..)?.split_once('"')?;
                ended(&mut fields, &mut parts);
                parts.push(FormatPart::Text(text.to_owned()));
                rest = after;
            }
            Some((word, None, name)) => {
                ended(&mut fields, &mut parts);
                parts.push(if name.is_empty() { FormatPart::Quarter } else { FormatPart::Name(name) });
                rest = rest.get(word.len()..)?;
            }
            None => {
                let (field, after) = chrono_field(rest)?;
                fields.push_str(&field);
                rest = after;
            }
        }
    }
    ended(&mut fields, &mut parts);
    Some(parts)
}

/// A PostgreSQL format in chrono's fields, where it has only those that mean the same everywhere.
fn chrono_format(format: &str) -> Option<String> {
    let mut chrono = String::new();
    let mut rest = format;
    while !rest.is_empty() {
        let (field, after) = chrono_field(rest)?;
        chrono.push_str(&field);
        rest = after;
    }
    Some(chrono)
}

/// The first field or sign of a format, in chrono's words, and the rest.
fn chrono_field(format: &str) -> Option<(String, &str)> {
    const FIELDS: [(&str, &str); 11] = [
        ("YYYY", "%Y"),
        ("MM", "%m"),
        ("DDD", "%j"),
        ("DD", "%d"),
        ("HH24", "%H"),
        ("MI", "%M"),
        ("SS", "%S"),
        ("MON", "%b"),
        ("Mon", "%b"),
        ("Dy", "%a"),
        ("IW", "%V"),
    ];
    if let Some((field, to)) = FIELDS.iter().find(|(field, _)| format.starts_with(field)) {
        return Some(((*to).to_owned(), format.get(field.len()..)?));
    }
    let first = format.chars().next().filter(|c| matches!(c, '-' | '/' | ' ' | ':' | '.' | ',' | '_'))?;
    Some((first.to_string(), format.get(first.len_utf8()..)?))
}

pub(crate) fn unnested(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => unnested(inner),
        other => other,
    }
}

fn is_named(function: &Function, name: &str) -> bool {
    function.name.to_string().eq_ignore_ascii_case(name)
}

/// The arguments of a plain call.
fn arguments(function: &Function) -> Option<Vec<&Expr>> {
    let FunctionArguments::List(list) = &function.args else { return None };
    if function.over.is_some() || function.filter.is_some() && function.within_group.is_empty() {
        return None;
    }
    let arguments = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    });
    arguments.collect()
}

pub(crate) fn text(expr: &Expr) -> Option<&str> {
    match unnested(expr) {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => Some(text),
        _ => None,
    }
}

fn is_double(expr: &Expr) -> bool {
    matches!(expr, Expr::Cast { data_type: DataType::DoublePrecision, .. })
}

pub(crate) fn text_literal(text: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(text.to_owned()).into())
}

pub(crate) fn number_literal(number: i32) -> Expr {
    Expr::Value(Value::Number(number.to_string(), false).into())
}

fn cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(expr), data_type, array: false, format: None }
}

pub(crate) fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let args = arguments.into_iter().map(|e| FunctionArg::Unnamed(FunctionArgExpr::Expr(e))).collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: vec![],
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: vec![],
    })
}

//! PostgreSQL's spelling of what the engine spells otherwise: intervals as numbers times a unit, `age`,
//! `to_char`, `to_date`, NUMERIC without digits. Only what means the same is rewritten; the rest is left to
//! be refused by name.

use crate::calendar::{DATE_PLUS, FULL_MONTHS};
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
        Expr::Extract { field, expr, .. } => part_of_age(&field.to_string(), expr),
        Expr::Cast { kind: CastKind::Cast | CastKind::DoubleColon, expr, data_type, .. } => {
            numeric(expr, data_type).or_else(|| written_date(expr, data_type))
        }
        Expr::TypedString(TypedString { value, data_type: DataType::Date, .. }) => {
            written_date(&Expr::Value(value.clone()), &DataType::Date)
        }
        Expr::Interval(interval) => spaced(interval),
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

fn written_number(expr: &Expr) -> Option<i32> {
    let (sign, number) = match expr {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => (-1, unnested(expr)),
        other => (1, other),
    };
    let Expr::Value(ValueWithSpan { value: Value::Number(number, _), .. }) = number else { return None };
    number.to_string().parse::<i32>().ok()?.checked_mul(sign)
}

/// How many of which unit; the unit is empty where it stands behind the text.
fn amount_and_unit(interval: &Interval) -> Option<(i32, String)> {
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
    const FORMATS: [&str; 6] = ["%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%B %d, %Y", "%Y%m%d", "%Y/%m/%d"];
    let written = text(expr).filter(|_| *data_type == DataType::Date)?.trim();
    let date = FORMATS.iter().find_map(|format| NaiveDate::parse_from_str(written, format).ok())?;
    Some(cast(text_literal(&date.to_string()), DataType::Date))
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
        ("date_part", [part, of]) => part_of_age(text(part)?, of),
        ("mod", _) => binary(BinaryOperator::Modulo),
        ("ceiling", [_]) => renamed("ceil"),
        ("sign", [_]) => renamed("signum"),
        ("variance", [_]) => renamed("var_samp"),
        ("power" | "pow", [base, exponent]) if !is_double(base) => {
            let double = |e: &Expr| cast(e.clone(), DataType::DoublePrecision);
            Some(call("power", vec![double(base), double(exponent)]))
        }
        ("to_date", [value, format]) => to_date(value, text(format)?),
        ("make_date", [year, month, day]) => {
            let padded = |number: &Expr, format| to_char(number, format);
            let parts = [padded(year, "FM0000")?, padded(month, "FM00")?, padded(day, "FM00")?];
            let parts = std::iter::once(text_literal("-")).chain(parts).collect();
            Some(cast(call("concat_ws", parts), DataType::Date))
        }
        ("bool_or", [value]) => Some(of_truth("max", value)),
        ("bool_and" | "every", [value]) => Some(of_truth("min", value)),
        ("to_char", [value, format]) => to_char(value, text(format)?),
        _ => None,
    }
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
    // Rewritten already: its format has fields that PostgreSQL's has not.
    let upper = format.contains("MON");
    let chrono = chrono_format(format).filter(|chrono| !chrono.is_empty() && !upper)?;
    Some(call("to_char", vec![value.clone(), text_literal(&chrono)]))
}

/// A PostgreSQL format in chrono's fields, where it has only those that mean the same everywhere.
fn chrono_format(format: &str) -> Option<String> {
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
    let mut chrono = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if let Some((field, to)) = FIELDS.iter().find(|(field, _)| rest.starts_with(field)) {
            chrono.push_str(to);
            rest = rest.get(field.len()..)?;
        } else if matches!(first, '-' | '/' | ' ' | ':' | '.' | ',' | '_') {
            chrono.push(first);
            rest = rest.get(first.len_utf8()..)?;
        } else {
            return None;
        }
    }
    Some(chrono)
}

fn unnested(expr: &Expr) -> &Expr {
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

fn text(expr: &Expr) -> Option<&str> {
    match unnested(expr) {
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => Some(text),
        _ => None,
    }
}

fn is_double(expr: &Expr) -> bool {
    matches!(expr, Expr::Cast { data_type: DataType::DoublePrecision, .. })
}

fn text_literal(text: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(text.to_owned()).into())
}

fn number_literal(number: i32) -> Expr {
    Expr::Value(Value::Number(number.to_string(), false).into())
}

fn cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(expr), data_type, array: false, format: None }
}

fn call(name: &str, arguments: Vec<Expr>) -> Expr {
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

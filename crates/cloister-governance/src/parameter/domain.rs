//! What a parameter may be.

use chrono::NaiveDate;
use serde::Deserialize;
use std::fmt;
use toml::Value;

/// The most values of one list.
const VALUES_MAX: usize = 1_000;
/// The longest text, in bytes.
const TEXT_BYTES_MAX: usize = 200;
/// Digits after the point that a number may have.
const FRACTION_DIGITS: usize = 9;
/// A number's unit.
const UNITS: i128 = 1_000_000_000;

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParameterType {
    /// A whole number of 64 bits.
    Int,
    /// A number with up to nine digits after the point.
    Number,
    /// Text.
    Text,
    /// A calendar date.
    Date,
    /// A truth value.
    Bool,
}

impl ParameterType {
    const ALL: [Self; 5] = [Self::Int, Self::Number, Self::Text, Self::Date, Self::Bool];

    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Number => "number",
            Self::Text => "text",
            Self::Date => "date",
            Self::Bool => "bool",
        }
    }
}

/// An exact number: billionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(i128);

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        if !plain(whole) || !plain(fraction) || whole.len() > 18 || fraction.len() > FRACTION_DIGITS {
            return None;
        }
        let units = format!("{whole}{fraction:0<FRACTION_DIGITS$}").parse::<i128>().ok()?;
        Some(Self(if negative { -units } else { units }))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let units = self.0.unsigned_abs();
        let unit = UNITS.unsigned_abs();
        let fraction = format!("{:09}", units % unit);
        let fraction = fraction.trim_end_matches('0');
        let fraction = if fraction.is_empty() { "0" } else { fraction };
        write!(f, "{sign}{}.{fraction}", units / unit)
    }
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scalar {
    /// A whole number.
    Int(i64),
    /// A number.
    Number(Decimal),
    /// Text.
    Text(String),
    /// A date.
    Date(NaiveDate),
    /// A truth value.
    Bool(bool),
}

impl Scalar {
    fn parse(kind: ParameterType, text: &str) -> Option<Self> {
        Some(match kind {
            ParameterType::Int => Self::Int(text.parse().ok()?),
            ParameterType::Number => Self::Number(Decimal::parse(text)?),
            ParameterType::Text if text.len() <= TEXT_BYTES_MAX && !text.contains('\0') => {
                Self::Text(text.to_owned())
            }
            ParameterType::Text => return None,
            ParameterType::Date if text.len() == 10 => Self::Date(text.parse().ok()?),
            ParameterType::Date => return None,
            ParameterType::Bool => Self::Bool(text.parse().ok()?),
        })
    }

    /// Its place on a line, where it has one.
    fn place(&self) -> Option<i128> {
        match self {
            Self::Int(n) => Some(i128::from(*n)),
            Self::Number(n) => Some(n.0),
            Self::Date(date) => Some(i128::from(date.signed_duration_since(NaiveDate::MIN).num_days())),
            Self::Text(_) | Self::Bool(_) => None,
        }
    }

    pub(super) fn to_toml(&self) -> String {
        match self {
            Self::Int(n) => n.to_string(),
            Self::Bool(b) => b.to_string(),
            Self::Number(n) => format!("\"{n}\""),
            Self::Date(date) => format!("\"{date}\""),
            Self::Text(text) => {
                let mut out = String::from("\"");
                for c in text.chars() {
                    match c {
                        // `*/` would end the comment that it stands in, and `/*` begin another.
                        '"' | '\\' | '*' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
                        c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
                        c => out.push(c),
                    }
                }
                out.push('"');
                out
            }
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(n) => n.fmt(f),
            Self::Number(n) => n.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Date(date) => date.fmt(f),
            Self::Bool(b) => b.fmt(f),
        }
    }
}

/// All values that a parameter may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    kind: ParameterType,
    /// In ascending order.
    values: Values,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Values {
    List(Vec<Scalar>),
    /// From the first to the second, by steps of this many units: ones, billionths or days.
    Range(Scalar, Scalar, i128),
}

/// A declaration in a text's head.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    #[serde(rename = "type")]
    kind: ParameterType,
    values: Option<Vec<Value>>,
    min: Option<Value>,
    max: Option<Value>,
    step: Option<Value>,
    value: Option<Value>,
}

/// A value's own text.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl Written {
    pub(super) fn value(&self) -> Option<String> {
        self.value.as_ref().map(plain)
    }

    pub(super) fn domain(&self) -> Result<Domain, String> {
        let texts = |values: &[Value]| values.iter().map(plain).collect::<Vec<_>>();
        match (&self.values, &self.min, &self.max, &self.step) {
            (Some(values), None, None, None) => Domain::list(self.kind, &texts(values)),
            (None, Some(min), Some(max), step) => {
                Domain::range(self.kind, &plain(min), &plain(max), step.as_ref().map(plain).as_deref())
            }
            (None, None, None, None) if self.kind == ParameterType::Bool => Ok(Domain::either()),
            _ => Err("it needs either `values`, or `min` and `max`".to_owned()),
        }
    }
}

impl Domain {
    /// Reads `int:1900..2010:10`, `text:F|M` and the like.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (kind, rest) = match text.split_once(':') {
            Some((kind, rest)) => (kind, Some(rest)),
            None => (text, None),
        };
        let kind = ParameterType::ALL
            .into_iter()
            .find(|k| k.as_str() == kind)
            .ok_or_else(|| "its type must be int, number, text, date or bool".to_owned())?;
        let Some(rest) = rest else {
            return match kind {
                ParameterType::Bool => Ok(Self::either()),
                _ => Err("it needs values or a range".to_owned()),
            };
        };
        match (kind, rest.split_once("..")) {
            (ParameterType::Int | ParameterType::Number | ParameterType::Date, Some((min, max))) => {
                match max.split_once(':') {
                    Some((max, step)) => Self::range(kind, min, max, Some(step)),
                    None => Self::range(kind, min, max, None),
                }
            }
            _ => {
                let values: Vec<String> = rest.split('|').map(str::to_owned).collect();
                Self::list(kind, &values)
            }
        }
    }

    /// One value; for a truth value, either.
    pub(super) fn only(kind: ParameterType, value: &str) -> Result<Self, String> {
        match kind {
            ParameterType::Bool => Ok(Self::either()),
            _ => Self::list(kind, &[value.to_owned()]),
        }
    }

    fn either() -> Self {
        let values = Values::List(vec![Scalar::Bool(false), Scalar::Bool(true)]);
        Self { kind: ParameterType::Bool, values }
    }

    fn list(kind: ParameterType, values: &[String]) -> Result<Self, String> {
        if values.is_empty() || values.len() > VALUES_MAX || kind == ParameterType::Bool {
            return Err(format!("its list must have 1 to {VALUES_MAX} values, and is not for bool"));
        }
        let values = values.iter().map(|v| Scalar::parse(kind, v).filter(|_| !v.is_empty()));
        let mut values: Vec<Scalar> = values
            .collect::<Option<_>>()
            .ok_or_else(|| format!("a value of its list is not of type {}", kind.as_str()))?;
        values.sort();
        values.dedup();
        Ok(Self { kind, values: Values::List(values) })
    }

    fn range(kind: ParameterType, min: &str, max: &str, step: Option<&str>) -> Result<Self, String> {
        let wrong = |what: &str| format!("its {what} is not of type {}", kind.as_str());
        let end = |text: &str, what: &str| {
            let value = Scalar::parse(kind, text).ok_or_else(|| wrong(what))?;
            let place = value.place().ok_or_else(|| "only numbers and dates have ranges".to_owned())?;
            Ok::<_, String>((value, place))
        };
        let ((min, from), (max, to)) = (end(min, "min")?, end(max, "max")?);
        let step = match (kind, step) {
            (ParameterType::Number, None) => return Err("a range of numbers needs a step".to_owned()),
            (ParameterType::Number, Some(step)) => Decimal::parse(step).ok_or_else(|| wrong("step"))?.0,
            (_, None) => 1,
            (_, Some(step)) => {
                step.parse::<u32>().map_err(|_| "its step is no whole number".to_owned())?.into()
            }
        };
        if to < from || step <= 0 {
            return Err("its range is empty".to_owned());
        }
        Ok(Self { kind, values: Values::Range(min, max, step) })
    }

    /// Its type.
    pub fn kind(&self) -> ParameterType {
        self.kind
    }

    /// The value that a text names, where it is in the domain.
    pub fn value(&self, text: &str) -> Option<Scalar> {
        let value = Scalar::parse(self.kind, text)?;
        let inside = match &self.values {
            Values::List(values) => values.contains(&value),
            Values::Range(min, max, step) => {
                let (from, to, place) = (min.place()?, max.place()?, value.place()?);
                (from..=to).contains(&place) && (place - from) % step == 0
            }
        };
        inside.then_some(value)
    }

    /// Its least value.
    pub(super) fn first(&self) -> Scalar {
        match &self.values {
            Values::List(values) => values.first().cloned().unwrap_or(Scalar::Bool(false)),
            Values::Range(min, _, _) => min.clone(),
        }
    }

    /// The one way to write it at the head of a query; equal domains have equal texts.
    pub fn declaration(&self) -> String {
        let kind = self.kind.as_str();
        match &self.values {
            Values::List(_) if self.kind == ParameterType::Bool => format!("type = \"{kind}\""),
            Values::List(values) => {
                let values: Vec<String> = values.iter().map(Scalar::to_toml).collect();
                format!("type = \"{kind}\", values = [{}]", values.join(", "))
            }
            Values::Range(min, max, step) => {
                let step = match self.kind {
                    ParameterType::Number => format!("\"{}\"", Decimal(*step)),
                    _ => step.to_string(),
                };
                format!("type = \"{kind}\", min = {}, max = {}, step = {step}", min.to_toml(), max.to_toml())
            }
        }
    }
}

/// One line for people, which names the whole domain.
impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.values {
            Values::List(values) => {
                let values: Vec<String> = values.iter().map(Scalar::to_string).collect();
                write!(f, "{} {}", self.kind.as_str(), values.join(" | "))
            }
            Values::Range(min, max, step) => {
                let step = match self.kind {
                    ParameterType::Number => Decimal(*step).to_string(),
                    ParameterType::Date => format!("{step} days"),
                    _ => step.to_string(),
                };
                write!(f, "{} {min} to {max} by {step}", self.kind.as_str())
            }
        }
    }
}

//! Parameters in the syntax tree: each placeholder becomes a literal of its declared type, never a piece of text.

use crate::Refusal;
use cloister_governance::parameter::{Domain, ParameterError, ParameterType, Parameters, Scalar};
use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, Expr, Ident, Statement, Value, ValueWithSpan, VisitMut, VisitorMut,
    visit_expressions_mut,
};
use std::ops::ControlFlow;

/// What a placeholder becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    /// Its value, to check and run the query.
    Values,
    /// A numbered placeholder with its type, to name the query whatever the values are.
    Types,
}

/// A statement whose parameters stand as they are bound.
#[derive(Debug)]
pub(crate) struct Bound {
    /// As it is planned.
    pub(crate) statement: Statement,
    /// The domains of the numbered placeholders, in their order.
    pub(crate) domains: Vec<Domain>,
}

impl Bound {
    /// A statement without parameters.
    pub(crate) fn whole(statement: Statement) -> Self {
        Self { statement, domains: Vec::new() }
    }
}

/// Puts every parameter into a statement.
pub(crate) fn bound(
    mut statement: Statement,
    parameters: &Parameters,
    binding: Binding,
) -> Result<Bound, Refusal> {
    let mut numbered: Vec<String> = Vec::new();
    let met = visit_expressions_mut(&mut statement, |expr| {
        let Expr::Value(ValueWithSpan { value: Value::Placeholder(placeholder), .. }) = expr else {
            return ControlFlow::Continue(());
        };
        let Some((name, parameter)) = named(placeholder, parameters) else {
            return ControlFlow::Break(ParameterError::Undeclared(shown(placeholder)));
        };
        let number = numbered.iter().position(|n| n == name).unwrap_or(numbered.len());
        if number == numbered.len() {
            numbered.push(name.to_owned());
        }
        *expr = match (binding, &parameter.value) {
            (Binding::Types, _) => {
                Expr::Value(Value::Placeholder(format!("${}", number.saturating_add(1))).into())
            }
            (Binding::Values, Some(value)) => literal(value),
            (Binding::Values, None) => return ControlFlow::Break(ParameterError::Missing(name.to_owned())),
        };
        ControlFlow::Continue(())
    });
    if let ControlFlow::Break(error) = met {
        return Err(refused(&error));
    }
    // A placeholder where no expression stands is no parameter of ours.
    let left = VisitMut::visit(&mut statement, &mut Left { numbered: binding == Binding::Types });
    if let ControlFlow::Break(placeholder) = left {
        return Err(refused(&ParameterError::Undeclared(shown(&placeholder))));
    }
    if let Some((unused, _)) = parameters.iter().find(|(name, _)| !numbered.iter().any(|n| n == name)) {
        return Err(refused(&ParameterError::Unused(unused.to_owned())));
    }
    let domains: Vec<Domain> =
        numbered.iter().filter_map(|name| Some(parameters.get(name)?.domain.clone())).collect();
    if binding == Binding::Types && !domains.is_empty() {
        statement = Statement::Prepare {
            name: Ident::new("query"),
            data_types: domains.iter().map(|d| sql_type(d.kind())).collect(),
            statement: Box::new(statement),
        };
    }
    Ok(Bound { statement, domains })
}

/// Why a parameter may not be.
pub(crate) fn refused(error: &ParameterError) -> Refusal {
    Refusal::new(error.code(), error.to_string(), error.hint())
}

fn named<'a>(
    placeholder: &str,
    parameters: &'a Parameters,
) -> Option<(&'a str, &'a cloister_governance::parameter::Parameter)> {
    let name = placeholder.strip_prefix('$')?;
    parameters.iter().find(|(declared, _)| declared.eq_ignore_ascii_case(name))
}

fn shown(placeholder: &str) -> String {
    placeholder.trim_start_matches('$').chars().take(63).collect()
}

fn literal(value: &Scalar) -> Expr {
    match value {
        Scalar::Int(n) => Expr::Value(Value::Number(n.to_string(), false).into()),
        // With a point, so that it is a number like any other that is written so.
        Scalar::Number(n) => Expr::Value(Value::Number(n.to_string(), false).into()),
        Scalar::Text(text) => Expr::Value(Value::SingleQuotedString(text.clone()).into()),
        Scalar::Bool(b) => Expr::Value(Value::Boolean(*b).into()),
        Scalar::Date(date) => Expr::Cast {
            kind: CastKind::Cast,
            expr: Box::new(Expr::Value(Value::SingleQuotedString(date.to_string()).into())),
            data_type: DataType::Date,
            array: false,
            format: None,
        },
    }
}

fn sql_type(kind: ParameterType) -> DataType {
    match kind {
        ParameterType::Int => DataType::BigInt(None),
        ParameterType::Number => DataType::DoublePrecision,
        ParameterType::Text => DataType::Text,
        ParameterType::Date => DataType::Date,
        ParameterType::Bool => DataType::Boolean,
    }
}

/// Looks for a placeholder that is left.
struct Left {
    /// Whether placeholders by number are ours.
    numbered: bool,
}

impl VisitorMut for Left {
    type Break = String;

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<String> {
        match &value.value {
            Value::Placeholder(text) if !self.numbered => ControlFlow::Break(text.clone()),
            _ => ControlFlow::Continue(()),
        }
    }
}

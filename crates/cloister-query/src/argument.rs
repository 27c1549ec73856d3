//! Aggregates at the release boundary: what each shows, and which people must stand behind it.

use crate::Refusal;
use crate::calendar;
use crate::expression::{inspect, inspect_condition};
use crate::relation::{ColumnFacts, Facts, Kind, Role, Shape};
use cloister_disclosure::Statistic;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::functions_aggregate::expr_fn::{count, sum};
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator, lit};

/// What an aggregate needs from the evidence plan.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) statistic: Statistic,
    pub(crate) role: Role,
    pub(crate) value: ValueExpr,
    /// The condition on a row to count its person as a contributor; none: every row.
    pub(crate) contributes: Option<Expr>,
    /// The conditions inside, each a cell of its own.
    pub(crate) branches: Vec<Expr>,
    /// Equal for aggregates of the same thing.
    pub(crate) argument: String,
    /// Who the value itself rests on, and the values among which.
    pub(crate) support: Option<(Support, Expr)>,
    /// The conditions of the rows on either side of the value, each with people enough.
    pub(crate) sides: Vec<Expr>,
    /// Whether a checker must look at the argument.
    pub(crate) held: bool,
}

impl Measured {
    /// Whether one person can make up much of it.
    pub(crate) fn is_total(&self) -> bool {
        matches!(self.statistic, Statistic::Sum | Statistic::Mean | Statistic::Spread)
    }
}

/// Whose own value a number is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Support {
    Least,
    Greatest,
    Quantile(f64),
}

/// Where the value comes from.
#[derive(Debug)]
pub(crate) enum ValueExpr {
    /// The contributors themselves.
    People,
    /// An aggregate.
    One(Expr),
    /// A count over a count.
    Rate { numerator: Expr, denominator: Expr },
}

/// An aggregate's parts, once its form is known to be supported.
pub(crate) struct Parts<'a> {
    pub(crate) name: &'a str,
    pub(crate) argument: &'a Expr,
    pub(crate) facts: Facts,
    /// The other value, of an aggregate of two.
    other: Option<(&'a Expr, Facts)>,
    pub(crate) distinct: bool,
    pub(crate) filter: Option<&'a Expr>,
    /// Which quantile, from 0 to 1.
    quantile: Option<f64>,
}

/// Takes an aggregate apart, or refuses its form.
pub(crate) fn parts<'a>(expr: &'a Expr, columns: &[ColumnFacts]) -> Result<Parts<'a>, Refusal> {
    let expr = match expr {
        Expr::Alias(alias) => &alias.expr,
        other => other,
    };
    let Expr::AggregateFunction(AggregateFunction { func, params }) = expr else {
        return Err(Refusal::unsupported("This kind of aggregate"));
    };
    let AggregateFunctionParams { args, distinct, filter, order_by, null_treatment } = params;
    let name = func.name();
    let (argument, other, quantile) = match (name, args.as_slice()) {
        ("percentile_cont" | "percentile_disc", [argument, which]) => {
            (argument, None, Some(quantile(which)?))
        }
        ("median", [argument]) => (argument, None, Some(0.5)),
        (_, [one, other]) if is_association(name) => (one, Some(other), None),
        (_, [argument]) => (argument, None, None),
        _ => return Err(Refusal::unsupported(&format!("{name} of several values"))),
    };
    // A quantile's order is by its own argument; which way round makes no difference to who is beside it.
    let by_itself = quantile.is_some() && order_by.iter().all(|sort| uncast(&sort.expr) == uncast(argument));
    if (!order_by.is_empty() && !by_itself) || null_treatment.is_some() {
        return Err(Refusal::unsupported("ORDER BY or NULLS inside an aggregate"));
    }
    if *distinct && !matches!(name, "count" | "sum" | "avg" | "min" | "max") {
        return Err(Refusal::unsupported(&format!("{name} with DISTINCT")));
    }
    let facts = inspect(argument, columns)?;
    if facts.kind != Kind::Value && name != "count" {
        return Err(Refusal::new(
            "pseudonym-use",
            "A person_id or another pseudonym can join, count and group, and nothing else.",
            "Use count or count(DISTINCT …).",
        ));
    }
    let other = other.map(|other| {
        let facts = inspect(other, columns)?;
        match facts.kind {
            Kind::Value => Ok((other, facts)),
            Kind::Person | Kind::Own | Kind::Pseudonym => Err(Refusal::new(
                "pseudonym-use",
                "A person_id or another pseudonym can join, count and group, and nothing else.",
                "Use count or count(DISTINCT …).",
            )),
        }
    });
    let other = other.transpose()?;
    let filter = filter.as_deref();
    if let Some(filter) = filter {
        inspect_condition(filter, columns)?;
    }
    Ok(Parts { name, argument, facts, other, distinct: *distinct, filter, quantile })
}

/// A quantile that is written out.
fn quantile(expr: &Expr) -> Result<f64, Refusal> {
    let written = match expr {
        Expr::Cast(cast) => &cast.expr,
        other => other,
    };
    let number = match written {
        Expr::Literal(value, _) => value.cast_to(&DataType::Float64).ok(),
        _ => None,
    };
    match number {
        Some(ScalarValue::Float64(Some(quantile))) if (0.0..=1.0).contains(&quantile) => Ok(quantile),
        _ => Err(Refusal::new(
            "literal-required",
            "A quantile must be written out, from 0 to 1.",
            "Use percentile_cont(0.25) WITHIN GROUP (ORDER BY …).",
        )),
    }
}

/// What is cast, as planning does to fit an argument's type.
pub(crate) fn uncast(expr: &Expr) -> &Expr {
    match expr {
        Expr::Cast(cast) => uncast(&cast.expr),
        Expr::TryCast(cast) => uncast(&cast.expr),
        other => other,
    }
}

/// A column, a difference of columns or a part of a date, as it stands or moved and scaled by written
/// numbers: no one row's value can be told in the digits of a mean, a quantile or a spread of it.
fn plain(expr: &Expr) -> bool {
    match expr {
        Expr::Column(_) => true,
        Expr::Alias(alias) => plain(&alias.expr),
        Expr::Cast(cast) => plain(&cast.expr),
        Expr::TryCast(cast) => plain(&cast.expr),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Operator::Minus if !is_number(right) => (plain(left) || is_number(left)) && plain(right),
            Operator::Plus | Operator::Minus | Operator::Multiply | Operator::Divide => {
                (plain(left) && is_number(right)) || (is_number(left) && plain(right))
            }
            _ => false,
        },
        Expr::ScalarFunction(f) => match f.func.name() {
            "date_part" | "date_trunc" => f.args.last().is_some_and(plain),
            calendar::FULL_MONTHS | calendar::DATE_PLUS | calendar::MAKE_DATE => {
                f.args.iter().all(|value| is_number(value) || plain(value))
            }
            "floor" | "ceil" | "round" | "abs" | "character_length" => f.args.first().is_some_and(plain),
            _ => false,
        },
        _ => false,
    }
}

pub(crate) fn packed(argument: &Expr, facts: &Facts) -> bool {
    !matches!(facts.shape, Shape::Zero | Shape::Bit | Shape::Count | Shape::Measure) && !plain(argument)
}

fn is_association(name: &str) -> bool {
    matches!(name, "corr" | "covar_samp" | "covar_pop") || name.starts_with("regr_")
}

/// A number that is the same for every row: written out, or made of such and of today's date.
fn is_number(expr: &Expr) -> bool {
    !expr.any_column_refs() && !expr.is_volatile()
}

impl Parts<'_> {
    /// What this aggregate shows and needs at the release boundary.
    pub(crate) fn measured(&self, whole: &Expr, schema: &DFSchema) -> Result<Measured, Refusal> {
        let mut measured = match self.name {
            "count" => self.count(whole, schema),
            "sum" => self.sum(whole),
            "avg" => self.mean(whole),
            "min" => self.extreme(whole, Support::Least),
            "max" => self.extreme(whole, Support::Greatest),
            "median" | "percentile_cont" | "percentile_disc" => self.quantile(whole),
            "stddev" | "stddev_pop" | "var" | "var_pop" => self.spread(whole),
            name if is_association(name) => self.association(whole),
            other => {
                return Err(Refusal::unsupported(&format!("{other} of people's values in a result")));
            }
        };
        // Both sides of a FILTER are cells, and so is every condition among the rows that pass it.
        if let Some(filter) = self.filter {
            let passes = filter.clone().is_true();
            for branch in &mut measured.branches {
                *branch = passes.clone().and(branch.clone());
            }
            measured.branches.push(filter.clone().is_not_true());
            measured.contributes = Some(match measured.contributes {
                Some(contributes) => passes.and(contributes),
                None => passes,
            });
        }
        let filter = self.filter.map(|f| f.to_string()).unwrap_or_default();
        measured.argument = format!("{}|{filter}", self.argument);
        // What is left of values that are the same may be one person's.
        measured.held |= self.distinct && matches!(self.name, "sum" | "avg");
        Ok(measured)
    }

    fn count(&self, whole: &Expr, schema: &DFSchema) -> Measured {
        let argument = self.argument;
        let bare = matches!(argument, Expr::Column(_));
        let always = match argument {
            Expr::Literal(value, _) => !value.is_null(),
            Expr::Column(_) => !argument.nullable(schema).unwrap_or(true),
            _ => false,
        };
        let mut branches = self.facts.branches.clone();
        if !bare && !always {
            branches.push(argument.clone().is_not_null());
            branches.push(argument.clone().is_null());
        }
        let people = self.distinct && self.facts.kind == Kind::Person;
        let statistic =
            if people { Statistic::People } else { Statistic::Count { additive: !self.distinct && always } };
        Measured {
            statistic,
            role: Role::Count,
            value: if people { ValueExpr::People } else { ValueExpr::One(unaliased(whole).clone()) },
            contributes: (!always).then(|| argument.clone().is_not_null()),
            branches,
            argument: String::new(),
            support: None,
            sides: Vec::new(),
            held: false,
        }
    }

    /// A value that some people have: who has it is asked for.
    fn extreme(&self, whole: &Expr, support: Support) -> Measured {
        Measured {
            statistic: Statistic::Extreme,
            role: Role::Extreme,
            value: ValueExpr::One(unaliased(whole).clone()),
            contributes: Some(self.argument.clone().is_not_null()),
            branches: self.facts.branches.clone(),
            argument: String::new(),
            support: Some((support, self.argument.clone())),
            sides: Vec::new(),
            held: false,
        }
    }

    fn quantile(&self, whole: &Expr) -> Measured {
        let quantile = Support::Quantile(self.quantile.unwrap_or(0.5));
        Measured {
            statistic: Statistic::Quantile,
            role: Role::Quantile,
            held: self.packed(),
            ..self.extreme(whole, quantile)
        }
    }

    fn spread(&self, whole: &Expr) -> Measured {
        Measured {
            statistic: Statistic::Spread,
            role: Role::Spread,
            support: None,
            held: self.packed(),
            ..self.extreme(whole, Support::Least)
        }
    }

    /// Of two values, for the people who have both.
    fn association(&self, whole: &Expr) -> Measured {
        let mut measured = self.extreme(whole, Support::Least);
        measured.support = None;
        measured.held = self.packed();
        let counts = self.name == "regr_count";
        measured.statistic =
            if counts { Statistic::Count { additive: true } } else { Statistic::Association };
        measured.role = if counts { Role::Count } else { Role::Association };
        if let Some((other, facts)) = &self.other {
            let both = self.argument.clone().is_not_null().and((*other).clone().is_not_null());
            measured.contributes = Some(both);
            measured.branches.extend(facts.branches.clone());
            measured.held |= packed(other, facts);
        }
        measured
    }

    /// Whether something may be hidden in the argument's digits.
    fn packed(&self) -> bool {
        packed(self.argument, &self.facts)
    }

    fn sum(&self, whole: &Expr) -> Measured {
        let counted = matches!(self.facts.shape, Shape::Zero | Shape::Bit | Shape::Count);
        Measured {
            statistic: if counted { Statistic::Count { additive: false } } else { Statistic::Sum },
            role: if counted { Role::Count } else { Role::Sum },
            value: ValueExpr::One(unaliased(whole).clone()),
            contributes: Some(self.argument.clone().not_eq(lit(0))),
            branches: self.facts.branches.clone(),
            argument: String::new(),
            support: None,
            sides: Vec::new(),
            held: !counted && self.facts.shape != Shape::Measure,
        }
    }

    fn mean(&self, whole: &Expr) -> Measured {
        let argument = self.argument.clone();
        let counted = matches!(self.facts.shape, Shape::Zero | Shape::Bit | Shape::Count);
        let mut branches = self.facts.branches.clone();
        let value = if counted {
            // A share tells both counts: those with and those without.
            branches.push(argument.clone().not_eq(lit(0)));
            branches.push(argument.clone().eq(lit(0)));
            let filtered = |e: Expr| with_filter(e, self.filter);
            ValueExpr::Rate {
                numerator: filtered(sum(argument.clone())),
                denominator: filtered(count(argument.clone())),
            }
        } else {
            ValueExpr::One(unaliased(whole).clone())
        };
        Measured {
            statistic: if counted { Statistic::Rate } else { Statistic::Mean },
            role: if counted { Role::Rate } else { Role::Mean },
            value,
            contributes: Some(argument.is_not_null()),
            branches,
            argument: String::new(),
            support: None,
            sides: Vec::new(),
            held: self.packed(),
        }
    }
}

/// The expression under its names.
pub(crate) fn unaliased(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => unaliased(&alias.expr),
        other => other,
    }
}

/// An aggregate under a FILTER.
pub(crate) fn with_filter(aggregate: Expr, filter: Option<&Expr>) -> Expr {
    match (aggregate, filter) {
        (Expr::AggregateFunction(mut function), Some(filter)) => {
            function.params.filter = Some(Box::new(filter.clone()));
            Expr::AggregateFunction(function)
        }
        (aggregate, _) => aggregate,
    }
}

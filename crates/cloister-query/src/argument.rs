//! Aggregates at the release boundary: what each shows, and which people must stand behind it.

use crate::Refusal;
use crate::expression::inspect;
use crate::relation::{ColumnFacts, Facts, Kind, Role, Shape};
use cloister_disclosure::Statistic;
use datafusion::common::DFSchema;
use datafusion::functions_aggregate::expr_fn::{count, sum};
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams};
use datafusion::logical_expr::{Expr, ExprSchemable, lit};

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
    /// Whether a checker must look at the argument.
    pub(crate) held: bool,
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
    pub(crate) distinct: bool,
    pub(crate) filter: Option<&'a Expr>,
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
    if !order_by.is_empty() || null_treatment.is_some() {
        return Err(Refusal::unsupported("ORDER BY or NULLS inside an aggregate"));
    }
    let [argument] = args.as_slice() else {
        return Err(Refusal::unsupported(&format!("{name} of several values")));
    };
    if *distinct && name != "count" {
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
    let filter = filter.as_deref();
    if let Some(filter) = filter {
        inspect(filter, columns)?;
    }
    Ok(Parts { name, argument, facts, distinct: *distinct, filter })
}

impl Parts<'_> {
    /// What this aggregate shows and needs at the release boundary.
    pub(crate) fn measured(&self, whole: &Expr, schema: &DFSchema) -> Result<Measured, Refusal> {
        let mut measured = match self.name {
            "count" => self.count(whole, schema),
            "sum" => self.sum(whole),
            "avg" => self.mean(whole),
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
            value: if people { ValueExpr::People } else { ValueExpr::One(unalias(whole)) },
            contributes: (!always).then(|| argument.clone().is_not_null()),
            branches,
            argument: String::new(),
            held: false,
        }
    }

    fn sum(&self, whole: &Expr) -> Measured {
        let counted = matches!(self.facts.shape, Shape::Zero | Shape::Bit | Shape::Count);
        Measured {
            statistic: if counted { Statistic::Count { additive: false } } else { Statistic::Sum },
            role: if counted { Role::Count } else { Role::Sum },
            value: ValueExpr::One(unalias(whole)),
            contributes: Some(self.argument.clone().not_eq(lit(0))),
            branches: self.facts.branches.clone(),
            argument: String::new(),
            held: matches!(self.facts.shape, Shape::Constant | Shape::Other),
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
            ValueExpr::One(unalias(whole))
        };
        Measured {
            statistic: if counted { Statistic::Rate } else { Statistic::Mean },
            role: if counted { Role::Rate } else { Role::Mean },
            value,
            contributes: Some(argument.is_not_null()),
            branches,
            argument: String::new(),
            held: matches!(self.facts.shape, Shape::Constant | Shape::Other),
        }
    }
}

fn unalias(expr: &Expr) -> Expr {
    match expr {
        Expr::Alias(alias) => *alias.expr.clone(),
        other => other.clone(),
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

//! `x NOT IN (1) OR x NOT IN (2)`: the optimiser's simplification of two lists of one value makes TRUE of this, and
//! FALSE of `x IN (1) AND x IN (2)`, also where `x` is NULL and either is NULL. A cell would count people it should
//! not, and its evidence with it. So that the two do not meet, each such `x` stands in a function of its own that
//! gives it back.

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result, internal_err};
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, ExprSchemable, LogicalPlan, Operator, ReturnFieldArgs,
    ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::optimizer::optimizer::ApplyOrder;
use datafusion::optimizer::{Optimizer, OptimizerConfig, OptimizerRule};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// DataFusion's rules, with this one before each simplification.
pub(crate) fn rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let mut rules: Vec<Arc<dyn OptimizerRule + Send + Sync>> = Vec::new();
    for rule in Optimizer::new().rules {
        if rule.name() == "simplify_expressions" {
            rules.push(Arc::new(ListsApart));
        }
        rules.push(rule);
    }
    rules
}

/// Keeps lists of one value apart that a simplification would put together.
#[derive(Debug)]
pub(crate) struct ListsApart;

impl OptimizerRule for ListsApart {
    fn name(&self) -> &str {
        "lists_apart"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let mut schema = DFSchema::empty();
        for input in plan.inputs() {
            schema = schema.join(input.schema()).unwrap_or(schema);
        }
        plan.map_expressions(|expr| apart(expr, &schema))
    }
}

fn apart(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    // Its keys are the expressions that have names.
    if matches!(expr, Expr::GroupingSet(_)) {
        return expr.map_children(|key| apart(key, schema));
    }
    let mut meeting = HashSet::new();
    seen(&expr, schema, &mut meeting);
    if meeting.is_empty() {
        return Ok(Transformed::no(expr));
    }
    let meeting: HashSet<Expr> = meeting.into_iter().cloned().collect();
    let name = expr.schema_name().to_string();
    let mut count = 0;
    let mut alone = |value: &mut Expr| {
        if meeting.contains(value) {
            let itself = Itself { place: count, signature: Signature::any(1, Volatility::Immutable) };
            count += 1;
            *value = ScalarUDF::from(itself).call(vec![std::mem::take(value)]);
        }
    };
    let apart = expr.transform_up(|e| match e {
        Expr::InList(mut list) => {
            alone(&mut list.expr);
            Ok(Transformed::yes(Expr::InList(list)))
        }
        Expr::BinaryExpr(mut equal) if equal.op == Operator::Eq => {
            alone(&mut equal.left);
            alone(&mut equal.right);
            Ok(Transformed::yes(Expr::BinaryExpr(equal)))
        }
        other => Ok(Transformed::no(other)),
    })?;
    // Named as before.
    apart.map_data(|e| if e.schema_name().to_string() == name { Ok(e) } else { Ok(e.alias(name)) })
}

/// How a value is compared with lists, or with one value, which is as good as a list of one.
#[derive(Clone, Copy, Default)]
struct Compared {
    plainly: bool,
    negated: bool,
}

type Values<'a> = HashMap<&'a Expr, Compared>;

/// The values that an expression compares with lists. Those that meet in a way that matters go into `meeting`.
fn seen<'a>(expr: &'a Expr, schema: &DFSchema, meeting: &mut HashSet<&'a Expr>) -> Values<'a> {
    let nullable =
        |value: &Expr| !matches!(value, Expr::Literal(..)) && value.nullable(schema).unwrap_or(true);
    let mut all = Values::new();
    let mut parts = Vec::new();
    // The children's own comparisons, one after the other.
    let walked = expr.apply_children(|child| {
        parts.push(child);
        Ok(TreeNodeRecursion::Continue)
    });
    let is_truth = matches!(expr.get_type(schema), Ok(DataType::Boolean) | Err(_)) || walked.is_err();
    let disjunction = matches!(expr, Expr::BinaryExpr(BinaryExpr { op: Operator::Or, .. }));
    for part in parts {
        for (value, here) in seen(part, schema, meeting) {
            let before = all.entry(value).or_default();
            // Of two lists, one of which excludes, or both of which must hold.
            let meets = match disjunction {
                true => before.negated && here.negated,
                false => is_truth && (before.plainly || before.negated),
            };
            if meets {
                meeting.insert(value);
            }
            before.plainly |= here.plainly;
            before.negated |= here.negated;
        }
    }
    match expr {
        Expr::InList(list) if nullable(&list.expr) => {
            let value = all.entry(list.expr.as_ref()).or_default();
            value.plainly |= !list.negated;
            value.negated |= list.negated;
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            for value in [left.as_ref(), right.as_ref()].into_iter().filter(|value| nullable(value)) {
                all.entry(value).or_default().plainly = true;
            }
        }
        Expr::BinaryExpr(BinaryExpr { op: Operator::And | Operator::Or, .. }) => {}
        // Whatever may turn what holds into what does not.
        _ => all.values_mut().for_each(|value| *value = Compared { plainly: true, negated: true }),
    }
    all
}

/// A value as it is, unlike any other to the optimiser.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Itself {
    place: usize,
    signature: Signature,
}

impl ScalarUDFImpl for Itself {
    fn name(&self) -> &str {
        "__itself"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [kind] => Ok(kind.clone()),
            _ => internal_err!("one value is itself"),
        }
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        match args.arg_fields {
            [field] => Ok(Arc::clone(field)),
            _ => internal_err!("one value is itself"),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match args.args.as_slice() {
            [value] => Ok(value.clone()),
            _ => internal_err!("one value is itself"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::datatypes::{Field, Schema};
    use datafusion::logical_expr::{col, lit};
    use std::ops::Not;

    fn wraps(expr: Expr) -> bool {
        let fields = vec![Field::new("x", DataType::Int64, true), Field::new("y", DataType::Int64, false)];
        let schema = DFSchema::try_from(Schema::new(fields)).unwrap();
        apart(expr, &schema).unwrap().data.to_string().contains("__itself")
    }

    fn among(name: &str, value: i64, negated: bool) -> Expr {
        col(name).in_list(vec![lit(value), lit(value + 1)], negated)
    }

    #[test]
    fn only_lists_that_would_be_made_one_are_kept_apart() {
        let is = |value: i64| col("x").eq(lit(value));
        for (expr, apart) in [
            (among("x", 1, true).or(among("x", 3, true)), true),
            (among("x", 1, false).and(among("x", 3, false)), true),
            (among("x", 1, false).or(is(7)).not().or(among("x", 3, true)), true),
            (is(1).or(is(2)).and(is(3).or(is(4))).not(), true),
            (is(1).or(is(2)).or(is(3)), false),
            (among("x", 1, false).or(among("x", 3, false)), false),
            (among("x", 1, true).or(among("y", 1, true)), false),
            (among("y", 1, true).or(among("y", 3, true)), false),
            (among("x", 1, true).and(col("y").gt(lit(1i64))), false),
        ] {
            let text = expr.to_string();
            assert_eq!(wraps(expr), apart, "{text}");
        }
    }
}

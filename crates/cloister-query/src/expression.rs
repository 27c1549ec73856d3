//! Expressions: what may be written, and what is known of the value.

use crate::Refusal;
use crate::calendar::ELAPSED;
use crate::function::{OperatorKind, literal_arguments, operator_kind, scalar_functions};
use crate::relation::{ColumnFacts, Compared, Facts, Kind, Role, Shape};
use crate::texts::{FOUND_PATTERN, PLACE_OF_PATTERN, REPLACED_PATTERN};
use crate::written::{as_it_stands, is_whole_time, known_format, padded_length, pattern, too_nested};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Column, Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::expr::{Case, ScalarFunction};
use datafusion::logical_expr::{Aggregate, BinaryExpr, Expr, Operator};
use std::cell::Cell;

/// The most conditions in one expression.
const BRANCHES_MAX: usize = 64;

/// The most looks at parts of one expression.
const LOOKS_MAX: usize = 100_000;

/// Checks an expression against the allow-list and says what is known of its value.
pub(crate) fn inspect(expr: &Expr, columns: &[ColumnFacts]) -> Result<Facts, Refusal> {
    let facts = Inspector { columns, looks: Cell::new(0) }.facts(expr)?;
    if facts.branches.len() > BRANCHES_MAX {
        return Err(Refusal::new(
            "too-many-conditions",
            format!("An expression has more than {BRANCHES_MAX} conditions."),
            "Put the categories into GROUP BY.",
        ));
    }
    Ok(facts)
}

/// The same for what rows are picked by.
pub(crate) fn inspect_condition(expr: &Expr, columns: &[ColumnFacts]) -> Result<Facts, Refusal> {
    let facts = inspect(expr, columns)?;
    freely(&facts)?;
    Ok(facts)
}

/// A value that rows may be picked by in any way.
fn freely(facts: &Facts) -> Result<(), Refusal> {
    match facts.compared {
        Compared::Freely => Ok(()),
        Compared::ByRange | Compared::Never => Err(Refusal::new(
            "equality-not-permitted",
            "The contract does not permit to pick rows by one value of a column that the query compares.",
            "Group by the column. Dates and numbers may be compared as they are by <, <=, > and >=.",
        )),
    }
}

/// Another value, made of these.
fn made_of(parts: &[Facts]) -> Facts {
    let mut all = Facts { role: Role::Derived, ..Facts::value(Shape::Other, true) };
    for part in parts {
        all.made_of(part);
        all.branches.extend(part.branches.iter().cloned());
    }
    all
}

struct Inspector<'a> {
    columns: &'a [ColumnFacts],
    /// How often any part was looked at: some forms look at their parts more than once, and these at theirs.
    looks: Cell<usize>,
}

impl Inspector<'_> {
    fn facts(&self, expr: &Expr) -> Result<Facts, Refusal> {
        self.looks.set(self.looks.get() + 1);
        if self.looks.get() > LOOKS_MAX {
            return Err(too_nested());
        }
        match expr {
            Expr::Alias(alias) => self.facts(&alias.expr),
            Expr::Column(column) => self.column(column),
            Expr::Literal(value, _) => Ok(Facts::value(literal_shape(value), true)),
            Expr::BinaryExpr(binary) => self.binary(binary),
            Expr::Like(like) => {
                self.literal(&like.pattern, "the pattern of LIKE")?;
                self.condition(&[&like.expr])
            }
            Expr::Not(e) | Expr::IsTrue(e) | Expr::IsFalse(e) | Expr::IsUnknown(e) => self.condition(&[e]),
            Expr::IsNotTrue(e) | Expr::IsNotFalse(e) | Expr::IsNotUnknown(e) => self.condition(&[e]),
            // Whether there is a pseudonym may be asked; which one may not.
            Expr::IsNotNull(e) | Expr::IsNull(e) => {
                let facts = self.facts(e)?;
                Ok(Facts { branches: facts.branches, ..Facts::value(Shape::Other, facts.public) })
            }
            Expr::Negative(e) => {
                let facts = self.value(e)?;
                let shape =
                    if matches!(facts.shape, Shape::Bit | Shape::Count) { Shape::Other } else { facts.shape };
                Ok(Facts { shape, role: Role::Derived, ..facts })
            }
            Expr::Between(between) if between.low == between.high => {
                self.condition(&[&between.expr, &between.low, &between.high])
            }
            Expr::Between(between) => self.range(&[&between.expr, &between.low, &between.high]),
            Expr::InList(list) => {
                let parts: Vec<&Expr> = std::iter::once(list.expr.as_ref()).chain(&list.list).collect();
                self.condition(&parts)
            }
            Expr::Case(case) => self.case(case),
            Expr::Cast(cast) => self.cast(expr, &cast.expr, cast.field.data_type()),
            Expr::TryCast(cast) => self.cast(expr, &cast.expr, cast.field.data_type()),
            Expr::ScalarFunction(function) => self.function(expr, function),
            Expr::SimilarTo(_) => Err(Refusal::unsupported("SIMILAR TO")),
            Expr::ScalarVariable(..) => Err(Refusal::unsupported("A variable")),
            Expr::AggregateFunction(_) => Err(Refusal::unsupported("An aggregate in this place")),
            Expr::WindowFunction(_) => Err(Refusal::unsupported("A window function")),
            Expr::Exists(_) => Err(Refusal::unsupported("EXISTS")),
            Expr::InSubquery(_) => Err(Refusal::unsupported("IN with a subquery")),
            Expr::SetComparison(_) => Err(Refusal::unsupported("ANY or ALL with a subquery")),
            Expr::ScalarSubquery(_) => Err(Refusal::unsupported("A subquery as a value")),
            Expr::OuterReferenceColumn(..) => Err(Refusal::unsupported("A correlated subquery")),
            Expr::GroupingSet(_) => Err(Refusal::unsupported("ROLLUP, CUBE or GROUPING SETS")),
            Expr::Placeholder(_) => Err(Refusal::unsupported("A parameter")),
            Expr::Unnest(_) => Err(Refusal::unsupported("UNNEST")),
            Expr::HigherOrderFunction(_) | Expr::Lambda(_) | Expr::LambdaVariable(_) => {
                Err(Refusal::unsupported("A lambda"))
            }
            #[expect(deprecated, reason = "the match must name every variant")]
            Expr::Wildcard { .. } => Err(Refusal::unsupported("A wildcard in this place")),
        }
    }

    fn column(&self, column: &Column) -> Result<Facts, Refusal> {
        let found = self.columns.iter().find(|c| c.column == *column);
        found.map(|c| c.facts.clone()).ok_or_else(|| Refusal::unsupported("A column of this kind"))
    }

    /// The facts of an operand that must not be a pseudonym.
    fn value(&self, expr: &Expr) -> Result<Facts, Refusal> {
        let facts = self.facts(expr)?;
        match facts.kind {
            Kind::Value => Ok(facts),
            Kind::Person | Kind::Own | Kind::Pseudonym => Err(Refusal::new(
                "pseudonym-use",
                "A person_id or another pseudonym can join, count and group, and nothing else.",
                "Do not compare it with a literal, cast it or compute with it.",
            )),
        }
    }

    fn literal(&self, expr: &Expr, what: &str) -> Result<(), Refusal> {
        match expr {
            Expr::Literal(..) => Ok(()),
            Expr::Cast(cast) => self.literal(&cast.expr, what),
            Expr::Negative(e) => self.literal(e, what),
            _ => Err(Refusal::new(
                "literal-required",
                format!("{what} must be written out."),
                "Use a literal there, not a column.",
            )),
        }
    }

    /// A truth value, or another value that is no quantity.
    fn condition(&self, parts: &[&Expr]) -> Result<Facts, Refusal> {
        let mut all = Facts { role: Role::Derived, ..Facts::value(Shape::Other, true) };
        for part in parts {
            let facts = self.value(part)?;
            freely(&facts)?;
            all.public &= facts.public;
            all.branches.extend(facts.branches);
        }
        Ok(all)
    }

    /// Less or greater: between columns as they stand, also where equality is not permitted.
    fn range(&self, parts: &[&Expr]) -> Result<Facts, Refusal> {
        let mut all = Facts { role: Role::Derived, ..Facts::value(Shape::Other, true) };
        for part in parts {
            let facts = self.value(part)?;
            if facts.compared != Compared::ByRange || !as_it_stands(part) {
                freely(&facts)?;
            }
            all.public &= facts.public;
            all.branches.extend(facts.branches);
        }
        Ok(all)
    }

    fn binary(&self, binary: &BinaryExpr) -> Result<Facts, Refusal> {
        let (left, right) = (&binary.left, &binary.right);
        let kind = operator_kind(binary.op);
        // grouping() is planned as bits of the number that tells totals apart.
        if kind == OperatorKind::Refused && of_totals(left) && of_totals(right) {
            return self.condition(&[left, right]);
        }
        let same = kind == OperatorKind::Equality;
        if (same || matches!(binary.op, Operator::NotEq | Operator::IsDistinctFrom))
            && let (Expr::Column(l), Expr::Column(r)) = (left.as_ref(), right.as_ref())
        {
            let (l, r) = (self.column(l)?, self.column(r)?);
            // Whether two rows have the same, as visits of one person, and nothing of which.
            if l.kind != Kind::Value && r.kind != Kind::Value {
                return Ok(Facts { role: Role::Derived, ..Facts::value(Shape::Other, false) });
            }
            // The one value is no more known than the other.
            if same && l.kind == r.kind && l.compared == r.compared && l.compared != Compared::Freely {
                return Ok(Facts { role: Role::Derived, ..Facts::value(Shape::Other, false) });
            }
        }
        match kind {
            OperatorKind::Refused => Err(Refusal::unsupported(&format!("The operator {}", binary.op))),
            OperatorKind::Comparison if !matches!(binary.op, Operator::NotEq | Operator::IsDistinctFrom) => {
                self.range(&[left, right])
            }
            OperatorKind::Equality | OperatorKind::Comparison | OperatorKind::Logic => {
                self.condition(&[left, right])
            }
            OperatorKind::Text => Ok(made_of(&[self.value(left)?, self.value(right)?])),
            OperatorKind::Pattern => {
                pattern(right)?;
                self.condition(&[left])
            }
            OperatorKind::Arithmetic => {
                let (l, r) = (self.value(left)?, self.value(right)?);
                let shape = match binary.op {
                    Operator::Plus => l.shape.plus(r.shape),
                    // A difference of counts is no count, and of constants may be anything.
                    Operator::Minus if (l.shape, r.shape) == (Shape::Date, Shape::Date) => Shape::Measure,
                    Operator::Minus => match l.shape.plus(r.shape) {
                        shape @ (Shape::Measure | Shape::Moved) => shape,
                        _ => Shape::Other,
                    },
                    Operator::Multiply if l.quantities.iter().any(|q| r.quantities.contains(q)) => {
                        Shape::Other
                    }
                    Operator::Multiply => l.shape.times(r.shape),
                    Operator::Divide => l.shape.over(r.shape),
                    _ => Shape::Other,
                };
                let mut facts = Facts { shape, role: Role::Derived, ..l };
                facts.made_of(&r);
                facts.branches.extend(r.branches);
                Ok(facts)
            }
        }
    }

    /// Every branch is a condition of its own, under the conditions that lead to it.
    fn case(&self, case: &Case) -> Result<Facts, Refusal> {
        let mut all = Facts { role: Role::Derived, ..Facts::value(Shape::Zero, true) };
        let mut not_before: Vec<Expr> = Vec::new();
        // `CASE WHEN … THEN person_id END` is a pseudonym too, to be counted.
        let pseudonym = self.is_pseudonym(case)?;
        let of = |expr: &Expr| if pseudonym { self.facts(expr) } else { self.value(expr) };
        if pseudonym {
            all.kind = Kind::Pseudonym;
        }
        let mut take = |branch: Expr, value: Option<Facts>, public: bool| {
            all.public &= public;
            if let Some(value) = value {
                all.made_of(&value);
                all.shape = all.shape.either(value.shape);
                all.branches.extend(value.branches.into_iter().map(|inner| branch.clone().and(inner)));
            }
            all.branches.push(branch);
        };
        if let Some(operand) = &case.expr {
            self.value(operand)?;
        }
        for (when, then) in &case.when_then_expr {
            let condition = match &case.expr {
                Some(operand) => operand.as_ref().clone().eq(when.as_ref().clone()),
                None => when.as_ref().clone(),
            };
            let public = self.condition(&[&condition])?.public;
            let here = conjunction(&not_before, condition.clone().is_true());
            take(here, Some(of(then)?), public);
            not_before.push(condition.is_not_true());
        }
        if let Some(last) = not_before.pop() {
            let value = case.else_expr.as_ref().map(|e| of(e)).transpose()?;
            take(conjunction(&not_before, last), value, true);
        }
        Ok(all)
    }

    /// Whether a CASE has pseudonyms and NULL for its values, and nothing else.
    fn is_pseudonym(&self, case: &Case) -> Result<bool, Refusal> {
        let thens = case.when_then_expr.iter().map(|(_, then)| then);
        let mut found = false;
        for value in thens.chain(&case.else_expr) {
            match value.as_ref() {
                Expr::Literal(value, _) if value.is_null() => {}
                Expr::Cast(cast) if matches!(cast.expr.as_ref(), Expr::Literal(v, _) if v.is_null()) => {}
                value if self.facts(value)?.kind == Kind::Value => return Ok(false),
                _ => found = true,
            }
        }
        Ok(found)
    }

    /// A cast that may lose a value is a condition: NULL tells those rows apart.
    fn cast(&self, whole: &Expr, inner: &Expr, to: &DataType) -> Result<Facts, Refusal> {
        let facts = self.value(inner)?;
        let numeric = to.is_numeric();
        let dated = matches!(to, DataType::Date32 | DataType::Timestamp(..)) && facts.shape == Shape::Date;
        let shape = if numeric || dated { facts.shape } else { Shape::Other };
        let mut branches = facts.branches;
        if numeric && !matches!(inner, Expr::Literal(..)) && !matches!(to, DataType::Float64) {
            let lost = whole.clone().is_null().and(inner.clone().is_not_null());
            branches.push(lost);
            branches.push(whole.clone().is_not_null());
        }
        Ok(Facts { shape, branches, role: Role::Derived, ..facts })
    }

    fn function(&self, whole: &Expr, function: &ScalarFunction) -> Result<Facts, Refusal> {
        let name = function.func.name();
        if !scalar_functions().iter().any(|f| f.as_ref() == function.func.as_ref()) {
            return Err(Refusal::unsupported(&format!("The function {name}")));
        }
        for position in literal_arguments(name) {
            if let Some(argument) = function.args.get(*position) {
                self.literal(argument, &format!("This argument of {name}"))?;
            }
        }
        if name == "to_char"
            && let [_, format] = function.args.as_slice()
        {
            known_format(format)?;
        }
        if matches!(name, PLACE_OF_PATTERN | FOUND_PATTERN | REPLACED_PATTERN)
            && let [_, written, ..] = function.args.as_slice()
        {
            pattern(written)?;
        }
        if matches!(name, "lpad" | "rpad")
            && let [_, length, ..] = function.args.as_slice()
        {
            padded_length(length)?;
        }
        let arguments = function.args.iter().map(|a| self.value(a)).collect::<Result<Vec<_>, _>>()?;
        // Whether a value is a certain one.
        if name == "nullif" {
            arguments.iter().try_for_each(freely)?;
        }
        let mut facts = made_of(&arguments);
        match (name, function.args.as_slice(), arguments.as_slice()) {
            ("coalesce", exprs, [first, rest @ ..]) => {
                facts.shape = rest.iter().fold(first.shape, |shape, f| shape.either(f.shape));
                let mut missing: Vec<Expr> = Vec::new();
                for expr in exprs {
                    facts.branches.push(conjunction(&missing, expr.clone().is_not_null()));
                    missing.push(expr.clone().is_null());
                }
            }
            ("nullif", [value, _], [first, ..]) => {
                facts.shape = first.shape;
                facts.branches.push(whole.clone().is_null().and(value.clone().is_not_null()));
                facts.branches.push(whole.clone().is_not_null());
            }
            ("abs", _, [value]) => facts.shape = value.shape,
            // All of the time between two, or its whole days, is a quantity as the days between two dates are.
            (ELAPSED, [_, _, part], [later, earlier, _])
                if is_whole_time(part) && (later.shape, earlier.shape) == (Shape::Date, Shape::Date) =>
            {
                facts.shape = Shape::Measure;
            }
            _ => {}
        }
        Ok(facts)
    }
}

/// Whether an expression has nothing in it but which of the keys a row is a total over: no query can name it.
fn of_totals(expr: &Expr) -> bool {
    expr.column_refs().iter().all(|c| c.name == Aggregate::INTERNAL_GROUPING_ID)
        && !expr.column_refs().is_empty()
        || matches!(expr, Expr::Literal(..))
}

fn conjunction(before: &[Expr], last: Expr) -> Expr {
    match before.iter().cloned().reduce(Expr::and) {
        Some(before) => before.and(last),
        None => last,
    }
}

pub(crate) fn literal_shape(value: &ScalarValue) -> Shape {
    if value.is_null() {
        return Shape::Zero;
    }
    let kind = value.data_type();
    if !kind.is_numeric() {
        return Shape::Other;
    }
    let is = |number: DataFusionResult<ScalarValue>| number.is_ok_and(|n| n == *value);
    if is(ScalarValue::new_zero(&kind)) {
        Shape::Zero
    } else if is(ScalarValue::new_one(&kind)) {
        Shape::Bit
    } else {
        Shape::Constant
    }
}

//! What the noise of counts is drawn by.

use super::{Result, Rewriter};
use crate::argument::{Measured, ValueExpr, with_filter};
use crate::cannot_fail::total;
use cloister_disclosure::Statistic;
use datafusion::common::{Column, DFSchemaRef};
use datafusion::logical_expr::Expr;

impl Rewriter<'_> {
    /// The sum of the record keys of what a count counts, where the policy has noise: of people each once, of rows each by
    /// its person. What counts different values counts neither, and has none.
    pub(super) fn summed_keys(
        &self,
        measured: &Measured,
        person: &Column,
        schema: &DFSchemaRef,
    ) -> Result<Option<Expr>> {
        let Some(keys) = &self.record_keys else { return Ok(None) };
        let person = Expr::Column(person.clone());
        let sum = match measured.statistic {
            Statistic::People => keys.of_people(person),
            Statistic::Count { .. } if counts_rows(&measured.value) => keys.of_rows(person),
            Statistic::Count { .. }
            | Statistic::Rate
            | Statistic::Sum
            | Statistic::Mean
            | Statistic::Extreme
            | Statistic::Quantile
            | Statistic::Spread
            | Statistic::Association => return Ok(None),
        };
        let filter = measured.contributes.as_ref().map(|f| total(f, schema)).transpose()?;
        Ok(Some(with_filter(sum, filter.as_ref())))
    }
}

/// Whether a number is one of rows, each as often as it is there.
fn counts_rows(value: &ValueExpr) -> bool {
    match value {
        ValueExpr::One(Expr::AggregateFunction(f)) => match f.func.name() {
            "count" => !f.params.distinct,
            "regr_count" => true,
            _ => false,
        },
        ValueExpr::One(_) | ValueExpr::People | ValueExpr::Rate { .. } => false,
    }
}

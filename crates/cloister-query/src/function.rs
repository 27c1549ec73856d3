//! Scalar functions and operators: an allow-list, by name. What is not here does not exist.

use crate::calendar;
use crate::percentile_disc::percentile_disc;
use crate::texts;
use datafusion::config::ConfigOptions;
use datafusion::functions::{core, datetime, math, string, unicode};
use datafusion::functions_aggregate::{
    average, correlation, count, covariance, grouping, median, min_max, percentile_cont, regr, stddev,
    string_agg, sum, variance,
};
use datafusion::functions_window::all_default_window_functions;
use datafusion::logical_expr::{AggregateUDF, Operator, ScalarUDF, WindowUDF};
use std::sync::Arc;

/// Functions of their arguments alone, that succeed or fail without regard to the data.
pub(crate) fn scalar_functions() -> Vec<Arc<ScalarUDF>> {
    vec![
        core::coalesce(),
        core::nullif(),
        core::greatest(),
        core::least(),
        math::abs(),
        math::round(),
        math::ceil(),
        math::floor(),
        datetime::date_part(),
        datetime::date_trunc(),
        datetime::current_date(),
        datetime::now(&ConfigOptions::default()),
        datetime::to_char(),
        calendar::date_plus(),
        calendar::full_months(),
        calendar::elapsed(),
        calendar::make_date(),
        texts::number_text(),
        texts::place_of_pattern(),
        texts::found_pattern(),
        texts::replaced_pattern(),
        math::exp(),
        math::ln(),
        math::log10(),
        math::power(),
        math::signum(),
        math::sqrt(),
        math::trunc(),
        string::ascii(),
        string::btrim(),
        string::concat(),
        string::concat_ws(),
        string::contains(),
        string::ends_with(),
        string::lower(),
        string::ltrim(),
        string::replace(),
        string::rtrim(),
        string::split_part(),
        string::starts_with(),
        string::upper(),
        unicode::character_length(),
        unicode::initcap(),
        unicode::left(),
        unicode::lpad(),
        unicode::reverse(),
        unicode::right(),
        unicode::rpad(),
        unicode::strpos(),
        unicode::substr(),
    ]
}

/// Arguments (by position, from 0) of a function that must be literals, because other values can make it fail.
pub(crate) fn literal_arguments(name: &str) -> &'static [usize] {
    match name {
        "substr" => &[1, 2],
        "left" | "right" | "round" | "trunc" => &[1],
        "replace" => &[1, 2],
        "split_part" => &[1, 2],
        "concat_ws" => &[0],
        "to_char" => &[1],
        calendar::DATE_PLUS | calendar::ELAPSED => &[2],
        "lpad" | "rpad" => &[1, 2],
        texts::NUMBER_TEXT | texts::PLACE_OF_PATTERN | texts::FOUND_PATTERN => &[1],
        texts::REPLACED_PATTERN => &[1, 2, 3],
        "date_part" | "date_trunc" => &[0],
        _ => &[],
    }
}

/// Aggregates that exist.
pub(crate) fn aggregate_functions() -> Vec<Arc<AggregateUDF>> {
    vec![
        count::count_udaf(),
        sum::sum_udaf(),
        average::avg_udaf(),
        min_max::min_udaf(),
        min_max::max_udaf(),
        median::median_udaf(),
        percentile_cont::percentile_cont_udaf(),
        percentile_disc(),
        stddev::stddev_udaf(),
        stddev::stddev_pop_udaf(),
        variance::var_samp_udaf(),
        variance::var_pop_udaf(),
        correlation::corr_udaf(),
        covariance::covar_samp_udaf(),
        covariance::covar_pop_udaf(),
        regr::regr_avgx_udaf(),
        regr::regr_avgy_udaf(),
        regr::regr_count_udaf(),
        regr::regr_intercept_udaf(),
        regr::regr_r2_udaf(),
        regr::regr_slope_udaf(),
        // Planned away where there are totals.
        grouping::grouping_udaf(),
        // Of nobody's rows, or of one person's.
        string_agg::string_agg_udaf(),
    ]
}

/// What a window function gives a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WindowKind {
    /// Its place among the rows.
    Rank,
    /// Another row's value.
    Value,
    /// Something of several rows' values.
    Aggregate,
}

/// Sorts every window function on the allow-list.
pub(crate) fn window_kind(name: &str) -> Option<WindowKind> {
    match name {
        "row_number" | "rank" | "dense_rank" | "percent_rank" | "cume_dist" | "ntile" => {
            Some(WindowKind::Rank)
        }
        "lag" | "lead" | "first_value" | "last_value" | "nth_value" => Some(WindowKind::Value),
        "count" | "sum" | "avg" | "min" | "max" | "stddev" | "stddev_pop" | "var" | "var_pop" => {
            Some(WindowKind::Aggregate)
        }
        _ => None,
    }
}

/// Window functions that exist; aggregates are window functions too.
pub(crate) fn window_functions() -> Vec<Arc<WindowUDF>> {
    all_default_window_functions().into_iter().filter(|f| window_kind(f.name()).is_some()).collect()
}

/// What an operator does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OperatorKind {
    Arithmetic,
    Equality,
    Comparison,
    Logic,
    Text,
    /// A regular expression, which must be written out.
    Pattern,
    Refused,
}

/// Sorts every operator; a new one must be placed by hand.
pub(crate) fn operator_kind(op: Operator) -> OperatorKind {
    match op {
        Operator::Plus | Operator::Minus | Operator::Multiply | Operator::Divide | Operator::Modulo => {
            OperatorKind::Arithmetic
        }
        Operator::Eq | Operator::IsNotDistinctFrom => OperatorKind::Equality,
        Operator::NotEq
        | Operator::IsDistinctFrom
        | Operator::Lt
        | Operator::LtEq
        | Operator::Gt
        | Operator::GtEq => OperatorKind::Comparison,
        Operator::And | Operator::Or => OperatorKind::Logic,
        Operator::StringConcat => OperatorKind::Text,
        Operator::RegexMatch | Operator::RegexIMatch | Operator::RegexNotMatch | Operator::RegexNotIMatch => {
            OperatorKind::Pattern
        }
        Operator::LikeMatch
        | Operator::ILikeMatch
        | Operator::NotLikeMatch
        | Operator::NotILikeMatch
        | Operator::BitwiseAnd
        | Operator::BitwiseOr
        | Operator::BitwiseXor
        | Operator::BitwiseShiftRight
        | Operator::BitwiseShiftLeft
        | Operator::AtArrow
        | Operator::ArrowAt
        | Operator::Arrow
        | Operator::LongArrow
        | Operator::HashArrow
        | Operator::HashLongArrow
        | Operator::AtAt
        | Operator::IntegerDivide
        | Operator::HashMinus
        | Operator::AtQuestion
        | Operator::Question
        | Operator::QuestionAnd
        | Operator::QuestionPipe
        | Operator::Colon => OperatorKind::Refused,
    }
}

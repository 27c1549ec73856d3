//! Against the other solver, over random programs of the kinds that there are.

use super::*;
use microlp::{ComparisonOp, OptimizationDirection, Problem};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Given {
    columns: Vec<(i8, i8, u8)>,
    rows: Vec<(Vec<i8>, u8, i8)>,
}

fn given() -> impl Strategy<Value = Given> {
    (1_usize..=9, 0_usize..=7).prop_flat_map(|(columns, rows)| {
        let column = (-4_i8..=4, -5_i8..=3, 0_u8..=9);
        let factors =
            prop::collection::vec(prop_oneof![2 => Just(0), 3 => -1_i8..=1, 1 => -3_i8..=3], columns);
        let row = (factors, 0_u8..3, -4_i8..=4);
        (prop::collection::vec(column, columns), prop::collection::vec(row, rows))
            .prop_map(|(columns, rows)| Given { columns, rows })
    })
}

/// No bound where the width is 9.
fn bounds(least: i8, width: u8) -> (f64, f64) {
    if width == 9 {
        (f64::NEG_INFINITY, f64::INFINITY)
    } else {
        (f64::from(least), f64::from(least) + f64::from(width))
    }
}

fn theirs(given: &Given) -> Option<f64> {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let columns: Vec<_> = given
        .columns
        .iter()
        .map(|(weight, least, width)| problem.add_var(f64::from(*weight), bounds(*least, *width)))
        .collect();
    for (factors, compare, value) in &given.rows {
        let terms: Vec<_> = columns.iter().copied().zip(factors.iter().map(|f| f64::from(*f))).collect();
        let compare = [ComparisonOp::Ge, ComparisonOp::Le, ComparisonOp::Eq][usize::from(*compare)];
        problem.add_constraint(terms.as_slice(), compare, f64::from(*value));
    }
    let solution = problem.solve().ok()?.into_solution().ok()?;
    Some(solution.objective())
}

fn ours(given: &Given) -> Option<Vec<f64>> {
    simplex(given).solve()
}

fn simplex(given: &Given) -> Simplex {
    let columns = given.columns.iter().map(|(weight, least, width)| {
        let (least, most) = bounds(*least, *width);
        (f64::from(*weight), least, most)
    });
    let mut simplex = Simplex::new(columns);
    for (factors, compare, value) in &given.rows {
        let terms: Vec<_> = factors.iter().map(|f| f64::from(*f)).enumerate().collect();
        let value = f64::from(*value);
        let (least, most) =
            [(value, f64::INFINITY), (f64::NEG_INFINITY, value), (value, value)][usize::from(*compare)];
        simplex.row(&terms, least, most);
    }
    simplex
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn both_solvers_find_the_same_optimum(given in given()) {
        same(&given)?;
    }

    /// Every column begins where its weight prefers it, so that the dual steps are taken.
    #[test]
    fn both_find_the_same_from_a_point_that_is_preferred(given in given()) {
        let columns = given.columns.iter().map(|(weight, _, width)| (weight.abs(), 0, (*width).min(8)));
        let given = Given { columns: columns.collect(), ..given };
        prop_assert!(simplex(&given).is_preferred());
        same(&given)?;
    }
}

fn same(given: &Given) -> Result<(), TestCaseError> {
    let (ours, theirs) = (ours(given), theirs(given));
    prop_assert_eq!(ours.is_some(), theirs.is_some(), "{:?} {:?}", ours, theirs);
    let (Some(ours), Some(theirs)) = (ours, theirs) else { return Ok(()) };
    let objective: f64 =
        ours.iter().zip(&given.columns).map(|(value, (weight, ..))| value * f64::from(*weight)).sum();
    prop_assert!((objective - theirs).abs() < 1e-6, "{objective} {theirs}");
    for (value, (_, least, width)) in ours.iter().zip(&given.columns) {
        let (least, most) = bounds(*least, *width);
        prop_assert!((least - 1e-6..=most + 1e-6).contains(value));
    }
    for (factors, compare, value) in &given.rows {
        let sum: f64 = factors.iter().zip(&ours).map(|(factor, value)| f64::from(*factor) * value).sum();
        let over = sum - f64::from(*value);
        let holds = [over > -1e-6, over < 1e-6, over.abs() < 1e-6][usize::from(*compare)];
        prop_assert!(holds, "{factors:?} {compare} {value}: {ours:?}");
    }
    Ok(())
}

//! The attack against an outsider with all the time in the world, who tries every table of whole numbers that agrees with
//! what is shown. In tables of two dimensions whole numbers tell no more than fractions do, so both must find the same.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use cloister_check::{Purpose, Settings, Table, audit};
use cloister_disclosure::Policy;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Two areas and three kinds, and their totals: 12 numbers in the order of the file.
const SIZE: usize = 12;
/// Greater numbers than this are not tried of the six smallest cells.
const PATIENCE: u64 = 8;

fn all(inner: [u64; 6]) -> [u64; SIZE] {
    let [a, b, c, d, e, f] = inner;
    [a, b, c, a + b + c, d, e, f, d + e + f, a + d, b + e, c + f, a + b + c + d + e + f]
}

/// The numbers that are not shown and are the same in every table that agrees.
fn recovered(truth: &[u64; SIZE], hidden: &[bool; SIZE]) -> BTreeSet<usize> {
    let mut known: BTreeSet<usize> = (0..SIZE).filter(|cell| hidden[*cell]).collect();
    let base = PATIENCE + 1;
    for code in 0..base.pow(6) {
        let inner: [u64; 6] =
            std::array::from_fn(|place| code / base.pow(u32::try_from(place).unwrap()) % base);
        let guess = all(inner);
        // Zeros are shown, so what is not shown is somebody.
        let agrees = (0..SIZE).all(|c| if hidden[c] { guess[c] >= 1 } else { guess[c] == truth[c] });
        if agrees {
            known.retain(|cell| guess[*cell] == truth[*cell]);
        }
    }
    known
}

fn text(truth: &[u64; SIZE], hidden: &[bool; SIZE]) -> String {
    let field = |cell: usize| if hidden[cell] { "*".to_owned() } else { truth[cell].to_string() };
    let row = |name: &str, first: usize| {
        let fields: Vec<String> = (first..first + 4).map(field).collect();
        format!("{name},{}\n", fields.join(","))
    };
    format!("area,F,M,X,Total\n{}{}{}", row("North", 0), row("South", 4), row("Total", 8))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn no_more_and_no_fewer_are_recovered(
        inner in prop::array::uniform6(0_u64..=4),
        wished in prop::array::uniform12(prop::bool::weighted(0.55)),
    ) {
        let truth = all(inner);
        let hidden: [bool; SIZE] = std::array::from_fn(|cell| wished[cell] && truth[cell] > 0);
        let policy = include_str!("../../../policies/disclosure/cms-11.toml");
        let policy = Policy::parse(policy).unwrap();
        let settings = Settings::default();
        let table = Table::parse("t.csv", text(&truth, &hidden).into(), None, &settings, Purpose::Audit).unwrap();
        let audited = audit(table, &policy).unwrap();
        let found: BTreeSet<usize> = audited
            .found
            .iter()
            .filter(|f| f.is_exact())
            .map(|f| (f.row - 2) * 4 + f.column - 2)
            .collect();
        prop_assert_eq!(found, recovered(&truth, &hidden), "{}", text(&truth, &hidden));
        for found in audited.found {
            let cell = (found.row - 2) * 4 + found.column - 2;
            let truth = truth[cell] as f64;
            prop_assert!(found.range.low <= truth && truth <= found.range.high, "{:?}", found);
        }
    }
}

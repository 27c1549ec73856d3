//! An outsider with all the time in the world, against small tables.

use super::*;
use crate::{AdditiveCell, Hierarchy, Layout};
use proptest::prelude::*;

/// Values further than this from the truth are not tried: less patience than an outsider may have, so that
/// finding something is enough.
const PATIENCE: i64 = 9;

/// Values tried before a case is left undecided: an enumeration in an unlucky order can take for ever.
const TRIES_MAX: u32 = 3_000_000;

/// Every table that agrees with what is shown, one suppressed cell after the other, until one has the cell as low
/// or as high as wished.
struct Outsider<'a> {
    table: &'a Additive,
    hidden: Vec<usize>,
    knowledge: Knowledge,
    deviations: Vec<i64>,
    assigned: Vec<bool>,
    /// What is left of its patience: one for each value tried.
    tries_left: u32,
}

impl<'a> Outsider<'a> {
    fn new(table: &'a Additive, hidden: impl Fn(usize) -> bool, knowledge: Knowledge, first: usize) -> Self {
        let cells = table.cells().len();
        let mut hidden: Vec<usize> = (0..cells).filter(|cell| hidden(*cell)).collect();
        hidden.sort_by_key(|cell| (*cell != first, *cell));
        let assigned = (0..cells).map(|cell| !hidden.contains(&cell)).collect();
        Self { table, hidden, knowledge, deviations: vec![0; cells], assigned, tries_left: TRIES_MAX }
    }

    fn range(&self, cell: usize) -> (i64, i64) {
        let c = &self.table.cells()[cell];
        let least = if self.knowledge == Knowledge::Lower { c.lower } else { 0 };
        (least - c.value, PATIENCE)
    }

    fn could_still_add_up(&self, cell: usize) -> bool {
        self.table.of(cell).iter().all(|term| {
            let (mut least, mut most) = (0, 0);
            for (other, sign) in self.table.terms(term.relation) {
                let (a, b) = if self.assigned[other] {
                    (self.deviations[other], self.deviations[other])
                } else {
                    self.range(other)
                };
                least += (sign * a).min(sign * b);
                most += (sign * a).max(sign * b);
            }
            least <= 0 && most >= 0
        })
    }

    /// Whether some table has the first hidden cell at this distance or further.
    fn finds(&mut self, goal: &Goal, place: usize) -> bool {
        let Some(cell) = self.hidden.get(place).copied() else { return true };
        let (least, most) = self.range(cell);
        let mut tries: Vec<i64> = (least..=most).collect();
        if place == 0 {
            tries.retain(|by| if goal.up { *by >= goal.need } else { -by >= goal.need });
        }
        tries.sort_by_key(|by| by.abs());
        self.assigned[cell] = true;
        for by in tries {
            self.tries_left = self.tries_left.saturating_sub(1);
            if self.tries_left == 0 {
                return false;
            }
            self.deviations[cell] = by;
            if self.could_still_add_up(cell) && self.finds(goal, place + 1) {
                return true;
            }
        }
        self.assigned[cell] = false;
        self.deviations[cell] = 0;
        false
    }
}

/// A table over two dimensions, with totals.
fn two_way(
    rows: &Hierarchy,
    columns: &Hierarchy,
    codes: [&[&str]; 2],
    leaves: &[Vec<u32>],
    min: u32,
) -> Additive {
    let leaf = |code: &str| -> Vec<usize> {
        // A code is the sum of the leaves that it begins.
        let under = if code == "T" { "" } else { code };
        (0..4).filter(|i| LEAVES[*i].starts_with(under)).collect()
    };
    let (mut keys, mut cells) = (Vec::new(), Vec::new());
    for row in codes[0] {
        for column in codes[1] {
            let (above, beside) = (leaf(row), leaf(column));
            let pairs = above.iter().flat_map(|i| beside.iter().map(|j| (*i, *j)));
            let people =
                pairs.map(|(i, j)| leaves.get(i).and_then(|l| l.get(j)).copied().unwrap_or_default());
            keys.push(vec![(*row).to_owned(), (*column).to_owned()]);
            cells.push(AdditiveCell::count(people.sum(), min, true));
        }
    }
    let layout = Layout::new(keys).unwrap();
    Additive::new(cells, layout.relations(&[rows.clone(), columns.clone()])).unwrap()
}

const LEAVES: [&str; 4] = ["aa", "ab", "ba", "bb"];

fn nothing_is_narrowed(table: &Additive) -> Result<(), TestCaseError> {
    let pattern =
        match suppress(table, &Limits::for_cells(table.cells().len()), &mut |_| ControlFlow::Continue(())) {
            Ok(pattern) => pattern,
            Err(held) => return Err(TestCaseError::reject(held.to_string())),
        };
    for (goal, _) in pattern.attack().reached() {
        let mut outsider =
            Outsider::new(table, |cell| pattern.is_suppressed(cell), goal.knowledge, goal.cell);
        let found = outsider.finds(goal, 0);
        prop_assume!(found || outsider.tries_left > 0);
        prop_assert!(found, "{goal:?} of {table:?} with {:?}", pattern.secondary());
    }
    // What is called impossible is: no pattern is wider than suppressing everything.
    for impossible in pattern.impossible() {
        let beyond = Goal { need: impossible.possible + 1, ..impossible.goal };
        let mut everything = pattern.clone();
        (0..table.cells().len())
            .filter(|cell| table.cells()[*cell].suppressible)
            .for_each(|cell| everything.suppressed.set(cell, true));
        let mut outsider =
            Outsider::new(table, |cell| everything.is_suppressed(cell), beyond.knowledge, beyond.cell);
        prop_assert!(!outsider.finds(&beyond, 0), "{beyond:?}");
        prop_assume!(outsider.tries_left > 0);
    }
    Ok(())
}

fn leaves() -> impl Strategy<Value = Vec<Vec<u32>>> {
    prop::collection::vec(prop::collection::vec(0_u32..=12, 4), 3..=4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_table_with_margins_is_narrowed(leaves in leaves(), columns in 3_usize..=4, min in 3_u32..=5) {
        let flat = |n: usize| Hierarchy::flat("T", LEAVES[..n].iter().map(|c| (*c).to_owned())).unwrap();
        let leaves: Vec<Vec<u32>> = leaves.into_iter().map(|row| row[..columns].to_vec()).collect();
        let codes = |n: usize| -> Vec<&str> { ["T"].into_iter().chain(LEAVES[..n].iter().copied()).collect() };
        let (r, c) = (codes(leaves.len()), codes(columns));
        nothing_is_narrowed(&two_way(&flat(leaves.len()), &flat(columns), [&r, &c], &leaves, min))?;
    }

    #[test]
    fn an_audit_finds_what_can_be_recovered_and_nothing_else(
        leaves in leaves(),
        hidden in prop::collection::vec(prop::bool::weighted(0.4), 25),
    ) {
        let flat = |n: usize| Hierarchy::flat("T", LEAVES[..n].iter().map(|c| (*c).to_owned())).unwrap();
        let leaves: Vec<Vec<u32>> = leaves.into_iter().map(|row| row[..3].to_vec()).collect();
        let codes = |n: usize| -> Vec<&str> { ["T"].into_iter().chain(LEAVES[..n].iter().copied()).collect() };
        let (r, c) = (codes(leaves.len()), codes(3));
        let table = two_way(&flat(leaves.len()), &flat(3), [&r, &c], &leaves, 5);
        let hidden = |cell: usize| hidden[cell] && table.cells()[cell].suppressible;
        // No more than the enumeration can bear.
        let all: Vec<usize> = (0..table.cells().len()).filter(|cell| hidden(*cell)).take(7).collect();
        let hidden = |cell: usize| all.contains(&cell);
        let knowledge = Knowledge::Lower;
        let fixed = |cell: &usize| {
            [true, false].iter().all(|up| {
                let goal = Goal { cell: *cell, up: *up, need: 1, knowledge };
                !Outsider::new(&table, hidden, knowledge, *cell).finds(&goal, 0)
            })
        };
        let expected: Vec<usize> = all.iter().copied().filter(fixed).collect();
        let attack = crate::attack(&table, all.iter().copied(), knowledge);
        prop_assert_eq!(attack.recovered().collect::<Vec<_>>(), expected);
        prop_assert_eq!(attack.undecided(), &[]);
    }

    #[test]
    fn no_table_with_hierarchies_is_narrowed(leaves in leaves(), min in 3_u32..=5) {
        let group = |code: &str, members: [&str; 2]| (code.to_owned(), members.map(str::to_owned).to_vec());
        let two = Hierarchy::new([
            group("T", ["a", "b"]), group("a", ["aa", "ab"]), group("b", ["ba", "bb"]),
        ]).unwrap();
        let codes = ["T", "a", "b", "aa", "ab", "ba", "bb"];
        nothing_is_narrowed(&two_way(&two, &two, [&codes, &codes], &leaves, min))?;
    }
}

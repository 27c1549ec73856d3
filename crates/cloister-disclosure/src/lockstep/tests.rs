use super::*;
use proptest::prelude::*;

/// Moves of cells that fit their rooms and leave every row at nothing, out of all small ones.
fn all(rooms: &[Range], rows: &[Vec<(usize, i64)>]) -> BTreeSet<Vec<i64>> {
    let mut moves: Vec<Vec<i64>> = vec![Vec::new()];
    for room in rooms {
        moves = moves
            .iter()
            .flat_map(|m| (-room.down..=room.up).map(move |by| m.iter().copied().chain([by]).collect()))
            .collect();
    }
    let balanced = |m: &Vec<i64>| rows.iter().all(|row| row.iter().map(|(c, s)| m[*c] * s).sum::<i64>() == 0);
    moves.into_iter().filter(balanced).collect()
}

fn given() -> impl Strategy<Value = (Vec<Range>, Vec<Vec<(usize, i64)>>)> {
    (2_usize..=6).prop_flat_map(|cells| {
        let room = (0_i64..=2, 0_i64..=2).prop_map(|(down, up)| Range { down, up });
        let row = prop::collection::btree_map(0..cells, prop_oneof![Just(1_i64), Just(-1)], 1..=3);
        let rows = prop::collection::vec(row.prop_map(|r| r.into_iter().collect()), 0..=5);
        (prop::collection::vec(room, cells), rows)
    })
}

#[test]
fn two_cells_of_a_relation_move_together() {
    let room = Range { down: 3, up: 5 };
    let lockstep = Lockstep::of(&[room, Range { down: 9, up: 2 }], &[vec![(0, 1), (1, -1)]]);
    assert_eq!(lockstep.rooms(), [Range { down: 3, up: 2 }]);
    assert!(lockstep.rows().is_empty());
    assert_eq!(lockstep.moves(&[2.0]), [2.0, 2.0]);
    let lockstep = Lockstep::of(&[room, room], &[vec![(0, 1), (1, 1)]]);
    assert_eq!(lockstep.rooms(), [Range { down: 3, up: 3 }]);
    assert_eq!(lockstep.moves(&[1.0]), [1.0, -1.0]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// The groups' moves are the cells' moves: neither more nor fewer.
    #[test]
    fn groups_move_as_their_cells_do((rooms, rows) in given()) {
        let lockstep = Lockstep::of(&rooms, &rows);
        let groups = all(lockstep.rooms(), lockstep.rows());
        let moves: BTreeSet<Vec<i64>> = groups
            .iter()
            .map(|g| lockstep.moves(&g.iter().map(|by| *by as f64).collect::<Vec<_>>()))
            .map(|m| m.into_iter().map(|by| by as i64).collect())
            .collect();
        prop_assert_eq!(moves, all(&rooms, &rows));
    }
}

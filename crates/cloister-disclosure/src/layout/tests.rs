use super::*;

fn keys(cells: &[[&str; 2]]) -> Vec<Vec<String>> {
    cells.iter().map(|key| key.iter().map(|code| (*code).to_owned()).collect()).collect()
}

#[test]
fn every_dimension_gives_relations() {
    let layout =
        Layout::new(keys(&[["T", "T"], ["T", "x"], ["T", "y"], ["a", "T"], ["a", "x"], ["a", "y"]])).unwrap();
    let region = Hierarchy::flat("T", ["a".to_owned()]).unwrap();
    let age = Hierarchy::flat("T", ["x".to_owned(), "y".to_owned()]).unwrap();
    let relations = layout.relations(&[region, age]);
    let relation = |total, parts: &[usize]| Relation { total, parts: parts.to_vec() };
    assert_eq!(
        relations,
        [relation(0, &[3]), relation(1, &[4]), relation(2, &[5]), relation(0, &[1, 2]), relation(3, &[4, 5])]
    );
}

#[test]
fn two_cells_with_the_same_codes_are_named() {
    assert_eq!(Layout::new(keys(&[["a", "x"], ["a", "y"], ["a", "x"]])).unwrap_err(), (0, 2));
}

#[test]
fn a_code_that_is_part_of_itself_is_refused() {
    let group = |code: &str, member: &str| (code.to_owned(), vec![member.to_owned()]);
    assert_eq!(Hierarchy::new([group("a", "b"), group("b", "a")]), Err(HierarchyError::Circle));
    assert!(Hierarchy::new([group("a", "b"), group("b", "c"), group("x", "b")]).is_ok());
}

#[test]
fn grouping_sets_may_leave_levels_out() {
    let key = |a: Option<&str>, b: Option<&str>| vec![a.map(str::to_owned), b.map(str::to_owned)];
    let cells = [key(None, None), key(Some("a"), Some("x")), key(Some("b"), Some("x")), key(Some("a"), None)];
    let relations = Layout::of_grouping_sets(&cells);
    // The set over `a` alone has only one of its cells: it cannot be summed to the total by this, but is a sum.
    assert_eq!(relations, [Relation { total: 0, parts: vec![3] }, Relation { total: 3, parts: vec![1] }]);
    let cube = [key(None, None), key(Some("a"), Some("x")), key(Some("b"), Some("x"))];
    assert_eq!(Layout::of_grouping_sets(&cube), [Relation { total: 0, parts: vec![1, 2] }]);
}

//! The cases beside the shipped policies hold.

use cloister_disclosure::{Policy, run_cases};
use std::path::Path;

#[test]
fn the_cases_beside_the_policies_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/disclosure");
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
    for (policies, cases) in [(folder.clone(), folder.join("cases")), (made.join("policies"), made.join("disclosure"))] {
        for entry in std::fs::read_dir(cases).unwrap() {
            let path = entry.unwrap().path();
            let read = |path: &Path| std::fs::read_to_string(path).unwrap();
            let policy = Policy::parse(&read(&policies.join(path.file_name().unwrap()))).unwrap();
            for outcome in run_cases(&read(&path), &policy).unwrap() {
                assert_eq!(outcome.failure, None, "{}: {}", path.display(), outcome.description);
            }
        }
    }
}

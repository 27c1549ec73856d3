//! The disclosure rules, case by case: the cases beside the shipped policies, and those of policies that are made for a
//! case (`golden/policies` and `golden/disclosure`).

use cloister_disclosure::{Policy, Rule, run_cases};
use cloister_tests::policies;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What cases are about besides rules.
const OTHER: [&str; 8] = [
    "mean-with-sum",
    "totals-beside-suppressed",
    "totals-rounded-apart",
    "too-many-cells",
    "zero",
    "rounding",
    "null",
    "mean-digits",
];

fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    files.sort();
    files
}

#[test]
fn every_case_holds_and_every_rule_has_three() {
    let shipped = policies().join("disclosure");
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    for (folder, cases) in
        [(shipped.clone(), shipped.join("cases")), (made.join("policies"), made.join("disclosure"))]
    {
        let files = toml_files(&folder);
        assert!(!files.is_empty());
        assert_eq!(files.len(), toml_files(&cases).len(), "a policy without cases, or the other way round");
        for path in files {
            let name = path.file_name().unwrap();
            let policy = Policy::parse(&std::fs::read_to_string(&path).unwrap())
                .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let table = policy.cell_key().and_then(|n| std::fs::read_to_string(folder.join(n.table)).ok());
            let policy = match table {
                Some(table) => policy.with_perturbation(&table).unwrap(),
                None => policy,
            };
            let text = std::fs::read_to_string(cases.join(name)).unwrap();
            let outcomes = run_cases(&text, &policy).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            for outcome in outcomes {
                *seen.entry(outcome.rule).or_default() += 1;
                if let Some(failure) = outcome.failure {
                    failures.push(format!("{}: {}: {failure}", policy.name(), outcome.description));
                }
            }
        }
    }
    assert_eq!(failures, Vec::<String>::new());
    let known = |rule: &str| OTHER.contains(&rule) || Rule::ALL.iter().any(|r| r.code() == rule);
    assert!(seen.keys().all(|rule| known(rule)), "{seen:?}");
    // What is withheld for the ledger's sake, no table says by itself: `crates/cloister-disclosure/tests/withheld.rs`.
    for rule in Rule::ALL.into_iter().filter(|rule| *rule != Rule::Ledger) {
        let cases = seen.get(rule.code()).copied().unwrap_or_default();
        assert!(cases >= 3, "`{}` has {cases} cases", rule.code());
    }
}

//! How long suppression and its full audit take, by size of table. Prints a Markdown table.
//!
//! Counts of people over hierarchies, skewed as real codes are, with threshold 10 and zeros shown.
//! Arguments: the names of tables to run (all without any).

#![allow(clippy::expect_used, reason = "a benchmark that cannot make its table has nothing to measure")]

use cloister_disclosure::{
    Additive, AdditiveCell, Hierarchy, Knowledge, Layout, Limits, Pattern, attack, suppress,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// A table: its name, how many people, and for each dimension how many members each level's codes have.
type Shape = (&'static str, usize, &'static [&'static [usize]]);

const SHAPES: [Shape; 8] = [
    ("500, flat", 6_000, &[&[22], &[21]]),
    ("500, two hierarchies", 3_000, &[&[4, 5], &[4, 4]]),
    ("3,000, two hierarchies", 30_000, &[&[4, 5, 5], &[5, 4]]),
    ("3,000, three dimensions", 30_000, &[&[4, 5], &[4, 9], &[2]]),
    ("14,000, two hierarchies", 120_000, &[&[10, 10, 4], &[26]]),
    ("14,000, three dimensions", 150_000, &[&[5, 6, 4], &[5, 5], &[2]]),
    ("50,000, two hierarchies", 400_000, &[&[4, 6, 11], &[10, 15]]),
    ("50,000, three dimensions", 500_000, &[&[8, 6], &[5, 9], &[4, 3]]),
];

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    println!(
        "| table | cells | primary | secondary | impossible | suppression with its proof, s | attack from nothing, s | undecided | both, CPU s |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (name, people, levels) in SHAPES {
        if !wanted.is_empty() && !wanted.iter().any(|w| name.contains(w.as_str())) {
            continue;
        }
        let table = table(people, levels);
        let started = Instant::now();
        let processor_before = processor_s();
        let trace = std::env::var_os("SUPPRESSION_TRACE").is_some();
        let mut stage = None;
        let result = suppress(&table, &Limits::for_cells(table.cells().len()), &mut |progress| {
            if trace && stage.replace(progress.stage) != Some(progress.stage) {
                eprintln!("{:.2} CPU s {progress:?}", processor_s() - processor_before);
            }
            ControlFlow::Continue(())
        });
        let suppressed_s = started.elapsed().as_secs_f64();
        let primary = table.cells().iter().filter(|c| c.protect.is_some()).count();
        let cells = table.cells().len();
        match result {
            Err(held) => println!("| {name} | {cells} | {primary} | {held} | | {suppressed_s:.2} | | | |"),
            Ok(pattern) => {
                let (audited, undecided) = audit(&table, &pattern);
                println!(
                    "| {name} | {cells} | {primary} | {} | {} | {suppressed_s:.2} | {:.2} | {undecided} | {:.2} |",
                    pattern.secondary().len(),
                    pattern.impossible().len(),
                    audited.as_secs_f64(),
                    processor_s() - processor_before,
                );
            }
        }
    }
}

/// Processor time of this process so far, of all threads: wall time says little on a machine that is busy.
fn processor_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: f64 = fields.skip(11).take(2).filter_map(|f| f.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// Attacks a pattern as if somebody else had made it, and insists on the same answer. Returns how many goals were left
/// undecided: what the pattern's own proof shows may be hard to find again from nothing.
fn audit(table: &Additive, pattern: &Pattern) -> (Duration, usize) {
    let started = Instant::now();
    let suppressed = (0..table.cells().len()).filter(|cell| pattern.is_suppressed(*cell));
    let attack = attack(table, suppressed, Knowledge::Lower);
    let took = started.elapsed();
    assert_eq!(attack.short().len(), pattern.impossible().len());
    (took, attack.undecided().len())
}

/// Codes of a dimension: the parent of each, the leaves last.
fn codes(branches: &[usize]) -> Dimension {
    let mut codes = vec![("T".to_owned(), None)];
    let mut level = 0..1;
    for members in branches {
        let from = codes.len();
        for parent in level {
            for member in 0..*members {
                let code = codes.get(parent).map(|(code, _)| format!("{code}.{member:02}"));
                codes.push((code.unwrap_or_default(), Some(parent)));
            }
        }
        level = from..codes.len();
    }
    (codes, level.start)
}

fn table(people: usize, levels: &[&[usize]]) -> Additive {
    let mut random = ChaCha8Rng::seed_from_u64(people as u64);
    let dimensions: Vec<Dimension> = levels.iter().map(|l| codes(l)).collect();
    let weights: Vec<Vec<f64>> = dimensions
        .iter()
        .map(|(codes, leaves)| {
            let mut sum = 0.0;
            let mut weight = || {
                sum += (-random.random_range(1e-9..1.0_f64).ln()).powf(1.4) + 0.02;
                sum
            };
            (*leaves..codes.len()).map(|_| weight()).collect()
        })
        .collect();
    let mut counts: BTreeMap<Vec<usize>, u32> = BTreeMap::new();
    add_all_keys(&dimensions, &mut Vec::new(), &mut counts);
    for _ in 0..people {
        let leaf: Vec<usize> = dimensions
            .iter()
            .zip(&weights)
            .map(|((_, leaves), weights)| {
                let at = random.random_range(0.0..weights.last().copied().unwrap_or(1.0));
                leaves + weights.partition_point(|w| *w < at)
            })
            .collect();
        add_to_ancestors(&dimensions, &leaf, &mut Vec::new(), &mut counts);
    }
    let cells = counts.values().map(|n| AdditiveCell::count(*n, 10, true)).collect();
    let name = |(at, (codes, _)): (&usize, &Dimension)| {
        codes.get(*at).map(|(code, _)| code.clone()).unwrap_or_default()
    };
    let keys = counts.keys().map(|key| key.iter().zip(&dimensions).map(name).collect()).collect();
    let hierarchies: Vec<Hierarchy> = dimensions.iter().map(|(codes, _)| hierarchy(codes)).collect();
    let layout = Layout::new(keys).expect("codes are unique");
    Additive::new(cells, layout.relations(&hierarchies)).expect("sums were made by adding")
}

fn hierarchy(codes: &[(String, Option<usize>)]) -> Hierarchy {
    let mut groups: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for (code, parent) in codes {
        if let Some(parent) = parent {
            groups.entry(*parent).or_default().push(code.clone());
        }
    }
    let named =
        groups.into_iter().filter_map(|(parent, members)| Some((codes.get(parent)?.0.clone(), members)));
    Hierarchy::new(named).expect("a tree")
}

/// Codes with their parents, and where the leaves begin.
type Dimension = (Vec<(String, Option<usize>)>, usize);

fn add_all_keys(dimensions: &[Dimension], key: &mut Vec<usize>, counts: &mut BTreeMap<Vec<usize>, u32>) {
    let Some((codes, _)) = dimensions.get(key.len()) else {
        counts.insert(key.clone(), 0);
        return;
    };
    for at in 0..codes.len() {
        key.push(at);
        add_all_keys(dimensions, key, counts);
        key.pop();
    }
}

fn add_to_ancestors(
    dimensions: &[Dimension],
    leaf: &[usize],
    key: &mut Vec<usize>,
    counts: &mut BTreeMap<Vec<usize>, u32>,
) {
    let Some((codes, _)) = dimensions.get(key.len()) else {
        *counts.entry(key.clone()).or_default() += 1;
        return;
    };
    let mut at = leaf.get(key.len()).copied();
    while let Some(code) = at {
        key.push(code);
        add_to_ancestors(dimensions, leaf, key, counts);
        key.pop();
        at = codes.get(code).and_then(|(_, parent)| *parent);
    }
}

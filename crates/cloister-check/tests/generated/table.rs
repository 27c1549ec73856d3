//! A table of three dimensions with hierarchies, made up.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The numerical recipe that every language can follow (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }
}

/// A dimension: for each code its parent; leaves are those that are nobody's parent.
fn codes(branches: &[usize]) -> Vec<(String, Option<usize>)> {
    let mut codes = vec![("T".to_owned(), None)];
    let mut level = vec![0];
    for members in branches {
        let mut next = Vec::new();
        for parent in level {
            for member in 0..*members {
                next.push(codes.len());
                codes.push((format!("{}.{member}", codes[parent].0), Some(parent)));
            }
        }
        level = next;
    }
    codes
}

/// A table of three dimensions as CSV, and its hierarchies: raw, or suppressed by a rule that looks at one total at a
/// time.
pub fn table(suppressed: bool) -> (String, String) {
    let dimensions = [codes(&[4, 5]), codes(&[4, 9]), codes(&[2])];
    let leaves: Vec<Vec<usize>> = dimensions
        .iter()
        .map(|d| (0..d.len()).filter(|i| !d.iter().any(|(_, p)| *p == Some(*i))).collect())
        .collect();
    let mut numbers = Numbers(2_026);
    let mut counts: BTreeMap<[usize; 3], u64> = BTreeMap::new();
    for _ in 0..30_000 {
        // The smaller of two is likelier to be small: some codes are rare.
        let mut pick = |of: &[usize]| of[numbers.next(of.len()).min(numbers.next(of.len()))];
        let leaf = [pick(&leaves[0]), pick(&leaves[1]), pick(&leaves[2])];
        let mut up = vec![leaf];
        for axis in 0..3 {
            for at in up.clone() {
                let mut at = at;
                while let Some(parent) = dimensions[axis][at[axis]].1 {
                    at[axis] = parent;
                    up.push(at);
                }
            }
        }
        up.into_iter().for_each(|at| *counts.entry(at).or_default() += 1);
    }
    let all: Vec<[usize; 3]> = (0..dimensions[0].len())
        .flat_map(|a| (0..dimensions[1].len()).map(move |b| (a, b)))
        .flat_map(|(a, b)| (0..dimensions[2].len()).map(move |c| [a, b, c]))
        .collect();
    let count = |at: &[usize; 3]| counts.get(at).copied().unwrap_or_default();
    let mut hidden: BTreeSet<[usize; 3]> =
        all.iter().copied().filter(|at| suppressed && (1..10).contains(&count(at))).collect();
    // Once through all totals, and once through half of them: what hides one cell uncovers another.
    for axes in if suppressed { vec![3, 1] } else { Vec::new() } {
        for axis in 0..axes {
            for parent in 0..dimensions[axis].len() {
                let parts: Vec<usize> =
                    (0..dimensions[axis].len()).filter(|i| dimensions[axis][*i].1 == Some(parent)).collect();
                if parts.is_empty() {
                    continue;
                }
                for at in all.iter().filter(|at| at[axis] == parent) {
                    let with = |code: usize| {
                        let mut at = *at;
                        at[axis] = code;
                        at
                    };
                    let group: Vec<[usize; 3]> =
                        std::iter::once(parent).chain(parts.clone()).map(with).collect();
                    if group.iter().filter(|at| hidden.contains(*at)).count() == 1 {
                        let shown = group.iter().filter(|at| !hidden.contains(*at) && count(at) > 0);
                        hidden.extend(shown.min_by_key(|at| (count(at), **at)).copied());
                    }
                }
            }
        }
    }
    let mut text = "a,b,c,n\n".to_owned();
    for at in &all {
        let [a, b, c] = [0, 1, 2].map(|axis| dimensions[axis][at[axis]].0.as_str());
        let n = if hidden.contains(at) { "*".to_owned() } else { count(at).to_string() };
        writeln!(text, "{a},{b},{c},{n}").unwrap();
    }
    let mut hierarchy = String::new();
    for (name, dimension) in ["a", "b", "c"].iter().zip(&dimensions) {
        writeln!(hierarchy, "[{name}]").unwrap();
        for (parent, (code, _)) in dimension.iter().enumerate() {
            let parts: Vec<String> = dimension
                .iter()
                .filter(|(_, p)| *p == Some(parent))
                .map(|(c, _)| format!("\"{c}\""))
                .collect();
            if !parts.is_empty() {
                writeln!(hierarchy, "\"{code}\" = [{}]", parts.join(", ")).unwrap();
            }
        }
    }
    (text, hierarchy)
}

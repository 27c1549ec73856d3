//! How often something is given away of which the ledger finds nothing, and the smallest example of each way.

use crate::knows::{Shown, Study};
use std::collections::BTreeMap;
use std::fmt;

/// What an outsider can say of a small group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// How many it is of.
    Pinned,
    /// That it is of fewer than are enough, and not of every such number.
    Narrowed,
    /// That it is of more than one, and perhaps of many.
    Floor,
}

/// How it is come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    pub level: Level,
    /// Whether counts are exact.
    pub exact: bool,
    /// Whether markers in the place of small counts are needed for it.
    pub by_markers: bool,
    /// Whether one new and one earlier number are enough.
    pub by_two: bool,
}

/// A table, what was released before it, and the group.
#[derive(Clone, Debug)]
pub struct Example {
    pub study: Study,
    pub released: Vec<Vec<u32>>,
    pub group: u32,
    pub range: (i64, Option<i64>),
}

impl Example {
    fn size(&self) -> (usize, usize, i64) {
        let people = self.study.sizes.iter().sum();
        (self.released.iter().flatten().count(), self.study.sizes.len(), people)
    }
}

#[derive(Default)]
pub struct Census {
    pub studies: usize,
    pub tables: usize,
    pub held: usize,
    pub ways: BTreeMap<Way, (usize, Example)>,
}

impl Census {
    /// Releases what nothing is found in, and looks at what each table gives away with the earlier ones.
    pub fn count(&mut self, study: &Study, finds: impl Fn(&[&Vec<u32>], &Vec<u32>) -> bool) {
        self.studies += 1;
        let mut released: Vec<&Vec<u32>> = Vec::new();
        let mut here: BTreeMap<Way, Example> = BTreeMap::new();
        for table in &study.tables {
            self.tables += 1;
            if finds(&released, table) {
                self.held += 1;
                continue;
            }
            for (way, example) in narrowed(study, &released, table) {
                match here.get(&way) {
                    Some(so_far) if so_far.size() <= example.size() => {}
                    _ => drop(here.insert(way, example)),
                }
            }
            released.push(table);
        }
        for (way, example) in here {
            let entry = self.ways.entry(way).or_insert_with(|| (0, example.clone()));
            entry.0 += 1;
            if example.size() < entry.1.size() {
                entry.1 = example;
            }
        }
    }
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} studies, {} tables of which {} are held", self.studies, self.tables, self.held)?;
        for (way, (times, Example { study, released, group, range })) in &self.ways {
            let names =
                |group: &u32| (0..study.sizes.len()).filter(|a| group >> a & 1 == 1).collect::<Vec<_>>();
            let tables: Vec<Vec<Vec<usize>>> =
                released.iter().map(|table| table.iter().map(names).collect()).collect();
            writeln!(f, "{times:>7} {way:?}")?;
            writeln!(f, "        {:?}", study.policy)?;
            writeln!(
                f,
                "        atoms of {:?}, tables {tables:?}: {:?} is {range:?}",
                study.sizes,
                names(group)
            )?;
        }
        Ok(())
    }
}

/// Small groups of which less is possible with the table than before, and than by it alone.
fn narrowed(study: &Study, released: &[&Vec<u32>], table: &Vec<u32>) -> Vec<(Way, Example)> {
    let people_min = study.policy.people_min;
    let all = || released.iter().copied().chain([table]);
    let mut after = study.outsider(study.says(all(), true));
    let mut small = study.small();
    small.retain(|group| !after.may_be_any(*group, people_min));
    if small.is_empty() {
        return Vec::new();
    }
    let clipped = |(least, most): (i64, Option<i64>)| {
        (least.max(1), most.map_or(people_min - 1, |most| most.min(people_min - 1)))
    };
    let mut before = study.outsider(study.says(released.iter().copied(), true));
    let mut alone = study.outsider(study.says([table], true));
    let mut unmarked = study.outsider(study.says(all(), false));
    let mut ways = Vec::new();
    for group in small {
        let range = after.range(group);
        let (least, most) = clipped(range);
        let (b, a) = (clipped(before.range(group)), clipped(alone.range(group)));
        if least <= b.0.max(a.0) && most >= b.1.min(a.1) {
            continue;
        }
        let level = match range.1 {
            Some(most) if most == range.0 => Level::Pinned,
            Some(most) if most < people_min => Level::Narrowed,
            _ => Level::Floor,
        };
        let pairs = released.iter().copied().flatten().flat_map(|a| table.iter().map(move |b| (*a, *b)));
        let by_two = pairs.into_iter().any(|(a, b)| {
            let two = [vec![a], vec![b]];
            clipped(study.outsider(study.says(two.iter(), true)).range(group)) == (least, most)
        });
        let by_markers = clipped(unmarked.range(group)) != (least, most);
        let way = Way { level, exact: study.policy.shown == Shown::Exact, by_markers, by_two };
        let released = all().cloned().collect();
        ways.push((way, Example { study: study.clone(), released, group, range }));
    }
    ways
}

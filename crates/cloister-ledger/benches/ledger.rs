//! What comparing costs, by how much was released: `cargo bench -p cloister-ledger --bench ledger -- [sets | year]`.
//!
//! Sets are made anew from their number where they are asked for, as a hub reads them from its disk: what is measured is the
//! comparison, with the indexes in memory.

use cloister_ledger::{
    Asked, Entry, Index, Key, LedgerError, PEOPLE, People, Rules, Sets, Shown, Source, Told, examine,
};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const KEY: [u8; 32] = [5; 32];

/// How tables divide people.
#[derive(Clone, Copy)]
struct Region {
    people: u32,
    /// Groups of a table.
    groups: u32,
}

/// A number that looks random.
fn mixed(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl Region {
    /// The groups of a table: everybody is in one of them, but for a group's worth that is in none, others in each table.
    fn table(self, number: u64) -> Vec<Vec<u32>> {
        let mut groups: Vec<Vec<u32>> = vec![Vec::new(); self.groups as usize];
        let seed = mixed(number);
        for person in 0..self.people {
            let group = mixed(seed ^ u64::from(person)) % u64::from(self.groups + 1);
            if let Some(group) = groups.get_mut(usize::try_from(group).unwrap_or_default()) {
                group.push(person);
            }
        }
        groups
    }

    fn told(self, number: u64) -> Vec<Told> {
        let told = |(group, people): (usize, Vec<u32>)| {
            told(&format!("t{number}"), group, People::of_sorted(&people))
        };
        self.table(number).into_iter().enumerate().map(told).collect()
    }

    fn entry(self, number: u64) -> (Entry, Sets) {
        Entry::new(&Key::new(KEY), &format!("req_{number}"), &format!("p{}", number % 40), &self.told(number))
    }
}

fn told(table: &str, group: usize, people: People) -> Told {
    Told {
        made_of: ["rows".to_owned()].into(),
        asked: Asked { rows: "person".into(), conditions: [format!("{table} = {group}")].into() },
        measure: PEOPLE.into(),
        shown: Shown::Yes,
        published: None,
        versions: "gp 1".into(),
        people,
        level: table.to_owned(),
        label: format!("{table} = {group}"),
    }
}

/// Makes entries from their numbers.
struct Remade(Region);

impl Remade {
    fn number(request: &str) -> Result<u64, LedgerError> {
        request.trim_start_matches("req_").parse().map_err(|_| LedgerError::Missing)
    }
}

impl Source for Remade {
    fn entry(&mut self, request: &str) -> Result<Entry, LedgerError> {
        Ok(self.0.entry(Self::number(request)?).0)
    }

    fn sets(&mut self, request: &str) -> Result<Sets, LedgerError> {
        Ok(self.0.entry(Self::number(request)?).1)
    }
}

/// Without combinations: what finding near sets costs alone.
fn one_by_one() -> Rules {
    Rules { combined_max: 0, beyond_found: false, ..Rules::new(8, true) }
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() / 1024
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

/// One new set, and an output of 500 numbers, against more and more released sets.
fn sets() -> Result<(), LedgerError> {
    println!(
        "| people | released sets | index, MiB | resident, MiB | read the index, ms | one set of a tenth, ms | 500 numbers, ms |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|");
    for (people, groups, all) in [
        (1_000_000, 10, 10_000u64),
        (1_000_000, 10, 100_000),
        (100_000, 50, 100_000),
        (100_000, 50, 1_000_000),
    ] {
        let region = Region { people, groups };
        let key = Key::new(KEY);
        let mut packs = Vec::new();
        let mut indexes: Vec<Index> = Vec::new();
        for number in 0..all / u64::from(groups) {
            packs.push(Index::of([&region.entry(number).0])?);
            if packs.len() == 64 {
                indexes.push(Index::joined(&std::mem::take(&mut packs))?);
            }
        }
        indexes.extend(packs);
        let mut joined: Vec<Vec<u8>> = Vec::new();
        for chunk in indexes.chunks(64) {
            joined.push(Index::joined(chunk)?.to_bytes());
        }
        drop(indexes);
        let bytes: usize = joined.iter().map(Vec::len).sum();
        let began = Instant::now();
        let past: Vec<Index> =
            joined.iter().map(|bytes| Index::from_bytes(bytes)).collect::<Result<_, _>>()?;
        let read = began.elapsed();
        let mut source = Remade(region);
        // One person less than a released set: it is found, whatever else there is.
        let near = People::of(region.table(7).swap_remove(0).into_iter().skip(1));
        let tenth = People::of((0..people).filter(|p| mixed(u64::from(*p) ^ 0xabcd).is_multiple_of(10)));
        for (people, expected) in [(near, true), (tenth.clone(), false)] {
            let (new, sets) = Entry::new(&key, "new", "p", &[told("new", 0, people)]);
            let found = examine(&new, &sets, &past, &mut source, &one_by_one())?.found;
            assert_eq!(!found.is_empty(), expected);
        }
        let began = Instant::now();
        let (new, sets) = Entry::new(&key, "new", "p", &[told("new", 0, tenth)]);
        examine(&new, &sets, &past, &mut source, &one_by_one())?;
        let one = began.elapsed();
        let of_many = Region { people, groups: 50 };
        let many: Vec<Told> = (0..10).flat_map(|t| of_many.told(1_000_000_000 + t)).collect();
        let began = Instant::now();
        let (new, sets) = Entry::new(&key, "new", "p", &many);
        examine(&new, &sets, &past, &mut source, &one_by_one())?;
        let five_hundred = began.elapsed();
        println!(
            "| {people} | {all} | {} | {} | {} | {} | {} |",
            bytes >> 20,
            resident_mib(),
            milliseconds(read),
            milliseconds(one),
            milliseconds(five_hundred),
        );
    }
    Ok(())
}

/// People with attributes as a region's have, and tables by one to three of them over a part of the people.
struct Study {
    people: u32,
    attributes: Vec<(Vec<u8>, u8)>,
}

impl Study {
    fn new(people: u32) -> Self {
        // Sex, age band, district, deprivation, ethnicity, month, practice, condition, smoking, area.
        let sizes = [2u8, 18, 24, 10, 6, 12, 60, 8, 4, 40];
        let of = |(index, size): (usize, u8)| {
            let value = |person: u32| {
                let random = mixed(u64::from(person) ^ ((index as u64) << 40));
                u8::try_from(random % u64::from(size)).unwrap_or_default()
            };
            ((0..people).map(value).collect(), size)
        };
        Self { people, attributes: sizes.into_iter().enumerate().map(of).collect() }
    }

    /// The `number`th output of the year: about fifty numbers, a few of them too small to be shown.
    fn told(&self, number: u64) -> Vec<Told> {
        // A tenth is asked again.
        let number = if mixed(number).is_multiple_of(10) { number / 2 } else { number };
        let pick = |n: u64| mixed(number * 8 + n);
        let by = |n: u64| usize::try_from(pick(n) % self.attributes.len() as u64).unwrap_or_default();
        let (first, second, on) = (by(0), by(1), by(2));
        let part = u8::try_from(pick(3) % 40).unwrap_or_default();
        let everybody = pick(4).is_multiple_of(3);
        let size = self.attributes.get(on).map_or(1, |(_, size)| *size);
        let mut groups: BTreeMap<(u8, u8), Vec<u32>> = BTreeMap::new();
        let value = |attribute: usize, person: u32| {
            self.attributes.get(attribute).and_then(|(values, _)| values.get(person as usize)).copied()
        };
        for person in 0..self.people {
            let inside = everybody || value(on, person).is_some_and(|v| v == part % size);
            if inside && let (Some(a), Some(b)) = (value(first, person), value(second, person)) {
                // About fifty groups.
                groups.entry((a % 8, b % 7)).or_default().push(person);
            }
        }
        let table = format!("{first},{second} of {on} = {part} {everybody}");
        let shown = groups.into_iter().filter(|(_, people)| people.len() >= 8);
        shown
            .map(|((a, b), people)| {
                told(&table, usize::from(a) * 100 + usize::from(b), People::of_sorted(&people))
            })
            .collect()
    }
}

struct OfStudy<'a>(&'a Study);

impl Source for OfStudy<'_> {
    fn entry(&mut self, request: &str) -> Result<Entry, LedgerError> {
        let number = Remade::number(request)?;
        Ok(Entry::new(&Key::new(KEY), request, "", &self.0.told(number)).0)
    }

    fn sets(&mut self, request: &str) -> Result<Sets, LedgerError> {
        let number = Remade::number(request)?;
        Ok(Entry::new(&Key::new(KEY), request, "", &self.0.told(number)).1)
    }
}

/// A year of a busy hub: 10,000 outputs of forty projects, a million people.
fn year() -> Result<(), LedgerError> {
    let study = Study::new(1_000_000);
    let key = Key::new(KEY);
    let rules = Rules { beyond_found: false, ..Rules::new(8, true) };
    let (mut past, mut loose): (Vec<Index>, Vec<Index>) = (Vec::new(), Vec::new());
    let (mut numbers, mut total) = (0usize, Duration::ZERO);
    let mut last = (0u64, Duration::ZERO);
    println!(
        "| outputs | numbers | resident, MiB | index, MiB | one output: pairs, ms | with combinations, ms | a number, ms | so far, h |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|");
    for number in 0..10_000u64 {
        let (entry, sets) = Entry::new(
            &key,
            &format!("req_{number}"),
            &format!("p{}", mixed(number) % 40),
            &study.told(number),
        );
        numbers += entry.numbers();
        if [100, 1_000, 2_500, 5_000, 7_500, 9_990].contains(&number) {
            let all: Vec<Index> = past.iter().chain(&loose).cloned().collect();
            let bytes: usize = all.iter().map(|index| index.to_bytes().len()).sum();
            let took = |rules: &Rules| -> Result<Duration, LedgerError> {
                let mut kept = Kept { source: OfStudy(&study), made: Duration::ZERO };
                let began = Instant::now();
                examine(&entry, &sets, &all, &mut kept, rules)?;
                Ok(began.elapsed().saturating_sub(kept.made))
            };
            let pairs = took(&Rules { combined_max: 0, ..rules })?;
            let all_in_all = took(&rules)?;
            let outputs = u32::try_from(number - last.0).unwrap_or_default();
            total += (all_in_all + last.1) / 2 * outputs;
            last = (number, all_in_all);
            println!(
                "| {number} | {numbers} | {} | {} | {} | {} | {} | {:.2} |",
                resident_mib(),
                bytes >> 20,
                milliseconds(pairs),
                milliseconds(all_in_all),
                milliseconds(all_in_all / u32::try_from(entry.numbers().max(1)).unwrap_or(1)),
                total.as_secs_f64() / 3600.0,
            );
        }
        loose.push(Index::of([&entry])?);
        if loose.len() == 64 {
            past.push(Index::joined(&std::mem::take(&mut loose))?);
        }
    }
    Ok(())
}

/// Takes the time that remaking takes, which a hub spends on reading.
struct Kept<'a> {
    source: OfStudy<'a>,
    made: Duration,
}

impl Source for Kept<'_> {
    fn entry(&mut self, request: &str) -> Result<Entry, LedgerError> {
        let began = Instant::now();
        let entry = self.source.entry(request);
        self.made += began.elapsed();
        entry
    }

    fn sets(&mut self, request: &str) -> Result<Sets, LedgerError> {
        let began = Instant::now();
        let sets = self.source.sets(request);
        self.made += began.elapsed();
        sets
    }
}

fn main() -> Result<(), LedgerError> {
    let asked: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    match asked.first().map(String::as_str) {
        Some("year") => year(),
        Some("sets") | None => sets(),
        Some(_) => {
            eprintln!("sets or year");
            Ok(())
        }
    }
}

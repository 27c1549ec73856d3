//! Cell-key perturbation: noise that is the same whenever the same people are counted.
//!
//! Every person has a record key. A cell's key is the sum of its people's record keys modulo the number of keys, and a
//! table gives the noise for each count and cell key. Count for count the method of the Office for National Statistics,
//! as its package `cell-key-perturbation` 3.1.0 (PyPI) has it: the threshold is applied after the noise, and the raw
//! count is not tested.

use std::collections::HashMap;

/// Counts up to this have rows of their own in a perturbation table (`cell-key-perturbation` 3.1.0).
const OWN_ROW_MAX: u64 = 750;
/// Greater counts share so many rows, from [`SHARED_ROW_MIN`] on.
const SHARED_ROWS: u64 = 250;
const SHARED_ROW_MIN: u64 = 501;

/// A perturbation table: noise by row (`pcv`) and cell key (`ckey`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PerturbationTable {
    noise: HashMap<(u32, u32), i64>,
    keys: u32,
}

/// The text is no perturbation table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a perturbation table: {reason}")]
pub struct PerturbationTableError {
    reason: String,
}

/// What became of a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Perturbed {
    /// The cell key.
    pub key: u32,
    /// The table's row.
    pub row: u32,
    /// The noise.
    pub noise: i64,
    /// The count with its noise. It may be negative where a threshold of 0 lets it through.
    pub count: i64,
}

impl Perturbed {
    /// The count to show: `None` where it is below the threshold after the noise. A threshold of 0 shows all.
    pub fn shown(&self, threshold: i64) -> Option<i64> {
        (threshold <= 0 || self.count >= threshold).then_some(self.count)
    }
}

impl PerturbationTable {
    /// Reads a table from CSV text with the columns `pcv`, `ckey` and `pvalue` in any order, all whole numbers, each
    /// pair of row and key at most once.
    pub fn parse(text: &str) -> Result<Self, PerturbationTableError> {
        let wrong = |reason: String| PerturbationTableError { reason };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = (1..).zip(text.lines());
        let Some((_, header)) = lines.next() else { return Err(wrong("it is empty".to_owned())) };
        let names: Vec<&str> = fields(header).collect();
        let place = |name: &str| {
            let mut at = names.iter().enumerate().filter(|(_, n)| **n == name).map(|(index, _)| index);
            match (at.next(), at.next()) {
                (Some(index), None) => Ok(index),
                _ => Err(wrong(format!("the header has not one column `{name}`"))),
            }
        };
        let (rows, keys, values) = (place("pcv")?, place("ckey")?, place("pvalue")?);
        let mut noise = HashMap::new();
        let mut greatest = None;
        for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            let parts: Vec<&str> = fields(line).collect();
            let field = |at: usize| parts.get(at).copied().unwrap_or_default();
            let bad = || wrong(format!("line {number} is not three whole numbers"));
            if parts.len() != names.len() {
                return Err(bad());
            }
            let row: u32 = field(rows).parse().map_err(|_| bad())?;
            let key: u32 = field(keys).parse().map_err(|_| bad())?;
            let value: i64 = field(values).parse().map_err(|_| bad())?;
            if key == u32::MAX {
                return Err(wrong(format!("line {number}: the cell key is too great")));
            }
            if noise.insert((row, key), value).is_some() {
                return Err(wrong(format!("line {number}: this row and cell key are there twice")));
            }
            greatest = greatest.max(Some(key));
        }
        match greatest {
            Some(key) => Ok(Self { noise, keys: key + 1 }),
            None => Err(wrong("it has no row".to_owned())),
        }
    }

    /// How many cell keys there are: the greatest of the table and one.
    pub fn keys(&self) -> u32 {
        self.keys
    }

    /// A count with its noise. `record_keys` are those of the people that it counts; whoever has none adds nothing. What
    /// the table has no row for, as 0 in most tables, has no noise.
    pub fn perturb(&self, count: u64, record_keys: impl IntoIterator<Item = u32>) -> Perturbed {
        let modulus = u64::from(self.keys);
        self.perturb_sum(
            count,
            record_keys.into_iter().fold(0u64, |sum, key| (sum + u64::from(key)) % modulus),
        )
    }

    /// The same where the record keys have been added up.
    pub fn perturb_sum(&self, count: u64, sum: u64) -> Perturbed {
        let key = u32::try_from(sum % u64::from(self.keys)).unwrap_or_default();
        let row = row(count);
        let noise = self.noise.get(&(row, key)).copied().unwrap_or_default();
        let count = i64::try_from(count).unwrap_or(i64::MAX).saturating_add(noise);
        Perturbed { key, row, noise, count }
    }
}

/// A count's row of the table.
fn row(count: u64) -> u32 {
    let row = if count <= OWN_ROW_MAX { count } else { (count - 1) % SHARED_ROWS + SHARED_ROW_MIN };
    u32::try_from(row).unwrap_or_default()
}

fn fields(line: &str) -> impl Iterator<Item = &str> {
    line.split(',').map(|field| field.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the package's source: the row is the count up to 750, then 501 to 750 over and over.
    #[test]
    fn rows_of_great_counts_are_shared() {
        let found = [0, 1, 749, 750, 751, 999, 1000, 1001, 1250, 1251, 100_000].map(row);
        assert_eq!(found, [0, 1, 749, 750, 501, 749, 750, 501, 750, 501, 750]);
    }

    #[test]
    fn keys_add_up_and_what_is_not_in_the_table_has_no_noise() {
        let table = PerturbationTable::parse("ckey,pcv,pvalue\n0,1,-1\n1,1,2\n3,2,-2\n").unwrap();
        assert_eq!(table.keys(), 4);
        let found = table.perturb(1, [5]);
        assert_eq!(found, Perturbed { key: 1, row: 1, noise: 2, count: 3 });
        assert_eq!(table.perturb(2, [3, 4]).count, 0);
        assert_eq!(table.perturb(2, [3, 3]).noise, 0);
        assert_eq!(table.perturb(0, []), Perturbed { key: 0, row: 0, noise: 0, count: 0 });
        assert_eq!(table.perturb(1, [u32::MAX, u32::MAX]).key, 2);
    }

    #[test]
    fn the_threshold_comes_after_the_noise() {
        let count = |count| Perturbed { key: 0, row: 0, noise: 0, count };
        assert_eq!([9, 10, 11].map(|n| count(n).shown(10)), [None, Some(10), Some(11)]);
        assert_eq!(count(-2).shown(0), Some(-2));
    }

    #[test]
    fn what_is_no_table_is_refused() {
        for text in [
            "",
            "pcv,ckey\n1,1\n",
            "pcv,ckey,pvalue\n",
            "pcv,ckey,pvalue,ckey\n1,1,1,1\n",
            "pcv,ckey,pvalue\n1,1\n",
            "pcv,ckey,pvalue\n1,1,0.5\n",
            "pcv,ckey,pvalue\n1,-1,0\n",
            "pcv,ckey,pvalue\n1,1,0\n1,1,0\n",
            "pcv,ckey,pvalue\n1,4294967295,0\n",
        ] {
            assert!(PerturbationTable::parse(text).is_err(), "{text:?}");
        }
    }
}

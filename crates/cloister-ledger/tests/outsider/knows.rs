//! What an outsider works out who knows how the released sets overlap and what was published of them, and nothing else.
//! People who are in the same sets are an atom; a group is some of the atoms, a bit for each.

use crate::whole::{AtMost, Greatest, greatest, greatest_of_parts};

/// How a count is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown {
    Exact,
    /// To the nearest multiple, halves up.
    Nearest(i64),
    /// `ceiling(n / base) * base - floor(base / 2)`, and 0 for 0.
    Midpoint(i64),
}

/// A policy, as anybody may read it.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    pub people_min: i64,
    /// Whether 0 is shown; otherwise it is hidden as the small counts are.
    pub zeros_shown: bool,
    pub shown: Shown,
}

impl Policy {
    pub fn hides(&self, count: i64) -> bool {
        count < self.people_min && (count > 0 || !self.zeros_shown)
    }

    fn shows(&self, count: i64) -> i64 {
        match self.shown {
            Shown::Exact => count,
            Shown::Nearest(base) => (2 * count + base).div_euclid(2 * base) * base,
            Shown::Midpoint(_) if count == 0 => 0,
            Shown::Midpoint(base) => (count + base - 1).div_euclid(base) * base - base / 2,
        }
    }

    /// All counts that are published as this one is.
    pub fn possible(&self, count: i64) -> (i64, i64) {
        if self.hides(count) {
            return (i64::from(self.zeros_shown), self.people_min - 1);
        }
        let alike = |n: i64| !self.hides(n) && self.shows(n) == self.shows(count);
        let widest = match self.shown {
            Shown::Exact => 0,
            Shown::Nearest(base) | Shown::Midpoint(base) => base,
        };
        let all: Vec<i64> = (0.max(count - widest)..=count + widest).filter(|n| alike(*n)).collect();
        let (least, most) = (*all.iter().min().unwrap_or(&count), *all.iter().max().unwrap_or(&count));
        assert_eq!(most - least + 1, all.len() as i64, "counts that are published alike follow one another");
        (least, most)
    }
}

/// What is known of a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    pub group: u32,
    pub least: i64,
    pub most: i64,
}

/// Atoms of so many people, and tables of groups that share nobody.
#[derive(Clone, Debug)]
pub struct Study {
    pub sizes: Vec<i64>,
    pub tables: Vec<Vec<u32>>,
    pub policy: Policy,
}

impl Study {
    pub fn people(&self, group: u32) -> i64 {
        self.sizes
            .iter()
            .enumerate()
            .filter(|(atom, _)| group >> atom & 1 == 1)
            .map(|(_, people)| people)
            .sum()
    }

    /// The atoms of a group that are of anybody.
    pub fn inhabited(&self, group: u32) -> u32 {
        let nobody = self.sizes.iter().enumerate().filter(|(_, people)| **people == 0);
        nobody.fold(group, |group, (atom, _)| group & !(1 << atom))
    }

    /// What these tables say. Without `hidden`, what is not shown is passed over, as if nobody saw the marker.
    pub fn says<'a>(&self, tables: impl IntoIterator<Item = &'a Vec<u32>>, hidden: bool) -> Vec<Bound> {
        let groups = tables.into_iter().flatten().copied();
        let seen = groups.filter(|group| hidden || !self.policy.hides(self.people(*group)));
        seen.map(|group| {
            let (least, most) = self.policy.possible(self.people(group));
            Bound { group, least, most }
        })
        .collect()
    }

    /// Every group of 1 to `people_min` − 1 people.
    pub fn small(&self) -> Vec<u32> {
        let is_small = |group: &u32| (1..self.policy.people_min).contains(&self.people(*group));
        (1u32..1 << self.sizes.len()).filter(is_small).collect()
    }

    pub fn outsider(&self, bounds: Vec<Bound>) -> Outsider {
        Outsider::new(self.sizes.clone(), &bounds)
    }
}

/// Somebody who knows the bounds.
pub struct Outsider {
    rows: Vec<AtMost>,
    /// Sizes that could be, the true ones among them: each saves asking again.
    points: Vec<Vec<i64>>,
}

fn indicator(group: u32, atoms: usize) -> Vec<i64> {
    (0..atoms).map(|atom| i64::from(group >> atom & 1)).collect()
}

fn dot(a: &[i64], b: &[i64]) -> i64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Outsider {
    /// `truth` is within the bounds.
    pub fn new(truth: Vec<i64>, bounds: &[Bound]) -> Self {
        let mut rows = Vec::new();
        for bound in bounds {
            let up = indicator(bound.group, truth.len());
            let down = up.iter().map(|x| -x).collect();
            rows.push(AtMost { coefficients: up, most: bound.most });
            rows.push(AtMost { coefficients: down, most: -bound.least });
        }
        assert!(
            rows.iter().all(|row| dot(&row.coefficients, &truth) <= row.most),
            "what is published is true"
        );
        Self { rows, points: vec![truth] }
    }

    fn most(&mut self, sum: &[i64]) -> Option<i64> {
        match greatest(sum, &self.rows) {
            Greatest::At(value, point) => {
                if !self.points.contains(&point) {
                    self.points.push(point);
                }
                Some(value)
            }
            Greatest::Unbounded => None,
            Greatest::Nowhere => unreachable!("the truth is within the bounds"),
        }
    }

    /// The least and the most people that a group can be of.
    pub fn range(&mut self, group: u32) -> (i64, Option<i64>) {
        let up = indicator(group, self.points.first().map_or(0, Vec::len));
        let down: Vec<i64> = up.iter().map(|x| -x).collect();
        (self.most(&down).map_or(0, |x| -x), self.most(&up))
    }

    /// What is already known to be possible of a group.
    fn seen(&self, group: u32) -> (i64, i64) {
        let up = indicator(group, self.points.first().map_or(0, Vec::len));
        let all = self.points.iter().map(|point| dot(&up, point));
        all.fold((i64::MAX, i64::MIN), |(least, most), x| (least.min(x), most.max(x)))
    }

    /// Whether the outsider knows how many a group is of.
    pub fn knows(&mut self, group: u32) -> bool {
        let (least, most) = self.seen(group);
        least == most && {
            let (least, most) = self.range(group);
            most == Some(least)
        }
    }

    /// Whether the outsider knows it by adding, subtracting and comparing alone, people being divisible.
    pub fn adds_up(&mut self, group: u32) -> bool {
        self.knows(group) && {
            let up = indicator(group, self.points.first().map_or(0, Vec::len));
            let down: Vec<i64> = up.iter().map(|x| -x).collect();
            match (greatest_of_parts(&up, &self.rows), greatest_of_parts(&down, &self.rows)) {
                (Some((most, of_most)), Some((least, of_least))) => most * of_least == -least * of_most,
                _ => false,
            }
        }
    }

    /// Whether a group may be of anything from 1 to `people_min` − 1 people, for all the outsider can say.
    pub fn may_be_any(&mut self, group: u32, people_min: i64) -> bool {
        let covers =
            |least: i64, most: Option<i64>| least <= 1 && most.is_none_or(|most| most >= people_min - 1);
        let (least, most) = self.seen(group);
        covers(least, Some(most)) || {
            let (least, most) = self.range(group);
            covers(least, most)
        }
    }
}

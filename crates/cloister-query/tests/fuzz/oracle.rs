//! What a query means, in plain loops over plain rows: for every group and aggregate the exact people, and what the
//! policy shows of the exact value. Nothing of the engine is used here.

use crate::ast::{Agg, Key, Levels, Lit, Measure, Op, Pred, Query, Source};
use crate::world::{Col, Row, Val, World};
use std::collections::{BTreeMap, BTreeSet};

/// The nhs-england policy: 1 to 7 people are too few, counts are shown to the nearest 5, means to four digits.
pub(crate) const FEW: usize = 8;

pub(crate) fn to_five(n: f64) -> f64 {
    (n / 5.0 + 0.5).floor() * 5.0
}

fn to_four_digits(x: f64) -> f64 {
    format!("{x:.3e}").parse().unwrap()
}

/// A group of the result, before anything is hidden.
#[derive(Debug)]
pub(crate) struct Group {
    /// One for each key; NULL where the row is a total over it.
    pub(crate) labels: Vec<Val>,
    pub(crate) people: BTreeSet<u32>,
    pub(crate) cells: Vec<Cell>,
    /// Places of its rows.
    pub(crate) rows: Vec<usize>,
}

/// One number.
#[derive(Debug)]
pub(crate) struct Cell {
    /// Everybody whom it must not rest on if they are few: each number of people is 0 or enough.
    pub(crate) must_be_many: Vec<usize>,
    /// Those who have an extreme value or are on one side of a quantile: enough, unless there is no value.
    pub(crate) support: Option<usize>,
    /// What the policy shows of the exact value.
    pub(crate) shown: Val,
    /// The rows that it adds up, and what it adds up; none where it does not.
    pub(crate) adds: Option<(BTreeSet<usize>, String)>,
}

impl Cell {
    /// Whether it may be shown.
    pub(crate) fn is_safe(&self) -> bool {
        let enough = |n: &usize| *n == 0 || *n >= FEW;
        self.must_be_many.iter().all(enough) && self.support.is_none_or(|n| n >= FEW)
    }
}

/// A query's groups over the world's rows.
#[derive(Debug)]
pub(crate) struct Meaning {
    pub(crate) groups: Vec<Group>,
    /// Whether every label is from a public list.
    pub(crate) public: bool,
    pub(crate) rows: Vec<Row>,
    columns: Vec<Col>,
}

impl Meaning {
    pub(crate) fn of(query: &Query, world: &World) -> Self {
        let columns = query.source.columns();
        let mut rows = rows(&query.source, world);
        if let Some(filter) = &query.filter {
            rows.retain(|row| holds(filter, row, &columns) == Some(true));
        }
        let public = query.keys.iter().all(|key| match key {
            Key::Col(c) => find(&columns, c).1.public,
            Key::Case(pred) => pred.columns().iter().all(|c| find(&columns, c).1.public),
        });
        let mut groups = Vec::new();
        for level in levels(query) {
            let mut found: BTreeMap<Vec<String>, (Vec<Val>, Vec<usize>)> = BTreeMap::new();
            if level.is_empty() {
                found.insert(Vec::new(), (vec![Val::Null; query.keys.len()], Vec::new()));
            }
            for (place, row) in rows.iter().enumerate() {
                let labels: Vec<Val> = query
                    .keys
                    .iter()
                    .enumerate()
                    .map(|(i, key)| match level.contains(&i) {
                        true => label(key, row, &columns),
                        false => Val::Null,
                    })
                    .collect();
                let name = level.iter().map(|i| format!("{:?}", labels[*i])).collect();
                found.entry(name).or_insert_with(|| (labels, Vec::new())).1.push(place);
            }
            for (labels, of) in found.into_values() {
                groups.push(group(&query.aggs, labels, of, &rows, &columns));
            }
        }
        Self { groups, public, rows, columns }
    }

    /// All of these rows as one group, whose labels are not shown.
    pub(crate) fn merged(&self, aggs: &[Agg], rows: Vec<usize>) -> Group {
        group(aggs, Vec::new(), rows, &self.rows, &self.columns)
    }
}

fn levels(query: &Query) -> Vec<Vec<usize>> {
    let n = query.keys.len();
    match query.levels {
        Levels::One => vec![(0..n).collect()],
        Levels::Rollup => (0..=n).map(|length| (0..length).collect()).collect(),
        Levels::Cube => {
            (0..1usize << n).map(|bits| (0..n).filter(|i| bits >> i & 1 == 1).collect()).collect()
        }
        Levels::Apart => (0..n).map(|i| vec![i]).collect(),
    }
}

fn find<'a>(columns: &'a [Col], name: &str) -> (usize, &'a Col) {
    columns.iter().enumerate().find(|(_, c)| c.name == name).unwrap()
}

fn value<'a>(name: &str, row: &'a Row, columns: &[Col]) -> &'a Val {
    &row.values[find(columns, name).0]
}

fn rows(source: &Source, world: &World) -> Vec<Row> {
    let visits_of = |person: u32| world.visit.iter().filter(move |v| v.person == person);
    let meets = |on: &Option<Pred>, visit: &Row| {
        on.as_ref().is_none_or(|pred| holds(pred, visit, &crate::world::VISIT) == Some(true))
    };
    let own = |person: u32, on: &Option<Pred>| {
        let visits: Vec<&Row> = visits_of(person).filter(|v| meets(on, v)).collect();
        let costs: Vec<f64> = visits.iter().filter_map(|v| v.values[2].num()).collect();
        let total = if costs.is_empty() { Val::Null } else { Val::Num(costs.iter().sum()) };
        (!visits.is_empty()).then(|| vec![Val::Num(visits.len() as f64), total])
    };
    let beside = |a: &Row, values: &[Val]| Row { person: a.person, values: [&a.values, values].concat() };
    match source {
        Source::Person => world.person.clone(),
        Source::Visit => world.visit.clone(),
        Source::Both { left } => {
            let mut out = Vec::new();
            for p in &world.person {
                let before = out.len();
                out.extend(visits_of(p.person).map(|v| beside(p, &v.values)));
                if *left && out.len() == before {
                    out.push(beside(p, &vec![Val::Null; crate::world::VISIT.len()]));
                }
            }
            out
        }
        Source::Ward => {
            let wards =
                |v: &Row| world.ward.iter().filter(|w| w[0] == v.values[1]).cloned().collect::<Vec<_>>();
            world.visit.iter().flat_map(|v| wards(v).into_iter().map(|w| beside(v, &w))).collect()
        }
        Source::Own(on) => {
            let of = |p: &Row| own(p.person, on).map(|values| Row { person: p.person, values });
            world.person.iter().filter_map(of).collect()
        }
        Source::PersonOwn(on) => {
            world.person.iter().filter_map(|p| own(p.person, on).map(|values| beside(p, &values))).collect()
        }
        Source::Semi { not, on, .. } => {
            let has = |p: &&Row| visits_of(p.person).any(|v| meets(on, v)) != *not;
            world.person.iter().filter(has).cloned().collect()
        }
        Source::Union(a, b) => {
            let of = |pred: &Pred| {
                let meets = |v: &&Row| holds(pred, v, &crate::world::VISIT) == Some(true);
                world.visit.iter().filter(meets).cloned().collect::<Vec<_>>()
            };
            [of(a), of(b)].concat()
        }
    }
}

/// TRUE, FALSE or unknown.
fn holds(pred: &Pred, row: &Row, columns: &[Col]) -> Option<bool> {
    match pred {
        Pred::Compare(c, op, lit) => compare(value(c, row, columns), *op, lit),
        Pred::In(c, lits, not) => {
            let value = value(c, row, columns);
            if value.is_null() {
                return None;
            }
            Some(lits.iter().any(|lit| compare(value, Op::Eq, lit) == Some(true)) != *not)
        }
        Pred::Null(c, not) => Some(value(c, row, columns).is_null() != *not),
        Pred::Between(c, a, b) => value(c, row, columns).num().map(|n| *a <= n && n <= *b),
        Pred::And(a, b) => match (holds(a, row, columns), holds(b, row, columns)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        Pred::Or(a, b) => match (holds(a, row, columns), holds(b, row, columns)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        Pred::Not(a) => holds(a, row, columns).map(|held| !held),
    }
}

fn compare(value: &Val, op: Op, lit: &Lit) -> Option<bool> {
    let order = match (value, lit) {
        (Val::Null, _) => return None,
        (Val::Num(a), Lit::Num(b)) => a.partial_cmp(b)?,
        (Val::Text(a), Lit::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
        other => panic!("{other:?}"),
    };
    Some(match op {
        Op::Eq => order.is_eq(),
        Op::Ne => order.is_ne(),
        Op::Lt => order.is_lt(),
        Op::Le => order.is_le(),
        Op::Gt => order.is_gt(),
        Op::Ge => order.is_ge(),
    })
}

fn label(key: &Key, row: &Row, columns: &[Col]) -> Val {
    match key {
        Key::Col(c) => value(c, row, columns).clone(),
        Key::Case(pred) => {
            Val::Text(if holds(pred, row, columns) == Some(true) { "one" } else { "two" }.to_owned())
        }
    }
}

fn group(aggs: &[Agg], labels: Vec<Val>, of: Vec<usize>, rows: &[Row], columns: &[Col]) -> Group {
    let people = of.iter().map(|place| rows[*place].person).collect();
    let cells = aggs.iter().map(|agg| Sum { rows, columns, all: &of }.cell(agg)).collect();
    Group { labels, people, cells, rows: of }
}

/// A group's rows while they are summed up.
struct Sum<'a> {
    rows: &'a [Row],
    columns: &'a [Col],
    all: &'a [usize],
}

impl Sum<'_> {
    fn people(&self, places: impl IntoIterator<Item = usize>) -> usize {
        places.into_iter().map(|place| self.rows[place].person).collect::<BTreeSet<_>>().len()
    }

    fn meets(&self, pred: &Pred, place: usize) -> bool {
        holds(pred, &self.rows[place], self.columns) == Some(true)
    }

    fn cell(&self, agg: &Agg) -> Cell {
        let passes = |place: &usize| agg.filter.as_ref().is_none_or(|pred| self.meets(pred, *place));
        let of: Vec<usize> = self.all.iter().copied().filter(passes).collect();
        let mut cell = self.of(&agg.of, &of);
        if agg.filter.is_some() {
            // Those whose rows do not pass are a cell too.
            cell.must_be_many.push(self.people(self.all.iter().copied().filter(|p| !passes(p))));
        }
        cell
    }

    fn of(&self, measure: &Measure, of: &[usize]) -> Cell {
        let number = |c: &str| {
            let of = of.iter().map(|p| (*p, value(c, &self.rows[*p], self.columns)));
            of.filter_map(|(place, v)| v.num().map(|n| (place, n))).collect::<Vec<_>>()
        };
        let there = |c: &str| {
            let of = of.iter().copied();
            of.filter(|p| !value(c, &self.rows[*p], self.columns).is_null()).collect::<Vec<_>>()
        };
        let split = |pred: &Pred| of.iter().copied().partition::<Vec<usize>, _>(|p| self.meets(pred, *p));
        let count = |n: usize| Val::Num(to_five(n as f64));
        let cell = |people: &[usize], shown, adds: Option<(Vec<usize>, &str)>| Cell {
            must_be_many: vec![self.people(people.iter().copied())],
            support: None,
            shown,
            adds: adds.map(|(rows, what)| (rows.into_iter().collect(), what.to_owned())),
        };
        match measure {
            Measure::Rows => cell(of, count(of.len()), Some((of.to_vec(), "rows"))),
            Measure::Count(c) => cell(&there(c), count(there(c).len()), Some((there(c), "rows"))),
            Measure::People => cell(of, count(self.people(of.iter().copied())), None),
            Measure::Distinct(c) => {
                let values =
                    there(c).into_iter().map(|p| format!("{:?}", value(c, &self.rows[p], self.columns)));
                cell(&there(c), count(values.collect::<BTreeSet<_>>().len()), None)
            }
            Measure::Sum(c) => self.sum(c, &number(c)),
            Measure::Mean(c) => self.mean(c, &number(c)),
            Measure::Least(c) => self.extreme(&number(c), f64::min),
            Measure::Greatest(c) => self.extreme(&number(c), f64::max),
            Measure::Median(c) => self.median(number(c)),
            Measure::SumIf(pred) => {
                let (with, without) = split(pred);
                let shown = if of.is_empty() { Val::Null } else { count(with.len()) };
                let mut cell = cell(&with, shown, Some((with.clone(), "rows")));
                cell.must_be_many.push(self.people(without));
                cell
            }
            Measure::SumOfIf(pred, c) => {
                let (with, without) = split(pred);
                let sides = [self.people(with.iter().copied()), self.people(without.iter().copied())];
                let mut values: Vec<(usize, f64)> = without.iter().map(|p| (*p, 0.0)).collect();
                values.extend(number(c).into_iter().filter(|(p, _)| with.contains(p)));
                let mut cell = self.sum(c, &values);
                cell.must_be_many.extend(sides);
                cell
            }
            Measure::MeanIf(pred) => {
                let (with, without) = split(pred);
                let share = to_five(with.len() as f64) / to_five(of.len() as f64);
                let shown = if of.len() < 3 { Val::Null } else { Val::Num(share) };
                let mut cell = cell(of, shown, None);
                cell.must_be_many.extend([self.people(with), self.people(without)]);
                cell
            }
        }
    }

    fn is_counted(&self, c: &str) -> bool {
        find(self.columns, c).1.counted
    }

    fn sum(&self, c: &str, values: &[(usize, f64)]) -> Cell {
        let not_zero: BTreeSet<usize> = values.iter().filter(|(_, n)| *n != 0.0).map(|(p, _)| *p).collect();
        let sum: f64 = values.iter().map(|(_, n)| n).sum();
        let shown = match (values.is_empty(), self.is_counted(c)) {
            (true, _) => Val::Null,
            (_, true) => Val::Num(to_five(sum)),
            _ => Val::Num(sum),
        };
        let must_be_many = vec![self.people(not_zero.iter().copied())];
        Cell { must_be_many, support: None, shown, adds: Some((not_zero, c.to_owned())) }
    }

    fn mean(&self, c: &str, values: &[(usize, f64)]) -> Cell {
        let sum: f64 = values.iter().map(|(_, n)| n).sum();
        let mut must_be_many = vec![self.people(values.iter().map(|(p, _)| *p))];
        let counted = self.is_counted(c);
        if counted {
            let zero = |is: bool| values.iter().filter(move |(_, n)| (*n == 0.0) == is).map(|(p, _)| *p);
            must_be_many.extend([self.people(zero(true)), self.people(zero(false))]);
        }
        let shown = match values.len() {
            0 => Val::Null,
            n if counted && to_five(n as f64) == 0.0 => Val::Null,
            n if counted => Val::Num(to_five(sum) / to_five(n as f64)),
            n => Val::Num(to_four_digits(sum / n as f64)),
        };
        let rows = values.iter().map(|(p, _)| *p).collect();
        Cell { must_be_many, support: None, shown, adds: (!counted).then(|| (rows, c.to_owned())) }
    }

    fn extreme(&self, values: &[(usize, f64)], better: fn(f64, f64) -> f64) -> Cell {
        let best = values.iter().map(|(_, n)| *n).reduce(better);
        let have = values.iter().filter(|(_, n)| Some(*n) == best).map(|(p, _)| *p);
        Cell {
            must_be_many: vec![self.people(values.iter().map(|(p, _)| *p))],
            support: best.map(|_| self.people(have)),
            shown: best.map_or(Val::Null, Val::Num),
            adds: None,
        }
    }

    fn median(&self, mut values: Vec<(usize, f64)>) -> Cell {
        values.sort_by(|a, b| a.1.total_cmp(&b.1));
        let places: Vec<usize> = values.iter().map(|(p, _)| *p).collect();
        let must_be_many = vec![self.people(places.iter().copied())];
        let Some(last) = values.len().checked_sub(1) else {
            return Cell { must_be_many, support: None, shown: Val::Null, adds: None };
        };
        let (low, high) = (last / 2, last.div_ceil(2));
        // Whoever has the value at the place is on that side, wherever among equal values they stand.
        let up_to = values.iter().filter(|v| v.1 <= values[low].1).map(|v| v.0);
        let from = values.iter().filter(|v| v.1 >= values[high].1).map(|v| v.0);
        let sides = [self.people(up_to), self.people(from)];
        let median = (values[low].1 + values[high].1) / 2.0;
        let shown = Val::Num(to_four_digits(median));
        Cell { must_be_many, support: sides.into_iter().min(), shown, adds: None }
    }
}

//! Making queries up.

use crate::ast::{Agg, Key, Levels, Lit, Measure, Op, Pred, Query, Source, Spelling};
use crate::random::Random;
use crate::world::{Col, VISIT};

pub(crate) fn query(random: &mut Random) -> Query {
    let source = source(random);
    let columns = source.columns();
    let filter = random.one_in(2).then(|| pred(random, &columns, 2));
    let mut keys: Vec<Key> = Vec::new();
    for _ in 0..*random.of(&[0usize, 1, 1, 1, 2, 2]) {
        let key = key(random, &columns);
        // The same key twice is one of the database's own peculiarities.
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let mut levels = match keys.len() {
        0 => Levels::One,
        1 => *random.of(&[Levels::One, Levels::One, Levels::One, Levels::Rollup]),
        _ => *random.of(&[Levels::One, Levels::One, Levels::Rollup, Levels::Cube, Levels::Apart]),
    };
    // A total's label is NULL, so that a column's own NULL would be two groups in one.
    let has_nulls = |key: &Key| matches!(key, Key::Col(c) if find(&columns, c).nullable);
    if keys.iter().any(has_nulls) {
        levels = Levels::One;
    }
    let count = *random.of(&[1usize, 1, 1, 2, 2, 3]);
    let aggs: Vec<Agg> = (0..count).map(|_| agg(random, &columns)).collect();
    let having = random.one_in(6).then(|| (random.below(aggs.len()), (random.below(12) * 5) as f64));
    let order =
        random.one_in(4).then(|| (random.below(aggs.len()), random.one_in(2).then(|| 1 + random.below(4))));
    let spelling =
        *random.of(&[Spelling::Plain, Spelling::Plain, Spelling::Derived, Spelling::Cte, Spelling::Outside]);
    Query { source, filter, keys, levels, aggs, having, order, spelling }
}

fn find(columns: &[Col], name: &str) -> Col {
    columns.iter().copied().find(|c| c.name == name).unwrap()
}

fn source(random: &mut Random) -> Source {
    let on = |random: &mut Random| random.one_in(2).then(|| pred(random, &VISIT, 1));
    match random.below(12) {
        0..=2 => Source::Person,
        3 | 4 => Source::Visit,
        5 => Source::Both { left: false },
        6 => Source::Both { left: true },
        7 => Source::Ward,
        8 => Source::Own(on(random)),
        9 => Source::PersonOwn(on(random)),
        10 => Source::Semi { not: random.one_in(2), exists: random.one_in(2), on: on(random) },
        _ => {
            let first = pred(random, &VISIT, 1);
            // Sometimes nearly the same set.
            let second = match random.one_in(2) {
                true => Pred::And(Box::new(first.clone()), Box::new(pred(random, &VISIT, 1))),
                false => pred(random, &VISIT, 1),
            };
            Source::Union(first, second)
        }
    }
}

/// A value that a column may have.
fn literal(random: &mut Random, column: &Col) -> Lit {
    let text = |kind: &str, n: usize| Lit::Text(format!("zq{kind}{n}"));
    match column.name {
        "sex" => text("sex", random.below(2)),
        "region" => text("region", random.below(8)),
        "band" => text("band", random.below(12)),
        "tag" => Lit::Text(format!("zqtag{}x", random.below(220))),
        "kind" => text("kind", random.below(5)),
        "ward" | "wname" => text("ward", random.below(9)),
        "site" => text("site", random.below(3)),
        "score" => Lit::Num((random.below(40) * 5) as f64),
        "cost" | "total" => Lit::Num((random.below(60) * 25) as f64),
        "age" => Lit::Num((20 + random.below(50)) as f64),
        _ => Lit::Num(random.below(6) as f64),
    }
}

pub(crate) fn pred(random: &mut Random, columns: &[Col], depth: usize) -> Pred {
    if depth > 0 && random.one_in(2) {
        let a = Box::new(pred(random, columns, depth - 1));
        return match random.below(5) {
            0 => Pred::Not(a),
            1 | 2 => Pred::Or(a, Box::new(pred(random, columns, depth - 1))),
            _ => Pred::And(a, Box::new(pred(random, columns, depth - 1))),
        };
    }
    let column = *random.of(columns);
    match random.below(6) {
        0 if column.nullable => Pred::Null(column.name, random.one_in(2)),
        1 => {
            let list = (0..1 + random.below(4)).map(|_| literal(random, &column)).collect();
            Pred::In(column.name, list, random.one_in(3))
        }
        2 if !column.text => {
            let (Lit::Num(a), Lit::Num(b)) = (literal(random, &column), literal(random, &column)) else {
                unreachable!("a number's values are numbers")
            };
            Pred::Between(column.name, a.min(b), a.max(b))
        }
        _ => Pred::Compare(column.name, *random.of(&Op::ALL), literal(random, &column)),
    }
}

fn key(random: &mut Random, columns: &[Col]) -> Key {
    if random.one_in(4) {
        return Key::Case(pred(random, columns, 1));
    }
    let plain: Vec<&Col> = columns.iter().filter(|c| !c.measure).collect();
    Key::Col(random.of(&plain).name)
}

fn agg(random: &mut Random, columns: &[Col]) -> Agg {
    let measures: Vec<&Col> = columns.iter().filter(|c| c.measure).collect();
    let measure = random.of(&measures).name;
    let any = random.of(columns).name;
    let counted = columns.iter().find(|c| c.counted).map(|c| c.name);
    let of = match random.below(14) {
        0 | 1 => Measure::Rows,
        2 => Measure::Count(any),
        3 => Measure::People,
        4 => Measure::Distinct(any),
        5 | 6 => Measure::Sum(counted.filter(|_| random.one_in(2)).unwrap_or(measure)),
        7 => Measure::Mean(counted.filter(|_| random.one_in(2)).unwrap_or(measure)),
        8 => Measure::Least(measure),
        9 => Measure::Greatest(measure),
        10 => Measure::Median(measure),
        11 => Measure::SumIf(pred(random, columns, 1)),
        12 => Measure::SumOfIf(pred(random, columns, 1), measure),
        _ => Measure::MeanIf(pred(random, columns, 1)),
    };
    let filter = random.one_in(4).then(|| pred(random, columns, 1));
    Agg { of, filter }
}

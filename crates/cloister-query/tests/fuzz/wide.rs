//! The wide grammar: whatever SQL there is, over the same tables. Nobody says what it means.

use crate::grammar::pred;
use crate::random::Random;
use crate::world::{Col, PERSON, VISIT};

/// Columns in scope of an expression, by kind.
struct Scope {
    columns: Vec<Col>,
    /// Deeper expressions are plain.
    depth: usize,
}

pub(crate) fn query(random: &mut Random) -> String {
    let aggregate = aggregate(random, 2);
    match random.below(12) {
        0 => format!("{aggregate} UNION ALL {}", aggregated(random, &aggregate)),
        1 => format!("SELECT * FROM ({aggregate}) x ORDER BY 1 LIMIT {}", random.below(6)),
        2 => format!("SELECT count(*) AS n, sum(a0) AS s FROM ({aggregate}) x"),
        3 => format!(
            "SELECT *, sum(a0) OVER () AS total, rank() OVER (ORDER BY a0 DESC) AS r FROM ({aggregate}) x"
        ),
        4 => format!("WITH c AS ({aggregate}) SELECT x.a0, y.a0 AS b FROM c x CROSS JOIN c y"),
        5 => format!("SELECT DISTINCT a0 FROM ({aggregate}) x WHERE a0 IS NOT NULL"),
        6 => format!("{aggregate} {} {aggregate}", random.of(&["UNION", "EXCEPT", "INTERSECT"])),
        7 => format!("SELECT (SELECT max(a0) FROM ({aggregate}) x) AS m, count(*) AS n FROM person"),
        _ => aggregate,
    }
}

/// The same query with another condition: the same columns.
fn aggregated(random: &mut Random, query: &str) -> String {
    let condition = pred(random, &[PERSON[0], PERSON[1]], 1).sql();
    format!("SELECT * FROM ({query}) y WHERE EXISTS (SELECT 1 FROM person WHERE {condition})")
}

fn source(random: &mut Random, depth: usize) -> (String, Vec<Col>) {
    let person = || PERSON.to_vec();
    let visit = || VISIT.to_vec();
    let both = || [person(), visit()].concat();
    let condition = pred(random, &VISIT, 1).sql();
    let of_person = pred(random, &PERSON, 1).sql();
    match random.below(if depth == 0 { 6 } else { 14 }) {
        0 => ("person".to_owned(), person()),
        1 => ("visit".to_owned(), visit()),
        2 => ("person JOIN visit USING (person_id)".to_owned(), both()),
        3 => ("person NATURAL LEFT JOIN visit".to_owned(), both()),
        4 => ("visit RIGHT JOIN person USING (person_id)".to_owned(), [visit(), person()].concat()),
        5 => (format!("person FULL JOIN (SELECT * FROM visit WHERE {condition}) v USING (person_id)"), both()),
        6 => (format!("(SELECT * FROM person WHERE {of_person} UNION SELECT * FROM person WHERE region = 'zqregion1') u"), person()),
        7 => (format!("(SELECT person_id, sex, region, band, tag, score FROM person EXCEPT SELECT person_id, sex, region, band, tag, score FROM person WHERE {of_person}) u"), person()),
        8 => (format!("(SELECT * FROM visit v WHERE cost > (SELECT avg(cost) FROM visit w WHERE w.person_id = v.person_id AND {condition})) u"), visit()),
        9 => (format!("(SELECT *, row_number() OVER (PARTITION BY person_id ORDER BY age, cost, ward, kind) AS rn FROM visit WHERE {condition}) u"), visit()),
        10 => (format!("(SELECT DISTINCT ON (person_id) * FROM visit WHERE {condition} ORDER BY person_id, age, cost, ward, kind) u"), visit()),
        11 => (format!("(SELECT person_id, max(sex) AS sex, max(region) AS region, max(band) AS band, max(tag) AS tag, sum(score) AS score FROM person WHERE {of_person} GROUP BY person_id) u"), person()),
        12 => (format!("(SELECT v.* FROM visit v JOIN (SELECT ward, count(*) AS n FROM visit GROUP BY ward) g ON g.ward = v.ward WHERE g.n > {}) u", random.below(60)), visit()),
        _ => ("(SELECT p.*, x.n FROM person p CROSS JOIN LATERAL (SELECT count(*) AS n FROM visit v WHERE v.person_id = p.person_id) x) u".to_owned(), person()),
    }
}

fn aggregate(random: &mut Random, depth: usize) -> String {
    let (from, columns) = source(random, depth);
    let scope = Scope { columns, depth: 2 };
    let keys: Vec<String> = (0..random.below(3)).map(|_| scope.any(random)).collect();
    let aggs: Vec<String> = (0..1 + random.below(3)).map(|_| scope.agg(random)).collect();
    let mut select: Vec<String> = aggs.iter().enumerate().map(|(i, a)| format!("{a} AS a{i}")).collect();
    select.extend(keys.iter().enumerate().map(|(i, k)| format!("{k} AS k{i}")));
    let condition = scope.condition(random);
    let filter = if random.one_in(2) { format!(" WHERE {condition}") } else { String::new() };
    let places: Vec<String> = (0..keys.len()).map(|i| (aggs.len() + i + 1).to_string()).collect();
    let group = match (keys.len(), random.below(6)) {
        (0, _) => String::new(),
        (_, 0) => format!(" GROUP BY ROLLUP ({})", keys.join(", ")),
        (_, 1) => format!(" GROUP BY CUBE ({})", keys.join(", ")),
        (2, 2) => format!(" GROUP BY GROUPING SETS (({}), ({}), ())", keys[0], keys[1]),
        _ => format!(" GROUP BY {}", places.join(", ")),
    };
    let having =
        if random.one_in(5) { format!(" HAVING count(*) > {}", random.below(40)) } else { String::new() };
    format!("SELECT {} FROM {from}{filter}{group}{having}", select.join(", "))
}

impl Scope {
    fn inner(&self) -> Self {
        Self { columns: self.columns.clone(), depth: self.depth.saturating_sub(1) }
    }

    fn column(&self, random: &mut Random, text: bool) -> Option<String> {
        let of: Vec<&Col> = self.columns.iter().filter(|c| c.text == text).collect();
        (!of.is_empty()).then(|| random.of(&of).name.to_owned())
    }

    fn any(&self, random: &mut Random) -> String {
        if random.one_in(2) { self.text(random) } else { self.number(random) }
    }

    fn condition(&self, random: &mut Random) -> String {
        match random.below(6) {
            0 => format!("{} LIKE 'zq%{}'", self.text(random), random.below(9)),
            1 => format!("{} BETWEEN {} AND {}", self.number(random), random.below(9), random.below(900)),
            2 => format!("{} IS DISTINCT FROM {}", self.number(random), self.number(random)),
            3 => format!("({}) = ({})", self.text(random), self.text(random)),
            4 => format!("person_id IN (SELECT person_id FROM visit WHERE cost > {})", random.below(900)),
            _ => pred(random, &self.columns, 2).sql(),
        }
    }

    fn number(&self, random: &mut Random) -> String {
        let plain = self.column(random, false).unwrap_or_else(|| "7".to_owned());
        if self.depth == 0 || random.one_in(3) {
            return if random.one_in(5) { random.below(1_000).to_string() } else { plain };
        }
        let (a, b, t) = (self.inner().number(random), self.inner().number(random), self.inner().text(random));
        match random.below(18) {
            0 => format!("({a} + {b})"),
            1 => format!("({a} - {b})"),
            2 => format!("({a} * {b})"),
            3 => format!("({a} / {b})"),
            4 => format!("({a} % {b})"),
            5 => format!("coalesce({a}, {b})"),
            6 => format!("nullif({a}, {b})"),
            7 => format!("CASE WHEN {} THEN {a} ELSE {b} END", self.inner().condition(random)),
            8 => format!("round({a} / 10)"),
            9 => format!("abs({a})"),
            10 => format!("length({t})"),
            11 => format!(
                "CAST({a} AS {})",
                random.of(&["INT", "BIGINT", "DOUBLE", "DECIMAL(12, 2)", "SMALLINT"])
            ),
            12 => {
                format!("CAST({t} AS {})", random.of(&["INT", "DOUBLE", "DATE", "BOOLEAN", "DECIMAL(9, 3)"]))
            }
            13 => format!("sqrt({a})"),
            14 => format!("ln({a})"),
            15 => format!("greatest({a}, {b})"),
            16 => format!("strpos({t}, 'q')"),
            _ => format!("power({a}, 2)"),
        }
    }

    fn text(&self, random: &mut Random) -> String {
        let plain = self.column(random, true).unwrap_or_else(|| "'zq'".to_owned());
        if self.depth == 0 || random.one_in(3) {
            return plain;
        }
        let (a, b) = (self.inner().text(random), self.inner().text(random));
        match random.below(9) {
            0 => format!("upper({a})"),
            1 => format!("substr({a}, {}, 3)", 1 + random.below(5)),
            2 => format!("concat({a}, {b})"),
            3 => format!("({a} || {b})"),
            4 => format!("coalesce({a}, {b})"),
            5 => format!("CASE WHEN {} THEN {a} ELSE {b} END", self.inner().condition(random)),
            6 => format!("replace({a}, 'zq', '')"),
            7 => format!("split_part({a}, 'q', 2)"),
            _ => format!("CAST({} AS VARCHAR)", self.inner().number(random)),
        }
    }

    fn agg(&self, random: &mut Random) -> String {
        let (a, b) = (self.number(random), self.number(random));
        let of = match random.below(16) {
            0 | 1 => "count(*)".to_owned(),
            2 => "count(DISTINCT person_id)".to_owned(),
            3 => format!("count({})", self.any(random)),
            4 => format!("count(DISTINCT {})", self.any(random)),
            5 => format!("sum({a})"),
            6 => format!("avg({a})"),
            7 => format!("min({a})"),
            8 => format!("max({})", self.any(random)),
            9 => format!("median({a})"),
            10 => format!("percentile_cont(0.{}) WITHIN GROUP (ORDER BY {a})", 1 + random.below(9)),
            11 => format!("stddev({a})"),
            12 => format!("corr({a}, {b})"),
            13 => format!("regr_slope({a}, {b})"),
            14 => format!("sum(DISTINCT {a})"),
            _ => format!("var_pop({a})"),
        };
        if random.one_in(4) { format!("{of} FILTER (WHERE {})", self.condition(random)) } else { of }
    }
}

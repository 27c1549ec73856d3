//! Queries as the generator makes them: small enough that what they mean can be written down in plain loops.

use crate::world::{Col, OWN, PERSON, VISIT, WARD};

/// Where rows come from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Person,
    Visit,
    /// `person JOIN visit`, or `LEFT JOIN` where nobody is dropped.
    Both {
        left: bool,
    },
    /// `visit JOIN ward`.
    Ward,
    /// One row per person with a visit that meets a condition.
    Own(Option<Pred>),
    /// The same beside the person's own row.
    PersonOwn(Option<Pred>),
    /// People with a visit that meets a condition, or without.
    Semi {
        not: bool,
        exists: bool,
        on: Option<Pred>,
    },
    /// Two sets of visits, one below the other.
    Union(Pred, Pred),
}

impl Source {
    pub(crate) fn columns(&self) -> Vec<Col> {
        let all = |parts: &[&[Col]]| parts.iter().flat_map(|p| p.iter().copied()).collect::<Vec<_>>();
        match self {
            Self::Person | Self::Semi { .. } => all(&[&PERSON]),
            Self::Visit | Self::Union(..) => all(&[&VISIT]),
            Self::Both { left } => {
                let mut columns = all(&[&PERSON, &VISIT]);
                for c in columns.iter_mut().skip(PERSON.len()) {
                    c.nullable |= *left;
                }
                columns
            }
            Self::Ward => all(&[&VISIT, &WARD]),
            Self::Own(_) => all(&[&OWN]),
            Self::PersonOwn(_) => all(&[&PERSON, &OWN]),
        }
    }

    fn sql(&self) -> String {
        let on = |on: &Option<Pred>| on.as_ref().map(|p| format!(" WHERE {}", p.sql())).unwrap_or_default();
        let own = |pred: &Option<Pred>| {
            format!(
                "(SELECT person_id, count(*) AS n, sum(cost) AS total FROM visit{} GROUP BY person_id)",
                on(pred)
            )
        };
        match self {
            Self::Person => "person".to_owned(),
            Self::Visit => "visit".to_owned(),
            Self::Both { left: false } => "person JOIN visit USING (person_id)".to_owned(),
            Self::Both { left: true } => "person LEFT JOIN visit USING (person_id)".to_owned(),
            Self::Ward => "visit JOIN ward w ON w.wname = visit.ward".to_owned(),
            Self::Own(pred) => format!("{} o", own(pred)),
            Self::PersonOwn(pred) => format!("person JOIN {} o USING (person_id)", own(pred)),
            Self::Semi { not, exists, on: pred } => {
                let not = if *not { "NOT " } else { "" };
                match exists {
                    true => {
                        let and = pred.as_ref().map(|p| format!(" AND {}", p.sql())).unwrap_or_default();
                        format!(
                            "(SELECT * FROM person p WHERE {not}EXISTS (SELECT 1 FROM visit v WHERE v.person_id = p.person_id{and})) s"
                        )
                    }
                    false => format!(
                        "(SELECT * FROM person WHERE person_id {not}IN (SELECT person_id FROM visit{})) s",
                        on(pred)
                    ),
                }
            }
            Self::Union(a, b) => {
                format!(
                    "(SELECT * FROM visit WHERE {} UNION ALL SELECT * FROM visit WHERE {}) u",
                    a.sql(),
                    b.sql()
                )
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Lit {
    Num(f64),
    Text(String),
}

impl Lit {
    fn sql(&self) -> String {
        match self {
            Self::Num(n) => n.to_string(),
            Self::Text(text) => format!("'{text}'"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Op {
    pub(crate) const ALL: [Self; 6] = [Self::Eq, Self::Ne, Self::Lt, Self::Le, Self::Gt, Self::Ge];

    fn sql(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "<>",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }
}

/// A condition over columns, which are known by name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Pred {
    Compare(&'static str, Op, Lit),
    In(&'static str, Vec<Lit>, bool),
    Null(&'static str, bool),
    Between(&'static str, f64, f64),
    And(Box<Pred>, Box<Pred>),
    Or(Box<Pred>, Box<Pred>),
    Not(Box<Pred>),
}

impl Pred {
    pub(crate) fn sql(&self) -> String {
        match self {
            Self::Compare(c, op, lit) => format!("{c} {} {}", op.sql(), lit.sql()),
            Self::In(c, lits, not) => {
                let list: Vec<String> = lits.iter().map(Lit::sql).collect();
                format!("{c} {}IN ({})", if *not { "NOT " } else { "" }, list.join(", "))
            }
            Self::Null(c, not) => format!("{c} IS {}NULL", if *not { "NOT " } else { "" }),
            Self::Between(c, a, b) => format!("{c} BETWEEN {a} AND {b}"),
            Self::And(a, b) => format!("({} AND {})", a.sql(), b.sql()),
            Self::Or(a, b) => format!("({} OR {})", a.sql(), b.sql()),
            Self::Not(a) => format!("NOT ({})", a.sql()),
        }
    }

    /// The columns that it is about.
    pub(crate) fn columns(&self) -> Vec<&'static str> {
        match self {
            Self::Compare(c, ..) | Self::In(c, ..) | Self::Null(c, _) | Self::Between(c, ..) => vec![c],
            Self::And(a, b) | Self::Or(a, b) => [a.columns(), b.columns()].concat(),
            Self::Not(a) => a.columns(),
        }
    }
}

/// What rows are grouped by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Key {
    Col(&'static str),
    Case(Pred),
}

impl Key {
    fn sql(&self) -> String {
        match self {
            Self::Col(c) => (*c).to_owned(),
            Self::Case(pred) => format!("CASE WHEN {} THEN 'one' ELSE 'two' END", pred.sql()),
        }
    }
}

/// What a group is summed up by.
#[derive(Clone, Debug)]
pub(crate) enum Measure {
    Rows,
    Count(&'static str),
    People,
    Distinct(&'static str),
    Sum(&'static str),
    Mean(&'static str),
    Least(&'static str),
    Greatest(&'static str),
    Median(&'static str),
    /// `sum(CASE WHEN … THEN 1 ELSE 0 END)`.
    SumIf(Pred),
    /// `sum(CASE WHEN … THEN x ELSE 0 END)`.
    SumOfIf(Pred, &'static str),
    /// `avg(CASE WHEN … THEN 1 ELSE 0 END)`.
    MeanIf(Pred),
}

#[derive(Clone, Debug)]
pub(crate) struct Agg {
    pub(crate) of: Measure,
    pub(crate) filter: Option<Pred>,
}

impl Agg {
    fn sql(&self) -> String {
        let of = match &self.of {
            Measure::Rows => "count(*)".to_owned(),
            Measure::Count(c) => format!("count({c})"),
            Measure::People => "count(DISTINCT person_id)".to_owned(),
            Measure::Distinct(c) => format!("count(DISTINCT {c})"),
            Measure::Sum(c) => format!("sum({c})"),
            Measure::Mean(c) => format!("avg({c})"),
            Measure::Least(c) => format!("min({c})"),
            Measure::Greatest(c) => format!("max({c})"),
            Measure::Median(c) => format!("median({c})"),
            Measure::SumIf(p) => format!("sum(CASE WHEN {} THEN 1 ELSE 0 END)", p.sql()),
            Measure::SumOfIf(p, c) => format!("sum(CASE WHEN {} THEN {c} ELSE 0 END)", p.sql()),
            Measure::MeanIf(p) => format!("avg(CASE WHEN {} THEN 1 ELSE 0 END)", p.sql()),
        };
        match &self.filter {
            Some(filter) => format!("{of} FILTER (WHERE {})", filter.sql()),
            None => of,
        }
    }
}

/// Which levels of totals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Levels {
    One,
    Rollup,
    Cube,
    /// Each key by itself.
    Apart,
}

/// How the same query is spelled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Spelling {
    Plain,
    Derived,
    Cte,
    /// The groups in a derived table of their own.
    Outside,
}

#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) source: Source,
    pub(crate) filter: Option<Pred>,
    pub(crate) keys: Vec<Key>,
    pub(crate) levels: Levels,
    pub(crate) aggs: Vec<Agg>,
    /// The aggregate of this place is at least so great.
    pub(crate) having: Option<(usize, f64)>,
    /// By the aggregate of this place, and how many rows.
    pub(crate) order: Option<(usize, Option<usize>)>,
    pub(crate) spelling: Spelling,
}

impl Query {
    pub(crate) fn sql(&self) -> String {
        let keys: Vec<String> = self.keys.iter().map(Key::sql).collect();
        let named = keys.iter().enumerate().map(|(i, key)| format!("{key} AS k{i}"));
        let aggs = self.aggs.iter().enumerate().map(|(i, a)| format!("{} AS a{i}", a.sql()));
        let select: Vec<String> = named.chain(aggs).collect();
        let filter = self.filter.as_ref().map(|p| format!(" WHERE {}", p.sql())).unwrap_or_default();
        let source = self.source.sql();
        let (with, from) = match self.spelling {
            Spelling::Plain | Spelling::Outside => (String::new(), format!("{source}{filter}")),
            Spelling::Derived => (String::new(), format!("(SELECT * FROM {source}{filter}) d")),
            Spelling::Cte => (format!("WITH c AS (SELECT * FROM {source}{filter}) "), "c".to_owned()),
        };
        let group = match (self.levels, keys.is_empty()) {
            (_, true) => String::new(),
            (Levels::One, _) => format!(" GROUP BY {}", keys.join(", ")),
            (Levels::Rollup, _) => format!(" GROUP BY ROLLUP ({})", keys.join(", ")),
            (Levels::Cube, _) => format!(" GROUP BY CUBE ({})", keys.join(", ")),
            (Levels::Apart, _) => {
                let sets: Vec<String> = keys.iter().map(|k| format!("({k})")).collect();
                format!(" GROUP BY GROUPING SETS ({})", sets.join(", "))
            }
        };
        let outside = self.spelling == Spelling::Outside;
        let having = self.having.map(|(i, least)| match outside {
            true => format!(" WHERE a{i} >= {least}"),
            false => format!(" HAVING {} >= {least}", self.aggs[i].sql()),
        });
        let having = having.unwrap_or_default();
        let order = self.order.map(|(i, rows)| {
            let limit = rows.map(|n| format!(" LIMIT {n}")).unwrap_or_default();
            format!(" ORDER BY a{i} DESC{limit}")
        });
        let order = order.unwrap_or_default();
        let select = select.join(", ");
        match outside {
            true => format!("SELECT * FROM (SELECT {select} FROM {from}{group}) g{having}{order}"),
            false => format!("{with}SELECT {select} FROM {from}{group}{having}{order}"),
        }
    }
}

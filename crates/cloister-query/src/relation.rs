//! What is known of a relation while a plan is rewritten: whose rows they are, and what each column is.

use crate::boundary::Boundary;
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlan};
use serde::{Deserialize, Serialize};

/// A rewritten plan. Its schema holds the visible columns under their own names and, besides, the hidden
/// ones that its state names.
#[derive(Debug)]
pub(crate) struct Relation {
    pub(crate) plan: LogicalPlan,
    pub(crate) columns: Vec<ColumnFacts>,
    pub(crate) state: State,
}

/// Whose rows they are (design 01, "Carrying people through the plan").
#[derive(Debug)]
pub(crate) enum State {
    /// Nobody's.
    Reference,
    /// Each row belongs to at most one person.
    PerPerson {
        /// The hidden column with the person's number.
        person: Column,
        /// Other hidden columns, that branches are written in.
        hidden: Vec<Column>,
        /// What other people's rows have to do with them.
        chosen: Chosen,
    },
    /// Each row summarises many people; the values are protected before anything above sees them.
    Protected {
        /// Each is protected by itself.
        boundaries: Vec<Boundary>,
        /// For each visible column the hidden one with its state, where it can be other than shown.
        states: Vec<Option<Column>>,
        /// Whether every group has a row here, so that an aggregate of the rows is one of the groups.
        complete: bool,
    },
}

impl State {
    /// The same where some rows were chosen.
    pub(crate) fn chosen_among(self) -> Self {
        match self {
            Self::Protected { boundaries, states, .. } => {
                Self::Protected { boundaries, states, complete: false }
            }
            other => other,
        }
    }
}

/// What other people's rows have to do with a person's rows; the greatest of several holds for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Chosen {
    /// Nothing.
    Alone,
    /// They stand beside protected values of groups, which are not exact.
    Grouped,
    /// They stand beside their rank or number among others'. Where only windows below say so, what does not
    /// depend on these is as if they were not there; the rest is a quantile or held.
    Ranked,
    /// They are chosen by such a rank, or multiplied: what is made of them is held for a checker.
    Crowd,
    /// A LIMIT chose among people's rows.
    Limited,
}

/// What is known of a visible column.
#[derive(Clone, Debug)]
pub(crate) struct ColumnFacts {
    pub(crate) column: Column,
    pub(crate) facts: Facts,
}

/// What is known of a value.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) kind: Kind,
    /// Whether its possible values are a public list.
    pub(crate) public: bool,
    pub(crate) shape: Shape,
    /// Conditions on which it depends, written in hidden or visible columns: the value of a row shows
    /// which of them hold.
    pub(crate) branches: Vec<Expr>,
    pub(crate) role: Role,
    pub(crate) compared: Compared,
    /// The measures that it is made of, by where they lie.
    pub(crate) quantities: Vec<String>,
}

/// How rows may be picked by a value; of several values, the greatest holds for what is made of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Compared {
    /// In any way.
    Freely,
    /// By less and greater only, as it stands.
    ByRange,
    /// Only by whether it is there.
    Never,
}

/// What may be done with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// The number of the person whose row it is.
    Person,
    /// A pseudonym that no two people share.
    Own,
    /// Another pseudonym.
    Pseudonym,
    /// A value.
    Value,
}

/// How a value is built, as far as the disclosure of its total is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Shape {
    /// NULL or 0.
    Zero,
    /// 0, 1 or NULL, from literals.
    Bit,
    /// A number of rows or of people.
    Count,
    /// Any other number that does not depend on the row.
    Constant,
    /// A quantity of the row, without any constant added: its total says nothing of how many there are.
    Measure,
    /// A quantity with a constant added, to be multiplied with another.
    Moved,
    /// A date of the row: the days between two are a quantity.
    Date,
    /// Anything else.
    Other,
}

/// What an output column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Role {
    Key,
    Count,
    Sum,
    Mean,
    Rate,
    Extreme,
    Quantile,
    Spread,
    Association,
    Derived,
}

impl Role {
    /// Every role.
    pub(crate) const ALL: [Self; 10] = [
        Self::Key,
        Self::Count,
        Self::Sum,
        Self::Mean,
        Self::Rate,
        Self::Extreme,
        Self::Quantile,
        Self::Spread,
        Self::Association,
        Self::Derived,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Rate => "rate",
            Self::Extreme => "extreme",
            Self::Quantile => "quantile",
            Self::Spread => "spread",
            Self::Association => "association",
            Self::Derived => "derived",
        }
    }
}

impl Facts {
    /// A value of this shape that depends on no condition.
    pub(crate) fn value(shape: Shape, public: bool) -> Self {
        let (branches, role) = (Vec::new(), Role::Key);
        Self {
            kind: Kind::Value,
            public,
            shape,
            branches,
            role,
            compared: Compared::Freely,
            quantities: Vec::new(),
        }
    }

    /// Takes in what another value, that this one is made of too, is made of.
    pub(crate) fn made_of(&mut self, other: &Self) {
        self.public &= other.public;
        self.compared = self.compared.max(other.compared);
        let new = other.quantities.iter().filter(|q| !self.quantities.contains(q)).cloned();
        let new: Vec<String> = new.collect();
        self.quantities.extend(new);
    }

    /// The same column where an outer join may have put NULL in the place of its value.
    pub(crate) fn made_nullable(mut self) -> Self {
        if self.kind == Kind::Person {
            self.kind = Kind::Pseudonym;
        }
        if matches!(self.shape, Shape::Zero | Shape::Bit | Shape::Constant) {
            self.shape = Shape::Other;
        }
        self
    }
}

impl Shape {
    /// A value that is one of the two: of a CASE or a coalesce.
    pub(crate) fn either(self, other: Self) -> Self {
        match (self, other) {
            (Self::Zero, shape) | (shape, Self::Zero) => shape,
            (Self::Bit, Self::Bit) => Self::Bit,
            (Self::Bit | Self::Count, Self::Bit | Self::Count) => Self::Count,
            (Self::Measure, Self::Measure) => Self::Measure,
            (Self::Date, Self::Date) => Self::Date,
            // Two constants, or a constant and a measure, tell the rows of each apart in the total.
            _ => Self::Other,
        }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Zero, shape) | (shape, Self::Zero) => shape,
            (Self::Bit | Self::Count, Self::Bit | Self::Count) => Self::Count,
            (Self::Measure, Self::Measure) => Self::Measure,
            (Self::Constant, Self::Constant | Self::Bit) | (Self::Bit, Self::Constant) => Self::Constant,
            (Self::Moved | Self::Measure, Self::Bit | Self::Constant | Self::Moved)
            | (Self::Bit | Self::Constant | Self::Moved, Self::Measure)
            | (Self::Bit | Self::Constant, Self::Moved) => Self::Moved,
            _ => Self::Other,
        }
    }

    /// Of different quantities: powers of one would tell its values one by one.
    pub(crate) fn times(self, other: Self) -> Self {
        match (self, other) {
            (Self::Zero, Self::Other) | (Self::Other, Self::Zero) => Self::Other,
            (Self::Zero, _) | (_, Self::Zero) => Self::Zero,
            (Self::Bit, Self::Bit) => Self::Bit,
            (Self::Measure, Self::Bit | Self::Constant | Self::Measure | Self::Moved)
            | (Self::Bit | Self::Constant | Self::Moved, Self::Measure) => Self::Measure,
            (Self::Moved, Self::Moved | Self::Constant) | (Self::Constant, Self::Moved) => Self::Moved,
            (Self::Count, Self::Bit) | (Self::Bit, Self::Count) => Self::Count,
            _ => Self::Other,
        }
    }

    pub(crate) fn over(self, divisor: Self) -> Self {
        match (self, divisor) {
            (Self::Measure, Self::Constant) => Self::Measure,
            (Self::Constant, Self::Constant) => Self::Constant,
            _ => Self::Other,
        }
    }
}

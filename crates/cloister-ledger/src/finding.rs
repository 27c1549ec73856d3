//! What could be worked out.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How it could be worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Two numbers whose people differ by fewer than are enough.
    Pair,
    /// Two numbers of the same people, asked for otherwise.
    SamePeople,
    /// A number less the groups of a table that are shown.
    Rest,
    /// A number less the groups of a table that are shown, of which those that are marked leave each other no room.
    Marked,
    /// Several numbers, added and subtracted.
    Linear,
    /// The same people on two versions of the data.
    Versions,
    /// The same number, published as another one.
    Answer,
    /// More earlier numbers than can be combined.
    Beyond,
}

impl Kind {
    /// A stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Pair => "pair",
            Self::SamePeople => "same-people",
            Self::Rest => "rest",
            Self::Marked => "marked",
            Self::Linear => "linear",
            Self::Versions => "versions",
            Self::Answer => "answer",
            Self::Beyond => "beyond",
        }
    }
}

/// A number that was released before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Earlier {
    /// The query whose table it is in.
    pub request: String,
    /// Its project.
    pub project: String,
    /// Which number it is.
    pub label: String,
}

impl fmt::Display for Earlier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "“{}” of {} ({})", self.label, self.request, self.project)
    }
}

/// What could be worked out from a new output and earlier ones. Of the gap nothing is said but that it is small.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How.
    pub kind: Kind,
    /// The new numbers, by their places among those that were examined.
    pub cells: Vec<usize>,
    /// What they are called.
    pub labels: Vec<String>,
    /// The earlier numbers. Of the same number in several releases, the first.
    pub earlier: Vec<Earlier>,
    /// How many more releases have that number.
    #[serde(default)]
    pub others: usize,
    /// So many people would be enough.
    pub people_min: u64,
}

impl Finding {
    /// Whether it says the same as another: more releases of an earlier number do not make it another.
    pub fn is_like(&self, other: &Self) -> bool {
        (self.kind, &self.cells, &self.earlier) == (other.kind, &other.cells, &other.earlier)
    }

    /// The subtraction in words.
    pub fn words(&self) -> String {
        match self.others {
            0 => self.subtraction(),
            others => format!("{} {others} more releases have that earlier number too.", self.subtraction()),
        }
    }

    fn subtraction(&self) -> String {
        let list = |all: Vec<String>| {
            const SHOWN_MAX: usize = 5;
            let more = all.len().saturating_sub(SHOWN_MAX);
            let mut text = all.into_iter().take(SHOWN_MAX).collect::<Vec<_>>().join(", ");
            if more > 0 {
                text.push_str(&format!(" and {more} more"));
            }
            text
        };
        let new = list(self.labels.iter().map(|label| format!("“{label}”")).collect());
        let earlier = list(self.earlier.iter().map(ToString::to_string).collect());
        let few = format!("fewer than {} people", self.people_min);
        match self.kind {
            Kind::Pair => {
                format!("{new} less {earlier} is the figure of {few}, or of two groups that differ by them.")
            }
            Kind::SamePeople => format!(
                "{new} is of the same people as {earlier}, or of people who differ from them by {few}, though it was asked for \
                 otherwise: which of the two it is would be told by letting it out."
            ),
            Kind::Rest => format!("{new} less {earlier} is what is not shown there, of {few}."),
            Kind::Marked => format!(
                "{new} less {earlier} says how many are in the groups that are marked as too few together, and that leaves each of \
                 them less room than anything below {}.",
                self.people_min
            ),
            Kind::Linear => {
                format!("{new}, with {earlier} added and subtracted, leaves the figure of {few}.")
            }
            Kind::Versions => format!(
                "{new} is of the same people as {earlier}, on another version of the data: the difference is what changed in \
                 the records of people of whom there may be fewer than {}.",
                self.people_min
            ),
            Kind::Answer => format!(
                "{new} was published as another number before, {earlier}: of one true number there is one answer, because several \
                 with different noise can be averaged."
            ),
            Kind::Beyond => format!(
                "The project has released more numbers of this kind than are added and subtracted with {new}: those up to {earlier} \
                 were compared one by one only. Ask whether the project needs them all."
            ),
        }
    }
}

//! Every error of a file at once, each with its place.

use std::fmt;

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    place: String,
    text: String,
}

impl Problem {
    /// What is wrong (lower case, no full stop) at a place such as `tables.person.columns.sex`.
    pub fn new(place: impl Into<String>, text: impl Into<String>) -> Self {
        Self { place: place.into(), text: text.into() }
    }

    /// Where.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// All that is wrong with a file; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// `Err` with the problems, or `Ok` where there are none.
    pub fn unless_empty(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }

    /// A single problem.
    pub fn one(place: impl Into<String>, text: impl Into<String>) -> Self {
        Self(vec![Problem::new(place, text)])
    }

    /// The problems, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            match problem.place.as_str() {
                "" => f.write_str(&problem.text)?,
                place => write!(f, "{place}: {}", problem.text)?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

//! The airlock: decides that a result may leave, or that people must look first.
//!
//! Pure. [`Cleared`] can only be made by [`decide`], from a value that says what disclosure control
//! did to it, and by [`clear`], from the exact bytes that an approved [`Request`] names; nothing else can reach
//! a researcher. From the process that decided it gets into another one through a [`Passage`] only.
//!
//! A [`Request`] is changed by [`apply`] alone, along one table of [`TRANSITIONS`], and seen through
//! [`view_for`] alone (docs/airlock.md).
//!
//! ```
//! use cloister_airlock::{Decision, Reviewed, decide};
//! use cloister_governance::ReviewMode;
//! struct Table;
//! impl Reviewed for Table {
//!     fn holds(&self) -> Vec<String> { vec!["too-many-cells".into()] }
//! }
//! assert!(matches!(decide(ReviewMode::Automatic, Table), Decision::Hold { .. }));
//! ```

mod action;
mod actor;
mod apply;
mod clear;
mod comment;
mod happened;
mod passage;
mod reason;
mod refused;
mod request;
mod state;
mod view;
mod vote;

pub use action::{Action, OverridePolicy};
pub use actor::{Actor, Person, Standing};
pub use apply::apply;
pub use clear::{NotCleared, clear};
pub use comment::{Comment, Side};
pub use happened::Happened;
pub use passage::{NotReceived, Passage, Sent};
pub use reason::Reason;
pub use refused::Refused;
pub use request::{Claim, Content, Draft, Output, OutputKind, Request, Review, Step, TEXT_CHARS_MAX, Weight};
pub use state::{Act, By, State, TRANSITIONS, Transition, Turn, When, allowed, markdown, next};
pub use view::{OutputView, StepView, View, view_for};
pub use vote::{Ballot, Choice, Consent};

use cloister_governance::ReviewMode;

/// A result that disclosure control has been applied to.
pub trait Reviewed {
    /// Codes of what a person must look at before it leaves.
    fn holds(&self) -> Vec<String>;
}

/// A result that may leave.
#[derive(Debug)]
pub struct Cleared<T>(T);

impl<T> Cleared<T> {
    /// What may leave.
    pub fn get(&self) -> &T {
        &self.0
    }

    /// What may leave, itself.
    pub fn into_inner(self) -> T {
        self.0
    }
}

/// What becomes of a result.
#[derive(Debug)]
pub enum Decision<T> {
    /// It leaves now.
    Release(Cleared<T>),
    /// It waits for checkers.
    Hold {
        /// The result.
        result: T,
        /// Codes of the reasons, `review-required` where the project's mode is the only one.
        reasons: Vec<String>,
    },
}

/// Decides by the project's review mode: `automatic` releases what nothing objects to, every other
/// mode and every objection waits for people.
pub fn decide<T: Reviewed>(mode: ReviewMode, result: T) -> Decision<T> {
    let mut reasons = result.holds();
    match mode {
        ReviewMode::Automatic if reasons.is_empty() => Decision::Release(Cleared(result)),
        ReviewMode::Automatic => Decision::Hold { result, reasons },
        ReviewMode::One | ReviewMode::Two => {
            reasons.insert(0, "review-required".to_owned());
            Decision::Hold { result, reasons }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Held(Vec<&'static str>);

    impl Reviewed for Held {
        fn holds(&self) -> Vec<String> {
            self.0.iter().map(|s| (*s).to_owned()).collect()
        }
    }

    #[test]
    fn only_automatic_without_objection_releases() {
        for mode in [ReviewMode::Automatic, ReviewMode::One, ReviewMode::Two] {
            for holds in [vec![], vec!["too-many-cells"]] {
                let released = matches!(decide(mode, Held(holds.clone())), Decision::Release(_));
                assert_eq!(released, mode == ReviewMode::Automatic && holds.is_empty(), "{mode:?} {holds:?}");
            }
        }
    }
}

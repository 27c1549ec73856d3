//! The states of a release request, and the one table of what may happen in each.
//!
//! `apply`, the tests and `docs/airlock.md` derive from [`TRANSITIONS`]. What is not in it is refused.

use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// Where a release request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The author is putting it together.
    Pending,
    /// It waits for checkers; none has finished.
    Submitted,
    /// The first of two checkers has finished.
    PartiallyReviewed,
    /// Every checker that it needs has finished.
    Reviewed,
    /// The checkers asked the author for changes.
    Returned,
    /// It may leave; the system has yet to make the package.
    Approved,
    /// It left.
    Released,
    /// It may not leave.
    Rejected,
    /// The author gave it up.
    Withdrawn,
    /// It left, and should not have.
    Revoked,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 10] = [
        Self::Pending,
        Self::Submitted,
        Self::PartiallyReviewed,
        Self::Reviewed,
        Self::Returned,
        Self::Approved,
        Self::Released,
        Self::Rejected,
        Self::Withdrawn,
        Self::Revoked,
    ];

    /// As stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Submitted => "submitted",
            Self::PartiallyReviewed => "partially-reviewed",
            Self::Reviewed => "reviewed",
            Self::Returned => "returned",
            Self::Approved => "approved",
            Self::Released => "released",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Revoked => "revoked",
        }
    }

    /// Whom it waits for.
    pub fn whose_turn(self) -> Turn {
        match self {
            Self::Pending | Self::Returned => Turn::Author,
            Self::Submitted | Self::PartiallyReviewed | Self::Reviewed => Turn::Checkers,
            Self::Approved => Turn::System,
            Self::Released | Self::Rejected | Self::Withdrawn | Self::Revoked => Turn::Nobody,
        }
    }

    /// Whether checkers have decided for good, or rules have.
    pub fn is_decided(self) -> bool {
        match self {
            Self::Approved | Self::Released | Self::Rejected | Self::Revoked => true,
            Self::Pending
            | Self::Submitted
            | Self::PartiallyReviewed
            | Self::Reviewed
            | Self::Returned
            | Self::Withdrawn => false,
        }
    }
}

/// Whom a request waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// Its authors.
    Author,
    /// Its checkers.
    Checkers,
    /// The hub itself.
    System,
    /// Nobody: it is over.
    Nobody,
}

impl Turn {
    /// As shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Checkers => "checkers",
            Self::System => "system",
            Self::Nobody => "nobody",
        }
    }
}

/// What can be done to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Put another output or supporting file in.
    AddOutput,
    /// Put another content in an output's place.
    ReplaceOutput,
    /// Leave an output out.
    WithdrawOutput,
    /// Hand it to the checkers.
    Submit,
    /// Give it up.
    Withdraw,
    /// Say something about it.
    Comment,
    /// Take one of the checkers' seats.
    Claim,
    /// Give a seat to a checker.
    Assign,
    /// Leave a seat, or free an absent checker's.
    ReleaseClaim,
    /// Judge an output.
    Vote,
    /// Consent to set a rule's objection aside.
    Override,
    /// Finish one's own review.
    FinishReview,
    /// Hand it back to the author.
    Return,
    /// Let it leave.
    Approve,
    /// Keep it in.
    Reject,
    /// Record that the package was made.
    Release,
    /// Call a release back.
    Revoke,
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 17] = [
        Self::AddOutput,
        Self::ReplaceOutput,
        Self::WithdrawOutput,
        Self::Submit,
        Self::Withdraw,
        Self::Comment,
        Self::Claim,
        Self::Assign,
        Self::ReleaseClaim,
        Self::Vote,
        Self::Override,
        Self::FinishReview,
        Self::Return,
        Self::Approve,
        Self::Reject,
        Self::Release,
        Self::Revoke,
    ];

    /// As stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AddOutput => "add-output",
            Self::ReplaceOutput => "replace-output",
            Self::WithdrawOutput => "withdraw-output",
            Self::Submit => "submit",
            Self::Withdraw => "withdraw",
            Self::Comment => "comment",
            Self::Claim => "claim",
            Self::Assign => "assign",
            Self::ReleaseClaim => "release-claim",
            Self::Vote => "vote",
            Self::Override => "override",
            Self::FinishReview => "finish-review",
            Self::Return => "return",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Release => "release",
            Self::Revoke => "revoke",
        }
    }
}

/// Who may do it. Nobody who stands on the author's side counts as anything but `Author`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// An author who is still a member of the project.
    Author,
    /// A checker without any tie to the request.
    Checker,
    /// A checker who has finished a review in this turn.
    Reviewer,
    /// An administrator, or a checker without any tie to the request.
    Desk,
    /// Whoever is `Desk`, or an information asset owner.
    Oversight,
    /// The hub.
    System,
}

impl By {
    fn words(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Checker => "checker",
            Self::Reviewer => "checker who has finished",
            Self::Desk => "checker or administrator",
            Self::Oversight => "checker, administrator or information asset owner",
            Self::System => "system",
        }
    }
}

/// Which of several next states it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// There is only one.
    Always,
    /// The mode is not `automatic`, or something in it needs a person.
    NeedsPeople,
    /// The mode is `automatic` and nothing in it needs a person.
    NeedsNobody,
    /// Another checker has yet to finish.
    MoreReviews,
    /// This was the last checker that it needs.
    LastReview,
}

impl When {
    fn words(self) -> &'static str {
        match self {
            Self::Always => "",
            Self::NeedsPeople => "a person must look",
            Self::NeedsNobody => "mode `automatic`, and nothing needs a person",
            Self::MoreReviews => "another review is needed",
            Self::LastReview => "no other review is needed",
        }
    }
}

/// One line of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The state that it is in.
    pub from: State,
    /// What is done.
    pub act: Act,
    /// Who may do it.
    pub by: By,
    /// In which case.
    pub when: When,
    /// The state that it gets into.
    pub to: State,
}

const fn row(from: State, act: Act, by: By, when: When, to: State) -> Transition {
    Transition { from, act, by, when, to }
}

use State::{
    Approved, PartiallyReviewed, Pending, Rejected, Released, Returned, Reviewed, Revoked, Submitted,
    Withdrawn,
};
use When::{Always, LastReview, MoreReviews, NeedsNobody, NeedsPeople};

/// All that may happen. A request that checkers returned goes back to checkers, in every mode: people have
/// looked at it and asked for something.
pub const TRANSITIONS: &[Transition] = &[
    row(Pending, Act::AddOutput, By::Author, Always, Pending),
    row(Pending, Act::ReplaceOutput, By::Author, Always, Pending),
    row(Pending, Act::WithdrawOutput, By::Author, Always, Pending),
    row(Pending, Act::Comment, By::Author, Always, Pending),
    row(Pending, Act::Submit, By::Author, NeedsPeople, Submitted),
    row(Pending, Act::Submit, By::Author, NeedsNobody, Approved),
    row(Pending, Act::Withdraw, By::Author, Always, Withdrawn),
    row(Submitted, Act::Claim, By::Checker, Always, Submitted),
    row(Submitted, Act::Assign, By::Desk, Always, Submitted),
    row(Submitted, Act::ReleaseClaim, By::Desk, Always, Submitted),
    row(Submitted, Act::Vote, By::Checker, Always, Submitted),
    row(Submitted, Act::Override, By::Checker, Always, Submitted),
    row(Submitted, Act::Comment, By::Checker, Always, Submitted),
    row(Submitted, Act::FinishReview, By::Checker, MoreReviews, PartiallyReviewed),
    row(Submitted, Act::FinishReview, By::Checker, LastReview, Reviewed),
    row(Submitted, Act::Return, By::Checker, Always, Returned),
    row(PartiallyReviewed, Act::Claim, By::Checker, Always, PartiallyReviewed),
    row(PartiallyReviewed, Act::Assign, By::Desk, Always, PartiallyReviewed),
    row(PartiallyReviewed, Act::ReleaseClaim, By::Desk, Always, PartiallyReviewed),
    row(PartiallyReviewed, Act::Vote, By::Checker, Always, PartiallyReviewed),
    row(PartiallyReviewed, Act::Override, By::Checker, Always, PartiallyReviewed),
    row(PartiallyReviewed, Act::Comment, By::Checker, Always, PartiallyReviewed),
    row(PartiallyReviewed, Act::FinishReview, By::Checker, LastReview, Reviewed),
    row(PartiallyReviewed, Act::Return, By::Checker, Always, Returned),
    row(Reviewed, Act::Vote, By::Reviewer, Always, Reviewed),
    row(Reviewed, Act::Override, By::Reviewer, Always, Reviewed),
    row(Reviewed, Act::Comment, By::Reviewer, Always, Reviewed),
    row(Reviewed, Act::Return, By::Reviewer, Always, Returned),
    row(Reviewed, Act::Approve, By::Reviewer, Always, Approved),
    row(Reviewed, Act::Reject, By::Reviewer, Always, Rejected),
    row(Returned, Act::AddOutput, By::Author, Always, Returned),
    row(Returned, Act::ReplaceOutput, By::Author, Always, Returned),
    row(Returned, Act::WithdrawOutput, By::Author, Always, Returned),
    row(Returned, Act::Comment, By::Author, Always, Returned),
    row(Returned, Act::Submit, By::Author, NeedsPeople, Submitted),
    row(Returned, Act::Withdraw, By::Author, Always, Withdrawn),
    row(Approved, Act::Release, By::System, Always, Released),
    row(Released, Act::Revoke, By::Oversight, Always, Revoked),
];

/// Who may do something in a state; nobody where it is not in the table.
pub fn allowed(from: State, act: Act) -> Option<By> {
    TRANSITIONS.iter().find(|t| t.from == from && t.act == act).map(|t| t.by)
}

/// The state that follows.
pub fn next(from: State, act: Act, when: When) -> Option<State> {
    TRANSITIONS.iter().find(|t| t.from == from && t.act == act && t.when == when).map(|t| t.to)
}

/// The table, its states and its diagram, as `docs/airlock.md` contains them.
pub fn markdown() -> String {
    let mut text = String::from("| state | whose turn | next |\n|---|---|---|\n");
    for state in State::ALL {
        let mut next: Vec<&str> = Vec::new();
        for t in TRANSITIONS.iter().filter(|t| t.from == state && t.to != state) {
            if !next.contains(&t.to.as_str()) {
                next.push(t.to.as_str());
            }
        }
        let next = if next.is_empty() { "–".to_owned() } else { next.join(", ") };
        put(&mut text, &[state.as_str(), state.whose_turn().as_str(), &next]);
    }
    text.push_str("\n| in state | one may | who | if | then it is |\n|---|---|---|---|---|\n");
    for t in TRANSITIONS {
        let to = if t.to == t.from { "" } else { t.to.as_str() };
        put(&mut text, &[t.from.as_str(), t.act.as_str(), t.by.words(), t.when.words(), to]);
    }
    text.push_str("\n```mermaid\nstateDiagram-v2\n    [*] --> pending\n");
    for t in TRANSITIONS.iter().filter(|t| t.from != t.to) {
        // A hyphen would end a name in the diagram's language.
        let name = |state: State| state.as_str().replace('-', "_");
        // A `String` takes whatever is written to it.
        let _ = writeln!(text, "    {} --> {} : {}", name(t.from), name(t.to), t.act.as_str());
    }
    text.push_str("```\n");
    text
}

fn put(text: &mut String, fields: &[&str]) {
    for field in fields {
        // A `String` takes whatever is written to it.
        let _ = write!(text, "| {field} ");
    }
    text.push_str("|\n");
}

//! Why something was not done.

use crate::{Act, Reason, State, Turn};
use cloister_model::Name;

/// Why something was not done. The sentence is for whoever tried, and says what they can do; it never tells
/// one checker what another thinks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The person has nothing to do with the request.
    #[error("there is no such request")]
    NoSuchRequest,
    /// The request is in a state in which nobody may do this.
    #[error("`{act}` is not possible while a request is {state}: {whose}", act = .act.as_str(),
        state = .state.as_str(), whose = whose(.state.whose_turn()))]
    NotNow {
        /// Where it is.
        state: State,
        /// What was tried.
        act: Act,
    },
    /// The page is older than the request's turn.
    #[error("the request has moved on since you opened it; look at it again and decide anew")]
    MovedOn,
    /// The actor is no author.
    #[error("only an author of the request who is still a member of its project may do this")]
    NotAnAuthor,
    /// The actor is no checker.
    #[error("only a checker may do this; an administrator can give you the role")]
    NotAChecker,
    /// The actor is an author.
    #[error("nobody checks a request of their own; leave it to another checker")]
    OwnRequest,
    /// The actor is a member of the project.
    #[error("nobody checks a request of a project that they are a member of; leave it to another checker")]
    OwnProject,
    /// The actor has a conflict of interest.
    #[error("you have declared a conflict of interest with this project; leave it to another checker")]
    Conflict,
    /// The actor has not finished a review in this turn.
    #[error("only a checker who finished a review in this turn may do this")]
    NotAReviewer,
    /// The actor is neither checker nor administrator.
    #[error("only a checker or an administrator may do this")]
    NotAtTheDesk,
    /// The actor is neither checker, administrator nor asset owner.
    #[error("only a checker, an administrator or an information asset owner may do this")]
    NotAnOverseer,
    /// Only the hub does this.
    #[error("the hub does this by itself")]
    NotTheSystem,
    /// Only people do this.
    #[error("only a person may do this")]
    NotAPerson,
    /// Every seat is taken.
    #[error(
        "as many checkers as it needs have claimed this request; ask one of them, or an administrator, to free a seat"
    )]
    SeatsTaken,
    /// There is no such claim.
    #[error("`{0}` has not claimed this request")]
    NotClaimed(Name),
    /// The seat is another's.
    #[error("the seat is `{0}`'s; they or an administrator can free it")]
    AnothersSeat(Name),
    /// The checker's review is done.
    #[error("the review of this turn is finished and stays as it is until every checker has finished theirs")]
    Finished,
    /// The output is not there.
    #[error("the request has no output `{0}`")]
    NoSuchOutput(Name),
    /// There was an output of this name.
    #[error("the request has, or had, an output `{0}`; choose another name")]
    NameTaken(Name),
    /// The output was withdrawn.
    #[error("`{0}` has been withdrawn from the request")]
    OutputWithdrawn(Name),
    /// Supporting files are not voted on.
    #[error("`{0}` is a supporting file: it is never released, so nobody votes on it")]
    Supporting(Name),
    /// There is nothing to release.
    #[error("the request has no output to release; add one, or withdraw the request")]
    NothingToRelease,
    /// The content has changed since the checker saw it.
    #[error("`{0}` has changed since you opened it; look at it again before you judge it")]
    Stale(Name),
    /// Outputs without a vote.
    #[error("you have not voted on {}", list(.0))]
    VotesMissing(Vec<Name>),
    /// An objection without a word of explanation.
    #[error("you have not approved `{0}`: say in a comment on it, or on the request, what should change")]
    CommentMissing(Name),
    /// Not everybody approves.
    #[error("not every checker has approved `{0}`; return the request, reject it, or change the votes")]
    NotApproved(Name),
    /// A rule's objection stands.
    #[error(
        "the finding `{finding}` on `{output}` stands: both checkers must override it, or the output must change"
    )]
    ObjectionStands {
        /// Where.
        output: Name,
        /// Which.
        finding: Name,
    },
    /// There is no such objection.
    #[error("`{output}` has no finding `{finding}` that could be overridden")]
    NoSuchObjection {
        /// Where.
        output: Name,
        /// Which.
        finding: Name,
    },
    /// The policy does not allow it.
    #[error("the disclosure policy does not allow `{0}` to be overridden")]
    OverrideForbidden(Name),
    /// The project has one checker.
    #[error("an override needs two checkers, and this project has one: return the request, or reject it")]
    OverrideNeedsTwo,
    /// The reason is not one for this.
    #[error("`{reason}` is not a reason for `{act}`", reason = .reason.as_str(), act = .act.as_str())]
    WrongReason {
        /// The reason.
        reason: Reason,
        /// What was tried.
        act: Act,
    },
    /// There is no text.
    #[error("the text is empty; say why, in a sentence")]
    NoText,
    /// There is too much text.
    #[error("the text has more than {0} characters; shorten it")]
    TooLong(usize),
    /// A request without an author.
    #[error("a request needs an author")]
    NoAuthor,
}

impl Refused {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchRequest => "no-such-request",
            Self::NotNow { .. } => "not-now",
            Self::MovedOn => "moved-on",
            Self::NotAnAuthor => "not-an-author",
            Self::NotAChecker => "not-a-checker",
            Self::OwnRequest => "own-request",
            Self::OwnProject => "own-project",
            Self::Conflict => "conflict-of-interest",
            Self::NotAReviewer => "not-a-reviewer",
            Self::NotAtTheDesk => "not-at-the-desk",
            Self::NotAnOverseer => "not-an-overseer",
            Self::NotTheSystem => "not-the-system",
            Self::NotAPerson => "not-a-person",
            Self::SeatsTaken => "seats-taken",
            Self::NotClaimed(_) => "not-claimed",
            Self::AnothersSeat(_) => "anothers-seat",
            Self::Finished => "review-finished",
            Self::NoSuchOutput(_) => "no-such-output",
            Self::NameTaken(_) => "name-taken",
            Self::OutputWithdrawn(_) => "output-withdrawn",
            Self::Supporting(_) => "supporting-file",
            Self::NothingToRelease => "nothing-to-release",
            Self::Stale(_) => "stale",
            Self::VotesMissing(_) => "votes-missing",
            Self::CommentMissing(_) => "comment-missing",
            Self::NotApproved(_) => "not-approved",
            Self::ObjectionStands { .. } => "objection-stands",
            Self::NoSuchObjection { .. } => "no-such-objection",
            Self::OverrideForbidden(_) => "override-forbidden",
            Self::OverrideNeedsTwo => "override-needs-two",
            Self::WrongReason { .. } => "wrong-reason",
            Self::NoText => "no-text",
            Self::TooLong(_) => "too-long",
            Self::NoAuthor => "no-author",
        }
    }
}

fn whose(turn: Turn) -> &'static str {
    match turn {
        Turn::Author => "it is with its author",
        Turn::Checkers => "it is with the checkers",
        Turn::System => "the hub is making its package",
        Turn::Nobody => "it is closed",
    }
}

fn list(names: &[Name]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}

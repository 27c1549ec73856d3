//! What somebody wants to do to a request.

use crate::{Act, Choice, Content, OutputKind, Person, Reason};
use cloister_model::{Digest, Name};

/// Whether the disclosure policy allows setting a finding aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverridePolicy {
    /// Two checkers may.
    Allows,
    /// Nobody may.
    Forbids,
}

/// What somebody wants to do, and what they saw when they wanted it.
///
/// Steps that hand the request on name the turn that the page showed: a click on a page that was left open
/// must not decide on what came after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// See [`Act::AddOutput`].
    AddOutput {
        /// Its name, which no other output of the request has or had.
        output: Name,
        /// What it is.
        kind: OutputKind,
        /// What is in it.
        content: Content,
    },
    /// See [`Act::ReplaceOutput`].
    ReplaceOutput {
        /// Which.
        output: Name,
        /// What is in it now.
        content: Content,
    },
    /// See [`Act::WithdrawOutput`].
    WithdrawOutput {
        /// Which.
        output: Name,
    },
    /// See [`Act::Submit`].
    Submit {
        /// The turn that was seen.
        turn: u32,
    },
    /// See [`Act::Withdraw`].
    Withdraw,
    /// See [`Act::Comment`].
    Comment {
        /// On which output; on the whole where absent.
        output: Option<Name>,
        /// What.
        text: String,
    },
    /// See [`Act::Claim`].
    Claim,
    /// See [`Act::Assign`].
    Assign {
        /// To whom: the same facts as of somebody who claims.
        to: Person,
    },
    /// See [`Act::ReleaseClaim`].
    ReleaseClaim {
        /// Whose; a checker leaves their own seat only.
        checker: Name,
    },
    /// See [`Act::Vote`].
    Vote {
        /// On which output.
        output: Name,
        /// The content that the checker saw.
        digest: Digest,
        /// What they think of it.
        choice: Choice,
    },
    /// See [`Act::Override`].
    Override {
        /// On which output.
        output: Name,
        /// The content that the checker saw.
        digest: Digest,
        /// Which finding.
        finding: Name,
        /// Why it does not hold here.
        justification: String,
        /// What the disclosure policy says.
        policy: OverridePolicy,
    },
    /// See [`Act::FinishReview`].
    FinishReview {
        /// The turn that was seen.
        turn: u32,
    },
    /// See [`Act::Return`].
    Return {
        /// The turn that was seen.
        turn: u32,
        /// Why.
        reason: Reason,
        /// What to change.
        text: String,
    },
    /// See [`Act::Approve`].
    Approve {
        /// The turn that was seen.
        turn: u32,
    },
    /// See [`Act::Reject`].
    Reject {
        /// The turn that was seen.
        turn: u32,
        /// Why.
        reason: Reason,
        /// More of why.
        text: String,
    },
    /// See [`Act::Release`].
    Release {
        /// The digest of the package.
        package: Digest,
    },
    /// See [`Act::Revoke`].
    Revoke {
        /// Why.
        reason: Reason,
        /// More of why.
        text: String,
    },
}

impl Action {
    /// What kind of act it is.
    pub fn act(&self) -> Act {
        match self {
            Self::AddOutput { .. } => Act::AddOutput,
            Self::ReplaceOutput { .. } => Act::ReplaceOutput,
            Self::WithdrawOutput { .. } => Act::WithdrawOutput,
            Self::Submit { .. } => Act::Submit,
            Self::Withdraw => Act::Withdraw,
            Self::Comment { .. } => Act::Comment,
            Self::Claim => Act::Claim,
            Self::Assign { .. } => Act::Assign,
            Self::ReleaseClaim { .. } => Act::ReleaseClaim,
            Self::Vote { .. } => Act::Vote,
            Self::Override { .. } => Act::Override,
            Self::FinishReview { .. } => Act::FinishReview,
            Self::Return { .. } => Act::Return,
            Self::Approve { .. } => Act::Approve,
            Self::Reject { .. } => Act::Reject,
            Self::Release { .. } => Act::Release,
            Self::Revoke { .. } => Act::Revoke,
        }
    }
}

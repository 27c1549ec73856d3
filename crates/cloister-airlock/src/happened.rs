//! What happened: what the records of the audit log are made of.

use crate::{Choice, OutputKind, Reason};
use cloister_model::{Digest, Name};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One thing that happened to a request. It serialises as strings and whole numbers, and lists and objects of
/// them, as the log wants its details.
///
/// What people wrote is named by its digest: a text may quote a value, and the log holds none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Happened {
    /// The request was begun.
    Created {
        /// By whom.
        authors: BTreeSet<Name>,
        /// The digest of purpose and justification.
        text: Digest,
    },
    /// An output was put in.
    OutputAdded {
        /// Which.
        output: Name,
        /// What it is.
        file: OutputKind,
        /// What is in it.
        digest: Digest,
        /// The request id of the query that it came from.
        query: Name,
        /// Codes of what needs a person.
        findings: BTreeSet<Name>,
    },
    /// An output's content was replaced: the votes on it are gone.
    OutputReplaced {
        /// Which.
        output: Name,
        /// What was in it.
        before: Digest,
        /// What is in it.
        digest: Digest,
        /// The request id of the query that it came from.
        query: Name,
        /// Codes of what needs a person.
        findings: BTreeSet<Name>,
    },
    /// An output was left out.
    OutputWithdrawn {
        /// Which.
        output: Name,
    },
    /// It was handed to the checkers.
    Submitted {
        /// The checkers' turn that began.
        turn: u32,
        /// What they have to judge.
        outputs: BTreeMap<Name, Digest>,
    },
    /// The author gave it up.
    Withdrawn {
        /// In which turn.
        turn: u32,
    },
    /// Somebody said something.
    Commented {
        /// In which turn.
        turn: u32,
        /// The how-manieth comment of theirs.
        number: u32,
        /// The digest of what.
        text: Digest,
    },
    /// A checker took a seat.
    Claimed {
        /// Who.
        checker: Name,
    },
    /// A checker was given a seat.
    Assigned {
        /// Who.
        checker: Name,
    },
    /// A seat became free.
    ClaimReleased {
        /// Whose.
        checker: Name,
    },
    /// A checker judged an output.
    Voted {
        /// In which turn.
        turn: u32,
        /// Which.
        output: Name,
        /// What was in it.
        digest: Digest,
        /// What they think.
        choice: Choice,
    },
    /// A checker consented to set an objection aside.
    OverrideConsented {
        /// In which turn.
        turn: u32,
        /// On which output.
        output: Name,
        /// What was in it.
        digest: Digest,
        /// Which finding.
        finding: Name,
        /// The digest of why.
        justification: Digest,
    },
    /// A checker finished: what they think independently of the others.
    ReviewFinished {
        /// In which turn.
        turn: u32,
        /// Their votes.
        votes: BTreeMap<Name, Choice>,
    },
    /// It was handed back.
    Returned {
        /// The author's turn that began.
        turn: u32,
        /// How many reviews had been finished.
        reviews: u32,
        /// Why.
        reason: Reason,
        /// The digest of what to change.
        text: Digest,
    },
    /// Its checkers decided that it may leave.
    Approved {
        /// In which turn.
        turn: u32,
        /// What may leave.
        outputs: BTreeMap<Name, Digest>,
        /// Whose reviews it rests on.
        checkers: BTreeSet<Name>,
        /// The objections that they set aside, by output.
        overrides: BTreeMap<Name, BTreeSet<Name>>,
    },
    /// It may leave by the rules alone.
    ApprovedByRule {
        /// What may leave.
        outputs: BTreeMap<Name, Digest>,
    },
    /// Its checkers decided that it may not leave.
    Rejected {
        /// In which turn.
        turn: u32,
        /// Why.
        reason: Reason,
        /// The digest of more of why.
        text: Digest,
    },
    /// It left.
    Released {
        /// The package.
        package: Digest,
    },
    /// It was called back.
    Revoked {
        /// Why.
        reason: Reason,
        /// The digest of more of why.
        text: Digest,
    },
}

impl Happened {
    /// What kind of thing, as it is serialised.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Created { .. } => "created",
            Self::OutputAdded { .. } => "output-added",
            Self::OutputReplaced { .. } => "output-replaced",
            Self::OutputWithdrawn { .. } => "output-withdrawn",
            Self::Submitted { .. } => "submitted",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Commented { .. } => "commented",
            Self::Claimed { .. } => "claimed",
            Self::Assigned { .. } => "assigned",
            Self::ClaimReleased { .. } => "claim-released",
            Self::Voted { .. } => "voted",
            Self::OverrideConsented { .. } => "override-consented",
            Self::ReviewFinished { .. } => "review-finished",
            Self::Returned { .. } => "returned",
            Self::Approved { .. } => "approved",
            Self::ApprovedByRule { .. } => "approved-by-rule",
            Self::Rejected { .. } => "rejected",
            Self::Released { .. } => "released",
            Self::Revoked { .. } => "revoked",
        }
    }
}

//! Everything that may be asked for: one action for each use case.

use crate::resource::{Account, Dataset, Hub, Object, Project, Query, Request};

mod sealed {
    pub trait Sealed {}
}

/// An action as a type: what a [`crate::Proof`] is of. The types are in [`act`].
pub trait Act: sealed::Sealed {
    /// The action.
    const ACTION: Action;
    /// What it is done to.
    type On: Object;
}

macro_rules! actions {
    ($($object:ident { $($(#[$doc:meta])* $action:ident = $text:literal,)* })*) => {
        /// What somebody wants to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action {
            $($($(#[$doc])* $action,)*)*
        }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$($(Self::$action,)*)*];

            /// As policies write it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($(Self::$action => $text,)*)*
                }
            }

            /// The kind of thing that it is done to, as policies write it.
            pub fn object(self) -> &'static str {
                match self {
                    $($(Self::$action => <$object as Object>::KIND,)*)*
                }
            }
        }

        /// The actions as types.
        pub mod act {
            $($(
                $(#[$doc])*
                #[derive(Debug)]
                pub enum $action {}

                impl super::sealed::Sealed for $action {}

                impl super::Act for $action {
                    const ACTION: super::Action = super::Action::$action;
                    type On = super::$object;
                }
            )*)*
        }
    };
}

actions! {
    Hub {
        /// Read the public register of projects and releases.
        ViewRegister = "view-register",
        /// Read the policies in force and their history.
        ViewPolicies = "view-policies",
        /// See whether the hub is well.
        ViewHubHealth = "view-hub-health",
        /// See which requests wait, since when, and who has them.
        ViewQueue = "view-queue",
        /// See turnaround, reasons and agreement.
        ViewReports = "view-reports",
        /// Read and export the audit log.
        ReadAudit = "read-audit",
        /// See what the ledger of releases holds.
        ViewLedger = "view-ledger",
        /// Invite, enable and disable people; give roles; record training.
        ManagePeople = "manage-people",
        /// Provision a project.
        CreateProject = "create-project",
    }
    Account {
        /// See an account.
        ViewAccount = "view-account",
        /// Make tokens, list them and end them.
        ManageTokens = "manage-tokens",
        /// End all tokens and sessions of an account.
        RevokeTokens = "revoke-tokens",
    }
    Dataset {
        /// See a dataset, its contract and versions.
        ViewDataset = "view-dataset",
        /// Land an extract.
        LandDataset = "land-dataset",
        /// See what was landed and what was rejected.
        ViewLandings = "view-landings",
        /// Compare what lies in the vault with its manifest.
        VerifyDataset = "verify-dataset",
    }
    Project {
        /// See a project: purpose, people, dates.
        ViewProject = "view-project",
        /// Read the project's data dictionary.
        ListTables = "list-tables",
        /// See how a query would run.
        ExplainQuery = "explain-query",
        /// Try a query on invented rows.
        QueryTwin = "query-twin",
        /// Run a query.
        RunQuery = "run-query",
        /// Keep a query, or forget it.
        SaveQuery = "save-query",
        /// Make or drop workspace tables and views.
        ManageWorkspace = "manage-workspace",
        /// Begin a release request.
        CreateRequest = "create-request",
        /// Read the project's data dictionary, to check.
        ReviewDictionary = "review-dictionary",
        /// See what a query would say beside what was released.
        SimulateRelease = "simulate-release",
        /// Change, suspend, resume or close a project.
        ManageProject = "manage-project",
        /// Grant a person egress, or end it.
        GrantEgress = "grant-egress",
    }
    Query {
        /// See a query and what became of it.
        ViewQuery = "view-query",
        /// End a query that runs.
        CancelQuery = "cancel-query",
        /// Approve a query.
        ApproveQuery = "approve-query",
        /// Take a query's approval back.
        RevokeQueryApproval = "revoke-query-approval",
    }
    Request {
        /// See a release request, as far as the airlock shows it.
        ViewRequest = "view-request",
        /// Put outputs in, reply, hand in, withdraw.
        EditRequest = "edit-request",
        /// Take the released package out.
        DownloadPackage = "download-package",
        /// See the values and the evidence behind them.
        ViewEvidence = "view-evidence",
        /// Take or leave a checker's seat.
        ClaimRequest = "claim-request",
        /// Say something as a checker.
        CommentOnRequest = "comment-on-request",
        /// Vote on an output, and finish a review.
        Vote = "vote",
        /// Consent to set a finding aside.
        OverrideFinding = "override-finding",
        /// Return, approve or reject.
        DecideRequest = "decide-request",
        /// Give a seat to a checker, or free an absent one's.
        AssignRequest = "assign-request",
        /// Call a release back.
        RevokeRelease = "revoke-release",
        /// Make the package of what was approved.
        ReleasePackage = "release-package",
    }
}

//! Release requests.

use crate::view::{EvidenceView, ReleaseView};
use crate::{Client, ClientError};
use cloister_model::{Digest, Name};
use reqwest::Method;
use serde::Serialize;
use serde_json::json;

/// What somebody does to a release request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum Act {
    /// Take a checker's seat.
    Claim,
    /// Vote on an output.
    Vote {
        /// Which.
        output: Name,
        /// As it was seen.
        digest: Digest,
        /// `approve`, `request-changes` or `reject`.
        choice: String,
    },
    /// Say something.
    Comment {
        /// What.
        text: String,
        /// On which output; on the whole where absent.
        output: Option<Name>,
    },
    /// Finish one's review.
    Finish {
        /// The turn that was shown.
        turn: u32,
    },
    /// Decide that it may leave.
    Approve {
        /// The turn that was shown.
        turn: u32,
    },
    /// Give it back to its author.
    Return {
        /// The turn that was shown.
        turn: u32,
        /// A reason code.
        reason: String,
        /// What to change.
        text: String,
    },
    /// Decide that it may not leave.
    Reject {
        /// The turn that was shown.
        turn: u32,
        /// A reason code.
        reason: String,
        /// Why.
        text: String,
    },
    /// Give a checker's seat to somebody.
    Assign {
        /// Whom.
        checker: Name,
    },
    /// Consent to set a finding aside.
    Override {
        /// Of which output.
        output: Name,
        /// As it was seen.
        digest: Digest,
        /// Its code.
        finding: Name,
        /// Why it does not hold here.
        justification: String,
    },
    /// Put another held result in.
    AddOutput {
        /// Its query.
        query: String,
        /// Whether it is for the checkers only.
        supporting: bool,
    },
    /// Put another held result in an output's place.
    ReplaceOutput {
        /// Which.
        output: Name,
        /// The query.
        query: String,
    },
    /// Leave an output out.
    WithdrawOutput {
        /// Which.
        output: Name,
    },
    /// Hand a request that was returned in again.
    Submit {
        /// The turn that was shown.
        turn: u32,
    },
    /// Give a request up.
    Withdraw,
    /// Take a release back.
    Revoke {
        /// A reason code.
        reason: String,
        /// Why.
        text: String,
    },
}

impl Client {
    /// Asks for the release of held results.
    ///
    /// # Errors
    /// As the server says.
    pub async fn request_release(
        &self,
        project: &Name,
        queries: &[String],
        supporting: &[String],
        purpose: &str,
        justification: &str,
    ) -> Result<ReleaseView, ClientError> {
        let body = json!({
            "project": project, "queries": queries, "supporting": supporting, "purpose": purpose,
            "justification": justification,
        });
        Ok(self.call(Method::POST, &["v1", "release-requests"], Some(&body)).await?.view)
    }

    /// The release requests that one may see.
    ///
    /// # Errors
    /// As the server says.
    pub async fn release_requests(&self) -> Result<Vec<ReleaseView>, ClientError> {
        self.pages(&["v1", "release-requests"]).await
    }

    /// One of them.
    ///
    /// # Errors
    /// As the server says.
    pub async fn release_request(&self, request: &Name) -> Result<ReleaseView, ClientError> {
        Ok(self.get(&["v1", "release-requests", request.as_str()]).await?.view)
    }

    /// The evidence of one output.
    ///
    /// # Errors
    /// As the server says.
    pub async fn evidence(&self, request: &Name, output: &Name) -> Result<EvidenceView, ClientError> {
        let parts = ["v1", "release-requests", request.as_str(), "outputs", output.as_str(), "evidence"];
        Ok(self.get(&parts).await?.view)
    }

    /// Does something to one.
    ///
    /// # Errors
    /// As the server says.
    pub async fn act(&self, request: &Name, act: &Act) -> Result<ReleaseView, ClientError> {
        let parts = ["v1", "release-requests", request.as_str(), "acts"];
        Ok(self.call(Method::POST, &parts, Some(act)).await?.view)
    }
}

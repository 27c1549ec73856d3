//! Release requests: asking, looking, acting. What each person sees of one is the airlock's to say.

use super::body::{Asked, At, Body};
use super::page::{Page, Window};
use super::queries::key;
use crate::etag;
use crate::guard::Caller;
use crate::problem::{Problem, Problems};
use crate::state::AppState;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use cloister_hub::{
    Choice, EarlierRelease, Evidence, ReleaseAction, ReleaseDraft, ReleaseList, ReleaseView, ReviewReason,
    Revision, Scope,
};
use cloister_model::{Digest, Name};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A release request as you may see it. Its fields are described in `docs/airlock.md`.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub(crate) struct RequestBody(ReleaseView);

/// A result that waits for people, and why it should be released.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRequest {
    /// The project.
    #[schema(value_type = String)]
    project: Name,
    /// The queries whose results are held.
    #[schema(min_items = 1)]
    queries: Vec<String>,
    /// Queries whose results are held, for the checkers only: they help to judge the others, and never leave.
    #[serde(default)]
    supporting: Vec<String>,
    /// What the results are for.
    purpose: String,
    /// Why it is safe to release them.
    justification: String,
}

/// The release requests that exist for you, oldest first.
#[utoipa::path(
    get, path = "/v1/release-requests", tag = "airlock", params(Window),
    responses((status = 200, body = Page<RequestBody>), Problems)
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Asked(window): Asked<Window>,
) -> Result<Json<Page<RequestBody>>, Problem> {
    let (list, limit) = (ReleaseList::All, window.limit()?);
    let found = state.hub.release_requests_after(&caller.name, list, window.after.as_deref(), limit).await;
    let (views, more) = found.map_err(|e| window.wrong(e))?;
    let next = views.last().filter(|_| more).map(|view| view.id.to_string());
    Ok(Json(Page { items: views.into_iter().map(RequestBody).collect(), next }))
}

/// One of them. Its tag is to be sent back with an act.
#[utoipa::path(
    get, path = "/v1/release-requests/{request}", tag = "airlock", params(("request" = String, Path, description = "Its id.")),
    responses((status = 200, body = RequestBody, headers(("etag" = String))), Problems)
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    caller: Caller,
    At(request): At<Name>,
) -> Result<impl IntoResponse, Problem> {
    let view = state.hub.seen(&request, &caller.name).await?;
    Ok(([(header::ETAG, etag::header_of(&etag::tag(&view)))], Json(RequestBody(view))))
}

/// Asks for the release of held results, and hands the request to the checkers.
#[utoipa::path(
    post, path = "/v1/release-requests", tag = "airlock", request_body = NewRequest,
    params(("idempotency-key" = Option<String>, Header, description = "Of your choice: the same, sent again, asks once.")),
    responses((status = 201, body = RequestBody), Problems)
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    Body(new): Body<NewRequest>,
) -> Result<impl IntoResponse, Problem> {
    let draft = ReleaseDraft {
        id: Some(state.hub.release_id(&caller.name, key(&headers)?)?),
        queries: new.queries,
        supporting: new.supporting,
        purpose: new.purpose,
        justification: new.justification,
    };
    let view = state.hub.request_release(&new.project, &caller.name, &draft).await?;
    let place = format!("/v1/release-requests/{}", view.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Json(RequestBody(view))))
}

/// What a checker sees of one output: the query, why it is held, the table as it would leave, and the digest to vote on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EvidenceBody {
    digest: String,
    query: String,
    sql: String,
    plan_digest: Option<String>,
    policy: String,
    policy_digest: String,
    datasets: Vec<cloister_hub::DatasetRef>,
    reasons: Vec<cloister_hub::Reason>,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    suppressed: Vec<SuppressedCell>,
    /// What the table is made from: the people behind each value, and each value as it was and as it would leave.
    #[schema(value_type = Option<Object>)]
    exhibit: Option<cloister_hub::Exhibit>,
    /// Whether it is for the checkers only: it is not voted on and does not leave.
    supporting: bool,
    /// What the checkers saw in the turn before.
    before: Option<BeforeBody>,
    /// Releases that rest on some of the same data, the closest first.
    earlier_releases: Vec<EarlierRelease>,
    /// How many more there are.
    earlier_releases_more: usize,
    /// Findings with which it does not leave, unless two checkers set them aside where the policy lets them.
    objections: Vec<ObjectionBody>,
}

/// An output as it was in the checkers' turn before.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BeforeBody {
    query: String,
    sql: String,
    /// The table as it would have left; its columns' names first.
    rows: Vec<Vec<String>>,
}

/// A finding with which an output does not leave.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ObjectionBody {
    code: String,
    may_be_set_aside: bool,
}

/// A suppressed cell.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SuppressedCell {
    row: usize,
    column: String,
    rule: String,
}

impl From<Evidence> for EvidenceBody {
    fn from(evidence: Evidence) -> Self {
        let suppressed = evidence.suppressed.into_iter();
        Self {
            digest: evidence.digest.to_string(),
            query: evidence.query,
            sql: evidence.sql,
            plan_digest: evidence.plan_digest,
            policy: evidence.policy.0,
            policy_digest: evidence.policy.1,
            datasets: evidence.datasets,
            reasons: evidence.reasons,
            columns: evidence.columns,
            rows: evidence.rows,
            suppressed: suppressed.map(|(row, column, rule)| SuppressedCell { row, column, rule }).collect(),
            exhibit: evidence.exhibit,
            supporting: evidence.supporting,
            before: evidence.before.map(|b| BeforeBody { query: b.query, sql: b.sql, rows: b.rows }),
            earlier_releases: evidence.earlier.releases,
            earlier_releases_more: evidence.earlier.more,
            objections: evidence
                .objections
                .into_iter()
                .map(|(code, may_be_set_aside)| ObjectionBody { code, may_be_set_aside })
                .collect(),
        }
    }
}

/// The evidence of one output, for a checker. That they looked is recorded before they see it.
#[utoipa::path(
    get, path = "/v1/release-requests/{request}/outputs/{output}/evidence", tag = "airlock",
    params(("request" = String, Path, description = "The request."), ("output" = String, Path, description = "The output.")),
    responses((status = 200, body = EvidenceBody), Problems)
)]
pub(crate) async fn evidence(
    State(state): State<AppState>,
    caller: Caller,
    At((request, output)): At<(Name, Name)>,
) -> Result<Json<EvidenceBody>, Problem> {
    Ok(Json(state.hub.evidence(&request, &output, &caller.name).await?.into()))
}

/// What somebody does to a release request. Steps that hand it on name the turn that was shown.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum NewAct {
    /// Take a checker's seat.
    Claim,
    /// Free a seat: your own, or as an administrator another's.
    ReleaseClaim {
        #[schema(value_type = String)]
        checker: Name,
    },
    /// Give a seat to a checker.
    Assign {
        #[schema(value_type = String)]
        checker: Name,
    },
    /// Vote on an output as you saw it: `approve`, `request-changes` or `reject`.
    Vote {
        #[schema(value_type = String)]
        output: Name,
        #[schema(value_type = String)]
        digest: Digest,
        choice: String,
    },
    /// Consent to set a finding aside, where the policy allows it.
    Override {
        #[schema(value_type = String)]
        output: Name,
        #[schema(value_type = String)]
        digest: Digest,
        #[schema(value_type = String)]
        finding: Name,
        justification: String,
    },
    /// Say something, on one output or on the whole.
    Comment {
        text: String,
        #[serde(default)]
        #[schema(value_type = Option<String>)]
        output: Option<Name>,
    },
    /// You have finished your review.
    Finish { turn: u32 },
    /// Decide that it may leave: it is released at once.
    Approve { turn: u32 },
    /// Give it back to its author, with a reason code and what to change.
    Return { turn: u32, reason: String, text: String },
    /// Decide that it may not leave.
    Reject { turn: u32, reason: String, text: String },
    /// Put another held result of yours into a request that came back; `supporting` is for the checkers only.
    AddOutput {
        query: String,
        #[serde(default)]
        supporting: bool,
    },
    /// Put another held result of yours in an output's place: the votes on the output are gone.
    ReplaceOutput {
        #[schema(value_type = String)]
        output: Name,
        query: String,
    },
    /// Leave an output out.
    WithdrawOutput {
        #[schema(value_type = String)]
        output: Name,
    },
    /// Hand a request that was returned to the checkers again.
    Submit { turn: u32 },
    /// Give a request up.
    Withdraw,
    /// Take a release back.
    Revoke { reason: String, text: String },
}

impl NewAct {
    /// Whether a token for reviewing is for it; else one for requesting is.
    fn scope(&self) -> &'static [Scope] {
        match self {
            Self::Comment { .. } => &[Scope::Request, Scope::Review],
            Self::AddOutput { .. }
            | Self::ReplaceOutput { .. }
            | Self::WithdrawOutput { .. }
            | Self::Submit { .. }
            | Self::Withdraw => &[Scope::Request],
            Self::Claim
            | Self::ReleaseClaim { .. }
            | Self::Assign { .. }
            | Self::Vote { .. }
            | Self::Override { .. }
            | Self::Finish { .. }
            | Self::Approve { .. }
            | Self::Return { .. }
            | Self::Reject { .. }
            | Self::Revoke { .. } => &[Scope::Review],
        }
    }
}

/// A choice by its name.
pub(crate) fn choice_of(text: &str) -> Result<Choice, Problem> {
    let found = Choice::ALL.into_iter().find(|c| c.as_str() == text);
    found
        .ok_or_else(|| Problem::new(422, "choice", "The choice is `approve`, `request-changes` or `reject`."))
}

/// A reason code by its name.
pub(crate) fn reason_of(text: &str) -> Result<ReviewReason, Problem> {
    let found = ReviewReason::ALL.iter().copied().find(|r| r.as_str() == text);
    found.ok_or_else(|| Problem::new(422, "reason", "The reason is none of the codes in docs/airlock.md."))
}

/// Does something to a release request. What is approved is released at once.
#[utoipa::path(
    post, path = "/v1/release-requests/{request}/acts", tag = "airlock", request_body = NewAct,
    params(("request" = String, Path, description = "Its id."), ("if-match" = Option<String>, Header, description = "The tag of what you saw.")),
    responses((status = 200, body = RequestBody), Problems)
)]
pub(crate) async fn act(
    State(state): State<AppState>,
    caller: Caller,
    At(request): At<Name>,
    headers: HeaderMap,
    Body(new): Body<NewAct>,
) -> Result<Json<RequestBody>, Problem> {
    caller.may_with_one_of(new.scope())?;
    if headers.contains_key(header::IF_MATCH) {
        etag::check(&headers, &etag::tag(&state.hub.seen(&request, &caller.name).await?))?;
    }
    let action = match new {
        NewAct::Claim => ReleaseAction::Claim,
        NewAct::ReleaseClaim { checker } => ReleaseAction::ReleaseClaim { checker },
        NewAct::Assign { checker } => {
            return Ok(Json(RequestBody(state.hub.assign(&request, &checker, &caller.name).await?)));
        }
        NewAct::Vote { output, digest, choice } => {
            ReleaseAction::Vote { output, digest, choice: choice_of(&choice)? }
        }
        NewAct::Override { output, digest, finding, justification } => {
            let by = &caller.name;
            let view = state.hub.set_aside(&request, by, output, digest, finding, justification).await?;
            return Ok(Json(RequestBody(view)));
        }
        NewAct::AddOutput { query, supporting } => {
            let revision = Revision::Add { query, supporting };
            return Ok(Json(RequestBody(state.hub.revise(&request, &caller.name, revision).await?)));
        }
        NewAct::ReplaceOutput { output, query } => {
            let revision = Revision::Replace { output, query };
            return Ok(Json(RequestBody(state.hub.revise(&request, &caller.name, revision).await?)));
        }
        NewAct::Comment { text, output } => ReleaseAction::Comment { output, text },
        NewAct::Finish { turn } => ReleaseAction::FinishReview { turn },
        NewAct::Approve { turn } => ReleaseAction::Approve { turn },
        NewAct::Return { turn, reason, text } => {
            ReleaseAction::Return { turn, reason: reason_of(&reason)?, text }
        }
        NewAct::Reject { turn, reason, text } => {
            ReleaseAction::Reject { turn, reason: reason_of(&reason)?, text }
        }
        NewAct::WithdrawOutput { output } => ReleaseAction::WithdrawOutput { output },
        NewAct::Submit { turn } => ReleaseAction::Submit { turn },
        NewAct::Withdraw => ReleaseAction::Withdraw,
        NewAct::Revoke { reason, text } => ReleaseAction::Revoke { reason: reason_of(&reason)?, text },
    };
    Ok(Json(RequestBody(state.hub.act(&request, &caller.name, action).await?)))
}

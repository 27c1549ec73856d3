//! What a hub says, as the views that a server would give.

use crate::fault::Fault;
use cloister_client::ObjectionView;
use cloister_client::{
    Answered, ApprovalView, Column, EventView, EvidenceView, MemberView, ProjectView, QueryView, Reason,
    SavedView, Shown, SuppressedCell, WorkspaceView,
};
use cloister_governance::Project;
use cloister_hub::{Answer, Approval, Event, Evidence, QueryRecord, SavedQuery, WorkspaceEntry};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The view of anything that has the API's form.
pub(crate) fn view<T: DeserializeOwned>(thing: &impl Serialize) -> Result<T, Fault> {
    Ok(shown(thing)?.view)
}

/// The same with all of its JSON.
pub(crate) fn shown<T: DeserializeOwned>(thing: &impl Serialize) -> Result<Shown<T>, Fault> {
    Shown::of(thing).map_err(|e| Fault::form(&e))
}

/// An answer, with its table.
pub(crate) fn answered(answer: &Answer) -> Result<Answered, Fault> {
    let csv = answer.to_csv().map(String::into_bytes);
    Ok(Answered { answer: shown(answer)?, csv, withheld: None })
}

fn reason(reason: cloister_hub::Reason) -> Reason {
    Reason { code: reason.code, message: reason.message, hint: reason.hint }
}

pub(crate) fn query(record: QueryRecord) -> Result<QueryView, Fault> {
    Ok(QueryView {
        id: record.id,
        project: record.project,
        author: record.user,
        sql: record.sql,
        state: record.state,
        policy: record.policy,
        policy_digest: record.policy_digest,
        datasets: view(&record.datasets)?,
        plan_digest: record.plan_digest,
        reasons: record.reasons.into_iter().map(reason).collect(),
        submitted_at: record.submitted_at,
    })
}

pub(crate) fn saved(saved: SavedQuery) -> SavedView {
    SavedView {
        name: saved.name,
        text: saved.text,
        author: saved.author,
        saved_at: saved.saved_at,
        plan_digest: None,
    }
}

pub(crate) fn workspace(entry: WorkspaceEntry) -> WorkspaceView {
    let columns = entry.columns.into_iter();
    WorkspaceView {
        name: entry.name.to_string(),
        kind: entry.kind.to_owned(),
        columns: columns
            .map(|c| Column { name: c.name.to_string(), data_type: c.data_type.to_string() })
            .collect(),
        made_by: entry.made_by,
        made_at: entry.made_at,
        expires_at: entry.expires_at,
        unusable: entry.unusable.map(str::to_owned),
    }
}

pub(crate) fn approval(approval: Approval) -> Result<ApprovalView, Fault> {
    let (revoked_by, revoked_at) = approval.revoked.unzip();
    Ok(ApprovalView {
        id: approval.id,
        plan_digest: approval.plan_digest.to_string(),
        policy_digest: approval.policy_digest.to_string(),
        datasets: serde_json::from_str(&approval.datasets).map_err(|e| Fault::form(&e))?,
        sql: approval.sql,
        author: approval.author,
        granted_by: approval.granted_by,
        granted_at: approval.granted_at,
        revoked_by,
        revoked_at,
    })
}

pub(crate) fn evidence(evidence: Evidence) -> Result<EvidenceView, Fault> {
    let suppressed = evidence.suppressed.into_iter();
    Ok(EvidenceView {
        digest: evidence.digest.to_string(),
        query: evidence.query,
        sql: evidence.sql,
        plan_digest: evidence.plan_digest,
        policy: evidence.policy.0,
        policy_digest: evidence.policy.1,
        datasets: view(&evidence.datasets)?,
        reasons: evidence.reasons.into_iter().map(reason).collect(),
        columns: evidence.columns,
        rows: evidence.rows,
        suppressed: suppressed.map(|(row, column, rule)| SuppressedCell { row, column, rule }).collect(),
        supporting: evidence.supporting,
        objections: evidence
            .objections
            .into_iter()
            .map(|(code, may_be_set_aside)| ObjectionView { code, may_be_set_aside })
            .collect(),
        earlier_releases: view(&evidence.earlier.releases)?,
    })
}

pub(crate) fn event(number: u64, event: Event) -> EventView {
    EventView {
        number,
        at: event.at,
        actor: event.actor,
        kind: event.kind.as_str().to_owned(),
        subject: event.subject,
        details: event.details,
    }
}

/// A project from its file, for whoever holds the home's keys.
pub(crate) fn project(project: &Project, state: &str) -> ProjectView {
    let members = project.members.iter();
    ProjectView {
        name: project.name.to_string(),
        title: project.title.clone(),
        purpose: project.purpose.clone(),
        legal_basis: project.legal_basis.clone(),
        agreement: project.agreement.clone(),
        controllers: project.controllers.clone(),
        starts: project.starts.to_string(),
        ends: project.ends.to_string(),
        state: state.to_owned(),
        disclosure_policy: project.disclosure_policy.to_string(),
        members: members
            .map(|m| MemberView {
                person: m.user.to_string(),
                roles: m.roles.iter().map(|r| r.as_str().to_owned()).collect(),
                training_expires: Some(m.training_expires.to_string()),
            })
            .collect(),
    }
}

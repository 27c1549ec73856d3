//! Release requests: results that wait for people, what people do with them, and letting out what they let out.
//!
//! The rules are `cloister_airlock`'s. Here is where its facts come from, where its requests are kept, and what
//! follows from a decision.

mod duty;
mod list;
mod release;

pub use list::ReleaseList;

use crate::authority::researchers;
use crate::hub::fresh_id;
use crate::{DatasetRef, Hub, HubError, Reason};
use chrono::Utc;
use cloister_access::{Principal, Proof, act};
use cloister_airlock::{
    Action, Actor, Content, Draft, Happened, OutputKind, OverridePolicy, Person, Refused, Request, State,
    View, Weight, apply, view_for,
};
use cloister_audit::{Event, EventKind};
use cloister_governance::Project;
use cloister_model::{Digest, Name, Role};
use cloister_query::{Exhibit, ReleasedTable};
use cloister_store::{Request as Query, RequestState, StoredReleaseRequest};
use duty::Duty;
use std::collections::{BTreeMap, BTreeSet};

/// What a researcher asks to be released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseDraft {
    /// Its id ([`Hub::release_id`]), so that what is asked twice by accident is asked once; a fresh one where absent.
    pub id: Option<Name>,
    /// The queries whose results are held.
    pub queries: Vec<String>,
    /// What the results are for.
    pub purpose: String,
    /// Why it is safe to release them.
    pub justification: String,
}

/// What a checker sees of one output.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// What a vote on it names.
    pub digest: Digest,
    /// The query.
    pub query: String,
    /// Its SQL.
    pub sql: String,
    /// Its plan's digest.
    pub plan_digest: Option<String>,
    /// The disclosure policy's name and digest.
    pub policy: (String, String),
    /// The dataset versions that it read.
    pub datasets: Vec<DatasetRef>,
    /// Why it is held.
    pub reasons: Vec<Reason>,
    /// The names of the table's columns.
    pub columns: Vec<String>,
    /// The table as it would leave, cell by cell.
    pub rows: Vec<Vec<String>>,
    /// Each suppressed cell's row, column and rule.
    pub suppressed: Vec<(usize, String, String)>,
    /// What the table is made from: the people behind each value, and each value as it was and as it would leave. None for
    /// results that were held before there was such a thing.
    pub exhibit: Option<Exhibit>,
}

/// A held result, as its exact bytes and what they say.
struct Held {
    bytes: Vec<u8>,
    table: ReleasedTable,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsRef<ReleasedTable> for Held {
    fn as_ref(&self) -> &ReleasedTable {
        &self.table
    }
}

impl Hub {
    /// Asks for the release of held results, and hands the request to the checkers.
    pub async fn request_release(
        &self,
        project: &Name,
        user: &Name,
        draft: &ReleaseDraft,
    ) -> Result<View, HubError> {
        let project = match self.admit(project, user).await? {
            Ok(project) => project,
            Err(reason) => return Err(HubError::TurnedAway(reason)),
        };
        let proof = self.may::<act::CreateRequest>(user, &self.facts_of(&project.name).await?).await?;
        let author = self.reviewer(&project, user).await?;
        let id: Name = match &draft.id {
            Some(id) => id.clone(),
            None => fresh_id("rel")?.parse()?,
        };
        if self.store.release_request(id.as_str()).await?.is_some() {
            return self.asked_again(&id, user, draft).await;
        }
        let begun = Draft {
            id: id.clone(),
            project: project.name.clone(),
            authors: [user.clone()].into(),
            purpose: draft.purpose.clone(),
            justification: draft.justification.clone(),
            mode: project.review,
        };
        let now = self.clock.now();
        let (mut request, mut happened) = Request::begin(begun, now).map_err(turned_away)?;
        let mut queries = Vec::new();
        for id in &draft.queries {
            let query = self.held_query(&project.name, user, id).await?;
            let content = self.content(&query)?;
            let action = Action::AddOutput { output: query.id.parse()?, kind: OutputKind::Output, content };
            (request, happened) = next(&request, &author, action, now, happened)?;
            queries.push(query.id);
        }
        let submit = Action::Submit { turn: request.turn() };
        (request, happened) = next(&request, &author, submit, now, happened)?;
        let mut tx = self.store.begin().await?;
        if !tx.add_release_request(&stored(&request)?, &queries).await? {
            return Err(HubError::TurnedAway(Reason::new(
                "asked-already",
                "One of these results is in another release request.",
                "`cloister airlock list` shows it.",
            )));
        }
        self.commit(tx, proof, self.events(user.as_str(), &request, &happened)?).await?;
        self.seen(&id, user).await
    }

    /// An id for a release request that a person asks with a key of theirs: the same key, the same id.
    pub fn release_id(&self, user: &Name, key: Option<&str>) -> Result<Name, HubError> {
        Ok(crate::ask::id_of("rel", user, key)?.parse()?)
    }

    /// The request that was asked with the same key.
    async fn asked_again(&self, id: &Name, user: &Name, draft: &ReleaseDraft) -> Result<View, HubError> {
        let view = self.seen(id, user).await?;
        let same = view.authors.contains(user)
            && view.purpose == draft.purpose
            && view.justification == draft.justification
            && view.outputs.iter().map(|o| o.query.as_str()).eq(draft.queries.iter().map(String::as_str));
        if same { Ok(view) } else { Err(HubError::TurnedAway(crate::ask::key_reused())) }
    }

    /// Gives a seat to a checker.
    pub async fn assign(&self, id: &Name, checker: &Name, user: &Name) -> Result<View, HubError> {
        let (_, project, _) = self.load(id).await?;
        let to = self.reviewer(&project, checker).await?;
        self.act(id, user, Action::Assign { to }).await
    }

    /// Consents to set a finding aside, which takes both checkers, where the disclosure policy allows it.
    pub async fn set_aside(
        &self,
        id: &Name,
        user: &Name,
        output: Name,
        digest: Digest,
        finding: Name,
        justification: String,
    ) -> Result<View, HubError> {
        // No disclosure policy says yet that one of its findings may be set aside.
        let policy = OverridePolicy::Forbids;
        self.act(id, user, Action::Override { output, digest, finding, justification, policy }).await
    }

    /// One release request, as a person may see it.
    pub async fn seen(&self, id: &Name, user: &Name) -> Result<View, HubError> {
        let (request, project, _) = self.load(id).await?;
        let _: Proof<act::ViewRequest> = self.may(user, &self.request_facts(&request).await?).await?;
        view_for(&request, &self.reviewer(&project, user).await?).ok_or_else(|| absent(id))
    }

    /// Does something to a release request. What is approved is released at once.
    pub async fn act(&self, id: &Name, user: &Name, action: Action) -> Result<View, HubError> {
        let (request, project, was) = self.load(id).await?;
        let who = self.reviewer(&project, user).await?;
        let side = who.standing(&request);
        let duty = Duty::of(&action, side, user);
        let (after, happened) =
            apply(&request, &Actor::Person(who), action, self.clock.now()).map_err(|e| refused(id, e))?;
        if !happened.is_empty() {
            let events = self.events(user.as_str(), &after, &happened)?;
            let at = events.last().map(|e| e.at.clone()).unwrap_or_default();
            let permit = duty.permit(self, user, &request).await?;
            let mut tx = self.store.begin().await?;
            if !tx.change_release_request(&stored(&after)?, was).await? {
                return Err(HubError::TurnedAway(Reason::new(
                    "changed-meanwhile",
                    "Somebody else changed the request at the same moment.",
                    "Look at it again, and repeat what you did.",
                )));
            }
            match after.state() {
                State::Withdrawn | State::Rejected => tx.free_queries(id.as_str()).await?,
                State::Revoked => {
                    for query in after.leaving().keys() {
                        let (from, to) = (RequestState::Released, RequestState::Revoked);
                        tx.move_on(query.as_str(), from, to, &at).await?;
                    }
                }
                State::Pending
                | State::Submitted
                | State::PartiallyReviewed
                | State::Reviewed
                | State::Returned
                | State::Approved
                | State::Released => {}
            }
            permit.commit(self, tx, events).await?;
        }
        if after.state() == State::Approved {
            self.finish_release(id).await?;
        }
        self.seen(id, user).await
    }

    /// What a checker sees of an output. That they looked is recorded before they see it.
    pub async fn evidence(&self, id: &Name, output: &Name, user: &Name) -> Result<Evidence, HubError> {
        let view = self.seen(id, user).await?;
        let found = view.outputs.iter().find(|o| o.name == *output);
        let found = found.ok_or_else(|| HubError::NotFound("output", output.to_string()))?;
        // Only who may see the content is told its digest: nobody on the author's side before it is released.
        let digest = found.digest.filter(|_| view.whose_turn != cloister_airlock::Turn::Nobody);
        let digest = digest.ok_or_else(|| HubError::NotFound("output to check", output.to_string()))?;
        let query = self.store.request(found.query.as_str()).await?;
        let query = query.ok_or_else(|| HubError::NotFound("request", found.query.to_string()))?;
        let held = self.held(&query);
        let (request, ..) = self.load(id).await?;
        if request.state().whose_turn() == cloister_airlock::Turn::Nobody {
            // Decided between the two: what was held is away.
            return Err(HubError::NotFound("output to check", output.to_string()));
        }
        let held = held?;
        if Digest::of(&held.bytes) != digest {
            return Err(HubError::ReleaseChanged(query.id));
        }
        let proof = self.may::<act::ViewEvidence>(user, &self.request_facts(&request).await?).await?;
        let event = self
            .event(user.as_str(), EventKind::EvidenceViewed, id.as_str())
            .with("project", view.project.as_str())
            .with("output", output.as_str())
            .with("digest", digest.to_string());
        self.commit(self.store.begin().await?, proof, vec![event]).await?;
        let marker = self.policy(&query.policy_name.parse()?)?.marker().to_owned();
        let (columns, cells) = crate::answer::columns_and_cells(&held.table);
        let rows = crate::answer::text_of_rows(&held.table, &columns, &cells, &marker);
        let suppressed = cells.into_iter().filter(|cell| cell.rule.is_some());
        let suppressed = suppressed.map(|c| (c.row, c.column, c.rule.unwrap_or_default().to_owned()));
        Ok(Evidence {
            digest,
            sql: query.sql.clone(),
            plan_digest: query.plan_digest.clone(),
            policy: (query.policy_name.clone(), query.policy_digest.clone()),
            datasets: of_json(&query.datasets)?,
            reasons: of_json(&query.reasons)?,
            columns: columns.into_iter().map(|c| c.name).collect(),
            rows,
            suppressed: suppressed.collect(),
            exhibit: self.exhibit(&query)?,
            query: query.id,
        })
    }

    /// A person, as the airlock knows them.
    async fn reviewer(&self, project: &Project, user: &Name) -> Result<Person, HubError> {
        let mut roles = match self.principal(user).await? {
            Principal::Person(person) if !person.disabled => person.roles,
            Principal::Person(_) | Principal::Anonymous | Principal::System => BTreeSet::new(),
        };
        let named = !project.checkers.is_empty() || !self.store.has_accounts().await?;
        if named && !project.checkers.contains(user) {
            roles.remove(&Role::Checker);
        }
        let conflicts = self.store.conflicts(&project.name).await?;
        Ok(Person {
            name: user.clone(),
            roles,
            member: researchers(project).any(|member| member == *user),
            conflict: conflicts.iter().any(|c| c.person == *user),
        })
    }

    /// A held result of the person's own.
    async fn held_query(&self, project: &Name, user: &Name, id: &str) -> Result<Query, HubError> {
        let not_found = || HubError::NotFound("held request of yours in this project", id.to_owned());
        let query = self.store.request(id).await?.ok_or_else(not_found)?;
        let theirs = query.user == user.as_str() && query.project == project.as_str();
        if theirs && query.state == RequestState::Held { Ok(query) } else { Err(not_found()) }
    }

    /// What an output's content is: the exact bytes, and what needs a person.
    fn content(&self, query: &Query) -> Result<Content, HubError> {
        let held = self.held(query)?;
        let reasons: Vec<Reason> = of_json(&query.reasons)?;
        let codes = reasons.into_iter().map(|r| r.code).filter(|code| code != "review-required");
        let findings = codes.map(|code| Ok((code.parse::<Name>()?, Weight::Look)));
        Ok(Content {
            digest: Digest::of(&held.bytes),
            query: query.id.parse()?,
            findings: findings.collect::<Result<BTreeMap<_, _>, HubError>>()?,
        })
    }

    fn held(&self, query: &Query) -> Result<Held, HubError> {
        let path = self.store.home().held().join(format!("{}.sealed", query.id));
        let sealed = std::fs::read(&path).map_err(HubError::file(&path))?;
        let bytes = self.store.keys().open(&format!("held|{}", query.id), &sealed)?.to_vec();
        let table = ReleasedTable::from_bytes(&bytes)
            .map_err(|_| HubError::Internal("a held result cannot be read".to_owned()))?;
        Ok(Held { bytes, table })
    }

    fn exhibit(&self, query: &Query) -> Result<Option<Exhibit>, HubError> {
        let path = self.store.home().held().join(format!("{}.exhibit", query.id));
        let sealed = match std::fs::read(&path) {
            Ok(sealed) => sealed,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(HubError::file(&path)(e)),
        };
        let bytes = self.store.keys().open(&format!("exhibit|{}", query.id), &sealed)?;
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|_| HubError::Internal("what a checker is shown cannot be read".to_owned()))
    }

    async fn load(&self, id: &Name) -> Result<(Request, Project, u64), HubError> {
        let stored = self.store.release_request(id.as_str()).await?.ok_or_else(|| absent(id))?;
        let (request, project) = self.read(&stored).await?;
        Ok((request, project, stored.revision))
    }

    async fn read(&self, stored: &StoredReleaseRequest) -> Result<(Request, Project), HubError> {
        let request: Request = of_json(&stored.body)?;
        let project = self.store.project(request.project()).await?;
        let project = project.ok_or_else(|| HubError::NotFound("project", stored.project.clone()))?;
        Ok((request, Project::parse(&project.text)?))
    }

    /// What happened, for the log.
    fn events(&self, actor: &str, request: &Request, happened: &[Happened]) -> Result<Vec<Event>, HubError> {
        let of = |happened: &Happened| {
            let kind = EventKind::parse(&format!("request-{}", happened.kind()));
            let kind = kind.ok_or_else(|| HubError::Internal("an event without a kind".to_owned()))?;
            let mut event = self
                .event(actor, kind, request.id().as_str())
                .with("project", request.project().as_str())
                .with("state", request.state().as_str());
            let details = serde_json::to_value(happened).map_err(|e| HubError::Internal(e.to_string()))?;
            for (key, value) in details.as_object().into_iter().flatten().filter(|(key, _)| *key != "kind") {
                if !value.is_null() {
                    event = event.with(key.as_str(), value.clone());
                }
            }
            Ok(event)
        };
        happened.iter().map(of).collect()
    }
}

fn next(
    request: &Request,
    who: &Person,
    action: Action,
    now: chrono::DateTime<Utc>,
    mut happened: Vec<Happened>,
) -> Result<(Request, Vec<Happened>), HubError> {
    let (after, more) = apply(request, &Actor::Person(who.clone()), action, now).map_err(turned_away)?;
    happened.extend(more);
    Ok((after, happened))
}

fn stored(request: &Request) -> Result<StoredReleaseRequest, HubError> {
    Ok(StoredReleaseRequest {
        id: request.id().to_string(),
        project: request.project().to_string(),
        state: request.state().as_str().to_owned(),
        revision: request.revision(),
        body: serde_json::to_string(request).map_err(|e| HubError::Internal(e.to_string()))?,
    })
}

fn of_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, HubError> {
    serde_json::from_str(text).map_err(|e| HubError::Internal(format!("what is stored cannot be read: {e}")))
}

fn absent(id: &Name) -> HubError {
    HubError::NotFound("release request", id.to_string())
}

fn refused(id: &Name, refused: Refused) -> HubError {
    if refused == Refused::NoSuchRequest { absent(id) } else { turned_away(refused) }
}

fn turned_away(refused: Refused) -> HubError {
    HubError::TurnedAway(Reason::of_words(refused.code(), &refused.to_string(), ""))
}

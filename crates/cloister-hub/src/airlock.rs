//! Release requests: results that wait for people, what people do with them, and letting out what they let out.
//!
//! The rules are `cloister_airlock`'s. Here is where its facts come from, where its requests are kept, and what
//! follows from a decision.

mod duty;
mod evidence;
mod list;
mod release;
mod revise;

pub use evidence::{EarlierRelease, EarlierReleases, Evidence, SeenBefore};
pub use list::ReleaseList;
pub use revise::Revision;

use crate::authority::researchers;
use crate::hub::fresh_id;
use crate::{Hub, HubError, Reason};
use chrono::Utc;
use cloister_access::{Principal, Proof, act};
use cloister_airlock::{
    Action, Actor, Content, Draft, Happened, OutputKind, OverridePolicy, Person, Refused, Request, State,
    View, Weight, apply, view_for,
};
use cloister_audit::{Event, EventKind};
use cloister_governance::Project;
use cloister_model::{Digest, Name, Role};
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
    /// Queries whose results are held, for the checkers only: what helps them judge the others.
    pub supporting: Vec<String>,
    /// What the results are for.
    pub purpose: String,
    /// Why it is safe to release them.
    pub justification: String,
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
        let outputs = draft.queries.iter().map(|id| (id, OutputKind::Output));
        for (id, kind) in outputs.chain(draft.supporting.iter().map(|id| (id, OutputKind::Supporting))) {
            let query = self.held_query(&project.name, user, id).await?;
            let content = self.content(&query)?;
            let action = Action::AddOutput { output: query.id.parse()?, kind, content };
            (request, happened) = next(&request, &author, action, now, happened)?;
            queries.push(query.id);
        }
        let submit = Action::Submit { turn: request.turn() };
        (request, happened) = next(&request, &author, submit, now, happened)?;
        let mut tx = self.store.begin().await?;
        if !tx.add_release_request(&stored(&request)?, &queries).await? {
            return Err(asked_already());
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
            && view.outputs.iter().map(|o| o.query.as_str()).eq(draft
                .queries
                .iter()
                .chain(&draft.supporting)
                .map(String::as_str));
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
        let view = self.seen(id, user).await?;
        let query = view.outputs.iter().find(|o| o.name == output).map(|o| o.query.clone());
        let query = query.ok_or_else(|| HubError::NotFound("output", output.to_string()))?;
        let policy = match self.policy_of(query.as_str()).await? {
            Some(policy) if policy.may_set_aside(finding.as_str()) => OverridePolicy::Allows,
            Some(_) | None => OverridePolicy::Forbids,
        };
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
        let approves = matches!(action, Action::Approve { .. });
        let (after, happened) =
            apply(&request, &Actor::Person(who), action, self.clock.now()).map_err(|e| refused(id, e))?;
        // Until it is in the ledger, nothing else comes there.
        let _alone = match approves && after.state() == State::Approved {
            true => Some(self.compared(&request).await?),
            false => None,
        };
        if !happened.is_empty() {
            let events = self.events(user.as_str(), &after, &happened)?;
            let at = events.last().map(|e| e.at.clone()).unwrap_or_default();
            let permit = duty.permit(self, user, &request).await?;
            let mut tx = self.store.begin().await?;
            if !tx.change_release_request(&stored(&after)?, was).await? {
                return Err(changed_meanwhile());
            }
            match after.state() {
                State::Withdrawn | State::Rejected => tx.free_queries(id.as_str()).await?,
                State::Revoked => {
                    for query in after.leaving_queries().values() {
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
        let policy = self.policy(&query.policy_name.parse()?)?;
        let codes = reasons.into_iter().map(|r| r.code).filter(|code| code != "review-required");
        let weight = |code: &str| if policy.objects(code) { Weight::Objection } else { Weight::Look };
        let findings = codes.map(|code| Ok((code.parse::<Name>()?, weight(&code))));
        Ok(Content {
            digest: Digest::of(&held.bytes),
            query: query.id.parse()?,
            findings: findings.collect::<Result<BTreeMap<_, _>, HubError>>()?,
        })
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

fn changed_meanwhile() -> HubError {
    HubError::TurnedAway(Reason::new(
        "changed-meanwhile",
        "Somebody else changed the request at the same moment.",
        "Look at it again, and repeat what you did.",
    ))
}

fn asked_already() -> HubError {
    HubError::TurnedAway(Reason::new(
        "asked-already",
        "One of these results is in another release request.",
        "`cloister airlock list` shows it.",
    ))
}

fn refused(id: &Name, refused: Refused) -> HubError {
    if refused == Refused::NoSuchRequest { absent(id) } else { turned_away(refused) }
}

fn turned_away(refused: Refused) -> HubError {
    HubError::TurnedAway(Reason::of_words(refused.code(), &refused.to_string(), ""))
}

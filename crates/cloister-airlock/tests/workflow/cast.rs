//! The people of the tests, and a request that they work on.

use chrono::{DateTime, TimeDelta, Utc};
use cloister_airlock::{
    Action, Actor, Choice, Content, Draft, Happened, OutputKind, OverridePolicy, Person, Reason, Refused,
    Request, State, View, Weight, apply, view_for,
};
use cloister_governance::ReviewMode;
use cloister_model::{Digest, Name, Role};
use std::collections::BTreeSet;

pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub fn person(who: &str, roles: &[Role], member: bool, conflict: bool) -> Person {
    Person { name: name(who), roles: roles.iter().copied().collect(), member, conflict }
}

/// Everybody, by name; each stands somewhere else.
pub fn who(who: &str) -> Person {
    use Role::{Administrator, Auditor, Checker, InformationAssetOwner, Researcher};
    let (roles, member, conflict): (&[Role], bool, bool) = match who {
        "author" | "coauthor" | "member" => (&[Researcher], true, false),
        "c1" | "c2" | "c3" => (&[Checker], false, false),
        "author-checker" => (&[Researcher, Checker], true, false),
        "member-checker" => (&[Researcher, Checker, Administrator, Auditor], true, false),
        "conflicted" => (&[Checker], false, true),
        "checker-auditor" => (&[Checker, Auditor, Administrator], false, false),
        "gone" => (&[Researcher, Checker, Auditor], false, false),
        "admin" => (&[Administrator], false, false),
        "conflicted-admin" => (&[Administrator], false, true),
        "owner" => (&[InformationAssetOwner], false, false),
        "auditor" => (&[Auditor], false, false),
        "stranger" => (&[Researcher], false, false),
        other => panic!("{other} is not in the cast"),
    };
    person(who, roles, member, conflict)
}

pub const EVERYBODY: [&str; 16] = [
    "author",
    "coauthor",
    "author-checker",
    "gone",
    "member",
    "member-checker",
    "c1",
    "c2",
    "c3",
    "checker-auditor",
    "conflicted",
    "admin",
    "conflicted-admin",
    "owner",
    "auditor",
    "stranger",
];

pub const AUTHORS: [&str; 4] = ["author", "coauthor", "author-checker", "gone"];

pub fn actor(text: &str) -> Actor {
    if text == "system" { Actor::System } else { Actor::Person(who(text)) }
}

pub fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

pub fn content(text: &str, findings: &[(&str, Weight)]) -> Content {
    Content {
        digest: digest(text),
        query: name("req_1"),
        findings: findings.iter().map(|(code, weight)| (name(code), *weight)).collect(),
    }
}

pub fn add(output: &str, text: &str) -> Action {
    add_with(output, text, &[])
}

pub fn add_with(output: &str, text: &str, findings: &[(&str, Weight)]) -> Action {
    Action::AddOutput { output: name(output), kind: OutputKind::Output, content: content(text, findings) }
}

pub fn support(output: &str, text: &str) -> Action {
    Action::AddOutput { output: name(output), kind: OutputKind::Supporting, content: content(text, &[]) }
}

pub fn replace(output: &str, text: &str) -> Action {
    Action::ReplaceOutput { output: name(output), content: content(text, &[]) }
}

pub fn vote(output: &str, text: &str, choice: Choice) -> Action {
    Action::Vote { output: name(output), digest: digest(text), choice }
}

pub fn comment(output: Option<&str>, text: &str) -> Action {
    Action::Comment { output: output.map(name), text: text.into() }
}

pub fn hand_back(turn: u32, text: &str) -> Action {
    Action::Return { turn, reason: Reason::ContextMissing, text: text.into() }
}

pub fn reject(turn: u32, text: &str) -> Action {
    Action::Reject { turn, reason: Reason::SmallCounts, text: text.into() }
}

pub fn revoke(text: &str) -> Action {
    Action::Revoke { reason: Reason::Disclosive, text: text.into() }
}

pub fn set_aside(output: &str, text: &str, finding: &str, justification: &str) -> Action {
    Action::Override {
        output: name(output),
        digest: digest(text),
        finding: name(finding),
        justification: justification.into(),
        policy: OverridePolicy::Allows,
    }
}

/// A request under way, and all that happened to it.
#[derive(Clone)]
pub struct Story {
    pub request: Request,
    pub log: Vec<(String, Happened)>,
    pub now: DateTime<Utc>,
}

impl Story {
    /// A pending request without outputs.
    pub fn begin(mode: ReviewMode) -> Self {
        let now = DateTime::parse_from_rfc3339("2026-03-01T09:30:00Z").unwrap().to_utc();
        let authors: BTreeSet<Name> = AUTHORS.into_iter().map(name).collect();
        let (request, happened) = Request::begin(
            Draft {
                id: name("rel_1"),
                project: name("admissions"),
                authors,
                purpose: "to plan services".into(),
                justification: "counts of at least ten".into(),
                mode,
            },
            now,
        )
        .unwrap();
        let log = happened.into_iter().map(|h| ("author".to_owned(), h)).collect();
        Self { request, log, now }
    }

    /// A request of two outputs, `a` and `b`, handed in.
    pub fn submitted(mode: ReviewMode) -> Self {
        let mut story = Self::begin(mode);
        story.act("author", add("a", "a1"));
        story.act("author", add("b", "b1"));
        story.act("author", Action::Submit { turn: 0 });
        story
    }

    /// Somebody does something, a minute later.
    pub fn act(&mut self, who: &str, action: Action) -> Vec<Happened> {
        self.now += TimeDelta::minutes(1);
        let (request, happened) = apply(&self.request, &actor(who), action.clone(), self.now)
            .unwrap_or_else(|refused| panic!("{who}, {action:?}: {refused}"));
        self.request = request;
        self.log.extend(happened.iter().map(|h| (who.to_owned(), h.clone())));
        happened
    }

    /// Somebody tries something in vain: the code of the refusal.
    pub fn refused(&self, who: &str, action: Action) -> &'static str {
        self.refusal(who, action).code()
    }

    pub fn refusal(&self, who: &str, action: Action) -> Refused {
        match apply(&self.request, &actor(who), action.clone(), self.now) {
            Ok((_, happened)) => panic!("{who} may {action:?}: {happened:?}"),
            Err(refused) => refused,
        }
    }

    /// A checker approves both outputs of `submitted` and finishes.
    pub fn approve_all(&mut self, who: &str) {
        self.act(who, vote("a", "a1", Choice::Approve));
        self.act(who, vote("b", "b1", Choice::Approve));
        self.finish(who);
    }

    pub fn finish(&mut self, who: &str) {
        let turn = self.request.turn();
        self.act(who, Action::FinishReview { turn });
    }

    pub fn view(&self, viewer: &str) -> Option<View> {
        view_for(&self.request, &who(viewer))
    }

    /// The request as the store would bring it back.
    pub fn reloaded(&self) -> Request {
        serde_json::from_str(&serde_json::to_string(&self.request).unwrap()).unwrap()
    }

    /// A request in each state, of two outputs that both checkers approve of.
    pub fn in_state(state: State, mode: ReviewMode) -> Self {
        let mut story = match state {
            State::Pending | State::Withdrawn => {
                let mut story = Self::begin(mode);
                story.act("author", add("a", "a1"));
                story.act("author", add("b", "b1"));
                story
            }
            _ => Self::submitted(mode),
        };
        let reviews = match state {
            State::PartiallyReviewed => 1,
            State::Reviewed | State::Approved | State::Released | State::Rejected | State::Revoked => {
                story.request.checkers_needed()
            }
            State::Pending | State::Submitted | State::Returned | State::Withdrawn => 0,
        };
        for checker in ["c1", "c2"].into_iter().take(reviews) {
            story.approve_all(checker);
        }
        match state {
            State::Returned => drop(story.act("c1", hand_back(1, "say more"))),
            State::Withdrawn => drop(story.act("author", Action::Withdraw)),
            State::Rejected => drop(story.act("c1", reject(1, "no"))),
            State::Approved | State::Released | State::Revoked => {
                story.act("c1", Action::Approve { turn: 1 });
            }
            State::Pending | State::Submitted | State::PartiallyReviewed | State::Reviewed => {}
        }
        if matches!(state, State::Released | State::Revoked) {
            story.act("system", Action::Release { package: digest("package") });
        }
        if state == State::Revoked {
            story.act("owner", revoke("a column too many"));
        }
        assert_eq!(story.request.state(), state);
        story
    }
}

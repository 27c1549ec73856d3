//! Every rule, both ways.

use crate::cast::{
    EVERYBODY, access, account, ask, at, dataset, day, name, names, now, person, project, query, request,
    verdict, who,
};
use chrono::{DateTime, Utc};
use cloister_access::{
    Access, Account, Action, Dataset, Hub, Object, Person, Principal, Project, ProjectState, Query, Request,
    Resource, act,
};
use cloister_model::Role;

fn says(principal: &Principal, action: Action, on: &impl Object, now: DateTime<Utc>) -> String {
    verdict(&access().check(principal, action, on.resource(), now))
}

const RESEARCH: [Action; 7] = [
    Action::ListTables,
    Action::ExplainQuery,
    Action::QueryTwin,
    Action::RunQuery,
    Action::SaveQuery,
    Action::ManageWorkspace,
    Action::CreateRequest,
];

const REVIEW: [Action; 6] = [
    Action::ViewEvidence,
    Action::ClaimRequest,
    Action::CommentOnRequest,
    Action::Vote,
    Action::OverrideFinding,
    Action::DecideRequest,
];

#[test]
fn a_proof_names_who_what_and_which() {
    let proof = access().may::<act::RunQuery>(&who("author"), &project(), now()).unwrap();
    assert_eq!((proof.principal(), proof.action(), proof.kind()), ("author", Action::RunQuery, "Project"));
    assert!(proof.covers(name("admissions")) && !proof.covers("other"));
    assert_eq!(format!("{proof:?}"), "Proof(author may run-query Project admissions)");
    let denied = access().may::<act::RunQuery>(&who("outsider"), &project(), now()).unwrap_err();
    assert_eq!(
        (denied.action(), denied.code(), denied.looks_absent()),
        (Action::RunQuery, "not-found", true)
    );
    assert!(!denied.to_string().contains("admissions"));
}

#[test]
fn training_that_expires_suspends_at_once() {
    let author = |training_expires| {
        Principal::Person(Person { training_expires, ..person("author", &[Role::Researcher]) })
    };
    let last = author(Some(day("2026-03-01")));
    for action in RESEARCH {
        assert_eq!(says(&last, action, &project(), at("2026-03-01T23:59:59.999Z")), "yes");
        assert_eq!(says(&last, action, &project(), at("2026-03-02T00:00:00Z")), "403 training-expired");
        assert_eq!(says(&author(None), action, &project(), now()), "403 training-expired");
    }
    let after = at("2026-03-02T00:00:00Z");
    assert_eq!(says(&last, Action::EditRequest, &request(), after), "403 training-expired");
    assert_eq!(says(&last, Action::DownloadPackage, &request(), after), "403 training-expired");
    assert_eq!(says(&last, Action::CancelQuery, &query(), after), "403 training-expired");
    assert_eq!(says(&last, Action::ViewProject, &project(), after), "yes", "who is suspended sees why");
    let denied = access().may::<act::RunQuery>(&last, &project(), after).unwrap_err();
    assert_eq!(denied.to_string(), "your training is not current; renew it, and everything is as it was");
}

#[test]
fn terms_that_are_not_accepted_suspend_at_once() {
    let author =
        |terms_expire| Principal::Person(Person { terms_expire, ..person("author", &[Role::Researcher]) });
    let last = author(Some(day("2026-03-01")));
    for action in RESEARCH {
        assert_eq!(says(&last, action, &project(), at("2026-03-01T23:59:59Z")), "yes");
        assert_eq!(says(&last, action, &project(), at("2026-03-02T00:00:00Z")), "403 terms-not-accepted");
        assert_eq!(says(&author(None), action, &project(), now()), "403 terms-not-accepted");
    }
}

#[test]
fn projects_run_between_their_dates_while_they_are_active() {
    let author = who("author");
    let in_state = |state| Project { state, ..project() };
    for action in RESEARCH {
        assert_eq!(says(&author, action, &project(), at("2026-01-01T00:00:00Z")), "yes");
        assert_eq!(says(&author, action, &project(), at("2025-12-31T23:59:59Z")), "403 project-not-started");
        assert_eq!(says(&author, action, &project(), at("2026-06-30T23:59:59Z")), "yes");
        assert_eq!(says(&author, action, &project(), at("2026-07-01T00:00:00Z")), "403 project-ended");
        for state in [ProjectState::Suspended, ProjectState::Closed] {
            assert_eq!(says(&author, action, &in_state(state), now()), "403 project-not-running");
        }
    }
    let of = |project| Request { project, ..request() };
    for action in [Action::EditRequest, Action::DownloadPackage] {
        assert_eq!(says(&author, action, &request(), now()), "yes");
        for state in [ProjectState::Suspended, ProjectState::Closed] {
            assert_eq!(says(&author, action, &of(in_state(state)), now()), "403 request-project-not-running");
        }
    }
    assert_eq!(
        says(&author, Action::EditRequest, &request(), at("2026-07-01T00:00:00Z")),
        "403 request-project-ended"
    );
    assert_eq!(
        says(&author, Action::EditRequest, &request(), at("2025-12-31T23:00:00Z")),
        "403 request-project-ended"
    );
}

#[test]
fn what_is_under_way_is_decided_until_the_project_closes() {
    let of = |state| Request { project: Project { state, ..project() }, ..request() };
    let about = |state| Query { project: Project { state, ..project() }, ..query() };
    let checker = who("checker");
    for action in REVIEW.into_iter().filter(|a| *a != Action::ViewEvidence) {
        assert_eq!(says(&checker, action, &of(ProjectState::Suspended), now()), "yes");
        assert_eq!(says(&checker, action, &of(ProjectState::Closed), now()), "403 request-project-closed");
        assert_eq!(says(&checker, action, &request(), at("2026-07-01T00:00:00Z")), "yes");
    }
    let closed = of(ProjectState::Closed);
    assert_eq!(
        says(&checker, Action::ViewEvidence, &closed, now()),
        "yes",
        "what was decided can be explained"
    );
    assert_eq!(
        says(&checker, Action::RevokeRelease, &closed, now()),
        "yes",
        "a release can always be called back"
    );
    for action in [Action::ApproveQuery, Action::RevokeQueryApproval] {
        assert_eq!(says(&checker, action, &about(ProjectState::Suspended), now()), "yes");
        assert_eq!(says(&checker, action, &about(ProjectState::Closed), now()), "403 query-project-closed");
    }
}

#[test]
fn egress_is_granted_to_one_person_for_one_project_until_a_moment() {
    let (author, before) = (who("author"), at("2026-03-31T23:59:59.999Z"));
    assert_eq!(says(&author, Action::DownloadPackage, &request(), before), "yes");
    let expired = says(&author, Action::DownloadPackage, &request(), at("2026-04-01T00:00:00Z"));
    assert_eq!(expired, "403 egress-not-granted");
    assert_eq!(says(&who("no-egress"), Action::DownloadPackage, &request(), now()), "403 egress-not-granted");
    // A right without membership is no right.
    let mut egress = project().egress;
    egress.insert(name("outsider"), at("2030-01-01T00:00:00Z"));
    let request = Request { project: Project { egress, ..project() }, ..request() };
    assert_eq!(says(&who("outsider"), Action::DownloadPackage, &request, now()), "404");
    // Who grants it answers for the data, and is no member.
    assert_eq!(says(&who("owner"), Action::GrantEgress, &project(), now()), "yes");
    assert_eq!(says(&who("other-owner"), Action::GrantEgress, &project(), now()), "404");
    assert_eq!(says(&who("administrator"), Action::GrantEgress, &project(), now()), "403");
    let both = Principal::Person(person("author", &[Role::Researcher, Role::InformationAssetOwner]));
    let owned = Project { owners: names(&["author"]), ..project() };
    assert_eq!(says(&both, Action::GrantEgress, &owned, now()), "403 own-project");
}

#[test]
fn a_checker_is_nobody_with_a_tie() {
    for action in REVIEW {
        assert_eq!(says(&who("checker"), action, &request(), now()), "yes");
        assert_eq!(says(&who("checker-member"), action, &request(), now()), "403 own-request");
        assert_eq!(says(&who("checker-conflict"), action, &request(), now()), "404");
        assert_eq!(says(&who("former-author"), action, &request(), now()), "404");
        for other in ["author", "member", "administrator", "owner", "auditor"] {
            assert!(says(&who(other), action, &request(), now()).starts_with("403"), "{other}");
        }
    }
    for action in [Action::ApproveQuery, Action::RevokeQueryApproval] {
        assert_eq!(says(&who("checker"), action, &query(), now()), "yes");
        let own = Query { author: name("checker-member"), ..query() };
        assert_eq!(says(&who("checker-member"), action, &own, now()), "403 own-query");
        assert_eq!(says(&who("checker-member"), action, &query(), now()), "404");
        assert_eq!(says(&who("checker-conflict"), action, &query(), now()), "404");
    }
    assert_eq!(says(&who("checker"), Action::ReviewDictionary, &project(), now()), "yes");
    assert_eq!(says(&who("checker-member"), Action::ReviewDictionary, &project(), now()), "403 own-project");
    assert_eq!(
        says(&who("checker-conflict"), Action::ReviewDictionary, &project(), now()),
        "403 conflict-of-interest-project"
    );
}

#[test]
fn a_project_may_name_its_checkers() {
    let named = |list: &[&str]| Project { checkers: Some(names(list)), ..project() };
    let of = |list: &[&str]| Request { project: named(list), ..request() };
    for action in REVIEW {
        assert_eq!(says(&who("checker"), action, &of(&["checker"]), now()), "yes");
        assert_eq!(says(&who("checker"), action, &of(&["another"]), now()), "404");
        // The name alone is not the role.
        assert_eq!(says(&who("outsider"), action, &of(&["outsider"]), now()), "404");
    }
    assert_eq!(says(&who("checker"), Action::ViewProject, &named(&["another"]), now()), "404");
    let about = Query { project: named(&["another"]), ..query() };
    assert_eq!(says(&who("checker"), Action::ApproveQuery, &about, now()), "404");
}

/// Every set of roles and every tie to the project: whoever may do the author's part may do none of the
/// checkers', and the other way about.
#[test]
fn nobody_is_on_both_sides_of_a_request() {
    let authors = [Action::EditRequest, Action::DownloadPackage];
    let others = [&REVIEW[..], &[Action::AssignRequest, Action::RevokeRelease]].concat();
    let (mut inside, mut outside) = (0, 0);
    for bits in 0..32u32 {
        let roles: Vec<Role> =
            Role::ALL.into_iter().enumerate().filter(|(i, _)| bits & (1 << i) != 0).map(|(_, r)| r).collect();
        for ties in 0..16u32 {
            let list = |bit: u32| if ties & bit != 0 { names(&["x"]) } else { names(&[]) };
            let egress = [(name("x"), at("2027-01-01T00:00:00Z"))].into();
            let project =
                Project { members: list(1), owners: list(2), conflicts: list(4), egress, ..project() };
            let request = Request { project, authors: list(8), ..request() };
            let x = Principal::Person(person("x", &roles));
            let may = |a: &Action| access().check(&x, *a, request.resource(), now()).is_ok();
            let (one, other) = (authors.iter().any(may), others.iter().any(may));
            assert!(!(one && other), "{roles:?}, ties {ties:04b}");
            inside += u32::from(one);
            outside += u32::from(other);
            let reads_log = access().check(&x, Action::ReadAudit, Hub.resource(), now()).is_ok();
            assert!(!(reads_log && (one || REVIEW.iter().any(may))), "{roles:?}, ties {ties:04b}");
        }
    }
    assert!(inside > 0 && outside > 0);
}

#[test]
fn requests_that_were_not_handed_in_are_their_authors_own() {
    let pending = Request { handed_in: false, ..request() };
    let sees: Vec<&str> = EVERYBODY
        .into_iter()
        .filter(|w| says(&who(w), Action::ViewRequest, &pending, now()) == "yes")
        .collect();
    assert_eq!(sees, ["author", "untrained", "no-egress", "auditor"]);
    for action in REVIEW {
        assert_eq!(says(&who("checker"), action, &pending, now()), "404");
    }
    assert_eq!(says(&who("administrator"), Action::AssignRequest, &pending, now()), "404");
    let mut auditing = person("member", &[Role::Researcher, Role::Auditor]);
    auditing.disabled = false;
    assert_eq!(says(&Principal::Person(auditing), Action::ViewRequest, &pending, now()), "404");
}

#[test]
fn queries_are_seen_by_who_asked_and_who_oversees() {
    let sees: Vec<&str> = EVERYBODY
        .into_iter()
        .filter(|w| says(&who(w), Action::ViewQuery, &query(), now()) == "yes")
        .collect();
    assert_eq!(sees, ["author", "checker", "auditor", "former-author"]);
    let by_former = Query { author: name("former-author"), ..query() };
    assert_eq!(says(&who("former-author"), Action::ViewQuery, &by_former, now()), "404");
    assert_eq!(says(&who("former-author"), Action::ApproveQuery, &by_former, now()), "404");
}

#[test]
fn administrators_manage_what_they_are_no_members_of_and_see_no_evidence() {
    assert_eq!(says(&who("administrator"), Action::ManageProject, &project(), now()), "yes");
    assert_eq!(
        says(&who("administrator-member"), Action::ManageProject, &project(), now()),
        "403 own-project"
    );
    assert_eq!(says(&who("administrator"), Action::AssignRequest, &request(), now()), "yes");
    assert_eq!(
        says(&who("administrator-member"), Action::AssignRequest, &request(), now()),
        "403 own-request"
    );
    let conflicted = Project { conflicts: names(&["administrator"]), ..project() };
    let of = Request { project: conflicted, ..request() };
    assert_eq!(says(&who("administrator"), Action::ViewRequest, &of, now()), "yes");
    assert_eq!(says(&who("administrator"), Action::AssignRequest, &of, now()), "403 conflict-of-interest");
    assert_eq!(says(&who("administrator"), Action::LandDataset, &dataset(), now()), "yes");
    assert_eq!(says(&who("owner"), Action::LandDataset, &dataset(), now()), "403");
}

#[test]
fn owners_answer_for_their_own_data() {
    let others = Dataset { owners: names(&["other-owner"]), ..dataset() };
    for action in [Action::ViewDataset, Action::ViewLandings, Action::VerifyDataset] {
        assert_eq!(says(&who("owner"), action, &dataset(), now()), "yes");
        assert_eq!(says(&who("owner"), action, &others, now()), "404");
        // Being named as owner without the role is nothing.
        let named = Dataset { owners: names(&["outsider"]), ..dataset() };
        assert_eq!(says(&who("outsider"), action, &named, now()), "404");
    }
    assert_eq!(says(&who("owner"), Action::RevokeRelease, &request(), now()), "yes");
    assert_eq!(says(&who("other-owner"), Action::RevokeRelease, &request(), now()), "404");
    let conflicted = Project { conflicts: names(&["owner"]), ..project() };
    assert_eq!(
        says(&who("owner"), Action::GrantEgress, &conflicted, now()),
        "403 conflict-of-interest-project"
    );
}

#[test]
fn the_log_is_read_by_who_neither_checks_nor_researches() {
    assert_eq!(ask(&who("auditor"), Action::ReadAudit, now()), Ok(()));
    assert_eq!(ask(&who("administrator"), Action::ReadAudit, now()), Ok(()));
    for role in [Role::Checker, Role::Researcher] {
        let both = Principal::Person(person("x", &[Role::Auditor, role]));
        assert_eq!(says(&both, Action::ReadAudit, &Hub, now()), "403 audit-independent");
    }
    assert_eq!(says(&who("owner"), Action::ReadAudit, &Hub, now()), "403");
    // What takes a permission away is no reason for somebody who would not have it.
    assert_eq!(says(&who("checker"), Action::ReadAudit, &Hub, now()), "403");
    assert_eq!(
        ask(&who("checker"), Action::ReadAudit, now()).unwrap_err().to_string(),
        "your roles do not allow `read-audit`"
    );
}

#[test]
fn accounts_are_ones_own() {
    let other = Account { holder: name("member") };
    for action in [Action::ViewAccount, Action::ManageTokens, Action::RevokeTokens] {
        assert_eq!(says(&who("author"), action, &account(), now()), "yes");
        assert_eq!(says(&who("author"), action, &other, now()), "404");
    }
    let administrator = who("administrator");
    assert_eq!(says(&administrator, Action::RevokeTokens, &other, now()), "yes");
    assert_eq!(
        says(&administrator, Action::ManageTokens, &other, now()),
        "403",
        "nobody makes another's token"
    );
    assert_eq!(says(&who("auditor"), Action::RevokeTokens, &other, now()), "403");
}

#[test]
fn a_disabled_account_may_nothing_and_nobody_the_register_only() {
    for action in Action::ALL {
        assert!(ask(&who("disabled"), *action, now()).is_err(), "{action:?}");
        let anonymous = ask(&Principal::Anonymous, *action, now()).is_ok();
        assert_eq!(anonymous, *action == Action::ViewRegister, "{action:?}");
        let system = ask(&Principal::System, *action, now()).is_ok();
        assert_eq!(system, *action == Action::ReleasePackage, "{action:?}");
    }
    assert_eq!(says(&who("disabled"), Action::ViewPolicies, &Hub, now()), "403 account-disabled");
    let enabled = Principal::Person(person("disabled", &Role::ALL));
    assert_eq!(says(&enabled, Action::ViewPolicies, &Hub, now()), "yes");
    for person in EVERYBODY.into_iter().filter(|w| *w != "system") {
        assert!(
            ask(&who(person), Action::ReleasePackage, now()).is_err(),
            "{person} makes a package by hand"
        );
    }
}

#[test]
fn every_policy_decides_something_in_these_tests() {
    // Each policy left out alone changes the verdict of somebody on something: none is there for show.
    const SCHEMA: &str = include_str!("../../../../policies/access/cloister.cedarschema");
    const FILES: [&str; 2] = [
        include_str!("../../../../policies/access/roles.cedar"),
        include_str!("../../../../policies/access/limits.cedar"),
    ];
    let policies: Vec<String> =
        FILES.concat().split("@id(").skip(1).map(|rest| format!("@id({rest}")).collect();
    assert!(policies.len() > 40);
    let situations = situations();
    let asked: Vec<_> = situations.iter().flat_map(Situation::all).collect();
    let answer = |access: &Access, (who, action, on): &(&Principal, Action, Resource<'_>)| {
        access.check(who, *action, *on, now()).is_ok()
    };
    let whole: Vec<bool> = asked.iter().map(|question| answer(access(), question)).collect();
    for (i, left_out) in policies.iter().enumerate() {
        let rest: String =
            policies.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, p)| p.as_str()).collect();
        let without = Access::from_texts(SCHEMA, &[("rest.cedar", &rest)]).unwrap_or_else(|e| panic!("{e}"));
        let missed = asked.iter().zip(&whole).any(|(question, is)| answer(&without, question) != *is);
        assert!(missed, "nobody would miss {left_out}");
    }
}

/// A person and one thing of each kind.
struct Situation {
    who: Principal,
    account: Account,
    dataset: Dataset,
    query: Query,
    request: Request,
}

impl Situation {
    fn all(&self) -> impl Iterator<Item = (&Principal, Action, Resource<'_>)> {
        Action::ALL.iter().map(|action| {
            let on = match action.object() {
                "Hub" => Hub.resource(),
                "Account" => self.account.resource(),
                "Dataset" => self.dataset.resource(),
                "Project" => self.query.project.resource(),
                "Query" => self.query.resource(),
                _ => self.request.resource(),
            };
            (&self.who, *action, on)
        })
    }
}

/// The cast, in the usual project and in projects in which something is different.
fn situations() -> Vec<Situation> {
    let mut projects = vec![project()];
    projects.push(Project { state: ProjectState::Suspended, ..project() });
    projects.push(Project { state: ProjectState::Closed, ..project() });
    projects.push(Project { ends: day("2026-02-28"), ..project() });
    projects.push(Project { starts: day("2026-03-02"), ..project() });
    projects.push(Project { conflicts: names(&["checker", "owner", "auditor"]), ..project() });
    let mut situations = Vec::new();
    for (project, somebody) in projects.iter().flat_map(|p| EVERYBODY.map(|w| (p, w))) {
        for handed_in in [true, false].into_iter().take(if *project == projects[0] { 2 } else { 1 }) {
            situations.push(Situation {
                who: who(somebody),
                account: account(),
                dataset: dataset(),
                query: Query { author: name("former-author"), project: project.clone(), ..query() },
                request: Request { project: project.clone(), handed_in, ..request() },
            });
        }
    }
    // People who hold everything, with each tie.
    for tie in ["none", "member", "author", "member-author", "member-owner"] {
        let set = |part: &str| if tie.contains(part) { names(&["x"]) } else { names(&[]) };
        let project = Project { members: set("member"), owners: set("owner"), ..project() };
        situations.push(Situation {
            who: Principal::Person(person("x", &Role::ALL)),
            account: Account { holder: name("x") },
            dataset: dataset(),
            query: Query {
                author: name(if tie.contains("author") { "x" } else { "y" }),
                project: project.clone(),
                ..query()
            },
            request: Request { project, authors: set("author"), handed_in: tie != "member", ..request() },
        });
    }
    situations
}

//! Nobody is on both sides of a request.

use crate::cast::{EVERYBODY, Story, comment, digest, hand_back, name, person, reject, revoke, vote, who};
use cloister_airlock::{Act, Action, Choice, Standing, State, view_for};
use cloister_governance::ReviewMode::Two;
use cloister_model::Role;

/// Who stands where, whatever roles they hold.
#[test]
fn everybody_stands_in_one_place() {
    let request = Story::submitted(Two).request;
    for (somebody, standing) in [
        ("author", Standing::Author),
        ("coauthor", Standing::Author),
        ("author-checker", Standing::Author),
        ("gone", Standing::Stranger),
        ("member", Standing::Member),
        ("member-checker", Standing::Member),
        ("c1", Standing::Checker),
        ("c2", Standing::Checker),
        ("c3", Standing::Checker),
        ("checker-auditor", Standing::Checker),
        ("conflicted", Standing::Stranger),
        ("admin", Standing::Overseer),
        ("conflicted-admin", Standing::Overseer),
        ("owner", Standing::Overseer),
        ("auditor", Standing::Auditor),
        ("stranger", Standing::Stranger),
    ] {
        assert!(EVERYBODY.contains(&somebody));
        assert_eq!(who(somebody).standing(&request), standing, "{somebody}");
    }
}

/// Every set of roles, with every tie: the checkers' acts are open to untied checkers and to nobody else.
#[test]
fn no_set_of_roles_checks_what_it_is_tied_to() {
    let story = Story::submitted(Two);
    for bits in 0..32u32 {
        let roles: Vec<Role> =
            Role::ALL.into_iter().enumerate().filter(|(i, _)| bits & (1 << i) != 0).map(|(_, r)| r).collect();
        for (wrote, member, conflict) in (0..8).map(|i| (i & 1 != 0, i & 2 != 0, i & 4 != 0)) {
            let somebody = person(if wrote { "author" } else { "c1" }, &roles, member, conflict);
            let free = !wrote && !member && !conflict;
            let checks = free && roles.contains(&Role::Checker);
            let actor = cloister_airlock::Actor::Person(somebody.clone());
            for action in
                [Action::Claim, vote("a", "a1", Choice::Approve), comment(None, "x"), hand_back(1, "x")]
            {
                let done = cloister_airlock::apply(&story.request, &actor, action.clone(), story.now);
                assert_eq!(done.is_ok(), checks, "{somebody:?} {action:?}");
            }
            let moves = free && (checks || roles.contains(&Role::Administrator));
            let assign = Action::Assign { to: who("c2") };
            assert_eq!(
                cloister_airlock::apply(&story.request, &actor, assign, story.now).is_ok(),
                moves,
                "{somebody:?}"
            );
            let assigned = Action::Assign { to: somebody.clone() };
            let by = cloister_airlock::Actor::Person(who("admin"));
            assert_eq!(
                cloister_airlock::apply(&story.request, &by, assigned, story.now).is_ok(),
                checks,
                "{somebody:?}"
            );
            let acts = view_for(&story.request, &somebody).map(|v| v.may).unwrap_or_default();
            assert_eq!(acts.contains(&Act::Vote), checks, "{somebody:?}");
            assert_eq!(acts.contains(&Act::Assign), moves, "{somebody:?}");
        }
    }
}

#[test]
fn who_has_a_tie_is_told_which() {
    let story = Story::submitted(Two);
    let claim = || Action::Claim;
    assert_eq!(story.refused("author-checker", claim()), "own-request");
    assert_eq!(story.refused("member-checker", claim()), "own-project");
    assert_eq!(story.refused("conflicted-admin", claim()), "conflict-of-interest");
    assert_eq!(story.refused("admin", claim()), "not-a-checker");
    assert_eq!(story.refused("auditor", claim()), "not-a-checker");
    for nobody in ["conflicted", "gone", "stranger"] {
        assert_eq!(story.refused(nobody, claim()), "no-such-request", "{nobody}");
    }
    for (to, code) in [
        ("author-checker", "own-request"),
        ("gone", "own-request"),
        ("member-checker", "own-project"),
        ("conflicted", "conflict-of-interest"),
        ("stranger", "not-a-checker"),
    ] {
        assert_eq!(story.refused("admin", Action::Assign { to: who(to) }), code, "{to}");
    }
    assert_eq!(story.refused("member-checker", Action::Assign { to: who("c1") }), "own-project");
    assert_eq!(story.refused("owner", Action::Assign { to: who("c1") }), "not-at-the-desk");
    assert_eq!(story.refused("system", claim()), "not-a-person");
}

#[test]
fn authors_act_while_they_are_members_and_nobody_else_for_them() {
    let mut story = Story::in_state(State::Returned, Two);
    for other in ["member", "member-checker", "c1", "admin", "auditor", "owner"] {
        for action in [Action::Submit { turn: 2 }, Action::Withdraw, comment(None, "x")] {
            assert_eq!(story.refused(other, action), "not-an-author", "{other}");
        }
    }
    assert_eq!(story.refused("gone", Action::Withdraw), "no-such-request");
    story.act("coauthor", Action::Withdraw);
}

#[test]
fn reviewers_decide_and_overseers_call_back() {
    let story = Story::in_state(State::Reviewed, Two);
    for (other, code) in [("c3", "not-a-reviewer"), ("admin", "not-a-checker"), ("author", "own-request")] {
        for action in [Action::Approve { turn: 1 }, reject(1, "x"), hand_back(1, "x")] {
            assert_eq!(story.refused(other, action), code, "{other}");
        }
    }
    let released = Story::in_state(State::Released, Two);
    for somebody in ["c3", "admin", "owner", "checker-auditor"] {
        let mut story = released.clone();
        story.act(somebody, revoke("x"));
        assert_eq!(story.request.state(), State::Revoked, "{somebody}");
    }
    for (other, code) in [
        ("author", "own-request"),
        ("member-checker", "own-project"),
        ("member", "own-project"),
        ("conflicted-admin", "conflict-of-interest"),
        ("auditor", "not-an-overseer"),
        ("stranger", "no-such-request"),
    ] {
        assert_eq!(released.refused(other, revoke("x")), code, "{other}");
    }
}

#[test]
fn nobody_makes_a_package_by_hand() {
    let story = Story::in_state(State::Approved, Two);
    for somebody in EVERYBODY {
        let code = story.refused(somebody, Action::Release { package: digest("p") });
        let unseen = ["gone", "conflicted", "stranger"].contains(&somebody);
        assert_eq!(code, if unseen { "no-such-request" } else { "not-the-system" }, "{somebody}");
    }
}

#[test]
fn a_request_has_an_author_and_says_what_it_is_for() {
    use cloister_airlock::{Draft, Request};
    let now = Story::begin(Two).now;
    let draft = || Draft {
        id: name("rel_1"),
        project: name("p"),
        authors: [name("author")].into(),
        purpose: "x".into(),
        justification: "y".into(),
        mode: Two,
    };
    assert!(Request::begin(draft(), now).is_ok());
    let code = |draft| Request::begin(draft, now).unwrap_err().code();
    assert_eq!(code(Draft { authors: [].into(), ..draft() }), "no-author");
    assert_eq!(code(Draft { purpose: " ".into(), ..draft() }), "no-text");
    assert_eq!(code(Draft { justification: String::new(), ..draft() }), "no-text");
}

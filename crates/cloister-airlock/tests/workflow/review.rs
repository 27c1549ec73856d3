//! Votes, seats, returns, overrides and decisions.

use crate::cast::{
    Story, add, add_with, comment, content, digest, hand_back, name, reject, replace, revoke, set_aside,
    support, vote, who,
};
use cloister_airlock::{
    Action, Choice, Happened, OverridePolicy, Reason, Request, State, TEXT_CHARS_MAX, Weight, apply, clear,
};
use cloister_governance::ReviewMode::{Automatic, One, Two};
use cloister_model::Name;
use std::collections::BTreeSet;

#[test]
fn two_checkers_approve_and_it_leaves() {
    let mut story = Story::submitted(Two);
    story.approve_all("c1");
    assert_eq!(story.request.state(), State::PartiallyReviewed);
    story.approve_all("c2");
    assert_eq!(story.request.state(), State::Reviewed);
    assert_eq!(story.request.approved_by(), BTreeSet::new());
    story.act("c2", Action::Approve { turn: 1 });
    assert_eq!(story.request.approved_by(), BTreeSet::from([name("c1"), name("c2")]));
    story.act("system", Action::Release { package: digest("p") });
    assert_eq!(story.request.state(), State::Released);
    assert_eq!(story.request.approved_by().len(), 2);
}

#[test]
fn one_checker_is_enough_where_the_project_says_so() {
    let mut story = Story::submitted(One);
    story.approve_all("c1");
    assert_eq!(story.request.state(), State::Reviewed);
    assert_eq!(story.refused("c2", Action::Approve { turn: 1 }), "not-a-reviewer");
    story.act("c1", Action::Approve { turn: 1 });
    assert_eq!(story.request.state(), State::Approved);
}

#[test]
fn automatic_is_for_what_needs_nobody() {
    let mut clean = Story::begin(Automatic);
    clean.act("author", add("a", "a1"));
    let happened = clean.act("author", Action::Submit { turn: 0 });
    assert_eq!(clean.request.state(), State::Approved);
    assert!(matches!(happened[1], Happened::ApprovedByRule { .. }));
    assert_eq!(clean.request.approved_by(), BTreeSet::new());

    for weight in [Weight::Look, Weight::Objection] {
        let mut found = Story::begin(Automatic);
        found.act("author", add("a", "a1"));
        found.act("author", add_with("b", "b1", &[("too-many-cells", weight)]));
        let mut without = found.clone();
        found.act("author", Action::Submit { turn: 0 });
        assert_eq!(found.request.state(), State::Submitted);
        assert_eq!(found.request.checkers_needed(), 2);
        // Left out, it needs nobody.
        without.act("author", Action::WithdrawOutput { output: name("b") });
        without.act("author", Action::Submit { turn: 0 });
        assert_eq!(without.request.state(), State::Approved);
    }

    let mut supported = Story::begin(Automatic);
    supported.act("author", add("a", "a1"));
    supported.act("author", support("notes", "n1"));
    supported.act("author", Action::Submit { turn: 0 });
    assert_eq!(supported.request.state(), State::Submitted);
}

#[test]
fn what_people_returned_comes_back_to_people() {
    let mut story = Story::begin(Automatic);
    story.act("author", add_with("a", "a1", &[("too-many-cells", Weight::Look)]));
    story.act("author", Action::Submit { turn: 0 });
    story.act("c1", hand_back(1, "fewer cells"));
    story.act("author", replace("a", "a2"));
    story.act("author", Action::Submit { turn: 2 });
    assert_eq!(story.request.state(), State::Submitted);
}

#[test]
fn nothing_is_submitted_without_an_output() {
    let mut story = Story::begin(Two);
    assert_eq!(story.refused("author", Action::Submit { turn: 0 }), "nothing-to-release");
    story.act("author", support("notes", "n1"));
    assert_eq!(story.refused("author", Action::Submit { turn: 0 }), "nothing-to-release");
    story.act("author", add("a", "a1"));
    story.act("author", Action::WithdrawOutput { output: name("a") });
    assert_eq!(story.refused("author", Action::Submit { turn: 0 }), "nothing-to-release");
    assert_eq!(story.refused("author", add("a", "a1")), "name-taken");
    assert_eq!(story.refused("author", replace("a", "a2")), "output-withdrawn");
    assert_eq!(story.refused("author", replace("x", "a2")), "no-such-output");
}

#[test]
fn a_vote_is_on_what_was_seen() {
    let mut story = Story::submitted(Two);
    assert_eq!(story.refused("c1", vote("a", "a0", Choice::Approve)), "stale");
    assert_eq!(story.refused("c1", vote("x", "a1", Choice::Approve)), "no-such-output");
    story.act("c1", vote("a", "a1", Choice::Approve));
    assert!(story.act("c1", vote("a", "a1", Choice::Approve)).is_empty());
    assert_eq!(story.act("c1", vote("a", "a1", Choice::Reject)).len(), 1);
}

#[test]
fn supporting_files_are_not_voted_on() {
    let mut story = Story::begin(Two);
    story.act("author", add("a", "a1"));
    story.act("author", support("notes", "n1"));
    story.act("author", Action::Submit { turn: 0 });
    assert_eq!(story.refused("c1", vote("notes", "n1", Choice::Approve)), "supporting-file");
    for checker in ["c1", "c2"] {
        story.act(checker, vote("a", "a1", Choice::Approve));
        story.finish(checker);
    }
    story.act("c1", Action::Approve { turn: 1 });
    assert_eq!(story.request.leaving().into_keys().collect::<Vec<Name>>(), [name("a")]);
}

#[test]
fn finishing_takes_a_vote_on_every_output_and_a_word_where_it_is_not_approved() {
    let mut story = Story::submitted(Two);
    let finish = Action::FinishReview { turn: 1 };
    let refused = story.refusal("c1", finish.clone());
    assert_eq!(refused.to_string(), "you have not voted on `a`, `b`");
    story.act("c1", vote("a", "a1", Choice::Approve));
    assert_eq!(story.refusal("c1", finish.clone()).to_string(), "you have not voted on `b`");
    story.act("c1", vote("b", "b1", Choice::RequestChanges));
    assert_eq!(story.refused("c1", finish.clone()), "comment-missing");
    story.act("c1", comment(Some("a"), "fine"));
    assert_eq!(story.refused("c1", finish.clone()), "comment-missing");
    let mut on_the_whole = story.clone();
    on_the_whole.act("c1", comment(None, "round b"));
    on_the_whole.act("c1", finish.clone());
    story.act("c1", comment(Some("b"), "round it"));
    let happened = story.act("c1", finish);
    let votes = [(name("a"), Choice::Approve), (name("b"), Choice::RequestChanges)].into();
    assert_eq!(happened, [Happened::ReviewFinished { turn: 1, votes }]);
}

#[test]
fn anothers_comment_does_not_explain_my_vote() {
    let mut story = Story::submitted(Two);
    story.act("c2", comment(None, "round b"));
    story.act("c1", vote("a", "a1", Choice::Approve));
    story.act("c1", vote("b", "b1", Choice::Reject));
    assert_eq!(story.refused("c1", Action::FinishReview { turn: 1 }), "comment-missing");
}

#[test]
fn a_finished_review_stays_until_all_have_finished() {
    let mut story = Story::submitted(Two);
    story.approve_all("c1");
    assert_eq!(story.refused("c1", vote("a", "a1", Choice::Reject)), "review-finished");
    assert_eq!(story.refused("c1", comment(None, "one more thing")), "review-finished");
    assert_eq!(story.refused("admin", Action::ReleaseClaim { checker: name("c1") }), "review-finished");
    story.approve_all("c2");
    story.act("c1", vote("a", "a1", Choice::RequestChanges));
    assert_eq!(story.refused("c1", Action::Approve { turn: 1 }), "not-approved");
    assert_eq!(story.refused("c2", Action::Approve { turn: 1 }), "not-approved");
    story.act("c1", vote("a", "a1", Choice::Approve));
    story.act("c2", Action::Approve { turn: 1 });
}

#[test]
fn approvals_of_unchanged_outputs_survive_a_return() {
    let mut story = Story::submitted(Two);
    for checker in ["c1", "c2"] {
        story.act(checker, vote("a", "a1", Choice::Approve));
        story.act(checker, vote("b", "b1", Choice::RequestChanges));
        story.act(checker, comment(Some("b"), "round it"));
        story.finish(checker);
    }
    story.act("c1", hand_back(1, "round b"));
    let unchanged = story.clone();
    story.act("author", replace("b", "b2"));
    for mut story in [story.clone(), unchanged] {
        story.act("author", Action::Submit { turn: 2 });
        // `a` needs no vote; `b` does, whether it was changed or not.
        let missing = story.refusal("c1", Action::FinishReview { turn: 3 });
        assert_eq!(missing.to_string(), "you have not voted on `b`");
    }
    story.act("author", Action::Submit { turn: 2 });
    assert_eq!(story.refused("c1", vote("b", "b1", Choice::Approve)), "stale");
    for checker in ["c1", "c2"] {
        story.act(checker, vote("b", "b2", Choice::Approve));
        story.finish(checker);
    }
    story.act("c2", Action::Approve { turn: 3 });
}

#[test]
fn a_replaced_output_has_no_votes_even_where_it_is_put_back() {
    let mut story = Story::submitted(Two);
    story.approve_all("c1");
    story.approve_all("c2");
    story.act("c1", hand_back(1, "sure?"));
    story.act("author", replace("a", "a2"));
    story.act("author", replace("a", "a1"));
    story.act("author", Action::Submit { turn: 2 });
    let missing = story.refusal("c1", Action::FinishReview { turn: 3 });
    assert_eq!(missing.to_string(), "you have not voted on `a`");
}

#[test]
fn an_approval_taken_back_later_does_not_come_back() {
    let mut story = Story::submitted(Two);
    story.approve_all("c1");
    story.act("c1", hand_back(1, "look again"));
    story.act("author", Action::Submit { turn: 2 });
    story.act("c1", vote("a", "a1", Choice::Reject));
    story.act("c1", hand_back(3, "it is worse than I thought"));
    story.act("author", Action::Submit { turn: 4 });
    let missing = story.refusal("c1", Action::FinishReview { turn: 5 });
    assert_eq!(missing.to_string(), "you have not voted on `a`");
}

#[test]
fn one_checker_may_return_early() {
    let mut untouched = Story::submitted(Two);
    untouched.act("c1", hand_back(1, "explain"));
    assert_eq!(untouched.request.state(), State::Returned);

    let mut half = Story::submitted(Two);
    half.approve_all("c1");
    let mut by_the_other = half.clone();
    let happened = half.act("c1", hand_back(1, "explain"));
    assert!(matches!(happened[..], [Happened::Returned { turn: 2, reviews: 1, .. }]));
    by_the_other.act("c2", hand_back(1, "explain"));
    assert_eq!(by_the_other.request.state(), State::Returned);

    // A third has no seat, and no say.
    let mut full = Story::submitted(Two);
    full.act("c1", Action::Claim);
    full.act("c2", Action::Claim);
    assert_eq!(full.refused("c3", hand_back(1, "explain")), "seats-taken");
}

#[test]
fn reasons_are_from_the_list_and_texts_are_there() {
    let story = Story::in_state(State::Reviewed, Two);
    let back = |reason, text: &str| Action::Return { turn: 1, reason, text: text.into() };
    assert_eq!(story.refused("c1", back(Reason::RowLevel, "x")), "wrong-reason");
    assert_eq!(story.refused("c1", back(Reason::Disclosive, "x")), "wrong-reason");
    assert_eq!(story.refused("c1", back(Reason::Other, " \n ")), "no-text");
    assert_eq!(story.refused("c1", back(Reason::Other, &"é".repeat(TEXT_CHARS_MAX + 1))), "too-long");
    let mut longest = story.clone();
    longest.act("c1", back(Reason::Other, &"é".repeat(TEXT_CHARS_MAX)));
    let no = |reason| Action::Reject { turn: 1, reason, text: "x".into() };
    assert_eq!(story.refused("c1", no(Reason::TooMuch)), "wrong-reason");
    let released = Story::in_state(State::Released, Two);
    let call_back = |reason| Action::Revoke { reason, text: "x".into() };
    assert_eq!(released.refused("owner", call_back(Reason::SmallCounts)), "wrong-reason");
    for reason in Reason::ALL {
        assert_eq!(Reason::parse(reason.as_str()), Some(*reason));
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
        assert!(!reason.acts().is_empty());
        assert_ne!(reason.serves(cloister_airlock::Act::Revoke), call_back_is_refused(&released, *reason));
    }
}

fn call_back_is_refused(released: &Story, reason: Reason) -> bool {
    let action = Action::Revoke { reason, text: "x".into() };
    apply(&released.request, &crate::cast::actor("c3"), action, released.now).is_err()
}

#[test]
fn seats() {
    let mut story = Story::submitted(Two);
    assert_eq!(story.act("c1", Action::Claim).len(), 1);
    assert!(story.act("c1", Action::Claim).is_empty());
    story.act("admin", Action::Assign { to: who("c2") });
    assert!(story.act("c1", Action::Assign { to: who("c2") }).is_empty());
    let by: Vec<_> = story.request.claims().iter().map(|c| c.assigned_by.clone()).collect();
    assert_eq!(by, [None, Some(name("admin"))]);
    assert_eq!(story.refused("c3", Action::Claim), "seats-taken");
    assert_eq!(story.refused("c3", vote("a", "a1", Choice::Approve)), "seats-taken");
    assert_eq!(story.refused("c3", comment(None, "x")), "seats-taken");
    assert_eq!(story.refused("admin", Action::Assign { to: who("c3") }), "seats-taken");
    assert_eq!(story.refused("c3", Action::ReleaseClaim { checker: name("c2") }), "anothers-seat");
    story.act("admin", Action::ReleaseClaim { checker: name("c2") });
    assert!(story.act("admin", Action::ReleaseClaim { checker: name("c2") }).is_empty());
    // Working takes the free seat.
    story.act("c3", vote("a", "a1", Choice::Approve));
    let seated: Vec<_> = story.request.claims().iter().map(|c| c.checker.as_str()).collect();
    assert_eq!(seated, ["c1", "c3"]);
    story.act("c1", Action::ReleaseClaim { checker: name("c1") });
    assert_eq!(story.request.claims().len(), 1);

    let mut single = Story::submitted(One);
    single.act("c1", Action::Claim);
    assert_eq!(single.refused("c2", Action::Claim), "seats-taken");
}

fn objected(mode: cloister_governance::ReviewMode) -> Story {
    let mut story = Story::begin(mode);
    let findings = [("dominance", Weight::Objection), ("too-many-cells", Weight::Look)];
    story.act("author", add_with("a", "a1", &findings));
    story.act("author", Action::Submit { turn: 0 });
    story
}

#[test]
fn an_objection_stands_until_both_checkers_set_it_aside() {
    let mut story = objected(Two);
    for checker in ["c1", "c2"] {
        story.act(checker, vote("a", "a1", Choice::Approve));
        story.finish(checker);
    }
    let approve = Action::Approve { turn: 1 };
    let refused = story.refusal("c1", approve.clone());
    assert_eq!(refused.code(), "objection-stands");
    assert!(refused.to_string().contains("`dominance` on `a`"));
    let aside = set_aside("a", "a1", "dominance", "the value is in a public register");
    story.act("c1", aside.clone());
    assert!(story.act("c1", aside.clone()).is_empty());
    assert_eq!(story.refused("c1", approve.clone()), "objection-stands");
    story.act("c2", aside);
    let happened = story.act("c1", approve);
    let Happened::Approved { overrides, .. } = &happened[0] else { panic!("{happened:?}") };
    assert_eq!(*overrides, [(name("a"), [name("dominance")].into())].into());
}

#[test]
fn an_override_is_bound_to_what_was_seen_and_to_the_policy() {
    let mut story = objected(Automatic);
    let aside = |policy, digest_of: &str, finding: &str, text: &str| Action::Override {
        output: name("a"),
        digest: digest(digest_of),
        finding: name(finding),
        justification: text.into(),
        policy,
    };
    use OverridePolicy::{Allows, Forbids};
    assert_eq!(story.refused("c1", aside(Forbids, "a1", "dominance", "x")), "override-forbidden");
    assert_eq!(story.refused("c1", aside(Allows, "a0", "dominance", "x")), "stale");
    assert_eq!(story.refused("c1", aside(Allows, "a1", "dominance", "")), "no-text");
    assert_eq!(story.refused("c1", aside(Allows, "a1", "too-many-cells", "x")), "no-such-objection");
    assert_eq!(story.refused("c1", aside(Allows, "a1", "other", "x")), "no-such-objection");
    assert_eq!(objected(One).refused("c1", aside(Allows, "a1", "dominance", "x")), "override-needs-two");
    for checker in ["c1", "c2"] {
        story.act(checker, aside(Allows, "a1", "dominance", "x"));
        story.act(checker, vote("a", "a1", Choice::Approve));
        story.finish(checker);
    }
    let mut replaced = story.clone();
    story.act("c1", Action::Approve { turn: 1 });

    replaced.act("c1", hand_back(1, "another year"));
    let fresh = Action::ReplaceOutput {
        output: name("a"),
        content: content("a2", &[("dominance", Weight::Objection)]),
    };
    replaced.act("author", fresh);
    replaced.act("author", Action::Submit { turn: 2 });
    for checker in ["c1", "c2"] {
        replaced.act(checker, vote("a", "a2", Choice::Approve));
        replaced.finish(checker);
    }
    assert_eq!(replaced.refused("c1", Action::Approve { turn: 3 }), "objection-stands");
}

#[test]
fn one_checker_cannot_let_an_objection_pass() {
    let mut story = objected(One);
    story.act("c1", vote("a", "a1", Choice::Approve));
    story.finish("c1");
    assert_eq!(story.refused("c1", Action::Approve { turn: 1 }), "objection-stands");
}

#[test]
fn two_who_finish_at_once_leave_the_same_request() {
    let mut story = Story::submitted(Two);
    story.act("admin", Action::Assign { to: who("c2") });
    for checker in ["c2", "c1"] {
        story.act(checker, vote("a", "a1", Choice::Approve));
        story.act(checker, vote("b", "b1", Choice::Approve));
    }
    let finished = |order: [&str; 2]| {
        let mut request = story.request.clone();
        for checker in order {
            let finish = Action::FinishReview { turn: 1 };
            request = apply(&request, &crate::cast::actor(checker), finish, story.now).unwrap().0;
        }
        request
    };
    let (one, other) = (finished(["c1", "c2"]), finished(["c2", "c1"]));
    assert_eq!(one.state(), State::Reviewed);
    assert_eq!(one, other);
}

#[test]
fn second_clicks_change_nothing_and_late_ones_decide_nothing() {
    for (state, somebody, action) in [
        (State::Pending, "author", Action::Submit { turn: 0 }),
        (State::Pending, "author", Action::Withdraw),
        (State::Reviewed, "c1", hand_back(1, "explain")),
        (State::Reviewed, "c1", Action::Approve { turn: 1 }),
        (State::Reviewed, "c1", reject(1, " small ")),
        (State::Approved, "system", Action::Release { package: digest("p") }),
        (State::Released, "admin", revoke("wrong")),
    ] {
        let mut story = Story::in_state(state, Two);
        assert_eq!(story.act(somebody, action.clone()).len(), 1, "{action:?}");
        let before = story.request.clone();
        assert!(story.act(somebody, action.clone()).is_empty(), "{action:?}");
        assert_eq!(story.request, before, "{action:?}");
    }
    let mut approved = Story::in_state(State::Approved, Two);
    approved.act("system", Action::Release { package: digest("p") });
    assert!(approved.act("c1", Action::Approve { turn: 1 }).is_empty(), "released between two clicks");
    assert_eq!(approved.refused("c2", Action::Approve { turn: 1 }), "not-now", "it was another's decision");
    assert_eq!(approved.refused("system", Action::Release { package: digest("q") }), "not-now");

    let mut returned = Story::in_state(State::Returned, Two);
    returned.act("author", Action::Submit { turn: 2 });
    assert_eq!(returned.refused("c1", hand_back(1, "say more")), "moved-on");
    assert_eq!(returned.refused("c1", Action::FinishReview { turn: 1 }), "moved-on");
    returned.act("c1", hand_back(3, "more"));
    assert_eq!(returned.refused("author", Action::Submit { turn: 2 }), "moved-on");
    let mut reviewed = Story::in_state(State::Returned, Two);
    reviewed.act("author", Action::Submit { turn: 2 });
    reviewed.approve_all("c1");
    reviewed.approve_all("c2");
    assert_eq!(reviewed.refused("c1", Action::Approve { turn: 1 }), "moved-on");
    assert_eq!(reviewed.refused("c1", reject(1, "no")), "moved-on");
}

#[test]
fn only_the_approved_bytes_are_cleared() {
    let story = Story::in_state(State::Approved, Two);
    assert_eq!(clear(&story.request, &name("a"), b"a1".to_vec()).unwrap().get(), b"a1");
    let code = |request: &Request, output: &str, bytes: &[u8]| {
        clear(request, &name(output), bytes.to_vec()).map(|_| ()).unwrap_err().code()
    };
    assert_eq!(code(&story.request, "a", b"b1"), "not-the-content");
    assert_eq!(code(&story.request, "x", b"a1"), "not-an-output");
    for state in State::ALL.into_iter().filter(|s| *s != State::Approved) {
        let story = Story::in_state(state, Two);
        assert_eq!(code(&story.request, "a", b"a1"), "not-approved", "{state:?}");
    }
    let mut withdrawn = Story::begin(Automatic);
    withdrawn.act("author", add("a", "a1"));
    withdrawn.act("author", add("b", "b1"));
    withdrawn.act("author", Action::WithdrawOutput { output: name("b") });
    withdrawn.act("author", Action::Submit { turn: 0 });
    assert_eq!(code(&withdrawn.request, "b", b"b1"), "not-an-output");
}

//! What each person sees, case by case; `property` holds it in general.

use crate::cast::{
    EVERYBODY, Story, add, comment, digest, hand_back, name, replace, revoke, set_aside, vote, who,
};
use cloister_airlock::{Act, Action, Choice, State, View, Weight};
use cloister_governance::ReviewMode::Two;

fn said(view: &View) -> Vec<&str> {
    view.comments.iter().map(|c| c.text.as_str()).collect()
}

fn voters(view: &View) -> Vec<&str> {
    view.outputs.iter().flat_map(|o| o.ballots.iter().map(|b| b.checker.as_str())).collect()
}

#[test]
fn a_request_that_was_never_handed_in_is_its_authors_own() {
    let mut story = Story::in_state(State::Pending, Two);
    let sees = |story: &Story| -> Vec<&str> {
        EVERYBODY.into_iter().filter(|somebody| story.view(somebody).is_some()).collect()
    };
    let own = ["author", "coauthor", "author-checker", "auditor"];
    assert_eq!(sees(&story), own);
    let mut withdrawn = story.clone();
    withdrawn.act("author", Action::Withdraw);
    assert_eq!(sees(&withdrawn), own);
    story.act("author", Action::Submit { turn: 0 });
    let nobody = ["gone", "conflicted", "stranger"];
    let all: Vec<&str> = EVERYBODY.into_iter().filter(|s| !nobody.contains(s)).collect();
    assert_eq!(sees(&story), all);
}

#[test]
fn checkers_are_blind_until_both_have_finished() {
    let mut story = Story::submitted(Two);
    story.act("c1", comment(Some("a"), "first thoughts"));
    story.act("c2", comment(None, "second thoughts"));
    story.approve_all("c1");
    story.act("c2", vote("a", "a1", Choice::Approve));

    let view = story.view("c1").unwrap();
    assert_eq!((said(&view), voters(&view)), (vec!["first thoughts"], vec!["c1", "c1"]));
    assert_eq!(view.finished, [name("c1")].into());
    let view = story.view("c2").unwrap();
    assert_eq!((said(&view), voters(&view)), (vec!["second thoughts"], vec!["c2"]));
    for other in ["c3", "checker-auditor", "author", "member", "member-checker", "admin", "owner"] {
        let view = story.view(other).unwrap();
        assert!(said(&view).is_empty() && voters(&view).is_empty(), "{other}");
    }
    let auditor = story.view("auditor").unwrap();
    assert_eq!((said(&auditor).len(), voters(&auditor).len()), (2, 3));

    story.act("c2", vote("b", "b1", Choice::Approve));
    story.finish("c2");
    for checker in ["c1", "c2", "c3", "checker-auditor"] {
        let view = story.view(checker).unwrap();
        assert_eq!((said(&view).len(), voters(&view).len()), (2, 4), "{checker}");
    }
    for other in ["author", "member", "admin"] {
        assert!(said(&story.view(other).unwrap()).is_empty(), "{other}");
    }
}

#[test]
fn numbers_of_comments_do_not_count_anothers() {
    let mut story = Story::submitted(Two);
    story.act("c1", comment(None, "x"));
    story.act("c1", comment(None, "y"));
    story.act("c2", comment(None, "z"));
    let numbers = |who: &str| story.view(who).unwrap().comments.iter().map(|c| c.number).collect::<Vec<_>>();
    assert_eq!(numbers("c1"), [1, 2]);
    assert_eq!(numbers("c2"), [1]);
}

#[test]
fn authors_see_comments_when_it_is_their_turn_and_checkers_see_replies_when_it_is_theirs() {
    let mut story = Story::submitted(Two);
    for (checker, choice) in [("c1", Choice::RequestChanges), ("c2", Choice::Approve)] {
        story.act(checker, vote("a", "a1", choice));
        story.act(checker, vote("b", "b1", Choice::Approve));
        story.act(checker, comment(Some("a"), &format!("round it, says {checker}")));
        story.finish(checker);
    }
    story.act("c2", hand_back(1, "round a"));
    for author in ["author", "coauthor", "member"] {
        let view = story.view(author).unwrap();
        assert_eq!(said(&view), ["round it, says c1", "round it, says c2"], "{author}");
        let outcomes: Vec<_> = view.outputs.iter().map(|o| o.outcome).collect();
        assert_eq!(outcomes, [Some(Choice::RequestChanges), Some(Choice::Approve)], "{author}");
        assert_eq!(view.steps.last().unwrap().text.as_deref(), Some("round a"));
        assert!(voters(&view).is_empty() && view.claims.is_empty() && view.finished.is_empty());
    }
    story.act("author", comment(Some("a"), "rounded"));
    story.act("author", replace("a", "a2"));
    assert_eq!(story.view("author").unwrap().outputs[0].outcome, None, "nobody has judged the new one");
    assert_eq!(said(&story.view("c1").unwrap()).len(), 2);
    assert_eq!(said(&story.view("member").unwrap()).len(), 2);
    assert_eq!(said(&story.view("coauthor").unwrap()).len(), 3);
    story.act("author", Action::Submit { turn: 2 });
    assert_eq!(said(&story.view("c1").unwrap()).len(), 3);
    assert_eq!(said(&story.view("member").unwrap()).len(), 3);
    assert_eq!(story.view("author").unwrap().outputs[1].outcome, None, "it is with the checkers");
}

#[test]
fn an_early_return_does_not_end_blindness() {
    let mut story = Story::submitted(Two);
    story.act("c2", comment(None, "half a thought"));
    story.act("c2", vote("a", "a1", Choice::Reject));
    story.act("c1", comment(Some("a"), "what is it?"));
    story.act("c1", vote("a", "a1", Choice::Approve));
    story.act("c1", hand_back(1, "explain a"));

    let author = story.view("author").unwrap();
    assert_eq!(said(&author), ["what is it?"]);
    assert_eq!(author.outputs[0].outcome, Some(Choice::Approve));
    let other = story.view("c2").unwrap();
    assert_eq!((said(&other), voters(&other)), (vec!["half a thought"], vec!["c2"]));
    assert_eq!((other.steps[1].text.as_deref(), other.steps[1].act), (None, Act::Return));
    assert!(other.steps[1].reason.is_some());
    assert_eq!(story.view("c1").unwrap().steps[1].text.as_deref(), Some("explain a"));

    // The next turn hides what it brings, and still what the first one left.
    story.act("author", Action::Submit { turn: 2 });
    story.act("c1", vote("a", "a1", Choice::RequestChanges));
    assert_eq!(voters(&story.view("c2").unwrap()), ["c2"]);
    story.act("c1", comment(None, "no"));
    story.act("c1", vote("b", "b1", Choice::Approve));
    story.finish("c1");
    story.act("c2", vote("a", "a1", Choice::Approve));
    story.act("c2", vote("b", "b1", Choice::Approve));
    story.finish("c2");
    let view = story.view("c2").unwrap();
    assert_eq!(said(&view), ["half a thought", "no"], "only the turn that both finished");
    story.act("c1", crate::cast::reject(3, "no"));
    assert_eq!(said(&story.view("c2").unwrap()).len(), 3, "nothing is left to judge");
    assert_eq!(said(&story.view("author").unwrap()).len(), 2, "a draft stays a draft");
}

#[test]
fn a_change_of_mind_in_a_later_turn_is_hidden_like_any_vote() {
    let mut story = Story::submitted(Two);
    story.approve_all("c1");
    story.approve_all("c2");
    story.act("c2", hand_back(1, "one more year"));
    story.act("author", add("c", "c1"));
    story.act("author", Action::Submit { turn: 2 });
    let before = story.view("c2").unwrap();
    assert_eq!(voters(&before).len(), 4, "what both finished they both know");
    story.act("c1", vote("a", "a1", Choice::Reject));
    assert_eq!(story.view("c2").unwrap(), before);
}

#[test]
fn consents_are_hidden_like_votes() {
    let mut story = Story::begin(Two);
    story.act("author", crate::cast::add_with("a", "a1", &[("dominance", Weight::Objection)]));
    story.act("author", Action::Submit { turn: 0 });
    story.act("c1", set_aside("a", "a1", "dominance", "published"));
    story.act("c2", Action::Claim);
    let consents = |story: &Story, somebody: &str| story.view(somebody).unwrap().outputs[0].consents.len();
    assert_eq!([consents(&story, "c1"), consents(&story, "c2"), consents(&story, "auditor")], [1, 0, 1]);
    for checker in ["c1", "c2"] {
        story.act(checker, vote("a", "a1", Choice::Approve));
        story.finish(checker);
    }
    assert_eq!([consents(&story, "c2"), consents(&story, "author"), consents(&story, "admin")], [1, 0, 0]);
}

#[test]
fn authors_get_digests_with_the_release_only() {
    for state in State::ALL {
        let mut story = Story::in_state(state, Two);
        if state == State::Pending {
            story.act("author", crate::cast::support("notes", "n"));
        }
        for somebody in EVERYBODY {
            let Some(view) = story.view(somebody) else { continue };
            let shown = view.outputs.iter().filter(|o| o.digest.is_some()).count();
            let expected = match somebody {
                "c1" | "c2" | "c3" | "checker-auditor" | "auditor" => view.outputs.len(),
                "admin" | "conflicted-admin" | "owner" => 0,
                _ if state == State::Released => 2,
                _ => 0,
            };
            assert_eq!(shown, expected, "{somebody} in {state:?}");
        }
    }
}

#[test]
fn overseers_see_where_it_is_and_who_has_it() {
    let mut story = Story::in_state(State::Reviewed, Two);
    story.act("c1", comment(None, "hm"));
    let view = story.view("admin").unwrap();
    assert_eq!(view.claims.len(), 2);
    assert_eq!(view.finished.len(), 2);
    assert!(said(&view).is_empty() && voters(&view).is_empty());
    story.act("c1", crate::cast::reject(1, "twelve is too few"));
    let view = story.view("owner").unwrap();
    let last = view.steps.last().unwrap();
    assert_eq!((last.reason, last.text.as_deref()), (Some(cloister_airlock::Reason::SmallCounts), None));
    let mut released = Story::in_state(State::Released, Two);
    released.act("admin", revoke("wrong file"));
    assert_eq!(released.view("owner").unwrap().steps.last().unwrap().text.as_deref(), Some("wrong file"));
    assert_eq!(released.view("owner").unwrap().steps[2].package, Some(digest("package")));
}

#[test]
fn what_one_may_do_is_what_one_can() {
    let story = Story::submitted(Two);
    let may = |story: &Story, somebody: &str| story.view(somebody).unwrap().may;
    use Act::{Approve, Assign, Claim, Comment, FinishReview, Override, Reject, ReleaseClaim, Return, Vote};
    assert_eq!(may(&story, "c1"), [Claim, Assign, Vote, Override, Comment, FinishReview, Return]);
    assert_eq!(may(&story, "admin"), [Assign, ReleaseClaim]);
    for nothing in ["author", "member", "member-checker", "auditor", "owner", "conflicted-admin"] {
        assert_eq!(may(&story, nothing), [], "{nothing}");
    }
    let mut half = story.clone();
    half.approve_all("c1");
    assert_eq!(may(&half, "c1"), [Assign, Return]);
    half.act("c2", Action::Claim);
    assert!(may(&half, "c2").contains(&ReleaseClaim));
    half.approve_all("c2");
    assert_eq!(may(&half, "c1"), [Vote, Override, Comment, Return, Approve, Reject]);
    assert_eq!(may(&half, "c3"), []);
    assert_eq!(who("c3").name, name("c3"));
}

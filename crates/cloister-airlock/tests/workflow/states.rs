//! Every state with every act, and every pair of states. What is expected is written here by hand, from the
//! design, and not taken from the table.

use crate::cast::{
    EVERYBODY, Story, actor, add, comment, digest, hand_back, name, reject, replace, revoke, set_aside, vote,
    who,
};
use cloister_airlock::{Act, Action, Choice, Refused, State, TRANSITIONS, apply};
use cloister_governance::ReviewMode;
use std::collections::BTreeSet;

/// What may be done in each state.
const ACTS: [(&str, &str); 10] = [
    ("pending", "add-output comment replace-output submit withdraw withdraw-output"),
    ("submitted", "assign claim comment finish-review override release-claim return vote"),
    ("partially-reviewed", "assign claim comment finish-review override release-claim return vote"),
    ("reviewed", "approve comment override reject return vote"),
    ("returned", "add-output comment replace-output submit withdraw withdraw-output"),
    ("approved", "release"),
    ("released", "revoke"),
    ("rejected", ""),
    ("withdrawn", ""),
    ("revoked", ""),
];

/// What follows each state, but itself.
const NEXT: [(&str, &str); 10] = [
    ("pending", "approved submitted withdrawn"),
    ("submitted", "partially-reviewed returned reviewed"),
    ("partially-reviewed", "returned reviewed"),
    ("reviewed", "approved rejected returned"),
    ("returned", "submitted withdrawn"),
    ("approved", "released"),
    ("released", "revoked"),
    ("rejected", ""),
    ("withdrawn", ""),
    ("revoked", ""),
];

fn words(text: &str) -> BTreeSet<&str> {
    text.split_whitespace().collect()
}

/// One action of each kind that fits the request as well as it can.
fn actions(turn: u32) -> Vec<Action> {
    vec![
        add("c", "c1"),
        replace("a", "a2"),
        Action::WithdrawOutput { output: name("b") },
        Action::Submit { turn },
        Action::Withdraw,
        comment(Some("a"), "a word"),
        Action::Claim,
        Action::Assign { to: who("c3") },
        Action::ReleaseClaim { checker: name("c2") },
        vote("a", "a1", Choice::Reject),
        set_aside("a", "a1", "dominance", "published elsewhere"),
        Action::FinishReview { turn },
        hand_back(turn, "explain"),
        Action::Approve { turn },
        reject(turn, "too small"),
        Action::Release { package: digest("other package") },
        revoke("a row too many"),
    ]
}

/// Requests in a state, such that each act that may happen there can.
fn stories(state: State) -> Vec<Story> {
    let mut stories = Vec::new();
    for mode in [ReviewMode::Automatic, ReviewMode::One, ReviewMode::Two] {
        // With one checker nothing is ever partially reviewed; by rule alone nothing is reviewed.
        if mode == ReviewMode::One && state == State::PartiallyReviewed {
            continue;
        }
        if mode == ReviewMode::Automatic && !matches!(state, State::Pending | State::Withdrawn) {
            continue;
        }
        stories.push(Story::in_state(state, mode));
    }
    if matches!(state, State::Submitted | State::PartiallyReviewed) {
        let mut ready = Story::in_state(state, ReviewMode::Two);
        ready.act("c2", vote("a", "a1", Choice::Approve));
        ready.act("c2", vote("b", "b1", Choice::Approve));
        stories.push(ready);
    }
    if state == State::Submitted {
        let mut ready = Story::in_state(state, ReviewMode::One);
        ready.act("c2", vote("a", "a1", Choice::Approve));
        ready.act("c2", vote("b", "b1", Choice::Approve));
        stories.push(ready);
    }
    // An objection to set aside.
    let mut objected = Story::begin(ReviewMode::Two);
    objected.act(
        "author",
        crate::cast::add_with("a", "a1", &[("dominance", cloister_airlock::Weight::Objection)]),
    );
    objected.act("author", Action::Submit { turn: 0 });
    let reviews = match state {
        State::Submitted => 0,
        State::PartiallyReviewed => 1,
        State::Reviewed => 2,
        _ => return stories,
    };
    for checker in ["c1", "c2"].into_iter().take(reviews) {
        objected.act(checker, vote("a", "a1", Choice::Approve));
        objected.finish(checker);
    }
    stories.push(objected);
    stories
}

/// Everything that anybody can do to the requests in a state: what, and where it led.
fn tried(state: State) -> BTreeSet<(Act, State)> {
    let mut led = BTreeSet::new();
    for story in stories(state) {
        for action in actions(story.request.turn()) {
            for somebody in EVERYBODY.into_iter().chain(["system"]) {
                match apply(&story.request, &actor(somebody), action.clone(), story.now) {
                    Ok((after, happened)) if !happened.is_empty() => {
                        led.insert((action.act(), after.state()));
                    }
                    Ok((after, _)) => assert_eq!(after, story.request, "{somebody} {action:?}"),
                    Err(_) => {}
                }
            }
        }
    }
    led
}

#[test]
fn every_act_in_every_state() {
    assert_eq!(Act::ALL.len(), actions(0).iter().map(Action::act).collect::<BTreeSet<_>>().len());
    for (state, (written, acts)) in State::ALL.into_iter().zip(ACTS) {
        assert_eq!(state.as_str(), written);
        let done: BTreeSet<&str> = tried(state).into_iter().map(|(act, _)| act.as_str()).collect();
        assert_eq!(done, words(acts), "{written}");
        let tabled: BTreeSet<&str> =
            TRANSITIONS.iter().filter(|t| t.from == state).map(|t| t.act.as_str()).collect();
        assert_eq!(tabled, words(acts), "{written}");
    }
}

#[test]
fn every_pair_of_states() {
    for (from, (written, next)) in State::ALL.into_iter().zip(NEXT) {
        assert_eq!(from.as_str(), written);
        let led: BTreeSet<State> = tried(from).into_iter().map(|(_, to)| to).collect();
        for to in State::ALL {
            let expected = words(next).contains(to.as_str());
            if from == to {
                // Something can be done without handing it on where it waits for people.
                let waits = words("pending submitted partially-reviewed reviewed returned").contains(written);
                assert_eq!(led.contains(&to), waits, "{written}");
            } else {
                assert_eq!(led.contains(&to), expected, "{written} to {}", to.as_str());
            }
            let tabled = TRANSITIONS.iter().any(|t| t.from == from && t.to == to);
            assert_eq!(tabled, led.contains(&to), "{written} to {}", to.as_str());
        }
    }
}

#[test]
fn what_is_not_in_the_table_is_refused_with_the_state_and_whose_turn_it_is() {
    for state in State::ALL {
        let story = Story::in_state(state, ReviewMode::Two);
        for action in actions(story.request.turn()) {
            let act = action.act();
            if TRANSITIONS.iter().any(|t| t.from == state && t.act == act) {
                continue;
            }
            // Somebody who did none of the steps, and sees all of them.
            let refused = story.refusal("auditor", action);
            assert_eq!(refused, Refused::NotNow { state, act });
            assert!(refused.to_string().contains(state.as_str()), "{refused}");
        }
    }
    let refused = Story::in_state(State::Submitted, ReviewMode::Two).refusal("author", Action::Withdraw);
    assert_eq!(
        refused.to_string(),
        "`withdraw` is not possible while a request is submitted: it is with the checkers"
    );
}

#[test]
fn the_table_says_each_thing_once() {
    let mut seen = BTreeSet::new();
    for t in TRANSITIONS {
        assert!(seen.insert((t.from, t.act, format!("{:?}", t.when))), "{t:?} twice");
        let who: BTreeSet<String> = TRANSITIONS
            .iter()
            .filter(|o| o.from == t.from && o.act == t.act)
            .map(|o| format!("{:?}", o.by))
            .collect();
        assert_eq!(who.len(), 1, "{t:?}: who may do it depends on where it leads");
    }
}

#[test]
fn names_are_as_they_are_stored() {
    for state in State::ALL {
        assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
    }
    for act in Act::ALL {
        assert_eq!(serde_json::to_value(act).unwrap(), act.as_str());
    }
    for choice in Choice::ALL {
        assert_eq!(serde_json::to_value(choice).unwrap(), choice.as_str());
    }
}

#[test]
fn a_request_comes_back_from_the_store_as_it_was() {
    for state in State::ALL {
        let story = Story::in_state(state, ReviewMode::Two);
        assert_eq!(story.reloaded(), story.request);
    }
}

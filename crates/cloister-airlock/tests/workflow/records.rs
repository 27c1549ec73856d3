//! What the audit log gets.

use crate::cast::{
    Story, add, add_with, comment, digest, hand_back, name, reject, replace, revoke, set_aside, vote, who,
};
use cloister_airlock::{Action, Choice, Happened, Weight};
use cloister_governance::ReviewMode::{Automatic, Two};
use serde_json::Value;
use std::collections::BTreeSet;

/// A story in which everything happens that can, with texts that are easy to find again.
fn all_of_it() -> Vec<(String, Happened)> {
    let mut story = Story::begin(Two);
    story.act("author", add_with("a", "a1", &[("dominance", Weight::Objection)]));
    story.act("author", add("b", "b1"));
    story.act("author", replace("b", "b2"));
    story.act("author", Action::WithdrawOutput { output: name("b") });
    story.act("author", comment(None, "SECRET of the author"));
    story.act("author", Action::Submit { turn: 0 });
    story.act("c1", Action::Claim);
    story.act("admin", Action::Assign { to: who("c2") });
    story.act("c1", hand_back(1, "SECRET of the return"));
    story.act("author", Action::Submit { turn: 2 });
    story.act("admin", Action::ReleaseClaim { checker: name("c2") });
    for checker in ["c1", "c2"] {
        story.act(checker, vote("a", "a1", Choice::Approve));
        story.act(checker, comment(Some("a"), "SECRET of a checker"));
        story.act(checker, set_aside("a", "a1", "dominance", "SECRET of the override"));
        story.finish(checker);
    }
    let mut rejected = story.clone();
    rejected.act("c1", reject(3, "SECRET of the rejection"));
    story.act("c1", Action::Approve { turn: 3 });
    story.act("system", Action::Release { package: digest("p") });
    story.act("owner", revoke("SECRET of the revocation"));
    let mut rule = Story::begin(Automatic);
    rule.act("author", add("a", "a1"));
    rule.act("author", Action::Submit { turn: 0 });
    let mut withdrawn = Story::begin(Two);
    withdrawn.act("author", Action::Withdraw);
    [story.log, rejected.log, rule.log, withdrawn.log].concat()
}

/// Whether the log takes it as a detail: texts, whole numbers, lists and objects of them.
fn recordable(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(number) => number.is_u64(),
        Value::String(_) => true,
        Value::Array(list) => list.iter().all(recordable),
        Value::Object(fields) => fields.values().all(recordable),
    }
}

#[test]
fn every_kind_can_be_recorded_and_none_holds_what_people_wrote() {
    let mut kinds = BTreeSet::new();
    for (_, happened) in all_of_it() {
        let value = serde_json::to_value(&happened).unwrap();
        assert!(recordable(&value), "{value}");
        assert!(!value.to_string().contains("SECRET"), "{value}");
        assert_eq!(value["kind"], happened.kind());
        kinds.insert(happened.kind());
    }
    let all = "approved approved-by-rule assigned claim-released claimed commented created output-added \
               output-replaced output-withdrawn override-consented rejected released returned review-finished \
               revoked submitted voted withdrawn";
    assert_eq!(kinds, all.split_whitespace().collect());
}

#[test]
fn an_approval_names_what_leaves_who_answers_and_what_was_set_aside() {
    let log = all_of_it();
    let (by, approved) = log.iter().find(|(_, h)| h.kind() == "approved").unwrap();
    assert_eq!(by, "c1");
    let value = serde_json::to_value(approved).unwrap();
    assert_eq!(value["checkers"], serde_json::json!(["c1", "c2"]));
    assert_eq!(value["outputs"], serde_json::json!({ "a": digest("a1").to_string() }));
    assert_eq!(value["overrides"], serde_json::json!({ "a": ["dominance"] }));
}

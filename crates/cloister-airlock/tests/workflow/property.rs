//! Random people do random things. Whatever they do: nobody sees what they must not, nothing leaves undecided,
//! and nothing happens twice. What may be seen is worked out here a second time, from the log alone.

use crate::cast::{
    AUTHORS, EVERYBODY, Story, actor, add_with, comment, content, digest, hand_back, name, reject, revoke,
    set_aside, support, who,
};
use cloister_airlock::{
    Act, Action, Choice, Content, Happened, OutputKind, OverridePolicy, Request, State, TRANSITIONS, Turn,
    Weight, apply, view_for,
};
use cloister_governance::ReviewMode;
use cloister_model::{Digest, Name};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};

const UNTIED: [&str; 4] = ["c1", "c2", "c3", "checker-auditor"];
const OUTPUTS: [&str; 3] = ["a", "b", "c"];

/// A move: who, what, and what with.
type Move = (u8, u8, u8, u8);

fn moves() -> impl Strategy<Value = (u8, Vec<Move>)> {
    (0..6u8, prop::collection::vec((0..=255u8, 0..=255u8, 0..=255u8, 0..=255u8), 1..60))
}

fn pick<'a>(list: &[&'a str], n: u8) -> &'a str {
    list[usize::from(n) % list.len()]
}

/// What somebody wrote, as the test remembers it.
#[derive(Debug)]
struct Written {
    token: String,
    by: String,
    turn: u32,
    what: Act,
    /// For a comment: by the author's side.
    author: bool,
}

/// A story and what the test knows of it.
struct Run {
    story: Story,
    written: Vec<Written>,
    /// The content of each output that is still in, from the log.
    live: BTreeMap<Name, (Content, OutputKind)>,
}

impl Run {
    fn new(kind: u8) -> Self {
        let modes = [ReviewMode::Automatic, ReviewMode::One, ReviewMode::Two];
        let mut run = Self {
            story: Story::begin(modes[usize::from(kind) % 3]),
            written: Vec::new(),
            live: BTreeMap::new(),
        };
        let objection = [("dominance", Weight::Objection)];
        run.tried("author", add_with("a", "a0", if kind < 3 { &[] } else { &objection }));
        run
    }

    fn turn(&self) -> u32 {
        self.story.request.turn()
    }

    /// The move as an action: mostly what could be done, sometimes anything.
    fn action(&self, (_, what, x, y): Move, token: &str) -> Action {
        let output = pick(&OUTPUTS, x);
        let seen = self.live.get(&name(output)).map_or(digest("none"), |(c, _)| c.digest);
        let seen = if y % 8 == 7 { digest("stale") } else { seen };
        let turn = if y % 16 == 15 { self.turn().saturating_sub(2) } else { self.turn() };
        let found: &[(&str, Weight)] = match y % 4 {
            0 => &[("dominance", Weight::Objection)],
            1 => &[("too-many-cells", Weight::Look)],
            _ => &[],
        };
        let choice =
            [Choice::Approve, Choice::Approve, Choice::RequestChanges, Choice::Reject][usize::from(y % 4)];
        match what % 20 {
            0 if y.is_multiple_of(5) => support(output, &format!("{output}{y}")),
            0 => add_with(output, &format!("{output}{y}"), found),
            1 => Action::ReplaceOutput {
                output: name(output),
                content: content(&format!("{output}{}", y % 3), found),
            },
            2 => Action::WithdrawOutput { output: name(output) },
            3 => Action::Submit { turn },
            4 if y.is_multiple_of(8) => Action::Withdraw,
            5 => Action::Claim,
            6 => Action::Assign { to: who(pick(&EVERYBODY, y)) },
            7 => Action::ReleaseClaim { checker: name(pick(&UNTIED, y)) },
            8..=10 => Action::Vote { output: name(output), digest: seen, choice },
            11 => match set_aside(output, "x", "dominance", token) {
                Action::Override { output, finding, justification, policy, .. } => {
                    Action::Override { output, digest: seen, finding, justification, policy }
                }
                other => other,
            },
            12 | 13 => Action::FinishReview { turn },
            14 => hand_back(turn, token),
            15 => Action::Approve { turn },
            16 if y.is_multiple_of(4) => reject(turn, token),
            17 => Action::Release { package: digest(token) },
            18 if y.is_multiple_of(4) => revoke(token),
            _ => comment((y.is_multiple_of(2)).then_some(output), token),
        }
    }

    /// Does what the request waits for, as far as one person can: without it, random people release nothing.
    fn help(&mut self, n: u8) -> Result<(), TestCaseError> {
        let turn = self.turn();
        match self.story.request.whose_turn() {
            Turn::Author => self.step("author", Action::Submit { turn }),
            Turn::System => self.step("system", Action::Release { package: digest("package") }),
            Turn::Nobody => Ok(()),
            Turn::Checkers if self.story.request.state() == State::Reviewed => {
                self.step(pick(&UNTIED, n), Action::Approve { turn })
            }
            Turn::Checkers => {
                let checker = pick(&UNTIED, n);
                for (output, (Content { digest, findings, .. }, kind)) in self.live.clone() {
                    if kind == OutputKind::Supporting {
                        continue;
                    }
                    for finding in findings.into_keys() {
                        let (output, justification) = (output.clone(), format!("<<{checker} in {turn}>>"));
                        let policy = OverridePolicy::Allows;
                        self.step(
                            checker,
                            Action::Override { output, digest, finding, justification, policy },
                        )?;
                    }
                    self.step(checker, Action::Vote { output, digest, choice: Choice::Approve })?;
                }
                self.step(checker, Action::FinishReview { turn })
            }
        }
    }

    fn play(&mut self, number: usize, a_move: Move) -> Result<(), TestCaseError> {
        if a_move.1.is_multiple_of(3) && a_move.3.is_multiple_of(2) {
            return self.help(a_move.0);
        }
        let (at_work, all) = match self.story.request.whose_turn() {
            Turn::Author => (&AUTHORS[..], a_move.0.is_multiple_of(4)),
            Turn::Checkers => (&UNTIED[..], a_move.0.is_multiple_of(8)),
            Turn::System | Turn::Nobody => (&["system", "owner"][..], a_move.0.is_multiple_of(2)),
        };
        let somebody = pick(if all { &EVERYBODY } else { at_work }, a_move.0 / 8);
        self.step(somebody, self.action(a_move, &format!("<<{number}>>")))
    }

    /// Tries something, and looks at everything that must hold afterwards.
    fn step(&mut self, somebody: &str, action: Action) -> Result<(), TestCaseError> {
        let before = self.story.request.clone();
        let Some(happened) = self.tried(somebody, action.clone()) else {
            prop_assert_eq!(&self.story.request, &before);
            return Ok(());
        };
        let after = &self.story.request;
        let again = apply(after, &actor(somebody), action.clone(), self.story.now);
        let (same, nothing) = again.map_err(|r| TestCaseError::fail(format!("second {action:?}: {r}")))?;
        prop_assert!(nothing.is_empty() && same == *after, "twice: {action:?}");
        if happened.is_empty() {
            prop_assert_eq!(after, &before);
            return Ok(());
        }
        let tabled = TRANSITIONS
            .iter()
            .any(|t| (t.from, t.act, t.to) == (before.state(), action.act(), after.state()));
        prop_assert!(tabled, "{:?} {action:?} {:?}", before.state(), after.state());
        prop_assert_eq!(&self.story.reloaded(), after);
        prop_assert!(after.revision() > before.revision());
        self.untouched(somebody, &before, &action)?;
        self.sight()?;
        self.decisions(&happened)?;
        self.order()
    }

    /// Applies, and remembers.
    fn tried(&mut self, somebody: &str, action: Action) -> Option<Vec<Happened>> {
        let turn = self.turn();
        let author = self.story.request.whose_turn() == Turn::Author;
        let what = action.act();
        let (request, happened) =
            apply(&self.story.request, &actor(somebody), action.clone(), self.story.now).ok()?;
        self.story.now += chrono::TimeDelta::seconds(1);
        self.story.request = request;
        self.story.log.extend(happened.iter().map(|h| (somebody.to_owned(), h.clone())));
        if happened.is_empty() {
            return Some(happened);
        }
        match action {
            Action::Comment { text, .. }
            | Action::Return { text, .. }
            | Action::Reject { text, .. }
            | Action::Revoke { text, .. }
            | Action::Override { justification: text, .. } => {
                self.written.push(Written { token: text, by: somebody.to_owned(), turn, what, author });
            }
            Action::AddOutput { output, kind, content } => drop(self.live.insert(output, (content, kind))),
            Action::ReplaceOutput { output, content } => {
                self.live.entry(output).and_modify(|there| there.0 = content);
            }
            Action::WithdrawOutput { output } => drop(self.live.remove(&output)),
            _ => {}
        }
        Some(happened)
    }

    /// While checkers are blind, what one does changes nothing that another sees.
    fn untouched(&self, somebody: &str, before: &Request, action: &Action) -> Result<(), TestCaseError> {
        let quiet = matches!(action.act(), Act::Vote | Act::Comment | Act::Override);
        let blind = matches!(before.state(), State::Submitted | State::PartiallyReviewed);
        let seated = before.claims().iter().any(|c| c.checker.as_str() == somebody);
        if !(quiet && blind && seated) {
            return Ok(());
        }
        for other in EVERYBODY.into_iter().filter(|o| *o != somebody && *o != "auditor") {
            let (was, is) = (view_for(before, &who(other)), view_for(&self.story.request, &who(other)));
            prop_assert_eq!(was, is, "{} sees {:?} of {}", other, action, somebody);
        }
        Ok(())
    }

    fn finished(&self, turn: u32) -> BTreeSet<&str> {
        let of_turn = |h: &Happened| matches!(h, Happened::ReviewFinished { turn: t, .. } if *t == turn);
        self.story.log.iter().filter(|(_, h)| of_turn(h)).map(|(by, _)| by.as_str()).collect()
    }

    fn needed(&self) -> usize {
        if self.story.request.mode() == ReviewMode::One { 1 } else { 2 }
    }

    /// Whether a viewer may read something that was written, by the rules of docs/airlock.md.
    fn readable(&self, viewer: &str, w: &Written) -> bool {
        let state = self.story.request.state();
        let decided = matches!(state, State::Approved | State::Released | State::Rejected | State::Revoked);
        let passed = self.turn() > w.turn;
        let complete = self.finished(w.turn).len() >= self.needed();
        let returned = self.written.iter().any(|r| r.what == Act::Return && r.turn == w.turn && r.by == w.by);
        let counts = returned || self.finished(w.turn).contains(w.by.as_str());
        match viewer {
            "auditor" => true,
            "author" | "coauthor" | "author-checker" | "member" | "member-checker" => match w.what {
                Act::Comment if w.author => passed || !viewer.starts_with("member"),
                Act::Comment => (passed || decided) && counts,
                Act::Override => false,
                _ => true,
            },
            "c1" | "c2" | "c3" | "checker-auditor" => match w.what {
                Act::Comment if w.author => passed,
                Act::Reject | Act::Revoke => true,
                _ => w.by == viewer || complete || decided,
            },
            "admin" | "conflicted-admin" | "owner" => w.what == Act::Revoke,
            _ => false,
        }
    }

    /// Everybody sees what they may and nothing else.
    fn sight(&self) -> Result<(), TestCaseError> {
        for viewer in EVERYBODY {
            let view = view_for(&self.story.request, &who(viewer));
            let handed_in = self.turn() > 0;
            let exists = match viewer {
                "author" | "coauthor" | "author-checker" | "auditor" => true,
                "gone" | "conflicted" | "stranger" => false,
                _ => handed_in,
            };
            prop_assert_eq!(view.is_some(), exists, "{}", viewer);
            let Some(view) = view else { continue };
            let text = serde_json::to_string(&view).unwrap();
            for w in &self.written {
                let shown = text.contains(&w.token);
                let may = self.readable(viewer, w);
                // An older justification for the same objection gives way to a newer one.
                let must = may && w.what != Act::Override;
                prop_assert!(!shown || may, "{viewer} reads {w:?}");
                prop_assert!(shown || !must, "{viewer} does not read {w:?}");
            }
            let decided = self.story.request.state().is_decided();
            for ballot in view.outputs.iter().flat_map(|o| &o.ballots) {
                let complete = self.finished(ballot.turn).len() >= self.needed();
                let may = match viewer {
                    "auditor" => true,
                    _ => {
                        UNTIED.contains(&viewer) && (ballot.checker.as_str() == viewer || complete || decided)
                    }
                };
                prop_assert!(may, "{viewer} sees {ballot:?}");
            }
        }
        Ok(())
    }

    /// Nothing leaves but with the decisions that its mode needs, by people without a tie.
    fn decisions(&self, happened: &[Happened]) -> Result<(), TestCaseError> {
        let log = &self.story.log;
        let at_desk =
            ["voted", "review-finished", "approved", "rejected", "returned", "override-consented", "claimed"];
        for (by, h) in log.iter().filter(|(_, h)| at_desk.contains(&h.kind())) {
            prop_assert!(UNTIED.contains(&by.as_str()), "{by} {h:?}");
        }
        if !happened.iter().any(|h| h.kind() == "released") {
            return Ok(());
        }
        prop_assert_eq!(log.iter().filter(|(_, h)| h.kind() == "released").count(), 1);
        let leaving: BTreeMap<Name, Digest> = self
            .live
            .iter()
            .filter(|(_, (_, kind))| *kind == OutputKind::Output)
            .map(|(output, (content, _))| (output.clone(), content.digest))
            .collect();
        prop_assert!(!leaving.is_empty());
        prop_assert_eq!(&self.story.request.leaving(), &leaving);
        let by_rule = log.iter().any(|(_, h)| h.kind() == "approved-by-rule");
        if by_rule {
            prop_assert_eq!(self.story.request.mode(), ReviewMode::Automatic);
            let clean = self.live.values().all(|(c, k)| c.findings.is_empty() && *k == OutputKind::Output);
            prop_assert!(clean, "{:?}", self.live);
            return Ok(());
        }
        let checkers = self.finished(self.turn());
        prop_assert!(checkers.len() >= self.needed());
        for (checker, (output, digest)) in checkers.iter().flat_map(|c| leaving.iter().map(move |l| (c, l))) {
            let last = log.iter().rev().find_map(|(by, h)| match h {
                Happened::Voted { output: o, digest, choice, .. } if by == checker && o == output => {
                    Some((*digest, *choice))
                }
                _ => None,
            });
            prop_assert_eq!(last, Some((*digest, Choice::Approve)), "{} on {}", checker, output);
            let findings = self.live[output].0.findings.iter();
            for (objection, _) in findings.filter(|(_, weight)| **weight == Weight::Objection) {
                let aside = log.iter().any(|(by, h)| {
                    matches!(h, Happened::OverrideConsented { output: o, digest: d, finding, .. }
                        if by == checker && (o, d, finding) == (output, digest, objection))
                });
                prop_assert!(aside && checkers.len() == 2, "{checker} passed by {objection} on {output}");
            }
        }
        Ok(())
    }

    /// Two who have seats and finish at the same instant leave the same request, whoever was first.
    fn order(&self) -> Result<(), TestCaseError> {
        let request = &self.story.request;
        let seated: Vec<&str> = request.claims().iter().map(|c| c.checker.as_str()).collect();
        let [one, other] = seated[..] else { return Ok(()) };
        let both = |first: &str, second: &str| {
            let finish = || Action::FinishReview { turn: request.turn() };
            let (half, _) = apply(request, &actor(first), finish(), self.story.now).ok()?;
            apply(&half, &actor(second), finish(), self.story.now).ok().map(|(whole, _)| whole)
        };
        prop_assert_eq!(both(one, other), both(other, one));
        Ok(())
    }
}

fn run(mode: u8, moves: Vec<Move>) -> Result<Run, TestCaseError> {
    let mut run = Run::new(mode);
    for (number, a_move) in moves.into_iter().enumerate() {
        run.play(number, a_move)?;
    }
    Ok(run)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_they_do((mode, moves) in moves()) {
        run(mode, moves)?;
    }
}

/// The random moves reach everything that the properties are about.
#[test]
fn random_moves_get_everywhere() {
    let mut runner = TestRunner::deterministic();
    let (mut kinds, mut states) = (BTreeSet::new(), BTreeSet::new());
    let (mut by_people, mut by_rule, mut second_turns, mut overridden) = (0, 0, 0, 0);
    for _ in 0..400 {
        let (mode, moves) = moves().new_tree(&mut runner).unwrap().current();
        let run = run(mode, moves).unwrap();
        let log = &run.story.log;
        kinds.extend(log.iter().map(|(_, h)| h.kind()));
        states.insert(run.story.request.state());
        let has = |kind: &str| log.iter().any(|(_, h)| h.kind() == kind);
        by_people += usize::from(has("approved") && has("released"));
        by_rule += usize::from(has("approved-by-rule"));
        overridden += usize::from(has("approved") && has("override-consented"));
        second_turns += usize::from(has("approved") && run.turn() > 2);
    }
    assert_eq!(states.len(), State::ALL.len(), "{states:?}");
    assert_eq!(kinds.len(), 19, "{kinds:?}");
    let reached = [by_people, by_rule, second_turns, overridden];
    assert!(reached.into_iter().all(|n| n >= 10), "{reached:?}");
}

//! The airlock holds the separation of sides itself, too. The two must agree.

use crate::cast::{access, name, names, now, person, project, request};
use cloister_access::{Action, Object, Principal, Project, Request};
use cloister_airlock::{self as airlock, Act, Content, Draft, OutputKind};
use cloister_governance::ReviewMode;
use cloister_model::{Digest, Role};

/// A request of `x` or of somebody else, handed in or not, as the airlock has it.
fn stored(of_x: bool, handed_in: bool) -> airlock::Request {
    let author = if of_x { "x" } else { "y" };
    let draft = Draft {
        id: name("rel_1"),
        project: name("admissions"),
        authors: names(&[author]),
        purpose: "p".into(),
        justification: "j".into(),
        mode: ReviewMode::Two,
    };
    let mut request = airlock::Request::begin(draft, now()).unwrap().0;
    let content = Content { digest: Digest::of(b"a"), query: name("req_1"), findings: Default::default() };
    let add = airlock::Action::AddOutput { output: name("a"), kind: OutputKind::Output, content };
    let submit = airlock::Action::Submit { turn: 0 };
    for action in [add, submit].into_iter().take(if handed_in { 2 } else { 1 }) {
        let roles = [Role::Researcher].into();
        let actor = airlock::Actor::Person(airlock::Person {
            name: name(author),
            roles,
            member: true,
            conflict: false,
        });
        request = airlock::apply(&request, &actor, action, now()).unwrap().0;
    }
    request
}

/// Every set of roles, every tie, handed in and not: who sees the request, and who may do which part.
#[test]
fn both_say_the_same() {
    let (mut compared, mut seen) = (0, 0);
    for bits in 0..32u32 {
        let mut roles: Vec<Role> =
            Role::ALL.into_iter().enumerate().filter(|(i, _)| bits & (1 << i) != 0).map(|(_, r)| r).collect();
        for ties in 0..16u32 {
            let [member, conflict, wrote, handed_in] = [1, 2, 4, 8].map(|bit| ties & bit != 0);
            // Who is a member researches.
            if member && !roles.contains(&Role::Researcher) {
                roles.push(Role::Researcher);
            }
            let list = |is: bool| if is { names(&["x"]) } else { names(&[]) };
            let project = Project {
                members: list(member),
                conflicts: list(conflict),
                owners: names(&["x"]),
                ..project()
            };
            let asked =
                Request { project, authors: names(&[if wrote { "x" } else { "y" }]), handed_in, ..request() };
            let principal = Principal::Person(person("x", &roles));
            let may = |action| access().check(&principal, action, asked.resource(), now()).is_ok();

            let there = stored(wrote, handed_in);
            let somebody =
                airlock::Person { name: name("x"), roles: roles.iter().copied().collect(), member, conflict };
            let view = airlock::view_for(&there, &somebody);
            let case =
                format!("{roles:?} member {member} conflict {conflict} wrote {wrote} handed in {handed_in}");
            assert_eq!(may(Action::ViewRequest), view.is_some(), "{case}");
            let acts = view.map(|v| v.may).unwrap_or_default();
            for (action, act) in [
                (Action::Vote, Act::Vote),
                (Action::ClaimRequest, Act::Claim),
                (Action::OverrideFinding, Act::Override),
                (Action::AssignRequest, Act::Assign),
            ] {
                assert_eq!(may(action), acts.contains(&act), "{case} {act:?}");
                compared += 1;
            }
            if !handed_in {
                assert_eq!(may(Action::EditRequest), acts.contains(&Act::Submit), "{case}");
            }
            seen += u32::from(may(Action::ViewRequest));
        }
    }
    assert!(compared > 1000 && seen > 100);
}

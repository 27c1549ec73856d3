//! docs/access-matrix.md: who may do what, in full. `CLOISTER_REWRITE_DOCS=1` writes it anew.

use crate::cast::{EVERYBODY, access, ask, now, project, request, verdict, who};
use cloister_access::{Action, Object, Principal, Project, ProjectState, Request};
use std::fmt::Write as _;
use std::path::Path;

const ABOUT: &str = "# Who may do what

Printed by the tests of `cloister-access` from `policies/access`; not to be written by hand. `yes`: permitted. `403`: not permitted,
and the policies that forbid it where it is not merely that none permits it. `404`: it looks as though it did not exist.

The people: *outsider* is a researcher of another project. *author*, *member*, *untrained*, *without-terms*, *no-egress*,
*checker-member* and *administrator-member* are members of the project. *author*, *untrained* and *no-egress* wrote the release request, *author*
the query, and *former-author*, who is now checker and auditor, the request too before leaving. *owner* answers for the data that it uses.
The account is *author*'s. The request was handed in. *disabled* holds every role.
";

fn row(text: &mut String, cells: impl IntoIterator<Item = String>) {
    for cell in cells {
        write!(text, "| {cell} ").unwrap();
    }
    text.push_str("|\n");
}

fn page() -> String {
    let mut text = ABOUT.to_owned();
    for kind in ["Hub", "Account", "Dataset", "Project", "Query", "Request"] {
        write!(text, "\n## {kind}\n").unwrap();
        let actions: Vec<Action> = Action::ALL.iter().copied().filter(|a| a.object() == kind).collect();
        row(
            &mut text,
            std::iter::once("who".to_owned()).chain(actions.iter().map(|a| a.as_str().to_owned())),
        );
        row(&mut text, vec!["---".to_owned(); actions.len() + 1]);
        for somebody in EVERYBODY {
            let verdicts = actions.iter().map(|action| verdict(&ask(&who(somebody), *action, now())));
            row(&mut text, std::iter::once(somebody.to_owned()).chain(verdicts));
        }
    }
    text.push_str("\n## Projects that do not run\nWhat the author, the checker and the administrator may still do in each.\n");
    let cases = [
        ("suspended", Project { state: ProjectState::Suspended, ..project() }, now()),
        ("closed", Project { state: ProjectState::Closed, ..project() }, now()),
        ("not started", project(), "2025-12-31T12:00:00Z".parse().unwrap()),
        ("ended", Project { ends: "2026-02-28".parse().unwrap(), ..project() }, now()),
    ];
    row(
        &mut text,
        ["who", "action"].map(str::to_owned).into_iter().chain(cases.iter().map(|c| c.0.to_owned())),
    );
    row(&mut text, vec!["---".to_owned(); cases.len() + 2]);
    for somebody in ["author", "checker", "administrator"] {
        for action in Action::ALL.iter().copied().filter(|a| matches!(a.object(), "Project" | "Request")) {
            if ask(&who(somebody), action, now()).is_err() {
                continue;
            }
            let verdicts = cases.iter().map(|(_, project, now)| {
                let request = Request { project: project.clone(), ..request() };
                let on = if action.object() == "Project" { project.resource() } else { request.resource() };
                verdict(&access().check(&who(somebody), action, on, *now))
            });
            row(&mut text, [somebody, action.as_str()].map(str::to_owned).into_iter().chain(verdicts));
        }
    }
    text
}

#[test]
fn the_matrix_is_as_it_was_reviewed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/access-matrix.md");
    let fresh = page();
    if std::env::var_os("CLOISTER_REWRITE_DOCS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(
        page == fresh,
        "docs/access-matrix.md is not what the policies say: CLOISTER_REWRITE_DOCS=1 rewrites it"
    );
}

#[test]
fn the_matrix_is_whole() {
    let page = page();
    for action in Action::ALL {
        assert!(page.contains(&format!("| {} ", action.as_str())), "{action:?}");
        assert!(
            EVERYBODY.iter().any(|w| ask(&who(w), *action, now()).is_ok()),
            "nobody in the matrix may {action:?}"
        );
        assert!(ask(&who("outsider"), *action, now()).is_err() || action.object() == "Hub", "{action:?}");
    }
    assert!(matches!(who("anonymous"), Principal::Anonymous));
}

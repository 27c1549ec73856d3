//! Projects: what each is, its data dictionary, and what administrators and asset owners do to it.

use super::fields::{Line, area, button, hidden, select, word};
use super::layout::{Page, Wrong, mistake, moment, redirect, state_tag, summary, table, text};
use super::visitor::{Sent, Visitor};
use crate::problem::Problem;
use crate::state::AppState;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use chrono::{NaiveDate, NaiveTime};
use cloister_hub::{ProjectState, ProjectView, TableView};
use cloister_model::Name;
use maud::{Markup, html};

/// The projects that somebody may see.
pub(crate) async fn list(State(state): State<AppState>, visitor: Visitor) -> Result<Response, Wrong> {
    listed(&state, &visitor, "", None).await
}

async fn listed(
    state: &AppState,
    visitor: &Visitor,
    draft: &str,
    problem: Option<&Problem>,
) -> Result<Response, Wrong> {
    let projects = state.hub.projects_of(&visitor.name).await?;
    let rows = projects.iter().map(|p| {
        vec![
            html! { a href={ "/projects/" (p.name) } { (p.title) } },
            text(&p.purpose),
            text(p.datasets.join(", ")),
            text(&p.ends),
            state_tag(&p.state),
        ]
    });
    let status = problem.map_or(axum::http::StatusCode::OK, Problem::status);
    Ok(Page::of("Projects", "projects", visitor).with_status(
        status,
        html! {
            (mistake(problem))
            h1 { "Projects" }
            @if projects.is_empty() { p { "There is no project that you may see." } }
            @else { (table("Projects", &["Project", "What for", "Data", "Until", "State"], rows.collect())) }
            @if visitor.may("create-project") {
                h2 { "A new project" }
                form method="post" action="/projects" novalidate {
                    (word(visitor))
                    (area("text", "The project's file (TOML)", "People, purpose, legal basis, grants, policy and dates, as in docs/project.toml.", draft, 16, true))
                    (button("", "Provision", ""))
                }
            }
        },
    ))
}

/// Provisions a project.
pub(crate) async fn create(State(state): State<AppState>, sent: Sent) -> Result<Response, Wrong> {
    match state.hub.create_project(sent.fields.get("text"), &sent.visitor.name).await {
        Ok(project) => Ok(redirect(&format!("/projects/{}", project.name)).into_response()),
        Err(error) => {
            listed(&state, &sent.visitor, sent.fields.get("text"), Some(&Problem::from(error))).await
        }
    }
}

/// One project.
pub(crate) async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(project): Path<Name>,
) -> Result<Response, Wrong> {
    shown(&state, &visitor, &project, None).await
}

async fn shown(
    state: &AppState,
    visitor: &Visitor,
    project: &Name,
    problem: Option<&Problem>,
) -> Result<Response, Wrong> {
    let view = state.hub.project_of(project, &visitor.name).await?;
    let may = |act: &str| view.may.iter().any(|m| m == act);
    let status = problem.map_or(axum::http::StatusCode::OK, Problem::status);
    Ok(Page::of(&view.title, "projects", visitor).with_status(
        status,
        html! {
            (mistake(problem))
            h1 { (view.title) }
            p.nhsuk-lede-text { (view.purpose) }
            div.app-buttons {
                @if may("run-query") { a.nhsuk-button href={ "/projects/" (view.name) "/query" } { "Ask a query" } }
                @if may("list-tables") { a.nhsuk-button.nhsuk-button--secondary href={ "/projects/" (view.name) "/tables" } { "Data dictionary" } }
            }
            h2 { "What it is" }
            (facts(&view))
            h2 { "People" }
            (table("People of the project", &["Who", "As what"], view.members.iter().map(|m| vec![text(&m.person), text(m.roles.join(", "))]).collect()))
            h2 { "Who may take releases out" }
            @if view.egress.is_empty() { p { "Nobody." } } @else {
                (table("Rights of egress", &["Who", "Until", "Granted by"], view.egress.iter().map(|e| vec![text(&e.person), moment(&e.ends_at), text(&e.granted_by)]).collect()))
            }
            @if may("grant-egress") { (egress_form(visitor, &view)) }
            @if may("manage-project") { (state_form(visitor, &view)) }
            @if visitor.is("checker") {
                h2 { "Conflict of interest" }
                form method="post" action={ "/projects/" (view.name) } novalidate {
                    (word(visitor)) (hidden("act", "conflict"))
                    p { "If you have one with this project, say so: you are shown none of its requests from then on, and only an administrator lifts it." }
                    (button("conflict", "Declare a conflict of interest", "secondary"))
                }
            }
        },
    ))
}

fn facts(view: &ProjectView) -> Markup {
    let checkers = if view.checkers.is_empty() { "any checker".to_owned() } else { view.checkers.join(", ") };
    summary(&[
        ("State", state_tag(&view.state)),
        ("From and to", html! { (view.starts) " to " (view.ends) }),
        ("Data", text(view.datasets.join(", "))),
        (
            "Who answers for the data",
            text(if view.owners.is_empty() { "nobody yet".to_owned() } else { view.owners.join(", ") }),
        ),
        ("Legal basis", text(&view.legal_basis)),
        ("Agreement", text(&view.agreement)),
        ("Controllers", text(view.controllers.join(", "))),
        (
            "Disclosure policy",
            html! { a href={ "/policies/" (view.disclosure_policy) } { (view.disclosure_policy) } },
        ),
        ("Review", text(&view.review)),
        ("Queries", text(&view.queries)),
        ("Checkers", text(checkers)),
        ("Digest", html! { span.app-digest { (view.digest) } }),
    ])
}

fn egress_form(visitor: &Visitor, view: &ProjectView) -> Markup {
    let people: Vec<(&str, &str)> = view
        .members
        .iter()
        .filter(|m| m.roles.iter().any(|r| r == "researcher"))
        .map(|m| (m.person.as_str(), m.person.as_str()))
        .collect();
    html! {
        form method="post" action={ "/projects/" (view.name) } novalidate {
            (word(visitor))
            (select("person", "Who", &people, ""))
            (Line { name: "until", label: "Last day", hint: "A year from now at most; a day that has passed ends it.", kind: "date", width: 10, ..Line::default() }.render())
            (button("egress", "Grant egress", "secondary"))
        }
    }
}

fn state_form(visitor: &Visitor, view: &ProjectView) -> Markup {
    html! {
        h2 { "Suspend, resume or close" }
        form method="post" action={ "/projects/" (view.name) } novalidate {
            (word(visitor))
            div.app-buttons {
                @if view.state == "active" { (button("suspend", "Suspend", "secondary")) }
                @if view.state == "suspended" { (button("resume", "Resume", "secondary")) }
                @if view.state != "closed" { (button("close", "Close for good", "warning")) }
            }
        }
    }
}

/// What administrators, asset owners and checkers do to a project.
pub(crate) async fn act(
    State(state): State<AppState>,
    Path(project): Path<Name>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let (visitor, fields) = (&sent.visitor, &sent.fields);
    let done = match fields.all("act").last().unwrap_or_default() {
        "suspend" => state.hub.move_project(&project, ProjectState::Suspended, &visitor.name).await,
        "resume" => state.hub.move_project(&project, ProjectState::Active, &visitor.name).await,
        "close" => state.hub.move_project(&project, ProjectState::Closed, &visitor.name).await,
        "conflict" => state.hub.declare_conflict(&project, &visitor.name, &visitor.name).await,
        "egress" => {
            let last = fields.get("until").parse::<NaiveDate>().ok().and_then(|day| day.succ_opt());
            let Some(until) = last.map(|day| day.and_time(NaiveTime::MIN).and_utc()) else {
                let problem = Problem::new(422, "date", "The last day is not a date.");
                return shown(&state, visitor, &project, Some(&problem)).await;
            };
            let person: Name = fields.get("person").parse().map_err(cloister_hub::HubError::from)?;
            state.hub.grant_egress(&project, &person, until, &visitor.name).await
        }
        _ => return Err(Problem::new(400, "form", "The form says nothing to do.").into()),
    };
    match done {
        Ok(()) => Ok(redirect(&format!("/projects/{project}")).into_response()),
        Err(error) => shown(&state, visitor, &project, Some(&Problem::from(error))).await,
    }
}

/// The data dictionary of a project.
pub(crate) async fn tables(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(project): Path<Name>,
) -> Result<Response, Wrong> {
    let tables = state.hub.tables(&project, &visitor.name).await?;
    Ok(Page::of("Data dictionary", "projects", &visitor).wide().with(html! {
        h1 { "Data dictionary of " (project) }
        p { "No number here comes from data." }
        ul.nhsuk-list { @for t in &tables { li { a href={ "#" (t.qualified_name) } { (t.qualified_name) } " – " (t.description) } } }
        @for t in &tables { (dictionary(t)) }
    }))
}

fn dictionary(t: &TableView) -> Markup {
    let rows = t.columns.iter().map(|c| {
        vec![
            html! { code { (c.name) } },
            text(&c.data_type),
            text(c.class),
            text(if c.nullable { "yes" } else { "no" }),
            text(&c.description),
            text(&c.values),
            text(c.uses),
        ]
    });
    html! {
        h2 id=(t.qualified_name) { (t.qualified_name) }
        p { (t.description) " Version " (t.version) ", " (if t.kind == "person" { "a row is about one person" } else { "reference data" }) "." }
        @if let Some(window) = &t.window { p { "Rows lie between " (window.from) " and " (window.to) " by " code { (window.column) } "." } }
        @if let Some(filter) = &t.row_filter { p { "Every row meets " code { (filter) } "." } }
        (table(&format!("Columns of {}", t.qualified_name), &["Column", "Type", "Class", "May be missing", "What it is", "Values", "What a query may do"], rows.collect()))
    }
}

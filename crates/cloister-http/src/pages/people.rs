//! People: who has an account, in which roles, and whether they may use it.

use super::account::once;
use super::fields::{Line, button, checkboxes, word};
use super::layout::{Page, Wrong, mistake, nothing, redirect, summary, table, tag, text};
use super::visitor::{Fields, Sent, Visitor};
use crate::problem::Problem;
use crate::state::AppState;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use cloister_hub::{HubError, NewPerson, PersonChange, PersonView, Role};
use cloister_model::Name;
use maud::{Markup, html};
use std::collections::BTreeSet;

/// Everybody who has an account.
pub(crate) async fn list(State(state): State<AppState>, visitor: Visitor) -> Result<Response, Wrong> {
    listed(&state, &visitor, None, nothing()).await
}

async fn listed(
    state: &AppState,
    visitor: &Visitor,
    problem: Option<&Problem>,
    news: Markup,
) -> Result<Response, Wrong> {
    let people = state.hub.people(&visitor.name).await?;
    let rows = people.iter().map(|p| {
        vec![
            html! { a href={ "/people/" (p.name) } { (p.display_name) } },
            text(&p.name),
            text(p.roles.join(", ")),
            text(p.training_expires.as_deref().unwrap_or("never")),
            text(p.terms_expire.as_deref().unwrap_or("not accepted")),
            standing(p),
        ]
    });
    let status = problem.map_or(StatusCode::OK, Problem::status);
    Ok(Page::of("People", "people", visitor).wide().with_status(
        status,
        html! {
            (mistake(problem))
            (news)
            h1 { "People" }
            (table("Everybody who has an account", &["Person", "Name", "Roles", "Training until", "Terms until", "Account"], rows.collect()))
            @if visitor.may("manage-people") {
                h2 { "Give somebody an account" }
                form method="post" action="/people" novalidate {
                    (word(visitor))
                    (Line { name: "name", label: "Name to sign in with", hint: "Small letters, digits and hyphens. It is in the log for good.", ..Line::default() }.render())
                    (Line { name: "display", label: "Name for people", width: 30, ..Line::default() }.render())
                    (roles(&[]))
                    (Line { name: "training", label: "Training current until", kind: "date", width: 10, ..Line::default() }.render())
                    (Line { name: "issuer", label: "Sign-in provider", hint: "Empty for a password of this hub.", width: 30, ..Line::default() }.render())
                    (Line { name: "subject", label: "Whom the provider knows them as", width: 30, ..Line::default() }.render())
                    (button("", "Give an account", ""))
                }
            }
        },
    ))
}

fn standing(p: &PersonView) -> Markup {
    match (p.disabled, p.locked) {
        (true, _) => tag("red", "disabled"),
        (false, true) => tag("yellow", "locked for a while"),
        (false, false) => tag("green", "usable"),
    }
}

fn roles(chosen: &[String]) -> Markup {
    checkboxes("role", "Roles", &Role::ALL.map(|r| (r.as_str(), r.as_str())), chosen)
}

fn chosen_roles(fields: &Fields) -> BTreeSet<Role> {
    Role::ALL.into_iter().filter(|r| fields.all("role").any(|v| v == r.as_str())).collect()
}

fn training(fields: &Fields) -> Result<Option<NaiveDate>, Problem> {
    match fields.get("training") {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| Problem::new(422, "date", "The training's last day is not a date.")),
    }
}

/// Gives somebody an account.
pub(crate) async fn add(State(state): State<AppState>, sent: Sent) -> Result<Response, Wrong> {
    let (visitor, fields) = (&sent.visitor, &sent.fields);
    let new = || -> Result<NewPerson, Problem> {
        let (issuer, subject) = (fields.get("issuer").trim(), fields.get("subject").trim());
        Ok(NewPerson {
            name: fields.get("name").trim().parse().map_err(HubError::from)?,
            display_name: fields.get("display").to_owned(),
            roles: chosen_roles(fields),
            training_expires: training(fields)?,
            subject: (!issuer.is_empty()).then(|| (issuer.to_owned(), subject.to_owned())),
        })
    };
    let added = match new() {
        Ok(new) => {
            let name = new.name.to_string();
            state.hub.add_person(new, &visitor.name).await.map(|first| (name, first)).map_err(Problem::from)
        }
        Err(problem) => Err(problem),
    };
    match added {
        Ok((name, first)) => listed(&state, visitor, None, handed_over(&name, first)).await,
        Err(problem) => listed(&state, visitor, Some(&problem), nothing()).await,
    }
}

fn handed_over(name: &str, first: Option<String>) -> Markup {
    match first {
        Some(password) => once(
            &format!("A password for {name} to begin with"),
            "Hand it over in person. They choose their own when they sign in. It is shown here only.",
            &[password],
        ),
        None => nothing(),
    }
}

/// One person's account.
pub(crate) async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(person): Path<Name>,
) -> Result<Response, Wrong> {
    shown(&state, &visitor, &person, None, nothing()).await
}

async fn shown(
    state: &AppState,
    visitor: &Visitor,
    person: &Name,
    problem: Option<&Problem>,
    news: Markup,
) -> Result<Response, Wrong> {
    let view = state.hub.person_seen(person, &visitor.name).await?;
    let status = problem.map_or(StatusCode::OK, Problem::status);
    Ok(Page::of(&view.display_name, "people", visitor).with_status(
        status,
        html! {
            (mistake(problem))
            (news)
            h1 { (view.display_name) }
            (summary(&[
                ("Name", text(&view.name)),
                ("Roles", text(view.roles.join(", "))),
                ("Training current until", text(view.training_expires.as_deref().unwrap_or("never"))),
                ("Terms accepted until", text(view.terms_expire.as_deref().unwrap_or("not accepted"))),
                ("Second factor", text(if view.second_factor { "set up" } else { "none" })),
                ("Sign-in provider", text(view.provider.as_deref().unwrap_or("this hub"))),
                ("Account", standing(&view)),
            ]))
            @if visitor.may("manage-people") && *person != visitor.name {
                h2 { "Change" }
                form method="post" action={ "/people/" (view.name) } novalidate {
                    (word(visitor))
                    (roles(&view.roles))
                    (Line { name: "training", label: "Training current until", kind: "date", width: 10, value: view.training_expires.as_deref().unwrap_or(""), ..Line::default() }.render())
                    div.app-buttons {
                        (button("change", "Change roles and training", ""))
                        @if view.disabled { (button("enable", "Enable the account", "secondary")) } @else { (button("disable", "Disable the account", "warning")) }
                        @if view.provider.is_none() { (button("reset", "New password, no second factor", "secondary")) }
                    }
                }
            }
        },
    ))
}

/// Changes somebody's account.
pub(crate) async fn change(
    State(state): State<AppState>,
    Path(person): Path<Name>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let (visitor, fields) = (&sent.visitor, &sent.fields);
    let change = match fields.get("act") {
        "disable" => PersonChange { disabled: Some(true), ..PersonChange::default() },
        "enable" => PersonChange { disabled: Some(false), ..PersonChange::default() },
        "reset" => PersonChange { reset: true, ..PersonChange::default() },
        _ => match training(fields) {
            Ok(training_expires) => PersonChange {
                roles: Some(chosen_roles(fields)),
                training_expires,
                ..PersonChange::default()
            },
            Err(problem) => return shown(&state, visitor, &person, Some(&problem), nothing()).await,
        },
    };
    match state.hub.change_person(&person, change, &visitor.name).await {
        Ok(None) => Ok(redirect(&format!("/people/{person}")).into_response()),
        Ok(first) => shown(&state, visitor, &person, None, handed_over(person.as_str(), first)).await,
        Err(error) => shown(&state, visitor, &person, Some(&Problem::from(error)), nothing()).await,
    }
}

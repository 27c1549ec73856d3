//! One's own account: terms, password, second factor, access tokens.

use super::fields::{Line, button, checkboxes, hidden, word};
use super::layout::{Page, Wrong, mistake, moment, nothing, redirect, summary, table, text};
use super::sign_in::{enter, password_fields};
use super::visitor::{Sent, Visitor};
use crate::problem::Problem;
use crate::state::AppState;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cloister_hub::{NewToken, Scope, TokenView};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// One's own account.
pub(crate) async fn show(State(state): State<AppState>, visitor: Visitor) -> Result<Response, Wrong> {
    shown(&state, &visitor, None, nothing()).await
}

async fn shown(
    state: &AppState,
    visitor: &Visitor,
    problem: Option<&Problem>,
    news: Markup,
) -> Result<Response, Wrong> {
    let person = &visitor.me.person;
    let tokens = state.hub.tokens(&visitor.name).await?;
    let (seed, uri) = state.hub.propose_second_factor(&visitor.name)?;
    let status = problem.map_or(StatusCode::OK, Problem::status);
    let or_none = |value: &Option<String>| text(value.as_deref().unwrap_or("none"));
    Ok(Page::of("Your account", "", visitor).with_status(
        status,
        html! {
            (mistake(problem))
            (news)
            h1 { "Your account" }
            (summary(&[
                ("Name", text(&person.name)),
                ("Roles", text(person.roles.join(", "))),
                ("Training current until", or_none(&person.training_expires)),
                ("Terms of use accepted until", or_none(&person.terms_expire)),
                ("Second factor", text(if person.second_factor { "set up" } else { "none" })),
                ("Sign-in provider", or_none(&person.provider)),
            ]))
            h2 { "Terms of use" }
            p { "You use the data for your project's purpose only; you do not try to find out who somebody is; you take out nothing but what was released; and you say at once if you see what you should not." }
            form method="post" action="/account" novalidate { (word(visitor)) (button("terms", "I accept the terms of use, for a year", "secondary")) }
            @if person.provider.is_none() { (password_and_factor(visitor, &seed, &uri)) }
            h2 { "Access tokens" }
            p { "For scripts and notebooks: what a token may do, whoever has it does as you." }
            @if !tokens.is_empty() {
                (table("Your access tokens", &["What for", "May", "Until", "Last used", ""], tokens.iter().map(|t| token_row(visitor, t)).collect()))
            }
            form method="post" action="/account" novalidate {
                (word(visitor))
                (Line { name: "label", label: "What is it for?", ..Line::default() }.render())
                (checkboxes("scope", "What may it do?", &Scope::ALL.map(|s| (s.as_str(), s.as_str())), &[]))
                (Line { name: "days", label: "For how many days?", hint: "365 at most.", value: "30", kind: "number", width: 4, ..Line::default() }.render())
                (button("token", "Make an access token", "secondary"))
            }
        },
    ))
}

fn password_and_factor(visitor: &Visitor, seed: &str, uri: &str) -> Markup {
    html! {
        h2 { "Second factor" }
        details.nhsuk-details {
            summary.nhsuk-details__summary { span.nhsuk-details__summary-text { (if visitor.me.person.second_factor { "Set up another one" } else { "Set up an authenticator" }) } }
            div.nhsuk-details__text {
                p { "Type this key into your authenticator app, or open " a href=(uri) { "this link" } " on the device that has it." }
                p { code.app-digest { (seed) } }
                form method="post" action="/account" novalidate {
                    (word(visitor)) (hidden("seed", seed))
                    (Line { name: "code", label: "The code that it shows now", autocomplete: "one-time-code", width: 10, ..Line::default() }.render())
                    (button("factor", "Set it up", "secondary"))
                }
            }
        }
        h2 { "Password" }
        details.nhsuk-details {
            summary.nhsuk-details__summary { span.nhsuk-details__summary-text { "Choose another password" } }
            div.nhsuk-details__text {
                form method="post" action="/account" novalidate { (word(visitor)) (password_fields()) (button("password", "Choose", "secondary")) }
            }
        }
    }
}

fn token_row(visitor: &Visitor, token: &TokenView) -> Vec<Markup> {
    vec![
        text(&token.label),
        text(token.scopes.join(", ")),
        moment(&token.ends_at),
        text(token.last_used.as_deref().unwrap_or("never")),
        html! {
            @match &token.revoked_at {
                Some(_) => { "ended" }
                None => {
                    form.app-inline-form method="post" action="/account" novalidate {
                        (word(visitor)) (hidden("token", &token.id)) (button("end-token", "End it", "secondary"))
                    }
                }
            }
        },
    ]
}

/// What the forms of the account do.
pub(crate) async fn act(State(state): State<AppState>, sent: Sent) -> Result<Response, Wrong> {
    let (visitor, fields) = (&sent.visitor, &sent.fields);
    let done = match fields.get("act") {
        "terms" => state.hub.accept_terms(&visitor.name).await.map(|()| None),
        "end-token" => state.hub.end_token(fields.get("token"), &visitor.name).await.map(|()| None),
        "factor" => {
            let codes =
                state.hub.confirm_second_factor(&visitor.name, fields.get("seed"), fields.get("code")).await;
            codes.map(|codes| {
                Some(once(
                    "Your recovery codes",
                    "Keep them where the authenticator is not. Each opens once. They are shown here only.",
                    &codes,
                ))
            })
        }
        "token" => {
            let scopes: BTreeSet<Scope> =
                Scope::ALL.into_iter().filter(|s| fields.all("scope").any(|v| v == s.as_str())).collect();
            let days = fields.get("days").parse().unwrap_or_default();
            let new = NewToken { label: fields.get("label").to_owned(), scopes, days, key: None };
            let made = state.hub.make_token(new, &visitor.name).await;
            made.map(|(_, text)| Some(once("Your access token", "It is shown here only.", &[text])))
        }
        "password" => {
            if fields.get("new") != fields.get("again") {
                let problem = Problem::new(422, "password", "The two new passwords differ.");
                return shown(&state, visitor, Some(&problem), nothing()).await;
            }
            match state.hub.choose_password(&visitor.secret, fields.get("old"), fields.get("new")).await {
                Ok(door) => {
                    return Ok(enter(&state, door, "/account", || redirect("/sign-in").into_response()));
                }
                Err(error) => Err(error),
            }
        }
        _ => return Err(Problem::new(400, "form", "The form says nothing to do.").into()),
    };
    match done {
        Ok(None) => Ok(redirect("/account").into_response()),
        Ok(Some(news)) => shown(&state, visitor, None, news).await,
        Err(error) => shown(&state, visitor, Some(&Problem::from(error)), nothing()).await,
    }
}

/// Something secret that is shown once.
pub(super) fn once(title: &str, hint: &str, lines: &[String]) -> Markup {
    html! {
        div.nhsuk-notification-banner.nhsuk-notification-banner--success role="alert" aria-labelledby="once" {
            div.nhsuk-notification-banner__header { h2.nhsuk-notification-banner__title id="once" { (title) } }
            div.nhsuk-notification-banner__content {
                p { (hint) }
                pre tabindex="0" { @for line in lines { (line) "\n" } }
            }
        }
    }
}

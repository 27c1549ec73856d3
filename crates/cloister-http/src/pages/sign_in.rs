//! The door: name and password, the code of a second factor, a password of one's own.

use super::fields::{Line, button};
use super::layout::{Page, Wrong, mistake, redirect};
use super::visitor::{Fields, Sent, url_escape};
use crate::guard::{cookie_name, cookie_of};
use crate::problem::Problem;
use crate::state::AppState;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cloister_hub::{Door, Stage};
use cookie::{Cookie, SameSite};
use maud::{Markup, html};
use serde::Deserialize;

/// Where to go once one is in.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Next {
    #[serde(default)]
    next: String,
}

impl Next {
    /// As it was asked: see [`own`].
    pub(super) fn next(&self) -> &str {
        &self.next
    }
}

/// A place of ours, and nobody else's.
pub(super) fn own(next: &str) -> &str {
    // Browsers leave tabs and line breaks out of an address, and take a backslash for a slash.
    let plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let inside = next.starts_with('/') && !next.starts_with("//") && plain;
    if inside && !next.starts_with("/sign-") { next } else { "/" }
}

/// The form for name and password.
pub(crate) async fn show(
    State(state): State<AppState>,
    Query(next): Query<Next>,
    headers: HeaderMap,
) -> Response {
    match session_stage(&state, &headers).await {
        Ok(Some(Stage::Full)) => redirect(own(&next.next)).into_response(),
        Ok(_) => form(&state, &next.next, None),
        Err(wrong) => wrong.plain(),
    }
}

/// The form, with the way to the provider where there is one.
pub(super) fn form(state: &AppState, next: &str, problem: Option<&Problem>) -> Response {
    let page = Page::open("Sign in", "sign-in");
    let status = problem.map_or(StatusCode::OK, Problem::status);
    let provider = state.provider.as_ref().map(|provider| &provider.settings().name);
    let next = url_escape(own(next));
    page.with_status(
        status,
        html! {
            (mistake(problem))
            h1 { "Sign in" }
            @if let Some(name) = provider {
                p { a.nhsuk-button href={ "/sign-in/provider?next=" (next) } role="button" draggable="false" { "Sign in with " (name) } }
            }
            @if state.takes_passwords() { (password_form(&next, provider.is_some())) }
            p { "An administrator of the hub gives you an account." }
        },
    )
}

fn password_form(next: &str, beside: bool) -> Markup {
    html! {
        @if beside { h2 { "With a password of this hub" } }
        form method="post" action={ "/sign-in?next=" (next) } novalidate {
                (Line { name: "name", label: "Name", autocomplete: "username", ..Line::default() }.render())
                (Line { name: "password", label: "Password", kind: "password", autocomplete: "current-password", ..Line::default() }.render())
                (button("", "Sign in", ""))
        }
    }
}

/// Takes name and password.
pub(crate) async fn password(
    State(state): State<AppState>,
    Query(next): Query<Next>,
    fields: Fields,
) -> Response {
    if !state.takes_passwords() {
        let problem = Problem::new(403, "passwords-off", "Passwords are not taken here.");
        return form(&state, &next.next, Some(&problem.hint("Sign in with the provider.")));
    }
    match state.hub.sign_in(fields.get("name"), fields.get("password")).await {
        Ok(door) => enter(&state, door, &next.next, || {
            // One sentence for everything: who tries learns nothing of who there is.
            let problem = Problem::new(
                401,
                "sign-in",
                "The name or the password is wrong, or the account cannot be used now.",
            );
            form(&state, &next.next, Some(&problem.hint("After five failures, wait a minute.")))
        }),
        Err(error) => Wrong::from(error).plain(),
    }
}

/// The form for the code of a second factor.
pub(crate) async fn show_code(
    State(state): State<AppState>,
    Query(next): Query<Next>,
    headers: HeaderMap,
) -> Response {
    match session_stage(&state, &headers).await {
        Ok(Some(Stage::SecondFactorNeeded)) => code_form(&next.next, None),
        Ok(_) => redirect("/sign-in").into_response(),
        Err(wrong) => wrong.plain(),
    }
}

fn code_form(next: &str, problem: Option<&Problem>) -> Response {
    let status = if problem.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    Page::open("Second factor", "sign-in").with_status(
        status,
        html! {
            (mistake(problem))
            h1 { "Second factor" }
            form method="post" action={ "/sign-in/code?next=" (url_escape(own(next))) } novalidate {
                (Line {
                    name: "code", label: "Code of your authenticator",
                    hint: "Six digits, or one of your recovery codes.", autocomplete: "one-time-code", width: 10, ..Line::default()
                }.render())
                (button("", "Continue", ""))
            }
        },
    )
}

/// Takes the code of a second factor.
pub(crate) async fn code(
    State(state): State<AppState>,
    Query(next): Query<Next>,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    let secret = cookie_of(&headers, state.settings.is_secure()).unwrap_or_default();
    match state.hub.second_factor(&secret, fields.get("code")).await {
        Ok(door) => enter(&state, door, &next.next, || {
            let problem = Problem::new(401, "sign-in", "The code is not right, or was used before.");
            code_form(&next.next, Some(&problem.hint("Wait for the next code, or sign in again.")))
        }),
        Err(error) => Wrong::from(error).plain(),
    }
}

/// The form for a password of one's own.
pub(crate) async fn show_choose(State(state): State<AppState>, headers: HeaderMap) -> Response {
    match session_stage(&state, &headers).await {
        Ok(Some(Stage::PasswordChangeNeeded)) => choose_form(None),
        Ok(_) => redirect("/sign-in").into_response(),
        Err(wrong) => wrong.plain(),
    }
}

fn choose_form(problem: Option<&Problem>) -> Response {
    let status = problem.map_or(StatusCode::OK, Problem::status);
    Page::open("Choose a password", "sign-in").with_status(
        status,
        html! {
            (mistake(problem))
            h1 { "Choose a password" }
            form method="post" action="/sign-in/password" novalidate { (password_fields()) (button("", "Choose", "")) }
        },
    )
}

/// The fields of a new password.
pub(crate) fn password_fields() -> Markup {
    html! {
        (Line { name: "old", label: "The password that you have", kind: "password", autocomplete: "current-password", ..Line::default() }.render())
        (Line {
            name: "new", label: "New password", kind: "password", autocomplete: "new-password",
            hint: "At least 12 characters: some words are easier to remember than signs.", ..Line::default()
        }.render())
        (Line { name: "again", label: "New password again", kind: "password", autocomplete: "new-password", ..Line::default() }.render())
    }
}

/// Takes a password of one's own.
pub(crate) async fn choose(State(state): State<AppState>, headers: HeaderMap, fields: Fields) -> Response {
    let secret = cookie_of(&headers, state.settings.is_secure()).unwrap_or_default();
    if fields.get("new") != fields.get("again") {
        return choose_form(Some(&Problem::new(422, "password", "The two new passwords differ.")));
    }
    match state.hub.choose_password(&secret, fields.get("old"), fields.get("new")).await {
        Ok(door) => enter(&state, door, "/", || redirect("/sign-in").into_response()),
        Err(error) => choose_form(Some(&Problem::from(error))),
    }
}

/// Ends the session.
pub(crate) async fn out(State(state): State<AppState>, sent: Sent) -> Response {
    if let Err(error) = state.hub.sign_out(&sent.visitor.secret).await {
        return Wrong::from(error).plain();
    }
    let mut response = redirect("/sign-in").into_response();
    set_cookie(&mut response, &state, "", true);
    response
}

/// Lets somebody in as far as the door is open.
pub(crate) fn enter(state: &AppState, door: Door, next: &str, closed: impl FnOnce() -> Response) -> Response {
    match door {
        Door::Open { stage, secret } => {
            let next = own(next);
            let to = match stage {
                Stage::Full => next.to_owned(),
                Stage::SecondFactorNeeded => format!("/sign-in/code?next={}", url_escape(next)),
                Stage::PasswordChangeNeeded => "/sign-in/password".to_owned(),
            };
            let mut response = redirect(&to).into_response();
            set_cookie(&mut response, state, &secret, false);
            response
        }
        Door::Closed => closed(),
    }
}

pub(crate) fn set_cookie(response: &mut Response, state: &AppState, secret: &str, gone: bool) {
    let lasts = gone.then_some(cookie::time::Duration::ZERO);
    add_cookie(response, state, cookie_name(state.settings.is_secure()), secret, lasts);
}

/// Sets a cookie that is nobody's script's. It goes with the browser's session where it lasts for no set time.
pub(super) fn add_cookie(
    response: &mut Response,
    state: &AppState,
    name: &'static str,
    secret: &str,
    lasts: Option<cookie::time::Duration>,
) {
    let secure = state.settings.is_secure();
    let mut cookie = Cookie::build((name, secret.to_owned()))
        .path("/")
        .http_only(true)
        .secure(secure)
        .same_site(SameSite::Lax);
    if let Some(lasts) = lasts {
        cookie = cookie.max_age(lasts);
    }
    if let Ok(value) = HeaderValue::from_str(&cookie.build().to_string()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

async fn session_stage(state: &AppState, headers: &HeaderMap) -> Result<Option<Stage>, Wrong> {
    let Some(secret) = cookie_of(headers, state.settings.is_secure()) else { return Ok(None) };
    Ok(state.hub.session(&secret).await?.map(|session| session.stage))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for (next, to) in [
            ("/projects?x=1", "/projects?x=1"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/a\r\nSet-Cookie: x", "/"),
            ("/\t/evil.example", "/"),
            ("/\u{a0}", "/"),
            ("/sign-in", "/"),
            ("", "/"),
        ] {
            assert_eq!(own(next), to, "{next}");
        }
    }
}

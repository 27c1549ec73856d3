//! What every page has: head, navigation, messages, foot.

use super::visitor::Visitor;
use crate::guard::{Caller, Via, optional};
use crate::problem::Problem;
use crate::state::AppState;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// A page.
pub(crate) struct Page<'a> {
    /// Its heading.
    pub(crate) title: &'a str,
    /// Which entry of the navigation it belongs to.
    pub(crate) at: &'a str,
    /// Who looks at it.
    pub(crate) visitor: Option<&'a Visitor>,
    /// Whether the widest tables have room.
    pub(crate) wide: bool,
}

impl<'a> Page<'a> {
    /// A page for somebody who has signed in.
    pub(crate) fn of(title: &'a str, at: &'a str, visitor: &'a Visitor) -> Self {
        Self { title, at, visitor: Some(visitor), wide: false }
    }

    /// The same with room for wide tables.
    pub(crate) fn wide(self) -> Self {
        Self { wide: true, ..self }
    }

    /// A page for everybody.
    pub(crate) fn open(title: &'a str, at: &'a str) -> Self {
        Self { title, at, visitor: None, wide: false }
    }

    /// The page with this in it.
    pub(crate) fn with(&self, content: Markup) -> Response {
        self.with_status(StatusCode::OK, content)
    }

    /// The same, under another status.
    pub(crate) fn with_status(&self, status: StatusCode, content: Markup) -> Response {
        let class = if self.wide { "app-wide" } else { "nhsuk-width-container" };
        let page = html! {
            (DOCTYPE)
            html lang="en-GB" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) " – Cloister" }
                    link rel="stylesheet" href="/assets/nhsuk-frontend.min.css";
                    link rel="stylesheet" href="/assets/cloister.css";
                    link rel="icon" href="/assets/cloister.svg" type="image/svg+xml";
                    script type="module" src="/assets/cloister.js" {}
                }
                body {
                    a.nhsuk-skip-link href="#maincontent" { "Skip to main content" }
                    (self.header())
                    div class=(class) {
                        main.nhsuk-main-wrapper id="maincontent" tabindex="-1" { (content) }
                    }
                    footer.nhsuk-footer role="contentinfo" {
                        div.nhsuk-width-container {
                            ul.nhsuk-footer__list {
                                li.nhsuk-footer__list-item { a.nhsuk-footer__list-item-link href="/register" { "Public register of projects" } }
                                li.nhsuk-footer__list-item { a.nhsuk-footer__list-item-link href="/docs/api" { "API" } }
                            }
                        }
                    }
                }
            }
        };
        (status, Html(page.into_string())).into_response()
    }

    fn header(&self) -> Markup {
        let entries: Vec<(&str, &str, bool)> = match self.visitor {
            None => vec![("register", "Register", true), ("sign-in", "Sign in", true)],
            Some(visitor) => vec![
                ("projects", "Projects", true),
                ("queries", "Queries", true),
                ("desk", "Release requests", true),
                ("people", "People", visitor.may("manage-people")),
                (
                    "landings",
                    "Landings",
                    visitor.is("administrator")
                        || visitor.is("information-asset-owner")
                        || visitor.is("auditor"),
                ),
                ("policies", "Policies", visitor.may("view-policies")),
                ("audit", "Audit", visitor.may("read-audit")),
                ("reports", "Reports", visitor.may("view-reports")),
            ],
        };
        html! {
            header.nhsuk-header role="banner" {
                div.nhsuk-header__container.nhsuk-width-container {
                    div.nhsuk-header__service {
                        a.nhsuk-header__service-name href="/" { "Cloister" }
                    }
                    @if let Some(visitor) = self.visitor {
                        nav.nhsuk-header__account aria-label="Account" {
                            ul.nhsuk-header__account-list {
                                li.nhsuk-header__account-item {
                                    a.nhsuk-header__account-link href="/account" { (visitor.me.person.display_name) }
                                }
                                li.nhsuk-header__account-item {
                                    form.nhsuk-header__account-form action="/sign-out" method="post" novalidate {
                                        (super::fields::word(visitor))
                                        button.nhsuk-header__account-button type="submit" { "Sign out" }
                                    }
                                }
                            }
                        }
                    }
                }
                nav.nhsuk-header__navigation aria-label="Menu" {
                    div.nhsuk-header__navigation-container.nhsuk-width-container {
                        ul.nhsuk-header__navigation-list {
                            @for (place, text, shown) in entries {
                                @if shown {
                                    li.nhsuk-header__navigation-item.nhsuk-header__navigation-item--current[place == self.at] {
                                        a.nhsuk-header__navigation-link href={ "/" (place) } aria-current=[(place == self.at).then_some("page")] { (text) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What did not work, as a page.
pub(crate) struct Wrong(Problem);

impl From<Problem> for Wrong {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<cloister_hub::HubError> for Wrong {
    fn from(error: cloister_hub::HubError) -> Self {
        Self(error.into())
    }
}

impl Wrong {
    /// The page for somebody of whom nothing is known.
    pub(crate) fn plain(self) -> Response {
        self.page(None)
    }

    /// The page for whoever asked.
    pub(crate) async fn respond(self, state: &AppState, headers: &HeaderMap) -> Response {
        let visitor = match optional(state, headers).await {
            Ok(Some(Caller { name, via: Via::Session { session, secret } })) => {
                let me = state.hub.me(&name).await.ok();
                me.map(|me| Visitor { name, session: *session, secret, me })
            }
            _ => None,
        };
        self.page(visitor.as_ref())
    }

    fn page(self, visitor: Option<&Visitor>) -> Response {
        let heading = match self.0.status() {
            StatusCode::NOT_FOUND => "Page not found",
            StatusCode::FORBIDDEN => "Not permitted",
            StatusCode::TOO_MANY_REQUESTS => "Too many requests",
            status if status.is_server_error() => "There is a problem with the hub",
            _ => "There is a problem",
        };
        let page = Page { title: heading, at: "", visitor, wide: false };
        let content = html! {
            h1 { (heading) }
            p { (self.0.title()) }
            @if !self.0.detail().is_empty() { p { (self.0.detail()) } }
            p { a href="/" { "Go to the start" } }
        };
        page.with_status(self.0.status(), content)
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        self.plain()
    }
}

/// What went wrong with a form, at the head of its page.
pub(crate) fn mistake(problem: Option<&Problem>) -> Markup {
    html! {
        @if let Some(problem) = problem {
            div.nhsuk-error-summary data-module="nhsuk-error-summary" {
                div role="alert" {
                    h2.nhsuk-error-summary__heading { "There is a problem" }
                    div.nhsuk-error-summary__body {
                        p { (problem.title()) }
                        @if !problem.detail().is_empty() { p { (problem.detail()) } }
                    }
                }
            }
        }
    }
}

/// A coloured word.
pub(crate) fn tag(colour: &str, text: &str) -> Markup {
    html! { strong class={ "nhsuk-tag nhsuk-tag--" (colour) } { (text) } }
}

/// What a state is coloured as. The word says it too.
pub(crate) fn state_tag(state: &str) -> Markup {
    let colour = match state {
        "released" | "approved" | "active" | "approve" | "created" => "green",
        "held" | "submitted" | "partially-reviewed" | "reviewed" | "running" | "pending" => "blue",
        "returned" | "request-changes" | "suspended" => "yellow",
        "rejected" | "revoked" | "refused" | "failed" | "interrupted" | "reject" => "red",
        _ => "grey",
    };
    tag(colour, &state.replace('-', " "))
}

/// Pairs of a term and what it is.
pub(crate) fn summary(rows: &[(&str, Markup)]) -> Markup {
    html! {
        dl.nhsuk-summary-list {
            @for (key, value) in rows {
                div.nhsuk-summary-list__row {
                    dt.nhsuk-summary-list__key { (key) }
                    dd.nhsuk-summary-list__value { (value) }
                }
            }
        }
    }
}

/// A table of plain cells.
pub(crate) fn table(caption: &str, head: &[&str], rows: Vec<Vec<Markup>>) -> Markup {
    html! {
        div.app-scroll tabindex="0" role="region" aria-label=(caption) {
            table.nhsuk-table {
                caption.nhsuk-table__caption { (caption) }
                thead.nhsuk-table__head { tr { @for text in head { th scope="col" { (text) } } } }
                tbody.nhsuk-table__body {
                    @for row in rows {
                        tr.nhsuk-table__row { @for cell in row { td.nhsuk-table__cell { (cell) } } }
                    }
                }
            }
        }
    }
}

/// A moment as people read it, in UTC.
pub(crate) fn moment(text: &str) -> Markup {
    let shown = match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => text.to_owned(),
    };
    html! { time datetime=(text) { (shown) } }
}

/// Plain text as markup.
pub(crate) fn text(words: impl Into<String>) -> Markup {
    html! { (words.into()) }
}

/// Nothing.
pub(crate) fn nothing() -> Markup {
    PreEscaped(String::new())
}

/// Sends a browser to another page of ours, by GET.
pub(crate) fn redirect(to: &str) -> impl IntoResponse {
    let place = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)])
}

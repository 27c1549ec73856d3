//! The API's description, to read in a browser: made from the same document that is served.

use super::layout::{Page, Wrong, table, tag, text};
use super::visitor::Visitor;
use crate::openapi::description;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value as Json;

/// Every operation.
pub(crate) async fn show(visitor: Option<Visitor>) -> Result<Response, Wrong> {
    let described = serde_json::to_value(description()).unwrap_or_default();
    let page = match &visitor {
        Some(visitor) => Page::of("API", "", visitor),
        None => Page::open("API", ""),
    };
    let paths = described.get("paths").and_then(Json::as_object);
    Ok(page.with(html! {
        h1 { "API" }
        p { "Send an access token, which you make on your account's page, as " code { "Authorization: Bearer …" } ". Errors are problem details (RFC 9457) with stable codes. "
            a href="/v1/openapi.json" { "The same as OpenAPI 3.1" } "." }
        @for (path, operations) in paths.into_iter().flatten() {
            @for (method, operation) in operations.as_object().into_iter().flatten() { (one(method, path, operation)) }
        }
    }))
}

fn one(method: &str, path: &str, operation: &Json) -> Markup {
    let words = |key: &str| operation.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let parameters = operation.get("parameters").and_then(Json::as_array);
    let rows: Vec<Vec<Markup>> = parameters
        .into_iter()
        .flatten()
        .map(|p| {
            let word = |key: &str| p.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
            let needed = p.get("required").and_then(Json::as_bool).unwrap_or_default();
            vec![
                html! { code { (word("name")) } },
                text(word("in")),
                text(if needed { "yes" } else { "no" }),
                text(word("description")),
            ]
        })
        .collect();
    let body = operation.pointer("/requestBody/content/application~1json/schema/$ref").and_then(Json::as_str);
    html! {
        h2.nhsuk-heading-s { (tag(if method == "get" { "blue" } else { "purple" }, &method.to_uppercase())) " " code { (path) } }
        p { (words("summary")) " " (words("description")) }
        @if let Some(body) = body { p { "Body: " code { (body.rsplit('/').next().unwrap_or_default()) } } }
        @if !rows.is_empty() { (table(&format!("Parameters of {} {path}", method.to_uppercase()), &["Name", "In", "Needed", "What it is"], rows)) }
    }
}

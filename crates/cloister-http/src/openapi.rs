//! The description of the API: OpenAPI 3.1, from the handlers themselves.

use crate::api;
use crate::problem::Problem;
use utoipa::Modify;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Cloister", description = "A trusted research environment: governed queries, and an airlock for their results."),
    components(schemas(Problem)),
    modifiers(&Schemes),
    security(("token" = []), ("session" = []))
)]
struct Root;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, openapi: &mut OpenApi) {
        let Some(components) = openapi.components.as_mut() else { return };
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A personal access token, which its holder makes when signed in."))
            .build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        let cookie = ApiKey::Cookie(ApiKeyValue::with_description(
            "__Host-cloister",
            "A session of the pages. What changes something needs the session's own word too (X-CSRF-Token).",
        ));
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    }
}

/// The description of the whole API.
pub fn description() -> OpenApi {
    let mut description = Root::openapi();
    description.merge(api::described());
    description
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_says_what_it_is_and_may_fail() {
        let described = serde_json::to_value(description()).unwrap();
        assert!(described["openapi"].as_str().unwrap().starts_with("3.1"));
        let paths = described["paths"].as_object().unwrap();
        assert!(paths.len() > 30, "{}", paths.len());
        for (path, operations) in paths {
            for (method, operation) in operations.as_object().unwrap() {
                assert!(!operation["summary"].as_str().unwrap_or_default().is_empty(), "{method} {path}");
                assert!(operation["operationId"].is_string(), "{method} {path}");
            }
        }
    }
}

//! Bodies of requests: JSON that is exactly what is described, or a problem that says what is wrong with it.

use crate::problem::Problem;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// A JSON body: an object.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim().to_lowercase();
        if kind != "application/json" {
            return Err(Problem::new(415, "content-type", "The body must be application/json."));
        }
        let bytes = match Bytes::from_request(request, state).await {
            Ok(bytes) => bytes,
            Err(e) if e.status() == 413 => {
                return Err(Problem::new(413, "too-large", "The body is too large."));
            }
            Err(_) => return Err(Problem::new(400, "body", "The body broke off.")),
        };
        let wrong = || Problem::new(400, "body", "The body is not what is asked for.");
        // A list of the fields in their order would be taken for the object.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(wrong().hint("It must be an object.".to_owned()));
        }
        Json::<T>::from_bytes(&bytes).map(|Json(body)| Self(body)).map_err(|e| wrong().hint(e.body_text()))
    }
}

/// The parts of a path.
pub(crate) struct At<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path: Result<Path<T>, PathRejection> = Path::from_request_parts(parts, state).await;
        // What is no name is the name of nothing.
        path.map(|Path(path)| Self(path)).map_err(|_| Problem::absent())
    }
}

/// The parameters of a query string.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        query.map(|Query(query)| Self(query)).map_err(|e| {
            Problem::new(400, "parameter", "A parameter is not what is asked for.").hint(e.body_text())
        })
    }
}

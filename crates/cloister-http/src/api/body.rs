//! Bodies of requests: JSON that is exactly what is described, or a problem that says what is wrong with it.

use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(JsonRejection::MissingJsonContentType(_)) => {
                Err(Problem::new(415, "content-type", "The body must be application/json."))
            }
            Err(JsonRejection::BytesRejection(e)) if e.status() == 413 => {
                Err(Problem::new(413, "too-large", "The body is too large."))
            }
            Err(e) => {
                Err(Problem::new(400, "body", "The body is not what is asked for.").hint(e.body_text()))
            }
        }
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

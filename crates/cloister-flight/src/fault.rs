//! What the hub says, as gRPC statuses. The same is told as over HTTP, and no more.

use cloister_hub::{HubError, Reason};
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

/// The trailer with the stable code of what went wrong.
const CODE: &str = "cloister-code";
/// The trailer with the query's id.
const REQUEST: &str = "cloister-request";

/// A status with a stable code. Its message begins with the code, because not every driver shows trailers.
pub(crate) fn status(grpc: Code, code: &str, text: &str) -> Status {
    let mut status = Status::new(grpc, format!("{code}: {text}"));
    if let Ok(value) = MetadataValue::try_from(code) {
        status.metadata_mut().insert(CODE, value);
    }
    status
}

/// The same, of a query.
pub(crate) fn of_query(mut status: Status, id: &str) -> Status {
    if let Ok(value) = MetadataValue::try_from(id) {
        status.metadata_mut().insert(REQUEST, value);
    }
    status
}

/// Something inside, of which nobody outside is told more.
pub(crate) fn internal() -> Status {
    status(Code::Internal, "internal", "Something went wrong in the hub. Its administrators can see what.")
}

/// What cannot be understood.
pub(crate) fn malformed(text: &str) -> Status {
    status(Code::InvalidArgument, "malformed", text)
}

/// What this server does not do.
pub(crate) fn unsupported(text: &str) -> Status {
    status(Code::Unimplemented, "unsupported", text)
}

/// What is absent, or looks so.
pub(crate) fn absent() -> Status {
    status(Code::NotFound, "not-found", "There is no such thing, or you may not see it.")
}

/// Of a reason that the hub gives for a query.
pub(crate) fn of_reason(reason: &Reason) -> Status {
    let text = format!("{} {}", reason.message, reason.hint);
    let grpc = match reason.code.as_str() {
        // A project that somebody is not in does not exist for them.
        "not-a-researcher" => return absent(),
        "busy" => Code::ResourceExhausted,
        "cancelled" => Code::Cancelled,
        _ => Code::InvalidArgument,
    };
    status(grpc, &reason.code, text.trim_end())
}

/// Of what the hub says went wrong.
pub(crate) fn of_error(error: &HubError) -> Status {
    let code = error.code().to_owned();
    match error {
        HubError::NotFound(..) => absent(),
        HubError::Denied(denied) if denied.looks_absent() => absent(),
        HubError::Denied(_) => status(Code::PermissionDenied, &code, &error.to_string()),
        HubError::TurnedAway(reason) => of_reason(reason),
        HubError::NotReleased(..) => status(Code::FailedPrecondition, &code, &error.to_string()),
        HubError::Name(_) => malformed("A name is lower-case letters, digits and hyphens."),
        _ => {
            tracing::error!(code, error = %error, "a use case failed");
            internal()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_inside_is_not_told() {
        let said = of_error(&HubError::Internal("the key of bucket 7 is missing".to_owned()));
        assert_eq!(said.code(), Code::Internal);
        assert!(!said.message().contains("bucket"), "{said}");
        let absent = of_error(&HubError::NotFound("project", "secret".to_owned()));
        assert!(absent.code() == Code::NotFound && !absent.message().contains("secret"), "{absent}");
    }
}

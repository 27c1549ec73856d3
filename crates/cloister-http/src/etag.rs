//! Tags of what a caller saw, so that a page that was left open cannot overwrite what came after.

use crate::problem::Problem;
use axum::http::{HeaderMap, HeaderValue, header};
use cloister_model::Digest;
use serde::Serialize;

/// The tag of what a caller is shown: a digest of exactly that, so that it tells nothing else.
pub(crate) fn tag(shown: &impl Serialize) -> String {
    let bytes = serde_json::to_vec(shown).unwrap_or_default();
    let digest = Digest::of(&bytes).to_string();
    format!("\"{}\"", digest.chars().skip("sha256:".len()).take(32).collect::<String>())
}

/// The header that carries a tag.
pub(crate) fn header_of(tag: &str) -> HeaderValue {
    HeaderValue::from_str(tag).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Refuses a change to something that is not what the caller saw. Who sends no tag is not asked.
pub(crate) fn check(headers: &HeaderMap, now: &str) -> Result<(), Problem> {
    let Some(wanted) = headers.get(header::IF_MATCH) else { return Ok(()) };
    let wanted = wanted.to_str().unwrap_or_default();
    if wanted == "*" || wanted.split(',').any(|one| one.trim() == now) {
        return Ok(());
    }
    Err(Problem::new(412, "changed-meanwhile", "It was changed since you read it.")
        .hint("Read it again, and repeat what you did."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_not_overwritten() {
        let (old, new) = (tag(&"a"), tag(&"b"));
        assert_ne!(old, new);
        let headers = |value: &str| {
            let mut map = HeaderMap::new();
            map.insert(header::IF_MATCH, HeaderValue::from_str(value).unwrap());
            map
        };
        assert!(check(&HeaderMap::new(), &new).is_ok());
        assert!(check(&headers(&new), &new).is_ok() && check(&headers("*"), &new).is_ok());
        assert!(check(&headers(&format!("\"x\", {new}")), &new).is_ok());
        assert!(check(&headers(&old), &new).is_err());
    }
}

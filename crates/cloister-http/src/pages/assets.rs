//! Style sheet and script: ours from the program itself, the library's from the folder that its package manager filled.

use crate::problem::Problem;
use crate::state::AppState;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

const STYLE: &str = include_str!("../../assets/cloister.css");
const SCRIPT: &str = include_str!("../../assets/cloister.js");
const ICON: &str = include_str!("../../assets/cloister.svg");

/// What of the library is served; its names are ours to say, not a caller's.
const LIBRARY: &[(&str, &str)] = &[
    ("nhsuk-frontend.min.css", "text/css; charset=utf-8"),
    ("nhsuk-frontend.min.js", "text/javascript; charset=utf-8"),
];

/// An asset.
pub(crate) async fn show(
    State(state): State<AppState>,
    Path(path): Path<String>,
) -> Result<Response, Problem> {
    let own = match path.as_str() {
        "cloister.css" => Some((STYLE, "text/css; charset=utf-8")),
        "cloister.js" => Some((SCRIPT, "text/javascript; charset=utf-8")),
        "cloister.svg" => Some((ICON, "image/svg+xml")),
        _ => None,
    };
    // Until the next version of the program, in a day's time at most.
    let keep = (header::CACHE_CONTROL, "public, max-age=3600");
    if let Some((text, kind)) = own {
        return Ok(([(header::CONTENT_TYPE, kind), keep], text).into_response());
    }
    let (name, kind) = LIBRARY.iter().find(|(name, _)| *name == path).ok_or_else(Problem::absent)?;
    let folder = state.settings.assets.as_ref().ok_or_else(Problem::absent)?;
    let text = tokio::fs::read_to_string(folder.join(name)).await.map_err(|_| Problem::absent())?;
    Ok(([(header::CONTENT_TYPE, *kind), keep], without_fonts(&text)).into_response())
}

/// A style sheet without the fonts that it would fetch from elsewhere: they are licensed to others, and a page of ours asks
/// nobody else for anything.
fn without_fonts(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut left = text;
    while let Some((before, after)) = left.split_once("@font-face{") {
        kept.push_str(before);
        left = after.split_once('}').map_or("", |(_, after)| after);
    }
    kept.push_str(left);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_font_is_fetched_from_elsewhere() {
        let text = "a{b:c}@font-face{font-family:X;src:url(https://elsewhere/x.woff)}d{e:f}@font-face{x:y}";
        assert_eq!(without_fonts(text), "a{b:c}d{e:f}");
        assert_eq!(without_fonts("a{b:c}"), "a{b:c}");
    }
}

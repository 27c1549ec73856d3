//! docs/airlock.md contains the table and the reasons as the code prints them. `CLOISTER_REWRITE_DOCS=1` writes
//! them anew.

use cloister_airlock::{Reason, markdown};
use std::path::Path;

/// The page with what lies between a part's marks replaced.
fn with_part(page: &str, part: &str, text: &str) -> String {
    let (start, end) = (format!("<!-- {part}: generated -->\n"), format!("<!-- {part}: end -->"));
    let (before, rest) = page.split_once(&start).unwrap_or_else(|| panic!("no mark of `{part}`"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no end of `{part}`"));
    format!("{before}{start}{text}{end}{after}")
}

#[test]
fn the_page_is_what_the_code_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/airlock.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let fresh = with_part(&page, "table", &markdown());
    let fresh = with_part(&fresh, "reasons", &Reason::markdown());
    if std::env::var_os("CLOISTER_REWRITE_DOCS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(
        page == fresh,
        "docs/airlock.md is not what the code prints: CLOISTER_REWRITE_DOCS=1 rewrites it"
    );
}

#[test]
fn a_change_would_be_found() {
    let page = "x\n<!-- table: generated -->\nold\n<!-- table: end -->\ny";
    assert_eq!(with_part(page, "table", "new\n"), page.replace("old", "new"));
}

//! The pages, in a real browser: accessible, usable by keyboard, narrow, large and without a script.

use super::{grant_egress, hub};
use cloister_tests::Server;
use std::path::Path;
use std::process::Command;

/// Whether there is what a browser's test needs. What a machine lacks is said, and is an error where `CI` is set.
fn browser() -> Option<String> {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web");
    let chromium = std::env::var("CLOISTER_CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    let mut lacks = Vec::new();
    if !Path::new(&chromium).exists() {
        lacks.push("Chromium (Debian's package `chromium`, or CLOISTER_CHROMIUM)");
    }
    if !web.join("node_modules/playwright-core").exists() {
        lacks.push("the packages of web/ (`npm ci` in it)");
    }
    if lacks.is_empty() {
        return Some(chromium);
    }
    let text = format!("NOT TESTED: the pages in a browser; this machine lacks {}", lacks.join(" and "));
    assert!(std::env::var("CI").is_err(), "{text}");
    eprintln!("{text}");
    None
}

#[test]
fn pages_are_accessible_and_need_no_script() {
    let Some(chromium) = browser() else { return };
    let (hub, passwords) = hub();
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web").canonicalize().unwrap();
    let assets = web.join("node_modules/nhsuk-frontend/dist/nhsuk");
    let server = Server::start(&hub, &format!("assets = {:?}", assets.to_str().unwrap()));
    {
        let admin = server.first_visit("admin", &passwords["admin"]);
        let owner = server.first_visit("owner", &passwords["owner"]);
        grant_egress(&owner, &admin);
        for name in ["researcher", "first", "second", "auditor"] {
            server.first_visit(name, &passwords[name]);
        }
    }
    let done = Command::new("node")
        .arg(web.join("tests/pages.mjs"))
        .env("BASE", server.base())
        .env("CHROMIUM", chromium)
        .env("SHOTS", std::env::var("CLOISTER_SHOTS").unwrap_or_default())
        .output()
        .expect("node runs");
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{out}\n{err}");
}

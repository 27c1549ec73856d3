//! `cloisterd`: the same use cases over HTTP, by people who have signed in.

mod door;
mod evidence;
mod life;
mod local;
mod pages;
mod provider;
mod remote;
mod revise;
mod routes;
mod traces;
mod workflow;

use crate::query::GRANTS;
use cloister_synth::ErrorRates;
use cloister_tests::{Browser, Hub, Server, project};
use std::collections::HashMap;

const SQL: &str = "SELECT sex, count(*) AS n FROM person GROUP BY sex ORDER BY sex";

/// A hub with a project `p` that needs two checkers and a project `q` that needs none, and people with accounts.
fn hub() -> (Hub, HashMap<String, String>) {
    let hub = Hub::of_region(400, ErrorRates::NONE);
    hub.create(&project("p", "two", GRANTS)).expect(0);
    hub.create(&project("q", "automatic", GRANTS)).expect(0);
    let passwords = Server::people(&hub);
    (hub, passwords)
}

/// Lets the researcher take releases of both projects out.
fn grant_egress(owner: &Browser<'_>, admin: &Browser<'_>) {
    for feed in ["gp", "hospital", "emergency", "pathology", "social-care"] {
        let body = serde_json::json!({ "owners": ["owner"] });
        admin.call("PUT", &format!("/v1/datasets/{feed}/owners"), Some(body)).expect(204);
    }
    for project in ["p", "q"] {
        // Far enough, and not further than anybody may grant.
        let until = in_days(300);
        let body = serde_json::json!({ "ends_at": until });
        owner.call("PUT", &format!("/v1/projects/{project}/egress/researcher"), Some(body)).expect(200);
    }
}

fn in_days(days: u64) -> String {
    let done = std::process::Command::new("date")
        .args(["-u", "-d", &format!("+{days} days"), "+%Y-%m-%dT%H:%M:%SZ"])
        .output();
    String::from_utf8(done.unwrap().stdout).unwrap().trim().to_owned()
}

//! What a package says of itself to machines: an RO-Crate (1.1) of the profiles Five Safes 0.4 and Process Run 0.5: who
//! asked for what in which project, which checks it passed, who decided.

use crate::Files;
use cloister_model::Digest;
use serde_json::{Value, json};

/// The file's name, which RO-Crate fixes.
pub const CRATE_METADATA: &str = "ro-crate-metadata.json";

const FIVE_SAFES: &str = "https://w3id.org/5s-crate/0.4";
const PROCESS_RUN: &str = "https://w3id.org/ro/wfrun/process/0.5";

/// What is described.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described {
    /// The request whose result it is.
    pub request: String,
    /// When it was asked: RFC 3339.
    pub asked_at: String,
    /// When the package was made.
    pub made_at: String,
    /// The hub.
    pub hub: String,
    /// The project: its name, one line for people, and what its results are for.
    pub project: (String, String, String),
    /// Who asked.
    pub author: String,
    /// Who decided that it may leave; rules alone where nobody.
    pub checkers: Vec<String>,
    /// The disclosure policy: name and digest.
    pub policy: (String, String),
    /// The dataset versions that it rests on: name, version, digest.
    pub datasets: Vec<(String, u32, String)>,
    /// One sentence of what disclosure control did.
    pub outcome: String,
}

/// The crate's metadata over these files, of which one may not be it.
pub fn metadata(described: &Described, files: &Files) -> Vec<u8> {
    let d = described;
    let (project, title, purpose) = &d.project;
    let parts: Vec<Value> = files.keys().map(|name| json!({ "@id": name })).collect();
    let objects: Vec<Value> =
        d.datasets.iter().map(|(name, version, _)| json!({ "@id": dataset(name, *version) })).collect();
    let results: Vec<Value> =
        files.keys().filter(|n| n.starts_with("table.")).map(|n| json!({ "@id": n })).collect();
    let mut graph = vec![
        json!({
            "@id": CRATE_METADATA, "@type": "CreativeWork", "about": { "@id": "./" },
            "conformsTo": { "@id": "https://w3id.org/ro/crate/1.1" },
        }),
        json!({
            "@id": "./", "@type": "Dataset", "name": format!("Release {}", d.request),
            "description": format!("{title}: {purpose}"), "datePublished": d.made_at,
            "license": { "@id": "#terms" }, "conformsTo": [{ "@id": FIVE_SAFES }, { "@id": PROCESS_RUN }],
            "author": { "@id": person(&d.author) }, "publisher": { "@id": "#hub" },
            "hasPart": parts, "mainEntity": { "@id": "query.sql" }, "sourceOrganization": { "@id": "#project" },
            "mentions": [{ "@id": "#query" }, { "@id": "#disclosure" }, { "@id": "#sign-off" }],
        }),
        json!({
            "@id": FIVE_SAFES, "@type": ["CreativeWork", "Profile"], "name": "Five Safes RO-Crate profile", "version": "0.4",
        }),
        json!({
            "@id": PROCESS_RUN, "@type": ["CreativeWork", "Profile"], "name": "Process Run Crate", "version": "0.5",
        }),
        json!({
            "@id": "#terms", "@type": "CreativeWork", "name": "Terms of release",
            "description": format!("Released for the purpose of the project `{project}` and its publication."),
        }),
        json!({ "@id": "#project", "@type": "Project", "name": title, "identifier": project, "description": purpose }),
        json!({ "@id": "#hub", "@type": "Organization", "name": d.hub }),
        json!({ "@id": "#cloister", "@type": "SoftwareApplication", "name": "Cloister", "version": env!("CARGO_PKG_VERSION") }),
        json!({
            "@id": "#query", "@type": "CreateAction", "name": "The query", "description": format!("Asked in the project `{project}`, run by the hub under its rules."),
            "instrument": { "@id": "query.sql" },
            "agent": { "@id": person(&d.author) }, "object": objects, "result": results, "startTime": moment(&d.asked_at),
            "endTime": moment(&d.made_at), "actionStatus": "http://schema.org/CompletedActionStatus",
        }),
        json!({
            "@id": "#policy", "@type": "CreativeWork", "name": format!("Disclosure policy {}", d.policy.0),
            "identifier": d.policy.1,
        }),
        json!({
            "@id": "#disclosure", "@type": "AssessAction",
            "additionalType": { "@id": "https://w3id.org/shp#DisclosureCheck" }, "name": "Disclosure control",
            "description": d.outcome, "instrument": { "@id": "#policy" }, "agent": { "@id": "#cloister" },
            "object": { "@id": "./" }, "endTime": moment(&d.made_at), "actionStatus": "http://schema.org/CompletedActionStatus",
        }),
    ];
    let by = match d.checkers.as_slice() {
        [] => json!({ "@id": "#cloister" }),
        // One is written as one, not as a list of one.
        [checker] => json!({ "@id": person(checker) }),
        checkers => checkers.iter().map(|c| json!({ "@id": person(c) })).collect(),
    };
    graph.push(json!({
        "@id": "#sign-off", "@type": "AssessAction", "additionalType": { "@id": "https://w3id.org/shp#SignOff" },
        "name": if d.checkers.is_empty() { "Released by rules alone" } else { "Decided by checkers" },
        "agent": by, "object": { "@id": "./" }, "endTime": moment(&d.made_at),
        "actionStatus": "http://schema.org/CompletedActionStatus",
    }));
    for (id, name) in [
        ("https://w3id.org/shp#DisclosureCheck", "Disclosure check"),
        ("https://w3id.org/shp#SignOff", "Sign-off"),
    ] {
        graph.push(json!({ "@id": id, "@type": "DefinedTerm", "name": name, "termCode": name }));
    }
    for name in std::iter::once(&d.author).chain(&d.checkers) {
        let entry =
            json!({ "@id": person(name), "@type": "Person", "name": name, "affiliation": { "@id": "#hub" } });
        if !graph.contains(&entry) {
            graph.push(entry);
        }
    }
    for (name, version, digest) in &d.datasets {
        graph.push(json!({
            "@id": dataset(name, *version), "@type": "Dataset", "name": format!("{name} version {version}"),
            "identifier": digest, "description": "Held by the hub; not part of this package.",
        }));
    }
    for (name, bytes) in files {
        graph.push(file(name, bytes));
    }
    let whole = json!({ "@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph });
    serde_json::to_vec_pretty(&whole).unwrap_or_default()
}

fn file(name: &str, bytes: &[u8]) -> Value {
    let (kind, format, text) = match name.rsplit('.').next() {
        Some("csv") => ("File", "text/csv", "The released table"),
        Some("parquet") => ("File", "application/vnd.apache.parquet", "The released table"),
        Some("arrow") => ("File", "application/vnd.apache.arrow.stream", "The released table"),
        Some("html") => ("File", "text/html", "The release, to read"),
        Some("toml") => ("File", "application/toml", "The disclosure policy"),
        Some("json") => ("File", "application/json", "What was done, for machines"),
        Some("sql") => {
            return json!({
                "@id": name, "@type": ["File", "SoftwareSourceCode"], "name": "The query", "encodingFormat": "application/sql",
                "contentSize": bytes.len().to_string(), "version": Digest::of(bytes).to_string(),
            });
        }
        _ => ("File", "application/octet-stream", "A file of the release"),
    };
    json!({ "@id": name, "@type": kind, "name": text, "encodingFormat": format, "contentSize": bytes.len().to_string() })
}

/// A time in UTC, as Process Run Crate writes it.
fn moment(at: &str) -> String {
    at.strip_suffix('Z').map_or_else(|| at.to_owned(), |local| format!("{local}+00:00"))
}

fn person(name: &str) -> String {
    format!("#person-{name}")
}

fn dataset(name: &str, version: u32) -> String {
    format!("#dataset-{name}-v{version}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_referred_to_is_described() {
        let files: Files = ["table.csv", "query.sql", "answer.json"].map(|n| (n.to_owned(), vec![1])).into();
        let described = Described {
            author: "ada".into(),
            checkers: vec!["carys".into(), "chidi".into()],
            datasets: vec![("gp".into(), 1, "sha256:x".into())],
            ..Described::default()
        };
        let whole: Value = serde_json::from_slice(&metadata(&described, &files)).unwrap();
        let graph = whole["@graph"].as_array().unwrap();
        let ids: Vec<&str> = graph.iter().map(|e| e["@id"].as_str().unwrap()).collect();
        let mut once = ids.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), ids.len(), "an entity is described twice");
        let text = whole.to_string();
        for (at, _) in text.match_indices("{\"@id\":\"") {
            let id = text[at + 8..].split('"').next().unwrap();
            let outside = ["https://w3id.org/ro/crate/1.1"];
            assert!(ids.contains(&id) || outside.contains(&id), "{id}");
        }
    }
}

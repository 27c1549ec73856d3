//! Who may depend on whom (docs/architecture.md).

use crate::graph::Graph;

/// Each crate of ours and those of ours that it may use directly. What is not here may not exist.
const MAY_USE: &[(&str, &[&str])] = &[
    ("cloister-model", &[]),
    ("cloister-governance", &["cloister-model"]),
    ("cloister-disclosure", &["cloister-model"]),
    ("cloister-ledger", &["cloister-model"]),
    ("cloister-check", &["cloister-model", "cloister-disclosure"]),
    ("cloister-access", &["cloister-model"]),
    ("cloister-identity", &["cloister-model"]),
    ("cloister-airlock", &["cloister-model", "cloister-governance"]),
    ("cloister-audit", &["cloister-model"]),
    ("cloister-package", &["cloister-model", "cloister-audit"]),
    ("cloister-pseudonym", &["cloister-model"]),
    ("cloister-synth", &[]),
    ("cloister-landing", &["cloister-model", "cloister-governance", "cloister-pseudonym"]),
    ("cloister-twin", &["cloister-model", "cloister-governance"]),
    (
        "cloister-query",
        &["cloister-model", "cloister-governance", "cloister-disclosure", "cloister-ledger", "cloister-twin"],
    ),
    ("cloister-store", &["cloister-model", "cloister-governance", "cloister-audit"]),
    (
        "cloister-worker",
        &[
            "cloister-model",
            "cloister-governance",
            "cloister-disclosure",
            "cloister-ledger",
            "cloister-airlock",
            "cloister-query",
            "cloister-store",
            "cloister-twin",
        ],
    ),
    (
        "cloister-hub",
        &[
            "cloister-model",
            "cloister-governance",
            "cloister-access",
            "cloister-identity",
            "cloister-disclosure",
            "cloister-airlock",
            "cloister-audit",
            "cloister-package",
            "cloister-query",
            "cloister-store",
            "cloister-worker",
        ],
    ),
    ("cloister-http", &["cloister-model", "cloister-hub"]),
    ("cloister-flight", &["cloister-model", "cloister-hub"]),
    // It speaks to a server, and links nothing of one.
    ("cloister-client", &["cloister-model"]),
    (
        "cloister-server",
        &["cloister-model", "cloister-hub", "cloister-http", "cloister-flight", "cloister-worker"],
    ),
    (
        "cloister-receiving",
        &[
            "cloister-model",
            "cloister-governance",
            "cloister-audit",
            "cloister-pseudonym",
            "cloister-landing",
            "cloister-store",
            "cloister-hub",
        ],
    ),
    (
        "cloister-cli",
        &[
            "cloister-model",
            "cloister-governance",
            "cloister-disclosure",
            "cloister-check",
            "cloister-client",
            "cloister-landing",
            "cloister-audit",
            "cloister-package",
            "cloister-receiving",
            "cloister-store",
            "cloister-hub",
            "cloister-synth",
            "cloister-worker",
        ],
    ),
    ("cloister-tests", &["cloister-governance", "cloister-model", "cloister-store", "cloister-synth"]),
    ("xtask", &[]),
];

/// Crates that compute and nothing else: time, randomness and bytes are arguments.
const PURE: &[&str] = &[
    "cloister-model",
    "cloister-governance",
    "cloister-access",
    "cloister-identity",
    "cloister-disclosure",
    "cloister-airlock",
    "cloister-audit",
    "cloister-package",
    "cloister-pseudonym",
    "cloister-twin",
];
const NOT_IN_PURE: &[&str] = &["tokio", "datafusion", "sqlx", "axum", "object_store", "reqwest", "hyper"];
const NOT_DIRECTLY_IN_PURE: &[&str] = &["getrandom", "rand", "tempfile"];
const NOT_IN_PURE_SOURCE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "SystemTime",
    "Instant::now",
    "Utc::now",
    "Local::now",
];

/// Crates that only these may use directly.
const ONLY: &[(&str, &[&str])] = &[
    ("datafusion", &["cloister-query"]),
    // A table made elsewhere may be a Parquet file.
    ("arrow", &["cloister-check", "cloister-flight", "cloister-landing", "cloister-tests"]),
    ("arrow-flight", &["cloister-flight"]),
    ("tonic", &["cloister-flight"]),
    ("parquet", &["cloister-check", "cloister-landing", "cloister-tests"]),
    // The tests change a hub's database behind its back, to see that it is found out.
    ("sqlx", &["cloister-store", "cloister-tests"]),
    ("axum", &["cloister-http", "cloister-server"]),
    ("cedar-policy", &["cloister-access"]),
];

/// What listens on a network, or will be linked by it, may not reach these.
const KEYLESS: &[&str] = &["cloister-hub", "cloister-http", "cloister-flight", "cloister-server"];
const KEYED: &[&str] = &["cloister-landing", "cloister-pseudonym", "cloister-receiving"];

/// Crates that must be there once: two of them do not understand each other's types.
const ONCE: &[&str] =
    &["arrow", "arrow-array", "arrow-schema", "parquet", "datafusion", "tonic", "axum", "object_store"];

/// Everything that is wrong.
pub fn problems(graph: &Graph) -> Vec<String> {
    let mut problems = Vec::new();
    for member in &graph.members {
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| name == member) else {
            problems.push(format!("`{member}` is not in xtask's list of crates"));
            continue;
        };
        for used in graph.direct(member) {
            if graph.members.contains(used) && !allowed.contains(&used) {
                problems.push(format!("`{member}` may not use `{used}`"));
            }
            if ONLY.iter().any(|(name, by)| *name == used && !by.contains(&member.as_str())) {
                problems.push(format!("`{member}` may not use `{used}` directly"));
            }
        }
    }
    for pure in PURE.iter().filter(|p| graph.members.contains(**p)) {
        let (reach, direct) = (graph.reach(pure), graph.direct(pure));
        let banned = NOT_IN_PURE.iter().filter(|b| reach.contains(**b));
        let banned = banned.chain(NOT_DIRECTLY_IN_PURE.iter().filter(|b| direct.contains(**b)));
        problems.extend(banned.map(|b| format!("the pure crate `{pure}` builds on `{b}`")));
        problems.extend(impure_lines(graph, pure));
    }
    for keyless in KEYLESS.iter().filter(|k| graph.members.contains(**k)) {
        let reach = graph.reach(keyless);
        let keyed = KEYED.iter().filter(|k| reach.contains(**k));
        problems
            .extend(keyed.map(|k| format!("`{keyless}` reaches `{k}`, which holds pseudonymisation keys")));
    }
    for name in ONCE {
        let versions = graph.versions.get(*name).map_or(0, |v| v.len());
        if versions > 1 {
            problems.push(format!("`{name}` is built in {versions} versions"));
        }
    }
    problems
}

/// Lines of a pure crate's source that reach for the world.
fn impure_lines(graph: &Graph, name: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for file in crate::sizes::sources(&graph.root.join("crates").join(name).join("src")) {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        for (number, line) in (1..).zip(text.lines()) {
            let code = line.split("//").next().unwrap_or_default();
            if let Some(word) = NOT_IN_PURE_SOURCE.iter().find(|w| code.contains(**w)) {
                problems.push(format!("{}:{number}: `{word}` in a pure crate", file.display()));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn graph(edges: &[(&str, &[&str])], members: &[&str]) -> Graph {
        let set = |names: &[&str]| names.iter().map(|n| format!("{n} 1.0.0")).collect::<BTreeSet<_>>();
        let normal = edges.iter().map(|(name, deps)| (format!("{name} 1.0.0"), set(deps))).collect();
        let members = members.iter().map(|m| (*m).to_owned()).collect();
        Graph { root: "/nowhere".into(), members, normal, versions: BTreeMap::new() }
    }

    #[test]
    fn what_the_rules_forbid_is_found() {
        for (edges, member, found) in [
            (
                &[("cloister-model", &["cloister-governance"][..])][..],
                "cloister-model",
                "may not use `cloister-governance`",
            ),
            (&[("cloister-audit", &["x"][..]), ("x", &["tokio"])], "cloister-audit", "builds on `tokio`"),
            (
                &[("cloister-hub", &["x"][..]), ("x", &["cloister-pseudonym"])],
                "cloister-hub",
                "holds pseudonymisation keys",
            ),
            (&[("cloister-hub", &["datafusion"][..])], "cloister-hub", "`datafusion` directly"),
            (&[("cloister-new", &[][..])], "cloister-new", "not in xtask's list"),
        ] {
            let problems = problems(&graph(edges, &["cloister-governance", member]));
            assert!(problems.iter().any(|p| p.contains(found)), "{found}: {problems:?}");
        }
    }

    #[test]
    fn a_heavy_crate_twice_is_found() {
        let mut graph = graph(&[], &[]);
        graph.versions.insert("arrow".into(), ["58.0.0".into(), "59.0.0".into()].into());
        assert_eq!(problems(&graph), ["`arrow` is built in 2 versions"]);
    }
}

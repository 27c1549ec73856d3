//! What a checker sees beside a suppressed cell: what keeps it uncertain, the plan, the picture.

use super::hub;
use cloister_tests::Server;
use serde_json::{Value, json};

/// Small groups under a total.
const SQL: &str =
    "SELECT imd_decile, count(*) AS n FROM person WHERE birth_year < 1965 GROUP BY ROLLUP (imd_decile)";

#[test]
fn the_neighbours_of_a_suppressed_cell_are_named() {
    let (hub, passwords) = hub();
    let server = Server::start(&hub, "");
    let come = |name: &str| server.first_visit(name, &passwords[name]);
    let (researcher, checker) = (come("researcher"), come("first"));
    let body = json!({ "sql": SQL });
    let path = "/v1/projects/p/queries";
    let made = researcher.call_with("POST", path, &[("prefer", "wait=60")], Some(body)).expect(201).json();
    let query = made["id"].as_str().unwrap();
    let asked =
        json!({ "project": "p", "queries": [query], "purpose": "A chart", "justification": "Rounded" });
    let made = researcher.call("POST", "/v1/release-requests", Some(asked)).expect(201).json();
    let id = made["id"].as_str().unwrap();
    let seen = checker.call("GET", &format!("/v1/release-requests/{id}/outputs/{query}/evidence"), None);
    let seen = seen.expect(200).json();
    let rows = seen["exhibit"]["tables"][0]["rows"].as_array().unwrap();
    let rule = |row: &Value| row["cells"][0]["rule"].as_str().map(str::to_owned);
    let hidden: Vec<&Value> = rows.iter().filter(|row| rule(row).is_some()).collect();
    let mut named = 0;
    for row in &hidden {
        for other in row["cells"][0]["neighbours"].as_array().unwrap() {
            let other = &rows[usize::try_from(other.as_u64().unwrap()).unwrap()];
            assert!(rule(other).is_some() && other["labels"] != row["labels"], "{row} {other}");
            named += 1;
        }
    }
    assert!(named > 0, "{rows:?}");
    let first = hidden.iter().find(|row| rule(row).as_deref() != Some("secondary")).unwrap();
    assert!(!first["cells"][0]["neighbours"].as_array().unwrap().is_empty(), "{first}");
    let plan = seen["exhibit"]["plan"].as_array().unwrap();
    assert!(plan.iter().any(|step| step["boundary"] == true), "{plan:?}");
    let page = checker.get(&format!("/desk/{id}")).expect(200).body;
    for text in ["kept uncertain by", "values are protected here", "app-chart", "not shown"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    // Its author is told none of it.
    let page = researcher.get(&format!("/queries/{query}")).expect(200).body;
    assert!(!page.contains("kept uncertain by") && !page.contains("app-chart"));
}

//! The researcher's workbench: the dictionary, explanations, parameters, saved queries. None of it says
//! anything of the data.

use crate::query::GRANTS;
use cloister_synth::ErrorRates;
use cloister_tests::{Done, Hub, project};
use serde_json::{Value, json};

const COUNT: &str = "SELECT sex, count(*) AS n FROM person GROUP BY sex ORDER BY sex";

fn hub() -> Hub {
    let hub = Hub::of_region(400, ErrorRates::NONE);
    hub.create(&project("p", "automatic", GRANTS)).expect(0);
    hub
}

fn as_researcher(hub: &Hub, command: &[&str], rest: &[&str]) -> Done {
    let who = ["--project", "p", "--as", "researcher"];
    hub.run(&[command, &who, rest].concat())
}

fn query(hub: &Hub, rest: &[&str]) -> Done {
    as_researcher(hub, &["query"], &[&["--format", "json"], rest].concat())
}

fn code(answer: &Value) -> &str {
    answer["reasons"][0]["code"].as_str().unwrap_or_default()
}

#[test]
fn the_dictionary_is_that_of_the_grant() {
    let hub = Hub::of_region(150, ErrorRates::NONE);
    let grants = r#"
[[grants]]
dataset = "gp"
tables = [
  { name = "person", columns = ["person_id", "sex", "birth_year"], row-filter = "birth_year < 2010" },
  { name = "gp_event", columns = "all", window = { column = "event_date", from = "2022-01-01", to = "2024-12-31" } },
]
"#;
    hub.create(&project("p", "automatic", grants)).expect(0);
    let tables = as_researcher(&hub, &["tables"], &["--format", "json"]).expect(0).json();
    let names: Vec<&str> =
        tables["tables"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["person", "gp_event"]);
    assert_eq!(tables["tables"][0]["kind"], "person");
    let person = as_researcher(&hub, &["describe", "person"], &["--format", "json"]).expect(0).json();
    assert_eq!(person["qualified_name"], "gp.person");
    assert_eq!(person["row_filter"], "birth_year < 2010");
    let columns = person["columns"].as_array().unwrap();
    let column = |name: &str| columns.iter().find(|c| c["name"] == name).unwrap();
    assert_eq!(columns.len(), 3);
    assert_eq!(column("sex")["values"], "F, M, X");
    assert_eq!(column("sex")["public_labels"], true);
    assert_eq!(column("sex")["nullable"], false);
    assert!(column("person_id")["uses"].as_str().unwrap().contains("never shown"));
    assert_eq!(column("person_id")["class"], "pseudonym");
    let events = as_researcher(&hub, &["describe", "GP.gp_event"], &["--format", "json"]).expect(0).json();
    assert_eq!(events["window"], json!({"column": "event_date", "from": "2022-01-01", "to": "2024-12-31"}));
    let text = as_researcher(&hub, &["describe", "person"], &[]).expect(0).out;
    assert!(text.contains("birth_year < 2010") && text.contains("quasi-identifier"), "{text}");
    assert!(as_researcher(&hub, &["tables"], &[]).expect(0).out.contains("gp_event"));
    // What is not granted does not exist, and for whom is not a member nothing does.
    for (table, user) in [("admission", "researcher"), ("person", "stranger")] {
        let done =
            hub.run(&["describe", table, "--project", "p", "--as", user, "--format", "json"]).expect(2);
        assert_eq!(done.json()["status"], "refused");
    }
    let nowhere = |name: &str, user: &str| {
        hub.run(&["tables", "--project", name, "--as", user, "--format", "json"]).expect(2).out
    };
    assert_eq!(nowhere("p", "stranger"), nowhere("no-such-project", "stranger"));
    hub.run(&["project", "suspend", "p"]).expect(0);
    assert_eq!(
        code(&as_researcher(&hub, &["tables"], &["--format", "json"]).expect(2).json()),
        "project-suspended"
    );
}

#[test]
fn an_explanation_runs_nothing_and_tells_nothing() {
    let hub = hub();
    let before = requests(&hub);
    // Without the vault nothing can run; everything can be explained.
    std::fs::rename(hub.home().join("vault"), hub.home().join("elsewhere")).unwrap();
    let sql = "SELECT p.district, count(DISTINCT a.person_id) AS people, max(a.cost) AS most
               FROM person p JOIN admission a USING (person_id) WHERE a.cost > 1000 GROUP BY p.district HAVING count(*) > 3";
    let explained = query(&hub, &["--explain", sql]).expect(0).json();
    assert_eq!(explained["status"], "explained");
    assert!(explained.get("rows").is_none());
    assert!(explained["checks"].as_array().unwrap().iter().all(|c| c["outcome"] == "passed"));
    let plan = explained["plan"].as_array().unwrap();
    assert_eq!(plan.iter().filter(|s| s["boundary"] == true).count(), 1);
    let states: Vec<&str> = plan.iter().map(|s| s["state"].as_str().unwrap()).collect();
    assert!(states.contains(&"per person") && states.contains(&"per group, protected"), "{states:?}");
    assert_eq!(explained["boundaries"][0]["keys"], json!(["district"]));
    assert_eq!(explained["approval"], json!({"required": false, "granted": null}));
    let refused = query(&hub, &["--explain", "SELECT * FROM person"]).expect(2).json();
    assert_eq!((refused["status"].as_str().unwrap(), code(&refused)), ("refused", "row-level-output"));
    assert_eq!(refused["checks"].as_array().unwrap().iter().filter(|c| c["outcome"] == "failed").count(), 1);
    let held = query(&hub, &["--explain", "SELECT sum(length_of_stay * length_of_stay) AS n FROM admission"]);
    assert_eq!(held.expect(0).json()["holds"][0]["code"], "argument-shape");
    let text = as_researcher(&hub, &["query"], &["--explain", sql]).expect(0).out;
    assert!(text.contains("release boundary") && text.contains("table hospital.admission"), "{text}");
    for leak in ["__", ".parquet", "vault", "v00001"] {
        assert!(!text.contains(leak) && !explained.to_string().contains(leak), "{leak}");
    }
    std::fs::rename(hub.home().join("elsewhere"), hub.home().join("vault")).unwrap();
    // The digest is the one that the query has when it runs, in this process and in others.
    let digest = &explained["plan_digest"];
    assert!(digest.as_str().unwrap().starts_with("sha256:"));
    assert_eq!(
        &query(&hub, &["--explain", &sql.replace('p', "P").to_uppercase()]).json()["plan_digest"],
        digest
    );
    assert_eq!(&query(&hub, &[sql]).json()["plan_digest"], digest);
    assert_eq!(requests(&hub).len(), before.len() + 1, "an explanation is no request");
    assert!(hub.run(&["audit", "show"]).expect(0).out.contains("query-explained"));
    hub.run(&["audit", "verify"]).expect(0);
}

fn requests(hub: &Hub) -> Vec<String> {
    let out = hub.run(&["request", "list", "--as", "researcher"]).expect(0).out;
    out.lines().filter(|l| l.contains("req_")).map(str::to_owned).collect()
}

#[test]
fn parameters_have_declared_domains() {
    let hub = hub();
    let sql = "SELECT count(*) AS n FROM person WHERE birth_year < $before AND sex = $sex";
    let domains = ["--param-domain", "before=int:1900..2020:10", "--param-domain", "sex=text:F|M"];
    let with = |values: &[&str]| {
        let values: Vec<&str> = values.iter().flat_map(|v| ["--param", v]).collect();
        query(&hub, &[&domains, values.as_slice(), &[sql]].concat())
    };
    let answer = with(&["before=1980", "sex=F"]).expect(0).json();
    let plain = query(&hub, &["SELECT count(*) AS n FROM person WHERE birth_year < 1980 AND sex = 'F'"])
        .expect(0)
        .json();
    assert_eq!(answer["rows"], plain["rows"]);
    assert_ne!(answer["plan_digest"], plain["plan_digest"]);
    assert_eq!(answer["plan_digest"], with(&["before=1990", "sex=M"]).json()["plan_digest"]);
    // What was asked is recorded whole, and can be asked again as it is.
    let request = answer["request"].as_str().unwrap();
    let text = hub.run(&["request", "fetch", request, "--as", "researcher", "--format", "sql"]).expect(0).out;
    assert!(text.contains("value = 1980") && text.contains(sql), "{text}");
    assert_eq!(hub.query_file(&text).expect(0).json()["rows"], answer["rows"]);
    for (values, expected) in [
        (&["before=1985", "sex=F"][..], "parameter-outside-domain"),
        (&["before=1980", "sex=X"], "parameter-outside-domain"),
        (&["before=1980 OR 1=1", "sex=F"], "parameter-outside-domain"),
        (&["before=1980", "sex=F' OR '1'='1"], "parameter-outside-domain"),
        (&["before=1980"], "missing-parameter"),
        (&["before=1980", "sex=F", "other=1"], "undeclared-parameter"),
    ] {
        assert_eq!(code(&with(values).expect(2).json()), expected, "{values:?}");
    }
    for (args, expected) in [
        (&["SELECT count(*) AS n FROM person WHERE birth_year < $1"][..], "undeclared-parameter"),
        (
            &["--param", "1=1950", "SELECT count(*) AS n FROM person WHERE birth_year < $1"],
            "undeclared-parameter",
        ),
        (
            &["--param-domain", "x=int:1..5", "--param", "x=1", "SELECT count(*) AS n FROM person"],
            "unused-parameter",
        ),
        (&["--param-domain", "x=colour:red", "--param", "x=1", "SELECT $x"], "parameter-form"),
        // A parameter is a value and nothing else.
        (
            &["--param-domain", "x=text:person", "--param", "x=person", "SELECT count(*) AS n FROM $x"],
            "not-sql",
        ),
    ] {
        assert_eq!(code(&query(&hub, args).expect(2).json()), expected, "{args:?}");
    }
    // Checks see the value: a sum with a constant in it is held whatever way it is written.
    let held =
        ["--param-domain", "x=int:1..5", "--param", "x=1", "SELECT sum(birth_year + $x) AS n FROM person"];
    assert_eq!(query(&hub, &held).expect(3).json()["reasons"][0]["code"], "argument-shape");
}

#[test]
fn queries_are_kept_by_name() {
    let hub = hub();
    let file = hub.write(
        "by_birth.sql",
        "/* cloister:parameters\nbirth_year_min = { type = \"int\", min = 1900, max = 2010, step = 10 }\n*/
SELECT sex, count(*) AS n FROM person WHERE birth_year >= $birth_year_min GROUP BY sex ORDER BY sex\n",
    );
    let put =
        as_researcher(&hub, &["saved", "put", "by-birth"], &["--file", file.to_str().unwrap()]).expect(0);
    assert!(put.out.contains("sha256:"), "{}", put.out);
    as_researcher(&hub, &["saved", "put", "count"], &[COUNT]).expect(0);
    let list = as_researcher(&hub, &["saved", "list"], &[]).expect(0).out;
    assert!(list.contains("by-birth") && list.contains("count"), "{list}");
    assert_eq!(as_researcher(&hub, &["saved", "show", "count"], &[]).expect(0).out.trim(), COUNT);
    let run =
        |value: &str| query(&hub, &["--saved", "by-birth", "--param", &format!("birth_year_min={value}")]);
    let answer = run("1950").expect(0).json();
    assert_eq!(answer["rows"].as_array().unwrap().len(), 2);
    assert!(put.out.contains(answer["plan_digest"].as_str().unwrap()));
    assert_eq!(code(&run("1955").expect(2).json()), "parameter-outside-domain");
    assert_eq!(code(&query(&hub, &["--saved", "by-birth"]).expect(2).json()), "missing-parameter");
    assert_eq!(code(&query(&hub, &["--saved", "nothing"]).expect(2).json()), "unknown-saved-query");
    query(&hub, &["--saved", "by-birth", "--explain", "--param", "birth_year_min=1950"]).expect(0);
    query(&hub, &["--saved", "count", "SELECT 1"]).expect(1);
    // Only what can be planned is kept, and only its project's researchers may.
    for (text, code) in [
        ("SELEC 1", "not-sql"),
        ("SELECT count(*) AS n FROM nowhere", "unknown-table"),
        ("SELECT count(*) AS n FROM person WHERE birth_year < $1", "undeclared-parameter"),
    ] {
        let done = as_researcher(&hub, &["saved", "put", "wrong"], &[text]).expect(2);
        assert!(done.err.contains(code), "{}", done.err);
    }
    for command in [&["saved", "list"][..], &["saved", "show", "count"], &["saved", "remove", "count"]] {
        let done = hub.run(&[command, &["--project", "p", "--as", "stranger"]].concat()).expect(2);
        assert!(done.err.contains("not-a-researcher"), "{}", done.err);
    }
    as_researcher(&hub, &["saved", "remove", "count"], &[]).expect(0);
    as_researcher(&hub, &["saved", "remove", "count"], &[]).expect(1);
    assert_eq!(code(&query(&hub, &["--saved", "count"]).expect(2).json()), "unknown-saved-query");
    let log = hub.run(&["audit", "show"]).expect(0).out;
    assert!(log.contains("query-saved") && log.contains("saved-query-removed"), "{log}");
    hub.run(&["audit", "verify"]).expect(0);
}

/// Homes of before these tables open as they are.
#[test]
fn an_older_home_is_given_the_new_tables() {
    let hub = hub();
    hub.database()
        .run("DROP TABLE saved_query; DROP TABLE approval; DROP TABLE ledger_rebuilt; DROP TABLE ledger; UPDATE hub SET schema_version = 1")
        .unwrap();
    as_researcher(&hub, &["saved", "put", "count"], &[COUNT]).expect(0);
    query(&hub, &["--saved", "count"]).expect(0);
}

/// The workspace is explained like any table, and its twin is made of invented rows.
#[test]
fn the_workspace_is_part_of_the_workbench() {
    let hub = hub();
    hub.without_ledger();
    let put = |sql: &str| query(&hub, &[sql]).expect(0);
    put("CREATE TABLE old AS SELECT person_id, sex FROM person WHERE birth_year < 1960");
    put("CREATE VIEW women AS SELECT person_id FROM old WHERE sex = 'F'");
    let sql = "SELECT count(*) AS n FROM women w JOIN admission a USING (person_id)";
    let explained = query(&hub, &["--explain", sql]).expect(0).json();
    assert_eq!(explained["plan"].as_array().unwrap().iter().filter(|s| s["boundary"] == true).count(), 1);
    assert!(!explained.to_string().contains("__"), "{explained}");
    assert_eq!(query(&hub, &[sql]).json()["plan_digest"], explained["plan_digest"]);
    let twin = |sql: &str| query(&hub, &["--twin", sql]).expect(0).json();
    let direct = "SELECT count(*) AS n FROM person p JOIN admission a USING (person_id) WHERE p.birth_year < 1960 AND p.sex = 'F'";
    assert_eq!(twin(sql)["rows"], twin(direct)["rows"]);
    assert_eq!(
        twin("SELECT * FROM old LIMIT 1")["rows"][0][0].as_str().unwrap().split('-').next(),
        Some("person")
    );
    // What is kept with a parameter is kept with its value.
    let made = [
        "--param-domain",
        "y=int:1900..2000:10",
        "--param",
        "y=1950",
        "CREATE TABLE older AS SELECT person_id FROM person WHERE birth_year < $y",
    ];
    query(&hub, &made).expect(0);
    let counted = query(&hub, &["SELECT count(*) AS n FROM older"]).expect(0).json();
    let plain = query(&hub, &["SELECT count(*) AS n FROM person WHERE birth_year < 1950"]).expect(0).json();
    assert_eq!(counted["rows"], plain["rows"]);
}

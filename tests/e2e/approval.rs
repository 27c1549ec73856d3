//! Projects that run approved queries only: what was approved runs, and nothing else does.

use cloister_synth::{ErrorRates, Region};
use cloister_tests::{Done, Hub, project};
use serde_json::Value;

const GRANTS: &str = r#"
[[grants]]
dataset = "gp"
tables = [{ name = "person", columns = "all" }]
[[grants]]
dataset = "hospital"
tables = [{ name = "admission", columns = "all" }]
"#;

const COUNT: &str = "SELECT sex, count(*) AS n FROM person GROUP BY sex";

fn approved(name: &str) -> String {
    project(name, "automatic", GRANTS)
        .replace("review = ", "queries = \"approved\"\ncheckers = [\"checker1\", \"checker2\"]\nreview = ")
}

fn hub() -> Hub {
    let hub = Hub::of_region(400, ErrorRates::NONE);
    hub.create(&approved("p")).expect(0);
    hub
}

fn query(hub: &Hub, rest: &[&str]) -> Done {
    hub.run(&[&["query", "--project", "p", "--as", "researcher", "--format", "json"], rest].concat())
}

fn code(answer: &Value) -> &str {
    answer["reasons"][0]["code"].as_str().unwrap_or_default()
}

fn refused(hub: &Hub, rest: &[&str]) -> Value {
    let answer = query(hub, rest).expect(2).json();
    assert_eq!(code(&answer), "approval-required", "{answer}");
    assert!(answer.get("rows").is_none());
    answer
}

fn grant(hub: &Hub, user: &str, what: &[&str]) -> Done {
    hub.run(&[&["approval", "grant", "--project", "p", "--as", user], what].concat())
}

fn id(done: &Done) -> String {
    done.out.split_whitespace().find(|w| w.starts_with("apr_")).unwrap().to_owned()
}

#[test]
fn only_what_was_approved_runs() {
    let hub = hub();
    let asked = refused(&hub, &[COUNT]);
    let digest = asked["plan_digest"].as_str().unwrap();
    assert!(asked["reasons"][0]["hint"].as_str().unwrap().contains(digest));
    // It may be explained and tried without an approval.
    let explained = query(&hub, &["--explain", COUNT]).expect(0).json();
    assert_eq!(
        (&explained["plan_digest"], &explained["approval"]["required"]),
        (&asked["plan_digest"], &true.into())
    );
    let twin = query(&hub, &["--twin", COUNT]).expect(0).json();
    assert_eq!(twin["real"]["reasons"][0]["code"], "approval-required");
    let request = asked["request"].as_str().unwrap();
    let done = grant(&hub, "checker1", &["--request", request]).expect(0);
    assert!(done.out.contains(digest) && done.out.contains(COUNT), "{}", done.out);
    let approval = id(&done);
    let answer = query(&hub, &[COUNT]).expect(0).json();
    assert_eq!(answer["rows"].as_array().unwrap().len(), 2);
    // Another writing is the same query; another query is not.
    query(&hub, &["select SEX, count( * ) AS n from Person -- all of them\n group by sex"]).expect(0);
    for other in [
        "SELECT sex, count(*) AS m FROM person GROUP BY sex",
        "SELECT sex, count(*) AS n FROM person WHERE birth_year < 1950 GROUP BY sex",
        "SELECT sex, count(*) AS n FROM person GROUP BY sex ORDER BY n",
        "SELECT district, count(*) AS n FROM person GROUP BY district",
    ] {
        refused(&hub, &[other]);
    }
    // Nothing that was not approved is kept to be read by what was.
    for made in [
        "CREATE TABLE t AS SELECT person_id FROM person",
        "CREATE VIEW person_count AS SELECT count(*) AS n FROM person",
    ] {
        refused(&hub, &[made]);
    }
    let explained = query(&hub, &["--explain", COUNT]).expect(0).json();
    assert_eq!(explained["approval"]["granted"], approval.as_str());
    let list = hub.run(&["approval", "list", "--project", "p", "--as", "researcher"]).expect(0).out;
    assert!(list.contains(&approval) && list.contains("checker1"), "{list}");
    // Taken back, it holds no more, for good.
    let revoke = |user: &str| hub.run(&["approval", "revoke", &approval, "--project", "p", "--as", user]);
    revoke("researcher").expect(2);
    revoke("checker2").expect(0);
    revoke("checker2").expect(1);
    refused(&hub, &[COUNT]);
    let log = hub.run(&["audit", "show"]).expect(0).out;
    for part in ["approval-granted", "approval-revoked", &format!("approval={approval}")] {
        assert!(log.contains(part), "{part}");
    }
    hub.run(&["audit", "verify"]).expect(0);
}

#[test]
fn a_changed_dataset_or_policy_needs_a_new_approval() {
    let hub = hub();
    let admissions = "SELECT count(*) AS n FROM admission";
    for sql in [COUNT, admissions] {
        let request = refused(&hub, &[sql])["request"].as_str().unwrap().to_owned();
        grant(&hub, "checker1", &["--request", &request]).expect(0);
        query(&hub, &[sql]).expect(0);
    }
    // A new version of one dataset: what reads it must be approved again, what does not need not.
    let region = Region { seed: 8, people: 410, events_per_person: 5.0, errors: ErrorRates::NONE };
    region.write(&hub.path("later")).unwrap();
    hub.land("gp", &hub.path("later/gp")).expect(0);
    let again = refused(&hub, &[COUNT]);
    assert!(again["reasons"][0]["message"].as_str().unwrap().contains("other dataset versions"));
    query(&hub, &[admissions]).expect(0);
    grant(&hub, "checker1", &["--request", again["request"].as_str().unwrap()]).expect(0);
    query(&hub, &[COUNT]).expect(0);
    // Another text of the policy, even with the same rules.
    let path = hub.home().join("policies/disclosure/nhs-england.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text}\n# changed")).unwrap();
    for sql in [COUNT, admissions] {
        let again = refused(&hub, &[sql]);
        assert!(again["reasons"][0]["message"].as_str().unwrap().contains("another disclosure policy"));
    }
    std::fs::write(&path, text).unwrap();
    query(&hub, &[COUNT]).expect(0);
}

#[test]
fn an_approval_is_for_a_domain_of_parameters() {
    let hub = hub();
    let sql = "SELECT count(*) AS n FROM person WHERE birth_year < $y";
    let put = |domain: &str| {
        let args =
            ["saved", "put", "born", "--project", "p", "--as", "researcher", "--param-domain", domain, sql];
        hub.run(&args).expect(0)
    };
    put("y=int:1950..2000:10");
    let run = |value: &str| query(&hub, &["--saved", "born", "--param", &format!("y={value}")]);
    assert_eq!(code(&run("1970").expect(2).json()), "approval-required");
    let done = grant(&hub, "checker1", &["--saved", "born"]).expect(0);
    assert!(done.out.contains("min = 1950") && !done.out.contains("value"), "{}", done.out);
    for value in ["1950", "1970", "2000"] {
        run(value).expect(0);
    }
    assert_eq!(code(&run("1975").expect(2).json()), "parameter-outside-domain");
    // The same query in other ways to write it: the domain is part of what was approved.
    let ad_hoc = |domain: &str, value: &str| query(&hub, &["--param-domain", domain, "--param", value, sql]);
    ad_hoc("y=int:1950..2000:10", "y=1980").expect(0);
    for (domain, value) in
        [("y=int:1950..2000:5", "y=1980"), ("y=int:1950..2010:10", "y=1980"), ("y=int:1980", "y=1980")]
    {
        assert_eq!(code(&ad_hoc(domain, value).expect(2).json()), "approval-required", "{domain}");
    }
    refused(&hub, &["SELECT count(*) AS n FROM person WHERE birth_year < 1980"]);
    // Kept anew with another domain, it needs another approval.
    put("y=int:1950..2000:1");
    assert_eq!(code(&run("1975").expect(2).json()), "approval-required");
}

#[test]
fn nobody_approves_a_query_of_their_own() {
    let hub = hub();
    let request = refused(&hub, &[COUNT])["request"].as_str().unwrap().to_owned();
    for user in ["researcher", "stranger", "admin"] {
        let done = grant(&hub, user, &["--request", &request]).expect(2);
        assert!(done.err.contains("not-a-checker"), "{}", done.err);
    }
    // A checker is no member, so has no queries here; and no project has a checker among its members.
    for user in ["checker1", "researcher"] {
        let text = approved("q")
            .replace("checkers = [\"checker1\"", &format!("checkers = [\"{user}\", \"researcher\""));
        assert!(hub.create(&text).expect(1).err.contains("never a member"));
    }
    assert!(
        hub.create(&approved("q").replace("checkers = [\"checker1\", \"checker2\"]", ""))
            .expect(1)
            .err
            .contains("checkers")
    );
    assert_eq!(code(&hub.query_in("p", "checker1", COUNT).expect(2).json()), "not-a-researcher");
    // Nor does a request of another project lend itself, or one that is none.
    hub.create(&approved("other")).expect(0);
    let elsewhere = hub.query_in("other", "researcher", COUNT).expect(2).json();
    grant(&hub, "checker1", &["--request", elsewhere["request"].as_str().unwrap()]).expect(1);
    grant(&hub, "checker1", &["--request", "req_none"]).expect(1);
    grant(&hub, "checker1", &["--saved", "none"]).expect(1);
    refused(&hub, &[COUNT]);
    // What may not run is not approved.
    let rows = query(&hub, &["SELECT * FROM person"]).expect(2).json();
    let done = grant(&hub, "checker1", &["--request", rows["request"].as_str().unwrap()]).expect(2);
    assert!(done.err.contains("row-level-output"), "{}", done.err);
    // An approval of one project is none of another.
    grant(&hub, "checker1", &["--request", &request]).expect(0);
    query(&hub, &[COUNT]).expect(0);
    assert_eq!(code(&hub.query_in("other", "researcher", COUNT).expect(2).json()), "approval-required");
    hub.run(&["project", "close", "p"]).expect(0);
    let done = grant(&hub, "checker1", &["--request", &request]).expect(2);
    assert!(done.err.contains("project-closed"), "{}", done.err);
}

/// Whoever can write to the database cannot make one approval into another without it being seen.
#[test]
fn an_approval_does_not_change() {
    let hub = hub();
    let request = refused(&hub, &[COUNT])["request"].as_str().unwrap().to_owned();
    let approval = id(&grant(&hub, "checker1", &["--request", &request]).expect(0));
    let columns = "project, plan_digest, policy_digest, datasets, sql";
    for (change, because) in [
        ("UPDATE approval SET plan_digest = 'sha256:00'".to_owned(), "only be revoked"),
        ("UPDATE approval SET author = 'x'".to_owned(), "only be revoked"),
        ("UPDATE approval SET datasets = '[]'".to_owned(), "only be revoked"),
        ("DELETE FROM approval".to_owned(), "only be revoked"),
        (
            format!(
                "INSERT INTO approval (id, {columns}, author, granted_by, granted_at)
                 SELECT 'apr_x', {columns}, granted_by, granted_by, granted_at FROM approval WHERE id = '{approval}'"
            ),
            "check",
        ),
    ] {
        let error = hub.database().run(&change).unwrap_err().to_string();
        assert!(error.to_lowercase().contains(because), "{change}: {error}");
    }
    query(&hub, &[COUNT]).expect(0);
}

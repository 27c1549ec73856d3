//! `cloister policy`: the cases beside policies, from the outside.

use crate::query::GRANTS;
use cloister_synth::ErrorRates;
use cloister_tests::{Hub, project};

#[test]
fn a_new_hub_has_six_policies_whose_cases_hold() {
    let hub = Hub::new();
    let done = hub.run(&["policy", "test"]).expect(0);
    assert_eq!(done.out.lines().count(), 6, "{}", done.out);
    let list = hub.run(&["policy", "list"]).expect(0);
    for name in ["abs", "cms-11", "eurostat-ifs", "nhs-england", "opensafely", "sdap-10"] {
        assert!(list.out.contains(name), "{}", list.out);
    }
    let show = hub.run(&["policy", "show", "cms-11"]).expect(0);
    assert!(show.out.contains("min = 11"), "{}", show.out);
}

#[test]
fn a_case_that_does_not_hold_is_named_and_fails() {
    let hub = Hub::new();
    let path = hub.home().join("policies/disclosure/cms-11.toml");
    let text = std::fs::read_to_string(&path).unwrap().replace("min = 11", "min = 10");
    std::fs::write(&path, text).unwrap();
    let done = hub.run(&["policy", "test", path.to_str().unwrap()]).expect(1);
    assert!(done.out.contains("Ten are too few"), "{}", done.out);
    std::fs::remove_file(hub.home().join("policies/disclosure/cases/cms-11.toml")).unwrap();
    hub.run(&["policy", "test", path.to_str().unwrap()]).expect(1);
}

/// What queries cannot do is refused, rather than left out.
#[test]
fn a_policy_of_noise_without_its_table_runs_no_query() {
    let hub = Hub::of_region(200, ErrorRates::NONE);
    let path = hub.home().join("policies/disclosure/cms-11.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let noise = "[cell-key]\ntable = \"t.csv\"\nthreshold = 10\nkeys = 256\n\n[labels]";
    std::fs::write(&path, text.replace("[labels]", noise)).unwrap();
    let under = |name| project(name, "automatic", GRANTS).replace("\"nhs-england\"", "\"cms-11\"");
    let done = hub.create(&under("p"));
    assert!(done.err.contains("table-sha256"), "{}", done.err);
    done.expect(1);
    // Nor does a project whose policy came to be so.
    std::fs::write(&path, text).unwrap();
    hub.create(&under("p")).expect(0);
    hub.query("SELECT count(*) AS n FROM person").expect(0);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("[labels]", noise)).unwrap();
    hub.query("SELECT count(*) AS n FROM person").expect(1);
}

//! A column that the contract keeps from being compared by equality, from the contract to the refusal.

use crate::region::GRANTS;
use cloister_synth::ErrorRates;
use cloister_tests::{Hub, policies, project};

#[test]
fn what_a_contract_keeps_from_equality_is_kept() {
    let hub = Hub::new();
    hub.region(300, ErrorRates::NONE);
    let contract = std::fs::read_to_string(policies().join("datasets/gp.toml")).unwrap();
    let kept = contract.replacen("to = \"code\", type", "to = \"code\", no-equality = true, type", 1);
    assert_ne!(contract, kept);
    let path = hub.write("gp.toml", kept);
    let from = hub.path("region/gp");
    hub.run(&["dataset", "land", path.to_str().unwrap(), "--from", from.to_str().unwrap()]).expect(0);
    hub.land("hospital", &hub.path("region/hospital")).expect(0);
    hub.create(&project("p", "automatic", GRANTS)).expect(0);
    for condition in
        ["code = '44054006'", "code LIKE '44054006'", "code IN ('44054006', '1')", "lower(code) >= '4'"]
    {
        let refused =
            hub.query(&format!("SELECT count(*) AS n FROM gp_event WHERE {condition}")).expect(2).json();
        assert_eq!(refused["reasons"][0]["code"], "equality-not-permitted", "{condition}");
    }
    hub.query("SELECT code, count(DISTINCT person_id) AS n FROM gp_event GROUP BY code").expect(0);
    hub.query("SELECT count(*) AS n FROM gp_event WHERE kind = 'diagnosis'").expect(0);
}

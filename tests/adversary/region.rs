//! A hub with a region, and a condition that is true of one person.

use cloister_synth::ErrorRates;
use cloister_tests::{Hub, project};

pub(crate) const GRANTS: &str = r#"
[[grants]]
dataset = "gp"
tables = [{ name = "person", columns = "all" }, { name = "gp_event", columns = "all" }]
[[grants]]
dataset = "hospital"
tables = [{ name = "admission", columns = "all" }]
"#;

/// A hub, and the predicate that is true of exactly one person.
pub(crate) fn hub() -> (Hub, String) {
    let hub = Hub::of_region(600, ErrorRates::NONE);
    hub.create(&project("p", "automatic", GRANTS)).expect(0);
    let people = std::fs::read_to_string(hub.path("region/truth/people.csv")).unwrap();
    let mut groups = std::collections::BTreeMap::<(String, String, String, String), u32>::new();
    for line in people.lines().skip(1) {
        let f: Vec<&str> = line.split(',').collect();
        let key = (f[1].to_owned(), f[2][..4].to_owned(), f[3].to_owned(), f[5].to_owned());
        *groups.entry(key).or_default() += 1;
    }
    let ((sex, year, district, ethnicity), _) = groups.into_iter().find(|(_, n)| *n == 1).unwrap();
    let one = format!(
        "sex = '{sex}' AND birth_year = {year} AND district = '{district}' AND ethnicity = '{ethnicity}'"
    );
    (hub, one)
}

//! Small worlds that differ in one person, and nothing else. Who attacks knows all of a world but the secret.

use cloister_tests::{Hub, policies, project};
use std::fmt::Write;
use std::path::Path;
use std::sync::OnceLock;

/// The condition that is true of the one person. Every part of it is true of at least eight others.
pub(crate) const ONE: &str = "sex = 'F' AND birth_year = 1931 AND district = 'AB1'";
const PEOPLE: u32 = 300;
const THE_ONE: u32 = 137;

/// What is not known of the one person, and is another thing in the other world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Secret {
    /// The income. It is the greatest of all in both worlds.
    Income,
    /// Whether one of the stays was for `F32` or for `J45`.
    Illness,
    /// How many stays there were.
    Stays,
    /// How many stays those born in 1931 had together: shown to the nearest 5, and no multiple of 5.
    GroupStays,
}

/// All that a world is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct World {
    pub(crate) people: Vec<Person>,
    pub(crate) stays: Vec<Stay>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Person {
    pub(crate) nhs: String,
    pub(crate) sex: &'static str,
    pub(crate) birth_year: u32,
    pub(crate) district: String,
    pub(crate) income: Option<f64>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stay {
    pub(crate) nhs: String,
    pub(crate) code: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) day: String,
    pub(crate) cost: f64,
}

/// Codes, their family and points: nobody's rows.
pub(crate) const CODES: [(&str, &str, u32); 5] =
    [("F32", "mind", 1), ("J45", "chest", 2), ("I10", "heart", 4), ("E11", "blood", 8), ("K21", "gut", 16)];

impl World {
    /// The world with the secret (`other` false) or with another one.
    pub(crate) fn new(secret: Secret, other: bool) -> Self {
        let (mut people, mut stays) = (Vec::new(), Vec::new());
        for (i, nhs) in (0..PEOPLE).zip(nhs_numbers()) {
            let one = i == THE_ONE;
            let mut person = Person {
                sex: if i % 2 == 0 || one { "F" } else { "M" },
                birth_year: if one { 1931 } else { 1930 + (i * 7) % 20 },
                district: format!("AB{}", if one { 1 } else { 1 + (i / 3) % 4 }),
                income: (i % 29 != 5)
                    .then(|| f64::from(20_000 + (i * 137 % 400) * 50) + f64::from(i % 4) / 4.0),
                nhs: nhs.clone(),
            };
            if i % 23 == 7 {
                person.income = Some(0.0);
            }
            let others = person.sex == "F" && person.birth_year == 1931 && person.district == "AB1";
            if others && !one {
                person.district = "AB2".to_owned();
            }
            if one {
                person.income = Some(if secret == Secret::Income && other { 91_733.5 } else { 48_211.25 });
            }
            let many = one && matches!(secret, Secret::Stays | Secret::GroupStays) && other;
            let count = if many {
                10
            } else if one {
                3
            } else {
                1 + (i / 2) % 4
            };
            for j in 0..count {
                let code = match (one, j) {
                    (true, 0) => {
                        if secret == Secret::Illness && other {
                            "J45"
                        } else {
                            "F32"
                        }
                    }
                    (true, _) => "I10",
                    // Everybody born in 1930 has F32.
                    (false, 0) if person.birth_year == 1930 => "F32",
                    _ => CODES[((i + 3 * j) % 5) as usize].0,
                };
                let day = (i * 11 + j * 3) % 28 + 1;
                stays.push(Stay {
                    nhs: nhs.clone(),
                    code,
                    kind: if (i + j) % 3 == 0 { "planned" } else { "urgent" },
                    day: format!("2023-{:02}-{day:02}", (i + j) % 12 + 1),
                    cost: f64::from(100 + (i * 37 + j * 101) % 900) + 0.5,
                });
            }
            people.push(person);
        }
        Self { people, stays }
    }

    /// The secret as a number, by looking.
    pub(crate) fn secret(&self, secret: Secret) -> f64 {
        let the_one = |p: &&Person| p.sex == "F" && p.birth_year == 1931 && p.district == "AB1";
        let found: Vec<&Person> = self.people.iter().filter(the_one).collect();
        let [one] = found.as_slice() else { panic!("there is not one person: {found:?}") };
        let of_one = self.stays.iter().filter(|s| s.nhs == one.nhs);
        match secret {
            Secret::Income => one.income.unwrap(),
            Secret::Illness => of_one.filter(|s| s.code == "F32").count() as f64,
            Secret::Stays => of_one.count() as f64,
            Secret::GroupStays => self.group().count() as f64,
        }
    }

    /// The stays of those born in 1931.
    fn group(&self) -> impl Iterator<Item = &Stay> {
        let born = |nhs: &str| self.people.iter().any(|p| p.nhs == nhs && p.birth_year == 1931);
        self.stays.iter().filter(move |s| born(&s.nhs))
    }

    /// The world after the one person has left it.
    pub(crate) fn without_the_one(&self) -> Self {
        let mut after = self.clone();
        let one =
            after.people.iter().position(|p| p.sex == "F" && p.birth_year == 1931 && p.district == "AB1");
        let one = after.people.remove(one.unwrap());
        after.stays.retain(|stay| stay.nhs != one.nhs);
        after
    }

    fn write(&self, hub: &Hub) {
        let mut person = "nhs,sex,birth_year,district,income\n".to_owned();
        for p in &self.people {
            let income = p.income.map(|x| x.to_string()).unwrap_or_default();
            writeln!(person, "{},{},{},{},{income}", p.nhs, p.sex, p.birth_year, p.district).unwrap();
        }
        let mut stay = "nhs,code,kind,day,cost\n".to_owned();
        for s in &self.stays {
            writeln!(stay, "{},{},{},{},{}", s.nhs, s.code, s.kind, s.day, s.cost).unwrap();
        }
        let mut code = "code,family,points\n".to_owned();
        for (name, family, points) in CODES {
            writeln!(code, "{name},{family},{points}").unwrap();
        }
        for (name, text) in [("person", person), ("stay", stay), ("code", code)] {
            hub.write(&format!("extract/{name}.csv"), text);
        }
    }
}

/// Valid numbers, in order.
fn nhs_numbers() -> impl Iterator<Item = String> {
    (943_000_000u32..).filter_map(|nine| {
        let (mut rest, mut sum) = (nine, 0);
        for weight in 2..=10 {
            sum += rest % 10 * weight;
            rest /= 10;
        }
        match 11 - sum % 11 {
            10 => None,
            check => Some(format!("{nine}{}", check % 11)),
        }
    })
}

const CONTRACT: &str = r#"
name = "ward"
version = 1
title = "A ward"
person-scheme = "nhs-number"
[[tables]]
name = "person"
files = ["person.csv"]
person = "nhs"
unique = ["nhs"]
columns = [
  { name = "nhs", to = "person_id", type = "text", class = "identifier", required = true, transform = { pseudonymise = "person" } },
  { name = "sex", type = "text", class = "quasi-identifier", required = true, codes = ["F", "M"], public-labels = true },
  { name = "birth_year", type = "int32", class = "quasi-identifier", required = true, min = 1900, max = 2099, public-labels = true },
  { name = "district", type = "text", class = "quasi-identifier", required = true, codes = ["AB1", "AB2", "AB3", "AB4"], public-labels = true },
  { name = "income", type = "float", class = "measure", min = 0 },
]
[[tables]]
name = "stay"
files = ["stay.csv"]
person = "nhs"
columns = [
  { name = "nhs", to = "person_id", type = "text", class = "identifier", required = true, transform = { pseudonymise = "person" } },
  { name = "code", type = "text", class = "code", required = true, pattern = "[A-Z][0-9]{2}" },
  { name = "kind", type = "text", class = "code", required = true, codes = ["planned", "urgent"], public-labels = true },
  { name = "day", type = "date", class = "sensitive", required = true },
  { name = "cost", type = "float", class = "measure", required = true, min = 0 },
]
[[tables]]
name = "code"
files = ["code.csv"]
columns = [
  { name = "code", type = "text", class = "reference", required = true },
  { name = "family", type = "text", class = "reference", required = true },
  { name = "points", type = "int32", class = "reference", required = true },
]
"#;

/// A policy under which zeros are no more shown than other small numbers: of a secret that is there or not,
/// not even that may be learnt.
const STRICT: [(&str, &str); 3] = [
    ("name = \"nhs-england\"", "name = \"strict\""),
    ("zero-shown = true", "zero-shown = false"),
    ("small-groups = \"merge\"", "small-groups = \"drop\""),
];

const GRANT: &str = "[[grants]]\ndataset = \"ward\"\nversion = 1\ntables = [{ name = \"person\", columns = \"all\" }, \
    { name = \"stay\", columns = \"all\" }, { name = \"code\", columns = \"all\" }]\n";

fn landed(world: &World, ledger: bool) -> Hub {
    let hub = Hub::new();
    world.write(&hub);
    let contract = hub.write("ward.toml", CONTRACT);
    let from = hub.path("extract");
    hub.run(&["dataset", "land", contract.to_str().unwrap(), "--from", from.to_str().unwrap()]).expect(0);
    let mut strict = std::fs::read_to_string(policies().join("disclosure/nhs-england.toml")).unwrap();
    for (from, to) in STRICT {
        assert!(strict.contains(from), "{from}");
        strict = strict.replace(from, to);
    }
    // Most attacks are on what one answer says: the earlier ones would only stop them sooner.
    if !ledger {
        strict.push_str("\n[ledger]\ncompare = false\n");
        hub.without_ledger();
    }
    write(&hub.home().join("policies/disclosure/strict.toml"), &strict);
    for name in ["p", "q"] {
        hub.create(&project(name, "automatic", GRANT)).expect(0);
    }
    // The one person is in the first version alone, and project `n` has the second.
    world.without_the_one().write(&hub);
    hub.run(&["dataset", "land", contract.to_str().unwrap(), "--from", from.to_str().unwrap()]).expect(0);
    hub.create(&project("n", "automatic", &GRANT.replace("version = 1", "version = 2"))).expect(0);
    let strict = project("strict", "automatic", GRANT).replace("\"nhs-england\"", "\"strict\"");
    hub.create(&strict).expect(0);
    hub
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

/// Two hubs whose data differ in the secret.
pub(crate) struct Pair {
    pub(crate) worlds: [World; 2],
    pub(crate) hubs: [Hub; 2],
}

/// The hubs of a kind of secret, landed once.
pub(crate) fn pair(secret: Secret) -> &'static Pair {
    static PAIRS: [OnceLock<Pair>; 3] = [OnceLock::new(), OnceLock::new(), OnceLock::new()];
    let which = match secret {
        Secret::Income => 0,
        Secret::Illness => 1,
        Secret::Stays | Secret::GroupStays => 2,
    };
    PAIRS[which].get_or_init(|| {
        let worlds = worlds(secret);
        assert!(
            worlds.iter().all(|w| w.secret(Secret::GroupStays) % 5.0 != 0.0),
            "a rounded number is exact"
        );
        let hubs = worlds.each_ref().map(|world| landed(world, false));
        Pair { worlds, hubs }
    })
}

fn worlds(secret: Secret) -> [World; 2] {
    let worlds = [World::new(secret, false), World::new(secret, true)];
    assert_ne!(worlds[0], worlds[1]);
    worlds
}

/// Hubs that nothing has been released from, which compare what is.
pub(crate) fn fresh(secret: Secret) -> Pair {
    let worlds = worlds(secret);
    let hubs = worlds.each_ref().map(|world| landed(world, true));
    Pair { worlds, hubs }
}

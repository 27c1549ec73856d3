//! Attack sequences: named queries with a known secret, and a script that sees nothing but the answers. Every
//! sequence runs in two worlds that differ in the secret alone, and against the same rows in a database that
//! governs nothing, where it must work: an attack that could not succeed would show nothing.

use crate::world::{ONE, Pair, Secret, fresh, pair};
use cloister_tests::Hub;
use serde_json::Value;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the attacker is told by one query.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<Value>>,
    /// Everything else that was printed, without what is another in every run (the request's number) and
    /// what names the dataset's version.
    pub(crate) rest: String,
}

impl Answer {
    /// A number by row and column.
    pub(crate) fn at(&self, row: usize, column: usize) -> Option<f64> {
        self.rows.get(row)?.get(column)?.as_f64()
    }

    /// The row whose first values are these texts.
    pub(crate) fn row_of(&self, labels: &[&str]) -> Option<usize> {
        let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        self.rows.iter().position(|row| row.iter().zip(labels).all(|(v, label)| text(v) == *label))
    }

    /// What may not depend on a secret value, whatever the query: all but the values that are shown.
    fn shape(&self) -> (i32, Vec<String>, Vec<Vec<bool>>, String) {
        let rows = self.rows.iter().map(|row| row.iter().map(Value::is_null).collect()).collect();
        (self.code, self.columns.clone(), rows, self.rest.clone())
    }
}

/// How the attacker tells the secret from the answers.
#[derive(Clone, Copy)]
pub(crate) enum Script {
    /// A number: the attack succeeds if it is right in both worlds.
    Guess(fn(&[Answer]) -> Option<f64>),
    /// Which world it is: the attack succeeds if anything at all differs.
    Tell,
}

/// One attack.
pub(crate) struct Attack {
    pub(crate) class: u8,
    pub(crate) name: &'static str,
    pub(crate) secret: Secret,
    pub(crate) queries: Vec<String>,
    pub(crate) script: Script,
    /// Whose project is asked: `p` under `nhs-england`, `strict` where zeros are small numbers too.
    pub(crate) project: &'static str,
}

/// An attack on a value under the `nhs-england` policy.
pub(crate) fn value(
    class: u8,
    name: &'static str,
    secret: Secret,
    queries: &[&str],
    guess: fn(&[Answer]) -> Option<f64>,
) -> Attack {
    let queries = queries.iter().map(|sql| spelled(sql)).collect();
    Attack { class, name, secret, queries, script: Script::Guess(guess), project: "p" }
}

/// An attack on what is there or not, under the policy that shows no zeros.
pub(crate) fn tell(class: u8, name: &'static str, secret: Secret, queries: &[&str]) -> Attack {
    let queries = queries.iter().map(|sql| spelled(sql)).collect();
    Attack { class, name, secret, queries, script: Script::Tell, project: "strict" }
}

/// `{one}` is the condition of the one person, `{p.one}` the same of columns of `p`.
fn spelled(sql: &str) -> String {
    let of = |alias: &str| {
        ["sex", "birth_year", "district"]
            .iter()
            .fold(ONE.to_owned(), |text, column| text.replace(column, &format!("{alias}.{column}")))
    };
    const GROUP: &str = "(SELECT s.person_id, s.kind, s.cost FROM stay s JOIN person p ON p.person_id = s.person_id WHERE p.birth_year = 1931) g";
    let mut sql = sql.replace("{group}", GROUP).replace("{one}", &format!("({ONE})"));
    for alias in ["p", "q", "a", "b"] {
        sql = sql.replace(&format!("{{{alias}.one}}"), &format!("({})", of(alias)));
    }
    sql
}

/// What an attack came to.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    /// Nothing was learnt.
    Failed,
    /// Something was.
    Succeeded(String),
}

/// How close is right.
fn tolerance(secret: Secret, value: f64) -> f64 {
    match secret {
        Secret::Income => value * 0.005,
        Secret::Illness => 0.4,
        // 3 against 10 can be told apart by what is this near.
        Secret::Stays => 2.9,
        Secret::GroupStays => 0.4,
    }
}

/// Whether the script finds the secret in the answers of both worlds.
fn judge(attack: &Attack, pair: &Pair, answers: &[Vec<Answer>; 2]) -> Outcome {
    match attack.script {
        Script::Tell if answers[0] == answers[1] => Outcome::Failed,
        Script::Tell => Outcome::Succeeded(format!("{answers:#?}")),
        Script::Guess(guess) => {
            let right = [0, 1].map(|world| {
                let secret = pair.worlds[world].secret(attack.secret);
                let guess = guess(&answers[world])?;
                ((guess - secret).abs() <= tolerance(attack.secret, secret)).then_some((guess, secret))
            });
            match right {
                [Some(a), Some(b)] => Outcome::Succeeded(format!("guess and truth: {a:?}, {b:?}")),
                _ => Outcome::Failed,
            }
        }
    }
}

/// Runs an attack on the governed hubs.
pub(crate) fn attempt(attack: &Attack) -> Outcome {
    attempt_on(pair(attack.secret), attack)
}

/// The same where releases are compared, on hubs of the attack's own.
pub(crate) fn attempt_over_releases(attack: &Attack) -> Outcome {
    attempt_on(&fresh(attack.secret), attack)
}

fn attempt_on(pair: &Pair, attack: &Attack) -> Outcome {
    let answers = [0, 1].map(|world| {
        let ask = |sql: &String| governed(&pair.hubs[world], attack.project, sql);
        attack.queries.iter().map(ask).collect::<Vec<_>>()
    });
    for (a, b) in answers[0].iter().zip(&answers[1]) {
        if a.shape() != b.shape() {
            return Outcome::Succeeded(format!("the form of the answers tells:\n{a:#?}\n{b:#?}"));
        }
    }
    judge(attack, pair, &answers)
}

/// Runs an attack on plain tables; `None` where that database does not know such SQL.
pub(crate) fn attempt_ungoverned(attack: &Attack) -> Option<Outcome> {
    let pair = pair(attack.secret);
    let queries: Vec<String> =
        attack.queries.iter().map(|q| q.strip_prefix("@q ").unwrap_or(q).to_owned()).collect();
    let answers = [0, 1].map(|world| super::plain::answers(&pair.worlds[world], &queries));
    let [Some(a), Some(b)] = answers else { return None };
    Some(judge(attack, pair, &[a, b]))
}

fn governed(hub: &Hub, project: &str, sql: &str) -> Answer {
    // Somebody in another project helps, or in one that has the newer version.
    let (project, sql) = sql.strip_prefix("@q ").map_or((project, sql), |sql| ("q", sql));
    let (project, sql) = sql.strip_prefix("@n ").map_or((project, sql), |sql| ("n", sql));
    let done = hub.query_in(project, "researcher", sql);
    assert!([0, 2, 3].contains(&done.code), "{sql}\n{done:?}");
    let mut json = done.json();
    let rows = json["rows"].take();
    let rows: Vec<Vec<Value>> = serde_json::from_value(rows).unwrap_or_default();
    let columns = json["columns"].as_array().unwrap().iter().map(Value::to_string).collect();
    let object = json.as_object_mut().unwrap();
    // The pseudonyms' key is another in every hub, and with it the vault's digest.
    for own in ["request", "datasets", "rows", "columns"] {
        object.remove(own);
    }
    let request = |text: &str| {
        let words = text.split_whitespace().map(|w| if w.contains("req_") { "req" } else { w });
        words.collect::<Vec<_>>().join(" ")
    };
    Answer { code: done.code, columns, rows, rest: format!("{json} {}", request(&done.err)) }
}

/// Runs attacks side by side; what each came to, in their order.
pub(crate) fn each<T: Send>(attacks: &[Attack], run: impl Fn(&Attack) -> T + Sync) -> Vec<T> {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((index, attack)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    attacks.get(index).map(|a| (index, a))
                } {
                    let result = run(attack);
                    results.lock().unwrap().push((index, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap();
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

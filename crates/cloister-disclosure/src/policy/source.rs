//! Where a policy's numbers come from: beside `min = 10` stands `min-source = "…"`.

use toml::{Table, Value};

const SUFFIX: &str = "-source";

/// A key of a policy and where its value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The key's place in the file, as `contributors.min` or `dominance.1.share-max`, counted from 1.
    pub key: String,
    /// Where the value comes from, in words.
    pub text: String,
}

/// Takes the sources out of a file. A source beside no key stays, so that it is refused as an unknown key.
pub(super) fn taken_out(file: &mut Table) -> Vec<Source> {
    let mut sources = Vec::new();
    take(file, "", &mut sources);
    sources
}

fn take(table: &mut Table, place: &str, sources: &mut Vec<Source>) {
    let of = |key: &str| key.strip_suffix(SUFFIX).map(str::to_owned);
    let named: Vec<(String, String)> = table.keys().filter_map(|k| Some((k.clone(), of(k)?))).collect();
    for (name, key) in named {
        let is_value = table.get(&key).is_some_and(|v| !matches!(v, Value::Table(_)));
        let is_text = table.get(&name).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
        if is_value
            && is_text
            && let Some(Value::String(text)) = table.remove(&name)
        {
            sources.push(Source { key: format!("{place}{key}"), text });
        }
    }
    for (key, value) in table.iter_mut() {
        match value {
            Value::Table(inner) => take(inner, &format!("{place}{key}."), sources),
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    if let Value::Table(inner) = item {
                        take(inner, &format!("{place}{key}.{}.", index + 1), sources);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The places of all numbers of a file but its own version.
pub(super) fn numbers(file: &Table) -> Vec<String> {
    let mut found = Vec::new();
    look(file, "", &mut found);
    found.retain(|key| key != "version");
    found
}

fn look(table: &Table, place: &str, found: &mut Vec<String>) {
    for (key, value) in table {
        match value {
            Value::Integer(_) | Value::Float(_) => found.push(format!("{place}{key}")),
            Value::Table(inner) => look(inner, &format!("{place}{key}."), found),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if let Value::Table(inner) = item {
                        look(inner, &format!("{place}{key}.{}.", index + 1), found);
                    }
                }
            }
            _ => {}
        }
    }
}

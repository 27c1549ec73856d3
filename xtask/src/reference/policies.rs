//! The page of disclosure policies: every number, side by side, and where it comes from.

use super::markdown::{cell, head, row, title};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use toml::{Table, Value};

struct Policy {
    name: String,
    title: String,
    about: String,
    /// Key with its section to its value.
    values: BTreeMap<String, String>,
    /// Key to source.
    sources: BTreeMap<String, String>,
    cases: usize,
}

/// The page.
pub(super) fn page(root: &Path) -> Result<String, String> {
    let folder = root.join("policies/disclosure");
    let mut policies = Vec::new();
    let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut files: Vec<_> = entries.flatten().map(|e| e.path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "toml"));
    files.sort();
    for file in files {
        policies.push(read(&file)?);
    }
    let mut out = title(
        "Disclosure policies that are shipped",
        "Read off `policies/disclosure/*.toml`. What each key means, and what holds where it is absent: \
         [disclosure policies](../disclosure-policies.md). A hub has copies of its own, which may be others.\n",
    );
    out.push_str("\n## Side by side\n\n");
    let names: Vec<String> = policies.iter().map(|p| format!("`{}`", p.name)).collect();
    let mut heads = vec!["key"];
    heads.extend(names.iter().map(String::as_str));
    out.push_str(&head(&heads));
    let keys: BTreeSet<&String> = policies.iter().flat_map(|p| p.values.keys()).collect();
    for key in keys.into_iter().filter(|k| !["title", "name"].contains(&k.as_str())) {
        let mut cells = vec![format!("`{key}`")];
        cells.extend(policies.iter().map(|p| p.values.get(key).map_or("–".to_owned(), |v| cell(v))));
        out.push_str(&row(&cells));
    }
    for policy in &policies {
        out.push_str(&format!("\n## {}\n\n*{}.* {}\n\n", policy.name, cell(&policy.title), policy.about));
        out.push_str(&format!(
            "{} cases say what it must do: [cases/{}.toml](../../policies/disclosure/cases/{}.toml).\n\n",
            policy.cases, policy.name, policy.name
        ));
        out.push_str(&head(&["key", "value", "source"]));
        for (key, source) in &policy.sources {
            let value =
                policy.values.get(key).ok_or_else(|| format!("{}: `{key}` has no value", policy.name))?;
            out.push_str(&row(&[format!("`{key}`"), cell(value), cell(source)]));
        }
    }
    Ok(out)
}

fn read(file: &Path) -> Result<Policy, String> {
    let wrong = |e: &dyn std::fmt::Display| format!("{}: {e}", file.display());
    let text = std::fs::read_to_string(file).map_err(|e| wrong(&e))?;
    let table: Table = toml::from_str(&text).map_err(|e| wrong(&e))?;
    let (mut values, mut sources) = (BTreeMap::new(), BTreeMap::new());
    flatten("", &table, &mut values);
    for (key, value) in values.clone() {
        if let Some(of) = key.strip_suffix("-source") {
            sources.insert(of.to_owned(), value);
            values.remove(&key);
        }
    }
    let about = text.lines().map_while(|l| l.strip_prefix('#')).map(str::trim);
    let string = |key| table.get(key).and_then(Value::as_str).map(str::to_owned);
    let (Some(name), Some(title)) = (string("name"), string("title")) else {
        return Err(wrong(&"no name or title"));
    };
    let cases = file.with_file_name("cases").join(format!("{name}.toml"));
    let cases = std::fs::read_to_string(&cases).map_err(|e| format!("{}: {e}", cases.display()))?;
    let cases: Table = toml::from_str(&cases).map_err(|e| wrong(&e))?;
    let cases = cases.get("case").and_then(Value::as_array).map_or(0, Vec::len);
    Ok(Policy { name, title, about: about.collect::<Vec<_>>().join(" "), values, sources, cases })
}

fn flatten(section: &str, table: &Table, values: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let path = if section.is_empty() { key.clone() } else { format!("{section}.{key}") };
        match value {
            Value::Table(inner) => flatten(&path, inner, values),
            Value::Array(items) if items.iter().any(Value::is_table) => {
                for (n, inner) in items.iter().filter_map(Value::as_table).enumerate() {
                    let path = if n == 0 { path.clone() } else { format!("{path}.{}", n + 1) };
                    flatten(&path, inner, values);
                }
            }
            Value::String(text) => drop(values.insert(path, text.clone())),
            other => drop(values.insert(path, other.to_string())),
        }
    }
}

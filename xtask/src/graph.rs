//! The dependency graph, from `cargo metadata`.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

/// Crates and their normal dependencies.
#[derive(Debug, Default)]
pub struct Graph {
    /// The workspace's folder.
    pub root: PathBuf,
    /// Our own crates.
    pub members: BTreeSet<String>,
    /// Crate (name and version) to its normal dependencies.
    pub normal: BTreeMap<String, BTreeSet<String>>,
    /// Name to the versions that are built.
    pub versions: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// Asks cargo.
    pub fn read() -> Result<Self, String> {
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["metadata", "--format-version", "1", "--locked"])
            .output()
            .map_err(|e| format!("cargo metadata: {e}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let json: Value = serde_json::from_slice(&output.stdout).map_err(|e| e.to_string())?;
        Self::of(&json).ok_or_else(|| "cargo metadata: unexpected form".to_owned())
    }

    /// Reads what cargo printed.
    pub fn of(json: &Value) -> Option<Self> {
        let mut graph = Self { root: json.get("workspace_root")?.as_str()?.into(), ..Self::default() };
        let mut names = BTreeMap::new();
        for package in json.get("packages")?.as_array()? {
            let (name, version) = (package.get("name")?.as_str()?, package.get("version")?.as_str()?);
            names.insert(package.get("id")?.as_str()?, (name, format!("{name} {version}")));
        }
        for member in json.get("workspace_members")?.as_array()? {
            graph.members.insert(names.get(member.as_str()?)?.0.to_owned());
        }
        for node in json.get("resolve")?.get("nodes")?.as_array()? {
            let (name, id) = names.get(node.get("id")?.as_str()?)?;
            let version = id.split(' ').nth(1)?.to_owned();
            graph.versions.entry((*name).to_owned()).or_default().insert(version);
            let mut normal = BTreeSet::new();
            for dep in node.get("deps")?.as_array()? {
                let kinds = dep.get("dep_kinds")?.as_array()?;
                if kinds.iter().any(|k| k.get("kind").is_some_and(Value::is_null)) {
                    normal.insert(names.get(dep.get("pkg")?.as_str()?)?.1.clone());
                }
            }
            graph.normal.insert(id.clone(), normal);
        }
        Some(graph)
    }

    /// The names of a crate's direct normal dependencies.
    pub fn direct(&self, name: &str) -> BTreeSet<&str> {
        let of = self.normal.iter().filter(|(id, _)| name_of(id) == name);
        of.flat_map(|(_, deps)| deps.iter().map(|d| name_of(d))).collect()
    }

    /// The names of all that a crate builds on.
    pub fn reach(&self, name: &str) -> BTreeSet<&str> {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut next: Vec<&str> =
            self.normal.keys().map(String::as_str).filter(|id| name_of(id) == name).collect();
        while let Some(id) = next.pop() {
            for dep in self.normal.get(id).into_iter().flatten() {
                if seen.insert(dep) {
                    next.push(dep);
                }
            }
        }
        seen.into_iter().map(name_of).collect()
    }
}

fn name_of(id: &str) -> &str {
    id.split(' ').next().unwrap_or(id)
}

//! Hierarchies from files: which labels are parts of which.

use crate::error::{Fault, Problem};
use crate::grid::Dimension;
use std::collections::BTreeMap;
use toml::{Table, Value};

/// One dimension's groups, as a file has them.
///
/// ```toml
/// [region]
/// All = ["Mainland", "West"]
/// Mainland = ["North", "South"]
/// ```
/// `total = "All"` names a total of all labels that are in no group. Groups may also stand in a table of their own, `[region.children]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hierarchy {
    pub(crate) dimension: String,
    pub(crate) total: Option<String>,
    /// Each group and its parts, in the order of their names.
    pub(crate) groups: BTreeMap<String, Vec<String>>,
}

/// Reads a hierarchy file.
pub(crate) fn parse(text: &str) -> Result<Vec<Hierarchy>, Fault> {
    let wrong = |reason: &str| Problem::Hierarchy(reason.to_owned()).whole();
    // The parser's own words would do, but for the piece of text that it quotes over several lines.
    let file: Table = toml::from_str(text).map_err(|e: toml::de::Error| wrong(e.message()))?;
    let mut hierarchies = Vec::new();
    for (dimension, value) in file {
        let Value::Table(entries) = value else { return Err(wrong("every entry is a table of groups")) };
        let mut hierarchy = Hierarchy { dimension, ..Hierarchy::default() };
        for (key, value) in entries {
            match value {
                Value::String(total) if key == "total" => hierarchy.total = Some(total),
                Value::Table(children) if key == "children" => {
                    for (group, parts) in children {
                        hierarchy.add(group, parts)?;
                    }
                }
                parts => hierarchy.add(key, parts)?,
            }
        }
        hierarchy.check()?;
        hierarchies.push(hierarchy);
    }
    Ok(hierarchies)
}

impl Hierarchy {
    fn add(&mut self, group: String, parts: Value) -> Result<(), Fault> {
        let wrong = || Problem::Hierarchy(format!("`{group}` must be a list of labels")).whole();
        let Value::Array(parts) = parts else { return Err(wrong()) };
        let parts: Option<Vec<String>> = parts.into_iter().map(|p| p.as_str().map(str::to_owned)).collect();
        let parts = parts.filter(|p| !p.is_empty()).ok_or_else(wrong)?;
        match self.groups.insert(group.clone(), parts) {
            Some(_) => Err(Problem::TwoGroups(group).whole()),
            None => Ok(()),
        }
    }

    /// No label is in two groups or a part of itself.
    fn check(&self) -> Result<(), Fault> {
        let mut parents = BTreeMap::new();
        for (group, parts) in &self.groups {
            for part in parts {
                if parents.insert(part, group).is_some() {
                    return Err(Problem::TwoGroups(part.clone()).whole());
                }
            }
        }
        for start in self.groups.keys() {
            let mut at = start;
            let mut steps = 0;
            while let Some(parent) = parents.get(at) {
                steps += 1;
                if *parent == start || steps > parents.len() {
                    return Err(Problem::Circle(start.clone()).whole());
                }
                at = parent;
            }
        }
        Ok(())
    }

    /// Every label that is named.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &String> {
        let groups = self.groups.iter().flat_map(|(group, parts)| std::iter::once(group).chain(parts));
        self.total.iter().chain(groups)
    }

    /// The dimension that is meant: the one of that name, or else the only one that has all the labels.
    pub(crate) fn dimension(&self, dimensions: &[Dimension]) -> Result<usize, Fault> {
        let named = dimensions.iter().position(|d| d.name == self.dimension);
        let named =
            named.or_else(|| dimensions.iter().position(|d| d.name.eq_ignore_ascii_case(&self.dimension)));
        if let Some(found) = named {
            return Ok(found);
        }
        let has_all = |d: &Dimension| self.labels().all(|label| d.find(label).is_some());
        let mut fitting = dimensions.iter().enumerate().filter(|(_, d)| has_all(d)).map(|(i, _)| i);
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(Problem::UnknownDimension(self.dimension.clone()).whole()),
        }
    }

    /// The parent of each label of a dimension. Every label of either must be in the other.
    pub(crate) fn parents(&self, dimension: &Dimension) -> Result<Vec<Option<usize>>, Fault> {
        let find = |label: &String| {
            let unknown = || Problem::UnknownCode(label.clone(), dimension.name.clone()).whole();
            dimension.find(label).ok_or_else(unknown)
        };
        let mut parents: Vec<Option<usize>> = vec![None; dimension.codes.len()];
        let mut named = vec![false; dimension.codes.len()];
        let mut set = |named: &mut Vec<bool>, part: usize, parent: Option<usize>| {
            if let Some(slot) = parents.get_mut(part) {
                *slot = parent;
            }
            if let Some(slot) = named.get_mut(part) {
                *slot = true;
            }
        };
        let total = self.total.as_ref().map(find).transpose()?;
        for (group, parts) in &self.groups {
            let group = find(group)?;
            if let Some(slot) = named.get_mut(group) {
                *slot = true;
            }
            for part in parts {
                set(&mut named, find(part)?, Some(group));
            }
        }
        if let Some(total) = total
            && let Some(slot) = named.get_mut(total)
        {
            *slot = true;
        }
        let Some(unnamed) = named.iter().position(|n| !n) else {
            return Ok(self.under_total(parents, total));
        };
        let usual = |code: &String| crate::measure::is_total_name(code) || code.is_empty();
        let is_total = total.is_none() && dimension.codes.get(unnamed).is_some_and(usual);
        let alone = named.iter().filter(|n| !**n).count() == 1;
        if is_total && alone {
            return Ok(self.under_total(parents, Some(unnamed)));
        }
        let (row, column) = dimension.places.get(unnamed).copied().unwrap_or_default();
        Err(Problem::NotInHierarchy.at(row, column))
    }

    /// A total without parts of its own is that of every label without a parent.
    fn under_total(&self, mut parents: Vec<Option<usize>>, total: Option<usize>) -> Vec<Option<usize>> {
        if let Some(total) = total
            && !parents.contains(&Some(total))
        {
            for (code, parent) in parents.iter_mut().enumerate() {
                if parent.is_none() && code != total {
                    *parent = Some(total);
                }
            }
        }
        parents
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> &'static str {
        parse(text).unwrap_err().of("h.toml").code()
    }

    #[test]
    fn groups_stand_beside_the_total_or_in_a_table() {
        let short = parse("[region]\ntotal = \"All\"\nMainland = [\"North\", \"South\"]").unwrap();
        let long =
            parse("[region]\ntotal = \"All\"\n[region.children]\nMainland = [\"North\", \"South\"]").unwrap();
        assert_eq!(short, long);
        assert_eq!(short[0].labels().collect::<Vec<_>>(), ["All", "Mainland", "North", "South"]);
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        assert_eq!(code("[r]\nA = [\"x\"]\nB = [\"x\"]"), "two-groups");
        assert_eq!(code("[r]\nA = [\"B\"]\nB = [\"A\"]"), "circle");
        assert_eq!(code("[r]\nA = [\"A\"]"), "circle");
        assert_eq!(code("[r]\nA = 3"), "hierarchy");
        assert_eq!(code("[r]\nA = []"), "hierarchy");
        assert_eq!(code("r = 1"), "hierarchy");
        assert_eq!(code("nothing"), "hierarchy");
    }
}
